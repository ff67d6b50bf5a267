"""The names of a call: the same for the same attempt, different for every other."""

from hypothesis import given
from hypothesis import strategies as st
from sip_net import US, tokens

from vyzov.sip.endpoint import Endpoint
from vyzov.sip.identity import derive
from vyzov.sip.schedule import Schedule, Timers


def test_a_restarted_agent_finds_the_same_names() -> None:
    assert derive(b"s", "attempt") == derive(b"s", "attempt")


def test_names_do_not_change_when_the_code_does() -> None:
    # A running call must survive an update of the agent, so these are fixed for ever.
    names = derive(b"secret", "attempt-1", 2)
    assert names.call_id == "72290ac65f20b19aa4642f1980723ba7"
    assert names.from_tag == "4a4dd9691692ce93"
    assert names.branch == "z9hG4bKc01732684a076251432a6a97"


def test_a_resent_invite_is_the_same_call_in_another_transaction() -> None:
    first, second = derive(b"s", "a", 1), derive(b"s", "a", 2)
    assert (first.call_id, first.from_tag) == (second.call_id, second.from_tag)
    assert first.branch != second.branch
    assert first.branch.startswith("z9hG4bK")


@given(
    st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text(), st.text()
)
def test_other_attempts_and_secrets_share_no_name(
    one: bytes, other: bytes, first: str, second: str
) -> None:
    if one != other:
        assert derive(one, first).call_id != derive(other, first).call_id
    if first != second:
        names = {*vars_of(one, first), *vars_of(one, second)}
        assert len(names) == 6


def vars_of(secret: bytes, attempt: str) -> tuple[str, str, str]:
    names = derive(secret, attempt)
    return names.call_id, names.from_tag, names.branch


def test_timers_of_one_owner_fire_in_order_and_only_once() -> None:
    schedule = Schedule()
    fired: list[tuple[str, float]] = []
    timers = Timers(schedule, lambda name, now: fired.append((name, now)))
    timers.set("b", 2.0)
    timers.set("a", 1.0)
    timers.set("c", 9.0)
    timers.set("a", 1.5)
    assert schedule.next_deadline() == 1.5
    schedule.fire(1.0)
    assert fired == []
    schedule.fire(3.0)
    assert fired == [("a", 3.0), ("b", 3.0)]
    timers.stop("c", "never set")
    assert schedule.next_deadline() is None


def test_a_timer_may_stop_another_of_the_same_moment() -> None:
    schedule = Schedule()
    fired: list[str] = []

    def on_timer(name: str, _now: float) -> None:
        fired.append(name)
        timers.stop("second")

    timers = Timers(schedule, on_timer)
    timers.set("first", 1.0)
    timers.set("second", 1.0)
    schedule.fire(1.0)
    assert fired == ["first"]
    assert schedule.next_deadline() is None


def test_owners_fire_earliest_first() -> None:
    schedule = Schedule()
    fired: list[str] = []
    late = Timers(schedule, lambda name, _now: fired.append(name))
    early = Timers(schedule, lambda name, _now: fired.append(name))
    late.set("late", 2.0)
    early.set("early", 1.0)
    late.set("late", 2.0)
    schedule.fire(5.0)
    assert fired == ["early", "late"]


def test_a_branch_of_the_moment_bears_the_cookie() -> None:
    endpoint = Endpoint(US, b"s", tokens("x"), "Vyzov")
    assert endpoint.new_branch() == "z9hG4bKx000001"
