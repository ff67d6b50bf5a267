"""One call, which is one attempt: from the reservation to its outcome.

`step` is the whole of it: what the engine saw or we decided goes in, the moved call and commands
come out. It decides what the callee hears and when the call is given up; which agent, which trunk
and whether to redial are decided elsewhere. The clock of abandonment starts at the 200 OK. Exactly
one deadline is armed while the call waits for anything but people's own words.

The machine lies in three files: here what comes before the answer, in `call_serving` what comes
after it, in `call_closing` the end.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from vyzov.core import call_events as ev
from vyzov.core.call_closing import (
    ENGINE_SILENT,
    answer,
    closing,
    ended,
    failed,
    farewell,
    finish,
    gone,
    hang_up,
)
from vyzov.core.call_serving import (
    agent_away,
    classifying,
    greet,
    in_flow,
    talking,
    waiting,
)
from vyzov.core.call_value import (
    SETUP_GRACE,
    UNTIMED,
    Call,
    CallPlan,
    CallState,
    Moved,
    adopt,
    go,
    led_by,
    record,
    start,
    step_of,
    unmoved,
)
from vyzov.core.changing import replace
from vyzov.core.diagnosis import Cause
from vyzov.core.facts import FactKind
from vyzov.core.fields import Json
from vyzov.core.outcome import Outcome

__all__ = ["UNTIMED", "Call", "CallPlan", "CallState", "Moved", "adopt", "start", "step"]


def step(call: Call, event: ev.Event, now: datetime) -> Moved:
    """Moves the call; raises `ImpossibleEvent` only for an own event its state cannot have."""
    match event:
        case ev.EngineLost():
            return call, ()
        case ev.DeadlinePassed() if call.deadline is None or now < call.deadline:
            return call, ()
        case ev.Digit(digit) if call.answered_at:
            pressed: dict[str, Json] = {"digit": digit, "step": step_of(call)}
            call, told = record(call, FactKind.DIGIT, pressed, digits=call.digits + digit)
        case ev.OneWay() if call.answered_at:
            return _one_way(call, event)
        case ev.Classified(answer_class, detail) if call.answered_at:
            seen: dict[str, Json] = {"answer_class": answer_class.value, "detail": detail}
            call, told = record(call, FactKind.CLASSIFIED, seen, answer_class=answer_class)
        case ev.SafeHarbourHeard() if call.answered_at:
            prompt = call.plan.safe_harbour_prompt
            return record(call, FactKind.SAFE_HARBOUR, {"prompt": prompt}, orphaned=True)
        case ev.PlayFinished(play, completed=True) if play == call.playing:
            call, told = replace(call, orphaned=False), ()
        case _:
            told = ()
    moved, commands = _STEPS[call.state](call, event, now)
    return moved, (*told, *commands)


# ---- before the answer ---------------------------------------------------------------------------


def _reserving(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Reserved() if call.verdict:
            return finish(call, *call.verdict, now)
        case ev.Reserved():
            deadline = now + call.plan.ring_timeout + SETUP_GRACE
            return go(call, CallState.DIALING, now, deadline), (ev.SendOriginate(),)
        case ev.ReserveRefused(reason):
            noted, told = record(call, FactKind.ATTEMPT_REFUSED, {"reason": reason})
            return led_by(told, finish(noted, Outcome.CANCELLED_BY_US, reason, now))
        case ev.Cancel(reason):
            # The commit is on its way; its answer ends the call before anything is sent.
            return replace(call, verdict=(Outcome.CANCELLED_BY_US, reason)), ()
        case ev.Answered():
            return call, (ev.SendHangup("unexpected"),)
        case _:
            return unmoved(call, event)


def _dialing(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Dialing(call_id) if call.dialed_at is None:
            return record(call, FactKind.DIALING, {"call_id": call_id}, dialed_at=now)
        case ev.Ringing():
            deadline = now + call.plan.ring_timeout + SETUP_GRACE
            return _heard(go(call, CallState.RINGING, now, deadline, ringing_at=now), event)
        case ev.Refused(reason) if call.dialed_at is None and reason != "duplicate":
            noted, told = record(call, FactKind.ATTEMPT_REFUSED, {"reason": reason})
            outcome = _REFUSALS.get(reason, Outcome.CANCELLED_BY_US)
            detail = _REFUSED_BY.get(reason, f"refused_{reason}")
            return led_by(told, finish(noted, outcome, detail, now))
        case _:
            return _unanswered(call, event, now)


def _ringing(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Ringing(_, early_media) if early_media and not call.early_media:
            return _heard(call, event)
        case ev.Ringing(heard=heard) if heard not in ("", call.heard):
            return _heard(call, event)
        case _:
            return _unanswered(call, event, now)


def _unanswered(call: Call, event: ev.Event, now: datetime) -> Moved:
    match event:
        case ev.Answered():
            noted, told = answer(call, event, now)
            return led_by(told, greet(noted, now))
        case ev.Failed():
            return failed(call, event, now)
        case ev.Ended():
            noted, told = gone(call, event, now)
            return led_by(told, finish(noted, Outcome.UNKNOWN, "ended_unanswered", now))
        case ev.Cancel(reason):
            return hang_up(call, "cancel", (Outcome.CANCELLED_BY_US, reason), now)
        case ev.DeadlinePassed():
            return hang_up(call, "ring_timeout", (Outcome.NO_ANSWER, "ring_timeout"), now)
        case ev.NoNews():
            return finish(call, *ENGINE_SILENT, now)
        case _:
            return unmoved(call, event)


def _heard(call: Call, event: ev.Ringing) -> Moved:
    seen: dict[str, Json] = {"code": event.code, "early_media": event.early_media}
    if event.heard:
        seen["heard"] = event.heard
    return record(
        call,
        FactKind.RINGING,
        seen,
        early_media=call.early_media or event.early_media,
        code=event.code,
        heard=event.heard or call.heard,
    )


def _one_way(call: Call, event: ev.OneWay) -> Moved:
    """Notes who is not heard; nobody is hung up on for it: agents and figures tell people."""
    seen: dict[str, Json] = {
        "unheard": event.unheard,
        "quiet_s": event.quiet_s,
        "foreign": event.foreign,
    }
    return record(call, FactKind.ONE_WAY, seen, unheard=event.unheard)


_REFUSALS: Mapping[str, Outcome] = {
    "unknown_trunk": Outcome.TRUNK_ERROR,
    "no_target": Outcome.TRUNK_ERROR,
    "srtp_needs_tls": Outcome.TRUNK_ERROR,
    "bad_number": Outcome.INVALID_NUMBER,
}

_REFUSED_BY: Mapping[str, str] = {"no_target": Cause.DNS_NOT_FOUND.value}
"""Refusals that have a cause of their own."""

_STEPS: Mapping[CallState, Callable[[Call, ev.Event, datetime], Moved]] = {
    CallState.RESERVING: _reserving,
    CallState.DIALING: _dialing,
    CallState.RINGING: _ringing,
    CallState.CLASSIFYING: classifying,
    CallState.WAITING: waiting,
    CallState.TALKING: talking,
    CallState.AGENT_AWAY: agent_away,
    CallState.IN_FLOW: in_flow,
    CallState.FAREWELL: farewell,
    CallState.CLOSING: closing,
    CallState.ENDED: ended,
}
