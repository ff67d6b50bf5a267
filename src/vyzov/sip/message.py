"""The front door for SIP messages: reads what peers really send, writes what they can read.

Datagrams are bounded, cleaned and split here; `sipmessage` knows the compact names and reads
CSeq. Everything the transaction layer needs is read once, inside
`parse`, so a fault shows at the door and nowhere later. What a message means is not decided here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from sipmessage import CSeq
from sipmessage.message import COMPACT_FORMS

from vyzov.sip.fields import NameAddr, Uri, Via, bounded_int, plain_user, split_outside_quotes

MAX_DATAGRAM = 65_535
MAX_HEADER_LINES = 200
MAX_LINE = 8_192
MAX_CSEQ = 2**32 - 1
_SINGLE = {name.lower(): name for name in ("From", "To", "Call-ID", "CSeq", "Content-Length")}
_CSEQ_KEPT, _CSEQ_LENGTH_MAX = 256, 64
"""How many CSeq values that were read are remembered, and how long they may be."""
_SEPARATOR = b"\r\n\r\n"
_LONG = {short: name.lower() for short, name in COMPACT_FORMS.items()}


Headers = dict[str, list[str]]
"""Values by name in lower case, in the order they came: found in one step, however many there are."""


class Malformed(ValueError):
    """The datagram is not a SIP message this agent can work with; the text says why."""


class KeepAlive(ValueError):
    """The datagram is a keep-alive of line ends or nothing (RFC 5626 §3.5.1), not a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A received message. `method` is "" for a response, `code` 0 for a request.

    `uri` is the Request-URI as text, `via` the topmost hop, `raw` the datagram as it came,
    `encoding` the one its head was read in, so that copied headers leave as the same bytes.
    """

    method: str
    uri: str
    code: int
    phrase: str
    headers: Headers
    body: bytes
    raw: bytes
    via: Via
    sender: NameAddr
    recipient: NameAddr
    call_id: str
    cseq: int
    cseq_method: str
    encoding: str = "utf-8"

    @property
    def is_request(self) -> bool:
        """Tells a request from a response."""
        return self.code == 0

    @property
    def uri_user(self) -> str:
        """The user part of the Request-URI, escapes undone; "" where it has none."""
        try:
            return plain_user(Uri.parse(self.uri).user)
        except ValueError:
            return ""

    def header(self, name: str) -> str:
        """Returns the first value of a header, "" where it is absent."""
        found = self.headers.get(name.lower())
        return found[0] if found else ""

    def values(self, name: str) -> tuple[str, ...]:
        """Returns every value of a header, lists taken apart at their commas."""
        lines = self.headers.get(name.lower())
        if lines is None:
            return ()
        found: list[str] = []
        for line in lines:
            found += [part for part in split_outside_quotes(line, ",") if part]
        return tuple(found)

    def lines(self, name: str) -> list[str]:
        """Returns every line of a header whole, for values whose commas belong to them."""
        return self.headers.get(name.lower(), [])

    def sdp(self) -> bytes | None:
        """Returns the session description in the body, None where there is none.

        A part of a multipart body counts (RFC 5621 §3): carriers send SDP beside ISUP.
        """
        if not self.body:
            return None
        kind, *params = split_outside_quotes(self.header("Content-Type"), ";")
        kind = kind.lower()
        if kind in ("application/sdp", ""):
            return self.body
        if kind.startswith("multipart/"):
            for param in params:
                name, _, value = param.partition("=")
                if name.strip().lower() == "boundary":
                    return _sdp_part(self.body, value.strip().strip('"'))
        return None


def _sdp_part(body: bytes, boundary: str) -> bytes | None:
    delimiter = b"--" + boundary.encode("utf-8", "replace")
    if delimiter == b"--":
        return None
    for part in body.split(delimiter)[1:]:
        head, found, content = part.partition(_SEPARATOR)
        if found and b"application/sdp" in head.lower():
            return content.removesuffix(b"\r\n")
    return None


def parse(data: bytes) -> Message:
    """Reads one datagram; raises `Malformed`, or `KeepAlive` for line ends alone."""
    if len(data) > MAX_DATAGRAM:
        raise Malformed(f"a datagram of {len(data)} bytes")
    # RFC 3261 §7.5: line ends before the start line are ignored.
    cleaned = data.lstrip(b"\r\n")
    if not cleaned.strip(b"\x00 \t"):
        raise KeepAlive("line ends alone")
    head, separator, body = cleaned.partition(_SEPARATOR)
    if not separator:
        raise Malformed("the header has no end: no empty line closed by CRLF")
    text, encoding = _decode(head)
    lines = _unfold(text)
    try:
        method, uri, code, phrase = _start_line(lines[0])
        headers = _headers(lines[1:])
        _refuse_twins(headers)
        cseq = _cseq(headers)
        if method and cseq.method != method:
            raise Malformed(f"CSeq says {cseq.method[:20]!r}, the request is {method[:20]!r}")
        return Message(
            method=method,
            uri=uri,
            code=code,
            phrase=phrase,
            headers=headers,
            body=_body(headers, body),
            raw=data,
            via=Via.parse(_required(headers, "via")),
            sender=NameAddr.parse(_required(headers, "from")),
            recipient=NameAddr.parse(_required(headers, "to")),
            call_id=_required(headers, "call-id"),
            cseq=cseq.sequence,
            cseq_method=cseq.method,
            encoding=encoding,
        )
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(str(error)) from None


def _decode(head: bytes) -> tuple[str, str]:
    try:
        return head.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        # A display name in another code page must not cost us the call: Latin-1 keeps each byte.
        return head.decode("latin-1"), "latin-1"


def _unfold(text: str) -> list[str]:
    """Splits the head into lines and joins folded ones (RFC 3261 §7.3.1)."""
    inside = text.replace("\r\n", " ")
    if "\n" in inside or "\r" in inside or "\x00" in inside.replace("\\\x00", ""):
        raise Malformed("a line feed, carriage return or zero byte inside a line")
    lines = text.split("\r\n")
    if "\r\n " in text or "\r\n\t" in text:
        lines = _joined(lines)
    if len(lines) > MAX_HEADER_LINES:
        raise Malformed(f"{len(lines)} header lines")
    if len(text) > MAX_LINE and any(len(line) > MAX_LINE for line in lines):
        raise Malformed(f"a header line of more than {MAX_LINE} characters")
    return lines


def _joined(lines: list[str]) -> list[str]:
    joined = lines[:1]
    for line in lines[1:]:
        if line[:1] in (" ", "\t"):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _start_line(line: str) -> tuple[str, str, int, str]:
    """Reads (method, uri, code, phrase) of a request line or status line."""
    first, _, rest = line.strip().partition(" ")
    if first.upper() == "SIP/2.0":
        # Some peers drop the space before an empty phrase: "SIP/2.0 200".
        code_text, _, phrase = rest.strip().partition(" ")
        code = bounded_int(code_text, 699)
        if code < 100:
            raise Malformed(f"a status of {code}")
        return "", "", code, phrase.strip()
    uri, _, version = rest.strip().rpartition(" ")
    uri = uri.strip()
    if version.upper() != "SIP/2.0" or not first or not uri or " " in uri:
        raise Malformed("neither a SIP/2.0 request nor a response")
    if not (first.isascii() and all(c.isalnum() or c in "-.!%*_+`'~" for c in first)):
        raise Malformed(f"not a method: {first[:40]!r}")
    return first, uri, 0, ""


def _headers(lines: list[str]) -> Headers:
    headers: Headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        # A line without a colon is noise of a broken peer; the rest of the message is still good.
        if colon and name:
            name = _LONG.get(name, name)
            if name in headers:
                headers[name].append(value.strip())
            else:
                headers[name] = [value.strip()]
    return headers


def _refuse_twins(headers: Headers) -> None:
    """Two sizes or two names for one message are how one reader is shown another message."""
    for name, written in _SINGLE.items():
        values = headers.get(name)
        if values is not None and len(values) > 1 and len(set(values)) > 1:
            raise Malformed(f"more than one {written} header")


_WRITTEN = {"via": "Via", **_SINGLE}


def _required(headers: Headers, name: str) -> str:
    values = headers.get(name)
    if not values or not values[0]:
        raise Malformed(f"no {_WRITTEN[name]} header")
    return values[0]


def _cseq(headers: Headers) -> CSeq:
    text = _required(headers, "cseq")
    cseq = _kept_cseq(text) if len(text) <= _CSEQ_LENGTH_MAX else CSeq.parse(text)
    if cseq.sequence > MAX_CSEQ:
        raise Malformed(f"a CSeq of more than {MAX_CSEQ}")
    return cseq


# "1 INVITE" is what nearly every call says.
@lru_cache(maxsize=_CSEQ_KEPT)
def _kept_cseq(text: str) -> CSeq:
    return CSeq.parse(text)


def _body(headers: Headers, body: bytes) -> bytes:
    declared = headers.get("content-length", [""])[0]
    if not declared:
        return body
    length = bounded_int(declared, MAX_DATAGRAM)
    if length > len(body):
        # RFC 3261 §18.3: over datagrams a short body is an error.
        raise Malformed(f"Content-Length {length}, but {len(body)} bytes came")
    return body[:length]


_NOTHING: Headers = {}


def spent(message: Message) -> Message:
    """Returns a message without what nobody reads once it is answered: headers, body and bytes."""
    return replace(message, headers=_NOTHING, body=b"", raw=b"")


HeaderList = Iterable[tuple[str, str]]


def encode_request(method: str, uri: str, headers: HeaderList, body: bytes = b"") -> bytes:
    """Writes a request; raises ValueError where a value would break out of its line."""
    return _encode(f"{method} {uri} SIP/2.0", headers, body)


def encode_response(
    code: int, phrase: str, headers: HeaderList, body: bytes = b"", encoding: str = "utf-8"
) -> bytes:
    """Writes a response; raises ValueError where a value would break out of its line."""
    return _encode(f"SIP/2.0 {code} {phrase}", headers, body, encoding)


def _encode(start: str, headers: HeaderList, body: bytes, encoding: str = "utf-8") -> bytes:
    lines = [start, *[f"{name}: {value}" for name, value in headers]]
    lines.append(f"Content-Length: {len(body)}")
    inside = " ".join(lines)
    # One line break in a value would let its author write headers or requests of their own.
    if "\r" in inside or "\n" in inside or "\x00" in inside.replace("\\\x00", ""):
        broken = next(line for line in lines if not line.isprintable())
        raise ValueError(f"a line break in {broken[:60]!r}: remove it before sending")
    return ("\r\n".join(lines) + "\r\n\r\n").encode(encoding, "replace") + body
