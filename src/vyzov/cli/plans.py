"""Commands for those who plan: what a made-up centre would do, and what a change would bring."""

from pathlib import Path
from typing import Annotated

import typer

plans = typer.Typer()
"""Joined to the other commands under no name of its own."""


@plans.command()
def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file; examples/scenarios has some.")],
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How many runs.")] = 5,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the first run; the next adds 1.")
    ] = None,
    limit: Annotated[float, typer.Option(min=1, help="Seconds for all runs together.")] = 900.0,
    out: Annotated[Path | None, typer.Option(help="Folder for facts and the result.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Lets a made-up centre work in virtual time, on the dialer that dials, and prints figures."""
    from vyzov.cli.simulate import simulate as run

    raise typer.Exit(
        run(scenario, seeds=seeds, first_seed=seed, limit_s=limit, out=out, as_json=as_json)
    )
