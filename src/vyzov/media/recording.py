"""Two-channel recordings: left is what the customer said, right what the customer heard.

A file grows as `NAME.part` and gets its name only when it is whole and on the disk. Sound is placed
by the wall clock, and within one stream by its RTP time stamps, so that both channels stay true to
each other through loss, reordering, pauses and silence. When to record is decided elsewhere.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from vyzov.media.frame import SAMPLE_RATE, Samples
from vyzov.media.g711 import Law, encode
from vyzov.media.wav import Encoding, header, header_size

LONGEST_RECORDING_S: Final = 4 * 3600
"""Seconds after which a recording takes no more sound: a forgotten leg must not fill the disk."""

_PART: Final = ".part"
_LEFT: Final = 0
_RIGHT: Final = 1
_BLOCK: Final = SAMPLE_RATE
"""Moments written at a time."""
_HELD: Final = 2 * _BLOCK
"""Moments kept in memory: while they wait, late packets still find their place."""
_TOLERANCE: Final = SAMPLE_RATE // 10
"""How far arrival may stray from the flow, in samples, before it counts as a gap: 100 ms."""
_STAMP_TOLERANCE: Final = SAMPLE_RATE // 2
"""How far a time stamp may lead away from its arrival before it is taken for a new clock."""
_HELD_UP: Final = 3 * SAMPLE_RATE // 2
"""How late sound may come after a stall of network or machine and still belong where it was said."""
_OVERLAP: Final = SAMPLE_RATE // 4
"""How far behind what is there packets that were overtaken may belong."""
_DRIFT_WINDOW: Final = 10 * SAMPLE_RATE
"""Moments over which the quickest arrival is taken for the one the network did not hold up."""
_DRIFT_TOLERANCE: Final = SAMPLE_RATE // 50
"""How far the sender's clock may lead away from ours before it is followed: 20 ms."""
_SLIP_EVERY: Final = SAMPLE_RATE // 8
"""Moments in which one sample, at most, is left out or doubled: 1000 ppm."""
_TIMESTAMPS: Final = 1 << 32
_FORM_AT: Final = 20


class RecordingUnreadable(ValueError):
    """An unfinished recording cannot be repaired; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A recording that is whole and on the disk: where, how long, how large, and its SHA-256."""

    path: Path
    seconds: float
    bytes: int
    sha256: str


