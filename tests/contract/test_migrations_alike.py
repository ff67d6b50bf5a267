"""Whatever version a database begins at, and whichever it is: it ends with the same tables."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import ADAPTERS
from postgres_server import Server

from vyzov.core.errors import StoreFault
from vyzov.storage import migrate as migrating
from vyzov.storage.address import Address
from vyzov.storage.connections import open_engine
from vyzov.storage.migrate import SCRIPTS, migrate, upgrade
from vyzov.storage.tables import metadata

Shape = dict[str, dict[str, Any]]


def versions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture(params=ADAPTERS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield tmp_path / "vyzov.db"
        return
    server: Server = request.getfixturevalue("postgres")
    yield server.create("empty")
    server.drop("empty")


def shape(address: Address) -> Shape:
    """Tables with their columns, keys and indexes, in words both databases share."""
    engine = open_engine(address, writes=False)
    with engine.connect() as connection:
        found = sa.inspect(connection)
        tables = {
            name: {
                "columns": {
                    one["name"]: (_kind(one["type"]), one["nullable"], _default(one["default"]))
                    for one in found.get_columns(name)
                },
                "key": found.get_pk_constraint(name)["constrained_columns"],
                "foreign": sorted(
                    (str(one["name"]), *one["constrained_columns"], one["referred_table"])
                    for one in found.get_foreign_keys(name)
                ),
                "checks": sorted(str(one["name"]) for one in found.get_check_constraints(name)),
                "indexes": {
                    one["name"]: (
                        one["column_names"], bool(one["unique"]), _where(one["dialect_options"]),
                    )
                    for one in found.get_indexes(name)
                    if not str(one["name"]).startswith("sqlite_")
                },
            }
            for name in metadata.tables
        }  # fmt: skip
    engine.dispose()
    return tables


def _kind(kind: Any) -> str:
    words = str(kind).upper()
    if words in ("INTEGER", "BIGINT"):
        return "WHOLE"
    return "FLOAT" if words.startswith(("FLOAT", "DOUBLE")) else words


def _default(text: str | None) -> str | None:
    """A default without the type PostgreSQL adds to it; the number of a fact draws its own."""
    if text is None or "nextval" in text:
        return None
    return text.partition("::")[0].strip("'")


def _where(options: dict[str, Any]) -> str:
    words = str(options.get("sqlite_where", options.get("postgresql_where", "")))
    # PostgreSQL writes a list as an array and says of every text that it is one.
    for said, plain in (("::text", ""), ("= ANY (ARRAY[", "IN ("), ("])", ")"), ("[]", "")):
        words = words.replace(said, plain)
    return words.replace("(", "").replace(")", "").strip()


def test_both_databases_have_the_same_tables(tmp_path: Path, postgres: Server) -> None:
    address = postgres.create("alike")
    try:
        migrate(tmp_path / "vyzov.db")
        migrate(address)
        ours, theirs = shape(tmp_path / "vyzov.db"), shape(address)
    finally:
        postgres.drop("alike")
    for name in metadata.tables:
        assert ours[name] == theirs[name], name
    assert ours["attempt"]["indexes"]["uq_attempt_live_number"][2].startswith("state IN")


def test_every_way_up_ends_with_what_the_code_believes(empty: Address, tmp_path: Path) -> None:
    migrate(tmp_path / "fresh.db")
    believed = shape(tmp_path / "fresh.db")
    for version in versions():
        upgrade(empty, version)
    migrate(empty)
    assert shape(empty) == believed
    engine = open_engine(empty, writes=False)
    with engine.connect() as connected:
        found = compare_metadata(MigrationContext.configure(connected), metadata)
    engine.dispose()
    assert found == []


def test_processes_that_start_together_migrate_once(empty: Address) -> None:
    code = f"from vyzov.storage.migrate import migrate; migrate({str(empty)!r})"
    starts = [
        subprocess.Popen([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)})
        for _ in range(3)
    ]
    assert [one.wait(timeout=50) for one in starts] == [0, 0, 0]
    assert set(shape(empty)) == set(metadata.tables)


def test_a_table_somebody_holds_is_waited_for_and_nobody_queues_up_behind(
    postgres: Server,
) -> None:
    address = postgres.create("held")
    try:
        upgrade(address, "0004")
        with (
            psycopg.connect(address) as holder,
            psycopg.connect(address, autocommit=True, options="-c lock_timeout=2000") as reader,
        ):
            holder.execute("SELECT count(*) FROM fact")
            way = threading.Thread(target=upgrade, args=(address,))
            way.start()
            for _ in range(30):
                reader.execute("SELECT count(*) FROM fact")
                way.join(0.02)
            assert way.is_alive(), "it waits for the holder"
            holder.rollback()
            way.join(30)
            assert not way.is_alive()
        migrate(address)
        assert set(shape(address)) == set(metadata.tables)
    finally:
        postgres.drop("held")


def test_a_table_that_is_never_free_is_a_fault(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "TURNS_MAX", 2)
    address = postgres.create("never")
    try:
        upgrade(address, "0004")
        with psycopg.connect(address) as holder:
            holder.execute("SELECT count(*) FROM fact")
            with pytest.raises(StoreFault, match="lock timeout"):
                migrate(address)
        migrate(address)
    finally:
        postgres.drop("never")


def test_an_index_whose_build_was_broken_off_is_built_anew(postgres: Server) -> None:
    address = postgres.create("broken")
    try:
        upgrade(address, "0008")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE INDEX ix_fact_unchained ON fact (seq) WHERE place = 0")
            connection.execute(
                "UPDATE pg_index SET indisvalid = false"
                " WHERE indexrelid = 'ix_fact_unchained'::regclass"
            )
            migrate(address)
            found = connection.execute(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_fact_unchained'::regclass"
            ).fetchone()
        assert found == (True,)
    finally:
        postgres.drop("broken")
