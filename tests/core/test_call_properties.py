"""What holds for every call, whatever the world and we do to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from core_examples import FLOW, T0
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.core import call_events as ev
from vyzov.core.call import UNTIMED, Call, CallPlan, CallState, start, step
from vyzov.core.campaign import ClassifyMode, DialMode
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind
from vyzov.core.flow import Flow
from vyzov.core.outcome import AnswerClass, Outcome

agents = st.sampled_from(["ann", "bob"])
codes = st.sampled_from([0, 301, 401, 403, 404, 408, 480, 486, 487, 503, 603, 607])
WORLD: st.SearchStrategy[ev.WorldEvent] = st.one_of(
    st.builds(ev.Refused, st.sampled_from(["stale", "duplicate", "unknown_trunk", "bad_number"])),
    st.just(ev.Dialing("id")),
    st.builds(ev.Ringing, st.sampled_from([180, 183]), st.booleans()),
    st.just(ev.Answered("PCMA")),
    st.builds(
        ev.Failed,
        codes,
        stage=st.sampled_from(["trying", "ringing", "cancelled", "lost"]),
        q850=st.sampled_from([None, 1, 16, 17, 18, 19, 20, 21, 34]),
        ring_s=st.sampled_from([0.0, 1.5, 20.0]),
    ),
    st.builds(ev.Ended, st.sampled_from(["far", "us", "engine"])),
    st.builds(ev.Digit, st.sampled_from("0129#")),
    st.builds(ev.Classified, st.sampled_from(AnswerClass), st.sampled_from(["", "beep"])),
    st.builds(
        ev.PlayFinished,
        st.sampled_from(["1:offer", "2:offer", "2:please_wait", "2:removed", "1:safe_harbour"]),
    ),
    st.just(ev.SafeHarbourHeard()),
    st.builds(ev.OneWay, st.sampled_from(["", "far", "us", "both"])),
    st.builds(ev.BridgeJoined, agents),
    st.builds(ev.BridgeLeft, agents),
    st.builds(ev.AgentGone, agents),
    st.builds(ev.AgentBack, agents),
    st.just(ev.EngineLost()),
)
OWN: st.SearchStrategy[ev.OwnEvent] = st.one_of(
    st.just(ev.Reserved()),
    st.just(ev.ReserveRefused("stop_list")),
    st.builds(ev.AgentFound, agents),
    st.just(ev.NobodyYet()),
    st.just(ev.AgentHangsUp()),
    st.builds(ev.HandedOver, agents, st.sampled_from(["taken", "blind", "warm"])),
    st.just(ev.Cancel("pause")),
    st.just(ev.DeadlinePassed()),
    st.just(ev.NoNews()),
)
LEAVE = FLOW | {"on_machine": {"leave": "message"}}
PLANS = st.builds(
    CallPlan,
    classify=st.sampled_from(ClassifyMode),
    flow=st.sampled_from([None, Flow.from_json(FLOW), Flow.from_json(LEAVE)]),
    recording=st.booleans(),
)
RANG: list[tuple[ev.Event, float]] = [(ev.Dialing("id"), 0.1), (ev.Ringing(), 1.0)]
ANSWERED = [*RANG, (ev.Answered(), 3.0)]
FOUND = [*ANSWERED, (ev.AgentFound("ann"), 0.0)]
JOINED = [*FOUND, (ev.BridgeJoined("ann"), 0.1)]
AWAY = [*JOINED, (ev.AgentGone("ann"), 1.0)]
UNHEARD = [*RANG, (ev.NoNews(), 28.0)]
TURNS = st.tuples(st.one_of(WORLD, WORLD, OWN), st.sampled_from([0.0, 0.1, 1.0, 3.0, 40.0]))
HISTORIES = st.builds(
    # Most random histories end before the answer: a beginning takes them to where it matters.
    lambda beginning, turns: [*beginning, *turns],
    st.sampled_from([[], RANG, ANSWERED, FOUND, JOINED, AWAY, UNHEARD]),
    st.lists(TURNS, max_size=15),
)


@dataclass
class Life:
    """What became of one call: every step of it, impossible own events left out."""

    plan: CallPlan
    call: Call
    steps: list[tuple[Call, tuple[ev.Command, ...]]] = field(default_factory=list)

    def sent(self, kind: type) -> list[ev.Command]:
        return [one for _, commands in self.steps for one in commands if isinstance(one, kind)]


def lived(plan: CallPlan, history: list[tuple[ev.Event, float]]) -> Life:
    life, now = Life(plan, start("c", DialMode.PROGRESSIVE, plan, T0)), T0
    for event, waited in [(ev.Reserved(), 0.0), *history]:
        now += timedelta(seconds=waited)
        try:
            life.call, commands = step(life.call, event, now)
        except ImpossibleEvent:
            assert isinstance(event, ev.OwnEvent), f"{event} of the world is never impossible"
            continue
        life.steps.append((life.call, commands))
    return life


def it_finishes_once_and_stays_ended(life: Life) -> None:
    finished: list[ev.Finish] = []
    resolved: list[ev.Resolve] = []
    for call, commands in life.steps:
        finished += [one for one in commands if isinstance(one, ev.Finish)]
        resolved += [one for one in commands if isinstance(one, ev.Resolve)]
        assert (call.state is CallState.ENDED) == bool(finished)
        last = next(iter([*resolved, *finished]), None)
        assert call.outcome is (last.outcome if last else None)
    assert len(finished) <= 1
    assert len(resolved) <= 1
    assert not resolved or finished[0].outcome is Outcome.UNKNOWN


def exactly_one_deadline_is_armed_where_it_waits(life: Life) -> None:
    for call, _ in life.steps:
        assert (call.deadline is None) == (call.state in UNTIMED)


def its_facts_have_keys_of_their_own_and_one_answer(life: Life) -> None:
    facts = [one for one in life.sent(ev.Record) if isinstance(one, ev.Record)]
    kinds = [fact.kind for fact in facts]
    assert len({fact.key for fact in facts}) == len(facts)
    assert kinds.count(FactKind.ANSWERED) == (1 if life.call.answered_at else 0)
    assert kinds.count(FactKind.FAILED) + kinds.count(FactKind.ENDED) <= 1


def it_is_abandoned_by_fact_where_it_is_by_outcome(life: Life) -> None:
    told = [one for one in life.sent(ev.Record) if one.kind is FactKind.ABANDONED]  # type: ignore[union-attr]
    assert len(told) <= 1
    if life.call.outcome is not None:
        assert bool(told) == (life.call.outcome is Outcome.ABANDONED)


def an_agent_is_let_go_when_it_ends(life: Life) -> None:
    held: set[str] = set()
    for call, commands in life.steps:
        for command in commands:
            if isinstance(command, ev.ReleaseAgent):
                held.discard(command.agent)
            elif isinstance(command, ev.JoinAgent):
                held.add(command.agent)
        held |= {call.agent} - {None}  # type: ignore[arg-type]
        assert held <= {call.agent}
        if call.state in (CallState.ENDED, CallState.CLOSING, CallState.FAREWELL):
            assert not held, "an agent was left in a call that is over"


def a_recording_that_was_started_is_stopped(life: Life) -> None:
    going = 0
    for call, commands in life.steps:
        for command in commands:
            going += isinstance(command, ev.StartRecording) - isinstance(command, ev.StopRecording)
        assert going in ((0, 1) if life.plan.recording else (0,))
        assert call.state is not CallState.ENDED or going == 0


def one_prompt_plays_at_a_time(life: Life) -> None:
    playing: str | None = None
    for call, commands in life.steps:
        for command in commands:
            if isinstance(command, ev.PlayPrompt):
                assert playing is None, "two prompts at once"
                playing = command.play
            elif isinstance(command, ev.StopPrompt):
                assert command.play == playing
                playing = None
        playing = playing if call.playing else None
        assert call.playing == playing


def left_alone_it_comes_to_its_end(life: Life) -> None:
    call, now = life.call, T0 + timedelta(days=1)
    for _ in range(100):
        if call.deadline is None:
            break
        now = max(now, call.deadline)
        call, _ = step(call, ev.DeadlinePassed(), now)
    assert call.state in UNTIMED


PROPERTIES: tuple[Callable[[Life], None], ...] = (
    it_finishes_once_and_stays_ended,
    exactly_one_deadline_is_armed_where_it_waits,
    its_facts_have_keys_of_their_own_and_one_answer,
    it_is_abandoned_by_fact_where_it_is_by_outcome,
    an_agent_is_let_go_when_it_ends,
    a_recording_that_was_started_is_stopped,
    one_prompt_plays_at_a_time,
    left_alone_it_comes_to_its_end,
)


@settings(max_examples=300)
@given(PLANS, HISTORIES)
def test_whatever_happens_every_property_of_a_call_holds(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    life = lived(plan, history)
    for holds in PROPERTIES:
        holds(life)


EVERY_EVENT: tuple[ev.Event, ...] = (
    ev.Refused("stale"),
    ev.Dialing("id"),
    ev.Ringing(183, early_media=True),
    ev.Ringing(183, early_media=True, heard="busy"),
    ev.OneWay("far"),
    ev.Answered(),
    ev.Failed(486),
    ev.Failed(487, stage="cancelled"),
    ev.Ended("far"),
    ev.Ended("engine"),
    ev.Digit("1"),
    ev.Digit("9"),
    ev.Classified(AnswerClass.HUMAN),
    ev.Classified(AnswerClass.MACHINE),
    ev.Classified(AnswerClass.MACHINE, "beep"),
    ev.Classified(AnswerClass.SILENCE),
    ev.PlayFinished("1:offer"),
    ev.PlayFinished("1:safe_harbour"),
    ev.BridgeJoined("ann"),
    ev.BridgeLeft("ann"),
    ev.AgentGone("ann"),
    ev.AgentBack("ann"),
    ev.AgentFound("ann"),
    ev.AgentFound("bob"),
    ev.AgentHangsUp(),
    ev.Cancel("pause"),
    ev.DeadlinePassed(),
)
PLANS_ONCE = (
    CallPlan(),
    CallPlan(classify=ClassifyMode.CLASSIFY_FIRST),
    CallPlan(flow=Flow.from_json(FLOW)),
    CallPlan(flow=Flow.from_json(LEAVE)),
)
CONNECTING = [*ANSWERED, (ev.Digit("1"), 1.0)]


@pytest.mark.parametrize("plan", PLANS_ONCE, ids=["plain", "listening", "robot", "leaving"])
@pytest.mark.parametrize(
    "beginning", [[], RANG, ANSWERED, CONNECTING, FOUND, JOINED, AWAY], ids=len
)
def test_after_any_two_events_at_any_stage_every_property_holds(
    plan: CallPlan, beginning: list[tuple[ev.Event, float]]
) -> None:
    for first in EVERY_EVENT:
        for second in EVERY_EVENT:
            life = lived(plan, [*beginning, (first, 0.5), (second, 40.0)])
            for holds in PROPERTIES:
                holds(life)


@settings(max_examples=100)
@given(PLANS, HISTORIES)
def test_the_same_history_gives_the_same_commands(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    assert lived(plan, history).steps == lived(plan, history).steps
