"""The kinds of things that break in a made-up world, and how often: plain data.

Who breaks them is `chaos` (what dies, stands still or goes away) and `noise` (what happens to events
on their way); that the rules hold all the same is looked after by `invariants`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can break; runs count by these."""

    FLOOR_KILLED = "floor_killed"
    FLOOR_FROZEN = "floor_frozen"
    ENGINE_KILLED = "engine_killed"
    LINK_BROKEN = "link_broken"
    STORE_AWAY = "store_away"
    STORE_SLOW = "store_slow"
    STORE_READ_ONLY = "store_read_only"
    ANSWER_LOST = "answer_lost"
    EVENT_LOST = "event_lost"
    EVENT_DOUBLED = "event_doubled"
    EVENT_REORDERED = "event_reordered"
    EVENT_LATE = "event_late"
    EVENT_FOREIGN = "event_foreign"
    CLOCK_STEPPED = "clock_stepped"
    TRUNK_FLAPPED = "trunk_flapped"
    BROWSER_GONE = "browser_gone"
    SECOND_TAB = "second_tab"
    RECORDING_LOST = "recording_lost"
    BRIDGE_FALLEN = "bridge_fallen"


@dataclass(frozen=True, slots=True)
class Faults:
    """How often things break: mean seconds between two of a kind, 0 for never; shares 0..1.

    Pairs are the least and the most of a span in seconds. `late` events come up to `late_s` after
    their time, `very_late` ones `very_late_s` after it; of neither the order within a leg is kept
    where `reordered` says so. A frozen process stands still longer than its lease lasts, and
    another one takes its place."""

    floor_killed_every_s: float = 0.0
    floor_frozen_every_s: float = 0.0
    floor_frozen_s: tuple[float, float] = (8.0, 25.0)
    engine_killed_every_s: float = 0.0
    link_broken_every_s: float = 0.0
    store_away_every_s: float = 0.0
    store_away_s: tuple[float, float] = (0.3, 5.0)
    store_slow_every_s: float = 0.0
    store_slow_s: tuple[float, float] = (5.0, 30.0)
    store_slow_by_s: tuple[float, float] = (0.1, 1.5)
    store_read_only_every_s: float = 0.0
    store_read_only_s: tuple[float, float] = (0.5, 10.0)
    restart_s: tuple[float, float] = (0.2, 3.0)
    engine_away_s: tuple[float, float] = (0.2, 3.0)
    answer_lost: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0
    late: float = 0.0
    late_s: float = 0.05
    very_late: float = 0.0
    very_late_s: float = 600.0
    foreign_every_s: float = 0.0
    clock_stepped_every_s: float = 0.0
    clock_steps_s: tuple[float, ...] = (
        -86_400.0,
        -3600.0,
        -30.0,
        -3.0,
        3.0,
        30.0,
        3600.0,
        86_400.0,
    )
    trunk_flapped_every_s: float = 0.0
    trunk_flapped_s: tuple[float, float] = (2.0, 40.0)
    browser_gone_every_s: float = 0.0
    second_tab_every_s: float = 0.0
    recording_lost: float = 0.0
    bridge_fallen_every_s: float = 0.0


NO_FAULTS = Faults()
