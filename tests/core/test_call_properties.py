"""What holds for every call, whatever the world and we do to it."""

from collections.abc import Callable
from datetime import timedelta

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
    st.just(ev.Cancel("pause")),
    st.just(ev.DeadlinePassed()),
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
TURNS = st.tuples(st.one_of(WORLD, WORLD, OWN), st.sampled_from([0.0, 0.1, 1.0, 3.0, 40.0]))
HISTORIES = st.builds(
    # Most random histories end before the answer: a beginning takes them to where it matters.
    lambda beginning, turns: [*beginning, *turns],
    st.sampled_from([[], RANG, ANSWERED, FOUND, JOINED, AWAY]),
    st.lists(TURNS, max_size=15),
)

Look = Callable[[Call, Call, tuple[ev.Command, ...]], None]


def live(plan: CallPlan, history: list[tuple[ev.Event, float]], look: Look) -> Call:
    """Plays a history that begins with the reservation; impossible own events are left out."""
    call, now = start("c", DialMode.PROGRESSIVE, plan, T0), T0
    for event, waited in [(ev.Reserved(), 0.0), *history]:
        now += timedelta(seconds=waited)
        try:
            moved, commands = step(call, event, now)
        except ImpossibleEvent:
            assert isinstance(event, ev.OwnEvent), "a world event is never impossible"
            continue
        look(call, moved, commands)
        call = moved
    return call


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_a_call_finishes_at_most_once_and_then_stays_ended(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    finished: list[ev.Finish] = []

    def look(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None:
        finished.extend(command for command in commands if isinstance(command, ev.Finish))
        assert (after.state is CallState.ENDED) == bool(finished)
        if finished:
            assert after.outcome is finished[0].outcome

    live(plan, history, look)
    assert len(finished) <= 1


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_exactly_one_deadline_is_armed_where_a_call_waits(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    def look(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None:
        assert (after.deadline is None) == (after.state in UNTIMED)

    live(plan, history, look)


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_facts_have_keys_of_their_own_and_one_answer(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    facts: list[ev.Record] = []
    finals: list[Outcome] = []

    def look(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None:
        facts.extend(command for command in commands if isinstance(command, ev.Record))
        finals.extend(command.outcome for command in commands if isinstance(command, ev.Finish))

    call = live(plan, history, look)
    assert len({fact.key for fact in facts}) == len(facts)
    kinds = [fact.kind for fact in facts]
    assert kinds.count(FactKind.ANSWERED) == (1 if call.answered_at else 0)
    assert kinds.count(FactKind.ABANDONED) <= 1
    if finals:
        assert (FactKind.ABANDONED in kinds) == (finals == [Outcome.ABANDONED])


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_an_agent_who_was_taken_is_let_go_when_the_call_ends(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    held: set[str] = set()

    def look(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None:
        for command in commands:
            if isinstance(command, ev.ReleaseAgent):
                held.discard(command.agent)
            elif isinstance(command, ev.JoinAgent):
                held.add(command.agent)
        if after.agent:
            held.add(after.agent)
        assert held <= {after.agent}

    call = live(plan, history, look)
    if call.state in (CallState.ENDED, CallState.CLOSING, CallState.FAREWELL):
        assert not held


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_a_call_that_is_left_alone_comes_to_its_end(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    now = T0 + timedelta(days=1)

    def ignore(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None: ...

    call = live(plan, history, ignore)
    for _ in range(100):
        if call.deadline is None:
            break
        now = max(now, call.deadline)
        call, _ = step(call, ev.DeadlinePassed(), now)
    assert call.state in UNTIMED


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_the_same_history_gives_the_same_commands(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    said: list[tuple[ev.Command, ...]] = []
    again: list[tuple[ev.Command, ...]] = []
    live(plan, history, lambda before, after, commands: said.append(commands))
    live(plan, history, lambda before, after, commands: again.append(commands))
    assert said == again


@settings(max_examples=150)
@given(PLANS, HISTORIES)
def test_recording_that_was_started_is_stopped(
    plan: CallPlan, history: list[tuple[ev.Event, float]]
) -> None:
    balance = [0]

    def look(before: Call, after: Call, commands: tuple[ev.Command, ...]) -> None:
        for command in commands:
            balance[0] += isinstance(command, ev.StartRecording)
            balance[0] -= isinstance(command, ev.StopRecording)
        assert balance[0] in (0, 1)
        assert plan.recording or not balance[0]

    call = live(plan, history, look)
    if call.state is CallState.ENDED:
        assert balance[0] == 0
