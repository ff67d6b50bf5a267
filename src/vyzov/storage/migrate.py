"""Brings a database to the newest tables, whatever version it has; an empty file is a version too.

The whole way up is one transaction under the write lock: two processes that start together migrate
once, and a crash on the way leaves the old version whole. Facts older than the chain of facts are
taken into it afterwards, in short transactions of their own.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from vyzov.core.errors import StoreFault
from vyzov.storage.chain import chain_the_rest
from vyzov.storage.connections import open_engine

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(path: Path | str) -> None:
    """Creates the database file if there is none and upgrades it to the newest version.

    Raises `StoreFault` where the file cannot be opened or written."""
    engine = open_engine(path, writes=True)
    try:
        migrate_engine(engine)
    except DBAPIError as fault:
        raise StoreFault(
            f"The database {path} could not be brought up to date: {fault.orig}.",
            "See that the file is a database, that its folder is writable and the disk has room.",
        ) from fault
    except CommandError as fault:
        raise StoreFault(
            f"The database {path} is of a version this program does not know: {fault}.",
            "Run the newer Vyzov that made it, or restore the backup from before.",
        ) from fault
    finally:
        engine.dispose()


def migrate_engine(engine: sa.Engine) -> None:
    """Upgrades the database behind an engine to the newest version."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with contextlib.closing(engine.raw_connection()) as raw:
        chain_the_rest(cast("sqlite3.Connection", raw.driver_connection))
