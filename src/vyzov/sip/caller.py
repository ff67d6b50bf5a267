"""A call we place, from its first INVITE to its final response.

Every early dialog is followed by itself, the first 2xx wins and later ones are released; a wish
to give up waits for a provisional response (RFC 3261 §9.1). What an early dialog may do is
decided in `early`, what follows an answer in `established`, what follows a call nobody answered
in `ghost`.
"""

from vyzov.sip import redirect
from vyzov.sip.auth import Credentials
from vyzov.sip.dialog import Dialog
from vyzov.sip.early import EarlyDialog
from vyzov.sip.endpoint import Endpoint
from vyzov.sip.established import Dialogs, EstablishedCall
from vyzov.sip.events import (
    CallAnswered,
    CallProgress,
    Hop,
    Provisional,
    RealmProved,
    SipEvent,
    Stage,
)
from vyzov.sip.evidence import evidence_of, rejection
from vyzov.sip.fields import addresses
from vyzov.sip.ghost import MAX_FORKS, Ghost, Ghosts
from vyzov.sip.identity import MAX_INVITES
from vyzov.sip.in_dialog import Talk, acknowledgement
from vyzov.sip.message import Message
from vyzov.sip.offers import Negotiation
from vyzov.sip.outgoing import Plan
from vyzov.sip.schedule import Timers
from vyzov.sip.session import UNSUITABLE, Session, unconcerned
from vyzov.sip.session_timer import MIN_SE_S, min_se, terms_of_answer
from vyzov.sip.transaction import GIVE_UP, ClientTransaction, ServerTransaction, unheard

