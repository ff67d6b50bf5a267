"""When calls and talks end, learnt from those that ended: the tables of the predictive law.

`RingTimes` says which share of the answers and of the other ends comes by which age of a call,
`ServiceTimes` how likely an operator becomes free within each horizon. Both are histograms that
start from a plain guess, forget slowly, and are turned into tables only at `rebuild`, so that what
is decided depends on when tables were made and not on which call was asked about first.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import exp
from typing import Any

from vyzov.core.fields import Json

HORIZONS_S = (3, 6, 9, 12, 15, 18, 22)
"""Moments ahead at which the law compares operators and answers, seconds."""

RING_BINS = 61
TALK_BIN_S, TALK_BINS = 2.0, 600
WRAP_BINS = 60

_ANSWERS_MOST, _FAILURES_MOST, _TALKS_MOST, _WRAPS_MOST = 3000, 9000, 1500, 1500
_FORGET = 0.7
SURVIVAL_LEAST = 0.01
"""No age leaves fewer ringing: what was never seen can still happen."""

_RELEASE_UNKNOWN = 0.8
_HAZARD_MOST = 0.2

Row = tuple[float, ...]
Table = list[Row | None]


class _Counts:
    """A histogram as of the last rebuild, and what has come since."""

    __slots__ = ("bins", "fresh", "most")

    def __init__(self, bins: Sequence[float], most: float) -> None:
        self.bins, self.most = list(bins), most
        self.fresh = list[int]()

    def add(self, where: float) -> None:
        self.fresh.append(max(0, min(len(self.bins) - 1, int(where))))

    def settle(self) -> None:
        for one in self.fresh:
            self.bins[one] += 1
        self.fresh.clear()
        if sum(self.bins) > self.most:
            self.bins = [count * _FORGET for count in self.bins]

    def to_state(self) -> Json:
        return [list(self.bins), list(self.fresh)]

    def take_state(self, state: Sequence[Any]) -> None:
        self.bins, self.fresh = [float(one) for one in state[0]], [int(one) for one in state[1]]


class RingTimes:
    """The ages at which calls are answered and at which the others end, in whole seconds."""

    def __init__(self) -> None:
        answered = [0.05 + (0.5 if 4 <= age <= 25 else 0.0) for age in range(RING_BINS)]
        failed = [
            0.05 + (0.2 if 2 <= age <= 24 else 1.0 if 25 <= age <= 39 else 0.0)
            for age in range(RING_BINS)
        ]
        self._answered = _Counts(answered, _ANSWERS_MOST)
        self._failed = _Counts(failed, _FAILURES_MOST)
        self._tabulate()

    def answered(self, age_s: float) -> None:
        """Counts a call that was answered at this age."""
        self._answered.add(age_s)

    def failed(self, age_s: float) -> None:
        """Counts a call that ended otherwise at this age."""
        self._failed.add(age_s)

    def rebuild(self) -> None:
        """Makes the tables anew from all that was counted."""
        self._answered.settle()
        self._failed.settle()
        self._tabulate()

    def _tabulate(self) -> None:
        self.answered_by = _shares_below(self._answered.bins)
        self.failed_by = _shares_below(self._failed.bins)
        self.by_horizon = tuple(self.answered_by[ahead] for ahead in HORIZONS_S)
        middles = [(a + b) / 2 for a, b in pairwise(self.by_horizon)]
        edges = (0.0, *middles, 1.0)
        self.masses = tuple(b - a for a, b in pairwise(edges))
        by_weight = sorted(range(len(HORIZONS_S)), key=self.masses.__getitem__, reverse=True)
        # Points of the answer rate by horizons: the likely points together, the unlikely one last.
        self.heaviest_cells = [
            (place, horizon)
            for places in ((0, 1), (2,))
            for horizon in by_weight
            for place in places
        ]
        self._gains: Table = [None] * RING_BINS

    def survival(self, rate: float, age: int) -> float:
        """Returns the share of calls still ringing at an age, where `rate` of them will answer."""
        left = 1 - rate * self.answered_by[age] - (1 - rate) * self.failed_by[age]
        return max(SURVIVAL_LEAST, left)

    def survivals(self, rates: Iterable[float], age: int) -> list[float]:
        """Returns the share still ringing at an age for each of several rates."""
        answered, failed = self.answered_by[age], self.failed_by[age]
        left = [1 - rate * answered - (1 - rate) * failed for rate in rates]
        return [max(SURVIVAL_LEAST, one) for one in left]

    def gains(self, age: int) -> Row:
        """Returns the share of answers that come from this age to each horizon, its squares and
        its cubes, one after the other."""
        row = self._gains[age]
        if row is None:
            by = self.answered_by
            first = [by[min(RING_BINS, age + ahead)] - by[age] for ahead in HORIZONS_S]
            row = (*first, *(one**2 for one in first), *(one**3 for one in first))
            self._gains[age] = row
        return row

    def to_state(self) -> Json:
        """Returns all that was learnt as JSON values."""
        return {"answered": self._answered.to_state(), "failed": self._failed.to_state()}

    def take_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `to_state` gave."""
        self._answered.take_state(state["answered"])
        self._failed.take_state(state["failed"])
        self._tabulate()


