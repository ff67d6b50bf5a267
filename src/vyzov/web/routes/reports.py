"""Reports: outcomes, results, agents' time, abandonment; every cell says where its evidence is."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import Field

from vyzov.core.campaign import CampaignSettings
from vyzov.core.facts import FactKind
from vyzov.core.report import AbandonReport, abandonment, agent_times, outcomes, results
from vyzov.dialer.access import Door
from vyzov.dialer.office_records import CampaignRecord, FactQuery
from vyzov.web.admission import In, Who, room
from vyzov.web.report_data import (
    Scope,
    agent_facts,
    call_facts,
    results_by_agent,
    scope_of,
    talk_seconds,
    talks_by_agent,
)
from vyzov.web.routes.records import names_of
from vyzov.web.shapes import (
    AttemptShape,
    Cursor,
    Limit,
    Named,
    OptionalId,
    PageOf,
    Shape,
    Since,
    Until,
    attempt_fields,
    named,
    page_of,
)

router = room("reports", under="/reports")


class Cell(Shape):
    """A figure and the address of what it is made of."""

    value: int | float
    facts: str


class Covered(Shape):
    """What a report covers: half-open in time, one campaign or all within reach (null)."""

    since: Annotated[datetime, Field(serialization_alias="from")]
    until: Annotated[datetime, Field(serialization_alias="to")]
    campaign: str | None


class OutcomeRow(Shape):
    """Attempts with one outcome; `share` is of all attempts."""

    outcome: str
    attempts: Cell
    share: float | None
    talk_s: float


class OutcomesShape(Covered):
    """Attempts by outcome."""

    rows: list[OutcomeRow]
    total: Cell


class ResultRow(Shape):
    """Attempts with one result; `share` is of all results."""

    result: str
    label: dict[str, str] | None
    group: str | None
    count: Cell
    share: float | None


class ResultsShape(Covered):
    """Attempts by the result given to them."""

    rows: list[ResultRow]
    total: Cell


class AgentRow(Shape):
    """An agent's seconds by state; they sum to the time signed in."""

    agent: Named | None
    signed_in_s: float
    occupancy: float | None
    states: dict[str, Cell]
    talks: Cell
    results: Cell


class AgentsShape(Covered):
    """Agents' time and work."""

    rows: list[AgentRow]


class AbandonRow(Shape):
    """The abandoned share of a campaign by a named rule over its window."""

    campaign: Named | None
    rule: str
    window_days: int
    window_from: datetime
    window_to: datetime
    limit: float
    numerator: Cell
    denominator: Cell
    share: float | None


class AbandonmentShape(Covered):
    """Abandoned calls against the limit."""

    rows: list[AbandonRow]


def asked_scope(
    house: In,
    who: Who,
    since: Since = None,
    until: Until = None,
    campaign: OptionalId = None,
) -> Scope:
    return scope_of(who.door, since, until, campaign, house.clock.utc())


Asked = Annotated[Scope, Depends(asked_scope)]


