"""Finds the bucket a contact of a campaign stands in, and sorts those who have none yet.

A bucket is a number for a set of zones, drawn when the set is first seen. Where two writers draw at
once one of them goes without, and its contact stays unsorted: it is read at any hour, and sorted when
it is next refused.
"""

from collections.abc import Callable, Mapping

from vyzov.core.lookahead import UNSORTED
from vyzov.storage.lookahead import WAITING
from vyzov.storage.session import Ask, Session, Steps, run_steps, write
from vyzov.storage.values import words_text

ROWS_PER_PIECE = 1_000
"""How many contacts one transaction sorts: some 20 ms, for as long as other writers wait."""

AskOf = Callable[[str, Mapping[str, object]], Ask]
"""Returns the asking of a statement of `queries/hopper.sql` by name, the organisation added."""


def bucket_of_turn(ask: AskOf, contact: str, position: int) -> Steps[int]:
    """Returns the bucket of the number of a contact whose turn it is."""
    [phones] = yield [ask("zones_of_turn", {"contact": contact})]
    if not phones.rows:
        return UNSORTED
    turn = phones.rows[position % len(phones.rows)]
    if turn["bucket"] is None:
        return (yield from bucket_of(ask, turn["zones"]))
    return int(turn["bucket"])


def bucket_of(ask: AskOf, zones: str) -> Steps[int]:
    """Returns the bucket of a set of zones as it is stored, and draws its number if it has none."""
    for _ in range(2):
        [found] = yield [ask("bucket_of_zones", {"zones": zones})]
        if found.rows:
            return int(found.first["id"])
        yield [ask("name_bucket", {"zones": zones})]
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

    def ask(name: str, values: Mapping[str, object]) -> Ask:
        return Ask("hopper", name, {**values, "organisation": organisation})

    def steps() -> Steps[int]:
        [there_are] = yield [ask("zones_there_are", {})]
        for row in there_are.rows:
            yield from bucket_of(ask, row["zones"])
        return (yield from bucket_of(ask, words_text(())))

    return run_steps(session.run_all, steps())


def _sort(session: Session, named: dict[str, str], nowhere: int) -> int:
    values = {**named, "nowhere": nowhere, "limit": ROWS_PER_PIECE}
    done = 0
    while piece := write(session, lambda: session.run("hopper", "sort_entries", values).rowcount):
        done += piece
    return done
