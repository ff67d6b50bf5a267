"""G.711, both laws, by tables computed from the definition when the module loads.

Decoding is one look-up in 256 values, encoding one in 65,536, and changing the law of a payload
one `bytes.translate`. Which law a call speaks is negotiated elsewhere.
"""

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vyzov.media.frame import FRAME_SAMPLES, Samples

_ALAW_INVERTED_BITS: Final = 0x55
_ULAW_BIAS: Final = 33
_ULAW_LARGEST: Final = 0x1FFF


class Law(StrEnum):
    """The companding law of a G.711 stream, by its name in SDP (RFC 3551 §4.5.14)."""

    PCMA = "PCMA"
    PCMU = "PCMU"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type of the law (RFC 3551 table 4)."""
        return 8 if self is Law.PCMA else 0


_LAWS: Final = {0: Law.PCMU, 8: Law.PCMA}


def law_of(payload_type: int) -> Law | None:
    """Return the law of a static RTP payload type, or None where it is not G.711."""
    return _LAWS.get(payload_type)


def _alaw_decoding() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ _ALAW_INVERTED_BITS
    segment, step = (code >> 4) & 7, code & 15
    # Segments 0 and 1 share one step size; each further segment doubles it.
    curved = ((step << 4) + 0x108) << np.maximum(segment - 1, 0)
    magnitude = np.where(segment == 0, (step << 4) + 8, curved)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_decoding() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0xFF
    segment, step = (code >> 4) & 7, code & 15
    magnitude = (((step << 1) + _ULAW_BIAS) << segment) - _ULAW_BIAS
    return np.where(code & 0x80, -magnitude * 4, magnitude * 4).astype(np.int16)


def _segment_of(value: NDArray[np.int32], first_bits: int) -> NDArray[np.int32]:
    """Return the segment, 0..7: how many bits longer than `first_bits` the value is."""
    length = np.frexp(value.astype(np.float64))[1].astype(np.int32)
    return np.clip(length - first_bits, 0, 7)


def _alaw_encoding() -> NDArray[np.uint8]:
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    # The complement, not the negation, keeps the two halves mirror images around -1/2 and keeps
    # -32768 within 12 bits.
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    segment = _segment_of(magnitude, 4)
    step = (magnitude >> np.maximum(segment - 1, 0)) & 15
    code = (segment << 4) | step | np.where(sample < 0, 0, 0x80)
    return (code ^ _ALAW_INVERTED_BITS).astype(np.uint8)


def _ulaw_encoding() -> NDArray[np.uint8]:
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = (np.where(sample < 0, ~sample, sample) >> 2) + _ULAW_BIAS
    magnitude = np.minimum(magnitude, _ULAW_LARGEST)
    segment = _segment_of(magnitude, 6)
    step = (magnitude >> (segment + 1)) & 15
    code = (segment << 4) | step | np.where(sample < 0, 0x80, 0)
    return (code ^ 0xFF).astype(np.uint8)


_DECODING: Final = {Law.PCMA: _alaw_decoding(), Law.PCMU: _ulaw_decoding()}
_ENCODING: Final = {Law.PCMA: _alaw_encoding(), Law.PCMU: _ulaw_encoding()}


def decode(payload: bytes, law: Law) -> Samples:
    """Return the samples of a G.711 payload, one per byte (G.711 tables 1a, 1b, 2a, 2b)."""
    return _DECODING[law][np.frombuffer(payload, dtype=np.uint8)]


def encode(samples: Samples, law: Law) -> bytes:
    """Return the G.711 payload of samples, one byte each, cut at the overload point."""
    return _ENCODING[law][samples.view(np.uint16)].tobytes()


def _transcoding(source: Law, target: Law) -> bytes:
    return encode(decode(bytes(range(256)), source), target)


_TRANSCODING: Final = {
    (Law.PCMA, Law.PCMU): _transcoding(Law.PCMA, Law.PCMU),
    (Law.PCMU, Law.PCMA): _transcoding(Law.PCMU, Law.PCMA),
}


def transcode(payload: bytes, from_law: Law, to_law: Law) -> bytes:
    """Return the payload in another law without going through samples.

    Each byte maps to what the other law's encoder makes of its level.
    """
    if from_law is to_law:
        return payload
    return payload.translate(_TRANSCODING[from_law, to_law])


SILENCE: Final[dict[Law, bytes]] = {
    law: encode(np.zeros(FRAME_SAMPLES, dtype=np.int16), law) for law in Law
}
"""20 ms of silence in each law."""
