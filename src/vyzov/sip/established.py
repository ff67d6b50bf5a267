"""An answered call: what either side may do in its dialog, and how it ends exactly once.

Serves callers and callees alike. A request of the far side is answered here; the session it
proposes is taken where our media needs no change and refused with 488 where it would.
"""

from vyzov.sip import sdp
from vyzov.sip.auth import NO_ACCOUNT, Account, Credentials
from vyzov.sip.dialog import Dialog
from vyzov.sip.endpoint import ALLOW, Endpoint, dialog_headers
from vyzov.sip.events import CallEnded, DialogConfirmed, Hop, SessionChanged, Side
from vyzov.sip.message import Message
from vyzov.sip.schedule import Timers
from vyzov.sip.transaction import GIVE_UP, Request, ServerTransaction


def acknowledgement(
    endpoint: Endpoint, dialog: Dialog, cseq: int, invite: Request
) -> tuple[bytes, Hop]:
    """Builds the ACK of a 2xx: a new transaction along the dialog's route (RFC 3261 §13.2.2.4).

    It repeats the credentials of the INVITE it acknowledges (§22.1).
    """
    uri, routes = dialog.routing()
    proofs = [pair for pair in invite.headers if pair[0].endswith("Authorization")]
    request = endpoint.request(
        "ACK",
        uri,
        branch=endpoint.new_branch(),
        sender=dialog.local,
        recipient=dialog.remote,
        call_id=dialog.call_id,
        cseq=cseq,
        headers=[*(("Route", route) for route in routes), *proofs],
    )
    hop = dialog.next_hop()
    return endpoint.layer.encode(request, hop), hop


