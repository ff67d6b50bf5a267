"""Prices and shifts as one JSON object, and figures as another: what files and checks exchange."""

from collections.abc import Mapping
from typing import Any

from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json
from vyzov.core.instants import from_text, to_text
from vyzov.core.kpi.book import Book, Prices, PriceVersion, Shift
from vyzov.core.kpi.cells import Reach, Source, half_hour_of, moment_of, ms_of
from vyzov.core.kpi.evaluate import (
    Figure,
    Point,
    agents_time,
    attempts_curve,
    figures,
    hours_of_week,
)

DAY_S = 24 * 3600


def book_to_json(book: Book) -> dict[str, Json]:
    """Returns the JSON that `book_from_json` reads."""
    return {
        "versions": [
            {"valid_from": to_text(moment_of(one.valid_from_ms)), "prices": one.prices.to_json()}
            for one in book.versions
        ],
        "shifts": [
            {
                "agent": one.agent,
                "starts_at": to_text(one.starts_at),
                "ends_at": to_text(one.ends_at),
                "paid_break_s": one.paid_break_s,
                "unpaid_break_s": one.unpaid_break_s,
            }
            for one in book.shifts
        ],
    }


def book_from_json(source: Mapping[str, Any]) -> Book:
    """Returns the book of a JSON object, or raises `InvalidRequest` naming wrong fields."""
    faults: list[Fault] = []
    fields = Fields(source, "", faults)
    found = [_version(rows) for rows in fields.rows("versions")]
    shifts = [_shift(rows) for rows in fields.rows("shifts")]
    fields.settle("The price list")
    versions = [
        PriceVersion(half_hour_of(ms_of(from_text(at))), Prices.from_json(prices))
        for at, prices in found
    ]
    return Book(
        tuple(sorted(versions, key=lambda one: one.valid_from_ms)),
        tuple(
            Shift(agent, from_text(starts_at), from_text(ends_at), paid, unpaid)
            for agent, starts_at, ends_at, paid, unpaid in shifts
        ),
    )


def _version(fields: Fields) -> tuple[str, Mapping[str, Any]]:
    read = fields.text("valid_from"), fields.inner("prices").source
    fields.close()
    return read


def _shift(fields: Fields) -> tuple[str, str, str, int, int]:
    read = (
        fields.text("agent"),
        fields.text("starts_at"),
        fields.text("ends_at"),
        fields.whole("paid_break_s", 0, least=0, most=DAY_S),
        fields.whole("unpaid_break_s", 0, least=0, most=DAY_S),
    )
    fields.close()
    return read


def report_json(
    source: Source, reach: Reach, book: Book, since_ms: int, until_ms: int
) -> dict[str, Json]:
    """Returns all figures of a span as whole numbers, with curves and agents' time."""
    return {
        "from": to_text(moment_of(since_ms)),
        "to": to_text(moment_of(until_ms)),
        "campaign": reach.campaign,
        "agent": reach.agent,
        "figures": [_figure(one) for one in figures(source, reach, book, since_ms, until_ms)],
        "agents": [
            {"agent": one.agent, "signed_in_ms": one.signed_in_ms, "states": dict(one.states)}
            for one in agents_time(source, since_ms, until_ms)
        ],
        "attempts": [_point(one) for one in attempts_curve(source, since_ms, until_ms)],
        "hours": [_point(one) for one in hours_of_week(source, since_ms, until_ms)],
    }


def _figure(one: Figure) -> dict[str, Json]:
    return {
        "id": one.formula.id,
        "unit": one.formula.unit.value,
        "scale": one.formula.unit.scale,
        "window": one.formula.window.value,
        "window_from": to_text(moment_of(one.since_ms)),
        "window_to": to_text(moment_of(one.until_ms)),
        "currency": one.currency,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "why_not": one.why_not.value if one.why_not else None,
    }


def _point(one: Point) -> dict[str, Json]:
    return {"place": one.place, "numerator": one.numerator, "denominator": one.denominator}
