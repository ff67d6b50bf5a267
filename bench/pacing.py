"""`./run bench pacing`: laws of dialling beside each other, on the same floors and the same seeds.

The product's own law, one for one, the best fixed ratio and the market leader's law, as it comes and at
its best (chosen on three of the same seeds, which favours them), on floors of virtual time; beside them
the optimum of Markov's model, worked out in the same run, and the clairvoyant bound. Fails where what is
asked of the product's law does not hold, or where too few seeds ran to show it. `--veto` puts the hard
veto to adversarial days instead. A day that stands in DIR, of the same code, is not lived again.
"""

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pacing_laws import (
    LEADER_DEFAULTS,
    RATIOS,
    Leader,
    LeaderSettings,
    Progressive,
    Ratio,
    SwitchingCurve,
    leader_grid,
)
from pacing_optimum import Optimum, chain_of, optimum
from pacing_pictures import pictures
from pacing_place import Law
from pacing_product import Product
from pacing_scenarios import SHIPPED, Stage, read_stage, shipped
from pacing_score import LIMIT, Cell, Record, cell_of, enough, rolling, verdicts
from pacing_veto import veto
from pacing_world import Floor

from vyzov.simulation.spread import Shape, Spread

ROOT = Path(__file__).resolve().parents[1]
ASKED = ("base", "drift", "step", "markov", "small")
LAWS = (
    "progressive", "ratio", "leader", "leader-tuned", "optimum", "product", "product-strict",
    "product-veto",
)  # fmt: skip
USUAL = tuple(law for law in LAWS if law != "product-veto")
TUNING_SEEDS = 3
HOPELESS = 0.05
"""Settings that abandon as many on the first seed will not come down to the limit on three."""
TRACED = ("leader", "leader-tuned", "product")


@dataclass(frozen=True, slots=True)
class Task:
    """One day: a law by its name and what it was set to."""

    scenario: str
    agents: int
    law: str
    seed: int
    hours: float
    ratio: float = 1.0
    leader: LeaderSettings = LEADER_DEFAULTS
    curve: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from every other day."""
        return json.dumps(asdict(self), sort_keys=True)


@lru_cache
def stage(name: str) -> Stage:
    """Returns a scenario, read once."""
    return read_stage(name)


def law_of(task: Task, patience_s: float) -> Law:
    """Returns a new law, as it is at the beginning of a day."""
    match task.law:
        case "progressive":
            return Progressive()
        case "ratio":
            return Ratio(task.ratio)
        case "leader" | "leader-tuned":
            return Leader(task.leader)
        case "optimum":
            return SwitchingCurve(task.curve)
        case name:
            strict, vetoes = name == "product-strict", name == "product-veto"
            return Product(calm=not strict, veto=vetoes, wait_s=patience_s)


def live(task: Task) -> dict[str, Any]:
    """Lives one day and returns its record."""
    made, begun = stage(task.scenario), time.process_time()
    laws = [law_of(task, made.patience_s) for _ in made.towns]
    day = Floor(made.place(task.agents), laws, task.seed, task.hours).live()
    return {
        "key": task.key, "scenario": made.name, "agents": task.agents, "law": task.law,
        "seed": task.seed, "hours": task.hours,
        "answered": [one.answered for one in day.campaigns],
        "abandoned": [one.abandoned for one in day.campaigns],
        "joined": [one.joined for one in day.campaigns],
        "dials": [one.dials for one in day.campaigns],
        "cut": [one.cut for one in day.campaigns],
        "machines_joined": [one.machines_joined for one in day.campaigns],
        "busy_s": [round(one, 1) for one in day.busy_s],
        "staffed_s": [round(one, 1) for one in day.staffed_s],
        "line_s": [round(one, 1) for one in day.line_s],
        "looks": day.looks, "kept_back": day.kept_back, "exceeded": day.exceeded,
        "look_ms": day.look_ns / max(1, day.timed_looks) / 1e6,
        "cpu_s": round(time.process_time() - begun, 2),
    }  # fmt: skip


# ---- days, lived or found


class Days:
    """Lives days, several at once where asked, and keeps them in a file."""

    def __init__(self, out: Path | None, jobs: int) -> None:
        self.jobs = jobs
        self.peers, self.product = codes()
        self.path = out / "days.jsonl" if out else None
        self.known = dict[str, Record]()
        if self.path and self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                if record["code"] == self._code(record["law"]):
                    self.known[record["key"]] = record

    def _code(self, law: str) -> str:
        return self.product if law.startswith("product") else self.peers

    def of(self, tasks: Iterable[Task]) -> list[Record]:
        """Returns the records of days, in their order."""
        wanted = list(tasks)
        missing = [one for one in wanted if one.key not in self.known]
        for record in self._live(missing):
            record["code"] = self._code(record["law"])
            self.known[record["key"]] = record
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
        return [self.known[one.key] for one in wanted]

    def _live(self, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
        if self.jobs == 1 or len(tasks) < 2:
            yield from map(live, tasks)
            return
        with multiprocessing.Pool(self.jobs) as pool:
            yield from pool.imap_unordered(live, tasks)


def codes() -> tuple[str, str]:
    """Returns digests of all that a day depends on: of the peers, and of the product's law as well."""
    here = Path(__file__).parent
    names = ("laws", "optimum", "place", "scenarios", "world")
    files = [*(here / f"pacing_{name}.py" for name in names), *sorted(SHIPPED.glob("*.toml"))]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    peers = digest.hexdigest()[:12]
    law = sorted((ROOT / "src" / "vyzov" / "core" / "pacing").glob("*.py"))
    for path in (here / "pacing_product.py", *law):
        digest.update(path.read_bytes())
    return peers, digest.hexdigest()[:12]


