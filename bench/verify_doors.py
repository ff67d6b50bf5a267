"""`./run verify doors`: throws what breaks programs at every door of the API, as everybody.

A whole Vyzov runs as its own processes, with a campaign that has called. At each door the API
describes, each role, a visitor, a token of all scopes and one of a single scope throw requests made
from the description (`tests/api/api_throws.py`): objects of strangers, half characters, numbers
beyond any column, broken bodies. The live socket gets the same. Then schemathesis, which knows
nothing of Vyzov, does it in its own way (`pip install --group doors`). Nothing may answer with 5xx,
no process may die and no log may hold a traceback; exit 0 only then.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "api"))

from api_throws import Door, Thrower, doors_in, fault_of  # noqa: E402

from vyzov.cli import demo  # noqa: E402
from vyzov.cli.demo import Centre, Manager, free_port, open_empty  # noqa: E402
from vyzov.cli.demo_lists import numbers_of, settings_of, write_list  # noqa: E402
from vyzov.dialer.access import Role  # noqa: E402
from vyzov.web.access_table import TOPICS, VERBS  # noqa: E402

MISSING = 77
CONTACTS = 30
CALLED_WAIT_S = 90.0
SLOW_S = 20.0
# A signed-in session must outlive the run; visitors and tokens sign out instead.
KEEPS = ("DELETE", "/api/v1/session")


demo.READY_S = 300.0  # A proof may run beside others on a slow machine.


class House:
    """A running Vyzov with something of everything, and who may knock."""

    def __init__(self, out: Path, seed: int) -> None:
        self.centre = Centre(out, seed, free_port(0))
        self.known: dict[str, list[str]] = {"figure": ["occupancy"]}
        self.callers: dict[str, httpx.Client] = {}

    def open(self) -> None:
        """Starts everything, calls some people, makes an object of each kind."""
        numbers = numbers_of(CONTACTS)
        manager, trunk = open_empty(self.centre, numbers, hurry=0.1)
        file = self.centre.out / "people.csv"
        write_list(file, numbers, "ru", self.centre.seed)
        people = manager.upload(file, "People")["id"]
        for role in (*Role, "victim"):
            self._person(manager, role)
        campaign = self._campaign(manager, "Called", people, trunk)
        manager.post(f"/campaigns/{campaign}/start")
        self._until_called(manager, campaign)
        draft = self._campaign(manager, "Draft", people, trunk)
        self.known |= {"campaign": [campaign, draft], "list": [people], "trunk": [trunk]}
        self._objects(manager)
        self.callers["visitor"] = self._client()
        every = manager.get("/tokens")["grantable"]
        for name, scopes in (("token", every), ("narrow token", ["lead.add"])):
            secret = manager.post("/tokens", name=name, scopes=scopes)["secret"]
            self.callers[name] = self._client(Authorization=f"Bearer {secret}")

    def _client(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.centre.url, headers={"X-Vyzov": "1", **headers}, timeout=60.0,
            trust_env=False,
        )  # fmt: skip

    def _person(self, manager: Manager, role: str) -> None:
        """Makes a user; the victim is there to be changed, the others to knock."""
        made = manager.post(
            "/users", login=role, name=role.title(), language="en", password=self.centre.password,
            role="operator" if role == "victim" else role,
            principal=manager.get("/principals")["items"][0]["id"] if role == "customer" else None,
        )  # fmt: skip
        if role == "victim":
            self.known["user"] = self.known["agent"] = [made["id"]]
            return
        client = self.callers[role] = self._client()
        signed = {"login": role, "password": self.centre.password}
        client.post("/api/v1/session", json=signed).raise_for_status()

    def _campaign(self, manager: Manager, name: str, people: str, trunk: str) -> str:
        made = manager.post(
            "/campaigns", name=name, purpose="service", mode="agentless", principal=None,
            list=people, settings=settings_of("agentless", trunk, [], quick=True),
        )  # fmt: skip
        return str(made["id"])

    def _until_called(self, manager: Manager, campaign: str) -> None:
        end = time.monotonic() + CALLED_WAIT_S
        while time.monotonic() < end:
            attempts = manager.get("/attempts", campaign=campaign)["items"]
            if sum(one["recording"] is not None for one in attempts) >= 1:
                return
            time.sleep(0.5)

    def _objects(self, manager: Manager) -> None:
        victim = self.known["user"][0]
        attempts = manager.get("/attempts", limit="20")["items"]
        self.known["attempt"] = [one["id"] for one in attempts]
        self.known["recording"] = [one["recording"]["id"] for one in attempts if one["recording"]]
        self.known["contact"] = [one["id"] for one in manager.get("/contacts")["items"][:10]]
        hook = manager.post(
            "/webhooks", name="CRM", url="https://crm.example.org/in", active=False,
            events=["attempt.finished"],
        )  # fmt: skip
        self.known["webhook"] = [hook["id"]]
        stop = manager.post("/stop-list", number="+70005550190", reason="asked")
        self.known["stop"] = [stop["id"]]
        phone = manager.post("/phones", user=victim, name="Corner desk")
        self.known["phone"] = [phone["id"]]


def throw_all(house: House, document: dict[str, Any], each: int, seed: int) -> dict[str, Any]:
    """Knocks `each` times at every door as every caller; gives counts and what was wrong."""
    statuses, wrong, slowest = Counter[int](), list[dict[str, Any]](), 0.0
    doors = list(doors_in(document))
    for door in doors:
        for caller, client in house.callers.items():
            if (door.method, door.path) == KEEPS and caller in {*Role}:
                continue
            dice = random.Random(zlib.crc32(f"{seed} {door} {caller}".encode()))
            thrower = Thrower(document, dice, house.known, wild=dice.choice((0.1, 0.25, 0.5)))
            for _ in range(each):
                status, took, fault = throw(thrower, door, client)
                statuses[status] += 1
                slowest = max(slowest, took)
                if fault:
                    wrong.append({"door": str(door), "caller": caller, "fault": fault})
    return {
        "doors": len(doors),
        "callers": len(house.callers),
        "thrown": statuses.total(),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "slowest_s": round(slowest, 2),
        "wrong": wrong,
    }


def throw(thrower: Thrower, door: Door, client: httpx.Client) -> tuple[int, float, str | None]:
    """Throws once; gives the status, the seconds it took and what was wrong."""
    asked = thrower.request(door)
    begun = time.monotonic()
    try:
        answer = client.request(**asked)
    except httpx.HTTPError as error:
        return 0, time.monotonic() - begun, f"no answer: {error!r}; sent {str(asked)[:500]}"
    took = time.monotonic() - begun
    fault = fault_of(answer)
    if fault is None and took > SLOW_S:
        fault = f"took {took:.1f} s"
    return answer.status_code, took, fault and f"{fault}; sent {str(asked)[:500]}"


def throw_live(house: House, frames: int, seed: int) -> dict[str, Any]:
    """Throws frames at the live socket; each must be answered, or the socket closed for cause."""
    dice = random.Random(seed)
    thrower = Thrower({"components": {"schemas": {}}}, dice, house.known, wild=0.3)
    sent, answered, closed = 0, 0, Counter[int]()
    for caller in ("operator", "supervisor", "administrator"):
        left = frames
        while left > 0:
            cookies = "; ".join(f"{k}={v}" for k, v in house.callers[caller].cookies.items())
            with connect(
                house.centre.url.replace("http", "ws") + "/api/v1/live",
                additional_headers={"Cookie": cookies, "Origin": house.centre.url}, proxy=None,
            ) as socket:  # fmt: skip
                try:
                    while left > 0:
                        left -= 1
                        sent += 1
                        socket.send(frame(dice, thrower))
                        with suppress(TimeoutError):
                            socket.recv(timeout=0.05)
                            answered += 1
                except ConnectionClosed as error:
                    closed[error.rcvd.code if error.rcvd else 1006] += 1
    return {
        "frames": sent,
        "answered": answered,
        "closed": {str(code): count for code, count in sorted(closed.items())},
        # 1011: the server broke; 1006: it went without a word.
        "wrong": closed[1011] + closed[1006],
    }


def frame(dice: random.Random, thrower: Thrower) -> str | bytes:
    """Makes one frame: a verb with arguments that may be wrong, a topic, or rubbish."""
    kind = dice.random()
    if kind < 0.1:
        return dice.choice((b"\x00\xff", "", "[]", "{", '"x"', "{}" * 3, "9" * 4000))
    if kind < 0.25:
        topic = dice.choice([*TOPICS, "campaign:" + dice.choice(thrower.known["campaign"]), "x:y"])
        return json.dumps({dice.choice(("subscribe", "resync", "unsubscribe")): topic})
    made = {"id": dice.choice((1, 2, 2**70, "x", None)), "do": dice.choice([*VERBS, "unheard_of"])}
    words = {"type": "object", "properties": {name: {"type": "string"} for name in ARGUMENTS}}
    known = thrower._value(words, "", 1)  # noqa: SLF001
    return json.dumps(made | (known if isinstance(known, dict) else {"args": known}))


ARGUMENTS = ("agent", "attempt", "campaign", "contact", "card", "sdp", "how", "digit", "reason")
ARGUMENTS += ("leg", "number", "at", "on", "to", "result")


def schemathesis(house: House, examples: int, seed: int, out: Path) -> dict[str, Any]:
    """Lets an outsider do it: every operation, as an administrator and as a visitor."""
    told: dict[str, Any] = {"wrong": 0, "runs": []}
    for caller in ("administrator", "visitor"):
        cookies = "; ".join(f"{k}={v}" for k, v in house.callers[caller].cookies.items())
        command = [
            sys.executable, "-m", "schemathesis.cli", "run",
            f"{house.centre.url}/api/openapi.json", "--checks", "not_a_server_error",
            "--mode", "all", "--phases", "examples,coverage,fuzzing", "-n", str(examples),
            "--seed", str(seed), "--request-timeout", "60", "--continue-on-failure",
            "--exclude-method", "DELETE" if caller != "visitor" else "TRACE",
            "-H", "X-Vyzov: 1", *(["-H", f"Cookie: {cookies}"] if cookies else []),
        ]  # fmt: skip
        log = out / f"schemathesis-{caller}.log"
        with log.open("wb") as sink:
            done = subprocess.run(command, stdout=sink, stderr=sink, check=False, timeout=3600)
        text = log.read_text(encoding="utf-8", errors="replace")
        cases = re.search(r"(\d+) generated", text)
        told["runs"].append(
            {"caller": caller, "exit": done.returncode, "cases": int(cases[1]) if cases else 0}
        )
        told["wrong"] += done.returncode != 0 or not cases
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=20, help="requests per door and caller")
    parser.add_argument("--frames", type=int, default=400, help="live frames per caller")
    parser.add_argument("--examples", type=int, default=30, help="schemathesis examples per door")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.examples and find_spec("schemathesis") is None:
        sys.stderr.write("schemathesis is missing: .venv/bin/pip install --group doors\n")
        return MISSING
    out = (args.out or Path(tempfile.mkdtemp(prefix="vyzov-doors-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    house = House(out, args.seed)
    try:
        house.open()
        document = httpx.get(f"{house.centre.url}/api/openapi.json", timeout=60).json()
        result: dict[str, Any] = {"seed": args.seed}
        result["known"] = {name: len(ids) for name, ids in house.known.items()}
        result["http"] = throw_all(house, document, args.each, args.seed)
        result["live"] = throw_live(house, args.frames, args.seed)
        if args.examples:
            result["schemathesis"] = schemathesis(house, args.examples, args.seed, out)
        health = httpx.get(f"{house.centre.url}/api/v1/health", timeout=30).json()
        result["alive"] = house.centre.died() is None and bool(health.get("ok"))
    finally:
        house.centre.stop()
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in out.rglob("*.log")]
    result["tracebacks"] = sum(log.count("Traceback (most recent call last)") for log in logs)
    wrong = len(result["http"]["wrong"]) + result["live"]["wrong"]
    wrong += result.get("schemathesis", {"wrong": 0})["wrong"]
    result["ok"] = result["alive"] and not wrong and not result["tracebacks"]
    (out / "doors.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    if args.json:
        print(json.dumps(result))
    else:
        print(f"{result['http']['thrown']} requests, {wrong} faults, {out}")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
