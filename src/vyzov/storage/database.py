"""Opens what an address names: a floor's store or a bare session, on SQLite or on PostgreSQL."""

from collections.abc import Generator
from contextlib import contextmanager

from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.ports import Randomness
from vyzov.storage.address import Address, is_postgres
from vyzov.storage.postgres import PostgresSession, PostgresStore
from vyzov.storage.session import Session
from vyzov.storage.sqlite import SqliteSession, SqliteStore


def open_floor_store(address: Address, *, randomness: Randomness) -> FloorStore:
    """Opens the store of one floor on a database that is migrated already."""
    if is_postgres(address):
        return PostgresStore(str(address), randomness=randomness)
    return SqliteStore(address, randomness=randomness)


@contextmanager
def open_session(address: Address) -> Generator[Session]:
    """Opens a session for as long as it is needed."""
    session: Session = (
        PostgresSession(str(address)) if is_postgres(address) else SqliteSession(address)
    )
    try:
        yield session
    finally:
        session.close()
