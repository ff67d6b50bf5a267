"""`vyzov demo`: a whole centre on one machine, with people who are not there.

It starts the network in a box, Vyzov itself and program operators, each a process of its own, and then
does what a manager would, through the public API. `--headless` runs to the end of the lists and has
the raw material checked by a script that imports nothing of Vyzov; without it the centre stays up for
a person to sign in.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import typer

from vyzov import __version__
from vyzov.app import DRAIN_LIMIT_S, load_settings
from vyzov.cli.demo_lists import numbers_of, settings_of, split, write_list
from vyzov.core.errors import InvalidRequest

Json = dict[str, Any]
CHECKER = Path(__file__).resolve().parent.parent / "pstn" / "check_demo.py"
BOX_USER = "vyzov"
READY_S = 60.0
HEADLESS_LIMIT_S = 310.0
STEADY_OPERATORS = 9
FLAKY_OPERATORS = 4


@dataclass
class Centre:
    """The processes of a demo and the way to its API; port 0 takes any free one."""

    out: Path
    seed: int
    port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    processes: list[tuple[str, subprocess.Popen[bytes]]] = field(
        default_factory=list[tuple[str, "subprocess.Popen[bytes]"]]
    )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *arguments: str) -> None:
        """Starts `vyzov ARGUMENTS` as a child that leaves when we do."""
        log = (self.out / f"{name}.log").open("ab")
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "vyzov", *arguments],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            env=os.environ | {"VYZOV_SUPERVISED": "1"},
        )  # fmt: skip
        log.close()
        self.processes.append((name, process))

    def stop(self) -> None:
        """Ends all children: Vyzov first, which lets talks end, then those it talks with.

        Ctrl-C meanwhile ends the patience."""
        first = [child for child in self.processes if child[0] == "vyzov"]
        others = [child for child in reversed(self.processes) if child[0] != "vyzov"]
        for name, process in first + others:
            if process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(DRAIN_LIMIT_S + 25.0 if name == "vyzov" else 10.0)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10.0)
            if process.poll() is None:
                typer.echo(f"{name} did not leave by itself and was ended.", err=True)
                process.kill()

    def died(self) -> str | None:
        """Names a child that ended by itself."""
        return next((name for name, process in self.processes if process.poll() is not None), None)


class Manager:
    """What a manager does, by the public API."""

    def __init__(self, centre: Centre) -> None:
        self._http = httpx.Client(
            base_url=f"{centre.url}/api/v1", headers={"X-Vyzov": "1"}, timeout=30.0
        )

    def post(self, path: str, **body: Any) -> Json:
        """POSTs JSON with a fresh idempotency key; a refusal is raised in its own words."""
        answer = self._http.post(
            path, json=body, headers={"Idempotency-Key": secrets.token_hex(16)}
        )
        return self._read(answer)

    def get(self, path: str, **query: Any) -> Json:
        return self._read(self._http.get(path, params=query))

    def patch(self, path: str, **body: Any) -> Json:
        """Changes a thing as it stands now."""
        seen = self._http.get(path)
        self._read(seen)
        return self._read(
            self._http.patch(path, json=body, headers={"If-Match": seen.headers["ETag"]})
        )

    def upload(self, path: Path, name: str) -> Json:
        """Imports a list and waits until every row has its verdict."""
        with path.open("rb") as file:
            answer = self._http.post(
                "/lists", files={"file": (path.name, file, "text/csv")},
                data={"name": name, "default_region": "RU"},
                headers={"Idempotency-Key": secrets.token_hex(16)},
            )  # fmt: skip
        made = self._read(answer)
        for _ in range(300):
            made = self.get(f"/lists/{made['id']}")
            if made["state"] != "importing":
                break
            time.sleep(0.1)
        if made["state"] != "ready":
            raise RuntimeError(f"{path.name} was not imported: {made}")
        return made

    @staticmethod
    def _read(answer: httpx.Response) -> Json:
        if answer.status_code >= 400:
            raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.text}")
        return answer.json() if answer.content else {}


def run(
    *, headless: bool, contacts: int, seed: int, out: Path | None, port: int, as_json: bool
) -> int:
    """Runs the demo; 0 where all was well."""
    begun = time.monotonic()
    folder = (out or Path(tempfile.mkdtemp(prefix="vyzov-demo-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    centre = Centre(folder, seed, port if not headless else 0)
    say = _quiet if as_json else typer.echo
    try:
        manager, campaigns = open_centre(centre, contacts, headless=headless, say=say)
        if headless:
            return _run_headless(centre, manager, campaigns, begun, say, as_json=as_json)
        return _stay(centre, manager, campaigns)
    except KeyboardInterrupt:
        say("Stopping: nothing new is dialled, talks may end. Ctrl-C again to hang up now.")
        return 0
    finally:
        centre.stop()
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)


def _quiet(_words: str) -> None:
    return


def free_port(wanted: int) -> int:
    """The wanted port, or any free one for 0."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise typer.BadParameter(
                f"Port {wanted} is in use. Name another one: --port {wanted + 1}"
            ) from error
        return int(probe.getsockname()[1])


