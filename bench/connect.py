"""`./run bench connect`: how long after the carrier's 200 customer and operator hear each other.

An engine, a carrier with operators' browsers, and background calls are processes of their own on
loopback; this one plays the floor, which bridges at `Answered`. Operators' legs are up beforehand.
Times are taken where packets arrive: the first packet with the customer's tone at the operator, the
first with the operator's tone at the carrier. Both send every 20 ms at their own phase, so up to
20 ms of each figure are the wait for the next packet. Measured idle, then beside background calls.
The last line is one JSON object, worked out from DIR/calls.csv by `check_connect.py`.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from connect_peers import CUSTOMER_NUMBERS, run_load, run_peer

from vyzov import __version__
from vyzov.cli.precedence import take_niceness
from vyzov.dialer.ports import (
    Answered,
    Bridge,
    DeviceAnswer,
    DeviceOffer,
    DeviceUp,
    Dialing,
    Ended,
    Event,
    Failed,
    Forget,
    Hangup,
    LegEvent,
    Originate,
    Refused,
    SetTrunk,
    Snapshot,
)
from vyzov.telephony.native.engine import EngineSettings, serve
from vyzov.telephony.native.link import EngineLink

HERE = Path(__file__).resolve().parent
CALL_LIMIT_S = 3.0
CALLER = "+12025550199"
LOAD_NUMBER = "+12025550190"


class Floor:
    """The smallest floor there can be: it bridges what is answered with the leg it was meant for."""

    def __init__(self, socket: Path) -> None:
        self.run_id = os.urandom(4).hex()
        self._waiting: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self._bridge: dict[str, str] = {}
        self.call_ids: dict[str, str] = {}
        self.link = EngineLink(socket, floor="bench", fence=lambda: 1, on_event=self._hear)

    def expect(self, leg: str, *kinds: type[LegEvent]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        for kind in kinds:
            self._waiting[leg, kind.__name__] = future
        return future

    def call(self, leg: str, to: str, trunk: str, agent: str = "") -> "asyncio.Future[Any]":
        """Places a call; the future is its answer, or its failure."""
        self._bridge[leg] = agent
        future = self.expect(leg, Answered, Failed, Refused)
        self.link.send(
            Originate(leg, leg, 1, time.monotonic() + 1, trunk, to, CALLER, ring_timeout_s=10)
        )
        return future

    def _hear(self, event: Event) -> None:
        if isinstance(event, Snapshot):
            self._resolve(("", "Snapshot"), event)
        if not isinstance(event, LegEvent):
            return
        if isinstance(event, Answered) and self._bridge.get(event.leg):
            self.link.send(Bridge(event.leg, self._bridge[event.leg]))
        elif isinstance(event, Dialing):
            self.call_ids[event.leg] = event.call_id
        elif isinstance(event, Ended | Failed):
            self.link.send(Forget(event.leg))
        self._resolve((event.leg, type(event).__name__), event)

    def _resolve(self, key: tuple[str, str], event: Event) -> None:
        future = self._waiting.pop(key, None)
        if future is not None and not future.done():
            future.set_result(event)


class Part:
    """One of the bench's processes; it speaks JSON lines."""

    def __init__(self, name: str, folder: Path, **options: Any) -> None:
        self._log = (folder / f"{name}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "--part", name, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended; see its log")
        return json.loads(line)

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(15)
        self._log.close()


