"""The risk that one call more finds nobody: answers to come against operators to become free.

Compared at several moments ahead and at three points of the posterior of the answer rate. For small
groups the chances are worked out exactly, for others by a normal distribution with its skew; both
give the same kind of outlook. What risk is allowed is decided in `ahead`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, sqrt
from operator import mul
from typing import Protocol

from vyzov.core.pacing.answer_rate import RatePoint
from vyzov.core.pacing.histograms import HORIZONS_S, RingTimes, Row

_COUNT = len(HORIZONS_S)
_ANSWER_MOST = 0.99
_ROOT_HALF, _BELL = 0.7071067811865476, 0.3989422804014327
_ROOM_FOR = 3
"""Small groups seldom place more calls at once than this."""

_FAR = -8.0
"""So many deviations away nothing happens."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """Calls that ring, by their age in whole seconds, and what is known of such calls."""

    ages: Mapping[int, int]
    times: RingTimes


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
        risk of the last of them, or of the first where none may."""
        ...


class NormalOutlook:
    """The outlook of larger groups."""

    def __init__(self, facing: Facing) -> None:
        self._masses = facing.own.times.masses
        by_horizon = facing.own.times.by_horizon
        released = _sums(facing.releases)
        mean = [facing.sure + one for one in released[:_COUNT]]
        variance = [0.01 + one for one in released[_COUNT : 2 * _COUNT]]
        third = released[2 * _COUNT :]
        for ringing, rate, share in facing.others:
            mean, variance, third = _less((mean, variance, third), _powers(ringing, rate, share))
        self._points = list[_Point]()
        for point in facing.points:
            moments = _less((mean, variance, third), _powers(facing.own, point.rate, 1.0))
            self._points.append(_Point(point, *moments, by_horizon))
        self._whole = sum(point.weight for point in self._points)

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        return sum(point.share * point.shortfall() for point in self._points)

    def dials_within(self, most: float, scarcity: float, bound: int) -> tuple[int, float]:
        """Looks in growing steps, then between the last two: the risk grows with each call."""
        risk = self.risk(0, scarcity)
        if risk > most:
            return 0, risk
        fits, over = 0, 1
        while over < bound and (found := self.risk(over, scarcity)) <= most:
            fits, over, risk = over, over * 2, found
        over = min(over, bound)
        while over - fits > 1:
            middle = (fits + over) // 2
            found = self.risk(middle, scarcity)
            if found <= most:
                fits, risk = middle, found
            else:
                over = middle
        return fits + 1, risk

    def risk(self, added: int, scarcity: float) -> float:
        """Returns the risk of one call more where `added` were added already."""
        found = sum(
            point.weight * point.risk(added, scarcity, self._masses) for point in self._points
        )
        return found / self._whole


class _Point:
    """What is to come, if the answer rate is that of one point of the posterior."""

    def __init__(
        self,
        point: RatePoint,
        mean: Sequence[float],
        variance: Sequence[float],
        third: Sequence[float],
        by_horizon: Row,
    ) -> None:
        self.share, self.weight = point.weight, point.weight * point.rate
        self._now = list(zip(mean, variance, third, strict=True))
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
            nobody = min(1.0, max(0.0, nobody))
            if scarcity:
                nobody += scarcity * _shortfall(mean, deviation)
            found += mass * nobody
        return found


class ExactOutlook:
    """The outlook of small groups, by convolution of what each operator and each call may do.

    Counted are operators who become free and calls that are *not* answered: nobody is there for the
    next one while they are no more than all calls less who is sure to be free. Only the chances of
    so few, and of a few more for calls to be added, are worked out.
    """

    def __init__(self, facing: Facing) -> None:
        self._facing = facing
        self._masses = facing.own.times.masses
        self._by_horizon = facing.own.times.by_horizon
        self._points = facing.points
        calls = sum(facing.own.ages.values())
        calls += sum(sum(ringing.ages.values()) for ringing, _, _ in facing.others)
        self._short = calls - facing.sure
        self._whole = sum(point.weight * point.rate for point in facing.points)
        self._convolve(_ROOM_FOR)

    def _convolve(self, added: int) -> None:
        """Works out the chances that matter until so many calls are added."""
        facing = self._facing
        self._kept = kept = max(1, self._short + added + 1)
        columns = list(zip(*facing.releases, strict=True))[:_COUNT] or [()] * _COUNT
        base = [_convolved([1.0], column, kept) for column in columns]
        for ringing, rate, share in facing.others:
            silent = _silences(ringing, rate, share)
            base = [_convolved(one, more, kept) for one, more in zip(base, silent, strict=True)]
        self._chances = [
            [
                _convolved(one, silent, kept)
                for one, silent in zip(base, _silences(facing.own, point.rate, 1.0), strict=True)
            ]
            for point in facing.points
        ]

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        return sum(
            point.weight * max(_missing(chances, self._short, 0.0, 1.0) for chances in rows)
            for point, rows in zip(self._points, self._chances, strict=True)
        )

    def dials_within(self, most: float, scarcity: float, bound: int) -> tuple[int, float]:
        """Adds one call after the other, and has more worked out where many are added."""
        added, last = 0, 0.0
        grown = self._chances
        while added < bound:
            if self._short + added >= self._kept:
                self._convolve(2 * added)
                grown = self._chances
                for _ in range(added):
                    grown = self._with_call(grown)
            risk = self._risk(grown, self._short + added, scarcity)
            if risk > most:
                return added, last if added else risk
            added, last = added + 1, risk
            grown = self._with_call(grown)
        return added, last

    def _with_call(self, grown: Sequence[Sequence[list[float]]]) -> list[list[list[float]]]:
        return [
            [
                _with_one(chances, 1 - point.rate * by, self._kept)
                for chances, by in zip(rows, self._by_horizon, strict=True)
            ]
            for point, rows in zip(self._points, grown, strict=True)
        ]

    def _risk(
        self, grown: Sequence[Sequence[Sequence[float]]], short: int, scarcity: float
    ) -> float:
        found = 0.0
        for point, rows in zip(self._points, grown, strict=True):
            risks = (_missing(chances, short, 1.0, scarcity) for chances in rows)
            found += point.weight * point.rate * sum(map(mul, self._masses, risks))
        return found / self._whole


