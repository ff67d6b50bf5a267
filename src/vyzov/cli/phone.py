"""`vyzov phone`: desk phones made, listed and removed where Vyzov lives, and one made of a program.

Works on the database, whether Vyzov runs or not; a running floor is told and takes it over at once.
Who may do this is whoever owns the data folder.
"""

import asyncio
import contextlib
import json
import secrets
import signal
from datetime import datetime
from typing import Any

import typer

from vyzov.app import Settings, sip_servers
from vyzov.cli.floor_ask import NobodyThere, ask_all
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.audit_records import by_command
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.phone_secrets import REALM, new_password, new_username, with_password
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.pstn.desk_phone import DeskPhone, PhoneSettings
from vyzov.sip.auth import secret_hash
from vyzov.sip.events import CallEnded, IncomingCall, RegistrationState, Transport
from vyzov.storage.office import open_office


def add(settings: Settings, name: str, agent: str, *, allow_md5: bool, as_json: bool) -> int:
    """Makes a desk phone for the person of a login and prints what to type into it."""
    office, organisation = _office(settings)
    person = office.user_by_login(organisation, agent)
    if person is None:
        raise InvalidRequest(
            f"Nobody signs in as {agent!r}.", "Make that person on the page People first."
        )
    password, username = new_password(secrets.choice), new_username(secrets.choice)
    new = with_password(name, username, password, secret_hash, allow_md5=allow_md5)
    phone = office.create_phone(organisation, person.id, new)
    _tell(settings)
    told = {
        "id": phone.id, "name": name, "agent": person.login, "username": username,
        "password": password, "realm": REALM, "servers": list(sip_servers(settings)),
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return 0
    typer.echo(f"Desk phone {name!r} of {person.login}. Type into it:")
    typer.echo(f"  user name (and authentication name)  {username}")
    typer.echo(f"  password (told this once)            {password}")
    for server in told["servers"]:
        transport, _, place = server.partition(":")
        typer.echo(f"  server over {transport.upper():<3}                      {place}")
    return 0


def show(settings: Settings, *, as_json: bool) -> int:
    """Prints the desk phones and which of them are signed in now."""
    office, organisation = _office(settings)
    people = {user.id: user.login for user in office.users(organisation)}
    states = _states(settings)
    rows: list[dict[str, Any]] = [
        {
            "id": phone.id, "name": phone.name, "agent": people.get(phone.user_id, ""),
            "username": phone.username, "allow_md5": phone.allows_md5,
            **_state(states, phone.id),
        }
        for phone in office.phones(organisation)
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return 0
    if not rows:
        typer.echo("There is no desk phone. Make one: vyzov phone add NAME --agent LOGIN")
    for row in rows:
        typer.echo(f"{row['username']}  {row['agent']:<16} {row['name']:<20} {_said(row)}")
    return 0


def remove(settings: Settings, username: str) -> int:
    """Takes a desk phone out of use at once."""
    office, organisation = _office(settings)
    phone = next((p for p in office.phones(organisation) if p.username == username), None)
    if phone is None:
        raise InvalidRequest(
            f"There is no desk phone {username!r}.", "Look at the list: vyzov phone list"
        )
    office.revoke_phone(organisation, phone.id)
    _tell(settings)
    typer.echo(f"The desk phone {username} is out of use.")
    return 0


def run(settings: PhoneSettings, *, seconds: float) -> int:
    """Is a desk phone for some seconds (0: until Ctrl-C): signs in, lifts, speaks a tone."""
    return asyncio.run(_run(settings, seconds))


async def _run(settings: PhoneSettings, seconds: float) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def tell(event: object) -> None:
        if isinstance(event, IncomingCall):
            typer.echo("It rings.")
        elif isinstance(event, CallEnded):
            typer.echo("The call is over.")

    async with DeskPhone(settings, tell=tell) as phone:
        try:
            answer = await phone.signed_in(limit_s=10.0)
        except TimeoutError:
            typer.echo("Nobody answers there: see the address and that Vyzov runs.", err=True)
            return 1
        if answer.state is not RegistrationState.REGISTERED:
            typer.echo(f"Not signed in: {answer.code} {answer.phrase}", err=True)
            return 1
        typer.echo("Signed in.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds or None):
                await stop.wait()
    return 0


def _office(settings: Settings) -> tuple[OfficeStore, str]:
    if not settings.is_there():
        raise InvalidRequest(
            f"There is no Vyzov in {settings.data}.", "Name its folder with --data."
        )
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    return office.acting(by_command("phone")), office.organisations()[0].id


def _state(states: Any, phone: str) -> dict[str, Any]:
    if states is None:
        return {"registered": None, "since": None, "address": "", "user_agent": ""}
    nothing = {"registered": False, "since": None, "address": "", "user_agent": ""}
    return states.get(phone, nothing)


def _said(row: dict[str, Any]) -> str:
    if row["registered"] is None:
        return "(Vyzov does not run)"
    if not row["registered"]:
        return "not signed in"
    since = datetime.fromisoformat(row["since"]).astimezone()
    return f"signed in since {since:%Y-%m-%d %H:%M:%S} from {row['address']}  {row['user_agent']}"


def _tell(settings: Settings) -> None:
    """Lets floors that run read what changed; one that does not reads it when it starts."""
    with contextlib.suppress(NobodyThere):
        ask_all(settings, "office.users_changed")


def _states(settings: Settings) -> dict[str, Any] | None:
    """Returns which phones are signed in; None where no floor runs."""
    try:
        answers = ask_all(settings, "office.phones")
    except NobodyThere:
        return None
    return {phone: state for one in answers for phone, state in one.get("phones", {}).items()}


def phone_settings(
    server: str, username: str, password: str, *, tone: float, ring: float
) -> PhoneSettings:
    """Reads `[udp:|tcp:]HOST:PORT` as `vyzov phone add` prints it; raises `InvalidRequest`."""
    transport, host, port = ("udp", *server.split(":"))[-3:] if server.count(":") else ("", "", "")
    if transport not in ("udp", "tcp") or not host or not port.isdecimal():
        raise InvalidRequest(
            f"{server!r} is no server of a program phone.", "Write udp:HOST:PORT or tcp:HOST:PORT."
        )
    return PhoneSettings(
        host, int(port), username, password, Transport(transport), hz=tone, ring_s=ring
    )
