"""One 20 ms clock for all lines of a process.

The n-th tick is due at start + n x 20 ms of the loop's monotonic clock, so that a late tick never
shifts the rest; after a long stall the missed ticks are skipped, as a telephone does not catch up.
"""

import asyncio
from collections.abc import Callable

TICK_S = 0.02
MOST_AT_ONCE = 5


class MediaClock:
    """Calls `tick` fifty times a second, a few times in a row after a short delay."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._handle: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._count = 0
        self.skipped = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins ticking on the given loop."""
        self._loop = loop
        self._start = loop.time()
        self._arm()

    def stop(self) -> None:
        """Ticks no more."""
        if self._handle:
            self._handle.cancel()

    def _arm(self) -> None:
        due = self._start + (self._count + 1) * TICK_S
        self._handle = self._loop.call_at(due, self._run)

    def _run(self) -> None:
        due = int((self._loop.time() - self._start) / TICK_S) - self._count
        missed = max(0, due - MOST_AT_ONCE)
        self.skipped += missed
        self._count += missed
        for _ in range(max(1, due - missed)):
            self._count += 1
            self._tick()
        self._arm()
