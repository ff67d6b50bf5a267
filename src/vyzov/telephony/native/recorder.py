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
from typing import Literal

from vyzov.media.g711 import Law, decode
from vyzov.media.recording import Finished, Recording, RecordingUnreadable, recover
from vyzov.media.rtp import RtpPacket

log = logging.getLogger("vyzov.engine.recorder")

BATCH_S = 1.0
BACKLOG_BATCHES_MAX = 60
"""Seconds of sound that may wait for a slow disk, per recording, before it is given up."""

_Piece = tuple[Literal["left", "right"], bytes, Law, float, int | None]


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
        self._pieces: list[_Piece] = []
        self._handed_at = started_at
        self._waiting = 0
        self._file: Recording | None = None
        self._failed = False
        thread.submit(lambda: self._open(started_at))

    def left(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Adds what the leg said."""
        self._add(("left", packet.payload, law, now, packet.timestamp), now)

    def right(self, payload: bytes, law: Law, now: float) -> None:
        """Adds what the leg heard."""
        self._add(("right", payload, law, now, None), now)

    def finish(self, at: float, done: Callable[[Finished | None], None]) -> None:
        """Closes the recording at `at`; `done` is called on the loop, with None after a fault."""
        self._hand_over(at)
        self._thread.submit(lambda: self._finish(at, done))

    def _add(self, piece: _Piece, now: float) -> None:
        if self._failed:
            return
        self._pieces.append(piece)
        if now - self._handed_at >= BATCH_S:
            self._hand_over(now)

    def _hand_over(self, now: float) -> None:
        pieces, self._pieces = self._pieces, []
        self._handed_at = now
        if self._waiting >= BACKLOG_BATCHES_MAX:
            self._fail(f"the disk is {self._waiting} s behind")
            return
        self._waiting += 1
        self._thread.submit(lambda: self._write(pieces))

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

    def _write(self, pieces: list[_Piece]) -> None:
        self._waiting -= 1
        file = self._file
        if file is None:
            return
        try:
            for side, payload, law, at, timestamp in pieces:
                samples = decode(payload, law)
                if side == "left":
                    file.left(samples, at, timestamp)
                else:
                    file.right(samples, at)
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


def recover_part(path: Path) -> Finished | None:
    """Finishes a recording an earlier run left behind; None (and a log line) where it cannot."""
    try:
        return recover(Path(f"{path}.part"))
    except FileNotFoundError:
        log.warning("recording %s left nothing behind", path)
    except (OSError, RecordingUnreadable) as error:
        log.warning("recording %s cannot be recovered: %s", path, error)
    return None
