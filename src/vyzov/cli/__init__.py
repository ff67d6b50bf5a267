"""The command line: what a person types; every command says in `--help` what it does."""

import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from vyzov import __version__
from vyzov.cli.campaigns import campaign_group
from vyzov.cli.copies import copies
from vyzov.cli.facts import facts_group
from vyzov.cli.importing import importing
from vyzov.cli.plans import plans
from vyzov.cli.report import report_group
from vyzov.core.errors import VyzovError

app = typer.Typer(
    name="vyzov", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Vyzov calls a list of people for you and shows what happened, why, and what it brought.",
)  # fmt: skip

Data = Annotated[Path, typer.Option("--data", help="The folder in which this Vyzov lives.")]
DATA = Path(".vyzov")
Database = Annotated[
    str | None,
    typer.Option(
        help="postgresql://..., else a file in the data folder. VYZOV_DATABASE says it too."
    ),
]


@app.command()
def version() -> None:
    """Prints the version."""
    typer.echo(f"vyzov {__version__}")


@app.command()
def serve(
    data: Data = DATA,
    host: Annotated[str | None, typer.Option(help="Address of the web page.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the web page.")] = None,
    sip_port: Annotated[int | None, typer.Option(help="UDP port of SIP.")] = None,
    floors: Annotated[
        int | None, typer.Option(min=1, max=64, help="Floor processes on this machine.")
    ] = None,
    database: Database = None,
) -> None:
    """Starts Vyzov: engine, floor, web, worker, each started again should it die. Ctrl-C drains."""
    from vyzov.cli.serve import serve as run

    run(
        data, web_host=host, web_port=port, sip_port=sip_port, floors=floors, database=database,
    )  # fmt: skip


Given = Annotated[str, typer.Option("--given", help="Settings of this run alone, as JSON.")]


def _child(name: str, data: Path, given: str) -> None:
    from vyzov import app as home
    from vyzov.cli.precedence import NICE, Precedence, come_first
    from vyzov.cli.processes import live

    # The worker goes before nobody.
    granted = come_first(name) if name in NICE else Precedence.NONE

    kinds = {
        "engine": home.run_engine, "floor": home.run_floor, "web": home.run_web,
        "worker": home.run_worker,
    }  # fmt: skip
    live(kinds[name], home.load_settings(data, **json.loads(given)), name, granted)


@app.command(hidden=True)
def engine(data: Data = DATA, given: Given = "{}") -> None:
    """Runs the engine process alone (`vyzov serve` does it for you)."""
    _child("engine", data, given)


@app.command(hidden=True)
def floor(data: Data = DATA, given: Given = "{}") -> None:
    """Runs the floor process alone."""
    _child("floor", data, given)


@app.command(hidden=True)
def web(data: Data = DATA, given: Given = "{}") -> None:
    """Runs the web process alone."""
    _child("web", data, given)


@app.command(hidden=True)
def worker(data: Data = DATA, given: Given = "{}") -> None:
    """Runs the worker process alone: it brings events to webhooks."""
    _child("worker", data, given)


