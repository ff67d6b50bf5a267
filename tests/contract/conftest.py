"""The stores under contract; another database is another name in `ADAPTERS`."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from contract_house import SALT, CountedDice, House, TestClock

from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.storage.first_run import FirstRun, first_run
from vyzov.storage.office import SqlOffice
from vyzov.storage.sqlite import SqliteStore

ADAPTERS = ("sqlite",)
# Migrating costs a tenth of a second: it is done once, and every test gets a copy of the file.
Template = tuple[Path, FirstRun]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A new SQLite file with one organisation in it."""
    path = tmp_path_factory.mktemp("template") / "vyzov.db"
    made = first_run(
        path,
        clock=TestClock(),
        randomness=CountedDice(stream=99),
        number_salt=SALT,
        organisation="Ромашка",
        login="admin",
        name="Admin",
        password_hash="$argon2id$",
    )
    assert made is not None
    return path, made


def sqlite_dump(path: Path) -> str:
    """Everything a query can reach, as text."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def sqlite_house(folder: Path, template: Template) -> House:
    """A copy of the template with its two doors open."""
    source, made = template
    path, clock, dice = folder / "vyzov.db", TestClock(), CountedDice(first=1_000)
    shutil.copyfile(source, path)
    return House(
        path=path,
        office=SqlOffice(path, clock=clock, randomness=dice),
        clock=clock,
        dice=dice,
        organisation=made.organisation,
        floor=made.floor,
        administrator=made.administrator,
        open_store=lambda: SqliteStore(path, randomness=dice),
        dump=lambda: sqlite_dump(path),
    )


HOUSES: dict[str, Callable[[Path, Template], House]] = {"sqlite": sqlite_house}


@pytest.fixture(params=ADAPTERS)
def house(request: pytest.FixtureRequest, tmp_path: Path, template: Template) -> Iterator[House]:
    made = HOUSES[request.param](tmp_path, template)
    yield made
    for store in made.opened:
        store.close()
    made.office.close()  # type: ignore[attr-defined]


@pytest.fixture
def store(house: House) -> FloorStore:
    return house.store()


@pytest.fixture
def due(house: House, store: FloorStore) -> list[DueContact]:
    return house.due(store, house.campaign().id)
