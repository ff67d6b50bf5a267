"""A call we place, from its first INVITE to its final response.

Every early dialog is followed by itself, the first 2xx wins and later ones are released; a wish
to give up waits for a provisional response (RFC 3261 §9.1). What follows an answer is decided
in `established`, what follows a call nobody answered in `ghost`.
"""

from dataclasses import dataclass

from vyzov.sip.auth import Credentials
from vyzov.sip.dialog import Dialog
from vyzov.sip.endpoint import ALLOW, Endpoint
from vyzov.sip.established import Dialogs, EstablishedCall, acknowledgement
from vyzov.sip.events import CallAnswered, CallProgress, Hop, SipEvent, Stage
from vyzov.sip.fields import bounded_int
from vyzov.sip.ghost import MAX_FORKS, Ghost, Ghosts, rejection
from vyzov.sip.identity import MAX_INVITES
from vyzov.sip.message import MAX_CSEQ, Message
from vyzov.sip.outgoing import Plan
from vyzov.sip.schedule import Timers
from vyzov.sip.transaction import GIVE_UP, ClientTransaction, ServerTransaction, unheard

RINGING_LIMIT_S = 300.0
"""A call its owner forgot to give up is cancelled after this long; ring times are shorter."""
MAX_PROVISIONALS = 64


@dataclass(slots=True)
class _Early:
    """One early dialog: what it said last, and its last reliable response (RFC 3262)."""

    dialog: Dialog
    said: tuple[int, str, bytes | None] | None = None
    sdp: bytes | None = None
    rseq: int | None = None


