"""Applies the formulas to sums: figures, curves, and each agent's time.

A figure that cannot be had says why instead of being zero: there is nothing to divide by, it has no
meaning for one campaign, or its money is in two currencies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from vyzov.core.kpi.agents import STATE
from vyzov.core.kpi.book import Book
from vyzov.core.kpi.cells import DAY_MS, HALF_HOUR_MS, Reach, Source, moment_of
from vyzov.core.kpi.measures import ATTEMPTS, REACHED, REACHED_AT, TRIES, TRIES_MAX
from vyzov.core.kpi.pricing import SIGNED_IN_STATES, amounts
from vyzov.core.kpi.registry import FORMULAS, Form, Formula, Percentile, Window


class WhyNot(StrEnum):
    """Why a figure has no value."""

    NOTHING_TO_DIVIDE_BY = "nothing_to_divide_by"
    NOT_BY_CAMPAIGN = "not_by_campaign"
    TWO_CURRENCIES = "two_currencies"


@dataclass(frozen=True, slots=True)
class Figure:
    """A formula's result: value = numerator / denominator times the unit's scale."""

    formula: Formula
    since_ms: int
    until_ms: int
    numerator: int | None
    denominator: int | None
    currency: str = ""
    why_not: WhyNot | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve, as whole numbers."""

    place: int
    numerator: int
    denominator: int


def window_of(window: Window, since_ms: int, until_ms: int) -> tuple[int, int]:
    """Returns the half-open span of a window for a report from `since_ms` to `until_ms`."""
    match window:
        case Window.ASKED:
            return since_ms, until_ms
        case Window.TO_DATE:
            return 0, until_ms
        case Window.DAYS_30:
            return until_ms - 30 * DAY_MS, until_ms
        case Window.DAY:
            return (until_ms - 1) // DAY_MS * DAY_MS, until_ms
        case Window.HALF_HOUR:  # pragma: no branch
            return until_ms - HALF_HOUR_MS, until_ms


def figures(
    source: Source,
    reach: Reach,
    book: Book,
    since_ms: int,
    until_ms: int,
    formulas: tuple[Formula, ...] = FORMULAS,
) -> tuple[Figure, ...]:
    """Applies formulas to the sums of a span, which begins and ends at half hours."""
    known: dict[tuple[int, int], tuple[dict[str, int], set[str]]] = {}
    found: list[Figure] = []
    for formula in formulas:
        span = window_of(formula.window, since_ms, until_ms)
        if span not in known:
            priced, currencies = amounts(source, reach, book, *span)
            known[span] = {**source.sums(*span), **priced, "@one": 1}, currencies
        sums, currencies = known[span]
        found.append(_figure(formula, reach, span, sums, currencies))
    return tuple(found)


def _figure(
    formula: Formula,
    reach: Reach,
    span: tuple[int, int],
    sums: Mapping[str, int],
    currencies: set[str],
) -> Figure:
    if formula.team and reach.campaign is not None:
        return Figure(formula, *span, None, None, why_not=WhyNot.NOT_BY_CAMPAIGN)
    if formula.unit.is_money and len(currencies) > 1:
        return Figure(formula, *span, None, None, why_not=WhyNot.TWO_CURRENCIES)
    currency = next(iter(currencies), "") if formula.unit.is_money else ""
    if isinstance(formula.numerator, Percentile):
        upper = percentile(sums, formula.numerator)
        numerator, denominator = upper or 0, 0 if upper is None else 1
    else:
        numerator = total(sums, formula.numerator)
        denominator = total(sums, formula.denominator)
    why = None if denominator else WhyNot.NOTHING_TO_DIVIDE_BY
    return Figure(formula, *span, numerator, denominator, currency, why)


def total(sums: Mapping[str, int], form: Form) -> int:
    """Adds up a linear form."""
    return sum(factor * sums.get(name, 0) for name, factor in form)


def percentile(sums: Mapping[str, int], of: Percentile) -> int | None:
    """Returns the upper bound of the bin that the 95th of 100 lies in, milliseconds; None of
    nothing."""
    bins = sorted(
        (int(name.removeprefix(of.prefix)), count)
        for name, count in sums.items()
        if name.startswith(of.prefix)
    )
    rank = -(-95 * sum(count for _, count in bins) // 100)
    for place, count in bins:
        rank -= count
        if rank <= 0:
            return (place + 1) * of.bin_ms
    return None


def attempts_curve(source: Source, since_ms: int, until_ms: int) -> tuple[Point, ...]:
    """Of the attempts with each number: how many reached their contact for the first time."""
    sums = source.sums(since_ms, until_ms)
    places = range(1, TRIES_MAX + 1)
    points = (
        Point(place, sums.get(f"{REACHED_AT}{place}", 0), sums.get(f"{TRIES}{place}", 0))
        for place in places
    )
    return tuple(point for point in points if point.denominator)


def hours_of_week(
    source: Source, since_ms: int, until_ms: int, offset: timedelta = timedelta()
) -> tuple[Point, ...]:
    """Reached of attempts by hour of the week: place 0 is Monday from 0 to 1, at an offset of UTC.

    `offset` is a whole number of half hours."""
    found: dict[int, tuple[int, int]] = {}
    hours = source.hour_sums(since_ms, until_ms, (ATTEMPTS, REACHED))
    for at_ms, sums in hours.items():
        local = moment_of(at_ms) + offset
        place = local.weekday() * 24 + local.hour
        reached, tried = found.get(place, (0, 0))
        found[place] = reached + sums.get(REACHED, 0), tried + sums.get(ATTEMPTS, 0)
    return tuple(Point(place, *found[place]) for place in sorted(found))


@dataclass(frozen=True, slots=True)
class AgentTime:
    """Milliseconds of one agent by state; they add up to the time signed in."""

    agent: str
    states: Mapping[str, int]

    @property
    def signed_in_ms(self) -> int:
        """All the time from signing in to signing out."""
        return sum(self.states.values())


def agents_time(source: Source, since_ms: int, until_ms: int) -> tuple[AgentTime, ...]:
    """Returns how each agent's time went."""
    return tuple(
        AgentTime(agent, states)
        for agent, sums in sorted(source.agent_sums(since_ms, until_ms).items())
        if (
            states := {
                state: sums[STATE + state] for state in SIGNED_IN_STATES if STATE + state in sums
            }
        )
    )
