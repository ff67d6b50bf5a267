"""Agents' desk phones: who may sign in, who is there, and the leg of an agent who lifted one.

A phone is rung once, when its agent takes their place; lifted, it stays connected and is an agent's
leg like a browser's, joined and parted by the switchboard. It is up once sound came from it; it is
down when it is hung up, when nothing was heard for five seconds, or when the agent takes another
device. Whom a phone belongs to and what an agent without one may do is decided by the floor.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vyzov.core.call_value import SILENT_FOR
from vyzov.dialer.ports import (
    DeviceCall,
    DeviceDown,
    DeviceQuality,
    DeviceRinging,
    DeviceUp,
    Event,
    LegEvent,
    PhoneRegistered,
    PhoneUnregistered,
    SetPhone,
)
from vyzov.media.g711 import law_of
from vyzov.media.rtp import RtpPacket
from vyzov.sip import sdp
from vyzov.sip.events import (
    CallAnswered,
    CallEnded,
    CallProgress,
    CallRejected,
    PhoneBound,
    PhoneUnbound,
    SessionChanged,
    SipEvent,
)
from vyzov.sip.registrar import Phone, Registrar
from vyzov.telephony.native.agreeing import NoSound, terms_of
from vyzov.telephony.native.bridge import Party, Switchboard
from vyzov.telephony.native.clock import MediaClock
from vyzov.telephony.native.journal import LegBook, Placed
from vyzov.telephony.native.port_pairs import NoFreePort, PairShelf
from vyzov.telephony.native.rtp_port import RtpPort
from vyzov.telephony.native.signalling import Signalling

log = logging.getLogger("vyzov.engine.phones")

CALLER_NAME = "Vyzov"
PROVEN_PACKETS = 3
"""Packets heard before a leg counts as up."""
NO_SOUND_S = SILENT_FOR.total_seconds()
NEVER_HEARD_S = 10.0
"""A phone that was lifted and sends nothing for so long is hung up."""
GIVE_UP_S = 30.0
"""After this long without sound the call to the phone itself is ended."""
RING_LIMIT_S = 120.0
WATCH_S = 0.25
QUALITY_S = 5.0
LEGS_MAX = 500
_BUSY = frozenset({486, 600})
_UNREACHABLE = frozenset({0, 408, 410, 430, 503, 504})

Post = Callable[[LegEvent], None]


@dataclass(slots=True, eq=False)
class PhoneLeg:
    """One agent's desk phone, from its first ring until somebody hangs up."""

    leg: str
    agent: str
    floor: str
    phone: str
    host: str
    port: RtpPort
    party: Party
    offer: bytes
    codec: str = ""
    answered_at: float | None = None
    up: bool = False
    ringing: bool = False
    closing: str = ""
    quality_at: float = 0.0
    counted: tuple[int, int] = (0, 0)
    ring_timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Owned:
    """A phone and the floors that told of it; `registered` is where it is now."""

    floors: set[str] = field(default_factory=set[str])
    registered: PhoneRegistered | None = None


