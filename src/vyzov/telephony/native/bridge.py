"""Who talks with whom: a customer's leg and an agent's, joined by a switch inside the engine.

A `Party` is one leg's end of sound: what it says goes to its peer and its recordings, what it hears
is chosen by its `Hearing`. Joining is synchronous; no packet waits for anything. When a bridge is
made and what a broken one means is decided by the floor; until it speaks, the customer left behind
hears a comfort tone and the agent hears silence. Guests beside the two make a `Conference` of the
bridge; it ends with the bridge, or with its last guest.
"""

from collections.abc import Callable, Mapping

from vyzov.dialer.party_ports import LEGS_MAX
from vyzov.dialer.ports import (
    BridgeJoined,
    BridgeLeft,
    GuestJoined,
    GuestLeft,
    LegEvent,
    PlayFinished,
    SetGuests,
)
from vyzov.media.g711 import Law
from vyzov.media.rtp import RtpPacket
from vyzov.telephony.native.clock import MediaClock
from vyzov.telephony.native.conference import Conference
from vyzov.telephony.native.recorder import LegRecorder
from vyzov.telephony.native.rtp_port import Line
from vyzov.telephony.native.sources import Hearing, Sound

Post = Callable[[LegEvent], None]
"""Takes an event whose `seq` and `at` are still 0."""


