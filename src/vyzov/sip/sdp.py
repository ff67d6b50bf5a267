"""Session descriptions (RFC 8866) and the offer/answer of one audio stream (RFC 3264).

Reads what peers describe, writes offers and answers for G.711 with telephone-events, and works
out what two descriptions agree on. Sound itself, and which address RTP really comes from, are
left to `vyzov.media`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from vyzov.sip.fields import bounded_int

MAX_SDP = 16_384
MAX_MEDIA = 16
TELEPHONE_EVENT = "telephone-event"
DEFAULT_CODECS = ("PCMA", "PCMU")
DEFAULT_EVENT_PAYLOAD = 101
HOLD_ADDRESS = "0.0.0.0"  # noqa: S104 - RFC 2543 wrote a hold so; it is compared, never bound.
# RFC 3551 §6: static payload types need no rtpmap.
_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 13: ("CN", 8000), 9: ("G722", 8000)}
_PAYLOADS = {"PCMU": 0, "PCMA": 8}


class Direction(StrEnum):
    """Who sends sound, seen from the describer's side."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def opposite(self) -> "Direction":
        """The strongest direction the other side may answer with (RFC 3264 §6.1)."""
        return _OPPOSITE[self]


_OPPOSITE = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}


class NoCommonCodec(ValueError):
    """The offer holds no audio stream this side can take; answer 488."""


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

    `formats` are the payload numbers as written, `codecs` those of them that are understood.
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

    @property
    def held(self) -> bool:
        """Tells that the describer wants no sound: by direction, or by the old c=0.0.0.0."""
        quiet = self.direction in (Direction.SENDONLY, Direction.INACTIVE)
        return quiet or self.address == HOLD_ADDRESS


