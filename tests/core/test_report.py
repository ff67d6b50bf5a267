"""Reports: every figure is the number of its facts, and names them."""

from datetime import timedelta

import pytest
from core_examples import T0, after, fact
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import agent as ag
from vyzov.core.agent import Agent, AgentState
from vyzov.core.campaign import AbandonRule
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome
from vyzov.core.report import abandonment, agent_times, outcomes, results

RULE = AbandonRule.US_AB_1
MONTH = timedelta(days=30)


def final(attempt: str, outcome: Outcome, at_s: float = 0.0) -> Fact:
    return fact(FactKind.FINAL, at_s, attempt=attempt, data={"outcome": outcome.value})


def test_outcomes_are_counted_with_their_attempts() -> None:
    facts = [
        final("a1", Outcome.BUSY),
        final("a2", Outcome.BUSY),
        final("a3", Outcome.ANSWERED_HUMAN),
        fact(FactKind.ANSWERED, attempt="a3"),
        fact(FactKind.FINAL, data={"outcome": "busy"}),
    ]
    report = outcomes(facts)
    assert report.cells[Outcome.BUSY].attempts == ("a1", "a2")
    assert (report.cells[Outcome.BUSY].count, report.total) == (2, 3)
    assert Outcome.NO_ANSWER not in report.cells


def resolved(attempt: str, outcome: Outcome, at_s: float) -> Fact:
    return fact(FactKind.RESOLVED, at_s, attempt=attempt, data={"outcome": outcome.value})


def test_what_an_engine_told_after_all_counts_instead_of_unknown_in_whatever_order() -> None:
    late = resolved("a1", Outcome.ABANDONED, 3), final("a1", Outcome.UNKNOWN, 5)
    for facts in (late, tuple(reversed(late))):
        report = outcomes(facts)
        assert report.cells[Outcome.ABANDONED].attempts == ("a1",)
        assert report.total == 1


def test_a_fact_told_twice_counts_once() -> None:
    assert outcomes([final("a1", Outcome.BUSY), final("a1", Outcome.BUSY)]).total == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(Outcome)), max_size=60))
def test_the_cells_add_up_to_the_facts(finals: list[tuple[int, Outcome]]) -> None:
    facts = [final(f"a{one}", outcome) for one, outcome in finals]
    report = outcomes(facts)
    assert report.total == len({one.dedupe for one in facts})
    assert sum(cell.count for cell in report.cells.values()) == report.total


def disposed(attempt: str, code: str, at_s: float, agent: str | None = "ann") -> Fact:
    return fact(FactKind.DISPOSED, at_s, attempt=attempt, agent=agent, data={"result": code})


def test_the_last_result_of_an_attempt_counts_unless_taken_back() -> None:
    report = results(
        [
            disposed("a1", "agreed", 1),
            disposed("a1", "refused", 2),
            disposed("a2", "agreed", 3),
            fact(FactKind.DISPOSITION_UNDONE, 4, attempt="a2"),
            fact(FactKind.DISPOSITION_UNDONE, 4, attempt="a9"),
            disposed("a3", "no_key", 5, None),
            fact(FactKind.ANSWERED, attempt="a3"),
            fact(FactKind.AGENT_STATE, agent="ann", data={"state": "ready"}),
        ]
    )
    assert {code: cell.attempts for code, cell in report.cells.items()} == {
        "no_key": ("a3",),
        "refused": ("a1",),
    }
    assert list(report.by_agent) == [("", "no_key"), ("ann", "refused")]
    assert report.total == 2


RESULT_FACTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["agreed", "refused", None])), max_size=30
)


@given(RESULT_FACTS)
def test_results_add_up_in_both_directions(history: list[tuple[str, str | None]]) -> None:
    facts = [
        disposed(attempt, code, place)
        if code
        else fact(FactKind.DISPOSITION_UNDONE, place, attempt=attempt)
        for place, (attempt, code) in enumerate(history)
    ]
    report = results(facts)
    last = dict(history)
    assert report.total == sum(code is not None for code in last.values())
    assert sum(cell.count for cell in report.by_agent.values()) == report.total


def state(name: str, at_s: float, agent: str | None = "ann", clock: str = "boot-1") -> Fact:
    return fact(FactKind.AGENT_STATE, at_s, agent=agent, data={"state": name}, clock_id=clock)


def test_an_agents_time_is_told_state_by_state() -> None:
    facts = [
        state("ready", 0),
        state("talking", 60),
        state("wrap_up", 160),
        state("offline", 180),
        state("pause", 200),
        state("ready", 0, "bob"),
        state("ready", 0, None),
        fact(FactKind.DEVICE_UP, agent="ann"),
    ]
    ann, bob = agent_times(facts, after(230))
    assert {state.value: time.total_seconds() for state, time in ann.states.items()} == {
        "ready": 60,
        "talking": 100,
        "wrap_up": 20,
        "pause": 30,
    }
    assert ann.signed_in == timedelta(seconds=210)
    assert ann.occupancy == pytest.approx(120 / 180)
    assert (bob.agent, bob.signed_in) == ("bob", timedelta(seconds=230))
    assert bob.occupancy == 0


def test_time_across_a_restart_is_told_by_utc_and_never_negative() -> None:
    facts = [state("ready", 100), state("pause", 130, clock="boot-2"), state("ready", 90)]
    (ann,) = agent_times(facts, after(80))
    assert ann.states == {
        AgentState.READY: timedelta(seconds=30),
        AgentState.PAUSE: timedelta(),
    }


def test_an_agent_who_only_paused_has_no_occupancy() -> None:
    (ann,) = agent_times([state("pause", 0)], after(10))
    assert ann.occupancy is None


