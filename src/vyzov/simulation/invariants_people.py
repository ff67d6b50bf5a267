"""What people are owed whatever the floor believes: nobody is passed over, cut off or counted wrongly.

The witnesses are the network and the answers that people read: who was joined with whom, who waited
while somebody was free, what was the last thing a callee heard, and what a manager was told is so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vyzov.core.agent import Work, is_free
from vyzov.core.call import CallState
from vyzov.core.campaign import DialMode
from vyzov.core.outcome import Outcome
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.dialer.ports import Originate
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules

AFTER_ACKNOWLEDGED_S = 1.0
WAITS_BESIDE_FREE_S = 0.9
"""A little less than two looks: a callee who waits is given to who is free at once, not later."""

AWAY_BESIDE_LINE_S = 2.0
AWAY_AND_UNTOLD_S = 12.0
"""Where words of the engine get lost on their way: two roll calls find that."""

STATE_AGREES_S = 5.0
PARTING_S = 1.0
"""The hang-up of a talk may come a moment after its operator went on to the next."""

ON_THE_WAY = frozenset(
    (
        CallState.RESERVING, CallState.DIALING, CallState.RINGING, CallState.CLASSIFYING,
        CallState.WAITING,
    )
)  # fmt: skip


@dataclass(slots=True)
class PeopleRules:
    """The rules of people; what the network and the answers tell goes in."""

    notes: Notes
    calling: CallingRules
    engine: SimulatedEngine | None = None
    words_get_lost: bool = False
    _paused: dict[str, float] = field(default_factory=dict[str, float])
    _wished: dict[str, str] = field(default_factory=dict[str, str])
    _emergency_at: float | None = None
    _emergency_wished: bool = False
    _states: dict[str, str] = field(default_factory=dict[str, str])
    _excused: set[str] = field(default_factory=set[str])
    _joined: set[str] = field(default_factory=set[str])
    _left: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])

    # ---- what the network sees

    def joined(self, leg: str) -> None:
        """A callee and an operator exchange sound."""
        self._joined.add(leg)
        self._go_on(leg)

    def over(self, leg: str) -> None:
        """A call is over for the network."""
        self._go_on(leg)

    def _go_on(self, leg: str) -> None:
        since, why = self._left.pop(leg, (self.notes.timeline.now, ""))
        if why:
            waited_s = self.notes.timeline.now - since
            self.notes.look("E4", f"{why} for {waited_s:.1f} s", broken=waited_s > PARTING_S)

    def taken_from(self, leg: str, other: str, agent: str) -> None:
        """An operator who talks with one callee is given another: the first is about to go."""
        self._left.setdefault(
            leg,
            (self.notes.timeline.now, f"{agent} went on to {other}, and {leg} was left waiting"),
        )

    def excused(self, leg: str) -> None:
        """A callee is gone who heard our excuse, and nothing else to its end."""
        self._excused.add(leg)

    def invited(self, order: Originate) -> None:
        """A call goes out to the network."""
        told = self.calling.attempts.get(order.attempt)
        campaign = told.write.campaign if told is not None else ""
        at = self._paused.get(campaign)
        self._acknowledged(order, "the pause", at)
        self._acknowledged(order, "the emergency stop", self._emergency_at)

    def _acknowledged(self, order: Originate, stop: str, at: float | None) -> None:
        late = at is not None and self.notes.timeline.now > at + AFTER_ACKNOWLEDGED_S
        what = f"{order.attempt} went out after {stop} was acknowledged"
        self.notes.look("A6", what, broken=late)

    # ---- what is asked for and answered

    def asked(self, do: str, args: Mapping[str, Any]) -> None:
        """A manager asks for something: what was acknowledged before holds no longer."""
        if do in ("office.start_campaign", "office.pause_campaign"):
            self._wished[str(args["campaign"])] = do
        if do == "office.start_campaign":
            self._paused.pop(str(args["campaign"]), None)
        if do == "office.emergency_stop":
            self._emergency_wished = bool(args["on"])
            self._emergency_at = self._emergency_at if args["on"] else None

    def replied(self, do: str, args: Mapping[str, Any], *, ok: bool) -> None:
        """A manager reads that it is so."""
        if not ok:
            return
        now, campaign = self.notes.timeline.now, str(args.get("campaign"))
        # An answer that was held up may come after something newer was asked for.
        if do == "office.pause_campaign" and self._wished.get(campaign) == do:
            self._paused.setdefault(campaign, now)
        if do == "office.emergency_stop" and args["on"] and self._emergency_wished:
            self._emergency_at = self._emergency_at or now

    def prolonged(self, holder: str, fence: int) -> None:
        """A process was told that the lease is still its own."""
        what = f"{holder} was told that it holds a lease that another one has taken"
        self.notes.look("A4", what, broken=fence < self.calling.fence)

    # ---- what becomes durable

    def committed(self, write: w.Write, result: w.CommitResult) -> None:
        """Takes in one write that was carried out."""
        if isinstance(write, w.SetCampaignState) and not result.stale:
            self._states[write.campaign] = write.state

    # ---- how the floor stands; a look of the floor's rules is open around it

    def look(self, floor: Floor) -> None:
        """Looks at who waits and who is free."""
        notes, room = self.notes, floor.room
        assert self.engine is not None, "rules without an engine see no lines"
        notes.checks["E1"] += 1
        for live in room.calls.values():
            call = live.call
            if call.state is CallState.WAITING and call.agent is None:
                crew = room.campaigns[live.campaign].crew
                owner = live.due.callback_agent if live.due else None
                free = [key for key in room.free if key in crew and owner in (None, key)]
                if free:
                    notes.lasts("C1", f"{call.id} waits beside {free[0]}", WAITS_BESIDE_FREE_S)
            if call.state is CallState.AGENT_AWAY and self._line_of(call.agent or ""):
                limit_s = AWAY_AND_UNTOLD_S if self.words_get_lost else AWAY_BESIDE_LINE_S
                if notes.calm_s > limit_s:
                    what = f"{call.id} waits for {call.agent}, whose line is up"
                    notes.lasts("E1", what, limit_s)
        if notes.calm_s > STATE_AGREES_S:
            for key, state in self._states.items():
                shown = room.campaigns[key].state.value if key in room.campaigns else state
                if shown != state:
                    notes.lasts("A6", f"{key} is shown as {shown}, it is {state}", STATE_AGREES_S)

    def _line_of(self, agent: str) -> str:
        assert self.engine is not None, "rules without an engine see no lines"
        up = (one.leg for one in self.engine.devices.values() if one.up and one.agent == agent)
        return next(up, "")

    def reserved(self, floor: Floor, batch: w.Batch) -> None:
        """A step of the floor has just decided on these: there is somebody for every call, but for
        those of a campaign that dials ahead and has learned how people answer."""
        room = floor.room
        fresh = {write.attempt for write in batch if type(write) is w.Reserve}
        if not fresh:
            return
        people = [
            live
            for live in room.calls.values()
            if live.call.agent is None
            and live.call.state in ON_THE_WAY
            and live.call.plan.flow is None
            and not live.placed_by
        ]
        # Who goes to rest leaves calls behind that were right when they were placed: only campaigns
        # that have decided just now are looked at, each alone and all of them together.
        placing = {live.campaign for live in people if live.call.id in fresh}
        deciding = sorted(one for one in placing if not _dials_ahead(floor, one))
        if not deciding:
            return
        free = {
            key
            for key, found in room.agents.items()
            # Most are at work: those are passed over before anybody is asked.
            if found.agent.work is Work.NONE and is_free(found.agent)
        }
        for chosen in sorted({*((key,) for key in deciding), tuple(deciding)}):
            calls = sum(live.campaign in chosen for live in people)
            able = free & frozenset[str]().union(*(room.campaigns[one].crew for one in chosen))
            what = f"{calls} calls are on their way to {len(able)} operators"
            self.notes.look("E4", what, broken=calls > len(able))

    # ---- the end of the day

    def settle(self) -> None:
        """Whoever was left with our excuse counts as abandoned."""
        for leg in sorted(self._excused - self._joined):
            told = self.calling.attempts.get(leg)
            ended = told.ended if told is not None else ""
            what = f"{leg} heard our excuse and is booked as {ended}"
            self.notes.look("C1", what, broken=ended == Outcome.ANSWERED_HUMAN.value)


def _dials_ahead(floor: Floor, campaign: str) -> bool:
    """True where more calls than free operators are right: their number is the law's, or a ratio."""
    mode = floor.room.campaigns[campaign].settings.mode
    watch = floor.watching.watch_of(campaign)
    learned = watch is not None and not watch.is_learning
    return mode is DialMode.POWER or (mode is DialMode.PREDICTIVE and learned)
