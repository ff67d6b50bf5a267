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


@plans.command()
def whatif(
    campaign: Annotated[str, typer.Option(help="Name or id; not needed where there is one.")] = "",
    agents: Annotated[
        int | None, typer.Option(min=1, max=300, help="So many operators instead.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting instead: --set mode=power, --set lines_max=20."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back to look.")] = 30,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many runs of each.")] = 5,
    limit: Annotated[float, typer.Option(min=1, help="Seconds for all runs together.")] = 300.0,
    data: Annotated[
        Path, typer.Option("--data", help="The folder in which this Vyzov lives.")
    ] = Path(".vyzov"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Estimates from a campaign's own history what other operators or settings would bring."""
    from vyzov.app import load_settings
    from vyzov.cli.whatif import read_change
    from vyzov.cli.whatif import whatif as run

    raise typer.Exit(
        run(
            load_settings(data), campaign, operators=agents, changes=read_change(changes or []),
            days=days, seeds=seeds, limit_s=limit, as_json=as_json,
        )
    )  # fmt: skip
