"""One callee's RTP: a socket of its own, a continuous outgoing stream, and what came in.

Carries sound and keys; what is sent and what the sound means is decided by `call`. Packets of any
other host than the one agreed in SDP are dropped.
"""

import asyncio
import contextlib
import socket

from vyzov.media.g711 import Law, decode
from vyzov.media.rtp import RtpReceiver, RtpSender, parse
from vyzov.media.telephone_event import DigitSender
from vyzov.pstn.hearing import Ear
from vyzov.sip.sdp import Agreement

_LARGEST = 2048
_BURST = 32


class PortRange:
    """Hands out even ports of a range, round and round (RFC 3550 §11)."""

    def __init__(self, host: str, first: int, last: int) -> None:
        if not 1024 <= first < last <= 65535:
            raise ValueError(f"RTP ports {first}-{last}: give a range within 1024-65535")
        self._host = host
        self._ports = range(first + first % 2, last, 2)
        self._next = 0

    def open(self) -> socket.socket:
        """Returns a bound, non-blocking socket; raises OSError when the whole range is taken."""
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                wire.bind((self._host, port))
            except OSError:
                wire.close()
                continue
            wire.setblocking(False)
            return wire
        raise OSError(
            f"no free RTP port in {self._ports.start}-{self._ports.stop} of {self._host}: "
            "widen the range or place fewer calls"
        )


class Line:
    """The sound of one call; `host` is told to the caller, `number` seeds the stream."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wire: socket.socket,
        ear: Ear,
        *,
        host: str,
        number: int,
    ) -> None:
        self._loop = loop
        self._wire = wire
        self._number = number
        self.host = host
        self._sender: RtpSender | None = None
        self._agreed: Agreement | None = None
        self._law = Law.PCMA
        self._digits: DigitSender | None = None
        self.received = RtpReceiver()
        self.foreign = 0
        self.ear = ear
        loop.add_reader(wire.fileno(), self._arrived)

    @property
    def port(self) -> int:
        """The local RTP port."""
        return int(self._wire.getsockname()[1])

    @property
    def law(self) -> Law:
        """The companding law agreed."""
        return self._law

    @property
    def sent(self) -> int:
        """How many packets left."""
        return self._sender.packets if self._sender else 0

    def agree(self, agreed: Agreement) -> None:
        """Takes what SDP settled; a later agreement moves the stream without a seam."""
        self._agreed = agreed
        self._law = Law(agreed.codec)
        if self._sender is None:
            number = self._number
            self._sender = RtpSender(
                number * 2654435761, number * 40503, number * 69069, agreed.payload
            )
        self._sender.payload_type = agreed.payload

    def press(self, key: str) -> bool:
        """Starts a key as RFC 4733 packets; False where the caller takes none."""
        if self._agreed is None or self._agreed.event_payload is None:
            return False
        self._digits = DigitSender(key, self._agreed.event_payload)
        return True

    def send(self, payload: bytes) -> None:
        """Sends this tick's packet: a key's while one is down, else the sound given."""
        if self._sender is None or self._agreed is None:
            return
        data = self._digits.next_packet(self._sender) if self._digits else None
        if data is None:
            data = self._sender.packet(payload, marker=self._sender.packets == 0)
        # A full buffer or a caller whose port is gone loses packets, as a network would.
        with contextlib.suppress(OSError):
            self._wire.sendto(data, (self._agreed.address, self._agreed.port))

    def _arrived(self) -> None:
        for _ in range(_BURST):
            try:
                data, source = self._wire.recvfrom(_LARGEST)
            except OSError:
                # Nothing more to read, or an ICMP error about a port that is gone.
                return
            if self._agreed is None or source[0] != self._agreed.address:
                self.foreign += 1
                continue
            packet = parse(data)
            if packet is None:
                continue
            self.received.receive(packet, self._loop.time())
            if packet.payload_type == self._agreed.payload:
                self.ear.take(decode(packet.payload, self._law))

    def close(self) -> None:
        """Frees the port; harmless when repeated."""
        if self._wire.fileno() >= 0:
            self._loop.remove_reader(self._wire.fileno())
            self._wire.close()
