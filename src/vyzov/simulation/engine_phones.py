"""Agents' devices of a made-up world: browsers that connect, desk phones that sign in and are lifted.

The simulated engine owns the legs; here is what a browser or a phone on a desk does, and when.
"""

from collections.abc import Callable
from typing import Protocol

from vyzov.dialer import ports
from vyzov.simulation.engine_parts import DEVICE_UP_S, Record, SimDevice
from vyzov.simulation.world_time import Timeline

SIGNS_IN_S = 0.4
RINGS_S = 0.1
LIFTED_S = 1.2
PROVEN_S = 0.2


class Legs(Protocol):
    """What of the engine a phone touches."""

    book: dict[str, Record]
    devices: dict[str, SimDevice]

    def post(self, event: ports.LegEvent) -> None: ...
    def lose_device(self, leg: str, reason: str) -> None: ...
    def prove_device(self, leg: str) -> None: ...


class SimPhones:
    """What the agents of a simulated engine talk with.

    `powered` are those whose plug is in (they sign in by themselves), `lifted` whether anybody
    lifts a phone that rings."""

    def __init__(
        self, timeline: Timeline, legs: Legs, tell: Callable[[str, ports.Event], None]
    ) -> None:
        """Knows none; `tell` sends a floor what is of no leg."""
        self._timeline = timeline
        self._legs = legs
        self._tell = tell
        self._floors: dict[str, str] = {}
        self._run = 0
        self.powered: set[str] = set()
        self.lifted = True
        self.there: dict[str, ports.PhoneRegistered] = {}

    def carry_out(
        self, verb: ports.SetPhone | ports.RemovePhone | ports.DeviceCall, floor: str
    ) -> None:
        """Carries out what a floor wants of a desk phone."""
        match verb:
            case ports.SetPhone():
                self._set(verb, floor)
            case ports.RemovePhone(phone):
                self.unplug(phone, "removed")
                self._floors.pop(phone, None)
            case ports.DeviceCall():
                self._call(verb, floor)

    def offer(self, verb: ports.DeviceOffer, floor: str) -> None:
        """Connects a browser; what its agent had before is replaced."""
        self._replace(verb.agent, floor)
        self._legs.book[verb.leg] = Record(floor, None)
        self._legs.devices[verb.leg] = SimDevice(verb.leg, verb.agent, floor)
        self._legs.post(ports.DeviceAnswer(verb.leg, 0, 0.0, verb.agent, "v=0"))
        self._timeline.after(DEVICE_UP_S, lambda: self._legs.prove_device(verb.leg))

    def _replace(self, agent: str, floor: str) -> None:
        for device in list(self._legs.devices.values()):
            if (device.agent, device.floor) == (agent, floor):
                self._legs.lose_device(device.leg, "replaced")

    def _set(self, verb: ports.SetPhone, floor: str) -> None:
        new = verb.phone not in self._floors
        self._floors[verb.phone] = floor
        if new and verb.phone in self.powered:
            self.plug_in(verb.phone)

    def plug_in(self, phone: str) -> None:
        """A phone gets power and signs in, if it is known."""
        self.powered.add(phone)
        run = self._run
        self._timeline.after(SIGNS_IN_S, lambda: self._sign_in(phone, run))

    def unplug(self, phone: str, reason: str = "expired") -> None:
        """A phone loses its power; the engine notices."""
        if reason != "removed":
            self.powered.discard(phone)
        if self.there.pop(phone, None) is not None:
            now = self._timeline.now
            self._tell(self._floors[phone], ports.PhoneUnregistered(phone, reason, now))

    def _call(self, verb: ports.DeviceCall, floor: str) -> None:
        if verb.leg in self._legs.book:
            return
        self._replace(verb.agent, floor)
        self._legs.book[verb.leg] = Record(floor, None)
        if verb.phone not in self.there:
            self._legs.post(ports.DeviceDown(verb.leg, 0, 0.0, verb.agent, "not_registered"))
            return
        self._legs.devices[verb.leg] = SimDevice(verb.leg, verb.agent, floor)
        self._after(verb.leg, RINGS_S, lambda: self._ring(verb))
        act = self._lift if self.lifted else self._give_up
        span_s = LIFTED_S if self.lifted else verb.ring_timeout_s
        self._after(verb.leg, span_s, lambda: act(verb.leg))

    def registered(self, floor: str) -> dict[str, ports.PhoneRegistered]:
        """Returns the phones of a floor that are signed in."""
        return {phone: at for phone, at in self.there.items() if self._floors[phone] == floor}

    def crash(self) -> None:
        """The engine is killed: it knows no phone any more, and they sign in anew."""
        self._run += 1
        self.there.clear()
        self._floors.clear()

    def _sign_in(self, phone: str, run: int) -> None:
        if run != self._run or phone not in self.powered or phone not in self._floors:
            return
        told = ports.PhoneRegistered(phone, "udp:192.0.2.20:5060", "Desk", self._timeline.now)
        self.there[phone] = told
        self._tell(self._floors[phone], told)

    def _after(self, leg: str, span_s: float, act: Callable[[], None]) -> None:
        def done() -> None:
            if leg in self._legs.devices:
                act()

        self._timeline.after(span_s, done)

    def _ring(self, verb: ports.DeviceCall) -> None:
        self._legs.post(ports.DeviceRinging(verb.leg, 0, 0.0, verb.agent))

    def _lift(self, leg: str) -> None:
        self._after(leg, PROVEN_S, lambda: self._legs.prove_device(leg))

    def _give_up(self, leg: str) -> None:
        self._legs.lose_device(leg, "no_answer")
