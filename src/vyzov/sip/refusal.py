"""Refuses requests nobody can act on: those that cannot be read, and those out of order.

A request that cannot be read is still answered where its Via says to whom (RFC 3261 §16.3, §18.1,
RFC 4475): silence would make its sender repeat it for half a minute. The answer takes no
transaction (RFC 3261 §8.2.7), so a flood of broken requests leaves nothing behind. What a good
request means is decided elsewhere.
"""

import hashlib
import hmac
import re

from sipmessage.message import COMPACT_FORMS

from vyzov.sip.endpoint import PHRASES, marked_vias
from vyzov.sip.events import Hop
from vyzov.sip.fields import NameAddr, Uri, Via, bounded_int
from vyzov.sip.message import MAX_HEADER_LINES, Message, encode_response
from vyzov.sip.transaction import response_target

MAX_FORWARDS_MOST = 255
_SCHEMES = ("sip", "sips", "tel")
_COPIED = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
_VERSION = re.compile(r"SIP/[0-9]{1,3}\.[0-9]{1,3}", re.IGNORECASE)
_FOLD = re.compile(r"\r\n[ \t]+")
_OPAQUE = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>')
_NOTHING_BETWEEN = re.compile(r"[;,]\s*[;,]")
_ENDING = ("ACK", "BYE", "CANCEL")
"""Requests that are carried out in whatever shape they come: they end things."""


def disorder(message: Message) -> tuple[int, str] | None:
    """Returns the status and the reason for which a readable request is refused, None for none."""
    try:
        uri = Uri.parse(message.uri)
    except ValueError as error:
        return 400, str(error)
    if uri.scheme not in _SCHEMES:
        return 416, f"a Request-URI of the scheme {uri.scheme[:20]!r}"
    if "?" in uri.text.rpartition("@")[2]:
        # RFC 3261 §19.1.1 forbids them there: they would be headers written by somebody else.
        return 400, "headers in the Request-URI"
    if hops := message.header("Max-Forwards"):
        try:
            bounded_int(hops, MAX_FORWARDS_MOST)
        except ValueError as error:
            return 400, f"Max-Forwards is {error}"
    if message.method in _ENDING:
        return None
    return _disorder_of_addresses(message)


def _disorder_of_addresses(message: Message) -> tuple[int, str] | None:
    for name in ("Via", "From", "To", "Contact"):
        for line in message.lines(name):
            # One separator too many at the end is a habit of some peers, two in a row are noise.
            if _NOTHING_BETWEEN.search(_OPAQUE.sub("x", line)):
                return 400, f"separators with nothing between them in {name}"
    for name in ("From", "To", "Contact"):
        for value in message.values(name):
            if value == "*":
                continue
            try:
                NameAddr.parse(value)
            except ValueError as error:
                return 400, f"{name}: {error}"
            # RFC 3261 §20: without brackets nobody can tell whose the headers are.
            if "<" not in value and "?" in value:
                return 400, f"headers without brackets in {name}"
    return None


def refusal(
    data: bytes, source: Hop, *, secret: bytes, product: str, code: int = 400
) -> tuple[bytes, Hop] | None:
    """Writes the answer to a refused request and says where it goes; None where nobody waits.

    Nothing is said to a response, to an ACK and to what has no Via. Another version of SIP gets
    505 whatever `code` is. The tag is the same for every repetition (RFC 3261 §8.2.7).
    """
    head = data.lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    first, *lines = _FOLD.sub(" ", head.decode("latin-1")).split("\r\n")
    words = first.split()
    if len(words) < 2 or words[0].upper() == "ACK" or not _VERSION.fullmatch(words[-1]):
        return None
    if words[-1].upper() != "SIP/2.0":
        code = 505
    vias: list[str] = []
    others: dict[str, str] = {}
    for line in lines[:MAX_HEADER_LINES]:
        name, _, value = line.partition(":")
        plain = COMPACT_FORMS.get(name.strip().lower(), name.strip()).lower()
        value = value.strip()
        if plain in _COPIED and value and not any(sign in value for sign in "\r\n\x00"):
            if plain == "via":
                vias.append(value)
            else:
                others.setdefault(_COPIED[plain], value)
    if not vias:
        return None
    try:
        hop = Via.parse(vias[0])
    except ValueError:
        # Whoever it is, they sit where the message came from.
        target, headers = source, [("Via", via) for via in vias]
    else:
        target, headers = response_target(hop, source), marked_vias(vias, hop, source)
    if "To" in others and "tag=" not in others["To"].lower():
        others["To"] += f";tag={hmac.new(secret, data, hashlib.sha256).hexdigest()[:16]}"
    headers += others.items()
    if product:
        headers.append(("Server", product))
    return encode_response(code, PHRASES[code], headers, encoding="latin-1"), target
