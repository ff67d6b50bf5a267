"""Recordings of living legs: packets are collected on the event loop and written by one thread.

The loop that carries sound never waits for a disk: a recorder hands over what it collected once a
second, and finishing (header, sync, rename, hash) happens in the same thread, in order. A recording
the disk refuses ends with a log line; the call goes on. What to record is decided by the floor.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.g711 import Law, decode
from vyzov.media.recording import Finished, Recording, RecordingUnreadable, recover
from vyzov.media.rtp import RtpPacket

log = logging.getLogger("vyzov.engine.recorder")

BATCH_S = 1.0
BACKLOG_BATCHES_MAX = 60
"""Seconds of sound that may wait for a slow disk, per recording, before it is given up."""

RUN_DRIFT_S = 0.04
"""How far arrival may stray from the time stamps within what is written in one go."""

_Piece = tuple[bytes, int | None, Law, float]
"""A payload, its time stamp, its law, and when it arrived or left in monotonic seconds."""


class RecorderThread:
    """The one thread that writes recordings."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts with the first recording."""
        self.loop = loop
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recordings")

    def submit(self, job: Callable[[], None]) -> None:
        """Runs a job after all earlier ones."""
        self._pool.submit(job)

    def close(self) -> None:
        """Waits for what was handed over."""
        self._pool.shutdown(wait=True)


class LegRecorder:
    """One recording being made; `left` and `right` are called on the event loop."""

    def __init__(
        self, thread: RecorderThread, recording: str, path: Path, started_at: float
    ) -> None:
        """Opens nothing yet: the file is made by the thread (`started_at` in monotonic seconds)."""
        self.recording = recording
        self.path = path
        self._thread = thread
        self._left: list[_Piece] = []
        self._right: list[_Piece] = []
        self._handed_at = started_at
        self._waiting = 0
        self._file: Recording | None = None
        self._failed = False
        thread.submit(lambda: self._open(started_at))

    def left(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Adds what the leg said."""
        self._left.append((packet.payload, packet.timestamp, law, now))
        if now - self._handed_at >= BATCH_S:
            self._hand_over(now)

    def right(self, payload: bytes, timestamp: int | None, law: Law, now: float) -> None:
        """Adds what the leg heard."""
        self._right.append((payload, timestamp, law, now))
        if now - self._handed_at >= BATCH_S:
            self._hand_over(now)

    def finish(self, at: float, done: Callable[[Finished | None], None]) -> None:
        """Closes the recording at `at`; `done` is called on the loop, with None after a fault."""
        self._hand_over(at)
        self._thread.submit(lambda: self._finish(at, done))

    def _hand_over(self, now: float) -> None:
        left, self._left = self._left, []
        right, self._right = self._right, []
        self._handed_at = now
        if self._failed:
            return
        if self._waiting >= BACKLOG_BATCHES_MAX:
            self._fail(f"the disk is {self._waiting} s behind")
            return
        self._waiting += 1
        self._thread.submit(lambda: self._write(left, right))

    def _fail(self, why: str) -> None:
        if not self._failed:
            self._failed = True
            log.error("recording %s stops: %s; what was written is kept", self.path, why)

    def _open(self, started_at: float) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = Recording(self.path, started_at)
        except OSError as error:
            self._fail(str(error))

    def _write(self, left: list[_Piece], right: list[_Piece]) -> None:
        self._waiting -= 1
        file = self._file
        if file is None:
            return
        try:
            for add, pieces in ((file.left, left), (file.right, right)):
                for payload, timestamp, law, at in runs(pieces):
                    add(decode(payload, law), at, timestamp)
        except (OSError, ValueError) as error:
            self._fail(str(error))

    def _finish(self, at: float, done: Callable[[Finished | None], None]) -> None:
        finished: Finished | None = None
        try:
            if self._file is not None:
                finished = self._file.finish(at)
        except (OSError, ValueError) as error:
            self._fail(str(error))
        self._thread.loop.call_soon_threadsafe(done, finished)


def runs(pieces: list[_Piece]) -> list[_Piece]:
    """Joins payloads that follow each other without a gap, so that each run is written in one go."""
    joined: list[_Piece] = []
    run: list[bytes] = []
    begun: _Piece | None = None
    size = 0
    for piece in pieces:
        payload, timestamp, law, at = piece
        if begun is not None:
            stamp = None if begun[1] is None else (begun[1] + size) & 0xFFFFFFFF
            strays = abs(at - begun[3] - size / SAMPLE_RATE)
            if stamp == timestamp and law is begun[2] and strays <= RUN_DRIFT_S:
                run.append(payload)
                size += len(payload)
                continue
            joined.append((b"".join(run), *begun[1:]))
        begun, run, size = piece, [payload], len(payload)
    if begun is not None:
        joined.append((b"".join(run), *begun[1:]))
    return joined


def recover_part(path: Path) -> Finished | None:
    """Finishes a recording an earlier run left behind; None (and a log line) where it cannot."""
    try:
        return recover(Path(f"{path}.part"))
    except FileNotFoundError:
        log.warning("recording %s left nothing behind", path)
    except (OSError, RecordingUnreadable) as error:
        log.warning("recording %s cannot be recovered: %s", path, error)
    return None
