"""One callee's RTP: a socket of its own, a continuous outgoing stream, and what came in.

Carries sound and keys; what is sent and what the sound means is decided by `call`. Packets of any
other host than the one agreed in SDP are dropped.
"""

import contextlib
import socket

from vyzov.media.frame import FRAME_SAMPLES
from vyzov.media.g711 import Law, decode
from vyzov.media.rtp import RtpReceiver, RtpSender, parse
from vyzov.media.telephone_event import DigitSender
from vyzov.pstn.hearing import Ear
from vyzov.pstn.wire import arrivals
from vyzov.sip.sdp import Agreement


class Line:
    """The sound of one call; `host` is told to the caller, `number` seeds the stream."""

    def __init__(
        self,
        wire: socket.socket,
        ear: Ear,
        *,
        host: str,
        number: int,
    ) -> None:
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

    def skip(self, ticks: int) -> None:
        """Leaves out ticks that a stall has cost: silence to the caller, not lost packets."""
        if self._sender is not None:
            self._sender.skip(ticks * FRAME_SAMPLES)

    def drain(self) -> None:
        """Takes all packets that have arrived, each at the time the kernel took it."""
        agreed = self._agreed
        for data, source, at in arrivals(self._wire):
            if agreed is None or source[0] != agreed.address:
                self.foreign += 1
                continue
            packet = parse(data)
            if packet is None:
                continue
            self.received.receive(packet, at)
            if packet.payload_type == agreed.payload:
                self.ear.take(decode(packet.payload, self._law), at)

    def close(self) -> None:
        """Frees the port; harmless when repeated."""
        self._wire.close()
