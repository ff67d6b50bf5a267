"""Who is heard before anything is parsed: budgets, bans, and tables that cannot be filled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.sip import guard as guards
from vyzov.sip.guard import COST_BYTES, KNOWN_S, SHOWN_MAX, Guard, Limits, Verdict, source_of

STRANGER = "198.51.100.7"
CARRIER = "203.0.113.5"
TAKEN, TOO_MANY, BANNED = Verdict.TAKEN, Verdict.TOO_MANY, Verdict.BANNED


def taken(guard: Guard, host: str, count: int, now: float, port: int = 5060) -> int:
    """How many of `count` small messages are taken."""
    return sum(guard.judge(host, port, 500, now) is TAKEN for _ in range(count))


def ban(guard: Guard, host: str, now: float) -> None:
    banned = [guard.failed(host, now) for _ in range(guard.limits.failures_max)]
    assert banned == [False] * (guard.limits.failures_max - 1) + [True]


def test_a_stranger_has_a_burst_and_then_his_rate() -> None:
    guard = Guard(Limits(), 0.0)
    assert taken(guard, STRANGER, 100, 0.0) == 40
    assert taken(guard, STRANGER, 100, 1.0) == 20
    assert taken(guard, STRANGER, 100, 1.05) == 1
    assert taken(guard, STRANGER, 100, 1000.0) == 40


def test_another_port_of_an_address_has_no_budget_of_its_own() -> None:
    guard = Guard(Limits(), 0.0)
    assert taken(guard, STRANGER, 40, 0.0, port=5060) == 40
    assert taken(guard, STRANGER, 40, 0.0, port=5061) == 0


def test_strangers_together_have_one_budget_however_many_addresses_they_forge() -> None:
    guard = Guard(Limits(), 0.0)
    hosts = [f"198.51.100.{number}" for number in range(1, 255)]
    assert sum(taken(guard, host, 10, 0.0) for host in hosts) == 200
    assert sum(taken(guard, host, 10, 1.0) for host in hosts) == 100


def test_a_flood_of_strangers_takes_nothing_from_those_we_deal_with() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(CARRIER, 0.0)
    for number in range(200):
        taken(guard, f"198.51.100.{number}", 50, 0.0)
    assert taken(guard, CARRIER, 3000, 0.0) == 3000


def test_even_a_known_address_has_a_bound() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(CARRIER, 0.0)
    assert taken(guard, CARRIER, 7000, 0.0) == 6000
    assert taken(guard, CARRIER, 7000, 1.0) == 3000
    assert guard.totals().too_many == 5000


def test_a_giant_message_costs_as_much_as_many_small_ones() -> None:
    guard = Guard(Limits(), 0.0)
    assert [guard.judge(STRANGER, 5060, 65_000, 0.0) for _ in range(4)] == [
        TAKEN, TAKEN, TOO_MANY, TOO_MANY,
    ]  # fmt: skip
    assert 65_000 // COST_BYTES == 15
    # What was refused cost nothing: a small message still finds room.
    assert guard.judge(STRANGER, 5060, 500, 0.0) is TAKEN


def test_acquaintance_ends_when_nothing_comes_of_it_any_more() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(CARRIER, 0.0)
    guard.know(CARRIER, 100.0)
    assert taken(guard, CARRIER, 100, KNOWN_S + 99.0) == 100
    assert taken(guard, CARRIER, 100, KNOWN_S + 100.0) == 40


def test_a_renewed_acquaintance_does_not_fill_the_bucket_again() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(CARRIER, 0.0)
    assert taken(guard, CARRIER, 6000, 0.0) == 6000
    guard.know(CARRIER, 0.0)
    assert taken(guard, CARRIER, 10, 0.0) == 0


def test_a_phone_is_known_by_its_port_and_its_neighbours_are_not() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(STRANGER, 0.0, port=5070)
    ban(guard, STRANGER, 0.0)
    assert guard.judge(STRANGER, 5060, 500, 1.0) is BANNED
    assert taken(guard, STRANGER, 1000, 1.0, port=5070) == 1000
    assert guard.judge(STRANGER, 5070, 500, KNOWN_S) is not BANNED


def test_who_is_known_can_be_asked() -> None:
    guard = Guard(Limits(), 0.0)
    guard.judge(STRANGER, 5060, 500, 0.0)
    guard.know(CARRIER, 0.0)
    guard.know(STRANGER, 0.0, port=5070)
    assert guard.knows(CARRIER, 1234, 1.0)
    assert guard.knows(STRANGER, 5070, 1.0)
    assert not guard.knows(STRANGER, 5060, 1.0)
    assert not guard.knows("198.51.100.99", 5060, 1.0)
    assert not guard.knows(CARRIER, 1234, KNOWN_S)


def test_ten_failed_authentications_ban_an_address_for_a_while() -> None:
    guard = Guard(Limits(), 0.0)
    ban(guard, STRANGER, 5.0)
    ban(guard, "198.51.100.9", 0.0)
    assert [state.source for state in guard.sources(604.0)] == [STRANGER]
    assert guard.judge(STRANGER, 5060, 500, 5.0) is BANNED
    assert guard.judge(STRANGER, 5060, 500, 604.9) is BANNED
    assert guard.judge("198.51.100.8", 5060, 500, 5.0) is TAKEN
    assert guard.judge(STRANGER, 5060, 500, 605.0) is TAKEN
    assert guard.totals().bans == 2
    assert guard.totals().banned == 2
    assert [state.banned_for_s for state in guard.sources(605.0)] == [0.0]


def test_failures_long_apart_ban_nobody() -> None:
    guard = Guard(Limits(), 0.0)
    assert not any(guard.failed(STRANGER, number * 601.0) for number in range(50))


def test_a_password_known_at_last_forgives_what_was_mistyped() -> None:
    guard = Guard(Limits(), 0.0)
    for _ in range(5):
        assert not any(guard.failed(STRANGER, 0.0) for _ in range(9))
        guard.succeeded(STRANGER, 0.0)


def test_a_carrier_is_not_cut_off_by_whoever_guesses_passwords_behind_its_address() -> None:
    guard = Guard(Limits(), 0.0)
    guard.know(CARRIER, 0.0)
    assert not any(guard.failed(CARRIER, 1.0) for _ in range(100))
    assert guard.judge(CARRIER, 5060, 500, 1.0) is TAKEN


def test_bans_can_be_turned_off() -> None:
    guard = Guard(Limits(failures_max=0), 0.0)
    assert not any(guard.failed(STRANGER, 0.0) for _ in range(100))


def test_a_ban_can_be_lifted() -> None:
    guard = Guard(Limits(), 0.0)
    ban(guard, STRANGER, 0.0)
    ban(guard, "2001:db8::1", 0.0)
    ban(guard, "2001:db8:1::1", 0.0)
    before = guard.changes
    assert guard.unban(STRANGER)
    assert guard.unban("2001:db8::/64")
    assert guard.unban("2001:db8:1::77")
    assert guard.changes == before + 3
    assert not guard.unban(STRANGER)
    assert guard.judge(STRANGER, 5060, 500, 1.0) is TAKEN


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:aaaa::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::2", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_an_address_of_the_sixth_version_counts_by_its_network(host: str, source: str) -> None:
    assert source_of(host) == source


def test_the_books_say_who_was_turned_away_worst_first() -> None:
    guard = Guard(Limits(), 0.0)
    taken(guard, "198.51.100.1", 41, 0.0)
    taken(guard, "198.51.100.2", 45, 0.0)
    taken(guard, "198.51.100.3", 1, 0.0)
    guard.failed("198.51.100.4", 0.0)
    guard.know(STRANGER, 0.0, port=5070)
    taken(guard, STRANGER, 6001, 0.0, port=5070)
    ban(guard, "198.51.100.9", 1.0)
    guard.judge("198.51.100.9", 5060, 500, 2.0)
    states = guard.sources(2.0)
    assert [state.source for state in states] == [
        "198.51.100.9", "198.51.100.2", "198.51.100.1", f"{STRANGER} port 5070", "198.51.100.4",
    ]  # fmt: skip
    worst = states[0]
    assert (worst.dropped, worst.taken, worst.banned_for_s, worst.known) == (1, 0, 599.0, False)
    assert states[3].known
    assert states[4].failures == 1
    assert guard.totals().taken == 6000 + 40 + 40 + 1


def test_the_table_of_addresses_is_bounded_and_the_oldest_goes() -> None:
    guard = Guard(Limits(sources_max=3, strangers_burst=1e6), 0.0)
    for number in range(1, 5):
        taken(guard, f"198.51.100.{number}", 41, 0.0)
    assert guard.totals().forgotten == 1
    assert {state.source for state in guard.sources(0.0)} == {
        "198.51.100.2", "198.51.100.3", "198.51.100.4",
    }  # fmt: skip


def test_forged_addresses_do_not_push_a_carrier_out_of_the_table() -> None:
    guard = Guard(Limits(sources_max=8), 0.0)
    guard.know(CARRIER, 0.0)
    for number in range(200):
        guard.judge(f"198.51.100.{number}", 5060, 500, 0.0)
    assert taken(guard, CARRIER, 500, 0.0) == 500


def test_a_table_full_of_the_known_stays_bounded_too() -> None:
    guard = Guard(Limits(sources_max=20), 0.0)
    for number in range(40):
        guard.know(f"203.0.113.{number}", 0.0)
    assert guard.totals().forgotten == 20


def test_bans_are_bounded_and_stay_when_their_books_are_gone() -> None:
    guard = Guard(Limits(sources_max=2), 0.0)
    for number in range(1, 5):
        ban(guard, f"198.51.100.{number}", float(number))
    assert [state.source for state in guard.sources(5.0)] == ["198.51.100.4", "198.51.100.3"]
    guard.know("203.0.113.1", 5.0)
    guard.know("203.0.113.2", 5.0)
    assert [state.failures for state in guard.sources(5.0)] == [0, 0]
    assert guard.judge("198.51.100.4", 5060, 500, 5.0) is BANNED


def test_what_is_shown_is_bounded() -> None:
    guard = Guard(Limits(), 0.0)
    for number in range(SHOWN_MAX + 50):
        guard.failed(f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len(guard.sources(0.0)) == SHOWN_MAX


@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["judge", "know", "fail", "pass", "unban"]),
            st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "x"]),
            st.floats(0.0, 700.0),
        ),
        max_size=60,
    )
)
def test_whatever_happens_the_tables_and_tokens_stay_within_bounds(
    moves: list[tuple[str, str, float]],
) -> None:
    limits = Limits(sources_max=3, failures_max=2)
    guard, now, strangers = Guard(limits, 0.0), 0.0, 0
    for what, host, pause in moves:
        now += pause
        if what == "judge":
            guard.judge(host, 5060, 9000, now)
        elif what == "know":
            guard.know(host, now)
        elif what == "fail":
            guard.failed(host, now)
        elif what == "pass":
            guard.succeeded(host, now)
        else:
            guard.unban(host)
        strangers += what == "judge"
        assert len(guard._sources) <= limits.sources_max
        assert len(guard._bans) <= limits.sources_max
        for source in guard._sources.values():
            assert 0.0 <= source.bucket.tokens <= limits.known_burst
        assert len(guard.sources(now)) <= guards.SHOWN_MAX
    totals = guard.totals()
    assert totals.taken + totals.too_many + totals.banned == strangers
