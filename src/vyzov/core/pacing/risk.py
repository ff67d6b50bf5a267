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
_Moments: TypeAlias = tuple[float, float, float]
"""Mean, variance and third central moment."""

_Weights: TypeAlias = tuple[Sequence[float], Sequence[float], Sequence[float]]

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
    """The outlook of larger groups. Nothing is worked out of a moment or a point of the answer rate
    before it is asked about: where the heavy ones forbid a call, the others are left alone."""

    def __init__(self, facing: Facing) -> None:
        self._sure, self._points = facing.sure, facing.points
        self._calls = _Calls(facing.own, [(point.rate, 1.0) for point in facing.points])
        self._theirs = [_Calls(other, [(rate, share)]) for other, rate, share in facing.others]
        times = facing.own.times
        self._masses, self._by_horizon = times.masses, times.by_horizon
        self._order = times.heaviest_cells
        self._released = list(zip(*facing.releases, strict=True)) or _NO_CALLS
        self._bases: list[_Moments | None] = [None] * _COUNT
        self._cells: list[list[_Moments | None]] = [[None] * _COUNT for _ in facing.points]
        self._weights = [point.weight * point.rate for point in facing.points]
        self._whole = sum(self._weights)

    def _cell(self, place: int, horizon: int) -> _Moments:
        """Returns the moments of who is free by a horizon, less who answers at one answer rate."""
        found = self._cells[place][horizon]
        if found is None:
            base = self._bases[horizon]
            if base is None:
                base = self._bases[horizon] = self._base(horizon)
            found = self._cells[place][horizon] = self._calls.less(base, place, horizon)
        return found

    def _base(self, horizon: int) -> _Moments:
        """Returns the moments of who is free by a horizon, less others' calls."""
        columns = self._released
        found = (
            self._sure + sum(columns[horizon]),
            0.01 + sum(columns[horizon + _COUNT]),
            sum(columns[horizon + 2 * _COUNT], 0.0),
        )
        for calls in self._theirs:
            found = calls.less(found, 0, horizon)
        return found

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        return sum(
            point.weight * max(self._shortfall(place, horizon) for horizon in range(_COUNT))
            for place, point in enumerate(self._points)
        )

    def _shortfall(self, place: int, horizon: int) -> float:
        mean, variance, _ = self._cell(place, horizon)
        return _shortfall(mean, sqrt(variance))

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
        """Returns the risk of one call more where `added` were added already: the chance that whoever
        answers finds nobody, and how many do if they come in a burst, weighed by how dear the next
        one is. Or a part of it that is more than `most` already."""
        found, most = 0.0, most * self._whole
        for place, horizon in self._order:
            mean, variance, third = self._cell(place, horizon)
            if added:
                answers = self._points[place].rate * self._by_horizon[horizon]
                spread = answers * (1 - answers)
                mean -= added * answers
                variance += added * spread
                third -= added * (spread * (1 - 2 * answers))
            deviation = sqrt(variance)
            z = (0.5 - mean) / deviation
            if z < _FAR:
                continue
            nobody = 0.5 * erfc(-z * _ROOT_HALF)
            nobody -= third / (6 * deviation**3) * (z * z - 1) * _BELL * exp(-0.5 * z * z)
            nobody = 0.0 if nobody < 0 else min(nobody, 1.0)
            if scarcity:
                nobody += scarcity * _shortfall(mean, deviation)
            found += self._weights[place] * self._masses[horizon] * nobody
            if found > most:
                break
        return found / self._whole


class _Calls:
    """Calls that ring, and their odds at some answer rates, each with the share of answers that
    count."""

    def __init__(self, ringing: Ringing, rates: Sequence[tuple[float, float]]) -> None:
        self._ringing, self._rates = ringing, rates
        self._weights: list[_Weights | None] = [None] * len(rates)

    def less(self, moments: _Moments, place: int, horizon: int) -> _Moments:
        """Takes away calls that may be answered by a horizon: by the sums of their chances, of the
        squares of these, and of the cubes."""
        odds, squares, cubes = self._weights[place] or self._weigh(place)
        columns = self._ringing.columns
        one = sum(map(mul, odds, columns[horizon]))
        two = sum(map(mul, squares, columns[horizon + _COUNT]))
        three = sum(map(mul, cubes, columns[horizon + 2 * _COUNT]))
        mean, variance, third = moments
        return mean - one, variance + one - two, third - one + 3 * two - 2 * three

    def _weigh(self, place: int) -> "_Weights":
        rate, share = self._rates[place]
        odds = self._ringing.odds(rate, share)
        once = list(map(mul, self._ringing.counts, odds))
        squares = list(map(mul, once, odds))
        found = self._weights[place] = once, squares, list(map(mul, squares, odds))
        return found


def _shortfall(mean: float, deviation: float) -> float:
    """Returns the mean of what a normal quantity is below nothing."""
    y = -mean / deviation
    if y < _FAR:
        return 0.0
    return deviation * (y * 0.5 * erfc(-y * _ROOT_HALF) + _BELL * exp(-0.5 * y * y))