def share_of(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def covered(scope: Scope) -> dict[str, Any]:
    return {"since": scope.since, "until": scope.until, "campaign": scope.campaign}


# ---- outcomes ------------------------------------------------------------------------------------


@router.get("/outcomes", summary="Attempts by outcome")
def outcome_report(scope: Asked, house: In, who: Who) -> OutcomesShape:
    """Counts the attempts begun within the days by what came of them."""
    return outcomes_of(who.door, scope, house.settings.report_facts_max)


def outcomes_of(door: Door, scope: Scope, most: int) -> OutcomesShape:
    """Counts attempts by outcome, made of `most` facts at most."""
    facts = call_facts(door, scope, most)
    folded, talked = outcomes(facts), talk_seconds(facts)
    rows = [
        OutcomeRow(
            outcome=outcome.value,
            attempts=Cell(
                value=cell.count, facts=scope.address("attempts", ("outcome", outcome.value))
            ),
            share=share_of(cell.count, folded.total),
            talk_s=round(sum(talked.get(attempt, 0.0) for attempt in cell.attempts), 3),
        )
        for outcome, cell in folded.cells.items()
    ]
    total = Cell(value=folded.total, facts=scope.address("facts", ("kind", "final")))
    return OutcomesShape(**covered(scope), rows=rows, total=total)


# ---- results -------------------------------------------------------------------------------------


def _labels(door: Door, scope: Scope) -> dict[str, tuple[dict[str, str], str]]:
    """Maps result codes to their labels and groups; the newest campaign's words win."""
    words: dict[str, tuple[dict[str, str], str]] = {}
    for campaign in reversed(door.campaigns()):
        if scope.campaign in (None, campaign.id):
            for one in CampaignSettings.from_json(campaign.settings).results:
                words[one.code] = (dict(one.label), one.group.value)
    return words


@router.get("/results", summary="Attempts by result")
def result_report(scope: Asked, house: In, who: Who) -> ResultsShape:
    """Counts the results that stand, of the attempts begun within the days."""
    return results_of(who.door, scope, house.settings.report_facts_max)


def results_of(door: Door, scope: Scope, most: int) -> ResultsShape:
    """Counts the results that stand, made of `most` facts at most."""
    folded = results(call_facts(door, scope, most))
    words = _labels(door, scope)
    rows: list[ResultRow] = []
    for code, cell in folded.cells.items():
        label, group = words.get(code, (None, None))
        address = scope.address("attempts", ("result", code))
        rows.append(
            ResultRow(
                result=code,
                label=label,
                group=group,
                count=Cell(value=cell.count, facts=address),
                share=share_of(cell.count, folded.total),
            )
        )
    total = Cell(value=folded.total, facts=scope.address("facts", ("kind", "disposed")))
    return ResultsShape(**covered(scope), rows=rows, total=total)


# ---- agents --------------------------------------------------------------------------------------


@router.get("/agents", summary="Agents' time in states")
def agent_report(scope: Asked, house: In, who: Who) -> AgentsShape:
    """Gives each agent's seconds by state, and the talks and results begun within the days.

    Time is not split by campaign: an agent waits for all of theirs at once."""
    return agents_of(who.door, scope, house.settings.report_facts_max, house.clock.utc())


def agents_of(door: Door, scope: Scope, most: int, now: datetime) -> AgentsShape:
    """Gives agents' time and work up to `now`, made of twice `most` facts at most."""
    times = agent_times(agent_facts(door, scope, most), min(scope.until, now))
    calls = call_facts(door, scope, most)
    talks, given = talks_by_agent(calls), results_by_agent(calls)
    spent = {time.agent: time for time in times}
    names = door.names()
    rows: list[AgentRow] = []
    for agent in sorted({*spent, *talks, *given} - {""}, key=lambda one: names.get(one, one)):
        time = spent.get(agent)
        by = ("agent", agent)
        states = scope.address("facts", by, ("kind", FactKind.AGENT_STATE.value))
        rows.append(
            AgentRow(
                agent=named(agent, names),
                signed_in_s=time.signed_in.total_seconds() if time else 0.0,
                occupancy=time.occupancy if time else None,
                states={
                    state.value: Cell(value=lasted.total_seconds(), facts=states)
                    for state, lasted in (time.states.items() if time else ())
                },
                talks=Cell(value=talks.get(agent, 0), facts=scope.address("attempts", by)),
                results=Cell(
                    value=given.get(agent, 0),
                    facts=scope.address("facts", by, ("kind", FactKind.DISPOSED.value)),
                ),
            )
        )
    return AgentsShape(**covered(scope), rows=rows)


# ---- abandonment ---------------------------------------------------------------------------------


def _abandon(
    door: Door, campaign: CampaignRecord, until: datetime
) -> tuple[CampaignSettings, AbandonReport]:
    """Folds one campaign by its own rule, over its own window that ends with the report."""
    settings = CampaignSettings.from_json(campaign.settings)
    window = timedelta(days=settings.abandon_window_days)
    query = FactQuery(
        campaign_id=campaign.id,
        kinds=tuple(
            kind.value
            for kind in (
                FactKind.ABANDONED,
                FactKind.BRIDGED,
                FactKind.FINAL,
                FactKind.RESOLVED,
            )
        ),
        since=until - window,
        until=until,
    )
    facts = door.report_facts(query)
    return settings, abandonment(facts, until, window, settings.abandon_rule)


def _campaigns(door: Door, scope: Scope) -> list[CampaignRecord]:
    if scope.campaign is not None:
        return [door.campaign(scope.campaign)]
    return [one for one in door.campaigns() if one.state != "draft"]


@router.get("/abandonment", summary="Abandoned calls against the limit")
def abandonment_report(scope: Asked, who: Who) -> AbandonmentShape:
    """Gives each campaign's abandoned share over the window of its rule, which ends at `to`."""
    return abandonment_of(who.door, scope)


def abandonment_of(door: Door, scope: Scope) -> AbandonmentShape:
    """Gives the abandoned share of each campaign within reach."""
    rows: list[AbandonRow] = []
    for campaign in _campaigns(door, scope):
        settings, folded = _abandon(door, campaign, scope.until)
        own = Scope(folded.window_from, folded.window_to, campaign.id)
        path = "reports/abandonment/attempts"
        rows.append(
            AbandonRow(
                campaign=Named(id=campaign.id, name=campaign.name),
                rule=folded.rule.value,
                window_days=settings.abandon_window_days,
                window_from=folded.window_from,
                window_to=folded.window_to,
                limit=settings.abandon_limit,
                numerator=Cell(
                    value=folded.numerator, facts=own.address(path, ("part", "numerator"))
                ),
                denominator=Cell(
                    value=folded.denominator, facts=own.address(path, ("part", "denominator"))
                ),
                share=folded.share,
            )
        )
    return AbandonmentShape(**covered(scope), rows=rows)


@router.get("/abandonment/attempts", summary="The attempts behind an abandoned share")
def abandonment_attempts(
    scope: Asked,
    who: Who,
    part: Annotated[Literal["numerator", "denominator"], Query()] = "numerator",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[AttemptShape]:
    """Lists exactly the attempts a figure of the abandonment report counts."""
    attempts: list[str] = []
    for campaign in _campaigns(who.door, scope):
        _, folded = _abandon(who.door, campaign, scope.until)
        counted = (folded.abandoned, folded.late) if part == "numerator" else (folded.live,)
        attempts.extend(attempt for cell in counted for attempt in cell.attempts)
    names = names_of(who.door)

    def shape(attempt: str) -> AttemptShape:
        return AttemptShape(**attempt_fields(who.door.attempt(attempt), names))

    return page_of(attempts, shape, cursor, limit)
