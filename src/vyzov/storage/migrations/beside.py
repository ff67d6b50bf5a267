"""Builds indexes of big tables while others go on writing, where the database can."""

from collections.abc import Generator
from contextlib import contextmanager

from alembic import op

from vyzov.storage.connections import TABLE_WAIT_MS


def create_index(
    name: str, table: str, columns: str, *, unique: bool = False, where: str = ""
) -> None:
    """Creates an index; on PostgreSQL outside of a transaction, and nobody waits for it.

    A build that was broken off leaves an index that is not valid: it is dropped and built anew. SQLite
    has one writer at a time, who waits."""
    kind = "UNIQUE INDEX" if unique else "INDEX"
    rows = f" WHERE {where}" if where else ""
    if _is_postgres():
        drop_index(name)
        with _patiently():
            op.execute(f"CREATE {kind} CONCURRENTLY {name} ON {table} ({columns}){rows}")
    else:
        op.execute(f"CREATE {kind} {name} ON {table} ({columns}){rows}")


def drop_index(name: str) -> None:
    """Drops an index if it is there; on PostgreSQL nobody waits for it."""
    if _is_postgres():
        with _patiently():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    else:
        op.execute(f"DROP INDEX IF EXISTS {name}")


def _is_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


@contextmanager
def _patiently() -> Generator[None]:
    """Outside of a transaction, and without giving way: it waits for others, and none for it."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = {TABLE_WAIT_MS}")
