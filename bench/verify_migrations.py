"""`./run verify migrations`: upgrades a database of many rows while a floor of an older version writes.

The tables of version 0003 are filled; an older floor (`migration_writer.py`, which imports nothing of
Vyzov) reserves and finishes, one transaction after the other; then the product's own `migrate` goes
up to the newest version beside it. Looked at: how long the writer waited at most, whether everything
it was told is there, whether the counts are what they were, and whether the facts stand in their
chain. The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from postgres_server import NoPostgres, start_postgres

from vyzov import __version__
from vyzov.core.chain_proof import prove
from vyzov.dialer.runtime import SystemDice
from vyzov.storage.anchors import heads
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_floor_store
from vyzov.storage.export import fact_lines
from vyzov.storage.migrate import migrate, upgrade

HERE = Path(__file__).resolve().parent
BEGIN_VERSION = "0003"
BEFORE_S = 4.0
AFTER_S = 2.0
WRITER_ENDS_S = 60.0
ATTEMPTS_SHARE = 4
"""Of the contacts, one in so many was called before; each call left a fact."""

WAIT_GOAL_MS = {"postgresql": 500.0, "sqlite": 60_000.0}
"""On PostgreSQL a change of a table gives way after 100 ms; the rest is the transaction itself, on a
machine that is building indexes. On SQLite a writer waits for the whole change, there is one at a time:
the goal is that it gets through at all."""
SLOW_MS = 200.0

AT = "2026-01-05T09:00:00.000000Z"
NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
ID = "CAST(1000000000 + i AS TEXT)"
ONE_OF_EACH = (
    f"INSERT INTO organisation VALUES ('o', 'O', '{'5a' * 32}', NULL, '{AT}')",
    "INSERT INTO principal VALUES ('p', 'o', 'P')",
    f"INSERT INTO floor VALUES ('f', 'o', 'F', '{AT}')",
    "INSERT INTO contact_list (id, organisation_id, name, file_name, file_sha256, rows_total, rows_ok,"
    " contacts, created_at, completed_at)"
    f" VALUES ('l', 'o', 'L', 'l.csv', '00', 1, 1, 1, '{AT}', '{AT}')",
    "INSERT INTO campaign (id, organisation_id, principal_id, name, purpose, mode, state, list_id,"
    f" floor_id, created_at) VALUES ('k', 'o', 'p', 'K', 'service', 'progressive', 'running', 'l', 'f',"
    f" '{AT}')",
    "INSERT INTO campaign_version (organisation_id, campaign_id, version, settings, valid_from)"
    f" VALUES ('o', 'k', 1, '{{}}', '{AT}')",
)
MANY = (
    "INSERT INTO contact (id, organisation_id, list_id, row, language, stage, temperature, created_at)"
    f" {{numbers}} SELECT {ID}, 'o', 'l', i, 'ru', '', '', '{AT}' FROM n",
    "INSERT INTO contact_person (contact_id, organisation_id, name, name_folded, fields, note)"
    f" {{numbers}} SELECT {ID}, 'o', 'N', 'n', '{{}}', '' FROM n",
    "INSERT INTO contact_phone (id, organisation_id, contact_id, position, e164, number_ref, country,"
    f" zones) {{numbers}} SELECT {ID}, 'o', {ID}, 0, '+7000' || {ID}, {ID}, 'RU',"
    " CASE WHEN i % 2 = 0 THEN '[\"Europe/Moscow\"]' ELSE '[\"Asia/Omsk\"]' END FROM n",
    "INSERT INTO campaign_contact (organisation_id, campaign_id, contact_id, position, state,"
    f" attempts_made, phone_position) {{numbers}} SELECT 'o', 'k', {ID}, i,"
    f" CASE WHEN i % {ATTEMPTS_SHARE} = 0 THEN 'closed' ELSE 'fresh' END,"
    f" CASE WHEN i % {ATTEMPTS_SHARE} = 0 THEN 1 ELSE 0 END, 0 FROM n",
    "INSERT INTO attempt (id, organisation_id, campaign_id, contact_id, number, phone_id, number_ref,"
    " state, floor_id, fence, lease_until, campaign_version, rule_version, verdict, trunk_id,"
    f" caller_id, call_id, reserved_at, ended_at, outcome) {{numbers}} SELECT {ID}, 'o', 'k', {ID}, 1,"
    f" {ID}, {ID}, 'final', 'f', 1, '{AT}', 1, '1', '{{}}', 't', '+70005550180', {ID}, '{AT}',"
    f" '{AT}', 'no_answer' FROM n WHERE i % {ATTEMPTS_SHARE} = 0",
    "INSERT INTO fact (organisation_id, floor_id, epoch, kind, version, at, clock_id, monotonic_ns,"
    f" campaign_id, contact_id, attempt_id, data, dedupe) {{numbers}} SELECT 'o', 'f', 1, 'final', 1,"
    f" '{AT}', 'boot:older', i, 'k', {ID}, {ID}, '{{\"outcome\":\"no_answer\"}}', {ID} FROM n"
    f" WHERE i % {ATTEMPTS_SHARE} = 0",
)
COUNTED = ("contact", "contact_phone", "campaign_contact", "attempt", "fact")


@dataclass(slots=True)
class Database:
    """The database under the change."""

    store: str
    address: str

    def ask(self, statement: str) -> Any:
        engine = open_engine(self.address, writes=False)
        try:
            with engine.connect() as connection:
                return connection.exec_driver_sql(statement).scalar()
        finally:
            engine.dispose()

    def counts(self) -> dict[str, int]:
        return {table: int(self.ask(f"SELECT COUNT(*) FROM {table}")) for table in COUNTED}

    def attempts_of(self, table: str, column: str) -> set[str]:
        engine = open_engine(self.address, writes=False)
        with engine.connect() as connection:
            # The writer's ids are UUIDs; those that were there before begin with the number 1 and
            # have no dash.
            rows = connection.exec_driver_sql(
                f"SELECT {column} FROM {table} WHERE {column} LIKE '%%-%%'"
            )
            found = {str(row[0]) for row in rows}
        engine.dispose()
        return found


@contextmanager
def database(store: str, folder: Path) -> Iterator[Database]:
    """A new database: a file, or a server of one's own that keeps what it acknowledged."""
    if store == "sqlite":
        yield Database(store, str(folder / "vyzov.db"))
        return
    server = start_postgres(folder)
    try:
        yield Database(store, server.url)
    finally:
        server.remove()


