"""Reads and writes WAV files, bytes only: PCM of 16 bit, A-law and mu-law.

Every length a file claims is held against the bytes that are there, so a header that lies cannot
make the reader allocate or loop. Resampling is decided in `prompts`, alignment in `recording`.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode

_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_EXTENSIBLE: Final = 0xFFFE
_SUBFORMAT_AT: Final = 24
_SUBFORMAT_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")
_LARGEST_RIFF: Final = 0xFFFFFFFF


class WavRefused(ValueError):
    """The bytes are no WAV file this reader takes; the message names what is wrong with them.

    `is_audio` is False where they do not even begin like one."""

    def __init__(self, message: str, *, is_audio: bool = True) -> None:
        """Say what is wrong."""
        super().__init__(message)
        self.is_audio = is_audio


class Encoding(IntEnum):
    """How samples are kept in a WAV file, by its format code (RFC 2361)."""

    PCM16 = 1
    ALAW = 6
    ULAW = 7

    @property
    def width(self) -> int:
        """Bytes of one sample of one channel."""
        return 2 if self is Encoding.PCM16 else 1


@dataclass(frozen=True, slots=True)
class Wave:
    """A WAV file as it is: rate in Hz, channels, and samples of shape (moments, channels)."""

    rate: int
    channels: int
    encoding: Encoding
    samples: Samples


def parse_wav(data: bytes) -> Wave:
    """Return the sound in a WAV file; raises `WavRefused`.

    Unknown chunks are passed over. A data chunk cut short is refused, as a file that is still
    being copied would be.
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavRefused(
            "This is no WAV file: it does not begin with RIFF and WAVE.", is_audio=False
        )
    found: tuple[Encoding, int, int] | None = None
    at = 12
    while at + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if size > len(data) - at:
            raise WavRefused(
                f"Chunk {name!r} claims {size} bytes, {len(data) - at} are there: "
                "copy the file again, or save it anew."
            )
        if name == b"fmt ":
            found = _parse_format(data[at : at + size])
        elif name == b"data":
            return _parse_data(found, data[at : at + size])
        at += size + (size & 1)
    raise WavRefused("The file has no data chunk: save it anew as WAV.")


def _parse_format(chunk: bytes) -> tuple[Encoding, int, int]:
    if len(chunk) < _FORMAT.size:
        raise WavRefused(f"The format chunk has {len(chunk)} bytes, at least 16 are needed.")
    code, channels, rate, _, block, bits = _FORMAT.unpack_from(chunk)
    if code == _EXTENSIBLE and chunk[_SUBFORMAT_AT + 2 : _SUBFORMAT_AT + 16] == _SUBFORMAT_TAIL:
        code = int.from_bytes(chunk[_SUBFORMAT_AT : _SUBFORMAT_AT + 2], "little")
    if code not in {member.value for member in Encoding} or bits != 8 * Encoding(code).width:
        raise WavRefused(
            f"Format {code} with {bits} bits is not taken: save it as 16-bit PCM, A-law or mu-law."
        )
    encoding = Encoding(code)
    if channels not in {1, 2} or block != channels * encoding.width:
        raise WavRefused(
            f"{channels} channels in blocks of {block} bytes are not taken: save it mono or stereo."
        )
    return encoding, channels, rate


def _parse_data(found: tuple[Encoding, int, int] | None, chunk: bytes) -> Wave:
    if found is None:
        raise WavRefused("The data chunk comes before the format chunk: save the file anew.")
    encoding, channels, rate = found
    whole = len(chunk) - len(chunk) % (channels * encoding.width)
    chunk = chunk[:whole]
    if encoding is Encoding.PCM16:
        samples = np.frombuffer(chunk, dtype="<i2").astype(np.int16)
    else:
        samples = decode(chunk, Law.PCMA if encoding is Encoding.ALAW else Law.PCMU)
    return Wave(rate, channels, encoding, samples.reshape(-1, channels))


def header(encoding: Encoding, channels: int, rate: int, data_bytes: int) -> bytes:
    """Return the bytes before the sound of a file with `data_bytes` of it; raises ValueError.

    Its length does not depend on `data_bytes`, so it can be written first and patched at the end.
    """
    block = channels * encoding.width
    form = _FORMAT.pack(encoding, channels, rate, rate * block, block, 8 * encoding.width)
    if encoding is Encoding.PCM16:
        chunks = _CHUNK.pack(b"fmt ", len(form)) + form
    else:
        # Files of a compressed kind carry an empty extension and the count of their moments.
        form += b"\0\0"
        chunks = _CHUNK.pack(b"fmt ", len(form)) + form
        chunks += _CHUNK.pack(b"fact", 4) + (data_bytes // block).to_bytes(4, "little")
    rest = 4 + len(chunks) + _CHUNK.size + data_bytes + (data_bytes & 1)
    if rest > _LARGEST_RIFF:
        raise ValueError(f"{data_bytes} bytes do not fit a WAV file, which ends at 4 GB.")
    return _CHUNK.pack(b"RIFF", rest) + b"WAVE" + chunks + _CHUNK.pack(b"data", data_bytes)


def header_size(encoding: Encoding) -> int:
    """Return how many bytes `header` takes for that encoding."""
    return len(header(encoding, 1, 8000, 0))


def build_wav(payload: bytes, encoding: Encoding, channels: int, rate: int) -> bytes:
    """Return a whole WAV file around sound that is already encoded and interleaved."""
    return header(encoding, channels, rate, len(payload)) + payload + b"\0" * (len(payload) & 1)
