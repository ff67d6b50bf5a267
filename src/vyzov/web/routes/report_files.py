"""Every report as a file: the same figures as CSV and as a workbook, and attempts by any filter."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from vyzov.dialer.access import Door
from vyzov.dialer.office_records import AttemptQuery
from vyzov.web.admission import In, Who, room
from vyzov.web.csv_out import Cell, csv_response
from vyzov.web.problems import Problem
from vyzov.web.report_data import Scope
from vyzov.web.routes.records import Filtered, names_of
from vyzov.web.routes.report_tables import Zone, hours_of, lists_of, promises_of
from vyzov.web.routes.reports import (
    Asked,
    abandonment_of,
    agents_of,
    outcomes_of,
    results_of,
)
from vyzov.web.shapes import Named, attempt_fields
from vyzov.web.xlsx_out import xlsx_response

router = room("reports", under="/reports")

ATTEMPTS_MOST = 100_000
"""The most attempts one file has: fewer days give the rest."""

PIECE = 500
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Table:
    """A report as a file has it."""

    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is asked for: by whom, of which days, of how many facts at most, on whose clock."""

    door: Door
    scope: Scope
    most: int
    now: datetime
    zone: ZoneInfo


def _name(one: Named | None) -> str:
    return one.name if one else ""


def _outcomes(wanted: Wanted) -> Table:
    report = outcomes_of(wanted.door, wanted.scope, wanted.most)
    rows = [(row.outcome, row.attempts.value, row.share, row.talk_s) for row in report.rows]
    return Table(("outcome", "attempts", "share", "talk_s"), rows)


def _results(wanted: Wanted) -> Table:
    header = ("result", "label_ru", "label_en", "group", "count", "share")
    rows: list[Sequence[Cell]] = []
    for row in results_of(wanted.door, wanted.scope, wanted.most).rows:
        label = row.label or {}
        count = int(row.count.value)
        rows.append((row.result, label.get("ru"), label.get("en"), row.group, count, row.share))
    return Table(header, rows)


def _agents(wanted: Wanted) -> Table:
    """One column a state, in seconds."""
    report = agents_of(wanted.door, wanted.scope, wanted.most, wanted.now)
    states = sorted({state for row in report.rows for state in row.states})
    rows: list[Sequence[Cell]] = [
        (
            _name(row.agent),
            round(row.signed_in_s, 3),
            row.occupancy,
            int(row.talks.value),
            int(row.results.value),
            *(round(row.states[s].value, 3) if s in row.states else 0 for s in states),
        )
        for row in report.rows
    ]
    header = ("agent", "signed_in_s", "occupancy", "talks", "results")
    return Table((*header, *(f"{state}_s" for state in states)), rows)


def _abandonment(wanted: Wanted) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            _name(row.campaign),
            row.rule,
            row.window_days,
            row.limit,
            int(row.numerator.value),
            int(row.denominator.value),
            row.share,
        )
        for row in abandonment_of(wanted.door, wanted.scope).rows
    ]
    header = ("campaign", "rule", "window_days", "limit", "numerator", "denominator", "share")
    return Table(header, rows)


def _hours(wanted: Wanted) -> Table:
    report = hours_of(wanted.door, wanted.scope, wanted.most, wanted.zone)
    rows: list[Sequence[Cell]] = [
        (WEEKDAYS[row.weekday], row.hour, row.tried.value, row.reached.value, row.share)
        for row in report.rows
    ]
    return Table(("weekday", "hour", "attempts", "reached", "share"), rows)


def _lists(wanted: Wanted) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            _name(row.contact_list),
            row.whole,
            row.contacts.value,
            row.attempts.value,
            row.reached.value,
            row.success.value,
            row.abandoned.value,
            row.reached_share,
        )
        for row in lists_of(wanted.door, wanted.scope, wanted.most).rows
    ]
    header = ("list", "contacts", "called", "attempts", "reached", "success", "abandoned")
    return Table((*header, "reached_share"), rows)


