"""`vyzov serve`: prepares the data folder, then supervises engine, floor, web and worker.

The first start makes an organisation and an administrator whose password is printed once.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from vyzov import app as home
from vyzov.app import DRAIN_LIMIT_S
from vyzov.cli.lock_keepers import sleeping_on
from vyzov.cli.port_words import say_taken, taken_ports
from vyzov.cli.supervisor import Child, Supervisor

ADMINISTRATOR = "admin"
DRAINS = {"floor": DRAIN_LIMIT_S + 5.0, "web": 8.0, "engine": 8.0, "worker": 8.0}


def first_run(settings: home.Settings, *, password: str | None = None) -> str | None:
    """Brings the database up to date; returns the administrator's password if it was made now."""
    from argon2 import PasswordHasher

    home.prepare(settings)
    chosen = password or secrets.token_urlsafe(9)
    made = home.first_run(
        settings, login=ADMINISTRATOR, name="Administrator",
        password_hash=PasswordHasher().hash(chosen),
    )  # fmt: skip
    return chosen if made else None


def use_database(address: str | None) -> None:
    """Names the database of this run to this process and its children, which others cannot read."""
    if address:
        os.environ[home.DATABASE_VARIABLE] = address


def children(
    settings: home.Settings, given: Mapping[str, Any], *, logs: bool = True
) -> list[Child]:
    """The processes of this installation; each is told what the flags of this run changed."""
    told = ["--given", json.dumps(dict(given))] if given else []
    kinds = {"engine": "engine", **dict.fromkeys(floor_names(settings), "floor"), "web": "web"}
    kinds["worker"] = "worker"
    return [
        Child(
            name,
            [kind, "--data", str(settings.data), *told],
            settings.logs / f"{name}.log" if logs else None,
            drain_s=DRAINS[kind],
        )
        for name, kind in kinds.items()
    ]


def floor_names(settings: home.Settings) -> list[str]:
    """Names the floor processes: floor, floor-2, floor-3."""
    more = range(2, max(1, settings.floor_processes) + 1)
    return ["floor", *(f"floor-{number}" for number in more)]


def supervise(
    settings: home.Settings, given: Mapping[str, Any], on_event: Callable[[str, str, int], None]
) -> None:
    """Runs the processes until a signal; blocks."""
    os.environ["VYZOV_SUPERVISED"] = "1"
    # The floors go first: they dial nothing more and wait for the talks, which need the others. All at
    # once, or the floors of the first would go to the next.
    order = (floor_names(settings), ("web", "worker"), ("engine",))
    asyncio.run(
        Supervisor(children(settings, given), on_event, order, sleeping_on(settings.database)).run()
    )


def serve(
    data: Path, *, web_host: str | None, web_port: int | None, sip_port: int | None,
    floors: int | None = None, database: str | None = None,
) -> None:  # fmt: skip
    """Starts everything and stays until Ctrl-C."""
    use_database(database)
    flags = {
        "web_host": web_host, "web_port": web_port, "sip_port": sip_port, "floor_processes": floors,
    }  # fmt: skip
    given = {name: value for name, value in flags.items() if value is not None}
    settings = home.load_settings(data, **given)
    settings.data.mkdir(parents=True, exist_ok=True)
    home.write_first(home.Settings(data=settings.data))
    password = first_run(settings)
    if shutil.disk_usage(settings.data).free < 1 << 30:
        typer.echo(f"Less than 1 GB is free where {settings.data} lives: recordings will fill it.")
    for one in taken_ports(settings):
        typer.echo(say_taken(one, os.environ.get("LC_ALL") or os.environ.get("LANG", "")), err=True)
    typer.echo(f"Vyzov: http://{settings.web_host}:{settings.web_port}/")
    if password:
        typer.echo(f"Sign in as {ADMINISTRATOR} with {password} (shown this once, change it).")

    def told(what: str, name: str, number: int) -> None:
        if what == "draining" and name == "floor":
            typer.echo("Nothing new is dialled; talks may end. Ctrl-C again to hang up now.")
        if what == "hopeless":
            typer.echo(
                f"{name} (process {number}) was stopped while it wrote to the database, so that "
                "nothing else could: it is ended."
            )
        if what == "died":
            typer.echo(f"{name} ended with code {number}, starting it again; see {settings.logs}")

    supervise(settings, given, told)
    typer.echo("Vyzov has stopped.")
