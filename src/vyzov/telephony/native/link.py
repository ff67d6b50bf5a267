"""A floor's side of the engine's socket: the Telephony port over lines of JSON.

Connects and connects again with a bounded back-off; after each connection it asks for the snapshot,
so that what the floor knows is put right. Verbs given while there is no engine are dropped: the
floor has heard `EngineLost`, and the snapshot is the truth from then on.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

from vyzov.dialer.ports import AskSnapshot, EngineLost, Event, RemoveTrunk, SetTrunk, Verb
from vyzov.dialer.wire import LINE_LIMIT, WireError, from_wire, to_wire

log = logging.getLogger("vyzov.floor.engine")

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 1.0
_VERBS: tuple[type, ...] = get_args(Verb)


class EngineLink:
    """One floor's connection to the engine; `run` keeps it up until cancelled."""

    def __init__(
        self, path: Path, *, floor: str, fence: Callable[[], int], on_event: Callable[[Event], None]
    ) -> None:
        """Will speak for `floor` under the fence that `fence` returns at each connection."""
        self._path = path
        self._floor = floor
        self._fence = fence
        self._on_event = on_event
        self._writer: asyncio.StreamWriter | None = None
        self._trunks: dict[str, SetTrunk] = {}
        self.dropped = 0

    @property
    def connected(self) -> bool:
        """Whether verbs reach an engine now."""
        return self._writer is not None

    def send(self, verb: Verb) -> None:
        """Sends a verb, or drops it while there is no engine; trunks are told again by itself."""
        if isinstance(verb, SetTrunk):
            self._trunks[verb.trunk] = verb
        elif isinstance(verb, RemoveTrunk):
            self._trunks.pop(verb.trunk, None)
        writer = self._writer
        if writer is None or writer.is_closing():
            self.dropped += 1
            return
        writer.write(to_wire(verb))

    async def run(self) -> None:
        """Connects, reads and connects again."""
        wait = RETRY_FIRST_S
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    str(self._path), limit=LINE_LIMIT
                )
            except OSError as error:
                log.info("no engine at %s: %s; trying again in %.2f s", self._path, error, wait)
                await asyncio.sleep(wait)
                wait = min(RETRY_MOST_S, wait * 2)
                continue
            wait = RETRY_FIRST_S
            try:
                await self._talk(reader, writer)
            finally:
                self._writer = None
                writer.close()
            self._on_event(EngineLost(time.monotonic()))
            await asyncio.sleep(RETRY_FIRST_S)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        writer.write(to_wire(AskSnapshot(self._floor, self._fence())))
        for trunk in self._trunks.values():
            writer.write(to_wire(trunk))
        while True:
            try:
                line = await reader.readline()
            except (OSError, ValueError) as error:
                log.warning("the connection to the engine broke: %s", error)
                return
            if not line.endswith(b"\n"):
                return
            try:
                event = from_wire(line)
            except WireError as error:
                log.warning("an event of the engine cannot be read: %s", error)
                continue
            if not isinstance(event, _VERBS):
                self._on_event(cast("Event", event))
