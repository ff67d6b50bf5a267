"""A program operator's telephone: WebRTC without a browser, speaking in one steady tone.

Uses aiortc for ICE and DTLS only. Sound goes round its media pipeline, which would cost several
times more: packets are taken at `RTCDtlsTransport._handle_rtp_data` and sent by `_send_rtp`, two
private names of the pinned release (`probe` looks for them). What the operator does is decided in
`operators`.
"""

import asyncio
import contextlib
import functools
import inspect
import time
from collections.abc import Callable

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from vyzov.media.g711 import Law, decode, law_of
from vyzov.media.rtp import RtpReceiver, RtpSender, parse
from vyzov.pstn import sound
from vyzov.pstn.hearing import operator_ear

CONNECTS_WITHIN_S = 10.0
LOOPBACK = "127.0.0.1"
_TAKES = "_handle_rtp_data"
_SENDS = "_send_rtp"


class NoTelephone(RuntimeError):
    """The operator's audio leg could not be brought up."""


def probe() -> None:
    """Checks that the two private names are there; raises NoTelephone saying what to install."""
    for name in (_TAKES, _SENDS):
        if not inspect.iscoroutinefunction(getattr(RTCDtlsTransport, name, None)):
            raise NoTelephone(
                f"aiortc has no RTCDtlsTransport.{name} any more: install the pinned release"
            )


@functools.lru_cache(maxsize=1)
def gather_loopback_too() -> None:
    """Lets ICE offer 127.0.0.1, which aioice leaves out: engine and operators share a machine."""
    known: Callable[[bool, bool], list[str]] = aioice.ice.get_host_addresses

    def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001
        found = known(use_ipv4, use_ipv6)
        return [*found, LOOPBACK] if use_ipv4 and LOOPBACK not in found else found

    aioice.ice.get_host_addresses = with_loopback


class Softphone:
    """One audio leg: `offer`, `accept` the answer, then `send` every 20 ms until `close`."""

    def __init__(self, tone_hz: int, number: int) -> None:
        gather_loopback_too()
        self._tone_hz = tone_hz
        self._number = number
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._transceiver = self._peer.addTransceiver("audio", direction="sendrecv")
        self._transceiver.setCodecPreferences(_g711())
        self._connected = asyncio.Event()
        self._peer.on("connectionstatechange", self._changed)
        self._stream: RtpSender | None = None
        self._transport: RTCDtlsTransport | None = None
        self._row: sound.Row = ()
        self._frame = 0
        self._law = Law.PCMA
        self.ear = operator_ear()
        self.received = RtpReceiver()
        self.lost = False

    @property
    def up(self) -> bool:
        """True while sound can flow."""
        return self._connected.is_set() and not self.lost

    @property
    def codec(self) -> str:
        """The codec agreed."""
        return self._law.value

    async def offer(self) -> str:
        """Returns the SDP to be sent to the engine, candidates included."""
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return self._peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Takes the engine's answer and waits until sound can flow; raises NoTelephone."""
        payload_type = _payload_type(answer)
        law = law_of(payload_type)
        if law is None:
            raise NoTelephone(f"the engine chose payload type {payload_type}: expected G.711")
        self._law, self._row = law, sound.voice(self._tone_hz, law)
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            async with asyncio.timeout(CONNECTS_WITHIN_S):
                await self._connected.wait()
        except TimeoutError:
            state = self._peer.connectionState
            raise NoTelephone(f"no sound path after {CONNECTS_WITHIN_S} s: {state}") from None
        sender = self._transceiver.sender
        number = self._number
        ssrc: int = sender._ssrc  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._stream = RtpSender(ssrc, number * 40503, number * 69069, payload_type)
        self._transport = sender.transport
        # The stock receiver would decode and queue every packet; here one look names its tone.
        setattr(self._transport, _TAKES, self._arrived)

    async def send(self) -> None:
        """Sends the next 20 ms of the tone."""
        if self._stream is None or self._transport is None or not self.up:
            return
        data = self._stream.packet(self._row[self._frame % len(self._row)])
        self._frame += 1
        try:
            await getattr(self._transport, _SENDS)(data)
        except ConnectionError:
            self.lost = True

    async def close(self) -> None:
        """Drops the leg without a word to anybody else; harmless when repeated."""
        self.lost = True
        with contextlib.suppress(ConnectionError):
            await self._peer.close()

    async def _arrived(self, data: bytes, arrival_time_ms: int) -> None:
        packet = parse(data)
        if packet is None:
            return
        self.received.receive(packet, arrival_time_ms / 1000)
        law = law_of(packet.payload_type)
        if law is not None:
            self.ear.take(decode(packet.payload, law), time.monotonic())

    def _changed(self) -> None:
        if self._peer.connectionState == "connected":
            self._connected.set()
        elif self._peer.connectionState in ("failed", "closed"):
            self.lost = True


def _g711() -> list[RTCRtpCodecCapability]:
    codecs = RTCRtpSender.getCapabilities("audio").codecs
    wanted = {"audio/pcma": 0, "audio/pcmu": 1}
    chosen = [codec for codec in codecs if codec.mimeType.lower() in wanted]
    return sorted(chosen, key=lambda codec: wanted[codec.mimeType.lower()])


def _payload_type(answer: str) -> int:
    for line in answer.splitlines():
        words = line.split()
        if line.startswith("m=audio") and len(words) >= 4 and words[3].isdigit():
            return int(words[3])
    raise NoTelephone("the engine's answer has no audio line")
