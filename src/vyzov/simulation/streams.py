"""One call's events told in order and told badly: doubled, out of order, late, missing, foreign.

`recorded` lets one call happen in a world and keeps what its floor was told. `told` tells a fresh
floor the same again, with the events of the call as `Telling` says; the engine answers roll calls and
snapshots from its log as it stood at that moment. What the floor then wrote is compared by value:
the attempt's end, the facts that events tell by their keys, and the contact's place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.simulation.noise import OVERTAKEN_S
from vyzov.simulation.scenario import Crew, Scenario, ScenarioCampaign, ScenarioTrunk
from vyzov.simulation.stage import FLOOR, build
from vyzov.simulation.world_process import FloorProcess
from vyzov.simulation.world_time import SeededDice, Timeline

SPAN_S = 90.0
TICK_S = 0.5
AFTER_S = 10.0
VERY_LATE_S = 600.0
OVERTAKES_S = 0.25
OWN_WORDS = ("agent_state", "device_up", "device_down", "agent_signed_in", "agent_signed_out")
"""Facts about agents have keys drawn by dice and moments of the floor's own clock."""

MEANWHILE = ("disposed", "disposition_undone", "callback_promised", "agent_away", "agent_back")
"""Facts about what people and the floor did while they did not know better: a bridge that fell a
quarter of a second before the end of its call is known is an agent away for so long."""

assert OVERTAKES_S < OVERTAKEN_S, "an event is overtaken by less than counts as lost"


