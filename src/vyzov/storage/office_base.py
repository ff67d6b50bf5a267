"""What all office topics stand on: two pools (one that cannot write), a clock, ids, and our
errors.

On PostgreSQL the office's writers take turns as they do on SQLite (`connections`), so that a look
and the write that follows it are one; floors are not in that queue. Each method of a topic opens
one of the two for as long as it needs and no longer: while a writer works, every floor of an SQLite
database waits for it.
"""

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Self

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from vyzov.core.chain import Stream
from vyzov.core.errors import DiskFull, InvalidRequest, StoreFault
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.dialer.audit_records import Actor, AuditAction
from vyzov.dialer.ports import Clock, Json, Randomness
from vyzov.storage import tables as t
from vyzov.storage.address import Address, shown
from vyzov.storage.audit import OPTION, Change, Watch, watch_engine
from vyzov.storage.chain import ORGANISATION_STREAM, append_facts
from vyzov.storage.connections import engine_of, open_engine
from vyzov.storage.office_asks import asks_on
from vyzov.storage.office_journal import StopJournal
from vyzov.storage.room import no_room
from vyzov.storage.session import Clash, run_steps
from vyzov.storage.tables_access import audit_entry
from vyzov.storage.values import json_text


class OfficeBase:
    """The connections and ports that the topics of the office share; safe to use from any
    thread."""

    def __init__(
        self,
        path: Address,
        *,
        clock: Clock,
        randomness: Randomness,
        clock_id: str = "office",
        connection: sqlite3.Connection | None = None,
    ) -> None:
        """Opens a database that is migrated already.

        `clock_id` names this process's monotonic clock in facts; `connection` is given where a
        database in memory is open already (then from one thread only)."""
        self._shown = shown(path)
        self._clock = clock
        self._randomness = randomness
        self._clock_id = clock_id
        self._stops: StopJournal | None = None
        self._actor = Actor()
        if connection is None:
            self._writer = open_engine(path, writes=True)
            self._reader = open_engine(path, writes=False)
        else:
            self._writer = self._reader = engine_of(connection)
        watch_engine(self._writer)

    def acting(self, actor: Actor) -> Self:
        """Returns the same store, over the same connections, with its changes put down to
        somebody."""
        other = copy(self)
        other._actor = actor  # noqa: SLF001 - a copy of this very object
        return other

    def close(self) -> None:
        """Closes all connections; a method called after that opens new ones."""
        self._writer.dispose()
        self._reader.dispose()

    def keep_stops(self, journal: StopJournal) -> None:
        """Notes entries of the stop-list in a journal from here on."""
        self._stops = journal

    def _note_stop(self, organisation: str, number_ref: str, reason: str, source: str) -> None:
        """Notes an entry that is committed."""
        if self._stops is not None:
            self._stops.note(organisation, number_ref, reason, source)

    def _new_id(self) -> str:
        return self._randomness.new_id()

    def _now(self) -> datetime:
        return self._clock.utc()

    def _now_text(self) -> str:
        return to_text(self._clock.utc())

    @contextmanager
    def _reading(self) -> Generator[sa.Connection]:
        with self._answering(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self, *, audited: bool = True) -> Generator[sa.Connection]:
        """Opens a transaction that writes; what it changes is put down in the log of changes.

        `audited` is off where rows come by the thousand, or hold what must not be kept twice."""
        with self._answering(), self._writer.begin() as connection:
            if not audited:
                yield connection
                return
            watch = Watch(connection)
            connection.execution_options(**{OPTION: watch})
            yield connection
            for change in watch.changes():
                self._note_change(connection, change)

    def _note_change(self, connection: sa.Connection, change: Change) -> None:
        """Puts a change down, in the transaction that makes it."""
        connection.execute(
            audit_entry.insert().values(
                id=self._new_id(),
                organisation_id=change.organisation,
                at=self._now_text(),
                changed_by=self._actor.user,
                token_id=self._actor.token,
                action=change.action.value,
                kind=change.kind,
                object_id=change.object_id,
                before=json_text(dict(change.before)),
                after=json_text(dict(change.after)),
            )
        )

    def _note_act(
        self, connection: sa.Connection, organisation: str, action: AuditAction, kind: str, one: str
    ) -> None:
        """Puts down that something was done to an object, where no field may be told."""
        self._note_change(connection, Change(organisation, kind, one, action, {}, {}))

    @contextmanager
    def _answering(self) -> Generator[None]:
        try:
            yield
        except (IntegrityError, DataError) as fault:
            raise InvalidRequest(
                f"The database refused the change: {fault.orig}.",
                "Look at what the change refers to: it is not there, or there is one already.",
            ) from fault
        except (SQLAlchemyError, sqlite3.Error) as fault:
            if no_room(fault):
                raise DiskFull(
                    f"There is no room left for the database {self._shown}.",
                    "Make some on its disk, then try again; nothing was written.",
                ) from fault
            raise StoreFault(
                f"The database {self._shown} did not answer: {getattr(fault, 'orig', None) or fault}.",
                "See that it runs, that its disk has room and that nobody else holds it.",
            ) from fault

    def _hold_reservations(self, connection: sa.Connection, organisation: str) -> None:
        """Waits until no floor of the organisation is about to commit a reservation, and lets none
        begin before this transaction ends.

        To be called before the stop-list is written; a reservation that is committed later has
        seen the entry. Where writers queue anyway it does nothing."""
        connection.execute(
            sa.select(t.organisation.c.id)
            .where(t.organisation.c.id == organisation)
            .with_for_update(key_share=True)
        )

    def _tell(
        self,
        connection: sa.Connection,
        organisation: str,
        kind: FactKind,
        dedupe: str,
        data: Mapping[str, object],
        *,
        campaign: str | None = None,
    ) -> None:
        """Appends a fact to the organisation's stream, in the transaction of what it tells."""
        fact = Fact(
            kind=kind,
            at=self._clock.utc(),
            clock_id=self._clock_id,
            monotonic_ns=int(self._clock.monotonic() * 1e9),
            dedupe=dedupe,
            campaign=campaign,
            data=_as_json(data),
        )
        append_fact(connection, organisation, fact)


def _as_json(data: Mapping[str, object]) -> Json:
    return dict(data)


def append_fact(connection: sa.Connection, organisation: str, fact: Fact) -> None:
    """Writes a fact into the organisation's stream; one with a known dedupe is skipped."""
    stream = Stream(organisation, ORGANISATION_STREAM, 0)
    steps = append_facts([(stream, fact)], drawn=connection.dialect.name != "sqlite")
    try:
        run_steps(asks_on(connection), steps)
    except Clash as clash:
        raise StoreFault(f"The fact was not written: {clash}.", "Try again.") from clash
