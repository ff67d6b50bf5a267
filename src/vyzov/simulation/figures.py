"""Folds the facts of a run into its figures, one fold for the whole and one for each campaign."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from vyzov.core import report
from vyzov.core.agent import AgentState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome
from vyzov.simulation.scenario import Figures

BUSY = (
    AgentState.PREVIEWING, AgentState.DIALING, AgentState.TALKING, AgentState.HOLD,
    AgentState.WRAP_UP,
)  # fmt: skip
STAFFED = (*BUSY, AgentState.READY, AgentState.RESERVED, AgentState.NO_DEVICE)
ENDS = frozenset({FactKind.FINAL, FactKind.RESOLVED})
SAID = frozenset({FactKind.DISPOSED, FactKind.DISPOSITION_UNDONE})
"""The facts that outcomes, and results, are counted from: what is not one of them is not gone through."""

PEOPLE = frozenset({Outcome.ANSWERED_HUMAN.value, Outcome.ABANDONED.value})


def folded(facts: Sequence[Fact], contacts: int, closed: int, until: datetime) -> Figures:
    """Returns the figures of facts in committed order.

    `contacts` is how many the lists hold, `closed` how many are done with. Operators' time is
    theirs alone: it is counted where the facts of operators are given."""
    by_kind: dict[FactKind, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact)
    bridged = by_kind.get(FactKind.BRIDGED, [])
    abandoned = {fact.attempt for fact in by_kind.get(FactKind.ABANDONED, [])}
    late = {fact.attempt for fact in bridged if fact.data.get("within_limit") is False}
    ends = [fact for fact in facts if fact.kind in ENDS]
    outcomes = {name.value: cell.count for name, cell in report.outcomes(ends).cells.items()}
    said = [fact for fact in facts if fact.kind in SAID]
    spent = [
        time.states for time in report.agent_times(by_kind.get(FactKind.AGENT_STATE, []), until)
    ]
    return Figures(
        contacts=contacts,
        contacts_tried=len({fact.contact for fact in by_kind.get(FactKind.DIALING, [])}),
        contacts_closed=closed,
        attempts=len(by_kind.get(FactKind.ATTEMPT_RESERVED, [])),
        answered=len(by_kind.get(FactKind.ANSWERED, [])),
        answered_by_people=sum(outcomes.get(name, 0) for name in PEOPLE),
        abandoned=len(abandoned | late),
        talks=len({fact.attempt for fact in bridged}),
        talk_s=round(_talked(by_kind.get(FactKind.ENDED, [])), 3),
        busy_s=round(_seconds(spent, BUSY), 3),
        staffed_s=round(_seconds(spent, STAFFED), 3),
        waits_s=tuple(round(_number(fact, "wait_s"), 3) for fact in bridged),
        outcomes=dict(sorted(outcomes.items())),
        results={code: cell.count for code, cell in report.results(said).cells.items()},
    )  # fmt: skip


def _talked(ended: Iterable[Fact]) -> float:
    return sum(_number(fact, "talk_s") for fact in ended)


def _number(fact: Fact, name: str) -> float:
    value = fact.data.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _seconds(
    spent: Iterable[Mapping[AgentState, timedelta]], states: tuple[AgentState, ...]
) -> float:
    return sum(
        times[state].total_seconds() for times in spent for state in states if state in times
    )