def _sums(rows: Sequence[Row]) -> list[float]:
    if not rows:
        return [0.0] * (3 * _COUNT)
    return [sum(column) for column in zip(*rows, strict=True)]


def _less(
    moments: tuple[Sequence[float], Sequence[float], Sequence[float]],
    powers: tuple[Sequence[float], Sequence[float], Sequence[float]],
) -> tuple[list[float], list[float], list[float]]:
    """Takes away calls that may be answered, given the sums of their chances and of the squares and
    cubes of these: mean, variance and third central moment."""
    mean, variance, third = moments
    one, two, three = powers
    return (
        [a - x for a, x in zip(mean, one, strict=True)],
        [a + x - y for a, x, y in zip(variance, one, two, strict=True)],
        [a - x + 3 * y - 2 * z for a, x, y, z in zip(third, one, two, three, strict=True)],
    )


def _powers(
    ringing: Ringing, rate: float, share: float
) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    """Sums up the chances of an answer by each horizon over all calls that ring, then the squares
    and the cubes of these chances."""
    if not ringing.ages:
        return (0.0,) * _COUNT, (0.0,) * _COUNT, (0.0,) * _COUNT
    rows = [ringing.times.gains(age) for age in ringing.ages]
    columns = list(zip(*rows, strict=True))
    odds = [
        _odds(ringing.times, rate, age, row) * share
        for age, row in zip(ringing.ages, rows, strict=True)
    ]
    weights = list(map(mul, ringing.ages.values(), odds))
    found = list[list[float]]()
    for start in range(0, 3 * _COUNT, _COUNT):
        found.append([sum(map(mul, weights, column)) for column in columns[start : start + _COUNT]])
        weights = list(map(mul, weights, odds))
    return found[0], found[1], found[2]


def _odds(times: RingTimes, rate: float, age: int, gains: Row) -> float:
    """By what the share of answers to come is multiplied for a call that has rung so long; no call
    is ever sure to be answered."""
    odds = rate / times.survival(rate, age)
    farthest = gains[_COUNT - 1]
    return odds if odds * farthest <= _ANSWER_MOST else _ANSWER_MOST / farthest


def _silences(ringing: Ringing, rate: float, share: float) -> list[list[float]]:
    """Returns, for each horizon, each call's chance not to be answered by then."""
    found = [list[float]() for _ in range(_COUNT)]
    for age, calls in ringing.ages.items():
        row = ringing.times.gains(age)
        odds = _odds(ringing.times, rate, age, row) * share
        for silent, gain in zip(found, row, strict=False):
            silent.extend([1 - odds * gain] * calls)
    return found


def _with_one(chances: list[float], chance: float, kept: int) -> list[float]:
    """Returns the distribution of a count to which one more is added by chance, its first `kept`."""
    rest = 1 - chance
    grown = [chances[0] * rest]
    grown += [a * chance + b * rest for a, b in pairwise(chances)]
    if len(grown) < kept:
        grown.append(chances[-1] * chance)
    return grown


def _convolved(chances: list[float], more: Iterable[float], kept: int) -> list[float]:
    for chance in more:
        chances = _with_one(chances, chance, kept)
    return chances


def _missing(chances: Sequence[float], short: int, once: float, each: float) -> float:
    """Returns `once` for each chance of a count of `short` at most, and `each` for each one that is
    missing to `short`."""
    if short < 0:
        return 0.0
    kept = chances[: short + 1]
    found = once * sum(kept)
    if each:
        found += each * sum(map(mul, range(short, short - len(kept), -1), kept))
    return found


def _shortfall(mean: float, deviation: float) -> float:
    """Returns the mean of what a normal quantity is below nothing."""
    y = -mean / deviation
    if y < _FAR:
        return 0.0
    return deviation * (y * 0.5 * erfc(-y * _ROOT_HALF) + _BELL * exp(-0.5 * y * y))
