"""Puts a backup back, and brings it as near to the world as the journals allow.

What is put back is older than the world: people were called since, and asked not to be called. So it
comes back in quarantine (nobody is dialled), with every lease void and fences above any that were used,
without sessions, and with calls that were under way called unknown. Then the journals are applied. The
quarantine ends by itself only where the journals are those of the very installation, in their place, and
whole; everything else is for a manager to decide.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer import writes as w
from vyzov.dialer.journal import Kept, Life, apply_all
from vyzov.dialer.ports import Clock, Randomness
from vyzov.dialer.quarantine import OFFICE, Found, counted, gaps_in
from vyzov.storage.address import Address, is_postgres
from vyzov.storage.backup import check, copy_tables, read_stamp
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_floor_store, open_session
from vyzov.storage.journal_files import read_all
from vyzov.storage.migrate import migrate
from vyzov.storage.office import open_office
from vyzov.storage.tables import organisation as organisations

FENCE_LEAP = 1_000_000
"""Added to every fence: no holder since the backup can have come so far, but after a restore."""

OVERLAP = timedelta(minutes=1)
"""How long before a backup's moment an entry of the office's journal is taken to be news."""

PAST = "1970-01-01T00:00:00.000000Z"
BY_JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. `aside` is where the database that was there went, None where there was none."""

    backup_at: datetime
    found: Found
    lifted: bool
    aside: Path | None
    unknown: int


@dataclass(frozen=True, slots=True)
class World:
    """What a restore needs besides files."""

    address: Address
    clock: Clock
    randomness: Randomness


def restore(file: Path, world: World, journals: Sequence[Path], *, own: Path) -> Restored:
    """Replaces the database by a backup, in quarantine, and applies the journals of `journals`.

    `own` is the installation's own journal folder: whole journals there end the quarantine, if there
    was a database to be replaced. The database that was there is moved aside, never deleted. Vyzov
    must not run meanwhile. Raises `InvalidRequest` for a file that is no backup, `StoreFault`
    where the disk or the server does not allow it."""
    stamp = read_stamp(file)
    check(file)
    address = world.address
    beside = file if is_postgres(address) else Path(address)
    draft = beside.with_name(f".{beside.name}.{os.getpid()}")
    try:
        # Whatever breaks this off, what stands in the database's place is in quarantine already.
        _prepare(file, replace(world, address=draft), draft, stamp.made_at, journals)
        aside = _put_in_place(draft, address, world.clock.utc())
    finally:
        _remove(draft)
    was_here = aside is not None
    ids = _organisations(address)
    unknown = 0
    found = apply_journals(world, journals)
    for organisation in ids:
        unknown += _close_what_was_under_way(world, organisation)
    lifted = was_here and found.is_whole and own in journals
    if lifted:
        office = open_office(address, clock=world.clock, randomness=world.randomness)
        for organisation in ids:
            office.lift_quarantine(organisation, by=BY_JOURNAL, reason="the journals are whole")
        office.close()  # type: ignore[attr-defined]
    return Restored(stamp.made_at, found, lifted, aside, unknown)


def apply_journals(world: World, folders: Sequence[Path]) -> Found:
    """Applies all journals in these folders to a database in quarantine; what it has already is left.

    Returns what they told in all, and notes that with the quarantine."""
    total = Found()
    for organisation in _organisations(world.address):
        stands = _standing(world.address, organisation)
        if stands is None:
            continue
        journals: dict[Life, dict[int, Kept]] = {}
        for folder in folders:
            for life, kept in read_all(folder).items():
                # What was written since the restore is in the database, and tells nothing of before.
                if life.organisation == organisation and life.began < stands.began_at:
                    journals.setdefault(life, {}).update({one.place: one for one in kept})
        # One life's lines may lie in several folders, the later ones first.
        lines = {life: [kept[place] for place in sorted(kept)] for life, kept in journals.items()}
        gaps = gaps_in(lines, stands.marks, stands.epochs)
        found = _apply(world, lines, stands)
        whole = replace(found, gaps=gaps)
        _note(world.address, organisation, stands, whole)
        total = total.and_also(whole)
    return total


