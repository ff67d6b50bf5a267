"""Promised calls: who was promised one, when it is due, who may make it and whether it was kept.

A call-back comes before every other call of its campaign. It belongs to the agent who promised it
for a while after its hour, then to anybody. The hours of the callee bind it like any call.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vyzov.core.errors import InvalidRequest
from vyzov.core.window import CallWindow, is_open, next_open

OWNER_GRACE = timedelta(minutes=15)
"""How long after its hour a call-back waits for the agent who promised it."""

KEPT_WITHIN = timedelta(minutes=15)
FARTHEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Promise:
    """A call promised for `due`; `agent` is the one who promised it, None for anybody."""

    due: datetime
    agent: str | None = None


def is_due(promise: Promise, now: datetime) -> bool:
    """True from the promised moment on."""
    return now >= promise.due


def owner_at(promise: Promise, now: datetime) -> str | None:
    """Returns the only agent who may take the call at `now`, None where anybody may."""
    return promise.agent if now < promise.due + OWNER_GRACE else None


def is_kept(promise: Promise, called_at: datetime) -> bool:
    """True where the call was made close enough to its hour to count as kept."""
    return abs(called_at - promise.due) <= KEPT_WITHIN


def promise_for(
    due: datetime,
    agent: str | None,
    window: CallWindow,
    zones: tuple[ZoneInfo, ...],
    now: datetime,
) -> Promise:
    """Returns the promise, or raises `InvalidRequest` where the callee cannot be called then."""
    if due <= now:
        raise InvalidRequest("The call-back lies in the past.", "Choose a later hour.")
    if due - now > FARTHEST:
        raise InvalidRequest(
            f"The call-back is more than {FARTHEST.days} days away.", "Choose an earlier day."
        )
    if not is_open(window, zones, due):
        open_at = next_open(window, zones, due)
        hint = f"The next permitted moment is {open_at:%Y-%m-%d %H:%M} UTC." if open_at else ""
        raise InvalidRequest(
            "The call-back is outside the hours in which this person may be called.",
            hint or "This number has no permitted hour; call from another campaign.",
        )
    return Promise(due, agent)


def first_permitted(
    due: datetime, window: CallWindow, zones: tuple[ZoneInfo, ...]
) -> datetime | None:
    """Returns `due`, or the first permitted moment after it; None where there is none for days.

    For promises that a robot makes in seconds ("in two minutes") at the edge of the hours.
    """
    return next_open(window, zones, due)