class Phones:
    """All desk phones of an engine and their legs."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        signalling: Signalling,
        registrar: Registrar,
        ports: PairShelf,
        advertised_host: str,
        clock: MediaClock,
        book: LegBook,
        switchboard: Switchboard,
        post: Post,
        tell: Callable[[str, Event], None],
        over: Callable[[Party], None],
    ) -> None:
        """Knows none. `tell` sends a floor what is of no leg; `over` is told of parties that go."""
        self._loop = loop
        self._signalling = signalling
        self._agent = signalling.agent
        self._registrar = registrar
        self._ports = ports
        self._advertised_host = advertised_host
        self._clock = clock
        self._book = book
        self._switchboard = switchboard
        self._post = post
        self._tell = tell
        self._over = over
        self._owned: dict[str, _Owned] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.living: dict[str, PhoneLeg] = {}

    # ---- who may sign in

    def set(self, verb: SetPhone, floor: str) -> None:
        """Takes a phone of a floor; one that cannot be taken is logged and cannot sign in."""
        phone = Phone(verb.phone, verb.username, dict(verb.ha1), verb.contacts_max)
        try:
            self._registrar.set(phone, time.monotonic())
        except ValueError as error:
            log.warning("phone %s of floor %s cannot sign in: %s", verb.phone, floor, error)
            return
        owned = self._owned.setdefault(verb.phone, _Owned())
        owned.floors.add(floor)
        self._signalling.pump()

    def remove(self, phone: str, floor: str) -> None:
        """Signs a phone out that no floor has any more, and ends its call."""
        owned = self._owned.get(phone)
        if owned is None or owned.floors <= {floor}:
            self._registrar.remove(phone, time.monotonic())
            # The floor is told before it is forgotten.
            self._signalling.pump()
            self._owned.pop(phone, None)
        else:
            owned.floors.discard(floor)
        for leg in list(self.living.values()):
            if (leg.phone, leg.floor) == (phone, floor):
                self.hang_up(leg, "closed")

    def registered(self, floor: str) -> dict[str, PhoneRegistered]:
        """Returns the phones of a floor that are signed in."""
        return {
            phone: owned.registered
            for phone, owned in self._owned.items()
            if owned.registered is not None and floor in owned.floors
        }

    # ---- legs

    def call(self, verb: DeviceCall, floor: str) -> None:
        """Rings a phone, or posts `DeviceDown` saying why nothing rang."""
        if verb.leg in self._book.legs:
            return
        self.replace(verb.agent, floor)
        try:
            refusal = self._call(verb, floor)
        except (NoFreePort, OSError) as error:
            log.warning("leg %s of agent %s: %s", verb.leg, verb.agent, error)
            refusal = "no_port"
        if refusal:
            if verb.leg not in self._book.legs:
                self._book.open(verb.leg, floor)
            self._post(DeviceDown(verb.leg, 0, 0.0, verb.agent, refusal))

    def _call(self, verb: DeviceCall, floor: str) -> str:
        """Places the call; returns why it could not be, "" where it was."""
        owned = self._owned.get(verb.phone)
        known = owned is not None and floor in owned.floors
        if not known or not self._registrar.bindings(verb.phone):
            return "not_registered"
        if len(self.living) >= LEGS_MAX:
            return "too_many"
        port = RtpPort(self._ports.take())
        now = time.monotonic()
        offer = sdp.offer(address=self._advertised_host, port=port.port, session_id=int(now * 1e6))
        place = self._agent.invite_phone(
            verb.leg, verb.phone, sdp=offer, now=now, caller_name=CALLER_NAME
        )
        if place is None:
            port.close()
            return "not_registered"
        hop, uri = place
        # On the disk's way before the INVITE leaves: a killed engine must not leave a phone ringing.
        try:
            self._book.open(verb.leg, floor, Placed.of_phone(hop, uri, verb.agent))
        except OSError:
            self._agent.cancel(verb.leg, now)
            port.close()
            raise
        party = Party(verb.leg, floor, port, self._post)
        leg = PhoneLeg(
            verb.leg, verb.agent, floor, verb.phone, hop.host, port, party, offer, quality_at=now
        )
        port.on_hear = lambda packet, at: _says(leg, packet, at)
        self.living[verb.leg] = leg
        leg.ring_timer = self._loop.call_later(
            min(verb.ring_timeout_s, RING_LIMIT_S), self.hang_up, leg, "no_answer"
        )
        self._signalling.pump()
        return ""

    def close(self, leg: str) -> None:
        """Hangs a phone up; a leg that is gone is no fault."""
        found = self.living.get(leg)
        if found is not None:
            self.hang_up(found, "closed")

    def replace(self, agent: str, floor: str) -> None:
        """Hangs up the phone of an agent who takes another device."""
        for leg in list(self.living.values()):
            if (leg.agent, leg.floor) == (agent, floor):
                self.hang_up(leg, "replaced")

    def hang_up(self, leg: PhoneLeg, reason: str) -> None:
        """Gives up a phone that rings or ends its call; its end is told at once."""
        if leg.leg not in self.living:
            return
        leg.closing = reason
        now = time.monotonic()
        if leg.answered_at is None:
            self._agent.cancel(leg.leg, now)
        else:
            self._agent.bye(leg.leg, now, reason)
        self._down(leg, reason)
        self._signalling.pump()

    def party(self, leg: str) -> Party | None:
        """Returns the sound of a leg that is up."""
        found = self.living.get(leg)
        return found.party if found is not None and found.up else None

    def agents(self, floor: str) -> dict[str, str]:
        """Returns the agents of a floor by their legs that are up."""
        return {one.leg: one.agent for one in self.living.values() if one.up and one.floor == floor}

    def shut(self) -> None:
        """Hangs up every phone."""
        for leg in list(self.living.values()):
            self.hang_up(leg, "engine")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- what SIP tells

    def handle(self, event: SipEvent) -> bool:
        """Takes what concerns a desk phone; returns False for everything else."""
        if isinstance(event, PhoneBound | PhoneUnbound):
            self._moved(event)
            return True
        leg = self.living.get(event.leg)
        if leg is None:
            return False
        match event:
            case CallProgress():
                self._rings(leg)
            case CallAnswered():
                self._answered(leg, event)
            case CallRejected():
                self._down(leg, leg.closing or _why(event.code))
            case CallEnded():
                self._down(leg, leg.closing or "closed")
            case SessionChanged():
                leg.offer = event.local or leg.offer
                self._agree(leg, event.sdp)
            case _:
                log.debug("leg %s: %s changes nothing", leg.leg, type(event).__name__)
        return True

    def _moved(self, event: PhoneBound | PhoneUnbound) -> None:
        owned = self._owned.get(event.phone)
        if owned is None:
            return
        told: PhoneRegistered | PhoneUnregistered
        if isinstance(event, PhoneBound):
            told = PhoneRegistered(event.phone, str(event.hop), event.user_agent, event.at)
            owned.registered = told
        else:
            told = PhoneUnregistered(event.phone, event.reason, event.at)
            owned.registered = None
        for floor in owned.floors:
            self._tell(floor, told)

    def _rings(self, leg: PhoneLeg) -> None:
        if not leg.ringing:
            leg.ringing = True
            self._post(DeviceRinging(leg.leg, 0, 0.0, leg.agent))

    def _answered(self, leg: PhoneLeg, event: CallAnswered) -> None:
        dialog = self._agent.dialog_state(leg.leg)
        if dialog is not None:
            # Before the ACK leaves: from now on only a BYE ends this call.
            self._book.note_dialog(leg.leg, dialog.to_json())
        leg.answered_at = time.monotonic()
        self._stop_ring_timer(leg)
        if event.sdp is None or not self._agree(leg, event.sdp):
            self._loop.call_soon(self.hang_up, leg, "no_sound")
            return
        self._clock.add(leg, lambda at: _tick(leg, at))
        if self._timer is None:
            self._timer = self._loop.call_later(WATCH_S, self._watch)

    def _agree(self, leg: PhoneLeg, remote: bytes) -> bool:
        try:
            agreed, terms = terms_of(leg.offer, remote, leg.host)
        except NoSound as error:
            log.warning("leg %s of agent %s: %s", leg.leg, leg.agent, error)
            return False
        # A phone on hold takes no sound; its agent hears nothing until it is taken back.
        leg.port.hushed = not agreed.sending
        if agreed.sending or not leg.port.has_remote:
            leg.port.agree(terms, time.monotonic())
            leg.codec = agreed.codec
        return True

    def _down(self, leg: PhoneLeg, reason: str) -> None:
        if self.living.pop(leg.leg, None) is None:
            return
        self._stop_ring_timer(leg)
        self._clock.discard(leg)
        self._switchboard.part(leg.party, comfort=True)
        leg.party.end()
        self._over(leg.party)
        leg.up = False
        leg.port.close()
        self._post(DeviceDown(leg.leg, 0, 0.0, leg.agent, reason))

    def _stop_ring_timer(self, leg: PhoneLeg) -> None:
        if leg.ring_timer is not None:
            leg.ring_timer.cancel()
            leg.ring_timer = None

    # ---- sound is watched

    def _watch(self) -> None:
        self._timer = None
        now = time.monotonic()
        for leg in list(self.living.values()):
            try:
                self._look(leg, now)
            except Exception:
                log.exception("leg %s of agent %s failed", leg.leg, leg.agent)
                self.hang_up(leg, "engine")
        if self.living:
            self._timer = self._loop.call_later(WATCH_S, self._watch)

    def _look(self, leg: PhoneLeg, now: float) -> None:
        if leg.answered_at is None:
            return
        last = leg.port.receiver.last_at
        quiet = now - (leg.answered_at if last is None else last)
        if not leg.up and leg.port.receiver.received >= PROVEN_PACKETS and quiet < 1.0:
            leg.up = True
            leg.quality_at = now
            self._post(DeviceUp(leg.leg, 0, 0.0, leg.agent, leg.codec))
        elif leg.up and quiet > NO_SOUND_S:
            leg.up = False
            self._switchboard.part(leg.party, comfort=True)
            self._post(DeviceDown(leg.leg, 0, 0.0, leg.agent, "no_sound"))
        elif quiet > (NEVER_HEARD_S if last is None else GIVE_UP_S):
            self.hang_up(leg, "no_sound")
        elif leg.up and now - leg.quality_at >= QUALITY_S:
            self._report(leg, now)

    def _report(self, leg: PhoneLeg, now: float) -> None:
        leg.quality_at = now
        receiver = leg.port.receiver
        received, lost = receiver.received, max(0, receiver.lost)
        here = (received - leg.counted[0], max(0, lost - leg.counted[1]))
        leg.counted = (received, lost)
        share = here[1] / (here[0] + here[1]) if sum(here) else 1.0
        rtt = leg.port.reports.rtt_ms
        self._post(DeviceQuality(leg.leg, 0, 0.0, leg.agent, rtt, round(share, 4)))


def _why(code: int) -> str:
    """Returns why a phone did not answer, by its final status (0 where none came)."""
    if code in _BUSY:
        return "busy"
    return "unreachable" if code in _UNREACHABLE else "refused"


def _says(leg: PhoneLeg, packet: RtpPacket, now: float) -> None:
    law = law_of(packet.payload_type)
    if law is not None and leg.answered_at is not None:
        leg.party.says(packet, law, now)


def _tick(leg: PhoneLeg, now: float) -> None:
    leg.party.hearing.tick(now)
    leg.port.tick(now)