def _apply(world: World, journals: Mapping[Life, Sequence[Kept]], stands: "_Standing") -> Found:
    total = Found()
    store = open_floor_store(world.address, randomness=world.randomness)
    try:
        for life in sorted(journals, key=lambda life: (life.epoch, life.began)):
            kept = [
                one
                for one in journals[life]
                if one.place > stands.marks.get(life.id, 0)
                and (life.floor != OFFICE or one.at > stands.backup_at - OVERLAP)
            ]
            done = apply_all(store, life, kept, restored=True)
            attempts, stops = counted(kept[len(kept) - done.batches :])
            until = kept[-1].at if kept else None
            told = Found(done.batches, attempts, stops, len(done.left_out), until)
            total = total.and_also(told)
    finally:
        store.close()
    return total


# ---- files and servers ---------------------------------------------------------------------------


def _prepare(
    file: Path, world: World, draft: Path, backup_at: datetime, journals: Sequence[Path]
) -> None:
    """Makes of a backup a file that may be put in place: of this version, and in quarantine."""
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        shutil.copyfile(file, draft)
    except OSError as fault:
        raise StoreFault(
            f"The backup could not be put back: {fault}.", "See that the disk has room."
        ) from fault
    migrate(draft)
    _forget_stamp(draft)
    by = _leap([life.epoch for folder in journals for life in read_all(folder)])
    for organisation in _organisations(draft):
        _quarantine(world, organisation, backup_at, by)
    with closing(sqlite3.connect(draft)) as connection:
        # One file and nothing beside it, on the disk.
        connection.execute("PRAGMA journal_mode = DELETE")
    with draft.open("rb+") as copy:
        os.fsync(copy.fileno())


def _leap(epochs: Sequence[int]) -> int:
    """More than any holder since the backup can have, though an earlier restore has leapt already."""
    return FENCE_LEAP * (1 + max(epochs, default=0) // FENCE_LEAP)


def _put_in_place(draft: Path, address: Address, now: datetime) -> Path | None:
    if is_postgres(address):
        _into_server(draft, address)
        return None
    return _into_file(draft, Path(address), now)


def _remove(draft: Path) -> None:
    for beside in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + beside).unlink(missing_ok=True)


def _into_file(draft: Path, target: Path, now: datetime) -> Path | None:
    aside: Path | None = None
    if target.exists():
        aside = target.with_name(f"{target.name}.before-restore-{now:%Y%m%dT%H%M%S}")
        for beside in ("-wal", "-shm", ""):
            part = target.with_name(target.name + beside)
            if part.exists():
                part.rename(aside.with_name(aside.name + beside))
    try:
        draft.replace(target)
    except OSError as fault:
        raise StoreFault(
            f"The backup could not be put back: {fault}.",
            f"What was there is in {aside}." if aside else "See that the disk has room.",
        ) from fault
    return aside


def _into_server(draft: Path, address: Address) -> None:
    migrate(address)
    if _organisations(address):
        raise InvalidRequest(
            "The database on the server is in use.",
            "Make an empty one (createdb), name it with --database or in vyzov.toml, and restore there.",
        )
    source, target = open_engine(draft, writes=False), open_engine(address, writes=True)
    with source.connect() as reader, target.begin() as writer:
        copy_tables(reader, writer)
        for name, column in (("fact", "seq"), ("outbox", "number")):
            numbers = sa.table(name, sa.column(column)).c[column]
            highest = sa.select(sa.func.coalesce(sa.func.max(numbers), 0) + 1).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(name, column)
            writer.execute(sa.select(sa.func.setval(sequence, highest, sa.false())))
    source.dispose()
    target.dispose()


def _forget_stamp(address: Address) -> None:
    engine = open_engine(address, writes=True)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS backup_stamp"))
    engine.dispose()


# ---- the quarantine ------------------------------------------------------------------------------


def _organisations(address: Address) -> tuple[str, ...]:
    engine = open_engine(address, writes=False)
    with engine.connect() as connection:
        found = connection.execute(sa.select(organisations.c.id).order_by(organisations.c.id))
        ids = tuple(str(row.id) for row in found)
    engine.dispose()
    return ids


@dataclass(frozen=True, slots=True)
class _Standing:
    """A quarantine as it stands in the database, and the leases and marks the copy knew."""

    id: str
    began_at: datetime
    backup_at: datetime
    epochs: Mapping[str, int]
    marks: Mapping[str, int]