def _udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_empty(
    centre: Centre, numbers: list[str], *, hurry: float = 1.0, box: tuple[str, ...] = ()
) -> tuple[Manager, str]:
    """Starts the box and an empty Vyzov; returns a signed-in administrator and the trunk's id.

    `box` are further options of `vyzov pstn`."""
    (centre.out / "numbers.txt").write_text("\n".join(numbers) + "\n", encoding="ascii")
    box_port = _udp_port()
    centre.start(
        "pstn", "pstn", "--port", str(box_port), "--seed", str(centre.seed), "--hurry", str(hurry),
        "--ledger", str(centre.out / "ledger.jsonl"), "--numbers", str(centre.out / "numbers.txt"),
        *box,
    )  # fmt: skip
    data = centre.out / "data"
    _prepare(centre, data)
    centre.start("vyzov", "serve", "--data", str(data))
    manager = Manager(centre)
    _wait_ready(centre, manager)
    manager.post("/session", login="admin", password=centre.password)
    trunk = manager.post(
        "/trunks", name="Box", host="127.0.0.1", port=box_port, username=BOX_USER,
        password=BOX_USER, realm="pstn.box", codecs=["PCMA", "PCMU"], lines_max=60,
        calls_per_second=8, active=True,
    )  # fmt: skip
    return manager, str(trunk["id"])


def open_centre(
    centre: Centre, contacts: int, *, headless: bool, say: Any
) -> tuple[Manager, list[Json]]:
    """Starts everything, and does what a manager does up to the start of the campaigns."""
    centre.port = free_port(centre.port)
    numbers = numbers_of(contacts)
    say("Starting the network in a box, Vyzov and its operators ...")
    manager, trunk = open_empty(centre, numbers)
    crew = STEADY_OPERATORS + FLAKY_OPERATORS
    agents = [_agent(manager, f"op{i + 1}", f"Оператор {i + 1}", centre) for i in range(crew)]
    if not headless:
        agents.append(_agent(manager, "anna", "Анна", centre))
        _agent(manager, "boss", "Мария", centre, role="supervisor")
    campaigns = _campaigns(centre, manager, numbers, trunk, agents, headless=headless)
    _operators(centre)
    for campaign in campaigns:
        manager.post(f"/campaigns/{campaign['id']}/start")
    return manager, campaigns


def _prepare(centre: Centre, data: Path) -> None:
    """Settles where this Vyzov lives before it starts, and its administrator's password."""
    from vyzov import app as home
    from vyzov.cli.serve import first_run

    settings = home.load_settings(
        data, web_port=centre.port, sip_port=_udp_port(),
        prompt_folders=(str(Path(__file__).resolve().parent.parent / "pstn" / "prompts"),),
    )  # fmt: skip
    settings.data.mkdir(parents=True, exist_ok=True)
    home.save_settings(replace(settings, database=""))
    if first_run(settings, password=centre.password) is None:
        raise InvalidRequest(
            "The demo needs a new database, and this one is in use.",
            "Make an empty one and name it with --database, or leave that out.",
        )


def _wait_ready(centre: Centre, manager: Manager) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        gone = centre.died()
        if gone:
            raise RuntimeError(f"{gone} ended at its start; read {centre.out / gone}.log")
        try:
            if manager.get("/health").get("ok"):
                return
        except (httpx.HTTPError, RuntimeError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"Vyzov was not ready within {READY_S:.0f} s; read {centre.out}/vyzov.log")


def _agent(manager: Manager, login: str, name: str, centre: Centre, role: str = "operator") -> str:
    made = manager.post(
        "/users", login=login, name=name, role=role, language="ru", password=centre.password
    )
    return str(made["id"])


