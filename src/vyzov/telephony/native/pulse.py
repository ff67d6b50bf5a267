"""The engine's pulse: how late its loop runs, how much it holds, written down every few seconds.

`Lags` folds latenesses into a histogram of fixed size; `Pulse` measures them (a timer every 20 ms,
as often as sound is due) and writes one small JSON file beside the engine's socket, replaced whole.
`vyzov status` and the soak read it. Nothing is decided by it.
"""

import asyncio
import contextlib
import os
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson

EVERY_S = 0.02
WRITE_S = 5.0
FILE = "engine.pulse.json"
BOUNDS_MS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 250.0, 1000.0)


class Lags:
    """Counts of latenesses by their upper bound in milliseconds, `BOUNDS_MS` and beyond."""

    def __init__(self) -> None:
        """Has seen nothing."""
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.largest_ms = 0.0

    def add(self, late_s: float) -> None:
        """Takes one lateness in seconds; early counts as on time."""
        late_ms = max(0.0, late_s * 1000)
        self.counts[bisect_left(BOUNDS_MS, late_ms)] += 1
        self.largest_ms = max(self.largest_ms, late_ms)

    def below(self, share: float) -> float:
        """Returns the bound under which this share of all lay; the largest seen beyond the last."""
        wanted = share * sum(self.counts)
        reached = 0
        for bound, count in zip(BOUNDS_MS, self.counts, strict=False):
            reached += count
            if reached >= wanted:
                return min(bound, self.largest_ms)
        return self.largest_ms


class Pulse:
    """Measures the loop it runs on and writes what it found into `folder`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, folder: Path, run_id: str, legs: Callable[[], int]
    ) -> None:
        """Begins at once; `legs` says how many live."""
        self._loop = loop
        self._path = folder / FILE
        self._run_id = run_id
        self._legs = legs
        self._since = datetime.now(UTC)
        self._latest = Lags()
        self._all = Lags()
        self._due = loop.time() + EVERY_S
        self._write_at = loop.time() + WRITE_S
        self._timer = loop.call_at(self._due, self._beat)

    def close(self) -> None:
        """Stops measuring and takes the file away: an engine that left has no pulse."""
        self._timer.cancel()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        now = self._loop.time()
        self._latest.add(now - self._due)
        self._all.add(now - self._due)
        if now >= self._write_at:
            with contextlib.suppress(OSError):
                # A full disk is told by others; the sound goes on.
                self._write()
            self._latest = Lags()
            self._write_at = now + WRITE_S
        # From now, not from when it was due: one long pause is one lateness.
        self._due = self._loop.time() + EVERY_S
        self._timer = self._loop.call_at(self._due, self._beat)

    def _write(self) -> None:
        told = {
            "engine": self._run_id,
            "pid": os.getpid(),
            "since": self._since.isoformat(timespec="seconds"),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "monotonic_s": round(time.monotonic(), 3),
            "legs": self._legs(),
            "lag_ms": {
                "p50": round(self._latest.below(0.5), 2),
                "p99": round(self._latest.below(0.99), 2),
                "largest": round(self._latest.largest_ms, 2),
            },
            "lag_counts": {"up_to_ms": BOUNDS_MS, "counts": self._all.counts},
            "memory_mb": round(_resident_bytes() / 1e6, 1),
            "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        }
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(orjson.dumps(told))
        draft.replace(self._path)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
