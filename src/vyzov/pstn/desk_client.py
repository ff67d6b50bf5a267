"""A desk on the public API, as a browser has it: signed in over HTTP, live over one WebSocket.

Keeps the desk's state as the server tells it and carries verbs. What an operator does with them is
decided in `operators`.
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import websockets.asyncio.client as live
from websockets.exceptions import ConnectionClosed, InvalidStatus

ANSWERS_WITHIN_S = 10.0
Json = dict[str, Any]


class DeskClosed(ConnectionError):
    """The live socket is gone, or never came up; signing in again is the way back."""


class VerbRefused(RuntimeError):
    """The server declined a verb; `code` is the problem's."""

    def __init__(self, verb: str, code: str) -> None:
        super().__init__(f"the server declined `{verb}`: {code}")
        self.code = code


class Desk:
    """One signed-in operator; `state` follows the topic `desk`, `changed` is set when it moves."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=self._url, headers={"X-Vyzov": "1", "Origin": self._url}, timeout=10.0
        )
        self._socket: live.ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._answer: asyncio.Future[str] | None = None
        self._n = 0
        self.state: Json = {}
        self.changed = asyncio.Event()

    @property
    def open(self) -> bool:
        """True while the live socket stands."""
        return self._reader is not None and not self._reader.done()

    async def sign_in(self, login: str, password: str) -> None:
        """Signs in; raises DeskClosed where the server says no or is not there."""
        body = {"login": login, "password": password}
        try:
            answer = await self._http.post("/api/v1/session", json=body)
        except httpx.TransportError as error:
            raise DeskClosed(f"{self._url} does not answer: {error!r}") from error
        if not answer.is_success:
            raise DeskClosed(f"{login} was not signed in: HTTP {answer.status_code}")

    async def go_live(self) -> None:
        """Opens the live socket and subscribes to the desk; returns once its state is here."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)
        address = "ws" + self._url.removeprefix("http") + "/api/v1/live"
        try:
            self._socket = await live.connect(
                address,
                origin=self._url,  # pyright: ignore[reportArgumentType]
                additional_headers={"Cookie": cookies},
                max_size=1 << 20,
                proxy=None,
            )
        except (OSError, InvalidStatus, TimeoutError) as error:
            raise DeskClosed(f"no live socket at {address}: {error!r}") from error
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._send({"subscribe": "desk"})
        await self.wait_until(lambda: bool(self.state), ANSWERS_WITHIN_S)

    async def do(self, verb: str, **words: object) -> Json:
        """Carries a verb over the live socket; raises VerbRefused or DeskClosed."""
        number = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send({"id": number, "do": verb, **words})
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                frame = await answer
        except TimeoutError as error:
            raise DeskClosed(f"no answer to `{verb}` in {ANSWERS_WITHIN_S} s") from error
        finally:
            self._waiting.pop(number, None)
        if not frame.get("ok"):
            problem: Mapping[str, Any] = frame.get("problem") or {}
            raise VerbRefused(verb, str(problem.get("code", "unknown")))
        return frame.get("result") or {}

    async def offer(self, sdp: str) -> str:
        """Offers an audio leg and returns the engine's SDP answer."""
        self._answer = asyncio.get_running_loop().create_future()
        await self.do("offer", sdp=sdp)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                return await self._answer
        except TimeoutError as error:
            raise DeskClosed("the engine did not answer the offer") from error

    async def save_result(self, body: Mapping[str, object], key: str) -> tuple[int, str]:
        """Saves a result; returns the HTTP status and the problem's code ("" when saved)."""
        try:
            answer = await self._http.post(
                "/api/v1/desk/result", json=dict(body), headers={"Idempotency-Key": key}
            )
        except httpx.TransportError as error:
            return 0, type(error).__name__
        code = ""
        if answer.is_error:
            with contextlib.suppress(ValueError, AttributeError):
                code = str(answer.json().get("code", ""))
        return answer.status_code, code

    async def wait_until(self, holds: Callable[[], bool], limit_s: float) -> bool:
        """Waits for the state to satisfy `holds`; False after `limit_s` or when the desk closed."""
        try:
            async with asyncio.timeout(limit_s):
                while not holds():
                    if not self.open:
                        return False
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True

    async def leave(self, *, abruptly: bool = False) -> None:
        """Closes everything; `abruptly` breaks the connection as a lost network does."""
        if self._reader:
            self._reader.cancel()
        if self._socket:
            if abruptly:
                self._socket.transport.abort()
            else:
                with contextlib.suppress(ConnectionClosed, OSError):
                    await self._socket.close()
        await self._http.aclose()

    async def _send(self, frame: Mapping[str, object]) -> None:
        if self._socket is None or not self.open:
            raise DeskClosed("the live socket is closed")
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed as error:
            raise DeskClosed("the live socket closed while sending") from error

    async def _read(self, socket: live.ClientConnection) -> None:
        try:
            async for text in socket:
                await self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            closed = DeskClosed("the live socket closed")
            futures = [*self._waiting.values(), *([self._answer] if self._answer else [])]
            for future in futures:
                if not future.done():
                    future.set_exception(closed)
                    future.exception()  # Nobody may be waiting any more.
            self.changed.set()

    async def _take(self, frame: Json) -> None:
        if "re" in frame:
            waiting = self._waiting.get(frame["re"])
            if waiting and not waiting.done():
                waiting.set_result(frame)
        elif "topic" in frame:
            await self._follow(frame)
        elif "say" in frame:
            said = frame["say"].get("device_answer")
            if said and self._answer and not self._answer.done():
                self._answer.set_result(str(said["sdp"]))

    async def _follow(self, frame: Json) -> None:
        if "snapshot" in frame:
            self.state, self._n = frame["snapshot"], frame["n"]
        elif frame["n"] == self._n + 1:
            self.state, self._n = merged(self.state, frame["diff"]), frame["n"]
        else:
            await self._send({"resync": "desk"})
            return
        self.changed.set()


def merged(target: Any, patch: Any) -> Any:
    """Applies a JSON merge patch (RFC 7386 §2)."""
    if not isinstance(patch, dict):
        return patch
    result: Json = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
