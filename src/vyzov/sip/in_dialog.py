"""Requests inside a dialog: numbered, routed, and proved again where they are challenged.

What is sent and what an answer means is decided by who sends it; here a request is carried to
its final response through at most a few challenges.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vyzov.sip.auth import Credentials
from vyzov.sip.dialog import Dialog
from vyzov.sip.endpoint import Endpoint, Headers
from vyzov.sip.events import Hop
from vyzov.sip.message import Message
from vyzov.sip.transaction import ClientTransaction, OnResponse, Request

MAX_PROOFS = 4
"""How often one request is sent again to answer challenges."""

OnAck = Callable[[Message], bytes]


@dataclass(slots=True)
class Sent:
    """A request under way: its present transaction, and whether a provisional has come."""

    transaction: ClientTransaction | None = None


class _Carried:
    """A request on its way through challenges.

    Apart from `Sent`, which senders keep: the way goes from the transaction to here and on to the
    sender, never back, so that all of them go when the transaction is over.
    """

    def __init__(
        self,
        talk: "Talk",
        sent: Sent,
        on_response: OnResponse,
        make: Callable[[bool], Request],
    ) -> None:
        self._talk = talk
        self._sent = sent
        self._on_response = on_response
        self._make = make
        self._hop = talk.dialog.next_hop()
        self._asked_for = talk.credentials.begin()
        self._proofs = 0

    def send(self, now: float, *, asked: bool) -> None:
        """Sends the request, with proofs where it was `asked` for them."""
        self._sent.transaction = self._talk.endpoint.layer.start_client(
            self._make(asked), self._hop, now, self._answered
        )

    def _answered(self, response: Message | None, now: float) -> None:
        if (
            response is not None
            and self._proofs < MAX_PROOFS
            and self._talk.credentials.take_response(response, self._asked_for)
        ):
            self._proofs += 1
            self.send(now, asked=True)
        else:
            self._on_response(response, now)


@dataclass(slots=True)
class Talk:
    """One dialog as a sender sees it. `home` is where the call was placed or came from.

    Proofs are volunteered only towards `home`: a Contact elsewhere has not asked for them, and a
    digest is a gift to who guesses passwords.
    """

    endpoint: Endpoint
    dialog: Dialog
    credentials: Credentials
    home: Hop

    def send(
        self,
        method: str,
        now: float,
        on_response: OnResponse,
        *,
        headers: Headers = (),
        body: bytes = b"",
    ) -> Sent:
        """Sends a request; `on_response` is told every response but challenges that are met."""
        sent = Sent()
        _Carried(
            self, sent, on_response, lambda asked: self._request(method, headers, body, asked=asked)
        ).send(now, asked=False)
        return sent

    def _request(self, method: str, headers: Headers, body: bytes, *, asked: bool) -> Request:
        dialog = self.dialog
        uri, routes = dialog.routing()
        near = dialog.next_hop().host == self.home.host
        proofs = self.credentials.headers(method, uri, body) if asked or near else []
        dialog.local_cseq += 1
        return self.endpoint.request(
            method,
            uri,
            branch=self.endpoint.new_branch(),
            sender=dialog.local,
            recipient=dialog.remote,
            call_id=dialog.call_id,
            cseq=dialog.local_cseq,
            headers=[*(("Route", route) for route in routes), *headers, *proofs],
            body=body,
        )


def acknowledgement(talk: Talk, cseq: int, invite: Request, body: bytes = b"") -> tuple[bytes, Hop]:
    """Builds the ACK of a 2xx: a new transaction along the dialog's route (RFC 3261 §13.2.2.4).

    It repeats the credentials of the INVITE it acknowledges (§22.1) where it goes the same way;
    `body` is the answer where the 2xx brought the offer.
    """
    endpoint, dialog = talk.endpoint, talk.dialog
    uri, routes = dialog.routing()
    hop = dialog.next_hop()
    near = hop.host == talk.home.host
    proofs = [pair for pair in invite.headers if near and pair[0].endswith("Authorization")]
    request = endpoint.request(
        "ACK",
        uri,
        branch=endpoint.new_branch(),
        sender=dialog.local,
        recipient=dialog.remote,
        call_id=dialog.call_id,
        cseq=cseq,
        headers=[*(("Route", route) for route in routes), *proofs],
        body=body,
    )
    return endpoint.layer.encode(request, hop), hop
