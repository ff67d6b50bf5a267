"""Puts packets that arrive unevenly into an even row of 20 ms payloads.

Used only where sound is consumed (mixed, classified, transcoded, handed to a browser by the slow
path); packets that are merely relayed pass without it. The depth follows the unevenness measured:
as small as it may be, as large as it must be, never beyond its bounds. Concealing what is missing
is left to the caller.
"""

from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE
from vyzov.media.g711 import SILENCE, Law, decode, law_of
from vyzov.media.rtp import RtpPacket

_TIMESTAMPS: Final = 1 << 32
_LONGEST_PAYLOAD: Final = SAMPLE_RATE // 5
"""Bytes of the longest payload taken: 200 ms."""
_MOST_PACKETS: Final = 64
_WINDOW: Final = 128
"""Packets over which transit is watched, twice: the present window and the one before it."""
_CLOCK_JUMP: Final = SAMPLE_RATE // 2
"""Change of transit, in samples, that is a new clock and no unevenness."""
_LATE_IN_A_ROW: Final = 10
_SLACK: Final = FRAME_SAMPLES // 2
"""How much more than a frame the reading point may lag before one is dropped."""
_FAR: Final = 4 * FRAME_SAMPLES
"""How far it may stray before that no longer waits for a quiet moment."""
_PATIENCE: Final = 50
"""Frames in a row after which a quiet moment is no longer waited for: one second."""
_QUIET_PEAK: Final = 400
"""Samples no louder than this (-35 dBm0) can go or be doubled unheard."""


