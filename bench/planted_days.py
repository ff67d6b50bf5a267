"""Runs hard days one after another until a rule is broken: the search for a planted bug.

Started by `verify_planted.py` as a process of its own, with the sources to be judged on PYTHONPATH.
Each seed is two days. Of the first, even seeds are the bad half-hours of `verify simulation`, with the
same number; odd ones are short and everything happens in them: two campaigns, one by operators and one
by a robot, that share people, numbers' hours that end, a manager who meddles, and faults by seed. The
second is a rush: two campaigns by operators who are too few, and things that break crossing each other,
a floor that stands still about as long as its lease lasts while the database is slow, a manager's word
answered and the process dead, a clock set back beside a growing stop-list, engines that stay away while
floors die, bridges that fall. It is lived through first, and alone where it breaks a rule. One line of
JSON a seed; it ends at the first breach, at an error of the product's own, or with the last seed.
"""

import json
import sys
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from vyzov.simulation.agents import Habits
from vyzov.simulation.faults import Faults
from vyzov.simulation.management import Management
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import (
    Crew,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
)
from vyzov.simulation.weather import half_hour

SPAN_S = 600.0
RUSH_S = 480.0
REDIAL: dict[str, Any] = {
    "attempts_max": 2,
    "rules": {
        name: {"after_s": after_s}
        for name, after_s in (
            ("no_answer", 60), ("busy", 30), ("congestion", 30), ("cancelled_by_us", 20),
            ("abandoned", 60), ("trunk_error", 15), ("unreachable", 60),
        )
    },
}  # fmt: skip
PATIENT = {
    "attempts_max": 2,
    "rules": {name: {"after_s": 3 * rule["after_s"]} for name, rule in REDIAL["rules"].items()},
}
"""The rules of a campaign that takes its time, beside one that does not."""

FLOW = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce", "prompt": "offer", "wait_s": 5, "repeats": 0, "on_silence": "bye",
            "keys": {"1": "operator", "2": "later", "9": "stop"},
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 12},
        "later": {"do": "callback", "after_s": 40, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}  # fmt: skip
NIGHTS = (
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 55, tzinfo=UTC), "02:00", "03:00"),
    ("Europe/Berlin", datetime(2026, 3, 29, 0, 55, tzinfo=UTC), "01:00", "02:00"),
    ("America/New_York", datetime(2026, 11, 1, 5, 55, tzinfo=UTC), "01:00", "02:00"),
    ("America/New_York", datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "01:00", "03:01"),
)
"""A zone, a beginning minutes before its clocks are changed, and hours that end with the change."""


def day_of(seed: int) -> Scenario:
    """Returns the day of a seed."""
    return short_day(seed) if seed % 2 else half_hour(seed)


def rush(seed: int) -> Scenario:
    """Returns eight minutes in which what breaks crosses something else."""
    dice = Random(f"{seed}/rush")
    begin, window, robots = datetime(2026, 11, 23, 12, 0, tzinfo=UTC), {}, {}
    if seed % 3 == 1:
        # Hours that end for half of the numbers an hour before they end for the others; the robot's
        # end an hour sooner, or not at all.
        lasts = dice.randint(1, 3)
        window = _hours((begin + timedelta(hours=4, minutes=lasts)).strftime("%H:%M"))
        sooner = (begin + timedelta(hours=3, minutes=lasts)).strftime("%H:%M")
        robots = _hours(sooner if seed % 2 else "23:59")
    shared: dict[str, Any] = {
        "redial": REDIAL, "wrap_up_s": 8, "ring_timeout_s": 16, "agent_return_limit_s": 20,
        "lines_max": 12, "connect_limit_s": 2, **window,
    }  # fmt: skip
    habits = Habits(
        talk_s=(6.0, 50.0), wrap_s=(1.0, 6.0), device_lost_every_s=120.0, pause_every_s=90.0
    )
    zones, beside = {"Europe/Moscow": 1.0}, "Europe/Samara" if window else ""
    return Scenario(
        name=f"rush {seed}", span_s=RUSH_S, begin=begin, seed=seed, ends_when_done=False,
        crews=(Crew("both", 3, habits=habits), Crew("live", 2, habits=habits)),
        trunks=(ScenarioTrunk("one", 14, 4.0), ScenarioTrunk("two", 8, 4.0)),
        campaigns=(
            ScenarioCampaign(
                "live", 150 if window else 60, {**shared, "mode": "progressive"}, People(),
                zones=zones, zone_beside=beside,
            ),
            ScenarioCampaign(
                "more", 40, {**shared, "mode": "progressive"}, People(), ("both",), zones=zones,
                zone_beside=beside, shares=20,
            ),
            ScenarioCampaign(
                "robot", 30,
                {**shared, **robots, "mode": "agentless", "flow": FLOW, "redial": PATIENT},
                People(), ("both",), zones=zones,
            ),
        ),
        faults=_crossing(seed, dice), points=("after Reply",) * 12 if seed % 2 else (),
        management=Management(
            pauses_every_s=40.0, paused_s=(4.0, 20.0), stops_every_s=120.0, stopped_s=(4.0, 20.0),
            stop_lists_every_s=6.0, saves_every_s=60.0,
        ),
    )  # fmt: skip


