"""SIP over connections: TCP and TLS, those we make and those peers open, all of them bounded.

One connection is made to a hop and shared by everything that goes there; it is closed when it has
been idle for long and made again when needed. A peer that stalls holds up nobody but itself: what
waits for it is bounded, and so is the time a message may take to come in whole. What the messages
mean is decided in `vyzov.sip`, who may speak at all by the owner's `may`.
"""

import asyncio
import contextlib
import itertools
import logging
import socket
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol, cast

from vyzov.sip.events import Hop, Transport
from vyzov.sip.stream import PING, PONG, Fault, Framer
from vyzov.telephony.native.tls import NoTls, TlsContexts, why

log = logging.getLogger("vyzov.engine.sip")

ACCEPT_BATCH = 16
ACCEPT_AGAIN_S = 1.0
SWEEP_S = 2.0
UNACKNOWLEDGED_MS = 20_000
"""How long the network may leave our bytes unacknowledged; shorter than a request waits."""
BACKLOG = 128

Key = tuple[str, int, Transport, str]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """The bounds of connections; spans are seconds.

    `back_max` of the made ones may be new ways back to peers whose own connection is gone, so
    that strangers cannot use up those that carriers need. `whole_s` is how long a message may take
    from its first byte to its last, and the first one of a connection to come at all.
    """

    accepted_max: int = 512
    per_source_max: int = 32
    made_max: int = 256
    back_max: int = 32
    connect_s: float = 4.0
    idle_s: float = 900.0
    whole_s: float = 15.0
    unsent_bytes_max: int = 1 << 20
    waiting_max: int = 256


class Owner(Protocol):
    """Who the connections belong to."""

    def may(self, source: Hop, size: int) -> bool:
        """Tells whether a source is heard: a new connection (0 bytes), or a message."""
        ...

    def knows(self, source: Hop) -> bool:
        """Tells whether a source is one we deal with, whose connection is not dropped for others."""
        ...

    def arrived(self, data: bytes, source: Hop) -> None:
        """Takes one whole message."""
        ...

    def unframed(self, fault: Fault, source: Hop) -> None:
        """Takes that a connection's bytes are no messages; it is closed after this."""
        ...

    def lost(self, hop: Hop, reason: str, *, stood: bool) -> None:
        """Takes that a connection is gone, or (not `stood`) could not be made."""
        ...


class Connection(asyncio.Protocol):
    """One connection, from before it stands to after it is gone."""

    def __init__(self, sockets: "SipSockets", hop: Hop, *, back: bool = False) -> None:
        self.hop = hop
        self.back = back
        self.heard_at = self.began_at = time.monotonic()
        self.whole_since: float | None = self.began_at if hop.flow else None
        """Since when a whole message is owed; None while none is."""
        self._sockets = sockets
        self._framer = Framer(accepted=bool(hop.flow))
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._why = ""

    @property
    def closing(self) -> bool:
        """Tells that what is written now would be lost."""
        return self._transport is not None and self._transport.is_closing()

    @property
    def stands(self) -> bool:
        """Tells whether there is something that can be dropped."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, data: bytes) -> None:
        """Writes a message, or keeps it until the connection stands."""
        limits = self._sockets.limits
        if self._transport is None:
            if len(self._waiting) < limits.waiting_max:
                self._waiting.append(data)
        elif self._transport.get_write_buffer_size() > limits.unsent_bytes_max:
            self.give_up("the peer takes nothing any more")
        else:
            self._transport.write(data)

    def give_up(self, reason: str) -> None:
        """Drops the connection at once, with what is not sent yet."""
        self._why = self._why or reason
        if self._transport is not None:
            self._transport.abort()

    # ---- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends what has waited."""
        self._transport = cast("asyncio.Transport", transport)
        _watch(self._transport.get_extra_info("socket"))
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Hands over every message that is whole, as far as their sender may speak."""
        owner = self._sockets.owner
        self.heard_at = time.monotonic()
        messages = self._framer.feed(data)
        for message in messages:
            if self.closing:
                return
            if not owner.may(self.hop, len(message)):
                self.give_up("too many messages")
                return
            owner.arrived(message, self.hop)
        if self._framer.fault is not None and self._transport is not None:
            owner.unframed(self._framer.fault, self.hop)
            self._why = self._framer.fault.reason
            self._transport.close()
        elif not self._framer.waiting:
            self.whole_since = None if messages else self.whole_since
        elif messages or self.whole_since is None:
            self.whole_since = self.heard_at

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the owner."""
        reason = self._why or (why(exc) if exc is not None else "the peer closed the connection")
        self._sockets.gone(self, reason)


