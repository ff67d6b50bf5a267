"""Agents' desk phones as a floor sees them: who has one, whether it is signed in, and ringing it.

An agent chooses what they talk with; the choice is kept. With a desk phone, taking the place rings
it once; lifted, it stays connected, and every call is a switch inside the engine. What a lost or
unlifted phone means for a call in hand is decided as for a browser: in `agents`.
"""

from vyzov.core import agent as ca
from vyzov.dialer import ports
from vyzov.dialer.effects import Ask
from vyzov.dialer.floor_store import FloorPhone
from vyzov.dialer.phone_records import DeviceKind
from vyzov.dialer.ports import Json
from vyzov.dialer.room import LiveAgent, LivePhone, Room
from vyzov.dialer.scene import Scene
from vyzov.dialer.writes import SetDevice

RING_TIMEOUT_S = 30.0


class DeskPhones:
    """All desk phones of a floor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    # ---- what there is

    def reload(self, records: tuple[FloorPhone, ...]) -> None:
        """Takes over changed phones and tells the engine; one that is gone is signed out at once."""
        room = self._scene.room
        for record in records:
            known = room.phones.get(record.id)
            if known is None:
                room.phones[record.id] = LivePhone(record)
            else:
                known.record = record
            room.told_desks.add(record.agent)
        for gone in room.phones.keys() - {record.id for record in records}:
            room.told_desks.add(room.phones.pop(gone).record.agent)
            self._scene.out.verb(ports.RemovePhone(gone))
        self.tell_engine()

    def tell_engine(self) -> None:
        """Tells the engine all phones; told again, they change nothing."""
        for phone in self._scene.room.phones.values():
            record = phone.record
            self._scene.out.verb(ports.SetPhone(record.id, record.username, dict(record.ha1)))

    def snapshot(self, seen: ports.Snapshot) -> None:
        """Brings what is known of sign-ins to what the engine says is so."""
        self.tell_engine()
        for phone in self._scene.room.phones.values():
            phone.registered = None
            self._scene.room.told_desks.add(phone.record.agent)
        for state in seen.phones.values():
            self._signed_in(state)

    # ---- what the engine tells

    def registered(self, event: ports.PhoneRegistered) -> None:
        """A phone signed in; it is rung at once for an agent who waits for it."""
        phone = self._scene.room.phones.get(event.phone)
        came_back = phone is not None and phone.registered is None
        self._signed_in(event)
        found = None if phone is None else self._scene.room.agents.get(phone.record.agent)
        if found is not None and came_back and found.agent.wish is ca.Wish.READY:
            self.ring_if_needed(found)

    def _signed_in(self, event: ports.PhoneRegistered) -> None:
        """Notes a phone that is there; one nobody has any more is told to go."""
        phone = self._scene.room.phones.get(event.phone)
        if phone is None:
            self._scene.out.verb(ports.RemovePhone(event.phone))
            return
        if phone.registered is None:
            phone.since = self._scene.now.utc_of(event.at)
        phone.registered = event
        self._scene.room.told_desks.add(phone.record.agent)

    def unregistered(self, event: ports.PhoneUnregistered) -> None:
        """A phone cannot be rung any more; a talk on it goes on until the phone ends it."""
        phone = self._scene.room.phones.get(event.phone)
        if phone is not None:
            phone.registered = None
            phone.since = self._scene.now.utc_of(event.at)
            self._scene.room.told_desks.add(phone.record.agent)

    def ringing(self, event: ports.DeviceRinging) -> None:
        """An agent's phone rings."""
        found = self._scene.room.agents.get(event.agent)
        if found is not None and found.phone_leg == event.leg:
            found.phone_rings = True
            self._scene.room.told_desks.add(event.agent)

    def down(self, event: ports.DeviceDown) -> None:
        """Notes why an agent's phone did not come to be a leg, or why it is none any more."""
        found = self._scene.room.agents.get(event.agent)
        if found is None or found.device_kind is not DeviceKind.PHONE:
            return
        # After a restart of the floor the leg is known as the agent's, not as the one we rang.
        was_rung = event.leg == found.phone_leg
        if was_rung:
            found.phone_leg, found.phone_rings = "", False
        if was_rung or (event.leg == found.agent.device_leg and event.reason != "replaced"):
            found.phone_said = event.reason

    # ---- what the agent asks

    def choose(self, ask: Ask, found: LiveAgent) -> None:
        """Carries out `desk.device`: from now on the agent talks with this kind of device."""
        kind = DeviceKind(ask.args["kind"])
        if found.agent.work in (ca.Work.TALKING, ca.Work.RESERVED):
            self._scene.out.refuse(
                ask.ask, "in_a_call", "The device cannot be changed in a call.",
                "Finish the call, then choose again.",
            )  # fmt: skip
            return
        if kind is DeviceKind.PHONE and phone_of(self._scene.room, found) is None:
            self._refuse_no_phone(ask)
            return
        if kind is not found.device_kind:
            self._change(found, kind)
        self._scene.out.reply_when_saved(ask.ask, kind=kind.value)

    def _change(self, found: LiveAgent, kind: DeviceKind) -> None:
        now = self._scene.now.utc
        found.device_kind, found.phone_said, found.device_lost = kind, "", False
        found.owner = None
        self._scene.out.write(SetDevice(found.agent.id, kind.value, now))
        phone = phone_of(self._scene.room, found)
        leg = found.agent.device_leg or found.pending_leg
        wanted = kind is DeviceKind.PHONE and found.agent.wish is not ca.Wish.OFFLINE
        if phone is not None and phone.registered is not None and wanted:
            # The engine lets the browser go as the phone is rung.
            self._call(found, phone)
        elif leg:
            self._scene.out.verb(ports.DeviceClose(leg))

    def ring(self, ask: Ask, found: LiveAgent) -> None:
        """Carries out `desk.ring`: the agent wants their phone rung now."""
        phone = phone_of(self._scene.room, found)
        if phone is None or found.device_kind is not DeviceKind.PHONE:
            self._refuse_no_phone(ask)
        elif phone.registered is None:
            self._scene.out.refuse(
                ask.ask, "phone_away", "Your desk phone is not signed in.",
                "See that it has power and network, and that its user name and password are right.",
            )  # fmt: skip
        else:
            self.ring_if_needed(found)
            self._scene.out.reply(ask.ask)

    def _refuse_no_phone(self, ask: Ask) -> None:
        self._scene.out.refuse(
            ask.ask, "no_phone", "You have no desk phone here.",
            "Ask a manager to set one up for you, or go on in the browser.",
        )  # fmt: skip

    def ring_if_needed(self, found: LiveAgent) -> None:
        """Rings the phone of an agent who talks with one, unless it is lifted or rings already."""
        phone = phone_of(self._scene.room, found)
        if found.device_kind is not DeviceKind.PHONE or found.agent.device_leg:
            return
        if phone is not None and phone.registered is not None and not found.pending_leg:
            self._call(found, phone)

    def _call(self, found: LiveAgent, phone: LivePhone) -> None:
        leg, agent = self._scene.dice.new_id(), found.agent.id
        found.pending_leg = found.phone_leg = leg
        found.phone_said, found.phone_rings = "", False
        self._scene.room.devices[leg] = agent
        self._scene.out.verb(ports.DeviceCall(leg, agent, phone.record.id, RING_TIMEOUT_S))
        self._scene.room.told_desks.add(agent)

    # ---- what the office asks

    def states(self, ask: Ask) -> None:
        """Answers `office.phones`: which phones are signed in, since when, from where."""
        if ask.organisation != self._scene.room.organisation:
            self._scene.out.reply(ask.ask, phones={})
            return
        self._scene.out.reply(
            ask.ask, phones={key: _state(phone) for key, phone in self._scene.room.phones.items()}
        )


def phone_of(room: Room, found: LiveAgent) -> LivePhone | None:
    """Returns the agent's desk phone."""
    agent = found.agent.id
    return next((phone for phone in room.phones.values() if phone.record.agent == agent), None)


def shown(room: Room, found: LiveAgent) -> Json | None:
    """What the desk shows of the agent's phone; None for an agent without one.

    `state`: not_registered, registered, calling, ringing, connected; `why` is why the last ringing
    came to nothing, or why the connected phone went."""
    phone = phone_of(room, found)
    if phone is None:
        return None
    ours = found.device_kind is DeviceKind.PHONE
    if ours and found.agent.device_leg:
        state = "connected"
    elif ours and found.pending_leg:
        state = "ringing" if found.phone_rings else "calling"
    else:
        state = "not_registered" if phone.registered is None else "registered"
    return {
        "name": phone.record.name,
        "username": phone.record.username,
        "state": state,
        "why": found.phone_said if ours and found.phone_said else None,
    }


def _state(phone: LivePhone) -> Json:
    seen = phone.registered
    return {
        "registered": seen is not None,
        "since": None if phone.since is None else phone.since.isoformat(),
        "address": "" if seen is None else seen.address,
        "user_agent": "" if seen is None else seen.user_agent,
    }
