"""What would a campaign do with other operators or other settings: an estimate from its own history.

Two worlds are made of what the campaign's past tells: one as it is, one with the change. Both live
through the same days, by the same dice, on the dialer that dials in earnest; what differs is the
change. It is an estimate: the past may not come again, and who answered is known of those who were
called. With too little history there is none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.errors import InvalidRequest
from vyzov.core.fields import Json
from vyzov.core.outcome import Outcome
from vyzov.simulation.estimate import FIGURES, Estimate, estimate, summary
from vyzov.simulation.experiment import Experiment, Progress, run_seeds
from vyzov.simulation.history import History
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.scenario import (
    Crew,
    Figures,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Spread,
)

CALLS_LEAST = 200
TALKS_LEAST = 30
"""An estimate stands on at least so many calls, and on so many talks where operators talk."""

DAY_MOST = timedelta(hours=4)
"""The longest stretch of a day that is lived through."""

CONTACTS_MOST = 20_000
OPERATORS_MOST = 300
OPERATOR_STAYS_S = 7_200.0
"""Talks end as they ended in the past, whoever ended them: the made-up operator never does first."""

BY_HAND = (DialMode.MANUAL, DialMode.PREVIEW, DialMode.EXTERNAL)

_KINDS: Mapping[Outcome, CalleeKind] = {
    Outcome.ANSWERED_HUMAN: CalleeKind.ANSWERS_AND_SPEAKS,
    Outcome.ABANDONED: CalleeKind.ANSWERS_AND_SPEAKS,
    Outcome.ANSWERED_MACHINE: CalleeKind.VOICEMAIL,
    Outcome.ANSWERED_SCREENER: CalleeKind.VOICEMAIL,
    Outcome.ANSWERED_SILENCE: CalleeKind.SILENT,
    Outcome.BUSY: CalleeKind.BUSY,
    Outcome.NO_ANSWER: CalleeKind.NEVER_ANSWERS,
    Outcome.REJECTED: CalleeKind.REJECTS,
    Outcome.BLOCKED_SPAM: CalleeKind.REJECTS,
    Outcome.UNREACHABLE: CalleeKind.UNREACHABLE,
    Outcome.INVALID_NUMBER: CalleeKind.UNALLOCATED,
    Outcome.CONGESTION: CalleeKind.CONGESTED,
    Outcome.TRUNK_ERROR: CalleeKind.CONGESTED,
}
"""Who must have been called for an outcome to come of it."""


@dataclass(frozen=True, slots=True)
class Present:
    """A campaign as it stands: its name, settings (JSON), trunks and what is left of its list."""

    name: str
    settings: Mapping[str, Any]
    trunks: tuple[ScenarioTrunk, ...]
    contacts_left: int
    zone: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different: the number of operators (None: as now) and settings by path."""

    operators: int | None = None
    settings: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both worlds' figures, and how far the second lies from the first, run by run."""

    operators: tuple[int, int]
    now: Mapping[str, Estimate]
    then: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    span_s: float
    begin: datetime
    contacts: int
    runs: int
    seconds: float


def refuse_thin(history: History, settings: CampaignSettings) -> None:
    """Raises `InvalidRequest` where the past is too short to stand on."""
    talks = len(history.talks_s)
    with_operators = settings.mode is not DialMode.AGENTLESS
    if history.calls < CALLS_LEAST or (with_operators and talks < TALKS_LEAST):
        raise InvalidRequest(
            f"This campaign's history holds {history.calls} calls and {talks} talks; an estimate "
            f"needs {CALLS_LEAST} calls"
            + (f" and {TALKS_LEAST} talks." if with_operators else "."),
            "Let it run on, take in more days, or describe a centre in a scenario for "
            "`vyzov simulate`.",
        )


def changed(settings: Mapping[str, Any], change: Mapping[str, Json]) -> dict[str, Any]:
    """Returns settings with the change laid over them; paths are dotted (`redial.attempts_max`)."""
    result: dict[str, Any] = {**settings}
    for path, value in change.items():
        *outer, last = path.split(".")
        inside = result
        for name in outer:
            held = inside.get(name)
            inside[name] = {**held} if isinstance(held, Mapping) else {}
            inside = inside[name]
        inside[last] = value
    checked = CampaignSettings.from_json(result)
    if checked.mode in BY_HAND:
        raise InvalidRequest(
            f"In the mode '{checked.mode.value}' people decide when a call is placed.",
            "Choose a mode in which the dialer does: progressive, power, predictive or agentless.",
        )
    return result


