"""The floor as a supervisor sees it, and the stop of everything."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.live_hub import floor_topic
from vyzov.web.shapes import Asked, Shape

router = room("floor", under="/floor")


class Stopped(Shape):
    """Whether all dialling of the organisation is stopped."""

    stopped: bool
    at: datetime


@router.get("", summary="The floor now")
async def floor(house: In, who: Who) -> dict[str, Any]:
    """Gives the last state of the floor topic; `floor` says whether the dialer is there."""
    return house.floor.state(floor_topic(who.person, "floor"))


@router.post("/emergency-stop", summary="Stop all dialling")
async def stop(house: In, who: Who) -> Stopped:
    """Places no new call from now on and hangs up what rings; talks go on.

    It is durable before the answer, and so holds even while the dialer is away."""
    return await _stop(house, who, house.clock.utc())


@router.delete("/emergency-stop", summary="Dial again")
async def lift(house: In, who: Who) -> Stopped:
    """Lets running campaigns dial again."""
    return await _stop(house, who, None)


@router.post("/clock", status_code=204, summary="UTC is right")
async def confirm_clock(house: In, who: Who) -> None:
    """Says that this machine's UTC is right as it is now, after it stepped: dialling goes on."""
    await house.floor.ask("office.confirm_clock", speaker(who.person))


class QuarantineShape(Shape):
    """What a restored database waits for. Without `stands` people may be called.

    Attempts and entries of the stop-list are those the journals told of the time since the backup;
    `left_out` batches are of lists it does not know, `gaps` say in words what no journal told."""

    stands: bool
    backup_at: datetime | None = None
    began_at: datetime | None = None
    attempts: int = 0
    stops: int = 0
    left_out: int = 0
    until: datetime | None = None
    gaps: tuple[str, ...] = ()


class LiftAsked(Asked):
    """Why people may be called although the database is older than the world."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


@router.get("/quarantine", summary="What a restored database waits for")
async def quarantine(who: Who) -> QuarantineShape:
    """Says whether the database was put back from a backup and nobody is dialled yet, and why."""
    stands = await asyncio.to_thread(who.door.quarantine)
    if stands is None:
        return QuarantineShape(stands=False)
    found = stands.found
    return QuarantineShape(
        stands=True,
        backup_at=stands.backup_at,
        began_at=stands.began_at,
        attempts=found.attempts,
        stops=found.stops,
        left_out=found.left_out,
        until=found.until,
        gaps=found.gaps,
    )


@router.post("/quarantine/lift", status_code=204, summary="Dial after a restore")
async def lift_quarantine(asked: LiftAsked, house: In, who: Who) -> None:
    """Decides that people may be called again; who said so and why becomes a fact."""
    await asyncio.to_thread(who.door.lift_quarantine, asked.reason)
    await house.floor.tell("office.settings_changed", who.person)


async def _stop(house: House, who: Caller, at: datetime | None) -> Stopped:
    await asyncio.to_thread(who.door.set_emergency_stop, at)
    await house.floor.tell("office.emergency_stop", who.person, on=at is not None)
    return Stopped(stopped=at is not None, at=at or house.clock.utc())
