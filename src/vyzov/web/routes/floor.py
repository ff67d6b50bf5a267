"""The floor as a supervisor sees it, and the stop of everything."""

import asyncio
from datetime import datetime
from typing import Any

from vyzov.web.admission import Caller, House, In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.live_hub import floor_topic
from vyzov.web.shapes import Shape

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


async def _stop(house: House, who: Caller, at: datetime | None) -> Stopped:
    await asyncio.to_thread(who.door.set_emergency_stop, at)
    await house.floor.tell("office.emergency_stop", who.person, on=at is not None)
    return Stopped(stopped=at is not None, at=at or house.clock.utc())
