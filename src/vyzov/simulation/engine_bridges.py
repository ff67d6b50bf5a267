"""Bridges of a made-up engine: a customer with an agent, guests beside the two, and how they part.

What a callee then hears is said by `engine_ears`; who is joined with whom is the floor's word.
"""

from typing import Protocol

from vyzov.dialer import ports
from vyzov.dialer.party_ports import LEGS_MAX
from vyzov.simulation.engine_ears import Ears
from vyzov.simulation.engine_parts import SimCall, SimDevice, Witness


class Lines(Protocol):
    """What of the engine a bridge touches."""

    calls: dict[str, SimCall]
    devices: dict[str, SimDevice]

    def post(self, event: ports.LegEvent) -> None: ...


class Bridges:
    """All bridges of a simulated engine."""

    def __init__(self, lines: Lines, witness: Witness, ears: Ears) -> None:
        self._lines = lines
        self.witness = witness
        self._ears = ears

    def join(self, verb: ports.Bridge) -> None:
        """Joins a callee who picked up with an agent whose device is up."""
        customer, agent = verb.customer, verb.agent
        lines = self._lines
        call, device = lines.calls.get(customer), lines.devices.get(agent)
        picked_up = call is not None and call.answered_at is not None
        if call is None or not picked_up or device is None or not device.up:
            if customer in lines.calls:
                lines.post(ports.BridgeLeft(customer, 0, 0.0, agent))
            return
        if call.device == agent:
            return
        self.part(call, comfort=False)
        self._take_out(agent, customer)
        call.device, call.comfort, device.muted = agent, False, False
        self.witness.bridged(customer, agent, device.agent)
        self._ears.notice(call)
        lines.post(ports.BridgeJoined(customer, 0, 0.0, agent))

    def _take_out(self, agent: str, customer: str) -> None:
        """Takes an agent's leg out of whatever other call it is in."""
        for other in self._lines.calls.values():
            if other.guests:
                self._leave(other, agent)
            if other.device == agent and other.leg != customer:
                if not other.closing:
                    whose = self._lines.devices[agent].agent
                    self.witness.taken_from(other.leg, customer, whose)
                self.part(other, comfort=True)

    def part(self, call: SimCall, *, comfort: bool) -> None:
        """Parts a callee from their agent; guests go first."""
        for guest in list(call.guests):
            self._leave(call, guest)
        device, call.device, call.held = call.device, None, False
        call.comfort = comfort
        self._ears.notice(call)
        if device is not None:
            self._lines.post(ports.BridgeLeft(call.leg, 0, 0.0, device))

    def part_device(self, leg: str) -> None:
        """An agent's device is gone: as the agent of a call, or as a guest in one."""
        for call in self._lines.calls.values():
            self._leave(call, leg)
            if call.device == leg:
                self.part(call, comfort=True)

    def set_guests(self, verb: ports.SetGuests) -> None:
        """Lets guests into a bridge and out of it, and takes who hears whom."""
        lines, call = self._lines, self._lines.calls.get(verb.customer)
        if call is None:
            return
        coming = [
            leg
            for leg in verb.guests
            if call.device is not None
            and leg != call.device
            and (device := lines.devices.get(leg)) is not None
            and device.up
            and device.floor == call.floor
        ][: LEGS_MAX - 2]
        for leg in [leg for leg in call.guests if leg not in coming]:
            self._leave(call, leg)
        for leg in verb.guests:
            if leg not in coming:
                lines.post(ports.GuestLeft(call.leg, 0, 0.0, leg))
        for leg in coming:
            before = call.guests.get(leg)
            if before is None:
                self._take_out(leg, call.leg)
            call.guests[leg] = verb.guests[leg]
            if before != verb.guests[leg]:
                lines.post(ports.GuestJoined(call.leg, 0, 0.0, leg, verb.guests[leg]))
        call.pairs = frozenset(verb.hears)
        self._ears.notice(call)

    def _leave(self, call: SimCall, guest: str) -> None:
        if call.guests.pop(guest, None) is None:
            return
        if (device := self._lines.devices.get(guest)) is not None:
            device.muted = False
        self._ears.notice(call)
        self._lines.post(ports.GuestLeft(call.leg, 0, 0.0, guest))
