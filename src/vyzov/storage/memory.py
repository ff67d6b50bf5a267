"""A floor's store that answers from memory and tells its database later: for made-up days only.

Usual batches are carried out on rows in memory and kept; before anybody looks into the database they
are written there in order, by the store for SQL, and what it says must be what memory said. Whatever
is not usual - a refusal, a lease that was lost, a change of settings - goes to SQL at once, and the
rows are read anew. Nothing is durable before it is written: no process that dials may use it.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from vyzov.core.instants import to_text
from vyzov.core.lookahead import Hours
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import CampaignCounts, DueContact, FloorState, PastAttempt
from vyzov.dialer.journal import Kept, Life
from vyzov.dialer.ports import Randomness
from vyzov.storage.lookahead import LookAhead, Openings
from vyzov.storage.memory_rows import Rows
from vyzov.storage.sqlite import SqliteSession, SqliteStore

KEPT_MAX = 1_000_000
"""Batches kept in memory; one more writes them all."""


class MemoryDatabase:
    """A database and what its stores have in memory of it.

    Whoever else reads or writes the database calls `write_back` before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Holds nothing yet; the connection stays its owner's."""
        self.connection = connection
        self.session = SqliteSession(":memory:", connection)
        self.was_usual = 0
        self._rows: tuple[str, Rows] | None = None
        self._kept: deque[Callable[[], None]] = deque()
        self._changes = 0
        self._writes = False

    def rows(self, organisation: str) -> Rows:
        """The rows of an organisation, read anew where somebody else has written."""
        if self._rows is not None and self.connection.total_changes != self._changes:
            self.write_back()
            self._rows = None
        if self._rows is None or self._rows[0] != organisation:
            self.write_back()
            self._rows = organisation, Rows(self.session, organisation)
            self._changes = self.connection.total_changes
        return self._rows[1]

    def keep(self, write: Callable[[], None]) -> None:
        """Keeps what is to be written later, in order."""
        self._kept.append(write)
        if len(self._kept) > KEPT_MAX:
            self.write_back()

    def write_back(self) -> None:
        """Writes everything kept; does nothing where nothing is."""
        if self._writes or not self._kept:
            return
        self._writes = True
        foreign = self.connection.total_changes != self._changes
        try:
            while self._kept:
                self._kept[0]()
                self._kept.popleft()
        finally:
            self._writes = False
        if not foreign:
            self._changes = self.connection.total_changes

    def forget(self) -> None:
        """Has the rows read anew."""
        self._rows = None


