"""The facade of this package: verbs and messages in, messages and events out.

Sorts what arrives to the call it belongs to and answers what belongs to none. It is driven by
its owner, who gives it the time with every step, sends what `messages_to_send` returns, reads
`events`, and calls `handle_deadline` when `next_deadline` has come. Not thread-safe.
"""

from collections.abc import Callable, Mapping

from vyzov.sip.admission import Found, refused, replaced
from vyzov.sip.answering import Answering
from vyzov.sip.auth import NO_ACCOUNT, Account, Credentials
from vyzov.sip.callee import Nonces, ReceivedCall
from vyzov.sip.caller import OutgoingCall
from vyzov.sip.dialog import DialogState
from vyzov.sip.endpoint import METHODS, OPTIONS, SUPPORTED, Endpoint, Headers
from vyzov.sip.established import Dialogs, EstablishedCall
from vyzov.sip.events import Address, Hop, OptionsAnswered, SipEvent, Transport
from vyzov.sip.evidence import retry_after
from vyzov.sip.fields import bounded_int, host_port
from vyzov.sip.ghost import Ghost, Ghosts
from vyzov.sip.in_call import InCall, Leg
from vyzov.sip.in_dialog import Talk
from vyzov.sip.message import KeepAlive, Malformed, Message, parse
from vyzov.sip.outgoing import Plan, plan_call, plan_phone_call
from vyzov.sip.refusal import disorder, refusal
from vyzov.sip.registrar import Registrar
from vyzov.sip.registration import Registrations
from vyzov.sip.stream import PING, PONG, Fault
from vyzov.sip.transaction import ServerTransaction, State

__all__ = ["Account", "Address", "DialogState", "Hop", "Transport", "UserAgent"]

_MANY_LEGS = 1024