@dataclass(frozen=True, slots=True)
class Recording:
    """What one floor was told, with the seconds at which it was; and the legs' logs."""

    seed: int
    scenario: Scenario
    inputs: tuple[tuple[float, fx.Input], ...]
    events: tuple[tuple[float, ports.LegEvent], ...]
    devices: tuple[tuple[float, ports.LegEvent], ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """How a call's events reach the floor; shares 0..1 of events."""

    doubled: float = 0.0
    reordered: float = 0.0
    late: float = 0.0
    missing: float = 0.0
    foreign: float = 0.0


IN_ORDER = Telling()

TELLINGS = {
    "doubled": Telling(doubled=0.4),
    "reordered": Telling(reordered=0.4),
    "late": Telling(missing=0.15, late=1.0),
    "missing": Telling(missing=0.15),
    "foreign": Telling(foreign=0.5),
    "all": Telling(doubled=0.2, reordered=0.1, late=0.5, missing=0.05, foreign=0.2),
}
"""The ways of telling by which streams are compared, in turn."""


@dataclass(frozen=True, slots=True)
class EndState:
    """What a floor wrote in the end."""

    attempt: tuple[Any, ...]
    facts: frozenset[str]
    entry: tuple[Any, ...]


def recorded(seed: int) -> Recording:
    """Lets one call happen by a seed and returns what its floor was told."""
    settings = {"redial": {"attempts_max": 1}, "wrap_up_s": 10, "ring_timeout_s": 20}
    scenario = Scenario(
        "one call", SPAN_S, (Crew("one", 1),), (ScenarioTrunk("carrier"),),
        (ScenarioCampaign("one", 1, settings=settings),), seed=seed,
    )  # fmt: skip
    stage = build(scenario, seed)
    world = stage.world
    kept: list[tuple[float, fx.Input]] = []
    seen = world.took

    def took(process: FloorProcess, item: fx.Input, effects: list[fx.Effect]) -> None:
        kept.append((world.timeline.now, item))
        seen(process, item, effects)

    world.took = took
    try:
        world.start()
        world.run(1.0)
        (user,) = stage.crews["one"]
        agent = world.hire(user)
        agent.arrive()
        world.run(1.0)
        world.send("office.start_campaign", "boss", campaign=stage.campaigns["one"])
        world.run(SPAN_S)
    finally:
        stage.close()
    attempts = {order.attempt for order in world.watch.originates}
    events = [(at, item) for at, item in kept if isinstance(item, ports.LegEvent)]
    others = [
        (at, item)
        for at, item in kept
        if isinstance(item, fx.Opened | fx.Ask | fx.DueLoaded | fx.Tick | ports.Snapshot)
    ]
    return Recording(
        seed, scenario, tuple(others),
        tuple((at, item) for at, item in events if item.leg in attempts),
        tuple((at, item) for at, item in events if item.leg not in attempts),
    )  # fmt: skip


class _Teller:
    """A fresh floor that is told a recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._timeline = Timeline(recording.scenario.begin)
        dice = SeededDice(self._timeline, f"{recording.seed}/1")
        self._floor = Floor(
            FLOOR, dice=dice, call_id_of=lambda attempt: f"{attempt}@world", recordings="recordings"
        )
        self._due = [
            item for _, item in recording.inputs if isinstance(item, fx.DueLoaded) and item.asked
        ]
        self._legs = {event.leg for _, event in recording.events}
        self._arm_at: float | None = None
        self.attempt = ""
        self.finish: w.FinishAttempt | None = None
        self.facts: set[str] = set()
        self.entries: dict[str, w.SetEntry] = {}

    def at(self, moment: float, item: fx.Input) -> None:
        """Tells one thing, and what follows from it at once; timers ring when they are due."""
        while self._arm_at is not None and self._arm_at < moment:
            rung, self._arm_at = self._arm_at, None
            self._step(rung, fx.Tick())
            assert self._arm_at is None or self._arm_at > rung, "a timer that rang rings no more"
        self._step(moment, item)

    def _step(self, moment: float, item: fx.Input) -> None:
        timeline = self._timeline
        timeline.now = max(timeline.now, moment)
        if isinstance(item, ports.LegEvent) and item.leg in self._legs:
            item = as_of(item, self.attempt)
        pending = [item]
        while pending:
            now = fx.Now(timeline.utc, timeline.now, "floor")
            for effect in self._floor.step(pending.pop(0), now):
                answer = self._answer(effect)
                if answer is not None:
                    pending.append(answer)

    def _answer(self, effect: fx.Effect) -> fx.Input | None:
        match effect:
            case fx.Commit(batch, writes):
                for write in writes:
                    self._written(write)
                return fx.Committed(batch, {})
            case fx.LoadDue(campaign, limit) if limit:
                if self._due:
                    return self._due.pop(0)
                return fx.DueLoaded(campaign, (), limit, None, None)
            case fx.SendVerb(ports.AskSnapshot()):
                return self._snapshot()
            case fx.SendVerb(ports.AskStanding(ask, only)):
                seen = self._snapshot()
                legs = {leg: log[-1].seq for leg, log in seen.legs.items()}
                if only:
                    legs = {leg: seq for leg, seq in legs.items() if leg == only}
                    return ports.Standing(ask, seen.at, legs, {}, only)
                return ports.Standing(ask, seen.at, legs, seen.devices)
            case fx.Arm(at):
                self._arm_at = at if self._arm_at is None else min(at, self._arm_at)
                return None
            case _:
                return None

    def _snapshot(self) -> ports.Snapshot:
        now, legs, devices = self._timeline.now, dict[str, list[ports.LegEvent]](), dict[str, str]()
        for at, event in (*self._recording.devices, *self._recording.events):
            if at > now or isinstance(event, ports.DeviceAnswer | ports.DeviceQuality):
                continue
            mine = as_of(event, self.attempt) if event.leg in self._legs else event
            legs.setdefault(mine.leg, []).append(mine)
            if isinstance(event, ports.DeviceUp):
                devices[event.leg] = event.agent
            elif isinstance(event, ports.DeviceDown):
                devices.pop(event.leg, None)
        return ports.Snapshot(
            "run-1", now, {leg: tuple(log) for leg, log in legs.items()}, (), devices,
            whole_since=0.0,
        )  # fmt: skip

    def _written(self, write: w.Write) -> None:
        match write:
            case w.Reserve(attempt):
                self.attempt = attempt
            case w.FinishAttempt():
                self.finish = self.finish or write
            case w.AppendFact(fact) if fact.attempt and fact.kind.value not in OWN_WORDS:
                if fact.kind.value not in MEANWHILE:
                    self.facts.add(fact.dedupe)
            case w.SetEntry(_, contact):
                self.entries[contact] = write
            case _:
                pass


def told(recording: Recording, telling: Telling, dice: Random) -> EndState:
    """Tells a fresh floor the recording and returns what it wrote in the end."""
    teller = _Teller(recording)
    line: list[tuple[float, int, fx.Input]] = []
    for at, item in recording.inputs:
        if not isinstance(item, fx.DueLoaded):
            line.append((at, len(line), item))
    for at, event in recording.devices:
        line.append((at, len(line), event))
    for at, event in recording.events:
        for moment, said in _said(at, event, telling, dice):
            line.append((moment, len(line), said))
    last = max(at for at, _ in recording.inputs)
    for tick in range(1, int(AFTER_S / TICK_S)):
        line.append((last + tick * TICK_S, len(line), fx.Tick()))
    for at, _, item in sorted(line, key=lambda one: one[:2]):
        teller.at(at, item)
    done = teller.finish
    attempt = (
        ()
        if done is None
        else (done.attempt, done.state, done.outcome, done.detail, done.sip_code, done.q850,
              done.answered_at, done.bridged_at, done.ended_at, done.agent)
    )  # fmt: skip
    entry = next(iter(teller.entries.values()), None)
    place = () if entry is None else (entry.state, entry.last_outcome, entry.attempts_made)
    return EndState(attempt, frozenset(teller.facts), place)


def _said(
    at: float, event: ports.LegEvent, telling: Telling, dice: Random
) -> list[tuple[float, fx.Input]]:
    said: list[tuple[float, fx.Input]] = []
    if dice.random() < telling.foreign:
        stranger = f"stranger-{dice.getrandbits(32):08x}"
        said.append((at, as_of(event, stranger)))
    if dice.random() < telling.missing:
        if dice.random() < telling.late:
            said.append((at + dice.uniform(1.0, VERY_LATE_S), event))
        return said
    if dice.random() < telling.reordered:
        return [*said, (at + dice.uniform(0.0, OVERTAKES_S), event)]
    said.append((at, event))
    if dice.random() < telling.doubled:
        said.append((at + dice.uniform(0.0, VERY_LATE_S), event))
    return said


def as_of(event: ports.LegEvent, leg: str) -> ports.LegEvent:
    """The same event of another leg."""
    values: Mapping[str, Any] = {
        name: getattr(event, name) for name in event.__dataclass_fields__ if name != "leg"
    }
    return type(event)(leg=leg, **values)
