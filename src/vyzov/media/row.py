"""Puts the packets of one stream into a row of 20 ms frames by their time stamps, for those who listen.

Listening has no hurry, so nothing is played out against a clock: a burst after a stall of the network
is no silence and a cut-off word. What was lost or never sent is silence of its true length. Packets
that come after their place in the row are left out: whoever listens cannot take a word back.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE, Samples
from vyzov.media.g711 import Law, decode
from vyzov.media.rtp import RtpPacket

LONGEST_GAP: Final = 2 * SAMPLE_RATE
"""The longest jump of time stamps heard as silence; a longer one is a new beginning."""
_STAMPS: Final = 1 << 32


class FrameRow:
    """Turns packets of any length into frames of 160 samples."""

    def __init__(self) -> None:
        """Begin with the first packet."""
        self._ssrc: int | None = None
        self._sequence = 0
        self._next = 0
        self._rest: Samples = np.empty(0, dtype=np.int16)

    def put(self, packet: RtpPacket, law: Law) -> Iterator[Samples]:
        """Yield the frames a packet completes."""
        parts = [self._rest]
        if packet.ssrc == self._ssrc:
            newer = (packet.sequence - self._sequence) & 0xFFFF
            if newer == 0 or newer > 0x7FFF:
                return
            gap = (packet.timestamp - self._next) % _STAMPS
            # A stamp behind the silence already heard belongs to sound that was merely late.
            if gap <= LONGEST_GAP:
                parts.append(np.zeros(gap, dtype=np.int16))
        self._ssrc, self._sequence = packet.ssrc, packet.sequence
        samples = decode(packet.payload, law)
        self._next = (packet.timestamp + len(samples)) % _STAMPS
        row = np.concatenate([*parts, samples])
        whole = len(row) - len(row) % FRAME_SAMPLES
        self._rest = row[whole:]
        for start in range(0, whole, FRAME_SAMPLES):
            yield row[start : start + FRAME_SAMPLES]

    def pass_frame(self) -> None:
        """Let the time of one frame pass in which nothing came, and which counts as silence."""
        self._next = (self._next + FRAME_SAMPLES) % _STAMPS
