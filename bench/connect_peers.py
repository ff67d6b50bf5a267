"""The far sides of `bench connect`: a carrier with one customer per operator, operators, load.

Operators use the same short cut past aiortc's media pipeline as the engine, because the stock one
would measure itself. Everything here notes when packets arrive, by the machine's monotonic clock.
"""

# ruff: noqa: SLF001, ARG001, ARG002 - aiortc's private methods, and signatures that are its own

import asyncio
import heapq
import json
import os
import random
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from vyzov.cli.precedence import take_niceness
from vyzov.media import rtp
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode, encode
from vyzov.media.rtp import RtpSender
from vyzov.media.tones import amplitude, tone
from vyzov.sip import sdp
from vyzov.sip.events import CallEnded, IncomingCall
from vyzov.sip.user_agent import Hop, UserAgent
from vyzov.telephony.native.webrtc import run_at_once, use_hosts

CUSTOMER_NUMBERS = [f"+120255501{number:02d}" for number in range(50)]
CUSTOMER_HZ = 400.0
OPERATOR_HZ = 1200.0
FRAME_S = 0.02
TOGETHER_S = 0.0005
"""Voices due this close together are sent together."""
LOUD = amplitude(-16)
_TIMES = np.arange(160) / 8000
_PROJECT = {hz: np.exp(-2j * np.pi * hz * _TIMES) / 80 for hz in (CUSTOMER_HZ, OPERATOR_HZ)}


def hears(payload: bytes, hz: float) -> bool:
    """Whether a frame holds the tone: one projection, enough between tones 50 Hz x n apart."""
    return len(payload) == 160 and bool(abs(_PROJECT[hz] @ decode(payload, Law.PCMA)) > LOUD)


def payloads(hz: float) -> list[bytes]:
    """A tone of whole cycles per frame, as the one payload that repeats."""
    sound: Samples = tone(hz, 20, -10)
    return [encode(sound, Law.PCMA)]


@dataclass(slots=True)
class CustomerCall:
    """One call the carrier answered."""

    leg: str
    call_id: str
    operator: int
    sock: socket.socket
    target: tuple[str, int]
    sender: RtpSender
    answered_at: float
    operator_at: float | None = None
    customer_at: float | None = None
    asked: bool = False
    over: bool = False


