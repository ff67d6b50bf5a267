"""Which floor without an owner a process takes, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vyzov.dialer.claims import GRACE_S, HOLD_BACK_S, SILENCE_S, Claim, Claims
from vyzov.dialer.floor_places import FloorPlace

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FREE = FloorPlace("day", "own", "Day")
OTHER = FloorPlace("night", "own", "Night")


def held(place: FloorPlace, until_s: float, holder: str = "somebody") -> FloorPlace:
    return replace(place, holder=holder, lease_until=NOON + timedelta(seconds=until_s), epoch=1)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_floor_without_an_owner_is_taken_at_once() -> None:
    assert Claims().due([FREE], set(), 1, NOON, 0.0) == Claim("day")


def test_a_floor_that_is_owned_or_ours_is_left_alone() -> None:
    claims = Claims()
    assert claims.due([held(FREE, 5.0)], set(), 1, NOON, 0.0) is None
    assert claims.due([FREE], {"day"}, 1, NOON, 0.1) is None


def test_a_lease_that_ran_out_is_taken_over() -> None:
    claims, place = Claims(), held(FREE, 2.0)
    assert claims.due([place], set(), 1, at(1.9), 1.9) is None
    assert claims.due([place], set(), 1, at(2.0), 2.0) == Claim("day")


def test_two_processes_take_one_floor_each() -> None:
    one, two, both = Claims(), Claims(), [FREE, OTHER]
    assert one.due(both, set(), 2, NOON, 0.0) == Claim("day")
    left = [held(FREE, 6.0), OTHER]
    assert one.due(left, {"day"}, 2, at(0.3), 0.3) is None
    assert two.due(left, set(), 2, at(0.4), 0.4) == Claim("night")


def test_who_has_its_share_takes_more_only_where_nobody_else_comes() -> None:
    claims, both = Claims(), [held(FREE, 60.0, "me"), OTHER]
    assert claims.due(both, {"day"}, 2, NOON, 10.0) is None
    assert claims.due(both, {"day"}, 2, NOON, 10.0 + HOLD_BACK_S - 0.1) is None
    assert claims.due(both, {"day"}, 2, NOON, 10.0 + HOLD_BACK_S) == Claim("night")


def test_one_floor_at_a_time_is_taken() -> None:
    assert Claims().due([FREE, OTHER], set(), 1, NOON, 0.0) == Claim("day")


def test_a_process_for_one_floor_takes_no_other() -> None:
    claims = Claims("night")
    assert claims.due([FREE], set(), 1, NOON, 0.0) is None
    assert claims.due([FREE, OTHER], set(), 1, NOON, 0.3) == Claim("night")


def test_a_holder_that_fell_silent_is_gone_though_utc_went_back_an_hour() -> None:
    claims, place = Claims(), held(FREE, 3600.0)
    looks = [claims.due([place], set(), 1, at(t), float(t)) for t in range(int(SILENCE_S) + 1)]
    assert looks[:-1] == [None] * int(SILENCE_S)
    assert looks[-1] == Claim("day", "somebody")


def test_a_holder_that_prolongs_its_lease_is_never_gone() -> None:
    claims = Claims()
    for second in range(60):
        place = held(FREE, 3600.0 + second // 2 * 2)
        assert claims.due([place], set(), 1, at(second), float(second)) is None


def test_after_the_database_was_away_holders_get_time_to_prolong() -> None:
    claims, place = Claims(), held(FREE, 4.0)
    assert claims.due([place], set(), 1, NOON, 0.0) is None
    # For half a minute nobody could read or write; the lease ran out meanwhile.
    assert claims.due([place], set(), 1, at(30), 30.0) is None
    assert claims.due([place], set(), 1, at(32), 32.0) is None
    prolonged = held(FREE, 40.0)
    assert claims.due([prolonged], set(), 1, at(34), 34.0) is None
    # Another that did not come back is taken over once the time is up.
    again = Claims()
    again.due([place], set(), 1, NOON, 0.0)
    last = 30.0 + GRACE_S
    looks = [again.due([place], set(), 1, at(t), t) for t in (30.0, 32.0, 34.0, last)]
    assert looks == [None, None, None, Claim("day", "somebody")]
