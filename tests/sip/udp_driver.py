"""A user agent on a real loopback socket, for tests against programs that are not ours."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Self, TypeVar

from vyzov.sip.events import LegEvent
from vyzov.sip.user_agent import Address, Hop, UserAgent

Event = TypeVar("Event", bound=LegEvent)


class UdpDriver(asyncio.DatagramProtocol):
    """Feeds one agent from a socket and a clock; `events` keeps all it told."""

    def __init__(self) -> None:
        self.events: list[LegEvent] = []
        self.agent: UserAgent
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport

    @classmethod
    async def start(cls, *, accept_calls: bool = False) -> Self:
        """Opens a socket on a free loopback port and an agent behind it."""
        loop = asyncio.get_running_loop()
        transport, driver = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        driver._transport = transport
        host, port = transport.get_extra_info("sockname")[:2]
        driver.address = (host, port)
        driver.accept_calls = accept_calls
        driver.lose_memory()
        return driver

    address: Address = ("", 0)
    accept_calls = False

    def lose_memory(self) -> None:
        """Puts a new agent behind the same socket and secret: a restart."""
        count = itertools.count(time.time_ns())
        self.agent = UserAgent(
            local=self.address,
            secret=b"driver",
            new_token=lambda: f"{next(count):x}",
            accept_calls=self.accept_calls,
        )

    def stop(self) -> None:
        """Closes the socket."""
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.agent.receive(data, Hop(*addr[:2]), time.monotonic())
        self.flush()

    def flush(self) -> None:
        """Sends, collects and arms whatever the last step left."""
        for data, target in self.agent.messages_to_send():
            self._transport.sendto(data, target.address)
        if happened := self.agent.events():
            self.events += happened
            self._news.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.agent.next_deadline()
        if due is not None:
            delay = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def do(self, verb: Callable[..., object], *arguments: object, **options: object) -> None:
        """Calls a verb of the agent with the time added, and lets it take effect."""
        verb(*arguments, now=time.monotonic(), **options)
        self.flush()

    def of(self, kind: type[Event]) -> list[Event]:
        """Returns the events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def wait(self, kind: type[Event], count: int = 1, seconds: float = 10.0) -> Event:
        """Waits until so many events of a kind have come; returns the last of them."""
        async with asyncio.timeout(seconds):
            while len(self.of(kind)) < count:
                self._news.clear()
                await self._news.wait()
        return self.of(kind)[count - 1]

    def _on_timer(self) -> None:
        self._timer = None
        self.agent.handle_deadline(time.monotonic())
        self.flush()
