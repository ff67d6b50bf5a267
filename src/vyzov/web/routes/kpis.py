"""Key figures: each with its formula, window and exclusions, and open to the facts behind it.

Half hours are the grain: a period asked for is widened to them. States that last are counted up to
now; all else is read from the sums kept up with the facts, which are brought up to date first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from vyzov.core.errors import Fault
from vyzov.core.facts import FactKind
from vyzov.core.kpi.agents import agent_cells
from vyzov.core.kpi.cells import (
    HALF_HOUR_MS,
    Cells,
    Folded,
    Joined,
    Reach,
    Source,
    half_hour_of,
    moment_of,
    ms_of,
)
from vyzov.core.kpi.evaluate import (
    AgentTime,
    Figure,
    Point,
    agents_time,
    attempts_curve,
    figures,
    hours_of_week,
    window_of,
)
from vyzov.core.kpi.evidence import Part, evidence
from vyzov.core.kpi.registry import BY_ID
from vyzov.core.kpi.words import WINDOWS, WORDS, Said
from vyzov.dialer.access import Door
from vyzov.dialer.office_records import FactQuery
from vyzov.web.admission import Caller, In, Who, room
from vyzov.web.csv_out import Cell, csv_response
from vyzov.web.problems import Problem
from vyzov.web.report_data import LONGEST_CALL, Scope, scope_of
from vyzov.web.shapes import (
    Cursor,
    FactShape,
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
from vyzov.web.xlsx_out import xlsx_response

router = room("key figures", under="/reports")

STATES_BEFORE = timedelta(days=2)
"""How far before a period the state is looked for that an agent was in as it began."""


class TextShape(Shape):
    """One text in both languages."""

    en: str
    ru: str


class FigureShape(Shape):
    """One figure: value = numerator / denominator times `scale`, and where its facts are."""

    id: str
    name: TextShape
    formula: TextShape
    without: TextShape
    window: str
    window_name: TextShape
    window_from: datetime
    window_to: datetime
    unit: str
    scale: int
    currency: str
    numerator: int | None
    denominator: int | None
    value: float | None
    why_not: str | None
    facts: str


class AgentTimeShape(Shape):
    """Milliseconds of one agent by state; they sum to the time signed in."""

    agent: Named | None
    signed_in_ms: int
    states: dict[str, int]


class PointShape(Shape):
    """A place of a curve: which attempt, or which hour of the week from Monday 0:00."""

    place: int
    numerator: int
    denominator: int


class KpisShape(Shape):
    """Key figures of a period; `behind` tells that some facts are not counted yet."""

    since: Annotated[datetime, Field(serialization_alias="from")]
    until: Annotated[datetime, Field(serialization_alias="to")]
    campaign: str | None
    agent: str | None
    behind: bool
    figures: list[FigureShape]
    agents: list[AgentTimeShape]
    attempts: list[PointShape]
    hours: list[PointShape]


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked for: half hours, and whose."""

    scope: Scope
    reach: Reach
    now: datetime

    @property
    def since_ms(self) -> int:
        """The first half hour."""
        return half_hour_of(ms_of(self.scope.since))

    @property
    def until_ms(self) -> int:
        """The end of the last half hour, the running one at the latest."""
        last = min(ms_of(self.scope.until), ms_of(self.now))
        return max(self.since_ms, half_hour_of(last + HALF_HOUR_MS - 1))


def _period(
    house: In,
    who: Who,
    since: Since = None,
    until: Until = None,
    campaign: OptionalId = None,
    agent: OptionalId = None,
) -> Period:
    now = house.clock.utc()
    scope = scope_of(who.door, since, until, campaign, now)
    if agent is not None:
        who.door.user(agent)
    return Period(scope, Reach(campaign, agent), now)


Asked = Annotated[Period, Depends(_period)]
Offset = Annotated[
    int,
    Query(ge=-14 * 60, le=14 * 60, multiple_of=30, description="Minutes of the hours' zone."),
]


def _source(door: Door, period: Period) -> Source:
    """The sums, and the states that last until now."""
    lasting = Cells()
    for placed in door.last_states():
        lasting.join(agent_cells([placed], ms_of(period.now)))
    return Joined(door.kpi_sums(period.reach), Folded(lasting, period.reach))


@router.get("/kpis", summary="Key figures with their formulas")
def kpis(asked: Asked, who: Who, offset: Offset = 0) -> KpisShape:
    """Gives every key figure of the period as numerator and denominator."""
    whole = who.door.roll_up()
    source, span = _source(who.door, asked), (asked.since_ms, asked.until_ms)
    book = who.door.price_book(moment_of(asked.until_ms))
    names = who.door.names()
    zone = timedelta(minutes=offset)
    return KpisShape(
        since=moment_of(asked.since_ms),
        until=moment_of(asked.until_ms),
        campaign=asked.reach.campaign,
        agent=asked.reach.agent,
        behind=not whole,
        figures=[_figure(one, asked) for one in figures(source, asked.reach, book, *span)],
        agents=[_agent(one, names) for one in agents_time(source, *span)],
        attempts=[_point(one) for one in attempts_curve(source, *span)],
        hours=[_point(one) for one in hours_of_week(source, *span, zone)],
    )


