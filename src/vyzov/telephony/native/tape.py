"""The SIP tape: every message that came or left, redacted, in files of bounded size.

The loop only puts bytes into a queue; a thread of its own reads, redacts and writes them a few times
a second, so a crash loses half a second of evidence and no call waits for the disk. Files are named
by the second they begin at; the oldest go when the folder would outgrow its limit. The tape is
evidence for a person, never a source of state.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import orjson

from vyzov.sip.trace import Step, note

log = logging.getLogger("vyzov.engine.tape")

FILE_BYTES = 8 << 20
WRITE_EVERY_S = 0.5
WAITING_MOST = 20_000


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """Where the tape lies, how many megabytes are kept (0: no tape), and how much of numbers."""

    folder: Path
    keep_mb: int
    whole_numbers: bool = False


class Tape:
    """Writes what it is given; all files together stay within the settings' limit."""

    def __init__(self, settings: TraceSettings) -> None:
        """Begins a new file with the first message; keeps those of earlier runs."""
        self._folder = settings.folder
        self._keep_bytes = settings.keep_mb << 20
        self._whole_numbers = settings.whole_numbers
        self._waiting: deque[tuple[float, bool, str, bytes]] = deque(maxlen=WAITING_MOST)
        self._file: Path | None = None
        self._room = 0
        self._stop = threading.Event()
        self._faulty = False
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._thread.start()

    def message(self, data: bytes, peer: str, *, sent: bool) -> None:
        """Takes one message; `peer` is transport, host and port. The oldest waiting gives way."""
        self._waiting.append((time.time(), sent, peer, data))

    def close(self) -> None:
        """Writes what waits and stops."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.wait(WRITE_EVERY_S):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        lines: list[bytes] = []
        while self._waiting:
            at, sent, peer, data = self._waiting.popleft()
            step = Step(at, sent, peer, note(data, whole_numbers=self._whole_numbers))
            lines.append(orjson.dumps(step.to_line(), option=orjson.OPT_APPEND_NEWLINE))
        if not lines:
            return
        try:
            self._write(b"".join(lines))
            self._faulty = False
        except OSError as error:
            if not self._faulty:
                # Said once: calls go on without their evidence.
                log.warning("the SIP tape in %s cannot be written: %s", self._folder, error)
            self._faulty = True

    def _write(self, data: bytes) -> None:
        if self._file is None or self._room < len(data):
            self._begin()
        assert self._file is not None, "a file was begun"
        with self._file.open("ab") as file:
            file.write(data)
        self._room -= len(data)

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = sorted(self._folder.glob("sip-*.jsonl"))
        sizes = {file: file.stat().st_size for file in files}
        held = sum(sizes.values()) + FILE_BYTES
        for file in files:
            if held <= self._keep_bytes:
                break
            file.unlink()
            held -= sizes[file]
        # A name per millisecond: two engines, or two files in one second, never share one.
        self._file = self._folder / f"sip-{time.time_ns() // 1_000_000:015d}.jsonl"
        self._file.touch(mode=0o600)
        self._room = FILE_BYTES
