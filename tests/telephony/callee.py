"""A callee with a voice: our own SIP stack as the far side, real RTP on loopback.

Used where a test needs sound in both directions; who shares our SIP reading is SIPp's business.
"""

import asyncio
import secrets
import socket
import time
from collections import deque
from typing import Any, Self

import numpy as np

from vyzov.media import rtp
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode, encode, law_of
from vyzov.media.rtp import RtpSender
from vyzov.media.telephone_event import DigitSender
from vyzov.media.tones import Tone
from vyzov.sip import sdp
from vyzov.sip.events import CallCancelled, CallEnded, IncomingCall, SipEvent
from vyzov.sip.transaction import unheard
from vyzov.sip.user_agent import Hop, UserAgent

HEARD_FRAMES = 500


class CalleeCall:
    """One call a callee got."""

    def __init__(self, leg: str, offer: bytes, sock: socket.socket) -> None:
        self.leg = leg
        self.offer = sdp.parse(offer)
        self.sock = sock
        self.heard: deque[Samples] = deque(maxlen=HEARD_FRAMES)
        self.heard_at: list[float] = []
        self.packets: list[rtp.RtpPacket] = []
        self.digits: DigitSender | None = None
        self.ended = asyncio.Event()

    def heard_sound(self, seconds: float) -> Samples:
        """Returns the last so many seconds heard."""
        frames = list(self.heard)[-round(seconds * 50) :]
        return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)


class Callee:
    """Answers every call after `ring_s` and speaks a tone."""

    def __init__(
        self,
        *,
        hz: float = 400.0,
        ring_s: float = 0.1,
        answers: bool = True,
        law: Law = Law.PCMA,
        port: int = 0,
        answer_headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._answer_headers = answer_headers
        self._hz = hz
        self._ring_s = ring_s
        self._answers = answers
        self._law = law
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._agent = UserAgent(
            local=("127.0.0.1", self.port),
            secret=b"callee",
            new_token=lambda: secrets.token_hex(8),
            accept_calls=True,
        )
        self.events: list[SipEvent] = []
        self.calls: dict[str, CalleeCall] = {}
        self.requests: list[str] = []
        self.sent_200_at: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._loop.remove_reader(self._socket.fileno())
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.calls.values():
            self._loop.remove_reader(call.sock.fileno())
            call.sock.close()
        self._socket.close()

    def count(self, method: str) -> int:
        """Returns how many datagrams with a request of this method arrived."""
        return sum(1 for start in self.requests if start.startswith(method + " "))

    async def call(self, number: int = 0, limit_s: float = 5.0) -> CalleeCall:
        """Returns the n-th call, waiting for it."""
        end = time.monotonic() + limit_s
        while len(self.calls) <= number:
            assert time.monotonic() < end, "no call came"
            await asyncio.sleep(0.01)
        return list(self.calls.values())[number]

    async def wait(self, kind: type[Any], limit_s: float = 10.0) -> Any:
        """Returns the first SIP event of a kind, waiting for it."""
        end = time.monotonic() + limit_s
        while True:
            for event in self.events:
                if isinstance(event, kind):
                    return event
            assert time.monotonic() < end, f"no {kind.__name__}; came: {self.events}"
            await asyncio.sleep(0.01)

    def hang_up(self, call: CalleeCall) -> None:
        """Sends a BYE."""
        self._agent.bye(call.leg, time.monotonic())
        self._pump()

    def hold(self, call: CalleeCall, *, on: bool) -> None:
        """Puts the caller on hold, or takes them back."""
        (self._agent.hold if on else self._agent.unhold)(call.leg, time.monotonic())
        self._pump()

    def offer(self, call: CalleeCall, text: bytes) -> None:
        """Offers another session."""
        self._agent.reoffer(call.leg, text, time.monotonic())
        self._pump()

    def inform(self, call: CalleeCall, kind: str, body: bytes) -> None:
        """Sends an INFO."""
        established = self._agent._legs[call.leg].established
        assert established is not None
        headers = [("Content-Type", kind)]
        established.talk.send("INFO", time.monotonic(), unheard, headers=headers, body=body)
        self._pump()

    def _readable(self) -> None:
        while True:
            try:
                data, source = self._socket.recvfrom(65_535)
            except (BlockingIOError, OSError):
                return
            self.requests.append(data.split(b"\r\n", 1)[0].decode("latin-1"))
            self._agent.receive(data, Hop(*source), time.monotonic())
            self._pump()

    def _pump(self) -> None:
        for event in self._agent.events():
            self.events.append(event)
            if isinstance(event, IncomingCall):
                self._start(event)
            elif isinstance(event, CallEnded | CallCancelled):
                call = self.calls.get(event.leg)
                if call is not None:
                    call.ended.set()
        for data, target in self._agent.messages_to_send():
            self._socket.sendto(data, target.address)
        if self._timer is not None:
            self._timer.cancel()
        due = self._agent.next_deadline()
        if due is not None:
            self._timer = self._loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._agent.handle_deadline(time.monotonic())
        self._pump()

    def _start(self, event: IncomingCall) -> None:
        assert event.sdp is not None
        call = CalleeCall(event.leg, event.sdp, _bound(0))
        self.calls[event.leg] = call
        self._loop.add_reader(call.sock.fileno(), self._hear, call)
        task = self._loop.create_task(self._answer(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, call: CalleeCall) -> None:
        self._agent.respond(call.leg, 180, now=time.monotonic())
        self._pump()
        if not self._answers:
            return
        await asyncio.sleep(self._ring_s)
        port: int = call.sock.getsockname()[1]
        answer = sdp.answer(
            call.offer, address="127.0.0.1", port=port, session_id=1, codecs=[self._law.value]
        )
        self.sent_200_at = time.monotonic()
        self._agent.respond(
            call.leg, 200, sdp=answer, now=self.sent_200_at, headers=self._answer_headers
        )
        self._pump()
        await self._speak(call)

    async def _speak(self, call: CalleeCall) -> None:
        audio = call.offer.audio
        assert audio is not None
        target = (audio.address, audio.port)
        voice = Tone(self._hz)
        sender = RtpSender(7, 100, 1000, self._law.payload_type)
        start = time.monotonic()
        sent = 0
        while not call.ended.is_set():
            packet = None if call.digits is None else call.digits.next_packet(sender)
            if packet is None:
                packet = sender.packet(encode(voice.frame(), self._law))
            call.sock.sendto(packet, target)
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))

    def _hear(self, call: CalleeCall) -> None:
        while True:
            try:
                data = call.sock.recv(2048)
            except (BlockingIOError, OSError):
                return
            packet = rtp.parse(data)
            if packet is None:
                continue
            call.packets.append(packet)
            law = law_of(packet.payload_type)
            if law is not None:
                call.heard_at.append(time.monotonic())
                call.heard.append(decode(packet.payload, law))


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", port))
    return made
