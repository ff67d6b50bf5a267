"""Decides which floor without an owner a process takes, and when.

A lease is over when UTC says so, or when nobody prolonged it for a whole span by our own clock: after
UTC went back, a dead holder's lease would last for ever. Several processes share the floors: one that
has its share already waits a little, so that one with fewer goes first. After the database was out of
sight every holder gets time to prolong its lease: it could not.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from vyzov.dialer.floor_places import FloorPlace

HOLD_BACK_S = 1.5
SILENCE_S = 8.0
"""A holder prolongs its lease every two seconds; who did not for so long is gone."""

OUT_OF_SIGHT_S = 3.0
GRACE_S = 6.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A floor to be taken; `gone` is the holder that fell silent, "" where the lease ran out."""

    floor: str
    gone: str = ""


@dataclass(slots=True)
class _Seen:
    lease: tuple[str, datetime | None]
    since: float
    free_since: float | None = None


class Claims:
    """What one process saw of the floors so far. `share` is how many it takes without waiting."""

    def __init__(self, wanted: str = "") -> None:
        """Will claim every floor, or the one `wanted` alone."""
        self._wanted = wanted
        self._seen: dict[str, _Seen] = {}
        self._looked_at: float | None = None
        self._grace_until = 0.0

    def due(
        self, floors: Collection[FloorPlace], mine: Collection[str], processes: int,
        now: datetime, mono: float,
    ) -> Claim | None:  # fmt: skip
        """Returns the one floor to take now; `mine` are owned already, `processes` share them all."""
        floors = [one for one in floors if self._wanted in ("", one.id)]
        if self._looked_at is not None and mono - self._looked_at > OUT_OF_SIGHT_S:
            self._grace_until = mono + GRACE_S
        self._looked_at = mono
        share = -(-len(floors) // max(1, processes))
        wait = 0.0 if len(mine) < share else HOLD_BACK_S
        found = None
        for place in floors:
            seen = self._look(place, mono)
            silent = mono - seen.since >= SILENCE_S
            excused = mono < self._grace_until and bool(place.holder)
            if place.id in mine or excused or (place.has_owner(now) and not silent):
                seen.free_since = None
                continue
            seen.free_since = mono if seen.free_since is None else seen.free_since
            if found is None and mono - seen.free_since >= wait:
                found = Claim(place.id, place.holder if silent else "")
        return found

    def _look(self, place: FloorPlace, mono: float) -> _Seen:
        lease = (place.holder, place.lease_until)
        seen = self._seen.get(place.id)
        if seen is None or seen.lease != lease:
            before = seen.free_since if seen else None
            seen = self._seen[place.id] = _Seen(lease, mono, before)
        return seen
