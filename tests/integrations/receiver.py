"""A receiver of webhooks on loopback that answers as it is told: well, badly, late, or twice."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Notes each request, then does what stands next in `script` (or `otherwise`):

    a status with headers, "hang" (answers nothing), "reset" (closes), "slow" (a byte a moment)."""

    otherwise: str = "200"
    script: list[str] = field(default_factory=list[str])
    got: list[Got] = field(default_factory=list[Got])
    answered: list[str] = field(default_factory=list[str])
    most_at_once: int = 0
    _now: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/in"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self._writers.add(writer)
        try:
            await self._answer(await self._read(reader), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._now -= 1
            self._writers.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Got:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        plain = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        got = Got(head[0].split(" ")[1], plain, body)
        self.got.append(got)
        return got

    async def _answer(self, got: Got, writer: asyncio.StreamWriter) -> None:
        act = self.script.pop(0) if self.script else self.otherwise
        if act == "hang":
            await asyncio.sleep(60)
        if act == "reset":
            return
        if act == "slow":
            for letter in b"HTTP/1.1 200 OK\r\n" * 100:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(0.02)
            return
        status, _, more = act.partition(" ")
        extra = f"{more}\r\n" if more else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{extra}content-length: 0\r\n\r\n".encode())
        await writer.drain()
        self.answered.append(got.id)
