"""Calls through trunks: from `Originate` to `Failed` or `Ended`, one `Call` each.

Translates between SIP events and the port's events and keeps each call's sound alive. It refuses
what must not be dialled (stale, fenced off, malformed) and decides nothing else: no retry, no
choice of trunk, no meaning of a cause. A fault in one call ends that call with a log line.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vyzov.dialer.ports import (
    Answered,
    Dialing,
    Ended,
    Failed,
    LegEvent,
    Originate,
    Refused,
    Ringing,
)
from vyzov.media.g711 import law_of
from vyzov.media.rtp import RtpPacket
from vyzov.sip import sdp
from vyzov.sip.description import HOLD_ADDRESSES
from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallProgress,
    CallRejected,
    DigitReceived,
    RealmProved,
    SessionChanged,
    SipEvent,
    Stage,
    Transport,
)
from vyzov.telephony.native.agreeing import (
    NO_SOUND,
    NoSound,
    fresh_keys,
    raw_evidence,
    terms_of,
)
from vyzov.telephony.native.bridge import Party, Switchboard
from vyzov.telephony.native.clock import MediaClock
from vyzov.telephony.native.evidence import Evidence
from vyzov.telephony.native.journal import LegBook, Placed
from vyzov.telephony.native.listening import Listener
from vyzov.telephony.native.port_pairs import NoFreePort, PairShelf
from vyzov.telephony.native.rtp_port import RtpPort
from vyzov.telephony.native.signalling import Signalling
from vyzov.telephony.native.trunks import Trunk, Trunks, WireCall

log = logging.getLogger("vyzov.engine.legs")

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SERVICE_NUMBER = re.compile(r"[0-9]{2,6}")
CALLER_ID = re.compile(r"\+?[0-9]{2,15}|anonymous")
ENGINE_FAULT = "engine_fault"

Post = Callable[[LegEvent], None]
Over = Callable[["Call"], None]


@dataclass(slots=True, eq=False)
class Call:
    """One call through a trunk, while it lives."""

    order: Originate
    floor: str
    trunk: Trunk
    port: RtpPort
    party: Party
    listener: Listener
    evidence: Evidence
    offer: bytes
    placed_at: float
    ring_timer: asyncio.TimerHandle | None = None
    early_sdp: bytes | None = None
    told: set[tuple[int, str, bool]] = field(default_factory=set[tuple[int, str, bool]])
    answered_at: float | None = None
    closing: str = ""

    @property
    def leg(self) -> str:
        """The leg's id."""
        return self.order.leg


