"""`vyzov simulate`: lets a made-up centre work in virtual time and prints what came of it.

The dialer that runs is the one that dials in earnest; the database is real and lies in memory. The
table goes to standard output, progress to standard error, files to `--out`.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import typer

from vyzov import __version__
from vyzov.core.facts import to_json
from vyzov.simulation.estimate import SHARES, Estimate, summary
from vyzov.simulation.experiment import Experiment, run_seeds
from vyzov.simulation.recording import Recorder
from vyzov.simulation.scenario import Figures, Outcome
from vyzov.simulation.scenario_file import read_scenario

TITLES: Mapping[str, str] = {
    "attempts": "calls placed",
    "contacts": "answered by people",
    "talks": "talks with an operator",
    "answer_rate": "people's answers by calls",
    "abandoned": "abandoned",
    "abandonment": "abandoned by people's answers",
    "occupancy": "operators' occupancy",
    "talk_mean_s": "talk, mean",
    "wait_median_s": "wait for an operator, median",
    "wait_p95_s": "wait for an operator, 95 %",
    "talks_per_operator_hour": "talks by operator hour",
    "tried": "contacts tried",
    "penetration": "list penetration",
    "closed": "contacts done with",
}
BROKEN = 3
"""Exit code where a rule of the dialer was broken in a run."""


def simulate(
    path: Path, *, seeds: int, first_seed: int | None, limit_s: float, out: Path | None,
    record: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Runs the scenario; 0 where it ran, 1 where the limit left no run, 3 where a rule broke."""
    scenario = read_scenario(path)
    first = scenario.seed if first_seed is None else first_seed
    bar = Bar(shown=sys.stderr.isatty() and not as_json)
    ran = run_seeds(
        scenario, range(first, first + seeds), limit_s=limit_s, progress=bar.tell,
        done=None if out is None else lambda one: _keep(one, out),
        recorder_of=(lambda _seed: None) if record is None else Shelf(record).recorder,
    )  # fmt: skip
    bar.clear()
    if not ran.outcomes:
        typer.echo(
            f"No run of '{scenario.name}' ended within {limit_s:g} s: give --limit more seconds, or "
            "the scenario a shorter span or fewer contacts.",
            err=True,
        )
        return 1
    told = result_of(ran)
    if out is not None:
        (out / "result.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(ran, told)))
    return BROKEN if told["breaches"] else 0


class Shelf:
    """A folder of lives, `floor-SEED-LIFE.jsonl` each, for `vyzov replay`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def recorder(self, seed: int) -> Recorder:
        """Makes the recorder of a run; what an earlier one of the same seed left is gone."""
        for older in self._folder.glob(f"floor-{seed}-*.jsonl"):
            older.unlink()

        def open_life(life: int) -> TextIO:
            path = self._folder / f"floor-{seed}-{life}.jsonl"
            return path.open("w", encoding="ascii", newline="\n")

        return Recorder(open_life, __version__)


def result_of(ran: Experiment) -> dict[str, Any]:
    """Returns what the runs showed as JSON (docs/formats.md, `result.json`)."""
    return {
        "scenario": ran.scenario.name,
        "span_s": ran.scenario.span_s,
        "seeds": [one.seed for one in ran.outcomes],
        "missed_seeds": list(ran.missed),
        "figures": _told(summary([one.figures for one in ran.outcomes])),
        "campaigns": {
            campaign.name: _told(summary(_of(ran.outcomes, campaign.name)))
            for campaign in ran.scenario.campaigns
        },
        "outcomes": _mean_counts([one.figures.outcomes for one in ran.outcomes]),
        "results": _mean_counts([one.figures.results for one in ran.outcomes]),
        "faults": _mean_counts(
            [{kind.value: n for kind, n in one.faults.items()} for one in ran.outcomes]
        ),
        "lasted_s": [round(one.lasted_s, 3) for one in ran.outcomes],
        "checks": sum(sum(one.checks.values()) for one in ran.outcomes),
        "breaches": [
            {"seed": one.seed, "what": what} for one in ran.outcomes for what in one.breaches
        ],
        "digests": {str(one.seed): one.digest for one in ran.outcomes},
        "seconds": round(ran.seconds, 2),
    }


def _of(outcomes: Sequence[Outcome], campaign: str) -> list[Figures]:
    return [one.campaigns[campaign] for one in outcomes]


def _told(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: one.to_json() for name, one in figures.items()}


def _mean_counts(counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    names = sorted({name for one in counts for name in one})
    return {name: round(sum(one.get(name, 0) for one in counts) / len(counts), 3) for name in names}


def _keep(outcome: Outcome, out: Path) -> None:
    """Writes the facts of one run, in the format of `facts.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    whole = out / f"facts-{outcome.seed}.jsonl"
    draft = whole.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        for seq, fact in enumerate(outcome.facts, start=1):
            file.write(json.dumps({"seq": seq, **to_json(fact)}, ensure_ascii=False) + "\n")
    draft.replace(whole)


# ---- what is printed -----------------------------------------------------------------------------


def figure_text(name: str, value: float) -> str:
    """Writes one figure as people read it."""
    if name in SHARES:
        return f"{100 * value:.1f} %"
    if name.endswith("_s"):
        return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def table(figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Words a table of estimates: the mean, and its interval where there were several runs."""
    lines: list[str] = []
    for name, one in figures.items():
        mean = figure_text(name, one["mean"])
        between = ""
        if one["low"] is not None:
            low, high = (figure_text(name, one[end]) for end in ("low", "high"))
            between = f"{low} to {high}"
        lines.append(f"  {TITLES[name]:<32}{mean:>12}   {between}".rstrip())
    return lines


def _lines(ran: Experiment, told: Mapping[str, Any]) -> list[str]:
    runs = len(ran.outcomes)
    hours = ran.scenario.span_s / 3600
    lines = [
        f"{ran.scenario.name}: {runs} {'run' if runs == 1 else 'runs'} of at most {hours:g} h, "
        f"simulated in {ran.seconds:.1f} s",
        f"  {'':<32}{'mean':>12}   {'95 % interval of the mean' if runs > 1 else ''}".rstrip(),
        *table(told["figures"]),
    ]
    if len(told["campaigns"]) > 1:
        for name, figures in told["campaigns"].items():
            lines += [f"campaign {name}", *table(figures)]
    outcomes = ", ".join(f"{name} {count:g}" for name, count in told["outcomes"].items())
    lines.append(f"outcomes, mean of a run: {outcomes or 'none'}")
    if told["faults"]:
        broke = ", ".join(f"{name} {count:g}" for name, count in told["faults"].items())
        lines.append(f"what broke, mean of a run: {broke}")
    lines.append(f"rules looked at {told['checks']:,} times, broken {len(told['breaches'])} times")
    lines += [f"  seed {one['seed']}: {one['what']}" for one in told["breaches"][:10]]
    if ran.missed:
        lines.append(f"time was over before seeds {', '.join(map(str, ran.missed))}")
    lines += [f"digest of seed {seed}: {digest}" for seed, digest in told["digests"].items()]
    return lines


class Bar:
    """One line of progress on a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    def tell(self, place: int, runs: int, share: float) -> None:
        if self._shown:
            typer.echo(f"\rrun {place + 1} of {runs}: {share:4.0%} ", err=True, nl=False)

    def clear(self) -> None:
        if self._shown:
            typer.echo("\r" + " " * 40 + "\r", err=True, nl=False)
