"""Copies a database, while it works, into one file that can be checked and put back.

The file is an SQLite database whichever store it comes from, so a copy of PostgreSQL can be looked into
without a server, and put back into either. It holds one consistent moment. Beside the tables it carries
`secret.key`, `vyzov.toml` and the prompts; recordings are files already and are copied as files.
"""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.instants import from_text, to_text
from vyzov.storage import (
    tables,
    tables_access,
    tables_alarms,
    tables_floors,
    tables_hopper,
    tables_journal,
    tables_kpi,
    tables_people,
    tables_phones,
    tables_prompts,
    tables_scripts,
    tables_webhooks,
)
from vyzov.storage.address import Address, is_postgres
from vyzov.storage.connections import open_engine
from vyzov.storage.migrate import migrate

# Tables are known to the metadata once their modules are loaded.
TABLES = (
    tables,
    tables_access,
    tables_alarms,
    tables_floors,
    tables_hopper,
    tables_journal,
    tables_kpi,
    tables_people,
    tables_phones,
    tables_prompts,
    tables_scripts,
    tables_webhooks,
)
ROWS_AT_ONCE = 2_000
MADE_AT, VERSION = "made_at", "version"
_MAKE = "CREATE TABLE backup_stamp (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
_WRITE = "INSERT INTO backup_stamp VALUES (?, ?)"
_READ = "SELECT name, value FROM backup_stamp"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a copy says of itself; `files` are those it carries, by name."""

    made_at: datetime
    version: str
    files: Mapping[str, bytes]


def make_backup(
    address: Address, target: Path, *, now: datetime, version: str, files: Mapping[str, bytes]
) -> int:
    """Writes a copy of the database to `target`, checks it, and returns its size in bytes.

    The file appears whole under its name or not at all; one that is there is refused. Raises
    `StoreFault` where the database or the disk does not allow it."""
    if target.exists():
        raise InvalidRequest(f"There is a {target} already.", "Name a file that is not there.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        if is_postgres(address):
            _copy_rows(address, draft)
        else:
            _copy_file(Path(address), draft)
        _stamp(draft, Stamp(now, version, files))
        check(draft)
        _sync(draft)
        draft.replace(target)
        _sync(target.parent)
    except (sqlite3.Error, OSError) as fault:
        raise StoreFault(
            f"No backup was made: {fault}.", "See that the disk has room and the folder is yours."
        ) from fault
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def read_stamp(file: Path) -> Stamp:
    """Returns what a copy says of itself, or raises `InvalidRequest` for a file that is none."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            rows = dict(connection.execute(_READ).fetchall())
        files = {
            name.removeprefix("file:"): bytes(value)
            for name, value in rows.items()
            if name.startswith("file:")
        }
        made_at = from_text(str(rows[MADE_AT].decode()))
        return Stamp(made_at, str(rows[VERSION].decode()), files)
    except (sqlite3.Error, KeyError, OSError) as fault:
        raise InvalidRequest(
            f"{file} is no backup of Vyzov: {fault}.", "Name a file that `vyzov backup` wrote."
        ) from fault


def check(file: Path) -> None:
    """Raises `StoreFault` unless the file is whole and no row points at nothing."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            astray = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    except sqlite3.Error as fault:
        told, astray = [str(fault)], []
    if told != ["ok"] or astray:
        raise StoreFault(
            f"{file} is damaged: {'; '.join([*told[:3], *map(str, astray)])}.",
            "Take another copy.",
        )


def copy_tables(source: sa.Connection, target: sa.Connection) -> int:
    """Copies the rows of all tables in pieces, parents first; returns how many."""
    copied = 0
    for table in tables.metadata.sorted_tables:
        rows = source.execution_options(yield_per=ROWS_AT_ONCE).execute(sa.select(table))
        for piece in rows.mappings().partitions(ROWS_AT_ONCE):
            target.execute(table.insert(), [dict(row) for row in piece])
            copied += len(piece)
    return copied


def _copy_file(source: Path, draft: Path) -> None:
    """SQLite copies itself: one moment, without holding up those who write."""
    if not source.exists():
        raise StoreFault(f"There is no database {source}.", "Name the data folder with --data.")
    draft.unlink()
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(draft),))
    draft.chmod(0o600)


def _copy_rows(address: Address, draft: Path) -> None:
    migrate(draft)
    engine = open_engine(address, writes=False)
    copy = sa.create_engine(f"sqlite:///{draft}")
    try:
        with engine.connect() as reader, copy.begin() as writer:
            copy_tables(reader, writer)
    except DBAPIError as fault:
        raise StoreFault(
            f"The database could not be read: {fault.orig}.", "See that the server answers."
        ) from fault
    finally:
        copy.dispose()
        engine.dispose()
    with closing(sqlite3.connect(draft)) as connection:
        # One file and nothing beside it.
        connection.execute("PRAGMA journal_mode = DELETE")
    for beside in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            draft.with_name(draft.name + beside).unlink()


def _stamp(draft: Path, stamp: Stamp) -> None:
    rows = [
        (MADE_AT, to_text(stamp.made_at).encode()),
        (VERSION, stamp.version.encode()),
        *((f"file:{name}", value) for name, value in stamp.files.items()),
    ]
    with closing(sqlite3.connect(draft)) as connection, connection:
        connection.execute(_MAKE)
        connection.executemany(_WRITE, rows)


def _sync(path: Path) -> None:
    own = os.open(path, os.O_RDONLY)
    try:
        os.fsync(own)
    finally:
        os.close(own)
