"""What days of pacing were worth: figures of a day, of many days, and what was asked of them.

Works on plain records (docs/formats.md, `days.jsonl`) and imports nothing of Vyzov.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WARM_MIN = 15
"""The first minutes are not counted in shares and half-hours; the whole day stands beside them."""
WINDOW_MIN = 30
LIMIT = 0.03
SEEDS_LEAST, HOURS_LEAST = 20, 8.0
Record = Mapping[str, Any]
Cell = dict[str, Any]


def day_score(day: Record) -> dict[str, float]:
    """Returns the figures of one day: shares 0..1, contacts and lines per operator."""
    busy, staffed = sum(day["busy_s"][WARM_MIN:]), sum(day["staffed_s"][WARM_MIN:])
    minutes = round(day["hours"] * 60)
    worst, bad, windows = 0.0, 0, 0
    shares, whole = list[float](), list[float]()
    for answered, abandoned in zip(day["answered"], day["abandoned"], strict=True):
        shares.append(_share(sum(abandoned[WARM_MIN:]), sum(answered[WARM_MIN:])))
        whole.append(_share(sum(abandoned), sum(answered)))
        for first in range(WARM_MIN, minutes - WINDOW_MIN + 1):
            answers = sum(answered[first : first + WINDOW_MIN])
            if answers:
                share = sum(abandoned[first : first + WINDOW_MIN]) / answers
                windows += 1
                worst = max(worst, share)
                bad += share > LIMIT + 1e-12
    joined = sum(sum(one[WARM_MIN:]) for one in day["joined"])
    return {
        "occupancy": _share(busy, staffed),
        "abandoned": max(shares),
        "abandoned_day": max(whole),
        "bad30": _share(bad, windows),
        "worst30": worst,
        "contacts": 3600 * _share(joined, staffed),
        "lines": _share(sum(day["line_s"][WARM_MIN:]), staffed),
        "idle_s": _share(staffed - busy, joined),
        "cut": _share(sum(day["cut"]), sum(map(sum, day["answered"]))),
        "look_ms": day["look_ms"],
    }


def rolling(day: Record) -> list[float]:
    """Returns the abandoned share of the half-hour before each minute, of the first campaign."""
    answered, abandoned = day["answered"][0], day["abandoned"][0]
    found = list[float]()
    for until in range(1, round(day["hours"] * 60) + 1):
        first = max(0, until - WINDOW_MIN)
        found.append(round(_share(sum(abandoned[first:until]), sum(answered[first:until])), 4))
    return found


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def cell_of(days: Sequence[Record]) -> Cell:
    """Returns the figures of many days of one law on one floor: means, intervals, worst seeds."""
    scores = [day_score(day) for day in days]

    def mean(name: str) -> float:
        return statistics.fmean(one[name] for one in scores)

    busy = [one["occupancy"] for one in scores]
    worst = min(range(len(days)), key=lambda n: busy[n])
    return {
        "seeds": len(days),
        "hours": min(day["hours"] for day in days),
        "occupancy": mean("occupancy"),
        "occupancy_ci95": 1.96 * statistics.stdev(busy) / len(busy) ** 0.5
        if len(busy) > 1
        else None,
        "occupancy_worst": busy[worst],
        "worst_seed": days[worst]["seed"],
        "abandoned": mean("abandoned"),
        "abandoned_worst": max(one["abandoned"] for one in scores),
        "abandoned_day_worst": max(one["abandoned_day"] for one in scores),
        "abandoned_by_campaign": [
            statistics.fmean(
                _share(sum(day["abandoned"][n]), sum(day["answered"][n])) for day in days
            )
            for n in range(len(days[0]["answered"]))
        ],
        "bad30": mean("bad30"),
        "worst30": mean("worst30"),
        "worst30_worst": max(one["worst30"] for one in scores),
        "contacts": mean("contacts"),
        "lines": mean("lines"),
        "idle_s": mean("idle_s"),
        "cut": mean("cut"),
        "look_ms": mean("look_ms"),
    }


# ---- what is asked


@dataclass(frozen=True, slots=True)
class Bar:
    """What is asked of one scenario, by the number of operators; `goal` is wished, not asked."""

    line: str
    least: Mapping[int, float]
    goal: Mapping[int, float]
    day_most: float = LIMIT
    bad30_most: Mapping[int, float] | None = None
    times_leader: float = 0.0
    times_tuned: float = 0.0


BARS: Mapping[str, Bar] = {
    "base": Bar(
        "1", {10: 0.79, 25: 0.88, 50: 0.92, 100: 0.95}, {10: 0.83, 25: 0.895, 50: 0.93, 100: 0.955}
    ),
    "drift": Bar(
        "2", {10: 0.78, 25: 0.87, 50: 0.915, 100: 0.945}, {},
        bad30_most={10: 0.02, 25: 0.01, 50: 0.01, 100: 0.01}, times_leader=1.24, times_tuned=1.04,
    ),
    "step": Bar("2", {10: 0.73, 25: 0.84, 50: 0.89, 100: 0.92}, {}, day_most=0.025),
}  # fmt: skip
OPTIMUM_SHARE = 0.97
GAP_SHARE = 1 / 3


def verdicts(
    scenario: str, agents: int, cells: Mapping[str, Cell], best: float | None
) -> list[Cell]:
    """Returns what is asked of the product's law in one place and what was found."""
    mine, plain = cells.get("product"), cells.get("progressive")
    if mine is None:
        return []
    found = list[Cell]()

    def ask(line: str, what: str, asked: float, seen: float, *, at_least: bool = True) -> None:
        # A share of calls is a quotient of whole numbers; rounding must not decide.
        met = seen >= asked - 1e-9 if at_least else seen <= asked + 1e-9
        found.append({
            "line": line, "scenario": scenario, "agents": agents, "what": what, "asked": asked,
            "found": seen, "at_least": at_least, "met": met,
        })  # fmt: skip

    bar = BARS.get(scenario)
    line = bar.line if bar else "1" if scenario == "markov" else "4"
    most = bar.day_most if bar else LIMIT
    if bar is not None and agents in bar.least:
        ask(line, "occupancy", bar.least[agents], mine["occupancy"])
        if agents in bar.goal:
            ask(line, "occupancy, goal", bar.goal[agents], mine["occupancy"])
    if bar is not None and bar.bad30_most and agents in bar.bad30_most:
        ask(line, "half-hours above 3 %", bar.bad30_most[agents], mine["bad30"], at_least=False)
    if bar is not None:
        for name, times in (("leader", bar.times_leader), ("leader-tuned", bar.times_tuned)):
            if times and name in cells:
                share = mine["contacts"] / cells[name]["contacts"]
                ask(line, f"contacts, times {name}", times, share)
    if scenario == "markov" and best is not None:
        ask(line, "share of the optimum", OPTIMUM_SHARE, mine["occupancy"] / best)
    if scenario == "small" and best is not None and plain is not None and agents >= 5:
        gap = (mine["occupancy"] - plain["occupancy"]) / (best - plain["occupancy"])
        ask(line, "gap to the optimum closed", GAP_SHARE, gap)
    if line == "4" and plain is not None:
        ask(line, "occupancy, not under progressive", plain["occupancy"], mine["occupancy"])
    whole_day = max(mine["abandoned_worst"], mine["abandoned_day_worst"])
    ask(line, "abandoned, worst day", most, whole_day, at_least=False)
    return found


def enough(cells: Sequence[Cell]) -> bool:
    """Whether so many seeds of such long days show anything."""
    return bool(cells) and all(
        one["seeds"] >= SEEDS_LEAST and one["hours"] >= HOURS_LEAST for one in cells
    )
