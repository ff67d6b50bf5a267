"""A floor's process in virtual time: what `dialer.runtime` is in a real one.

It feeds one `Floor` and carries its effects out: verbs over a link that can break, the database's
jobs one after another, ticks and deadlines. It can be killed between any two effects, or stopped
for a while as a machine under load stops a process. What the floor decides is the floor's own.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from vyzov.core.errors import StoreFault
from vyzov.dialer import effects as fx
from vyzov.dialer.claims import SILENCE_S
from vyzov.dialer.floor import Floor
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.journal import Life
from vyzov.dialer.ports import EngineLost, Event, Json, Originate, Refused, Verb
from vyzov.dialer.reading import read_due
from vyzov.dialer.runtime import LEASE_RENEW_S, LEASE_SPAN_S, TICK_S
from vyzov.dialer.watching import PAST_SPAN
from vyzov.dialer.writes import Batch, CommitResult, Journalled
from vyzov.simulation.engine import SimulatedEngine
from vyzov.simulation.world_journal import WorldJournal
from vyzov.simulation.world_time import Alarm, Timeline

LEASE_SPAN = timedelta(seconds=LEASE_SPAN_S)
LEASE_ASK_S = 0.25
LINK_RETRY_S = 0.05
STORE_RETRY_S = 0.5
SYNC_S = 0.2


@dataclass(frozen=True, slots=True)
class Delays:
    """How long things take in a world, in seconds."""

    commit_s: float = 0.004
    read_s: float = 0.002
    answer_s: float = 0.001
    link_s: float = 0.001


class Surroundings(Protocol):
    """What a process lives among: screens, faults and those who watch."""

    def tell(self, topic: str, state: Json) -> None: ...
    def say(self, connection: str, message: Json) -> None: ...
    def reply(self, ask: int, ok: bool, body: Json) -> None: ...  # noqa: FBT001
    def committed(self, batch: Batch, result: CommitResult) -> None: ...
    def stepped(self, process: "FloorProcess", item: fx.Input) -> None: ...

    def dies_before(self, effect: fx.Effect) -> bool:
        """True where the process is killed now, with this effect and all later ones undone."""
        ...

    def dies_after(self, effect: fx.Effect) -> bool:
        """True where the process is killed now, with this effect done and all later ones undone."""
        ...

    def dies_in(self, effect: fx.Commit, where: str) -> bool:
        """True where the process is killed in a commit: `not written`, `written and not told`."""
        ...

    def took(self, process: "FloorProcess", item: fx.Input, effects: list[fx.Effect]) -> None:
        """Sees an input and what it led to, before any of it is done."""
        ...

    def prolonged(self, process: "FloorProcess") -> None:
        """Sees that a process was told the lease is still its own."""
        ...

    def store_refuses_writes(self) -> str | None:
        """Why the database does not write now, None where it does."""
        ...

    def store_delay_s(self) -> float:
        """How much longer than usual each piece of the database's work takes."""
        ...

    def store_fails(self) -> str | None:
        """Why the database does not answer now, None where it does."""
        ...

    def answer_lost(self) -> bool:
        """True where a batch is durable and its answer gets lost."""
        ...

    def ways_of(self, event: Event) -> tuple[float, ...]:
        """The delays with which an event arrives, more than one where it is doubled."""
        ...


@dataclass(slots=True)
class Job:
    """One piece of work for the database: its answer goes to the inbox.

    `given_up` makes the answer where the database is away; None waits for it."""

    act: Callable[[], fx.Input | None]
    takes_s: float
    given_up: Callable[[str], fx.Input | None] | None = None


@dataclass(slots=True)
class LeaseSeen:
    """What whoever waits for a floor sees of its lease: who prolonged it last, and when."""

    holder: str = ""
    at: float = 0.0


