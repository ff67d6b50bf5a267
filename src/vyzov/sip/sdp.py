"""The offer/answer of one audio stream (RFC 3264): what two descriptions agree on.

Writes offers and answers for G.711 with telephone-events, plain or over SRTP with keys the owner
gives. Reading and writing the text is left to `description`, the order of offers to `offers`;
sound itself, and which address RTP really comes from, to `vyzov.media`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vyzov.sip.description import (
    MAX_MEDIA,
    MAX_SDP,
    TELEPHONE_EVENT,
    Codec,
    Direction,
    Media,
    Session,
    SrtpKeys,
    direction_of,
    parse,
    refused_stream,
    with_direction,
    with_origin,
    write,
    write_stream,
)

__all__ = [
    "DEFAULT_CODECS",
    "DEFAULT_EVENT_PAYLOAD",
    "MAX_MEDIA",
    "MAX_SDP",
    "TELEPHONE_EVENT",
    "Agreement",
    "Codec",
    "Direction",
    "Media",
    "NoCommonCodec",
    "NotSecure",
    "Session",
    "SrtpKeys",
    "agree",
    "answer",
    "current",
    "offer",
    "parse",
    "refusal",
    "renewed",
    "with_direction",
    "with_origin",
]

DEFAULT_CODECS = ("PCMA", "PCMU")
DEFAULT_EVENT_PAYLOAD = 101
DEFAULT_PTIME = 20
PTIME_MIN = 10
PTIME_MAX = 60
_PAYLOADS = {"PCMU": 0, "PCMA": 8}


class NoCommonCodec(ValueError):
    """The offer holds no audio stream this side can take; answer 488."""


class NotSecure(NoCommonCodec):
    """One side asks for SRTP and the other does not; sound would travel in the clear."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two descriptions agree on, seen from our side.

    We send `codec` in payload `payload` to `address`:`port`, digits in `event_payload` (None
    where the peer takes none); `ptime` is milliseconds of sound in each packet we send, 10 to 60
    in steps of ten; `sending` and `receiving` say which ways sound may flow. RTCP goes to `rtcp`,
    the same place as RTP where it is `muxed`. With SRTP we send under `our_keys` and read under
    `their_keys`.
    """

    codec: str
    payload: int
    event_payload: int | None
    address: str
    port: int
    ptime: int
    sending: bool
    receiving: bool
    rtcp: tuple[str, int] = ("", 0)
    muxed: bool = False
    our_keys: SrtpKeys | None = None
    their_keys: SrtpKeys | None = None

    @property
    def direction(self) -> Direction:
        """Names the ways sound may flow, from our side: `recvonly` where we are held."""
        return direction_of(sends=self.sending, takes=self.receiving)


Keys = SrtpKeys | tuple[SrtpKeys, ...] | None


def _keys(crypto: Keys) -> tuple[SrtpKeys, ...]:
    if crypto is None:
        return ()
    return (crypto,) if isinstance(crypto, SrtpKeys) else crypto


def offer(
    *,
    address: str,
    port: int,
    session_id: int,
    version: int = 1,
    codecs: Sequence[str] = DEFAULT_CODECS,
    ptime: int = DEFAULT_PTIME,
    direction: Direction = Direction.SENDRECV,
    event_payload: int = DEFAULT_EVENT_PAYLOAD,
    crypto: Keys = None,
    rtcp_mux: bool = False,
) -> bytes:
    """Writes an offer of G.711 in order of preference, with telephone-events 0-15 (RFC 4733).

    With `crypto` the stream is SRTP, never both: a plain answer would be a way down.
    """
    chosen = [Codec(_PAYLOADS[name], name, 8000) for name in codecs]
    chosen.append(Codec(event_payload, TELEPHONE_EVENT, 8000, "0-15"))
    stream = write_stream(port, chosen, direction, ptime, crypto=_keys(crypto), rtcp_mux=rtcp_mux)
    return write(address, session_id, version, [stream])


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
    crypto: Keys = None,
    rtcp_mux: bool = False,
) -> bytes:
    """Writes the answer to an offer: one m= line per offered line, refused ones with port 0.

    The offerer's order decides (RFC 3264 §6.1) and its payload numbers are kept. `direction` is
    what we want; the answer never goes beyond what the offer allows, in RTCP multiplexing too.
    With `crypto` only SRTP is taken, under the offered line whose suite is the first of ours.
    Raises `NoCommonCodec`, and `NotSecure` where the offer is plain and ours is not or the
    other way round.
    """
    ours = _keys(crypto)
    audio = _stream_of(offered, secure=bool(ours))
    common = _common(audio, codecs)
    if not common:
        raise NoCommonCodec("no G.711 audio stream in the offer: answer 488")
    chosen = common[:1] if one_codec else common
    chosen += _events(audio)[:1]
    allowed = _narrower(audio.direction.opposite, direction)
    streams = [
        write_stream(
            port,
            chosen,
            allowed,
            _packet_ms(audio),
            crypto=_answering(audio, ours),
            rtcp_mux=rtcp_mux and audio.rtcp_mux,
        )
        if media is audio
        else refused_stream(media)
        for media in offered.media
    ]
    return write(address, session_id, version, streams)


def refusal(offered: Session, local: bytes) -> bytes:
    """Answers an offer that must be answered and cannot be taken: every stream refused."""
    ours = parse(local)
    address = ours.media[0].address if ours.media else ""
    streams = [refused_stream(media) for media in offered.media]
    return write(address or "0.0.0.0", ours.session_id, ours.version + 1, streams)  # noqa: S104


def agree(local: bytes, remote: bytes) -> Agreement:
    """Works out what to send and expect after an offer and its answer, whichever is whose.

    Raises ValueError where either cannot be read, `NoCommonCodec` where nothing is common and
    `NotSecure` where only one of them is SRTP.
    """
    described, answered = parse(local), parse(remote)
    ours = current(described)
    if ours is None:
        raise NoCommonCodec("one side describes no audio stream")
    theirs = _stream_of(answered, secure=ours is described.secure_audio)
    if not theirs.address:
        raise NoCommonCodec("one side describes no audio stream")
    common = [c for c in _common(theirs, _PAYLOADS) if any(c.is_named(o.name) for o in ours.codecs)]
    if not common:
        raise NoCommonCodec("the two descriptions share no codec")
    events = _events(theirs)
    host, port = theirs.rtcp or ("", theirs.port + 1)
    muxed = ours.rtcp_mux and theirs.rtcp_mux
    our_keys, their_keys = _shared_keys(ours, theirs)
    return Agreement(
        codec=common[0].name.upper(),
        payload=common[0].payload,
        event_payload=events[0].payload if events else None,
        address=theirs.address,
        port=theirs.port,
        ptime=_packet_ms(theirs),
        sending=ours.direction.sends and not theirs.held,
        receiving=ours.direction.takes and theirs.direction.sends,
        rtcp=(theirs.address, theirs.port) if muxed else (host or theirs.address, port),
        muxed=muxed,
        our_keys=our_keys,
        their_keys=their_keys,
    )


def renewed(
    local: bytes,
    remote_offer: bytes,
    *,
    wanted: Direction = Direction.SENDRECV,
    version: int | None = None,
) -> bytes:
    """Answers an offer made in mid-call with the session we already describe.

    Port, address, keys and codec preference stay ours; the direction is what the offer and
    `wanted` both allow (a hold gets `recvonly`). Where the text changes the o= version becomes
    the one after `version` (by default the one of `local`), and it stays where nothing does
    (RFC 3264 §8). Raises ValueError as `parse` and `answer` do.
    """
    session, offered = parse(local), parse(remote_offer)
    ours = current(session)
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
        direction=wanted,
        crypto=ours.crypto,
        rtcp_mux=ours.rtcp_mux,
    )
    if text == local:
        return local
    following = (session.version if version is None else version) + 1
    return with_origin(text, session.session_id, following)


def current(session: Session) -> Media | None:
    """Returns the stream a description of ours is about: the SRTP one where there is one."""
    return session.secure_audio or session.audio


def _stream_of(session: Session, *, secure: bool) -> Media:
    """Returns the audio stream of the kind wanted; raises where only the other kind is there."""
    found, other = session.audio, session.secure_audio
    if secure:
        found, other = other, found
    if found is not None:
        return found
    if other is None:
        raise NoCommonCodec("one side describes no audio stream")
    if secure:
        raise NotSecure("this call must be SRTP and the far side describes plain RTP only")
    raise NotSecure("the far side describes SRTP only and this call has no keys")


def _answering(audio: Media, ours: tuple[SrtpKeys, ...]) -> tuple[SrtpKeys, ...]:
    """Returns our keys under the tag of the offered line they answer (RFC 4568 §5.1.2)."""
    for mine in ours:
        for theirs in audio.crypto:
            if mine.suite == theirs.suite:
                return (SrtpKeys(mine.suite, mine.key, theirs.tag),)
    if ours:
        raise NotSecure("the offer holds no SRTP suite that this call has keys for")
    return ()


def _shared_keys(ours: Media, theirs: Media) -> tuple[SrtpKeys | None, SrtpKeys | None]:
    """Finds the pair of keys two descriptions chose: the same suite, the same tag."""
    if not ours.crypto:
        return None, None
    for mine in ours.crypto:
        for their in theirs.crypto:
            if (mine.suite, mine.tag) == (their.suite, their.tag):
                return mine, their
    raise NotSecure("the two descriptions share no SRTP suite")


def _events(media: Media) -> list[Codec]:
    """Lists the telephone-event payloads that run on the clock of G.711 (RFC 4733 §2.1)."""
    return [c for c in media.codecs if c.is_named(TELEPHONE_EVENT) and c.rate == 8000]


def _packet_ms(media: Media) -> int:
    """Returns the sound per packet a side asks for, in what we can make: 10 to 60 by tens."""
    wanted = min(media.ptime or DEFAULT_PTIME, media.maxptime or PTIME_MAX)
    return min(max(wanted - wanted % 10, PTIME_MIN), PTIME_MAX)


def _common(media: Media, names: Sequence[str] | dict[str, int]) -> list[Codec]:
    """Lists the offered codecs among `names`, in the offer's order."""
    wanted = {name.lower() for name in names}
    return [codec for codec in media.codecs if codec.name.lower() in wanted and codec.rate == 8000]


def _narrower(allowed: Direction, wanted: Direction) -> Direction:
    return direction_of(sends=allowed.sends and wanted.sends, takes=allowed.takes and wanted.takes)
