"""Hours, lists, promises and files of reports: every cell opens to what it counts."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_site import Site
from api_town import CALLED_AT

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer.workbook import read_book, sheet_records
from vyzov.web.routes import report_files
from vyzov.web.routes.report_files import TABLES

DAY = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"
DUE_DAY = "from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z"


def items(browser: httpx.Client, address: str) -> list[dict[str, Any]]:
    answer = browser.get(address.removeprefix("/api/v1"))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def cells_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        value
        for row in report["rows"]
        for value in row.values()
        if isinstance(value, dict) and "facts" in value
    ]


def csv_rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def xlsx_rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    book = read_book(answer.content, "made.xlsx")
    rows = sheet_records(answer.content, book, book.sheets[0], "made.xlsx")
    return [list(row.cells) for row in rows]


def as_values(row: list[str]) -> list[str | float]:
    """What a row says: 1 is 1.0, a sign is led by no apostrophe, empty cells at the end are none."""
    values: list[str | float] = []
    for cell in row:
        plain = cell.removeprefix("'")
        try:
            values.append(float(plain))
        except ValueError:
            values.append(plain)
    while values and values[-1] == "":
        values.pop()
    return values


@pytest.mark.parametrize("name", ["hours", "lists", "callbacks"])
def test_every_cell_opens_to_just_what_it_counts(site: Site, name: str) -> None:
    manager = site.browser_of("manager")
    report = manager.get(f"/reports/{name}?{DAY}&zone=Europe/Moscow").json()
    for cell in cells_of(report):
        assert len(items(manager, cell["facts"])) == cell["value"], cell
    if name != "callbacks":
        assert cells_of(report), "the town had calls that day"


def test_hours_are_those_of_the_clock_asked_for(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    [there] = manager.get(f"/reports/hours?{DAY}&zone=Europe/Moscow").json()["rows"]
    assert (there["weekday"], there["hour"]) == (4, 13), "ten in London is one in Moscow"
    assert (there["tried"]["value"], there["reached"]["value"], there["share"]) == (2, 2, 1.0)
    [here] = manager.get(f"/reports/hours?{DAY}").json()["rows"]
    assert here["hour"] == 10
    found = {one["id"] for one in items(manager, there["tried"]["facts"])}
    assert found == {own["attempt"], own["attempt_b"]}
    refused = manager.get("/reports/hours?zone=Mars/Olympus")
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "zone")


def test_a_list_tells_whom_it_brought(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    [row] = manager.get(f"/reports/lists?{DAY}").json()["rows"]
    assert row["list"] == {"id": own["list"], "name": "Clients"}
    counted = {part: row[part]["value"] for part in ("contacts", "attempts", "reached", "success")}
    assert counted == {"contacts": 2, "attempts": 2, "reached": 2, "success": 2}
    assert (row["whole"], row["reached_share"]) == (5, 1.0)
    one = manager.get(f"/reports/lists?{DAY}&campaign={own['campaign']}").json()["rows"][0]
    assert one["attempts"]["value"] == 1


def test_a_customer_sees_hours_of_their_own_campaigns_and_no_lists(site: Site) -> None:
    customer = site.browser_of("customer")
    [row] = customer.get(f"/reports/hours?{DAY}").json()["rows"]
    assert row["tried"]["value"] == 1
    assert customer.get(f"/reports/lists?{DAY}").status_code == 403


def test_files_say_what_the_screens_say(site: Site) -> None:
    manager = site.browser_of("manager")
    for name in TABLES:
        rows = csv_rows(manager.get(f"/reports/{name}.csv?{DAY}&zone=Europe/Moscow"))
        book = xlsx_rows(manager.get(f"/reports/{name}.xlsx?{DAY}&zone=Europe/Moscow"))
        assert [as_values(row) for row in book] == [as_values(row) for row in rows], name
    assert csv_rows(manager.get(f"/reports/hours.csv?{DAY}"))[1:] == [
        ["Fri", "10", "2", "2", "1.0"]
    ]


def test_an_export_of_attempts_is_the_facts_of_these_days(site: Site) -> None:
    manager = site.browser_of("manager")
    told = items(manager, f"/facts?kind=attempt_reserved&{DAY}")
    head, *rows = csv_rows(manager.get(f"/reports/attempts.csv?{DAY}"))
    assert {row[0] for row in rows} == {fact["attempt"] for fact in told}
    assert len(rows) == len(told) == 2
    final = {
        fact["attempt"]: fact["data"]["outcome"]
        for fact in items(manager, f"/facts?kind=final&{DAY}")
    }
    assert {row[0]: row[head.index("outcome")] for row in rows} == final


def test_an_export_takes_the_filters_of_the_table(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    for filters in (
        f"agent={own['operator']}", "q=client 1", "q=0101", f"campaign={own['campaign']}",
    ):  # fmt: skip
        rows = csv_rows(manager.get(f"/reports/attempts.csv?{DAY}&{filters}"))[1:]
        assert [row[0] for row in rows] == [own["attempt"]], filters
        assert [one["id"] for one in items(manager, f"/attempts?{DAY}&{filters}")] == [
            own["attempt"]
        ]
    assert csv_rows(manager.get(f"/reports/attempts.csv?{DAY}&q=nobody"))[1:] == []


def test_recordings_are_found_by_who_and_how_long(site: Site) -> None:
    manager = site.browser_of("manager")
    assert len(items(manager, f"/attempts?{DAY}&recorded_s=60")) == 2
    assert items(manager, f"/attempts?{DAY}&recorded_s=60.1") == []
    [one] = items(manager, f"/attempts?{DAY}&recorded_s=0&q=client 2")
    assert one["recording"]["id"] == site.town.own["recording_b"]
    operator = site.browser_of("operator")
    assert [one["id"] for one in items(operator, "/attempts?recorded_s=0")] == [
        site.town.own["attempt"]
    ]


def test_too_many_attempts_for_a_file_are_refused_before_it_begins(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "ATTEMPTS_MOST", 1)
    for kind in ("csv", "xlsx"):
        answer = site.browser_of("manager").get(f"/reports/attempts.{kind}?{DAY}")
        assert answer.json()["code"] == "too_large"
        assert answer.json()["args"] == {"most": 1}


def test_a_promise_is_found_where_it_is_due(site: Site) -> None:
    promise(site)
    manager, own = site.browser_of("manager"), site.town.own
    report = manager.get(f"/reports/callbacks?{DUE_DAY}").json()
    [row] = report["rows"]
    assert (row["campaign"]["id"], row["agent"]["id"]) == (own["campaign"], own["operator"])
    assert row["due"]["value"] == 1
    [told] = items(manager, row["due"]["facts"])
    assert (told["kind"], told["attempt"]) == ("callback_promised", own["attempt"])
    for cell in cells_of(report):
        assert len(items(manager, cell["facts"])) == cell["value"], cell
    assert manager.get(f"/reports/callbacks?{DAY}").json()["rows"] == [], "told then, due later"


def promise(site: Site) -> None:
    """The operator of the town's call promised to call again at noon, three days later."""
    own = site.town.own
    told = Fact(
        kind=FactKind.CALLBACK_PROMISED,
        at=CALLED_AT + timedelta(seconds=70),
        clock_id="test",
        monotonic_ns=70_000_000_000,
        dedupe=f"{own['attempt']}:callback",
        campaign=own["campaign"],
        contact=own["contact"],
        attempt=own["attempt"],
        agent=own["operator"],
        data={"due_at": "2026-11-23T12:00:00.000000Z"},
    )
    site.town.office.append_facts(own.organisation, [told])
