"""`./run verify rtp`: nobody outside a call hears it, is heard in it, or ends it.

Calls run through a real engine, customer and operator both by SIP, recorded; plain RTP first, then SRTP
on TLS. An attacker who knows every port sprays 10,000 packets of each kind at each call's customer
side: while its address is being learned, at its start and in its middle; from another host, from
another port of the right host, and under the customer's forged address where the system allows raw
packets; as sound, goodbyes, noise, and packets of the call played again. A control call, whose
customer itself makes the attacker's sound, shows that it would have been found. Worked out from DIR
by `check_rtp.py`.
"""

import argparse
import asyncio
import csv
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from connect import Floor
from processes import Part, judged
from rtp_victims import ANSWER_AFTER_S, NAME, certificates

from vyzov.dialer.ports import (
    BridgeJoined,
    Ended,
    Event,
    Hangup,
    RecordFinished,
    RecordStart,
    RecordStop,
    SetTrunk,
    Snapshot,
)

MISSING = 77
KINDS = ("other_host", "other_port", "forged", "goodbye", "garbage", "replay", "control")
MODES = ("plain", "srtp")
PHASE_S = 1.5
MIDDLE_AFTER_S = 3.0
AT_ONCE = 2
LIMIT_S = 20.0
CONTROL_BYTES = b"are you listening?"
COLUMNS = [
    "mode", "kind", "customer", "operator", "sent", "faults", "ended_early", "side", "cause",
    "said_customer", "said_operator", "recording", "sha256", "stats",
]  # fmt: skip


class WatchedFloor(Floor):
    """A floor that remembers which legs ended, and when."""

    def __init__(self, socket: Path) -> None:
        super().__init__(socket)
        self.ends: dict[str, tuple[float, Ended]] = {}

    def _hear(self, event: Event) -> None:
        if isinstance(event, Ended):
            self.ends[event.leg] = (time.monotonic(), event)
        super()._hear(event)


