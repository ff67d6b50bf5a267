"""`./run verify simulation`: bad half-hours of a small centre in virtual time, and no rule broken.

Each seed is half an hour of eight operators and 300 contacts on the very dialer and SQL that dial in
earnest, with faults by dice and deaths at named points. Prints faults by kind, checks by rule, the
points hit, and one line for every seed that broke a rule, with the story before it. A sample of the
seeds runs twice and must give the same digest. `--day` is an eight-hour day of 100 operators instead.
The last line is one JSON object.
"""

import argparse
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from vyzov import __version__
from vyzov.core.facts import to_json
from vyzov.simulation.big_day import big_day
from vyzov.simulation.points import all_points
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Outcome, Scenario
from vyzov.simulation.weather import half_hour

DAY_LIMIT_S = 30.0
FAULTS_LEAST = 10
KINDS_LEAST = 6
TWICE_EVERY = 20
"""One seed in so many runs twice."""


class Sum:
    """What all seeds showed together."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.checks: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.seeds = self.attempts = self.talks = 0
        self.virtual_s = 0.0
        self.broken: list[dict[str, Any]] = []
        self.weak: list[int] = []
        self.unlike: list[int] = []

    def take(self, outcome: Outcome) -> None:
        """Adds one run."""
        self.seeds += 1
        self.faults.update({str(kind): count for kind, count in outcome.faults.items()})
        self.checks.update(outcome.checks)
        self.points.update(outcome.crash_points)
        self.attempts += outcome.figures.attempts
        self.talks += outcome.figures.talks
        self.virtual_s += outcome.lasted_s
        kinds = sum(1 for count in outcome.faults.values() if count)
        if sum(outcome.faults.values()) < FAULTS_LEAST or kinds < KINDS_LEAST:
            self.weak.append(outcome.seed)
        if outcome.breaches:
            self.broken.append({"seed": outcome.seed, "breaches": list(outcome.breaches[:10])})

    def failed(self, seed: int, fault: Exception) -> None:
        """Counts a run that did not come to its end: that breaks every rule."""
        self.seeds += 1
        self.broken.append({"seed": seed, "breaches": [f"{type(fault).__name__}: {fault}"]})

    def missed(self) -> list[str]:
        """The named points that no run died at."""
        return [point for point in all_points() if not self.points[point]]

    def told(self) -> dict[str, Any]:
        """All of it for machines."""
        checks = sum(self.checks.values())
        return {
            "seeds": self.seeds, "virtual_hours": round(self.virtual_s / 3600, 2),
            "attempts": self.attempts, "talks": self.talks,
            "faults": dict(sorted(self.faults.items())), "checks": dict(sorted(self.checks.items())),
            "checks_total": checks, "points": len(all_points()) - len(self.missed()),
            "points_of": len(all_points()), "points_missed": self.missed(),
            "violations": sum(len(one["breaches"]) for one in self.broken), "broken": self.broken,
            "weak_seeds": self.weak, "unlike_seeds": self.unlike,
            "bound_95": round(3 / self.seeds, 5) if self.seeds and not self.broken else None,
        }  # fmt: skip


def main() -> int:
    """Runs what was asked for; 0 only where every rule held."""
    options = argparse.ArgumentParser(prog="./run verify simulation", description=__doc__)
    options.add_argument("--count", type=int, default=200, help="how many seeds")
    options.add_argument("--seed", type=int, help="run this seed alone, and print its story")
    options.add_argument("--first", type=int, default=1, help="the first of the seeds")
    options.add_argument("--day", action="store_true", help="an 8-hour day of 100 operators")
    options.add_argument("--json", action="store_true", help="nothing but the JSON object")
    options.add_argument("--out", type=Path, help="keep facts and breaches of broken seeds here")
    asked = options.parse_args()
    if asked.day:
        return day(as_json=asked.json)
    seeds = range(asked.first, asked.first + asked.count)
    if asked.seed is not None:
        seeds = range(asked.seed, asked.seed + 1)
    return storms(seeds, as_json=asked.json, out=asked.out, one=asked.seed is not None)


def storms(seeds: range, *, as_json: bool, out: Path | None, one: bool) -> int:
    """Runs bad half-hours."""
    whole, began = Sum(), time.process_time()
    for place, seed in enumerate(seeds):
        try:
            outcome = run_scenario(half_hour(seed))
        except Exception as fault:  # noqa: BLE001 - whatever it is, the seed did not hold
            whole.failed(seed, fault)
            print(f"seed {seed} did not end: {fault}; again: --seed {seed}", file=sys.stderr)
            continue
        whole.take(outcome)
        if (one or place % TWICE_EVERY == 0) and run_scenario(
            half_hour(seed)
        ).digest != outcome.digest:
            whole.unlike.append(seed)
        if outcome.breaches:
            _tell_breach(outcome)
            if out is not None:
                _keep(outcome, out)
        elif not as_json:
            print(f"seed {seed}: {sum(outcome.faults.values())} faults, no rule broken", flush=True)
    told = whole.told()
    told["cpu_s"] = round(time.process_time() - began, 1)
    missed = bool(whole.missed()) and not one and len(seeds) >= len(all_points())
    good = not (whole.broken or whole.weak or whole.unlike or missed)
    if not as_json:
        _print_sum(told)
    print(json.dumps({"verify": "simulation", "version": __version__, "ok": good, **told}))
    return 0 if good else 1


def day(*, as_json: bool) -> int:
    """Times a day without faults, first without and then with the rules looked at."""
    bare_s, bare = _timed(big_day(watched=False))
    watched_s, watched = _timed(big_day(watched=True))
    figures = watched.figures
    broken = list(watched.breaches)
    told: dict[str, Any] = {
        "operators": 100, "virtual_hours": round(watched.lasted_s / 3600, 2),
        "attempts": figures.attempts, "talks": figures.talks,
        "occupancy": round(figures.busy_s / figures.staffed_s, 4) if figures.staffed_s else None,
        "cpu_s": round(bare_s, 1), "cpu_with_rules_s": round(watched_s, 1),
        "limit_s": DAY_LIMIT_S, "same_digest": bare.digest == watched.digest,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "checks_total": sum(watched.checks.values()), "violations": len(broken),
        "broken": broken[:10],
    }  # fmt: skip
    good = bare_s <= DAY_LIMIT_S and not broken and told["same_digest"]
    if not as_json:
        print(
            f"a day of 100 operators: {bare_s:.1f} s of one core, {watched_s:.1f} s with the rules"
        )
    print(
        json.dumps(
            {"verify": "simulation", "day": True, "version": __version__, "ok": good, **told}
        )
    )
    return 0 if good else 1


def _timed(scenario: Scenario) -> tuple[float, Outcome]:
    began = time.process_time()
    outcome = run_scenario(scenario)
    return time.process_time() - began, outcome


def _tell_breach(outcome: Outcome) -> None:
    print(f"seed {outcome.seed} broke a rule; again: --seed {outcome.seed}", file=sys.stderr)
    for line in (*outcome.breaches[:10], "the story before the first:", *outcome.trace[-30:]):
        print(f"  {line}", file=sys.stderr)


def _print_sum(told: dict[str, Any]) -> None:
    for name in ("faults", "checks"):
        print(f"{name}:")
        for key, count in told[name].items():
            print(f"  {key:<22}{count:>12,}")
    print(f"points hit: {told['points']} of {told['points_of']}")
    for point in told["points_missed"]:
        print(f"  missed: {point}")
    print(
        f"violations: {told['violations']} in {told['seeds']} seeds, {told['cpu_s']} s of one core"
    )


def _keep(outcome: Outcome, out: Path) -> None:
    folder = out / f"seed-{outcome.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "breaches.txt").write_text("\n".join((*outcome.breaches, *outcome.trace)) + "\n")
    with (folder / "facts.jsonl").open("w", encoding="utf-8") as file:
        for fact in outcome.facts:
            file.write(json.dumps(to_json(fact)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
