"""Decides what becomes of people of a file who are in other lists already.

Repetitions within the file were found before (`lists`); here the rows meet the contacts of the
organisation. A policy belongs to one import. Who is known is asked of the store, what is decided here
is written there.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from vyzov.dialer.office_records import ImportedRow, RowVerdict

ROWS_ASKED_AT_ONCE = 500


class Duplicates(StrEnum):
    """What an import does with people of other lists.

    `keep`: the list gets a contact of its own all the same. `skip`: the row brings nothing.
    `update`: what the row says goes to the contact there is."""

    KEEP = "keep"
    SKIP = "skip"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Known:
    """A contact of another list that has a number: where it came from."""

    contact: str
    list_name: str
    row: int


KnownIn = Callable[[Sequence[str]], Mapping[str, Known]]
"""Says which of some numbers contacts of finished lists have already; the oldest contact counts."""


def settled_rows(
    rows: Iterable[ImportedRow], policy: Duplicates, known_in: KnownIn
) -> Iterator[ImportedRow]:
    """Yields the rows as they are to be written, in their order."""
    if policy is Duplicates.KEEP:
        yield from rows
        return
    settling = _Settling(policy)
    source = iter(rows)
    while piece := tuple(islice(source, ROWS_ASKED_AT_ONCE)):
        numbers = tuple(phone.e164 for row in piece for phone in row.phones)
        known = known_in(numbers) if numbers else {}
        for row in piece:
            yield settling.settled(row, known)


class _Settling:
    """Goes through the rows of one file; remembers which of them belong to other lists."""

    def __init__(self, policy: Duplicates) -> None:
        self._policy = policy
        # Rows come in their order, so this stays sorted.
        self._elsewhere = array("I")

    def settled(self, row: ImportedRow, known: Mapping[str, Known]) -> ImportedRow:
        """Returns the row with what becomes of it beside the contacts that are known."""
        if row.verdict is RowVerdict.MERGED:
            return self._merged(row, known)
        owners = [known[phone.e164] for phone in row.phones if phone.e164 in known]
        if row.verdict is not RowVerdict.OK or not owners:
            return row
        self._elsewhere.append(row.row)
        owner = owners[0]
        found = replace(
            row,
            args={"list": owner.list_name, "row": str(owner.row)},
            contact=owner.contact,
        )
        if self._policy is Duplicates.SKIP:
            return replace(found, verdict=RowVerdict.DUPLICATE, reason="known_already", phones=())
        return replace(
            found,
            verdict=RowVerdict.MERGED,
            reason="contact_updated",
            phones=tuple(phone for phone in row.phones if phone.e164 not in known),
        )

    def _merged(self, row: ImportedRow, known: Mapping[str, Known]) -> ImportedRow:
        """A row that adds numbers to an earlier one: nobody's number is given to somebody else."""
        fresh = tuple(phone for phone in row.phones if phone.e164 not in known)
        skipped = self._policy is Duplicates.SKIP and self._is_elsewhere(row.same_as or 0)
        if fresh and not skipped:
            return row if len(fresh) == len(row.phones) else replace(row, phones=fresh)
        return replace(row, verdict=RowVerdict.DUPLICATE, reason="duplicate_of_row", phones=())

    def _is_elsewhere(self, row: int) -> bool:
        at = bisect_left(self._elsewhere, row)
        return at < len(self._elsewhere) and self._elsewhere[at] == row