@dataclass(frozen=True, slots=True)
class Session:
    """A session description: its o= id and version, and its media in order."""

    session_id: int
    version: int
    media: tuple[Media, ...]

    @property
    def audio(self) -> Media | None:
        """The first RTP/AVP audio stream that is not refused, None where there is none."""
        for media in self.media:
            if media.kind == "audio" and media.port and media.protocol == "RTP/AVP":
                return media
        return None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two descriptions agree on, seen from our side.

    We send `codec` in payload `payload` to `address`:`port`, digits in `event_payload` (None
    where the peer takes none); `ptime` is milliseconds the peer wants; `sending` and
    `receiving` say which ways sound may flow.
    """

    codec: str
    payload: int
    event_payload: int | None
    address: str
    port: int
    ptime: int
    sending: bool
    receiving: bool


def parse(data: bytes) -> Session:
    """Reads a session description; raises ValueError saying which line cannot be read."""
    if len(data) > MAX_SDP:
        raise ValueError(f"a session description of {len(data)} bytes (at most {MAX_SDP})")
    # Lines closed by LF alone are common and allowed to be accepted (RFC 8866 §5).
    lines = [line.strip("\r") for line in data.decode("utf-8", "replace").split("\n")]
    if lines[0].strip() != "v=0":
        raise ValueError("no v=0 at the start of the session description")
    sections: list[list[tuple[str, str]]] = [[]]
    for line in lines[1:]:
        kind, equals, value = line.partition("=")
        if not equals or len(kind) != 1:
            continue  # Blank and broken lines carry nothing; the rest may still be enough.
        if kind == "m":
            sections.append([])
        sections[-1].append((kind, value.strip()))
    if len(sections) > MAX_MEDIA + 1:
        raise ValueError(f"{len(sections) - 1} media lines (at most {MAX_MEDIA})")
    session_id, version = _origin(sections[0])
    address = _connection(sections[0], "")
    direction = _direction(sections[0], Direction.SENDRECV)
    media = tuple(_media(section, address, direction) for section in sections[1:])
    return Session(session_id, version, media)


def _origin(lines: list[tuple[str, str]]) -> tuple[int, int]:
    for kind, value in lines:
        if kind == "o":
            words = value.split()
            if len(words) >= 3 and all(w.isascii() and w.isdigit() for w in words[1:3]):
                return int(words[1][:20]), int(words[2][:20])
    return 0, 0


def _connection(lines: list[tuple[str, str]], inherited: str) -> str:
    for kind, value in lines:
        words = value.split()
        if kind == "c" and len(words) >= 3 and words[0].upper() == "IN":
            return words[2].partition("/")[0]  # A multicast TTL may follow.
    return inherited


def _direction(lines: list[tuple[str, str]], inherited: Direction) -> Direction:
    for kind, value in lines:
        if kind == "a" and value.strip().lower() in set(Direction):
            return Direction(value.strip().lower())
    return inherited


def _media(lines: list[tuple[str, str]], address: str, direction: Direction) -> Media:
    words = lines[0][1].split()
    if len(words) < 4:
        raise ValueError(f"an m= line of {len(words)} words: {lines[0][1][:80]!r}")
    attributes = [value for kind, value in lines if kind == "a"]
    formats = tuple(words[3:])
    return Media(
        kind=words[0].lower(),
        port=bounded_int(words[1].partition("/")[0], 65_535),
        protocol=words[2].upper(),
        formats=formats,
        codecs=_codecs(formats, attributes),
        address=_connection(lines, address),
        direction=_direction(lines, direction),
        ptime=_ptime(attributes),
        rtcp_mux="rtcp-mux" in attributes,
    )


def _codecs(formats: tuple[str, ...], attributes: list[str]) -> tuple[Codec, ...]:
    maps: dict[int, tuple[str, int]] = dict(_STATIC)
    fmtp: dict[int, str] = {}
    for attribute in attributes:
        name, _, value = attribute.partition(":")
        number, _, text = value.strip().partition(" ")
        payload = _payload(number)
        if payload is None:
            continue
        if name.lower() == "rtpmap":
            encoding, _, rest = text.strip().partition("/")
            rate = rest.partition("/")[0].strip()
            if encoding and rate.isascii() and rate.isdigit() and len(rate) <= 6:
                maps[payload] = (encoding, int(rate))
        elif name.lower() == "fmtp":
            fmtp[payload] = text.strip()
    found: list[Codec] = []
    for text in formats:
        payload = _payload(text)
        if payload is not None and payload in maps:
            encoding, rate = maps[payload]
            found.append(Codec(payload, encoding, rate, fmtp.get(payload, "")))
    return tuple(found)


def _payload(text: str) -> int | None:
    try:
        return bounded_int(text, 127)
    except ValueError:
        return None


def _ptime(attributes: list[str]) -> int | None:
    for attribute in attributes:
        name, _, value = attribute.partition(":")
        if name.lower() == "ptime":
            # Some peers write 20.0; anything outside of 1..200 ms is not a packet of speech.
            whole = value.strip().partition(".")[0]
            if whole.isascii() and whole.isdigit() and len(whole) <= 3 and 1 <= int(whole) <= 200:
                return int(whole)
    return None


def offer(
    *,
    address: str,
    port: int,
    session_id: int,
    version: int = 1,
    codecs: Sequence[str] = DEFAULT_CODECS,
    ptime: int = 20,
    direction: Direction = Direction.SENDRECV,
    event_payload: int = DEFAULT_EVENT_PAYLOAD,
) -> bytes:
    """Writes an offer of G.711 in order of preference, with telephone-events 0-15 (RFC 4733)."""
    chosen = [Codec(_PAYLOADS[name], name, 8000) for name in codecs]
    chosen.append(Codec(event_payload, TELEPHONE_EVENT, 8000, "0-15"))
    stream = _stream(port, chosen, direction, ptime)
    return _description(address, session_id, version, [stream])


def answer(
    offered: Session,
    *,
    address: str,
    port: int,
    session_id: int,
    version: int = 1,
    codecs: Sequence[str] = DEFAULT_CODECS,
    direction: Direction = Direction.SENDRECV,
    one_codec: bool = True,
) -> bytes:
    """Writes the answer to an offer: one m= line per offered line, refused ones with port 0.

    The offerer's order decides (RFC 3264 §6.1) and its payload numbers are kept. `direction` is
    what we want; the answer never goes beyond what the offer allows. Raises `NoCommonCodec`.
    """
    audio = offered.audio
    common = _common(audio, codecs) if audio else []
    if audio is None or not common:
        raise NoCommonCodec("no G.711 audio stream in the offer: answer 488")
    chosen = common[:1] if one_codec else common
    chosen += [c for c in audio.codecs if c.is_named(TELEPHONE_EVENT) and c.rate == 8000][:1]
    allowed = _narrower(audio.direction.opposite, direction)
    streams: list[list[str]] = []
    for media in offered.media:
        if media is audio:
            streams.append(_stream(port, chosen, allowed, audio.ptime or 20))
        else:
            streams.append([f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}"])
    return _description(address, session_id, version, streams)


def agree(local: bytes, remote: bytes) -> Agreement:
    """Works out what to send and expect after an offer and its answer, whichever is whose.

    Raises ValueError where either cannot be read and `NoCommonCodec` where nothing is common.
    """
    ours, theirs = parse(local).audio, parse(remote).audio
    if ours is None or theirs is None or not theirs.address:
        raise NoCommonCodec("one side describes no audio stream")
    common = [c for c in _common(theirs, _PAYLOADS) if any(c.is_named(o.name) for o in ours.codecs)]
    if not common:
        raise NoCommonCodec("the two descriptions share no codec")
    events = [c.payload for c in theirs.codecs if c.is_named(TELEPHONE_EVENT) and c.rate == 8000]
    they_send = theirs.direction in (Direction.SENDRECV, Direction.SENDONLY)
    they_take = theirs.direction in (Direction.SENDRECV, Direction.RECVONLY)
    we_send = ours.direction in (Direction.SENDRECV, Direction.SENDONLY)
    we_take = ours.direction in (Direction.SENDRECV, Direction.RECVONLY)
    return Agreement(
        codec=common[0].name.upper(),
        payload=common[0].payload,
        event_payload=events[0] if events else None,
        address=theirs.address,
        port=theirs.port,
        ptime=theirs.ptime or 20,
        sending=we_send and they_take and theirs.address != HOLD_ADDRESS,
        receiving=we_take and they_send,
    )


def renewed(local: bytes, remote_offer: bytes) -> bytes:
    """Answers an offer made in mid-call with the session we already describe.

    Port, address and codec preference stay ours; the direction mirrors the offer (a hold gets
    `recvonly`). The o= version grows by one where the text changes (RFC 3264 §8) and stays
    where it does not. Raises ValueError as `parse` and `answer` do.
    """
    session, offered = parse(local), parse(remote_offer)
    ours = session.audio
    if ours is None:
        raise NoCommonCodec("we describe no audio stream of our own")
    names = [c.name.upper() for c in ours.codecs if c.name.upper() in _PAYLOADS]
    text = answer(
        offered,
        address=ours.address,
        port=ours.port,
        session_id=session.session_id,
        version=session.version,
        codecs=names,
    )
    if text == local:
        return local
    return text.replace(
        f" {session.session_id} {session.version} IN ".encode(),
        f" {session.session_id} {session.version + 1} IN ".encode(),
        1,
    )


def _common(media: Media, names: Sequence[str] | dict[str, int]) -> list[Codec]:
    """Lists the offered codecs among `names`, in the offer's order."""
    wanted = {name.lower() for name in names}
    return [codec for codec in media.codecs if codec.name.lower() in wanted and codec.rate == 8000]


def _narrower(allowed: Direction, wanted: Direction) -> Direction:
    sends = all(d in (Direction.SENDRECV, Direction.SENDONLY) for d in (allowed, wanted))
    takes = all(d in (Direction.SENDRECV, Direction.RECVONLY) for d in (allowed, wanted))
    if sends:
        return Direction.SENDRECV if takes else Direction.SENDONLY
    return Direction.RECVONLY if takes else Direction.INACTIVE


def _stream(port: int, codecs: Sequence[Codec], direction: Direction, ptime: int) -> list[str]:
    lines = [f"m=audio {port} RTP/AVP {' '.join(str(codec.payload) for codec in codecs)}"]
    for codec in codecs:
        lines.append(f"a=rtpmap:{codec.payload} {codec.name}/{codec.rate}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload} {codec.fmtp}")
    return [*lines, f"a=ptime:{ptime}", f"a={direction}"]


def _description(
    address: str, session_id: int, version: int, streams: Sequence[Sequence[str]]
) -> bytes:
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
