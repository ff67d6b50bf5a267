"""Runs one process kind of `vyzov serve`: on uvloop, until a signal or the end of its parent."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

import uvloop

from vyzov.app import Settings
from vyzov.cli.precedence import Precedence
from vyzov.cli.supervisor import watch_parent

log = logging.getLogger("vyzov.process")

Kind = Callable[[Settings, Callable[[asyncio.Event], None]], Awaitable[None]]


def live(kind: Kind, settings: Settings, name: str, granted: Precedence) -> None:
    """Runs `kind` to its end; SIGINT, SIGTERM and a vanished parent ask it to leave.

    `granted` says which precedence over other processes the system gave to the one named `name`."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("aioice").setLevel(logging.WARNING)
    logging.getLogger("aiortc").setLevel(logging.WARNING)
    # It would write each webhook's address, which may hold a key of the receiver's.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    log.info("the %s (process %d) goes before others by: %s", name, os.getpid(), granted)

    def ready(stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        watch_parent(stop.set)

    async def run() -> None:
        await kind(settings, ready)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
