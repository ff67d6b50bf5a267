"""`./run verify sigstop`: stops a floor process for longer than its lease under load, then continues it.

Two floors in two processes call people of the network in a box. Again and again a process that owns a
floor gets SIGSTOP in the middle of its work, another takes its floors, and SIGCONT wakes it with all it
had in hand. `check_sigstop.py`, which imports nothing of Vyzov, judges from the box's own ledger whether
the stale owner called anybody, and from what operators wrote whether they stayed signed in. `--shards`
has several such centres, independent of each other, share the stops side by side (`side_by_side.py`).
The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from floors_centre import FLOORS, Leases, floors_here, open_floors, owner_of, processes_of
from postgres_server import Server
from side_by_side import parser_of, proved, verdict

from vyzov.app import load_settings
from vyzov.cli.demo import Centre, Manager
from vyzov.storage.export import export_facts

HERE = Path(__file__).resolve().parent
STOPPED_S = (7.5, 10.0)
"""How long a process is stopped: its lease lasts six seconds."""
SETTLE_S = (1.0, 3.0)
GIVE_UP_S = 30.0
CONTACTS_PER_STOP = 40


def stop_one(
    leases: Leases, manager: Manager, centre: Centre, dice: random.Random
) -> dict[str, Any] | None:
    """Stops a process that owns a floor, waits for the other, continues it; what was seen when.

    One that held SQLite's lock as it was stopped is ended by its supervisor and cannot go on."""
    owners = sorted({owner_of(one) for one in leases.floors()})
    here = [one.pid for one in processes_of(centre) if one.kind == "floor"]
    able = [pid for pid in owners if pid in here]
    if not able or len(here) < FLOORS:
        return None
    pid = dice.choice(able)
    lost = {one.id: one.epoch for one in leases.owned_by(pid)}
    if not lost:
        return None
    at = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    taken: dict[str, float] = {}
    working: dict[str, float] = {}
    end = at + dice.uniform(*STOPPED_S)
    try:
        while time.monotonic() < max(end, at + (GIVE_UP_S if len(working) < len(lost) else 0)):
            for place in leases.floors():
                if place.id in lost and place.epoch > lost[place.id]:
                    taken.setdefault(place.id, time.monotonic())
            if len(taken) == len(lost):
                with contextlib.suppress(Exception):
                    for floor, is_here in floors_here(manager).items():
                        if floor in lost and is_here:
                            working.setdefault(floor, time.monotonic())
            time.sleep(0.05)
    finally:
        woken = time.monotonic()
        ended = pid not in {one.pid for one in processes_of(centre)}
        if not ended:
            os.kill(pid, signal.SIGCONT)
    return {
        "pid": pid, "stopped_at": at, "woken_at": woken, "ended": ended,
        "floors": [
            {"floor": floor, "fence": fence, "taken_at": taken.get(floor),
             "working_at": working.get(floor)}
            for floor, fence in lost.items()
        ],
    }  # fmt: skip


def agents_of(manager: Manager) -> dict[str, str]:
    """Returns the state of every operator as a supervisor sees it."""
    with contextlib.suppress(Exception):
        return {one["name"]: one["state"] for one in manager.get("/floor").get("agents", ())}
    return {}


def carry_out(options: argparse.Namespace, out: Path, server: Server | None) -> dict[str, Any]:
    """Runs a centre and all stops; returns what `check_sigstop.py` has to know."""
    begun = time.monotonic()
    dice = random.Random(options.seed)
    centre = Centre(out, options.seed, 0)
    stops: list[dict[str, Any]] = []
    continued = 0
    database = server.create("sigstop") if server is not None else ""
    try:
        manager, campaigns = open_floors(
            centre, 300 + CONTACTS_PER_STOP * options.count, database=database,
            place=options.part.place,
        )  # fmt: skip
        leases = Leases(out / "data")
        time.sleep(15.0)
        while continued < options.count and time.monotonic() - begun < 60 + 40 * options.count:
            stop = stop_one(leases, manager, centre, dice)
            if stop is None:
                time.sleep(0.2)
                continue
            time.sleep(dice.uniform(*SETTLE_S))
            stop["agents"] = agents_of(manager)
            stops.append(stop)
            continued += not stop["ended"]
            print(f"stop {len(stops)}: {json.dumps(stop)}", flush=True)
        for campaign in campaigns:
            manager.post(f"/campaigns/{campaign['id']}/finish")
        finished_at = time.monotonic()
        time.sleep(5.0)
    finally:
        centre.stop()
    export_facts(load_settings(out / "data").database, out / "facts.jsonl")
    return {"stops": stops, "finished_at": finished_at, "count": options.count}


def main() -> int:
    options = parser_of(__doc__ or "", 10, "how often a process is stopped").parse_args()
    begun = time.monotonic()
    folders = proved(options, Path(__file__), [], partial(carry_out, options), "stops.json")
    if isinstance(folders, int):
        return folders
    result = verdict(options, HERE / "check_sigstop.py", folders, begun)
    if result is None:
        return 1
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
