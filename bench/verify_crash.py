"""`./run verify crash`: kills every process of Vyzov under live calls, and looks for damage.

A whole centre with two floors in two floor processes runs against the network in a box. Each kill is a
SIGKILL while at least `LIVE_LEAST` calls ring or talk: at a moment taken by dice, or at a named point of
the program (`crash_points/named_points.py`), where it dies between two of its acts. Operators' browsers
and a PostgreSQL server are killed too. At some turns an owner sleeps (SIGSTOP) between its check and its
send until another has its floor, and then sends. What was going on is printed from the own ledger of the
box. What came of it is judged by `check_crash.py`, which imports nothing of Vyzov. `--shards` has several
such centres, independent of each other, share the turns side by side (`side_by_side.py`); one verdict
covers them all. `--sabotage` takes one protection away, and the run must fail. The last line is one JSON
object.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from floors_centre import (
    FLOORS,
    Leases,
    Process,
    floors_here,
    open_floors,
    operators,
    owner_of,
    processes_of,
)
from postgres_server import Server
from side_by_side import Part, parser_of, proved, verdict

from vyzov.app import load_settings
from vyzov.cli.demo import Centre, Manager
from vyzov.storage.connections import open_engine
from vyzov.storage.export import export_facts

HERE = Path(__file__).resolve().parent
PLANTS = HERE / "crash_points"
sys.path.insert(0, str(PLANTS))
from named_points import POINTS, Point  # noqa: E402
from sabotage import SABOTAGES, UNIQUE  # noqa: E402

LIVE_LEAST = 5
KINDS = ("floor", "browsers", "engine", "all", "web")
DATABASE = "database"
SLEEP = "sleep"
BACK_S = 30.0
SETTLE_S = 11.0
CONTACTS_PER_KILL = 45
HIT_S = 45.0
SLEEP_EVERY = 8
"""Of all turns, each such one lets an owner sleep at `SLEEPS_AT` instead of killing anything."""
SLEEPS_AT = "floor.originate_not_sent"
FIRST = {"order": "floor.reservation_not_committed", "fence": SLEEPS_AT}
"""The turn that needs the protection which a sabotage takes away comes first."""
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


@dataclass
class Run:
    """A centre under test and all that the turns need."""

    centre: Centre
    manager: Manager
    ledger: Ledger
    leases: Leases
    dice: random.Random
    server: Server | None = None
    kills: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    # ---- what is there

    def all_here(self) -> list[Process]:
        """Returns the processes of Vyzov if all of them run, else none."""
        here = processes_of(self.centre)
        return here if len(here) == FLOORS + 2 else []

    def await_calls(self) -> list[Process]:
        """Waits until enough calls live and every process is there; returns the processes."""
        end = time.monotonic() + 90
        while True:
            self.ledger.read()
            here = self.all_here()
            busy = len(self.ledger.ringing) + len(self.ledger.talking)
            if (busy >= LIVE_LEAST and here) or time.monotonic() > end:
                return here or processes_of(self.centre)
            time.sleep(0.1)

    def live(self) -> dict[str, int]:
        """Says what goes on at the network."""
        self.ledger.read()
        return {"ringing": len(self.ledger.ringing), "talking": len(self.ledger.talking)}

    def await_back(self, killed: set[int], deadline: float) -> float | None:
        """Waits until others run in place of the killed and Vyzov says that all of it is here, the
        engine of each floor too; returns the moment."""
        while time.monotonic() < deadline:
            here = self.all_here()
            if here and not {one.pid for one in here} & killed:
                with contextlib.suppress(Exception):
                    floors = floors_here(self.manager)
                    if len(floors) == FLOORS and all(floors.values()):
                        return time.monotonic()
            time.sleep(0.1)
        return None

    # ---- the turns

    def kill_at_random(self, target: str) -> dict[str, Any]:
        """Waits for live calls, kills at a moment taken by dice, waits for the return."""
        self.await_calls()
        time.sleep(self.dice.random())
        here = self.await_calls()
        state = self.live()
        able = [one for one in here if target in ("all", one.kind)]
        chosen = able if target == "all" else [self.dice.choice(able)] if able else []
        at = time.monotonic()
        for one in chosen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        back = self.await_back({one.pid for one in chosen}, at + BACK_S)
        return {"target": target, "point": "", "at": at, "back": back, **state}

    def kill_browsers(self) -> dict[str, Any]:
        """Kills the program of one floor's operators: all their browsers are gone at once."""
        self.await_calls()
        state = self.live()
        floor = self.dice.randrange(FLOORS)
        name = f"operators-{floor + 1}"
        place = next(i for i, (one, _) in enumerate(self.centre.processes) if one == name)
        process = self.centre.processes.pop(place)[1]
        at = time.monotonic()
        process.kill()
        process.wait()
        time.sleep(15.0)
        operators(self.centre, floor)
        back = self.await_back(set(), time.monotonic() + BACK_S)
        return {"target": "browsers", "point": "", "at": at, "back": back, **state}

    def kill_database(self) -> dict[str, Any]:
        """Kills the PostgreSQL server as a power cut would and starts it again."""
        assert self.server is not None
        self.await_calls()
        state = self.live()
        at = time.monotonic()
        self.server.kill()
        time.sleep(self.dice.uniform(0.5, 4.0))
        self.server.start()
        back = self.await_back(set(), time.monotonic() + BACK_S)
        return {"target": DATABASE, "point": "", "at": at, "back": back, **state}

    def kill_at_point(self, point: Point, *, everybody: bool) -> dict[str, Any]:
        """Arms a point and waits until the program has come there; a point of the start is armed
        first and a process killed for it."""
        here = self.await_calls()
        state = self.live()
        others = [str(one.pid) for one in here] if everybody else []
        at = time.monotonic()
        moment = self._arm(point, others)
        killed: set[int] = {one.pid for one in here} if everybody else set()
        if point.at_start:
            # A floor process that owns no floor has none to take again either.
            owners = {owner_of(one) for one in self.leases.floors()}
            able = [one for one in here if one.kind == point.process]
            first = self.dice.choice([one for one in able if one.pid in owners] or able)
            killed.add(first.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(first.pid, signal.SIGKILL)
        while time.monotonic() < at + HIT_S and not moment.exists():
            if not point.at_start:
                state = self.live()
            time.sleep(0.02)
        target = "all" if everybody else point.process
        if not moment.exists():
            return self._kill_all_the_same(moment, point.name, target)
        when, pid = moment.read_text(encoding="ascii").split()
        killed.add(int(pid))
        at = at if point.at_start else float(when)
        time.sleep(0.05)
        back = self.await_back(killed, time.monotonic() + BACK_S)
        return {
            "target": target, "point": point.name, "reached": True, "at": at, "back": back, **state,
        }  # fmt: skip

    def _kill_all_the_same(self, moment: Path, point: str, target: str) -> dict[str, Any]:
        """The program did not come to the point in this turn: it is killed where it is."""
        moment.with_suffix(".arm").unlink(missing_ok=True)
        return {**self.kill_at_random(target), "point": point, "reached": False}

    def sleep_at_point(self) -> dict[str, Any]:
        """Lets an owner sleep between its check and its send until another has its floors."""
        point = next(point for point in POINTS if point.name == SLEEPS_AT)
        self.await_calls()
        state = self.live()
        at = time.monotonic()
        moment = self._arm(point, ["sleep"])
        while time.monotonic() < at + HIT_S and not moment.exists():
            state = self.live()
            time.sleep(0.02)
        if not moment.exists():
            return self._kill_all_the_same(moment, SLEEPS_AT, point.process)
        when, pid = moment.read_text(encoding="ascii").split()
        at = float(when)
        lost = {one.id: one.epoch for one in self.leases.owned_by(int(pid))}
        while time.monotonic() < at + BACK_S and not self._taken(lost):
            time.sleep(0.1)
        # The next owner knows by now what the engine has of the floor's calls.
        time.sleep(2.0)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGCONT)
        back = self.await_back(set(), time.monotonic() + BACK_S)
        return {
            "target": SLEEP, "point": SLEEPS_AT, "reached": True, "at": at, "back": back,
            "taken": self._taken(lost), **state,
        }  # fmt: skip

    def _taken(self, lost: dict[str, int]) -> bool:
        return all(one.epoch > lost.get(one.id, -1) for one in self.leases.floors())

    def _arm(self, point: Point, words: list[str]) -> Path:
        """Arms a point; the file returned appears when the program has come there."""
        arm, hit, moment = (
            self.centre.out / f"{point.process}.{end}" for end in ("arm", "hit", "at")
        )
        for old in (hit, moment):
            old.unlink(missing_ok=True)
        draft = arm.with_suffix(".draft")
        draft.write_text(" ".join([point.name, *words]), encoding="ascii")
        draft.rename(arm)
        return moment

    def stuck_operators(self) -> list[str]:
        """Operators who are said to talk though nobody is on a line."""
        stuck: list[str] = []
        for _ in range(40):
            floor = self.manager.get("/floor")
            self.ledger.read()
            stuck = [
                agent["id"]
                for agent in floor.get("agents", ())
                if agent["state"] in ("talking", "hold", "reserved") and not self.ledger.talking
            ]
            if not stuck:
                break
            time.sleep(0.5)
        return stuck


