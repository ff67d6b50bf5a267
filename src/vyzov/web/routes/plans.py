"""The planner: operators, lines, calls a second and hours of a list, by formulas and by simulation.

The formulas answer at once and off the event loop; the simulation is made like an estimate of what
if, by a process of its own, one at a time, and looked at later. What a plan is, `core.plan` says.
"""

import asyncio
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.kpi.cells import HALF_HOUR_MS, Reach, half_hour_of, ms_of
from vyzov.core.plan import (
    OPERATORS_MOST,
    PLANNED_LINES_MOST,
    Goal,
    Model,
    Terms,
    Work,
    plans_for,
)
from vyzov.core.plan_past import plan_past
from vyzov.dialer.access import Door
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, PathId, Shape
from vyzov.web.whatif_runs import Run, RunState, RunVerb

router = room("planner")

PLANNED_MODES = (DialMode.PROGRESSIVE, DialMode.POWER, DialMode.PREDICTIVE)

Seconds = Annotated[float, Field(ge=0, le=7200)]
Share = Annotated[float, Field(gt=0, lt=1)]


class PlanAsked(Asked):
    """The work, what is permitted, one goal of three, and how many runs are simulated.

    Shares are 0..1, times seconds; `runs` 0 leaves the simulation out."""

    contacts: Annotated[int, Field(ge=1, le=100_000_000)]
    answered: Annotated[float, Field(ge=0.001, le=1)] = 0.25
    tries_most: Annotated[int, Field(ge=1, le=50)] = 3
    talk_s: Annotated[float, Field(ge=1, le=7200)] = 120.0
    wrap_up_s: Seconds = 15.0
    ring_answered_s: Seconds = 12.0
    ring_unanswered_s: Seconds = 25.0
    left_most: Share = 0.03
    wait_s: Annotated[float, Field(ge=0.1, le=3600)] = 2.0
    blocked_most: Share = 0.01
    operators: Annotated[int, Field(ge=1, le=OPERATORS_MOST)] | None = None
    hours: Annotated[float, Field(gt=0, le=100_000)] | None = None
    lines: Annotated[int, Field(ge=1, le=PLANNED_LINES_MOST)] | None = None
    mode: Literal["progressive", "power", "predictive"] = "progressive"
    runs: Annotated[int, Field(ge=0, le=20)] = 3


class OnePlan(Shape):
    """What one model says: `busy` and `left` are shares, `hours` on the line."""

    model: str
    operators: int
    busy: float
    left: float
    calls_per_s: float
    erlangs: float
    lines: int
    talks_per_hour: float
    hours: float


class PlanShape(Shape):
    """The latest plan: the formulas, and how far the simulation is.

    `state` is that of the simulation: `none` where none was asked for, `running`, `done` or `failed`;
    `simulation` holds its mode, runs and intervals once it is done; `said` tells why it failed."""

    state: RunState
    asked: PlanAsked | None
    since: datetime | None
    ended: datetime | None
    talks: float | None
    calls: float | None
    plans: list[OnePlan]
    simulation: dict[str, Any] | None
    said: str


class PlanBeginning(Shape):
    """What the planner begins with for a campaign: its settings and what its own past tells.

    Of the past, what too few calls say is null. `stands_on` counts them, over so many `days`."""

    campaign: str
    name: str
    contacts: int
    operators: int
    mode: str
    tries_most: int
    left_most: float
    wait_s: float
    ring_unanswered_s: float
    answered: float | None
    talk_s: float | None
    wrap_up_s: float | None
    ring_answered_s: float | None
    stands_on: dict[str, int]


@router.post("/plan", summary="Plan a list")
async def ask(asked: PlanAsked, house: In, who: Who) -> PlanShape:
    """Works the formulas out and begins the simulation; `conflict` while another one runs."""
    owner = who.person.organisation
    told = await asyncio.to_thread(_formulas, asked)
    if not asked.runs:
        return _shape(house.whatif.keep(owner, RunVerb.PLAN, told))
    _must_be_simulated(asked, int(told["plans"][0]["operators"]))
    words = _words(asked)
    return _shape(house.whatif.start(owner, told, words, RunVerb.PLAN))


@router.get("/plan", summary="The latest plan")
async def latest(house: In, who: Who) -> PlanShape:
    """Gives the latest plan of this organisation and how far its simulation is."""
    return _shape(house.whatif.latest(who.person.organisation, RunVerb.PLAN))


