"""The session of one dialog while it lives: offers both ways, holds, refreshes (RFC 3261 §14).

Carries out what `offers` and `session_timer` decide: which request leaves, what is answered, when
something is tried again and when the far side is given up as lost. One change of ours is under
way at a time; a newer wish waits and replaces an older one that waits. A change stands in

    _next    the wish last made, until nothing is under way, no ACK is owed to us and the far side's
             first offer has its answer; then it is sent and stands in
    _change  on the wire. A 2xx settles it. 491, 422, 500 or 503 with Retry-After, a connection that
             broke and an UPDATE nobody takes put it into _later; 481, 408 and silence end the call;
             any other refusal ends the change. Pondered too long (timer "stuck") it is cancelled:
             then a refusal ends it and silence ends the call.
    _later   refused, to be tried again: the timer "again" makes it the wish, if there is no newer.

The timers "refresh" and "expire" are the session timer's (RFC 4028): the first wishes a change that
changes nothing, the second ends the call.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vyzov.sip import sdp
from vyzov.sip.endpoint import SUPPORTED, dialog_headers, refresh_headers
from vyzov.sip.events import Hop, OfferRefused, SessionChanged
from vyzov.sip.evidence import retry_after
from vyzov.sip.in_dialog import Sent, Talk, acknowledgement
from vyzov.sip.message import Message
from vyzov.sip.offers import Negotiation
from vyzov.sip.schedule import Timers
from vyzov.sip.session_timer import (
    MIN_SE_S,
    Refresher,
    Terms,
    grant,
    min_se,
    offered_headers,
    terms_of_answer,
    too_small,
)
from vyzov.sip.transaction import GIVE_UP, ServerTransaction, unheard

CHANGE_LIMIT_S = 60.0
"""A re-INVITE the far side thinks about for longer is cancelled."""
MAX_TRIES = 6
RETRY_AFTER_LIMIT_S = 32
REFRESH_AGAIN_SHARE = 10
"""A refused refresh is tried again after this part of the session's life."""
OFFER_OWED_WAIT_S = 10
SESSION_EXPIRED = "session_expired"
LOST = "lost"
"""Causes of calls that could not go on: the session timer ran out, or the far side knows none."""
EXPIRED = 'Q.850;cause=102;text="session timer expired"'
UNSUITABLE = 'SIP;cause=488;text="no common codec"'
GONE = "SIP;cause=481"

Lost = Callable[[float, str, str], None]
"""Told (now, cause, Reason) when the call cannot go on."""


@dataclass(slots=True, eq=False)
class _Change:
    """A change of ours: `text` is the offer, None asks the far side for one."""

    text: bytes | None
    refresh: bool = False
    tries: int = 0
    method: str = ""
    pondered: bool = False
    cancelled: bool = False
    sent: Sent | None = None
    ack: tuple[bytes, Hop] | None = None