class UserAgent(Answering, InCall):
    """A SIP user agent, caller and callee, over UDP, TCP and TLS.

    `local` is where the owner's UDP socket is bound, `advertised` the address peers reach it by
    (`local` by default), `ports` those of the transports that listen on another port. `secret`
    is what names are derived from: the same secret lets a restarted agent end the calls of the
    earlier run. `user_agent` is what peers are told of us ("": nothing). With `large_by_tcp`, for
    owners that can connect, requests too large for a datagram go by TCP to peers that take it.
    `new_token` returns texts nobody can guess, of letters and digits only. Without
    `accept_calls` every INVITE from outside gets 403. With a `realm` desk phones may sign in:
    `registrar` knows them; `registrations` signs us in at carriers. With `accept_transfers` a
    REFER is put before the owner, without it is refused.
    """

    def __init__(
        self,
        *,
        local: Address,
        secret: bytes,
        new_token: Callable[[], str],
        user_agent: str = "Vyzov",
        advertised: Address | None = None,
        ports: Mapping[Transport, int] | None = None,
        accept_calls: bool = False,
        realm: str = "",
        large_by_tcp: bool = False,
        accept_transfers: bool = False,
    ) -> None:
        self.seen_as: Address | None = None
        """Our address as a peer saw it last (`received` and `rport` of a response)."""
        self._endpoint = Endpoint(
            advertised or local,
            secret,
            new_token,
            user_agent,
            ports or {},
            large_by_tcp,
            accept_transfers,
        )
        self._layer = self._endpoint.layer
        self._accept_calls = accept_calls
        self.registrar = Registrar(self._endpoint, realm) if realm else None
        self.registrations = Registrations(self._endpoint)
        self._legs: dict[str, Leg] = {}
        self._legs_limit = _MANY_LEGS
        self._dialogs: Dialogs = {}
        self._ghosts: Ghosts = {}
        self._nonces = Nonces()
        # Calls without a dialog yet, by Call-ID and our own tag.
        self._early: dict[tuple[str, str], Leg] = {}
        # Incoming calls by Call-ID, the caller's tag and CSeq.
        self._received: dict[tuple[str, str, int], ReceivedCall] = {}

    # ---- the owner's loop ------------------------------------------------------------------------

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Takes one whole message, a datagram or a framed one; never raises for its content."""
        try:
            message = parse(data)
        except KeepAlive:
            if data == PING:
                self._layer.send(PONG, source)
            else:
                self.registrations.receive_pong(source)
        except Malformed as error:
            self._refuse(data, 400, f"malformed: {error}", source, now)
        else:
            if message.is_request:
                self._receive_request(message, source, now)
            else:
                self._receive_response(message, source, now)

    def receive_fault(self, fault: Fault, source: Hop, now: float) -> None:
        """Takes that a connection's bytes are no messages; its owner closes it after the answer."""
        self._refuse(fault.head, 400, f"malformed: {fault.reason}", source, now)

    def messages_to_send(self) -> list[tuple[bytes, Hop]]:
        """Drains what must leave, in order."""
        return self._layer.drain()

    def connection_lost(
        self, hop: Hop, now: float, reason: str = "", *, stood: bool = False
    ) -> None:
        """Takes that a connection is gone or cannot be made: by its flow, else by its address.

        Requests that wait on it end as a transport error (RFC 3261 §17.1.4): a call with
        `CallRejected`, code 0, whose phrase names the connection and the reason. Where it `stood`
        before, what it may have swallowed is first sent once more by a new one.
        """
        words = f"{hop}: {reason}" if reason else f"{hop}: no connection"
        self._layer.connection_lost(hop, words, now, stood=stood)
        self.registrations.connection_lost(hop, now)
        if self.registrar is not None:
            self.registrar.connection_lost(hop, now)

    def next_deadline(self) -> float | None:
        """Says when `handle_deadline` must be called (monotonic seconds), None for never."""
        return self._layer.schedule.next_deadline()

    def handle_deadline(self, now: float) -> None:
        """Fires every timer due at `now`; calling it early or often does no harm."""
        self._layer.schedule.fire(now)

    def events(self) -> list[SipEvent]:
        """Drains what happened, in order."""
        happened, self._endpoint.outbox = self._endpoint.outbox, []
        return happened

    # ---- the caller's verbs ----------------------------------------------------------------------

    def invite(
        self,
        leg: str,
        *,
        target: Hop,
        to: str,
        caller_id: str,
        sdp: bytes,
        account: Account,
        now: float,
        caller_name: str = "",
        headers: Headers = (),
        caller_domain: str = "",
        late_offer: bool = False,
        session_expires_s: int = 0,
        redirects: str = "report",
    ) -> str:
        """Places a call and returns its Call-ID; a leg already placed is not placed again.

        `caller_domain` is the host of the From, by default our own. With `late_offer` the far
        side offers and `sdp` says what it is answered with. `session_expires_s` asks for a
        session timer (0: only what the far side asks for). `redirects` is `report`, or
        `same_host` to follow a 3xx to the same number on the target's own host.

        Raises ValueError, with nothing sent, where `to` is not `+?` and digits, `*`, `#`, or
        where another text would write more into the message than its own value.
        """
        plan = plan_call(
            self._endpoint,
            leg,
            target=target,
            to=to,
            caller_id=caller_id,
            caller_name=caller_name,
            account=account,
            sdp=sdp,
            headers=headers,
            caller_domain=caller_domain,
            late_offer=late_offer,
            session_expires_s=session_expires_s,
            redirects=redirects,
        )
        return self._place(plan, now)

    def invite_phone(
        self, leg: str, phone: str, *, sdp: bytes, now: float, caller_name: str = ""
    ) -> tuple[Hop, str] | None:
        """Rings a desk phone where it signed in last; returns that place, None for nowhere.

        What follows is told as of any call placed. `reap` takes the hop as target and the URI.
        """
        bindings = () if self.registrar is None else self.registrar.bindings(phone)
        if not bindings:
            return None
        hop, uri = bindings[0].hop, bindings[0].uri
        self._place(
            plan_phone_call(
                self._endpoint, leg, target=hop, uri=uri, caller_name=caller_name, sdp=sdp
            ),
            now,
        )
        return hop, uri

    def _place(self, plan: Plan, now: float) -> str:
        identity = plan.identity(self._endpoint)
        if plan.leg not in self._legs:
            call = OutgoingCall(self._endpoint, plan, self._dialogs, self._ghosts, now)
            self._add(plan.leg, call, (identity.call_id, identity.from_tag))
        return identity.call_id

    def cancel(self, leg: str, now: float) -> None:
        """Gives up a call: CANCEL once a 1xx came, BYE where it is answered, else nothing.

        An answer that crosses the CANCEL is reported as `CallAnswered`, then `CallEnded`.
        """
        call = self._legs.get(leg)
        if isinstance(call, OutgoingCall):
            call.cancel(now)
        elif call is not None:
            self.bye(leg, now)

    def bye(self, leg: str, now: float, reason: str = "") -> None:
        """Ends an answered call; one not answered yet is cancelled (or rejected with 480).

        `reason` becomes the cause of `CallEnded`. Where it is a whole Reason value, such as
        `Q.850;cause=16`, it is sent to the far side too. Unknown and ended legs: nothing.
        """
        call = self._legs.get(leg)
        if call is None:
            return
        if call.established is not None:
            header = reason if ";" in reason and reason.isprintable() else ""
            call.established.bye(now, reason or "normal", header)
        elif isinstance(call, OutgoingCall):
            call.cancel(now)
        else:
            call.respond(480, now, phrase="", sdp=None, headers=())

    def reap(
        self,
        leg: str,
        *,
        target: Hop,
        to: str,
        caller_id: str,
        dialog: DialogState | None,
        now: float,
        account: Account = NO_ACCOUNT,
        uri: str = "",
        caller_domain: str = "",
    ) -> None:
        """Ends what an earlier run of this agent left behind, by names derived from the leg.

        The arguments are those of the leg's `invite`. Without `dialog` every INVITE the leg may
        have sent is cancelled and any late 2xx gets ACK and BYE; with it the call gets BYE. The
        end is reported once: `CallRejected` (stage cancelled) or `CallEnded` (cause `reaped`).
        A leg this agent remembers is simply given up. With `uri` the leg rang a desk phone.
        """
        if leg in self._legs:
            self.cancel(leg, now)
            return
        if uri:
            plan = plan_phone_call(self._endpoint, leg, target=target, uri=uri)
        else:
            plan = plan_call(
                self._endpoint, leg, target=target, to=to, caller_id=caller_id, account=account,
                caller_domain=caller_domain,
            )  # fmt: skip
        if plan.identity(self._endpoint).call_id in self._ghosts:
            return
        ghost = Ghost(self._endpoint, plan, self._dialogs, self._ghosts, now)
        if dialog is None:
            ghost.reap(now)
        else:
            saved = plan.saved_dialog(self._endpoint, dialog)
            proofs = Credentials(plan.account, self._endpoint.new_token)
            talk = Talk(self._endpoint, saved, proofs, saved.peer)
            EstablishedCall(talk, leg, self._dialogs, now).bye(now, "reaped")

    def dialog_state(self, leg: str) -> DialogState | None:
        """Returns what `reap` needs to end this placed and answered call, else None."""
        call = self._legs.get(leg)
        if not isinstance(call, OutgoingCall) or call.established is None:
            return None
        return None if call.established.ended else call.established.dialog.state()

    def options(self, target: Hop, now: float) -> str:
        """Asks a peer whether it lives; `OptionsAnswered` with the returned token tells."""
        token = self._endpoint.new_token()
        branch = self._endpoint.new_branch()
        uri = f"sip:{host_port(*target.address)}"
        request = self._endpoint.request(
            "OPTIONS",
            uri,
            branch=branch,
            sender=f"<sip:vyzov@{self._endpoint.place(target.transport)}>;tag={self._endpoint.new_token()}",
            recipient=f"<{uri}>",
            call_id=token,
            cseq=1,
            headers=[
                ("Contact", self._endpoint.contact(target.transport)),
                ("Accept", "application/sdp"),
            ],
        )

        def on_response(response: Message | None, at: float) -> None:
            if response is None:
                self._endpoint.emit(OptionsAnswered(token, at, token, 0, asked.failure))
            elif response.code >= 200:
                wait = retry_after(response)
                told = OptionsAnswered(token, at, token, response.code, response.phrase, wait)
                self._endpoint.emit(told)

        asked = self._layer.start_client(request, target, now, on_response)
        return token

    def forget(self, leg: str) -> None:
        """Drops what is kept of an ended leg; one that is still up stays until it ends."""
        call = self._legs.get(leg)
        if call is not None and _finished(call):
            self._drop(leg, call)

    # ---- the table of legs -----------------------------------------------------------------------

    def _add(self, leg: str, call: Leg, early_key: tuple[str, str]) -> None:
        self._legs[leg] = call
        self._early[early_key] = call
        if len(self._legs) >= self._legs_limit:
            # An owner that never forgets must not fill the memory; each leg pays O(1) for it.
            for name, known in list(self._legs.items()):
                if _finished(known):
                    self._drop(name, known)
            self._legs_limit = max(_MANY_LEGS, 2 * len(self._legs))

    def _drop(self, leg: str, call: Leg) -> None:
        del self._legs[leg]
        if isinstance(call, OutgoingCall):
            identity = call.plan.identity(self._endpoint)
            self._early.pop((identity.call_id, identity.from_tag), None)
        else:
            self._early.pop((call.invite.request.call_id, call.tag), None)
            self._received.pop(_invite_key(call.invite.request), None)

    # ---- responses -------------------------------------------------------------------------------

    def _receive_response(self, message: Message, source: Hop, now: float) -> None:
        vias = message.lines("Via")
        if len(vias) > 1 or ("," in vias[0] and len(message.values("Via")) > 1):
            # RFC 3261 §8.1.3.3: it went astray on its way to whoever wrote the other Via.
            self._endpoint.ignore("", "a response for another hop", source, now)
            return
        transaction = self._layer.client(message.via.branch, message.cseq_method)
        if transaction is not None:
            self._note_own_address(message)
            transaction.receive(message, now)
            return
        ghost = self._ghosts.get(message.call_id)
        if ghost is not None:
            ghost.receive(message, source, now)
        else:
            self._endpoint.ignore("", "stray response", source, now)

    def _note_own_address(self, message: Message) -> None:
        params = message.via.params
        if "received" in params and params.get("rport"):
            try:
                self.seen_as = params["received"], bounded_int(params["rport"], 65_535)
            except ValueError:
                return

    # ---- requests --------------------------------------------------------------------------------

    def _refuse(self, data: bytes, code: int, reason: str, source: Hop, now: float) -> None:
        """Answers what nobody can act on, where anybody waits for an answer."""
        self._endpoint.ignore("", reason, source, now)
        secret, product = self._endpoint.secret, self._endpoint.product
        answer = refusal(data, source, secret=secret, product=product, code=code)
        if answer is not None:
            self._layer.send(*answer)

    def _receive_request(self, message: Message, source: Hop, now: float) -> None:
        if message.method == "ACK":
            self._receive_ack(message, source, now)
            return
        if fault := disorder(message):
            self._refuse(message.raw, fault[0], fault[1], source, now)
            return
        known = self._layer.server(message, message.method)
        if known is not None:
            known.receive_again()
            return
        allow = [("Allow", self._endpoint.allow)]
        if not message.recipient.tag and message.method not in METHODS | {"REGISTER"}:
            # Without a transaction: a flood of messages nobody takes must leave nothing behind.
            self._endpoint.answer_once(message, source, 405, allow)
            return
        request = self._layer.start_server(message, source)
        if request is None:
            self._endpoint.ignore("", "too many requests at once", source, now)
        elif message.method == "CANCEL":
            self._receive_cancel(request, now)
        elif unsupported := [
            name for name in message.values("Require") if name.lower() not in OPTIONS
        ]:
            headers = [("Unsupported", ", ".join(unsupported))]
            self._endpoint.respond(request, 420, now, headers=headers)
        elif message.recipient.tag:
            self._receive_in_dialog(request, now)
        elif message.method == "INVITE":
            self._receive_invite(request, now)
        elif message.method == "OPTIONS":
            headers = [*allow, ("Accept", "application/sdp"), ("Supported", SUPPORTED)]
            self._endpoint.respond(request, 200, now, headers=headers)
        elif message.method == "REGISTER" and self.registrar is not None:
            self.registrar.receive(request, now)
        elif message.method in METHODS:
            self._endpoint.respond(request, 481, now)
        else:
            self._endpoint.respond(request, 405, now, headers=allow)

    def _receive_ack(self, message: Message, source: Hop, now: float) -> None:
        invite = self._layer.server(message, "INVITE")
        if invite is not None and invite.state in (State.COMPLETED, State.CONFIRMED):
            invite.acknowledged(now)
            return
        call = self._dialogs.get((message.call_id, message.recipient.tag, message.sender.tag))
        if call is not None:
            call.receive_ack(message, now)
        else:
            self._endpoint.ignore("", "stray ACK", source, now)

    def _receive_cancel(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        if self._layer.server(message, "INVITE") is None:
            self._endpoint.respond(request, 481, now)
            return
        call = self._received.get(_invite_key(message))
        self._endpoint.respond(request, 200, now, to_tag=call.tag if call else "")
        if call is not None:
            call.cancelled(now, message.values("Reason"))

    def _receive_in_dialog(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        tag = message.recipient.tag
        call = self._dialogs.get((message.call_id, tag, message.sender.tag))
        early = self._early.get((message.call_id, tag))
        if call is not None:
            call.receive_request(request, now)
        elif early is not None and not early.over:
            early.receive_early_request(request, now)
        else:
            ghost = self._ghosts.get(message.call_id)
            known = ghost is not None and ghost.is_hung_up_on(message, now)
            self._endpoint.respond(request, 200 if known else 481, now)

    def _receive_invite(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        key = _invite_key(message)
        twin = self._received.get(key)
        if not self._accept_calls:
            self._endpoint.respond(request, 403, now)
        elif twin is not None and twin.invite.state is not State.TERMINATED:
            # The same INVITE by another path (RFC 3261 §8.2.2.2): answered once.
            self._endpoint.respond(request, 482, now)
        elif (no := refused(message)) is not None:
            self._endpoint.respond(request, no[0], now, headers=no[1])
        elif isinstance(other := replaced(message, self._find_replaced), int):
            self._endpoint.respond(request, other, now)
        else:
            leg = self._endpoint.new_token()
            call = ReceivedCall(self._endpoint, leg, request, self._dialogs, now, replaces=other)
            self._received[key] = call
            self._add(leg, call, (message.call_id, call.tag))

    def _find_replaced(self, key: tuple[str, str, str]) -> Found | None:
        """Finds the dialog an INVITE with Replaces names: answered, or rung by us."""
        call = self._dialogs.get(key)
        if call is not None:
            return call.leg, True, call.ended
        early = self._early.get(key[:2])
        if isinstance(early, OutgoingCall) and not early.over and early.knows(key[2]):
            return early.plan.leg, False, False
        return None


def _invite_key(message: Message) -> tuple[str, str, int]:
    return message.call_id, message.sender.tag, message.cseq


def _finished(call: Leg) -> bool:
    return call.over and (call.established is None or call.established.ended)
