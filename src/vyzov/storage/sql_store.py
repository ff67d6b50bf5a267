"""The store of one floor on SQL: its lease, its reads, and one durable transaction per batch.

The same for every database: what differs is behind `session`. What each write does is in
`floor_writes`, how rows become values in `floor_reads`; the SQL itself stands in `queries/`.

Several processes may write one database, of which only the holder of a floor's lease writes that
floor. Where writers do not simply queue (SQLite's do), the races are closed by locks taken before
anything is looked at: the lease, so that a floor has one writer at a time; the organisation, shared
by reservations and had alone by emergency stops and the stop-list, so that an entry committed before
a reservation is seen by it; the campaign, its entries and phones, so that what a reservation looked
at still holds when it is committed.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from vyzov.core.errors import StoreFault
from vyzov.core.instants import to_text
from vyzov.core.lookahead import Hours
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import CampaignCounts, DueContact, FloorState, PastAttempt
from vyzov.dialer.journal import Kept, Life
from vyzov.dialer.ports import Randomness
from vyzov.storage import floor_reads as reads
from vyzov.storage.floor_writes import Transaction, carry_out
from vyzov.storage.journal_apply import apply_kept
from vyzov.storage.lookahead import LookAhead, Openings
from vyzov.storage.session import Ask, Result, Row, Session, Steps, run_steps, write


class SqlFloorStore:
    """A `FloorStore` on a database that is migrated already.

    The first `take_lease` binds it to its floor. `new_id` makes the ids of stop-list entries."""

    def __init__(self, session: Session, *, shown: str, randomness: Randomness) -> None:
        """Works on a session of its own; `shown` is the database's address for messages."""
        self._session = session
        self._shown = shown
        self._new_id: Callable[[], str] = randomness.new_id
        self._lock = threading.RLock()
        self._organisation = ""
        self._floor = ""
        self._epoch = 0
        self._now: datetime | None = None
        self._openings = Openings()

    # ---- the lease

    def take_lease(
        self, floor: str, holder: str, now: datetime, span: timedelta, *,
        address: str = "", gone: str = "",
    ) -> int | None:  # fmt: skip
        """Takes the floor until `now + span`; None while another holder's lease lasts.

        `gone` names a holder whose lease is over whatever it says."""
        values: dict[str, object] = {
            "floor": floor,
            "holder": holder,
            "until": to_text(now + span),
            "address": address,
        }

        def take() -> int | None:
            run = self._session.run
            owner = run("lease", "organisation_of_floor", {"floor": floor}).fetchone()
            if owner is None:
                raise StoreFault(
                    f"There is no floor {floor} in {self._shown}.",
                    "Name a floor of this database; the first run makes one.",
                )
            values["organisation"] = owner["organisation_id"]
            lease = run("lease", "lease", values).fetchone()
            if _way_to_take(lease, holder, now, gone) == "take_over":
                self._session.end_sleepers(session_name(floor, lease["holder"]))
            self._session.hold("floor", values)
            # A holder that prolongs its lease at this moment is waited for, not passed over.
            self._session.hold("lease", values)
            lease = run("lease", "lease", values).fetchone()
            name = _way_to_take(lease, holder, now, gone)
            if name is None:
                return None
            run("lease", name, values)
            return int(run("lease", "lease", values).fetchone()["epoch"])

        epoch = self._write(take)
        if epoch is not None:
            self._organisation, self._floor = str(values["organisation"]), floor
            self._epoch, self._now = epoch, now
            self._session.known_as(session_name(floor, holder))
        return epoch

    def renew_lease(self, floor: str, holder: str, now: datetime, span: timedelta) -> bool:
        """Prolongs the lease; False where another holder took it."""
        values = {
            "organisation": self._organisation,
            "floor": floor,
            "holder": holder,
            "until": to_text(now + span),
        }
        kept = self._write(lambda: self._session.run("lease", "prolong", values).rowcount)
        self._now = now
        return kept == 1

    def release_lease(self, floor: str, holder: str, now: datetime) -> None:
        """Ends the lease now; the fence stays, so the next holder's is higher."""
        self.renew_lease(floor, holder, now, timedelta(0))

    # ---- reads

    def load_floor(self, floor: str, *, since: datetime | None = None) -> FloorState:
        """Reads the floor in one snapshot, as of the time last given to the lease."""
        if self._now is None or floor != self._floor:
            raise _no_lease(floor)
        with self._reading() as reader:
            return reads.floor_state(reader, self._now, since)

    def due(
        self, campaign_id: str, now: datetime, limit: int, exclude: Collection[str],
        hours: Hours | None = None,
    ) -> list[DueContact]:  # fmt: skip
        """Returns contacts in calling order: due call-backs, due redials, fresh ones by row."""
        with self._reading() as reader:
            ahead = LookAhead(reader, campaign_id, now, hours, self._openings)
            return reads.due_contacts(reader, ahead, limit, exclude)

    def next_due(
        self, campaign_id: str, now: datetime, hours: Hours | None = None
    ) -> datetime | None:
        """Returns when the next contact who waits for an hour, or for its zones, comes due."""
        with self._reading() as reader:
            return LookAhead(reader, campaign_id, now, hours, self._openings).next_due()

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

    def counts(self, campaign_id: str, now: datetime, hours: Hours | None = None) -> CampaignCounts:
        """Reads how many contacts of a campaign are in each state, and its attempts."""
        with self._reading() as reader:
            return LookAhead(reader, campaign_id, now, hours, self._openings).counts()

    # ---- writes

    def commit(self, batch: w.Batch) -> w.CommitResult:
        """Carries a batch out in one durable transaction.

        Raises `StoreFault` where the database did not answer (commit it again: what was written
        all the same is not written twice) and `InvalidRequest` where the batch breaks a rule of
        the tables (it never will succeed)."""
        if not self._floor:
            raise _no_lease(self._floor)
        return self._write(lambda: run_steps(self._session.run_all, self._steps(batch)))

    def apply(self, life: Life, kept: Sequence[Kept], *, restored: bool = False) -> int:
        """Writes what the database lacks of a life's journal; returns how many batches that was.

        Raises as `commit` does; see `journal_apply`."""
        writes = tuple(write for one in kept for write in one.writes)

        def work() -> int:
            if self._session.draw_seqs is not None:
                asked = _what_is_looked_at(life.organisation, writes)
                self._session.run_all(asked)
            return apply_kept(self._session, self._new_id, life, kept, restored=restored)

        return self._write(work)

    def close(self) -> None:
        """Closes the connection; the lease stays until it runs out or is released."""
        with self._lock:
            self._session.close()

    def _steps(self, batch: w.Batch) -> Steps[w.CommitResult]:
        named = {"organisation": self._organisation, "floor": self._floor}
        shared = self._session.draw_seqs is not None
        # All of it on one way: locks in one order for all floors, the lease's before any look.
        locks = [Ask("locks", "lease", named)] if shared else []
        looks = [Ask("lease", "lease", named)]
        place = batch[-1] if batch else None
        if isinstance(place, w.Journalled):
            values = {"organisation": self._organisation, "life": place.life}
            looks.append(Ask("journal", "mark", values))
        more = _what_is_looked_at(self._organisation, batch) if shared else ()
        told = (yield [*locks, *looks, *more])[len(locks) :]
        lease = told[0].first
        stale = lease is None or lease["epoch"] != self._epoch
        if isinstance(place, w.Journalled):
            mark = told[1].first
            if mark is not None and mark["place"] >= place.place:
                # Its answer was lost, or the journal brought it here meanwhile.
                return w.CommitResult(stale=stale)
        transaction = Transaction(
            organisation=self._organisation,
            floor=self._floor,
            epoch=self._epoch,
            stale=stale,
            shared=shared,
            new_id=self._new_id,
        )
        yield from carry_out(transaction, batch)
        yield from transaction.settle()
        return w.CommitResult(
            refused=transaction.refused, seqs=transaction.seqs, stale=transaction.stale
        )

    def _write(self, work: Callable[[], Result]) -> Result:
        with self._lock:
            return write(self._session, work)

    @contextmanager
    def _reading(self) -> Generator[reads.Reader]:
        with self._lock, self._session.reading():
            yield reads.Reader(self._session, self._organisation, self._floor)


