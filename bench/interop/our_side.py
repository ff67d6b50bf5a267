"""Vyzov's side of a check: a real engine on loopback, the smallest floor, and what both left behind.

The engine's own events, the recording of the leg and what the wire carried go into the check's folder;
whether that is what should have happened is the judge's business, not this file's.
"""

import asyncio
import json
import re
import secrets
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TypeVar

from vyzov.dialer.ports import (
    Answered,
    Ended,
    Event,
    Failed,
    Hangup,
    LegEvent,
    Originate,
    Play,
    RecordFinished,
    RecordStart,
    Refused,
    SetTrunk,
    Snapshot,
    Verb,
)
from vyzov.telephony.native.engine import Engine, EngineSettings
from vyzov.telephony.native.link import EngineLink

E = TypeVar("E", bound=Event)
FLOOR = "interop"
TRUNK = "partner"
OUR_HZ = 620
OUR_DBM0 = -14
CALLER = "+70005550140"
LIMIT_S = 12.0


_given: set[int] = set()


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port nobody uses at this moment, and that was not given out before.

    Two programs that are told of their ports before either binds must not be told the same."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


class OurSide:
    """An engine and a floor for the length of one check."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.events: list[Event] = []
        self._told = asyncio.Event()
        self._calls = 0
        self._recorded: set[str] = set()
        # The path of a socket has few characters; the evidence's folder may be deep.
        self._scratch = tempfile.TemporaryDirectory(prefix="vyzov-")
        values: dict[str, Any] = {
            "socket": Path(self._scratch.name) / "engine.sock",
            "secret": secrets.token_bytes(32),
            "journal": folder / "journal.jsonl",
            "recordings": folder,
            "webrtc_hosts": ("127.0.0.1",),
        }
        self.settings = EngineSettings(**{**values, **settings})
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.engine = Engine(self.settings, asyncio.get_running_loop())
        await self.engine.start()
        assert self.settings.socket is not None
        self._link = EngineLink(
            self.settings.socket, floor=FLOOR, fence=lambda: 1, on_event=self._hear
        )
        self._running = asyncio.create_task(self._link.run())
        await self.wait(Snapshot)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.engine.stop()
        self._scratch.cleanup()
        self._write()

    @property
    def port(self) -> int:
        """Where this engine hears SIP by UDP."""
        return self.engine.signalling.address[1]

    @property
    def ports(self) -> list[int]:
        """The ports of this engine's SIP."""
        own = self.engine.signalling
        return sorted({own.address[1], *own.ports.values()})

    def send(self, *verbs: Verb) -> None:
        """Gives the engine orders."""
        for verb in verbs:
            self._link.send(verb)

    def trunk(self, port: int, **changes: Any) -> None:
        """Tells the engine the partner."""
        changes = {"probe_s": 0.0, **changes}
        self.send(SetTrunk(TRUNK, "127.0.0.1", port, **changes))

    def dial(self, to: str, *, caller_id: str = CALLER, ring_s: float = 8.0) -> str:
        """Places a call and returns its leg."""
        self._calls += 1
        leg = f"call-{self._calls}"
        self.send(
            Originate(
                leg, leg, 1, time.monotonic() + 1, TRUNK, to, caller_id, ring_timeout_s=ring_s
            )
        )
        return leg

    async def talk(self, leg: str, seconds: float) -> None:
        """Once answered: speaks our tone, records both directions, and goes on for so long."""
        came = await self.wait(Answered, Failed, Refused, leg=leg)
        if not isinstance(came, Answered):
            return
        self._recorded.add(leg)
        self.send(
            RecordStart(leg, f"record-{leg}", f"{leg}.wav"),
            Play(leg, f"tone-{leg}", f"tone:{OUR_HZ}:{OUR_DBM0}", loop=True),
        )
        await asyncio.sleep(seconds)

    async def hang_up(self, leg: str) -> None:
        """Ends a call, and waits until it is over and its recording whole."""
        self.send(Hangup(leg))
        await self.over(leg)

    async def over(self, leg: str) -> None:
        """Waits for the end of a call, whoever ends it."""
        await self.wait(Ended, Failed, Refused, leg=leg, limit_s=45.0)
        if leg in self._recorded:
            with suppress(TimeoutError):
                await self.wait(RecordFinished, leg=leg, limit_s=3.0)

    async def call(self, to: str, *, seconds: float = 1.2, **options: Any) -> str:
        """A whole call: dialled, talked through, hung up by us (if nobody was quicker)."""
        leg = self.dial(to, **options)
        await self.talk(leg, seconds)
        await self.hang_up(leg)
        return leg

    async def wait(
        self,
        *kinds: type[E],
        leg: str | None = None,
        where: Callable[[E], bool] = lambda _: True,
        count: int = 1,
        limit_s: float = LIMIT_S,
    ) -> E:
        """Returns the `count`-th event of these kinds; raises TimeoutError with what came instead."""
        end = time.monotonic() + limit_s
        while True:
            found = [
                e
                for e in self.events
                if isinstance(e, kinds)
                and (leg is None or getattr(e, "leg", None) == leg)
                and where(e)
            ]
            if len(found) >= count:
                return found[count - 1]
            self._told.clear()
            try:
                await asyncio.wait_for(self._told.wait(), max(0.0, end - time.monotonic()))
            except TimeoutError:
                names = ", ".join(kind.__name__ for kind in kinds)
                came = [type(e).__name__ for e in self.events]
                raise TimeoutError(f"no {names} of {leg} in {limit_s} s; came: {came}") from None

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()

    def _write(self) -> None:
        with (self.folder / "events.jsonl").open("w", encoding="utf-8") as file:
            for event in self.events:
                if not isinstance(event, Snapshot):
                    file.write(json.dumps(told(event), default=str) + "\n")


def told(event: Event) -> dict[str, Any]:
    """An event as plain data; its kind is the name in small letters with underscores."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    data = asdict(event) if isinstance(event, LegEvent) else {
        key: getattr(event, key) for key in getattr(event, "__slots__", ())
    }  # fmt: skip
    return {"event": name, **data}
