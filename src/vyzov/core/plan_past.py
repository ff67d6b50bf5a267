"""What a campaign's own past tells the planner: who answers, how long people talk and write.

It reads sums of key figures and says nothing where there is too little to divide by; what stands in
for that, and how far back is looked, is the asker's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vyzov.core.agent import AgentState
from vyzov.core.kpi import measures as m
from vyzov.core.kpi.agents import STATE

CALLS_LEAST = 20
"""Of fewer calls a share of answers says nothing."""

TALKS_LEAST = 5


@dataclass(frozen=True, slots=True)
class PlanPast:
    """What a plan may begin with; a share 0..1 and mean seconds, None where too little is known.

    `ring_answered_s` is counted from the first sign of ringing."""

    calls: int
    talks: int
    answered: float | None
    talk_s: float | None
    wrap_up_s: float | None
    ring_answered_s: float | None


def plan_past(sums: Mapping[str, int]) -> PlanPast:
    """Returns what the sums of one campaign tell."""
    calls, talks, live = sums.get(m.ATTEMPTS, 0), sums.get(m.HANDLED, 0), sums.get(m.LIVE, 0)
    talked_ms = sum(_in_state(sums, state) for state in (AgentState.TALKING, AgentState.HOLD))
    known, met = calls >= CALLS_LEAST and live > 0, talks >= TALKS_LEAST and talked_ms > 0
    connects, waits = sums.get(m.CONNECT_COUNT, 0), sums.get(m.WAIT_COUNT, 0)
    rang: float | None = None
    if connects >= TALKS_LEAST and waits:
        # From the first ring until somebody talks, less what they waited after the answer.
        until_talk_ms = sums.get(m.CONNECT_MS, 0) / connects
        rang = max(0.0, until_talk_ms - sums.get(m.WAIT_MS, 0) / waits) / 1000
    return PlanPast(
        calls=calls,
        talks=talks,
        answered=live / calls if known else None,
        talk_s=talked_ms / talks / 1000 if met else None,
        wrap_up_s=_in_state(sums, AgentState.WRAP_UP) / talks / 1000 if met else None,
        ring_answered_s=rang,
    )


def _in_state(sums: Mapping[str, int], state: AgentState) -> int:
    return sums.get(STATE + state.value, 0)