def _hours(end: str) -> dict[str, Any]:
    """Calling hours that end at an hour of the day."""
    return {"window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "09:00", "end": end}}


def _crossing(seed: int, dice: Random) -> Faults:
    """Faults that meet: each seed has one pair of them, and bridges and links that fall."""
    least = replace(Faults(), bridge_fallen_every_s=60.0, link_broken_every_s=40.0)
    if seed % 4 == 0:
        return replace(least, clock_stepped_every_s=150.0, clock_steps_s=(-3600.0, -30.0))
    if seed % 4 == 1:
        # Engines stay away for so long that nobody waits for their word, and floors die meanwhile.
        least = replace(least, engine_killed_every_s=60.0, engine_away_s=(0.5, 45.0))
    if seed % 2:
        return replace(least, floor_killed_every_s=25.0)
    if seed % 8 == 2:
        # A quick database: what a process believes of its lease is what stands there.
        return replace(least, floor_frozen_every_s=20.0, floor_frozen_s=(2.0, 7.0))
    return replace(
        least, floor_frozen_every_s=dice.choice((60.0, 90.0)), floor_frozen_s=(3.0, 7.0),
        store_slow_every_s=20.0, store_slow_s=(10.0, 30.0),
    )  # fmt: skip


def short_day(seed: int) -> Scenario:
    """Returns ten minutes in which much happens."""
    dice = Random(f"{seed}/planted")
    zone, begin, start, end = "Europe/Moscow", datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "", ""
    if seed % 8 == 5:
        zone, begin, start, end = NIGHTS[-1 - seed // 8 % len(NIGHTS)]
    elif seed % 8 == 1:
        closes = dice.randint(2, 8)
        start, end = "09:00", (begin + timedelta(hours=3, minutes=closes)).strftime("%H:%M")
    shared: dict[str, Any] = {
        "redial": REDIAL, "wrap_up_s": 15, "ring_timeout_s": 16, "agent_return_limit_s": 8,
        "lines_max": 12, "connect_limit_s": 2,
    }  # fmt: skip
    if start:
        shared["window"] = {"days": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end}
    habits = Habits(
        device_lost_every_s=dice.choice((0.0, 90.0)), reload_every_s=dice.choice((0.0, 150.0))
    )
    zones = {zone: 1.0}
    return Scenario(
        name=f"day {seed}", span_s=SPAN_S, begin=begin, seed=seed, ends_when_done=False,
        crews=(Crew("both", 3, habits=habits), Crew("live", 2, habits=habits)),
        trunks=(ScenarioTrunk("one", 14, 4.0), ScenarioTrunk("two", 8, 4.0)),
        campaigns=(
            ScenarioCampaign(
                "live", 60, {**shared, "mode": "progressive"}, People(), zones=zones,
                stop_listed=0.03,
            ),
            ScenarioCampaign(
                "robot", 50, {**shared, "mode": "agentless", "flow": FLOW}, People(), ("both",),
                zones=zones, phones_each=dice.choice((1, 2)),
            ),
        ),
        faults=_faults(dice),
        management=Management(
            pauses_every_s=150.0, paused_s=(4.0, 40.0), stops_every_s=250.0, stopped_s=(4.0, 40.0),
            stop_lists_every_s=15.0, saves_every_s=200.0,
        ),
    )  # fmt: skip


def _faults(dice: Random) -> Faults:
    """Every kind of fault on some days, the more telling ones on most."""
    often = {
        "floor_killed_every_s": 60.0, "engine_killed_every_s": 150.0, "link_broken_every_s": 60.0,
        "store_away_every_s": 120.0, "store_slow_every_s": 150.0,
    }  # fmt: skip
    chosen = {name: every_s for name, every_s in often.items() if dice.random() < 0.7}
    if dice.random() < 0.5:
        chosen |= {"floor_frozen_every_s": 200.0, "floor_frozen_s": (8.0, 25.0)}
    shares = {"answer_lost": 0.01, "doubled": 0.1, "late": 0.2}
    chosen |= {name: share for name, share in shares.items() if dice.random() < 0.7}
    return replace(Faults(), **chosen)


def main() -> int:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    keep_on = "--all" in sys.argv
    broken = False
    for seed in range(first, last + 1):
        begun = time.monotonic()
        found: list[str] = []
        told: dict[str, Any] = {"seed": seed}
        try:
            outcomes = [run_scenario(rush(seed))]
            if keep_on or not outcomes[0].breaches:
                outcomes.append(run_scenario(day_of(seed)))
            found = [what for one in outcomes for what in one.breaches]
            told |= {
                "checks": sum(sum(one.checks.values()) for one in outcomes),
                "attempts": sum(one.figures.attempts for one in outcomes),
                "faults": sum(sum(one.faults.values()) for one in outcomes),
            }  # fmt: skip
        except Exception as error:  # noqa: BLE001 - an error of the product is a bug found
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = [f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"]
        told |= {"breaches": found[:20], "seconds": round(time.monotonic() - begun, 2)}
        print(json.dumps(told), flush=True)
        broken = broken or bool(found)
        if broken and not keep_on:
            return 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
