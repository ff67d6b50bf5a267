"""What the parts of one user agent share: its names, its transaction layer, its events.

Builds the headers every message of ours carries. Which message is sent is decided elsewhere.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vyzov.sip.events import Address, Hop, MessageIgnored, SipEvent, Transport
from vyzov.sip.fields import Via, host_port, split_outside_quotes
from vyzov.sip.identity import BRANCH_COOKIE
from vyzov.sip.layer import TransactionLayer
from vyzov.sip.message import Message, encode_response
from vyzov.sip.transaction import Request, ServerTransaction, response_target

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"
METHODS = frozenset(ALLOW.split(", "))
SUPPORTED = "100rel, timer, replaces"
OPTIONS = frozenset(SUPPORTED.split(", "))
MAX_FORWARDS = "70"
MERELY_SDP = ("Content-Type", "application/sdp")

Headers = Sequence[tuple[str, str]]

PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    433: "Anonymity Disallowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    469: "Bad Info Package",
    482: "Loop Detected",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}


@dataclass(slots=True)
class Endpoint:
    """The agent's address, secret and tokens; `advertised` is the address peers can reach.

    `ports` are those of the other transports, where they differ from the advertised one.
    `product` is told in User-Agent and Server, "" tells nothing. With `transfers` a REFER reaches
    the owner, without it is 405.
    """

    advertised: Address
    secret: bytes
    new_token: Callable[[], str]
    product: str
    ports: Mapping[Transport, int] = field(default_factory=dict[Transport, int])
    large_by_tcp: bool = False
    transfers: bool = False
    layer: TransactionLayer = field(init=False)
    outbox: list[SipEvent] = field(default_factory=list[SipEvent])

    def __post_init__(self) -> None:
        """Opens the transaction layer, which writes our Vias."""
        self.layer = TransactionLayer(self.sent_by, large_by_tcp=self.large_by_tcp)

    def place(self, transport: Transport) -> str:
        """Returns the address peers reach over a transport, as it stands in URIs and Vias."""
        host, port = self.advertised
        return host_port(host, self.ports.get(transport, port))

    def sent_by(self, transport: Transport) -> str:
        """Returns the transport and place of a Via of ours."""
        return f"{transport.upper()} {self.place(transport)}"

    def contact(self, transport: Transport) -> str:
        """Returns the Contact value of messages that go over a transport (RFC 3261 §8.1.1.8)."""
        parameter = f";transport={transport}" if transport.reliable else ""
        return f"<sip:vyzov@{self.place(transport)}{parameter}>"

    @property
    def allow(self) -> str:
        """The methods taken here: REFER only where its owner judges transfers."""
        return f"{ALLOW}, REFER" if self.transfers else ALLOW

    def emit(self, event: SipEvent) -> None:
        """Adds one event."""
        self.outbox.append(event)

    def ignore(self, leg: str, reason: str, source: Hop, now: float) -> None:
        """Reports a message that changed nothing."""
        self.outbox.append(MessageIgnored(leg, now, reason, source))

    def dice(self) -> float:
        """Returns a number of 0..1 made of a fresh token, to spread what must not happen at once."""
        seed = hashlib.sha256(self.new_token().encode()).digest()
        return int.from_bytes(seed[:6], "big") / 2**48

    def new_branch(self) -> str:
        """Returns a branch nobody can guess, for requests that need not be found again."""
        return BRANCH_COOKIE + self.new_token()

    def request(
        self,
        method: str,
        uri: str,
        *,
        branch: str,
        sender: str,
        recipient: str,
        call_id: str,
        cseq: int,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Request:
        """Builds a request with the headers RFC 3261 §8.1.1 demands and the given ones.

        Its Via is written when it leaves, for the hop it leaves to.
        """
        every = [
            ("Max-Forwards", MAX_FORWARDS),
            ("From", sender),
            ("To", recipient),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            *headers,
        ]
        if self.product:
            every.append(("User-Agent", self.product))
        if body and "Content-Type" not in [name for name, _ in every]:
            every.append(MERELY_SDP)
        return Request(method, uri, branch, tuple(every), body)

    def respond(
        self,
        transaction: ServerTransaction,
        code: int,
        now: float,
        *,
        phrase: str = "",
        headers: Headers = (),
        body: bytes = b"",
        to_tag: str = "",
    ) -> None:
        """Answers a request. `to_tag` is added where the request's To bears no tag yet.

        Without one a fresh tag is taken, except for 100 (RFC 3261 §8.2.6.2).
        """
        request, source = transaction.request, transaction.source
        tagged = bool(request.recipient.tag) or code == 100
        tag = "" if tagged else to_tag or self.new_token()
        data = self._response(request, source, code, phrase, headers, body, tag)
        transaction.respond(code, data, now)

    def answer_once(self, request: Message, source: Hop, code: int, headers: Headers) -> None:
        """Answers a request without a transaction, each repetition alike (RFC 3261 §8.2.7)."""
        # Nothing in a dialog is answered so, hence the request's To bears no tag.
        tag = hmac.new(self.secret, request.raw, hashlib.sha256).hexdigest()[:16]
        data = self._response(request, source, code, "", headers, b"", tag)
        self.layer.send(data, response_target(request.via, source))

    def _response(
        self,
        request: Message,
        source: Hop,
        code: int,
        phrase: str,
        headers: Headers,
        body: bytes,
        tag: str,
    ) -> bytes:
        recipient = request.header("To")
        if tag:
            recipient += f";tag={tag}"
        every = [
            *marked_vias(request.lines("Via"), request.via, source),
            ("From", request.header("From")),
            ("To", recipient),
            ("Call-ID", request.call_id),
            ("CSeq", f"{request.cseq} {request.cseq_method}"),
            *headers,
        ]
        if self.product:
            every.append(("Server", self.product))
        if body:
            every.append(MERELY_SDP)
        text = phrase or PHRASES.get(code, "Response")
        return encode_response(code, text, every, body, request.encoding)


def dialog_headers(request: Message, contact: str, allow: str = ALLOW) -> list[tuple[str, str]]:
    """Returns what a response that makes or refreshes a dialog carries (RFC 3261 §12.1.1)."""
    routes = [("Record-Route", line) for line in request.lines("Record-Route")]
    return [*routes, ("Contact", contact), ("Allow", allow)]


def refresh_headers(contact: str, allow: str = ALLOW) -> list[tuple[str, str]]:
    """Returns what a request that makes or refreshes a dialog carries (RFC 3261 §8.1.1)."""
    return [("Contact", contact), ("Allow", allow), ("Supported", SUPPORTED)]


def marked_vias(lines: list[str], via: Via, source: Hop) -> list[tuple[str, str]]:
    """Returns a request's Vias, the first marked with where it came from (RFC 3581 §4)."""
    top, *rest = lines
    first, *more = split_outside_quotes(top, ",")
    parts = split_outside_quotes(first, ";")
    names = [part.partition("=")[0].strip().lower() for part in parts]
    kept = [
        part for part, name in zip(parts, names, strict=True) if name not in ("rport", "received")
    ]
    if "rport" in via.params or via.host != source.host:
        kept.append(f"received={source.host}")
    if "rport" in via.params:
        kept.append(f"rport={source.port}")
    return [("Via", ", ".join([";".join(kept), *more])), *(("Via", line) for line in rest)]