def fill(db: Database, rows: int) -> None:
    """Fills the tables of the old version; who points to whom is not checked row by row."""
    upgrade(db.address, BEGIN_VERSION)
    numbers = NUMBERS.format(rows=rows)
    statements = [*ONE_OF_EACH, *(one.replace("{numbers}", numbers) for one in MANY)]
    engine = open_engine(db.address, writes=True)
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.rollback()
        if db.store == "postgresql":
            raw.execute("SET session_replication_role = replica")
            raw.execute("SET statement_timeout = 0")
        else:
            raw.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            raw.execute(statement)
        raw.commit()
        if db.store == "postgresql":
            raw.autocommit = True
            raw.execute("ANALYZE")
    engine.dispose()


def waits(lines: list[dict[str, Any]], begin: float, end: float) -> dict[str, Any]:
    """How long transactions took that were under way within a span of time."""
    took = sorted(
        one["ms"] for one in lines if begin <= one["at"] and one["at"] - one["ms"] / 1000 <= end
    )
    if not took:
        return {"transactions": 0}
    return {
        "transactions": len(took),
        "median_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 1),
        "longest_ms": round(took[-1], 1),
        "over_200_ms": sum(one > SLOW_MS for one in took),
    }


def until_it_works(told: Path) -> None:
    """Waits until the writer was told of its first transaction; raises RuntimeError where it never is."""
    end = time.monotonic() + WRITER_ENDS_S
    while not (told.exists() and told.stat().st_size):
        if time.monotonic() > end:
            raise RuntimeError("the writer wrote nothing")
        time.sleep(0.05)


def run(db: Database, rows: int, folder: Path) -> dict[str, Any]:
    """Fills, migrates beside the writer, and looks."""
    begun = time.monotonic()
    fill(db, rows)
    print(f"filled in {time.monotonic() - begun:.0f} s", flush=True)
    before, told = db.counts(), folder / "acknowledged.jsonl"
    writer = subprocess.Popen(
        [sys.executable, str(HERE / "migration_writer.py"), db.address, str(told)],
        stdin=subprocess.PIPE,
    )
    until_it_works(told)
    time.sleep(BEFORE_S)
    begin = time.time()
    migrate(db.address)
    end = time.time()
    time.sleep(AFTER_S)
    assert writer.stdin is not None
    writer.stdin.close()
    ended_well = writer.wait(WRITER_ENDS_S) == 0
    migrate(db.address)  # Takes in the facts the old floor told after the change.
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    acknowledged = {one["attempt"] for one in lines}
    attempts, facts = db.attempts_of("attempt", "id"), db.attempts_of("fact", "dedupe")
    after = db.counts()
    moved = {table: after[table] - before[table] for table in COUNTED}
    expected = {"attempt": len(attempts), "fact": len(facts)}
    finding = prove(fact_lines(db.address), heads(db.address)).finding
    return {
        "rows": before,
        "acknowledged": len(acknowledged),
        "lost": len(acknowledged - attempts) + len(acknowledged - facts),
        "half": len(attempts ^ facts),
        "counts_wrong": sum(moved[table] != expected.get(table, 0) for table in COUNTED),
        "unchained": int(db.ask("SELECT COUNT(*) FROM fact WHERE place = 0")),
        "chain_finding": None if finding is None else str(finding),
        "writer_ended_well": ended_well,
        "writer_tries_most": max((one["tries"] for one in lines), default=0),
        "migration_s": round(end - begin, 1),
        "before": waits(lines, 0, begin),
        "during": waits(lines, begin, end),
        "dials_afterwards": dials(db),
    }


def dials(db: Database) -> bool:
    """True where the product's floor takes the database and finds somebody to call."""
    store = open_floor_store(db.address, randomness=SystemDice())
    now = datetime.now(UTC)
    try:
        fence = store.take_lease("f", "new", now, timedelta(seconds=6))
        return fence is not None and len(store.due("k", now, 5, frozenset())) == 5
    finally:
        store.close()


def is_well(found: dict[str, Any], store: str) -> bool:
    """True where nothing was lost and nobody waited too long."""
    nothing = ("lost", "half", "counts_wrong", "unchained")
    return (
        not any(found[name] for name in nothing)
        and found["chain_finding"] is None
        and found["writer_ended_well"]
        and found["dials_afterwards"]
        and found["during"]["transactions"] > 0
        and found["during"]["longest_ms"] <= WAIT_GOAL_MS[store]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="contacts in the database")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--out", type=Path, help="keeps what the writer was told")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="vyzov-migrations-") as name:
            folder = options.out or Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            with database(options.store, Path(name)) as db:
                found = run(db, options.rows, folder)
    except NoPostgres as none:
        print(none, file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 77
    result = {
        "name": "verify migrations",
        "ok": is_well(found, options.store),
        "store": options.store,
        "figures": found,
        "goals": {
            "lost": 0, "half": 0, "counts_wrong": 0, "unchained": 0,
            "longest_ms": WAIT_GOAL_MS[options.store],
        },
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }  # fmt: skip
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
