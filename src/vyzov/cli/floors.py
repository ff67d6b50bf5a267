"""`vyzov floors`: floors made and listed, people and campaigns put on them.

Works on the database, whether Vyzov runs or not; floors that run are told and take it over at once.
"""

import contextlib
import json
from typing import Any

import typer

from vyzov.app import Settings
from vyzov.cli.floor_ask import NobodyThere, ask_all
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.audit_records import by_command
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage.office import open_office


def add(settings: Settings, name: str) -> int:
    """Makes a floor; a process that has room takes it within seconds."""
    office, organisation = _office(settings)
    made = office.create_floor(organisation, name)
    typer.echo(f"Floor '{made.name}' ({made.id}).")
    return 0


def show(settings: Settings, *, as_json: bool) -> int:
    """Prints the floors: who owns each, and how many people and campaigns it has."""
    office, organisation = _office(settings)
    places, now = office.floor_map(), SystemClock().utc()
    rows: list[dict[str, Any]] = [
        {
            "id": one.id, "name": one.name, "owned": one.has_owner(now), "epoch": one.epoch,
            "address": one.address if one.has_owner(now) else "",
            "people": sum(
                places.of_person(organisation, user.id) == one.id
                for user in office.users(organisation)
                if user.disabled_at is None and user.role.value != "customer"
            ),
            "campaigns": sum(floor == one.id for floor in places.campaigns.values()),
        }
        for one in places.of_organisation(organisation)
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return 0
    typer.echo(f"{'floor':<24}{'people':>8}{'campaigns':>11}{'epoch':>7}  owner")
    for row in rows:
        owner = row["address"] if row["owned"] else "nobody"
        typer.echo(
            f"{row['name']:<24}{row['people']:>8}{row['campaigns']:>11}{row['epoch']:>7}  {owner}"
        )
    return 0


def put(settings: Settings, name: str, *, person: str, campaign: str) -> int:
    """Puts a person (by login) or a campaign (by name or id) on a floor."""
    office, organisation = _office(settings)
    floor = _floor(office, organisation, name)
    if bool(person) == bool(campaign):
        raise InvalidRequest("Name one to be put there.", "Give --person or --campaign.")
    if person:
        found = office.user_by_login(organisation, person)
        if found is None:
            raise InvalidRequest(f"Nobody signs in as '{person}'.", "Look at the page People.")
        office.put_person(organisation, found.id, floor)
    else:
        wanted = [
            one.id
            for one in office.campaigns(organisation)
            if campaign in (one.id, one.name) and one.state != "archived"
        ]
        if len(wanted) != 1:
            raise InvalidRequest(
                f"{len(wanted)} campaigns are called '{campaign}'.", "Give the id of the one meant."
            )
        office.put_campaign(organisation, wanted[0], floor)
    with contextlib.suppress(NobodyThere):
        ask_all(settings, "office.users_changed")
    typer.echo(f"{person or campaign} is on floor '{name}'.")
    return 0


def _floor(office: OfficeStore, organisation: str, name: str) -> str:
    for one in office.floor_map().of_organisation(organisation):
        if name in (one.id, one.name):
            return one.id
    raise InvalidRequest(f"There is no floor '{name}'.", "See `vyzov floors list`.")


def _office(settings: Settings) -> tuple[OfficeStore, str]:
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    return office.acting(by_command("floors")), office.organisations()[0].id
