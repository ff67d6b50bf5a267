"""The end of a call: the failure, the farewell, the hang-up, and everything that comes too late.

A leg that has ended gets its outcome exactly once; only *unknown* may be followed by what the engine
tells after all. A 200 OK that crossed our CANCEL is an answer; a person who then heard nobody for
longer than the limit, or was cut off by an engine that died, was abandoned, whatever we had meant.
"""

from datetime import datetime, timedelta

from vyzov.core import call_events as ev
from vyzov.core import flow as flows
from vyzov.core.call_value import (
    CLOSING_LIMIT,
    FAREWELL_LIMIT,
    Call,
    CallState,
    Moved,
    class_outcome,
    go,
    is_way_out,
    led_by,
    play_prompt,
    record,
    stop_prompt,
    unmoved,
)
from vyzov.core.changing import replace
from vyzov.core.diagnosis import diagnose_failure
from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.outcome import Outcome

_MESSAGE_CUT = "message_cut"

CLOCK_ORIGIN = "answered"
"""From when a wait is counted: the 200 OK. It is stored with each abandonment, for a rule may count
from the start of speech or the end of the greeting instead."""


def farewell(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Classified(_, "beep") if call.leaving_message:
            return _leave_message(call, now)
        case ev.DeadlinePassed() if call.leaving_message:
            return _leave_message(call, now)
        case ev.PlayFinished(play) if play == call.playing:
            outcome, detail = verdict_of(call)
            detail = "message_left" if detail == _MESSAGE_CUT else detail
            return hang_up(replace(call, playing=None), "normal", (outcome, detail), now)
        case ev.Digit(digit) if is_way_out(call, digit):
            return replace(call, stop_asked=True), (ev.Suppress(digit),)
        case ev.DeadlinePassed() | ev.Cancel():
            return hang_up(call, "normal", call.verdict, now)
        case ev.Ended():
            return _end(call, event, now)
        case _:
            return unmoved(call, event)


def _leave_message(call: Call, now: datetime) -> Moved:
    leave = call.plan.flow.on_machine if call.plan.flow else None
    assert leave is not None, "only a flow with a message waits for a beep"
    verdict = (verdict_of(call)[0], _MESSAGE_CUT)  # Until the prompt is played to its end.
    limit = now + flows.PROMPT_LIMIT
    timed = replace(call, leaving_message=False, deadline=limit, verdict=verdict)
    return play_prompt(timed, leave.prompt)


def closing(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Failed() if call.answered_at is None:
            return failed(call, event, now)
        case ev.Answered() if call.answered_at is None:
            # The 200 crossed our CANCEL: it is an answer, and it is hung up on.
            noted, told = answer(replace(call, deadline=now + CLOSING_LIMIT), event, now)
            return noted, (*told, ev.SendHangup("cancelled"))
        case ev.Dialing(call_id) if call.dialed_at is None:
            return record(call, FactKind.DIALING, {"call_id": call_id}, dialed_at=now)
        case ev.Refused(reason) if call.dialed_at is None and reason != "duplicate":
            noted, told = record(call, FactKind.ATTEMPT_REFUSED, {"reason": reason})
            return led_by(told, finish(noted, *verdict_of(call), now))
        case ev.Ended():
            return _end(call, event, now)
        case ev.DeadlinePassed() if call.answered_at:
            return led_by((ev.SendHangup("normal"),), _over(call, now, cut_off=False))
        case ev.DeadlinePassed():
            return led_by((ev.SendHangup("normal"),), finish(call, *ENGINE_SILENT, now))
        case ev.NoNews() if call.answered_at is None:
            return finish(call, *ENGINE_SILENT, now)
        case ev.Cancel() | ev.AgentHangsUp():
            return call, ()
        case _:
            return unmoved(call, event)


def ended(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Answered() if call.answered_at is None:
            noted, told = answer(call, event, now)
            return noted, (*told, ev.SendHangup("late"))
        case ev.Answered():
            return call, (ev.SendHangup("late"),)
        case ev.Cancel() | ev.AgentHangsUp():
            return call, ()
        case _ if call.outcome is Outcome.UNKNOWN and call.side is None:
            return _told_after_all(call, event, now)
        case _:
            return unmoved(call, event)


def _told_after_all(call: Call, event: ev.Event, now: datetime) -> Moved:
    """Moves a call whose end nobody had told: the engine, or another run of it, is back."""
    match event:
        case ev.Failed() if call.answered_at is None:
            noted, told, found = _failure(call, event)
            return led_by(told, _resolve(noted, *found, now))
        case ev.BridgeJoined(agent) if call.answered_at and call.bridged_at is None:
            return joined(call, agent, now)
        case ev.Ended() if call.answered_at:
            noted, told = gone(call, event, now)
            return led_by(told, _resolve_answered(noted, event, now))
        case _:
            return unmoved(call, event)


def _resolve_answered(call: Call, event: ev.Ended, now: datetime) -> Moved:
    outcome, side = class_outcome(call), event.side
    if outcome is not Outcome.ANSWERED_HUMAN or call.bridged_at is not None:
        return _resolve(call, outcome, f"hung_up_{side}", now)
    if cancel_crossed(call, event, now):
        return _resolve(call, *CROSSED, now)
    if side == "far" and not call.orphaned and _waited(call, now) <= call.plan.connect_limit:
        return _resolve(call, outcome, "hung_up_early", now)
    noted, counted = count_abandoned(call, now)
    detail = "hung_up_late" if side == "far" else "engine"
    return led_by(counted, _resolve(noted, Outcome.ABANDONED, detail, now))


def _resolve(call: Call, outcome: Outcome, detail: str, now: datetime) -> Moved:
    if outcome is Outcome.UNKNOWN:
        return call, ()
    known = replace(call, outcome=outcome, detail=detail, ended_at=now)
    return known, (ev.Resolve(outcome, detail),)


def hang_up(call: Call, cause: str, verdict: tuple[Outcome, str] | None, now: datetime) -> Moved:
    quiet, stop = stop_prompt(call)
    closing = go(quiet, CallState.CLOSING, now, now + CLOSING_LIMIT, verdict=verdict)
    return closing, (*stop, ev.SendHangup(cause))


def apologise(call: Call, verdict: tuple[Outcome, str], now: datetime) -> Moved:
    prompt = call.plan.safe_harbour_prompt
    leaving = go(call, CallState.FAREWELL, now, now + FAREWELL_LIMIT, verdict=verdict)
    playing, play = play_prompt(leaving, prompt)
    noted, told = record(playing, FactKind.SAFE_HARBOUR, {"prompt": prompt})
    return noted, (*play, *told)


def count_abandoned(call: Call, now: datetime) -> Moved:
    """Writes down that a person was left: how long they waited, and where nobody saw when they
    answered, how long it was at most."""
    waited = _waited(call, now).total_seconds()
    limit = call.plan.connect_limit.total_seconds()
    seen: dict[str, Json] = {"wait_s": waited, "limit_s": limit, "origin": CLOCK_ORIGIN}
    if call.unseen_s:
        seen["wait_most_s"] = waited + call.unseen_s
    return record(call, FactKind.ABANDONED, seen)


CROSSED = (Outcome.CANCELLED_BY_US, "crossed")
"""What a call is called whose answer crossed our CANCEL and of which nobody here knows why it was
given up."""


def cancel_crossed(call: Call, event: ev.Ended, now: datetime) -> bool:
    """Whether a callee was hung up on only because our CANCEL had crossed the answer, in time.

    The engine alone may know of the CANCEL: whoever sent it can be dead, and then a next life of the
    floor hears of an answer and of its end at once. RFC 3261 section 15: such an answer is ended by BYE.
    """
    given_up = event.side == "us" and event.cause == "cancelled"
    return given_up and _waited(call, now) <= call.plan.connect_limit


def _waited(call: Call, now: datetime) -> timedelta:
    return now - (call.answered_at or now)


def _end(call: Call, event: ev.Ended, now: datetime) -> Moved:
    """The leg is over after we had decided what it is to be called."""
    noted, told = gone(call, event, now)
    return led_by(told, _over(noted, now, cut_off=event.side == "engine"))


def _over(call: Call, now: datetime, *, cut_off: bool) -> Moved:
    """Ends an answered call as was decided; `cut_off` where it was not us who let the callee go."""
    outcome, detail = verdict_of(call)
    if outcome in _GIVEN_UP and (cut_off or _waited(call, now) > call.plan.connect_limit):
        # Somebody picked up while we were giving up and then heard nobody: for too long, or until
        # an engine came back that could only cut them off.
        noted, counted = count_abandoned(call, now)
        return led_by(counted, finish(noted, Outcome.ABANDONED, detail, now))
    return finish(call, outcome, detail, now)


_GIVEN_UP = frozenset({Outcome.CANCELLED_BY_US, Outcome.NO_ANSWER})

ENGINE_SILENT = (Outcome.UNKNOWN, "engine_silent")
"""What a call is called of which no engine told the end."""


def verdict_of(call: Call) -> tuple[Outcome, str]:
    assert call.verdict is not None, "a call that is closing knows why"
    outcome, detail = call.verdict
    if outcome is Outcome.NO_ANSWER and call.answered_at:
        return Outcome.CANCELLED_BY_US, detail
    return outcome, detail


def answer(call: Call, event: ev.Answered, now: datetime) -> Moved:
    begun = call.ringing_at or call.dialed_at
    rang = (now - begun).total_seconds() if begun else None
    seen: dict[str, Json] = {"codec": event.codec, "ring_s": rang}
    if event.unseen_s:
        seen["unseen_s"] = event.unseen_s
    return record(call, FactKind.ANSWERED, seen, answered_at=now, unseen_s=event.unseen_s)


def joined(call: Call, agent: str, now: datetime) -> Moved:
    """Notes that the callee hears an agent for the first time, and whether that was in time."""
    waited = _waited(call, now)
    seen: dict[str, Json] = {
        "agent": agent,
        "wait_s": waited.total_seconds(),
        "within_limit": call.flow is not None or waited <= call.plan.connect_limit,
        "origin": CLOCK_ORIGIN,
    }
    return record(call, FactKind.BRIDGED, seen, talked_with=agent, bridged_at=now)


def failed(call: Call, event: ev.Failed, now: datetime) -> Moved:
    noted, told, found = _failure(call, event)
    return led_by(told, finish(noted, *found, now))


def _failure(
    call: Call, event: ev.Failed
) -> tuple[Call, tuple[ev.Command, ...], tuple[Outcome, str]]:
    """Returns the call and the fact of its failure, and what it is to be called."""
    found = diagnose_failure(
        event.code,
        phrase=event.phrase,
        stage=event.stage,
        reasons=event.reasons,
        q850=event.q850,
        ring_s=event.ring_s,
        early_media=call.early_media,
        heard=event.heard or call.heard,
        fault=event.fault,
    )
    outcome, detail = found.outcome, found.cause.value
    if call.verdict and found.outcome is Outcome.NO_ANSWER:
        outcome, detail = call.verdict
    seen: dict[str, Json] = {
        "code": event.code,
        "stage": event.stage,
        "q850": found.q850,
        "ring_s": event.ring_s,
        "cause": found.cause.value,
    }
    if event.heard:
        seen["heard"] = event.heard
    side = "us" if call.verdict else "far"
    noted, told = record(call, FactKind.FAILED, seen, code=event.code, q850=found.q850, side=side)
    return noted, told, (outcome, detail)


def gone(call: Call, event: ev.Ended, now: datetime) -> Moved:
    talked = (now - call.bridged_at).total_seconds() if call.bridged_at else 0.0
    side, cause = event.side, event.cause
    seen: dict[str, Json] = {"side": side, "cause": cause, "talk_s": talked}
    if event.sound:
        seen["sound"] = dict(event.sound)
    return record(call, FactKind.ENDED, seen, side=side, playing=None)


def finish(call: Call, outcome: Outcome, detail: str, now: datetime) -> Moved:
    stop: tuple[ev.Command, ...] = (ev.StopRecording(),) if call.recording else ()
    done = go(
        call,
        CallState.ENDED,
        now,
        None,
        outcome=outcome,
        detail=detail,
        ended_at=now,
        playing=None,
        recording=False,
    )
    return done, (*stop, ev.Finish(outcome, detail))