def schedule(
    run: Run, count: int, part: Part, first: str = ""
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Yields what is done in turn, at the point `first` first; all come before any comes twice.

    Centres side by side begin at points of their own, and at kinds of their own."""
    points: list[Point] = list(POINTS[part.place :: part.parts])
    run.dice.shuffle(points)
    kinds = [DATABASE, *KINDS] if run.server is not None else list(KINDS)
    randoms, at_points = part.place, 0
    for turn in range(count):
        if turn == 0 and first:
            point = next(point for point in POINTS if point.name == first)
            yield (
                run.sleep_at_point
                if first == SLEEPS_AT
                else partial(run.kill_at_point, point, everybody=False)
            )
        elif turn % SLEEP_EVERY == SLEEP_EVERY - 1:
            yield run.sleep_at_point
        elif turn % 2 == 0:
            points = points or run.dice.sample(POINTS, len(POINTS))
            point = points.pop()
            at_points += 1
            everybody = at_points % ALL_EVERY == 0 and not point.at_start
            yield partial(run.kill_at_point, point, everybody=everybody)
        else:
            kind = kinds[randoms % len(kinds)]
            randoms += 1
            if kind == "browsers":
                yield run.kill_browsers
            elif kind == DATABASE:
                yield run.kill_database
            else:
                yield partial(run.kill_at_random, kind)


def drop_unique_indexes(database: str) -> None:
    """Takes away what keeps a number from being called twice at once."""
    engine = open_engine(database, writes=True)
    with engine.begin() as connection:
        for name in ("uq_attempt_live_number", "uq_attempt_live_contact"):
            connection.execute(sa.text(f"DROP INDEX {name}"))
    engine.dispose()


def carry_out(options: argparse.Namespace, out: Path, server: Server | None) -> dict[str, Any]:
    """Runs the centre and all turns; returns what `check_crash.py` has to know."""
    centre = Centre(out, options.seed, 0)
    stuck: list[str] = []
    contacts = 200 + CONTACTS_PER_KILL * options.count
    database = server.create("crash") if server is not None else ""
    try:
        manager, campaigns = open_floors(
            centre, contacts, database=database, place=options.part.place
        )
        settings = load_settings(out / "data")
        if options.sabotage == UNIQUE:
            drop_unique_indexes(settings.database)
        first = FIRST.get(options.sabotage, "")
        run = Run(
            centre, manager, Ledger(out / "ledger.jsonl"), Leases(out / "data"),
            random.Random(options.seed), server,
        )  # fmt: skip
        for turn in schedule(run, options.count, options.part, first):
            kill = turn()
            run.kills.append(kill)
            print(f"kill {len(run.kills)}: {json.dumps(kill)}", flush=True)
            time.sleep(SETTLE_S)
        finished_at = time.monotonic()
        for campaign in campaigns:
            manager.post(f"/campaigns/{campaign['id']}/finish")
        time.sleep(20.0)
        stuck = run.stuck_operators()
    finally:
        centre.stop()
    export_facts(settings.database, out / "facts.jsonl")
    return {
        "kills": run.kills,
        "stuck": stuck,
        "finished_at": finished_at,
        "points": [point.name for point in POINTS],
        "points_missing": [path.name for path in out.glob("missing.*")],
    }


def with_points(options: argparse.Namespace, out: Path, server: Server | None) -> dict[str, Any]:
    """Carries the turns out: every process started from here on loads the named points; only Vyzov's
    own have any."""
    os.environ |= {
        "VYZOV_CRASH_DIR": str(out),
        "VYZOV_SABOTAGE": options.sabotage,
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(PLANTS), os.environ.get("PYTHONPATH", "")) if part
        ),
    }
    return carry_out(options, out, server)


def judge(options: argparse.Namespace, folders: list[Path], begun: float) -> int:
    """Prints the judge's verdict over all folders; 0 where nothing is damaged and all turns came."""
    result = verdict(options, HERE / "check_crash.py", folders, begun)
    if result is None:
        return 1
    result["goals"]["kills"] = options.count
    result["ok"] = bool(result["ok"]) and result["figures"]["kills"] == options.count
    result["sabotage"] = options.sabotage
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


def main() -> int:
    parser = parser_of(__doc__ or "", 20, "kills")
    parser.add_argument("--sabotage", choices=(UNIQUE, *SABOTAGES), default="")
    options = parser.parse_args()
    begun = time.monotonic()
    words = ["--sabotage", options.sabotage] if options.sabotage else []
    folders = proved(options, Path(__file__), words, partial(with_points, options), "kills.json")
    return folders if isinstance(folders, int) else judge(options, folders, begun)


if __name__ == "__main__":
    sys.exit(main())
