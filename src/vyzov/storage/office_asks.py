"""Lets steps ask on a connection of the office, inside whatever transaction it has."""

from collections.abc import Sequence

import sqlalchemy as sa

from vyzov.storage.queries import queries
from vyzov.storage.session import Ask, RunAll, Told


def asks_on(connection: sa.Connection) -> RunAll:
    """Returns what executes statements one by one on this connection."""

    def run_all(asked: Sequence[Ask]) -> list[Told]:
        return [_tell(connection, one) for one in asked]

    return run_all


def _tell(connection: sa.Connection, asked: Ask) -> Told:
    statement = sa.text(queries(asked.topic)[asked.name])
    if asked.rows:
        return Told((), sum(connection.execute(statement, row).rowcount for row in asked.rows))
    found = connection.execute(statement, asked.values)
    return Told(found.mappings().all() if found.returns_rows else (), found.rowcount)
