"""Means with their intervals over the runs of one scenario, and the figures people ask a run for.

A run is one draw; what a plan is worth shows over several seeds. The interval is Student's at 95 %:
it says how well the mean is known, not how far one day may lie from it. One run alone has none.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vyzov.simulation.scenario import Figures

_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Two-sided 95 % points of Student's distribution with 1, 2, ... degrees of freedom."""

_NORMAL_95 = 1.960


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over runs; `low` and `high` bound it at 95 %, None where there was one run only."""

    mean: float
    low: float | None
    high: float | None
    runs: int

    def to_json(self) -> dict[str, float | int | None]:
        """Returns the estimate as JSON, rounded to six digits."""
        low = None if self.low is None else round(self.low, 6)
        high = None if self.high is None else round(self.high, 6)
        return {"mean": round(self.mean, 6), "low": low, "high": high, "runs": self.runs}


def estimate(values: Sequence[float], least: float = -math.inf, most: float = math.inf) -> Estimate:
    """Returns the mean of some values and its interval, kept within what is possible at all."""
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return Estimate(mean, None, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    quantile = _T_95[count - 2] if count - 2 < len(_T_95) else _NORMAL_95
    half = quantile * math.sqrt(variance / count)
    return Estimate(mean, max(least, mean - half), min(most, mean + half), count)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _wait(share: float) -> Callable[[Figures], float | None]:
    def pick(figures: Figures) -> float | None:
        if not figures.waits_s:
            return None
        ordered = sorted(figures.waits_s)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    return pick


SHARES = ("answer_rate", "abandonment", "occupancy", "penetration")
"""Figures that are shares, 0..1; the others are counts, or seconds where their name ends in `_s`."""

FIGURES: Mapping[str, Callable[[Figures], float | None]] = {
    "attempts": lambda one: float(one.attempts),
    "contacts": lambda one: float(one.answered_by_people),
    "talks": lambda one: float(one.talks),
    "answer_rate": lambda one: _share(one.answered_by_people, one.attempts),
    "abandoned": lambda one: float(one.abandoned),
    "abandonment": lambda one: _share(one.abandoned, one.answered_by_people),
    "occupancy": lambda one: _share(one.busy_s, one.staffed_s),
    "talk_mean_s": lambda one: _share(one.talk_s, one.talks),
    "wait_median_s": _wait(0.5),
    "wait_p95_s": _wait(0.95),
    "talks_per_operator_hour": lambda one: _share(3600.0 * one.talks, one.staffed_s),
    "tried": lambda one: float(one.contacts_tried),
    "penetration": lambda one: _share(one.contacts_tried, one.contacts),
    "closed": lambda one: float(one.contacts_closed),
}
"""The figures of a run by name; None where a run had nothing to form one of."""


def summary(runs: Sequence[Figures]) -> dict[str, Estimate]:
    """Returns an estimate of every figure over some runs; one that no run had is left out."""
    found: dict[str, Estimate] = {}
    for name, pick in FIGURES.items():
        values = [value for one in runs if (value := pick(one)) is not None]
        if values:
            found[name] = estimate(values, 0.0, 1.0 if name in SHARES else math.inf)
    return found
