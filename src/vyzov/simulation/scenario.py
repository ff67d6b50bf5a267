"""What is to be simulated, as plain data: people, operators, trunks, campaigns, faults, a span, a seed.

A `Scenario` says everything that a run depends on; `stage` builds the centre, `run_scenario` lets it
live and returns an `Outcome`. Reading scenarios from files is left to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vyzov.core.facts import Fact
from vyzov.simulation.agents import Habits
from vyzov.simulation.faults import NO_FAULTS, FaultKind, Faults
from vyzov.simulation.management import NO_MANAGEMENT, Management
from vyzov.simulation.people import DEFAULT_MIX, Mix
from vyzov.simulation.spread import Shape, Spread

__all__ = [
    "Crew", "Figures", "Outcome", "People", "Scenario", "ScenarioCampaign", "ScenarioTrunk", "Shape",
    "Shift", "Spread",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    """Who lives behind the numbers of a list. None means: as `people` draws it.

    `kinds` are relative shares. `home_by_hour` is the share 0..1 of those who would answer that are
    there to answer, by local hour 0..23 (1 where not named): to the others it rings until we give
    up. `post_dial` is from the INVITE to the first ring, `ring` from there to the answer, `talk`
    from the first word of an operator to the end where the callee ends it, which they do in the
    share `leaves_first`. `machine_as_human` and `human_as_machine` are the shares of detection
    errors. Somebody stays who they are from call to call, unless `anew_each_call`."""

    kinds: Mix = field(default_factory=lambda: DEFAULT_MIX)
    home_by_hour: Mapping[int, float] = field(default_factory=dict[int, float])
    post_dial: Spread | None = None
    ring: Spread | None = None
    talk: Spread | None = None
    leaves_first: float | None = None
    machine_as_human: float = 0.0
    human_as_machine: float = 0.0
    anew_each_call: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """When a crew works, in seconds from the beginning of the run; `breaks` are (from, to) in it."""

    begins_s: float
    ends_s: float
    breaks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Crew:
    """Operators who work alike. Without shifts they work from the beginning to the end.

    `talk` is after how long an operator ends a talk that the callee did not end, `wrap_up` how long
    they write; they take the place of the ranges in `habits`."""

    name: str
    count: int
    shifts: tuple[Shift, ...] = ()
    habits: Habits = field(default_factory=Habits)
    talk: Spread | None = None
    wrap_up: Spread | None = None


@dataclass(frozen=True, slots=True)
class ScenarioTrunk:
    """A way to a carrier: our own limits, and `carries_max`, the calls at once it really takes.

    It refuses calls beyond that with 503 (0: never)."""

    name: str
    lines_max: int = 200
    calls_per_second: float = 20.0
    carries_max: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioCampaign:
    """A campaign with a list of its own. `settings` is JSON as the API takes it.

    `crews` and `trunks` are names (none: all). `zones` are relative shares of the numbers' time
    zones (IANA names); where `zone_beside` is named, every second number may be there just as
    well. `phones_each` numbers belong to every contact; the first `shares` of them
    have the numbers of the scenario's first list instead. `stop_listed` is the share of
    numbers on the stop-list from the beginning."""

    name: str
    contacts: int
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    people: People = field(default_factory=People)
    crews: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    begins_s: float = 0.0
    phones_each: int = 1
    zones: Mapping[str, float] = field(default_factory=lambda: {"Europe/Moscow": 1.0})
    zone_beside: str = ""
    shares: int = 0
    stop_listed: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. `begin` is aware UTC; a run ends after `span_s`, or when all campaigns are complete
    where `ends_when_done`."""

    name: str
    span_s: float
    crews: tuple[Crew, ...]
    trunks: tuple[ScenarioTrunk, ...]
    campaigns: tuple[ScenarioCampaign, ...]
    begin: datetime = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    faults: Faults = NO_FAULTS
    management: Management = NO_MANAGEMENT
    seed: int = 1
    ends_when_done: bool = True
    hurry: float = 1.0
    """By how much all rings and talks are shorter; crews and settings are hurried by whoever says it."""
    settles: bool = True
    """After the span dialling stops, calls are let end and the rules of a day's end are checked."""
    watched: bool = True
    """Whether the rules are looked at all the while; where not, nothing is judged at all, and the
    database is not held against what was acknowledged."""
    shows_screens: bool = True
    """Whether the screens of those who watch the floor are drawn; operators' desks always are."""
    in_memory: bool = False
    """Whether the floor works on rows in memory, which are written when the database is looked into:
    quicker, and without what a database does to each write."""
    points: tuple[str, ...] = ()
    """Named points (`points`) at which the floor's process is to die, where it is killed at all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a run, or of one campaign of it, folded from its facts.

    Counts, and sums in seconds; shares are theirs to form: `abandoned` of `answered_by_people`,
    `busy_s` (talking, hold, wrap-up) of `staffed_s` (those, ready, reserved and without a device).
    `waits_s` are the seconds from answer to operator of every call that got one, in order."""

    contacts: int = 0
    contacts_tried: int = 0
    contacts_closed: int = 0
    attempts: int = 0
    answered: int = 0
    answered_by_people: int = 0
    abandoned: int = 0
    talks: int = 0
    talk_s: float = 0.0
    busy_s: float = 0.0
    staffed_s: float = 0.0
    waits_s: tuple[float, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    results: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a run showed. The same scenario and seed give the same `digest` everywhere.

    `faults` counts what broke by kind, `checks` how often each invariant was looked at, by its
    letter and number, `crash_points` how often a process died at each. `breaches` is empty where
    every rule held; `trace` holds the last inputs and effects before the first breach."""

    scenario: str
    seed: int
    digest: str
    lasted_s: float
    figures: Figures
    campaigns: Mapping[str, Figures]
    faults: Mapping[FaultKind, int]
    checks: Mapping[str, int]
    crash_points: Mapping[str, int]
    breaches: tuple[str, ...]
    trace: tuple[str, ...]
    facts: tuple[Fact, ...] = field(repr=False)
