"""`./run bench media`: how many bridged calls, recorded to disk, one core carries.

Customers behind a carrier (RTP, G.711) are bridged with operators' browser legs (SRTP) by a real
engine; every call is recorded in two channels. 5, 10, 20, 40 ... calls are held for some seconds each;
engine, carrier and operators are processes of their own, this one plays the floor. Every packet is
accounted for, and each recording is read again. Worked out by `check_media.py` from DIR.
"""

import argparse
import asyncio
import csv
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from connect import Floor
from media_peers import CUSTOMERS
from processes import Part, cpu_s, judged, machine_s, udp_drops

from vyzov.dialer.ports import (
    BridgeJoined,
    DeviceAnswer,
    DeviceOffer,
    DeviceUp,
    Ended,
    Hangup,
    RecordFinished,
    RecordStart,
    RecordStop,
    SetTrunk,
    Snapshot,
)
from vyzov.telephony.native.engine import take_precedence

STEPS = (5, 10, 20, 40, 80, 160, 320)
LIMIT_S = 10.0
SETTLE_S = 2.0
DRAIN_S = 0.7
AT_ONCE = 5
WAYS = ("to_operator", "to_customer")
CALL_COLUMNS = [
    "bridged", "call", "call_id", "way", "offered", "sent", "carried", "twice", "strays",
    "late_max_ms", "transit_p50_ms", "transit_p99_ms", "transit_max_ms",
]  # fmt: skip
RECORDING_COLUMNS = [
    "bridged", "call", "path", "seconds", "bytes", "sha256", "started_at", "stopped_at",
]  # fmt: skip
PROCESS_COLUMNS = ["bridged", "process", "cpu_s", "wall_s", "udp_drops"]


