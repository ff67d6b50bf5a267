"""Carries what an agent asks to the floor, whichever way it came: HTTP or the live socket.

Decides only whether the agent may name this attempt or contact: what their own desk shows is theirs
at once, what is over is asked of the door, which knows it from the call history. A saved result is
remembered by its key, so that a repeated request saves nothing twice.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from vyzov.core.errors import StoreFault
from vyzov.dialer.access import Door
from vyzov.web.floor_link import speaker
from vyzov.web.floor_links import FloorLinks
from vyzov.web.once import Once
from vyzov.web.problems import Problem

Json = dict[str, Any]


def shown_on_desk(state: Mapping[str, Any]) -> set[str]:
    """Names the attempts and contacts a desk's state shows."""
    call: Mapping[str, Any] = state.get("call") or {}
    wrap_up: Mapping[str, Any] = state.get("wrap_up") or {}
    card: Mapping[str, Any] = state.get("card") or {}
    contact: Mapping[str, Any] = call.get("contact") or {}
    next_one: Mapping[str, Any] = card.get("contact") or {}
    ids = (call.get("attempt"), wrap_up.get("attempt"), contact.get("id"), next_one.get("id"))
    return {str(one) for one in ids if one}


async def _must_reach(floor: FloorLinks, door: Door, args: Mapping[str, Any]) -> None:
    """Raises NotFound unless the attempt and contact named in `args` are the agent's own."""
    shown = shown_on_desk(floor.state(f"desk:{door.person.user}"))
    if (attempt := args.get("attempt")) and attempt not in shown:
        await asyncio.to_thread(door.attempt, attempt)
    if (contact := args.get("contact")) and contact not in shown:
        await asyncio.to_thread(door.contact, contact)


def _must_be_a_reason(door: Door, reason: str) -> None:
    """Refuses words of one's own where the organisation keeps to its list."""
    try:
        known = any(one.id == reason and one.in_use for one in door.pause_reasons())
        allowed = known or door.pause_free_text()
    except StoreFault:
        # A pause must be had while the database is away.
        return
    if not allowed:
        raise Problem("pause_reason_needed")


async def ask_desk(
    floor: FloorLinks, once: Once, door: Door, verb: str, args: Json, connection: str = ""
) -> Json:
    """Asks the floor to do a desk verb in the name of the door's person."""
    await _must_reach(floor, door, args)
    if verb == "pause" and args.get("reason"):
        await asyncio.to_thread(_must_be_a_reason, door, str(args["reason"]))
    who = speaker(door.person, connection)

    async def work() -> tuple[int, Json]:
        return 200, await floor.ask(f"desk.{verb}", who, **args)

    asked = orjson.dumps(args, option=orjson.OPT_SORT_KEYS)
    _, result = await once.do(
        door.person, f"desk.{verb}", args.get("key"), asked, work, floor_knows=True
    )
    return result
