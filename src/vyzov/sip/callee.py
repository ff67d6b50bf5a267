"""A call that comes in, from its INVITE to our final response.

The owner says what to answer; this part keeps the order of things: one final response, nothing
after it, a CANCEL that wins only before it (RFC 3261 §9.2), a dialog only after a 2xx.
"""

from dataclasses import replace

from vyzov.sip.auth import NO_ACCOUNT, Challenge, Credentials, check, write_challenge
from vyzov.sip.dialog import Dialog
from vyzov.sip.endpoint import SUPPORTED, Endpoint, Headers, dialog_headers
from vyzov.sip.established import Dialogs, EstablishedCall
from vyzov.sip.events import CallCancelled, IncomingCall
from vyzov.sip.fields import parameters, split_outside_quotes
from vyzov.sip.in_dialog import Talk
from vyzov.sip.offers import Negotiation
from vyzov.sip.reliable import (
    FIRST_RSEQ_MAX,
    MAX_WAITING,
    OPTION,
    ReliableProvisionals,
    Said,
)
from vyzov.sip.schedule import Timers
from vyzov.sip.session import Session, unconcerned
from vyzov.sip.session_timer import Terms, grant, supports
from vyzov.sip.transaction import ServerTransaction

ANSWER_LIMIT_S = 300.0
"""An incoming call nobody answers is rejected with 480 after this long."""
MAX_NONCES = 4_096


class Nonces:
    """The challenges this agent has issued, the oldest forgotten first."""

    def __init__(self) -> None:
        self._issued: dict[str, Challenge] = {}

    def issue(self, challenge: Challenge) -> None:
        """Remembers a challenge."""
        if len(self._issued) >= MAX_NONCES:
            del self._issued[next(iter(self._issued))]
        self._issued[challenge.nonce] = challenge

    def find(self, authorization: str) -> Challenge | None:
        """Returns the challenge an Authorization value claims to answer."""
        _, _, rest = authorization.strip().partition(" ")
        values = parameters(split_outside_quotes(rest, ","))
        return self._issued.get(values.get("nonce", ""))


