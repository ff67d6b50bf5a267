"""Cuts a stream of bytes into SIP messages by their Content-Length (RFC 3261 §7.5, §18.3).

A stream that cannot be cut any further has a fault: where the next message would begin, nobody
knows any more, so its owner answers what came and closes the connection. What a message means is
decided in `message`. Every byte is looked at a bounded number of times however it is dripped in.
"""

import re
from dataclasses import dataclass

from sipmessage.message import COMPACT_FORMS

from vyzov.sip.fields import bounded_int
from vyzov.sip.message import MAX_DATAGRAM

MAX_HEAD_BYTES = 32_768
PING = b"\r\n\r\n"
PONG = b"\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_FOLD = re.compile(r"\r\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a stream has no next message; `head` is what there is of it."""

    reason: str
    head: bytes


class Framer:
    """The bytes of one connection that are no whole message yet.

    `accepted` tells a connection that a peer has opened: only there two line ends dripped in one
    by one are a ping, since on ours each of them is the pong of its own ping (RFC 5626 §4.4.1).
    """

    def __init__(self, *, accepted: bool) -> None:
        """Has seen nothing."""
        self.fault: Fault | None = None
        """Set once, with the last whole message behind it; nothing is taken after that."""
        self._accepted = accepted
        self._buffer = bytearray()
        self._searched = 0
        self._size = 0
        self._blank = 0

    @property
    def waiting(self) -> bool:
        """Tells that a message has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Takes what was read and returns the messages it completes, in order.

        Keep-alives between messages are among them, as `PING` and `PONG`, a row of them as one.
        """
        messages: list[bytes] = []
        if self.fault is None:
            self._buffer += data
            while self._buffer and self.fault is None:
                message = self._next()
                if not message:
                    break
                messages.append(message)
            if self.fault is not None:
                self._buffer.clear()
        return messages

    def _next(self) -> bytes:
        """Takes one message or keep-alive off the front; b"" where there is none yet."""
        if not self._size:
            if keep_alive := self._take_line_ends():
                return keep_alive
            if not self._measure():
                return b""
        if len(self._buffer) < self._size:
            return b""
        message = bytes(self._buffer[: self._size])
        del self._buffer[: self._size]
        self._searched = self._size = self._blank = 0
        return message

    def _measure(self) -> bool:
        """Finds how long the next message is; False where that is not known yet, or never."""
        end = self._buffer.find(_END_OF_HEAD, max(0, self._searched - 3), MAX_HEAD_BYTES)
        self._searched = len(self._buffer)
        if end >= 0:
            head = bytes(self._buffer[:end])
            try:
                self._size = end + len(_END_OF_HEAD) + _body_length(head)
            except ValueError as error:
                self.fault = Fault(str(error), head)
        elif self._searched >= MAX_HEAD_BYTES:
            head = bytes(self._buffer[:MAX_HEAD_BYTES])
            self.fault = Fault(f"a header of more than {MAX_HEAD_BYTES} bytes", head)
        return self._size > 0

    def _take_line_ends(self) -> bytes:
        """Takes the line ends before a message and says what keep-alive they are, if any."""
        if self._buffer[0] in b"\r\n":
            text = self._buffer.lstrip(b"\r\n")
            self._blank += len(self._buffer) - len(text)
            self._buffer = text
        if self._blank >= len(PING):
            self._blank = 0
            return PING
        if self._blank == len(PONG) and not self._accepted:
            self._blank = 0
            return PONG
        return b""


def _body_length(head: bytes) -> int:
    """Reads the one size a head gives its body; raises ValueError where it gives none or two."""
    found: set[str] = set()
    for line in _FOLD.sub(" ", head.decode("latin-1")).split("\r\n")[1:]:
        name, _, value = line.partition(":")
        name = name.strip()
        if COMPACT_FORMS.get(name.lower(), name).lower() == "content-length":
            found.add(value.strip())
    if len(found) != 1:
        raise ValueError("more than one Content-Length" if found else "no Content-Length")
    return bounded_int(found.pop(), MAX_DATAGRAM - len(head) - len(_END_OF_HEAD))
