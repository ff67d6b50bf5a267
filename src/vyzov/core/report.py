"""Reports as folds over facts: every figure keeps the attempts it was counted from.

A fact told twice (same `dedupe`) counts once. Choosing the facts (campaign, days) is the caller's
part, and so are words, columns and CSV. A duration is taken on the monotonic clock where both ends
were seen by one process, else on UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vyzov.core.agent import AgentState
from vyzov.core.campaign import AbandonRule
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome


def _once(facts: Iterable[Fact]) -> list[Fact]:
    return list({fact.dedupe: fact for fact in facts}.values())


# ---- outcomes and results ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: how many, and which attempts."""

    attempts: tuple[str, ...]

    @property
    def count(self) -> int:
        """The figure itself."""
        return len(self.attempts)


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """Final attempts by outcome; an outcome nobody had is not there."""

    cells: Mapping[Outcome, Cell]

    @property
    def total(self) -> int:
        """All final attempts."""
        return sum(cell.count for cell in self.cells.values())


def outcomes(facts: Iterable[Fact]) -> OutcomeReport:
    """Counts the facts `final` by their outcome, or by the one an engine told later."""
    last: dict[str, Outcome] = {}
    for fact in _once(facts):
        if fact.attempt and (
            fact.kind is FactKind.RESOLVED
            or (fact.kind is FactKind.FINAL and fact.attempt not in last)
        ):
            last[fact.attempt] = Outcome(str(fact.data["outcome"]))
    found: dict[Outcome, list[str]] = {}
    for attempt, outcome in last.items():
        found.setdefault(outcome, []).append(attempt)
    return OutcomeReport({outcome: Cell(tuple(found[outcome])) for outcome in sorted(found)})


@dataclass(frozen=True, slots=True)
class ResultReport:
    """Results by code, and by the agent who gave them ("" for a flow)."""

    cells: Mapping[str, Cell]
    by_agent: Mapping[tuple[str, str], Cell]

    @property
    def total(self) -> int:
        """All results that stand."""
        return sum(cell.count for cell in self.cells.values())


def results(facts: Iterable[Fact]) -> ResultReport:
    """Counts the last result of each attempt; one that was taken back does not count.

    Facts are folded in the order given, which is the order in which they were committed.
    """
    standing: dict[str, tuple[str, str]] = {}
    for fact in _once(facts):
        if fact.attempt is None:
            continue
        if fact.kind is FactKind.DISPOSED:
            standing[fact.attempt] = (str(fact.data["result"]), fact.agent or "")
        elif fact.kind is FactKind.DISPOSITION_UNDONE:
            standing.pop(fact.attempt, None)
    codes: dict[str, list[str]] = {}
    agents: dict[tuple[str, str], list[str]] = {}
    for attempt, (code, agent) in standing.items():
        codes.setdefault(code, []).append(attempt)
        agents.setdefault((agent, code), []).append(attempt)
    return ResultReport(
        {code: Cell(tuple(codes[code])) for code in sorted(codes)},
        {key: Cell(tuple(agents[key])) for key in sorted(agents)},
    )


# ---- agents' time --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentTime:
    """How long one agent was in each state; `signed_in` is the sum of all but offline."""

    agent: str
    states: Mapping[AgentState, timedelta]

    @property
    def signed_in(self) -> timedelta:
        """All the time from signing in to signing out."""
        return sum(self.states.values(), timedelta())

    @property
    def occupancy(self) -> float | None:
        """Share of the time in work among work and waiting, 0..1; None without either."""
        work = sum((self.states.get(state, timedelta()) for state in _WORK), timedelta())
        both = work + self.states.get(AgentState.READY, timedelta())
        return work / both if both else None


_WORK = (
    AgentState.PREVIEWING,
    AgentState.DIALING,
    AgentState.RESERVED,
    AgentState.TALKING,
    AgentState.HOLD,
    AgentState.WRAP_UP,
)


