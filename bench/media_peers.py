"""The processes of `bench media`: the engine, a carrier with customers, operators by WebRTC or SIP.

`carrier` and `phones` answer every INVITE on a UDP port of their own, whoever sends it: customer N
is reached as `CUSTOMERS[N]`, operator N's desk phone as `PHONES[N]`. So any engine that can place
two calls and join them can be measured (`Switch` in `media.py`).

Every packet of a measured window carries, in the first bytes of its sound, who sent it, which one it
is and when it left. So the far side knows what was carried, what was lost and what came astray,
and the same bytes are found again in the recordings. Carrier and operators count what they themselves
did not manage to send: a generator that stumbles must not look like an engine that loses.
"""

# ruff: noqa: ARG002 - a signature of aiortc's

import asyncio
import heapq
import json
import math
import random
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop
from aiortc import RTCSessionDescription
from connect import run_engine
from connect_peers import (
    CUSTOMER_HZ,
    FRAME_S,
    OPERATOR_HZ,
    Carrier,
    CustomerCall,
    Operator,
    lines,
    payloads,
    tell,
)

from vyzov.cli.precedence import take_niceness
from vyzov.sip.events import IncomingCall
from vyzov.telephony.native.webrtc import run_at_once, use_hosts

MARK = struct.Struct("!4sHHId")
MAGIC = b"\x9c\x3aVy"
"""Mark: magic, window, sender, index, monotonic seconds at which it left (docs/formats.md)."""
FIRST_CUSTOMER, FIRST_OPERATOR = 1, 10_001
FIRST_SEQUENCE = 1000
TOGETHER_S = 0.0005
SKIP_S = 0.1
"""A packet that could not leave within this time is given up and counted as missed."""
RANKS = {"p50": 0.5, "p99": 0.99, "max": 1.0}
CUSTOMERS = [f"+7000555{1000 + number}" for number in range(500)]
PHONES = [f"+7000556{1000 + number}" for number in range(500)]


class Voice:
    """One sender: a packet every 20 ms, marked while a window is open."""

    def __init__(self, sender: int, hz: float, send: Callable[[bytes], None]) -> None:
        self.sender = sender
        self.over = False
        self._send = send
        self._plain = payloads(hz)[0]
        self._rest = self._plain[MARK.size :]
        self.open(0)

    def open(self, window: int) -> None:
        """Begins to count anew; window 0 is none."""
        self.window, self.index, self.missed, self.late_s = window, 0, 0, 0.0

    def speak(self, due: float, now: float) -> None:
        if not self.window:
            self._send(self._plain)
            return
        self.late_s = max(self.late_s, now - due)
        if now - due > SKIP_S:
            self.missed += 1
            return
        mark = MARK.pack(MAGIC, self.window, self.sender, self.index, time.monotonic())
        self.index += 1
        self._send(mark + self._rest)


class Voices:
    """All senders of a process, each due every 20 ms from its own phase."""

    def __init__(self, dice: random.Random) -> None:
        self._loop = asyncio.get_running_loop()
        self._dice = dice
        self._queue: list[tuple[float, int, Voice]] = []
        self._count = 0
        self._loop.call_soon(self._run)

    def add(self, voice: Voice) -> None:
        self._count += 1
        first = time.monotonic() + self._dice.uniform(0, FRAME_S)
        heapq.heappush(self._queue, (first, self._count, voice))

    def _run(self) -> None:
        now = time.monotonic()
        queue = self._queue
        while queue and queue[0][0] <= now + TOGETHER_S:
            due, number, voice = heapq.heappop(queue)
            if not voice.over:
                voice.speak(due, now)
                heapq.heappush(queue, (due + FRAME_S, number, voice))
        soonest = queue[0][0] if queue else now + 0.01
        self._loop.call_later(max(0.0005, min(soonest - now, 0.01)), self._run)


