"""Erases people from everything a data folder holds beside the rows of the database.

Recordings are removed; ladders of their calls are blanked; journals and any other text are blanked in
place, so that living processes go on appending. Then the database is made to drop what deleted rows
left in its file, and the whole folder is searched for whatever should be gone. Who is erased, and
the rows themselves, are `office_erasure`'s part; what a word is, `dialer.erasure`'s.
"""

import mmap
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from vyzov.dialer.erasure import Blanker, Person, is_distinct, spellings
from vyzov.dialer.journal import is_whole, masked_words_of
from vyzov.storage.address import Address, is_postgres
from vyzov.storage.connections import open_connection
from vyzov.storage.journal_files import DAMAGED, forget_words_of
from vyzov.storage.postgres import connect

DATABASE_ENDS = (".db", ".db-wal", ".db-shm", ".db-journal")
NEVER_WORDS = ("secret.key", "vyzov.toml")
NO_TEXT_ENDS = (".wav", ".flac", ".sock", ".pem", ".gz", ".zip", ".zst", *DATABASE_ENDS)
LINE_MAX = 64 << 20
CHECKPOINT_S = 10.0
VACUUMED = (
    "contact_person", "contact_phone", "stop_number", "import_row", "disposition", "idempotency",
)  # fmt: skip


@dataclass(slots=True)
class Place:
    """One place that was gone through: how much was blanked or removed, what could not be."""

    name: str
    blanked: int = 0
    removed: int = 0
    left: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Folders:
    """Where an installation keeps what; `also` are folders of exports elsewhere."""

    data: Path
    database: Address
    recordings: Path
    journal: Path
    sip: Path
    also: tuple[Path, ...] = ()


def erase_files(people: Iterable[Person], folders: Folders) -> list[Place]:
    """Erases people from files and from what the database's file kept of deleted rows."""
    people = tuple(people)
    blanker = Blanker(people)
    calls = {call.encode() for person in people for call in person.call_ids}
    return [
        _recordings(people, folders.recordings),
        _ladders(calls, blanker, folders.sip),
        _journals(people, blanker, folders.journal),
        _texts(blanker, folders),
        _database(people, folders.database),
    ]


def search(people: Iterable[Person], folders: Folders) -> list[str]:
    """Names the files in which a number or an unmistakable text of these people still stands."""
    wanted = _wanted(people)
    if wanted is None:
        return []
    return [str(path) for path in _files(folders) if _holds(path, wanted)]


def _wanted(people: Iterable[Person]) -> re.Pattern[bytes] | None:
    """Matches numbers and unmistakable texts; a number that goes on is another one, as stand-ins
    of replay files are."""
    forms: set[bytes] = set()
    for person in people:
        forms |= {re.escape(number.encode()) + rb"(?![0-9])" for number in person.numbers}
        for word in filter(is_distinct, person.words):
            forms |= {re.escape(form) for form in spellings(word)}
    return re.compile(b"|".join(sorted(forms))) if forms else None


# ---- place by place


def _recordings(people: Iterable[Person], folder: Path) -> Place:
    place = Place("recordings")
    for person in people:
        for name in person.recordings:
            path = folder / name
            try:
                path.unlink()
                place.removed += 1
            except FileNotFoundError:
                continue
            except OSError as fault:
                place.left.append(f"{path}: {fault.strerror}")
    return place


def _ladders(calls: set[bytes], blanker: Blanker, folder: Path) -> Place:
    """Blanks all that was said on the wire in these calls; when and what kind of message stays."""
    place = Place("sip")
    for path in sorted(folder.glob("sip-*.jsonl")):
        place.blanked += _rewrite(path, lambda line: _ladder(line, calls, blanker))
    return place


def _ladder(line: bytes, calls: set[bytes], blanker: Blanker) -> bytes:
    if not any(call in line for call in calls):
        return blanker.blanked(line)
    at = line.find(b'"text":"')
    begin, end = at + len(b'"text":"'), line.rfind(b'"')
    if at < 0 or end <= begin:
        return blanker.blanked(line)
    return blanker.blanked(line[:begin]) + b"x" * (end - begin) + line[end:]


def _journals(people: Iterable[Person], blanker: Blanker, folder: Path) -> Place:
    place = Place("journal")
    contacts = frozenset(person.contact for person in people)
    attempts = frozenset(attempt for person in people for attempt in person.attempts)
    if not folder.is_dir():
        return place
    place.blanked, held = forget_words_of(folder, contacts, attempts)
    for path in held:
        # Its process lives and appends to it: nothing may move, so words become as many crosses.
        with suppress(FileNotFoundError):
            place.blanked += _rewrite(path, lambda line: masked_words_of(line, contacts, attempts))
    # One that was turned over meanwhile has another name now, and is nobody's.
    place.blanked += forget_words_of(folder, contacts, attempts)[0]
    for path in sorted(folder.glob(f"*/*{DAMAGED}")):
        # What cannot be read as a line of a journal is a text like any other.
        place.blanked += _rewrite(
            path, lambda line: line if is_whole(line) else blanker.blanked(line)
        )
    return place


def _texts(blanker: Blanker, folders: Folders) -> Place:
    place = Place("texts")
    for path in _files(folders):
        own = (folders.journal, folders.sip, folders.data / "replay")
        if path.suffix in NO_TEXT_ENDS or any(one in path.parents for one in own):
            continue
        if path.name in NEVER_WORDS or not _is_text(path):
            continue
        try:
            place.blanked += _rewrite(path, blanker.blanked)
        except OSError as fault:
            place.left.append(f"{path}: {fault.strerror}")
    return place


def _database(people: Iterable[Person], database: Address) -> Place:
    place = Place("database")
    if is_postgres(database):
        with closing(connect(str(database))) as server:
            server.execute("SET statement_timeout = 0")
            for table in VACUUMED:
                server.execute(b"VACUUM " + table.encode())
                place.blanked += 1
        return place
    with closing(open_connection(Path(database))) as connection:
        if not _checkpoint(connection):
            place.left.append(f"{database}-wal: it is being read; it goes with the next checkpoint")
        kept = _wanted(people)
        if kept is not None and _holds(Path(database), kept):
            # Pages that were rebuilt, or freed before rows were wiped, may keep pieces of rows.
            connection.execute("VACUUM")
            _checkpoint(connection)
            place.blanked += 1
    return place


def _checkpoint(connection: sqlite3.Connection) -> bool:
    """Empties the write-ahead log; False where readers keep it for too long."""
    end = time.monotonic() + CHECKPOINT_S
    while True:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


# ---- files


def _files(folders: Folders) -> Iterator[Path]:
    for root in (folders.data, *folders.also):
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" not in file.read(4096)


def _holds(path: Path, wanted: re.Pattern[bytes]) -> bool:
    # An empty file cannot be mapped, and one that is gone by now holds nothing.
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
    ):
        return wanted.search(whole) is not None
    return False


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> int:
    """Puts changed lines of the same length where they stood; returns how many."""
    changed = 0
    with path.open("r+b", buffering=0) as own, path.open("rb") as lines:
        at = 0
        while line := lines.readline(LINE_MAX):
            new = change(line)
            if new != line:
                assert len(new) == len(line), "blanking keeps the length"
                os.pwrite(own.fileno(), new, at)
                changed += 1
            at += len(line)
        if changed:
            os.fsync(own.fileno())
    return changed