class EstablishedCall:
    """One dialog with a 2xx behind it. `quiet` ones end without telling: forks, late answers.

    `dialogs` is the agent's table of dialogs; the call enters it and leaves it by itself.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        leg: str,
        dialog: Dialog,
        dialogs: "Dialogs",
        *,
        local_sdp: bytes = b"",
        remote_sdp: bytes | None = None,
        account: Account = NO_ACCOUNT,
        quiet: bool = False,
    ) -> None:
        self.leg = leg
        self.dialog = dialog
        self.ended = False
        self.confirmed = True
        self._endpoint = endpoint
        self._dialogs = dialogs
        self._local_sdp = local_sdp
        self._remote_sdp = remote_sdp
        self._account = account
        self._quiet = quiet
        self._unacknowledged: ServerTransaction | None = None
        self._bye_wanted: tuple[str, str] | None = None
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        dialogs[dialog.key] = self

    # ---- our side ----------------------------------------------------------------------------

    def await_ack(self, answer: ServerTransaction, *, confirmed: bool) -> None:
        """Waits for the ACK of a 2xx we have just sent; `confirmed` tells a re-INVITE's."""
        self.confirmed = confirmed
        self._unacknowledged = answer
        answer.on_unacknowledged = self._never_acknowledged

    def bye(self, now: float, cause: str, reason: str = "") -> None:
        """Ends the call; a callee's BYE waits for the ACK (RFC 3261 §15). `reason` is a header."""
        if self.ended:
            return
        if not self.confirmed:
            self._bye_wanted = (cause, reason)
            return
        # Built first: a reason that would break its line must not leave the call half ended.
        self._send_bye(now, reason)
        self._end(now, Side.US, cause)

    def _send_bye(self, now: float, reason: str) -> None:
        credentials = Credentials(self._account, self._endpoint.new_token)

        def send(at: float) -> None:
            self.dialog.local_cseq += 1
            uri, routes = self.dialog.routing()
            headers = [("Route", route) for route in routes]
            if reason:
                headers.append(("Reason", reason))
            headers += credentials.headers("BYE", uri)
            branch = self._endpoint.new_branch()
            request = self._endpoint.request(
                "BYE",
                uri,
                branch=branch,
                sender=self.dialog.local,
                recipient=self.dialog.remote,
                call_id=self.dialog.call_id,
                cseq=self.dialog.local_cseq,
                headers=headers,
            )
            hop = self.dialog.next_hop()
            self._endpoint.layer.start_client(request, hop, at, on_response)

        def on_response(response: Message | None, at: float) -> None:
            if response is not None and credentials.take_response(response):
                send(at)

        send(now)

    def _end(self, now: float, side: Side, cause: str, reasons: tuple[str, ...] = ()) -> None:
        self.ended = True
        if self._unacknowledged is not None:
            # Whoever hangs up has seen our 2xx, even if its ACK was lost; and after our own BYE
            # nobody needs it any more.
            self._unacknowledged.acknowledged(now)
            self._unacknowledged = None
        # The dialog stays known for a while: the far side's BYE may cross ours.
        self._timers.set("gone", now + GIVE_UP)
        if not self._quiet:
            self._endpoint.emit(CallEnded(self.leg, now, side, cause, reasons))

    def _never_acknowledged(self, now: float) -> None:
        self._unacknowledged = None
        self.confirmed = True
        cause, reason = self._bye_wanted or ("no_ack", "")
        self.bye(now, cause, reason)

    def _on_timer(self, name: str, _now: float) -> None:
        assert name == "gone", name
        self._dialogs.pop(self.dialog.key, None)

    # ---- the far side ------------------------------------------------------------------------

    def receive_ack(self, message: Message, now: float) -> None:
        """Takes an ACK in this dialog; one that acknowledges nothing new changes nothing."""
        answer = self._unacknowledged
        if answer is None or answer.request.cseq != message.cseq:
            return
        answer.acknowledged(now)
        self._unacknowledged = None
        described = message.sdp()
        if self.confirmed:
            self._session_changed(described, now)
            return
        self.confirmed = True
        self._remote_sdp = described or self._remote_sdp
        self._endpoint.emit(DialogConfirmed(self.leg, now, described))
        if self._bye_wanted is not None:
            self.bye(now, *self._bye_wanted)

    def receive_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request in this dialog."""
        message = request.request
        method = message.method
        if self.ended:
            code = 200 if method == "BYE" else 481
            self._endpoint.respond(request, code, now)
        elif message.cseq < self.dialog.remote_cseq:
            # Out of order (RFC 3261 §12.2.2): a request overtaken by a later one.
            self._endpoint.respond(request, 500, now, phrase="CSeq Out of Order")
        else:
            self.dialog.remote_cseq = message.cseq
            if method == "BYE":
                self._receive_bye(request, now)
            elif method in ("INVITE", "UPDATE"):
                self._receive_offer(request, now)
            elif method in ("INFO", "OPTIONS"):
                self._endpoint.respond(request, 200, now, headers=[("Allow", ALLOW)])
            elif method == "PRACK":
                # No provisional response of ours asks for one (RFC 3262 §3).
                self._endpoint.respond(request, 481, now)
            else:
                self._endpoint.respond(request, 405, now, headers=[("Allow", ALLOW)])

    def _receive_bye(self, request: ServerTransaction, now: float) -> None:
        self._endpoint.respond(request, 200, now)
        reasons = request.request.values("Reason")
        self._end(now, Side.FAR, "bye", reasons)

    def _receive_offer(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        offered = message.sdp()
        if self._unacknowledged is not None:
            # Two offers at once (RFC 3261 §14.2): the earlier one is settled first.
            self._endpoint.respond(request, 491, now)
            return
        if message.body and offered is None:
            self._endpoint.respond(request, 415, now, headers=[("Accept", "application/sdp")])
            return
        try:
            answer = self._answer_to(offered, message.method)
        except ValueError:
            # A refused change leaves the session as it was (RFC 3261 §14.2).
            self._endpoint.respond(request, 488, now)
            return
        self.dialog.refresh(message)
        headers = dialog_headers(message, self._endpoint.contact(request.source.transport))
        self._endpoint.respond(request, 200, now, headers=headers, body=answer)
        if message.method == "INVITE":
            self.await_ack(request, confirmed=True)
        self._session_changed(offered, now)

    def _answer_to(self, offered: bytes | None, method: str) -> bytes:
        """Returns our session for an offer; without one a re-INVITE gets an offer of ours."""
        if offered is None:
            if method == "UPDATE":
                return b""
            if not self._local_sdp:
                raise ValueError("nothing to offer: this call has no session of ours")
            return self._local_sdp
        self._local_sdp = sdp.renewed(self._local_sdp, offered)
        return self._local_sdp

    def _session_changed(self, described: bytes | None, now: float) -> None:
        if described is not None and described != self._remote_sdp:
            self._remote_sdp = described
            self._endpoint.emit(SessionChanged(self.leg, now, described))


Dialogs = dict[tuple[str, str, str], EstablishedCall]