class Carrier:
    """Answers every INVITE at once and speaks from a random phase of the first 20 ms."""

    def __init__(self, *, seed: int, measured: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._dice = random.Random(seed)
        self._measured = measured
        self._socket = bound()
        self.port: int = self._socket.getsockname()[1]
        self._agent = UserAgent(
            local=("127.0.0.1", self.port),
            secret=b"carrier",
            new_token=lambda: secrets.token_hex(8),
            accept_calls=True,
        )
        self.calls: dict[str, CustomerCall] = {}
        self.by_call_id: dict[str, CustomerCall] = {}
        self.talking: dict[int, CustomerCall] = {}
        self._queue: list[tuple[float, int, CustomerCall]] = []
        self._count = 0
        self._voice = payloads(CUSTOMER_HZ)[0]
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._loop.call_soon(self._speak)

    def _readable(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(65_535)
            except (BlockingIOError, OSError):
                return
            self._agent.receive(data, Hop(*source), time.monotonic())
            self._pump()

    def _pump(self) -> None:
        for event in self._agent.events():
            if isinstance(event, IncomingCall):
                self._answer(event)
            elif isinstance(event, CallEnded):
                self._end(event.leg)
        for data, target in self._agent.messages_to_send():
            self._socket.sendto(data, target.address)
        if self._timer is not None:
            self._timer.cancel()
        due = self._agent.next_deadline()
        if due is not None:
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._agent.handle_deadline(time.monotonic())
        self._pump()

    def _answer(self, event: IncomingCall) -> None:
        assert event.sdp is not None
        offer = sdp.parse(event.sdp)
        audio = offer.audio
        assert audio is not None
        sock = bound()
        answer = sdp.answer(
            offer, address="127.0.0.1", port=sock.getsockname()[1], session_id=1, codecs=["PCMA"]
        )
        known = event.to_user in CUSTOMER_NUMBERS
        call = CustomerCall(
            leg=event.leg, call_id=event.call_id, sock=sock, target=(audio.address, audio.port),
            operator=CUSTOMER_NUMBERS.index(event.to_user) if known else -1,
            sender=RtpSender(int.from_bytes(os.urandom(4), "big"), 0, 0, 8),
            answered_at=0.0,
        )  # fmt: skip
        self.calls[event.leg] = call
        self.by_call_id[call.call_id] = call
        self._loop.add_reader(sock.fileno(), self._hear, call)
        self._agent.respond(event.leg, 200, sdp=answer, now=time.monotonic())
        call.answered_at = time.monotonic()
        self._count += 1
        first = call.answered_at + self._dice.uniform(0, FRAME_S)
        heapq.heappush(self._queue, (first, self._count, call))
        if self._measured:
            self.talking[call.operator] = call

    def _end(self, leg: str) -> None:
        call = self.calls.pop(leg, None)
        if call is not None:
            call.over = True
            self._loop.remove_reader(call.sock.fileno())
            call.sock.close()
            self.by_call_id.pop(call.call_id, None)
            if self.talking.get(call.operator) is call:
                del self.talking[call.operator]
            self._agent.forget(leg)

    def _hear(self, call: CustomerCall) -> None:
        while not call.over:
            try:
                data = call.sock.recv(2048)
            except (BlockingIOError, OSError):
                return
            if self._measured and call.operator_at is None:
                now = time.monotonic()
                packet = rtp.parse(data)
                if packet is not None and hears(packet.payload, OPERATOR_HZ):
                    call.operator_at = now
                    self.report(call)

    def _speak(self) -> None:
        """One loop for all voices; each is due every 20 ms from its own first moment."""
        now = time.monotonic()
        queue = self._queue
        while queue and queue[0][0] <= now + TOGETHER_S:
            due, number, call = heapq.heappop(queue)
            if not call.over:
                call.sock.sendto(call.sender.packet(self._voice), call.target)
                heapq.heappush(queue, (due + FRAME_S, number, call))
        soonest = queue[0][0] if queue else now + 0.002
        self._loop.call_later(max(0.0005, min(soonest - now, 0.002)), self._speak)

    def report(self, call: CustomerCall) -> None:
        """Tells both times once both are there and the floor has asked."""
        if call.asked and call.operator_at is not None and call.customer_at is not None:
            tell(
                call_id=call.call_id, answered_at=call.answered_at, customer_at=call.customer_at,
                operator_at=call.operator_at,
            )  # fmt: skip


class Operator:
    """A browser that says its tone all the time and notes when it hears the customer's."""

    def __init__(self, number: int, carrier: Carrier, dice: random.Random) -> None:
        self._number = number
        self._carrier = carrier
        self._phase = dice.uniform(0, FRAME_S)
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        wanted = [
            c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType == "audio/PCMA"
        ]
        transceiver = self._peer.addTransceiver("audio", direction="sendrecv")
        transceiver.setCodecPreferences(wanted)
        transceiver.sender.send = _nothing
        transceiver.receiver.receive = _nothing
        self._transport = transceiver.sender.transport
        self._transport._handle_rtp_data = self._hear
        self._sender = RtpSender(transceiver.sender._ssrc, 1, 1, 8)
        self._speaking: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def take(self, answer: str) -> None:
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._speaking = asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        voice = payloads(OPERATOR_HZ)[0]
        start, count = time.monotonic() + self._phase, 0
        while True:
            await asyncio.sleep(max(0.0, start + count * FRAME_S - time.monotonic()))
            if self._transport.state == "connected":
                run_at_once(self._transport._send_rtp(self._sender.packet(voice)))
            count += 1

    async def _hear(self, data: bytes, arrival_time_ms: int) -> None:
        call = self._carrier.talking.get(self._number)
        if call is None or call.customer_at is not None:
            return
        now = time.monotonic()
        packet = rtp.parse(data)
        if packet is not None and hears(packet.payload, CUSTOMER_HZ):
            call.customer_at = now
            self._carrier.report(call)


async def _nothing(parameters: object) -> None:
    return


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made


def tell(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def run_peer(options: dict[str, Any]) -> None:
    """The process of the carrier and the operators."""
    take_niceness()
    use_hosts(["127.0.0.1"])
    reader = await lines()
    carrier = Carrier(seed=options["seed"], measured=True)
    tell(port=carrier.port)
    dice = random.Random(options["seed"])
    for number in range(options["operators"]):
        operator = Operator(number, carrier, dice)
        tell(sdp=await operator.offer())
        await operator.take(json.loads(await reader.readline())["answer"])
    while True:
        message = json.loads(await reader.readline() or b'{"do":"end"}')
        if message.get("do") == "end":
            tell(over=True)
            await asyncio.sleep(3600)
        call = carrier.by_call_id.get(message["ask"])
        if call is not None:
            call.asked = True
            carrier.report(call)


async def run_load(options: dict[str, Any]) -> None:
    """The process of the background calls' far side."""
    take_niceness()
    carrier = Carrier(seed=options["seed"], measured=False)
    tell(port=carrier.port)
    await asyncio.sleep(86_400)