class Bench:
    """The whole of it."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        self.options = options
        self.out = out
        socket = out / "engine.sock"
        self.engine = Part("engine", out, socket=str(socket), out=str(out))
        self.peer = Part("peer", out, operators=options.operators, seed=options.seed)
        self.load = Part("load", out, seed=options.seed)
        self.floor = Floor(socket)
        self.reports: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.rows: list[dict[str, Any]] = []

    async def run(self) -> dict[str, Any]:
        running = asyncio.get_running_loop().create_task(self.floor.link.run())
        try:
            return await self._measure()
        finally:
            running.cancel()
            # The thread that reads the peer's reports ends with the peer.
            self.end()

    async def _measure(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(self.floor.expect("", Snapshot), 20)  # type: ignore[arg-type]
        for trunk, part in (("carrier", self.peer), ("load", self.load)):
            port = (await loop.run_in_executor(None, part.read))["port"]
            self.floor.link.send(SetTrunk(trunk, "127.0.0.1", port))
        await self._operators(loop)
        reader = loop.run_in_executor(None, self._read_reports, loop)
        extra: dict[str, Any] = {}
        for phase, pairs in (("idle", 0), ("loaded", self.options.load)):
            await self._background(pairs)
            parts = {"engine": self.engine, "peers": self.peer, "load": self.load}
            begun, cpu = time.monotonic(), {name: part.cpu_s() for name, part in parts.items()}
            dice = random.Random(f"{self.options.seed} {phase}")
            share = self.options.count // self.options.operators
            await asyncio.gather(
                *(self._calls(phase, one, share, dice) for one in range(self.options.operators))
            )
            spent = time.monotonic() - begun
            for name, part in parts.items():
                extra[f"{phase}_{name}_cpu_share"] = round((part.cpu_s() - cpu[name]) / spent, 3)
            extra[f"{phase}_calls_per_s"] = round(share * self.options.operators / spent, 1)
        self.peer.say({"do": "end"})
        await reader
        return extra

    async def _operators(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in range(self.options.operators):
            told = await loop.run_in_executor(None, self.peer.read)
            leg = f"operator-{number}"
            answered = self.floor.expect(leg, DeviceAnswer)
            up = self.floor.expect(leg, DeviceUp)
            self.floor.link.send(DeviceOffer(leg, leg, told["sdp"]))
            answer = await asyncio.wait_for(answered, 10)
            self.peer.say({"answer": answer.sdp, "operator": number})
            await asyncio.wait_for(up, 10)

    def _read_reports(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            report = self.peer.read()
            if report.get("over"):
                return
            loop.call_soon_threadsafe(self._report, report)

    def _report(self, report: dict[str, Any]) -> None:
        future = self.reports.pop(report["call_id"], None)
        if future is not None and not future.done():
            future.set_result(report)

    async def _background(self, pairs: int) -> None:
        """Brings up so many bridged calls that stay."""
        for pair in range(pairs):
            one, two = (f"{self.floor.run_id}-load-{pair}-{side}" for side in "ab")
            await asyncio.wait_for(self.floor.call(one, LOAD_NUMBER, "load"), CALL_LIMIT_S)
            await asyncio.wait_for(self.floor.call(two, LOAD_NUMBER, "load"), CALL_LIMIT_S)
            self.floor.link.send(Bridge(one, two, cue=False))
        if pairs:
            await asyncio.sleep(2.0)

    async def _calls(self, phase: str, operator: int, count: int, dice: random.Random) -> None:
        loop = asyncio.get_running_loop()
        to = CUSTOMER_NUMBERS[operator]
        for number in range(count):
            leg = f"{self.floor.run_id}-{phase}-{operator}-{number}"
            row: dict[str, Any] = {"phase": phase, "call": leg, "heard": 0}
            ended = self.floor.expect(leg, Ended)
            answered = self.floor.call(leg, to, "carrier", f"operator-{operator}")
            lives = True
            try:
                event = await asyncio.wait_for(answered, CALL_LIMIT_S)
                if isinstance(event, Answered):
                    report = loop.create_future()
                    self.reports[self.floor.call_ids[leg]] = report
                    self.peer.say({"ask": self.floor.call_ids[leg]})
                    row |= await asyncio.wait_for(report, CALL_LIMIT_S)
                    row["heard"] = 1
                else:
                    lives = False
            except TimeoutError:
                row["heard"] = 0
            self.floor.link.send(Hangup(leg))
            if lives:
                await asyncio.wait({ended}, timeout=CALL_LIMIT_S)
            self.rows.append(row)
            await asyncio.sleep(dice.uniform(0.02, 0.06))

    def end(self) -> None:
        for part in (self.engine, self.peer, self.load):
            part.end()

    def write(self) -> None:
        names = ["phase", "call", "heard", "call_id", "answered_at", "customer_at", "operator_at"]
        with (self.out / "calls.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)


async def run_engine(options: dict[str, Any]) -> None:
    """The engine's process."""
    out = Path(options["out"])
    await serve(
        EngineSettings(
            socket=Path(options["socket"]),
            secret=os.urandom(32),
            journal=out / "legs.jsonl",
            recordings=out / "recordings",
            webrtc_hosts=("127.0.0.1",),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="calls in each of the two phases")
    parser.add_argument("--operators", type=int, default=4)
    parser.add_argument("--load", type=int, default=75, help="bridged background calls")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        parts = {"engine": run_engine, "peer": run_peer, "load": run_load}
        uvloop.run(parts[options.part[0]](json.loads(options.part[1])))
        return 0
    # A generator that waits for its turn would measure itself.
    take_niceness()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-connect-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    bench = Bench(options, out)
    try:
        extra = uvloop.run(bench.run())
    finally:
        bench.write()
    done = subprocess.run(
        [sys.executable, "-I", str(HERE / "check_connect.py"), str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        print(done.stderr, file=sys.stderr)
        return 1
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["figures"] |= extra | {"background_calls": options.load}
    result |= {
        "seed": options.seed,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": {"vyzov": __version__, "python": sys.version.split()[0]},
    }
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
