"""The sums that key figures are made of: by campaign, agent, half hour and measure.

Everything in them is a whole number and adds up: two halves of a stream of facts, or two weeks of a
month, are joined by adding. What is counted is decided in `measures` and `agents`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from vyzov.core.facts import Fact

HALF_HOUR_MS = 30 * 60 * 1000
DAY_MS = 24 * 60 * 60 * 1000

Name = TypeVar("Name", str, int)

Key = tuple[str, str, int, str]
"""Campaign, agent (each may be empty), first millisecond of the half hour, measure."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A fact at its place: places count from 1 within a stream, which is a floor and an epoch."""

    fact: Fact
    floor: str = ""
    epoch: int = 0
    place: int = 0


@dataclass(slots=True)
class Cells:
    """Sums under construction; one that is zero is not there."""

    sums: dict[Key, int] = field(default_factory=dict[Key, int])

    def add(self, campaign: str, agent: str, at_ms: int, measure: str, amount: int = 1) -> None:
        """Adds an amount to the half hour in which `at_ms` lies."""
        self._put((campaign, agent, half_hour_of(at_ms), measure), amount)

    def join(self, other: "Cells", sign: int = 1) -> None:
        """Adds all sums of `other`, or takes them away where `sign` is -1."""
        for key, amount in other.sums.items():
            self._put(key, sign * amount)

    def _put(self, key: Key, amount: int) -> None:
        total = self.sums.get(key, 0) + amount
        if total:
            self.sums[key] = total
        else:
            self.sums.pop(key, None)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose sums are asked for: one campaign or agent, or all (None)."""

    campaign: str | None = None
    agent: str | None = None

    def holds(self, key: Key) -> bool:
        """True where the key's sum belongs to what is asked for."""
        return self.campaign in (None, key[0]) and self.agent in (None, key[1])


class Source(Protocol):
    """Where formulas read sums: kept in memory by a fold, or in tables by a roll-up."""

    def sums(self, since_ms: int, until_ms: int) -> Mapping[str, int]:
        """Returns each measure's sum over the half hours that begin in the half-open span."""
        ...

    def agent_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each agent who has sums."""
        ...

    def campaign_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each campaign that has sums."""
        ...

    def hour_sums(
        self, since_ms: int, until_ms: int, measures: tuple[str, ...]
    ) -> Mapping[int, Mapping[str, int]]:
        """Returns the sums of some measures for each half hour by its first millisecond."""
        ...


@dataclass(frozen=True, slots=True)
class Folded:
    """A source in memory."""

    cells: Cells
    reach: Reach = Reach()

    def _within(self, since_ms: int, until_ms: int) -> Iterator[tuple[Key, int]]:
        for key, amount in self.cells.sums.items():
            if since_ms <= key[2] < until_ms and self.reach.holds(key):
                yield key, amount

    def sums(self, since_ms: int, until_ms: int) -> Mapping[str, int]:
        """Returns each measure's sum over the span."""
        found: dict[str, int] = {}
        for key, amount in self._within(since_ms, until_ms):
            found[key[3]] = found.get(key[3], 0) + amount
        return found

    def agent_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each agent who has sums."""
        return self._by(1, since_ms, until_ms)

    def campaign_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each campaign that has sums."""
        return self._by(0, since_ms, until_ms)

    def _by(self, part: Literal[0, 1], since_ms: int, until_ms: int) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for key, amount in self._within(since_ms, until_ms):
            if key[part]:
                sums = found.setdefault(str(key[part]), {})
                sums[key[3]] = sums.get(key[3], 0) + amount
        return found

    def hour_sums(
        self, since_ms: int, until_ms: int, measures: tuple[str, ...]
    ) -> Mapping[int, Mapping[str, int]]:
        """Returns the sums of some measures for each half hour."""
        found: dict[int, dict[str, int]] = {}
        for key, amount in self._within(since_ms, until_ms):
            if key[3] in measures:
                sums = found.setdefault(key[2], {})
                sums[key[3]] = sums.get(key[3], 0) + amount
        return found


@dataclass(frozen=True, slots=True)
class Joined:
    """Two sources as one: what tables hold, and what is not in them yet."""

    first: Source
    second: Source

    def sums(self, since_ms: int, until_ms: int) -> Mapping[str, int]:
        """Returns each measure's sum over the span."""
        return _together(self.first.sums(since_ms, until_ms), self.second.sums(since_ms, until_ms))

    def agent_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each agent who has sums."""
        return _side_by_side(
            self.first.agent_sums(since_ms, until_ms), self.second.agent_sums(since_ms, until_ms)
        )

    def campaign_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each campaign that has sums."""
        return _side_by_side(
            self.first.campaign_sums(since_ms, until_ms),
            self.second.campaign_sums(since_ms, until_ms),
        )

    def hour_sums(
        self, since_ms: int, until_ms: int, measures: tuple[str, ...]
    ) -> Mapping[int, Mapping[str, int]]:
        """Returns the sums of some measures for each half hour."""
        return _side_by_side(
            self.first.hour_sums(since_ms, until_ms, measures),
            self.second.hour_sums(since_ms, until_ms, measures),
        )


def _together(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}


def _side_by_side(
    first: Mapping[Name, Mapping[str, int]], second: Mapping[Name, Mapping[str, int]]
) -> dict[Name, dict[str, int]]:
    return {
        name: _together(first.get(name, {}), second.get(name, {})) for name in {**first, **second}
    }


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MS = timedelta(milliseconds=1)


def ms_of(at: datetime) -> int:
    """Returns a moment as whole milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MS


def moment_of(ms: int) -> datetime:
    """Returns the moment of whole milliseconds since 1970."""
    return _EPOCH + ms * _MS


def half_hour_of(ms: int) -> int:
    """Returns the first millisecond of the half hour (UTC) in which `ms` lies."""
    return ms - ms % HALF_HOUR_MS


def span_ms(first: Fact, second: Fact) -> int:
    """Returns the whole milliseconds from one fact to a later one, never less than zero.

    On one clock both ends are rounded before they are subtracted, so that spans laid end to end
    add up exactly; across clocks UTC is all there is."""
    if first.clock_id == second.clock_id:
        lasted = second.monotonic_ns // 1_000_000 - first.monotonic_ns // 1_000_000
    else:
        lasted = ms_of(second.at) - ms_of(first.at)
    return max(0, lasted)


def in_order(facts: Iterable[Placed]) -> list[Placed]:
    """Sorts facts as they were committed: an older epoch of a floor before a newer one."""
    return sorted(facts, key=lambda one: (one.floor, one.epoch, one.place))