RINGING_LIMIT_S = 300.0
"""A call its owner forgot to give up is cancelled after this long; ring times are shorter."""
MAX_PROVISIONALS = 64
MAX_PHRASE_CHARS = 200


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
        self._realm_told = bool(plan.account.realm)
        self._started_at = now
        self._cseq = 1
        self._floor_s = 0
        self._tried = [plan.target]
        self._cancel_wanted = False
        self._cancel_sent = False
        self._broken = False
        self._heard: list[Provisional] = []
        self._early: dict[str, EarlyDialog] = {}
        self._acks: dict[str, tuple[bytes, Hop]] = {}
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._transaction = self._invite(now)

    @property
    def session(self) -> Session | None:
        """The session that can be changed now: the answered one, or an early one that may."""
        if self.established is not None:
            return None if self.established.ended else self.established.session
        living = [early.session for early in self._early.values() if not early.over]
        ready = [one for one in living if one.updates and not one.negotiation.waiting]
        return ready[-1] if ready and not self.over else None

    def knows(self, tag: str) -> bool:
        """Tells whether a far side of this tag is ringing."""
        early = self._early.get(tag)
        return early is not None and not early.over

    def cancel(self, now: float) -> None:
        """Gives the call up: CANCEL now or after the first provisional, BYE if it was answered."""
        if self.established is not None:
            self.established.bye(now, "cancelled")
        elif not self.over and not self._cancel_wanted:
            self._cancel_wanted = True
            if self._transaction.proceeding:
                self._send_cancel(now)

    def receive_early_request(self, request: ServerTransaction, now: float) -> None:
        """Answers a request in an early dialog; one of a dialog never heard of gets 481."""
        early = self._early.get(request.request.sender.tag)
        if early is None:
            self._endpoint.respond(request, 481, now)
        else:
            early.receive_request(request, now)

    def _invite(self, now: float) -> ClientTransaction:
        """Sends the INVITE numbered `_cseq`, with the answers to challenges so far."""
        plan = self.plan
        proofs = self._credentials.headers("INVITE", plan.uri, plan.offered)
        return self._endpoint.layer.start_client(
            plan.invite(self._endpoint, self._cseq, proofs, floor_s=self._floor_s),
            plan.target,
            now,
            self._on_response,
        )

    def _invite_again(self, now: float) -> None:
        """Sends the next INVITE of the call: a transaction of its own, with dialogs of its own."""
        self._cseq += 1
        for early in self._early.values():
            early.end()
        self._early.clear()
        self._transaction = self._invite(now)

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
        elif not self._cancel_wanted and not self._early and not self._heard:
            self._timers.set("ringing", now + RINGING_LIMIT_S)
        if response.code == 100:
            if not self._heard:
                self._note(response, now)
            return
        self._note_realm(now)
        early = self._early_dialog(response)
        if early is None or not early.take(response, now):
            return  # Retransmissions and minute-by-minute repeats say nothing new.
        self._note(response, now)
        tag, reasons = response.recipient.tag, response.values("Reason")
        code, phrase = response.code, response.phrase
        self._emit(CallProgress(self.plan.leg, now, code, phrase, tag, response.sdp(), reasons))

    def _note(self, response: Message, now: float) -> None:
        if len(self._heard) < MAX_PROVISIONALS:
            phrase, tag = response.phrase[:MAX_PHRASE_CHARS], response.recipient.tag
            after_s = now - self._started_at
            self._heard.append(Provisional(response.code, after_s, phrase, tag[:MAX_PHRASE_CHARS]))

    def _note_realm(self, now: float) -> None:
        """Tells the realm that took our proof, where the account names none yet."""
        proved = self._credentials.proved
        if proved is not None and not self._realm_told:
            self._realm_told = True
            self._emit(RealmProved(self.plan.leg, now, *proved))

    def _early_dialog(self, response: Message) -> EarlyDialog | None:
        """Finds or opens the early dialog of a To-tag; None where there are too many."""
        tag = response.recipient.tag
        early = self._early.get(tag)
        if early is None and len(self._early) < MAX_FORKS:
            early = EarlyDialog(
                self._talk(self.plan.dialog(self._endpoint, response)),
                self.plan.leg,
                local=self.plan.sdp,
                late_offer=self.plan.late_offer,
                broken=self._early_broken,
            )
            self._early[tag] = early
        return early

    def _talk(self, dialog: Dialog) -> Talk:
        return Talk(self._endpoint, dialog, self._credentials, self.plan.target)

    def _early_broken(self, _early: EarlyDialog, now: float) -> None:
        """Gives the call up where no early dialog is left to be answered in."""
        if all(early.over for early in self._early.values()) and not self._cancel_wanted:
            self._broken = True
            self.cancel(now)

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
        early = self._early.pop(tag, None)
        # A session that ended with its early dialog would never change nor be refreshed again.
        living = early is not None and not early.over
        session = early.session if early is not None and living else self._new_session(dialog)
        if early is not None:
            early.over = True  # From here on its session belongs to the answered call.
            # A PRACK may have used up numbers of this dialog.
            dialog.local_cseq = max(dialog.local_cseq, early.talk.dialog.local_cseq)
            dialog.remote_cseq = early.talk.dialog.remote_cseq
            session.talk.dialog = dialog
        session.learn(response)
        # A reliable provisional may have brought the answer already (RFC 3262 §5).
        described = response.sdp() or (early.sdp if early is not None else None)
        body, unsuitable = session.conclude(described)
        invite = self._transaction.request
        self._acks[tag] = acknowledgement(session.talk, response.cseq, invite, body)
        self._endpoint.layer.send(*self._acks[tag])
        wins = self.established is None and not self.over
        terms = terms_of_answer(response) if wins else None
        call = EstablishedCall(
            session.talk, plan.leg, self._dialogs, now, session=session, terms=terms, quiet=not wins
        )
        if not wins:
            call.bye(now, "fork")
            self._ignore("another answer released", now)
            return
        self._win(call, response, now)
        if self._cancel_wanted:
            call.bye(now, "cancelled")
        elif unsuitable:
            call.bye(now, "no_common_codec", UNSUITABLE)

    def _new_session(self, dialog: Dialog) -> Session:
        plan = self.plan
        local = plan.sdp
        negotiation = Negotiation(local) if plan.late_offer else Negotiation.begun(local)
        talk = self._talk(dialog)
        return Session(talk, plan.leg, negotiation, placed=True, lost=unconcerned)

    def _win(self, call: EstablishedCall, response: Message, now: float) -> None:
        self.established = call
        if self._transaction.unfinished:
            # Answered was an earlier INVITE: the present one must neither ring on nor be told of.
            self._leave_to_ghost(now, ringing=self._transaction.proceeding)
        else:
            self._note_realm(now)
        self.over = True
        self._timers.end()
        for early in self._early.values():
            early.end()
        self._emit(
            CallAnswered(
                self.plan.leg,
                now,
                response.code,
                call.session.negotiation.remote,
                call.dialog.call_id,
                phrase=response.phrase,
                evidence=evidence_of(response),
                heard=tuple(self._heard),
            )
        )

    def _receive_rejection(self, response: Message, now: float) -> None:
        if not self._cancel_wanted and self._cseq < MAX_INVITES and self._may_mend(response):
            self._invite_again(now)
            return
        if self._cancel_wanted and not self._broken:
            stage = Stage.CANCELLED
        else:
            rang = any(one.code > 100 for one in self._heard)
            stage = Stage.RINGING if rang else Stage.TRYING
        self._conclude(response, stage, now)

    def _may_mend(self, response: Message) -> bool:
        """Tells whether the call may be placed once more, and makes the plan fit for it."""
        if self._credentials.take_response(response):
            return True
        if response.code == 422:
            floor_s = min_se(response)
            larger = floor_s > max(self._floor_s, MIN_SE_S, self.plan.session_expires_s)
            self._floor_s = max(floor_s, self._floor_s)
            return larger and self.plan.session_expires_s > 0
        contacts = addresses(response.lines("Contact"))
        hop = redirect.next_hop(
            self.plan.redirects, response.code, contacts, self.plan.number, self._tried
        )
        if hop is None:
            return False
        self._tried.append(hop)
        self.plan = self.plan.redirected(hop)
        self._credentials.begin()
        return True

    def _give_up(self, stage: Stage, now: float, failure: str = "") -> None:
        """Ends a call without a final response; what may still come finds its ghost."""
        # The far side may ring although the connection is gone; a new one carries the CANCEL.
        self._leave_to_ghost(now, ringing=bool(failure and self._heard))
        self._conclude(None, stage, now, failure)

    def _leave_to_ghost(self, now: float, *, ringing: bool) -> None:
        ghost = Ghost(self._endpoint, self.plan, self._dialogs, self._ghosts, now, self._acks)
        if ringing and not self._cancel_sent:
            ghost.cancel(self._cseq, now)
        self._transaction.terminate()

    def _conclude(
        self, response: Message | None, stage: Stage, now: float, failure: str = ""
    ) -> None:
        self.over = True
        self._timers.end()
        for early in self._early.values():
            early.end()
        challenged = response is not None and response.code in (401, 407)
        self._emit(
            rejection(
                self.plan.leg,
                response,
                stage,
                tuple((one.code, one.after_s) for one in self._heard),
                now,
                phrase=failure,
                challenge_refused=self._credentials.refusal if challenged else "",
                heard=tuple(self._heard),
            )
        )

    def _on_timer(self, name: str, now: float) -> None:
        if name == "give_up":
            self._give_up(Stage.CANCELLED, now)
        else:
            self.cancel(now)

    def _emit(self, event: SipEvent) -> None:
        self._endpoint.emit(event)

    def _ignore(self, reason: str, now: float) -> None:
        self._endpoint.ignore(self.plan.leg, reason, self.plan.target, now)
