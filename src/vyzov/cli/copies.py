"""`vyzov backup`, `restore` and `quarantine`: a copy of the database, putting it back, and after."""

import json
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vyzov import __version__
from vyzov.core.errors import InvalidRequest
from vyzov.core.instants import to_text
from vyzov.settings import FILE, Settings, load_settings

copies = typer.Typer()
quarantine = typer.Typer(no_args_is_help=True, help="After a restore: what nobody is dialled for.")
copies.add_typer(quarantine, name="quarantine")

Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
DATA = Path(".vyzov")
CARRIED = ("secret.key", FILE)
BACKUPS = "backups.jsonl"
"""The register of backups in the data folder: an act of erasure names those from before."""


@copies.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there yet.")],
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Copies the database into one checked file, while everything works."""
    from vyzov.dialer.runtime import SystemClock
    from vyzov.storage import prompt_files
    from vyzov.storage.backup import make_backup

    settings = load_settings(data)
    now = SystemClock().utc()
    carried = {
        name: (settings.data / name).read_bytes()
        for name in CARRIED
        if (settings.data / name).exists()
    }
    carried |= prompt_files.carried(settings.data)
    size = make_backup(settings.database, file, now=now, version=__version__, files=carried)
    noted = {"file": str(file.resolve()), "at": to_text(now), "bytes": size}
    with (settings.data / BACKUPS).open("a", encoding="utf-8") as register:
        register.write(json.dumps(noted) + "\n")
    if as_json:
        typer.echo(json.dumps({"file": str(file), "bytes": size, "at": to_text(now)}))
        return
    typer.echo(f"{file}: {size / 1e6:.1f} MB, checked. It holds names, numbers and secret.key.")
    typer.echo(f"Recordings are not in it: copy {settings.recordings} as files.")


@copies.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `vyzov backup` wrote.")],
    data: Data = DATA,
    journal: Annotated[
        list[Path] | None,
        typer.Option(help="Journals of the lost machine, besides those of the data folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Puts a backup back, in quarantine, and applies the journals. Stop Vyzov first."""
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage import prompt_files
    from vyzov.storage.backup import read_stamp
    from vyzov.storage.restore import World
    from vyzov.storage.restore import restore as put_back

    stamp = read_stamp(file)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    for name, value in stamp.files.items():
        path = data / Path(name).name
        if name in CARRIED and not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(value)
    settings = load_settings(data)
    _must_rest(settings)
    done = put_back(
        file,
        World(settings.database, SystemClock(), SystemDice()),
        [settings.journal, *(journal or ())],
        own=settings.journal,
    )
    prompts_aside = prompt_files.put_back(stamp.files, settings.data, SystemClock().utc())
    told = {
        "backup_at": to_text(done.backup_at), "lifted": done.lifted, "unknown": done.unknown,
        "aside": None if done.aside is None else str(done.aside),
        "batches": done.found.batches, "attempts": done.found.attempts,
        "stops": done.found.stops, "left_out": done.found.left_out,
        "until": None if done.found.until is None else to_text(done.found.until),
        "gaps": list(done.found.gaps),
        "prompts_aside": None if prompts_aside is None else str(prompts_aside),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"The database is as it was at {told['backup_at']}.")
    if done.aside is not None:
        typer.echo(f"What was there before is in {done.aside}.")
    if prompts_aside is not None:
        typer.echo(f"Prompts are those of the backup; the ones before are in {prompts_aside}.")
    _tell_found(told)
    if done.unknown:
        typer.echo(f"{done.unknown} calls were under way; they count as made, outcome unknown.")
    if done.lifted:
        typer.echo("The journals are whole: people may be called again.")
    else:
        typer.echo(
            "Quarantine: nobody is dialled. Apply more journals (`vyzov quarantine apply FOLDER`) or "
            "decide (`vyzov quarantine lift --reason ...`)."
        )


