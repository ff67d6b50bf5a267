"""PostgreSQL 15 and newer: how it is connected to, and a floor's session on it.

Permission and attempts are read from the primary only, and a commit is told once it is on the disk.
Writers work at READ COMMITTED under the locks of `queries/locks.sql`, not at SERIALIZABLE: a
reservation must not pass an entry of the stop-list that was committed before it, and serialisable
order would allow that where the two overlap. A statement that follows a lock sees all that was
committed before the lock was had. Reads are one snapshot each (REPEATABLE READ, READ ONLY).

A statement is planned once and the plan kept. What was planned while the server knew nothing of a
young table may read all that the table holds later on, until the server looks at it by itself, which
takes a minute: a floor that dials has made ten thousand attempts by then. So a session has tables
looked at that have doubled, at each doubling of what it has written; large ones are left to the server.

A process that stops in the middle of a transaction must not hold a floor for ever: the server ends
a transaction that stands idle for `IDLE_MS` and gives its locks back.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.string import StrDumperUnknown

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.dialer.ports import Randomness
from vyzov.storage.address import shown
from vyzov.storage.queries import postgres_queries
from vyzov.storage.session import Answer, Ask, Clash, Told
from vyzov.storage.sql_store import SqlFloorStore

LOCK_WAIT_MS = 5_000
STATEMENT_MS = 30_000
IDLE_MS = 3_000
# The office reads reports of years, and takes in lists while somebody's file is read.
OFFICE_STATEMENT_MS = 300_000
OFFICE_IDLE_MS = 30_000
FIRST_LOOK, LAST_LOOK = 8, 8_192
"""Transactions a session has written when it first, and last, has tables looked at."""
LOOK_BYTES_MAX = 64 * 1024 * 1024
"""How large a table may be to be looked at while a floor waits: a tenth of a second."""
YOUNG_TABLES = b"""
SELECT c.relname FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace)
    AND pg_relation_size(c.oid) BETWEEN
        (2 * c.relpages + 1) * CAST(current_setting('block_size') AS bigint) AND %s
ORDER BY c.relname
"""
# What an address may say otherwise: how long to wait for an answer, and when a peer counts as gone.
CONNECTING: dict[str, str] = {
    "connect_timeout": "5",
    "application_name": "vyzov",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
# Of several servers named in one address only the one that takes writes will do.
PRIMARY = {"target_session_attrs": "read-write"}
BEGIN_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
BEGIN_WRITING = b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
NEXT_STEP = "See that the server runs, that the address is right and that it lets this machine in."

Connection = psycopg.Connection[Any]


class _Cursor(psycopg.Cursor[Any]):
    """Answers no rows where a statement has none to give, as SQLite does."""

    def fetchone(self) -> Any:
        return None if self.description is None else super().fetchone()

    def fetchall(self) -> list[Any]:
        return [] if self.description is None else super().fetchall()


class _WholeText(StrDumperUnknown):
    """PostgreSQL keeps no NUL in a text; what came from outside with one is kept without."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def in_a_line(fault: BaseException | None) -> str:
    """Returns what the driver says, which may be several lines, as the end of a sentence."""
    return " ".join(str(fault).split()).rstrip(".?")


