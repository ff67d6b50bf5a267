"""Anchors: where the streams of facts stood at a moment, so that an end cut off later shows.

An anchor is a line of JSON and carries no signature: a key beside the database would be taken with
it. What makes it a proof is that a copy lies where who alters the database cannot write. Checking
facts against anchors is `core.chain_proof`'s part.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from vyzov.core.chain import Head, Stream
from vyzov.core.instants import to_text
from vyzov.storage.address import Address
from vyzov.storage.chain import ORGANISATION_STREAM
from vyzov.storage.database import open_session
from vyzov.storage.values import json_text

EPOCHS_NOTED = 8
"""How many latest epochs of each floor a process notes when it begins; older ones moved long ago."""


def heads(database: Address) -> tuple[Head, ...]:
    """Reads where every stream stands; streams that hold nothing yet are left out."""
    with open_session(database) as session, session.reading():
        rows = session.run("chain", "heads", {}).fetchall()
    return tuple(
        Head(
            Stream(row["organisation_id"], row["floor_id"], row["epoch"]),
            row["place"],
            row["hash"],
            row["stands_on"],
        )
        for row in rows
    )


def anchor_line(of: Iterable[Head], at: datetime) -> str:
    """Returns an anchor as a line of JSON with its line feed."""
    noted = [
        {
            "organisation": head.stream.organisation,
            "floor": head.stream.floor,
            "epoch": head.stream.epoch,
            "place": head.place,
            "hash": head.hash,
        }
        for head in of
    ]
    return json_text({"at": to_text(at), "heads": noted}) + "\n"


def append_anchor(path: Path, line: str) -> None:
    """Appends an anchor to a file and waits until it is on the disk; one write, so that several
    processes may append to the same file."""
    with path.open("ab", buffering=0) as file:
        file.write(line.encode())
        os.fsync(file.fileno())


class AnchorBook:
    """Notes in a file where the streams of a floor and of its office stand, again only when they
    moved."""

    def __init__(self, database: Address, path: Path, floor: str) -> None:
        self._database = database
        self._path = path
        self._floors = (ORGANISATION_STREAM, floor)
        self._noted: dict[Stream, str] | None = None

    def note(self, now: datetime) -> int:
        """Appends what moved since the last note; returns how many streams. The first note has
        the floor's latest epochs."""
        found = [head for head in heads(self._database) if head.stream.floor in self._floors]
        moved = (
            _latest(found)
            if self._noted is None
            else [head for head in found if self._noted.get(head.stream) != head.hash]
        )
        if moved:
            append_anchor(self._path, anchor_line(moved, now))
        self._noted = {head.stream: head.hash for head in found}
        return len(moved)


def _latest(of: Iterable[Head]) -> list[Head]:
    by_floor: dict[tuple[str, str], list[Head]] = {}
    for head in of:
        by_floor.setdefault((head.stream.organisation, head.stream.floor), []).append(head)
    return [head for found in by_floor.values() for head in found[-EPOCHS_NOTED:]]
