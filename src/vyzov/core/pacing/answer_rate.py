"""How many of the calls placed now will be answered, as a distribution and not as one number.

A hidden Markov filter over a grid of rates and four regimes: the rate is steady, unsteady, rising
or falling, and may jump. Evidence is exact about what is not known yet: a call that still rings
counts by its chance to ring so long, so a start or a change does not look like many answers. What
the rate is used for is decided in `risk` and `budget`.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import exp, log, sqrt
from operator import add, mul
from typing import Any

from vyzov.core.fields import Json
from vyzov.core.pacing.histograms import RING_BINS, RingTimes

POINTS = 48
RATES = tuple(0.02 * (0.95 / 0.02) ** (place / (POINTS - 1)) for place in range(POINTS))
"""The rates that are held possible, evenly spaced by their logarithms."""

STEP = log(RATES[1] / RATES[0])
SHARES = (0.60, 0.33, 0.07)
"""The posterior is met at three points: the lowest 60 % of it, the next 33 %, the highest 7 %."""

_NOTHING = (0, [0.0] * POINTS)

STEADY_S = 1800.0
"""Over so many seconds it is judged whether the rate is steady."""

_ANSWER = tuple(log(rate) for rate in RATES)
_NO_ANSWER = tuple(log(1 - rate) for rate in RATES)

# Regimes: steady, unsteady, rising, falling. Diffusion of the rate's logarithm per square root of a
# second, and its drift per second: 8e-4 doubles the rate in a quarter of an hour.
_BEGINNING = (0.4, 0.4, 0.1, 0.1)
_DIFFUSION = (0.002, 0.0133, 0.004, 0.004)
_DRIFT = (0.0, 0.0, 8e-4, -8e-4)
_STEADY_LASTS_S, _OTHERS_LAST_S = 7200.0, 900.0
# A rise that is believed late costs abandoned calls, a fall idle minutes; but a fall believed too
# early costs a burst: after a chance silence the law would place ten times the calls.
_JUMPS_UP_S, _JUMPS_DOWN_S = 1800.0, 36_000.0
_STEADY_JUMPS = 0.25
_OTHERS = range(POINTS - 1, 0, -1)
"""How many rates are above each but the last."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One point of the posterior: its weight, of all 1, and the mean rate there."""

    weight: float
    rate: float


class AnswerRate:
    """The posterior of a campaign's answer rate."""

    def __init__(self, ring: RingTimes) -> None:
        bells = [exp(-0.5 * (log(rate / 0.25) / 0.6) ** 2) for rate in RATES]
        whole = sum(bells) * sum(_BEGINNING)
        self.weights = [[share * bell / whole for bell in bells] for share in _BEGINNING]
        self.steadiness = 0.0
        self.rebuild(ring)
        self._pending: list[float] | None = None
        self._seen: tuple[tuple[RatePoint, ...], float, float] | None = None

    def rebuild(self, ring: RingTimes) -> None:
        """Judges evidence by these ring times from now on."""
        self._ring = ring
        self._logs: list[list[float] | None] = [None] * (RING_BINS + 1)
        self._seconds: list[list[float] | None] = [None] * RING_BINS

    # ---- evidence

    def still_ringing(self, passed: Mapping[int, int]) -> None:
        """Takes in how many calls lived through each whole second of their ringing."""
        if not passed:
            return
        pending = self._begun()
        told = [(calls, self._seconds[age] or self._second(age)) for age, calls in passed.items()]
        told += [_NOTHING] * (-len(told) % 4)
        # Four ages at once: most of the time goes into stepping through lists.
        for at in range(0, len(told), 4):
            (i, first), (j, second), (k, third), (m, fourth) = told[at : at + 4]
            rows = zip(pending, first, second, third, fourth, strict=True)
            pending = [x + i * a + j * b + k * c + m * d for x, a, b, c, d in rows]
        self._pending = pending

    def answered(self, age: int) -> None:
        """Takes in a call that was answered, having been counted as ringing up to `age`."""
        self._ended(_ANSWER, age)

    def failed(self, age: int) -> None:
        """Takes in a call that ended otherwise, having been counted as ringing up to `age`."""
        self._ended(_NO_ANSWER, age)

    def _ended(self, logs: Sequence[float], age: int) -> None:
        rows = zip(self._begun(), logs, self._survivals(age), strict=True)
        self._pending = [x + end - rang for x, end, rang in rows]

    def _begun(self) -> list[float]:
        self._seen = None
        return self._pending if self._pending is not None else [0.0] * POINTS

    def _second(self, age: int) -> list[float]:
        """What it says of each rate that a call lived through this second of its ringing."""
        ends = zip(self._survivals(age), self._survivals(age + 1), strict=True)
        row = self._seconds[age] = [after - before for before, after in ends]
        return row

    def _survivals(self, age: int) -> list[float]:
        row = self._logs[age]
        if row is None:
            row = self._logs[age] = list(map(log, self._ring.survivals(RATES, age)))
        return row

    def _settle(self) -> None:
        """Multiplies the weights by the evidence that has gathered, the largest becoming 1."""
        if self._pending is None:
            return
        totals = self._totals()
        # A rate that a burst of evidence has ruled out weighs nothing until a jump comes there.
        pairs = zip(self._pending, totals, strict=True)
        heights = [x + log(total) for x, total in pairs if total > 0]
        top = max(heights)
        factors = [exp(x - top if x - top < 700 else 700.0) for x in self._pending]
        self.weights = [list(map(mul, row, factors)) for row in self.weights]
        self._pending = None

    def _totals(self) -> list[float]:
        """The weight of each rate in all regimes."""
        return [a + b + c + d for a, b, c, d in zip(*self.weights, strict=True)]

    # ---- time

    def move(self, span_s: float = 1.0) -> None:
        """Lets the rate move on by a second, or by ten at most where nothing was seen."""
        self._settle()
        self._seen = None
        moved = [_drifted(row, place, span_s) for place, row in enumerate(self.weights)]
        moved = _with_jumps(_with_changes(moved, span_s), span_s)
        self.weights = moved
        steady = sum(moved[0]) / sum(map(sum, moved))
        self.steadiness += (steady - self.steadiness) * span_s / STEADY_S

    # ---- what is believed

    @property
    def points(self) -> tuple[RatePoint, ...]:
        """The posterior as three points, the lowest rate first."""
        return self._summary()[0]

    @property
    def mean(self) -> float:
        """The mean of the posterior, a share 0..1."""
        return self._summary()[1]

    @property
    def spread(self) -> float:
        """The standard deviation of the posterior."""
        return self._summary()[2]

    def _summary(self) -> tuple[tuple[RatePoint, ...], float, float]:
        if self._seen is None:
            self._settle()
            totals = self._totals()
            whole = sum(totals)
            shares = [total / whole for total in totals]
            moments = list(map(mul, shares, RATES))
            mean, square = sum(moments), sum(map(mul, moments, RATES))
            self._seen = (_cut(shares, moments), mean, sqrt(max(0.0, square - mean * mean)))
        return self._seen

    # ---- state

    def to_state(self) -> Json:
        """Returns all that is believed as JSON values."""
        return {
            "weights": [list(row) for row in self.weights],
            "steadiness": self.steadiness,
            "pending": None if self._pending is None else list(self._pending),
        }

    def take_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `to_state` gave."""
        self.weights = [[float(one) for one in row] for row in state["weights"]]
        self.steadiness = float(state["steadiness"])
        pending = state["pending"]
        self._pending = None if pending is None else [float(one) for one in pending]
        self._seen = None


def _cut(shares: Sequence[float], moments: Sequence[float]) -> tuple[RatePoint, ...]:
    """Returns the weight and the mean rate of each part of the posterior, lowest part first.

    `moments` are the shares times their rates; a share that two parts meet in is cut in two.
    """
    weights, means = list(accumulate(shares)), list(accumulate(moments))
    found, cut, weight, moment = list[RatePoint](), 0.0, 0.0, 0.0
    for share in SHARES[:-1]:
        cut += share
        place = bisect_left(weights, cut)
        upto = means[place] - (weights[place] - cut) * RATES[place]
        found.append(RatePoint(cut - weight, (upto - moment) / (cut - weight)))
        weight, moment = cut, upto
    rest = weights[-1] - weight
    return (*found, RatePoint(rest, (means[-1] - moment) / rest))


def _drifted(row: Sequence[float], regime: int, span_s: float) -> list[float]:
    """Moves one regime's weights to the neighbouring rates; nothing leaves the grid."""
    spread = _DIFFUSION[regime] ** 2 * span_s / (2 * STEP * STEP)
    shift = _DRIFT[regime] * span_s / STEP
    up, down = spread + max(shift, 0.0), spread + max(-shift, 0.0)
    stay = 1 - up - down
    inner = [b * stay + a * up + c * down for a, b, c in zip(row, row[1:], row[2:], strict=False)]
    return [
        row[0] * (1 - up) + row[1] * down,
        *inner,
        row[-1] * (1 - down) + row[-2] * up,
    ]


