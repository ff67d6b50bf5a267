"""Writes what happened into files that need no Vyzov to be read: `facts.jsonl` and `calls.csv`.

The formats are described in docs/formats.md. Neither file holds a name or a number of a callee:
both may be handed on. A file appears whole under its name or not at all.
"""

import csv
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from vyzov.core.chain import Stream, line_of
from vyzov.storage.address import Address
from vyzov.storage.database import open_session
from vyzov.storage.session import Row
from vyzov.storage.values import fact_of, json_text

ROWS_PER_PIECE = 2_000
CALL_COLUMNS = (
    "attempt", "call_id", "campaign", "contact", "number", "state", "outcome", "detail",
    "sip_code", "q850", "trunk", "caller_id", "agent", "result", "reserved_at", "originated_at",
    "answered_at", "bridged_at", "ended_at", "campaign_version", "rule_version", "recording",
    "recording_s", "recording_sha256", "failover_of",
)  # fmt: skip
# A spreadsheet runs a cell that begins with one of these; an apostrophe makes it text.
FORMULA_SIGNS = ("=", "-", "@", "\t", "\r", "\n", "＝", "－", "＠")


def export_facts(path: Address, out: Path) -> int:
    """Writes all facts of a database in their order, one JSON object a line; returns how many."""
    count = 0
    with _whole_file(out) as draft, draft.open("w", encoding="utf-8", newline="\n") as lines:
        for line in fact_lines(path):
            lines.write(line)
            count += 1
        _settle(lines)
    return count


def fact_lines(path: Address) -> Iterator[str]:
    """Yields the lines of `facts.jsonl`: the facts of a database in their order."""
    for row in _rows(path, "facts"):
        stream = Stream(row["organisation_id"], row["floor_id"], row["epoch"])
        line = line_of(stream, row["place"], row["seq"], fact_of(dict(row)))
        if row["stands_on"]:
            line["after"] = row["stands_on"]
        line["hash"] = row["hash"]
        yield json_text(line) + "\n"


def export_calls(path: Address, out: Path) -> int:
    """Writes all attempts of a database, one row each, oldest first; returns how many."""
    count = 0
    with _whole_file(out) as draft, draft.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(CALL_COLUMNS)
        for row in _rows(path, "calls"):
            writer.writerow([_cell(row[name]) for name in CALL_COLUMNS])
            count += 1
        _settle(lines)
    return count


def _rows(path: Address, name: str) -> Iterator[Row]:
    """Yields rows in pieces, so that no snapshot of the database is held for the whole file."""
    after: object = 0 if name == "facts" else ""
    with open_session(path) as session:
        while True:
            with session.reading():
                values = {"after": after, "limit": ROWS_PER_PIECE}
                piece = session.run("export", name, values).fetchall()
            if not piece:
                return
            yield from piece
            after = piece[-1]["mark"]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


@contextmanager
def _whole_file(out: Path) -> Generator[Path]:
    draft = out.with_name(out.name + ".part")
    try:
        yield draft
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _settle(file: TextIO) -> None:
    """Puts what was written onto the disk before the file gets its name."""
    file.flush()
    os.fsync(file.fileno())