# ---- one place: a scenario with a number of operators


class Case:
    """All laws on one scenario with one number of operators."""

    def __init__(self, name: str, agents: int, options: argparse.Namespace, days: Days) -> None:
        self.stage, self.name, self.agents = stage(name), name, agents
        self.options, self.days = options, days
        self.best = self._optimum()
        self.settings = dict[str, str]()

    def _optimum(self) -> Optimum | None:
        """The optimum of Markov's model with this floor's means, where the answer rate is constant."""
        towns = self.stage.towns
        if len(towns) > 1 or len(towns[0].answers.points) > 1 or towns[0].machines:
            return None
        town = towns[0]
        return optimum(chain_of(
            self.agents, handle_s=mean(town.talk) + mean(town.wrap_up),
            ring_s=mean(town.post_dial) + mean(town.ring), answers=self.stage.answers,
            patience_s=self.stage.patience_s,
        ))  # fmt: skip

    def task(self, law: str, seed: int, **settings: Any) -> Task:
        """Returns a day of a law on this floor."""
        return Task(self.name, self.agents, law, seed, self.options.hours, **settings)

    def tuned(self, law: str, grid: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], float]:
        """Returns the settings with the busiest operators whose days abandon 3 % at most on average."""
        found: tuple[Mapping[str, Any], float] = (grid[0], 0.0)
        for settings in grid:
            few = [self.task(law, seed, **settings) for seed in self.options.seeds[:TUNING_SEEDS]]
            if cell_of(self.days.of(few[:1]))["abandoned"] > HOPELESS:
                continue
            cell = cell_of(self.days.of(few))
            if cell["abandoned"] <= LIMIT and cell["occupancy"] > found[1]:
                found = settings, cell["occupancy"]
        return found

    def set_to(self, law: str) -> Mapping[str, Any] | None:
        """Returns what a law is set to here, or None where it does not run here."""
        if law == "ratio":
            return self.tuned(law, [{"ratio": ratio} for ratio in RATIOS])[0]
        if law == "leader-tuned":
            return self.tuned(law, [{"leader": one} for one in leader_grid(self.agents)])[0]
        if law == "optimum":
            if not self.stage.markov or self.best is None:
                return None
            return {"curve": self.best.ringing_for}
        return {}

    def run(self) -> dict[str, Any]:
        """Runs every law on every seed and returns figures and verdicts."""
        cells, tasks = dict[str, Cell](), dict[str, list[Task]]()
        traces = dict[str, Mapping[str, list[float]]]()
        for law in self.options.laws:
            settings = self.set_to(law)
            if settings is not None:
                tasks[law] = [self.task(law, seed, **settings) for seed in self.options.seeds]
                self.settings[law] = told(settings)
        for law, days in tasks.items():
            begun = time.monotonic()
            records = self.days.of(days)
            cells[law] = cell_of(records) | {"set_to": self.settings[law]}
            if law in TRACED:
                traces[law] = {"window": rolling(records[0])}
            say(row(self.name, self.agents, law, cells[law], time.monotonic() - begun))
        best = self.best.busy if self.best else None
        for cell in cells.values():
            cell["share_of_optimum"] = cell["occupancy"] / best if best else None
        return {
            "scenario": self.name,
            "agents": self.agents,
            "optimum": best,
            "optimum_s": self.best.took_s if self.best else None,
            "clairvoyant_contacts": 3600 / handle_s(self.stage),
            "laws": cells,
            "traces": traces,
            "verdicts": verdicts(self.stage.name, self.agents, cells, best),
        }


def mean(spread: Spread) -> float:
    """Returns the mean of a length in seconds, limits left aside."""
    match spread.shape:
        case Shape.UNIFORM:
            return (spread.least_s + spread.most_s) / 2
        case Shape.LOGNORMAL:
            return float(spread.typical_s * 2.718281828459045 ** (spread.sigma**2 / 2))
        case Shape.MEASURED:
            return sum(spread.samples_s) / len(spread.samples_s)
        case _:
            return spread.typical_s


