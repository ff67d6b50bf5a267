"""Session descriptions as text (RFC 8866): reads what peers write, writes what they can read.

Attributes nobody here needs are kept out of the way; what is read is bounded in every direction.
What two descriptions agree on is decided in `sdp`.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from vyzov.sip.fields import bounded_int

MAX_SDP = 16_384
KEPT_LENGTH_MAX = 1024
"""Descriptions up to this length that were read lately are remembered."""
MAX_MEDIA = 16
MAX_FORMATS = 64
MAX_CRYPTO = 8
TELEPHONE_EVENT = "telephone-event"
HOLD_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - compared, never bound.
"""What RFC 2543 peers write as the address of a stream they hold."""
PLAIN = "RTP/AVP"
SECURE = "RTP/SAVP"
# RFC 3551 §6: static payload types need no rtpmap.
_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 13: ("CN", 8000), 9: ("G722", 8000)}
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""Crypto suites (RFC 4568 §6.2, RFC 7714 §14.2) and the bytes of their master key and salt."""


class Direction(StrEnum):
    """Who sends sound, seen from the describer's side."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def opposite(self) -> "Direction":
        """The strongest direction the other side may answer with (RFC 3264 §6.1)."""
        return direction_of(sends=self.takes, takes=self.sends)

    @property
    def sends(self) -> bool:
        """Tells that the describer sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def takes(self) -> bool:
        """Tells that the describer takes what is sent."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)


def direction_of(*, sends: bool, takes: bool) -> Direction:
    """Names the direction of a side that sends, takes, both or neither."""
    if sends:
        return Direction.SENDRECV if takes else Direction.SENDONLY
    return Direction.RECVONLY if takes else Direction.INACTIVE


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """One a=crypto line (RFC 4568): the suite, the master key with its salt, and the line's tag."""

    suite: str
    key: bytes = field(repr=False)
    tag: int = 1

    def __post_init__(self) -> None:
        """Refuses a key whose length is not the suite's."""
        if SUITES.get(self.suite) != len(self.key):
            raise ValueError(
                f"suite {self.suite[:40]!r} with a key of {len(self.key)} bytes: "
                f"give one of {', '.join(f'{s} ({n})' for s, n in SUITES.items())}"
            )

    @property
    def line(self) -> str:
        """The attribute as it is written."""
        return f"a=crypto:{self.tag} {self.suite} inline:{b64encode(self.key).decode()}"


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type: its number, encoding name as written, clock rate in Hz, fmtp text."""

    payload: int
    name: str
    rate: int
    fmtp: str = ""

    def is_named(self, name: str) -> bool:
        """Compares encoding names without case (RFC 4855 §3)."""
        return self.name.lower() == name.lower()


@dataclass(frozen=True, slots=True)
class Media:
    """One m= line. `port` 0 is a refused stream; `ptime` is milliseconds; `address` a host.

    `formats` are the payload numbers as written, `codecs` those of them that are understood,
    `rtcp` where the describer takes RTCP if not at the next port (host "" for the same),
    `crypto` the keys that can be used here, in the describer's order.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    codecs: tuple[Codec, ...]
    address: str
    direction: Direction
    ptime: int | None = None
    rtcp_mux: bool = False
    maxptime: int | None = None
    rtcp: tuple[str, int] | None = None
    crypto: tuple[SrtpKeys, ...] = ()

    @property
    def held(self) -> bool:
        """Tells that the describer wants no sound: by direction, or by the old c=0.0.0.0."""
        return not self.direction.takes or self.address in HOLD_ADDRESSES


@dataclass(frozen=True, slots=True)
class Session:
    """A session description: its o= id and version, and its media in order."""

    session_id: int
    version: int
    media: tuple[Media, ...]

    @property
    def audio(self) -> Media | None:
        """The first plain RTP audio stream that is not refused, None where there is none."""
        return self._first(PLAIN)

    @property
    def secure_audio(self) -> Media | None:
        """The first SRTP audio stream that is not refused, None where there is none."""
        return self._first(SECURE)

    def _first(self, protocol: str) -> Media | None:
        for media in self.media:
            if media.kind == "audio" and media.port and media.protocol == protocol:
                return media
        return None


Lines = list[tuple[str, str]]
_DIRECTIONS = frozenset(Direction)


def parse(data: bytes) -> Session:
    """Reads a session description; raises ValueError saying which line cannot be read."""
    # A 200 repeats what the 183 said, a refresh what was agreed. Keys are not kept beyond their call.
    return _read(data) if len(data) > KEPT_LENGTH_MAX or b"crypto" in data else _kept(data)


@lru_cache(maxsize=256)
def _kept(data: bytes) -> Session:
    return _read(data)