class Calls:
    """All living calls of an engine."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        signalling: Signalling,
        ports: PairShelf,
        advertised_host: str,
        clock: MediaClock,
        book: LegBook,
        trunks: Trunks,
        switchboard: Switchboard,
        post: Post,
        over: Over,
    ) -> None:
        """Has no call; `over` is told of each one that ends, before its end is posted."""
        self._loop = loop
        self._signalling = signalling
        self._agent = signalling.agent
        self._ports = ports
        self._advertised_host = advertised_host
        self._clock = clock
        self._book = book
        self._trunks = trunks
        self._switchboard = switchboard
        self._post = post
        self._over = over
        self.living: dict[str, Call] = {}
        self.draining = False
        self._emptied = asyncio.Event()

    # ---- verbs

    def originate(self, order: Originate, floor: str) -> None:
        """Places a call, or posts `Refused` saying why nothing was sent."""
        known = self._book.legs.get(order.leg)
        if known is not None:
            placed = known.placed
            if placed is None or placed.attempt != order.attempt:
                self._post(Refused(order.leg, 0, 0.0, "duplicate"))
            return
        try:
            self._originate(order, floor)
        except Exception:
            # A floor that asked for a call must hear what became of it, whatever went wrong.
            log.exception("leg %s failed while it was placed", order.leg)
            if order.leg in self.living:
                self._loop.call_soon(self.hangup, order.leg, ENGINE_FAULT)
                return
            if order.leg not in self._book.legs:
                self._book.open(order.leg, floor)
            self._post(Refused(order.leg, 0, 0.0, ENGINE_FAULT))

    def _originate(self, order: Originate, floor: str) -> None:
        trunk = self._trunks.get(order.trunk)
        reason = self._refusal(order, floor, trunk)
        if trunk is None or reason:
            self._book.open(order.leg, floor)
            self._post(Refused(order.leg, 0, 0.0, reason))
            return
        try:
            wire = trunk.wire_call(order)
        except ValueError as error:
            log.warning("leg %s is not placed: %s", order.leg, error)
            self._book.open(order.leg, floor)
            self._post(Refused(order.leg, 0, 0.0, "bad_number"))
            return
        try:
            pair = self._ports.take()
        except (NoFreePort, OSError) as error:
            log.warning("leg %s is not placed: %s", order.leg, error)
            self._book.open(order.leg, floor)
            self._post(Refused(order.leg, 0, 0.0, "no_port"))
            return
        port = RtpPort(pair)
        try:
            self._place(order, floor, trunk, wire, port)
        finally:
            if order.leg not in self.living:
                port.close()  # Whatever failed: a call that is not placed keeps no sockets.

    def hangup(self, leg: str, cause: str) -> None:
        """Gives a call up or ends it; a leg that is gone is no fault."""
        call = self.living.get(leg)
        if call is None or call.closing:
            return
        call.closing = cause
        self._stop_ring_timer(call)
        now = time.monotonic()
        if call.answered_at is None:
            self._agent.cancel(leg, now)
        else:
            self._agent.bye(leg, now, cause)
        self._signalling.pump()

    def party(self, leg: str) -> Party | None:
        """Returns the sound of an answered call."""
        call = self.living.get(leg)
        return None if call is None or call.answered_at is None else call.party

    async def none_left(self) -> None:
        """Waits until no call lives."""
        while self.living:
            self._emptied.clear()
            await self._emptied.wait()

    def send_digits(self, leg: str, digits: str) -> None:
        """Sends keys as telephone events (RFC 4733)."""
        call = self.living.get(leg)
        if call is None or call.answered_at is None:
            return
        try:
            sent = call.party.hearing.dial(digits, call.port.event_type)
        except ValueError as error:
            log.warning("leg %s: %r are no digits: %s", leg, digits, error)
            return
        if not sent:
            log.warning("leg %s: the far side takes no telephone events", leg)

    # ---- SIP events

    def handle(self, event: SipEvent) -> None:
        """Carries a SIP event through; a fault ends its leg, never the loop."""
        call = self.living.get(event.leg)
        if call is None:
            return
        try:
            match event:
                case CallProgress():
                    self._progress(call, event)
                case CallAnswered():
                    self._answered(call, event)
                case CallRejected():
                    self._rejected(call, event)
                case CallEnded():
                    self._ended(call, event)
                case SessionChanged():
                    self._changed(call, event)
                case DigitReceived():
                    if call.answered_at is not None:
                        call.listener.told(event.digit, event.duration_ms)
                case RealmProved():
                    self._trunks.learn_realm(call.order.trunk, event.realm)
                case _:
                    log.debug("leg %s: %s changes nothing", call.leg, type(event).__name__)
        except Exception:
            log.exception("leg %s failed on %s and is hung up", call.leg, type(event).__name__)
            if isinstance(event, CallRejected) and call.leg in self.living:
                # SIP says nothing more of it: hanging up would wait for ever.
                fault = Failed(call.leg, 0, 0.0, event.code, event.phrase, str(event.stage))
                self._finish(call, fault)
                return
            self._loop.call_soon(self.hangup, call.leg, ENGINE_FAULT)

    # ---- inside

    def _refusal(self, order: Originate, floor: str, trunk: Trunk | None) -> str:
        if self.draining:
            return "draining"
        if floor not in self._book.fences or order.fence < self._book.fences[floor]:
            return "fence"
        if time.monotonic() > order.not_after:
            return "stale"
        if trunk is None:
            return self._trunks.refusal(order.trunk)
        if trunk.srtp == "required" and trunk.target.transport is not Transport.TLS:
            return "srtp_needs_tls"
        if not (E164.fullmatch(order.to) or SERVICE_NUMBER.fullmatch(order.to)):
            return "bad_number"
        if not CALLER_ID.fullmatch(order.caller_id):
            return "bad_number"
        return ""

    def _place(
        self, order: Originate, floor: str, trunk: Trunk, wire: WireCall, port: RtpPort
    ) -> None:
        now = time.monotonic()
        offer = sdp.offer(
            address=self._advertised_host,
            port=port.port,
            session_id=int(now * 1e6),
            codecs=trunk.codecs,
            crypto=fresh_keys() if trunk.srtp == "required" else None,
        )
        target = trunk.target
        placed = Placed(
            order.attempt,
            *target.address,
            wire.to,
            wire.caller_id,
            target.transport.value,
            name=target.name,
            domain=wire.caller_domain,
        )
        # On the disk's way before the INVITE: a call nobody recorded must not exist.
        self._book.open(order.leg, floor, placed)
        call = Call(
            order=order,
            floor=floor,
            trunk=trunk,
            port=port,
            party=Party(order.leg, floor, port, self._post),
            listener=Listener(order.leg, self._post),
            evidence=Evidence(order.leg, port, self._post),
            offer=offer,
            placed_at=now,
        )
        port.on_hear = lambda packet, at: self._heard(call, packet, at)
        try:
            call_id = self._agent.invite(
                order.leg,
                target=trunk.target,
                to=wire.to,
                caller_id=wire.caller_id,
                caller_domain=wire.caller_domain,
                headers=wire.headers,
                sdp=offer,
                account=trunk.account,
                now=now,
                caller_name=order.caller_name,
                session_expires_s=trunk.session_expires_s,
                redirects=trunk.redirects,
            )
        except ValueError as error:
            log.warning("leg %s is not placed: %s", order.leg, error)
            call.party.end()
            self._post(Refused(order.leg, 0, 0.0, "bad_number"))
            return
        # From here on it can be hung up, and nothing but its end takes it away.
        self.living[order.leg] = call
        self._post(Dialing(order.leg, 0, 0.0, call_id))
        call.ring_timer = self._loop.call_later(
            order.ring_timeout_s, self.hangup, order.leg, "ring_timeout"
        )
        self._signalling.pump()

    def _progress(self, call: Call, event: CallProgress) -> None:
        early = event.sdp is not None
        if event.sdp is not None:
            call.early_sdp = event.sdp
            call.evidence.announced(event.code, event.phrase)
            self._agree_again(call, event.sdp)
        told = (event.code, event.phrase, early)
        # Another fork or a repetition with nothing new in it is no second ringing.
        if told not in call.told and len(call.told) < 20:
            call.told.add(told)
            self._post(Ringing(call.leg, 0, 0.0, event.code, event.phrase, early))

    def _answered(self, call: Call, event: CallAnswered) -> None:
        dialog = self._agent.dialog_state(call.leg)
        if dialog is not None:
            # Before the ACK leaves: from now on only a BYE ends this call.
            self._book.note_dialog(call.leg, dialog.to_json())
        now = time.monotonic()
        call.answered_at = now
        self._stop_ring_timer(call)
        answer = event.sdp or call.early_sdp
        cause, codec = NO_SOUND, ""
        try:
            codec = "" if answer is None else self._agree(call, answer)
        except NoSound as error:
            log.warning("leg %s: %s", call.leg, error)
            cause = error.cause
        self._post(Answered(call.leg, 0, 0.0, codec))
        if not codec:
            if not call.closing:
                self._loop.call_soon(self.hangup, call.leg, cause)
            return
        call.listener.answered(
            now, call.port.law, in_band=call.port.event_type is None, classify=call.order.classify
        )
        call.evidence.answered(now)
        self._clock.add(call, lambda at: self._tick(call, at))

    def _agree(self, call: Call, remote: bytes) -> str:
        """Takes a session description and returns the codec; raises `NoSound`."""
        agreed, terms = terms_of(call.offer, remote, call.trunk.target.host)
        call.evidence.expects = agreed.receiving
        call.port.hushed = not agreed.sending
        held_without_sound = not (agreed.sending or agreed.receiving)
        old_hold = agreed.address in HOLD_ADDRESSES
        # A side that holds us may play music, and from another place than it talked from.
        if not (held_without_sound or old_hold) or not call.port.has_remote:
            call.port.agree(terms, time.monotonic())
        return agreed.codec

    def _changed(self, call: Call, event: SessionChanged) -> None:
        """Takes a session changed in mid-call, and where its far side is reached from now on."""
        call.offer = event.local or call.offer
        dialog = self._agent.dialog_state(call.leg)
        if dialog is not None:
            self._book.note_dialog(call.leg, dialog.to_json())
        self._agree_again(call, event.sdp)

    def _agree_again(self, call: Call, remote: bytes) -> None:
        """Takes a description that came before or within the talk; a bad one changes nothing."""
        try:
            self._agree(call, remote)
        except NoSound as error:
            log.warning("leg %s: %s", call.leg, error)

    def _rejected(self, call: Call, event: CallRejected) -> None:
        first_ring = next((after for code, after in event.provisionals if code > 100), None)
        stage = event.stage
        if stage is Stage.TIMEOUT:
            stage = Stage.TRYING if first_ring is None else Stage.RINGING
            stage = Stage.CANCELLED if call.closing else stage
        now = time.monotonic()
        fault, others = self._trunks.judge(call.order.trunk, call.trunk.target, event)
        failed = Failed(
            call.leg, 0, 0.0, event.code, event.phrase, str(stage),
            reasons=event.reasons, warning=event.warning, q850=event.q850,
            ring_s=0.0 if first_ring is None else max(0.0, now - call.placed_at - first_ring),
            provisionals=event.provisionals, retry_after_s=event.retry_after, fault=fault,
            target=str(call.trunk.target), other_targets=others, heard=call.evidence.heard,
            challenge_refused=event.challenge_refused, evidence=raw_evidence(event),
        )  # fmt: skip
        self._finish(call, failed)

    def _ended(self, call: Call, event: CallEnded) -> None:
        cause = call.closing or event.cause
        self._finish(call, Ended(call.leg, 0, 0.0, str(event.side), cause, call.port.stats()))

    def _finish(self, call: Call, last: LegEvent) -> None:
        del self.living[call.leg]
        self._stop_ring_timer(call)
        self._clock.discard(call)
        try:
            self._switchboard.part(call.party, comfort=False)
            call.party.end()
            self._over(call)
        finally:
            # Whatever failed: the sockets are free again, and the floor hears of the end.
            call.port.close()
            self._post(last)
            self._emptied.set()

    def _stop_ring_timer(self, call: Call) -> None:
        if call.ring_timer is not None:
            call.ring_timer.cancel()
            call.ring_timer = None

    def _heard(self, call: Call, packet: RtpPacket, now: float) -> None:
        if packet.payload_type == call.port.event_type:
            if call.answered_at is not None:
                call.listener.event(packet, now)
            return
        law = law_of(packet.payload_type)
        if law is None:
            # Comfort noise and unknown payloads are no sound.
            return
        if call.answered_at is None:
            call.evidence.early(packet, law)
            return
        call.party.says(packet, law, now)
        call.listener.voice(packet, law, now)

    def _tick(self, call: Call, now: float) -> None:
        call.party.hearing.tick(now)
        call.listener.tick(now)
        call.port.tick(now)
        call.evidence.tick(now)