class Bench:
    """One run; `calls`, `recordings` and `processes` become the tables of DIR."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        self.options = options
        self.out = out
        socket = out / "engine.sock"
        self.parts = {
            "engine": Part("media_peers.py", "engine", out, socket=str(socket), out=str(out)),
            "carrier": Part("media_peers.py", "carrier", out, seed=options.seed),
            "operators": Part("media_peers.py", "operators", out, seed=options.seed),
        }
        self.floor = Floor(socket)
        self.operators = 0
        self.calls: list[dict[str, Any]] = []
        self.recordings: list[dict[str, Any]] = []
        self.processes: list[dict[str, Any]] = []

    async def run(self) -> None:
        running = asyncio.get_running_loop().create_task(self.floor.link.run())
        try:
            await asyncio.wait_for(self.floor.expect("", Snapshot), 20)  # type: ignore[arg-type]
            port = (await self._read("carrier"))["port"]
            await self._read("operators")
            self.floor.link.send(SetTrunk("carrier", "127.0.0.1", port))
            steps = [step for step in STEPS if step < self.options.count]
            for window, bridged in enumerate([*steps, self.options.count], 1):
                await self._step(window, bridged)
        finally:
            running.cancel()
            for part in self.parts.values():
                part.end()

    async def _step(self, window: int, bridged: int) -> None:
        while self.operators < bridged:
            await self._operator()
        legs = [f"{self.floor.run_id}-{bridged}-{number}" for number in range(bridged)]
        for first in range(0, bridged, AT_ONCE):
            some = range(first, min(first + AT_ONCE, bridged))
            await asyncio.gather(*(self._call(legs[number], number) for number in some))
        begun = {leg: self._record(leg, f"{bridged}/{n}.wav") for n, leg in enumerate(legs)}
        await asyncio.sleep(SETTLE_S)
        await self._measure(window, bridged, legs)
        await asyncio.gather(
            *(self._end(bridged, n, leg, begun[leg]) for n, leg in enumerate(legs))
        )

    async def _operator(self) -> None:
        """Brings one more operator's leg up; it stays."""
        leg = f"operator-{self.operators}"
        self.parts["operators"].say(offer=True)
        told = await self._read("operators")
        answered = self.floor.expect(leg, DeviceAnswer)
        up = self.floor.expect(leg, DeviceUp)
        self.floor.link.send(DeviceOffer(leg, leg, told["sdp"]))
        self.parts["operators"].say(answer=(await asyncio.wait_for(answered, LIMIT_S)).sdp)
        await asyncio.wait_for(up, LIMIT_S)
        self.operators += 1

    async def _call(self, leg: str, number: int) -> None:
        joined = self.floor.expect(leg, BridgeJoined)
        answer = self.floor.call(leg, CUSTOMERS[number], "carrier", f"operator-{number}")
        told = type(await asyncio.wait_for(answer, LIMIT_S)).__name__
        if told != "Answered":
            raise RuntimeError(f"call {number}: {told}; read {self.out / 'engine.log'}")
        await asyncio.wait_for(joined, LIMIT_S)

    def _record(self, leg: str, path: str) -> float:
        self.floor.link.send(RecordStart(leg, leg, path))
        return time.monotonic()

    async def _measure(self, window: int, bridged: int, legs: list[str]) -> None:
        sides = ("carrier", "operators")
        before = {name: (cpu_s(part.pid), udp_drops(part.pid)) for name, part in self.parts.items()}
        machine, begun = machine_s(), time.monotonic()
        for side in sides:
            await self._ask(side, open=window)
        await asyncio.sleep(self.options.seconds)
        spoken = {side: (await self._ask(side, close=window))["legs"] for side in sides}
        wall = time.monotonic() - begun
        worked = {name: cpu_s(part.pid) - before[name][0] for name, part in self.parts.items()}
        worked["machine"] = machine_s() - machine
        await asyncio.sleep(DRAIN_S)
        heard = {side: (await self._ask(side, report=window))["legs"] for side in sides}
        drops = {name: udp_drops(part.pid) - before[name][1] for name, part in self.parts.items()}
        for name, seconds in worked.items():
            self.processes.append(
                {"bridged": bridged, "process": name, "cpu_s": f"{seconds:.4f}",
                 "wall_s": f"{wall:.4f}", "udp_drops": drops.get(name, 0)}
            )  # fmt: skip
        for number, leg in enumerate(legs):
            for way, (mouth, ear) in zip(WAYS, (sides, sides[::-1]), strict=True):
                spoke = spoken[mouth][str(number)]
                row = {"bridged": bridged, "call": number, "call_id": self.floor.call_ids[leg]}
                row |= {"way": way, "offered": spoke["sent"] + spoke.pop("missed")}
                self.calls.append(row | spoke | heard[ear][str(number)])

    async def _end(self, bridged: int, number: int, leg: str, started_at: float) -> None:
        """Finishes the recording, hangs up, and notes what the engine says of the file."""
        written = self.floor.expect(leg, RecordFinished)
        ended = self.floor.expect(leg, Ended)
        self.floor.link.send(RecordStop(leg, leg))
        stopped_at = time.monotonic()
        row = {
            "bridged": bridged,
            "call": number,
            "started_at": started_at,
            "stopped_at": stopped_at,
        }
        self.recordings.append(row)
        try:
            told = await asyncio.wait_for(written, 30.0)
            path = Path(told.path).relative_to(self.out)
            row |= {
                "path": path,
                "seconds": told.seconds,
                "bytes": told.bytes,
                "sha256": told.sha256,
            }
        except TimeoutError:
            print(f"no word of the recording of call {number}", file=sys.stderr)
        self.floor.link.send(Hangup(leg))
        await asyncio.wait({ended}, timeout=LIMIT_S)

    async def _ask(self, part: str, **message: Any) -> dict[str, Any]:
        self.parts[part].say(**message)
        return await self._read(part)

    async def _read(self, part: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.run_in_executor(None, self.parts[part].read), 30.0)

    def write(self) -> None:
        tables = (
            ("calls", CALL_COLUMNS, self.calls),
            ("recordings", RECORDING_COLUMNS, self.recordings),
            ("processes", PROCESS_COLUMNS, self.processes),
        )
        for name, columns, rows in tables:
            with (self.out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=80, help="bridged calls of the last step")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how long each step is measured"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    if not 1 <= options.count <= len(CUSTOMERS):
        parser.error(f"--count is 1 to {len(CUSTOMERS)}")
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-media-"))).resolve()
    if (out / "recordings").exists():
        parser.error(f"{out} holds an earlier run; name another folder")
    out.mkdir(parents=True, exist_ok=True)
    # A generator that waits for its turn would measure itself.
    take_precedence()
    bench = Bench(options, out)
    try:
        uvloop.run(bench.run())
    finally:
        bench.write()
    return judged("check_media.py", out, begun, options.seed)


if __name__ == "__main__":
    sys.exit(main())
