"""The office's smaller rooms: principals and the stop-list."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from vyzov.core.errors import Fault
from vyzov.core.numbers import is_e164
from vyzov.dialer.office_records import (
    StopEntry,
    StopSource,
)
from vyzov.web.admission import In, Who, room
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
from vyzov.web.shapes import (
    Asked,
    Cursor,
    Limit,
    Named,
    PageOf,
    PathId,
    Shape,
    page_of,
)

Json = dict[str, Any]

router = room()


@router.get("/principals", tags=["campaigns"], summary="Whom campaigns may call for")
def principals(who: Who, limit: Limit = 50, cursor: Cursor = None) -> PageOf[Named]:
    """Gives the principals of the organisation."""
    return page_of(
        who.door.principals(), lambda one: Named(id=one.id, name=one.name), cursor, limit
    )


# ---- the stop-list -------------------------------------------------------------------------------


class StopShape(Shape):
    """A number never to be called; `number` is null where only its reference is known.

    `source` is an id to be worded with `args`, which hold the key for one pressed in an offer."""

    id: str
    number: str | None
    number_ref: str
    reason: str
    source: str
    args: dict[str, str]
    attempt: str | None
    valid_from: datetime
    valid_to: datetime | None


class NewStop(Asked):
    """A number to be stopped, as strict E.164."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": "+70005550101"}]}
    )

    number: Annotated[str, Field(max_length=20)]
    reason: Annotated[str, Field(min_length=1, max_length=200)] = "asked"


def _stop(entry: StopEntry) -> StopShape:
    source, _, key = entry.source.partition(":")
    return StopShape(
        id=entry.id,
        number=entry.e164,
        number_ref=entry.number_ref,
        reason=entry.reason,
        source=source,
        args={"key": key} if key else {},
        attempt=entry.attempt_id,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
    )


def checked_number(number: str) -> str:
    """Gives a number that is strict E.164, or raises Problem invalid_request."""
    if not is_e164(number):
        raise Problem(
            "invalid_request",
            "This is not a number in E.164.",
            next_step="Write + and the country code, such as +70005550101.",
            fields=(Fault("number", "must be a number such as +70005550101", "phone"),),
        )
    return number


@router.get("/stop-list", tags=["stop-list"], summary="Numbers never to be called")
def stop_list(
    who: Who,
    number: Annotated[str | None, Query(max_length=20)] = None,
    lifted: bool = False,  # noqa: FBT001 - a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[StopShape]:
    """Gives the stop-list, newest first; `number` asks for one, `lifted` adds past entries."""
    page = who.door.stop_entries(
        e164=checked_number(number) if number else None, lifted=lifted, cursor=cursor, limit=limit
    )
    return PageOf(items=[_stop(one) for one in page.items], next_cursor=page.next)


@router.post(
    "/stop-list",
    status_code=201,
    response_model=StopShape,
    tags=["stop-list"],
    summary="Stop a number",
)
async def add_stop(asked: NewStop, request: Request, house: In, who: Who) -> Response:
    """Stops a number; it is in force before the answer is sent."""
    number = checked_number(asked.number)

    async def work() -> tuple[int, Json]:
        entry = await asyncio.to_thread(
            lambda: who.door.add_stop(number, reason=asked.reason, source=StopSource.OFFICE)
        )
        await house.floor.tell("office.stop_list_changed", who.person)
        return 201, _stop(entry).model_dump(mode="json")

    key = key_of(request, required=False)
    body = asked.model_dump_json().encode()
    return await house.once.answer(who.person, "POST /stop-list", key, body, work)


@router.delete("/stop-list/{stop_id}", status_code=204, tags=["stop-list"], summary="Lift a stop")
async def lift_stop(stop_id: PathId, house: In, who: Who) -> None:
    """Ends a stop; the entry stays as evidence of when it held."""
    await asyncio.to_thread(who.door.lift_stop, stop_id)
    await house.floor.tell("office.stop_list_changed", who.person)
