"""What the engine's SIP sockets turned away, and lifting a ban: the floor knows, the engine does."""

from typing import Annotated

from pydantic import Field

from vyzov.web.admission import In, Who, room
from vyzov.web.floor_link import speaker
from vyzov.web.shapes import Asked, Shape

router = room("protection", under="/protection")


class GuardedSource(Shape):
    """An address something was turned away of: IPv4, or the /64 of IPv6."""

    source: str
    known: bool
    taken: int
    dropped: int
    failures: int
    banned_for_s: float


class ProtectionShape(Shape):
    """Messages since the engine's start; `sources` are the worst addresses, worst first."""

    engine_up: bool
    taken: int = 0
    too_many: int = 0
    banned: int = 0
    bans: int = 0
    connections_refused: int = 0
    sources: list[GuardedSource]


class UnbanAsked(Asked):
    """The address whose ban is lifted, as `sources` names it."""

    source: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z.:/]+$")]


@router.get("", summary="Who is turned away")
async def protection(house: In, who: Who) -> ProtectionShape:
    """Gives what the SIP side took and turned away, and who is banned."""
    return ProtectionShape(**await house.floor.ask("office.protection", speaker(who.person)))


@router.post("/unban", status_code=204, summary="Lift a ban")
async def unban(asked: UnbanAsked, house: In, who: Who) -> None:
    """Hears an address again at once; one that is not banned is no error."""
    await house.floor.ask("office.unban", speaker(who.person), source=asked.source)
