"""The store of one floor on SQLite: its lease, its reads, and one durable transaction per batch.

One connection, one thread at a time (a lock sees to it). What each write does is in
`sqlite_writes`, how rows become values in `sqlite_reads`; the SQL itself stands in `queries/`.
"""

import sqlite3
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.floor_store import (
    CampaignCounts,
    DueContact,
    FloorState,
    FloorStore,
    PastAttempt,
)
from vyzov.dialer.ports import Randomness
from vyzov.dialer.writes import Batch, CommitResult
from vyzov.storage import sqlite_reads as reads
from vyzov.storage.chain import Chain, run_on
from vyzov.storage.connections import open_connection
from vyzov.storage.queries import queries
from vyzov.storage.sqlite_writes import Transaction, carry_out


class SqliteStore:
    """A `FloorStore` on a database file that is migrated already.

    The first `take_lease` binds it to its floor. `new_id` makes the ids of stop-list entries."""

    def __init__(
        self,
        path: Path | str,
        *,
        randomness: Randomness,
        connection: sqlite3.Connection | None = None,
    ) -> None:
        """Opens the file; `connection` is given where a database in memory is open already."""
        self._new_id: Callable[[], str] = randomness.new_id
        self._lock = threading.RLock()
        self._organisation = ""
        self._floor = ""
        self._epoch = 0
        self._now: datetime | None = None
        with _answering(path):
            self._connection = connection or open_connection(path)
        self._path = path

    # ---- the lease

    def take_lease(
        self, floor: str, holder: str, now: datetime, span: timedelta, *,
        address: str = "", gone: str = "",
    ) -> int | None:  # fmt: skip
        """Takes the floor until `now + span`; None while another holder's lease lasts.

        `gone` names a holder whose lease is over whatever it says."""
        with self._transaction() as connection:
            owner = connection.execute(
                queries("lease")["organisation_of_floor"], {"floor": floor}
            ).fetchone()
            if owner is None:
                raise StoreFault(
                    f"There is no floor {floor} in {self._path}.",
                    "Name a floor of this database; the first run makes one.",
                )
            values = {
                "organisation": owner["organisation_id"],
                "floor": floor,
                "holder": holder,
                "until": to_text(now + span),
                "address": address,
            }
            lease = connection.execute(queries("lease")["lease"], values).fetchone()
            name = _way_to_take(lease, holder, now, gone)
            if name is None:
                return None
            connection.execute(queries("lease")[name], values)
            epoch = connection.execute(queries("lease")["lease"], values).fetchone()["epoch"]
        self._organisation, self._floor = str(values["organisation"]), floor
        self._epoch, self._now = int(epoch), now
        return self._epoch

    def renew_lease(self, floor: str, holder: str, now: datetime, span: timedelta) -> bool:
        """Prolongs the lease; False where another holder took it."""
        with self._transaction() as connection:
            kept = connection.execute(
                queries("lease")["prolong"],
                {
                    "organisation": self._organisation,
                    "floor": floor,
                    "holder": holder,
                    "until": to_text(now + span),
                },
            ).rowcount
        self._now = now
        return kept == 1

    def release_lease(self, floor: str, holder: str, now: datetime) -> None:
        """Ends the lease now; the fence stays, so the next holder's is higher."""
        self.renew_lease(floor, holder, now, timedelta(0))

    # ---- reads

    def load_floor(self, floor: str) -> FloorState:
        """Reads the floor in one snapshot, as of the time last given to the lease."""
        if self._now is None or floor != self._floor:
            raise _no_lease(floor)
        with self._reading() as reader:
            return reads.floor_state(reader, self._now)

    def due(
        self, campaign_id: str, now: datetime, limit: int, exclude: Collection[str]
    ) -> list[DueContact]:
        """Returns contacts in calling order: due call-backs, due redials, fresh ones by row."""
        with self._reading() as reader:
            return reads.due_contacts(reader, campaign_id, now, limit, exclude)

    def next_due(self, campaign_id: str, now: datetime) -> datetime | None:
        """Returns when the next redial or call-back after `now` comes due."""
        with self._reading() as reader:
            at = reader.rows("due", "next_due", campaign=campaign_id, now=to_text(now))[0]["at"]
        return None if at is None else from_text(at)

    def contact(self, campaign_id: str, contact_id: str) -> DueContact | None:
        """Returns one contact's place in a campaign, due or not."""
        now = self._now
        if now is None:
            raise _no_lease(self._floor)
        with self._reading() as reader:
            return reads.due_contact(reader, campaign_id, contact_id, now)

    def history(self, contact_id: str, limit: int = 10) -> list[PastAttempt]:
        """Returns a contact's finished attempts in all campaigns, latest first."""
        with self._reading() as reader:
            return reads.past_attempts(reader, contact_id, limit)

    def counts(self, campaign_id: str) -> CampaignCounts:
        """Counts a campaign's contacts by state, and its attempts."""
        with self._reading() as reader:
            return reads.campaign_counts(reader, campaign_id)

    # ---- writes

    def commit(self, batch: Batch) -> CommitResult:
        """Carries a batch out in one durable transaction.

        Raises `StoreFault` where the database did not answer (nothing was written: commit it again)
        and `InvalidRequest` where the batch breaks a rule of the tables (it never will succeed)."""
        if not self._floor:
            raise _no_lease(self._floor)
        with self._transaction() as connection:
            lease = connection.execute(
                queries("lease")["lease"],
                {"organisation": self._organisation, "floor": self._floor},
            ).fetchone()
            transaction = Transaction(
                connection=connection,
                organisation=self._organisation,
                floor=self._floor,
                epoch=self._epoch,
                stale=lease is None or lease["epoch"] != self._epoch,
                new_id=self._new_id,
                chain=Chain(run_on(connection)),
            )
            for write in batch:
                carry_out(transaction, write)
            transaction.chain.settle()
        return CommitResult(
            refused=transaction.refused,
            seqs=tuple(transaction.seqs),
            stale=transaction.stale,
        )

    def close(self) -> None:
        """Closes the connection; the lease stays until it runs out or is released."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock, _answering(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Generator[reads.Reader]:
        with self._lock, _answering(self._path):
            self._connection.execute("BEGIN")
            try:
                yield reads.Reader(self._connection, self._organisation, self._floor)
            finally:
                self._connection.execute("ROLLBACK")


def open_floor_store(path: Path | str, *, randomness: Randomness) -> FloorStore:
    """Opens the store of one floor on a database file that is migrated already."""
    return SqliteStore(path, randomness=randomness)


def _way_to_take(lease: sqlite3.Row | None, holder: str, now: datetime, gone: str) -> str | None:
    if lease is None:
        return "first_lease"
    if lease["holder"] == holder:
        return "prolong"
    over = lease["lease_until"] <= to_text(now) or lease["holder"] == gone
    return "take_over" if over else None


def _no_lease(floor: str) -> StoreFault:
    return StoreFault(
        f"The store was asked for floor '{floor}' without its lease.",
        "Take the lease first; it says which floor the store serves.",
    )


@contextmanager
def _answering(path: Path | str) -> Generator[None]:
    """Turns the driver's errors into ours."""
    try:
        yield
    except sqlite3.IntegrityError as fault:
        raise InvalidRequest(
            f"The batch breaks a rule of the tables in {path}: {fault}.",
            "This is a defect of Vyzov: report it with the batch; nothing of it was written.",
        ) from fault
    except sqlite3.Error as fault:
        raise StoreFault(
            f"The database {path} did not answer: {fault}.",
            "See that the disk has room and that no other program holds the file.",
        ) from fault
