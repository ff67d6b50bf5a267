"""One browser's audio leg: ICE and DTLS by `aiortc`, sound past its media pipeline.

G.711 packets are taken at aiortc's DTLS transport and sent through it, about five times cheaper
than its pipeline of decoders and threads. That rides on private methods, so `probe` looks for them
when the engine starts. Opus goes through the stock pipeline and is turned into G.711 here. When a
leg counts as up is decided in `devices`.
"""

# The fast path is made of aiortc's private methods, which `probe` checks by name and signature.
# pyright: reportPrivateUsage=false

import asyncio
import fractions
import inspect
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aioice.ice
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcdtlstransport import RTCDtlsTransport

from vyzov.media import rtcp, rtp
from vyzov.media.g711 import Law, decode, encode, transcode
from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import RtpPacket, RtpReceiver, RtpSender
from vyzov.media.stream import OutStream
from vyzov.telephony.native.browser_sdp import NarrowOffer, advertise
from vyzov.telephony.native.rtp_port import Hear, Sent, random_sender

log = logging.getLogger("vyzov.engine.webrtc")

FRAME_SAMPLES = 160
OPUS_QUEUE_FRAMES = 10
_PRIVATE: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (RTCDtlsTransport, "_handle_rtp_data", ("data", "arrival_time_ms")),
    (RTCDtlsTransport, "_handle_rtcp_data", ("data",)),
    (RTCDtlsTransport, "_send_rtp", ("data",)),
    (RTCRtpSender, "send", ("parameters",)),
    (RTCRtpReceiver, "receive", ("parameters",)),
)


class EngineUnfit(RuntimeError):
    """A library is not the one this engine was built for; the text names it."""


def probe() -> None:
    """Raises `EngineUnfit` unless aiortc and aioice have every method the fast path rides on."""
    missing = [
        f"{owner.__name__}.{name}"
        for owner, name, parameters in _PRIVATE
        if not _has(owner, name, parameters)
    ]
    if not hasattr(aioice.ice, "get_host_addresses"):
        missing.append("aioice.ice.get_host_addresses")
    if missing:
        raise EngineUnfit(
            f"this aiortc lacks {', '.join(missing)}, on which browsers' sound rides: "
            "install the pinned version (aiortc==1.16.0)"
        )


def _has(owner: type, name: str, parameters: tuple[str, ...]) -> bool:
    method = getattr(owner, name, None)
    return inspect.iscoroutinefunction(method) and (
        tuple(inspect.signature(method).parameters)[1:] == parameters
    )


def use_hosts(hosts: list[str]) -> list[str]:
    """Fixes the addresses browsers may reach this process at; returns them.

    Without any given, all addresses of the machine are used and 127.0.0.1, which aioice leaves
    out: a browser on the machine itself, with no network at all, must reach the engine too."""
    if not hosts:
        found = list(aioice.ice.get_host_addresses(True, False))
        hosts = [*found, "127.0.0.1"]

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001
        return [host for host in hosts if (use_ipv6 if ":" in host else use_ipv4)]

    aioice.ice.get_host_addresses = addresses
    return hosts


def run_at_once(step: Coroutine[Any, Any, None]) -> bool:
    """Runs a coroutine that never waits, without a task; returns whether it got through."""
    try:
        step.send(None)
    except StopIteration:
        return True
    except ConnectionError:
        return False
    step.close()
    return False


