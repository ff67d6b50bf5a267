"""From the answer to the end of the talk: listening, waiting for an agent, the talk, the robot.

Nobody is left in silence: an agent within the limit or the safe-harbour message; a lost agent's leg
is covered by comfort tone until it is back or its limit is over.
"""

from datetime import datetime

from vyzov.core import call_events as ev
from vyzov.core import flow as flows
from vyzov.core.call_closing import (
    CROSSED,
    apologise,
    cancel_crossed,
    count_abandoned,
    finish,
    gone,
    hang_up,
    joined,
)
from vyzov.core.call_value import (
    JOIN_GRACE,
    SILENT_FOR,
    Call,
    CallState,
    Moved,
    class_outcome,
    go,
    is_way_out,
    led_by,
    play_prompt,
    record,
    release,
    start_recording,
    stop_prompt,
    unmoved,
)
from vyzov.core.campaign import ClassifyMode
from vyzov.core.changing import replace
from vyzov.core.facts import FactKind
from vyzov.core.outcome import OUTCOME_OF_CLASS, AnswerClass, Outcome

# ---- from the answer to somebody who speaks ------------------------------------------------------


def greet(call: Call, now: datetime) -> Moved:
    """Somebody picked up: listen first, or go on at once."""
    if call.plan.classify is ClassifyMode.CLASSIFY_FIRST:
        return go(call, CallState.CLASSIFYING, now, now + call.plan.classify_limit), ()
    return _serve(call, now)


def _serve(call: Call, now: datetime) -> Moved:
    if call.plan.flow:
        state, orders = flows.begin(call.plan.flow, now)
        return _obey(go(call, CallState.IN_FLOW, now, state.deadline), state, orders, now)
    answered_at = call.answered_at or now
    return _ask(call, answered_at + call.plan.connect_limit, now)


def _ask(call: Call, deadline: datetime, now: datetime) -> Moved:
    noted, told = record(call, FactKind.AGENT_ASKED, {})
    return go(noted, CallState.WAITING, now, deadline), (*told, ev.AskForAgent())


