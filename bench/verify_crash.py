"""`./run verify crash`: kills engine, floor, web and all of them under live calls, and looks for damage.

A whole centre runs against the network in a box. Each kill is a SIGKILL while at least `LIVE_LEAST`
calls ring or talk; what was going on is printed from the own ledger of the box. What came of it is
judged by `check_crash.py`, which imports nothing of Vyzov. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from vyzov import __version__
from vyzov.cli.demo import Centre, Manager, open_centre
from vyzov.storage.export import export_facts

HERE = Path(__file__).resolve().parent
LIVE_LEAST = 5
KINDS = ("engine", "floor", "web", "all")
PROCESSES = ("engine", "floor", "web")
BACK_S = 30.0
SETTLE_S = 11.0
CONTACTS_PER_KILL = 45


class Ledger:
    """Reads the box's ledger as it grows: which calls ring and which talk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.ringing: set[str] = set()
        self.talking: set[str] = set()
        self.invites = 0

    def read(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._take(json.loads(line))

    def _take(self, record: dict[str, Any]) -> None:
        call = record.get("call_id", "")
        if record["rec"] == "did" and record["act"] == "ring":
            self.ringing.add(call)
        elif record["rec"] == "did" and record["act"] == "answer":
            self.ringing.discard(call)
            self.talking.add(call)
        elif record["rec"] == "call":
            self.ringing.discard(call)
            self.talking.discard(call)
        elif record["rec"] == "sip" and record.get("method") == "INVITE":
            self.invites += 1


def children_of(pid: int) -> dict[str, int]:
    """The process ids of engine, floor and web under the supervising process."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if parent == pid and words[3].decode() in PROCESSES:
                found[words[3].decode()] = int(entry.name)
    return found


def wait_back(manager: Manager, deadline: float) -> float | None:
    """Waits until Vyzov says that all of it is here; returns the moment."""
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if manager.get("/health").get("ok"):
                return time.monotonic()
        time.sleep(0.1)
    return None


def kill_once(
    centre: Centre, manager: Manager, ledger: Ledger, target: str, dice: random.Random
) -> dict[str, Any]:
    """Waits for live calls, kills, waits for the return."""
    serve = next(process for name, process in centre.processes if name == "vyzov")
    end = time.monotonic() + 90
    while time.monotonic() < end:
        ledger.read()
        here = children_of(serve.pid)
        busy = len(ledger.ringing) + len(ledger.talking)
        if busy >= LIVE_LEAST and len(here) == len(PROCESSES):
            break
        time.sleep(0.1)
    time.sleep(dice.random())
    ledger.read()
    here = children_of(serve.pid)
    state = {"ringing": len(ledger.ringing), "talking": len(ledger.talking)}
    at = time.monotonic()
    for name in PROCESSES if target == "all" else (target,):
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(here[name], signal.SIGKILL)
    back = wait_back(manager, at + BACK_S)
    return {"target": target, "at": at, "back": back, **state}


def stuck_operators(manager: Manager, ledger: Ledger) -> list[str]:
    """Operators who are said to talk though nobody is on a line."""
    ledger.read()
    for _ in range(40):
        floor = manager.get("/floor")
        ledger.read()
        stuck = [
            agent["id"]
            for agent in floor["agents"]
            if agent["state"] in ("talking", "hold", "reserved") and not ledger.talking
        ]
        if not stuck:
            return []
        time.sleep(0.5)
    return stuck


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="kills")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-crash-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    dice = random.Random(options.seed)
    centre = Centre(out, options.seed, 0)
    kills: list[dict[str, Any]] = []
    stuck: list[str] = []
    try:
        contacts = min(9000, CONTACTS_PER_KILL * options.count)
        manager, campaigns = open_centre(centre, contacts, headless=True, say=print)
        ledger = Ledger(out / "ledger.jsonl")
        for index in range(options.count):
            kill = kill_once(centre, manager, ledger, KINDS[index % len(KINDS)], dice)
            kills.append(kill)
            print(f"kill {index + 1}: {json.dumps(kill)}", flush=True)
            time.sleep(SETTLE_S)
        for campaign in campaigns:
            manager.post(f"/campaigns/{campaign['id']}/finish")
        time.sleep(20.0)
        stuck = stuck_operators(manager, ledger)
    finally:
        centre.stop()
    export_facts(out / "data" / "vyzov.db", out / "facts.jsonl")
    (out / "kills.json").write_text(json.dumps({"kills": kills, "stuck": stuck}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(HERE / "check_crash.py"), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return 1
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["goals"]["kills"] = options.count
    result["ok"] = bool(result["ok"]) and len(kills) == options.count
    result |= {
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