class ReceivedCall:
    """An incoming call; `established` is set when a 2xx has left."""

    def __init__(
        self,
        endpoint: Endpoint,
        leg: str,
        invite: ServerTransaction,
        dialogs: Dialogs,
        now: float,
        *,
        replaces: str = "",
    ) -> None:
        self.leg = leg
        self.invite = invite
        self.established: EstablishedCall | None = None
        self._endpoint = endpoint
        self._dialogs = dialogs
        self.tag = endpoint.new_token()
        message = invite.request
        dialog = Dialog.of_callee(message, self.tag, invite.source)
        # Nobody's account answers the challenges of a stranger who calls us.
        credentials = Credentials(NO_ACCOUNT, endpoint.new_token)
        talk = Talk(endpoint, dialog, credentials, invite.source)
        negotiation = Negotiation(remote=message.sdp())
        self._session = Session(talk, leg, negotiation, placed=False, lost=unconcerned)
        self._session.learn(message)
        self._session.owing = message.sdp() is not None
        self._reliable = ReliableProvisionals(
            endpoint.layer.schedule,
            1 + int(endpoint.dice() * (FIRST_RSEQ_MAX - MAX_WAITING)),
            message.cseq,
            self._send_reliably,
            self._never_acknowledged,
        )
        self._answer: Said | None = None
        self._wanted_s = 0
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._timers.set("answer", now + ANSWER_LIMIT_S)
        endpoint.respond(invite, 100, now)
        endpoint.emit(
            IncomingCall(
                leg=leg,
                at=now,
                call_id=message.call_id,
                to_user=message.uri_user,
                from_user=message.sender.user,
                source=invite.source,
                sdp=message.sdp(),
                raw=message.raw,
                authorization=self.authorization,
                replaces=replaces,
            )
        )

    @property
    def over(self) -> bool:
        """Tells that a final response has left."""
        return self.invite.answered

    @property
    def session(self) -> Session | None:
        """The session that can be changed now: the answered one, or an early one that may."""
        if self.established is not None:
            return None if self.established.ended else self.established.session
        early = self._session
        agreed = bool(early.negotiation.local) and not early.negotiation.waiting
        return early if agreed and early.updates and not early.owing and not self.over else None

    @property
    def authorization(self) -> str:
        """The credentials the INVITE brought, "" where it brought none."""
        message = self.invite.request
        return message.header("Authorization") or message.header("Proxy-Authorization")

    def respond(
        self,
        code: int,
        now: float,
        *,
        phrase: str,
        sdp: bytes | None,
        headers: Headers,
        reliable: bool = False,
        session_expires_s: int = 0,
    ) -> None:
        """Answers; after the final response every further one is dropped.

        A provisional response goes `reliable` where the caller can take that, and always where
        it demands that. A 2xx waits for the PRACK of a session told before (RFC 3262 §3).
        """
        if self.over or self._answer is not None:
            return
        said = Said(code, phrase, sdp or b"", tuple(headers))
        message = self.invite.request
        demanded = OPTION in {name.lower() for name in message.values("Require")}
        if 100 < code < 200 and (demanded or (reliable and supports(message, OPTION))):
            self._reliable.say(said, now)
            return
        self._wanted_s = session_expires_s
        if 200 <= code < 300 and self._reliable.pending:
            self._answer = said
            return
        self._send(said, now)

    def _send(self, said: Said, now: float) -> None:
        message = self.invite.request
        headers = list(said.headers)
        terms: Terms | None = None
        if said.code >= 200:
            self._timers.end()
            self._reliable.stop()
        if 100 < said.code < 300:
            contact = self._endpoint.contact(self.invite.source.transport)
            headers = [*dialog_headers(message, contact, self._endpoint.allow), *headers]
        if 200 <= said.code < 300:
            granted = grant(message, wanted_s=self._wanted_s)
            terms = granted.terms
            headers += [("Supported", SUPPORTED), *granted.headers]
        self._endpoint.respond(
            self.invite,
            said.code,
            now,
            phrase=said.phrase,
            headers=headers,
            body=said.sdp,
            to_tag=self.tag,
        )
        if 200 <= said.code < 300:
            self._describe(said.sdp)
            self._session.unacknowledged = self.invite
            self.established = EstablishedCall(
                self._session.talk,
                self.leg,
                self._dialogs,
                now,
                session=self._session,
                terms=terms,
            )
            self.established.await_ack(self.invite, confirmed=False)
        elif said.code >= 300:
            self._session.stop()

    def _describe(self, described: bytes) -> None:
        """Takes a session of ours that cannot be taken back: the answer, or an offer of ours."""
        negotiation = self._session.negotiation
        if not described or (not self._session.owing and negotiation.local):
            self._session.owing = False
            return
        if self._session.owing:
            self._session.negotiation = Negotiation(described, negotiation.remote)
        else:
            self._session.negotiation = Negotiation.begun(described)
        self._session.owing = False

    # ---- reliable provisional responses ----------------------------------------------------------

    def _send_reliably(self, said: Said, rseq: int, now: float) -> None:
        self._describe(said.sdp)
        headers = (*said.headers, ("Require", OPTION), ("RSeq", str(rseq)))
        self._send(replace(said, headers=headers), now)

    def _never_acknowledged(self, now: float) -> None:
        self._answer = None
        self.respond(504, now, phrase="", sdp=None, headers=())

    def _receive_prack(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        said = self._reliable.acknowledge(message)
        if said is None:
            self._endpoint.respond(request, 481, now)
            return
        body = b""
        code = 200
        described = message.sdp()
        negotiation = self._session.negotiation
        if described is not None and negotiation.waiting:
            negotiation.accept(described)
        elif described is not None:
            try:
                body = negotiation.answer(described)
            except ValueError:
                code = 488
        self._endpoint.respond(request, code, now, body=body)
        answer, self._answer = self._answer, None
        if answer is not None:
            self._send(answer, now)
        else:
            self._reliable.go_on(now)

    def challenge(self, code: int, realm: str, algorithm: str, nonces: Nonces, now: float) -> None:
        """Rejects the call with a digest challenge; raises ValueError for an unknown code."""
        names = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}
        if code not in names:
            raise ValueError(f"a challenge has the code 401 or 407, not {code}")
        nonce = self._endpoint.new_token()
        text = write_challenge(realm, nonce, algorithm)
        issued = Challenge.parse(text, proxy=code == 407)
        assert issued is not None, text
        nonces.issue(issued)
        self.respond(code, now, phrase="", sdp=None, headers=[(names[code], text)])

    def authorised(self, username: str, password: str, nonces: Nonces) -> bool:
        """Tells whether the INVITE answers one of our challenges with this password."""
        challenge = nonces.find(self.authorization)
        return challenge is not None and check(
            self.authorization,
            method="INVITE",
            username=username,
            password=password,
            challenge=challenge,
        )

    def cancelled(self, now: float, reasons: tuple[str, ...]) -> None:
        """Takes the caller's CANCEL; one that comes after our final response changes nothing."""
        if not self.over:
            self._answer = None
            self.respond(487, now, phrase="", sdp=None, headers=())
            self._endpoint.emit(CallCancelled(self.leg, now, reasons))

    def receive_early_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request before our final response; the caller's BYE is a CANCEL here."""
        message = request.request
        method = message.method
        dialog = self._session.talk.dialog
        if message.cseq < dialog.remote_cseq:
            self._endpoint.respond(request, 500, now, phrase="CSeq Out of Order")
            return
        dialog.remote_cseq = message.cseq
        if method == "PRACK":
            self._receive_prack(request, now)
        elif method in ("UPDATE", "INVITE"):
            # A second INVITE while the first has no answer is refused there too, and an UPDATE
            # before anything was agreed (RFC 3311 §5.2).
            self._session.receive(request, now)
        else:
            codes = {"INFO": 200, "OPTIONS": 200, "BYE": 200}
            allow = [("Allow", self._endpoint.allow)]
            self._endpoint.respond(request, codes.get(method, 405), now, headers=allow)
            if method == "BYE":
                self.cancelled(now, message.values("Reason"))

    def _on_timer(self, name: str, now: float) -> None:
        assert name == "answer", name
        self._answer = None
        self.respond(480, now, phrase="", sdp=None, headers=())
