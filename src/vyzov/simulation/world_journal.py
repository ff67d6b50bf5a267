"""The journals of a world's floor processes: on a disk that outlives every one of them.

What `storage.journal_files` is to real processes: lines of a life stand here until the database is
known to have them, and the next life applies what a dead one left. A living process, be it frozen,
keeps its own to itself.
"""

from collections.abc import Sequence
from datetime import datetime

from vyzov.dialer.journal import Applies, Kept, Life, apply_all
from vyzov.dialer.writes import Batch, CommitResult


class WorldJournal:
    """All journals of a world."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Life, list[Kept]]] = {}
        self._living: set[str] = set()
        self._latest = 0

    def begin(self, life: Life) -> None:
        self._kept[life.id] = life, []
        self._living.add(life.id)
        self._latest = max(self._latest, life.epoch)

    def keep(self, life: str, place: int, at: datetime, batch: Batch) -> None:
        """Writes a batch down before the database has it."""
        lines = self._kept[life][1]
        lines.append(Kept(place, at, batch, len(lines) + 1))

    def saved(self, life: str, place: int) -> None:
        """Forgets what the database has."""
        lines = self._kept[life][1]
        lines[:] = [one for one in lines if one.place > place]

    def ended(self, life: str) -> None:
        """The process is gone, and its lock with it."""
        self._living.discard(life)

    def apply_left(self, store: Applies) -> Sequence[tuple[Kept, CommitResult]]:
        """Gives the database what dead lives left behind; returns it.

        What a life wrote that another one had followed meanwhile is stale: it had been frozen."""
        applied: list[tuple[Kept, CommitResult]] = []
        for name, (life, lines) in list(self._kept.items()):
            if name in self._living:
                continue
            done = apply_all(store, life, lines)
            assert not done.left_out, "the tables would not take what a floor wrote"
            result = CommitResult(stale=life.epoch < self._latest)
            applied += [(one, result) for one in lines]
            del self._kept[name]
        return applied