KPI_HEADER = (
    "id", "name_ru", "name_en", "unit", "currency", "numerator", "denominator", "scale",
    "value", "why_not", "window_from", "window_to", "formula_ru", "formula_en",
)  # fmt: skip


def kpi_rows(asked: Period, who: Caller) -> list[tuple[Cell, ...]]:
    """Gives the figures as the rows of a file."""
    return [
        (
            one.id, one.name.ru, one.name.en, one.unit, one.currency, one.numerator,
            one.denominator, one.scale, one.value, one.why_not, one.window_from.isoformat(),
            one.window_to.isoformat(), one.formula.ru, one.formula.en,
        )
        for one in kpis(asked, who).figures
    ]  # fmt: skip


@router.get("/kpis.csv", response_class=Response, summary="Key figures as CSV")
def kpis_csv(asked: Asked, who: Who) -> Response:
    """Gives the same figures as a file."""
    return csv_response("kpis.csv", KPI_HEADER, kpi_rows(asked, who))


@router.get("/kpis.xlsx", response_class=Response, summary="Key figures as a workbook")
def kpis_xlsx(asked: Asked, who: Who) -> Response:
    """Gives the same figures as a workbook."""
    return xlsx_response("kpis.xlsx", KPI_HEADER, kpi_rows(asked, who))


@router.get("/kpis/{figure}/facts", summary="The facts behind a key figure")
def kpi_facts(
    figure: PathId,
    asked: Asked,
    who: Who,
    house: In,
    part: Part = "numerator",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[FactShape]:
    """Lists the facts a part of a figure counts, the latest first."""
    formula = BY_ID.get(figure)
    if formula is None:
        raise Problem(
            "not_found", f"There is no key figure '{figure}'.",
            fields=(Fault("figure", "one of those the report names", "choice"),),
        )  # fmt: skip
    span = window_of(formula.window, asked.since_ms, asked.until_ms)
    most = house.settings.report_facts_max
    found = who.door.placed_facts(_query(span), most)
    if len(found) > most:
        raise Problem(
            "too_large",
            f"The figure is made of more than {most} facts.",
            next_step="Choose fewer days or one campaign.",
            args={"most": most},
        )
    numbers = {placed.fact.dedupe: seq for seq, placed in found}
    told = evidence(formula, part, (placed for _, placed in found), span, asked.reach)

    return page_of(
        told,
        lambda fact: FactShape(
            seq=numbers[fact.dedupe],
            kind=fact.kind,
            at=fact.at,
            campaign=fact.campaign,
            contact=fact.contact,
            attempt=fact.attempt,
            agent=fact.agent,
            data=dict(fact.data),
        ),
        cursor,
        limit,
    )


_COUNTED = tuple(
    kind.value
    for kind in (
        FactKind.ATTEMPT_RESERVED,
        FactKind.ATTEMPT_REFUSED,
        FactKind.DIALING,
        FactKind.RINGING,
        FactKind.ANSWERED,
        FactKind.CLASSIFIED,
        FactKind.BRIDGED,
        FactKind.ABANDONED,
        FactKind.ENDED,
        FactKind.FINAL,
        FactKind.RESOLVED,
        FactKind.DISPOSED,
        FactKind.DISPOSITION_UNDONE,
        FactKind.CALLBACK_PROMISED,
        FactKind.CONTACT_CLOSED,
        FactKind.CONTACT_REOPENED,
        FactKind.CONTACTS_LOADED,
        FactKind.AGENT_STATE,
    )
)


def _query(span: tuple[int, int]) -> FactQuery:
    """What has to be read: an agent's state as the span begins, and calls to their end.

    Facts of an agent bear no campaign of their own, so it is not asked for here."""
    return FactQuery(
        kinds=_COUNTED,
        since=moment_of(max(0, span[0])) - STATES_BEFORE if span[0] > 0 else None,
        until=moment_of(span[1]) + LONGEST_CALL,
    )


def _figure(one: Figure, asked: Period) -> FigureShape:
    formula, words = one.formula, WORDS[one.formula.id]
    scale = formula.unit.scale
    value = None
    if one.why_not is None and one.numerator is not None and one.denominator:
        value = one.numerator * scale / one.denominator
    more = [("agent", asked.reach.agent)] if asked.reach.agent else []
    return FigureShape(
        id=formula.id,
        name=_text(words.name),
        formula=_text(words.formula),
        without=_text(words.without),
        window=formula.window.value,
        window_name=_text(WINDOWS[formula.window]),
        window_from=moment_of(one.since_ms),
        window_to=moment_of(one.until_ms),
        unit=formula.unit.value,
        scale=scale,
        currency=one.currency,
        numerator=one.numerator,
        denominator=one.denominator,
        value=value,
        why_not=one.why_not,
        facts=asked.scope.address(f"reports/kpis/{formula.id}/facts", *more),
    )


def _text(said: Said) -> TextShape:
    return TextShape(en=said.en, ru=said.ru)


def _agent(one: AgentTime, names: Mapping[str, str]) -> AgentTimeShape:
    return AgentTimeShape(
        agent=named(one.agent, names), signed_in_ms=one.signed_in_ms, states=dict(one.states)
    )


def _point(one: Point) -> PointShape:
    return PointShape(place=one.place, numerator=one.numerator, denominator=one.denominator)
