"""`./run verify power`: cuts the power under the product's own stores, and looks what is left.

A floor's store and an office's work as they do in a real day (reserve, originate, finish, facts,
results, recordings, stop-list, restarts), on the SQLite that Python links, with `power_vfs.PowerDisk`
beneath it. At a change of the disk taken by dice the power goes; what the disk shows afterwards
is judged by `check_power.py`, then opened by a new life of the floor. Nothing that was acknowledged may
be missing. The same is done with `synchronous=OFF`, where it must fail: else the shim would prove
nothing; `NORMAL` is shown for comparison. The last line is one JSON object.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from check_power import judge
from power_vfs import NoShim, PowerDisk

from vyzov import __version__
from vyzov.core.errors import VyzovError
from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact
from vyzov.dialer.office_records import ImportedRow, ImportPhone, RowVerdict
from vyzov.dialer.office_store import OfficeStore
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage import connections
from vyzov.storage.database import open_floor_store
from vyzov.storage.first_run import first_run
from vyzov.storage.office import open_office

CONTACTS = 120
ROUNDS = 36
RESTART_EVERY = 12
SPAN = timedelta(seconds=60)
CONTROL_SHARE = 10
"""Of the cuts, one in so many is made again with each weaker way to write."""


@dataclass(slots=True)
class Town:
    """A template database and the ids of what is in it."""

    path: Path
    organisation: str
    floor: str
    campaign: str


def make_town(folder: Path) -> Town:
    """A migrated database with a running campaign of `CONTACTS` people."""
    path, clock, dice = folder / "template.db", SystemClock(), SystemDice()
    made = first_run(
        path, clock=clock, randomness=dice, number_salt="5a" * 32, organisation="Power",
        login="admin", name="Admin", password_hash="-",
    )  # fmt: skip
    assert made is not None
    office = open_office(path, clock=clock, randomness=dice)
    rows = [
        ImportedRow(
            row=n, verdict=RowVerdict.OK, raw=(str(n),), name=f"Person {n}", language="en",
            fields={}, phones=(ImportPhone(f"+7000555{n:04d}", "RU", ("Europe/Moscow",)),),
        )
        for n in range(2, CONTACTS + 2)
    ]  # fmt: skip
    people = office.import_list(
        made.organisation, name="People", file_name="p.csv", file_sha256="00", rows=rows
    )
    campaign = office.create_campaign(
        made.organisation, name="Power",
        settings={"mode": "progressive", "purpose": "service"}, list_id=people.id,
    )  # fmt: skip
    office.set_campaign_state(made.organisation, campaign.id, "running")
    office.close()  # type: ignore[attr-defined]
    return Town(path, made.organisation, made.floor, campaign.id)


@dataclass(slots=True)
class Day:
    """What a floor and an office do until the power goes; `told` is what was acknowledged."""

    town: Town
    path: Path
    disk: PowerDisk
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    fence: int = 0

    def work(self) -> None:
        """Works to the end of the day or to the cut, whichever comes first."""
        dice = SystemDice()
        for begin in range(0, ROUNDS, RESTART_EVERY):
            office = open_office(self.path, clock=SystemClock(), randomness=dice)
            store = open_floor_store(self.path, randomness=dice)
            try:
                fence = store.take_lease(self.town.floor, "power", datetime.now(UTC), SPAN)
                assert fence is not None
                self.fence = fence
                for turn in range(begin, begin + RESTART_EVERY):
                    found = store.due(self.town.campaign, datetime.now(UTC), 3, frozenset())
                    self._call(store, found, turn)
                    self._office(office, turn)
            finally:
                store.close()
                office.close()  # type: ignore[attr-defined]

    def _commit(self, store: Any, writes: Sequence[w.Write], told: list[dict[str, Any]]) -> None:
        result = store.commit(tuple(writes))
        assert not result.refused
        if not self.disk.is_cut:
            self.told += told

    def _call(self, store: Any, found: list[DueContact], turn: int) -> None:
        """Three calls from the reservation to the result, as the floor writes them."""
        now, dice = datetime.now(UTC), SystemDice()
        attempts = {dice.new_id(): due for due in found}
        reserved: list[w.Write] = []
        for attempt, due in attempts.items():
            reserved += [
                self._reserve(attempt, due, now),
                w.SetEntry(
                    due.campaign, due.contact, "in_call", None, due.attempts_made + 1,
                    attempt=attempt,
                ),
                _fact(attempt, FactKind.ATTEMPT_RESERVED, now),
            ]  # fmt: skip
        self._commit(store, reserved, _told(attempts, "reserved", FactKind.ATTEMPT_RESERVED))
        self._commit(
            store,
            [
                write
                for attempt in attempts
                for write in (
                    w.MarkOriginated(attempt, now),
                    _fact(attempt, FactKind.DIALING, now),
                )
            ],
            _told(attempts, "originated", FactKind.DIALING),
        )
        for attempt, due in attempts.items():
            result, recording = dice.new_id(), dice.new_id()
            self._commit(
                store,
                (
                    w.FinishAttempt(attempt, "final", "answered_human", now, agent="op"),
                    _fact(attempt, FactKind.FINAL, now),
                    w.SetEntry(due.campaign, due.contact, "closed", None, 1, attempt=attempt),
                    w.AddRecording(recording, attempt, f"{attempt}.wav", 3.0, 48_044, "00", now),
                    w.AddDisposition(result, attempt, due.contact, "op", "sale", now, note="n" * 900),
                    *([w.AddStop(due.number_ref, "asked", "agent", attempt, now)] * (turn % 3 == 0)),
                ),
                [
                    *_told({attempt: due}, "final", FactKind.FINAL),
                    {"what": "recording", "key": recording},
                    {"what": "result", "key": result},
                    *([{"what": "stop", "key": due.number_ref}] * (turn % 3 == 0)),
                ],
            )  # fmt: skip

    def _reserve(self, attempt: str, due: DueContact, now: datetime) -> w.Reserve:
        return w.Reserve(
            attempt=attempt, campaign=due.campaign, contact=due.contact, phone=due.phone,
            number_ref=due.number_ref, number=due.attempts_made + 1, fence=self.fence,
            floor=self.town.floor, lease_until=now + SPAN, campaign_version=1,
            rule_version="2026-11", verdict={"allowed": True}, trunk="trunk",
            caller_id="+70005559999", call_id=f"{attempt}@vyzov", at=now,
        )  # fmt: skip

    def _office(self, office: OfficeStore, turn: int) -> None:
        """Somebody types a number into the stop-list."""
        made = office.add_stop(
            self.town.organisation, f"+7000556{turn:04d}", reason="asked", source="manual"
        )
        if not self.disk.is_cut:
            self.told.append({"what": "stop", "key": made.number_ref})


def _fact(attempt: str, kind: FactKind, now: datetime) -> w.AppendFact:
    return w.AppendFact(
        Fact(
            kind=kind, at=now, clock_id="power", monotonic_ns=1, attempt=attempt,
            dedupe=f"{attempt}:{kind.value}",
        )
    )  # fmt: skip


def _told(attempts: dict[str, DueContact], state: str, kind: FactKind) -> list[dict[str, Any]]:
    return [
        entry
        for attempt in attempts
        for entry in (
            {"what": "attempt", "key": attempt, "state": state},
            {"what": "fact", "key": f"{attempt}:{kind.value}"},
        )
    ]


def one_day(town: Town, disk: PowerDisk, folder: Path, cut_at: int) -> Day:
    """Works a day on a fresh copy of the town; the power goes at operation `cut_at` (0: never)."""
    shutil.copyfile(town.path, folder / "vyzov.db")
    disk.begin(cut_at)
    day = Day(town, folder / "vyzov.db", disk)
    try:
        day.work()
    except VyzovError:
        if not disk.is_cut:
            raise
    finally:
        disk.end()
    return day


def opens_again(town: Town, path: Path) -> str:
    """Lets a new life of the floor take the database; "" where it comes to work."""
    try:
        store = open_floor_store(path, randomness=SystemDice())
        try:
            taken = store.take_lease(town.floor, "next", datetime.now(UTC) + 2 * SPAN, SPAN)
            if taken is None:
                return "the next floor process does not get the lease"
            store.load_floor(town.floor)
        finally:
            store.close()
    except VyzovError as error:
        return str(error)
    return ""


def cuts(town: Town, disk: PowerDisk, count: int, dice: random.Random, out: Path) -> dict[str, Any]:
    """Makes `count` cuts at moments taken by dice over a whole day; returns the figures."""
    with tempfile.TemporaryDirectory(prefix="vyzov-power-") as name:
        day = one_day(town, disk, Path(name), 0)
        length, syncs = disk.operations, disk.syncs
        acknowledged_in_a_day = len(day.told)
    figures = {
        "cuts": 0, "acknowledged": 0, "lost": 0, "cuts_with_loss": 0, "unreadable": 0,
        "half_transactions": 0, "not_opened": 0, "changes_of_a_day": length,
        "syncs_of_a_day": syncs, "acknowledged_in_a_day": acknowledged_in_a_day,
    }  # fmt: skip
    for index in range(count):
        with tempfile.TemporaryDirectory(prefix="vyzov-power-") as name:
            folder = Path(name)
            cut_at = dice.randint(1, length)
            day = one_day(town, disk, folder, cut_at)
            if not disk.is_cut:
                continue
            after = folder / "after"
            after.mkdir()
            disk.image(after, dice)
            found = judge(after / "vyzov.db", day.told)
            opened = "" if found["unreadable"] else opens_again(town, after / "vyzov.db")
            figures["cuts"] += 1
            figures["acknowledged"] += len(day.told)
            figures["lost"] += found["lost"]
            figures["cuts_with_loss"] += bool(found["lost"])
            figures["unreadable"] += bool(found["unreadable"])
            figures["half_transactions"] += found["half"]
            figures["not_opened"] += bool(opened)
            if (found["lost"] or found["unreadable"] or found["half"] or opened) and out.is_dir():
                _keep_evidence(out / f"cut-{index}", after, day, {**found, "opened": opened})
    return figures


def _keep_evidence(folder: Path, after: Path, day: Day, found: dict[str, Any]) -> None:
    shutil.copytree(after, folder, dirs_exist_ok=True)
    lines = "".join(json.dumps(entry) + "\n" for entry in day.told)
    (folder / "acknowledged.jsonl").write_text(lines, encoding="utf-8")
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


def with_synchronous(
    level: str, town: Town, disk: PowerDisk, count: int, dice: random.Random
) -> dict[str, Any]:
    """The same cuts where the connections of the product write with less care."""
    kept = connections.PRAGMAS
    if not any("synchronous = FULL" in pragma for pragma in kept):
        raise NoShim(
            "the product does not ask for synchronous = FULL where this bench looks for it"
        )
    connections.PRAGMAS = tuple(
        pragma.replace("synchronous = FULL", f"synchronous = {level}") for pragma in kept
    )
    try:
        return cuts(town, disk, count, dice, Path("nowhere"))
    finally:
        connections.PRAGMAS = kept


def is_well(figures: dict[str, Any]) -> bool:
    """True where nothing was lost, torn or unreadable."""
    damage = ("lost", "unreadable", "half_transactions", "not_opened")
    return figures["cuts"] > 0 and not any(figures[name] for name in damage)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="power cuts")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="keeps what was found damaged")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun, dice = time.monotonic(), random.Random(options.seed)
    out = options.out or Path("nowhere")
    if options.out:
        out.mkdir(parents=True, exist_ok=True)
    try:
        disk = PowerDisk()
        with tempfile.TemporaryDirectory(prefix="vyzov-power-") as name:
            town = make_town(Path(name))
            figures = cuts(town, disk, options.count, dice, out)
            print(f"FULL: {json.dumps(figures)}", flush=True)
            few = max(10, options.count // CONTROL_SHARE)
            controls = {
                level: with_synchronous(level, town, disk, few, dice) for level in ("OFF", "NORMAL")
            }
    except NoShim as why:
        print(f"No power can be cut here: {why}.", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 77
    for level, found in controls.items():
        print(f"{level}: {json.dumps(found)}", flush=True)
    result = {
        "name": "verify power",
        "ok": is_well(figures) and figures["cuts"] == options.count and not is_well(controls["OFF"]),
        "figures": figures | {"off_fails": not is_well(controls["OFF"])},
        "controls": controls,
        "goals": {
            "cuts": options.count, "lost": 0, "unreadable": 0, "half_transactions": 0,
            "not_opened": 0, "off_fails": True,
        },
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {
            "vyzov": __version__, "python": sys.version.split()[0],
            "sqlite": sqlite3.sqlite_version,
        },
    }  # fmt: skip
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
