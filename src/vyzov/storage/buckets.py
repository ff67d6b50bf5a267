"""Finds the bucket a contact of a campaign stands in, and sorts those who have none yet.

A bucket is a number for a set of zones, drawn when the set is first seen. Where two writers draw at
once one of them goes without, and its contact stays unsorted: it is read at any hour, and sorted when
it is next refused.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vyzov.core.lookahead import UNSORTED
from vyzov.storage.lookahead import WAITING
from vyzov.storage.session import Session, write
from vyzov.storage.values import words_text

ROWS_PER_PIECE = 1_000
"""How many contacts one transaction sorts: some 20 ms, for as long as other writers wait."""

Rows = Callable[[str, Mapping[str, object]], Sequence[Any]]
"""Executes a statement of `queries/hopper.sql` by name and returns its rows."""


def bucket_of_turn(rows: Rows, contact: str, position: int) -> int:
    """Returns the bucket of the number of a contact whose turn it is."""
    phones = rows("zones_of_turn", {"contact": contact})
    if not phones:
        return UNSORTED
    turn = phones[position % len(phones)]
    if turn["bucket"] is None:
        return bucket_of(rows, turn["zones"])
    return int(turn["bucket"])


def bucket_of(rows: Rows, zones: str) -> int:
    """Returns the bucket of a set of zones as it is stored, and draws its number if it has none."""
    for _ in range(2):
        found = rows("bucket_of_zones", {"zones": zones})
        if found:
            return int(found[0]["id"])
        rows("name_bucket", {"zones": zones})
    return UNSORTED


def sort_the_rest(session: Session) -> int:
    """Sorts contacts that came into their campaigns before there were buckets; returns how many.

    It works in short transactions of its own and may be broken off and repeated at any time."""
    with session.reading():
        campaigns = session.run("hopper", "campaigns_there_are", {}).fetchall()
        unsorted = [
            named
            for row in campaigns
            for state in WAITING
            if session.run(
                "hopper", "has_unsorted",
                named := {
                    "organisation": row["organisation_id"], "campaign": row["id"], "state": state,
                },
            ).fetchone()
        ]  # fmt: skip
    nowhere = {
        organisation: write(session, lambda organisation=organisation: _name(session, organisation))
        for organisation in sorted({named["organisation"] for named in unsorted})
    }
    return sum(_sort(session, named, nowhere[named["organisation"]]) for named in unsorted)


def _name(session: Session, organisation: str) -> int:
    """Names the buckets of all zones of an organisation; returns that of a contact without any."""

    def rows(name: str, values: Mapping[str, object]) -> Sequence[Any]:
        return session.run("hopper", name, {**values, "organisation": organisation}).fetchall()

    for row in rows("zones_there_are", {}):
        bucket_of(rows, row["zones"])
    return bucket_of(rows, words_text(()))


def _sort(session: Session, named: dict[str, str], nowhere: int) -> int:
    values = {**named, "nowhere": nowhere, "limit": ROWS_PER_PIECE}
    done = 0
    while piece := write(session, lambda: session.run("hopper", "sort_entries", values).rowcount):
        done += piece
    return done
