"""What a floor of the pacing bench is made of, and what a day on it leaves behind: plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vyzov.simulation.spread import Spread


@dataclass(frozen=True, slots=True)
class Curve:
    """A share 0..1 over time, repeated after `period_s` (0: never): straight between points, or steps."""

    points: tuple[tuple[float, float], ...]
    period_s: float = 0.0
    straight: bool = True

    def at(self, at_s: float) -> float:
        """Returns the share at a moment in seconds."""
        points = self.points
        if len(points) == 1:
            return points[0][1]
        since = at_s % self.period_s if self.period_s else at_s
        before = points[0]
        for point in points:
            if point[0] > since:
                if not self.straight:
                    return before[1]
                part = (since - before[0]) / (point[0] - before[0])
                return before[1] + part * (point[1] - before[1])
            before = point
        return before[1]


@dataclass(frozen=True, slots=True)
class Detection:
    """How a machine is told from a person, where it is.

    `first`: before anybody is joined (`classify_first`); else they are joined at once and it goes on
    listening (`connect_first`). A missed machine is noticed by its operator after `noticed_s`."""

    first: bool
    takes: Spread
    machine_as_human: float
    human_as_machine: float
    noticed_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Town:
    """The callees of one campaign.

    `talk` is as long as an operator makes it, `callee_talk` as long as a callee does, who ends the
    share `leaves_first` of all. Of those who do not answer `rings_out` ring until the timeout and the
    others fail, unless `never_answers` says how long they ring."""

    answers: Curve
    post_dial: Spread
    ring: Spread
    fails: Spread
    talk: Spread
    wrap_up: Spread
    callee_talk: Spread | None = None
    leaves_first: float = 0.0
    rings_out: float = 0.8
    ring_timeout_s: float = 25.0
    never_answers: Spread | None = None
    machines: float = 0.0
    detection: Detection | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A floor: campaigns that share all operators, each operator's shifts in seconds, the trunk."""

    campaigns: tuple[Town, ...]
    shifts: tuple[tuple[tuple[float, float], ...], ...]
    lines_max: int = 100_000
    calls_per_second: float = 1000.0
    patience_s: float = 2.0


@dataclass(slots=True)
class Tally:
    """What one campaign saw in a day; the lists hold a count of people for each minute of it."""

    answered: list[int]
    abandoned: list[int]
    joined: list[int]
    dials: int = 0
    cut: int = 0
    """People who were taken for machines and hung up on."""
    machines_joined: int = 0


@dataclass(slots=True)
class Day:
    """What a day was like. Operators' and lines' seconds stand by the minute."""

    campaigns: list[Tally]
    busy_s: list[float]
    staffed_s: list[float]
    line_s: list[float]
    looks: int = 0
    look_ns: int = 0
    timed_looks: int = 0
    kept_back: int = 0
    """Calls that a law wanted and the trunk could not carry."""
    exceeded: int = 0
    """Abandonments that made the abandoned of the day so far more than the limit, those charged to
    somebody's leaving apart."""
    charged: float = 0.0


class AgesOf(Protocol):
    """Where a view takes ages from."""

    def ages(self) -> tuple[list[float], list[float]]: ...


@dataclass(slots=True)
class View:
    """What a law may see of the floor at a look. `agents` are those there who will take another call.

    `step` counts tenths of a second, `at` is the same moment in seconds. `has_left`: somebody who was
    free went away since this law was asked last. By `before` calls its campaign is before the one that
    placed the fewest."""

    floor: AgesOf
    step: int
    at: float
    free: int
    waiting: int
    ringing: int
    others_ringing: int
    talking: int
    wrapping: int
    agents: int
    has_left: bool = False
    before: int = 0

    def ages(self) -> tuple[list[float], list[float]]:
        """Returns for how many seconds those talk, and those write, who will take another call."""
        return self.floor.ages()


class Law(Protocol):
    """What decides how many calls to place. It is told what happens and asked at each look (every
    0.5 s), and where `at_events` also as soon as somebody answered, ended or became free."""

    at_events: bool

    def dialled(self, line: int, at: float) -> None: ...
    def answered(self, line: int, at: float) -> None: ...
    def not_answered(self, line: int, at: float) -> None: ...
    def served(self, at: float) -> None: ...
    def abandoned(self, at: float) -> None: ...
    def talked(self, length_s: float, at: float) -> None: ...
    def wrapped(self, length_s: float, at: float) -> None: ...
    def dials(self, view: View) -> int: ...
    def beside(self, others: "Sequence[Law]") -> None: ...
