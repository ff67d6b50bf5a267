"""Chooses the facts a report is folded from, and says where a cell's evidence is to be read.

A report of calls covers the attempts *begun* within its days, whole: an attempt begun before
midnight and ended after it belongs to the first day only. So every cell has an address that lists
exactly what it counts. The folds themselves are in `vyzov.core.report`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from vyzov.core.errors import Fault
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.core.report import results
from vyzov.dialer.access import Door
from vyzov.dialer.office_records import FactQuery
from vyzov.web.access_table import API
from vyzov.web.problems import Problem

LONGEST_CALL = timedelta(hours=24)
"""How long after its beginning an attempt can still get a result."""

_BEFORE = timedelta(days=2)
"""How far back an agent's state at the first moment of a report is looked for."""

_OF_CALLS = (
    FactKind.ATTEMPT_RESERVED,
    FactKind.ATTEMPT_REFUSED,
    FactKind.ANSWERED,
    FactKind.BRIDGED,
    FactKind.UNBRIDGED,
    FactKind.ENDED,
    FactKind.ABANDONED,
    FactKind.FINAL,
    FactKind.RESOLVED,
    FactKind.DISPOSED,
    FactKind.DISPOSITION_UNDONE,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report covers: half-open in time, one campaign or all within reach."""

    since: datetime
    until: datetime
    campaign: str | None = None

    def address(self, path: str, *more: tuple[str, str]) -> str:
        """Gives the address of evidence within this scope."""
        asked = [("from", to_text(self.since)), ("to", to_text(self.until))]
        if self.campaign is not None:
            asked.append(("campaign", self.campaign))
        return f"{API}/{path}?{urlencode([*asked, *more])}"


def scope_of(
    door: Door, since: datetime | None, until: datetime | None, campaign: str | None, now: datetime
) -> Scope:
    """Makes the scope asked for, today (UTC) by default; NotFound for a campaign out of reach."""
    if campaign is not None:
        door.campaign(campaign)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    scope = Scope(since or midnight, until or now, campaign)
    if scope.since > scope.until:
        raise Problem(
            "invalid_request", "The report ends before it begins.",
            fields=(Fault("to", "must be later than from", "order"),),
        )  # fmt: skip
    return scope


def _bounded(facts: Iterable[Fact], most: int) -> Iterator[Fact]:
    for place, fact in enumerate(facts):
        if place >= most:
            raise Problem(
                "too_large",
                f"The report is made of more than {most} facts.",
                next_step="Choose fewer days or one campaign.",
                args={"most": most},
            )
        yield fact


def call_facts(door: Door, scope: Scope, most: int) -> list[Fact]:
    """Reads the facts of the attempts begun within the scope."""
    query = FactQuery(
        campaign_id=scope.campaign,
        kinds=tuple(kind.value for kind in _OF_CALLS),
        since=scope.since,
        until=scope.until + LONGEST_CALL,
    )
    begun: set[str] = set()
    chosen: list[Fact] = []
    for fact in _bounded(door.report_facts(query), most):
        if fact.attempt is None:
            continue
        if fact.kind is FactKind.ATTEMPT_RESERVED and scope.since <= fact.at < scope.until:
            begun.add(fact.attempt)
        if fact.attempt in begun:
            chosen.append(fact)
    return chosen


def agent_facts(door: Door, scope: Scope, most: int) -> list[Fact]:
    """Reads changes of agents' states, each agent's state at the first moment put in front."""
    query = FactQuery(
        kinds=(FactKind.AGENT_STATE.value,), since=scope.since - _BEFORE, until=scope.until
    )
    at_first: dict[str, Fact] = {}
    within: list[Fact] = []
    for fact in _bounded(door.report_facts(query), most):
        if fact.at >= scope.since:
            within.append(fact)
        elif fact.agent is not None:
            # Another clock's id makes the fold take this duration from UTC, as it must.
            at_first[fact.agent] = replace(
                fact, at=scope.since, clock_id="report", dedupe=f"report:{fact.agent}"
            )
    return [*at_first.values(), *within]


def talk_seconds(facts: Iterable[Fact]) -> Mapping[str, float]:
    """Maps attempts to the seconds from their first bridge to their end."""
    bridged: dict[str, datetime] = {}
    talked: dict[str, float] = {}
    for fact in facts:
        if fact.attempt is None:
            continue
        if fact.kind is FactKind.BRIDGED:
            bridged.setdefault(fact.attempt, fact.at)
        elif fact.kind in (FactKind.ENDED, FactKind.UNBRIDGED) and fact.attempt in bridged:
            lasted = (fact.at - bridged[fact.attempt]).total_seconds()
            talked[fact.attempt] = max(0.0, lasted)
    return talked


def talks_by_agent(facts: Iterable[Fact]) -> Mapping[str, int]:
    """Counts the attempts each agent was joined with, the last agent of each counting."""
    last = {f.attempt: f.agent for f in facts if f.kind is FactKind.BRIDGED and f.attempt}
    talks: dict[str, int] = {}
    for agent in last.values():
        if agent is not None:
            talks[agent] = talks.get(agent, 0) + 1
    return talks


def results_by_agent(facts: Iterable[Fact]) -> Mapping[str, int]:
    """Counts the results each agent gave that still stand."""
    given: dict[str, int] = {}
    for (agent, _), cell in results(facts).by_agent.items():
        given[agent] = given.get(agent, 0) + cell.count
    return given
