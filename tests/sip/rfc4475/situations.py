"""What a torture situation is, and how its bytes are made.

RFC 4475 describes forty-nine messages that a reader is likely to get wrong. They are made here
from those descriptions, with names and numbers of our own, so that they can be sent to an agent at
any address and any number of times. What must come of each stands beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

CALL = 100
"""Stands for: the INVITE is taken for a call."""
NOTHING = 0
"""Stands for: no answer; a response that is not taken for one of ours, or a lone mistake."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: `place` is where it hears answers, `serial` makes every message a new one."""

    place: str
    serial: int = 1

    def via(self, rest: str = "", transport: str = "UDP") -> str:
        return f"Via: SIP/2.0/{transport} {self.place};branch=z9hG4bK.t{self.serial}{rest}"

    @property
    def call_id(self) -> str:
        return f"torture{self.serial}@hall.example"


@dataclass(frozen=True, slots=True)
class Invited:
    """An INVITE of the agent under test, to which a torture response is an answer."""

    via: str
    sender: str
    recipient: str
    call_id: str
    cseq: int = 1


@dataclass(frozen=True, slots=True)
class Situation:
    """One request. `section` is the RFC's; `answers` are those it allows, ours first."""

    name: str
    section: str
    what: str
    answers: tuple[int, ...]
    make: Callable[[Sender], bytes] = field(repr=False)
    rfc: int = 4475


@dataclass(frozen=True, slots=True)
class Answered:
    """One response. `taken` tells whether it belongs to the INVITE it looks like."""

    name: str
    section: str
    what: str
    taken: bool
    make: Callable[[Invited], bytes] = field(repr=False)


def join(*lines: str | bytes, body: bytes = b"", size: bool = True) -> bytes:
    """Puts a message together; `size` adds the Content-Length of the body."""
    every = [line.encode() if isinstance(line, str) else line for line in lines]
    if size:
        every.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(every) + b"\r\n\r\n" + body


def plain(
    method: str,
    sender: Sender,
    *more: str,
    uri: str = "sip:desk@127.0.0.1",
    start: str = "",
    via: str = "",
    to: str = "To: <sip:desk@hall.example>",
    from_: str = "",
    cseq: str = "",
    body: bytes = b"",
    size: bool = True,
    contact: str = "Contact: <sip:them@192.0.2.30>",
) -> bytes:
    """A good request, for the situations where only one thing is wrong."""
    lines = [
        start or f"{method} {uri} SIP/2.0",
        via or sender.via(),
        "Max-Forwards: 70",
        to,
        from_ or f"From: <sip:them@far.example>;tag=from{sender.serial}",
        f"Call-ID: {sender.call_id}",
        cseq or f"CSeq: 8 {method}",
        *([contact] if contact else []),
        *more,
    ]
    return join(*lines, body=body, size=size)


SDP = (
    b"v=0\r\no=them 77 78 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0\r\n"
)
OFFER = "Content-Type: application/sdp"
