"""Bad half-hours by seed: a small centre with everything that can break in it, and dice to choose what.

A seed settles the place and hour (zones, a change of the clocks, calling hours that end meanwhile),
which kinds of faults there are and how often, what a manager meddles with, and at which named points
the floor's process dies. What must hold all the same is `invariants`.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from vyzov.simulation.agents import Habits
from vyzov.simulation.faults import Faults
from vyzov.simulation.management import Management
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.points import all_points
from vyzov.simulation.scenario import (
    Crew,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Shift,
    Spread,
)

SPAN_S = 1800.0
POINTS_EACH = 6
OPERATORS = 8
CONTACTS = 300
KINDS_LEAST = 9
SCREENS_EVERY = 5
"""One seed in so many draws the screens of those who watch."""

FLOW: dict[str, Any] = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce", "prompt": "offer",
            "keys": {"1": "operator", "2": "later", "9": "stop"},
            "wait_s": 5, "repeats": 0, "on_silence": "bye",
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 12},
        "later": {"do": "callback", "after_s": 120, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}  # fmt: skip
"""An offer with keys, as an agentless campaign speaks it."""

REDIAL = {
    "attempts_max": 3,
    "rules": {
        "no_answer": {"after_s": 240},
        "busy": {"after_s": 120},
        "congestion": {"after_s": 60},
        "cancelled_by_us": {"after_s": 120},
        "abandoned": {"after_s": 300},
    },
}
CARDS = {"countdown_s": 15, "at_zero": "dial", "skips_max": 20, "skip_wait_s": 60}
"""Some read longer than that: their cards dial themselves."""

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

PLACES: tuple[tuple[datetime, str, tuple[str, str]], ...] = (
    # An ordinary hour; hours that end in the run; clocks put back; clocks put forward.
    (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "Europe/Moscow", ("00:00", "00:00")),
    (datetime(2026, 11, 23, 17, 40, tzinfo=UTC), "Europe/Moscow", ("09:00", "21:00")),
    (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), "Europe/Berlin", ("01:00", "02:50")),
    (datetime(2026, 3, 8, 6, 45, tzinfo=UTC), "America/New_York", ("01:00", "03:05")),
)

RATES: dict[str, tuple[float, float]] = {
    "floor_killed_every_s": (120.0, 300.0),
    "floor_frozen_every_s": (300.0, 700.0),
    "engine_killed_every_s": (300.0, 800.0),
    "link_broken_every_s": (150.0, 400.0),
    "store_away_every_s": (200.0, 500.0),
    "store_slow_every_s": (300.0, 700.0),
    "store_read_only_every_s": (300.0, 700.0),
    "answer_lost": (0.001, 0.01),
    "lost": (0.002, 0.02),
    "doubled": (0.01, 0.1),
    "reordered": (0.005, 0.05),
    "late": (0.05, 0.3),
    "very_late": (0.002, 0.02),
    "foreign_every_s": (60.0, 200.0),
    "clock_stepped_every_s": (600.0, 1200.0),
    "trunk_flapped_every_s": (200.0, 600.0),
    "browser_gone_every_s": (100.0, 400.0),
    "second_tab_every_s": (150.0, 500.0),
    "recording_lost": (0.005, 0.03),
}
"""Between which bounds each rate lies, where its kind is chosen at all."""

ALWAYS = ("floor_killed_every_s",)

CARDS_EVERY, CARDS_FIRST = 7, 2
"""Every seventh seed shows its operators who is next before anybody is called."""

AHEAD_EVERY = 3
"""Every third seed dials ahead of its operators: people are left then without anything breaking."""


def half_hour(seed: int) -> Scenario:
    """Returns the bad half-hour of a seed."""
    dice = Random(f"{seed}/weather")
    begin, zone, (start, end) = PLACES[seed % len(PLACES)]
    window = {"days": EVERY_DAY, "start": start, "end": end}
    shared: dict[str, Any] = {"window": window, "redial": REDIAL, "wrap_up_s": 25, "lines_max": 40}
    people = People(
        post_dial=Spread(Shape.UNIFORM, least_s=0.2, most_s=1.5),
        ring=Spread(Shape.LOGNORMAL, 5.0, 0.5, least_s=1.0, most_s=20.0),
        machine_as_human=0.1, human_as_machine=0.03,
    )  # fmt: skip
    machines = replace(people, kinds={**people.kinds, CalleeKind.VOICEMAIL: 15})
    habits = Habits(
        talk_s=(8.0, 60.0), wrap_s=(2.0, 30.0), pause_every_s=400.0,
        device_lost_every_s=300.0, reload_every_s=400.0, holds=0.25,
    )  # fmt: skip
    half = SPAN_S / 2
    crews = (
        Crew("day", OPERATORS - 2, habits=habits),
        Crew(
            "late", 2, habits=habits,
            shifts=(Shift(120.0, SPAN_S - 100.0, breaks=((half, half + 90.0),)),),
        ),
    )  # fmt: skip
    campaigns = (
        ScenarioCampaign(
            "sales", CONTACTS - 100,
            settings={**shared, "mode": _mode(seed), "preview": CARDS},
            people=people, zones={zone: 3.0, "Europe/Samara": 1.0}, stop_listed=0.02,
        ),
        ScenarioCampaign(
            "offer", 100, settings={**shared, "mode": "agentless", "flow": FLOW},
            people=machines, zones={zone: 1.0}, begins_s=60.0,
        ),
    )  # fmt: skip
    return Scenario(
        name="bad half-hour", span_s=SPAN_S, crews=crews, campaigns=campaigns, begin=begin,
        trunks=(ScenarioTrunk("first", lines_max=30, carries_max=12), ScenarioTrunk("second")),
        faults=_faults(dice), seed=seed, ends_when_done=False, points=_points(seed),
        shows_screens=seed % SCREENS_EVERY == 0,
        management=Management(
            pauses_every_s=500.0, stops_every_s=900.0, stop_lists_every_s=150.0, saves_every_s=600.0
        ),
    )  # fmt: skip


def _mode(seed: int) -> str:
    if seed % AHEAD_EVERY == 0:
        return "predictive"
    return "preview" if seed % CARDS_EVERY == CARDS_FIRST else "progressive"


def _faults(dice: Random) -> Faults:
    names = sorted(RATES.keys() - set(ALWAYS))
    chosen = [*ALWAYS, *dice.sample(names, dice.randint(KINDS_LEAST, len(names)))]
    known = {item.name for item in fields(Faults)}
    assert known >= set(chosen), "a rate that no fault has"
    return replace(Faults(), **{name: dice.uniform(*RATES[name]) for name in sorted(chosen)})


def _points(seed: int) -> tuple[str, ...]:
    """The points a seed visits: those that follow the last seed's, round and round."""
    points = all_points()
    first = seed * POINTS_EACH
    return tuple(points[(first + place) % len(points)] for place in range(POINTS_EACH))
