"""The risk that one call more finds nobody, worked out exactly: what small groups need.

The same question as in `risk`, answered by convolution of what each operator and each call may do.
"""

from collections.abc import Sequence
from operator import mul

from vyzov.core.pacing.convolution import convolved, nothing
from vyzov.core.pacing.histograms import HORIZONS_S
from vyzov.core.pacing.risk import Facing, Ringing

_COUNT = len(HORIZONS_S)
_ROOM_FOR = 3
"""Small groups seldom place more calls at once than this."""


class ExactOutlook:
    """The outlook of small groups.

    Counted are operators who become free and calls that are *not* answered: nobody is there for the
    next one while they are no more than all calls less who is sure to be free. Only the chances of
    so few, and of a few more for calls to be added, are worked out, and only of the moments and the
    points of the answer rate that are asked about: where the heavy ones forbid a call, the others
    are left alone.
    """

    def __init__(self, facing: Facing) -> None:
        times = facing.own.times
        self._masses, self._by_horizon = times.masses, times.by_horizon
        self._points = facing.points
        calls = sum(facing.own.counts) + sum(sum(other.counts) for other, _, _ in facing.others)
        self._short = calls - facing.sure
        self._whole = sum(point.weight * point.rate for point in facing.points)
        self._cells = times.heaviest_cells
        self._released = list(zip(*facing.releases, strict=True)) or [()] * _COUNT
        self._theirs = [_Calls(other, [(rate, share)]) for other, rate, share in facing.others]
        self._calls = _Calls(facing.own, [(point.rate, 1.0) for point in facing.points])
        self._make_room(0, 0)

    def _make_room(self, added: int, more: int) -> None:
        """Forgets what was worked out, if any: chances are kept until so many more are added."""
        self._added = added
        self._none = nothing(self._short + added + more + 1)
        self._bases: list[Sequence[float] | None] = [None] * _COUNT
        self._chances: list[list[Sequence[float] | None]] = [[None] * _COUNT for _ in self._points]

    def _at(self, place: int, horizon: int) -> Sequence[float]:
        """Returns the chances of each count at a moment, at one point of the answer rate."""
        found = self._chances[place][horizon]
        if found is None:
            base = self._bases[horizon]
            if base is None:
                base = convolved(self._none, self._released[horizon])
                for calls in self._theirs:
                    base = convolved(base, calls.silent(0, horizon))
                self._bases[horizon] = base
            silent = self._calls.silent(place, horizon)
            silent += [self._added_silent(place, horizon)] * self._added
            found = self._chances[place][horizon] = convolved(base, silent)
        return found

    def _added_silent(self, place: int, horizon: int) -> float:
        return 1 - self._points[place].rate * self._by_horizon[horizon]

    @property
    def flight(self) -> float:
        """How many abandoned calls are expected of what is on its way."""
        missing = range(self._short, -1, -1)
        return sum(
            point.weight
            * max(sum(map(mul, missing, self._at(place, horizon))) for horizon in range(_COUNT))
            for place, point in enumerate(self._points)
        )

    def dials_within(self, most: float, scarcity: float, bound: int) -> tuple[int, float]:
        """Adds one call after the other, and has more worked out where many are added."""
        added, last = 0, 0.0
        while added < bound:
            if self._short + added >= len(self._none):
                self._make_room(added, max(_ROOM_FOR, added))
            elif added > self._added:
                self._add_call()
            risk = self._risk(self._short + added, scarcity, most)
            if risk > most:
                return added, last if added else risk
            added, last = added + 1, risk
        return added, last

    def _add_call(self) -> None:
        for place, horizon in self._cells:
            silent = self._added_silent(place, horizon)
            self._chances[place][horizon] = convolved(self._at(place, horizon), [silent])
        self._added += 1

    def _risk(self, short: int, scarcity: float, most: float) -> float:
        """Returns the risk of a call more, or a part of it that is more than `most` already."""
        # What each count weighs: nobody is there, and so many are missing to `short`.
        weighs = [1 + scarcity * missing for missing in range(short, -1, -1)]
        weights = [point.weight * point.rate for point in self._points]
        found, most = 0.0, most * self._whole
        for place, horizon in self._cells:
            risk = sum(map(mul, weighs, self._at(place, horizon)))
            found += weights[place] * self._masses[horizon] * risk
            if found > most:
                break
        return found / self._whole


class _Calls:
    """Calls that ring, one beside the other, and their odds at some answer rates, each with the
    share of answers that count."""

    def __init__(self, ringing: Ringing, rates: Sequence[tuple[float, float]]) -> None:
        self._gains = list(zip(*ringing.each(ringing.rows), strict=True)) or [()] * _COUNT
        self._odds = [ringing.each(ringing.odds(rate, share)) for rate, share in rates]

    def silent(self, place: int, horizon: int) -> list[float]:
        """Returns each call's chance not to be answered by a horizon."""
        pairs = zip(self._odds[place], self._gains[horizon], strict=True)
        return [1 - odds * gain for odds, gain in pairs]