class OutgoingCall:
    """A call being placed; `established` is set by its answer."""

    def __init__(
        self, endpoint: Endpoint, plan: Plan, dialogs: Dialogs, ghosts: Ghosts, now: float
    ) -> None:
        self.plan = plan
        self.over = False
        self.established: EstablishedCall | None = None
        self._endpoint = endpoint
        self._dialogs = dialogs
        self._ghosts = ghosts
        self._credentials = Credentials(plan.account, endpoint.new_token)
        self._started_at = now
        self._cseq = 1
        self._cancel_wanted = False
        self._cancel_sent = False
        self._provisionals: list[tuple[int, float]] = []
        self._early: dict[str, _Early] = {}
        self._acks: dict[str, tuple[bytes, Hop]] = {}
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._transaction = self._invite(now)

    def cancel(self, now: float) -> None:
        """Gives the call up: CANCEL now or after the first provisional, BYE if it was answered."""
        if self.established is not None:
            self.established.bye(now, "cancelled")
        elif not self.over and not self._cancel_wanted:
            self._cancel_wanted = True
            if self._transaction.proceeding:
                self._send_cancel(now)

    def receive_early_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request in an early dialog, where nothing may change the session yet."""
        codes = {"INFO": 200, "OPTIONS": 200, "UPDATE": 488, "INVITE": 491, "BYE": 481}
        code = codes.get(request.request.method, 405)
        self._endpoint.respond(request, code, now, headers=[("Allow", ALLOW)])

    def _invite(self, now: float) -> ClientTransaction:
        """Sends the INVITE numbered `_cseq`, with the answers to challenges so far."""
        proofs = self._credentials.headers("INVITE", self.plan.uri)
        return self._endpoint.layer.start_client(
            self.plan.invite(self._endpoint, self._cseq, proofs),
            self.plan.target,
            now,
            self._on_response,
        )

    def _send_cancel(self, now: float) -> None:
        self._cancel_sent = True
        self._timers.set("give_up", now + GIVE_UP)
        self._endpoint.layer.start_client(
            self._transaction.request.cancelling(),
            self.plan.target,
            now,
            unheard,  # Whether the CANCEL worked is told by the INVITE's own final response.
        )

    def _on_response(self, response: Message | None, now: float) -> None:
        if response is None:
            failure = self._transaction.failure
            silent = Stage.TRYING if failure else Stage.TIMEOUT
            self._give_up(Stage.CANCELLED if self._cancel_wanted else silent, now, failure)
        elif response.code < 200:
            self._receive_provisional(response, now)
        elif response.code < 300:
            self._receive_answer(response, now)
        else:
            self._receive_rejection(response, now)

    # ---- provisional responses -----------------------------------------------------------------

    def _receive_provisional(self, response: Message, now: float) -> None:
        if self._cancel_wanted and not self._cancel_sent:
            self._send_cancel(now)
        elif not self._cancel_wanted and not self._early and not self._provisionals:
            self._timers.set("ringing", now + RINGING_LIMIT_S)
        if response.code == 100:
            if not self._provisionals:
                self._note(100, now)
            return
        early = self._early_dialog(response)
        if early is None or not self._in_order(early, response, now):
            return
        said = (response.code, response.phrase, response.sdp())
        if said != early.said:  # Retransmissions and minute-by-minute repeats say nothing new.
            early.said = said
            early.sdp = said[2] or early.sdp  # A 180 after the 183 keeps the early media.
            self._note(response.code, now)
            tag, reasons = response.recipient.tag, response.values("Reason")
            self._emit(CallProgress(self.plan.leg, now, said[0], said[1], tag, said[2], reasons))

    def _note(self, code: int, now: float) -> None:
        if len(self._provisionals) < MAX_PROVISIONALS:
            self._provisionals.append((code, now - self._started_at))

    def _early_dialog(self, response: Message) -> _Early | None:
        """Finds or opens the early dialog of a To-tag; None where there are too many."""
        tag = response.recipient.tag
        early = self._early.get(tag)
        if early is None:
            if len(self._early) >= MAX_FORKS:
                return None
            early = _Early(self.plan.dialog(self._endpoint, response))
            self._early[tag] = early
        else:
            early.dialog.refresh(response)
        return early

    def _in_order(self, early: _Early, response: Message, now: float) -> bool:
        """Acknowledges a reliable provisional (RFC 3262 §4); False where it must be dropped."""
        required = {value.lower() for value in response.values("Require")}
        if "100rel" not in required or not response.recipient.tag:
            return True
        try:
            rseq = bounded_int(response.header("RSeq"), MAX_CSEQ)
        except ValueError:
            return True
        if early.rseq is not None and rseq != early.rseq + 1:
            return False
        early.rseq = rseq
        dialog = early.dialog
        dialog.local_cseq += 1
        uri, routes = dialog.routing()
        branch = self._endpoint.new_branch()
        request = self._endpoint.request(
            "PRACK",
            uri,
            branch=branch,
            sender=dialog.local,
            recipient=dialog.remote,
            call_id=dialog.call_id,
            cseq=dialog.local_cseq,
            headers=[
                *(("Route", route) for route in routes),
                ("RAck", f"{rseq} {response.cseq} INVITE"),
            ],
        )
        hop = dialog.next_hop()
        self._endpoint.layer.start_client(request, hop, now, unheard)
        return True

    # ---- final responses -------------------------------------------------------------------------

    def _receive_answer(self, response: Message, now: float) -> None:
        tag = response.recipient.tag
        if tag in self._acks:
            # A repeated 2xx means that our ACK was lost.
            self._endpoint.layer.send(*self._acks[tag])
            return
        if len(self._acks) >= MAX_FORKS:
            self._ignore("too many answers", now)
            return
        plan = self.plan
        dialog = plan.dialog(self._endpoint, response)
        described = response.sdp()
        early = self._early.get(tag)
        if early is not None:
            # A PRACK may have used up numbers of this dialog, and a reliable provisional may
            # have brought the answer already (RFC 3262 §5).
            dialog.local_cseq = max(dialog.local_cseq, early.dialog.local_cseq)
            described = described or early.sdp
        invite = self._transaction.request
        self._acks[tag] = acknowledgement(self._endpoint, dialog, response.cseq, invite)
        self._endpoint.layer.send(*self._acks[tag])
        wins = self.established is None and not self.over
        call = EstablishedCall(
            self._endpoint,
            plan.leg,
            dialog,
            self._dialogs,
            local_sdp=plan.sdp,
            remote_sdp=described,
            account=plan.account,
            quiet=not wins,
        )
        if not wins:
            call.bye(now, "fork")
            self._ignore("another answer released", now)
            return
        self.established = call
        self.over = True
        self._timers.stop()
        self._emit(CallAnswered(plan.leg, now, response.code, described, dialog.call_id))
        if self._cancel_wanted:
            call.bye(now, "cancelled")

    def _receive_rejection(self, response: Message, now: float) -> None:
        again = not self._cancel_wanted and self._cseq < MAX_INVITES
        if again and self._credentials.take_response(response):
            self._cseq += 1
            self._early.clear()
            self._transaction = self._invite(now)
            return
        if self._cancel_wanted:
            stage = Stage.CANCELLED
        else:
            rang = any(code > 100 for code, _ in self._provisionals)
            stage = Stage.RINGING if rang else Stage.TRYING
        self._conclude(response, stage, now)

    def _give_up(self, stage: Stage, now: float, failure: str = "") -> None:
        """Ends a call without a final response; what may still come finds its ghost."""
        self._transaction.terminate()
        ghost = Ghost(self._endpoint, self.plan, self._dialogs, self._ghosts, now)
        if failure and self._provisionals and not self._cancel_sent:
            # The far side may ring although the connection is gone; a new one carries the CANCEL.
            ghost.cancel(self._cseq, now)
        self._conclude(None, stage, now, failure)

    def _conclude(
        self, response: Message | None, stage: Stage, now: float, failure: str = ""
    ) -> None:
        self.over = True
        self._timers.stop()
        heard = tuple(self._provisionals)
        self._emit(rejection(self.plan.leg, response, stage, heard, now, failure))

    def _on_timer(self, name: str, now: float) -> None:
        if name == "give_up":
            self._give_up(Stage.CANCELLED, now)
        else:
            self.cancel(now)

    def _emit(self, event: SipEvent) -> None:
        self._endpoint.emit(event)

    def _ignore(self, reason: str, now: float) -> None:
        self._endpoint.ignore(self.plan.leg, reason, self.plan.target, now)
