"""Says whether the web process can do its work; asked by supervisors and balancers."""

import asyncio
from typing import Literal

from fastapi import Response

from vyzov.core.errors import StoreFault
from vyzov.web.admission import House, In, room
from vyzov.web.shapes import Shape

router = room("health")


class Health(Shape):
    """What is here and what is away; `ok` only where all is here."""

    ok: bool
    floor: Literal["here", "away"]
    store: Literal["here", "away"]


@router.get("/health", summary="Is everything here?")
async def health(response: Response, house: In) -> Health:
    """Answers 200 where everything is here and 503 else; no sign-in, no details."""
    store = await asyncio.to_thread(_store_answers, house)
    floor = house.floor.here
    response.status_code = 200 if store and floor else 503
    return Health(
        ok=store and floor,
        floor="here" if floor else "away",
        store="here" if store else "away",
    )


def _store_answers(house: House) -> bool:
    try:
        house.office.organisations()
    except StoreFault:
        return False
    return True
