"""One 20 ms clock for all lines of a process.

The n-th tick is due at start + n x 20 ms of the monotonic clock, so that a late tick never shifts the
rest: after a stall every tick that was due is made up for, each told when it was due. Only a stall of
more than a second loses ticks, and says how many.
"""

import asyncio
import time
from collections.abc import Callable

TICK_S = 0.02
MOST_AT_ONCE = 50


class MediaClock:
    """Calls `tick(due)` fifty times a second, and `skip(ticks)` where a long stall lost some."""

    def __init__(self, tick: Callable[[float], None], skip: Callable[[int], None]) -> None:
        self._tick = tick
        self._skip = skip
        self._handle: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._count = 0
        self.skipped = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins ticking on the given loop."""
        self._loop = loop
        self._start = time.monotonic()
        self._arm()

    def stop(self) -> None:
        """Ticks no more."""
        if self._handle:
            self._handle.cancel()

    def _arm(self) -> None:
        wait = self._start + (self._count + 1) * TICK_S - time.monotonic()
        self._handle = self._loop.call_later(max(0.0, wait), self._run)

    def _run(self) -> None:
        due = int((time.monotonic() - self._start) / TICK_S) - self._count
        missed = max(0, due - MOST_AT_ONCE)
        if missed:
            self.skipped += missed
            self._count += missed
            self._skip(missed)
        for _ in range(due - missed):
            self._count += 1
            self._tick(self._start + self._count * TICK_S)
        self._arm()
