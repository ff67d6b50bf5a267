"""Reads datagrams with the time at which the kernel took them, and hands out RTP ports.

A busy machine may let the box wait for its turn; what arrived meanwhile must not look late. Where a
kernel gives no times (SO_TIMESTAMPNS is Linux's), the moment of reading stands in.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

Address = tuple[str, int]

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_LARGEST = 4096
_MOST = 4096
_BELIEVABLE_AGE_S = 10.0


def stamped(wire: socket.socket) -> socket.socket:
    """Asks the kernel to stamp what arrives at this socket, and not to wait in reads."""
    with contextlib.suppress(OSError):
        wire.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    wire.setblocking(False)
    return wire


def arrivals(wire: socket.socket) -> Iterator[tuple[bytes, Address, float]]:
    """Yields all that waits: datagram, source, and monotonic seconds of its arrival."""
    for _ in range(_MOST):
        try:
            data, ancillary, _, source = wire.recvmsg(_LARGEST, 64)
        except BlockingIOError:
            return
        except OSError:
            # An ICMP error of an earlier packet to a port that is gone: nothing to read here.
            continue
        yield data, source[:2], time.monotonic() - _age(ancillary)


def _age(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(value)
            age = time.time() - seconds - nanoseconds / 1e9
            # The stamp is of the wall clock, which may be set meanwhile.
            return age if 0.0 <= age < _BELIEVABLE_AGE_S else 0.0
    return 0.0


class PortRange:
    """Hands out even ports of a range, round and round (RFC 3550 §11)."""

    def __init__(self, host: str, first: int, last: int) -> None:
        if not 1024 <= first < last <= 65535:
            raise ValueError(f"RTP ports {first}-{last}: give a range within 1024-65535")
        self._host = host
        self._ports = range(first + first % 2, last, 2)
        self._next = 0

    def open(self) -> socket.socket:
        """Returns a bound, stamped socket; raises OSError when the whole range is taken."""
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                wire.bind((self._host, port))
            except OSError:
                wire.close()
                continue
            return stamped(wire)
        raise OSError(
            f"no free RTP port in {self._ports.start}-{self._ports.stop} of {self._host}: "
            "widen the range or place fewer calls"
        )
