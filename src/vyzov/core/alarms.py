"""Decides when the floor calls for its supervisors: which figures are beyond their threshold, for how
long, and when they are well again.

A figure that goes to and fro about its threshold raises one alarm and not many: it must stay beyond
for a while to raise one, and come back over a second mark to clear it. Where figures come from is
`dialer.alarm_readings`'s part; telling people, keeping and acknowledging alarms are others'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from vyzov.core.changing import replace
from vyzov.core.errors import Fault


class AlarmKind(StrEnum):
    """What may be beyond its threshold: of a campaign, of a trunk, of the floor (occupancy)."""

    LOST_SHARE = "lost_share"
    WAIT = "wait"
    TRUNK_FAILURES = "trunk_failures"
    OCCUPANCY = "occupancy"
    NO_OPERATORS = "no_operators"
    LIST_LOW = "list_low"


FALLING = frozenset({AlarmKind.NO_OPERATORS, AlarmKind.LIST_LOW})
"""Where too little is the trouble; with the others it is too much."""

SHARES = frozenset({AlarmKind.LOST_SHARE, AlarmKind.TRUNK_FAILURES, AlarmKind.OCCUPANCY})
"""Whose figures are shares, 0..1; the others count people or seconds (`wait`)."""

FIGURE_MOST = 1_000_000.0
HOLD_MOST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which figure on an alarm is raised, once it has lasted `hold`, and at which it clears."""

    kind: AlarmKind
    raise_at: float
    clear_at: float
    hold: timedelta
    active: bool = True

    def is_beyond(self, value: float) -> bool:
        """Tells whether a figure raises an alarm, if it lasts."""
        return value <= self.raise_at if self.kind in FALLING else value >= self.raise_at

    def is_well(self, value: float) -> bool:
        """Tells whether a figure clears an alarm; between the marks one that stands goes on."""
        return value >= self.clear_at if self.kind in FALLING else value <= self.clear_at

    def faults(self) -> list[Fault]:
        """Names what is wrong with it: figures out of their range, marks in the wrong order."""
        most = 1.0 if self.kind in SHARES else FIGURE_MOST
        found = [
            Fault(name, f"must be from 0 to {most:g}", "between", {"least": 0, "most": most})
            for name, value in (("raise_at", self.raise_at), ("clear_at", self.clear_at))
            if not 0.0 <= value <= most
        ]
        if not timedelta() <= self.hold <= HOLD_MOST:
            most_s = HOLD_MOST.total_seconds()
            told = {"least": 0, "most": most_s}
            found.append(Fault("hold_s", f"must be from 0 to {most_s:g}", "between", told))
        if not found and self.is_beyond(self.clear_at):
            found.append(Fault("clear_at", "must not raise the alarm itself", "order"))
        return found


DEFAULTS: Mapping[AlarmKind, Threshold] = {
    one.kind: one
    for one in (
        # A tenth before the usual limit of three in a hundred, while something can be done.
        Threshold(AlarmKind.LOST_SHARE, 0.027, 0.025, timedelta(seconds=10)),
        Threshold(AlarmKind.WAIT, 2.0, 1.0, timedelta(seconds=1)),
        Threshold(AlarmKind.TRUNK_FAILURES, 0.5, 0.2, timedelta(seconds=30)),
        Threshold(AlarmKind.OCCUPANCY, 0.9, 0.85, timedelta(minutes=10)),
        Threshold(AlarmKind.NO_OPERATORS, 0.0, 1.0, timedelta(seconds=30)),
        Threshold(AlarmKind.LIST_LOW, 50.0, 100.0, timedelta(seconds=10)),
    )
}
"""What holds until a manager says otherwise."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure now; `subject` is the id of what it is of and `name` what people call that."""

    kind: AlarmKind
    subject: str
    name: str
    value: float

    @property
    def key(self) -> tuple[AlarmKind, str]:
        """What an alarm of this figure is known by."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Standing:
    """A figure beyond its threshold since `since` (seconds of a clock that is never set)."""

    since: float
    raised: bool = False


Standings = Mapping[tuple[AlarmKind, str], Standing]


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm begins; told once."""

    reading: Reading
    threshold: float


@dataclass(frozen=True, slots=True)
class Cleared:
    """An alarm is over: its figure is well, or nobody gives one any more."""

    kind: AlarmKind
    subject: str


def step(
    standing: Standings,
    thresholds: Mapping[AlarmKind, Threshold],
    readings: Iterable[Reading],
    now: float,
) -> tuple[Standings, tuple[Raised | Cleared, ...]]:
    """Returns which figures stand beyond their thresholds now, and what began or ended by that.

    A kind without a threshold, or with one that is off, is as if it gave no figure."""
    after: dict[tuple[AlarmKind, str], Standing] = {}
    told: list[Raised | Cleared] = []
    for reading in readings:
        threshold = thresholds.get(reading.kind)
        if threshold is None or not threshold.active:
            continue
        known = standing.get(reading.key)
        if known is not None and known.raised:
            if not threshold.is_well(reading.value):
                after[reading.key] = known
        elif threshold.is_beyond(reading.value):
            one = known or Standing(now)
            if now - one.since >= threshold.hold.total_seconds():
                one = replace(one, raised=True)
                told.append(Raised(reading, threshold.raise_at))
            after[reading.key] = one
    over = (key for key, one in standing.items() if one.raised and key not in after)
    told += [Cleared(*key) for key in over]
    return after, tuple(told)
