"""A far side over TCP and TLS for tests: an agent that answers, on sockets its test can break."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from vyzov.sip import sdp
from vyzov.sip.events import CallEnded, Hop, IncomingCall, SipEvent, Transport
from vyzov.sip.stream import Framer
from vyzov.sip.user_agent import UserAgent

Event = TypeVar("Event", bound=SipEvent)
ANSWER_PORT = 40_000


class StreamPeer:
    """Listens over TCP (over TLS with a certificate); `seen` keeps start lines, `cut` its writes.

    With `dribble` every byte is written by itself. `on_invite` is called with the leg of a call;
    without it the call is answered at once.
    """

    def __init__(
        self,
        certificate: Path | None = None,
        *,
        dribble: bool = False,
        on_invite: Callable[[str], None] | None = None,
        client_ca: Path | None = None,
    ) -> None:
        self.seen: list[str] = []
        self.raw: list[bytes] = []
        self.events: list[SipEvent] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self._dribble = dribble
        self._on_invite = on_invite
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
            if client_ca is not None:
                self._tls.load_verify_locations(client_ca)
                self._tls.verify_mode = ssl.CERT_REQUIRED
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.transport = Transport.TCP if self._tls is None else Transport.TLS
        self.agent = UserAgent(
            local=("127.0.0.1", self.port),
            secret=b"peer",
            new_token=lambda: secrets.token_hex(8),
            accept_calls=True,
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._server.close()
        self.hang_up_sockets()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hop(self, name: str = "") -> Hop:
        return Hop("127.0.0.1", self.port, self.transport, name)

    def hang_up_sockets(self) -> None:
        """Resets every connection, as a peer does that dies."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def stop_listening(self) -> None:
        self._server.close()

    async def wait(self, kind: type[Event], limit_s: float = 5.0) -> Event:
        end = time.monotonic() + limit_s
        while True:
            for event in self.events:
                if isinstance(event, kind):
                    return event
            assert time.monotonic() < end, f"no {kind.__name__}; seen: {self.seen}"
            await asyncio.sleep(0.01)

    async def sees(self, start: str, count: int = 1, limit_s: float = 5.0) -> None:
        end = time.monotonic() + limit_s
        while sum(line.startswith(start) for line in self.seen) < count:
            assert time.monotonic() < end, f"no {start}; seen: {self.seen}"
            await asyncio.sleep(0.01)

    def answer(self, leg: str) -> None:
        """Answers a call."""
        event = next(e for e in self.events if isinstance(e, IncomingCall) and e.leg == leg)
        assert event.sdp is not None
        description = sdp.answer(
            sdp.parse(event.sdp), address="127.0.0.1", port=ANSWER_PORT, session_id=1
        )
        self.agent.respond(leg, 200, sdp=description, now=time.monotonic())
        self.pump()

    def respond(self, leg: str, code: int) -> None:
        self.agent.respond(leg, code, now=time.monotonic())
        self.pump()

    def bye(self, leg: str) -> None:
        self.agent.bye(leg, time.monotonic())
        self.pump()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.writers.append(writer)
        number = self.connections
        host, port = writer.get_extra_info("peername")[:2]
        source = Hop(host, port, self.transport, flow=number)
        framer = Framer(accepted=True)
        try:
            while data := await reader.read(65_536):
                for message in framer.feed(data):
                    self.raw.append(message)
                    self.seen.append(message.split(b"\r\n", 1)[0].decode())
                    self.agent.receive(message, source, time.monotonic())
                    self.pump()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    def pump(self) -> None:
        for event in self.agent.events():
            self.events.append(event)
            if isinstance(event, IncomingCall):
                (self._on_invite or self.answer)(event.leg)
            elif isinstance(event, CallEnded):
                pass
        for data, _hop in self.agent.messages_to_send():
            if self.writers:
                self._write(self.writers[-1], data)
        if self._timer is not None:
            self._timer.cancel()
        due = self.agent.next_deadline()
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.001, due - time.monotonic()), self._fire)

    def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self._dribble:
            for byte in data:
                writer.write(bytes([byte]))
        else:
            writer.write(data)

    def _fire(self) -> None:
        self.agent.handle_deadline(time.monotonic())
        self.pump()