class FloorProcess:
    """One life of a floor, from taking the lease to its death."""

    def __init__(
        self, floor: Floor, store: FloorStore, timeline: Timeline, engine: SimulatedEngine,
        around: Surroundings, *, holder: str, delays: Delays, journal: WorldJournal, lease: LeaseSeen,
    ) -> None:  # fmt: skip
        """Waits for `start`."""
        self._journal = journal
        self._lease = lease
        self._places = 0
        self._last_kept = self._told_kept = 0
        self.floor = floor
        self.holder = holder
        self.clock = f"world:{holder}"
        self.alive = True
        self.open = False
        self.fence = 0
        self._store = store
        self._timeline = timeline
        self._engine = engine
        self._around = around
        self._delays = delays
        self._linked = False
        self._unlinked_until = 0.0
        self._frozen_until: float | None = None
        self._inbox: deque[fx.Input] = deque()
        self._jobs: deque[Job] = deque()
        self._working = False
        self._store_away = False
        self._tick: Alarm | None = None
        self._next_tick = 0.0
        self._stepping = False
        self._turned_at = timeline.now
        self._lease_until = 0.0
        self._lease_held = True

    # ---- life

    def start(self) -> None:
        """Takes the lease, waiting for an older holder's to run out, and loads the floor."""
        if not self.alive:
            return
        try:
            self._fail_if_away()
            for one, result in self._journal.apply_left(self._store):
                self._around.committed(one.writes, result)
            silent = self._timeline.now - self._lease.at >= SILENCE_S
            fence = self._store.take_lease(
                self.floor.id, self.holder, self._timeline.utc, LEASE_SPAN,
                gone=self._lease.holder if silent else "",
            )  # fmt: skip
            since = self._timeline.utc - PAST_SPAN
            state = None if fence is None else self._store.load_floor(self.floor.id, since=since)
        except StoreFault:
            fence = state = None
        if fence is None or state is None:
            self._timeline.after(LEASE_ASK_S, self.start)
            return
        self.fence, self.open = fence, True
        self._lease.holder, self._lease.at = self.holder, self._timeline.now
        self._lease_until = self._timeline.now + LEASE_SPAN_S
        began = self._timeline.utc
        self._journal.begin(Life(self.holder, state.organisation.id, self.floor.id, fence, began))
        self._next_tick = self._timeline.now + TICK_S
        self.post(fx.Opened(state, fence))
        self._timeline.after(LEASE_RENEW_S, self._renew)
        self._connect()
        self._arm(self._next_tick)

    def die(self) -> None:
        """The process is killed."""
        self.alive = False
        self._journal.ended(self.holder)
        self._jobs.clear()
        self._inbox.clear()
        if self._tick is not None:
            self._tick.call_off()
        if self._linked:
            self._linked = False
            self._engine.leave(self, self.floor.id)

    def freeze(self, span_s: float) -> None:
        """The process stands still for a while; the world goes on."""
        until = self._timeline.now + span_s
        self._frozen_until = until
        self._timeline.at(until, lambda: self._thaw(until))

    def _thaw(self, woke_at: float) -> None:
        self._frozen_until = None
        if not self.alive:
            return
        now = self._timeline.now
        if now - self._turned_at > LEASE_SPAN_S:
            kept = self._has_kept_lease()
            if kept is None and now < woke_at + LEASE_SPAN_S:
                self._frozen_until = now + STORE_RETRY_S
                self._timeline.at(self._frozen_until, lambda: self._thaw(woke_at))
                return
            if not kept:
                self.die()
                return
        self._drain()
        if self._jobs and not self._working:
            self._working = True
            self._work()

    def _has_kept_lease(self) -> bool | None:
        """Asks, before anything is done after a long sleep: others may lead these calls by now.

        None where the database does not answer."""
        try:
            self._fail_if_away()
            return self._prolong(self._timeline.now)
        except StoreFault:
            return None

    def _prolong(self, asked_at: float) -> bool:
        """Prolongs the lease from the moment it was asked for; False where another has it."""
        now = self._timeline.utc
        kept = self._store.renew_lease(self.floor.id, self.holder, now, LEASE_SPAN)
        if kept:
            self._lease.at = self._timeline.now
            self._lease_until = asked_at + LEASE_SPAN_S
            self._around.prolonged(self)
        return kept

    @property
    def awake(self) -> bool:
        """True while the process does anything."""
        return self.alive and self._frozen_until is None

    @property
    def holds_lease(self) -> bool:
        """True while, by its own clock, the lease it has lasts."""
        return self._timeline.now < self._lease_until

    # ---- the inbox and the tick

    def post(self, item: fx.Input) -> None:
        """Puts an input in the inbox; inputs are taken in the order in which they come."""
        if self.alive:
            self._inbox.append(item)
            if not self._stepping:
                self._drain()

    def _drain(self) -> None:
        if self._stepping:
            return
        self._stepping = True
        try:
            inbox, timeline = self._inbox, self._timeline
            while inbox and self.alive and self._frozen_until is None:
                held = timeline.now < self._lease_until
                if held is not self._lease_held:
                    self._lease_held = held
                    inbox.appendleft(fx.LeaseKept() if held else fx.LeaseOver())
                item = inbox.popleft()
                timeline.turned(item)
                self._step(item)
        finally:
            self._stepping = False

    def _step(self, item: fx.Input) -> None:
        timeline = self._timeline
        self._turned_at = timeline.now
        now = fx.Now(timeline.utc, timeline.now, self.clock)
        around, effects = self._around, self.floor.step(item, now)
        around.took(self, item, effects)
        for effect in effects:
            if around.dies_before(effect):
                self.die()
                return
            self._carry_out(effect)
            if around.dies_after(effect):
                self.die()
                return
        self._around.stepped(self, item)
        if type(item) is fx.LeaseLost:
            self.die()

    def _arm(self, at: float) -> None:
        if self._tick is not None and self._tick.act is not None:
            if self._tick.at <= at:
                return
            self._tick.call_off()
        self._tick = self._timeline.at(at, self._ticked)

    def _ticked(self) -> None:
        if not self.alive:
            return
        if not self.awake:
            self._tick = self._timeline.at(self._frozen_until or 0.0, self._ticked)
            return
        self._tick = None
        self._arm(self._timeline.now + TICK_S)
        self.post(fx.Tick())

    def _carry_out(self, effect: fx.Effect) -> None:
        around = self._around
        if type(effect) is fx.Commit:  # Three of four effects are one of these.
            self._queue(self._job_of(effect))
            return
        if type(effect) is fx.Arm:
            self._arm(effect.at)
            return
        if type(effect) is fx.SendVerb:
            self._send(effect.verb)
            return
        match effect:
            case fx.Tell(topic, state):
                around.tell(topic, state)
            case fx.Say(connection, message):
                around.say(connection, message)
            case fx.Reply(ask, ok, body):
                around.reply(ask, ok, body)
            case _:
                self._queue(self._job_of(effect))

    # ---- the link

    def _connect(self) -> None:
        if not self.alive or self._linked:
            return
        if not self._engine.up or not self.awake or self._timeline.now < self._unlinked_until:
            self._timeline.after(LINK_RETRY_S, self._connect)
            return
        self._linked = True
        self._engine.connect(self, self.floor.id, self.fence)

    def hear(self, event: Event) -> None:
        """Takes an event off the link, in order unless the world meddles with it."""
        for delay in self._around.ways_of(event):
            self._timeline.surely(self._delays.link_s + delay, partial(self.post, event))

    def closed(self) -> None:
        """The engine's end is gone: connects again."""
        if self._linked:
            self._linked = False
            self.post(EngineLost(self._timeline.now))
            self._timeline.after(LINK_RETRY_S, self._connect)

    def break_link(self, span_s: float = 0.0) -> None:
        """The connection breaks, for at least so long; both sides go on."""
        if self._linked:
            self._unlinked_until = self._timeline.now + span_s
            self._engine.leave(self, self.floor.id)
            self.closed()

    def _send(self, verb: Verb) -> None:
        if isinstance(verb, Originate) and self._timeline.now >= self._lease_until:
            self.post(Refused(verb.leg, 1, self._timeline.now, "lease"))
        elif self._linked:
            self._timeline.surely(self._delays.link_s, partial(self._arrive, verb))

    def _arrive(self, verb: Verb) -> None:
        if self._engine.speaks_to(self):
            self._engine.carry_out(verb, self.floor.id)

    # ---- the database's thread

    def _renew(self) -> None:
        if not self.alive:
            return
        self._timeline.after(LEASE_RENEW_S, self._renew)
        if not self.awake:
            return

        asked_at = self._timeline.now

        def renew() -> fx.Input | None:
            return None if self._prolong(asked_at) else fx.LeaseLost()

        self._queue(Job(renew, self._delays.commit_s, lambda _reason: None))

    def _job_of(self, effect: fx.Effect) -> Job:
        delays = self._delays
        match effect:
            case fx.Commit(batch, _, giveup):
                self._places += 1
                place = self._places
                if not giveup:
                    now = self._timeline.utc
                    self._journal.keep(self.holder, place, now, effect.writes)
                    self._last_kept = batch
                return Job(
                    lambda: self._commit(effect, place), delays.commit_s,
                    (lambda reason: fx.CommitFailed(batch, reason)) if giveup else None,
                )  # fmt: skip
            case fx.LoadDue(campaign, limit):
                return Job(
                    lambda: read_due(self._store, effect, self._timeline.utc), delays.read_s,
                    lambda _reason: fx.DueLoaded(campaign, (), limit, None, None, effect.only),
                )  # fmt: skip
            case fx.LoadHistory(attempt, contact):
                return Job(
                    lambda: fx.HistoryLoaded(attempt, tuple(self._store.history(contact))),
                    delays.read_s, lambda _reason: None,
                )  # fmt: skip
            case fx.Reload():
                return Job(
                    lambda: fx.Reloaded(self._store.load_floor(self.floor.id)),
                    delays.read_s, lambda _reason: None,
                )  # fmt: skip
            case _:
                raise AssertionError(f"no way to carry out {effect!r}")

    def _commit(self, effect: fx.Commit, place: int) -> fx.Input | None:
        if self._around.dies_in(effect, "not written"):
            self.die()
            return None
        if (reason := self._around.store_refuses_writes()) is not None:
            raise StoreFault(reason, "Wait until it can be written again.")
        result = self._store.commit((*effect.writes, Journalled(self.holder, place)))
        self._around.committed(effect.writes, result)
        if self._around.dies_in(effect, "written and not told"):
            self.die()
            return None
        if self._around.answer_lost():
            raise StoreFault("The answer of the database was lost.", "Write it again.")
        self._journal.saved(self.holder, place)
        if result.stale:
            self._timeline.after(2 * self._delays.answer_s, lambda: self.post(fx.LeaseLost()))
        return fx.Committed(effect.batch, result.refused)

    def _queue(self, job: Job) -> None:
        self._jobs.append(job)
        if not self._working:
            self._working = True
            self._timeline.surely(job.takes_s + self._around.store_delay_s(), self._work)

    def _work(self) -> None:
        if not self.awake or not self._jobs:
            self._working = False
            return
        job = self._jobs[0]
        try:
            self._fail_if_away()
            answer = job.act()
        except StoreFault as fault:
            if not self._store_away:
                self._store_away = True
                self.post(fx.StoreAway(fault.what))
                self._timeline.after(SYNC_S, self._sync)
            if job.given_up is None:
                self._timeline.after(STORE_RETRY_S, self._work)
                return
            answer = job.given_up(fault.what)
        else:
            if self._store_away:
                self._store_away = False
                self.post(fx.StoreBack())
        if not self.alive:
            return
        self._jobs.popleft()
        if self._jobs:
            takes_s = self._jobs[0].takes_s + self._around.store_delay_s()
            self._timeline.surely(takes_s, self._work)
        else:
            self._working = False
        if answer is not None:
            # Between the disk and the floor there is time enough to be killed.
            self._timeline.surely(self._delays.answer_s, partial(self.post, answer))

    def _sync(self) -> None:
        """Makes the journal safe in groups while the database is away, and tells the floor."""
        if not self.alive or not self._store_away:
            return
        self._timeline.after(SYNC_S, self._sync)
        if self.awake and self._told_kept != self._last_kept:
            self._told_kept = self._last_kept
            self.post(fx.Kept(self._last_kept))

    def _fail_if_away(self) -> None:
        reason = self._around.store_fails()
        if reason is not None:
            raise StoreFault(reason, "Wait until it answers again.")
