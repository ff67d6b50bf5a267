"""Puts the packets of one stream into a row of 20 ms frames by their time stamps, for those who listen.

Listening has no hurry, so nothing is played out against a clock: a burst after a stall of the network
is no silence and a cut-off word. What was lost or never sent is silence of its true length. Where
packets overtake each other the row waits for the late ones, as long as they have shown to need and
no longer; whoever listens cannot take a word back.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE, Samples
from vyzov.media.g711 import Law, decode
from vyzov.media.rtp import RtpPacket

LONGEST_GAP: Final = 2 * SAMPLE_RATE
"""The longest jump of time stamps heard as silence; a longer one is a new beginning."""
LONGEST_WAIT: Final = SAMPLE_RATE // 4
"""How long, in samples, late packets are waited for at most: 250 ms."""
_STAMPS: Final = 1 << 32


class FrameRow:
    """Turns packets of any length into frames of 160 samples."""

    def __init__(self) -> None:
        """Begin with the first packet, and wait for none."""
        self._ssrc: int | None = None
        self._cursor = 0
        self._end = 0
        self._wait = 0
        self._passed = 0
        self._pieces: dict[int, Samples] = {}

    def put(self, packet: RtpPacket, law: Law) -> Iterator[Samples]:
        """Yield the frames a packet completes."""
        samples = decode(packet.payload, law)
        start = self._cursor + _signed(packet.timestamp - self._cursor)
        if packet.ssrc != self._ssrc or abs(start - self._end) > LONGEST_GAP:
            yield from self.flush()
            self._ssrc, self._passed = packet.ssrc, 0
            # A new clock goes on where the old one ended, in the middle of a frame if need be.
            rest = self._pieces
            begun = packet.timestamp - (self._end - self._cursor)
            self._pieces = {begun + place - self._cursor: one for place, one in rest.items()}
            self._cursor, self._end = begun, packet.timestamp
            start = packet.timestamp
        elif start < self._cursor:
            if self._cursor - start > self._passed:
                self._wait = min(LONGEST_WAIT, max(self._wait, self._end - start))
                return
            # It was merely late: silence was heard in its place, now it is heard behind that.
            self._cursor = self._end = start
        self._passed = 0
        self._pieces[start] = samples
        self._end = max(self._end, start + len(samples))
        yield from self._given(self._end - self._wait)

    def flush(self) -> Iterator[Samples]:
        """Yield whole frames of what is waited with."""
        yield from self._given(self._end)

    def pass_frame(self) -> None:
        """Let the time of one frame pass in which nothing came, and which counts as silence."""
        self._cursor += FRAME_SAMPLES
        self._end = max(self._end, self._cursor)
        self._passed += FRAME_SAMPLES

    def _given(self, until: int) -> Iterator[Samples]:
        while self._cursor + FRAME_SAMPLES <= until:
            yield self._frame()

    def _frame(self) -> Samples:
        begin, end = self._cursor, self._cursor + FRAME_SAMPLES
        frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        for start in sorted(self._pieces):
            piece = self._pieces[start]
            first, last = max(begin, start), min(end, start + len(piece))
            if first < last:
                frame[first - begin : last - begin] = piece[first - start : last - start]
            if start + len(piece) <= end:
                del self._pieces[start]
        self._cursor = end
        return frame


def _signed(step: int) -> int:
    """Return a difference of time stamps as the nearest number, forward or back."""
    return (step + _STAMPS // 2) % _STAMPS - _STAMPS // 2
