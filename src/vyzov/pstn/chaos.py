"""Bad weather for signalling: a seeded proxy that loses, repeats, delays and reorders what passes it.

Stands in front of one peer. Datagrams keep their borders; of a TCP stream only the pieces and
their times change, since TCP itself repairs the rest. What it did to how many is counted. It reads
nothing of what it carries and decides by its dice alone, so that a seed repeats the weather.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Self

Address = tuple[str, int]
Take = Callable[[bytes, Address], None]

CALLERS_MAX = 256
"""Different callers one proxy serves; the datagrams of further ones are dropped."""
REORDERED_BY_S = 0.060
"""How much longer a datagram waits that is to be overtaken."""
PIECE_BYTES_MAX = 600
TRIES = 10


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares (0..1) of datagrams that are lost, sent twice and overtaken; the longest delay."""

    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for a share outside 0..1 or a delay below 0."""
        for name in ("loss", "duplication", "reordering"):
            share: float = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{name} is a share from 0 to 1, not {share}")
        if self.delay_s < 0:
            raise ValueError(f"a delay cannot be {self.delay_s} s: give 0 or more")

    def fates(self, dice: random.Random) -> list[float]:
        """Throws for one datagram; returns after how many seconds each copy of it goes on."""
        # Every throw is made for every datagram: another loss must not change the other dice.
        lost, twice, overtaken = dice.random(), dice.random(), dice.random()
        waits = [dice.random() * self.delay_s, dice.random() * self.delay_s]
        if lost < self.loss:
            return []
        if overtaken < self.reordering:
            waits[0] += REORDERED_BY_S
        return waits if twice < self.duplication else waits[:1]


@dataclass(slots=True)
class Counts:
    """What a proxy did to the datagrams of both directions."""

    passed: int = 0
    lost: int = 0
    repeated: int = 0
    refused: int = 0

    def to_json(self) -> dict[str, int]:
        """Returns the counts by name."""
        return asdict(self)


class ChaosProxy:
    """One address in front of `target`; each caller is answered from that address."""

    def __init__(self, target: Address, weather: Weather, seed: int) -> None:
        self.target = target
        self.counts = Counts()
        self.address: Address = ("", 0)
        self._weather = weather
        self._dice = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._front: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._backs: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        target: Address,
        weather: Weather,
        *,
        seed: int,
        listen: Address = ("127.0.0.1", 0),
        streams: bool = True,
    ) -> Self:
        """Listens for datagrams, and for connections where `streams`, on `listen`.

        Port 0 takes any free one; raises OSError for one that is taken."""
        proxy = cls(target, weather, seed)
        sock = await proxy._bound(listen, streams=streams)
        front, _ = await proxy._loop.create_datagram_endpoint(
            lambda: _Datagrams(proxy._from_caller), sock=sock
        )
        proxy._front = front
        return proxy

    async def _bound(self, listen: Address, *, streams: bool) -> socket.socket:
        """Takes the address: for port 0 one that is free for datagrams and for connections."""
        tries = 1 if listen[1] else TRIES
        while True:
            tries -= 1
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind(listen)
                self.address = sock.getsockname()[:2]
                if streams:
                    self._server = await asyncio.start_server(self._stream, *self.address)
            except OSError:
                sock.close()
                if not tries:
                    raise
            else:
                return sock

    def close(self) -> None:
        """Closes every socket; what was under way is lost."""
        for transport in (self._front, *self._backs.values()):
            if transport is not None:
                transport.close()
        self._backs.clear()
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    # ---- datagrams

    def _from_caller(self, data: bytes, caller: Address) -> None:
        back = self._backs.get(caller)
        if back is not None:
            self._carry(back, data, None)
        elif caller in self._opening:
            self._opening[caller].append(data)
        elif len(self._backs) + len(self._opening) >= CALLERS_MAX:
            self.counts.refused += 1
        else:
            self._opening[caller] = [data]
            self._keep(self._open_back(caller))

    async def _open_back(self, caller: Address) -> None:
        """Gives a caller an address of its own towards the target, as a NAT does."""

        def to_caller(data: bytes, _: Address) -> None:
            if self._front is not None:
                self._carry(self._front, data, caller)

        back, _ = await self._loop.create_datagram_endpoint(
            lambda: _Datagrams(to_caller), remote_addr=self.target
        )
        self._backs[caller] = back
        for data in self._opening.pop(caller):
            self._carry(back, data, None)

    def _carry(self, out: asyncio.DatagramTransport, data: bytes, to: Address | None) -> None:
        fates = self._weather.fates(self._dice)
        self.counts.passed += bool(fates)
        self.counts.lost += not fates
        self.counts.repeated += len(fates) > 1
        for wait_s in fates:
            if wait_s:
                self._loop.call_later(wait_s, _send, out, data, to)
            else:
                _send(out, data, to)

    # ---- streams

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        self._keep(self._both_ways(reader, writer, far_reader, far_writer))

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        try:
            await asyncio.gather(self._pour(reader, far_writer), self._pour(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one way of a stream in pieces of any size, and its end."""
        with contextlib.suppress(OSError):
            while data := await reader.read(self._dice.randint(1, PIECE_BYTES_MAX)):
                await asyncio.sleep(self._dice.random() * self._weather.delay_s)
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Take) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr[:2])


def _send(out: asyncio.DatagramTransport, data: bytes, to: Address | None) -> None:
    if not out.is_closing():
        out.sendto(data, to)
