"""A small organisation with a list and a running campaign, for the tests of stores."""

import itertools
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.office_records import CampaignRecord, ImportedRow, ImportPhone, RowVerdict
from vyzov.dialer.office_store import OfficeStore
from vyzov.storage.address import Address
from vyzov.storage.connections import open_engine

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SPAN = timedelta(seconds=6)
SALT = "5a" * 32
MOSCOW = ("Europe/Moscow",)


class TestClock:
    """A clock that stands still until it is told to go on."""

    __test__ = False

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def utc(self) -> datetime:
        return self.now

    def go_on(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


class CountedDice:
    """Ids that grow one by one, shaped as UUIDv7; `stream` keeps the ids of processes apart."""

    def __init__(self, stream: int = 0, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._stream = stream

    def new_id(self) -> str:
        number = next(self._numbers)
        return str(uuid.UUID(int=number << 80 | 0x7 << 76 | 0x2 << 62 | self._stream))

    def dice(self) -> float:
        return 0.5


def row(number: int, *phones: str, name: str = "", **fields: str) -> ImportedRow:
    """One good row of a list; without a number given, one of the fictional range by row."""
    given = phones or (f"+7000555{number:04d}",)
    return ImportedRow(
        row=number,
        verdict=RowVerdict.OK,
        raw=(name, *given),
        name=name or f"Клиент {number}",
        language="ru",
        fields=fields,
        phones=tuple(ImportPhone(phone, "RU", MOSCOW) for phone in given),
    )


@dataclass
class House:
    """Everything a test of a store needs: two doors to one database, and its first ids."""

    address: Address
    office: OfficeStore
    clock: TestClock
    dice: CountedDice
    organisation: str
    floor: str
    administrator: str
    open_store: Callable[[], FloorStore]
    dump: Callable[[], str]
    opened: list[FloorStore] = field(default_factory=list)

    def store(self, holder: str = "first", at: datetime | None = None) -> FloorStore:
        """Opens a store that holds the floor's lease."""
        store = self.another_store()
        assert store.take_lease(self.floor, holder, at or self.clock.now, SPAN) is not None
        return store

    def another_store(self) -> FloorStore:
        store = self.open_store()
        self.opened.append(store)
        return store

    def close(self) -> None:
        for store in self.opened:
            store.close()
        self.office.close()  # type: ignore[attr-defined]

    @property
    def path(self) -> Path:
        """The file of a house on SQLite."""
        assert isinstance(self.address, Path)
        return self.address

    def change(self, sql: str) -> None:
        """Changes one row behind the store's back."""
        engine = open_engine(self.address, writes=True)
        with engine.begin() as connection:
            assert connection.exec_driver_sql(sql).rowcount == 1
        engine.dispose()

    def list_of(self, rows: Iterable[ImportedRow], name: str = "Clients") -> str:
        return self.office.import_list(
            self.organisation, name=name, file_name="clients.csv", file_sha256="00", rows=rows
        ).id

    def campaign(
        self,
        rows: Iterable[ImportedRow] | None = None,
        *,
        state: str = "running",
        list_id: str | None = None,
    ) -> CampaignRecord:
        """Makes a campaign of five people (or of the rows given)."""
        if list_id is None:
            list_id = self.list_of([row(n) for n in range(2, 7)] if rows is None else rows)
        made = self.office.create_campaign(
            self.organisation,
            name="Renewal",
            settings={"mode": "progressive", "purpose": "service"},
            list_id=list_id,
        )
        self.office.set_campaign_state(self.organisation, made.id, state)
        return made

    def reserve(
        self, due: DueContact, *, attempt: str | None = None, fence: int = 1, **other: object
    ) -> w.Reserve:
        """A reservation for a due contact, as a floor would write it."""
        attempt = attempt or self.dice.new_id()
        made = w.Reserve(
            attempt=attempt,
            campaign=due.campaign,
            contact=due.contact,
            phone=due.phone,
            number_ref=due.number_ref,
            number=due.attempts_made + 1,
            fence=fence,
            floor=self.floor,
            lease_until=self.clock.now + SPAN,
            campaign_version=1,
            rule_version="2026-11",
            verdict={"allowed": True},
            trunk="trunk-1",
            caller_id="+70005559999",
            call_id=f"{attempt}@vyzov",
            at=self.clock.now,
        )
        return replace(made, **other)  # type: ignore[arg-type]

    def in_call(self, due: DueContact, attempt: str) -> w.SetEntry:
        return w.SetEntry(
            campaign=due.campaign,
            contact=due.contact,
            state="in_call",
            next_due=None,
            attempts_made=due.attempts_made + 1,
            attempt=attempt,
        )

    def fact(
        self, attempt: str | None, kind: FactKind = FactKind.ATTEMPT_RESERVED, **other: object
    ) -> w.AppendFact:
        made = Fact(
            kind=kind,
            at=self.clock.now,
            clock_id="boot:1",
            monotonic_ns=1,
            attempt=attempt,
            dedupe=f"{attempt}:{kind}",
        )
        return w.AppendFact(replace(made, **other))  # type: ignore[arg-type]

    def finish(self, attempt: str, outcome: str = "no_answer", **other: object) -> w.FinishAttempt:
        made = w.FinishAttempt(attempt=attempt, state="final", outcome=outcome, at=self.clock.now)
        return replace(made, **other)  # type: ignore[arg-type]

    def due(self, store: FloorStore, campaign: str, limit: int = 50) -> list[DueContact]:
        return store.due(campaign, self.clock.now, limit, frozenset())

    def refusal(self, store: FloorStore, reserve: w.Reserve) -> w.ReserveRefusal | None:
        """Commits one reservation and returns why it was refused."""
        return store.commit((reserve,)).refused.get(reserve.attempt)
