"""Whether UTC can be trusted: steps against the monotonic clock are seen, drift is not one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.steadiness import (
    STEADY_S,
    STEP_S,
    Pairing,
    Past,
    Steadiness,
    confirmed,
    resumed,
    watched,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def look(state: Steadiness, mono: float, ahead_s: float = 0.0, clock: str = "a") -> Steadiness:
    """Looks at monotonic second `mono`; UTC is `ahead_s` before where it should be."""
    return watched(state, NOON + timedelta(seconds=mono + ahead_s), mono, clock)


def test_clocks_that_go_together_are_steady() -> None:
    state = Steadiness()
    for half in range(400):
        state = look(state, half / 2)
        assert state.is_steady


def test_a_step_forward_stops_until_utc_was_steady_for_a_minute() -> None:
    state = look(look(Steadiness(), 0.0), 1.0, 3600.0)
    assert not state.is_steady
    assert state.step_s == 3600.0
    assert not look(state, 1.0 + STEADY_S - 0.5, 3600.0).is_steady
    steady = look(state, 1.0 + STEADY_S, 3600.0)
    assert steady.is_steady
    assert steady.step_s == 0.0


def test_a_step_back_counts_as_one_forward_does() -> None:
    state = look(look(Steadiness(), 0.0), 1.0, -30.0)
    assert (state.is_steady, round(state.step_s)) == (False, -30)


def test_each_further_step_begins_the_minute_anew() -> None:
    state = look(look(look(Steadiness(), 0.0), 1.0, 10.0), 40.0, 20.0)
    assert not look(state, 1.0 + STEADY_S, 20.0).is_steady
    assert look(state, 40.0 + STEADY_S, 20.0).is_steady


def test_a_step_back_to_where_it_was_is_a_step_too() -> None:
    state = look(look(look(Steadiness(), 0.0), 1.0, 10.0), 2.0, 0.0)
    assert not look(state, 1.0 + STEADY_S, 0.0).is_steady


def test_small_steps_within_a_minute_add_up() -> None:
    state = look(look(Steadiness(), 0.0), 10.0, STEP_S * 0.6)
    assert state.is_steady
    assert not look(state, 20.0, STEP_S * 1.2).is_steady


def test_slow_drift_is_no_step() -> None:
    state = Steadiness()
    for second in range(0, 86_400, 30):
        state = look(state, float(second), second * 0.0005)
        assert state.is_steady


def test_a_person_may_say_that_utc_is_right_now() -> None:
    state = confirmed(look(look(Steadiness(), 0.0), 1.0, 3600.0))
    assert state.is_steady
    assert look(state, 2.0, 3600.0).is_steady
    assert not look(state, 3.0, 0.0).is_steady


def test_another_monotonic_clock_is_paired_anew_and_forgets_no_step() -> None:
    state = look(Steadiness(), 1000.0)
    other = look(state, 5.0, 400.0, clock="b")
    assert (other.is_steady, other.clock) == (True, "b")
    stepped = look(other, 6.0, 500.0, clock="b")
    assert not look(stepped, 1.0, 0.0, clock="c").is_steady


def paired(mono: float, ahead_s: float = 0.0, clock: str = "boot:1") -> Pairing:
    """How both clocks stood at a monotonic second."""
    return Pairing(NOON + timedelta(seconds=mono + ahead_s), mono, clock)


def opened(past: Past, mono: float, ahead_s: float = 0.0, clock: str = "boot:2") -> Steadiness:
    """The first look of a later process."""
    now = paired(mono, ahead_s, clock)
    return resumed(past, now.utc, now.mono, now.clock)


def test_a_later_process_of_one_boot_finds_clocks_that_went_together_steady() -> None:
    state = opened(Past(paired(100.0)), 5000.0, STEP_S * 0.9)
    assert (state.is_steady, state.clock) == (True, "boot:2")
    assert look(state, 5001.0, STEP_S * 0.9, clock="boot:2").is_steady


def test_a_step_while_no_process_looked_is_seen_by_the_next_one() -> None:
    state = opened(Past(paired(100.0)), 103.0, 1800.0)
    assert (state.is_steady, state.step_s) == (False, 1800.0)
    assert not look(state, 103.0 + STEADY_S - 1.0, 1800.0, clock="boot:2").is_steady
    assert look(state, 103.0 + STEADY_S, 1800.0, clock="boot:2").is_steady


def test_an_unsettled_step_waits_for_what_is_left_of_its_minute() -> None:
    past = Past(paired(110.0, 30.0), step=paired(100.0, 30.0), step_s=30.0)
    state = opened(past, 115.0, 30.0)
    assert (state.is_steady, state.step_s) == (False, 30.0)
    assert not look(state, 159.5, 30.0, clock="boot:2").is_steady
    assert look(state, 160.0, 30.0, clock="boot:2").is_steady
    assert opened(past, 160.0, 30.0).is_steady


def test_an_unsettled_step_waits_a_whole_minute_by_another_clock() -> None:
    past = Past(paired(100_000.0), step=paired(99_999.0), step_s=-7.0)
    for clock in ("other:1", ":1"):
        state = opened(past, 5.0, clock=clock)
        assert (state.unsteady_until, state.step_s) == (5.0 + STEADY_S, -7.0)


def test_clocks_of_two_boots_are_not_compared() -> None:
    assert opened(Past(paired(100.0)), 3.0, 1e6, clock="other:1").is_steady
    assert opened(Past(paired(100.0, clock=":1")), 3.0, 1e6, clock=":2").is_steady
    assert opened(Past(paired(100.0, clock="world")), 3.0, 1e6, clock="world").is_steady


@given(
    looks=st.lists(st.tuples(st.floats(0.01, 30.0), st.floats(-1.0, 1.0)), min_size=1, max_size=100)
)
def test_wobbles_of_a_second_never_stop_anybody(looks: list[tuple[float, float]]) -> None:
    state, mono = look(Steadiness(), 0.0), 0.0
    for wait, ahead in looks:
        mono += wait
        state = look(state, mono, ahead)
        assert state.is_steady


@given(step=st.floats(2.1, 1e6) | st.floats(-1e6, -2.1), at=st.floats(0.5, 1e5))
def test_every_step_beyond_two_seconds_is_seen_at_the_next_look(step: float, at: float) -> None:
    state = Steadiness()
    for mono in (at - 0.5, at):
        state = look(state, mono)
    assert not look(state, at + 0.5, step).is_steady
