"""The report of answers: what was answered to each question of scripts, and in which calls."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from vyzov.core.script import Answer, QuestionKind, shown_answer
from vyzov.core.script_report import QuestionReport, question_reports
from vyzov.dialer.access import Door
from vyzov.dialer.scripts import AnswerQuery, AnswerRecord
from vyzov.web.admission import In, Who, room
from vyzov.web.csv_out import Cell as CsvCell
from vyzov.web.csv_out import csv_response
from vyzov.web.report_data import Scope, scope_of
from vyzov.web.routes.records import names_of
from vyzov.web.routes.reports import Cell, Covered
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
)

router = room("reports", under="/reports")

_PIECE = 500
_PATH = "reports/answers/attempts"


class ChoiceRow(Shape):
    """An answer to choose; `share` is of the calls that answered."""

    key: str
    label: dict[str, str]
    count: Cell
    share: float | None


class QuestionRow(Shape):
    """One question of a campaign's script in its latest words; figures are of its numbers."""

    campaign: Named | None
    step: str
    kind: QuestionKind
    title: dict[str, str]
    words: dict[str, str]
    answered: Cell
    choices: list[ChoiceRow]
    least: float | None
    most: float | None
    mean: float | None


class AnswersShape(Covered):
    """What was answered in the attempts begun within the days."""

    rows: list[QuestionRow]


class AnswerShape(Shape):
    """One answer of one attempt."""

    attempt: str
    at: datetime
    campaign: Named | None
    agent: Named | None
    contact: str
    step: str
    kind: QuestionKind
    answer: str | list[str]


def _scope(
    house: In, who: Who, since: Since = None, until: Until = None, campaign: OptionalId = None
) -> Scope:
    return scope_of(who.door, since, until, campaign, house.clock.utc())


Within = Annotated[Scope, Depends(_scope)]
Step = Annotated[str | None, Query(max_length=4000, description="The question's step.")]
Value = Annotated[str | None, Query(max_length=2000, description="The answer, or one of several.")]


def _query(scope: Scope, step: str | None = None, value: str | None = None) -> AnswerQuery:
    return AnswerQuery(scope.since, scope.until, scope.campaign, step=step, value=value)


@router.get("/answers", summary="Answers by question")
def answers(scope: Within, who: Who) -> AnswersShape:
    """Counts what was answered to each question, in the order of each campaign's script."""
    names = who.door.campaign_names()
    totals = who.door.answer_totals(_query(scope))
    reports = question_reports(totals.tallies, totals.scripts)
    return AnswersShape(
        since=scope.since,
        until=scope.until,
        campaign=scope.campaign,
        rows=[_row(scope, one, named(one.campaign, names)) for one in reports],
    )


def _row(scope: Scope, one: QuestionReport, campaign: Named | None) -> QuestionRow:
    own = Scope(scope.since, scope.until, one.campaign)
    step = ("step", one.step)
    choices = [
        ChoiceRow(
            key=choice.key,
            label=dict(choice.label),
            count=Cell(value=choice.count, facts=own.address(_PATH, step, ("value", choice.key))),
            share=round(choice.count / one.answered, 6) if one.answered else None,
        )
        for choice in one.choices
    ]
    return QuestionRow(
        campaign=campaign,
        step=one.step,
        kind=one.kind,
        title=dict(one.title),
        words=dict(one.words),
        answered=Cell(value=one.answered, facts=own.address(_PATH, step)),
        choices=choices,
        least=one.least,
        most=one.most,
        mean=one.mean,
    )


@router.get("/answers/list", summary="Answers one by one")
def answer_list(
    scope: Within,
    who: Who,
    step: Step = None,
    value: Value = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[AnswerShape]:
    """Gives each answer with its attempt, of the latest attempts first."""
    campaigns, people = who.door.campaign_names(), who.door.names()
    found = who.door.answers(_query(scope, step, value), cursor, limit)
    return PageOf(
        items=[
            AnswerShape(
                attempt=one.attempt_id,
                at=one.at,
                campaign=named(one.campaign_id, campaigns),
                agent=named(one.agent_id, people),
                contact=one.contact_id,
                step=one.step,
                kind=one.kind,
                answer=_said(one.answer),
            )
            for one in found.items
        ],
        next_cursor=found.next,
    )


def _said(answer: Answer) -> str | list[str]:
    return answer if isinstance(answer, str) else list(answer)


@router.get("/answers/attempts", summary="The attempts behind a figure of answers")
def answer_attempts(
    scope: Within,
    who: Who,
    step: Step = None,
    value: Value = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[AttemptShape]:
    """Lists exactly the attempts a figure of the report of answers counts.

    Without a step an attempt stands here once for each of its answers."""
    names = names_of(who.door)
    found = who.door.answers(_query(scope, step, value), cursor, limit)
    return PageOf(
        items=[
            AttemptShape(**attempt_fields(who.door.attempt(one.attempt_id), names))
            for one in found.items
        ],
        next_cursor=found.next,
    )


@router.get("/answers.csv", response_class=Response, summary="Answers one by one, as CSV")
def answers_csv(scope: Within, who: Who, step: Step = None, value: Value = None) -> Response:
    """Gives each answer as a row: when, of which call, to which question, and what was said."""
    door = who.door
    query = _query(scope, step, value)
    campaigns, people = door.campaign_names(), door.names()
    rows: Iterator[tuple[CsvCell, ...]] = (
        (
            one.at.isoformat(),
            campaigns.get(one.campaign_id, one.campaign_id),
            people.get(one.agent_id, one.agent_id),
            one.attempt_id,
            one.contact_id,
            one.step,
            one.kind.value,
            shown_answer(one.answer),
        )
        for one in _all(door, query)
    )
    header = ("at", "campaign", "agent", "attempt", "contact", "step", "kind", "answer")
    return csv_response("answers.csv", header, rows)


def _all(door: Door, query: AnswerQuery) -> Iterator[AnswerRecord]:
    cursor: str | None = None
    while True:
        page = door.answers(query, cursor, _PIECE)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
