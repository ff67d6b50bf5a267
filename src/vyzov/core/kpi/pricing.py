"""Puts prices on sums: costs, revenue and paid time of a span, as whole numbers.

One campaign carries what its own calls cost: the agents' time in work on them, its traffic and its
contacts. Waiting, pauses, rentals and what is paid by the day are the whole house's.
"""

from collections.abc import Iterable, Mapping

from vyzov.core.agent import AgentState
from vyzov.core.kpi.agents import STATE
from vyzov.core.kpi.book import COST_SCALE, HOURS_A_DAY, MINUTES_A_DAY, Book, Prices, Shift
from vyzov.core.kpi.cells import Reach, Source, ms_of
from vyzov.core.kpi.measures import (
    ABANDONED,
    GAVE_UP,
    LATE,
    LOADED,
    RESULT,
    TRUNK_ATTEMPTS,
    TRUNK_MS,
)

COST, REVENUE, PAID_MS, PLANNED_MS, OWN_LOST = "@cost", "@revenue", "@paid_ms", "@planned", "@own"
WORK_STATES = (
    AgentState.PREVIEWING.value,
    AgentState.DIALING.value,
    AgentState.RESERVED.value,
    AgentState.TALKING.value,
    AgentState.HOLD.value,
    AgentState.WRAP_UP.value,
)
SIGNED_IN_STATES = (
    *WORK_STATES,
    AgentState.READY.value,
    AgentState.NO_DEVICE.value,
    AgentState.PAUSE.value,
    AgentState.LISTENING.value,
)


def time_in(sums: Mapping[str, int], states: Iterable[str]) -> int:
    """Returns the milliseconds spent in some states."""
    return sum(sums.get(STATE + state, 0) for state in states)


def shifts_within(book: Book, reach: Reach, since_ms: int, until_ms: int) -> list[Shift]:
    """Returns the shifts that begin in a span, of the agents asked for; one belongs to its span
    whole."""
    return [
        shift
        for shift in book.shifts
        if since_ms <= ms_of(shift.starts_at) < until_ms and reach.agent in (None, shift.agent)
    ]


def amounts(
    source: Source, reach: Reach, book: Book, since_ms: int, until_ms: int
) -> tuple[dict[str, int], set[str]]:
    """Returns the amounts of a span by name, and the currencies they are in."""
    found: dict[str, int] = {COST: 0, REVENUE: 0, OWN_LOST: 0, PAID_MS: 0, PLANNED_MS: 0}
    currencies: set[str] = set()
    planned = _planned_agents(book, since_ms, until_ms)
    for first, last, prices in book.stretches(since_ms, until_ms):
        sums = source.sums(first, last)
        found[COST] += _cost(sums, prices, reach, last - first)
        paid = _paid_time(
            source, reach, shifts_within(book, reach, first, last), planned, first, last
        )
        found[COST] += _labour(paid, prices)
        found[REVENUE] += _revenue(source, prices, first, last)
        rule = prices.own_rule
        found[OWN_LOST] += sums.get(ABANDONED, 0)
        found[OWN_LOST] += (sums.get(LATE, 0) if rule.late else 0) + (
            sums.get(GAVE_UP, 0) if rule.gave_up else 0
        )
        if prices != Prices():
            currencies.add(prices.currency)
    for shift in shifts_within(book, reach, since_ms, until_ms):
        found[PAID_MS] += shift.paid_ms
        found[PLANNED_MS] += shift.planned_work_ms
    return found, currencies


def _cost(sums: Mapping[str, int], prices: Prices, reach: Reach, span_ms: int) -> int:
    """What is paid for attempts, minutes, contacts and by the day."""
    cost = 0
    for trunk, price in prices.trunks.items():
        cost += price.per_attempt * sums.get(TRUNK_ATTEMPTS + trunk, 0) * COST_SCALE
        cost += price.per_minute * sums.get(TRUNK_MS[price.step_s] + trunk, 0) * MINUTES_A_DAY
    cost += prices.per_contact * sums.get(LOADED, 0) * COST_SCALE
    if reach == Reach():
        daily = prices.other_per_day + sum(one.rental_per_day for one in prices.trunks.values())
        cost += daily * span_ms
    return cost


def _planned_agents(book: Book, since_ms: int, until_ms: int) -> frozenset[str]:
    """Who has a shift in the span, or one that reaches into it."""
    return frozenset(
        shift.agent
        for shift in book.shifts
        if ms_of(shift.starts_at) < until_ms and ms_of(shift.ends_at) > since_ms
    )


def _paid_time(
    source: Source,
    reach: Reach,
    shifts: list[Shift],
    planned: frozenset[str],
    since_ms: int,
    until_ms: int,
) -> dict[str, int]:
    """Paid milliseconds: by the shifts where an agent has some, else signed-in time; of one
    campaign the time in work on its calls."""
    paid: dict[str, int] = {}
    states = SIGNED_IN_STATES if reach.campaign is None else WORK_STATES
    for agent, sums in source.agent_sums(since_ms, until_ms).items():
        if reach.campaign is not None or agent not in planned:
            paid[agent] = time_in(sums, states)
    if reach.campaign is None:
        for shift in shifts:
            paid[shift.agent] = paid.get(shift.agent, 0) + shift.paid_ms
    return paid


def _labour(paid: Mapping[str, int], prices: Prices) -> int:
    rates, usual = prices.labour_of, prices.labour_per_hour
    return sum(rates.get(agent, usual) * ms * HOURS_A_DAY for agent, ms in paid.items())


def _revenue(source: Source, prices: Prices, since_ms: int, until_ms: int) -> int:
    brought = 0
    for campaign, sums in source.campaign_sums(since_ms, until_ms).items():
        for measure, count in sums.items():
            if measure.startswith(RESULT):
                brought += prices.revenue_for(campaign, measure.removeprefix(RESULT)) * count
    return brought