def classifying(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Classified(AnswerClass.HUMAN | AnswerClass.UNKNOWN):
            return _serve(call, now)
        case ev.Classified(AnswerClass.SILENCE):
            return hang_up(call, "silence", (Outcome.ANSWERED_SILENCE, "classified"), now)
        case ev.Classified():
            return _not_a_person(call, now)
        case ev.DeadlinePassed():
            return _serve(call, now)
        case _:
            return _unserved(call, event, now)


def waiting(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.AgentFound(agent) if call.agent is None:
            return _join(call, agent, now)
        case ev.NobodyYet() if call.agent is None:
            return call, ()
        case ev.Digit(digit) if is_way_out(call, digit):
            released, freed = release(call, wrap_up=False)
            back = go(released, CallState.IN_FLOW, now, None)
            return led_by(freed, _advance(back, flows.KeyPressed(digit), now))
        case ev.BridgeJoined(agent) if call.agent in (None, agent):
            return _talk(call, agent, now)
        case ev.AgentGone(agent) if agent == call.agent:
            noted, told = record(call, FactKind.AGENT_ASKED, {}, agent=None)
            return noted, (ev.ReleaseAgent(agent, wrap_up=False), *told, ev.AskForAgent())
        case ev.Classified(
            AnswerClass.MACHINE | AnswerClass.FAX | AnswerClass.IVR | AnswerClass.SCREENER
        ):
            return _not_a_person(call, now)
        case ev.DeadlinePassed():
            return _abandon(call, "no_agent", now)
        case _:
            return _unserved(call, event, now)


def _join(call: Call, agent: str, now: datetime) -> Moved:
    # An agent found in the last moment gets the time that a bridge takes; whether the callee was
    # joined within the limit is told by the fact `bridged`, not by this deadline.
    deadline = max(call.deadline or now, now + JOIN_GRACE)
    quiet, stop = stop_prompt(replace(call, agent=agent, deadline=deadline))
    recorded, taping = start_recording(quiet)
    return recorded, (*stop, *taping, ev.JoinAgent(agent))


def _talk(call: Call, agent: str, now: datetime) -> Moved:
    quiet, stop = stop_prompt(call if call.agent == agent else replace(call, agent=agent))
    recorded, taping = start_recording(quiet)
    noted, told = joined(go(recorded, CallState.TALKING, now, None), agent, now)
    return noted, (*stop, *taping, *told)


def _unserved(call: Call, event: ev.Event, now: datetime) -> Moved:
    """Events that mean the same while nobody has spoken with the callee yet."""
    match event:
        case ev.Ended(side):
            released, freed = release(call, wrap_up=False)
            noted, told = gone(released, event, now)
            limit = (call.answered_at or now) + call.plan.connect_limit
            early = call.flow or now <= limit or call.state is CallState.CLASSIFYING
            if cancel_crossed(call, event, now):
                return led_by((*freed, *told), finish(noted, *CROSSED, now))
            if side == "far" and early and not call.orphaned:
                detail = "hung_up_waiting" if call.flow else "hung_up_early"
                over = finish(noted, Outcome.ANSWERED_HUMAN, detail, now)
                return led_by((*freed, *told), over)
            noted, counted = count_abandoned(noted, now)
            detail = "hung_up_late" if side == "far" else "engine"
            over = finish(noted, Outcome.ABANDONED, detail, now)
            return led_by((*freed, *told, *counted), over)
        case ev.Cancel(reason):
            return _abandon(call, reason, now)
        case _:
            return unmoved(call, event)


def _abandon(call: Call, why: str, now: datetime) -> Moved:
    released, freed = release(call, wrap_up=False)
    noted, counted = count_abandoned(released, now)
    return led_by((*freed, *counted), apologise(noted, (Outcome.ABANDONED, why), now))


def _not_a_person(call: Call, now: datetime) -> Moved:
    outcome = OUTCOME_OF_CLASS[call.answer_class or AnswerClass.UNKNOWN]
    released, freed = release(call, wrap_up=False)
    leave = call.plan.flow.on_machine if call.plan.flow else None
    if leave and call.answer_class is AnswerClass.MACHINE:
        quiet, stop = stop_prompt(released)
        verdict, until = (outcome, "no_message"), now + leave.beep_wait
        waiting = go(quiet, CallState.FAREWELL, now, until, verdict=verdict, leaving_message=True)
        return waiting, (*freed, *stop)
    return led_by(freed, hang_up(released, "machine", (outcome, "classified"), now))


# ---- with an agent -------------------------------------------------------------------------------


def talking(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.AgentGone(agent, silent) if agent == call.agent:
            unmet = silent and now - (call.bridged_at or now) < SILENT_FOR
            return _lose_agent(replace(call, unmet=unmet), agent, (), now)
        case ev.BridgeLeft(agent) if agent == call.agent:
            # The bridge fell but the agent's leg may live: one attempt to join again at once.
            return _lose_agent(call, agent, (ev.JoinAgent(agent),), now)
        case _:
            return _joined(call, event, now)


def agent_away(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.AgentBack(agent) if agent == call.agent:
            return call, (ev.JoinAgent(agent),)
        case ev.AgentFound(agent) if agent == call.agent:
            return call, (ev.JoinAgent(agent),)
        case ev.AgentFound(agent):
            released, freed = release(call, wrap_up=True)
            return replace(released, agent=agent), (*freed, ev.JoinAgent(agent))
        case ev.NobodyYet():
            return call, ()
        case ev.BridgeJoined(agent) if agent == call.agent:
            here = replace(call, talked_with=agent, unmet=False)
            back = go(here, CallState.TALKING, now, None)
            noted, told = record(back, FactKind.AGENT_BACK, {"agent": agent})
            return noted, (ev.ComfortTone(on=False), *told)
        case ev.DeadlinePassed():
            released, freed = release(call, wrap_up=True)
            noted, counted = _count_unmet(released, now)
            quiet = (*freed, ev.ComfortTone(on=False), *counted)
            return led_by(quiet, apologise(noted, (_talk_outcome(call), "agent_lost"), now))
        case _:
            return _joined(call, event, now)


def _lose_agent(call: Call, agent: str, rejoin: tuple[ev.Command, ...], now: datetime) -> Moved:
    away = go(call, CallState.AGENT_AWAY, now, now + call.plan.agent_return_limit)
    noted, told = record(away, FactKind.AGENT_AWAY, {"agent": agent})
    return noted, (ev.ComfortTone(on=True), *told, *rejoin)


def _joined(call: Call, event: ev.Event, now: datetime) -> Moved:
    """Events that mean the same with an agent on the line and with one who has just lost it.

    A classifier's late word never cuts a talk: it only decides what the outcome is called.
    """
    match event:
        case ev.Ended(side):
            released, freed = release(call, wrap_up=True)
            noted, told = gone(released, event, now)
            noted, counted = _count_unmet(noted, now)
            over = finish(noted, _talk_outcome(call), f"hung_up_{side}", now)
            return led_by((*freed, *told, *counted), over)
        case ev.HandedOver(agent, how) if agent != call.agent:
            return _hand_over(call, agent, how, now)
        case ev.AgentHangsUp():
            return _let_go(call, "agent_hung_up", now)
        case ev.Cancel(reason):
            return _let_go(call, reason, now)
        case _:
            return unmoved(call, event)


def _hand_over(call: Call, agent: str, how: str, now: datetime) -> Moved:
    """Who gives a call away writes nothing up: its result is for whoever ends it."""
    # Not counted as other facts are: a next life of the floor would count this one again.
    key = f"{FactKind.HANDED_OVER.value}:{agent}:{now.timestamp():.6f}"
    told = ev.Record(FactKind.HANDED_OVER, {"from": call.agent, "agent": agent, "how": how}, key)
    released, freed = release(call, wrap_up=False)
    given = replace(released, agent=agent, talked_with=agent)
    return given, (told, *freed, ev.JoinAgent(agent))


def _let_go(call: Call, why: str, now: datetime) -> Moved:
    released, freed = release(call, wrap_up=True)
    noted, counted = _count_unmet(released, now)
    over = hang_up(noted, "normal", (_talk_outcome(call), why), now)
    return led_by((*freed, *counted), over)


def _talk_outcome(call: Call) -> Outcome:
    """A person who was joined with an agent that had gone before has heard nobody."""
    outcome = class_outcome(call)
    return Outcome.ABANDONED if call.unmet and outcome is _HUMAN else outcome


def _count_unmet(call: Call, now: datetime) -> Moved:
    return count_abandoned(call, now) if _talk_outcome(call) is Outcome.ABANDONED else (call, ())


# ---- with the robot ------------------------------------------------------------------------------

_HUMAN = Outcome.ANSWERED_HUMAN


def in_flow(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Digit(digit):
            return _advance(call, flows.KeyPressed(digit), now)
        case ev.PlayFinished(play) if play == call.playing:
            return _advance(replace(call, playing=None), flows.PromptOver(), now)
        case ev.DeadlinePassed():
            return _advance(call, flows.TimeOver(), now)
        case ev.Classified(
            AnswerClass.MACHINE | AnswerClass.FAX | AnswerClass.IVR | AnswerClass.SCREENER
        ) if not call.digits:
            return _not_a_person(call, now)
        case ev.Ended(side):
            noted, told = gone(call, event, now)
            cut_off = side == "engine" or call.orphaned
            if cut_off and not call.digits and class_outcome(call) is _HUMAN:
                # By us, in the middle of the offer, before any wish could be heard.
                noted, counted = count_abandoned(noted, now)
                return led_by((*told, *counted), finish(noted, Outcome.ABANDONED, "engine", now))
            return led_by(told, finish(noted, class_outcome(call), f"hung_up_{side}", now))
        case ev.Cancel(reason):
            return hang_up(call, "normal", (class_outcome(call), reason), now)
        case _:
            return unmoved(call, event)


def _advance(call: Call, event: flows.FlowEvent, now: datetime) -> Moved:
    assert call.plan.flow is not None, "only a call with a flow is in it"
    assert call.flow is not None, "a flow that was begun has a place"
    state, orders = flows.step(call.plan.flow, call.flow, event, now)
    return _obey(call, state, orders, now)


def _obey(
    call: Call, state: flows.FlowState, orders: tuple[flows.FlowCommand, ...], now: datetime
) -> Moved:
    """Turns what the flow asks for into what the floor can do."""
    call = replace(call, flow=state, deadline=state.deadline)
    commands: tuple[ev.Command, ...] = ()
    for order in orders:
        match order:
            case flows.Say(prompt):
                call, more = play_prompt(call, prompt)
            case flows.EnterStep(name):
                call, more = record(call, FactKind.FLOW_STEP, {"step": name})
            case flows.StopListNow(key):
                more = (ev.Suppress(key),)
            case flows.Promise(after):
                more = (ev.PromiseCallback(after),)
            case flows.HandOver(prompt, wait):
                quiet = play_prompt(call, prompt, loop=True) if prompt else stop_prompt(call)
                call, more = led_by(quiet[1], _ask(quiet[0], now + wait, now))
            case flows.Leave(result):  # pragma: no branch
                call, told = _dispose(call, result)
                verdict = (class_outcome(call), result or "flow_done")
                call, more = led_by(told, hang_up(call, "normal", verdict, now))
        commands += more
    return call, commands


def _dispose(call: Call, result: str | None) -> Moved:
    if result is None:
        return call, ()
    return record(call, FactKind.DISPOSED, {"result": result, "by": "flow"})