class _Drawn:
    """Ids that were drawn when a batch was committed, for when it is written."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self.ids: deque[str] = deque()

    def new_id(self) -> str:
        return self.ids.popleft() if self.ids else self._randomness.new_id()

    def dice(self) -> float:
        return self._randomness.dice()


class MemoryStore:
    """A `FloorStore` over a `MemoryDatabase`."""

    def __init__(self, database: MemoryDatabase, *, randomness: Randomness) -> None:
        """`randomness` makes the ids of stop-list entries."""
        self._database = database
        self._dice = _Drawn(randomness)
        self._sql = SqliteStore(
            ":memory:", randomness=self._dice, connection=database.connection
        )  # fmt: skip
        self._organisation = self._floor = ""
        self._epoch = 0
        self._now: datetime | None = None
        self._openings = Openings()
        self._looked: tuple[Rows, int, LookAhead] | None = None

    # ---- the lease

    def take_lease(
        self, floor: str, holder: str, now: datetime, span: timedelta, *,
        address: str = "", gone: str = "",
    ) -> int | None:  # fmt: skip
        """Takes the floor until `now + span`; None while another holder's lease lasts."""
        self._settle()
        epoch = self._sql.take_lease(floor, holder, now, span, address=address, gone=gone)
        if epoch is not None:
            owner = self._database.session.run("lease", "organisation_of_floor", {"floor": floor})
            self._organisation, self._floor = owner.fetchone()["organisation_id"], floor
            self._epoch, self._now = epoch, now
        return epoch

    def renew_lease(self, floor: str, holder: str, now: datetime, span: timedelta) -> bool:
        """Prolongs the lease; False where another holder took it."""
        found = self._rows()
        lease = found.leases.get(floor) if found is not None and floor == self._floor else None
        if found is None or lease is None or lease[1] != holder:
            self._settle()
            return self._sql.renew_lease(floor, holder, now, span)
        found.leases[floor] = lease[0], holder, to_text(now + span)
        self._now = now
        self._database.keep(lambda: self._prolong(floor, holder, now, span))
        return True

    def _prolong(self, floor: str, holder: str, now: datetime, span: timedelta) -> None:
        kept = self._sql.renew_lease(floor, holder, now, span)
        assert kept, f"the database knows another holder of {floor} than {holder}"

    def release_lease(self, floor: str, holder: str, now: datetime) -> None:
        """Ends the lease now; the fence stays, so the next holder's is higher."""
        self._settle()
        self._sql.release_lease(floor, holder, now)

    # ---- reads

    def load_floor(self, floor: str, *, since: datetime | None = None) -> FloorState:
        """Reads the floor from its database, as of the time last given to the lease."""
        self._database.write_back()
        return self._sql.load_floor(floor, since=since)

    def due(
        self, campaign_id: str, now: datetime, limit: int, exclude: Collection[str],
        hours: Hours | None = None,
    ) -> list[DueContact]:  # fmt: skip
        """Returns contacts in calling order: due call-backs, due redials, fresh ones by row."""
        rows = self._rows()
        if rows is None:
            return self._sql.due(campaign_id, now, limit, exclude, hours)
        return rows.due(self._ahead(rows, campaign_id, now, hours), limit, exclude)

    def next_due(
        self, campaign_id: str, now: datetime, hours: Hours | None = None
    ) -> datetime | None:
        """Returns when the next contact who waits for an hour, or for its zones, comes due."""
        rows = self._rows()
        if rows is None:
            return self._sql.next_due(campaign_id, now, hours)
        return self._ahead(rows, campaign_id, now, hours).next_due()

    def contact(self, campaign_id: str, contact_id: str) -> DueContact | None:
        """Returns one contact's place in a campaign, due or not."""
        rows = self._rows()
        if rows is None or self._now is None:
            return self._sql.contact(campaign_id, contact_id)
        return rows.contact(campaign_id, contact_id, self._now)

    def history(self, contact_id: str, limit: int = 10) -> list[PastAttempt]:
        """Returns a contact's finished attempts in all campaigns, latest first."""
        rows = self._rows()
        return (
            self._sql.history(contact_id, limit) if rows is None else rows.past(contact_id, limit)
        )

    def counts(self, campaign_id: str, now: datetime, hours: Hours | None = None) -> CampaignCounts:
        """Reads how many contacts of a campaign are in each state, and its attempts."""
        rows = self._rows()
        if rows is None:
            return self._sql.counts(campaign_id, now, hours)
        return self._ahead(rows, campaign_id, now, hours).counts()

    def _ahead(self, rows: Rows, campaign: str, now: datetime, hours: Hours | None) -> LookAhead:
        """Who is next, when, and how many are asked one after the other: it is one look."""
        found = self._looked
        if found is not None and found[0] is rows and found[1] == rows.turn:
            ahead = found[2]
            if (ahead.campaign, ahead.now, ahead.hours) == (campaign, now, hours):
                return ahead
        ahead = LookAhead(rows, campaign, now, hours, self._openings)
        self._looked = rows, rows.turn, ahead
        return ahead

    # ---- writes

    def commit(self, batch: w.Batch) -> w.CommitResult:
        """Carries a batch out, in memory where it is a usual one; raises as `SqlFloorStore` does."""
        rows = self._rows()
        lease = rows.leases.get(self._floor) if rows is not None else None
        if rows is None or lease is None or lease[0] != self._epoch:
            return self._by_sql(batch)
        place = batch[-1] if batch else None
        if isinstance(place, w.Journalled) and rows.marks.get(place.life, -1) >= place.place:
            # Its answer was lost, or the journal brought it here meanwhile.
            return w.CommitResult()
        if not rows.is_usual(batch, self._floor):
            return self._by_sql(batch)
        result = w.CommitResult(seqs=rows.carry_out(batch))
        ids = [self._dice.new_id() for one in batch if type(one) is w.AddStop]
        self._database.was_usual += 1
        self._database.keep(lambda: self._write(batch, result, ids))
        return result

    def _write(self, batch: w.Batch, told: w.CommitResult, ids: Sequence[str]) -> None:
        self._dice.ids.extend(ids)
        written = self._sql.commit(batch)
        assert written == told, f"memory said {told} of a batch, the database {written}: {batch}"

    def _by_sql(self, batch: w.Batch) -> w.CommitResult:
        self._settle()
        return self._sql.commit(batch)

    def apply(self, life: Life, kept: Sequence[Kept], *, restored: bool = False) -> int:
        """Writes what the database lacks of a life's journal; returns how many batches that was."""
        self._settle()
        return self._sql.apply(life, kept, restored=restored)

    def close(self) -> None:
        """Writes what is kept; the connection stays its owner's."""
        self._database.write_back()

    def _rows(self) -> Rows | None:
        """The rows in memory; None where the database itself has to be asked."""
        if not self._floor:
            return None
        rows = self._database.rows(self._organisation)
        if rows.is_simple:
            return rows
        self._database.write_back()
        return None

    def _settle(self) -> None:
        """Writes what is kept, and has the rows read anew after what is about to be written."""
        self._database.write_back()
        self._database.forget()
