"""A floor's session on SQLite: one writer at a time, so nothing else has to be held.

How a connection is opened is in `connections`; what a floor does with it in `sql_store`.
"""

import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.dialer.ports import Randomness
from vyzov.storage.connections import open_connection
from vyzov.storage.queries import queries
from vyzov.storage.session import Ask, Told
from vyzov.storage.sql_store import SqlFloorStore


class SqliteSession:
    """A `Session` on a connection of its own, or on one that is open already."""

    draw_seqs: Callable[[int], Sequence[int]] | None = None

    def __init__(self, path: Path | str, connection: sqlite3.Connection | None = None) -> None:
        """Opens the file unless `connection` is given, as for a database in memory."""
        self._path = path
        with self._answering():
            self.connection = connection or open_connection(path)

    @contextmanager
    def reading(self) -> Generator[None]:
        """One snapshot."""
        with self._answering():
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Generator[None]:
        """All or nothing, under the one write lock there is, on the disk when it ends."""
        with self._answering():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def run(self, topic: str, name: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        """Executes a named statement."""
        return self.connection.execute(queries(topic)[name], values)

    def run_all(self, asked: Sequence[Ask]) -> list[Told]:
        """Executes statements one by one: there is no way to go."""
        execute = self.connection.execute
        told: list[Told] = []
        for one in asked:
            text = queries(one.topic)[one.name]
            if one.rows:
                told.append(Told((), self.connection.executemany(text, one.rows).rowcount))
                continue
            cursor = execute(text, one.values)
            # A statement that changes rows and returns them knows their number once they are read.
            rows = cursor.fetchall()
            told.append(Told(rows, cursor.rowcount))
        return told

    def hold(self, name: str, values: Mapping[str, object]) -> None:
        """Does nothing: a writer holds everything already."""

    def known_as(self, name: str) -> None:
        """Does nothing: there is no server to be known to."""

    def end_sleepers(self, name: str) -> None:
        """Does nothing: who sleeps with the lock of the file is ended by `vyzov serve`."""

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    @contextmanager
    def _answering(self) -> Generator[None]:
        """Turns the driver's errors into ours."""
        try:
            yield
        except sqlite3.IntegrityError as fault:
            raise InvalidRequest(
                f"The batch breaks a rule of the tables in {self._path}: {fault}.",
                "This is a defect of Vyzov: report it with the batch; nothing of it was written.",
            ) from fault
        except sqlite3.Error as fault:
            raise StoreFault(
                f"The database {self._path} did not answer: {fault}.",
                "See that the disk has room and that no other program holds the file.",
            ) from fault


class SqliteStore(SqlFloorStore):
    """A `FloorStore` on a database file that is migrated already."""

    def __init__(
        self,
        path: Path | str,
        *,
        randomness: Randomness,
        connection: sqlite3.Connection | None = None,
    ) -> None:
        """Opens the file; `connection` is given where a database in memory is open already."""
        super().__init__(SqliteSession(path, connection), shown=str(path), randomness=randomness)
