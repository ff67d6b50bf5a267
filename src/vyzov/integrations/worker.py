"""Delivers what waits in the outbox: each event at least once, those of a contact in their order.

Every receiver has a lane of its own, so that one that hangs is waited for by nobody else. What came of
each sending is noted in the next turn, together with all others: a floor that writes the same database
waits for one short transaction a turn and not for one a delivery. A crash between a sending and its note
sends the event again, under the same id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from vyzov.core.errors import VyzovError
from vyzov.core.webhook import is_dead, next_try, rest_after
from vyzov.dialer.ports import Clock, Randomness
from vyzov.dialer.webhooks import DeliveryStore, Due, OffReason, Receiver, Settled
from vyzov.integrations.payload import payload_of
from vyzov.integrations.sending import Send, Sent
from vyzov.integrations.signature import headers_of

log = logging.getLogger("vyzov.worker")

TURN_S = 0.5
LEASE = timedelta(seconds=15)
PARALLEL = 8
"""How many events one receiver is sent at a time while it answers."""
BATCH = 64
"""How many events of one receiver a turn takes up."""
GIVE_WAY_AFTER = 3
"""Failures in a row after which what was taken up for a receiver is put back."""
LEAVE_S = 5.0
"""How long a worker that is told to leave waits for what it has sent."""
FORGET_EVERY = timedelta(minutes=10)
FORGET_AT_ONCE, FORGET_PIECES, FORGET_PAUSE_S = 500, 20, 0.1
GONE = 410


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the worker goes on with what does not work, and keeps what is done."""

    dead_after: timedelta = timedelta(days=5)
    keep: timedelta = timedelta(days=30)


