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
    record: Annotated[
        Path | None, typer.Option(help="Folder for the floor's inputs, for `vyzov replay`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Lets a made-up centre work in virtual time, on the dialer that dials, and prints figures."""
    from vyzov.cli.simulate import simulate as run

    raise typer.Exit(
        run(
            scenario,
            seeds=seeds,
            first_seed=seed,
            limit_s=limit,
            out=out,
            record=record,
            as_json=as_json,
        )
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


@plans.command()
def plan(
    contacts: Annotated[int, typer.Option(min=1, help="How long the list is.")],
    operators: Annotated[
        int | None, typer.Option(min=1, max=2000, help="So many operators: how long does it take?")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(help="So many hours of calling: how many operators?")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, help="So many lines: how many operators?")
    ] = None,
    answered: Annotated[float, typer.Option(help="Share of calls a person answers.")] = 0.25,
    tries: Annotated[int, typer.Option(min=1, max=50, help="Calls of a contact at most.")] = 3,
    talk: Annotated[float, typer.Option(help="Mean talk, seconds.")] = 120.0,
    wrap_up: Annotated[float, typer.Option(help="Mean writing after it, seconds.")] = 15.0,
    ring_answered: Annotated[float, typer.Option(help="Ringing until an answer, seconds.")] = 12.0,
    ring_unanswered: Annotated[float, typer.Option(help="Ringing in vain, seconds.")] = 25.0,
    left: Annotated[float, typer.Option(help="Share left without an operator at most.")] = 0.03,
    wait: Annotated[float, typer.Option(help="Seconds to wait for an operator at most.")] = 2.0,
    blocked: Annotated[float, typer.Option(help="Share of calls without a line at most.")] = 0.01,
    mode: Annotated[str, typer.Option(help="progressive, power or predictive.")] = "progressive",
    seeds: Annotated[
        int, typer.Option(min=0, max=100, help="Simulated runs; 0 for formulas alone.")
    ] = 5,
    limit: Annotated[float, typer.Option(min=1, help="Seconds for all runs together.")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Works out operators, lines, calls a second and time for a list, by Erlang and simulation."""
    from vyzov.cli.plan import show_plan
    from vyzov.core.campaign import DialMode
    from vyzov.core.errors import InvalidRequest
    from vyzov.core.plan import Goal, Terms, Work

    if mode not in [one.value for one in DialMode]:
        raise InvalidRequest(
            f"There is no mode '{mode}'.", "Choose progressive, power or predictive."
        )
    work = Work(contacts, answered, talk, wrap_up, ring_answered, ring_unanswered, tries)
    raise typer.Exit(
        show_plan(
            work, Terms(left, wait, blocked), Goal(operators, hours, lines),
            mode=DialMode(mode), seeds=seeds, limit_s=limit, as_json=as_json,
        )
    )  # fmt: skip


@plans.command()
def lines(
    erlangs: Annotated[float, typer.Argument(help="Traffic: lines busy on average.")],
    blocked: Annotated[float, typer.Option(help="Share of calls without a line at most.")] = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tells how many lines a load needs (Erlang B)."""
    from vyzov.cli.plan import show_lines

    raise typer.Exit(show_lines(erlangs, blocked, as_json=as_json))