def connect(address: str, *, office: bool = False) -> Connection:
    """Connects to the primary and settles what every connection of ours must have.

    A floor's commits by itself where it is not told otherwise; an office's begins a transaction with
    its first statement, as SQLAlchemy wants it, and has more time.

    Raises psycopg.Error; an address that cannot be read is a `StoreFault` without its text."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(address).items() if value}
    except psycopg.ProgrammingError:
        # The driver would quote the address, password and all.
        raise StoreFault(
            "The address of the database cannot be read.",
            "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
        ) from None
    conninfo = make_conninfo("", **{**CONNECTING, **given, **PRIMARY})
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        connection.adapters.register_dumper(str, _WholeText)
        connection.execute(
            "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
            " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),"
            " set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', %s, false)",
            (
                str(LOCK_WAIT_MS),
                str(OFFICE_STATEMENT_MS if office else STATEMENT_MS),
                str(OFFICE_IDLE_MS if office else IDLE_MS),
            ),
        )
        connection.autocommit = not office
    except BaseException:
        connection.close()
        raise
    return connection


def _put(connection: Connection, asked: Ask) -> psycopg.Cursor[Any]:
    """Sends a statement; within a pipeline its answer comes when that ends."""
    text = postgres_queries(asked.topic)[asked.name]
    if not asked.rows:
        return connection.execute(text, asked.values)
    cursor = connection.cursor()
    cursor.executemany(text, asked.rows)
    return cursor


class PostgresSession:
    """A `Session` on a connection of its own, which is opened anew after it broke."""

    draw_seqs: Callable[[int], Sequence[int]] | None

    def __init__(self, address: str) -> None:
        """Connects at once, so that a wrong address is told at the start."""
        self._address = address
        self._shown = shown(address)
        self._connection: Connection | None = None
        self._ended, self._name = False, ""
        self._written, self._next_look = 0, FIRST_LOOK
        self.draw_seqs = self._draw_seqs
        with self._answering():
            self._open()

    @contextmanager
    def reading(self) -> Generator[None]:
        """One snapshot that writes nothing."""
        with self._answering(), self._transaction(BEGIN_READING):
            yield

    @contextmanager
    def writing(self) -> Generator[None]:
        """All or nothing, on the disk when it ends."""
        with self._answering():
            with self._transaction(BEGIN_WRITING):
                yield
            self._look_at_young_tables()

    def run(self, topic: str, name: str, values: Mapping[str, object]) -> Answer:
        """Executes a named statement."""
        assert self._connection is not None, "a statement stands inside a transaction"
        return self._connection.execute(postgres_queries(topic)[name], values)

    def run_all(self, asked: Sequence[Ask]) -> list[Told]:
        """Executes statements one after the other, on one way to the server and back."""
        connection = self._connection
        assert connection is not None, "statements stand inside a transaction"
        if len(asked) > 1 and psycopg.Pipeline.is_supported():
            with connection.pipeline():
                cursors = [_put(connection, one) for one in asked]
        else:
            cursors = [_put(connection, one) for one in asked]
        return [
            Told((), cursor.rowcount) if one.rows else Told(cursor.fetchall(), cursor.rowcount)
            for cursor, one in zip(cursors, asked, strict=True)
        ]

    def hold(self, name: str, values: Mapping[str, object]) -> None:
        """Takes a lock of `queries/locks.sql`."""
        self.run("locks", name, values)

    def known_as(self, name: str) -> None:
        """Tells the server whose session this is, and each that takes its place."""
        self._name = name
        with self._answering():
            known = self._connection
            if known is not None and not known.closed:
                self.run("locks", "known_as", {"name": name})

    def end_sleepers(self, name: str) -> None:
        """Ends sessions of that name which have stood in a transaction for a second."""
        self.run("locks", "end_sleepers", {"name": name})

    def close(self) -> None:
        """Closes the connection for good."""
        self._ended = True
        self._drop()

    def _draw_seqs(self, count: int) -> list[int]:
        rows = self.run("locks", "draw_seqs", {"count": count}).fetchall()
        return [int(row["seq"]) for row in rows]

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> Connection:
        if self._ended:
            raise psycopg.OperationalError("its store was closed")
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address)
            self._connection.row_factory = dict_row
            self._connection.cursor_factory = _Cursor
            if self._name:
                self.run("locks", "known_as", {"name": self._name})
        return self._connection

    def _look_at_young_tables(self) -> None:
        """Tells the server what there is in tables that have doubled since it looked last."""
        self._written += 1
        if self._written < self._next_look or self._next_look > LAST_LOOK:
            return
        self._next_look *= 2
        connection = self._connection
        assert connection is not None, "it has just written"
        # What was to be written is written: a connection that dies here is noticed by the next.
        with suppress(psycopg.Error):
            for row in connection.execute(YOUNG_TABLES, (LOOK_BYTES_MAX,)).fetchall():
                name = sql.Identifier(row["relname"])
                connection.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(name))

    def _begin(self, how: bytes) -> Connection:
        """Begins on the connection there is, or on a new one where that died while nobody used it:
        nothing has been asked yet, so nothing can be done twice."""
        known = self._connection is not None
        connection = self._open()
        try:
            connection.execute(how)
        except psycopg.OperationalError:
            self._drop()
            if not known:
                raise
            connection = self._open()
            connection.execute(how)
        return connection

    @contextmanager
    def _transaction(self, how: bytes) -> Generator[None]:
        connection = self._begin(how)
        try:
            yield
            connection.execute(b"COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                connection.execute(b"ROLLBACK")
            if connection.closed:
                self._drop()
            raise

    @contextmanager
    def _answering(self) -> Generator[None]:
        """Turns the driver's errors into ours."""
        try:
            yield
        except (errors.SerializationFailure, errors.DeadlockDetected) as fault:
            raise Clash(str(fault).strip()) from fault
        except (psycopg.IntegrityError, psycopg.DataError) as fault:
            raise InvalidRequest(
                f"The batch breaks a rule of the tables in {self._shown}: {fault}.",
                "This is a defect of Vyzov: report it with the batch; nothing of it was written.",
            ) from fault
        except psycopg.Error as fault:
            raise StoreFault(
                f"The database {self._shown} did not answer: {in_a_line(fault)}.", NEXT_STEP
            ) from fault


class PostgresStore(SqlFloorStore):
    """A `FloorStore` on a PostgreSQL database that is migrated already."""

    def __init__(self, address: str, *, randomness: Randomness) -> None:
        """Connects to the database the address names."""
        super().__init__(PostgresSession(address), shown=shown(address), randomness=randomness)