class FastLine:
    """G.711 straight through the DTLS transport, with its own numbers and reports."""

    def __init__(self, transport: RTCDtlsTransport, law: Law, payload_type: int, ssrc: int) -> None:
        """Takes the packets of `transport` from now on; nothing is sent before it is connected."""
        self.law = law
        self.last_sent = 0.0
        self.receiver = RtpReceiver()
        self.on_hear: Hear | None = None
        self.on_sent: Sent | None = None
        numbers = random_sender(payload_type)
        self._sender = RtpSender(ssrc, numbers.sequence, numbers.timestamp, payload_type)
        self._out = OutStream(self._sender)
        self._transport = transport
        self._payload_type = payload_type
        # Browsers' reports go at the owner's pace, so no dice are asked.
        self._reports = RtcpSession(
            time.monotonic(), epoch_s=time.time() - time.monotonic(), dice=lambda: 0.5
        )
        self._closed = False
        transport._handle_rtp_data = self._take_rtp  # noqa: SLF001
        transport._handle_rtcp_data = self._take_rtcp  # noqa: SLF001

    @property
    def sent(self) -> int:
        """Packets sent."""
        return self._sender.packets

    @property
    def heard(self) -> rtcp.Heard | None:
        """What the browser last reported of our stream."""
        return self._reports.heard

    @property
    def rtt_ms(self) -> float | None:
        """The round trip, once the browser has answered a report."""
        return self._reports.rtt_ms

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of our own."""
        if self._transport.state != "connected" or self._closed:
            return
        for datagram in self._out.own(payload, now):
            self._send(datagram, now)
        if self.on_sent is not None:
            self.on_sent(payload, self._out.sent_timestamp, now)

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes another line's packet on at once."""
        if self._transport.state != "connected" or self._closed:
            return
        payload = packet.payload if law is self.law else transcode(packet.payload, law, self.law)
        for datagram in self._out.passed_on(packet, payload, now):
            self._send(datagram, now)
        timestamp = self._out.sent_timestamp
        if self.on_sent is not None and timestamp is not None:
            self.on_sent(payload, timestamp, now)

    def report(self) -> None:
        """Sends a sender report, from which the browser knows delay and loss (RFC 3550 §6.4)."""
        if self._transport.state == "connected" and not self._closed:
            data = self._reports.report(self._sender, self.receiver, time.monotonic())
            run_at_once(self._transport._send_rtp(data))  # noqa: SLF001

    def stats(self) -> dict[str, float]:
        """Returns counters under the names of `Ended.stats`."""
        return {
            "rtp_sent": float(self._sender.packets),
            "rtp_received": float(self.receiver.received),
            "rtp_lost": float(max(0, self.receiver.lost)),
        } | self._reports.stats()

    def close(self) -> None:
        """Sends nothing more; the connection is closed by its owner."""
        self._closed = True

    def _send(self, datagram: bytes, now: float) -> None:
        if run_at_once(self._transport._send_rtp(datagram)):  # noqa: SLF001
            self.last_sent = now

    async def _take_rtp(self, data: bytes, arrival_time_ms: int) -> None:  # noqa: ARG002
        packet = rtp.parse(data)
        if packet is None or packet.payload_type != self._payload_type:
            return
        now = time.monotonic()
        # What opened under the browser's keys is the browser's, whichever source it names.
        if self.receiver.receive(packet, now, trusted=True) and self.on_hear is not None:
            self.on_hear(packet, now)

    async def _take_rtcp(self, data: bytes) -> None:
        self._reports.receive(data, self._sender.ssrc, time.monotonic())