@router.get("/campaigns/{campaign_id}/plan", summary="What a plan of a campaign begins with")
def beginning(
    campaign_id: PathId, house: In, who: Who, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> PlanBeginning:
    """Reads a campaign's settings, who is left of its list, and what its last days tell."""
    campaign = who.door.campaign(campaign_id)
    settings = CampaignSettings.from_json(campaign.settings)
    progress = who.door.campaign_progress(campaign_id)
    past = plan_past(_sums(who.door, campaign_id, house.clock.utc(), days))
    mode = settings.mode if settings.mode in PLANNED_MODES else DialMode.PROGRESSIVE
    return PlanBeginning(
        campaign=campaign.id,
        name=campaign.name,
        contacts=max(0, progress.total - progress.closed),
        operators=len(settings.agents),
        mode=mode.value,
        tries_most=settings.redial.attempts_max,
        left_most=settings.abandon_limit,
        wait_s=settings.connect_limit.total_seconds(),
        ring_unanswered_s=settings.ring_timeout.total_seconds(),
        answered=past.answered,
        talk_s=past.talk_s,
        wrap_up_s=past.wrap_up_s,
        ring_answered_s=past.ring_answered_s,
        stands_on={"calls": past.calls, "talks": past.talks, "days": days},
    )


def _sums(door: Door, campaign_id: str, now: datetime, days: int) -> dict[str, int]:
    door.roll_up()
    since = half_hour_of(ms_of(now - timedelta(days=days)))
    until = half_hour_of(ms_of(now)) + HALF_HOUR_MS
    return dict(door.kpi_sums(Reach(campaign_id, None)).sums(since, until))


def _work(asked: PlanAsked) -> Work:
    return Work(
        asked.contacts, asked.answered, asked.talk_s, asked.wrap_up_s, asked.ring_answered_s,
        asked.ring_unanswered_s, asked.tries_most,
    )  # fmt: skip


def _formulas(asked: PlanAsked) -> dict[str, Any]:
    work = _work(asked)
    terms = Terms(asked.left_most, asked.wait_s, asked.blocked_most)
    plans = plans_for(work, terms, Goal(asked.operators, asked.hours, asked.lines))
    return {
        "asked": asked.model_dump(mode="json"),
        "talks": work.talks,
        "calls": work.calls,
        "plans": [{**asdict(one), "model": one.model.value} for one in plans],
    }


SIMULATED_OPERATORS_MOST = 300


def _must_be_simulated(asked: PlanAsked, operators: int) -> None:
    # A mode that dials ahead may do with fewer than the first formula found: the command sees.
    exact = asked.mode == "progressive" or asked.operators is not None
    if exact and operators > SIMULATED_OPERATORS_MOST:
        raise Problem(
            "invalid_request",
            f"{operators} operators are too many to be simulated.",
            next_step=f"Take {SIMULATED_OPERATORS_MOST} at most, or ask for no runs.",
        )


def _words(asked: PlanAsked) -> list[str]:
    """What the command is told: names of its options and their values."""
    told = {
        "contacts": asked.contacts, "answered": asked.answered, "tries": asked.tries_most,
        "talk": asked.talk_s, "wrap-up": asked.wrap_up_s, "ring-answered": asked.ring_answered_s,
        "ring-unanswered": asked.ring_unanswered_s, "left": asked.left_most, "wait": asked.wait_s,
        "blocked": asked.blocked_most, "mode": asked.mode, "seeds": asked.runs,
        "operators": asked.operators, "hours": asked.hours, "lines": asked.lines,
    }  # fmt: skip
    known = {name: value for name, value in told.items() if value is not None}
    return [word for name, value in known.items() for word in (f"--{name}", str(value))]


def _shape(run: Run) -> PlanShape:
    told, found = run.asked, run.estimate or {}
    # The command prints the formulas once more, rounded: of its plans only the last is news.
    simulated = [one for one in found.get("plans", ()) if one["model"] == Model.SIMULATION.value]
    return PlanShape(
        state=run.state,
        asked=PlanAsked(**told["asked"]) if told else None,
        since=run.since,
        ended=run.ended,
        talks=told.get("talks"),
        calls=told.get("calls"),
        plans=[OnePlan(**one) for one in (*told.get("plans", ()), *simulated)],
        simulation=found.get("simulation"),
        said=run.said,
    )