def _standing(address: Address, organisation: str) -> _Standing | None:
    with open_session(address) as session, session.reading():
        row = session.run(
            "journal", "standing_quarantine", {"organisation": organisation}
        ).fetchone()
    if row is None:
        return None
    told = json.loads(row["found"])
    return _Standing(
        row["id"], from_text(row["began_at"]), from_text(row["backup_at"]),
        dict(told["epochs"]), dict(told.get("marks", {})),
    )  # fmt: skip


def _quarantine(world: World, organisation: str, backup_at: datetime, by: int) -> None:
    now, ident = world.clock.utc(), world.randomness.new_id()
    named: dict[str, object] = {"organisation": organisation}
    with open_session(world.address) as session, session.writing():
        leases = session.run("journal", "leases", named).fetchall()
        marks = session.run("journal", "marks", named).fetchall()
        found = {
            "epochs": {str(row["floor_id"]): int(row["epoch"]) for row in leases},
            "marks": {str(row["life"]): int(row["place"]) for row in marks},
        }
        begun: dict[str, object] = {
            "id": ident, "began": to_text(now), "backup": to_text(backup_at),
            "found": json.dumps(found),
        }  # fmt: skip
        session.run("journal", "begin_quarantine", {**named, **begun})
        session.run("journal", "raise_fences", {**named, "by": by, "past": PAST})
        session.run("journal", "end_sessions", named)
    office = open_office(world.address, clock=world.clock, randomness=world.randomness)
    office.append_facts(
        organisation,
        [
            Fact(
                kind=FactKind.RESTORED, at=now, clock_id="restore",
                monotonic_ns=int(world.clock.monotonic() * 1e9), dedupe=f"restored:{ident}",
                data={"backup_at": to_text(backup_at)},
            )
        ],
    )  # fmt: skip
    office.close()  # type: ignore[attr-defined]


def _note(address: Address, organisation: str, stands: _Standing, found: Found) -> None:
    told = asdict(found) | {
        "until": None if found.until is None else to_text(found.until),
        "epochs": dict(stands.epochs),
        "marks": dict(stands.marks),
    }
    values: dict[str, object] = {
        "organisation": organisation, "id": stands.id, "found": json.dumps(told),
    }  # fmt: skip
    with open_session(address) as session, session.writing():
        session.run("journal", "note_quarantine", values)


def _close_what_was_under_way(world: World, organisation: str) -> int:
    """Attempts that are open in the copy count as made: nobody can tell what came of them."""
    named: dict[str, object] = {"organisation": organisation}
    with open_session(world.address) as session, session.reading():
        rows = session.run("journal", "open_attempts", named).fetchall()
    now = world.clock.utc()
    store = open_floor_store(world.address, randomness=world.randomness)
    try:
        for row in rows:
            life = Life(
                f"restore:{world.randomness.new_id()}", organisation, row["floor_id"],
                int(row["fence"]), now,
            )  # fmt: skip
            store.apply(
                life, (Kept(1, now, _unknown(dict(row), now, world.clock), 1),), restored=True
            )
    finally:
        store.close()
    return len(rows)


def _unknown(row: Mapping[str, Any], now: datetime, clock: Clock) -> w.Batch:
    data = {
        "outcome": "unknown", "detail": "restored", "number": row["number"], "code": None,
        "q850": None,
    }  # fmt: skip
    fact = Fact(
        kind=FactKind.FINAL, at=now, clock_id="restore",
        monotonic_ns=int(clock.monotonic() * 1e9), dedupe=f"{row['id']}:final",
        campaign=row["campaign_id"], contact=row["contact_id"], attempt=row["id"], data=data,
    )  # fmt: skip
    entry = w.SetEntry(
        row["campaign_id"], row["contact_id"], "closed", None,
        max(row["number"], row["attempts_made"] or 0), phone_position=row["phone_position"] or 0,
        last_outcome="unknown", closed_reason="unknown",
    )  # fmt: skip
    finish = w.FinishAttempt(row["id"], "unknown", "unknown", now, detail="restored")
    return finish, w.AppendFact(fact), entry