@app.command()
def call(
    number: Annotated[str, typer.Argument(help="Whom to call: +, country code, number.")],
    trunk: Annotated[str, typer.Option(help="Where: sip:HOST:PORT")],
    user: Annotated[str, typer.Option(help="Name for the carrier's challenge.")] = "",
    password: Annotated[str, typer.Option(help="Password for it.")] = "",
    realm: Annotated[str, typer.Option(help="Answer challenges of this realm only.")] = "",
    allow_md5: Annotated[
        bool, typer.Option("--allow-md5", help="Answer a carrier that offers MD5 only.")
    ] = False,
    ring_timeout: Annotated[float, typer.Option(help="Seconds to let it ring.")] = 30.0,
    talk: Annotated[float, typer.Option(help="Seconds to stay once answered.")] = 5.0,
    caller_id: Annotated[str, typer.Option(help="The number shown.")] = "+70005550000",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Places one call and tells its outcome and every event with its time."""
    from vyzov.cli.one_call import run

    raise typer.Exit(
        run(
            number, trunk, user=user, password=password, realm=realm, allow_md5=allow_md5,
            ring_timeout_s=ring_timeout, talk_s=talk, caller_id=caller_id, as_json=as_json,
        )
    )  # fmt: skip


@app.command()
def pstn(
    port: Annotated[int, typer.Option(help="UDP port of the box.")] = 5070,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[int, typer.Option(help="Seed of the people.")] = 7,
    ledger: Annotated[Path, typer.Option(help="The box's own record.")] = Path("ledger.jsonl"),
    numbers: Annotated[Path | None, typer.Option(help="File with a number a line.")] = None,
    hurry: Annotated[float, typer.Option(help="Divides ring and talk times.")] = 1.0,
    listen_anywhere: Annotated[
        bool, typer.Option("--listen-anywhere", help="Allow addresses beyond loopback.")
    ] = False,
    bad_network: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.5, help="Share of SIP datagrams lost, sent twice and overtaken each."
        ),
    ] = 0.0,
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario file whose people live at all numbers.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as JSON.")] = False,
) -> None:
    """Runs the telephone network in a box: people and machines behind real SIP and RTP."""
    from vyzov.cli.world import box_settings, run_pstn

    run_pstn(
        box_settings(
            host, port, seed, ledger, numbers,
            listen_anywhere=listen_anywhere, hurry=hurry, bad_network=bad_network,
            scenario=scenario, as_json=as_json,
        )
    )  # fmt: skip


@app.command()
def operators(
    password: Annotated[str, typer.Option(help="Password of all of them.")],
    url: Annotated[str, typer.Option(help="Address of Vyzov.")] = "http://127.0.0.1:8080",
    login: Annotated[
        str, typer.Option(help="First login; the number at its end counts up.")
    ] = "op1",
    count: Annotated[int, typer.Option(help="How many.")] = 1,
    tone: Annotated[
        int, typer.Option(help="Voice of the first, Hz; the next is 50 higher.")
    ] = 1150,
    seed: Annotated[int, typer.Option(help="Seed of their habits.")] = 7,
    out: Annotated[Path, typer.Option(help="What they heard.")] = Path("operators.jsonl"),
    flaky: Annotated[float, typer.Option(help="Share of calls at which the line is lost.")] = 0.0,
    hurry: Annotated[float, typer.Option(help="Divides talk times.")] = 1.0,
    scenario: Annotated[
        Path | None, typer.Option(help="Scenario file whose first crew they work as.")
    ] = None,
) -> None:
    """Runs program operators: separate programs on the public API with a real voice."""
    from vyzov.cli.world import run_program_operators, with_crew
    from vyzov.pstn.operators import OperatorSettings

    settings = OperatorSettings(
        password=password, out=out, url=url, login=login, tone=tone, count=count, flaky=flaky,
        seed=seed, hurry=hurry,
    )  # fmt: skip
    run_program_operators(settings if scenario is None else with_crew(settings, scenario))


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="No person: run, check, end.")
    ] = False,
    contacts: Annotated[int, typer.Option("--contacts", "--count", help="Size of the list.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of people and operators.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Where raw material is left.")] = None,
    port: Annotated[int, typer.Option(help="Port of the web page.")] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="Last line is one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Starts a whole centre with a network in a box: example lists, operators, calls."""
    from vyzov.cli.demo import run
    from vyzov.cli.serve import use_database

    use_database(database)
    raise typer.Exit(
        run(headless=headless, contacts=contacts, seed=seed, out=out, port=port, as_json=as_json)
    )


@app.command()
def status(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tells how the running engine and worker do: calls, lateness of sound, what was delivered."""
    from vyzov.cli.status import status as tell

    raise typer.Exit(tell(data, as_json=as_json))


sip_group = typer.Typer(no_args_is_help=True, help="The SIP side: what crosses the wire.")
app.add_typer(sip_group, name="sip")


@sip_group.command("trace")
def sip_trace(
    call: Annotated[
        str, typer.Argument(help="A Call-ID or the id of an attempt; none: the latest calls.")
    ] = "",
    data: Data = DATA,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest calls.")] = 3,
    follow: Annotated[bool, typer.Option("--follow", help="Show what comes from now on.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Whole messages, not heads only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message.")] = False,
) -> None:
    """Shows the SIP messages of a call as a ladder, without passwords, keys and whole numbers."""
    from vyzov.app import load_settings
    from vyzov.cli.sip import trace

    settings = load_settings(data)
    raise typer.Exit(trace(settings, call, last=last, follow=follow, whole=whole, as_json=as_json))


@sip_group.command("guard")
def sip_guard(
    data: Data = DATA,
    unban: Annotated[str, typer.Option(help="Address to be heard again at once.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Shows whom the engine turns away, and lifts bans."""
    from vyzov.app import load_settings
    from vyzov.cli.guard import guard

    raise typer.Exit(guard(load_settings(data), unban=unban, as_json=as_json))


app.add_typer(facts_group, name="facts")
app.add_typer(report_group, name="report")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A file of the folder replay in the data folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Runs a floor's recorded life again: the same inputs must give the same decisions.

    Names the first step that decides otherwise, and then exits with 1."""
    from vyzov.cli.replay import run

    raise typer.Exit(run(file, as_json=as_json))


@app.command()
def erase(
    contact: Annotated[
        list[str] | None, typer.Option(help="Id of a contact, as its card shows; may be repeated.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help="Everybody with this number; may be repeated.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who erases, for the act.")] = "",
    act: Annotated[
        Path | None, typer.Option(help="File for the act; .html can be printed.")
    ] = None,
    stop: Annotated[
        bool, typer.Option("--stop/--no-stop", help="Never call these numbers again.")
    ] = True,
    also: Annotated[
        list[Path] | None, typer.Option(help="Another folder with exports; may be given again.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Everybody erased before whom a backup brought back.")
    ] = False,
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Erases a person from database, recordings, ladders, journals, logs and exports, for good.

    Facts and the stop-list stay whole, by ids and references alone. Prints the act of it."""
    from vyzov.app import load_settings
    from vyzov.cli.erase import again as erase_again
    from vyzov.cli.erase import run

    if again:
        raise typer.Exit(erase_again(load_settings(data), by=by, as_json=as_json))
    raise typer.Exit(
        run(
            load_settings(data), contacts=tuple(contact or ()), numbers=tuple(number or ()), by=by,
            act=act, stop=stop, also=tuple(also or ()), as_json=as_json,
        )
    )  # fmt: skip


trunk_group = typer.Typer(no_args_is_help=True, help="Trunks: the ways to carriers.")
app.add_typer(trunk_group, name="trunk")


@trunk_group.command("test")
def trunk_test(
    name: Annotated[str, typer.Argument(help="A trunk of this installation; or use --host.")] = "",
    host: Annotated[str, typer.Option(help="Any carrier: its name or address.")] = "",
    port: Annotated[int, typer.Option(help="Its port; 0 asks its SRV records.")] = 5060,
    transport: Annotated[str, typer.Option(help="udp, tcp or tls.")] = "udp",
    tls_name: Annotated[str, typer.Option(help="Name its certificate must bear.")] = "",
    user: Annotated[str, typer.Option(help="User name at the carrier.")] = "",
    password: Annotated[str, typer.Option(help="Password for it.")] = "",
    domain: Annotated[str, typer.Option(help="Domain of our address there.")] = "",
    register: Annotated[bool, typer.Option("--register", help="Sign in there.")] = False,
    allow_md5: Annotated[
        bool, typer.Option("--allow-md5", help="Answer a carrier that offers MD5 only.")
    ] = False,
    number: Annotated[str, typer.Option(help="Call this number too, and listen.")] = "",
    caller_id: Annotated[str, typer.Option(help="The number shown.")] = "+70005550000",
    talk: Annotated[float, typer.Option(help="Seconds to stay once answered.")] = 5.0,
    lang: Annotated[str, typer.Option(help="en or ru.")] = "en",
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Looks at a trunk step by step and says in plain words what works, and what to do."""
    from vyzov.app import load_settings
    from vyzov.cli.trunk import find, test
    from vyzov.core.errors import InvalidRequest
    from vyzov.dialer.office_records import TrunkSettings

    settings = load_settings(data)
    if bool(name) == bool(host):
        raise InvalidRequest(
            "Name one trunk.", "Give the name of a trunk of this installation, or --host."
        )
    trunk = (
        find(settings, name)
        if name
        else TrunkSettings(
            host, host, port, user, password, transport=transport, tls_name=tls_name,
            sign_in=register, allow_md5=allow_md5, from_domain=domain,
        )
    )  # fmt: skip
    raise typer.Exit(
        test(
            settings, trunk, number=number, caller_id=caller_id, lang=lang, talk_s=talk,
            as_json=as_json,
        )
    )  # fmt: skip


phone_group = typer.Typer(no_args_is_help=True, help="Desk phones for people who take calls.")
app.add_typer(phone_group, name="phone")


@phone_group.command("add")
def phone_add(
    name: Annotated[str, typer.Argument(help="What the phone is called, as 'Desk 4'.")],
    agent: Annotated[str, typer.Option(help="Login of the person whose phone it is.")],
    data: Data = DATA,
    allow_md5: Annotated[
        bool, typer.Option("--allow-md5", help="For old phones that know no SHA-256.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Makes a person's desk phone and prints what to type into it; the password this once."""
    from vyzov.app import load_settings
    from vyzov.cli.phone import add

    settings = load_settings(data)
    raise typer.Exit(add(settings, name, agent, allow_md5=allow_md5, as_json=as_json))


@phone_group.command("list")
def phone_list(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Lists desk phones: whose they are, and which are signed in now and from where."""
    from vyzov.app import load_settings
    from vyzov.cli.phone import show

    raise typer.Exit(show(load_settings(data), as_json=as_json))


@phone_group.command("remove")
def phone_remove(
    username: Annotated[str, typer.Argument(help="The user name it signs in with.")],
    data: Data = DATA,
) -> None:
    """Takes a desk phone out of use at once: it is hung up and signed out."""
    from vyzov.app import load_settings
    from vyzov.cli.phone import remove

    raise typer.Exit(remove(load_settings(data), username))


@phone_group.command("run")
def phone_run(
    server: Annotated[str, typer.Argument(help="Where to sign in: udp:HOST:PORT or tcp:...")],
    user: Annotated[str, typer.Option(help="User name of the phone.")],
    password: Annotated[str, typer.Option(help="Password of the phone.")],
    tone: Annotated[float, typer.Option(help="Its voice, Hz; 0 for silence.")] = 700.0,
    ring: Annotated[float, typer.Option(help="Seconds it rings before it is lifted.")] = 1.0,
    seconds: Annotated[float, typer.Option(help="How long to stay; 0: until Ctrl-C.")] = 0.0,
) -> None:
    """Is a desk phone without hardware: signs in, lifts when it rings, speaks one tone."""
    from vyzov.cli.phone import phone_settings, run

    wanted = phone_settings(server, user, password, tone=tone, ring=ring)
    raise typer.Exit(run(wanted, seconds=seconds))


floors_group = typer.Typer(no_args_is_help=True, help="Floors: campaigns that share their agents.")
app.add_typer(floors_group, name="floors")


@floors_group.command("add")
def floors_add(
    name: Annotated[str, typer.Argument(help="What the floor is called.")], data: Data = DATA
) -> None:
    """Makes a floor; a floor process takes it within seconds."""
    from vyzov.app import load_settings
    from vyzov.cli.floors import add

    raise typer.Exit(add(load_settings(data), name))


@floors_group.command("list")
def floors_list(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Lists floors: who owns each now, its people and its campaigns."""
    from vyzov.app import load_settings
    from vyzov.cli.floors import show

    raise typer.Exit(show(load_settings(data), as_json=as_json))


@floors_group.command("put")
def floors_put(
    name: Annotated[str, typer.Argument(help="Name of the floor.")],
    person: Annotated[str, typer.Option(help="Login of a person who works there now.")] = "",
    campaign: Annotated[str, typer.Option(help="Name or id of a campaign at rest.")] = "",
    data: Data = DATA,
) -> None:
    """Puts a person or a campaign on a floor."""
    from vyzov.app import load_settings
    from vyzov.cli.floors import put

    raise typer.Exit(put(load_settings(data), name, person=person, campaign=campaign))


app.add_typer(plans)
app.add_typer(importing)
app.add_typer(campaign_group, name="campaign")
app.add_typer(copies)


def main() -> None:
    """Runs the command; an error of ours is one plain sentence and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except VyzovError as error:
        typer.echo(f"{error.what} {error.next_step}", err=True)
        sys.exit(1)
