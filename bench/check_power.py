"""Judges a database found after a power cut. Imports nothing of Vyzov; asks sqlite3 alone.

`acknowledged` is what the product was told is durable before the power went, as lines of JSON:
an attempt with the state it had reached, a fact by its dedupe key, a result, a recording and a
stop-list entry by id. Found must be all of them, no half of any transaction, and a whole file.

`python check_power.py DATABASE ACKNOWLEDGED.jsonl` prints one JSON object and exits 0 where all is there.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

RANKS = {"reserved": 0, "originated": 1, "unknown": 2, "final": 3}
KEYS = {
    "fact": "SELECT dedupe FROM fact",
    "result": "SELECT id FROM disposition",
    "recording": "SELECT id FROM recording",
    "stop": "SELECT number_ref FROM stop_list WHERE valid_to IS NULL",
}


def judge(database: Path, acknowledged: list[dict[str, Any]]) -> dict[str, Any]:
    """What is damaged: `unreadable` (a text, empty where it can be read), `lost` and `half`."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            return _found(connection, acknowledged)
    except sqlite3.Error as error:
        return {"unreadable": str(error), "lost": len(acknowledged), "half": 0}


def _found(connection: sqlite3.Connection, acknowledged: list[dict[str, Any]]) -> dict[str, Any]:
    told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    keys = list(connection.execute("PRAGMA foreign_key_check"))
    if told != ["ok"] or keys:
        return {"unreadable": "; ".join([*told[:3], *map(str, keys[:3])]), "lost": 0, "half": 0}
    states = {str(key): str(state) for key, state in connection.execute(
        "SELECT id, state FROM attempt"
    )}  # fmt: skip
    known = {what: {str(row[0]) for row in connection.execute(sql)} for what, sql in KEYS.items()}
    lost = [
        entry
        for entry in acknowledged
        if (
            RANKS[entry["state"]] > RANKS.get(states.get(entry["key"], ""), -1)
            if entry["what"] == "attempt"
            else entry["key"] not in known[entry["what"]]
        )
    ]
    return {"unreadable": "", "lost": len(lost), "half": len(halves(connection))}


def halves(connection: sqlite3.Connection) -> list[str]:
    """Attempts without the fact that was written with them, ended ones without theirs, and facts
    of attempts that are not there."""
    rows = connection.execute(
        """
        SELECT a.id FROM attempt a WHERE NOT EXISTS (
            SELECT 1 FROM fact f WHERE f.attempt_id = a.id AND f.kind = 'attempt_reserved')
        UNION ALL SELECT a.id FROM attempt a WHERE a.state = 'final' AND NOT EXISTS (
            SELECT 1 FROM fact f WHERE f.attempt_id = a.id AND f.kind = 'final')
        UNION ALL SELECT f.attempt_id FROM fact f WHERE f.kind = 'final' AND NOT EXISTS (
            SELECT 1 FROM attempt a WHERE a.id = f.attempt_id AND a.state = 'final')
        UNION ALL SELECT e.contact_id FROM campaign_contact e WHERE e.state = 'in_call'
            AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.contact_id = e.contact_id
                AND a.state IN ('reserved', 'originated'))
        """
    )
    return [str(row[0]) for row in rows]


def main() -> int:
    database, list_of = Path(sys.argv[1]), Path(sys.argv[2])
    lines = [json.loads(line) for line in list_of.read_text(encoding="utf-8").splitlines()]
    found = judge(database, lines)
    print(json.dumps({"acknowledged": len(lines), **found}))
    return 0 if not found["unreadable"] and not found["lost"] and not found["half"] else 1


if __name__ == "__main__":
    sys.exit(main())
