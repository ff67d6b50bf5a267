"""`vyzov plan` and `vyzov lines`: what a list takes, and how many lines a load needs.

The formulas are `core.plan` and `core.traffic`, the simulation is `simulation.planning`; this file
asks and prints. Nothing is read and nothing is written.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import ceil
from typing import Any

import typer

from vyzov.cli.simulate import Bar
from vyzov.core.campaign import DialMode
from vyzov.core.plan import (
    Goal,
    Model,
    Plan,
    Terms,
    Work,
    plan_measured,
    plans_for,
)
from vyzov.core.traffic import blocked, lines_for
from vyzov.simulation.planning import OPERATORS_MOST as SIMULATED_MOST
from vyzov.simulation.planning import Seen, simulated

TITLES: Mapping[Model, str] = {
    Model.ONE_BY_ONE: "one call for each free operator",
    Model.ERLANG_B: "Erlang B, nobody waits",
    Model.ERLANG_A: "Erlang A, people leave the queue",
    Model.ERLANG_C: "Erlang C, people stay in it",
    Model.SIMULATION: "simulation of the dialer",
}


def show_plan(
    work: Work, terms: Terms, goal: Goal, *, mode: DialMode, seeds: int, limit_s: float,
    as_json: bool,
) -> int:  # fmt: skip
    """Prints the plans of all models; `seeds` 0 leaves the simulation out."""
    plans = list(plans_for(work, terms, goal))
    seen: Seen | None = None
    if seeds:
        bar = Bar(shown=sys.stderr.isatty() and not as_json)
        if is_looked_for(goal, mode):
            limit_s /= 2
        crew = crew_for(work, terms, goal, plans[0].operators, mode, limit_s)
        seen = simulated(
            work, terms, crew, mode, seeds=range(1, seeds + 1), limit_s=limit_s, progress=bar.tell
        )
        bar.clear()
        plans.append(plan_measured(work, terms, crew, seen.busy.mean, seen.left.mean))
    if as_json:
        typer.echo(json.dumps(told_of(work, terms, plans, mode, seen), ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(work, terms, plans, mode, seen)))
    return 0


def is_looked_for(goal: Goal, mode: DialMode) -> bool:
    """True where only a simulated look tells how many operators reach the goal; it and the runs that
    follow share the time there is."""
    return goal.operators is None and mode is not DialMode.PROGRESSIVE


def crew_for(
    work: Work, terms: Terms, goal: Goal, first: int, mode: DialMode, limit_s: float
) -> int:  # fmt: skip
    """Returns with how many operators the simulation reaches the goal.

    `first` are those the formula of the progressive mode found. A mode that dials ahead gets more out
    of each: one run shows how much."""
    if not is_looked_for(goal, mode):
        return first
    tried = min(first, SIMULATED_MOST)
    look = simulated(work, terms, tried, mode, seeds=[0], limit_s=limit_s)
    shown = plan_measured(work, terms, tried, look.busy.mean, look.left.mean)
    if goal.hours is not None:
        return max(1, ceil(tried * shown.hours / goal.hours))
    return max(1, int(tried * (goal.lines or 0) / shown.lines))


def show_lines(erlangs: float, blocked_most: float, *, as_json: bool) -> int:
    """Prints how many lines a load needs, and what one more or less would mean."""
    wanted = lines_for(erlangs, blocked_most)
    around = [n for n in range(wanted - 2, wanted + 3) if n >= 0]
    shares = {n: blocked(erlangs, n) for n in around}
    if as_json:
        told = {
            "erlangs": erlangs, "blocked_most": blocked_most, "lines": wanted,
            "blocked": {str(n): share for n, share in shares.items()},
        }  # fmt: skip
        typer.echo(json.dumps(told))
        return 0
    typer.echo(
        f"{erlangs:g} erlangs ({erlangs * 60:g} minutes an hour), at most {100 * blocked_most:g} % "
        f"of calls without a line: {wanted} lines (Erlang B)"
    )
    for n, share in shares.items():
        typer.echo(f"  {n:>6} lines: {100 * share:.3f} % without{'  <-' if n == wanted else ''}")
    return 0


def told_of(
    work: Work, terms: Terms, plans: Sequence[Plan], mode: DialMode, seen: Seen | None
) -> dict[str, Any]:
    """Returns the plans as JSON (docs/formats.md, `vyzov plan --json`)."""
    told: dict[str, Any] = {
        "is": "plan",
        "work": {**asdict(work), "talks": round(work.talks, 1), "calls": round(work.calls, 1)},
        "terms": asdict(terms),
        "plans": [_rounded(one) for one in plans],
    }
    if seen is not None:
        told["simulation"] = {
            "mode": mode.value, "runs": seen.busy.runs, "span_s": seen.span_s,
            "busy": seen.busy.to_json(), "left": seen.left.to_json(),
        }  # fmt: skip
    return told


def _rounded(one: Plan) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(one).items()
    }


def _lines(
    work: Work, terms: Terms, plans: Sequence[Plan], mode: DialMode, seen: Seen | None
) -> list[str]:
    lines = [
        f"{work.contacts:,} contacts, {100 * work.answered:g} % of calls answered, each called "
        f"{work.tries_most} times at most: about {work.calls:,.0f} calls and {work.talks:,.0f} talks",
        f"talk {work.talk_s:g} s, writing {work.wrap_up_s:g} s; at most {100 * terms.left_most:g} % "
        f"of answers without an operator after {terms.wait_s:g} s, {100 * terms.blocked_most:g} % "
        "of calls without a line",
        f"  {'':<34}{'operators':>9}{'busy':>8}{'left':>8}{'calls/s':>9}{'erlangs':>9}"
        f"{'lines':>7}{'talks/h':>9}{'hours':>8}",
    ]
    lines += [
        f"  {TITLES[one.model]:<34}{one.operators:>9}{100 * one.busy:>6.1f} %"
        f"{100 * one.left:>6.1f} %{one.calls_per_s:>9.2f}{one.erlangs:>9.1f}{one.lines:>7}"
        f"{one.talks_per_hour:>9.0f}{one.hours:>8.1f}"
        for one in plans
    ]
    if seen is not None and seen.busy.low is not None and seen.busy.high is not None:
        lines.append(
            f"simulation: {mode.value}, {seen.busy.runs} runs of {seen.span_s / 60:.0f} minutes, "
            f"busy {100 * seen.busy.low:.1f} to {100 * seen.busy.high:.1f} % (95 % of the mean)"
        )
    lines.append(
        "Erlang's queues are called blindly, at one rate: a dialer that looks who is free does "
        "better in small groups."
    )
    return lines
