"""A browser's stand-in: aiortc's stock pipeline with a tone for a microphone."""

import asyncio
import fractions
import time
from collections import deque
from typing import Any

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

RATE = 48_000
FRAME = 960


class ToneTrack(MediaStreamTrack):
    """A steady tone at 48 kHz, 20 ms each 20 ms."""

    kind = "audio"

    def __init__(self, hz: float) -> None:
        super().__init__()
        self._hz = hz
        self._start = time.monotonic()
        self._count = 0
        self.quiet = False

    async def recv(self) -> av.AudioFrame:
        if self.quiet:
            await asyncio.sleep(3600)
        await asyncio.sleep(max(0.0, self._start + self._count * 0.02 - time.monotonic()))
        times = (np.arange(FRAME) + self._count * FRAME) / RATE
        samples = (8000 * np.sin(2 * np.pi * self._hz * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._count * FRAME
        frame.time_base = fractions.Fraction(1, RATE)
        self._count += 1
        return frame


class Softphone:
    """One agent's browser."""

    def __init__(self, *, hz: float = 1200.0, codec: str = "PCMA") -> None:
        self.track = ToneTrack(hz)
        self.heard: deque[np.ndarray[Any, Any]] = deque(maxlen=500)
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peer.addTrack(self.track)
        wanted = [
            c
            for c in RTCRtpSender.getCapabilities("audio").codecs
            if c.mimeType.lower() == f"audio/{codec.lower()}"
        ]
        self.peer.getTransceivers()[0].setCodecPreferences(wanted)
        self.peer.on("track", self._on_track)
        self._listening: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        """Returns the offer, candidates included."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def take(self, answer: str) -> None:
        """Takes the engine's answer."""
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def heard_sound(self, seconds: float) -> np.ndarray[Any, Any]:
        """Returns the last so many seconds heard, 8 kHz mono."""
        frames = list(self.heard)[-round(seconds * 50) :]
        return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)

    async def close(self) -> None:
        """Closes it as a tab does."""
        await self.peer.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                for part in resampler.resample(frame):
                    self.heard.append(part.to_ndarray().reshape(-1).astype(np.int16))
        except MediaStreamError:
            return
