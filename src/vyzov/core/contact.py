"""A contact in a campaign: fresh, due, in a call, promised a call-back, or closed.

One entry per contact and campaign. It knows how many attempts were made, which of the numbers is
next and what comes after the call it is in; whether it may be called *now* is `eligibility`'s
word. What an agent says during the call takes effect when the attempt is final, so that nothing
redials a contact who is still on the line.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vyzov.core.callback import Promise
from vyzov.core.changing import replace
from vyzov.core.disposition import (
    CallBack,
    CloseContact,
    Consequence,
    StopListNumber,
    TryAgain,
)
from vyzov.core.errors import ImpossibleEvent, InvalidRequest
from vyzov.core.making import quickly_made
from vyzov.core.outcome import Outcome
from vyzov.core.redial import Again, Closed, Decision, RedialPolicy, next_attempt

STOP_LISTED = "stop_listed"


class EntryState(StrEnum):
    """Where a contact is in its campaign."""

    FRESH = "fresh"
    DUE = "due"
    IN_CALL = "in_call"
    CALLBACK = "callback"
    CLOSED = "closed"


@quickly_made
@dataclass(frozen=True, slots=True)
class Entry:
    """One contact in one campaign.

    `position` is the place of the number to call next among `phones` numbers. `promise` is the open
    call-back. `pending` is what will follow when the attempt in hand is final. `failover_of` is the
    attempt that failed at its trunk and is to be made again through another, `tried` the trunks it
    was sent through: the person has not been reached by it, so it counts as one attempt.
    """

    contact: str
    campaign: str
    state: EntryState = EntryState.FRESH
    next_due: datetime | None = None
    attempts_made: int = 0
    last_outcome: Outcome | None = None
    phones: int = 1
    position: int = 0
    promise: Promise | None = None
    pending: Decision | Promise | None = None
    closed_reason: str = ""
    failover_of: str = ""
    tried: tuple[str, ...] = ()


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AttemptReserved:
    """An attempt is committed; it counts as made from now on."""


@dataclass(frozen=True, slots=True)
class AttemptFinished:
    """The attempt is final; `decision` is what the redial policy makes of its outcome."""

    outcome: Outcome
    decision: Decision


@dataclass(frozen=True, slots=True)
class FailedOver:
    """The attempt failed at its trunk before anything can have rung: another trunk takes it up."""

    attempt: str
    tried: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disposed:
    """A result was saved, in the call or after it."""

    follows: tuple[Consequence, ...]
    policy: RedialPolicy


@dataclass(frozen=True, slots=True)
class CallbackPromised:
    """A call was promised, by an agent or by a flow."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class StopListed:
    """The number is on the stop-list now."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A result was taken back: the entry is to be as it was before it."""

    before: Entry


EntryEvent = (
    AttemptReserved | AttemptFinished | FailedOver | Disposed | CallbackPromised | StopListed
    | Restored
)  # fmt: skip

# ---- commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenCallback:
    """Write down the promise."""

    promise: Promise


