"""The wallboard: how the floor does, in figures alone, for a screen on a wall.

Whoever has the link sees it without signing in, so nobody's name and no number is in it: states are
counted, results are added up, campaigns go by their names. The link is a token whose one scope is
`wall.see`; revoking the token ends it.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from vyzov.core.kpi.cells import ms_of
from vyzov.core.kpi.measures import CALLBACK_DUE, CALLBACK_KEPT, RESULTS, SUCCESS
from vyzov.web.admission import In, Who, room
from vyzov.web.live_hub import floor_topic
from vyzov.web.routes.report_tables import Zone
from vyzov.web.shapes import Shape

router = room("floor")

LATE_AFTER = timedelta(minutes=15)
SHOWN = ("running", "paused")
"""States of campaigns that are on the wall."""

Json = dict[str, Any]


class WallLost(Shape):
    """Lost calls by the campaign's rule against its limit."""

    numerator: int
    denominator: int
    share: float | None
    limit: float
    window_days: int


class WallCampaign(Shape):
    """A campaign that runs or rests: its list, its lines, its lost calls."""

    name: str
    state: str
    mode: str
    total: int
    closed: int
    ringing: int
    talking: int
    waiting: int
    longest_wait_s: float | None
    lost: WallLost


class WallHour(Shape):
    """Results of the attempts begun in one hour of today."""

    hour: int
    results: int
    success: int


class WallPromises(Shape):
    """Promised calls: of today as they were kept, and those that are open."""

    due_today: int
    kept_today: int
    next_hour: int
    late_now: int


class WallShape(Shape):
    """The wallboard at one moment."""

    at: datetime
    zone: str
    floor: str
    stopped: bool
    campaigns: list[WallCampaign]
    people: Annotated[dict[str, int], Field(description="How many agents are in each state.")]
    need_help: int
    results: int
    success: int
    hours: list[WallHour]
    promises: WallPromises


@router.get("/wall", summary="The wallboard")
async def wall(zone: Zone, house: In, who: Who) -> WallShape:
    """Gives the floor in figures alone; the day and its hours are those of `zone`."""
    now = house.clock.utc()
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    span = ms_of(midnight), ms_of(now) + 1
    sums = await asyncio.to_thread(who.door.wall_sums, *span)
    due = await asyncio.to_thread(who.door.wall_promises)
    told: Json = house.floor.state(floor_topic(who.person, "floor"))
    agents: list[Json] = told.get("agents", [])
    hours = hours_of_day(sums, zone)
    return WallShape(
        at=now,
        zone=zone.key,
        floor=str(told.get("floor", "away")),
        stopped=bool(told.get("stopped")),
        campaigns=[_campaign(one) for one in told.get("campaigns", []) if one["state"] in SHOWN],
        people=dict(Counter(str(one["state"]) for one in agents)),
        need_help=sum(one.get("attention") == "help" for one in agents),
        results=sum(one.results for one in hours),
        success=sum(one.success for one in hours),
        hours=hours,
        promises=WallPromises(
            due_today=_sum(sums, CALLBACK_DUE),
            kept_today=_sum(sums, CALLBACK_KEPT),
            next_hour=sum(now <= one < now + timedelta(hours=1) for one in due),
            late_now=sum(one < now - LATE_AFTER for one in due),
        ),
    )


def hours_of_day(sums: Mapping[int, Mapping[str, int]], zone: ZoneInfo) -> list[WallHour]:
    """Adds half hours up to the hours of the clock there; hours without a result are not there."""
    found: dict[int, Counter[str]] = {}
    for half_hour, measures in sorted(sums.items()):
        hour = datetime.fromtimestamp(half_hour / 1000, zone).hour
        found.setdefault(hour, Counter()).update(measures)
    return [
        WallHour(hour=hour, results=counted[RESULTS], success=counted[SUCCESS])
        for hour, counted in found.items()
        if counted[RESULTS]
    ]


def _sum(sums: Mapping[int, Mapping[str, int]], measure: str) -> int:
    return sum(measures.get(measure, 0) for measures in sums.values())


def _campaign(told: Json) -> WallCampaign:
    pace, progress = told["pace"], told.get("progress") or {}
    return WallCampaign(
        name=told["name"],
        state=told["state"],
        mode=told["mode"],
        total=progress.get("total", 0),
        closed=progress.get("closed", 0),
        ringing=pace["ringing"],
        talking=pace["talking"],
        waiting=pace["waiting"],
        longest_wait_s=pace.get("longest_wait_s"),
        lost=WallLost(**{name: told["abandon"].get(name) for name in WallLost.model_fields}),
    )
