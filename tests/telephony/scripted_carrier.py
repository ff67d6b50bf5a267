"""A carrier that answers by a script, over UDP, TCP or TLS: it reads SIP by itself, not by ours."""

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import Any, Self

Answer = Callable[[str, "Request"], list[str]]


class Request:
    """A request as it came: its text, and what a test asks of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line = text.split("\r\n", 1)[0]
        self.method = self.line.split(" ", 1)[0]

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}:[ \t]*(.*)$", self.text, re.IGNORECASE | re.MULTILINE)
        return found[1].strip() if found else ""

    def reply(self, status: str, *headers: str) -> bytes:
        kept = [
            line
            for line in self.text.split("\r\n")
            if re.match(r"(Via|From|Call-ID|CSeq):", line, re.IGNORECASE)
        ]
        lines = [f"SIP/2.0 {status}", *kept, f"To: {self.header('To')};tag=carrier", *headers]
        return ("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n").encode()


class ScriptedCarrier(asyncio.DatagramProtocol):
    """Answers each request with `script(request)`: replies in order, none for silence."""

    def __init__(
        self,
        script: Callable[[Request], list[bytes]],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        stream: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.port = port
        self._host = host
        self._stream = stream or tls is not None
        self._tls = tls
        self._transport: Any = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        if self._stream:
            self._server = await asyncio.start_server(
                self._talk, self._host, self.port, ssl=self._tls
            )
            self.port = self._server.sockets[0].getsockname()[1]
        else:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self._host, self.port)
            )
            self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def of(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    async def wait(self, method: str, count: int = 1, limit_s: float = 5.0) -> Request:
        for _ in range(round(limit_s / 0.02)):
            if len(self.of(method)) >= count:
                return self.of(method)[count - 1]
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {method} number {count}; came: {self.methods()}")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for reply in self._answer(data.decode()):
            self._transport.sendto(reply, addr)

    def _answer(self, text: str) -> list[bytes]:
        request = Request(text)
        self.requests.append(request)
        return self.script(request)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if not head.strip():
                    continue
                length = int(Request(head).header("Content-Length") or "0")
                body = (await reader.readexactly(length)).decode() if length else ""
                for reply in self._answer(head + body):
                    writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def always(status: str, *headers: str) -> Callable[[Request], list[bytes]]:
    """Answers everything but an ACK alike."""

    def script(request: Request) -> list[bytes]:
        return [] if request.method == "ACK" else [request.reply(status, *headers)]

    return script