@dataclass(slots=True)
class _Channel:
    """Where one channel stands: its next moment, and what its RTP clock said at which moment."""

    next: int = 0
    anchor: tuple[int, int] | None = None
    watched_from: int = 0
    lateness: int | None = None
    """How late, against its place, the quickest sound of the present window came."""
    lateness_before: int | None = None
    since_slip: int = 0

    def watch(self, place: int, arrived: int) -> None:
        """Take note of how late sound came that belongs at `place`."""
        if arrived - self.watched_from >= _DRIFT_WINDOW:
            self.watched_from = arrived
            self.lateness_before, self.lateness = self.lateness, None
        late = arrived - place
        self.lateness = late if self.lateness is None else min(self.lateness, late)

    def slip(self, samples: int) -> int:
        """Return how many samples the next so many should grow (less than 0: shrink) by.

        The sender's clock is no better than ours: over an hour they part by a second. What is
        left out or doubled a sample at a time is not heard, a jump of half a second is.
        """
        self.since_slip += samples
        if self.lateness is None or self.lateness_before is None or not samples:
            return 0
        off = min(self.lateness, self.lateness_before)
        beyond = max(0, abs(off) - _DRIFT_TOLERANCE)
        steps = min(beyond, self.since_slip // _SLIP_EVERY, max(1, samples // 100))
        if not steps:
            return 0
        self.since_slip = 0
        grown = steps if off > 0 else -steps
        self.lateness -= grown
        self.lateness_before -= grown
        return grown


class Recording:
    """Writes one recording; memory stays at two seconds of sound however long the call is."""

    def __init__(
        self, path: Path | str, started_at: float, encoding: Encoding = Encoding.PCM16
    ) -> None:
        """Open `path` + ".part" for a recording that began at `started_at`, monotonic seconds.

        Raises FileExistsError where the recording or its unfinished part exists: `recover` it.
        """
        self._path = Path(path)
        self._part = Path(f"{path}{_PART}")
        if self._path.exists():
            raise FileExistsError(f"The recording {self._path} exists: choose another name.")
        self._file = self._part.open("xb", buffering=0)
        self._encoding = encoding
        self._file.write(header(encoding, 2, SAMPLE_RATE, 0))
        self._started_at = started_at
        self._channels = (_Channel(), _Channel())
        self._held = np.zeros((_HELD, 2), dtype=np.int16)
        self._written = 0
        self._newest = 0
        self._paused = False
        self.late = 0
        """Samples that came too late to be written where they belong."""

    def left(self, samples: Samples, at: float, timestamp: int | None = None) -> None:
        """Add what the customer said: it began to arrive at `at`, monotonic seconds.

        `timestamp` is that of the RTP packet; with it, order and gaps follow the sender's clock.
        """
        self._add(_LEFT, samples, at, timestamp)

    def right(self, samples: Samples, at: float, timestamp: int | None = None) -> None:
        """Add what the customer heard, as `left` does."""
        self._add(_RIGHT, samples, at, timestamp)

    def pause(self) -> None:
        """Write silence in place of all sound added from now on; time goes on."""
        self._paused = True

    def resume(self) -> None:
        """Record sound again."""
        self._paused = False

    def finish(self, at: float | None = None) -> Finished:
        """Write the rest, patch the header, and give the file its name once it is on the disk.

        With `at` the recording lasts until then, in silence if need be. Blocks on the disk: call
        it from a thread of its own.
        """
        if at is not None:
            self._newest = max(self._newest, min(self._moment(at), _longest()))
        self._make_room(self._newest)
        rest = self._newest - self._written
        self._write(rest)
        self._file.close()
        return _finish(self._part, self._path, self._encoding)

    def _moment(self, at: float) -> int:
        return max(0, round((at - self._started_at) * SAMPLE_RATE))

    def _add(self, side: int, samples: Samples, at: float, timestamp: int | None) -> None:
        channel = self._channels[side]
        place = min(self._place(channel, self._moment(at), timestamp), _longest())
        if timestamp is not None:
            assert channel.anchor is not None
            channel.watch(place, self._moment(at))
            slip = channel.slip(len(samples))
            if slip:
                samples = _stretched(samples, slip)
                channel.anchor = (channel.anchor[0] + slip, channel.anchor[1])
        if place < 0:
            # Said before the recording began, and late on its way.
            samples, place = samples[-place:], 0
        samples = samples[: _longest() - place]
        end = place + len(samples)
        channel.next = max(channel.next, end)
        self._newest = max(self._newest, end)
        self._make_room(end)
        if place < self._written:
            missed = min(len(samples), self._written - place)
            self.late += missed
            samples, place = samples[missed:], place + missed
        if not self._paused:
            start = place - self._written
            self._held[start : start + len(samples), side] = samples

    def _place(self, channel: _Channel, arrived: int, timestamp: int | None) -> int:
        if timestamp is None:
            # Frames of a clock: small unevenness of arrival is no gap, a lasting one is. Those of
            # a clock that catches up come too early, and follow each other all the same.
            flowing = -_STAMP_TOLERANCE <= arrived - channel.next <= _TOLERANCE
            return channel.next if flowing else arrived
        if channel.anchor is not None:
            moment, stamp = channel.anchor
            step = (timestamp - stamp + _TIMESTAMPS // 2) % _TIMESTAMPS - _TIMESTAMPS // 2
            place = moment + step
            if abs(place - arrived) <= _STAMP_TOLERANCE or _was_held_up(channel, place, arrived):
                channel.anchor = (place, timestamp)
                return place
        # A first packet, a new sender, or clocks that drifted apart: begin from its arrival, but
        # not upon sound that is there already.
        place = arrived if arrived - channel.next > _TOLERANCE else max(arrived, channel.next)
        if place - arrived > _STAMP_TOLERANCE:
            place = arrived
        channel.anchor = (place, timestamp)
        channel.watched_from, channel.lateness, channel.lateness_before = arrived, None, None
        return place

    def _make_room(self, end: int) -> None:
        """Write whole blocks until `end` fits what is held."""
        while end - self._written > _HELD:
            self._write(_BLOCK)

    def _write(self, moments: int) -> None:
        block = self._held[:moments].reshape(-1)
        if self._encoding is Encoding.PCM16:
            data = block.astype("<i2").tobytes()
        else:
            data = encode(block, Law.PCMA if self._encoding is Encoding.ALAW else Law.PCMU)
        _write_all(self._file.fileno(), data)
        self._written += moments
        self._held = np.concatenate([self._held[moments:], np.zeros((moments, 2), np.int16)])


def _was_held_up(channel: _Channel, place: int, arrived: int) -> bool:
    """Tell sound that goes on where the last ended, late, from a clock that was set back."""
    return 0 < arrived - place <= _HELD_UP and place >= channel.next - _OVERLAP


def _stretched(samples: Samples, slip: int) -> Samples:
    """Return samples with some doubled, or left out for a slip below 0, evenly spread."""
    where = (np.arange(abs(slip)) * len(samples)) // abs(slip)
    if slip < 0:
        return np.delete(samples, where)
    return np.insert(samples, where, samples[where])


def _longest() -> int:
    return LONGEST_RECORDING_S * SAMPLE_RATE


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def recover(part_path: Path | str) -> Finished:
    """Finish a recording whose writer died, with all that reached the disk.

    A file already finished, whose death came just after, is described again. Raises
    `RecordingUnreadable` for a file that is no recording of ours, FileNotFoundError for none.
    """
    part = Path(part_path)
    path = part.with_suffix("") if part.suffix == _PART else part
    part = Path(f"{path}{_PART}")
    source = part if part.exists() or not path.exists() else path
    with source.open("rb") as file:
        start = file.read(_FORM_AT + 2)
    code = struct.unpack_from("<H", start, _FORM_AT)[0] if len(start) == _FORM_AT + 2 else 0
    if start[:4] != b"RIFF" or start[8:12] != b"WAVE" or code not in set(Encoding):
        raise RecordingUnreadable(
            f"{source} does not begin like a recording: look at it, and move it away."
        )
    return _finish(source, path, Encoding(code))


def _finish(part: Path, path: Path, encoding: Encoding) -> Finished:
    block = 2 * encoding.width
    before = header_size(encoding)
    with part.open("r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        moments = max(0, size - before) // block
        file.truncate(before + moments * block)
        file.seek(0)
        _write_all(file.fileno(), header(encoding, 2, SAMPLE_RATE, moments * block))
        os.fsync(file.fileno())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Finished(path, moments / SAMPLE_RATE, before + moments * block, digest)