EVENTS = st.one_of(
    st.sampled_from([ag.AskReady(), ag.AskPause("tea"), ag.AskOffline(), ag.WrapUpOver()]),
    st.sampled_from([ag.DeviceUp("leg-1"), ag.DeviceDown("leg-1")]),
    st.sampled_from([ag.CallJoined("c"), ag.CustomerGone("c", timedelta(seconds=9))]),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 600)), max_size=30))
def test_time_in_states_adds_up_to_the_time_signed_in(
    shift: list[tuple[ag.AgentEvent, int]],
) -> None:
    agent, now_s, facts = Agent("ann", T0), 0, []
    signed_in, online_since = 0, None
    for event, waited in shift:
        now_s += waited
        agent, commands = ag.step(agent, event, after(now_s))
        for place, one in enumerate(commands):
            if isinstance(one, ag.RecordAgentState):
                told = state(one.state.value, now_s)
                facts.append(fact(told.kind, now_s, agent="ann", data=told.data,
                                  dedupe=f"{len(facts)}:{place}"))  # fmt: skip
                if one.before is AgentState.OFFLINE:
                    online_since = now_s
                elif one.state is AgentState.OFFLINE:
                    signed_in, online_since = signed_in + now_s - (online_since or 0), None
    end = now_s + 100
    if online_since is not None:
        signed_in += end - online_since
    total = sum((time.signed_in for time in agent_times(facts, after(end))), timedelta())
    assert total == timedelta(seconds=signed_in)


# ---- abandonment ---------------------------------------------------------------------------------


def test_the_abandoned_share_is_abandoned_by_live_answers() -> None:
    facts = [
        fact(FactKind.ABANDONED, 1, attempt="a1"),
        final("a1", Outcome.ABANDONED, 2),
        fact(FactKind.BRIDGED, 3, attempt="a2", data={"within_limit": True}),
        final("a2", Outcome.ANSWERED_HUMAN, 4),
        fact(FactKind.BRIDGED, 5, attempt="a3", data={"within_limit": False}),
        final("a4", Outcome.ANSWERED_HUMAN, 6),
        final("a5", Outcome.BUSY, 7),
        final("a6", Outcome.ANSWERED_MACHINE, 8),
        fact(FactKind.BRIDGED, 9, attempt="a7", data={"within_limit": False}),
        final("a7", Outcome.ANSWERED_MACHINE, 10),
        fact(FactKind.ABANDONED, 11),
        fact(FactKind.ANSWERED, 12, attempt="a8"),
    ]
    report = abandonment(facts, after(100), MONTH, RULE)
    assert report.abandoned.attempts == ("a1",)
    assert report.late.attempts == ("a3",)
    assert report.live.attempts == ("a1", "a2", "a3", "a4")
    assert (report.numerator, report.denominator, report.share) == (2, 4, 0.5)
    assert (report.window_from, report.window_to, report.rule) == (
        after(100) - MONTH,
        after(100),
        RULE,
    )


def test_a_call_abandoned_after_a_late_join_counts_once() -> None:
    facts = [
        fact(FactKind.BRIDGED, 1, attempt="a1", data={"within_limit": False}),
        fact(FactKind.ABANDONED, 2, attempt="a1"),
    ]
    report = abandonment(facts, after(9), MONTH, RULE)
    assert (report.numerator, report.denominator) == (1, 1)


def test_whoever_turns_out_to_have_answered_counts_in_the_abandoned_share() -> None:
    facts = [
        final("a1", Outcome.UNKNOWN, 1),
        fact(FactKind.ABANDONED, 2, attempt="a1"),
        resolved("a1", Outcome.ABANDONED, 2),
        resolved("a2", Outcome.ANSWERED_HUMAN, 3),
        final("a2", Outcome.UNKNOWN, 4),
        final("a3", Outcome.UNKNOWN, 5),
        fact(FactKind.BRIDGED, 6, attempt="a4", data={"within_limit": True}),
        resolved("a4", Outcome.ANSWERED_MACHINE, 7),
    ]
    report = abandonment(facts, after(9), MONTH, RULE)
    assert report.abandoned.attempts == ("a1",)
    assert set(report.live.attempts) == {"a1", "a2"}


def test_the_window_holds_both_its_ends() -> None:
    facts = [final("a1", Outcome.ANSWERED_HUMAN, 0), final("a2", Outcome.ANSWERED_HUMAN, 9)]
    report = abandonment(facts, after(9), timedelta(seconds=9), RULE)
    assert report.live.attempts == ("a1", "a2")


def test_what_is_older_than_the_window_does_not_count() -> None:
    facts = [fact(FactKind.ABANDONED, 0, attempt="old"), final("new", Outcome.ANSWERED_HUMAN, 5)]
    report = abandonment(facts, after(10), timedelta(seconds=9), RULE)
    assert (report.numerator, report.denominator) == (0, 1)
    assert abandonment(facts, after(-1), MONTH, RULE).share is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from([FactKind.ABANDONED, FactKind.BRIDGED, FactKind.FINAL]),
            st.sampled_from(Outcome),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_the_share_is_a_share(history: list[tuple[int, FactKind, Outcome, bool]]) -> None:
    facts = [
        fact(kind, attempt=f"a{one}", dedupe=str(place),
             data={"outcome": outcome.value, "within_limit": in_time})
        for place, (one, kind, outcome, in_time) in enumerate(history)
    ]  # fmt: skip
    report = abandonment(facts, T0, MONTH, RULE)
    assert set(report.abandoned.attempts) | set(report.late.attempts) <= set(report.live.attempts)
    assert report.share is None or 0 <= report.share <= 1
