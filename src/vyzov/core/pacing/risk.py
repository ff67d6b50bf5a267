"""The risk that one call more finds nobody: answers to come against operators to become free.

Compared at several moments ahead and at three points of the posterior of the answer rate, by a normal
distribution with its skew; for small groups `exact` gives the same kind of outlook. What risk is
allowed is decided in `ahead`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, exp, sqrt
from operator import mul
from typing import Protocol, TypeAlias, TypeVar

from vyzov.core.making import quickly_made
from vyzov.core.pacing.answer_rate import RatePoint
from vyzov.core.pacing.histograms import HORIZONS_S, SURVIVAL_LEAST, RingTimes, Row

_T = TypeVar("_T")
_Moments: TypeAlias = tuple[Sequence[float], Sequence[float], Sequence[float]]
"""By horizon: mean, variance, third central moment; or sums of chances, their squares, their cubes."""

_COUNT = len(HORIZONS_S)
_NO_CALLS: Sequence[Row] = [()] * (3 * _COUNT)
_ANSWER_MOST = 0.99
_ROOT_HALF, _BELL = 0.7071067811865476, 0.3989422804014327
_FAR = -8.0
"""So many deviations away nothing happens."""


class Ringing:
    """Calls that ring, by their age in whole seconds, and what is known of such calls."""

    __slots__ = ("ages", "columns", "counts", "rows", "times")

    def __init__(self, ages: Mapping[int, int], times: RingTimes) -> None:
        self.ages, self.counts, self.times = ages, list(ages.values()), times
        self.rows = [times.gains(age) for age in ages]
        self.columns: Sequence[Row] = list(zip(*self.rows, strict=True)) or _NO_CALLS

    def odds(self, rate: float, share: float = 1.0) -> list[float]:
        """Returns, for each age, by what the share of answers to come is multiplied; no call is
        ever sure to be answered."""
        times, fails, found = self.times, 1 - rate, list[float]()
        answered_by, failed_by, least = times.answered_by, times.failed_by, SURVIVAL_LEAST
        for age, row in zip(self.ages, self.rows, strict=True):
            left = 1 - rate * answered_by[age] - fails * failed_by[age]
            odds = rate / left if left > least else rate / least
            farthest = row[_COUNT - 1]
            found.append(odds if odds * farthest <= _ANSWER_MOST else _ANSWER_MOST / farthest)
        return found if share == 1 else [odds * share for odds in found]

    def each(self, of_ages: Sequence[_T]) -> list[_T]:
        """Returns what is given of each age once for each call."""
        if len(of_ages) == sum(self.counts):
            return list(of_ages)
        pairs = zip(of_ages, self.counts, strict=True)
        return [one for one, calls in pairs for _ in range(calls)]


@quickly_made
@dataclass(frozen=True, slots=True)
class Facing:
    """All that meets within the horizons: operators free now less those who wait, the moments of
    those who become free, our calls that ring, and others' that may take the same operators, each
    with its answer rate and the share of them that will."""

    sure: int
    releases: Sequence[Row]
    own: Ringing
    points: Sequence[RatePoint]
    others: Sequence[tuple[Ringing, float, float]] = ()


class Outlook(Protocol):
    """What may happen if nothing is added, and what a call more would risk."""

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        ...

    def dials_within(self, most: float, scarcity: float, bound: int) -> tuple[int, float]:
        """Returns how many calls may be added while the risk of each is at most `most`, and the
        risk of the last of them; where none may, so much of the first one's as is too much."""
        ...


