"""Promises to call back: the list of them, how they ended, and moving or taking back one."""

import asyncio
from datetime import datetime

from pydantic import AwareDatetime, ConfigDict

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.access import Door
from vyzov.dialer.contact_edits import CallbackQuery, CancelReason
from vyzov.dialer.office_records import CallbackRecord, CallbackState
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.shapes import (
    Asked,
    Cursor,
    Limit,
    Named,
    OptionalId,
    PageOf,
    PathId,
    Shape,
    Since,
    Until,
    named,
    page_of,
)

router = room("callbacks")


class CallbackShape(Shape):
    """A promise to call back; `reason` says why somebody of the office took it back."""

    id: str
    campaign: Named | None
    contact: Named
    due_at: datetime
    agent: Named | None
    state: CallbackState
    late: bool
    reason: str | None
    attempt: str | None
    created_at: datetime


class CallbackTotals(Shape):
    """How promises ended that were due within the span; `late` are open ones past their hour.

    `kept_share` is kept of kept and missed, null where there are none."""

    open: int
    late: int
    kept: int
    missed: int
    cancelled: int
    kept_share: float | None


class CallbackMove(Asked):
    """Another hour or another agent; an agent of "" is anybody of the campaign."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"due_at": "2026-11-24T09:00:00Z"}]}
    )

    due_at: AwareDatetime | None = None
    agent: OptionalId = None


class CallbackCancel(Asked):
    """Why the promise is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "asked"}]})

    reason: CancelReason


def _shape(one: CallbackRecord, names: dict[str, str], now: datetime) -> CallbackShape:
    return CallbackShape(
        id=one.id,
        campaign=named(one.campaign_id, names),
        contact=Named(id=one.contact_id, name=one.contact_name),
        due_at=one.due_at,
        agent=named(one.agent_id, names),
        state=one.state,
        late=one.state is CallbackState.OPEN and one.due_at < now,
        reason=one.reason or None,
        attempt=one.attempt_id,
        created_at=one.created_at,
    )


def _names(door: Door) -> dict[str, str]:
    return {**door.names(), **door.campaign_names()}


@router.get("/callbacks", summary="Promises to call back")
def callbacks(
    house: In,
    who: Who,
    state: CallbackState | None = CallbackState.OPEN,
    campaign: OptionalId = None,
    agent: OptionalId = None,
    late: bool = False,  # noqa: FBT001 - a query parameter
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[CallbackShape]:
    """Gives promises by due time, earliest first; an operator's own only.

    `late` leaves those that are open past their hour."""
    now = house.clock.utc()
    if late:
        state, until = CallbackState.OPEN, min(until or now, now)
    found = who.door.callbacks_of(CallbackQuery(state, campaign, agent, since, until))
    names = _names(who.door)
    return page_of(found, lambda one: _shape(one, names, now), cursor, limit)


@router.get("/callbacks/summary", summary="How promises ended")
def callback_summary(
    who: Who,
    campaign: OptionalId = None,
    agent: OptionalId = None,
    since: Since = None,
    until: Until = None,
) -> CallbackTotals:
    """Counts promises that were due within the span; an operator's own only."""
    counts = who.door.callback_counts(CallbackQuery(None, campaign, agent, since, until))
    ended = counts.kept + counts.missed
    return CallbackTotals(
        open=counts.open,
        late=counts.late,
        kept=counts.kept,
        missed=counts.missed,
        cancelled=counts.cancelled,
        kept_share=counts.kept / ended if ended else None,
    )


@router.patch("/callbacks/{callback_id}", summary="Move a promise")
async def move_callback(
    callback_id: PathId, asked: CallbackMove, house: In, who: Who
) -> CallbackShape:
    """Promises the call for another hour, within those of the callee, or from another agent."""
    now = house.clock.utc()

    def work() -> CallbackShape:
        before = who.door.callback(callback_id)
        agent = before.agent_id if asked.agent is None else asked.agent or None
        try:
            moved = who.door.move_callback(
                callback_id, due=asked.due_at or before.due_at, agent=agent, now=now
            )
        except InvalidRequest as refusal:
            if refusal.faults:
                raise
            raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal
        return _shape(moved, _names(who.door), now)

    shape = await asyncio.to_thread(work)
    await house.floor.tell("office.lists_changed", who.person)
    return shape


@router.post("/callbacks/{callback_id}/cancel", summary="Take a promise back")
async def cancel_callback(
    callback_id: PathId, asked: CallbackCancel, house: In, who: Who
) -> CallbackShape:
    """Takes a promise back: nobody calls this person any more in that campaign."""
    now = house.clock.utc()

    def work() -> CallbackShape:
        try:
            done = who.door.cancel_callback(callback_id, asked.reason)
        except InvalidRequest as refusal:
            raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal
        return _shape(done, _names(who.door), now)

    shape = await asyncio.to_thread(work)
    await house.floor.tell("office.lists_changed", who.person)
    return shape