class OpusTrack(MediaStreamTrack):
    """What the browser hears, as frames for aiortc's Opus encoder."""

    kind = "audio"

    def __init__(self) -> None:
        """Waits for frames."""
        super().__init__()
        self._frames: asyncio.Queue[np.ndarray[Any, np.dtype[np.int16]]] = asyncio.Queue(
            OPUS_QUEUE_FRAMES
        )
        self._pts = 0

    def offer(self, samples: "np.ndarray[Any, np.dtype[np.int16]]") -> None:
        """Takes 8 kHz sound; a browser that does not keep up loses the oldest."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(samples)

    async def recv(self) -> av.AudioFrame:
        """Returns the next frame, waiting for it."""
        samples = await self._frames.get()
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 8000
        frame.pts = self._pts
        frame.time_base = fractions.Fraction(1, 8000)
        self._pts += len(samples)
        return frame


class OpusLine:
    """The stock pipeline behind the face of a `Line`: G.711 inside, Opus towards the browser."""

    def __init__(self, track: OpusTrack) -> None:
        """Plays into `track`; `listen` begins to take what the browser says."""
        self.law = Law.PCMA
        self.last_sent = 0.0
        self.receiver = RtpReceiver()
        self.on_hear: Hear | None = None
        self.on_sent: Sent | None = None
        self.heard: rtcp.Heard | None = None
        self.rtt_ms: float | None = None
        self.sent = 0
        self._numbers = random_sender(Law.PCMA.payload_type)
        self._track = track
        self._listening: asyncio.Task[None] | None = None
        self._closed = False

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of our own."""
        if self._closed:
            return
        self._track.offer(decode(payload, Law.PCMA))
        self.sent += 1
        self.last_sent = now
        if self.on_sent is not None:
            self.on_sent(payload, None, now)

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes another line's packet on through the encoder."""
        self.play(transcode(packet.payload, law, Law.PCMA), now)

    def report(self) -> None:
        """Leaves reports to the stock pipeline."""

    def stats(self) -> dict[str, float]:
        """Returns counters under the names of `Ended.stats`."""
        return {"rtp_sent": float(self.sent), "rtp_received": float(self.receiver.received)}

    def close(self) -> None:
        """Stops both ways."""
        self._closed = True
        self._track.stop()
        if self._listening is not None:
            self._listening.cancel()

    def listen(self, track: MediaStreamTrack) -> None:
        """Takes what the browser says from now on."""
        self._listening = asyncio.get_running_loop().create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        rest = np.zeros(0, dtype=np.int16)
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                parts = [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
                rest = np.concatenate([rest, *parts]).astype(np.int16)
                while len(rest) >= FRAME_SAMPLES:
                    self._hear(encode(rest[:FRAME_SAMPLES], Law.PCMA))
                    rest = rest[FRAME_SAMPLES:]
        except MediaStreamError:
            return

    def _hear(self, payload: bytes) -> None:
        now = time.monotonic()
        parsed = rtp.parse(self._numbers.packet(payload))
        assert parsed is not None
        self.receiver.receive(parsed, now)
        if self.on_hear is not None:
            self.on_hear(parsed, now)


class BrowserLeg:
    """A peer connection for one offer."""

    def __init__(self, offer: NarrowOffer, changed: Callable[[str], None]) -> None:
        """Prepares a connection without ICE servers; `changed` hears of its states."""
        self._offer = offer
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.line: FastLine | OpusLine | None = None
        self._peer.on("connectionstatechange", lambda: changed(self._peer.connectionState))

    @property
    def connected(self) -> bool:
        """Whether ICE and DTLS are up."""
        return self._peer.connectionState == "connected"

    async def answer(self, advertised_host: str) -> tuple[str, FastLine | OpusLine]:
        """Takes the offer and returns the answer's SDP and the line; raises ValueError."""
        peer = self._peer
        await peer.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer"))
        transceiver = peer.getTransceivers()[0]
        line: FastLine | OpusLine
        if self._offer.codec == "opus":
            track = OpusTrack()
            line = OpusLine(track)
            peer.addTrack(track)
            line.listen(transceiver.receiver.track)
        else:
            law = Law(self._offer.codec)
            transceiver.direction = "sendrecv"
            # The stock pipeline never starts: no decoder thread, no sender loop.
            transceiver.sender.send = _do_nothing
            transceiver.receiver.receive = _do_nothing
            line = FastLine(
                transceiver.sender.transport,
                law,
                law.payload_type,
                transceiver.sender._ssrc,  # noqa: SLF001
            )
        self.line = line
        description = await peer.createAnswer()
        await peer.setLocalDescription(description)
        answer: str = peer.localDescription.sdp
        return (advertise(answer, advertised_host) if advertised_host else answer), line

    async def close(self) -> None:
        """Closes sound and connection."""
        if self.line is not None:
            self.line.close()
        await self._peer.close()


async def _do_nothing(parameters: object) -> None:
    """Stands in for aiortc's sender and receiver."""
