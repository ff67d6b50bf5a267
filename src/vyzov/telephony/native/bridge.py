"""Who talks with whom: a customer's leg and an agent's, joined by a switch inside the engine.

A `Party` is one leg's end of sound: what it says goes to its peer and its recordings, what it hears
is chosen by its `Hearing`. Joining is synchronous; no packet waits for anything. When a bridge is
made and what a broken one means is decided by the floor; until it speaks, the customer left behind
hears a comfort tone and the agent hears silence.
"""

from collections.abc import Callable

from vyzov.dialer.ports import BridgeJoined, BridgeLeft, LegEvent, PlayFinished
from vyzov.media.g711 import Law
from vyzov.media.rtp import RtpPacket
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
        self._post = post
        self.hearing = Hearing(line, self._play_ended)
        line.on_sent = None

    def says(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Takes a packet of this leg's voice: to the peer at once, then to the recordings."""
        peer = self.peer
        if peer is not None and not self.muted and not self.held and not peer.held:
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
    """Joins and parts parties, one peer each."""

    def __init__(self, post: Post) -> None:
        """Reports joins and partings on the customer's leg."""
        self._post = post

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
        """Parts a party from its peer; with `comfort` the customer hears that the line lives."""
        peer = party.peer
        if peer is None:
            if comfort and party.is_customer:
                party.hearing.comfort(on=True)
            return
        customer, agent = (party, peer) if party.is_customer else (peer, party)
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
