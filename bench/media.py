"""`./run bench media`: how many bridged calls, recorded to disk, one core carries.

Customers behind a carrier (RTP, G.711) are bridged with operators by a real engine: with their
browsers (`--legs webrtc`, SRTP) or with their desk phones (`--legs trunk`, plain RTP on both sides).
Every call is recorded in two channels. 5, 10, 20, 40 ... calls are held for some seconds each; engine,
carrier and operators are processes of their own, this one plays the floor. Every packet is
accounted for, and each recording is read again. With `--legs trunk` Asterisk carries the same calls
from the same generator afterwards, and goals are set. Worked out by `check_media.py` from DIR.
"""

import argparse
import asyncio
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import uvloop
from connect import Floor
from media_peers import CUSTOMERS, PHONES
from processes import Part, cpu_s, judged, machine_s, udp_drops

from vyzov.cli.precedence import take_niceness
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
NOT_LOOKED_AT = 77
PROCESS_COLUMNS = ["bridged", "process", "cpu_s", "wall_s", "udp_drops"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an engine says of a finished recording: its path below DIR, and its digest."""

    path: Path
    seconds: float
    bytes: int
    sha256: str


class Switch(Protocol):
    """An engine under measurement; calls are numbered 0, 1, 2... within a step.

    `peers` tells the UDP ports of `carrier` and `operators` (0 where these are browsers)."""

    @property
    def pids(self) -> Sequence[int]: ...

    async def start(self, peers: Mapping[str, int]) -> None: ...

    async def join(self, bridged: int, number: int) -> str:
        """Calls customer and operator of that number and joins them; returns the customer's Call-ID."""
        ...

    def record(self, bridged: int, number: int, path: str) -> None:
        """Begins to record both ways of a call into a WAV file below DIR/recordings."""
        ...

    async def end(self, bridged: int, number: int) -> Recorded | None:
        """Finishes the recording and hangs up; None where nothing is heard of the file."""
        ...

    def close(self) -> None: ...


class VyzovSwitch:
    """Vyzov's engine as a process of its own, driven through its socket as by a floor."""

    def __init__(self, out: Path, operators: Part, *, phones: bool) -> None:
        self._out = out
        self._operators = operators
        self._phones = phones
        socket = out / "engine.sock"
        self._part = self._engine(out, socket)
        self._floor = Floor(socket)
        self._running: asyncio.Task[None] | None = None
        self._browsers = 0

    def _engine(self, out: Path, socket: Path) -> Part:
        return Part("media_peers.py", "engine", out, socket=str(socket), out=str(out))

    @property
    def pids(self) -> Sequence[int]:
        return (self._part.pid,)

    async def start(self, peers: Mapping[str, int]) -> None:
        self._running = asyncio.get_running_loop().create_task(self._floor.link.run())
        await asyncio.wait_for(self._floor.expect("", Snapshot), 20)  # type: ignore[arg-type]
        self._floor.link.send(SetTrunk("carrier", "127.0.0.1", peers["carrier"]))
        if self._phones:
            self._floor.link.send(SetTrunk("phones", "127.0.0.1", peers["operators"]))

    async def join(self, bridged: int, number: int) -> str:
        agent = f"operator-{number}"
        if self._phones:
            agent = self._leg(bridged, number, "operator")
            await self._answered(self._floor.call(agent, PHONES[number], "phones"), agent)
        while self._browsers <= number and not self._phones:
            await self._browser()
        leg = self._leg(bridged, number)
        joined = self._floor.expect(leg, BridgeJoined)
        await self._answered(self._floor.call(leg, CUSTOMERS[number], "carrier", agent), leg)
        await asyncio.wait_for(joined, LIMIT_S)
        return self._floor.call_ids[leg]

    def record(self, bridged: int, number: int, path: str) -> None:
        leg = self._leg(bridged, number)
        self._floor.link.send(RecordStart(leg, leg, path))

    async def end(self, bridged: int, number: int) -> Recorded | None:
        leg = self._leg(bridged, number)
        written = self._floor.expect(leg, RecordFinished)
        self._floor.link.send(RecordStop(leg, leg))
        recorded: Recorded | None = None
        try:
            told = await asyncio.wait_for(written, 30.0)
            path = Path(told.path).relative_to(self._out)
            recorded = Recorded(path, told.seconds, told.bytes, told.sha256)
        except TimeoutError:
            print(f"no word of the recording of call {number}", file=sys.stderr)
        legs = [leg, self._leg(bridged, number, "operator")] if self._phones else [leg]
        ended = [self._floor.expect(one, Ended) for one in legs]
        for one in legs:
            self._floor.link.send(Hangup(one))
        await asyncio.wait(ended, timeout=LIMIT_S)
        return recorded

    def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._part.end()

    def _leg(self, bridged: int, number: int, of: str = "customer") -> str:
        return f"{self._floor.run_id}-{bridged}-{number}-{of}"

    async def _answered(self, answer: "asyncio.Future[Any]", leg: str) -> None:
        told = type(await asyncio.wait_for(answer, LIMIT_S)).__name__
        if told != "Answered":
            raise RuntimeError(f"leg {leg}: {told}; read {self._out / 'engine.log'}")

    async def _browser(self) -> None:
        """Brings one more operator's browser up; it stays."""
        leg = f"operator-{self._browsers}"
        self._browsers += 1
        told = await asked(self._operators, offer=True)
        answered = self._floor.expect(leg, DeviceAnswer)
        up = self._floor.expect(leg, DeviceUp)
        self._floor.link.send(DeviceOffer(leg, leg, told["sdp"]))
        self._operators.say(answer=(await asyncio.wait_for(answered, LIMIT_S)).sdp)
        await asyncio.wait_for(up, LIMIT_S)


async def asked(part: Part, **message: Any) -> dict[str, Any]:
    """Says something to a part (nothing for no message) and returns its next line."""
    if message:
        part.say(**message)
    loop = asyncio.get_running_loop()
    return await asyncio.wait_for(loop.run_in_executor(None, part.read), 30.0)


class Bench:
    """One run; `calls`, `recordings` and `processes` become the tables of DIR."""

    def __init__(
        self, options: argparse.Namespace, out: Path, make_switch: Callable[[Part], Switch]
    ) -> None:
        self.options = options
        self.out = out
        self.phones = options.legs == "trunk"
        operators = {"phones": True} if self.phones else {}
        self.peers = {
            "carrier": Part("media_peers.py", "carrier", out, seed=options.seed),
            "operators": Part(
                "media_peers.py", "carrier" if self.phones else "operators", out,
                log="operators", seed=options.seed, **operators,
            ),
        }  # fmt: skip
        self.switch = make_switch(self.peers["operators"])
        self.call_ids: dict[int, str] = {}
        self.calls: list[dict[str, Any]] = []
        self.recordings: list[dict[str, Any]] = []
        self.processes: list[dict[str, Any]] = []

    async def run(self) -> None:
        try:
            told = {name: await asked(part) for name, part in self.peers.items()}
            await self.switch.start({name: one.get("port", 0) for name, one in told.items()})
            steps = [step for step in STEPS if step < self.options.count]
            for window, bridged in enumerate([*steps, self.options.count], 1):
                await self._step(window, bridged)
        finally:
            self.switch.close()
            for part in self.peers.values():
                part.end()

    async def _step(self, window: int, bridged: int) -> None:
        # Browsers come up one after the other: only calls are placed several at once.
        at_once = AT_ONCE if self.phones else 1
        for first in range(0, bridged, at_once):
            some = range(first, min(first + at_once, bridged))
            told = await asyncio.gather(*(self.switch.join(bridged, number) for number in some))
            self.call_ids |= dict(zip(some, told, strict=True))
        begun: dict[int, float] = {}
        for number in range(bridged):
            self.switch.record(bridged, number, f"{bridged}/{number}.wav")
            begun[number] = time.monotonic()
        await asyncio.sleep(SETTLE_S)
        await self._measure(window, bridged)
        await asyncio.gather(*(self._end(bridged, n, begun[n]) for n in range(bridged)))

    async def _measure(self, window: int, bridged: int) -> None:
        sides = ("carrier", "operators")
        pids = {name: (part.pid,) for name, part in self.peers.items()}
        pids["engine"] = tuple(self.switch.pids)
        before = {name: worked(some) for name, some in pids.items()}
        machine, begun = machine_s(), time.monotonic()
        for side in sides:
            await asked(self.peers[side], open=window)
        await asyncio.sleep(self.options.seconds)
        spoken = {side: (await asked(self.peers[side], close=window))["legs"] for side in sides}
        wall = time.monotonic() - begun
        cpu = {name: worked(some)[0] - before[name][0] for name, some in pids.items()}
        cpu["machine"] = machine_s() - machine
        await asyncio.sleep(DRAIN_S)
        heard = {side: (await asked(self.peers[side], report=window))["legs"] for side in sides}
        drops = {name: worked(some)[1] - before[name][1] for name, some in pids.items()}
        for name, seconds in cpu.items():
            self.processes.append(
                {"bridged": bridged, "process": name, "cpu_s": f"{seconds:.4f}",
                 "wall_s": f"{wall:.4f}", "udp_drops": drops.get(name, 0)}
            )  # fmt: skip
        for number in range(bridged):
            for way, (mouth, ear) in zip(WAYS, (sides, sides[::-1]), strict=True):
                spoke = dict(spoken[mouth][str(number)])
                row = {"bridged": bridged, "call": number, "call_id": self.call_ids[number]}
                row |= {"way": way, "offered": spoke["sent"] + spoke.pop("missed")}
                self.calls.append(row | spoke | heard[ear][str(number)])

    async def _end(self, bridged: int, number: int, started_at: float) -> None:
        """Finishes the recording, hangs up, and notes what the engine says of the file."""
        row = {"bridged": bridged, "call": number, "started_at": started_at}
        row["stopped_at"] = time.monotonic()
        self.recordings.append(row)
        told = await self.switch.end(bridged, number)
        if told is not None:
            row |= asdict(told)

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


def worked(pids: Sequence[int]) -> tuple[float, int]:
    """Processor seconds of some processes, and datagrams thrown away at their sockets."""
    return sum(map(cpu_s, pids)), sum(map(udp_drops, pids))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=80, help="bridged calls of the last step")
    parser.add_argument("--legs", choices=("webrtc", "trunk"), default="webrtc")
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
    take_niceness()
    phones = options.legs == "trunk"
    told = {"legs": options.legs, "count": options.count, "seconds": options.seconds}
    (out / "run.json").write_text(json.dumps(told), encoding="utf-8")
    measure(options, out, lambda operators: VyzovSwitch(out, operators, phones=phones))
    if not phones:
        return judged("check_media.py", out, begun, options.seed)
    versions, missing = beside_asterisk(options, out / "asterisk")
    held = judged("check_media.py", out, begun, options.seed, **versions)
    if held == 0 and missing:
        # The promise beside Asterisk was not looked at.
        return 1 if os.environ.get("CI") == "true" else NOT_LOOKED_AT
    return held


def measure(options: argparse.Namespace, out: Path, make_switch: Callable[[Part], Switch]) -> None:
    """Measures one engine; its tables are in OUT."""
    bench: Bench | None = None

    async def run() -> None:
        nonlocal bench
        bench = Bench(options, out, make_switch)
        await bench.run()

    try:
        uvloop.run(run())
    finally:
        if bench is not None:
            bench.write()


def beside_asterisk(options: argparse.Namespace, out: Path) -> tuple[dict[str, str], str]:
    """Measures Asterisk in the same way; its version, and why it could not be had ("" for it was)."""
    from media_asterisk import AsteriskSwitch
    from sip_asterisk import missing_asterisk

    missing = missing_asterisk()
    if missing:
        print(f"asterisk: {missing}", file=sys.stderr)
        return {}, missing
    out.mkdir()
    switches: list[AsteriskSwitch] = []

    def make(operators: Part) -> Switch:  # noqa: ARG001 - its operators have phones
        switches.append(AsteriskSwitch(out))
        return switches[0]

    measure(options, out, make)
    return {"asterisk": switches[0].version}, ""


if __name__ == "__main__":
    sys.exit(main())