def _read(data: bytes) -> Session:
    if len(data) > MAX_SDP:
        raise ValueError(f"a session description of {len(data)} bytes (at most {MAX_SDP})")
    sections = _sections(data)
    if len(sections) > MAX_MEDIA + 1:
        raise ValueError(f"{len(sections) - 1} media lines (at most {MAX_MEDIA})")
    session_id, version = _origin(sections[0])
    address = _connection(sections[0], "")
    said = [value for kind, value in sections[0] if kind == "a"]
    direction = _direction(said) or Direction.SENDRECV
    media = tuple(_media(section, address, direction) for section in sections[1:])
    return Session(session_id, version, media)


def _sections(data: bytes) -> list[Lines]:
    # Lines closed by LF alone are common and allowed to be accepted (RFC 8866 §5).
    lines = [line.strip("\r") for line in data.decode("utf-8", "replace").split("\n")]
    if lines[0].strip() != "v=0":
        raise ValueError("no v=0 at the start of the session description")
    sections: list[Lines] = [[]]
    for line in lines[1:]:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            continue  # Blank and broken lines carry nothing; the rest may still be enough.
        if kind == "m":
            sections.append([])
        sections[-1].append((kind, value.strip()))
    return sections


def _origin(lines: Lines) -> tuple[int, int]:
    for kind, value in lines:
        if kind == "o":
            words = value.split()
            if len(words) >= 3 and all(w.isascii() and w.isdigit() for w in words[1:3]):
                return int(words[1][:20]), int(words[2][:20])
    return 0, 0


def _connection(lines: Lines, inherited: str) -> str:
    for kind, value in lines:
        if kind != "c":
            continue
        words = value.split()
        if len(words) >= 3 and words[0].upper() == "IN":
            return words[2].partition("/")[0]  # A multicast TTL may follow.
    return inherited


def _direction(said: Iterable[str]) -> Direction | None:
    for value in said:
        if value.strip().lower() in _DIRECTIONS:
            return Direction(value.strip().lower())
    return None


def _media(lines: Lines, address: str, direction: Direction) -> Media:
    words = lines[0][1].split()
    if not 4 <= len(words) <= MAX_FORMATS + 3:
        raise ValueError(f"an m= line of {len(words)} words: {lines[0][1][:80]!r}")
    plain = "".join(words)
    if not (plain.isascii() and plain.isprintable()):
        # A refused stream is repeated in the answer, so nothing odd may stand in it.
        raise ValueError(f"an m= line with odd signs: {lines[0][1][:80]!r}")
    formats = tuple(words[3:])
    said = tuple([value for kind, value in lines if kind == "a"])
    text = "".join(said)
    kept = len(text) <= KEPT_LENGTH_MAX and "crypto" not in text.lower()
    traits = (_kept_traits if kept else _traits)(formats, said)
    return Media(
        kind=words[0].lower(),
        port=bounded_int(words[1].partition("/")[0], 65_535),
        protocol=words[2].upper(),
        formats=formats,
        codecs=traits.codecs,
        address=_connection(lines, address),
        direction=traits.direction or direction,
        ptime=traits.ptime,
        rtcp_mux=traits.rtcp_mux,
        maxptime=traits.maxptime,
        rtcp=traits.rtcp,
        crypto=traits.crypto,
    )


@dataclass(frozen=True, slots=True)
class _Traits:
    """What the attributes of a stream say; `direction` None where they name none."""

    codecs: tuple[Codec, ...]
    direction: Direction | None
    ptime: int | None
    rtcp_mux: bool
    maxptime: int | None
    rtcp: tuple[str, int] | None
    crypto: tuple[SrtpKeys, ...]


def _traits(formats: tuple[str, ...], said: tuple[str, ...]) -> _Traits:
    attributes = [
        (name.strip().lower(), text.strip())
        for name, _, text in (value.partition(":") for value in said)
    ]
    return _Traits(
        codecs=_codecs(formats, attributes),
        direction=_direction(said),
        ptime=_milliseconds(attributes, "ptime"),
        rtcp_mux=("rtcp-mux", "") in attributes,
        maxptime=_milliseconds(attributes, "maxptime"),
        rtcp=_rtcp(attributes),
        crypto=_crypto(attributes),
    )


# Our own descriptions, and a carrier's, differ from call to call in their port and origin alone.
@lru_cache(maxsize=256)
def _kept_traits(formats: tuple[str, ...], said: tuple[str, ...]) -> _Traits:
    return _traits(formats, said)


def _codecs(formats: tuple[str, ...], attributes: Lines) -> tuple[Codec, ...]:
    maps: dict[int, tuple[str, int]] = dict(_STATIC)
    fmtp: dict[int, str] = {}
    for name, value in attributes:
        if name not in ("rtpmap", "fmtp"):
            continue
        number, _, text = value.partition(" ")
        payload = _bounded(number, 127)
        if payload is None:
            continue
        if name == "rtpmap":
            encoding, _, rest = text.strip().partition("/")
            rate = _bounded(rest.partition("/")[0].strip(), 999_999)
            if encoding and rate is not None:
                maps[payload] = (encoding, rate)
        else:
            fmtp[payload] = text.strip()
    found: list[Codec] = []
    for text in formats:
        payload = _bounded(text, 127)
        if payload is not None and payload in maps:
            encoding, rate = maps[payload]
            found.append(Codec(payload, encoding, rate, fmtp.get(payload, "")))
    return tuple(found)