class CallbackEnd(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CloseCallback:
    """The promise is over."""

    end: CallbackEnd


EntryCommand = OpenCallback | CloseCallback

_Moved = tuple[Entry, tuple[EntryCommand, ...]]


def step(entry: Entry, event: EntryEvent, now: datetime) -> _Moved:
    """Moves the entry; the floor writes it whenever it changed.

    The stop-list is above everything: once stopped, an entry is closed and stays so until the
    stop itself is taken back.
    """
    match event:
        case AttemptReserved():
            return _reserved(entry, event), ()
        case AttemptFinished(outcome, decision):
            return _finished(entry, outcome, decision, now)
        case FailedOver():
            return _failed_over(entry, event, now)
        case Disposed(follows, policy):
            following = [_follow(entry, one, policy, now) for one in follows]
            return _apply(entry, following[-1])
        case CallbackPromised(promise):
            return _apply(entry, promise)
        case StopListed():
            return _apply(entry, Closed(STOP_LISTED))
        case Restored(before):  # pragma: no branch
            return _restored(entry, before)


def _reserved(entry: Entry, event: AttemptReserved) -> Entry:
    if entry.state in (EntryState.IN_CALL, EntryState.CLOSED):
        raise ImpossibleEvent("contact", entry.state.value, event)
    made = entry.attempts_made + (0 if entry.failover_of else 1)
    return replace(entry, state=EntryState.IN_CALL, next_due=None, attempts_made=made)


def _finished(entry: Entry, outcome: Outcome, decision: Decision, now: datetime) -> _Moved:
    if entry.state is not EntryState.IN_CALL:
        return entry, ()  # Told twice: the first time has already decided.
    kept = entry.promise is not None and outcome.is_answer and outcome is not Outcome.ABANDONED
    over: tuple[EntryCommand, ...] = (CloseCallback(CallbackEnd.KEPT),) if kept else ()
    decided = replace(
        entry, last_outcome=outcome, pending=None, promise=None if kept else entry.promise
    )
    follows = entry.pending or _next_number(entry, outcome, decision, now)
    settled, more = _settle(_next_position(decided, outcome), follows)
    return settled, (*over, *more)


def _failed_over(entry: Entry, event: FailedOver, now: datetime) -> _Moved:
    if entry.state is not EntryState.IN_CALL:
        return entry, ()  # Told twice: the first time has already decided.
    if entry.pending is not None:
        return _settle(replace(entry, pending=None), entry.pending)
    settled, commands = _settle(entry, Again(now))
    return replace(settled, failover_of=event.attempt, tried=event.tried), commands


def _next_number(
    entry: Entry, outcome: Outcome, decision: Decision, now: datetime
) -> Decision | Promise:
    """A dead number does not close a contact who has another one."""
    if outcome is Outcome.INVALID_NUMBER and entry.position + 1 < entry.phones:
        return Again(now)
    return decision


def _next_position(entry: Entry, outcome: Outcome) -> Entry:
    if outcome.is_answer:
        return entry  # Somebody picked up there: that is the number to call again.
    return replace(entry, position=(entry.position + 1) % entry.phones)


def _follow(
    entry: Entry, consequence: Consequence, policy: RedialPolicy, now: datetime
) -> Decision | Promise:
    match consequence:
        case CloseContact(reason):
            return Closed(reason)
        case StopListNumber():
            return Closed(STOP_LISTED)
        case CallBack(due, agent):
            return Promise(due, agent)
        case TryAgain(outcome):  # pragma: no branch
            return next_attempt(outcome, entry.attempts_made, policy, now)


def _apply(entry: Entry, follows: Decision | Promise) -> _Moved:
    if _is_stopped(entry):
        return entry, ()
    if entry.state is EntryState.IN_CALL:
        return replace(entry, pending=follows), ()
    return _settle(entry, follows)


def _is_stopped(entry: Entry) -> bool:
    pending = entry.pending
    if isinstance(pending, Closed) and pending.reason == STOP_LISTED:
        return True
    return entry.state is EntryState.CLOSED and entry.closed_reason == STOP_LISTED


def _settle(entry: Entry, follows: Decision | Promise) -> _Moved:
    """Gives the entry the state that follows, and ends or opens promises with it."""
    entry = replace(entry, failover_of="", tried=())
    match follows:
        case Promise():
            called = replace(
                entry,
                state=EntryState.CALLBACK,
                next_due=follows.due,
                promise=follows,
                closed_reason="",
            )
            over = (CloseCallback(CallbackEnd.CANCELLED),) if entry.promise else ()
            return called, (*over, OpenCallback(follows))
        case Again(at) if entry.promise:
            # Not reached: the promise stays open and is tried again.
            return replace(entry, state=EntryState.CALLBACK, next_due=at), ()
        case Again(at):
            return replace(entry, state=EntryState.DUE, next_due=at, closed_reason=""), ()
        case Closed(reason):  # pragma: no branch
            end = CallbackEnd.CANCELLED if reason == STOP_LISTED else CallbackEnd.MISSED
            over = (CloseCallback(end),) if entry.promise else ()
            closed = replace(
                entry, state=EntryState.CLOSED, next_due=None, promise=None, closed_reason=reason
            )
            return closed, over


def _restored(entry: Entry, before: Entry) -> _Moved:
    if entry.attempts_made != before.attempts_made:
        raise InvalidRequest(
            "The contact has been called again since.", "Correct the result on the contact's card."
        )
    if entry.state is EntryState.IN_CALL:
        return replace(entry, pending=before.pending), ()
    restored = replace(before, last_outcome=entry.last_outcome)
    if restored.state is EntryState.IN_CALL:
        # The call ended between the result and its undo: the contact waits closed for a new result.
        # A promise that the call was made for has been kept by it.
        restored = replace(
            restored, state=EntryState.CLOSED, pending=None, promise=None, closed_reason="reached"
        )
    commands: tuple[EntryCommand, ...] = ()
    if entry.promise and entry.promise != restored.promise:
        commands += (CloseCallback(CallbackEnd.CANCELLED),)
    if restored.promise and entry.promise != restored.promise:
        commands += (OpenCallback(restored.promise),)
    return restored, commands