class NormalOutlook:
    """The outlook of larger groups. Of a point of the answer rate nothing is worked out before it is
    asked about: where the likely ones forbid a call, the unlikely one is left alone."""

    def __init__(self, facing: Facing) -> None:
        self._own, self._rates = facing.own, facing.points
        self._masses, self._by_horizon = facing.own.times.masses, facing.own.times.by_horizon
        released = _sums(facing.releases)
        mean = [facing.sure + one for one in released[:_COUNT]]
        variance = [0.01 + one for one in released[_COUNT : 2 * _COUNT]]
        self._moments: _Moments = mean, variance, released[2 * _COUNT :]
        for ringing, rate, share in facing.others:
            self._moments = _less(self._moments, _powers(ringing, ringing.odds(rate, share)))
        self._points: list[_Point | None] = [None] * len(facing.points)
        self._whole = sum(point.weight * point.rate for point in facing.points)

    def _point(self, place: int) -> "_Point":
        found = self._points[place]
        if found is None:
            point = self._rates[place]
            moments = _less(self._moments, _powers(self._own, self._own.odds(point.rate)))
            found = self._points[place] = _Point(point, moments, self._by_horizon)
        return found

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        points = map(self._point, range(len(self._points)))
        return sum(point.share * point.shortfall() for point in points)

    def dials_within(self, most: float, scarcity: float, bound: int) -> tuple[int, float]:
        """Looks in growing steps, then between the last two: the risk grows with each call."""
        risk = self._risk(0, scarcity, most)
        if risk > most:
            return 0, risk
        fits, over = 0, 1
        while over < bound and (found := self._risk(over, scarcity, most)) <= most:
            fits, over, risk = over, over * 2, found
        over = min(over, bound)
        while over - fits > 1:
            middle = (fits + over) // 2
            found = self._risk(middle, scarcity, most)
            if found <= most:
                fits, risk = middle, found
            else:
                over = middle
        return fits + 1, risk

    def _risk(self, added: int, scarcity: float, most: float) -> float:
        """Returns the risk of one call more where `added` were added already, or a part of it that
        is more than `most` already."""
        found, most = 0.0, most * self._whole
        for place in range(len(self._points)):
            point = self._point(place)
            found += point.weight * point.risk(added, scarcity, self._masses)
            if found > most:
                break
        return found / self._whole


class _Point:
    """What is to come, if the answer rate is that of one point of the posterior."""

    def __init__(self, point: RatePoint, moments: _Moments, by_horizon: Row) -> None:
        self.share, self.weight = point.weight, point.weight * point.rate
        self._now = list(zip(*moments, strict=True))
        answers = [point.rate * by for by in by_horizon]
        spread = [one * (1 - one) for one in answers]
        skewed = [one * (1 - 2 * answer) for one, answer in zip(spread, answers, strict=True)]
        self._one_more = list(zip(answers, spread, skewed, strict=True))

    def shortfall(self) -> float:
        """Returns how many operators will be missing, where they are missing most."""
        return max(_shortfall(mean, sqrt(variance)) for mean, variance, _ in self._now)

    def risk(self, added: int, scarcity: float, masses: Row) -> float:
        """Returns the chance that whoever answers finds nobody, and how many do if they come in a
        burst, weighed by how dear the next one is."""
        found = 0.0
        for mass, now, more in zip(masses, self._now, self._one_more, strict=True):
            mean, variance, third = now
            mean -= added * more[0]
            deviation = sqrt(variance + added * more[1])
            z = (0.5 - mean) / deviation
            if z < _FAR:
                continue
            skew = (third - added * more[2]) / (6 * deviation**3)
            nobody = 0.5 * erfc(-z * _ROOT_HALF)
            nobody -= skew * (z * z - 1) * _BELL * exp(-0.5 * z * z)
            nobody = 0.0 if nobody < 0 else min(nobody, 1.0)
            if scarcity:
                nobody += scarcity * _shortfall(mean, deviation)
            found += mass * nobody
        return found


def _sums(rows: Sequence[Row]) -> list[float]:
    if not rows:
        return [0.0] * (3 * _COUNT)
    return [sum(column) for column in zip(*rows, strict=True)]


def _less(moments: _Moments, powers: _Moments) -> _Moments:
    """Takes away calls that may be answered, given the sums of their chances and of the squares and
    cubes of these: mean, variance and third central moment."""
    mean, variance, third = moments
    one, two, three = powers
    return (
        [a - x for a, x in zip(mean, one, strict=True)],
        [a + x - y for a, x, y in zip(variance, one, two, strict=True)],
        [a - x + 3 * y - 2 * z for a, x, y, z in zip(third, one, two, three, strict=True)],
    )


def _powers(ringing: Ringing, odds: Sequence[float]) -> _Moments:
    """Sums up the chances of an answer by each horizon over all calls that ring, then the squares
    and the cubes of these chances."""
    columns = ringing.columns
    weights = list(map(mul, ringing.counts, odds))
    squares = list(map(mul, weights, odds))
    cubes = list(map(mul, squares, odds))
    return (
        [sum(map(mul, weights, column)) for column in columns[:_COUNT]],
        [sum(map(mul, squares, column)) for column in columns[_COUNT : 2 * _COUNT]],
        [sum(map(mul, cubes, column)) for column in columns[2 * _COUNT :]],
    )


def _shortfall(mean: float, deviation: float) -> float:
    """Returns the mean of what a normal quantity is below nothing."""
    y = -mean / deviation
    if y < _FAR:
        return 0.0
    return deviation * (y * 0.5 * erfc(-y * _ROOT_HALF) + _BELL * exp(-0.5 * y * y))