def handle_s(made: Stage) -> float:
    """Returns how long a contact keeps an operator busy on average."""
    town = made.towns[0]
    theirs = mean(town.callee_talk) if town.callee_talk else 0.0
    talk_s = town.leaves_first * theirs + (1 - town.leaves_first) * mean(town.talk)
    return talk_s + mean(town.wrap_up)


def told(settings: Mapping[str, Any]) -> str:
    """Returns what a law is set to in words."""
    if "ratio" in settings:
        return f"{settings['ratio']:g} calls for a free operator"
    if "leader" in settings:
        one: LeaderSettings = settings["leader"]
        kind = "free operators only" if one.available_only else "operators at work"
        return f"level {one.level_max:g}, difference {one.difference:g}, {kind}"
    return ""


def row(scenario: str, agents: int, law: str, cell: Cell, took_s: float) -> str:
    """Returns a line for people."""
    interval = cell["occupancy_ci95"]
    return (
        f"{scenario:9s} {agents:4d} {law:15s} busy {cell['occupancy']:6.2%}"
        f" +-{interval or 0:5.2%} worst {cell['occupancy_worst']:6.2%}"
        f"  abandoned {cell['abandoned']:5.2%} worst {cell['abandoned_worst']:5.2%}"
        f"  bad30 {cell['bad30']:6.2%} worst30 {cell['worst30_worst']:6.2%}"
        f"  contacts {cell['contacts']:5.2f} lines {cell['lines']:4.2f}"
        f"  look {cell['look_ms']:.3f} ms  {took_s:.0f} s  {cell.get('set_to', '')}"
    )


def say(text: str) -> None:
    """Tells people how far it is."""
    print(text, file=sys.stderr, flush=True)


# ---- the command


def numbers(text: str) -> list[int]:
    """Reads `1,2,5-9`."""
    found = list[int]()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def parser_of() -> argparse.ArgumentParser:
    """Returns what can be asked for."""
    parser = argparse.ArgumentParser(prog="./run bench pacing", description=__doc__)
    parser.add_argument(
        "--scenario", action="append",
        help=f"a file, or one of {', '.join(shipped())}, or all (default: {', '.join(ASKED)})",
    )  # fmt: skip
    parser.add_argument("--seeds", type=numbers, default="1-20", help="such as 1,2,5-9")
    parser.add_argument("--agents", type=numbers, help="instead of those each scenario names")
    parser.add_argument("--laws", default=",".join(USUAL), help=f"of {', '.join(LAWS)}")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--jobs", type=int, default=1, help="days lived at once")
    parser.add_argument("--veto", action="store_true", help="adversarial days with the hard veto")
    parser.add_argument("--traces", type=int, default=1000, help="how many of these")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="folder for each day's record and the result")
    parser.add_argument("--pictures", type=Path, help="folder for SVG pictures")
    return parser


def main() -> int:
    """Runs the bench; returns 0 where all that was asked holds."""
    parser = parser_of()
    options = parser.parse_args()
    options.laws = tuple(options.laws.split(","))
    for law in options.laws:
        if law not in LAWS:
            parser.error(f"there is no law '{law}'; there are: {', '.join(LAWS)}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    if options.veto:
        return told_whole(veto(options.traces, options.seeds[0], options.jobs, say), options)
    days = Days(options.out, options.jobs)
    asked = options.scenario or list(ASKED)
    cases = [
        Case(name, agents, options, days).run()
        for name in (shipped() if asked == ["all"] else asked)
        for agents in options.agents or stage(name).places
    ]
    said = [one for case in cases for one in case["verdicts"]]
    mine = [case["laws"]["product"] for case in cases if "product" in case["laws"]]
    result = {
        "bench": "pacing",
        "code": days.product,
        "seeds": options.seeds,
        "hours": options.hours,
        "cases": cases,
        "verdicts": said,
        "enough_seeds": enough(mine),
        "met": enough(mine) and all(one["met"] for one in said if "goal" not in one["what"]),
    }
    return told_whole(result, options)


def told_whole(result: dict[str, Any], options: argparse.Namespace) -> int:
    """Prints and keeps the result."""
    for one in result["verdicts"]:
        sign = "at least" if one["at_least"] else "at most"
        say(
            f"{'met    ' if one['met'] else 'NOT MET'} line {one['line']} {one['scenario']}"
            f" {one['agents']}: {one['what']} {one['found']:.4f}, {sign} {one['asked']:.4f}"
        )
    if not result["enough_seeds"]:
        say("Too few to show anything: 20 seeds of 8 hours, or 1,000 traces, are asked for.")
    if options.out:
        (options.out / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    if options.pictures and "cases" in result:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures(result).items():
            (options.pictures / name).write_text(picture, encoding="utf-8")
    if options.json:
        print(json.dumps(result))
    return 0 if result["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
