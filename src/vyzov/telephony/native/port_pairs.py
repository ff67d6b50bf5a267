"""The UDP sockets of calls' sound: pairs for RTP and RTCP, handed out, rested and used again.

Making two sockets, binding them, watching them and closing them costs more than a call's other system
calls together. A pair that was given back rests, read and thrown away, until nothing of its last call
can be on its way any more; then the next call may have it. One that nobody wants is closed.
"""

import asyncio
import contextlib
import errno
import resource
import socket
from collections import deque
from collections.abc import Callable
from typing import Protocol

Address = tuple[str, int]

LONGEST_DATAGRAM = 2048
PAIR_TRIES = 64
REST_S = 3.0
IDLE_S = 10.0
"""Seconds a pair rests before another call gets it, and before it is closed if none wants it."""


def take_files() -> None:
    """Raises the limit of open files to what the system allows: each leg needs two sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class NoFreePort(OSError):
    """Every port of the configured range is taken; raise the range or lower the lines."""


class Taker(Protocol):
    """Whoever listens on a pair."""

    def sound_arrived(self, data: bytes, source: Address) -> None: ...
    def report_arrived(self, data: bytes, source: Address) -> None: ...


class Pair:
    """A socket for sound and, beside it, one for reports; watched from the first to the last."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sound: socket.socket,
        reports: socket.socket | None = None,
        rest: "Callable[[Pair], None] | None" = None,
    ) -> None:
        """Takes bound sockets; `rest` is told when it is given back, else it is closed then."""
        self._loop = loop
        self.sound = sound
        self.reports = reports
        self.port: int = sound.getsockname()[1]
        self.rested_at = 0.0
        self._rest = rest
        self._taker: Taker | None = None
        loop.add_reader(sound.fileno(), self._sound_readable)
        if reports is not None:
            loop.add_reader(reports.fileno(), self._report_readable, reports)

    def taken_by(self, taker: Taker) -> None:
        """Has what arrives given to `taker`."""
        self._taker = taker

    def give_back(self) -> None:
        """Rests or closes the sockets; what arrives from now on is thrown away."""
        self._taker = None
        if self._rest is None:
            self.close()
        else:
            self._rest(self)

    def close(self) -> None:
        """Closes the sockets."""
        for sock in (self.sound, self.reports):
            if sock is not None:
                self._loop.remove_reader(sock.fileno())
                sock.close()

    def _sound_readable(self) -> None:
        # One datagram a waking: more than one is rare, and the loop wakes again for the next.
        try:
            data, source = self.sound.recvfrom(LONGEST_DATAGRAM)
        except OSError:
            # Nothing there, or an ICMP error of an earlier send: the far port is closed, which is
            # no fault here.
            return
        if self._taker is not None:
            self._taker.sound_arrived(data, source)

    def _report_readable(self, sock: socket.socket) -> None:
        try:
            data, source = sock.recvfrom(LONGEST_DATAGRAM)
        except OSError:
            return
        if self._taker is not None:
            self._taker.report_arrived(data, source)


class PortRange:
    """Hands out even UDP ports of a range in turn, so that a freed port rests before its reuse."""

    def __init__(self, host: str, first: int, last: int) -> None:
        """Serves even ports from `first` to `last` on `host`; 0, 0 lets the system choose."""
        self._host = host
        self._first = first + first % 2
        self._count = max(0, (last - self._first) // 2 + 1)
        self._turn = 0

    def open(self) -> socket.socket:
        """Returns a bound, non-blocking socket; raises `NoFreePort`."""
        if self._first == 0:
            return self._bound(0)
        for _ in range(self._count):
            port = self._first + 2 * (self._turn % self._count)
            self._turn += 1
            try:
                return self._bound(port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        raise NoFreePort(
            f"all {self._count} RTP ports from {self._first} on {self._host} are taken: "
            "widen the range in the engine's settings or place fewer calls at once"
        )

    def open_pair(self) -> tuple[socket.socket, socket.socket]:
        """Returns sockets for RTP and, at the next port, RTCP (RFC 3550 §11); raises `NoFreePort`."""
        for _ in range(PAIR_TRIES):
            sound = self.open()
            number: int = sound.getsockname()[1]
            try:
                if number % 2 == 0:
                    return sound, self._bound(number + 1)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    sound.close()
                    raise
            sound.close()
        raise NoFreePort(
            f"{PAIR_TRIES} times no two neighbouring UDP ports were free on {self._host}: "
            "widen the range in the engine's settings or look for what takes its odd ports"
        )

    def _bound(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.bind((self._host, port))
        except OSError:
            made.close()
            raise
        return made


class PairShelf:
    """All pairs of an engine: those that rest are taken before new ones are made."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ports: PortRange) -> None:
        """Makes new pairs from `ports`."""
        self._loop = loop
        self._ports = ports
        self._resting: deque[Pair] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._shut = False

    @property
    def resting(self) -> int:
        """How many pairs are open and nobody's."""
        return len(self._resting)

    def take(self) -> Pair:
        """Returns a pair that rested long enough, or a new one; raises `NoFreePort`."""
        resting = self._resting
        if resting and self._loop.time() - resting[0].rested_at >= REST_S:
            return resting.popleft()
        try:
            sound, reports = self._ports.open_pair()
        except NoFreePort:
            if not resting:
                raise
            # Better a port that rested shortly than no call.
            return resting.popleft()
        return Pair(self._loop, sound, reports, self._rest)

    def close(self) -> None:
        """Closes what rests; what is given back from now on is closed at once."""
        self._shut = True
        if self._sweep is not None:
            self._sweep.cancel()
        while self._resting:
            self._resting.popleft().close()

    def _rest(self, pair: Pair) -> None:
        if self._shut:
            pair.close()
            return
        pair.rested_at = self._loop.time()
        self._resting.append(pair)
        if self._sweep is None:
            self._sweep = self._loop.call_later(IDLE_S, self._close_idle)

    def _close_idle(self) -> None:
        now = self._loop.time()
        while self._resting and now - self._resting[0].rested_at >= IDLE_S:
            self._resting.popleft().close()
        self._sweep = self._loop.call_later(IDLE_S / 4, self._close_idle) if self._resting else None