def _with_changes(rows: Sequence[Sequence[float]], span_s: float) -> list[list[float]]:
    """Lets regimes turn into one another."""
    leave, left = span_s / _STEADY_LASTS_S, span_s / _OTHERS_LAST_S
    steady, *others = rows
    gone = [sum(column) for column in zip(*others, strict=True)]
    changed = [[a * (1 - leave) + 0.4 * left * x for a, x in zip(steady, gone, strict=True)]]
    for share, row in zip((0.5, 0.25, 0.25), others, strict=True):
        came, stay, between = share * leave, 1 - left, 0.3 * left
        changed.append([
            came * a + b * stay + between * (x - b)
            for a, b, x in zip(steady, row, gone, strict=True)
        ])  # fmt: skip
    return changed


def _with_jumps(rows: list[list[float]], span_s: float) -> list[list[float]]:
    """Lets the rate jump, to any rate above or below alike; what jumps is unsteady."""
    up, down = span_s / _JUMPS_UP_S, span_s / _JUMPS_DOWN_S
    jumping = [_STEADY_JUMPS * a + b + c + d for a, b, c, d in zip(*rows, strict=True)]
    # Each rate above is as likely to be jumped to as any other, and so is each below.
    rises = [here * up / above for here, above in zip(jumping, _OTHERS, strict=False)]
    falls = [here * down / below for here, below in zip(jumping[:0:-1], _OTHERS, strict=True)]
    rising, falling = [0.0, *accumulate(rises)], [0.0, *accumulate(falls)]
    landed = list(map(add, rising, reversed(falling)))
    stays, steady_stays = _stays(span_s)
    steady, unsteady, *rest = rows
    return [
        list(map(mul, steady, steady_stays)),
        [a * b + c for a, b, c in zip(unsteady, stays, landed, strict=True)],
        *(list(map(mul, row, stays)) for row in rest),
    ]


@cache
def _stays(span_s: float) -> tuple[Sequence[float], Sequence[float]]:
    """What does not jump of each rate, the second time while the rate is steady."""
    up, down = span_s / _JUMPS_UP_S, span_s / _JUMPS_DOWN_S
    all_stays, steady_stays = (
        [1 - share * up, *[1 - share * (up + down)] * (POINTS - 2), 1 - share * down]
        for share in (1.0, _STEADY_JUMPS)
    )
    return all_stays, steady_stays
