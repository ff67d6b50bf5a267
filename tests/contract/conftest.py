"""The stores under contract; another database is another name in `ADAPTERS`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_house import SALT, CountedDice, House, TestClock

from vyzov.storage.first_run import first_run
from vyzov.storage.office import SqlOffice
from vyzov.storage.sqlite import SqliteStore

ADAPTERS = ("sqlite",)


def sqlite_house(folder: Path) -> House:
    """Makes a new organisation in a new SQLite file."""
    path, clock, dice = folder / "vyzov.db", TestClock(), CountedDice()
    made = first_run(
        path,
        clock=clock,
        randomness=dice,
        number_salt=SALT,
        organisation="Ромашка",
        login="admin",
        name="Admin",
        password_hash="$argon2id$",
    )
    assert made is not None
    return House(
        path=path,
        office=SqlOffice(path, clock=clock, randomness=dice),
        clock=clock,
        dice=dice,
        organisation=made.organisation,
        floor=made.floor,
        administrator=made.administrator,
        open_store=lambda: SqliteStore(path, randomness=dice),
    )


@pytest.fixture(params=ADAPTERS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    made = {"sqlite": sqlite_house}[request.param](tmp_path)
    yield made
    for store in made.opened:
        store.close()
    made.office.close()  # type: ignore[attr-defined]