def _callbacks(wanted: Wanted) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            _name(row.campaign),
            _name(row.agent),
            row.due.value,
            row.kept.value,
            row.late.value,
            row.missed.value,
            row.waiting.value,
            row.share,
        )
        for row in promises_of(wanted.door, wanted.scope, wanted.most, wanted.now).rows
    ]
    header = ("campaign", "agent", "due", "kept", "late", "missed", "waiting", "kept_share")
    return Table(header, rows)


def _every_attempt(wanted: Wanted) -> Table:
    scope = wanted.scope
    query = AttemptQuery(campaign_id=scope.campaign, since=scope.since, until=scope.until)
    return attempts_table(wanted.door, query)


TABLES: Mapping[str, Callable[[Wanted], Table]] = {
    "outcomes": _outcomes,
    "results": _results,
    "agents": _agents,
    "abandonment": _abandonment,
    "hours": _hours,
    "lists": _lists,
    "callbacks": _callbacks,
    "attempts": _every_attempt,
}
"""Every report that is a table, by the name in its address."""


# ---- attempts ------------------------------------------------------------------------------------

ATTEMPT_HEADER = (
    "attempt", "number", "reserved_at", "campaign", "contact", "name", "phone", "agent", "trunk",
    "state", "outcome", "detail", "sip_code", "q850", "answered_at", "bridged_at", "ended_at",
    "talk_s", "result", "recording", "call_id",
)  # fmt: skip


def attempts_table(door: Door, query: AttemptQuery) -> Table:
    """Gives attempts by any filter, the latest first; more than a file has raise Problem too_large."""
    count = door.count_attempts(query)
    if count > ATTEMPTS_MOST:
        raise Problem(
            "too_large",
            f"There are {count} attempts; a file has {ATTEMPTS_MOST} at most.",
            next_step="Choose fewer days or one campaign.",
            args={"most": ATTEMPTS_MOST},
        )
    return Table(ATTEMPT_HEADER, _attempt_rows(door, query))


def _attempt_rows(door: Door, query: AttemptQuery) -> Iterator[Sequence[Cell]]:
    names, cursor = names_of(door), None
    while True:
        page = door.attempts(query, cursor, PIECE)
        for one in page.items:
            told = attempt_fields(one, names)
            yield (
                one.id, one.number, one.reserved_at.isoformat(), told["campaign"].name,
                one.contact_id, one.contact_name, one.e164, _name(told["agent"]),
                _name(told["trunk"]), one.state, one.outcome, one.detail, one.sip_code, one.q850,
                _at(one.answered_at), _at(one.bridged_at), _at(one.ended_at), told["talk_s"],
                one.result, one.recording_id, one.call_id,
            )  # fmt: skip
        if page.next is None:
            return
        cursor = page.next


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# ---- the doors -----------------------------------------------------------------------------------


def _answer(name: str, kind: str, table: Table) -> Response:
    answer = csv_response if kind == "csv" else xlsx_response
    return answer(f"{name}.{kind}", table.header, table.rows)


def _file_of(name: str, kind: str) -> Callable[..., Response]:
    """Makes the door of one report as one kind of file."""

    def file(scope: Asked, zone: Zone, house: In, who: Who) -> Response:
        wanted = Wanted(who.door, scope, house.settings.report_facts_max, house.clock.utc(), zone)
        return _answer(name, kind, TABLES[name](wanted))

    file.__name__ = f"{name}_{kind}"
    file.__doc__ = "Gives the same figures as a file."
    return file


def _attempt_file(kind: str) -> Callable[..., Response]:
    def file(query: Filtered, who: Who) -> Response:
        return _answer("attempts", kind, attempts_table(who.door, query))

    file.__name__ = f"attempts_{kind}"
    file.__doc__ = "Gives attempts by the filters of `GET /attempts` as a file."
    return file


for _report in TABLES:
    for _kind in ("csv", "xlsx"):
        router.add_api_route(
            f"/{_report}.{_kind}",
            _attempt_file(_kind) if _report == "attempts" else _file_of(_report, _kind),
            methods=["GET"],
            response_class=Response,
            summary=f"The report {_report} as a {'table' if _kind == 'csv' else 'workbook'}",
        )
