"""Folds changes of agents' states into time, to the millisecond and without gap or overlap.

A state lasts until the next one. A newer epoch of a floor knows better: what an older one says of
the time after the newer one's first word is left out, so that a floor that slept through its lease
counts no time twice. A state that still lasts is counted where the caller says until when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import merge
from itertools import pairwise

from vyzov.core.agent import AgentState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.kpi.cells import HALF_HOUR_MS, Cells, Placed, half_hour_of, in_order, ms_of, span_ms

STATE = "state:"
IDLE_MS = "idle_ms"
IDLE_COUNT = "idle_count"
IDLE_BIN = "idle_bin:"
IDLE_BIN_MS = 1_000
IDLE_BINS_MAX = 3_600

TAKES_CALL = (
    AgentState.PREVIEWING.value,
    AgentState.DIALING.value,
    AgentState.RESERVED.value,
    AgentState.TALKING.value,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A state from its first millisecond (UTC), how long it lasted, and what came next."""

    agent: str
    state: str
    campaign: str
    start_ms: int
    length_ms: int
    next_state: str = ""
    next_campaign: str = ""


def timeline(facts: Iterable[Placed]) -> list[Fact]:
    """Returns one agent's facts `agent_state` in the order in which they are believed."""
    floors: dict[str, list[tuple[int, Fact]]] = {}
    for placed in in_order(facts):
        line = floors.setdefault(placed.floor, [])
        if line and line[-1][0] < placed.epoch:
            # The older epoch's word ends where the newer one begins to speak.
            while line and line[-1][0] < placed.epoch and line[-1][1].at > placed.fact.at:
                line.pop()
        line.append((placed.epoch, placed.fact))
    # An agent who changed floors was on one at a time: heads of the lines are taken by UTC.
    lines = ([fact for _, fact in line] for line in floors.values())
    return list(merge(*lines, key=lambda fact: fact.at))


def spans(facts: Iterable[Placed], until_ms: int | None = None) -> list[Span]:
    """Returns one agent's states but offline; the last one only with `until_ms`, if it is later."""
    line = timeline(facts)
    found: list[Span] = []
    for first, second in pairwise(line):
        found.append(_span(first, span_ms(first, second), second))
    if line and until_ms is not None:
        found.append(_span(line[-1], max(0, until_ms - ms_of(line[-1].at)), None))
    return [one for one in found if one.state != AgentState.OFFLINE.value]


def _span(fact: Fact, length_ms: int, following: Fact | None) -> Span:
    return Span(
        agent=fact.agent or "",
        state=str(fact.data["state"]),
        campaign=str(fact.data.get("campaign") or ""),
        start_ms=ms_of(fact.at),
        length_ms=length_ms,
        next_state=str(following.data["state"]) if following else "",
        next_campaign=str(following.data.get("campaign") or "") if following else "",
    )


def count_spans(cells: Cells, found: Iterable[Span]) -> None:
    """Adds spans to the half hours they lie in, and waits that a call ended to where they began."""
    for span in found:
        at, left = span.start_ms, span.length_ms
        while left:
            piece = min(left, half_hour_of(at) + HALF_HOUR_MS - at)
            cells.add(span.campaign, span.agent, at, STATE + span.state, piece)
            at, left = at + piece, left - piece
        if span.state == AgentState.READY.value and span.next_state in TAKES_CALL:
            where = (span.next_campaign, span.agent, span.start_ms)
            cells.add(*where, IDLE_MS, span.length_ms)
            cells.add(*where, IDLE_COUNT)
            place = min(span.length_ms // IDLE_BIN_MS, IDLE_BINS_MAX)
            cells.add(*where, f"{IDLE_BIN}{place}")


def agent_cells(facts: Iterable[Placed], until_ms: int | None = None) -> Cells:
    """Folds one agent's facts `agent_state`."""
    cells = Cells()
    count_spans(cells, spans(facts, until_ms))
    return cells


def is_of_agent(fact: Fact) -> bool:
    """True for the facts that `agent_cells` is made for."""
    return fact.kind is FactKind.AGENT_STATE and fact.agent is not None
