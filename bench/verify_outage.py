"""`./run verify outage`: takes the database away from a working centre, and gives it back.

A centre with two floors works against the network in a box. The database goes for each of `--spans`
seconds, in turn by silence (a server that is stopped, a file somebody else has locked: a commit hangs)
and by refusal (a server that is not there; SQLite knows silence alone). In one more outage a floor
process is killed before the database is back, so that its next life has to begin with the journal.
`check_outage.py`, which imports nothing of Vyzov, judges by the box's own ledger: no call placed later
than two seconds after the loss, no talk cut off, and of everything that happened meanwhile one fact
each. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from floors_centre import FLOORS, floors_here, open_floors, processes_of
from postgres_server import NoPostgres, Server, start_postgres
from processes import children_of, judged
from verify_crash import Ledger

from vyzov.app import load_settings
from vyzov.cli.demo import Centre, Manager
from vyzov.storage.export import export_facts

LIVE_LEAST = 5
BUSY_WAIT_S = 90.0
BACK_S = 60.0
SETTLE_S = 20.0
KILL_SPAN_S = 20.0
KILL_AFTER_S = 6.0
CONTACTS = 300
CONTACTS_PER_OUTAGE = 250
LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN EXCLUSIVE")
print(time.monotonic(), flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextlib.contextmanager
def locked(database: Path) -> Generator[float]:
    """SQLite's file is locked by another process; gives the moment of the loss."""
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(database)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        yield float(holder.stdout.readline())
    finally:
        holder.stdin.write("\n")
        holder.stdin.close()
        holder.wait(30)


@contextlib.contextmanager
def silent(server: Server) -> Generator[float]:
    """All processes of the server stand still."""
    stopped = [server.pid, *children_of(server.pid)]
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield time.monotonic()
    finally:
        for pid in {server.pid, *children_of(server.pid), *stopped}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def gone(server: Server) -> Generator[float]:
    """The server is not there."""
    server.kill()
    try:
        yield time.monotonic()
    finally:
        server.start()


class Outages:
    """Takes the database away, once after another."""

    def __init__(self, centre: Centre, manager: Manager, server: Server | None) -> None:
        self._centre = centre
        self._manager = manager
        self._server = server
        self._ledger = Ledger(centre.out / "ledger.jsonl")
        self.made: list[dict[str, Any]] = []

    def one(self, span_s: float, *, kill: bool = False) -> None:
        """Waits for live calls, takes the database away for so long, waits for its return."""
        live = self._await_calls()
        kind = "silence" if self._server is None or len(self.made) % 2 == 0 else "refusal"
        killed: list[int] = []
        with self._away(kind) as lost_at:
            end = lost_at + span_s
            if kill:
                time.sleep(KILL_AFTER_S)
                killed = [one.pid for one in processes_of(self._centre) if one.kind == "floor"]
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
            noticed: list[float] = []
            threading.Thread(
                target=self._await_told, args=(lost_at, end, noticed), daemon=True
            ).start()
            time.sleep(max(0.0, end - time.monotonic()))
        back_at = time.monotonic()
        told = {
            "span_s": span_s, "kind": kind, "lost_at": lost_at, "back_at": back_at, **live,
            "killed": killed, "told_after_s": noticed[0] if noticed else None,
            "whole_after_s": self._await_floors(back_at),
            "dials_after_s": self._await_invite(back_at),
        }  # fmt: skip
        self.made.append(told)
        print(f"outage {len(self.made)}: {json.dumps(told)}", flush=True)
        time.sleep(SETTLE_S)

    def _away(self, kind: str) -> contextlib.AbstractContextManager[float]:
        if self._server is None:
            return locked(self._centre.out / "data" / "vyzov.db")
        return silent(self._server) if kind == "silence" else gone(self._server)

    def _await_calls(self) -> dict[str, int]:
        end = time.monotonic() + BUSY_WAIT_S
        while True:
            self._ledger.read()
            live = {"ringing": len(self._ledger.ringing), "talking": len(self._ledger.talking)}
            if sum(live.values()) >= LIVE_LEAST or time.monotonic() > end:
                return live
            time.sleep(0.1)

    def _await_told(self, lost_at: float, end: float, told: list[float]) -> None:
        """Waits until a supervisor's screen would say that the database is away."""
        while time.monotonic() < end and not told:
            with contextlib.suppress(Exception):
                if self._manager.get("/floor").get("database") == "away":
                    told.append(round(time.monotonic() - lost_at, 2))
            time.sleep(0.1)

    def _await_floors(self, since: float) -> float | None:
        while time.monotonic() < since + BACK_S:
            with contextlib.suppress(Exception):
                here = floors_here(self._manager)
                if len(here) == FLOORS and all(here.values()):
                    return round(time.monotonic() - since, 2)
            time.sleep(0.2)
        return None

    def _await_invite(self, since: float) -> float | None:
        self._ledger.read()
        before = self._ledger.invites
        while time.monotonic() < since + BACK_S:
            self._ledger.read()
            if self._ledger.invites > before:
                return round(time.monotonic() - since, 2)
            time.sleep(0.2)
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--spans", default="1,30,300", help="seconds, one outage each")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    spans = [float(span) for span in options.spans.split(",")]
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-outage-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    server: Server | None = None
    if options.store == "postgresql":
        try:
            server = start_postgres(out / "server")
        except NoPostgres as why:
            print(why, file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else 77
    if server is not None:
        # Every process started from here on finds it there.
        os.environ["VYZOV_DATABASE"] = server.create("outage")
    centre = Centre(out, options.seed, 0)
    try:
        contacts = CONTACTS + CONTACTS_PER_OUTAGE * (len(spans) + 1)
        manager, campaigns = open_floors(centre, contacts)
        outages = Outages(centre, manager, server)
        time.sleep(10.0)
        for span in spans:
            outages.one(span)
        outages.one(KILL_SPAN_S, kill=True)
        for campaign in campaigns:
            manager.post(f"/campaigns/{campaign['id']}/finish")
        time.sleep(SETTLE_S)
    finally:
        centre.stop()
        with contextlib.suppress(Exception):
            export_facts(load_settings(out / "data").database, out / "facts.jsonl")
        if server is not None:
            server.stop()
    (out / "outages.json").write_text(
        json.dumps({"spans": spans, "outages": outages.made}), encoding="utf-8"
    )
    return judged("check_outage.py", out, begun, options.seed, store=options.store)


if __name__ == "__main__":
    sys.exit(main())
