"""What a campaign's own past tells: who answers at which hour, rings, talks, writing, people at work.

A fold over the facts of one campaign and its operators. It only counts; what is done with too few
calls, and what world is made of them, is `whatif`'s business.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from vyzov.core.agent import AgentState
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome

SAMPLES_MAX = 2_000
"""Of each kind of length so many of the latest are kept."""

SLOT = timedelta(minutes=15)
"""Operators are counted in slots of time in which the campaign dialled."""

NOT_ASKED = frozenset({Outcome.UNKNOWN, Outcome.CANCELLED_BY_US})
"""Outcomes that say nothing of who would have answered."""

BY_PEOPLE = frozenset({Outcome.ANSWERED_HUMAN, Outcome.ABANDONED})

AT_WORK = frozenset({
    AgentState.READY.value, AgentState.RESERVED.value, AgentState.TALKING.value,
    AgentState.HOLD.value, AgentState.WRAP_UP.value, AgentState.NO_DEVICE.value,
    AgentState.PREVIEWING.value, AgentState.DIALING.value,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class History:
    """Counts of the past; lengths in seconds. Hours are 0..23 of the callees' clock.

    `operators` is how many were at work on average while the campaign dialled, None where the facts
    do not tell."""

    calls: int = 0
    first: datetime | None = None
    last: datetime | None = None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict[Outcome, int])
    calls_by_hour: Mapping[int, int] = field(default_factory=dict[int, int])
    people_by_hour: Mapping[int, int] = field(default_factory=dict[int, int])
    rings_s: tuple[float, ...] = ()
    talks_s: tuple[float, ...] = ()
    writing_s: tuple[float, ...] = ()
    operators: float | None = None

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours in which calls were made, in order."""
        return tuple(sorted(hour for hour, calls in self.calls_by_hour.items() if calls))


def learn(
    facts: Iterable[Fact], *, operators: Sequence[str], clock: tzinfo, until: datetime
) -> History:
    """Folds facts in committed order: those of one campaign, and the states of its `operators`.

    `clock` is where the campaign's people live, by whose hours answers are counted."""
    outcomes: Counter[Outcome] = Counter()
    calls_by_hour: Counter[int] = Counter()
    people_by_hour: Counter[int] = Counter()
    begun: dict[str, datetime] = {}
    rings: list[float] = []
    talks: list[float] = []
    joined: set[str] = set()
    shifts = _Shifts(frozenset(operators))
    for fact in facts:
        shifts.take(fact)
        if fact.attempt is None:
            continue
        match fact.kind:
            case FactKind.ATTEMPT_RESERVED:
                begun[fact.attempt] = fact.at
            case FactKind.ANSWERED if fact.data.get("ring_s") is not None:
                rings.append(_number(fact.data["ring_s"]))
            case FactKind.BRIDGED:
                joined.add(fact.attempt)
            case FactKind.ENDED if fact.attempt in joined:
                talks.append(_number(fact.data["talk_s"]))
            case FactKind.FINAL if fact.attempt in begun:
                outcome = Outcome(str(fact.data["outcome"]))
                outcomes[outcome] += 1
                if outcome not in NOT_ASKED:
                    hour = begun[fact.attempt].astimezone(clock).hour
                    calls_by_hour[hour] += 1
                    people_by_hour[hour] += int(outcome in BY_PEOPLE)
            case _:
                pass
    moments = sorted(begun.values())
    return History(
        calls=sum(calls_by_hour.values()),
        first=moments[0] if moments else None,
        last=moments[-1] if moments else None,
        outcomes=dict(outcomes),
        calls_by_hour=dict(calls_by_hour),
        people_by_hour=dict(people_by_hour),
        rings_s=tuple(rings[-SAMPLES_MAX:]),
        talks_s=tuple(talks[-SAMPLES_MAX:]),
        writing_s=tuple(shifts.writing_s[-SAMPLES_MAX:]),
        operators=shifts.mean_at_work(moments, until),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


class _Shifts:
    """When each operator was at work, and how long they wrote."""

    def __init__(self, operators: frozenset[str]) -> None:
        self._operators = operators
        self._since: dict[str, datetime] = {}
        self._spans: list[tuple[datetime, datetime]] = []
        self.writing_s: list[float] = []

    def take(self, fact: Fact) -> None:
        """Takes a change of an operator's state."""
        agent = fact.agent
        if fact.kind is not FactKind.AGENT_STATE or agent is None or agent not in self._operators:
            return
        state, before = str(fact.data["state"]), str(fact.data["before"])
        lasted_s = _number(fact.data.get("lasted_s"))
        if before == AgentState.WRAP_UP.value and before != state:
            self.writing_s.append(lasted_s)
        if state in AT_WORK:
            self._since.setdefault(agent, fact.at)
        elif agent in self._since:
            self._spans.append((self._since.pop(agent), fact.at))

    def mean_at_work(self, moments: Sequence[datetime], until: datetime) -> float | None:
        """Returns how many were at work on average over the slots in which calls were placed."""
        spans = [*self._spans, *((since, until) for since in self._since.values())]
        if not moments or not spans:
            return None
        width = SLOT.total_seconds()
        # What came before the first call and after the last one is nobody's dialling.
        begin, end = moments[0].timestamp(), moments[-1].timestamp()
        slots = {int(moment.timestamp() // width) for moment in moments}
        dialled = sum(_overlap(slot * width, (slot + 1) * width, begin, end) for slot in slots)
        at_work = 0.0
        for since, to in spans:
            first, last = max(since.timestamp(), begin), min(to.timestamp(), end)
            for slot in range(int(first // width), int(last // width) + 1):
                if slot in slots:
                    at_work += _overlap(slot * width, (slot + 1) * width, first, last)
        return at_work / dialled if dialled else None


def _overlap(first: float, last: float, since: float, to: float) -> float:
    return max(0.0, min(last, to) - max(first, since))
