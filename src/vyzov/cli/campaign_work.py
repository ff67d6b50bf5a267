"""What `vyzov campaign` does: on the database, whether Vyzov runs or not; floors that run are told.

How a file reads is decided in `core.campaign_file`; who may is nobody's question here: whoever can
read the data folder can do as much.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

import typer

from vyzov.cli.floor_ask import NobodyThere, ask_all
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.access import Door, Person, Role
from vyzov.dialer.office_records import CampaignRecord
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.settings import Settings, load_settings
from vyzov.storage.office import open_office


@dataclass(frozen=True, slots=True)
class _Home:
    """The installation, and its office as an administrator finds it."""

    settings: Settings
    door: Door

    @classmethod
    def at(cls, data: Path) -> "_Home":
        settings = load_settings(data)
        if not settings.is_there():
            raise InvalidRequest(f"There is no Vyzov in {data}.", "Name its folder with --data.")
        office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
        organisation = office.organisations()[0].id
        return cls(settings, Door(office, Person("", organisation, Role.ADMINISTRATOR)))

    def campaign(self, which: str) -> CampaignRecord:
        """Finds a campaign by its name or id."""
        found = [one for one in self.door.campaigns() if which in (one.id, one.name)]
        if len(found) != 1:
            raise InvalidRequest(
                f"{len(found)} campaigns are called '{which}'.", "See `vyzov campaign list`."
            )
        return found[0]


def show(data: Path, *, as_json: bool) -> None:
    """Prints the campaigns, newest first."""
    campaigns = _Home.at(data).door.campaigns()
    if as_json:
        told = [
            {"id": one.id, "name": one.name, "state": one.state, "mode": one.mode}
            for one in campaigns
        ]
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in campaigns:
        typer.echo(f"{one.id}  {one.state:<10}  {one.mode:<11}  {one.name}")


def export(data: Path, which: str, out: Path | None) -> None:
    """Writes a campaign's file, or prints it."""
    home = _Home.at(data)
    name, text = home.door.campaign_file(home.campaign(which).id)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"The settings of '{name}' are in {out}.")


def bring_in(data: Path, file: Path, *, name: str, as_json: bool) -> None:
    """Makes a draft of a campaign's file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InvalidRequest(f"There is no file {file}.", "See how it is spelt.") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{file} is no text in UTF-8.", "Save it as UTF-8.") from error
    home = _Home.at(data)
    made = home.door.import_campaign(text, name=name or None)
    with contextlib.suppress(NobodyThere):
        ask_all(home.settings, "office.settings_changed")
    told = {"id": made.id, "name": made.name, "state": made.state}
    typer.echo(
        json.dumps(told, ensure_ascii=False)
        if as_json
        else f"Campaign '{made.name}' is a draft: {made.id}"
    )
