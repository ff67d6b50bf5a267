"""Sums what several speakers say into one frame, without wrap-around.

Who is to be heard by whom is decided elsewhere; here each speaker's sound is kept until its moment
(`Voice`) and added up for one listener at a time (`mix`).
"""

from collections.abc import Sequence

import numpy as np

from vyzov.media.frame import Samples, silent_frame
from vyzov.media.g711 import Law, decode
from vyzov.media.jitter import JitterBuffer
from vyzov.media.rtp import RtpPacket


def mix(frames: Sequence[Samples]) -> Samples:
    """Return the saturating sum of frames of equal length; of none, 20 ms of silence."""
    if not frames:
        return silent_frame()
    if len(frames) == 1:
        return frames[0]
    total = np.sum(np.stack(frames), axis=0, dtype=np.int32)
    return np.clip(total, -32768, 32767).astype(np.int16)


class Voice:
    """What one speaker says, a frame at a time, whatever packets it came in."""

    def __init__(self) -> None:
        """Has said nothing."""
        self._buffer = JitterBuffer()
        self._law = Law.PCMA

    def put(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Take a packet that arrived at `now`, in monotonic seconds."""
        self._law = law
        self._buffer.put(packet, now)

    def frame(self, now: float) -> Samples | None:
        """Return the next 20 ms at `now`, or None where nothing was said; ask every 20 ms."""
        payload = self._buffer.get(now)
        return None if payload is None else decode(payload, self._law)
