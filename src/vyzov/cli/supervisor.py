"""Keeps the processes of `vyzov serve` alive: starts them, again when they die, and drains them.

It knows processes, not telephony. A child that dies is started again at once; one that dies again and
again waits longer each time, up to `RESTART_WAIT_MAX_S`. One that lives and yet keeps all others from
their work (`hopeless`, told from outside) is ended first. Each child holds the read end of a pipe whose
write end lives here: when the parent is gone, however it went, the children see the end of the pipe and
leave by themselves (`watch_parent`).
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESTART_WAIT_FIRST_S = 0.1
RESTART_WAIT_MAX_S = 5.0
LIVED_LONG_S = 10.0
HURRIED_S = 3.0
LOOK_S = 0.5
HOPELESS_S = 2.0
"""Shorter than the lease of a floor by as much as another floor needs to take it in time."""


@dataclass
class Child:
    """One kind of process: its name and the arguments after `python -m vyzov`."""

    name: str
    arguments: Sequence[str]
    log: Path | None = None
    process: asyncio.subprocess.Process | None = None
    drain_s: float = 15.0
    restarts: int = 0
    wait_s: float = RESTART_WAIT_FIRST_S
    started: float = 0.0


@dataclass
class Supervisor:
    """Runs children until `stop` is called or a signal arrives."""

    children: list[Child]
    on_event: Callable[[str, str, int], None] = lambda _what, _name, _pid: None
    drain_order: Sequence[Sequence[str]] = ()
    """Groups of children: those of one group are told to leave together, the next group after it."""
    hopeless: Callable[[int], bool] = lambda _pid: False
    """Asked by process number; a child that is so for `HOPELESS_S` is killed and started again."""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _hurrying: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Starts all children in order and returns once all have ended after `stop`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, ValueError):
                loop.add_signal_handler(number, self.stop)
        async with asyncio.TaskGroup() as tasks:
            for child in self.children:
                tasks.create_task(self._keep(child))
            tasks.create_task(self._look_after())
            await self._stopping.wait()
            await self._drain()

    def stop(self) -> None:
        """Asks all children to finish what they do and leave; asked again, not to wait for it."""
        if self._stopping.is_set():
            self._hurrying.set()
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            code = await self._live_once(child)
            if self._stopping.is_set():
                return
            child.restarts += 1
            self.on_event("died", child.name, code)
            loop = asyncio.get_running_loop()
            if loop.time() - child.started > LIVED_LONG_S:
                child.wait_s = RESTART_WAIT_FIRST_S
            # Not `wait_for`: where its end comes with what it waits for, it forgets the end.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(child.wait_s):
                    await self._stopping.wait()
            child.wait_s = min(child.wait_s * 2, RESTART_WAIT_MAX_S)

    async def _look_after(self) -> None:
        """Ends children that have been hopeless at every look for some time."""
        since: dict[int, float] = {}
        clock = asyncio.get_running_loop()
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stopping.wait()
            there = [(one.name, one.process) for one in self.children]
            lost = {
                process.pid: name
                for name, process in there
                if process is not None and process.returncode is None and self.hopeless(process.pid)
            }
            since = {pid: since.get(pid, clock.time()) for pid in lost}
            for pid, begun in since.items():
                if clock.time() - begun >= HOPELESS_S:
                    self.on_event("hopeless", lost[pid], pid)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    async def _live_once(self, child: Child) -> int:
        child.started = asyncio.get_running_loop().time()
        out = child.log.open("ab") if child.log else None
        try:
            child.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "vyzov", *child.arguments,
                stdin=asyncio.subprocess.PIPE, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        finally:
            if out:
                out.close()
        self.on_event("started", child.name, child.process.pid)
        return await child.process.wait()

    async def _drain(self) -> None:
        """Ends the children in the order of `drain_order`, each with its time to finish.

        A second signal ends the patience: what is still there is told at once."""
        groups = self.drain_order or [[child.name] for child in reversed(self.children)]
        for names in groups:
            group = [child for child in self.children if child.name in names]
            await asyncio.gather(*(self._drain_one(child) for child in group))

    async def _drain_one(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        self.on_event("draining", child.name, process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        waits = [
            asyncio.ensure_future(process.wait()),
            asyncio.ensure_future(self._hurrying.wait()),
        ]
        await asyncio.wait(
            waits,
            timeout=HURRIED_S if self._hurrying.is_set() else child.drain_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for wait in waits:
            wait.cancel()
        if process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HURRIED_S):
                    await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def watch_parent(leave: Callable[[], None]) -> None:
    """Calls `leave` once the supervising process is gone (its end of our standard input closed)."""
    if os.environ.get("VYZOV_SUPERVISED") != "1":
        return
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(0, 1024):
            loop.remove_reader(0)
            leave()

    loop.add_reader(0, readable)