class SipSockets:
    """Every connection of one engine."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        owner: Owner,
        *,
        tls: TlsContexts,
        local_host: str,
        limits: StreamLimits | None = None,
    ) -> None:
        """Connects nowhere and listens nowhere yet; connections are made from `local_host`."""
        self.owner = owner
        self.limits = limits or StreamLimits()
        self.refused = 0
        """Connections of peers turned away at a bound."""
        self._loop = loop
        self._tls = tls
        self._local_host = local_host
        self._flows: dict[int, Connection] = {}
        self._made: dict[Key, Connection] = {}
        self._sources: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._listening: dict[Transport, socket.socket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """How many connections there are, those being made included."""
        return len(self._flows) + len(self._made)

    def listen(self, transport: Transport, bound: socket.socket) -> None:
        """Takes connections on a bound socket from now on."""
        bound.setblocking(False)
        bound.listen(BACKLOG)
        self._listening[transport] = bound
        self._loop.add_reader(bound.fileno(), self._acceptable, transport, bound)
        self._sweep_later()

    def send(self, data: bytes, hop: Hop) -> None:
        """Sends by the hop's flow while it stands, else by a connection made to it."""
        known = self._flows.get(hop.flow)
        if known is None or known.closing:
            known = self._made.get(hop[:4])
        if known is None or known.closing:
            if hop.flow and data in (PING, PONG):
                return  # A keep-alive keeps nothing alive where there is nothing.
            known = self._make(hop)
            if known is None:
                self.owner.lost(hop._replace(flow=0), "too many connections", stood=False)
                return
        known.send(data)

    def close(self) -> None:
        """Closes everything; what was written still leaves, as far as it leaves at once."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for bound in self._listening.values():
            self._loop.remove_reader(bound.fileno())
            bound.close()
        for task in self._tasks:
            task.cancel()
        for connection in [*self._flows.values(), *self._made.values()]:
            connection.give_up("closing")

    def gone(self, connection: Connection, reason: str, *, stood: bool = True) -> None:
        """Forgets a connection and tells the owner; called by the connection itself."""
        hop = connection.hop
        if hop.flow:
            del self._flows[hop.flow]
            self._sources[hop.host] -= 1
            if not self._sources[hop.host]:
                del self._sources[hop.host]
        elif self._made.get(hop[:4]) is connection:
            del self._made[hop[:4]]
        if not self._closed:
            level = logging.DEBUG if hop.flow else logging.INFO
            log.log(level, "connection %s is gone: %s", hop, reason)
            self.owner.lost(hop, reason, stood=stood)

    # ---- connections we make

    def _make(self, hop: Hop) -> Connection | None:
        back = bool(hop.flow)
        made = self._made.values()
        if len(made) >= self.limits.made_max or (
            back and sum(one.back for one in made) >= self.limits.back_max
        ):
            return None
        connection = Connection(self, hop._replace(flow=0), back=back)
        self._made[hop[:4]] = connection
        self._run(self._connect(connection))
        self._sweep_later()
        return connection

    async def _connect(self, connection: Connection) -> None:
        hop = connection.hop
        try:
            tls = self._tls.client() if hop.transport is Transport.TLS else None
            async with asyncio.timeout(self.limits.connect_s):
                await self._loop.create_connection(
                    lambda: connection,
                    hop.host,
                    hop.port,
                    ssl=tls,
                    server_hostname=(hop.name or hop.host) if tls else None,
                    local_addr=(self._local_host, 0),
                )
        except TimeoutError:
            reason = f"timed out: no connection within {self.limits.connect_s:g} s"
        except (OSError, NoTls) as error:
            reason = why(error)
        else:
            return
        self.gone(connection, reason, stood=False)

    # ---- connections peers open

    def _acceptable(self, transport: Transport, bound: socket.socket) -> None:
        for _ in range(ACCEPT_BATCH):
            try:
                accepted, address = bound.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # Out of descriptors: the listener stays readable, so it has to be left alone.
                log.warning("no connection can be taken for a moment: %s", error)
                self._loop.remove_reader(bound.fileno())
                self._loop.call_later(ACCEPT_AGAIN_S, self._listen_again, transport, bound)
                return
            self._accept(transport, accepted, str(address[0]), int(address[1]))

    def _listen_again(self, transport: Transport, bound: socket.socket) -> None:
        if not self._closed:
            self._loop.add_reader(bound.fileno(), self._acceptable, transport, bound)

    def _accept(self, transport: Transport, accepted: socket.socket, host: str, port: int) -> None:
        hop = Hop(host, port, transport, flow=next(self._numbers))
        if (
            self._sources[host] >= self.limits.per_source_max
            or not self.owner.may(hop, 0)
            or (len(self._flows) >= self.limits.accepted_max and not self._made_room())
        ):
            self.refused += 1
            accepted.close()
            if not self._sources[host]:
                del self._sources[host]
            return
        connection = Connection(self, hop)
        self._flows[hop.flow] = connection
        self._sources[host] += 1
        self._run(self._greet(connection, accepted))

    def _made_room(self) -> bool:
        """Drops the stranger who has been here longest; False where everybody is known."""
        for connection in self._flows.values():
            if connection.stands and not self.owner.knows(connection.hop):
                connection.give_up("its place was needed")
                return True
        return False

    async def _greet(self, connection: Connection, accepted: socket.socket) -> None:
        """Gives an accepted socket its protocol; over TLS after the handshake."""
        accepted.setblocking(False)
        try:
            tls = self._tls.server() if connection.hop.transport is Transport.TLS else None
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=tls,
                ssl_handshake_timeout=self.limits.whole_s if tls else None,
            )
        except (OSError, NoTls) as error:
            accepted.close()
            if connection.hop.flow in self._flows:
                self.gone(connection, why(error), stood=False)

    # ---- housekeeping

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep_later(self) -> None:
        if self._sweeper is None and not self._closed:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        """Closes what has been idle for too long, and what owes a whole message for too long."""
        self._sweeper = None
        now = time.monotonic()
        for connection in [*self._flows.values(), *self._made.values()]:
            owed = connection.whole_since
            if owed is not None and now - owed > self.limits.whole_s:
                connection.give_up("no whole message in time")
            elif now - connection.heard_at > self.limits.idle_s:
                connection.give_up("idle")
        if self.count or self._listening:
            self._sweep_later()


def _watch(wire: socket.socket) -> None:
    """Lets the system notice a peer that is gone without a word."""
    with contextlib.suppress(OSError, AttributeError):
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
