"""Writes a floor's life into a file of its own, to be run again by `vyzov replay`.

A thread does all of it: the floor only puts its steps into a bounded queue. A life that outgrows its
bound, or steps faster than the thread writes, is recorded up to there and says so in its last line;
older lives go first. What a line holds is said by `dialer.replay`.
"""

import contextlib
import logging
import queue
import threading
from pathlib import Path
from typing import TextIO

from vyzov.dialer import effects as fx
from vyzov.dialer.replay import Drawn, Teller
from vyzov.dialer.replay_form import Mask

log = logging.getLogger("vyzov.replay")
QUEUE_STEPS_MAX = 20_000
FLUSH_S = 1.0
CLOSE_S = 5.0
MB = 1024 * 1024
ROOM_PARTS = 16
"""How often within its bound a life looks whether there is room."""
Step = tuple[fx.Input, fx.Now, tuple[fx.Effect, ...], tuple[Drawn, ...]]


class ReplayBook:
    """A `Tape` that writes to `FOLDER/floor-ID-TIME.jsonl`."""

    def __init__(
        self, folder: Path, floor: str, *, key: bytes, version: str, recordings: str,
        limit_mb: int,
    ) -> None:  # fmt: skip
        """Begins with the first step; `key` is made for this life alone and kept nowhere else. A
        limit of 0 records nothing."""
        self._folder = folder
        self._floor = floor
        self._limit = limit_mb * MB
        self._teller = Teller(Mask(key))
        self._head = self._teller.head(floor, recordings, version)
        self._steps: queue.Queue[Step | None] = queue.Queue(QUEUE_STEPS_MAX)
        self._over = limit_mb == 0
        self._written = 0
        self._look_at = 0
        self._thread: threading.Thread | None = None

    def took(
        self, item: fx.Input, now: fx.Now, effects: tuple[fx.Effect, ...],
        drawn: tuple[Drawn, ...],
    ) -> None:  # fmt: skip
        """Puts a step into the queue; one that finds no room ends the recording of this life."""
        if self._over:
            return
        if self._thread is None:
            path = self._folder / f"floor-{self._floor[-6:]}-{now.utc:%Y%m%dT%H%M%S%f}.jsonl"
            self._thread = threading.Thread(
                target=self._write, args=(path,), name="replay", daemon=True
            )
            self._thread.start()
        try:
            self._steps.put_nowait((item, now, effects, drawn))
        except queue.Full:
            self._over = True

    def close(self) -> None:
        """Writes what is left and the last line."""
        self._over = True
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._steps.put(None, timeout=CLOSE_S)
            self._thread.join(CLOSE_S)

    # ---- the thread

    def _write(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(path)
            with path.open("w", encoding="ascii", newline="\n") as file:
                why = self._tell(file, path)
                file.write(self._teller.tail(why))
        except Exception:
            # A floor goes on without its record; that there is none is seen by the file's end.
            log.exception("the record of a floor's inputs ends")
        self._over = True

    def _tell(self, file: TextIO, path: Path) -> str:
        self._put(file, self._head)
        while True:
            try:
                step = self._steps.get(timeout=FLUSH_S)
            except queue.Empty:
                file.flush()
                if self._over:
                    return "overrun"
                continue
            if step is None:
                return "closed"
            self._put(file, self._teller.step(*step))
            if self._written >= self._look_at:
                self._look_at = self._written + self._limit // ROOM_PARTS
                if not self._make_room(path):
                    return "full"

    def _put(self, file: TextIO, line: str) -> None:
        self._written += len(line)
        file.write(line)

    def _make_room(self, path: Path) -> bool:
        """Removes the oldest lives until the folder keeps within its bound; False where this life
        alone is too much for it."""
        others = {one: _size(one) for one in path.parent.glob("floor-*.jsonl") if one != path}
        total = self._written + sum(others.values())
        for one in sorted(others, key=lambda one: one.name.rpartition("-")[2]):
            if total <= self._limit:
                break
            one.unlink(missing_ok=True)
            total -= others[one]
        return total <= self._limit


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
