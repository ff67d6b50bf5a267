"""Reports by hour of the week, by list, and of promised calls; every cell opens its attempts or facts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Query
from pydantic import Field

from vyzov.core.callback import FARTHEST
from vyzov.core.errors import Fault
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import from_text
from vyzov.core.kpi.measures import Attempt
from vyzov.core.report_tables import (
    ListCells,
    Promise,
    PromiseState,
    attempts_made,
    by_list,
    hours_of_week,
    promised,
)
from vyzov.dialer.access import Door
from vyzov.dialer.office_records import FactQuery, FactRecord
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.report_data import Scope, call_facts
from vyzov.web.routes.records import names_of
from vyzov.web.routes.reports import Asked, Cell, Covered, covered, share_of
from vyzov.web.shapes import (
    AttemptShape,
    Cursor,
    FactShape,
    Limit,
    Named,
    OptionalId,
    PageOf,
    Shape,
    attempt_fields,
    fact_shape,
    named,
    page_of,
)

router = room("reports", under="/reports")

PIECE = 2_000
HOURS_AHEAD = timedelta(days=1)


# ---- hours of the week ---------------------------------------------------------------------------


class HourCell(Shape):
    """One hour of a weekday (0 is Monday): attempts, those who were reached, the contact rate."""

    weekday: int
    hour: int
    tried: Cell
    reached: Cell
    share: float


class HoursShape(Covered):
    """When people answer, by the clock of `zone`; hours without an attempt are not there."""

    zone: str
    rows: list[HourCell]


def _zone(
    zone: Annotated[
        str, Query(max_length=64, description="Whose clock the hours are of (IANA).")
    ] = "UTC",
) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem(
            "invalid_request", f"There is no time zone '{zone}'.",
            next_step="Write one like Europe/Moscow.",
            fields=(Fault("zone", "must be a time zone such as Europe/Moscow", "choice"),),
        ) from error  # fmt: skip


Zone = Annotated[ZoneInfo, Depends(_zone)]


def _made(door: Door, scope: Scope, most: int) -> tuple[Attempt, ...]:
    return attempts_made(call_facts(door, scope, most), scope.since, scope.until)


def hours_of(door: Door, scope: Scope, most: int, zone: ZoneInfo) -> HoursShape:
    """Counts attempts by hour of the week, made of `most` facts at most."""
    rows: list[HourCell] = []
    for (weekday, hour), one in hours_of_week(_made(door, scope, most), zone).items():
        at = ("zone", zone.key), ("weekday", str(weekday)), ("hour", str(hour))
        path = "reports/hours/attempts"
        rows.append(
            HourCell(
                weekday=weekday,
                hour=hour,
                tried=Cell(
                    value=one.tried.count, facts=scope.address(path, *at, ("part", "tried"))
                ),
                reached=Cell(
                    value=one.reached.count, facts=scope.address(path, *at, ("part", "reached"))
                ),
                share=round(one.share, 6),
            )
        )
    return HoursShape(**covered(scope), zone=zone.key, rows=rows)


@router.get("/hours", summary="When people answer, by hour of the week")
def hours_report(scope: Asked, zone: Zone, house: In, who: Who) -> HoursShape:
    """Counts attempts and people reached by weekday and hour of their beginning."""
    return hours_of(who.door, scope, house.settings.report_facts_max, zone)


@router.get("/hours/attempts", summary="The attempts of one hour of the week")
def hour_attempts(
    scope: Asked,
    zone: Zone,
    house: In,
    who: Who,
    weekday: Annotated[int, Query(ge=0, le=6)],
    hour: Annotated[int, Query(ge=0, le=23)],
    part: Literal["tried", "reached"] = "tried",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[AttemptShape]:
    """Lists exactly the attempts a cell of the hours counts."""
    found = hours_of_week(_made(who.door, scope, house.settings.report_facts_max), zone)
    one = found.get((weekday, hour))
    cell = () if one is None else (one.tried if part == "tried" else one.reached).attempts
    return _attempts(who.door, cell, cursor, limit)


def _attempts(
    door: Door, attempts: tuple[str, ...], cursor: str | None, limit: int
) -> PageOf[AttemptShape]:
    names = names_of(door)

    def shape(attempt: str) -> AttemptShape:
        return AttemptShape(**attempt_fields(door.attempt(attempt), names))

    return page_of(reversed(attempts), shape, cursor, limit)


# ---- lists ---------------------------------------------------------------------------------------

ListPart = Literal["attempts", "contacts", "reached", "success", "abandoned"]


class ListRow(Shape):
    """What was done with the contacts of one list, which has `whole`; null where it is not known."""

    contact_list: Annotated[Named | None, Field(serialization_alias="list")]
    whole: int | None
    contacts: Cell
    attempts: Cell
    reached: Cell
    success: Cell
    abandoned: Cell
    reached_share: float | None


class ListsShape(Covered):
    """Attempts begun within the days by the list of their contacts."""

    rows: list[ListRow]


def _by_list(door: Door, scope: Scope, most: int) -> dict[str, ListCells]:
    made = _made(door, scope, most)
    contacts = {one.reserved.contact for one in made if one.reserved.contact is not None}
    return dict(by_list(made, door.list_of_contacts(contacts)))


def lists_of(door: Door, scope: Scope, most: int) -> ListsShape:
    """Counts attempts by list, made of `most` facts at most."""
    known = {one.id: one for one in door.lists()}
    names = {one.id: one.name for one in known.values()}
    rows: list[ListRow] = []
    for list_id, cells in _by_list(door, scope, most).items():

        def cell(part: ListPart, own: str = list_id, of: ListCells = cells) -> Cell:
            address = scope.address("reports/lists/attempts", ("list", own), ("part", part))
            return Cell(value=getattr(of, part).count, facts=address)

        whole = known.get(list_id)
        rows.append(
            ListRow(
                contact_list=named(list_id, names),
                whole=whole.contacts if whole else None,
                contacts=cell("contacts"),
                attempts=cell("attempts"),
                reached=cell("reached"),
                success=cell("success"),
                abandoned=cell("abandoned"),
                reached_share=share_of(cells.reached.count, cells.contacts.count),
            )
        )
    rows.sort(key=lambda row: row.contact_list.name if row.contact_list else "\uffff")
    return ListsShape(**covered(scope), rows=rows)


@router.get("/lists", summary="Attempts by list")
def list_report(scope: Asked, house: In, who: Who) -> ListsShape:
    """Counts what was done within the days with the contacts of each list."""
    return lists_of(who.door, scope, house.settings.report_facts_max)


@router.get("/lists/attempts", summary="The attempts behind a cell of the lists")
def list_attempts(
    scope: Asked,
    house: In,
    who: Who,
    list_id: Annotated[str, Query(alias="list", max_length=64)] = "",
    part: ListPart = "attempts",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[AttemptShape]:
    """Lists exactly the attempts a cell of the lists counts."""
    cells = _by_list(who.door, scope, house.settings.report_facts_max).get(list_id)
    return _attempts(who.door, getattr(cells, part).attempts if cells else (), cursor, limit)


# ---- promised calls ------------------------------------------------------------------------------

_OF_PROMISES = (
    FactKind.CALLBACK_PROMISED,
    FactKind.CONTACT_CLOSED,
    FactKind.DISPOSITION_UNDONE,
    FactKind.ATTEMPT_RESERVED,
    FactKind.ATTEMPT_REFUSED,
)


class PromiseRow(Shape):
    """Promises due within the days, of one campaign by one agent; `share` is kept of all whose
    time is over."""

    campaign: Named | None
    agent: Named | None
    due: Cell
    kept: Cell
    late: Cell
    missed: Cell
    waiting: Cell
    share: float | None


class PromisesShape(Covered):
    """What became of promised calls."""

    rows: list[PromiseRow]


def _records(door: Door, query: FactQuery, most: int) -> Iterator[FactRecord]:
    after, count = 0, 0
    while piece := door.facts(query, after, PIECE):
        count += len(piece)
        if count > most:
            raise Problem(
                "too_large",
                f"The report is made of more than {most} facts.",
                next_step="Choose fewer days or one campaign.",
                args={"most": most},
            )
        yield from piece
        after = piece[-1].seq


def _promises(
    door: Door, scope: Scope, most: int, now: datetime
) -> tuple[tuple[Promise, ...], dict[str, FactRecord]]:
    """Reads the promises due within the scope, and all that became of them since they were made."""
    told_of = FactQuery(
        campaign_id=scope.campaign, kinds=(FactKind.CALLBACK_PROMISED.value,),
        since=scope.since - FARTHEST - HOURS_AHEAD, until=scope.until,
    )  # fmt: skip
    told = [one for one in _records(door, told_of, most) if _is_due(one.fact, scope)]
    if not told:
        return (), {}
    contacts = {(one.fact.campaign, one.fact.contact) for one in told}
    query = FactQuery(
        campaign_id=scope.campaign, kinds=tuple(kind.value for kind in _OF_PROMISES),
        since=min(one.fact.at for one in told),
    )  # fmt: skip
    facts = [
        one.fact
        for one in _records(door, query, most)
        if (one.fact.campaign, one.fact.contact) in contacts
    ]
    return promised(facts, scope.since, scope.until, now), {one.fact.dedupe: one for one in told}


def _is_due(fact: Fact, scope: Scope) -> bool:
    return scope.since <= from_text(str(fact.data["due_at"])) < scope.until


def promises_of(door: Door, scope: Scope, most: int, now: datetime) -> PromisesShape:
    """Counts promises by campaign, agent and what became of them."""
    promises, _ = _promises(door, scope, most, now)
    names = names_of(door)
    whose: dict[tuple[str, str], list[Promise]] = {}
    for one in promises:
        whose.setdefault((one.told.campaign or "", one.told.agent or ""), []).append(one)
    rows: list[PromiseRow] = []
    for (campaign, agent), own in sorted(whose.items()):

        def cell(
            state: PromiseState | None, of: str = campaign, by: str = agent,
            some: list[Promise] = own,
        ) -> Cell:  # fmt: skip
            more = [("of", of), ("agent", by), *([("state", state.value)] if state else [])]
            count = sum(state in (None, one.state) for one in some)
            return Cell(value=count, facts=scope.address("reports/callbacks/facts", *more))

        over = [one for one in own if one.state is not PromiseState.WAITING]
        kept = sum(one.state is PromiseState.KEPT for one in over)
        rows.append(
            PromiseRow(
                campaign=named(campaign, names),
                agent=named(agent, names),
                due=cell(None),
                kept=cell(PromiseState.KEPT),
                late=cell(PromiseState.LATE),
                missed=cell(PromiseState.MISSED),
                waiting=cell(PromiseState.WAITING),
                share=share_of(kept, len(over)),
            )
        )
    return PromisesShape(**covered(scope), rows=rows)


@router.get("/callbacks", summary="What became of promised calls")
def callback_report(scope: Asked, house: In, who: Who) -> PromisesShape:
    """Counts the promises due within the days: kept to the quarter of an hour, late, missed, waiting."""
    return promises_of(who.door, scope, house.settings.report_facts_max, house.clock.utc())


@router.get("/callbacks/facts", summary="The promises behind a cell")
def callback_facts(
    scope: Asked,
    house: In,
    who: Who,
    of: OptionalId = None,
    agent: OptionalId = None,
    state: PromiseState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[FactShape]:
    """Lists exactly the promises a cell counts, as they were told; `of` is their campaign."""
    most, now = house.settings.report_facts_max, house.clock.utc()
    promises, told = _promises(who.door, scope, most, now)
    found = [
        told[one.told.dedupe]
        for one in promises
        if state in (None, one.state)
        and of in (None, one.told.campaign or "")
        and agent in (None, one.told.agent or "")
    ]
    return page_of(reversed(found), fact_shape, cursor, limit)
