"""`./run verify crash`: kills engine, floor, web and all of them under live calls, and looks for damage.

A whole centre runs against the network in a box. Each kill is a SIGKILL while at least `LIVE_LEAST`
calls ring or talk: every second one at a moment taken by dice, the others at a named point of the
program (`crash_points/named_points.py`), where it dies between two of its acts. What was going on is
printed from the own ledger of the box. What came of it is judged by `check_crash.py`, which imports
nothing of Vyzov. The last line is one JSON object.
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
PLANTS = HERE / "crash_points"
sys.path.insert(0, str(PLANTS))
from named_points import POINTS, Point  # noqa: E402

LIVE_LEAST = 5
KINDS = ("engine", "floor", "web", "all")
PROCESSES = ("engine", "floor", "web")
BACK_S = 30.0
SETTLE_S = 11.0
CONTACTS_PER_KILL = 45
HIT_S = 45.0
ALL_EVERY = 5
"""Of the kills at a named point, each such one takes the other processes with it."""


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


def wait_back(
    centre: Centre, manager: Manager, killed: dict[str, int], deadline: float
) -> float | None:
    """Waits until others run in place of the killed and Vyzov says that all of it is here; returns
    the moment."""
    serve = next(process for name, process in centre.processes if name == "vyzov")
    while time.monotonic() < deadline:
        here = children_of(serve.pid)
        if len(here) == len(PROCESSES) and not set(here.values()) & set(killed.values()):
            with contextlib.suppress(Exception):
                if manager.get("/health").get("ok"):
                    return time.monotonic()
        time.sleep(0.1)
    return None


def await_calls(centre: Centre, ledger: Ledger) -> dict[str, int]:
    """Waits until enough calls live and every process is there; returns the processes."""
    serve = next(process for name, process in centre.processes if name == "vyzov")
    end = time.monotonic() + 90
    while True:
        ledger.read()
        here = children_of(serve.pid)
        busy = len(ledger.ringing) + len(ledger.talking)
        enough = busy >= LIVE_LEAST and len(here) == len(PROCESSES)
        if enough or time.monotonic() > end:
            return here
        time.sleep(0.1)


def kill_at_random(
    centre: Centre, manager: Manager, ledger: Ledger, target: str, dice: random.Random
) -> dict[str, Any]:
    """Waits for live calls, kills at a moment taken by dice, waits for the return."""
    await_calls(centre, ledger)
    time.sleep(dice.random())
    here = await_calls(centre, ledger)
    state = {"ringing": len(ledger.ringing), "talking": len(ledger.talking)}
    at = time.monotonic()
    killed = {name: here[name] for name in (PROCESSES if target == "all" else (target,))}
    for pid in killed.values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    back = wait_back(centre, manager, killed, at + BACK_S)
    return {"target": target, "point": "", "at": at, "back": back, **state}


def kill_at_point(
    centre: Centre, manager: Manager, ledger: Ledger, point: Point, *, everybody: bool
) -> dict[str, Any]:
    """Arms a point and waits until the program has come there; a point of the start is armed first
    and the process killed for it."""
    here = await_calls(centre, ledger)
    state = {"ringing": len(ledger.ringing), "talking": len(ledger.talking)}
    arm, hit = (centre.out / f"{point.process}.{end}" for end in ("arm", "hit"))
    moment = centre.out / f"{point.process}.at"
    for old in (hit, moment):
        old.unlink(missing_ok=True)
    others = [str(here[name]) for name in PROCESSES if everybody and name in here]
    draft = arm.with_suffix(".draft")
    draft.write_text(" ".join([point.name, *others]), encoding="ascii")
    draft.rename(arm)
    at = time.monotonic()
    if point.at_start:
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(here[point.process], signal.SIGKILL)
    while time.monotonic() < at + HIT_S and not moment.exists():
        if not point.at_start:
            ledger.read()
            state = {"ringing": len(ledger.ringing), "talking": len(ledger.talking)}
        time.sleep(0.02)
    reached = moment.exists()
    if not reached:
        arm.unlink(missing_ok=True)
    elif not point.at_start:
        time.sleep(0.05)
        at = float(moment.read_text(encoding="ascii"))
    killed = {name: here[name] for name in (PROCESSES if everybody else (point.process,))}
    back = wait_back(centre, manager, killed if reached else {}, time.monotonic() + BACK_S)
    target = "all" if everybody else point.process
    return {
        "target": target, "point": point.name, "reached": reached, "at": at, "back": back, **state,
    }  # fmt: skip


def schedule(count: int, dice: random.Random) -> list[Point | str]:
    """What is killed in turn: a process by name, or a point; all points before any comes twice."""
    points: list[Point] = []
    while len(points) < count // 2:
        points += dice.sample(POINTS, len(POINTS))
    return [
        KINDS[index // 2 % len(KINDS)] if index % 2 == 0 else points[index // 2]
        for index in range(count)
    ]


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
    # Every process started from here on loads the points; only Vyzov's own have any.
    os.environ["VYZOV_CRASH_DIR"] = str(out)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(PLANTS), os.environ.get("PYTHONPATH", "")) if part
    )
    centre = Centre(out, options.seed, 0)
    kills: list[dict[str, Any]] = []
    stuck: list[str] = []
    try:
        contacts = min(9000, CONTACTS_PER_KILL * options.count)
        manager, campaigns = open_centre(centre, contacts, headless=True, say=print)
        ledger = Ledger(out / "ledger.jsonl")
        at_points = 0
        for index, turn in enumerate(schedule(options.count, dice)):
            if isinstance(turn, str):
                kill = kill_at_random(centre, manager, ledger, turn, dice)
            else:
                at_points += 1
                everybody = at_points % ALL_EVERY == 0 and not turn.at_start
                kill = kill_at_point(centre, manager, ledger, turn, everybody=everybody)
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
    (out / "kills.json").write_text(
        json.dumps(
            {
                "kills": kills,
                "stuck": stuck,
                "points": [point.name for point in POINTS],
                "points_missing": [path.name for path in out.glob("missing.*")],
            }
        ),
        encoding="utf-8",
    )
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
