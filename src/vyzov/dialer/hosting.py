"""A floor process: takes floors without an owner, keeps each until its lease or the process ends.

Every floor it holds has a store, an engine's connection and a door of its own, so the end of one is no
matter to the others. Which floor is taken, and when, `claims` decides; what a floor is made of, the
composition root says.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from vyzov.core.errors import VyzovError
from vyzov.dialer.claims import Claim, Claims
from vyzov.dialer.floor_places import FloorPlace
from vyzov.dialer.ports import Clock

log = logging.getLogger("vyzov.floor")

LOOK_EVERY_S = 0.3


class Held(Protocol):
    """A floor from its lease to its release."""

    async def live(self) -> None:
        """Works until the lease is lost, the floor fails, or it is cancelled."""
        ...

    async def drain(self) -> None:
        """Dials nothing more and waits for talks to end, within a limit."""
        ...


Take = Callable[[Claim], Awaitable[Held | None]]


class Host:
    """All floors of one process."""

    def __init__(
        self, look: Callable[[], tuple[FloorPlace, ...]], take: Take, claims: Claims, clock: Clock,
        processes: int,
    ) -> None:  # fmt: skip
        """`look` reads the floors and their leases (it may block); `take` makes one ours, or not."""
        self._look = look
        self._take = take
        self._claims = claims
        self._clock = clock
        self._processes = processes
        self._held: dict[str, tuple[Held, asyncio.Task[None]]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Takes and keeps floors until `stop` is set, then drains them all and lets them go."""
        try:
            while not stop.is_set():
                await self._claim()
                try:
                    # Not `wait_for`: where its end comes with what it waits for, it forgets the end.
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await stop.wait()
                except TimeoutError:
                    self._bury()
            self._bury()
            drains = [held.drain() for held, _ in self._held.values()]
            await asyncio.gather(*drains)
        finally:
            tasks = [task for _, task in self._held.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self) -> None:
        try:
            places = await asyncio.to_thread(self._look)
        except VyzovError as error:
            log.warning("who owns which floor cannot be read: %s", error.what)
            return
        claim = self._claims.due(
            places, self._held.keys(), self._processes, self._clock.utc(), self._clock.monotonic()
        )
        if claim is None:
            return
        try:
            held = await self._take(claim)
        except VyzovError as error:
            log.warning("floor %s cannot be taken now: %s", claim.floor, error.what)
            return
        except OSError as error:
            # Its files are in trouble; other floors' calls must not end for that.
            log.warning("floor %s cannot be taken now: %s", claim.floor, error)
            return
        if held is not None:
            log.info("floor %s is ours", claim.floor)
            self._held[claim.floor] = held, asyncio.create_task(held.live())

    def _bury(self) -> None:
        """Lets go of floors that ended by themselves; they may be taken again."""
        for floor, (_, task) in list(self._held.items()):
            if not task.done():
                continue
            del self._held[floor]
            error = task.exception() if not task.cancelled() else None
            log.error("floor %s has ended here", floor, exc_info=error)