class Session:
    """Offers, answers and refreshes of one dialog.

    `placed` tells that the call is ours, so that the Call-ID is. `confirmed` is set by the answer
    to the call: before it changes travel by UPDATE only (RFC 3311 §5.1). `unacknowledged` is a 2xx
    of ours whose ACK has not come; `owing` that the far side's first offer has no answer yet.
    """

    def __init__(
        self, talk: Talk, leg: str, negotiation: Negotiation, *, placed: bool, lost: Lost
    ) -> None:
        self.talk = talk
        self.negotiation = negotiation
        self.confirmed = False
        self.owing = False
        self.unacknowledged: ServerTransaction | None = None
        self.updates = False
        """Whether the far side takes UPDATE, as its Allow has said."""
        self.terms: Terms | None = None
        self.lost = lost
        self._leg = leg
        self._placed = placed
        self._floor_s = 0
        self._over = False
        # Under way; waiting for its time to be sent again; wished last.
        self._change: _Change | None = None
        self._later: _Change | None = None
        self._next: _Change | None = None
        self._timers = Timers(talk.endpoint.layer.schedule, self._on_timer)

    # ---- what the owner wants ------------------------------------------------------------------

    def reoffer(self, text: bytes | None, now: float) -> None:
        """Offers another session, or with None asks for an offer; waits for its turn.

        Raises ValueError where the text is no session with sound in it.
        """
        if text is not None and sdp.current(sdp.parse(text)) is None:
            raise ValueError("an offer without a living audio stream: give one, or hang up")
        self._next = _Change(text)
        self._go_on(now)

    def hold(self, now: float) -> None:
        """Puts the far side on hold."""
        self.reoffer(self.negotiation.held(), now)

    def unhold(self, now: float) -> None:
        """Takes the far side back."""
        self.reoffer(self.negotiation.resumed(), now)

    def learn(self, message: Message) -> None:
        """Takes from a message of the far side whether it understands UPDATE."""
        allowed = message.values("Allow")
        if allowed:
            self.updates = "UPDATE" in {method.upper() for method in allowed}

    def begin(self, terms: Terms | None, now: float) -> None:
        """Takes the answer to the call: changes may travel by re-INVITE, the timer runs."""
        self.confirmed = True
        self._keep(terms, now)
        self._go_on(now)

    def conclude(self, described: bytes | None) -> tuple[bytes, bool]:
        """Takes the session in a 2xx that answers a call of ours (RFC 3264 §5, RFC 3262 §5).

        Returns the body of its ACK, and whether that refuses an offer we cannot take.
        """
        negotiation = self.negotiation
        if described is not None and negotiation.local and not negotiation.waiting:
            if negotiation.remote is None:
                return self._answer_late(described)
            # Answered before: a session that comes again may only repeat what holds.
            return b"", False
        negotiation.accept(described)
        return b"", False

    def settled(self, now: float) -> None:
        """Takes that an ACK has come for our 2xx, so that what waited for it may go."""
        self.unacknowledged = None
        self._go_on(now)

    def stop(self) -> None:
        """Ends everything that would still be sent, and lets the owner go."""
        self._over = True
        self._timers.end()
        self.lost = unconcerned

    def release(self) -> None:
        """Gives up the answer to a change that an ended call still waits for: it has no timer."""
        change = self._change
        if change is not None and change.sent is not None and change.sent.transaction is not None:
            change.sent.transaction.terminate()

    # ---- our changes ---------------------------------------------------------------------------

    def _go_on(self, now: float) -> None:
        change = self._next
        under_way = self._change is not None or self._later is not None
        free = not under_way and self.unacknowledged is None and not self.owing
        ready = self.confirmed or (self.updates and not self.negotiation.waiting)
        if change is not None and free and ready and not self._over:
            self._next = None
            self._send(change, now)

    def _send(self, change: _Change, now: float) -> None:
        self._change = change
        change.tries += 1
        change.pondered = False
        by_update = change.refresh and self.updates
        change.method = "UPDATE" if by_update or not self.confirmed else "INVITE"
        body = b""
        if change.text is not None and not by_update:
            body = self.negotiation.propose(change.text)
        transport = self.talk.dialog.next_hop().transport
        endpoint = self.talk.endpoint
        headers = [*refresh_headers(endpoint.contact(transport)), *self._timer_headers()]

        def on_response(response: Message | None, at: float) -> None:
            self._responded(change, response, at)

        change.sent = self.talk.send(change.method, now, on_response, headers=headers, body=body)

    def _timer_headers(self) -> list[tuple[str, str]]:
        if self.terms is None:
            return []
        role = Refresher.UAC if self.terms.ours else Refresher.UAS
        return offered_headers(self.terms.interval_s, floor_s=self._floor_s, refresher=role)

    def _responded(self, change: _Change, response: Message | None, now: float) -> None:
        if response is not None and response.code < 200:
            # A far side that says again and again that it is thinking gains no time by it.
            if change.method == "INVITE" and change is self._change and not change.pondered:
                change.pondered = True
                self._timers.set("stuck", now + CHANGE_LIMIT_S)
        elif response is not None and response.code < 300:
            if change.ack is not None:
                # A repeated 2xx means that our ACK was lost.
                self.talk.endpoint.layer.send(*change.ack)
            else:
                self._taken(change, response, now)
        elif not self._over:
            self._timers.stop("stuck")
            self._change = None
            self.negotiation.withdraw()
            self._refused(change, response, now)

    def _taken(self, change: _Change, response: Message, now: float) -> None:
        """Takes a 2xx: acknowledges it, with the answer where it brought the offer."""
        self._timers.stop("stuck")
        before = self._state()
        self.talk.dialog.refresh(response)
        self.learn(response)
        described = response.sdp()
        body = b""
        unsuitable = False
        if change.text is not None or change.method == "UPDATE":
            self.negotiation.accept(described)
        elif described is not None:
            body, unsuitable = self._answer_late(described)
        if change.method == "INVITE":
            assert change.sent is not None
            assert change.sent.transaction is not None
            invite = change.sent.transaction.request
            change.ack = acknowledgement(self.talk, response.cseq, invite, body)
            self.talk.endpoint.layer.send(*change.ack)
        if self._over:
            return
        self._change = None
        if unsuitable:
            self.lost(now, "no_common_codec", UNSUITABLE)
            return
        self._keep(terms_of_answer(response), now)
        if not change.refresh or self._state() != before:
            self._tell(now)
        self._go_on(now)

    def _answer_late(self, offered: bytes) -> tuple[bytes, bool]:
        """Answers an offer that came in a 2xx; one that cannot be taken must be answered too."""
        try:
            return self.negotiation.answer(offered), False
        except ValueError:
            return refused_session(offered, self.negotiation.local), True

    def _refused(self, change: _Change, response: Message | None, now: float) -> None:
        code = response.code if response is not None else 0
        broken = response is None and change.sent is not None and _connection_failed(change.sent)
        wait = self._wait(change, response, broken=broken)
        if wait is not None and change.tries < MAX_TRIES and not change.cancelled:
            self._later = change
            self._timers.set("again", now + wait)
        elif code in (0, 408, 481):
            # The far side knows no such dialog any more (RFC 3261 §12.2.1.2).
            cause, reason = (SESSION_EXPIRED, EXPIRED) if change.refresh else (LOST, GONE)
            self.lost(now, cause, reason)
        elif change.refresh:
            if self.terms is not None:
                self._timers.set("refresh", now + self.terms.interval_s / REFRESH_AGAIN_SHARE)
            self._go_on(now)
        else:
            phrase = response.phrase if response is not None else ""
            refusal = self.talk.credentials.refusal if code in (401, 407) else ""
            self.talk.endpoint.emit(OfferRefused(self._leg, now, code, refusal or phrase))
            self._go_on(now)

    def _wait(self, change: _Change, response: Message | None, *, broken: bool) -> float | None:
        """Says after how many seconds a refused change is sent again, None for never."""
        if response is None:
            return 1.0 if broken else None
        if response.code == 491:
            # Glare (RFC 3261 §14.1): the owner of the Call-ID waits longer, in steps of 10 ms.
            dice = self.talk.endpoint.dice()
            return (210 + int(dice * 191)) / 100 if self._placed else int(dice * 201) / 100
        if response.code == 422:
            floor_s = min_se(response)
            if floor_s <= max(self._floor_s, MIN_SE_S):
                return None
            self._floor_s = floor_s
            return 0.0
        asked = retry_after(response)
        if asked is not None and asked <= RETRY_AFTER_LIMIT_S and response.code in (500, 503):
            return float(asked)
        if change.method == "UPDATE" and change.refresh and response.code not in (408, 481):
            # Whoever cannot take an UPDATE can take a re-INVITE.
            self.updates = False
            return 0.0
        return None

    def _on_timer(self, name: str, now: float) -> None:
        if name == "again":
            # A newer wish makes a repetition of the older one pointless.
            self._next = self._next or self._later
            self._later = None
            self._go_on(now)
        elif name == "stuck":
            self._cancel(now)
        elif name == "refresh":
            if self._next is None and self._later is None and self._change is None:
                self._next = _Change(self.negotiation.local or None, refresh=True)
            else:
                # What is under way refreshes too, unless it is refused.
                assert self.terms is not None
                self._timers.set("refresh", now + self.terms.interval_s / REFRESH_AGAIN_SHARE)
            self._go_on(now)
        else:
            assert name == "expire", name
            self.lost(now, SESSION_EXPIRED, EXPIRED)

    def _cancel(self, now: float) -> None:
        """Gives up a re-INVITE that is never concluded; without a 487 the call is lost."""
        change = self._change
        assert change is not None
        assert change.sent is not None
        assert change.sent.transaction is not None
        transaction = change.sent.transaction
        if change.cancelled:
            transaction.terminate()
            self.lost(now, LOST, GONE)
            return
        change.cancelled = True
        layer = self.talk.endpoint.layer
        layer.start_client(transaction.request.cancelling(), transaction.target, now, unheard)
        self._timers.set("stuck", now + GIVE_UP)

    # ---- the far side's changes ------------------------------------------------------------------

    def receive(self, request: ServerTransaction, now: float) -> ServerTransaction | None:
        """Answers a re-INVITE or UPDATE; returns it where its 200 waits for an ACK."""
        message = request.request
        endpoint = self.talk.endpoint
        offered = message.sdp()
        if self.owing and (offered is not None or message.method == "INVITE"):
            # Their first offer has no answer yet (RFC 3311 §5.2, RFC 3261 §14.2).
            wait = str(int(endpoint.dice() * (OFFER_OWED_WAIT_S + 1)))
            endpoint.respond(request, 500, now, headers=[("Retry-After", wait)])
        elif self._conflicts(message.method, offered):
            endpoint.respond(request, 491, now)
        elif message.body and offered is None:
            endpoint.respond(request, 415, now, headers=[("Accept", "application/sdp")])
        elif too_small(message):
            endpoint.respond(request, 422, now, headers=[("Min-SE", str(MIN_SE_S))])
        else:
            return self._take(request, offered, now)
        return None

    def _conflicts(self, method: str, offered: bytes | None) -> bool:
        """Tells two offers at once (RFC 3261 §14.2): the earlier one is settled first."""
        if method == "UPDATE" and offered is None:
            return False
        if self.unacknowledged is not None or self.negotiation.waiting:
            return True
        return self._change is not None and self._change.method == "INVITE"

    def _take(
        self, request: ServerTransaction, offered: bytes | None, now: float
    ) -> ServerTransaction | None:
        message = request.request
        endpoint = self.talk.endpoint
        before = self._state()
        try:
            body = self._describe(message.method, offered)
        except ValueError:
            # A refused change leaves the session as it was (RFC 3261 §14.2).
            endpoint.respond(request, 488, now)
            return None
        self.talk.dialog.refresh(message)
        self.learn(message)
        granted = grant(message, current=self.terms)
        headers = dialog_headers(message, endpoint.contact(request.source.transport))
        headers += [("Supported", SUPPORTED), *granted.headers]
        endpoint.respond(request, 200, now, headers=headers, body=body)
        if self.confirmed:
            self._keep(granted.terms, now)
        if self._state() != before:
            self._tell(now)
        if message.method == "UPDATE":
            return None
        self.unacknowledged = request
        return request

    def _describe(self, method: str, offered: bytes | None) -> bytes:
        """Returns our session for an offer; without one a re-INVITE gets an offer of ours."""
        if offered is not None:
            return self.negotiation.answer(offered)
        if method == "UPDATE":
            return b""
        if not self.negotiation.local:
            raise ValueError("nothing to offer: this call has no session of ours")
        return self.negotiation.propose(self.negotiation.full())

    def answered(self, described: bytes | None, now: float) -> None:
        """Takes the ACK of a re-INVITE's 200, with the answer where we had offered."""
        before = self._state()
        if self.negotiation.waiting:
            self.negotiation.accept(described)
        if self._state() != before:
            self._tell(now)
        self.settled(now)

    def _state(self) -> tuple[bytes | None, sdp.Direction]:
        return self.negotiation.remote, self.negotiation.direction

    def _tell(self, now: float) -> None:
        agreed = self.negotiation
        remote = agreed.remote or b""
        event = SessionChanged(self._leg, now, remote, agreed.direction, agreed.local)
        self.talk.endpoint.emit(event)

    # ---- the session timer -------------------------------------------------------------------------

    def _keep(self, terms: Terms | None, now: float) -> None:
        """Starts the session's life anew under these terms; None ends the timer."""
        self.terms = terms
        self._timers.stop("refresh", "expire")
        if terms is None or self._over:
            return
        self._timers.set("expire", now + terms.expires_after_s)
        if terms.ours:
            self._timers.set("refresh", now + terms.refresh_after_s)


def unconcerned(_now: float, _cause: str, _reason: str) -> None:
    """Stands for an owner before the call has one and after it is over."""


def refused_session(offered: bytes, local: bytes) -> bytes:
    """Answers an offer with every stream refused; "" where it cannot even be read."""
    try:
        return sdp.refusal(sdp.parse(offered), local)
    except ValueError:
        return b""


def _connection_failed(sent: Sent) -> bool:
    return sent.transaction is not None and bool(sent.transaction.failure)