class Ear:
    """What one leg heard of the sender it is joined with, window by window."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._open(0)

    def _open(self, window: int) -> None:
        self._window = window
        self._seen: set[int] = set()
        self._spans: list[float] = []
        self.twice = self.strays = 0

    def take(self, payload: bytes) -> None:
        if len(payload) < MARK.size or payload[:4] != MAGIC:
            return
        _, window, sender, index, left_at = MARK.unpack_from(payload)
        if window != self._window:
            if window < self._window:
                return
            self._open(window)
        if sender != self._wanted:
            self.strays += 1
        elif index in self._seen:
            self.twice += 1
        else:
            self._seen.add(index)
            self._spans.append(time.monotonic() - left_at)

    def told(self, window: int) -> dict[str, Any]:
        """Returns what came of a window; nothing of another."""
        if window != self._window:
            return {"carried": 0, "twice": 0, "strays": 0}
        spans = sorted(self._spans)
        found = {"carried": len(spans), "twice": self.twice, "strays": self.strays}
        return found | {f"transit_{n}_ms": rank(spans, s) for n, s in RANKS.items() if spans}


def rank(ranked: list[float], share: float) -> float:
    """The smallest of these seconds that at least `share` do not exceed, in milliseconds."""
    return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)] * 1000, 3)


Legs = list[tuple[int, Voice, Ear]]


def window(message: dict[str, Any], legs: Legs) -> dict[str, Any]:
    """Opens or closes a window, or tells what legs heard in one."""
    if "open" in message:
        for _, voice, _ in legs:
            voice.open(message["open"])
        return {"ok": True}
    if "close" in message:
        told: dict[int, Any] = {}
        for number, voice, _ in legs:
            late = round(voice.late_s * 1000, 2)
            told[number] = {"sent": voice.index, "missed": voice.missed, "late_max_ms": late}
            voice.open(0)
        return {"legs": told}
    return {"legs": {number: ear.told(message["report"]) for number, _, ear in legs}}


class MediaCarrier(Carrier):
    """Answers at once; every customer speaks until hung up and listens for their operator.

    With `phones` it is the operators who are called, and who listen for their customers."""

    def __init__(self, seed: int, *, phones: bool = False) -> None:
        super().__init__(seed=seed, measured=False)
        self.voices = Voices(random.Random(f"{seed} {'phones' if phones else 'customers'}"))
        self.legs: dict[str, tuple[int, Voice, Ear]] = {}
        self._numbers = PHONES if phones else CUSTOMERS
        self._hz = OPERATOR_HZ if phones else CUSTOMER_HZ
        firsts = (FIRST_OPERATOR, FIRST_CUSTOMER) if phones else (FIRST_CUSTOMER, FIRST_OPERATOR)
        self._speaks, self._hears = firsts

    def _speak(self) -> None:
        """Voices have a loop of their own."""

    def _answer(self, event: IncomingCall) -> None:
        super()._answer(event)
        call = self.calls[event.leg]
        number = self._numbers.index(event.to_user)

        def send(payload: bytes) -> None:
            call.sock.sendto(call.sender.packet(payload), call.target)

        voice = Voice(self._speaks + number, self._hz, send)
        self.legs[event.leg] = (number, voice, Ear(self._hears + number))
        self.voices.add(voice)

    def _end(self, leg: str) -> None:
        gone = self.legs.pop(leg, None)
        if gone is not None:
            gone[1].over = True
        super()._end(leg)

    def _hear(self, call: CustomerCall) -> None:
        ear = self.legs[call.leg][2]
        while not call.over:
            try:
                data = call.sock.recv(2048)
            except (BlockingIOError, OSError):
                return
            ear.take(data[12:])


class MediaOperator(Operator):
    """A browser's leg that speaks all the time and listens for its customer."""

    def __init__(self, number: int, voices: Voices, dice: random.Random) -> None:
        super().__init__(number, None, dice)  # type: ignore[arg-type]
        # aioice takes a packet for STUN whose sequence number is its own length less 20 (168 here).
        self._sender.sequence = FIRST_SEQUENCE
        self._voices = voices
        self.voice = Voice(FIRST_OPERATOR + number, OPERATOR_HZ, self._say)
        self.ear = Ear(FIRST_CUSTOMER + number)

    async def take(self, answer: str) -> None:
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._voices.add(self.voice)

    def _say(self, payload: bytes) -> None:
        if self._transport.state == "connected":
            run_at_once(self._transport._send_rtp(self._sender.packet(payload)))  # noqa: SLF001

    async def _hear(self, data: bytes, arrival_time_ms: int) -> None:
        self.ear.take(data[12:])


async def run_carrier(options: dict[str, Any]) -> None:
    """The process of a carrier, or of desk phones: opens and closes windows, tells what they held."""
    take_niceness()
    reader = await lines()
    carrier = MediaCarrier(options["seed"], phones=options.get("phones", False))
    tell(port=carrier.port)
    while line := await reader.readline():
        tell(**window(json.loads(line), list(carrier.legs.values())))


async def run_operators(options: dict[str, Any]) -> None:
    """The operators' process: brings legs up one by one, otherwise as the carrier."""
    take_niceness()
    use_hosts(["127.0.0.1"])
    reader = await lines()
    dice = random.Random(f"{options['seed']} operators")
    voices = Voices(dice)
    operators: list[MediaOperator] = []
    tell(ok=True)
    while line := await reader.readline():
        message = json.loads(line)
        if "offer" in message:
            operators.append(MediaOperator(len(operators), voices, dice))
            tell(sdp=await operators[-1].offer())
        elif "answer" in message:
            await operators[-1].take(message["answer"])
        else:
            legs = [(number, one.voice, one.ear) for number, one in enumerate(operators)]
            tell(**window(message, legs))


if __name__ == "__main__":
    parts = {"engine": run_engine, "carrier": run_carrier, "operators": run_operators}
    uvloop.run(parts[sys.argv[1]](json.loads(sys.argv[2])))
