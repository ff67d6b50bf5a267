"""D and E: the floor and its people are where the engine has them, soon after whatever broke.

The engine is the witness of legs and bridges; what an operator was told of their own state is the
witness of what they asked for.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vyzov.core.agent import Wish, Work
from vyzov.core.call import CallState
from vyzov.dialer.floor import Floor
from vyzov.dialer.room import LiveAgent
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.invariant_notes import Notes

SILENCE_LIMIT_S = 12.0
"""The longest a callee may hear nothing: a flow's wait for a key, or a restart and what follows."""

MUTED_LIMIT_S = 30.0
"""Where the operator closed their own microphone: their seconds, then those until a floor is there again
to open it."""

UNBRIDGED_LIMIT_S = 25.0
TRUE_WITHIN_S = 15.0
CHANNEL_LIMIT_S = 30.0
RESERVED_LIMIT_S = 5.0
RESERVED_AND_UNTOLD_S = 8.0
"""Where the word of a bridge gets lost on its way: a roll call finds it, five seconds apart."""
WRITING_LATE_S = 1.0
STUCK_LIMIT_S = 180.0
RESTING_S = 1.0


@dataclass(slots=True)
class FloorRules:
    """The rules of the floor and its operators."""

    notes: Notes
    engine: SimulatedEngine | None = None
    words_get_lost: bool = False
    talked: Counter[str] = field(default_factory=Counter[str])
    """At how many looks a callee and an operator exchanged sound."""
    _resting: dict[str, float] = field(default_factory=dict[str, float])
    _wished: dict[str, str] = field(default_factory=dict[str, str])
    _joined: set[str] = field(default_factory=set[str])

    # ---- what the engine sees

    def silent(self, leg: str, seconds: float, *, muted: bool) -> None:
        """An answered callee has heard nothing for so long; `muted` by their operator's own hand."""
        broken = seconds > (MUTED_LIMIT_S if muted else SILENCE_LIMIT_S)
        self.notes.look("E2", f"{leg} was left in silence for {seconds:.1f} s", broken=broken)

    def bridged(self, leg: str, agent: str) -> None:
        """A callee is given to an operator's device."""
        if leg in self._joined:
            return
        self._joined.add(leg)
        rests = self._resting.get(agent)
        late = rests is not None and self.notes.timeline.now > rests + RESTING_S
        self.notes.look("E4", f"{leg} was given to {agent}, who rests", broken=late)

    def device_up(self, agent: str, legs: list[str]) -> None:
        """A device of an operator carries sound; `legs` are all that do."""
        what = f"{agent} has {len(legs)} devices at once"
        self.notes.look("E3", what, broken=len(legs) > 1)

    # ---- what operators ask for and are told

    def asked(self, do: str, user: str) -> None:
        """An operator asks for something: what they asked for before holds no longer."""
        if do in ("desk.ready", "desk.pause", "desk.offline"):
            self._resting.pop(user, None)
            self._wished[user] = do

    def replied(self, do: str, user: str, body: Mapping[str, Any], *, ok: bool) -> None:
        """An operator reads that they are in a break, or signed out."""
        # An answer that was held up may come after something newer was asked for.
        asked_to_rest = ok and do in ("desk.pause", "desk.offline") and self._wished[user] == do
        if asked_to_rest and body.get("state") in (Wish.PAUSE.value, Wish.OFFLINE.value):
            self._resting[user] = self.notes.timeline.now

    # ---- how the floor stands

    def look(self, floor: Floor) -> None:
        """Looks at every operator and call; whoever asked for it ends the look."""
        notes = self.notes
        assert self.engine is not None, "rules without an engine see no bridges"
        bridged = {
            call.leg: call.device for call in self.engine.calls.values() if call.device is not None
        }
        self.talked.update(bridged.keys())
        notes.begin_look()
        for agent in floor.room.agents.values():
            self._look_at(floor, agent, bridged)
        self._cards(floor)
        for live in floor.room.calls.values():
            notes.checks["D2"] += 1
            if live.call.state not in (CallState.TALKING, CallState.ENDED):
                notes.lasts("D2", f"{live.call.id} is {live.call.state}", STUCK_LIMIT_S)
        self._legs(floor)

    def _cards(self, floor: Floor) -> None:
        """Nobody is on two cards, nor on a card and in a call; a card has a reader and an end."""
        notes, room = self.notes, floor.room
        if not room.cards:
            return
        read = [(held.card.campaign, held.card.contact) for held in room.cards.values()]
        called = {
            (live.campaign, live.contact)
            for live in room.calls.values()
            if not live.finished and live.call.state is not CallState.RESERVING
        }
        notes.look("A2", "a contact is on two cards", broken=len(set(read)) < len(read))
        notes.look("A2", "a contact is read and called", broken=not called.isdisjoint(read))
        for agent, held in room.cards.items():
            mine = room.agents[agent].agent.card == held.card.id
            notes.look("E1", f"the card of {agent} has no reader", broken=not mine)
            if held.card.until < notes.timeline.utc and not held.attempt:
                notes.lasts("E2", f"{agent} reads after the time is over", WRITING_LATE_S)

    def _look_at(self, floor: Floor, found: LiveAgent, bridged: Mapping[str, str]) -> None:
        agent, notes = found.agent, self.notes
        notes.checks["E1"] += 1
        match agent.work:
            case Work.TALKING if bridged.get(agent.call or "") != agent.device_leg:
                limit = TRUE_WITHIN_S if notes.calm_s > TRUE_WITHIN_S else UNBRIDGED_LIMIT_S
                notes.lasts("E1", f"{agent.id} is talking without a bridge", limit)
            case Work.RESERVED:
                limit = RESERVED_AND_UNTOLD_S if self.words_get_lost else RESERVED_LIMIT_S
                notes.lasts("E1", f"{agent.id} is reserved", limit)
            case Work.DIALING if not _is_dialled(floor, found):
                notes.lasts("E1", f"{agent.id} waits for a call that is none", TRUE_WITHIN_S)
            case Work.PREVIEWING if not _has_card(floor, found):
                notes.breach("E1", f"{agent.id} reads a card that is none")
            case Work.WRAP_UP if agent.wrap_up_until and agent.wrap_up_until < notes.timeline.utc:
                notes.lasts("E2", f"{agent.id} is writing after its time", WRITING_LATE_S)
            case Work.NONE if agent.device_leg and agent.device_leg in bridged.values():
                notes.lasts("E1", f"{agent.id} is free with a callee on the line", TRUE_WITHIN_S)
            case _:
                pass

    def _legs(self, floor: Floor) -> None:
        """In calm times the floor has the calls that the engine has, and no others."""
        notes, engine = self.notes, self.engine
        if engine is None or notes.calm_s <= CHANNEL_LIMIT_S:
            return
        known = floor.room.calls
        notes.checks["D1"] += 1
        for leg, call in engine.calls.items():
            if leg not in known and call.floor == floor.id:
                notes.lasts("D1", f"{leg} lives in the engine alone", CHANNEL_LIMIT_S)
        for leg, live in known.items():
            if not live.finished and live.sent_at is not None and leg not in engine.calls:
                notes.lasts("D1", f"{leg} lives on the floor alone", CHANNEL_LIMIT_S)

    def settle(self) -> None:
        """No leg is left once no call is live."""
        assert self.engine is not None, "rules without an engine see no legs"
        for leg in self.engine.calls:
            self.notes.breach("D1", f"{leg} is still live in the engine")
        for leg, record in self.engine.book.items():
            self.notes.look("D1", f"{leg} was never forgotten", broken=record.attempt is not None)


def _has_card(floor: Floor, found: LiveAgent) -> bool:
    held = floor.room.cards.get(found.agent.id)
    return held is not None and held.card.id == found.agent.card


def _is_dialled(floor: Floor, found: LiveAgent) -> bool:
    live = floor.room.calls.get(found.agent.call or "")
    return live is not None and not live.finished and live.placed_by == found.agent.id
