"""An engine in this process, or in one of its own, with a floor's connection to it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from vyzov.dialer.ports import (
    AskSnapshot,
    Event,
    LegEvent,
    Originate,
    Orphan,
    SetTrunk,
    Snapshot,
    Verb,
)
from vyzov.telephony.native.engine import Engine, EngineSettings
from vyzov.telephony.native.link import EngineLink

SOURCE = Path(__file__).parent.parent.parent / "src"
SECRET = b"a secret of thirty-two bytes ..."
FLOOR = "floor"
NUMBER = "+70005550101"
CALLER = "+70005550102"
E = TypeVar("E", bound=Event)


def settings(folder: Path, **changes: Any) -> EngineSettings:
    values: dict[str, Any] = {
        "socket": folder / "engine.sock",
        "secret": SECRET,
        "journal": folder / "journal.jsonl",
        "recordings": folder / "recordings",
        "prompt_folders": (folder / "prompts",),
        "webrtc_hosts": ("127.0.0.1",),
    }
    return EngineSettings(**{**values, **changes})


def originate(leg: str, **changes: Any) -> Originate:
    values: dict[str, Any] = {
        "leg": leg,
        "attempt": leg,
        "fence": 1,
        "not_after": time.monotonic() + 1.0,
        "trunk": "carrier",
        "to": NUMBER,
        "caller_id": CALLER,
        "ring_timeout_s": 20.0,
        "orphan": Orphan(),
    }
    return Originate(**{**values, **changes})


class Floor:
    """A floor as the engine sees one; keeps every event it was told."""

    def __init__(self, socket: Path, *, floor: str = FLOOR, fence: int = 1) -> None:
        self.events: list[Event] = []
        self._told = asyncio.Event()
        self._link = EngineLink(socket, floor=floor, fence=lambda: fence, on_event=self._hear)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._link.run())
        await self.wait(Snapshot)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Breaks the connection, as a killed floor does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def send(self, *verbs: Verb) -> None:
        for verb in verbs:
            self._link.send(verb)

    def trunk(self, port: int, **changes: Any) -> None:
        # What is counted on the wire is the call: probes are for the tests that are about them.
        self.send(SetTrunk("carrier", "127.0.0.1", port, **({"probe_s": 0.0} | changes)))

    def of(self, kind: type[E], leg: str | None = None) -> list[E]:
        return [
            e
            for e in self.events
            if isinstance(e, kind) and (leg is None or getattr(e, "leg", None) == leg)
        ]

    async def wait(
        self,
        kind: type[E],
        leg: str | None = None,
        *,
        where: Callable[[E], bool] = lambda _: True,
        count: int = 1,
        limit_s: float = 10.0,
    ) -> E:
        """Returns the `count`-th event of a kind, waiting for it; fails with what came instead."""
        end = time.monotonic() + limit_s
        while True:
            found = [e for e in self.of(kind, leg) if where(e)]
            if len(found) >= count:
                return found[count - 1]
            self._told.clear()
            try:
                await asyncio.wait_for(self._told.wait(), max(0.0, end - time.monotonic()))
            except TimeoutError:
                raise AssertionError(
                    f"no {kind.__name__} of {leg} within {limit_s} s; came: {self.events}"
                ) from None

    async def snapshot(self) -> Snapshot:
        before = len(self.of(Snapshot))
        self.send(AskSnapshot(FLOOR, 1))
        return await self.wait(Snapshot, count=before + 1)

    def log(self, leg: str) -> list[str]:
        return [type(e).__name__ for e in self.events if isinstance(e, LegEvent) and e.leg == leg]

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()


class Lab:
    """An engine in this process and a floor."""

    def __init__(self, folder: Path, *, fence: int = 1, **changes: Any) -> None:
        self.settings = settings(folder, **changes)
        assert self.settings.socket is not None
        self.floor = Floor(self.settings.socket, fence=fence)
        self.engine: Engine

    async def __aenter__(self) -> Self:
        self.engine = Engine(self.settings, asyncio.get_running_loop())
        await self.engine.start()
        await self.floor.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.floor.leave()
        await self.engine.stop()


class EngineProcess:
    """An engine as a process of its own, that can be killed."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.settings = settings(folder, **changes)
        values = {
            "socket": str(self.settings.socket),
            "journal": str(self.settings.journal),
            "recordings": str(self.settings.recordings),
            "prompt_folders": [str(one) for one in self.settings.prompt_folders],
            "webrtc_hosts": list(self.settings.webrtc_hosts),
        }
        program = (
            "import json, sys, pathlib, logging, uvloop\n"
            "from vyzov.telephony.native.engine import EngineSettings, serve\n"
            "logging.basicConfig(level=logging.INFO)\n"
            "v = json.loads(sys.argv[1])\n"
            "P = pathlib.Path\n"
            "s = EngineSettings(socket=P(v['socket']), secret=bytes.fromhex(sys.argv[2]),\n"
            "    journal=P(v['journal']), recordings=P(v['recordings']),\n"
            "    prompt_folders=tuple(map(P, v['prompt_folders'])),\n"
            "    webrtc_hosts=tuple(v['webrtc_hosts']))\n"
            "uvloop.run(serve(s))\n"
        )
        self._log = (folder / f"engine-{time.monotonic_ns()}.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, json.dumps(values), SECRET.hex()],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdout=self._log,
            stderr=self._log,
        )

    def kill(self) -> None:
        """Ends it as the kernel would: without a word."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(5)
        self._log.close()

    def stop(self) -> int:
        """Asks it to stop and returns its exit status."""
        self._process.terminate()
        status = self._process.wait(10)
        self._log.close()
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self.kill()