def _what_is_looked_at(organisation: str, batch: w.Batch) -> list[Ask]:
    """Returns the locks a batch needs, in one order for all floors."""
    reserves = [one for one in batch if isinstance(one, w.Reserve)]
    found: list[Ask] = []

    def hold(name: str, **values: object) -> None:
        found.append(Ask("locks", name, {"organisation": organisation, **values}))

    if any(isinstance(one, w.AddStop | w.SetEmergencyStop) for one in batch):
        hold("organisation_alone")
    elif reserves:
        hold("organisation_shared")
    led = {one.campaign for one in batch if isinstance(one, w.SetCampaignState)}
    if led:
        hold("campaigns_alone", campaigns=sorted(led))
    called = {one.campaign for one in reserves} - led
    if called:
        hold("campaigns_shared", campaigns=sorted(called))
    if reserves:
        hold(
            "entries",
            campaigns=[one.campaign for one in reserves],
            contacts=[one.contact for one in reserves],
        )
        hold("phones", phones=[one.phone for one in reserves])
    return found


def _way_to_take(lease: Row | None, holder: str, now: datetime, gone: str) -> str | None:
    if lease is None:
        return "first_lease"
    if lease["holder"] == holder:
        return "prolong"
    over = lease["lease_until"] <= to_text(now) or lease["holder"] == gone
    return "take_over" if over else None


def session_name(floor: str, holder: str) -> str:
    """What the server knows a holder's session for a floor as; names there are 63 bytes at most."""
    told = hashlib.sha256(f"{floor}/{holder}".encode()).hexdigest()
    return f"vyzov floor {told[:32]}"


def _no_lease(floor: str) -> StoreFault:
    return StoreFault(
        f"The store was asked for floor '{floor}' without its lease.",
        "Take the lease first; it says which floor the store serves.",
    )