@dataclass
class Lane:
    """A receiver, what is on its way there, and how it has answered so far."""

    receiver: Receiver
    busy: set[str] = field(default_factory=set[str])
    """Turns of events that were taken up and are not noted yet: nothing may follow them."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PARALLEL))
    failures: int = 0
    rest_until: float = 0.0


class Worker:
    """One worker process; of several only the holder of an organisation's lease delivers for it."""

    def __init__(
        self, store: DeliveryStore, organisations: Callable[[], Iterable[str]], send: Send, *,
        clock: Clock, dice: Randomness, holder: str, version: str, patience: Patience | None = None,
    ) -> None:  # fmt: skip
        """Delivers nothing yet."""
        self._store = store
        self._organisations = organisations
        self._send = send
        self._clock = clock
        self._dice = dice
        self._holder = holder
        self._agent = f"Vyzov-Webhooks/{version}"
        self._patience = patience or Patience()
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._came: dict[str, list[tuple[Lane, Due, Settled]]] = {}
        self._forget_at = 0.0
        self.delivered = 0
        self.failed = 0
        self._leaving = False

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until `stop`; what is on its way then is waited for a little and noted."""
        while not stop.is_set():
            await self._safely(self.turn)
            try:
                async with asyncio.timeout(TURN_S):
                    await stop.wait()
            except TimeoutError:
                continue
        self._leaving = True
        tasks = [task for lane in self._lanes.values() for task in lane.tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=LEAVE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._safely(self._take_leave)

    async def turn(self) -> None:
        """Notes what came, takes up what is due, forgets what is old."""
        organisations = list(await asyncio.to_thread(self._organisations))
        for organisation in organisations:
            await self._turn_of(organisation)
        if self._clock.monotonic() >= self._forget_at:
            self._forget_at = self._clock.monotonic() + FORGET_EVERY.total_seconds()
            for organisation in organisations:
                await self._forget(organisation)

    @property
    def under_way(self) -> int:
        """How many events are on their way, or came there and are not noted yet."""
        return sum(len(lane.busy) for lane in self._lanes.values())

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        """Goes on after a fault: what was not noted is noted, or sent again, later."""
        try:
            await work()
        except VyzovError as fault:
            log.warning("the outbox waits: %s", fault)
        except Exception:
            log.exception("a turn of the outbox failed; the next one begins anew")

    async def _turn_of(self, organisation: str) -> None:
        came = self._came.pop(organisation, [])
        settled = [one for _, _, one in came]
        try:
            found = await asyncio.to_thread(
                self._store.worker_turn, organisation, self._holder, LEASE, settled
            )
        except BaseException:
            # Not noted: it is noted with the next turn, and nothing overtakes it until then.
            self._came[organisation] = [*came, *self._came.get(organisation, [])]
            raise
        for lane, due, _ in came:
            lane.busy.discard(due.turn)
        if self._leaving:
            return
        there = {receiver.id for receiver in found.receivers}
        for key in [key for key in self._lanes if key[0] == organisation and key[1] not in there]:
            if not self._lanes[key].busy:
                del self._lanes[key]
        for receiver in found.receivers:
            lane = self._lanes.setdefault((organisation, receiver.id), Lane(receiver))
            lane.receiver = receiver
            await self._take_up(organisation, lane)

    async def _take_up(self, organisation: str, lane: Lane) -> None:
        room = 1 if lane.failures else BATCH
        room -= len(lane.busy)
        if room <= 0 or self._clock.monotonic() < lane.rest_until:
            return
        limit = room + len(lane.busy)
        due = await asyncio.to_thread(
            self._store.due_deliveries, organisation, lane.receiver, limit
        )
        for one in [one for one in due if one.turn not in lane.busy][:room]:
            lane.busy.add(one.turn)
            task = asyncio.create_task(self._deliver(organisation, lane, one))
            lane.tasks.add(task)
            task.add_done_callback(lane.tasks.discard)

    async def _deliver(self, organisation: str, lane: Lane, due: Due) -> None:
        async with lane.room:
            if self._leaving or (lane.failures >= GIVE_WAY_AFTER and len(lane.busy) > 1):
                lane.busy.discard(due.turn)
                return
            body = payload_of(due)
            now = self._clock.utc()
            headers = {
                **headers_of(lane.receiver.secrets, due.event_id, int(now.timestamp()), body),
                "content-type": "application/json",
                "user-agent": self._agent,
            }
            sent = await self._send(lane.receiver.url, headers, body)
        if sent.delivered:
            self.delivered, lane.failures = self.delivered + 1, 0
        else:
            self.failed, lane.failures = self.failed + 1, lane.failures + 1
        lane.rest_until = self._clock.monotonic() + rest_after(lane.failures).total_seconds()
        settled = self._settled(lane.receiver, due, sent)
        self._came.setdefault(organisation, []).append((lane, due, settled))

    def _settled(self, receiver: Receiver, due: Due, sent: Sent) -> Settled:
        now = self._clock.utc()
        next_at = off = None
        if not sent.delivered:
            next_at = next_try(due.tries + 1, now, self._dice.dice(), sent.wait)
            if sent.status == GONE:
                off = OffReason.GONE
            elif is_dead(receiver.failing_since, now, self._patience.dead_after):
                off = OffReason.DEAD
        return Settled(
            webhook=due.webhook,
            number=due.number,
            at=now,
            took_ms=sent.took_ms,
            status=sent.status,
            error=sent.fault.value,
            delivered=sent.delivered,
            # One that is switched off keeps what waits, for when somebody switches it on again.
            next_at=now if off and next_at is None else next_at,
            off=off or OffReason.NONE,
        )

    async def _forget(self, organisation: str) -> None:
        before = self._clock.utc() - self._patience.keep
        await asyncio.to_thread(self._store.forget_deliveries, organisation, before, FORGET_AT_ONCE)

    async def _take_leave(self) -> None:
        for organisation in await asyncio.to_thread(self._organisations):
            await self._turn_of(organisation)
            await asyncio.to_thread(self._store.release_worker, organisation, self._holder)