class Party:
    """One leg's sound: its line, what it hears, its peer and who records it."""

    def __init__(self, leg: str, floor: str, line: Line, post: Post) -> None:
        """Hears silence, has no peer."""
        self.leg = leg
        self.floor = floor
        self.line = line
        self.peer: Party | None = None
        self.is_customer = False
        self.held = False
        self.muted = False
        self.recorders: dict[str, LegRecorder] = {}
        self.conference: Conference | None = None
        self.guests: dict[str, tuple[Party, str]] = {}
        """Those beside a customer and their agent, by leg, each with the word of its order."""
        self.host: Party | None = None
        """The customer whose guest this is."""
        self._post = post
        self.hearing = Hearing(line, self._play_ended)
        line.on_sent = None

    def says(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Takes a packet of this leg's voice: to the peer at once, then to the recordings."""
        peer, conference = self.peer, self.conference
        if conference is not None:
            if not self.muted and not self.held:
                conference.says(self.leg, packet, law, now)
        elif peer is not None and not self.muted and not self.held and not peer.held:
            peer.hearing.relay(packet, law, now)
        if self.recorders:
            for recorder in self.recorders.values():
                recorder.left(packet, law, now)

    def record(self, recorder: LegRecorder) -> None:
        """Begins to record what this leg says and hears."""
        self.recorders[recorder.recording] = recorder
        self.line.on_sent = self._was_sent

    def stop_recording(self, recording: str) -> LegRecorder | None:
        """Takes a recorder away, or returns None where there is none of that id."""
        recorder = self.recorders.pop(recording, None)
        if not self.recorders:
            self.line.on_sent = None
        return recorder

    def end(self) -> None:
        """Ends this leg's sound: nothing is played, heard or told any more.

        Line, hearing and party hold each other, so each lets go of the others here: that a call's
        memory comes back with its end must not wait for a collector.
        """
        self.hearing.end()
        self.line.on_hear = self.line.on_sent = None

    def _was_sent(self, payload: bytes, timestamp: int | None, now: float) -> None:
        for recorder in self.recorders.values():
            recorder.right(payload, timestamp, self.line.law, now)

    def _play_ended(self, play: str, completed: bool) -> None:  # noqa: FBT001
        self._post(PlayFinished(self.leg, 0, 0.0, play, completed))


class Switchboard:
    """Joins and parts parties: a customer with one agent, and guests beside the two."""

    def __init__(self, post: Post, clock: MediaClock) -> None:
        """Reports joins and partings on the customer's leg; `clock` ticks what has guests."""
        self._post = post
        self._clock = clock

    def join(self, customer: Party, agent: Party, *, cue: bool) -> None:
        """Joins the two, taking either out of a bridge it was in; a joined pair stays so."""
        if customer.peer is agent:
            return
        self.part(customer, comfort=False)
        self.part(agent, comfort=True)
        customer.is_customer, agent.is_customer = True, False
        customer.peer, agent.peer = agent, customer
        customer.hearing.join(cue=False)
        agent.hearing.join(cue=cue)
        self._post(BridgeJoined(customer.leg, 0, 0.0, agent.leg))

    def part(self, party: Party, *, comfort: bool) -> None:
        """Parts a party from its peer; with `comfort` the customer hears that the line lives.

        A guest only leaves; where one of the two goes, the guests go too."""
        if party.host is not None:
            self._leave(party.host, party)
            return
        peer = party.peer
        if peer is None:
            if comfort and party.is_customer:
                party.hearing.comfort(on=True)
            return
        customer, agent = (party, peer) if party.is_customer else (peer, party)
        for guest, _ in list(customer.guests.values()):
            self._leave(customer, guest)
        customer.peer = agent.peer = None
        customer.held = agent.muted = False
        customer.hearing.part()
        agent.hearing.part()
        customer.hearing.comfort(on=comfort)
        self._post(BridgeLeft(customer.leg, 0, 0.0, agent.leg))

    def hold(self, customer: Party, music: Sound | None) -> None:
        """Lets the customer hear `music` and the agent silence, or joins them again for None."""
        if customer.peer is None:
            return
        customer.held = music is not None
        customer.hearing.hold(music)

    def set_guests(
        self, verb: SetGuests, customer: Party | None, guests: Mapping[str, Party]
    ) -> None:
        """Carries out who is beside the two and who hears whom; `guests` are the legs that live.

        A leg that lives no more, is of the two, belongs to another floor or is one too many is told
        as left, and so is every guest of a customer who is in no bridge."""
        agent = None if customer is None else customer.peer
        if customer is None or agent is None or not customer.is_customer:
            for leg in verb.guests:
                self._post(GuestLeft(verb.customer, 0, 0.0, leg))
            return
        own = (customer, agent)
        coming = {
            leg: one
            for leg, one in guests.items()
            if one not in own and one.floor == customer.floor and not one.is_customer
        }
        coming = dict(list(coming.items())[: LEGS_MAX - len(own)])
        for leg, (guest, _) in list(customer.guests.items()):
            if leg not in coming:
                self._leave(customer, guest)
        for leg in verb.guests:
            if leg not in coming:
                self._post(GuestLeft(customer.leg, 0, 0.0, leg))
        for leg, guest in coming.items():
            self._come(customer, guest, verb.guests[leg], cue=verb.cue)
        self._arrange(customer, verb.hears)

    def _come(self, customer: Party, guest: Party, role: str, *, cue: bool) -> None:
        before = customer.guests.get(guest.leg)
        if before is None:
            self.part(guest, comfort=True)
            guest.host = customer
            guest.hearing.join(cue=cue)
        customer.guests[guest.leg] = (guest, role)
        if before is None or before[1] != role:
            self._post(GuestJoined(customer.leg, 0, 0.0, guest.leg, role))

    def _leave(self, customer: Party, guest: Party) -> None:
        if customer.guests.pop(guest.leg, None) is None:
            return
        if guest.conference is not None:
            guest.conference.drop(guest.leg)
        guest.host = guest.conference = None
        guest.muted = False
        guest.hearing.part()
        if not customer.guests:
            self._dissolve(customer)
        self._post(GuestLeft(customer.leg, 0, 0.0, guest.leg))

    def _arrange(self, customer: Party, hears: tuple[tuple[str, str], ...]) -> None:
        agent = customer.peer
        if agent is None or not customer.guests:
            return
        conference = customer.conference
        if conference is None:
            conference = Conference()
            self._clock.add(conference, conference.tick)
        members = [customer, agent, *(guest for guest, _ in customer.guests.values())]
        for one in members:
            one.conference = conference
        conference.arrange({one.leg: one.hearing for one in members}, hears)

    def _dissolve(self, customer: Party) -> None:
        """Lets the two pass their packets to each other again."""
        if customer.conference is None:
            return
        self._clock.discard(customer.conference)
        customer.conference = None
        if customer.peer is not None:
            customer.peer.conference = None