class ServiceTimes:
    """How long operators talk and write up, and when they become free."""

    def __init__(self, wait_s: float) -> None:
        self._wait = int(wait_s + 0.5)
        self._ends = [ahead + self._wait for ahead in HORIZONS_S]
        talks = [
            20.0 * TALK_BIN_S / 120 * exp(-(age + 0.5) * TALK_BIN_S / 120)
            for age in range(TALK_BINS)
        ]
        wraps = [10.0 / 15 * exp(-(age + 0.5) / 15) for age in range(WRAP_BINS)]
        self._talks = _Counts(talks, _TALKS_MOST)
        self._cut_short = _Counts([0.0] * TALK_BINS, _TALKS_MOST)
        self._wraps = _Counts(wraps, _WRAPS_MOST)
        self._going_on = list[int]()
        self._tabulate()

    def talked(self, length_s: float, *, is_cut_short: bool) -> None:
        """Counts a talk; one cut short says only that it would have lasted longer."""
        (self._cut_short if is_cut_short else self._talks).add(length_s / TALK_BIN_S)

    def wrapped(self, length_s: float) -> None:
        """Counts a wrap-up."""
        self._wraps.add(length_s)

    def rebuild(self, talk_ages: Iterable[float] = ()) -> None:
        """Makes the tables anew from all that was counted, and from talks of these ages that go on:
        without them the first that end, all short, would stand for all talks of a crew that began
        together."""
        last = TALK_BINS - 1
        self._going_on = [min(last, int(age / TALK_BIN_S)) for age in talk_ages]
        for counts in (self._talks, self._cut_short, self._wraps):
            counts.settle()
        self._tabulate()

    def _tabulate(self) -> None:
        self._wrapped_by = _shares_below(self._wraps.bins)
        longest = WRAP_BINS + self._wait
        self._wrapped_upto = (self._wrapped_by + (1.0,) * longest)[: self._ends[-1]]
        known = [a + b for a, b in zip(self._talks.bins, self._cut_short.bins, strict=True)]
        for place in self._going_on:
            known[place] += 1
        lasting = list(accumulate(reversed(known)))[::-1]
        self._ended = [0.0, *accumulate(self._talks.bins)]
        self._at_risk = [0.0, *accumulate(lasting)]
        self._talk_rows: Table = [None] * TALK_BINS
        self._wrap_rows: Table = [None] * WRAP_BINS

    def releases(self, talk_ages: Iterable[float], wrap_ages: Iterable[float]) -> list[Row]:
        """Returns, for each who talks or writes up for so many seconds, the chance of being free at
        each horizon, its variance and its third central moment, one after the other."""
        rows, last = self._talk_rows, TALK_BINS - 1
        places = [int(age / TALK_BIN_S) for age in talk_ages]
        found = [rows[min(last, place)] or self._talk_row(place) for place in places]
        rows, last = self._wrap_rows, WRAP_BINS - 1
        places = [int(age) for age in wrap_ages]
        found += [rows[min(last, place)] or self._wrap_row(place) for place in places]
        return found

    def _talk_row(self, place: int) -> Row:
        place = min(place, TALK_BINS - 1)
        row = self._talk_rows[place] = _moments(self._talk_releases(self._hazard(place)))
        return row

    def _wrap_row(self, place: int) -> Row:
        place = min(place, WRAP_BINS - 1)
        row = self._wrap_rows[place] = _moments(self._wrap_releases(place))
        return row

    def _hazard(self, place: int) -> float:
        """The chance a second that a talk of this age ends, smoothed over thirty seconds."""
        first, last = max(0, place - 2), min(TALK_BINS, place + 13)
        ended = self._ended[last] - self._ended[first]
        at_risk = self._at_risk[last] - self._at_risk[first]
        return min(_HAZARD_MOST, (ended + 0.02) / (at_risk + 1.0) / TALK_BIN_S)

    def _talk_releases(self, hazard: float) -> list[float]:
        """Talk over, then the wrap-up over, by each horizon and the wait that an answer allows.

        Second by second: either the talk goes on as before with a second less to go, or it ends
        and the whole wrap-up must fit into what is left.
        """
        by, released, goes_on = [0.0], 0.0, 1 - hazard
        for wrapped in self._wrapped_upto:
            released = hazard * wrapped + goes_on * released
            by.append(released)
        return [by[end] for end in self._ends]

    def _wrap_releases(self, place: int) -> list[float]:
        by = self._wrapped_by
        left = 1 - by[place]
        if left <= 0.002:
            return [_RELEASE_UNKNOWN] * len(HORIZONS_S)
        ends = (min(WRAP_BINS, place + ahead + self._wait) for ahead in HORIZONS_S)
        return [(by[end] - by[place]) / left for end in ends]

    def to_state(self) -> Json:
        """Returns all that was learnt as JSON values."""
        return {
            "talks": self._talks.to_state(),
            "cut_short": self._cut_short.to_state(),
            "wraps": self._wraps.to_state(),
            "going_on": list(self._going_on),
        }

    def take_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `to_state` gave."""
        self._talks.take_state(state["talks"])
        self._cut_short.take_state(state["cut_short"])
        self._wraps.take_state(state["wraps"])
        self._going_on = [int(place) for place in state.get("going_on", ())]
        self._tabulate()


def _shares_below(bins: Sequence[float]) -> Row:
    """Returns the share of the whole below each edge of the bins, from 0 to 1."""
    below = list(accumulate(bins, initial=0.0))
    return tuple(count / below[-1] for count in below)


def _moments(chances: Sequence[float]) -> Row:
    spread = [chance * (1 - chance) for chance in chances]
    third = [one * (1 - 2 * chance) for one, chance in zip(spread, chances, strict=True)]
    return (*chances, *spread, *third)