def _bounded(text: str, most: int) -> int | None:
    try:
        return bounded_int(text, most)
    except ValueError:
        return None


def _milliseconds(attributes: Lines, wanted: str) -> int | None:
    for name, value in attributes:
        if name == wanted:
            # Some peers write 20.0; anything outside of 1..200 ms is not a packet of speech.
            return _bounded(value.partition(".")[0], 200) or None
    return None


def _rtcp(attributes: Lines) -> tuple[str, int] | None:
    """Reads `a=rtcp:PORT [IN IP4 HOST]` (RFC 3605 §2.1)."""
    for name, value in attributes:
        words = value.split() if name == "rtcp" else []
        if words and (port := _bounded(words[0], 65_535)):
            return (words[3] if len(words) >= 4 else ""), port
    return None


def _crypto(attributes: Lines) -> tuple[SrtpKeys, ...]:
    """Reads the a=crypto lines this agent can keep to; others are left out (RFC 4568 §5.1)."""
    found: list[SrtpKeys] = []
    for name, value in attributes:
        words = value.split() if name == "crypto" else []
        if len(words) < 3 or len(found) >= MAX_CRYPTO:
            continue
        tag = _bounded(words[0], 999_999_999)
        method, _, key = words[2].partition(":")
        text, *rest = key.split("|")
        # A key identifier travels in every packet; parameters change how packets are made. Only
        # the replay window's size is the sender's own affair.
        plain = not any(":" in part for part in rest) and all(
            word.upper().startswith("WSH=") for word in words[3:]
        )
        if tag is None or method.lower() != "inline" or not plain:
            continue
        try:
            found.append(SrtpKeys(words[1].upper(), b64decode(text, validate=True), tag))
        except (ValueError, binascii.Error):
            continue
    return tuple(found)


def write_stream(
    port: int,
    codecs: Sequence[Codec],
    direction: Direction,
    ptime: int,
    *,
    crypto: Sequence[SrtpKeys] = (),
    rtcp_mux: bool = False,
) -> list[str]:
    """Writes the lines of one audio stream, over SRTP where keys are given."""
    formats = " ".join(str(codec.payload) for codec in codecs)
    lines = [f"m=audio {port} {SECURE if crypto else PLAIN} {formats}"]
    for codec in codecs:
        lines.append(f"a=rtpmap:{codec.payload} {codec.name}/{codec.rate}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload} {codec.fmtp}")
    lines += [f"a=ptime:{ptime}", *(keys.line for keys in crypto)]
    if rtcp_mux:
        lines.append("a=rtcp-mux")
    return [*lines, f"a={direction}"]


def refused_stream(media: Media) -> list[str]:
    """Writes the line that refuses an offered stream (RFC 3264 §6)."""
    return [f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}"]


def write(address: str, session_id: int, version: int, streams: Sequence[Sequence[str]]) -> bytes:
    """Writes a session description of streams."""
    family = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN {family} {address}",
        "s=-",
        f"c=IN {family} {address}",
        "t=0 0",
    ]
    for stream in streams:
        lines += stream
    return ("\r\n".join(lines) + "\r\n").encode()


def with_origin(text: bytes, session_id: int, version: int) -> bytes:
    """Returns a description with another id and version in its o= line, the rest untouched."""
    lines = text.split(b"\n")
    for index, line in enumerate(lines):
        words = line.split()
        if line.startswith(b"o=") and len(words) >= 3:
            words[1:3] = [str(session_id).encode(), str(version).encode()]
            lines[index] = b" ".join(words) + (b"\r" if line.endswith(b"\r") else b"")
            break
    return b"\n".join(lines)


def with_direction(text: bytes, direction: Direction) -> bytes:
    """Returns a description whose living streams all go in `direction`."""
    ending = b"\r\n" if b"\r\n" in text else b"\n"
    out: list[bytes] = []
    alive = False
    for line in text.rstrip().split(b"\n"):
        bare = line.strip()
        if bare.startswith(b"a=") and bare[2:].decode("latin-1").lower() in _DIRECTIONS:
            continue
        if bare.startswith(b"m="):
            if alive:
                out.append(f"a={direction}".encode())
            words = bare.split()
            alive = len(words) > 1 and words[1].partition(b"/")[0] != b"0"
        out.append(bare)
    if alive:
        out.append(f"a={direction}".encode())
    return ending.join(out) + ending
