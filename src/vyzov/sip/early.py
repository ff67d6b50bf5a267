"""One early dialog of a call we place: its provisional responses, its PRACKs, its UPDATEs.

Forks have several, each with its own target, route, session and count of reliable responses
(RFC 3262 §4). Which of them wins is decided in `caller`.
"""

from collections.abc import Callable

from vyzov.sip.endpoint import Endpoint
from vyzov.sip.fields import bounded_int
from vyzov.sip.in_dialog import Talk
from vyzov.sip.message import MAX_CSEQ, Message
from vyzov.sip.offers import Negotiation
from vyzov.sip.session import Session, refused_session
from vyzov.sip.transaction import ServerTransaction

ENDED = 199
"""The response that ends one early dialog and no call (RFC 6228)."""

Broken = Callable[["EarlyDialog", float], None]
"""Told that the far side knows this early dialog no more, or cannot be agreed with."""


class EarlyDialog:
    """What one To-tag has said so far; `over` where it will say nothing more."""

    def __init__(
        self, talk: Talk, leg: str, *, local: bytes, late_offer: bool, broken: Broken
    ) -> None:
        negotiation = Negotiation(local) if late_offer else Negotiation.begun(local)
        self.talk = talk
        self.session = Session(talk, leg, negotiation, placed=True, lost=self._lost)
        self.over = False
        self.sdp: bytes | None = None
        self._endpoint: Endpoint = talk.endpoint
        self._late_offer = late_offer
        self._broken = broken
        self._said: tuple[int, str, bytes | None] | None = None
        self._rseq: int | None = None

    def take(self, response: Message, now: float) -> bool:
        """Takes a provisional response; False where it says nothing new or is out of order."""
        self.talk.dialog.refresh(response)
        self.session.learn(response)
        described = response.sdp()
        if is_reliable(response) and not self._acknowledge(response, described, now):
            return False
        said = (response.code, response.phrase, described)
        fresh = said != self._said
        self._said = said
        self.sdp = described or self.sdp  # A 180 after the 183 keeps the early media.
        if response.code == ENDED:
            self.end()
        return fresh

    def end(self) -> None:
        """Ends this early dialog: nothing more is sent in it."""
        self.over = True
        self.session.stop()
        self._broken = _unconcerned

    def _acknowledge(self, response: Message, described: bytes | None, now: float) -> bool:
        """Acknowledges a reliable provisional once and in its order (RFC 3262 §4)."""
        try:
            rseq = bounded_int(response.header("RSeq"), MAX_CSEQ)
        except ValueError:
            return True
        if self._rseq is not None and rseq != self._rseq + 1:
            return False
        self._rseq = rseq
        negotiation = self.session.negotiation
        body = b""
        unsuitable = False
        if described is not None:
            if negotiation.waiting:
                negotiation.accept(described)
            elif self._late_offer and negotiation.remote is None:
                try:
                    body = negotiation.answer(described)
                except ValueError:
                    body, unsuitable = refused_session(described, negotiation.local), True
        headers = [("RAck", f"{rseq} {response.cseq} INVITE")]
        self.talk.send("PRACK", now, self._acknowledged, headers=headers, body=body)
        if unsuitable:
            self._fail(now)
        return True

    def _acknowledged(self, response: Message | None, now: float) -> None:
        """Takes the answer to a PRACK: 481, 408 or silence end the early dialog (RFC 5057 §5.1)."""
        code = response.code if response is not None else 408
        if code in (408, 481):
            self._fail(now)

    def _lost(self, now: float, _cause: str, _reason: str) -> None:
        self._fail(now)

    def _fail(self, now: float) -> None:
        if not self.over:
            broken = self._broken
            self.end()
            broken(self, now)

    def receive_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request of the far side before its answer to the call."""
        message = request.request
        method = message.method
        dialog = self.talk.dialog
        if self.over:
            self._endpoint.respond(request, 481, now)
        elif message.cseq < dialog.remote_cseq:
            self._endpoint.respond(request, 500, now, phrase="CSeq Out of Order")
        else:
            dialog.remote_cseq = message.cseq
            if method == "UPDATE":
                self.session.receive(request, now)
                return
            # A callee rejects instead of saying BYE, and cannot offer while our INVITE waits.
            codes = {"INFO": 200, "OPTIONS": 200, "INVITE": 491, "BYE": 481, "PRACK": 481}
            code = codes.get(method, 405)
            if method == "INFO" and message.header("Info-Package"):
                code = 469
            self._endpoint.respond(request, code, now, headers=[("Allow", self._endpoint.allow)])


def _unconcerned(_early: EarlyDialog, _now: float) -> None:
    """Stands for the call once this early dialog is over."""


def is_reliable(response: Message) -> bool:
    """Tells a provisional response that asks for a PRACK."""
    required = {value.lower() for value in response.values("Require")}
    return "100rel" in required and bool(response.recipient.tag)