@quarantine.command("show")
def quarantine_show(data: Data = DATA, as_json: AsJson = False) -> None:
    """Says whether a restored database waits, and what is known of the time since the backup."""
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.office import open_office

    office = open_office(load_settings(data).database, clock=SystemClock(), randomness=SystemDice())
    for organisation in office.organisations():
        stands = office.quarantine(organisation.id)
        if as_json:
            typer.echo(json.dumps(_shown(stands)))
        elif stands is None:
            typer.echo("There is no quarantine: people may be called.")
        else:
            typer.echo(f"Nobody is dialled: the database is as it was at {stands.backup_at}.")
            _tell_found(_shown(stands))
            typer.echo(
                "What to do: find the journals of the lost machine and apply them (`vyzov quarantine "
                "apply FOLDER`), or let a manager decide on the page Floor or with `lift`."
            )


@quarantine.command("apply")
def quarantine_apply(
    folder: Annotated[Path, typer.Argument(help="A folder of journals.")],
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Applies journals found later. The quarantine stays: a manager lifts it."""
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.restore import World, apply_journals

    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}.", "Name the folder of the journals.")
    settings = load_settings(data)
    found = apply_journals(
        World(settings.database, SystemClock(), SystemDice()), [settings.journal, folder]
    )
    told = {
        "batches": found.batches, "attempts": found.attempts, "stops": found.stops,
        "left_out": found.left_out, "gaps": list(found.gaps),
        "until": None if found.until is None else to_text(found.until),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told))
    else:
        _tell_found(told)


@quarantine.command("lift")
def quarantine_lift(
    reason: Annotated[str, typer.Option(help="Why people may be called; it is written down.")],
    data: Data = DATA,
    by: Annotated[str, typer.Option(help="Who decides.")] = "command line",
) -> None:
    """Decides that people may be called again, and writes down who said so and why."""
    from vyzov.dialer.audit_records import by_command
    from vyzov.dialer.runtime import SystemClock, SystemDice
    from vyzov.storage.office import open_office

    office = open_office(load_settings(data).database, clock=SystemClock(), randomness=SystemDice())
    office = office.acting(by_command("quarantine lift"))
    lifted = [
        office.lift_quarantine(organisation.id, by=by, reason=reason)
        for organisation in office.organisations()
    ]
    if any(lifted):
        typer.echo("Lifted. The floor dials again within seconds.")
    else:
        typer.echo("There was no quarantine.")


def _shown(stands: object) -> dict[str, object]:
    from vyzov.dialer.quarantine import Quarantine

    if not isinstance(stands, Quarantine):
        return {"quarantine": False}
    found = stands.found
    return {
        "quarantine": True, "backup_at": to_text(stands.backup_at),
        "began_at": to_text(stands.began_at), "batches": found.batches,
        "attempts": found.attempts, "stops": found.stops, "left_out": found.left_out,
        "gaps": list(found.gaps), "until": None if found.until is None else to_text(found.until),
    }  # fmt: skip


def _tell_found(told: Mapping[str, object]) -> None:
    typer.echo(
        f"Since then the journals told {told['attempts']} attempts and {told['stops']} entries of the "
        f"stop-list, the last at {told['until'] or 'no time at all'}."
    )
    if told["left_out"]:
        typer.echo(
            f"{told['left_out']} batches are of lists or campaigns this backup does not know: who was "
            "called from them would be called again if they were imported anew."
        )
    gaps = told["gaps"]
    if isinstance(gaps, list):
        for gap in gaps:  # pyright: ignore[reportUnknownVariableType]
            typer.echo(f"Missing: {gap}.")


def _must_rest(settings: Settings) -> None:
    """Raises `InvalidRequest` where Vyzov works on this folder."""
    for path in (settings.data / "run").glob("*.sock"):
        with closing(socket.socket(socket.AF_UNIX)) as own:
            own.settimeout(1.0)
            try:
                own.connect(str(path))
            except OSError:
                continue
            raise InvalidRequest(f"Vyzov runs on {settings.data}.", "Stop it, then restore.")
