"""Prices, revenue and shifts: what a manager enters so that figures can speak of money."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from vyzov.core.errors import Fault
from vyzov.core.kpi.book import Prices, Shift
from vyzov.dialer.kpi_store import PriceRecord, ShiftRecord
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Named, PathId, Shape, Since, Until, named

router = room("prices")

SHIFT_LONGEST = timedelta(hours=24)
SHIFTS_AT_ONCE = 366
DAYS_SHOWN = timedelta(days=31)


class PricesShape(Shape):
    """A version of the price list; money is whole minor units."""

    version: int
    prices: dict[str, Any]
    valid_from: datetime
    created_at: datetime
    created_by: Named | None


class PriceListShape(Shape):
    """All versions, the newest first; `prices` are those for a new version to begin with."""

    versions: list[PricesShape]
    prices: dict[str, Any]


class PricesAsked(Asked):
    """A new version of the prices; without `valid_from` it holds from the running half hour on."""

    prices: dict[str, Any]
    valid_from: AwareDatetime | None = None


class ShiftShape(Shape):
    """When an agent is to work."""

    id: str
    agent: Named | None
    starts_at: datetime
    ends_at: datetime
    paid_break_s: int
    unpaid_break_s: int


class ShiftsShape(Shape):
    """Shifts by when they begin."""

    items: list[ShiftShape]


Break = Annotated[int, Field(ge=0, le=12 * 3600)]


class ShiftAsked(Asked):
    """A shift, and on how many days in a row it is repeated."""

    agent: PathId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    paid_break_s: Break = 0
    unpaid_break_s: Break = 0
    days: Annotated[int, Field(ge=1, le=SHIFTS_AT_ONCE)] = 1


@router.get("/prices", summary="All versions of the price list")
def price_list(who: Who) -> PriceListShape:
    """Gives what is paid and what results bring, since when."""
    found = who.door.price_records()
    names = who.door.names()
    newest = found[0].prices if found else Prices()
    return PriceListShape(
        versions=[_version(one, names) for one in found], prices=dict(newest.to_json())
    )


@router.post("/prices", status_code=201, summary="A new version of the price list")
def add_prices(asked: PricesAsked, who: Who) -> PricesShape:
    """Writes new prices; older ones stay what they were for their time."""
    made = who.door.add_prices(Prices.from_json(asked.prices), asked.valid_from)
    return _version(made, who.door.names())


@router.get("/shifts", summary="The plan of shifts")
def shifts(who: Who, house: In, since: Since = None, until: Until = None) -> ShiftsShape:
    """Gives the shifts of a span, of the next 31 days by default."""
    first = since or house.clock.utc().replace(hour=0, minute=0, second=0, microsecond=0)
    found = who.door.shift_records(first, until or first + DAYS_SHOWN)
    names = who.door.names()
    return ShiftsShape(items=[_shift(one, names) for one in found])


@router.post("/shifts", status_code=201, summary="Plan shifts")
def add_shifts(asked: ShiftAsked, who: Who) -> ShiftsShape:
    """Plans a shift on so many days in a row, all of them or none."""
    if not timedelta() < asked.ends_at - asked.starts_at <= SHIFT_LONGEST:
        raise Problem(
            "invalid_request", "A shift lasts up to 24 hours.",
            fields=(Fault("ends_at", "must be later than its beginning, by 24 hours at most",
                          "order"),),
        )  # fmt: skip
    wanted = [
        Shift(
            agent=asked.agent,
            starts_at=asked.starts_at + timedelta(days=day),
            ends_at=asked.ends_at + timedelta(days=day),
            paid_break_s=asked.paid_break_s,
            unpaid_break_s=asked.unpaid_break_s,
        )
        for day in range(asked.days)
    ]
    names = who.door.names()
    return ShiftsShape(items=[_shift(one, names) for one in who.door.add_shifts(wanted)])


@router.delete("/shifts/{shift_id}", status_code=204, summary="Take a shift out of the plan")
def cancel_shift(shift_id: PathId, who: Who) -> None:
    """Cancels a shift; what was planned stays known."""
    who.door.cancel_shift(shift_id)


def _version(one: PriceRecord, names: Any) -> PricesShape:
    return PricesShape(
        version=one.version,
        prices=dict(one.prices.to_json()),
        valid_from=one.valid_from,
        created_at=one.created_at,
        created_by=named(one.created_by, names),
    )


def _shift(one: ShiftRecord, names: Any) -> ShiftShape:
    return ShiftShape(
        id=one.id,
        agent=named(one.shift.agent, names),
        starts_at=one.shift.starts_at,
        ends_at=one.shift.ends_at,
        paid_break_s=one.shift.paid_break_s,
        unpaid_break_s=one.shift.unpaid_break_s,
    )
