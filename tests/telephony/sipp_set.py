"""Runs SIPp scenarios over one engine, many at once, and leaves what everybody saw in a folder.

Each case has a SIPp of its own as its carrier. What came of it is judged by
`bench/check_sipp.py` from SIPp's own message logs and from what the floor was told; nothing is
judged here. With `weather` a seeded proxy stands between the engine and every carrier.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine_lab import Lab, originate
from sipp_scenarios import Case

from vyzov.dialer.ports import Answered, Ended, Failed, Hangup, LegEvent, Refused, SetTrunk
from vyzov.pstn.chaos import Address, ChaosProxy, Weather

LOOPBACK = "127.0.0.1"
PORT_FIRST, PORT_LAST, PORTS_EACH = 13_000, 29_000, 8
LINGER_MS = 200
"""How long a callee stays after its last step: nothing may come any more."""
LINGER_IN_WEATHER_MS = 3000
START_LIMIT_S = 20.0
FAIR_LIMIT_S = 12.0
END_LIMIT_S = 75.0
"""A leg must be over by then, whatever is lost: twice 64 x T1 (RFC 3261), and a margin."""
RING_IN_WEATHER_S = 10.0
TALK_IN_WEATHER_S = 10.0
SIPP_LIMIT_S = 5.0
SIPP_IN_WEATHER_S = 22.0
"""How long SIPp may wait for what is repeated, a BYE above all, after our leg is over."""
NUMBER = "+70005550101"


class SippMissing(RuntimeError):
    """SIPp is not on this machine."""


def program() -> str:
    """Returns the path of SIPp; raises `SippMissing`."""
    found = shutil.which("sipp")
    if found is None:
        raise SippMissing("sipp is not installed: apt-get install sip-tester")
    return found


_blocks = itertools.cycle(range(PORT_FIRST, PORT_LAST, PORTS_EACH))
for _ in range(os.getpid() % ((PORT_LAST - PORT_FIRST) // PORTS_EACH)):
    next(_blocks)


def free_block() -> int:
    """Returns the first of `PORTS_EACH` free ports, below those the system gives away itself."""
    while True:
        first = next(_blocks)
        with contextlib.ExitStack() as probes, suppress(OSError):
            for port in range(first, first + PORTS_EACH):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
                    probe.bind((LOOPBACK, port))
            return first


@dataclass(slots=True)
class Row:
    """What is noted of one case beside the logs."""

    name: str
    leg: str
    expect: dict[str, Any]
    place: dict[str, Any]
    tcp: bool
    exit: int | None = None
    over: bool = False
    living: bool = True
    chaos: dict[str, int] | None = None
    broken: str = ""


@dataclass(slots=True)
class Carrier:
    """A running SIPp, reached at `here`: its own address or that of the weather before it."""

    process: asyncio.subprocess.Process
    here: Address
    proxy: ChaosProxy | None
    folder: Path
    name: str

    def words(self) -> str:
        """What a SIPp that did not start said."""
        files = [self.folder / f"{self.name}.{end}" for end in ("errors.log", "out")]
        words = [file.read_text(errors="replace")[-400:] for file in files if file.exists()]
        return " ".join(words)


class Stage:
    """Starts callees whose scripts, logs and words are kept in `out`."""

    def __init__(self, out: Path) -> None:
        self._out = out
        # Sound that the engine sends to answered calls goes here; the kernel throws it away.
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.bind((LOOPBACK, 0))

    def close(self) -> None:
        """Lets the sound go nowhere."""
        self._sink.close()

    @asynccontextmanager
    async def carrier(
        self, case: Case, *, weather: Weather | None = None, seed: int = 0, patient: bool = False
    ) -> AsyncGenerator[Carrier]:
        """Runs a SIPp for one case; it has ended, or is ended, when the block is left.

        A `patient` one waits long for its call."""
        port = free_block()
        here: Address = (LOOPBACK, port)
        proxy = None
        if weather is not None:
            proxy = await ChaosProxy.open(here, weather, seed=seed, streams=case.tcp)
            here = proxy.address
        try:
            limit_s = 15 if weather is None and not case.long and not patient else 100
            process = await self._started(case, port, here, fair=weather is None, limit_s=limit_s)
            try:
                yield Carrier(process, here, proxy, self._out, case.name)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        finally:
            if proxy is not None:
                proxy.close()

    async def _started(
        self, case: Case, port: int, here: Address, *, fair: bool, limit_s: int
    ) -> asyncio.subprocess.Process:
        script = self._out / f"{case.name}.xml"
        text = case.written(
            here=f"{here[0]}:{here[1]}",
            sink=self._sink.getsockname()[1],
            linger_ms=LINGER_MS if fair else LINGER_IN_WEATHER_MS,
        )
        script.write_text(text, encoding="latin-1")
        command = [
            program(), "-sf", str(script), "-i", LOOPBACK, "-p", str(port),
            "-mi", LOOPBACK, "-mp", str(port + 2), "-ci", LOOPBACK, "-cp", str(port + 7),
            "-t", "t1" if case.tcp else "u1", "-nostdin", "-m", "1",
            "-timeout", str(limit_s), "-timeout_error",
            "-default_behaviors", "all" if fair and case.surprised else "none",
            *(() if case.repeats else ("-nr",)),
            "-trace_msg", "-message_file", str(self._out / f"{case.name}.messages.log"),
            "-trace_err", "-error_file", str(self._out / f"{case.name}.errors.log"),
        ]  # fmt: skip
        with (self._out / f"{case.name}.out").open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=file, stderr=file, cwd=self._out
            )
        table = Path("/proc/net/tcp" if case.tcp else "/proc/net/udp")
        async with asyncio.timeout(START_LIMIT_S):
            while f"0100007F:{port:04X}" not in table.read_text(encoding="ascii"):
                if process.returncode is not None:
                    break
                await asyncio.sleep(0.02)
        return process


class SippSet:
    """One run of many cases over the engine of `lab`; evidence goes to `out`."""

    def __init__(
        self,
        lab: Lab,
        out: Path,
        *,
        parallel: int,
        weather: Weather | None = None,
        seed: int = 0,
    ) -> None:
        self._lab = lab
        self._out = out
        self._weather = weather
        self._seed = seed
        self._slots = asyncio.Semaphore(parallel)
        self._stage = Stage(out)

    async def run(self, cases: Sequence[Case]) -> None:
        """Runs all cases, the longest first, and writes `run.json` and `events.jsonl`."""
        ordered = sorted(cases, key=lambda case: not case.long)
        try:
            rows = await asyncio.gather(*(self._one(case) for case in ordered))
        finally:
            self._stage.close()
        for row in rows:
            row.living = row.leg in self._lab.engine.calls.living
        told = {
            "weather": None if self._weather is None else asdict(self._weather),
            "seed": self._seed,
            "cases": [asdict(row) for row in rows],
        }
        (self._out / "run.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        with (self._out / "events.jsonl").open("w", encoding="utf-8") as file:
            for event in self._lab.floor.events:
                if isinstance(event, LegEvent):
                    data = {"event": type(event).__name__, **asdict(event)}
                    file.write(json.dumps(data) + "\n")

    async def _one(self, case: Case) -> Row:
        row = Row(case.name, f"leg-{case.name}", dict(case.expect), dict(case.place), case.tcp)
        weather, seed = self._weather, self._seed * 1000 + sum(case.name.encode())
        async with (
            self._slots,
            self._stage.carrier(case, weather=weather, seed=seed) as carrier,
        ):
            if carrier.process.returncode is not None:
                row.broken = carrier.words()
                return row
            await self._call(case, row, carrier.here)
            limit_s = SIPP_LIMIT_S if weather is None else SIPP_IN_WEATHER_S
            with suppress(TimeoutError):
                row.exit = await asyncio.wait_for(carrier.process.wait(), limit_s)
            if carrier.proxy is not None:
                row.chaos = carrier.proxy.counts.to_json()
        return row

    async def _call(self, case: Case, row: Row, here: Address) -> None:
        floor, place = self._lab.floor, case.place
        trunk = SetTrunk(case.name, *here, probe_s=0.0)
        changes: dict[str, Any] = dict(case.trunk)
        if case.tcp:
            changes["transport"] = "tcp"
        floor.send(replace(trunk, **changes))
        ring_timeout_s = float(place.get("ring_timeout_s", 30.0))
        if self._weather is not None:
            ring_timeout_s = min(ring_timeout_s, RING_IN_WEATHER_S)
        floor.send(originate(row.leg, trunk=case.name, ring_timeout_s=ring_timeout_s))
        if "give_up_s" in place:
            await asyncio.sleep(place["give_up_s"])
            floor.send(Hangup(row.leg))
        patient = case.long or self._weather is not None
        limit_s = END_LIMIT_S + ring_timeout_s if patient else FAIR_LIMIT_S
        end = asyncio.get_running_loop().time() + limit_s
        first = await self._wait(row.leg, (Answered, Failed, Refused, Ended), end)
        if isinstance(first, Answered):
            if "talk_s" in place:
                await asyncio.sleep(place["talk_s"])
                floor.send(Hangup(row.leg))
            elif self._weather is not None:
                # The callee was to hang up. Where its BYE never came through we do, as a person.
                talk_end = asyncio.get_running_loop().time() + TALK_IN_WEATHER_S
                await self._wait(row.leg, (Ended,), talk_end)
                floor.send(Hangup(row.leg))
        if first is not None:
            row.over = await self._wait(row.leg, (Failed, Refused, Ended), end) is not None

    async def _wait(
        self, leg: str, kinds: tuple[type[LegEvent], ...], end: float
    ) -> LegEvent | None:
        while asyncio.get_running_loop().time() < end:
            for event in self._lab.floor.events:
                if isinstance(event, kinds) and event.leg == leg:
                    return event
            await asyncio.sleep(0.02)
        return None
