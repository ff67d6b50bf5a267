"""A far side on a bad line: packets lost, late, twice, overtaking; another length, source or clock.

What is said is a script of frames, so that a test knows what should be heard, and when. All dice are
seeded; only the moments at which packets leave are the machine's.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from callee import Callee, CalleeCall, _bound

from vyzov.media import rtcp
from vyzov.media.frame import Samples
from vyzov.media.g711 import encode
from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import RtpReceiver, RtpSender
from vyzov.media.telephone_event import DigitSender
from vyzov.media.tones import tone
from vyzov.sip import sdp

Script = Callable[[int], Samples | None]
"""What is said in the n-th 20 ms after the answer; None sends nothing."""

BURST_MS = 300


def bursts(*hz: float) -> Script:
    """Says nothing but a tone of 300 ms at the beginning of each second, each of its own pitch."""

    def said(frame: int) -> Samples:
        second, place = divmod(frame, 50)
        if second < len(hz) and place < BURST_MS // 20:
            return tone(hz[second], BURST_MS, -10)[place * 160 : place * 160 + 160]
        return np.zeros(160, dtype=np.int16)

    return said


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the line is: shares of packets, and the longest hold-up in seconds."""

    loss: float = 0.0
    twice: float = 0.0
    jitter_s: float = 0.0
    seed: int = 7


class RoughCallee(Callee):
    """Says a script through bad weather."""

    def __init__(
        self,
        script: Script,
        *,
        weather: Weather | None = None,
        frames_per_packet: float = 1,
        sdp_lines: Sequence[str] = (),
        changes_at: int | None = None,
        jumps_at: int | None = None,
        early: Script | None = None,
        early_s: float = 0.0,
        final: int = 200,
        rtcp_port: bool = True,
        hears: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(ring_s=0.02, **options)
        self._script = script
        self._weather = weather or Weather()
        self._dice = random.Random(self._weather.seed)
        self._samples = round(160 * frames_per_packet)
        self._sdp_lines = sdp_lines
        self._changes_at, self._jumps_at = changes_at, jumps_at
        self._early, self._early_s, self._final = early, early_s, final
        self._rtcp_port = rtcp_port
        self._hears = hears
        self.keys: list[tuple[int, str]] = []
        """Digits pressed: the frame at which, and which."""
        self.said_at: float | None = None
        self.sent = 0
        self.lost = 0
        self.reports: list[rtcp.Report] = []
        self._digits: DigitSender | None = None

    async def _answer(self, call: CalleeCall) -> None:
        rtcp_sock = None
        if self._rtcp_port:
            rtcp_sock = _pair(self._loop, call)
            self._loop.add_reader(call.sock.fileno(), self._hear, call)
        port: int = call.sock.getsockname()[1]
        answer = sdp.answer(
            call.offer, address="127.0.0.1", port=port, session_id=1, codecs=[self._law.value]
        )
        kept = [line for line in answer.decode().split("\r\n") if not line.startswith("a=ptime")]
        answer = "\r\n".join([*kept[:-1], *self._sdp_lines, ""]).encode()
        if self._early is not None:
            self._agent.respond(call.leg, 183, sdp=answer, now=time.monotonic())
            self._pump()
            await self._say(call, self._early, round(self._early_s * 50))
        if self._final != 200:
            self._agent.respond(call.leg, self._final, now=time.monotonic())
            self._pump()
            return
        self._agent.respond(call.leg, 200, sdp=answer, now=time.monotonic())
        self._pump()
        reporting = self._loop.create_task(self._report(call, rtcp_sock)) if rtcp_sock else None
        try:
            await self._say(call, self._script, 1_000_000)
        finally:
            if reporting is not None:
                reporting.cancel()
                self._loop.remove_reader(rtcp_sock.fileno())
                rtcp_sock.close()

    async def _say(self, call: CalleeCall, script: Script, frames: int) -> None:
        audio = call.offer.audio
        assert audio is not None
        target = (audio.address, audio.port)
        self.sender = sender = RtpSender(secrets.randbits(32), 65_500, 2**32 - 3000, 0)
        sender.payload_type = self._law.payload_type
        said: Samples = np.zeros(0, dtype=np.int16)
        start = self.said_at = time.monotonic()
        for frame in range(frames):
            if call.ended.is_set():
                return
            if frame == self._changes_at:
                sender.ssrc = secrets.randbits(32)
                sender.sequence, sender.timestamp = 9, 77
            if frame == self._jumps_at:
                sender.skip(1_000_000)
            key = self._key(sender, frame)
            part = None if key is not None else script(frame)
            if key is not None:
                self._send(call, key, target)
            elif part is None:
                sender.skip(160)
            else:
                said = np.concatenate([said, part])
                while len(said) >= self._samples:
                    payload = encode(said[: self._samples], self._law)
                    said = said[self._samples :]
                    self._send(call, sender.packet(payload, samples=self._samples), target)
            await asyncio.sleep(max(0.0, start + (frame + 1) * 0.02 - time.monotonic()))

    def _key(self, sender: RtpSender, frame: int) -> bytes | None:
        for at, digits in self.keys:
            if frame == at:
                self._digits = DigitSender(digits)
        return None if self._digits is None else self._digits.next_packet(sender)

    def _send(self, call: CalleeCall, data: bytes, target: tuple[str, int]) -> None:
        self.sent += 1
        dice, weather = self._dice, self._weather
        copies = 2 if dice.random() < weather.twice else 1
        if dice.random() < weather.loss:
            self.lost += 1
            return
        for _ in range(copies):
            delay = dice.uniform(0, weather.jitter_s)
            if delay:
                self._loop.call_later(delay, self._leave, call, data, target)
            else:
                self._leave(call, data, target)

    def _leave(self, call: CalleeCall, data: bytes, target: tuple[str, int]) -> None:
        if not call.ended.is_set():
            call.sock.sendto(data, target)

    async def _report(self, call: CalleeCall, sock: Any) -> None:
        """Sends and takes RTCP once a second."""
        audio = call.offer.audio
        assert audio is not None
        session = RtcpSession(
            time.monotonic(), epoch_s=1_000_000.0, dice=lambda: 0.5, cname="rough"
        )
        self._loop.add_reader(sock.fileno(), self._take_report, sock, session)
        while True:
            await asyncio.sleep(0.5)
            receiver = RtpReceiver()
            if self._hears:
                for packet in list(call.packets):
                    receiver.receive(packet, 0.0)
            data = session.report(self.sender, receiver, time.monotonic())
            sock.sendto(data, (audio.address, audio.port + 1))

    def _take_report(self, sock: Any, session: RtcpSession) -> None:
        try:
            data = sock.recv(2048)
        except OSError:
            return
        found = session.receive(data, self.sender.ssrc, time.monotonic())
        if found is not None:
            self.reports.append(found)


def _pair(loop: asyncio.AbstractEventLoop, call: CalleeCall) -> Any:
    """Moves a call's socket to an even port whose neighbour is free, and returns that one."""
    for _ in range(200):
        sock = _bound(0)
        port = sock.getsockname()[1]
        if port % 2 == 0:
            try:
                other = _bound(port + 1)
            except OSError:
                sock.close()
                continue
            loop.remove_reader(call.sock.fileno())
            call.sock.close()
            call.sock = sock
            return other
        sock.close()
    raise AssertionError("no two neighbouring ports are free")
