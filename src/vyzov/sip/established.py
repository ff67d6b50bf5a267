"""An answered call: what either side may do in its dialog, and how it ends exactly once.

Serves callers and callees alike. Changes of the session are carried out by `session`; this part
answers every other request of the far side and owns the BYE.
"""

from vyzov.sip.endpoint import Endpoint
from vyzov.sip.events import (
    CallEnded,
    DialogConfirmed,
    DigitReceived,
    Side,
    TransferRequested,
)
from vyzov.sip.in_dialog import Talk
from vyzov.sip.info import digit_of
from vyzov.sip.message import Message
from vyzov.sip.offers import Negotiation
from vyzov.sip.refer import Wish, notice_headers, sipfrag, wants_no_notice
from vyzov.sip.schedule import Timers
from vyzov.sip.session import Session
from vyzov.sip.session_timer import Terms
from vyzov.sip.transaction import GIVE_UP, ServerTransaction, unheard

TRANSFER_ANSWER_S = 20.0
"""A transfer its owner does not judge for this long is declined."""
TRANSFER_LIMIT_S = 180.0


class EstablishedCall:
    """One dialog with a 2xx behind it. `quiet` ones end without telling: forks, late answers.

    `dialogs` is the agent's table of dialogs; the call enters it and leaves it by itself.
    """

    def __init__(
        self,
        talk: Talk,
        leg: str,
        dialogs: "Dialogs",
        now: float,
        *,
        session: Session | None = None,
        terms: Terms | None = None,
        quiet: bool = False,
    ) -> None:
        self.leg = leg
        self.talk = talk
        self.dialog = talk.dialog
        self.ended = False
        self.confirmed = True
        self.session = session or Session(talk, leg, Negotiation(), placed=True, lost=self._lost)
        self.session.lost = self._lost
        self._endpoint: Endpoint = talk.endpoint
        self._dialogs = dialogs
        self._quiet = quiet
        self._bye_wanted: tuple[str, str] | None = None
        self._refer: ServerTransaction | None = None
        self._referred: int | None = None
        self._timers = Timers(self._endpoint.layer.schedule, self._on_timer)
        dialogs[self.dialog.key] = self
        self.session.begin(terms, now)

    # ---- our side ----------------------------------------------------------------------------

    def await_ack(self, answer: ServerTransaction, *, confirmed: bool) -> None:
        """Waits for the ACK of a 2xx we have just sent; `confirmed` tells a re-INVITE's."""
        self.confirmed = confirmed
        self.session.unacknowledged = answer
        answer.on_unacknowledged = self._never_acknowledged

    def bye(self, now: float, cause: str, reason: str = "") -> None:
        """Ends the call; a callee's BYE waits for the ACK (RFC 3261 §15). `reason` is a header."""
        if self.ended:
            return
        if not self.confirmed:
            self._bye_wanted = (cause, reason)
            return
        headers = [("Reason", reason)] if reason else []
        # Sent first: a reason that would break its line must not leave the call half ended.
        self.talk.send("BYE", now, unheard, headers=headers)
        self._end(now, Side.US, cause)

    def _lost(self, now: float, cause: str, reason: str) -> None:
        self.bye(now, cause, reason)

    def _end(self, now: float, side: Side, cause: str, reasons: tuple[str, ...] = ()) -> None:
        self.ended = True
        if self.session.unacknowledged is not None:
            # Whoever hangs up has seen our 2xx, even if its ACK was lost; and after our own BYE
            # nobody needs it any more.
            self.session.unacknowledged.acknowledged(now)
            self.session.unacknowledged = None
        self.session.stop()
        self._answer_refer(603, now)
        self._timers.stop()
        # The dialog stays known for a while: the far side's BYE may cross ours.
        self._timers.set("gone", now + GIVE_UP)
        if not self._quiet:
            self._endpoint.emit(CallEnded(self.leg, now, side, cause, reasons))

    def _never_acknowledged(self, now: float) -> None:
        self.session.unacknowledged = None
        self.confirmed = True
        cause, reason = self._bye_wanted or ("no_ack", "")
        self.bye(now, cause, reason)

    def _on_timer(self, name: str, now: float) -> None:
        if name == "judge":
            self._answer_refer(603, now)
        elif name == "transfer":
            self.notify_transfer(503, "Service Unavailable", now)
        else:
            assert name == "gone", name
            self._timers.end()
            self.session.release()
            self._dialogs.pop(self.dialog.key, None)

    # ---- the far side ------------------------------------------------------------------------

    def receive_ack(self, message: Message, now: float) -> None:
        """Takes an ACK in this dialog; one that acknowledges nothing new changes nothing."""
        answer = self.session.unacknowledged
        if answer is None or answer.request.cseq != message.cseq:
            return
        answer.acknowledged(now)
        described = message.sdp()
        if self.confirmed:
            self.session.answered(described, now)
            return
        self.confirmed = True
        self.session.negotiation.accept(described)
        self._endpoint.emit(DialogConfirmed(self.leg, now, described))
        self.session.settled(now)
        if self._bye_wanted is not None:
            self.bye(now, *self._bye_wanted)

    def receive_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request in this dialog."""
        message = request.request
        method = message.method
        if self.ended:
            self._endpoint.respond(request, 200 if method == "BYE" else 481, now)
        elif message.cseq < self.dialog.remote_cseq:
            # Out of order (RFC 3261 §12.2.2): a request overtaken by a later one.
            self._endpoint.respond(request, 500, now, phrase="CSeq Out of Order")
        else:
            self.dialog.remote_cseq = message.cseq
            if method == "BYE":
                self._endpoint.respond(request, 200, now)
                self._end(now, Side.FAR, "bye", message.values("Reason"))
            elif method in ("INVITE", "UPDATE"):
                waiting = self.session.receive(request, now)
                if waiting is not None:
                    waiting.on_unacknowledged = self._never_acknowledged
            elif method == "INFO":
                self._receive_info(request, now)
            elif method == "REFER" and self._endpoint.transfers:
                self._receive_refer(request, now)
            else:
                # A PRACK here acknowledges nothing, a NOTIFY is of no subscription of ours.
                codes = {"OPTIONS": 200, "PRACK": 481, "NOTIFY": 481}
                allow = [("Allow", self._endpoint.allow)]
                self._endpoint.respond(request, codes.get(method, 405), now, headers=allow)

    def _receive_info(self, request: ServerTransaction, now: float) -> None:
        message = request.request
        if message.header("Info-Package"):
            # We have named none we would take (RFC 6086 §4.2.2).
            self._endpoint.respond(request, 469, now, headers=[("Recv-Info", "")])
            return
        self._endpoint.respond(request, 200, now, headers=[("Allow", self._endpoint.allow)])
        found = digit_of(message)
        if found is not None:
            self._endpoint.emit(DigitReceived(self.leg, now, *found))

    # ---- transfers -------------------------------------------------------------------------------

    def _receive_refer(self, request: ServerTransaction, now: float) -> None:
        try:
            wish = Wish.of(request.request)
        except ValueError:
            self._endpoint.respond(request, 400, now)
            return
        if self._refer is not None or self._referred is not None:
            self._endpoint.respond(request, 603, now)
            return
        self._refer = request
        self._timers.set("judge", now + TRANSFER_ANSWER_S)
        event = TransferRequested(self.leg, now, wish.to, wish.replaces, wish.referred_by)
        self._endpoint.emit(event)

    def answer_transfer(self, now: float, *, accept: bool) -> None:
        """Accepts or declines the transfer asked for last; without one nothing happens."""
        self._answer_refer(202 if accept else 603, now)

    def _answer_refer(self, code: int, now: float) -> None:
        request, self._refer = self._refer, None
        if request is None:
            return
        self._timers.stop("judge")
        silent = wants_no_notice(request.request)
        headers = [("Refer-Sub", "false")] if silent and code == 202 else []
        contact = self._endpoint.contact(request.source.transport)
        self._endpoint.respond(request, code, now, headers=[*headers, ("Contact", contact)])
        if code == 202 and not silent:
            self._referred = request.request.cseq
            self._timers.set("transfer", now + TRANSFER_LIMIT_S)
            self._notify(100, "Trying", now)

    def notify_transfer(self, code: int, phrase: str, now: float) -> None:
        """Tells the far side how far an accepted transfer has come; a final code ends the telling.

        Raises ValueError for a code that is no status.
        """
        if not 100 <= code <= 699:
            raise ValueError(f"{code} is no status of a transfer: give one of 100 to 699")
        if self._referred is not None and not self.ended:
            self._notify(code, phrase, now)

    def _notify(self, code: int, phrase: str, now: float) -> None:
        assert self._referred is not None
        over = code >= 200
        headers = [
            ("Contact", self._endpoint.contact(self.dialog.next_hop().transport)),
            *notice_headers(self._referred, over=over, expires_s=int(TRANSFER_LIMIT_S)),
        ]
        if over:
            self._referred = None
            self._timers.stop("transfer")
        self.talk.send("NOTIFY", now, unheard, headers=headers, body=sipfrag(code, phrase))


Dialogs = dict[tuple[str, str, str], EstablishedCall]
