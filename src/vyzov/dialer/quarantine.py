"""A database put back from a backup is older than the world: what that means, and when it is over.

Since the backup people were called, and asked not to be called. Until the journals have told that, or
a manager has decided, nobody is dialled: the reservation itself refuses. Here are the values, and what
a set of journals is judged to be worth; putting back and applying is `storage.restore`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vyzov.dialer import writes as w
from vyzov.dialer.journal import Kept, Life

OFFICE = "office"
"""The floor under which the office keeps its own journal: entries of the stop-list."""


@dataclass(frozen=True, slots=True)
class Found:
    """What journals told since the backup. `until` is their last line, `left_out` batches the
    tables would not take, `gaps` what is missing, in words."""

    batches: int = 0
    attempts: int = 0
    stops: int = 0
    left_out: int = 0
    until: datetime | None = None
    gaps: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """True where nothing the journals could tell is missing."""
        return not self.gaps and not self.left_out

    def and_also(self, other: "Found") -> "Found":
        """Returns both together."""
        moments = [at for at in (self.until, other.until) if at is not None]
        return Found(
            self.batches + other.batches, self.attempts + other.attempts,
            self.stops + other.stops, self.left_out + other.left_out,
            max(moments, default=None), (*self.gaps, *other.gaps),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Why nobody is dialled after a restore."""

    id: str
    began_at: datetime
    backup_at: datetime
    found: Found
    lifted_at: datetime | None = None


class QuarantineBook(Protocol):
    """Quarantines as the office keeps them."""

    def quarantine(self, organisation: str) -> Quarantine | None:
        """Returns the quarantine that stands, None where people may be called."""
        ...

    def lift_quarantine(self, organisation: str, *, by: str, reason: str) -> Quarantine | None:
        """Lets the floor dial again; returns what stood in the way, None where nothing did."""
        ...


def gaps_in(
    journals: Mapping[Life, Sequence[Kept]], marks: Mapping[str, int], epochs: Mapping[str, int]
) -> tuple[str, ...]:
    """Returns what these journals do not tell of the time since the backup.

    `marks` are the places the backup has of each life, `epochs` the lease it knew of each floor: of
    every later epoch there must be a journal whole from its first line on, and of a life the backup
    knew every line since."""
    found: list[str] = []
    for floor, known in sorted(epochs.items()):
        led = {life.epoch for life in journals if life.floor == floor}
        if not led:
            found.append(f"floor {floor}: no journal")
            continue
        found += _holders_missing(floor, led, max(known, 1))
    for life, kept in journals.items():
        mark = marks.get(life.id)
        if life.floor not in epochs or (mark is None and life.epoch < epochs[life.floor]):
            continue
        lines = sorted(one.line for one in kept)
        begins_late = lines and lines[0] > 1 and kept[0].place > (mark or 0)
        if begins_late or lines != list(range(lines[0], lines[0] + len(lines)) if lines else ()):
            found.append(f"floor {life.floor}: lines of holder {life.epoch} are missing")
    return tuple(found)


def _holders_missing(floor: str, led: Collection[int], first: int) -> list[str]:
    """A restore leaps over fences: what is missing is told as spans."""
    missing: list[str] = []
    for epoch in sorted({one for one in led if one >= first} or {first + 1}):
        if epoch == first + 1:
            missing.append(f"floor {floor}: no journal of holder {first}")
        elif epoch > first:
            missing.append(f"floor {floor}: no journal of holders {first} to {epoch - 1}")
        first = epoch + 1
    return missing


def counted(kept: Sequence[Kept]) -> tuple[int, int]:
    """Returns how many attempts and entries of the stop-list these lines hold."""
    writes = [write for one in kept for write in one.writes]
    return (
        sum(isinstance(write, w.Reserve) for write in writes),
        sum(isinstance(write, w.AddStop) for write in writes),
    )