def compare(
    history: History, present: Present, change: Change, *, seeds: Sequence[int], limit_s: float,
    progress: Progress | None = None, clock: Callable[[], float] | None = None,
) -> Comparison:  # fmt: skip
    """Runs both worlds for the same seeds; raises `InvalidRequest` where no run could end."""
    settings = CampaignSettings.from_json(present.settings)
    refuse_thin(history, settings)
    after = changed(present.settings, change.settings)
    before_crew = max(1, round(history.operators or len(settings.agents) or 1))
    after_crew = change.operators if change.operators is not None else before_crew
    now = world_of(history, present, present.settings, before_crew)
    then = world_of(history, present, after, after_crew)
    options: dict[str, Any] = {} if clock is None else {"clock": clock}
    first = run_seeds(now, seeds, limit_s=limit_s / 2, progress=progress, **options)
    shared = [one.seed for one in first.outcomes]
    second = run_seeds(then, shared, limit_s=limit_s / 2, progress=progress, **options)
    pairs = min(len(first.outcomes), len(second.outcomes))
    if not pairs:
        raise InvalidRequest(
            f"No run ended within {limit_s:g} s.",
            "Give it more time (--limit), or fewer operators.",
        )
    left, right = (_figures(one, pairs) for one in (first, second))
    return Comparison(
        operators=(before_crew, after_crew), now=summary(left), then=summary(right),
        difference=_differences(left, right), span_s=now.span_s, begin=now.begin,
        contacts=now.campaigns[0].contacts, runs=pairs, seconds=first.seconds + second.seconds,
    )  # fmt: skip


def world_of(
    history: History, present: Present, settings: Mapping[str, Any], operators: int
) -> Scenario:
    """Makes a world in which callees and operators behave as they did."""
    begin, span = _stretch(history, present.zone)
    inner = {
        name: value for name, value in settings.items() if name not in ("agents", "trunks", "name")
    }
    crew = Crew(
        "operators",
        min(operators, OPERATORS_MOST),
        talk=Spread(Shape.FIXED, OPERATOR_STAYS_S),
        wrap_up=_measured(history.writing_s, 5.0),
    )
    crew = replace(
        crew,
        habits=replace(
            crew.habits, result_in_call=0.0, leaves_result=0.0, undoes=0.0, pause_every_s=0.0
        ),
    )
    campaign = ScenarioCampaign(
        name=present.name,
        contacts=max(1, min(present.contacts_left, CONTACTS_MOST)),
        settings={**inner, "window": _open_window(inner)},
        people=_people(history),
        zones={present.zone: 1.0},
    )
    return Scenario(
        name=f"what if: {present.name}", span_s=span.total_seconds(), crews=(crew,),
        trunks=present.trunks or (ScenarioTrunk("carrier"),), campaigns=(campaign,), begin=begin,
        settles=False,
    )  # fmt: skip


def _open_window(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The hours stay; the day that is lived through is always one of the permitted days."""
    window = settings.get("window") or {}
    return {**window, "days": [1, 2, 3, 4, 5, 6, 7]}


def _people(history: History) -> People:
    """Who answers: shares as they were, people by the hours at which they did."""
    rates = {
        hour: history.people_by_hour.get(hour, 0) / calls
        for hour, calls in history.calls_by_hour.items()
        if calls
    }
    best = max(rates.values(), default=0.0)
    shares: dict[CalleeKind, float] = {}
    for outcome, count in history.outcomes.items():
        kind = _KINDS.get(outcome)
        if kind is not None:
            shares[kind] = shares.get(kind, 0.0) + count / max(1, history.calls)
    others = sum(
        share
        for kind, share in shares.items()
        if kind not in (CalleeKind.ANSWERS_AND_SPEAKS, CalleeKind.NEVER_ANSWERS)
    )
    shares[CalleeKind.ANSWERS_AND_SPEAKS] = best
    shares[CalleeKind.NEVER_ANSWERS] = max(0.0, 1.0 - best - others)
    return People(
        kinds=shares,
        home_by_hour={hour: rate / best for hour, rate in rates.items()} if best else {},
        ring=_measured(history.rings_s, 8.0),
        talk=_measured(history.talks_s, 60.0),
        leaves_first=1.0,
        anew_each_call=True,
    )


def _measured(samples: tuple[float, ...], usual_s: float) -> Spread:
    if not samples:
        return Spread(Shape.FIXED, usual_s)
    return Spread(Shape.MEASURED, samples_s=samples)


def _stretch(history: History, zone: str) -> tuple[datetime, timedelta]:
    """The part of a day with the most calls, as long as it may be, on the day after the last call."""
    hours = history.hours
    if not hours or history.last is None:
        raise AssertionError("a history that was not refused has calls")
    length = min(len(hours), DAY_MOST // timedelta(hours=1))
    starts = [hour for hour in hours if hour + length <= 24] or [24 - length]
    best = max(
        starts,
        key=lambda hour: (
            sum(history.calls_by_hour.get(hour + step, 0) for step in range(length)), -hour,
        ),
    )  # fmt: skip
    place = ZoneInfo(zone)
    day: date = history.last.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(day, time(best), tzinfo=place), timedelta(hours=length)


def _figures(ran: Experiment, runs: int) -> list[Figures]:
    return [one.figures for one in ran.outcomes[:runs]]


def _differences(left: Sequence[Figures], right: Sequence[Figures]) -> dict[str, Estimate]:
    """Estimates of the differences, each taken within one pair of runs with the same dice."""
    found: dict[str, Estimate] = {}
    for name, pick in FIGURES.items():
        gaps = [
            after - before
            for one, other in zip(left, right, strict=True)
            if (before := pick(one)) is not None and (after := pick(other)) is not None
        ]
        if gaps:
            found[name] = estimate(gaps)
    return found