class _Transit:
    """How long packets are under way, against the quickest of the last few seconds, in samples."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self._now: tuple[int, int] | None = None
        self._count = 0

    def add(self, transit: int) -> None:
        if self._now is None or self._count >= _WINDOW:
            self._before, self._now, self._count = self._now, (transit, transit), 0
        self._now = (min(self._now[0], transit), max(self._now[1], transit))
        self._count += 1

    @property
    def least(self) -> int | None:
        if self._now is None:
            return None
        return self._now[0] if self._before is None else min(self._now[0], self._before[0])

    @property
    def spread(self) -> int:
        if self._now is None:
            return 0
        most = self._now[1] if self._before is None else max(self._now[1], self._before[1])
        return most - (self.least or 0)


class JitterBuffer:
    """Holds the sound of one G.711 stream until its time has come.

    `put` takes packets of 10 to 60 ms and more, one byte a sample; `get` gives 20 ms each time,
    and is asked every 20 ms.
    """

    def __init__(self, depth_ms_min: int = 20, depth_ms_max: int = 120) -> None:
        """Keep the depth within bounds in ms; ValueError where they cannot hold a frame."""
        if not 20 <= depth_ms_min <= depth_ms_max:
            raise ValueError(f"Depths of {depth_ms_min} to {depth_ms_max} ms: use 20 or more.")
        self._least_depth = depth_ms_min * SAMPLE_RATE // 1000
        self._most_depth = depth_ms_max * SAMPLE_RATE // 1000
        self.dropped = 0
        """Frames and packets thrown away because the row grew too long."""
        self.late = 0
        """Packets that came after their time."""
        self.duplicates = 0
        self.filled = 0
        """Frames given out with something missing, or inserted, since sound began."""
        self.restarts = 0
        """Times the sender's clock or source changed."""
        self._ssrc: int | None = None
        self._clear()

    @property
    def depth_ms(self) -> int:
        """The depth now aimed at, in milliseconds."""
        return self._depth() * 1000 // SAMPLE_RATE

    @property
    def held_ms(self) -> int:
        """Milliseconds of sound now waiting."""
        return sum(len(run) for run in self._runs.values()) * 1000 // SAMPLE_RATE

    def put(self, packet: RtpPacket, now: float) -> None:
        """Take a packet that arrived at `now`, in monotonic seconds."""
        size = len(packet.payload)
        if not 0 < size <= _LONGEST_PAYLOAD:
            self.dropped += size > 0
            return
        if packet.ssrc != self._ssrc:
            self.restarts += self._ssrc is not None
            self._clear()
            self._ssrc = packet.ssrc
        start = self._unwrapped(packet.timestamp)
        transit = round(now * SAMPLE_RATE) - start
        if self._is_elsewhere(start, size, transit):
            self.restarts += 1
            self._clear()
        self._newest = max(self._newest, start) if self._newest is not None else start
        self._transit.add(transit)
        self._law = law_of(packet.payload_type) or self._law
        self._keep(start, packet.payload)

    def get(self, now: float) -> bytes | None:
        """Return the next 20 ms at `now`, or None where nothing of them is there.

        What is missing of a frame is filled with silence.
        """
        least = self._transit.least
        if least is None or self._newest is None:
            return None
        due = round(now * SAMPLE_RATE) - least - self._depth()
        if self._cursor is None:
            if not self._runs or due < min(self._runs):
                return None
            self._cursor = min(self._runs)
        ahead = due - self._cursor
        if ahead < 0:
            # The frame may not be complete yet: better a frame of waiting than a packet lost.
            if self._may_adjust(-ahead):
                self.filled += 1
                return None
        elif ahead > FRAME_SAMPLES + _SLACK and self._cursor < self._newest:
            if self._may_adjust(ahead):
                self._drop(ahead if ahead > self._most_depth + _FAR else FRAME_SAMPLES)
        else:
            self._waited = 0
        return self._take()

    def _clear(self) -> None:
        self._transit = _Transit()
        self._runs: dict[int, bytes] = {}
        self._cursor: int | None = None
        self._newest: int | None = None
        self._late_in_a_row = 0
        self._waited = 0
        self._law = Law.PCMA

    def _depth(self) -> int:
        wanted = FRAME_SAMPLES + self._transit.spread
        return min(max(wanted, self._least_depth), self._most_depth)

    def _unwrapped(self, timestamp: int) -> int:
        """Return the stamp as a number that does not wrap, near the newest one."""
        if self._newest is None:
            return timestamp
        half = _TIMESTAMPS // 2
        return self._newest + (timestamp - self._newest + half) % _TIMESTAMPS - half

    def _is_elsewhere(self, start: int, size: int, transit: int) -> bool:
        """Return whether the sender's clock jumped, or the reading point ran away from it."""
        late = self._cursor is not None and start + size <= self._cursor
        self.late += late
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        least = self._transit.least
        jumped = least is not None and abs(transit - least) > _CLOCK_JUMP
        return jumped or self._late_in_a_row >= _LATE_IN_A_ROW

    def _keep(self, start: int, payload: bytes) -> None:
        if self._cursor is not None and start + len(payload) <= self._cursor:
            return
        if start in self._runs:
            self.duplicates += 1
            return
        self._runs[start] = payload
        if len(self._runs) > _MOST_PACKETS:
            del self._runs[min(self._runs)]
            self.dropped += 1

    def _may_adjust(self, distance: int) -> bool:
        """Return whether a frame may be dropped or inserted now: quiet, or no longer to wait."""
        self._waited += 1
        frame, whole = self._frame()
        if (
            frame is None
            or not whole
            or distance > _FAR
            or self._waited > _PATIENCE
            or int(np.abs(decode(frame, self._law)).max()) <= _QUIET_PEAK
        ):
            self._waited = 0
            return True
        return False

    def _drop(self, samples: int) -> None:
        assert self._cursor is not None
        self._cursor += samples - samples % FRAME_SAMPLES
        self.dropped += samples // FRAME_SAMPLES
        self._forget()

    def _forget(self) -> None:
        assert self._cursor is not None
        gone = [start for start, run in self._runs.items() if start + len(run) <= self._cursor]
        for start in gone:
            del self._runs[start]

    def _frame(self) -> tuple[bytes | None, bool]:
        """Return what is there of the frame at the reading point, and whether it is whole."""
        assert self._cursor is not None
        begin, end = self._cursor, self._cursor + FRAME_SAMPLES
        row = bytearray(SILENCE[self._law])
        covered = 0
        reached = begin
        for start in sorted(self._runs):
            run = self._runs[start]
            first, last = max(reached, start), min(end, start + len(run))
            if first < last:
                row[first - begin : last - begin] = run[first - start : last - start]
                covered += last - first
                reached = last
        return (bytes(row) if covered else None), covered == FRAME_SAMPLES

    def _take(self) -> bytes | None:
        assert self._cursor is not None
        frame, whole = self._frame()
        self.filled += not whole
        self._cursor += FRAME_SAMPLES
        self._forget()
        return frame
