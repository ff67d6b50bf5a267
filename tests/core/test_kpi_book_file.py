"""Prices, shifts and figures as JSON."""

from datetime import timedelta

import pytest
from kpi_examples import HALF_HOUR, NOON, NOON_MS, Day

from vyzov.core.errors import InvalidRequest
from vyzov.core.kpi.book import Book, Prices, PriceVersion, Shift
from vyzov.core.kpi.book_file import book_from_json, book_to_json, report_json
from vyzov.core.kpi.cells import Folded, Reach
from vyzov.core.kpi.fold import fold

BOOK = Book(
    (PriceVersion(0, Prices(per_contact=5)), PriceVersion(NOON_MS, Prices(per_contact=7))),
    (Shift("ann", NOON, NOON + timedelta(hours=8), 900, 3600),),
)


def test_a_book_is_read_as_it_is_written() -> None:
    assert book_from_json(book_to_json(BOOK)) == BOOK
    assert book_from_json({}) == Book()


def test_versions_are_put_in_order_and_begin_at_a_half_hour() -> None:
    written = book_to_json(BOOK)
    mixed = {"versions": list(reversed(written["versions"]))}  # type: ignore[arg-type, call-overload]
    mixed["versions"][0]["valid_from"] = "2026-11-23T12:29:59Z"
    assert book_from_json(mixed).versions == BOOK.versions


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": []},
        {"versions": [{"prices": {}}]},
        {"versions": [{"valid_from": "noon", "prices": {}}]},
        {"shifts": [{"agent": "ann", "starts_at": "2026-11-23T12:00:00Z", "colour": "red"}]},
    ],
)
def test_a_book_that_cannot_be_read_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        book_from_json(wrong)


def test_a_report_tells_figures_as_whole_numbers() -> None:
    day = Day()
    day.loaded(2)
    day.state(0, "ready")
    day.state(10, "offline")
    day.call("a1", 1).answers(2).ends(3)
    told = report_json(Folded(fold(day.line)), Reach(), BOOK, NOON_MS, NOON_MS + HALF_HOUR)
    figures = {one["id"]: one for one in told["figures"]}  # type: ignore[index, union-attr, call-overload]
    assert figures["answer_rate"] == {
        "id": "answer_rate", "unit": "share", "scale": 1, "window": "asked",
        "window_from": "2026-11-23T12:00:00.000000Z", "window_to": "2026-11-23T12:30:00.000000Z",
        "currency": "", "numerator": 1, "denominator": 1, "why_not": None,
    }  # fmt: skip
    assert figures["conversion"]["why_not"] == "nothing_to_divide_by"
    assert told["agents"] == [{"agent": "ann", "signed_in_ms": 10_000, "states": {"ready": 10_000}}]
    assert told["attempts"] == [{"place": 1, "numerator": 1, "denominator": 1}]
    assert told["hours"] == [{"place": 12, "numerator": 1, "denominator": 1}]
