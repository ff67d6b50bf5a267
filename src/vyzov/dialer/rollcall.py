"""Notices that events of the engine were lost, and fetches what they told.

The engine numbers the events of each leg. A hole in the numbers, or a roll call every few seconds
that names a leg or a number the floor does not have, makes the floor ask for a snapshot; what the
snapshot's logs tell beyond what was seen is taken in as if it came late. Nothing here decides what
follows from an event.
"""

from vyzov.core.changing import replace
from vyzov.dialer import ports
from vyzov.dialer.agents import Agents
from vyzov.dialer.calls import Calls
from vyzov.dialer.desk_phones import DeskPhones
from vyzov.dialer.doubt import open_doubt
from vyzov.dialer.live_call import LiveCall
from vyzov.dialer.recovery import Recovery
from vyzov.dialer.scene import Scene
from vyzov.dialer.trunks import Trunks

ROLL_S = 5.0
"""Seconds from one roll call to the next while any leg lives."""

HOLE_WAIT_S = 0.3
"""How long an event may be overtaken by those after it before it counts as lost."""

ANSWER_WAIT_S = 2.0
"""After how many seconds without an answer a snapshot is asked for again."""


class RollCall:
    """Keeps a floor's view of its legs whole."""

    def __init__(
        self, scene: Scene, floor: str, calls: Calls, agents: Agents, recovery: Recovery,
        trunks: Trunks, phones: DeskPhones,
    ) -> None:  # fmt: skip
        self._scene = scene
        self._floor = floor
        self._calls = calls
        self._agents = agents
        self._recovery = recovery
        self._trunks = trunks
        self._phones = phones
        self._asks = 0
        self._asked: dict[int, float] = {}
        self._next = 0.0
        self._snapshot_asked: float | None = None
        self._asked_last = 0.0
        self._wanted = False

    def turn(self) -> None:
        """Asks what is due to be asked; called with each tick."""
        room, mono = self._scene.room, self._scene.now.mono
        if not room.engine_up:
            self._asked.clear()
            self._snapshot_asked, self._wanted = None, False
            room.holes.clear()
            return
        if room.holes and mono - min(room.holes.values()) >= HOLE_WAIT_S:
            self._wanted = True
        if self._wanted:
            self._ask_snapshot()
        if mono >= self._next and (room.calls or room.devices):
            self._next = mono + ROLL_S
            self._asks += 1
            self._asked = {self._asks: mono}
            self._scene.out.verb(ports.AskStanding(self._asks))

    def _ask_snapshot(self, *, at_once: bool = False) -> None:
        """Asks, unless an answer is still to be expected; `at_once` where that would tell too little."""
        mono, asked = self._scene.now.mono, self._snapshot_asked
        if asked is not None and mono - self._asked_last < ANSWER_WAIT_S and not at_once:
            return
        # The first of several answers speaks of what was sent before the first of the questions.
        self._snapshot_asked = mono if asked is None else asked
        self._asked_last = mono
        self._scene.out.verb(ports.AskSnapshot(self._floor, self._scene.room.fence))

    def standing(self, seen: ports.Standing) -> None:
        """Compares the engine's list with the floor's own."""
        if seen.leg:
            self._of_leg(seen)
            return
        asked = self._asked.pop(seen.ask, None)
        if asked is not None and self._misses(seen, asked):
            self._wanted = True
            self._ask_snapshot()

    def _of_leg(self, seen: ports.Standing) -> None:
        """Takes the answer about a call whose limit has passed: what is missing is fetched first."""
        live = self._scene.room.calls.get(seen.leg)
        doubt = open_doubt(live) if live else None
        if live is None or doubt is None or doubt.ask != seen.ask:
            return
        live.doubt = replace(doubt, seq=seen.legs.get(seen.leg))
        self._scene.room.calls.noted(live)
        if live.doubt.seq is None or live.doubt.seq > live.seq:
            self._ask_snapshot(at_once=True)

    def _misses(self, seen: ports.Standing, asked: float) -> bool:
        room = self._scene.room
        for leg, seq in seen.legs.items():
            if leg in room.owners:
                continue  # Every third leg is an agent's: of those the lines below know more.
            live = room.calls.get(leg) or room.unknown.get(leg)
            if live is not None and seq > live.seq:
                return True
            if live is None and leg not in room.devices and leg not in room.unsaved:
                return True
        for live in room.calls.values():
            sent = live.sent_at is not None and live.sent_at < asked
            if sent and not live.finished and live.call.id not in seen.legs:
                return True
        lines = {
            found.agent.device_leg: agent
            for agent, found in room.agents.items()
            if found.agent.device_leg is not None
        }
        if lines == seen.devices == room.devices:
            return False  # As it almost always is: every line is where it is known to be.
        if not lines.keys() <= seen.devices.keys():
            return True
        return any(self._is_news(leg, agent) for leg, agent in seen.devices.items())

    def _is_news(self, leg: str, agent: str) -> bool:
        """True for a line that carries sound and is not the one its agent is known to have."""
        found = self._scene.room.agents.get(agent)
        known = self._scene.room.devices.get(leg) == agent
        return not known or (found is not None and found.agent.device_leg != leg)

    def snapshot(self, seen: ports.Snapshot) -> None:
        """Takes in what was missed while the connection stood."""
        asked, self._snapshot_asked = self._snapshot_asked, None
        self._wanted = False
        room = self._scene.room
        room.holes.clear()
        self._trunks.snapshot(seen)
        self._phones.snapshot(seen)
        self._devices(seen)
        for leg, log in seen.legs.items():
            live = room.calls.get(leg)
            if live is not None:
                live.ahead.clear()
                self._catch_up(live, log)
            elif leg not in room.owners and leg not in room.devices:
                self._recovery.stray(leg, log)
        for live in list(room.calls.values()):
            sent = live.sent_at is not None and asked is not None and live.sent_at < asked
            if sent and live.call.id not in seen.legs:
                self._recovery.never_heard(live)
        room.pace_wanted = True

    def _catch_up(self, live: LiveCall, log: tuple[ports.LegEvent, ...]) -> None:
        """Takes in what was missed of a call; a limit in doubt rings at its place among it."""
        for place, event in enumerate(log):
            if event.seq > live.seq and open_doubt(live) is not None:
                joined = any(isinstance(later, ports.BridgeJoined) for later in log[place:])
                self._calls.ring_past(live, event.at, joined=joined)
            self._calls.take(event)

    def _devices(self, seen: ports.Snapshot) -> None:
        room, mono = self._scene.room, self._scene.now.mono
        for leg, log in seen.legs.items():
            if leg in room.devices and log:
                room.device_seqs[leg] = max(room.device_seqs.get(leg, 0), log[-1].seq)
        for leg, agent in list(room.devices.items()):
            found, log = room.agents.get(agent), seen.legs.get(leg, ())
            was_up = found is not None and found.agent.device_leg == leg
            over = bool(log) and isinstance(log[-1], ports.DeviceDown)
            if leg not in seen.devices and (was_up or over):
                self._agents.device_down(ports.DeviceDown(leg, 0, mono, agent, "engine"))
        for leg, agent in seen.devices.items():
            found = room.agents.get(agent)
            if found is None or found.agent.device_leg != leg:
                self._agents.device_up(ports.DeviceUp(leg, 0, mono, agent, ""))
