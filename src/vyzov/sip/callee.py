"""A call that comes in, from its INVITE to our final response.

The owner says what to answer; this part keeps the order of things: one final response, nothing
after it, a CANCEL that wins only before it (RFC 3261 §9.2), a dialog only after a 2xx.
"""

from vyzov.sip.auth import Challenge, check, write_challenge
from vyzov.sip.dialog import Dialog
from vyzov.sip.endpoint import ALLOW, Endpoint, Headers, dialog_headers
from vyzov.sip.established import Dialogs, EstablishedCall
from vyzov.sip.events import CallCancelled, IncomingCall
from vyzov.sip.fields import parameters, split_outside_quotes
from vyzov.sip.schedule import Timers
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
        self, endpoint: Endpoint, leg: str, invite: ServerTransaction, dialogs: Dialogs, now: float
    ) -> None:
        self.leg = leg
        self.invite = invite
        self.established: EstablishedCall | None = None
        self._endpoint = endpoint
        self._dialogs = dialogs
        self.tag = endpoint.new_token()
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._timers.set("answer", now + ANSWER_LIMIT_S)
        message = invite.request
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
            )
        )

    @property
    def over(self) -> bool:
        """Tells that a final response has left."""
        return self.invite.answered

    @property
    def authorization(self) -> str:
        """The credentials the INVITE brought, "" where it brought none."""
        message = self.invite.request
        return message.header("Authorization") or message.header("Proxy-Authorization")

    def respond(
        self, code: int, now: float, *, phrase: str, sdp: bytes | None, headers: Headers
    ) -> None:
        """Answers; after the final response every further one is dropped."""
        if self.over:
            return
        message = self.invite.request
        contact = self._endpoint.contact(self.invite.source.transport)
        own = dialog_headers(message, contact) if 100 < code < 300 else []
        self._endpoint.respond(
            self.invite,
            code,
            now,
            phrase=phrase,
            headers=[*own, *headers],
            body=sdp or b"",
            to_tag=self.tag,
        )
        if code < 200:
            return
        self._timers.stop()
        if code < 300:
            dialog = Dialog.of_callee(message, self.tag, self.invite.source)
            self.established = EstablishedCall(
                self._endpoint,
                self.leg,
                dialog,
                self._dialogs,
                local_sdp=sdp or b"",
                remote_sdp=message.sdp(),
            )
            self.established.await_ack(self.invite, confirmed=False)

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
            self.respond(487, now, phrase="", sdp=None, headers=())
            self._endpoint.emit(CallCancelled(self.leg, now, reasons))

    def receive_early_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request before our final response; the caller's BYE is a CANCEL here."""
        codes = {"INFO": 200, "OPTIONS": 200, "UPDATE": 488, "INVITE": 491, "BYE": 200}
        message = request.request
        code = codes.get(message.method, 481 if message.method == "PRACK" else 405)
        self._endpoint.respond(request, code, now, headers=[("Allow", ALLOW)])
        if message.method == "BYE":
            self.cancelled(now, message.values("Reason"))

    def _on_timer(self, name: str, now: float) -> None:
        assert name == "answer", name
        self.respond(480, now, phrase="", sdp=None, headers=())
