"""Brings a database to the newest tables, whatever version it has; an empty file is a version too.

On SQLite the whole way up is one transaction under the write lock: two processes that start together
migrate once, and a crash on the way leaves the old version whole. On PostgreSQL others may be writing:
each version is a transaction of its own, one process at a time goes the way (an advisory lock), a
crash leaves a version in between, and a change that does not get its table at once lets others go
first and tries again, so that nobody queues up behind it. Facts older than the chain of facts are
taken into it afterwards, and contacts older than the buckets sorted, in short transactions.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import cast

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from vyzov.core.errors import StoreFault
from vyzov.storage.address import Address, is_postgres, shown
from vyzov.storage.buckets import sort_the_rest
from vyzov.storage.chain import chain_the_rest
from vyzov.storage.connections import open_engine, open_migrating
from vyzov.storage.database import open_session
from vyzov.storage.postgres import NEXT_STEP, in_a_line
from vyzov.storage.session import Session
from vyzov.storage.sqlite import SqliteSession

# Moments, ids and names are compared as texts, by the floor and by both databases alike; and an
# order that a new system library changes would leave indexes wrong.
ORDER = sa.text("SELECT 'Z' < 'a' AND 'a-b' < 'aa' AND 'Я' < 'а'")
# Held by the connection, so that it goes with a process that dies.
TURN = sa.text("SELECT pg_try_advisory_lock(6207202)")
TURNS_MAX = 200
PAUSE_S = 0.1
PAUSE = Event()
GIVES_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)
FILE_STEP = "See that the file is a database, that its folder is writable and the disk has room."
SCRIPTS = Path(__file__).parent / "migrations"


def migrate(address: Address) -> None:
    """Upgrades a database to the newest version; a file of SQLite is created if there is none.

    Raises `StoreFault` where the database cannot be opened or written."""
    path = shown(address)
    try:
        upgrade(address)
        with open_session(address) as session:
            _take_in_the_rest(session)
    except DBAPIError as fault:
        raise StoreFault(
            f"The database {path} could not be brought up to date: {in_a_line(fault.orig)}.",
            NEXT_STEP if is_postgres(address) else FILE_STEP,
        ) from fault
    except CommandError as fault:
        raise StoreFault(
            f"The database {path} is of a version this program does not know: {fault}.",
            "Run the newer Vyzov that made it, or restore the backup from before.",
        ) from fault


def upgrade(address: Address, version: str = "head") -> None:
    """Upgrades the tables to a version and does nothing else.

    Raises what the driver and Alembic raise."""
    if is_postgres(address):
        engine = open_migrating(str(address))
        try:
            _check_order(engine)
            with engine.connect() as connection:
                _take_turn(connection)
                _upgrade_beside(connection, version)
        finally:
            engine.dispose()
    else:
        engine = open_engine(address, writes=True)
        try:
            with engine.connect() as connection:
                _upgrade(connection, version, piecemeal=False)
        finally:
            engine.dispose()


def migrate_engine(engine: sa.Engine) -> None:
    """Upgrades the SQLite database behind an engine, which may be one in memory."""
    with engine.connect() as connection:
        _upgrade(connection, "head", piecemeal=False)
    with closing(engine.raw_connection()) as raw:
        _take_in_the_rest(
            SqliteSession("the database", cast("sqlite3.Connection", raw.driver_connection))
        )


def _take_in_the_rest(session: Session) -> None:
    chain_the_rest(session)
    sort_the_rest(session)


def _upgrade(connection: sa.Connection, version: str, *, piecemeal: bool) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["piecemeal"] = piecemeal
    command.upgrade(config, version)


def _upgrade_beside(connection: sa.Connection, version: str) -> None:
    """Goes on from the version reached as often as a table was not to be had."""
    for turn in range(1, TURNS_MAX + 1):
        try:
            _upgrade(connection, version, piecemeal=True)
            return
        except DBAPIError as fault:
            connection.rollback()
            if turn == TURNS_MAX or not isinstance(fault.orig, GIVES_WAY):
                raise
            PAUSE.wait(PAUSE_S)


def _take_turn(connection: sa.Connection) -> None:
    """Waits until no other process migrates; asking again and again, for who waits inside of the
    database keeps an index from being finished."""
    while not connection.execute(TURN).scalar():
        connection.rollback()
        PAUSE.wait(PAUSE_S)
    connection.rollback()


def _check_order(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        if not connection.execute(ORDER).scalar():
            raise StoreFault(
                "The database orders texts by the rules of a language, Vyzov's go by their codes.",
                "Make it anew: CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'.",
            )