def agent_times(facts: Iterable[Fact], until: datetime) -> tuple[AgentTime, ...]:
    """Returns each agent's time in states, from the facts `agent_state` in committed order.

    A state that still lasts is counted up to `until`. What an agent was before the first fact is
    not known and not counted.
    """
    last: dict[str, Fact] = {}
    spent: dict[str, dict[AgentState, timedelta]] = {}
    for fact in _once(facts):
        if fact.kind is not FactKind.AGENT_STATE or fact.agent is None:
            continue
        states = spent.setdefault(fact.agent, {})
        if before := last.get(fact.agent):
            _add(states, before, _between(before, fact))
        last[fact.agent] = fact
    for agent, fact in last.items():
        _add(spent[agent], fact, max(timedelta(), until - fact.at))
    return tuple(AgentTime(agent, spent[agent]) for agent in sorted(spent))


def _add(states: dict[AgentState, timedelta], fact: Fact, lasted: timedelta) -> None:
    state = AgentState(str(fact.data["state"]))
    if state is not AgentState.OFFLINE:
        states[state] = states.get(state, timedelta()) + lasted


def _between(first: Fact, second: Fact) -> timedelta:
    if first.clock_id == second.clock_id:
        return timedelta(microseconds=(second.monotonic_ns - first.monotonic_ns) / 1000)
    return max(timedelta(), second.at - first.at)


# ---- abandonment ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AbandonReport:
    """The abandoned share by a named rule, with all it was made of.

    `late` are those who were joined, but after the limit: the rule counts them as abandoned too.
    """

    rule: AbandonRule
    window_from: datetime
    window_to: datetime
    abandoned: Cell
    late: Cell
    live: Cell

    @property
    def numerator(self) -> int:
        """Live answers without an agent within the limit."""
        return self.abandoned.count + self.late.count

    @property
    def denominator(self) -> int:
        """All live answers, the abandoned among them."""
        return self.live.count

    @property
    def share(self) -> float | None:
        """Numerator by denominator, 0..1; None where nobody answered."""
        return self.numerator / self.denominator if self.denominator else None


_LIVE = frozenset({Outcome.ANSWERED_HUMAN.value, Outcome.ABANDONED.value})


def abandonment(
    facts: Iterable[Fact], now: datetime, window: timedelta, rule: AbandonRule
) -> AbandonReport:
    """Computes US-AB-1 over the facts of one campaign: abandoned / live answered incl. abandoned.

    Source: 16 CFR 310.4(b)(4) and 47 CFR 64.1200(a)(7). A call counts from the moment it is known
    to be live, even while it lasts.
    """
    assert rule is AbandonRule.US_AB_1, "each rule has its own formula"
    first = now - window
    abandoned: dict[str, None] = {}
    late: dict[str, None] = {}
    live: dict[str, None] = {}
    others: set[str] = set()
    told_later: dict[str, bool] = {}
    for fact in _once(facts):
        if fact.attempt is None or not first <= fact.at <= now:
            continue
        match fact.kind:
            case FactKind.ABANDONED:
                abandoned[fact.attempt] = live[fact.attempt] = None
            case FactKind.BRIDGED if fact.data.get("within_limit") is False:
                late[fact.attempt] = live[fact.attempt] = None
            case FactKind.BRIDGED:
                live[fact.attempt] = None
            case FactKind.FINAL | FactKind.RESOLVED if fact.data["outcome"] in _LIVE:
                live[fact.attempt] = None
            case FactKind.FINAL | FactKind.RESOLVED:
                others.add(fact.attempt)
            case _:
                pass
        if fact.kind is FactKind.RESOLVED:
            told_later[fact.attempt] = fact.data["outcome"] in _LIVE
    for attempt, is_live in told_later.items():
        (others.discard if is_live else others.add)(attempt)
    # An agent may have been joined with what turned out to be a machine: not a live answer.
    others -= abandoned.keys()
    return AbandonReport(
        rule,
        first,
        now,
        Cell(tuple(abandoned)),
        Cell(tuple(one for one in late if one not in abandoned and one not in others)),
        Cell(tuple(one for one in live if one not in others)),
    )
