"""The stores under contract; another database is another name in `ADAPTERS`.

A database is migrated once, because that costs a tenth of a second: each test on SQLite gets a copy
of the file, and each on PostgreSQL the one database, emptied to what it held at first. PostgreSQL is
a server of one's own that lives for the run of the tests; where the machine has none its tests are
skipped, and fail where CI says so.

The store in memory stands on a file of its own, so that the office and everybody else sees what it has
written back; it is under the tests that are about the floor's store, and no others.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from contract_house import SALT, CountedDice, House, TestClock

from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.storage.address import Address
from vyzov.storage.connections import open_connection, open_engine
from vyzov.storage.database import open_floor_store
from vyzov.storage.first_run import FirstRun, first_run
from vyzov.storage.memory import MemoryDatabase, MemoryStore
from vyzov.storage.office import SqlOffice
from vyzov.storage.tables import metadata

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))

from postgres_server import NoPostgres, Server, start_postgres

ADAPTERS = ("sqlite", "postgresql", "memory")
OF_THE_FLOORS_STORE = (
    "test_store.py", "test_store_chain.py", "test_store_consent.py", "test_store_hopper.py",
    "test_store_journal.py", "test_store_model.py", "test_store_reserve.py", "test_store_trunks.py",
)  # fmt: skip
LOOKS_BY_ITSELF = "test_a_floor_notes_where_its_streams_stand_and_only_what_moved"
"""It reads a database whose address it was given once: one that works in memory has to be asked."""

OpenHouse = Callable[[], House]


def fill(address: Address) -> FirstRun:
    """Makes a new database with one organisation in it."""
    made = first_run(
        address,
        clock=TestClock(),
        randomness=CountedDice(stream=99),
        number_salt=SALT,
        organisation="Ромашка",
        login="admin",
        name="Admin",
        password_hash="$argon2id$",
    )
    assert made is not None
    return made


def house_at(address: Address, made: FirstRun, dump: Callable[[], str]) -> House:
    """Opens the two doors to a database that is filled already."""
    clock, dice = TestClock(), CountedDice(first=1_000)
    return House(
        address=address,
        office=SqlOffice(address, clock=clock, randomness=dice),
        clock=clock,
        dice=dice,
        organisation=made.organisation,
        floor=made.floor,
        administrator=made.administrator,
        open_store=lambda: open_floor_store(address, randomness=dice),
        dump=dump,
    )


# ---- SQLite --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FirstRun]:
    path = tmp_path_factory.mktemp("template") / "vyzov.db"
    return path, fill(path)


@pytest.fixture
def open_sqlite(tmp_path: Path, sqlite_template: tuple[Path, FirstRun]) -> Iterator[OpenHouse]:
    source, made = sqlite_template
    opened: list[House] = []

    def dump(path: Path) -> str:
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join(connection.iterdump())

    def open_house() -> House:
        path = tmp_path / ("vyzov.db" if not opened else f"vyzov-{len(opened)}.db")
        shutil.copyfile(source, path)
        opened.append(house_at(path, made, lambda: dump(path)))
        return opened[-1]

    yield open_house
    for house in opened:
        house.close()


# ---- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of one's own. It may lose what it holds in a power cut, which these tests are not
    about."""
    try:
        server = start_postgres(tmp_path_factory.mktemp("postgres"), fsync=False)
    except NoPostgres as none:
        if os.environ.get("CI") == "true":
            pytest.fail(str(none))
        pytest.skip(str(none))
    yield server
    server.remove()


@dataclass(frozen=True)
class PostgresTemplate:
    """What a new database holds, so that a used one can be made like it again."""

    server: Server
    made: FirstRun
    rows: dict[str, list[dict[str, Any]]]

    def restore(self) -> None:
        tables = metadata.sorted_tables
        engine = open_engine(self.server.url, writes=True)
        with engine.begin() as connection:
            for table in reversed(tables):
                connection.execute(table.delete())
            for table in tables:
                if self.rows[table.name]:
                    connection.execute(table.insert(), self.rows[table.name])
            connection.exec_driver_sql("ALTER SEQUENCE fact_seq_seq RESTART")
        engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> PostgresTemplate:
    made = fill(postgres.url)
    return PostgresTemplate(postgres, made, rows_of(postgres.url))


def rows_of(address: str) -> dict[str, list[dict[str, Any]]]:
    """Everything a query can reach."""
    engine = open_engine(address, writes=False)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


@pytest.fixture
def open_postgres(postgres_template: PostgresTemplate) -> Iterator[OpenHouse]:
    opened: list[House] = []

    def open_house() -> House:
        for house in opened:
            house.close()
        postgres_template.restore()
        address = postgres_template.server.url
        opened.append(house_at(address, postgres_template.made, lambda: str(rows_of(address))))
        return opened[-1]

    yield open_house
    for house in opened:
        house.close()


# ---- memory --------------------------------------------------------------------------------------


class MemoryHouse(House):
    """A house whose floor works in memory: whoever goes to the database finds all of it there."""

    database: MemoryDatabase | None = None

    def __getattribute__(self, name: str) -> Any:
        if name in ("address", "office", "change", "dump"):
            database = super().__getattribute__("database")
            if database is not None:
                database.write_back()
                database.forget()
        return super().__getattribute__(name)


@pytest.fixture
def open_memory(open_sqlite: OpenHouse) -> Iterator[OpenHouse]:
    opened: list[MemoryHouse] = []

    def open_house() -> House:
        plain = open_sqlite()
        house = MemoryHouse(**{one.name: getattr(plain, one.name) for one in fields(plain)})
        database = house.database = MemoryDatabase(open_connection(house.path))
        house.open_store = lambda: MemoryStore(database, randomness=house.dice)
        opened.append(house)
        return house

    yield open_house
    for house in opened:
        house.close()
        assert house.database is not None
        house.database.connection.close()


# ---- either --------------------------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the store in memory out of the tests that are about other things."""
    out = [
        one
        for one in items
        if ("[memory" in one.name or "-memory" in one.name)
        and (one.path.name not in OF_THE_FLOORS_STORE or LOOKS_BY_ITSELF in one.name)
    ]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [one for one in items if one not in out]


@pytest.fixture(params=ADAPTERS)
def open_house(request: pytest.FixtureRequest) -> OpenHouse:
    """Opens one house after the other, each on a new database, on each adapter in turn."""
    name = "open_postgres" if request.param == "postgresql" else f"open_{request.param}"
    found: OpenHouse = request.getfixturevalue(name)
    return found


@pytest.fixture
def house(open_house: OpenHouse) -> House:
    return open_house()


@pytest.fixture
def sqlite_house(open_sqlite: OpenHouse) -> House:
    """A house whose address is a file."""
    return open_sqlite()


@pytest.fixture
def postgres_house(open_postgres: OpenHouse) -> House:
    return open_postgres()


@pytest.fixture
def store(house: House) -> FloorStore:
    return house.store()


@pytest.fixture
def due(house: House, store: FloorStore) -> list[DueContact]:
    return house.due(store, house.campaign().id)
