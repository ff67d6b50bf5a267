"""The tables: made by migrations, the same as the code believes, and led by the organisation."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from contract_house import CountedDice, TestClock

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.storage import (
    tables,
    tables_access,
    tables_alarms,
    tables_floors,
    tables_hopper,
    tables_kpi,
    tables_people,
    tables_phones,
    tables_prompts,
    tables_webhooks,
)
from vyzov.storage.connections import engine_of, open_connection, open_engine
from vyzov.storage.first_run import first_run
from vyzov.storage.floors import find_floor
from vyzov.storage.migrate import migrate, migrate_engine
from vyzov.storage.queries import FOLDER, queries

OF_POSTGRES = {"locks"}
TOPICS = sorted({path.stem for path in FOLDER.glob("*.sql")} - OF_POSTGRES)
# The one place where an organisation is not known yet, and the key of the organisation itself.
assert tables_phones.metadata is tables_floors.metadata is tables.metadata
assert tables_people.metadata is tables_hopper.metadata is tables_access.metadata is tables.metadata
assert tables_kpi.metadata is tables_webhooks.metadata is tables_prompts.metadata
assert tables_alarms.metadata is tables.metadata
WITHOUT_ORGANISATION = {
    ("organisation", ("id",)),
    ("fact", ("seq",)),
    ("outbox", ("number",)),
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "vyzov.db"
    migrate(path)
    with closing(open_connection(path)) as opened:
        yield opened


def test_an_empty_file_becomes_the_tables_the_code_believes_in(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    path.touch()
    migrate(path)
    migrate(path)
    engine = open_engine(path, writes=False)
    with engine.connect() as connected:
        found = compare_metadata(MigrationContext.configure(connected), tables.metadata)
        checks = {
            (name, check["name"])
            for name in tables.metadata.tables
            for check in sa.inspect(connected).get_check_constraints(name)
        }
    engine.dispose()
    assert found == []
    believed = {
        (table.name, str(constraint.name))
        for table in tables.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert believed == checks
    assert ("attempt", "ck_attempt_state") in checks


def test_a_database_in_memory_has_the_same_tables() -> None:
    with closing(open_connection(":memory:")) as connected:
        migrate_engine(engine_of(connected))
        rows = connected.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert set(tables.metadata.tables) <= {row["name"] for row in rows}


def test_the_organisation_leads_every_key_and_every_unique_index() -> None:
    for table in tables.metadata.tables.values():
        unique = [tuple(column.name for column in table.primary_key.columns)]
        unique += [tuple(c.name for c in index.columns) for index in table.indexes if index.unique]
        for columns in unique:
            if (table.name, columns) not in WITHOUT_ORGANISATION:
                assert columns[0] == "organisation_id", f"{table.name}{columns}"
        for constraint in table.foreign_key_constraints:
            assert constraint.columns.keys()[0] == "organisation_id", constraint.name


def test_every_table_has_its_organisation() -> None:
    for table in tables.metadata.tables.values():
        assert table.name == "organisation" or "organisation_id" in table.c


def test_a_commit_outlives_a_power_cut_and_no_row_points_nowhere(
    connection: sqlite3.Connection,
) -> None:
    def setting(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    full = 2
    assert (setting("journal_mode"), setting("synchronous")) == ("wal", full)
    assert (setting("foreign_keys"), setting("busy_timeout")) == (1, 5000)


def test_readers_of_the_office_cannot_write(tmp_path: Path) -> None:
    migrate(tmp_path / "vyzov.db")
    engine = open_engine(tmp_path / "vyzov.db", writes=False)
    with engine.begin() as connected, pytest.raises(sa.exc.OperationalError, match="readonly"):
        connected.execute(tables.organisation.delete())
    engine.dispose()


def test_a_file_that_is_no_database_is_a_fault_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    path.write_bytes(b"a letter, not a database. " * 100)
    with pytest.raises(StoreFault, match="could not be brought up to date"):
        migrate(path)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    migrate(path)
    with closing(open_connection(path)) as connected:
        connected.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreFault, match="does not know"):
        migrate(path)


def test_a_folder_that_is_not_there_is_a_fault_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="could not be brought up to date"):
        migrate(tmp_path / "nowhere" / "vyzov.db")


@pytest.mark.parametrize("topic", TOPICS)
def test_every_named_statement_fits_the_tables(connection: sqlite3.Connection, topic: str) -> None:
    statements = queries(topic)
    assert statements
    for name, statement in statements.items():
        given = _Anything()
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
        assert plan is not None, name


class _Anything(dict[str, object]):
    """A value for whatever a statement asks."""

    def __missing__(self, key: str) -> object:
        return 1 if key == "limit" else ""


@pytest.mark.parametrize("name", ["waiting", "fresh", "next_hour"])
def test_who_is_next_is_read_in_the_order_of_one_index(
    connection: sqlite3.Connection, name: str
) -> None:
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN {queries('hopper')[name]}", _Anything()
    ).fetchall()
    steps = [row["detail"] for row in plan]
    assert len(steps) == 1, steps
    assert "ix_campaign_contact_next" in steps[0]
    assert "zone_bucket=?" in steps[0]
    assert "TEMP B-TREE" not in steps[0]


@pytest.mark.parametrize("name", ["live_contact", "live_number"])
def test_the_locks_are_looked_up_by_their_own_indexes(
    connection: sqlite3.Connection, name: str
) -> None:
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN {queries('reserve')[name]}", _Anything()
    ).fetchall()
    assert "uq_attempt_live_" in plan[0]["detail"]


def test_a_name_used_twice_in_a_file_of_statements_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.storage.queries.FOLDER", tmp_path)
    (tmp_path / "twice.sql").write_text("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")
    with pytest.raises(ValueError, match="names 'a' twice"):
        queries("twice")


def test_a_statement_loses_its_comments_and_semicolon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.storage.queries.FOLDER", tmp_path)
    (tmp_path / "plain.sql").write_text("-- why\n-- name: a\n-- because\nSELECT 1;\n")
    assert queries("plain") == {"a": "SELECT 1"}


def test_a_state_nobody_knows_is_refused_by_the_table(connection: sqlite3.Connection) -> None:
    at = datetime.now(UTC).isoformat()
    connection.execute(
        "INSERT INTO organisation (id, name, number_salt, created_at) VALUES ('o', 'O', '00', ?)",
        (at,),
    )
    with pytest.raises(sqlite3.IntegrityError, match="ck_user_account_role"):
        connection.execute(
            "INSERT INTO user_account (id, organisation_id, login, name, role, language, theme,"
            " password_hash, created_at) VALUES ('u', 'o', 'l', 'n', 'king', 'en', 's', 'h', ?)",
            (at,),
        )


def test_a_floor_is_found_by_name_or_id_and_the_oldest_by_default(tmp_path: Path) -> None:
    path = tmp_path / "vyzov.db"
    made = first_run(
        path, clock=TestClock(), randomness=CountedDice(), number_salt="00", organisation="One",
        login="admin", name="A", password_hash="x",
    )  # fmt: skip
    assert made is not None
    for wanted in ("", "main", "One", made.floor):
        assert find_floor(path, wanted) == made.floor
    with pytest.raises(InvalidRequest, match="no floor 'Two'"):
        find_floor(path, "Two")
