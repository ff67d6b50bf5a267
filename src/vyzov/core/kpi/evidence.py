"""Opens a figure to the facts it was counted from: each attempt by the fact that made it count.

A sum of time opens to the changes of state it is made of, a sum of money to what was priced. Shifts
and prices are no facts; a figure made of them alone opens to nothing.
"""

from collections.abc import Iterable
from typing import Literal

from vyzov.core.facts import Fact, FactKind
from vyzov.core.kpi import agents as a
from vyzov.core.kpi import measures as m
from vyzov.core.kpi.cells import Placed, Reach, in_order, ms_of
from vyzov.core.kpi.pricing import COST, OWN_LOST, REVENUE
from vyzov.core.kpi.registry import Formula, Percentile

Part = Literal["numerator", "denominator"]

_BEHIND = {
    COST: (m.ATTEMPTS, m.LOADED, a.STATE),
    REVENUE: (m.RESULTS,),
    OWN_LOST: (m.ABANDONED, m.LATE, m.GAVE_UP),
    m.CONNECT_BIN: (m.CONNECT_COUNT,),
    m.WAIT_BIN: (m.WAIT_COUNT,),
    a.IDLE_BIN: (a.IDLE_COUNT,),
}
_BY_JOIN = (m.LATE, m.PASSED, m.HANDLED, m.CONNECT_COUNT, m.CONNECT_MS, m.WAIT_COUNT, m.WAIT_MS)
_BY_RESULT = (m.RESULTS, m.SUCCESS, m.RIGHT_PARTY, m.JUDGED_HUMAN, m.MACHINE_WRONG)
_BY_RESERVATION = (m.ATTEMPTS, m.FIRST_DIALLED)


def measures_behind(formula: Formula, part: Part) -> tuple[str, ...]:
    """Returns the measures one part of a formula adds up; a name that ends in `:` is all it leads."""
    form = formula.numerator if part == "numerator" else formula.denominator
    names = (form.prefix,) if isinstance(form, Percentile) else tuple(name for name, _ in form)
    return tuple(name for one in names for name in _BEHIND.get(one, (one,)))


def evidence(
    formula: Formula,
    part: Part,
    facts: Iterable[Placed],
    span: tuple[int, int],
    reach: Reach,
) -> list[Fact]:
    """Returns the facts behind a part of a figure, the latest first.

    `facts` are those of the span and of the calls begun in it; a figure to date needs all."""
    wanted = measures_behind(formula, part)
    found: dict[str, Fact] = {}
    units: dict[tuple[str, str], list[Placed]] = {}
    agents: dict[str, list[Placed]] = {}
    for placed in facts:
        fact = placed.fact
        if a.is_of_agent(fact):
            agents.setdefault(fact.agent or "", []).append(placed)
        elif fact.kind is FactKind.CONTACTS_LOADED:
            if m.LOADED in wanted:
                _keep(found, fact, fact, "", span, reach)
        elif fact.contact is not None:
            units.setdefault((fact.campaign or "", fact.contact), []).append(placed)
    for line in units.values():
        _of_contact(found, in_order(line), wanted, span, reach)
    for line in agents.values():
        _of_states(found, line, wanted, span, reach)
    return sorted(found.values(), key=lambda fact: fact.at, reverse=True)


def _of_contact(
    found: dict[str, Fact],
    line: list[Placed],
    wanted: tuple[str, ...],
    span: tuple[int, int],
    reach: Reach,
) -> None:
    counted = m.counted_attempts(line)
    for attempt, sums in counted:
        for measure in wanted:
            if measure in sums and (fact := _telling(attempt, measure)):
                _keep(found, fact, attempt.reserved, attempt.agent, span, reach)
    closed = m.closed_by(line)
    if m.CLOSED in wanted and closed is not None:
        _keep(found, closed, closed, "", span, reach)
    for promise in m.promises_of(line, [attempt for attempt, _ in counted]):
        told = promise.told
        due = span[0] <= promise.due_ms < span[1] and reach.holds((told.campaign or "", "", 0, ""))
        if due and (m.CALLBACK_DUE in wanted or (promise.kept and m.CALLBACK_KEPT in wanted)):
            found[told.dedupe] = told


def _telling(attempt: m.Attempt, measure: str) -> Fact | None:
    """The fact that made an attempt count for a measure."""
    if measure in _BY_RESERVATION:
        return attempt.reserved
    if measure in _BY_JOIN:
        return attempt.bridged
    if measure in _BY_RESULT:
        return attempt.result
    if measure == m.ANSWERED:
        return attempt.answered
    return attempt.last or attempt.bridged or attempt.reserved


def _of_states(
    found: dict[str, Fact],
    line: list[Placed],
    wanted: tuple[str, ...],
    span: tuple[int, int],
    reach: Reach,
) -> None:
    waits = a.IDLE_MS in wanted or a.IDLE_COUNT in wanted
    believed = a.timeline(line)
    for place, fact in enumerate(believed):
        following = believed[place + 1] if place + 1 < len(believed) else None
        state = a.STATE + str(fact.data["state"])
        counts = state in wanted or (a.STATE in wanted and state != f"{a.STATE}offline")
        if waits and state == f"{a.STATE}ready":
            counts = following is not None and str(following.data["state"]) in a.TAKES_CALL
        ends_ms = ms_of(following.at) if following else span[1]
        lasts_within = ms_of(fact.at) < span[1] and ends_ms > span[0]
        mine = reach.campaign in (None, fact.data.get("campaign"))
        if counts and lasts_within and mine and reach.agent in (None, fact.agent):
            found[fact.dedupe] = fact


def _keep(
    found: dict[str, Fact],
    fact: Fact,
    counted: Fact,
    agent: str,
    span: tuple[int, int],
    reach: Reach,
) -> None:
    """Takes a fact that counts in the half hour of `counted`."""
    within = span[0] <= ms_of(counted.at) < span[1]
    if within and reach.holds((counted.campaign or "", agent, 0, "")):
        found[fact.dedupe] = fact
