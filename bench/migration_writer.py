"""A floor of an older version, as `verify migrations` needs one: reserves and finishes until told to end.

It imports nothing of Vyzov and knows the tables as they were at version 0003. Every transaction that
was acknowledged is a line of JSON in its file: the attempt, how long it took, how often it was tried.
`migration_writer.py ADDRESS OUT` ends when its standard input does.
"""

import contextlib
import json
import select
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

PAUSE_S = 0.005
NEXT = """SELECT position, contact_id FROM campaign_contact
WHERE organisation_id = 'o' AND campaign_id = 'k' AND state = 'fresh' AND next_due_at IS NULL
    AND position > :after
ORDER BY position LIMIT 500"""
RESERVE = """INSERT INTO attempt (
    id, organisation_id, campaign_id, contact_id, number, phone_id, number_ref, state, floor_id, fence,
    lease_until, campaign_version, rule_version, verdict, trunk_id, caller_id, call_id, reserved_at,
    ended_at, outcome
) VALUES (
    :attempt, 'o', 'k', :contact, 1, 'p', :attempt, 'final', 'f', 1, :at, 1, '1', '{}', 't',
    '+70005550180', :attempt, :at, :at, 'no_answer'
)"""
MOVE = """UPDATE campaign_contact SET state = 'closed', attempts_made = 1
WHERE organisation_id = 'o' AND campaign_id = 'k' AND contact_id = :contact"""
TELL = """INSERT INTO fact (
    organisation_id, floor_id, epoch, kind, version, at, clock_id, monotonic_ns, campaign_id, contact_id,
    attempt_id, data, dedupe
) VALUES (
    'o', 'f', 1, 'final', 1, :at, 'boot:old', :ns, 'k', :contact, :attempt, '{"outcome":"no_answer"}',
    :attempt
)"""

Run = Callable[[str, dict[str, Any]], Any]


def sqlite_run(path: str) -> Run:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    connection.execute("PRAGMA synchronous = FULL")

    def run(statement: str, values: dict[str, Any]) -> Any:
        return connection.execute(
            "BEGIN IMMEDIATE" if statement == "BEGIN" else statement, values
        ).fetchall()

    return run


def postgres_run(address: str) -> Run:
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("SET synchronous_commit = on")

    def run(statement: str, values: dict[str, Any]) -> Any:
        for name in values:
            statement = statement.replace(f":{name}", f"%({name})s")
        answer = connection.execute(statement.encode(), values)
        return answer.fetchall() if answer.description else []

    return run


def people(run: Run) -> Iterator[str]:
    """Yields contacts in calling order, read ahead as a floor does: reading is not waiting."""
    after = 0
    while True:
        for position, contact in run(NEXT, {"after": after}):
            after = position
            yield contact


def work_once(run: Run, contact: str) -> dict[str, Any]:
    """Makes one attempt, trying again until the database took it."""
    attempt, begun, tries = str(uuid.uuid4()), time.perf_counter(), 0
    while True:
        tries += 1
        try:
            run("BEGIN", {})
            at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            run(RESERVE, {"attempt": attempt, "contact": contact, "at": at})
            run(MOVE, {"contact": contact})
            told = {"attempt": attempt, "contact": contact, "at": at, "ns": time.monotonic_ns()}
            run(TELL, told)
            run("COMMIT", {})
            break
        except (sqlite3.OperationalError, psycopg.OperationalError) as fault:
            with contextlib.suppress(sqlite3.Error, psycopg.Error):
                run("ROLLBACK", {})
            error = str(fault)
            if tries > 100:
                raise RuntimeError(f"the database never took it: {error}") from fault
    ended = time.perf_counter()
    return {"attempt": attempt, "at": time.time(), "ms": (ended - begun) * 1000, "tries": tries}


def main() -> None:
    address, out = sys.argv[1], Path(sys.argv[2])
    run = postgres_run(address) if address.startswith("postgres") else sqlite_run(address)
    with out.open("w", encoding="ascii") as lines:
        for contact in people(run):
            if select.select([sys.stdin], [], [], PAUSE_S)[0]:
                return
            lines.write(json.dumps(work_once(run, contact)) + "\n")
            lines.flush()


if __name__ == "__main__":
    main()
