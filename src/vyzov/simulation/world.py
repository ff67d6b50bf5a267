"""A whole centre in virtual time: the very `Floor.step` that dials, between a store and a town.

A `World` has one engine, one floor at a time (each life of it a `FloorProcess`), agents, and faults
by seed: kills between any two effects, engines that die, links that break, databases that go away,
events told twice or late. `invariants.Watch` sees everything that crosses a border and notes each
breach. The store is given from outside: any `FloorStore`, most usefully the real one in memory.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.ports import Event
from vyzov.dialer.writes import Batch, CommitResult
from vyzov.simulation.agents import Habits, SimulatedAgent
from vyzov.simulation.chaos import Chaos
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.engine_parts import PlanOf
from vyzov.simulation.faults import NO_FAULTS, FaultKind, Faults
from vyzov.simulation.invariants import Watch
from vyzov.simulation.noise import Noise
from vyzov.simulation.onlooker import Onlooker
from vyzov.simulation.people import callee_for
from vyzov.simulation.points import name_of
from vyzov.simulation.world_journal import WorldJournal
from vyzov.simulation.world_process import Delays, FloorProcess, LeaseSeen
from vyzov.simulation.world_time import SeededDice, Timeline

Json = dict[str, Any]
TRACE_KEPT = 400
STEP_S = 2.0
"""A wall clock set by more than this is out of step: nobody is dialled until it is steady."""

ASK_LIMIT_S = 10.0
"""How long `World.ask` waits for an answer in virtual time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to an ask."""

    ok: bool
    body: Json


class World:
    """Everything of one simulated centre; `run` lets time pass."""

    def __init__(
        self, *, open_store: Callable[[], FloorStore], floor: str, begin: datetime, seed: int = 0,
        plan_of: PlanOf | None = None, faults: Faults = NO_FAULTS, delays: Delays | None = None,
        timeline: Timeline | None = None, watched: bool = True,
    ) -> None:  # fmt: skip
        """Stands still with everything down; `open_store` is called for each life of the floor.

        `timeline` is given where the store's own clock must follow the same time; `watched` says
        whether the rules are looked at."""
        self.timeline = timeline or Timeline(begin)
        self.floor_id = floor
        self.seed = seed
        self.faults = faults
        self.delays = delays or Delays()
        self.random = Random(f"{seed}/world")
        self.watch = Watch(self.timeline) if watched else Onlooker(self.timeline)
        self.engine = SimulatedEngine(
            self.timeline, plan_of or self._townspeople, self.watch, Random(f"{seed}/engine")
        )
        self.watch.attach(self.engine)
        get_lost = bool(faults.lost or faults.very_late or faults.reordered)
        self.watch.people.words_get_lost = self.watch.floor.words_get_lost = get_lost
        self.process: FloorProcess | None = None
        self.agents: dict[str, SimulatedAgent] = {}
        self.screens: dict[str, Json] = {}
        self.said: list[tuple[str, Json]] = []
        self.answers: dict[int, Reply] = {}
        self.effects_done = 0
        self.answers_lost = 0
        self.lives = 0
        self.journal = WorldJournal()
        self.lease = LeaseSeen()
        self.happened: Counter[FaultKind] = Counter()
        self.crash_points: Counter[str] = Counter()
        self.story: deque[tuple[float, str, fx.Input, list[fx.Effect]]] = deque(maxlen=TRACE_KEPT)
        self.kill_at_effect: int | None = None
        self.disturb_at_effect: tuple[int, Callable[[], None]] | None = None
        self.restarts = True
        self.shows_screens = True
        self.floor_of: Callable[..., Floor] | None = None
        """What makes the floor of each life, where it is not to be a plain one."""
        self.organisation = ""
        self._open_store = open_store
        self._asks = 0
        self._asked: dict[int, tuple[str, Json, str]] = {}
        self._store_away_until = 0.0
        self._store_slow: tuple[float, float] = (0.0, 0.0)
        self._store_locked_until = 0.0
        self.points: list[str] = []
        self.kill_at_point: str | None = None
        self._noise = Noise(self.timeline, self.random, self.happened)
        self._losses = Random(f"{seed}/recordings")
        self.engine.loses_recording = self._loses_recording
        Chaos(self).begin()

    def _townspeople(self, number: str, count: int) -> Any:
        return callee_for(number, self.seed).plan(count)

    # ---- the floor's lives

    def start(self) -> FloorProcess:
        """Starts a floor's process; an older one that still runs is not ended by that."""
        self.lives += 1
        self._asked.clear()  # The web process turns to the new one and hears the old one no more.
        floor = (self.floor_of or Floor)(
            self.floor_id,
            dice=SeededDice(self.timeline, f"{self.seed}/{self.lives}"),
            call_id_of=lambda attempt: f"{attempt}@world",
            recordings="recordings",
        )
        floor.room.watched = self.shows_screens
        process = FloorProcess(
            floor, self._open_store(), self.timeline, self.engine, self,
            holder=f"life-{self.lives}", delays=self.delays, journal=self.journal, lease=self.lease,
        )  # fmt: skip
        self.process = process
        process.start()
        self._when_open(process)
        return process

    def _start_again(self) -> None:
        if self.process is None or not self.process.alive:
            self.start()

    def relieve(self) -> None:
        """Starts another process for a floor whose own stands still."""
        process = self.process
        if process is not None and process.alive and not process.awake and self.restarts:
            self.start()
            self._unless_awake(process)

    def _unless_awake(self, older: FloorProcess) -> None:
        """Whoever wakes up before its lease was over keeps the floor; the other one is not needed."""
        process = self.process
        if process is None or process.open or not process.alive or not older.alive:
            return
        if older.awake and older.holds_lease:
            process.die()
            self.process = older
            self._when_open(older)
            return
        self.timeline.after(0.05, lambda: self._unless_awake(older))

    def _when_open(self, process: FloorProcess) -> None:
        if process is not self.process or not process.alive:
            return
        if not process.open:
            self.timeline.after(0.05, lambda: self._when_open(process))
            return
        self.organisation = process.floor.room.organisation
        for agent in self.agents.values():
            self.timeline.after(self.random.uniform(0.05, 0.6), agent.floor_is_back)

    def kill_floor(self) -> None:
        """Ends the floor's process at once; another one is started in a while."""
        if self.process is not None and self.process.alive:
            self.process.die()
            self._floor_died()

    def _floor_died(self) -> None:
        self._asked.clear()
        self.watch.floor_died()
        if self.restarts:
            self.timeline.after(self.random.uniform(*self.faults.restart_s), self._start_again)

    def kill_engine(self, down_s: float = 1.0) -> None:
        """Ends the engine's process; another one is up after `down_s`."""
        if self.engine.up:
            self.watch.engine_died(self.engine.calls)
            self.engine.crash()
            self.timeline.after(down_s, self.engine.restart)

    def take_store_away(self, span_s: float) -> None:
        """The database does not answer for a while."""
        if self.timeline.now >= self._store_away_until:
            self.watch.calling.store_away_since = self.timeline.now
        self._store_away_until = max(self._store_away_until, self.timeline.now + span_s)
        self.timeline.at(self._store_away_until, self._store_came_back)

    def _store_came_back(self) -> None:
        if self.timeline.now >= self._store_away_until:
            self.watch.calling.store_away_since = None

    def step_clock(self, by_s: float) -> None:
        """The wall clock is set forward or back."""
        self.timeline.step_utc(by_s)
        if abs(by_s) > STEP_S:
            self.watch.calling.stepped_at = self.timeline.now

    def slow_store(self, span_s: float, by_s: float) -> None:
        """Every piece of the database's work takes longer for a while."""
        self._store_slow = (self.timeline.now + span_s, by_s)

    def make_store_read_only(self, span_s: float) -> None:
        """The database answers and does not write for a while."""
        self._store_locked_until = max(self._store_locked_until, self.timeline.now + span_s)

    @property
    def store_is_whole(self) -> bool:
        """True while the database does all that is asked of it, in its usual time."""
        now = self.timeline.now
        return now >= max(self._store_away_until, self._store_locked_until, self._store_slow[0])

    # ---- asking, as the web process does

    def send(self, do: str, user: str = "", connection: str = "", **args: object) -> int:
        """Asks the floor for something; returns the number under which `answers` has the reply."""
        self._asks += 1
        number = self._asks
        process = self.process
        if process is None or not process.alive or not process.open:
            self.answers[number] = Reply(ok=False, body={"code": "floor_away"})
            return number
        self._asked[number] = (do, dict(args), user)
        self.watch.asked(do, user, args)
        ask = fx.Ask(number, do, user, self.organisation, "any", connection, dict(args))
        self.timeline.surely(self.delays.link_s, partial(process.post, ask))
        return number

    def ask(self, do: str, user: str = "", connection: str = "", **args: object) -> Reply:
        """Asks and lets time pass until the answer is there."""
        number = self.send(do, user, connection, **args)
        limit = self.timeline.now + ASK_LIMIT_S
        self.timeline.run_until(limit, lambda: number in self.answers)
        if number not in self.answers:
            raise TimeoutError(f"nobody answered '{do}' of {user or 'nobody'} in {ASK_LIMIT_S} s")
        return self.answers[number]

    def detach(self, connection: str) -> None:
        """A browser's connection is gone."""
        process = self.process
        if process is not None:
            process.post(fx.Ask(0, "desk.detach", "", "", "", connection, {}))

    # ---- agents

    def hire(self, user: str, habits: Habits | None = None) -> SimulatedAgent:
        """Gives an agent of the floor a mind of their own; `arrive` brings them in."""
        agent = SimulatedAgent(user, _DeskOf(self), habits or Habits(), str(self.seed))
        self.agents[user] = agent
        return agent

    # ---- time

    def run(self, span_s: float, is_enough: Callable[[], bool] | None = None) -> bool:
        """Lets so many seconds pass; True where `is_enough` ended it before."""
        return self.timeline.run_until(self.timeline.now + span_s, is_enough)

    def drain(self, limit_s: float = 120.0) -> bool:
        """Lets time pass without faults until no attempt is open; False where some stay so.

        What places calls is to be stopped before."""
        self.stop_faults()
        return self.run(limit_s, lambda: not self.watch.open_attempts and not self.engine.calls)

    def stop_faults(self) -> None:
        """From now on nothing breaks by itself."""
        self.faults = NO_FAULTS
        self.kill_at_effect = self.kill_at_point = None

    @property
    def is_open(self) -> bool:
        """True while a process holds the floor, whatever it knows of its engine."""
        return self.process is not None and self.process.alive and self.process.open

    @property
    def is_up(self) -> bool:
        """True while the floor works and knows its engine."""
        process = self.process
        return process is not None and process.awake and process.floor.room.engine_up

    # ---- what the processes ask of their surroundings

    def tell(self, topic: str, state: Json) -> None:
        self.screens[topic] = state
        kind, _, user = topic.partition(":")
        if kind == "desk" and user in self.agents:
            agent = self.agents[user]
            self.timeline.surely(self.delays.link_s, partial(agent.told, state))

    def say(self, connection: str, message: Mapping[str, Any]) -> None:
        self.said.append((connection, dict(message)))

    def reply(self, ask: int, ok: bool, body: Json) -> None:  # noqa: FBT001
        do, args, user = self._asked.pop(ask, ("", {}, ""))
        if do:
            # Kept is not saved: it is written when the database is back.
            self.watch.replied(do, args, user, body, ok=ok and not body.get("kept"))
        self.answers[ask] = Reply(ok, body)

    def committed(self, batch: Batch, result: CommitResult) -> None:
        self.watch.committed(batch, result)

    def stepped(self, process: FloorProcess, item: fx.Input) -> None:
        if not self.watch.judges:
            return
        if type(item) is fx.Opened:
            self.watch.holds(process.fence)
        self.watch.works(process.holder, process.fence, holds=process.holds_lease)
        if type(item) is fx.Tick and process is self.process:
            self.watch.stepped(process.floor, whole=self.is_up and self.store_is_whole)

    def dies_before(self, effect: fx.Effect) -> bool:
        self.effects_done += 1
        if type(effect) is fx.SendVerb:
            self.watch.wanted(effect)
        disturbance = self.disturb_at_effect
        if disturbance is not None and self.effects_done >= disturbance[0]:
            self.disturb_at_effect = None
            disturbance[1]()
        if self.kill_at_point is not None and self._dies_at(f"before {name_of(effect)}"):
            return True
        if self.kill_at_effect is None or self.effects_done < self.kill_at_effect:
            return False
        self.kill_at_effect = None
        self.crash_points[f"before {name_of(effect)}"] += 1
        self._floor_died()
        return True

    def dies_after(self, effect: fx.Effect) -> bool:
        return self.kill_at_point is not None and self._dies_at(f"after {name_of(effect)}")

    def dies_in(self, effect: fx.Commit, where: str) -> bool:
        return self.kill_at_point is not None and self._dies_at(f"{name_of(effect)} {where}")

    def _dies_at(self, point: str) -> bool:
        if self.kill_at_point != point:
            return False
        self.kill_at_point = None
        self.crash_points[point] += 1
        self._floor_died()
        return True

    def prolonged(self, process: FloorProcess) -> None:
        self.watch.prolonged(process.holder, process.fence)

    def took(self, process: FloorProcess, item: fx.Input, effects: list[fx.Effect]) -> None:
        if self.watch.judges and process is self.process:
            self.watch.decided(process.floor, effects)
        if self.watch.judges and not self.watch.notes.breaches:
            self.story.append((self.timeline.now, process.holder, item, effects))

    def store_refuses_writes(self) -> str | None:
        locked = self.timeline.now < self._store_locked_until
        return "The database is read-only." if locked else None

    def store_delay_s(self) -> float:
        until, by_s = self._store_slow
        return by_s if self.timeline.now < until else 0.0

    def _loses_recording(self) -> bool:
        share = self.faults.recording_lost
        lost = share > 0 and self._losses.random() < share
        self.happened[FaultKind.RECORDING_LOST] += int(lost)
        return lost

    def store_fails(self) -> str | None:
        away = self.timeline.now < self._store_away_until
        return "The database is away." if away else None

    def answer_lost(self) -> bool:
        if self.faults.answer_lost <= 0.0:
            return False
        lost = self.random.random() < self.faults.answer_lost
        self.answers_lost += int(lost)
        self.happened[FaultKind.ANSWER_LOST] += int(lost)
        return lost

    def ways_of(self, event: Event) -> tuple[float, ...]:
        return self._noise.ways_of(event, self.faults)


class _DeskOf:
    """A world as an agent's browser sees it."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def utc(self) -> datetime:
        return self._world.timeline.utc

    def ask(self, do: str, user: str, connection: str, **args: object) -> None:
        self._world.send(do, user, connection, **args)

    def gone(self, connection: str) -> None:
        self._world.detach(connection)

    def after(self, span_s: float, act: Callable[[], None]) -> object:
        return self._world.timeline.after(span_s, act)

    def lose_device_of(self, user: str, *, for_good: bool) -> None:
        engine = self._world.engine
        for leg in [d.leg for d in engine.devices.values() if d.agent == user]:
            if for_good:
                engine.lose_device(leg, "ice")
            else:
                engine.silence_device(leg, self._world.random.uniform(1.0, 6.0))