class Lines:
    """Takes a part's lines as they come and hands each to whoever waits for it."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._waiting: dict[tuple[str, Any], asyncio.Future[dict[str, Any]]] = {}
        self._came: dict[tuple[str, Any], dict[str, Any]] = {}
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            line = await loop.run_in_executor(None, self._part.read)
            for key in ("id", "port", "called", "ended", "sent", "pid"):
                if key in line:
                    found = (key, f"{line['id']} {line['phase']}" if key == "id" else line[key])
                    found = (key, "") if key in ("port", "pid") else found
                    waiting = self._waiting.pop(found, None)
                    if waiting is None:
                        self._came[found] = line
                    elif not waiting.done():
                        waiting.set_result(line)
                    break

    async def of(self, key: str, value: Any = "") -> dict[str, Any]:
        """Returns the line about this, waiting for it."""
        if (key, value) in self._came:
            return self._came.pop((key, value))
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[key, value] = future
        return await asyncio.wait_for(future, LIMIT_S)


class Proof:
    """One mode: an engine, its victims and their attacker."""

    def __init__(self, mode: str, count: int, seed: int, out: Path) -> None:
        self._mode = mode
        self._sealed = mode == "srtp"
        self._count = count
        self._out = out
        (out / "heard").mkdir(parents=True)
        if self._sealed:
            certificates(out)
        same = {"out": str(out), "sealed": self._sealed}
        sock = out / "engine.sock"
        self._engine = Part("rtp_victims.py", "engine", out, socket=str(sock), **same)
        self._victims = Part("rtp_victims.py", "victims", out, **same)
        self._attacker = Part("rtp_attack.py", "attacker", out, seed=seed)
        self._floor = WatchedFloor(sock)
        self.rows: list[dict[str, Any]] = []
        self.leak: dict[str, Any] = {"mode": mode}

    async def run(self) -> None:
        running = asyncio.get_running_loop().create_task(self._floor.link.run())
        self._from_victims, self._from_attacker = Lines(self._victims), Lines(self._attacker)
        try:
            await asyncio.wait_for(self._floor.expect("", Snapshot), LIMIT_S)  # type: ignore[arg-type]
            port = (await self._from_victims.of("port"))["port"]
            self._floor.link.send(self._trunk(port))
            await self._prove_the_ears()
            gate = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(
                *(self._attacked(gate, number, kind) for number, kind in enumerate(KINDS))
            )
            self.leak["leaked"] = await self._leaked() - self.leak["control"]
        finally:
            for task in (running, self._from_victims.task, self._from_attacker.task):
                task.cancel()
            for part in (self._attacker, self._victims, self._engine):
                part.end()

    def _trunk(self, port: int) -> SetTrunk:
        if not self._sealed:
            return SetTrunk("victims", "127.0.0.1", port, probe_s=0)
        return SetTrunk(
            "victims", "127.0.0.1", port, transport="tls", tls_name=NAME, srtp="required", probe_s=0
        )

    async def _prove_the_ears(self) -> None:
        """What comes to the attacker must be counted: one datagram does come."""
        told = await self._from_attacker.of("port")
        self.leak["raw"] = told["raw"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(CONTROL_BYTES, ("127.0.0.66", told["port"]))
        await asyncio.sleep(0.2)
        self.leak["control"] = await self._leaked()

    async def _leaked(self) -> int:
        self._attacker.say(ask=True)
        return int((await self._from_attacker.of("pid"))["leaked"])

    async def _attacked(self, gate: asyncio.Semaphore, number: int, kind: str) -> None:
        async with gate:
            customer, operator = 1000 + 2 * number, 1001 + 2 * number
            agent, leg = f"{kind}-operator", f"{kind}-customer"
            # No leg is hung up on but by us: what ends one earlier was the attack.
            answered = self._floor.call(agent, f"+7000555{operator}", "victims")
            await asyncio.wait_for(answered, LIMIT_S)
            joined = self._floor.expect(leg, BridgeJoined)
            self._floor.call(leg, f"+7000555{customer}", "victims", agent)
            told = await self._from_victims.of("called", customer)
            attacks = [self._attack(kind, "learning", told, ANSWER_AFTER_S + 0.5, [])]
            await asyncio.wait_for(joined, LIMIT_S)
            self._floor.link.send(RecordStart(leg, leg, f"{kind}.wav"))
            heard: list[str] = []
            if kind == "replay":
                await asyncio.sleep(1.0)
                self._victims.say(sent=customer)
                heard = (await self._from_victims.of("sent", customer))["packets"]
            if kind == "control":
                self._victims.say(misbehave=customer)
            attacks.append(self._attack(kind, "start", told, PHASE_S, heard))
            await asyncio.sleep(MIDDLE_AFTER_S)
            attacks.append(self._attack(kind, "middle", told, PHASE_S, heard))
            done = [one for one in [await attack for attack in attacks] if one]
            await asyncio.sleep(0.5)
            row = {"mode": self._mode, "kind": kind, "customer": customer, "operator": operator}
            row |= {name: sum(one[name] for one in done) for name in ("sent", "faults")}
            self.rows.append(row | await self._end(leg, agent, customer, operator))

    def _attack(
        self, kind: str, phase: str, told: dict[str, Any], seconds: float, heard: list[str]
    ) -> "asyncio.Task[dict[str, Any]]":
        async def run() -> dict[str, Any]:
            # Before anything was said there is nothing to play again.
            shares = (
                {"start": 2, "middle": 2}
                if kind == "replay"
                else dict.fromkeys(("learning", "start", "middle"), 3)
            )
            if phase not in shares or kind == "control":
                return {}
            count = -(-self._count // shares[phase])
            self._attacker.say(
                id=kind, phase=phase, kind=kind, count=count, seconds=seconds, heard=heard,
                engine=told["engine"], victim=told["victim"], sealed=self._sealed,
            )  # fmt: skip
            return await self._from_attacker.of("id", f"{kind} {phase}")

        return asyncio.get_running_loop().create_task(run())

    async def _end(self, leg: str, agent: str, customer: int, operator: int) -> dict[str, Any]:
        early = [one for one in (leg, agent) if one in self._floor.ends]
        written = self._floor.expect(leg, RecordFinished)
        self._floor.link.send(RecordStop(leg, leg))
        row: dict[str, Any] = {"ended_early": len(early), "recording": "", "sha256": ""}
        if not early:
            finished = await asyncio.wait_for(written, LIMIT_S)
            row["recording"] = str(Path(finished.path).relative_to(self._out))
            row["sha256"] = finished.sha256
        ends = [self._floor.expect(one, Ended) for one in (leg, agent) if one not in early]
        for one in (leg, agent):
            self._floor.link.send(Hangup(one))
        if ends:
            await asyncio.wait(ends, timeout=LIMIT_S)
        _, ended = self._floor.ends[leg]
        row |= {"side": ended.side, "cause": ended.cause, "stats": json.dumps(dict(ended.stats))}
        for name, number in (("said_customer", customer), ("said_operator", operator)):
            row[name] = (await self._from_victims.of("ended", number))["said"]
        return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="tries of each kind and mode")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    begun = time.monotonic()
    out = (options.out or Path(tempfile.mkdtemp(prefix="vyzov-rtp-"))).resolve()
    if (out / "plain").exists():
        parser.error(f"{out} holds an earlier run; name another folder")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    leaks: list[dict[str, Any]] = []
    try:
        for mode in MODES:
            proof = Proof(mode, options.count, options.seed, out / mode)
            uvloop.run(proof.run())
            rows += proof.rows
            leaks.append(proof.leak)
    finally:
        for name, columns, table in (
            ("calls", COLUMNS, rows),
            ("leaks", ["mode", "raw", "control", "leaked"], leaks),
        ):
            with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(table)
        (out / "wanted.json").write_text(
            json.dumps({"count": options.count, "control": len(CONTROL_BYTES)}), encoding="utf-8"
        )
    code = judged("check_rtp.py", out, begun, options.seed)
    if code == 0 and not all(leak["raw"] for leak in leaks):
        print("No address was forged: that needs raw sockets, run it as root.", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else MISSING
    return code


if __name__ == "__main__":
    sys.exit(main())
