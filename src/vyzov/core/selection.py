"""The calling order: promised calls first, then redials that are due, then fresh contacts.

Within a kind the one who has waited longest comes first, then the row of the list: the order is
the same whoever asks. Permission is not its business (`eligibility`), nor how many are taken
(`pacing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from vyzov.core.contact import EntryState
from vyzov.core.making import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Place:
    """A contact waiting to be called: `due` is its hour, None for a fresh one."""

    contact: str
    state: EntryState
    due: datetime | None
    row: int


_RANKS = {EntryState.CALLBACK: 0, EntryState.DUE: 1, EntryState.FRESH: 2}
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


def in_calling_order(places: Iterable[Place], now: datetime) -> list[Place]:
    """Returns those whose hour has come, in the order in which they are to be called."""
    waiting = [
        place
        for place in places
        if place.state in _RANKS and (place.due is None or place.due <= now)
    ]
    return sorted(waiting, key=_key)


def _key(place: Place) -> tuple[int, datetime, int, str]:
    return _RANKS[place.state], place.due or _AT_ONCE, place.row, place.contact