def _campaigns(
    centre: Centre, manager: Manager, numbers: list[str], trunk: str, agents: list[str], *,
    headless: bool,
) -> list[Json]:  # fmt: skip
    offer, live, shaky = split(numbers, centre.seed)
    # Operators who lose their lines work by themselves, where every lost line is felt; a person who
    # signs in (the last of `agents`) works with the steady ones.
    last = STEADY_OPERATORS + FLAKY_OPERATORS
    steady, flaky = agents[:STEADY_OPERATORS] + agents[last:], agents[STEADY_OPERATORS:last]
    plans = (
        ("Предложение с клавишами", "agentless", offer, "ru", steady),
        ("Family plan, November", "progressive", live, "en", steady),
        ("Evening crew, bad lines", "progressive", shaky, "en", flaky),
    )
    made: list[Json] = []
    for number, (name, mode, list_numbers, language, team) in enumerate(plans, 1):
        file = centre.out / f"clients-{number}-{language}.csv"
        write_list(file, list_numbers, language, centre.seed)
        contact_list = manager.upload(file, name)
        settings = settings_of(mode, trunk, team, quick=headless)
        made.append(
            manager.post(
                "/campaigns", name=name, purpose="service", mode=mode, list=contact_list["id"],
                principal=None, settings=settings,
            )
        )  # fmt: skip
    return made


def _operators(centre: Centre) -> None:
    common = ("--url", centre.url, "--password", centre.password, "--seed", str(centre.seed))
    centre.start(
        "operators", "operators", *common, "--login", "op1", "--count", str(STEADY_OPERATORS),
        "--tone", "1150", "--out", str(centre.out / "operators.jsonl"),
    )  # fmt: skip
    centre.start(
        "operators-flaky", "operators", *common, "--login", f"op{STEADY_OPERATORS + 1}",
        "--count", str(FLAKY_OPERATORS), "--tone", "1650", "--flaky", "0.8",
        "--out", str(centre.out / "operators-flaky.jsonl"),
    )  # fmt: skip


def _run_headless(
    centre: Centre, manager: Manager, campaigns: list[Json], begun: float, say: Any, *,
    as_json: bool,
) -> int:  # fmt: skip
    while time.monotonic() - begun < HEADLESS_LIMIT_S:
        time.sleep(2.0)
        gone = centre.died()
        if gone:
            raise RuntimeError(f"{gone} ended in mid-run; read {centre.out / gone}.log")
        progress = [manager.get(f"/campaigns/{one['id']}/progress") for one in campaigns]
        say(
            "  ".join(
                f"{one['closed']}/{one['total']} done, {one['attempts']} calls" for one in progress
            )
        )
        states = [manager.get(f"/campaigns/{one['id']}")["state"] for one in campaigns]
        if all(state == "completed" for state in states):
            break
    for one in campaigns:
        manager.post(f"/campaigns/{one['id']}/finish")
    time.sleep(4.0)
    centre.stop()
    return _check(centre, begun, as_json=as_json)


def _check(centre: Centre, begun: float, *, as_json: bool) -> int:
    from vyzov.storage.export import export_facts

    export_facts(load_settings(centre.out / "data").database, centre.out / "facts.jsonl")
    with (centre.out / "operators.jsonl").open("ab") as diary:
        flaky = centre.out / "operators-flaky.jsonl"
        diary.write(flaky.read_bytes() if flaky.exists() else b"")
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", str(CHECKER), str(centre.out)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        typer.echo(done.stderr, err=True)
        return 1
    result: Json = json.loads(done.stdout.strip().splitlines()[-1])
    result |= {
        "seed": centre.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    typer.echo(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
    return 0 if result.get("ok") else 1


def _stay(centre: Centre, manager: Manager, campaigns: list[Json]) -> int:
    typer.echo(
        f"\nVyzov is at {centre.url}/\n"
        f"  an operator:   anna  / {centre.password}\n"
        f"  a supervisor:  boss  / {centre.password}\n"
        f"  administrator: admin / {centre.password}\n"
        "The demo never dials a real number. Ctrl-C ends it.\n"
    )
    while True:
        time.sleep(5.0)
        gone = centre.died()
        if gone:
            raise RuntimeError(f"{gone} ended; read {centre.out / gone}.log")
        try:
            said = [_progress_line(manager, one) for one in campaigns]
        except (httpx.HTTPError, RuntimeError):
            # Any process of Vyzov may be gone for a moment: it is started again, the demo stays.
            said = ["Vyzov's pages do not answer right now, trying again."]
        for line in said:
            typer.echo(line)


def _progress_line(manager: Manager, campaign: Json) -> str:
    progress = manager.get(f"/campaigns/{campaign['id']}/progress")
    return (
        f"{campaign['name']}: {progress['closed']} of {progress['total']} done, "
        f"{progress['attempts']} calls, {progress['answered']} answered"
    )
