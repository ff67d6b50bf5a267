"""Opens databases the one way that keeps promises. SQLite: WAL, full synchronisation, foreign keys,
a patient wait. PostgreSQL: see `postgres`; the office's writers queue there as they do on SQLite.

`synchronous=FULL` is what makes a commit outlive a power cut; anything less loses acknowledged
calls. Transactions begin where the code says so: writers take the write lock at once, so that no
transaction learns half-way that somebody was quicker.
"""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import StaticPool

from vyzov.storage.address import Address, is_postgres
from vyzov.storage.postgres import Connection, connect

BUSY_WAIT_MS = 5_000
PRAGMAS = (
    f"busy_timeout = {BUSY_WAIT_MS}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # What is deleted is wiped: an erased person must not be found in free pages of the file.
    "secure_delete = ON",
)
TABLE_WAIT_MS = 100
# The office looks before it writes: its writers take turns, all over the database. Floors do not.
OFFICE_TURN = "SELECT pg_advisory_xact_lock(6207201)"


def open_connection(path: Path | str) -> sqlite3.Connection:
    """Opens one connection in autocommit: BEGIN and COMMIT are written out by its user."""
    connection = sqlite3.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=BUSY_WAIT_MS / 1000
    )
    connection.row_factory = sqlite3.Row
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_engine(path: Address, *, writes: bool) -> sa.Engine:
    """Opens a pool of connections; without `writes` every statement that writes is refused."""
    if is_postgres(path):
        return _open_postgres(str(path), writes=writes)

    def connect() -> sqlite3.Connection:
        connection = open_connection(path)
        if not writes:
            connection.execute("PRAGMA query_only = ON")
        return connection

    # Few are kept: a rush may open more, and closes them, so that an hour holds what a minute held.
    engine = sa.create_engine(
        "sqlite://", creator=connect, poolclass=sa.QueuePool, pool_size=1 if writes else 2,
        max_overflow=14,
    )  # fmt: skip
    _begin_explicitly(engine, writes=writes)
    return engine


def engine_of(connection: sqlite3.Connection) -> sa.Engine:
    """Wraps a connection that is open already (a database in memory has only one)."""
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    _begin_explicitly(engine, writes=True)
    return engine


def _begin_explicitly(engine: sa.Engine, *, writes: bool) -> None:
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "begin", begin)


def _open_postgres(address: str, *, writes: bool) -> sa.Engine:
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(address, office=True),
        poolclass=sa.QueuePool,
        pool_pre_ping=True,
        # Callers ask how many rows an INSERT ... SELECT wrote; the driver forgets it unless told.
        execution_options={"preserve_rowcount": True} if writes else reading,
    )
    if writes:

        def begin(connection: Any) -> None:
            connection.exec_driver_sql(OFFICE_TURN)

        event.listen(engine, "begin", begin)
    return engine


def open_migrating(address: str) -> sa.Engine:
    """Opens a PostgreSQL database for a change of its tables: no statement is too long, and one that
    does not get its table within `TABLE_WAIT_MS` gives way, as others queue up behind it."""

    def open_patient() -> Connection:
        connection = connect(address)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(TABLE_WAIT_MS),))
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.autocommit = False
        return connection

    return sa.create_engine("postgresql+psycopg://", creator=open_patient, poolclass=sa.NullPool)
