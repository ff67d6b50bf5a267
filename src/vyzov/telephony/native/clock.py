"""The media clock: which 20 ms frames are due, by a schedule that never drifts.

The n-th frame is due at start + n x 20 ms of the monotonic clock; a late tick sends what is due and
shifts nothing. After a pause longer than `BACKLOG_FRAMES` (a suspended machine) the schedule starts
anew instead of flooding the far side. What a frame holds is decided by who is ticked.
"""

import asyncio
import logging
import time
from collections.abc import Callable

log = logging.getLogger("vyzov.engine.clock")

FRAME_S = 0.02
BACKLOG_FRAMES = 5


class Schedule:
    """Counts due frames against the monotonic clock; no I/O, no sleeping."""

    def __init__(self, start: float) -> None:
        """Makes the first frame due at `start` (monotonic seconds)."""
        self._start = start
        self._done = 0
        self.restarts = 0

    def due(self, now: float) -> int:
        """Returns how many frames fell due since the last call and counts them as taken."""
        # The tiny margin keeps a tick that fires exactly on time from missing its own frame.
        reached = int((now - self._start + 1e-6) / FRAME_S) + 1
        count = reached - self._done
        if count > BACKLOG_FRAMES:
            self.restarts += 1
            self._start, self._done = now, 1
            return 1
        if count <= 0:
            return 0
        self._done = reached
        return count

    def next_at(self) -> float:
        """Returns when the next frame is due, in monotonic seconds."""
        return self._start + self._done * FRAME_S


class MediaClock:
    """Ticks everything that sounds, once per frame, while anything does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stands still until the first `add`."""
        self._loop = loop
        self._ticked: dict[object, Callable[[float], None]] = {}
        self._schedule: Schedule | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.largest_lag_s = 0.0
        self.frames = 0

    def add(self, key: object, tick: Callable[[float], None]) -> None:
        """Calls `tick(now)` for every frame from now on, until `discard(key)`."""
        self._ticked[key] = tick
        if self._timer is None:
            self._schedule = Schedule(time.monotonic())
            self._timer = self._loop.call_soon(self._run)  # type: ignore[assignment]

    def discard(self, key: object) -> None:
        """Stops ticking `key`; the clock stands still when nothing is left."""
        self._ticked.pop(key, None)

    def close(self) -> None:
        """Stops the clock."""
        self._ticked.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        schedule = self._schedule
        if not self._ticked or schedule is None:
            self._timer = None
            return
        now = time.monotonic()
        self.largest_lag_s = max(self.largest_lag_s, now - schedule.next_at())
        for _ in range(schedule.due(now)):
            self.frames += 1
            for key, tick in list(self._ticked.items()):
                try:
                    tick(now)
                except Exception:
                    # One leg's fault must not silence the others.
                    log.exception("the sound of %s failed and is no longer ticked", key)
                    self._ticked.pop(key, None)
        delay = max(0.0, schedule.next_at() - time.monotonic())
        self._timer = self._loop.call_later(delay, self._run)
