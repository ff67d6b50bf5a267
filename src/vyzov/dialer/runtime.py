"""Turns a floor's effects into acts: the only asyncio file of the dialer.

One inbox, one writer: engine events, answers of the database, asks of people and the tick are fed to
`Floor.step` in the order they arrive. The database is driven by `store_line` from one thread of its
own, beside a journal; here it is looked after: a database that says nothing is away.
"""

import asyncio
import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from vyzov.core.errors import StoreFault
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor
from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.journal import Journal, Life
from vyzov.dialer.ports import Event, Json, Originate, Refused, Verb
from vyzov.dialer.store_line import BACKLOG_BATCHES_MAX, StoreLine
from vyzov.dialer.watching import PAST_SPAN

T = TypeVar("T")
log = logging.getLogger("vyzov.floor")

TICK_S = 0.5
LEASE_SPAN_S = 6.0
LEASE_RENEW_S = 2.0
LOOK_S = 0.1
LEFT_LOOK_S = 60.0


class EngineDoor(Protocol):
    """A connection to an engine: verbs out; events arrive by the callback given at its making."""

    def send(self, verb: Verb) -> None: ...


class ScreenDoor(Protocol):
    """The way back to the web process."""

    def tell(self, topic: str, state: Json) -> None: ...
    def say(self, connection: str, message: Json) -> None: ...
    def reply(self, ask: int, ok: bool, body: Json) -> None: ...  # noqa: FBT001


def clock_id() -> str:
    """Names the monotonic clock, `BOOT:PROCESS`; nothing before the colon where the boot is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{boot[:8]}:{os.getpid()}"


def lease_clock() -> float:
    """Seconds that go on while the machine is suspended, as the rest of the world's do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)


class SystemDice:
    """Ids as UUIDv7: 48 bits of UTC milliseconds, then randomness, so that they sort by age."""

    def new_id(self) -> str:
        moment = time.time_ns() // 1_000_000
        tail = int.from_bytes(os.urandom(10), "big")
        value = (moment & (1 << 48) - 1) << 80 | tail
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return str(uuid.UUID(int=value))

    def dice(self) -> float:
        return int.from_bytes(os.urandom(7), "big") / float(1 << 56)


