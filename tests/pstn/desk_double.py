"""A small server that speaks the desk's public API, with a WebRTC peer for an engine.

It stands below the API only: it plays calls to one operator and keeps what the operator did.
"""

import asyncio
import contextlib
import itertools
import time
from typing import Any

import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from fastapi import FastAPI, Request, Response, WebSocket

from vyzov.media.g711 import Law, decode
from vyzov.media.rtp import RtpSender, parse
from vyzov.pstn import sound
from vyzov.pstn.hearing import Heard, callee_ear

Json = dict[str, Any]
IDLE: Json = {"agent": {"state": "ready"}, "device": {"state": "none"}, "call": None}
RESULTS = [
    {"key": 1, "code": "sale", "group": "success", "needs": "none"},
    {"key": 9, "code": "stop", "group": "stop", "needs": "none"},
]


class EngineEnd:
    """The far end of an operator's audio leg: speaks like a callee and hears the operator."""

    def __init__(self) -> None:
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.ear = callee_ear()
        self.heard: list[Heard] = []
        self.voice_hz = 0

    async def answer(self, offer: str) -> str:
        await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        self._task = asyncio.create_task(self._run())
        return self._peer.localDescription.sdp

    async def _run(self) -> None:
        [transceiver] = self._peer.getTransceivers()
        transport = transceiver.sender.transport
        transport._handle_rtp_data = self._arrived
        sender = RtpSender(transceiver.sender._ssrc, 1, 1, 8)
        quiet = sound.quiet(Law.PCMA)
        for tick in itertools.count():
            row = sound.voice(self.voice_hz, Law.PCMA) if self.voice_hz else quiet
            if transport.state == "connected":
                with contextlib.suppress(ConnectionError):
                    await transport._send_rtp(sender.packet(row[tick % len(row)]))
            if tick % 5 == 4:
                self.heard.append(self.ear.window(time.monotonic()))
            await asyncio.sleep(0.02)

    async def _arrived(self, data: bytes, arrival_time_ms: int) -> None:
        packet = parse(data)
        if packet is not None:
            self.ear.take(decode(packet.payload, Law.PCMA), time.monotonic())

    async def close(self) -> None:
        self._task.cancel()
        await self._peer.close()


class DeskDouble:
    """One organisation with one operator; `state` is pushed whole on every `show`."""

    def __init__(self) -> None:
        self.signed_in: list[Json] = []
        self.verbs: list[str] = []
        self.results: list[tuple[Json, str]] = []
        self.engines: list[EngineEnd] = []
        self.refuse_results = 0
        self.sockets: list[WebSocket] = []
        self.changed = asyncio.Event()
        self._n = 0
        self._state: Json = dict(IDLE)
        self._app = FastAPI()
        self._app.post("/api/v1/session")(self._sign_in)
        self._app.post("/api/v1/desk/result")(self._result)
        self._app.websocket("/api/v1/live")(self._live)

    async def start(self) -> str:
        config = uvicorn.Config(self._app, port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve())
        async with asyncio.timeout(10):
            while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        for engine in self.engines:
            await engine.close()
        self._server.should_exit = True
        await self._task

    async def wait(self, holds: Any, limit_s: float = 15.0) -> None:
        async with asyncio.timeout(limit_s):
            while not holds():
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.1)

    async def show(self, **patch: Any) -> None:
        """Pushes a merge patch to the live operator."""
        self._state |= patch
        self._n += 1
        frame = {"topic": "desk", "n": self._n, "diff": patch}
        for socket in self.sockets:
            with contextlib.suppress(RuntimeError):
                await socket.send_json(frame)

    def call(self, attempt: str, state: str) -> Json:
        return {"attempt": attempt, "state": state, "results": RESULTS}

    async def _sign_in(self, request: Request) -> Response:
        body = await request.json()
        assert request.headers["X-Vyzov"]
        if body["password"] != "right":
            return Response(status_code=401)
        self.signed_in.append(body)
        response = Response("{}", media_type="application/json")
        response.set_cookie("session", "s3cret", httponly=True, samesite="strict")
        return response

    async def _result(self, request: Request) -> Response:
        assert request.cookies["session"] == "s3cret"
        if self.refuse_results:
            self.refuse_results -= 1
            return Response('{"code": "floor_away"}', 503, media_type="application/problem+json")
        self.results.append((await request.json(), request.headers["Idempotency-Key"]))
        self.changed.set()
        return Response("{}", media_type="application/json")

    async def _live(self, socket: WebSocket) -> None:
        assert socket.cookies["session"] == "s3cret"
        assert socket.headers["origin"].startswith("http://127.0.0.1")
        await socket.accept()
        await socket.send_json({"hello": {"version": 1}})
        self.sockets.append(socket)
        with contextlib.suppress(Exception):
            async for frame in socket.iter_json():
                await self._frame(socket, frame)
        self.sockets.remove(socket)
        self.verbs.append("(gone)")
        self.changed.set()

    async def _frame(self, socket: WebSocket, frame: Json) -> None:
        if "subscribe" in frame or "resync" in frame:
            self._n = 0
            await socket.send_json({"topic": "desk", "n": 0, "snapshot": self._state})
            return
        self.verbs.append(frame["do"])
        await socket.send_json({"re": frame["id"], "ok": True, "result": {}})
        if frame["do"] == "offer":
            engine = EngineEnd()
            self.engines.append(engine)
            answer = await engine.answer(frame["sdp"])
            await socket.send_json({"say": {"device_answer": {"sdp": answer, "leg": "leg"}}})
        self.changed.set()