class Runtime:
    """Feeds one floor and carries out what it wants."""

    def __init__(
        self, floor: Floor, store: FloorStore, *, floor_id: str, holder: str,
        on_died: Callable[[str], None], journal: Journal | None = None,
        backlog_max: int = BACKLOG_BATCHES_MAX,
    ) -> None:  # fmt: skip
        """Waits for `open`. Without a journal what waits for the database dies with the process."""
        self.floor = floor
        self.store = store
        self.floor_id = floor_id
        self.holder = holder
        self.engine: EngineDoor | None = None
        self.screens: ScreenDoor | None = None
        self.fence = 0
        self.died = False
        self._lease_until = 0.0
        self._lease_held = True
        self._on_died = on_died
        self._clock = clock_id()
        self._inbox: asyncio.Queue[fx.Input] = asyncio.Queue()
        self._arm_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self._journal = journal
        self._line = StoreLine(
            store, floor_id, SystemClock(), back=self._back, on_full=on_died,
            backlog_max=backlog_max,
        )  # fmt: skip

    @property
    def store_away(self) -> bool:
        """True while the database does not answer: closing it would wait for it."""
        return self._line.away

    # ---- doors in

    def post(self, item: fx.Input) -> None:
        """Puts an input in the floor's inbox (from the event loop's thread)."""
        self._inbox.put_nowait(item)

    def post_event(self, event: Event) -> None:
        self._inbox.put_nowait(event)

    # ---- life

    async def open(self, *, address: str = "", gone: str = "") -> bool:
        """Takes the lease and loads the floor; False where another holds it.

        `address` and `gone` are as in `FloorStore.take_lease`."""
        self._line.start()
        journal = self._journal
        if journal is not None:
            # Before anybody leads the floor: what the last life could not save is part of its state.
            await self._in_store(lambda: self._line.apply_left(journal))
        span, asked_at = timedelta(seconds=LEASE_SPAN_S), lease_clock()
        fence = await self._in_store(
            lambda: self.store.take_lease(
                self.floor_id, self.holder, datetime.now(UTC), span, address=address, gone=gone
            )
        )
        if fence is None:
            return False
        self._lease_until = asked_at + LEASE_SPAN_S
        self.fence = fence
        since = datetime.now(UTC) - PAST_SPAN
        state = await self._in_store(lambda: self.store.load_floor(self.floor_id, since=since))
        if journal is not None:
            began = datetime.now(UTC)
            life = Life(self.holder, state.organisation.id, self.floor_id, fence, began)
            self._line.begin(life, await self._in_store(lambda: journal.begin(life)))
        self._step(fx.Opened(state=state, fence=fence))
        return True

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_lease())
            tasks.create_task(self._look_after_store())
            tasks.create_task(self._keep_journal())
            tasks.create_task(self._work())

    def close(self) -> None:
        """Saves what can be saved; what cannot stays in the journal. Gives the lease back.

        A database that is away is not waited for."""
        self._line.close()
        if not self._line.away and self.fence:
            with contextlib.suppress(StoreFault):
                self.store.release_lease(self.floor_id, self.holder, datetime.now(UTC))

    async def _work(self) -> None:
        next_tick, turned_at = time.monotonic() + TICK_S, lease_clock()
        while True:
            due = min(next_tick, self._arm_at) if self._arm_at is not None else next_tick
            wait = max(0.0, due - time.monotonic())
            item: fx.Input | None = None
            if wait:
                # Not `wait_for`: where an input arrives with the end, it forgets that it was cancelled.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        item = await self._inbox.get()
            slept_s, turned_at = lease_clock() - turned_at, lease_clock()
            if slept_s > LEASE_SPAN_S and not await self._is_still_ours():
                # Nothing is decided any more: its timers would ring for calls that another leads.
                return
            if item is not None:
                self._step(item)
                for _ in range(200):
                    if self._inbox.empty():
                        break
                    self._step(self._inbox.get_nowait())
            if time.monotonic() >= due:
                next_tick = time.monotonic() + TICK_S
                self._arm_at = None
                self._step(fx.Tick())
                await asyncio.sleep(0)

    def _step(self, item: fx.Input) -> None:
        held = lease_clock() < self._lease_until
        if held is not self._lease_held:
            # Before anything else is decided: who is reserved now could not be dialled.
            self._lease_held = held
            log.warning(
                "the lease %s", "is prolonged" if held else "has run out: nobody is dialled"
            )
            self._feed(fx.LeaseKept() if held else fx.LeaseOver())
        self._feed(item)

    def _feed(self, item: fx.Input) -> None:
        now = fx.Now(utc=datetime.now(UTC), mono=time.monotonic(), clock=self._clock)
        for effect in self.floor.step(item, now):
            self._carry_out(effect)

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.SendVerb(verb):
                self._send(verb)
            case fx.Commit() | fx.LoadDue() | fx.LoadHistory() | fx.Reload():
                self._line.put(effect)
            case fx.Arm(at):
                self._arm_at = at if self._arm_at is None else min(at, self._arm_at)
            case fx.Tell(topic, state):
                if self.screens is not None:
                    self.screens.tell(topic, state)
            case fx.Say(connection, message):
                if self.screens is not None:
                    self.screens.say(connection, message)
            case fx.Reply(ask, ok, body):
                if self.screens is not None:
                    self.screens.reply(ask, ok, body)

    def _send(self, verb: Verb) -> None:
        if isinstance(verb, Originate) and lease_clock() >= self._lease_until:
            # This process slept, or the database did: another may own the floor by now.
            log.warning("attempt %s is not dialled: the lease has run out", verb.attempt)
            self.post(Refused(verb.leg, 1, time.monotonic(), "lease"))
        elif self.engine is not None:
            self.engine.send(verb)

    # ---- the database's thread

    async def _in_store(self, call: Callable[[], T]) -> T:
        """Runs a call in the database's thread and returns what it returns or raises."""
        done: asyncio.Future[T] = self._loop.create_future()

        def job() -> None:
            try:
                value = call()
            except Exception as error:  # noqa: BLE001 - carried to the awaiting side
                self._loop.call_soon_threadsafe(_fail, done, error)
            else:
                self._loop.call_soon_threadsafe(_succeed, done, value)

        self._line.call(job)
        return await done

    def _back(self, item: fx.Input) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.post, item)

    async def _look_after_store(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._line.look()

    async def _keep_journal(self) -> None:
        """Makes the journal safe, in groups, for as long as nothing else can be; now and then looks
        for the journals of processes that were given up while they lived and are gone by now."""
        looked_at, journal = time.monotonic(), self._journal
        while True:
            await asyncio.sleep(LOOK_S)
            if self._line.away:
                await asyncio.to_thread(self._line.sync)
            elif journal is not None and time.monotonic() - looked_at > LEFT_LOOK_S:
                looked_at = time.monotonic()
                try:
                    await self._in_store(lambda: self._line.apply_left(journal))
                except StoreFault:
                    pass
                except OSError as error:
                    # Calls that live must not end because an old file cannot be read.
                    log.warning("a journal that was left behind cannot be applied: %s", error)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_RENEW_S)
            if await self._renew() is False:
                self.post(fx.LeaseLost())
                return

    async def _is_still_ours(self) -> bool:
        """Asks, after a long sleep, whether another process took the floor meanwhile.

        Waits for a database that is away, for as long as a lease lasts; after that the floor is given
        up, for the engine looks after calls without a floor, and nobody after those of two."""
        until = lease_clock() + LEASE_SPAN_S
        while (kept := await self._renew()) is None:
            if lease_clock() >= until:
                self._on_died("it slept beyond its lease, and nobody can say whose the floor is")
                return False
            await asyncio.sleep(LOOK_S)
        return kept

    async def _renew(self) -> bool | None:
        """Prolongs the lease: False where another process has it, None where nobody can tell."""
        span, asked_at = timedelta(seconds=LEASE_SPAN_S), lease_clock()
        try:
            kept = await self._in_store(
                lambda: self.store.renew_lease(self.floor_id, self.holder, datetime.now(UTC), span)
            )
        except Exception as error:  # noqa: BLE001 - reported, and dialling stops
            self._line.fault(error)
            return None
        self._line.well()
        if kept:
            self._lease_until = asked_at + LEASE_SPAN_S
        else:
            self._on_died("another process holds the lease of this floor")
        return kept


def _succeed(done: "asyncio.Future[T]", value: T) -> None:
    if not done.done():
        done.set_result(value)


def _fail(done: "asyncio.Future[T]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
