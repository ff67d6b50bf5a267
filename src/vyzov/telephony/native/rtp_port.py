"""One RTP socket per call, and the outgoing stream it keeps continuous whatever feeds it.

A `Line` is a way in and out for sound: `RtpPort` here towards a carrier, others towards browsers.
It sends frames the engine made (`play`) and passes on another line's packets as they come
(`relay`), under one SSRC with sequence and time that never jump back. What is sent when is decided
in `sources` and `bridge`.
"""

import asyncio
import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Protocol

from vyzov.media import rtp
from vyzov.media.g711 import Law, transcode
from vyzov.media.rtp import RtpPacket, RtpReceiver, RtpSender
from vyzov.media.telephone_event import DigitSender

log = logging.getLogger("vyzov.engine.rtp")

Address = tuple[str, int]
Hear = Callable[[RtpPacket, float], None]
Sent = Callable[[bytes, float], None]

LATCH_S = 0.5
"""How long after the media address became known another port of that host may claim the stream."""
READ_BATCH = 32
FRAME_SAMPLES = 160
FRAME_S = 0.02
PAUSE_S = 0.12
"""A gap between own frames that the media clock does not make up for: it starts anew."""
_RELAY_JUMP = 1000
"""Sequence numbers the far stream may be ahead of ours before it counts as another stream."""
_LATE = 64


class NoFreePort(OSError):
    """Every port of the configured range is taken; raise the range or lower the lines."""


def random_sender(payload_type: int) -> RtpSender:
    """Returns a stream with unguessable numbers (RFC 3550 §5.1), too low to wrap early."""
    dice = os.urandom(8)
    return RtpSender(
        int.from_bytes(dice[:4], "big"),
        int.from_bytes(dice[4:6], "big") & 0x7FFF,
        int.from_bytes(dice[4:], "big") & 0x7FFFFFFF,
        payload_type,
    )


class Line(Protocol):
    """A way in and out for sound in 20 ms packets of one G.711 law."""

    law: Law
    last_sent: float
    receiver: RtpReceiver
    on_hear: Hear | None
    on_sent: Sent | None

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of this line's own law made by the engine."""
        ...

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes on a packet of another line at once, in this line's law."""
        ...

    def stats(self) -> dict[str, float]:
        """Returns counters under the names of `Ended.stats`."""
        ...

    def close(self) -> None:
        """Gives the line up; later calls send nothing."""
        ...


class OutStream:
    """Keeps one outgoing stream continuous over changes between own frames and relayed ones."""

    def __init__(self, sender: RtpSender) -> None:
        """Continues the numbers of `sender`."""
        self.sender = sender
        self._anchor: tuple[int, int, int] | None = None
        self._paced_to = 0.0

    def own(self, payload: bytes, now: float, *, marker: bool = False) -> bytes:
        """Returns the datagram of a frame of our own."""
        self._anchor = None
        self._pace(now)
        return self.sender.packet(payload, marker=marker, samples=len(payload))

    def for_event(self, now: float) -> RtpSender:
        """Returns the stream for a packet that stamps itself (a telephone event)."""
        self._anchor = None
        self._pace(now)
        return self.sender

    def _pace(self, now: float) -> None:
        """Keeps the stream's clock with the wall's over a pause too long to be made up for."""
        gap = now - self._paced_to
        if self._paced_to == 0 or gap > PAUSE_S:
            if self._paced_to:
                self.sender.skip(int((gap - FRAME_S) * 8000))
            self._paced_to = now
        else:
            # Frames that were late are sent together: each stands for its own 20 ms.
            self._paced_to += FRAME_S

    def passed_on(self, packet: RtpPacket, payload: bytes, now: float) -> bytes:
        """Returns the datagram of a relayed packet.

        Lost and reordered packets stay visible to the far side's jitter buffer: the far stream's
        numbers are shifted by a constant that is chosen anew when its source changes."""
        sender = self.sender
        anchor = self._anchor
        if anchor is not None and anchor[0] == packet.ssrc:
            ahead = (packet.sequence + anchor[1] - sender.sequence) & 0xFFFF
            if ahead >= 0x10000 - _LATE:
                return rtp.build(
                    sender.payload_type,
                    (sender.sequence + ahead) & 0xFFFF,
                    (packet.timestamp + anchor[2]) & 0xFFFFFFFF,
                    sender.ssrc,
                    payload,
                )
            if ahead < _RELAY_JUMP:
                sender.sequence = (sender.sequence + ahead) & 0xFFFF
                sender.timestamp = (packet.timestamp + anchor[2]) & 0xFFFFFFFF
                self._paced_to = now
                return sender.packet(payload, marker=packet.marker, samples=len(payload))
        if self._paced_to:
            # Time went by since our last frame; the stream's clock must have gone with it.
            gap = int((now - self._paced_to) * 8000) - FRAME_SAMPLES
            sender.skip(min(max(0, gap), 1 << 24))
        self._anchor = (
            packet.ssrc,
            (sender.sequence - packet.sequence) & 0xFFFF,
            (sender.timestamp - packet.timestamp) & 0xFFFFFFFF,
        )
        self._paced_to = now
        return sender.packet(payload, marker=True, samples=len(payload))


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

    def _bound(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.bind((self._host, port))
        except OSError:
            made.close()
            raise
        return made


class RtpPort:
    """The RTP of one trunk leg: a socket, a far address agreed by SDP, and counters."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        """Listens on `sock` at once; `on_hear` gets every accepted packet and its arrival."""
        self._loop = loop
        self._socket = sock
        self.port: int = sock.getsockname()[1]
        self.law = Law.PCMA
        self.event_type: int | None = None
        self.last_sent = 0.0
        self.receiver = RtpReceiver()
        self.on_hear: Hear | None = None
        self.on_sent: Sent | None = None
        self.out = OutStream(random_sender(Law.PCMA.payload_type))
        self.foreign = 0
        self.send_faults = 0
        self._agreed: Address | None = None
        self._remote: Address | None = None
        self._latched = False
        self._latch_until = 0.0
        self._hosts: frozenset[str] = frozenset()
        self._closed = False
        loop.add_reader(sock.fileno(), self._readable)

    def agree(
        self, remote: Address, hosts: frozenset[str], law: Law, event_type: int | None, now: float
    ) -> None:
        """Takes what the SDP exchange agreed.

        Within `LATCH_S` of a new address the first packet from one of `hosts` fixes the port the
        far side really sends from (a carrier behind address translation); after that, packets from
        elsewhere are counted and dropped, so nobody can pull the stream away."""
        if remote != self._agreed:
            self._agreed = self._remote = remote
            self._latched = False
            self._latch_until = now + LATCH_S
            self._hosts = hosts | {remote[0]}
        self.law, self.event_type = law, event_type
        self.out.sender.payload_type = law.payload_type

    @property
    def has_remote(self) -> bool:
        """Whether an address to send to is agreed."""
        return self._remote is not None

    def play(self, payload: bytes, now: float) -> None:
        """Sends a frame of our own; before an address is agreed nothing leaves."""
        if self._remote is None or self._closed:
            return
        self._transmit(self.out.own(payload, now), now)
        if self.on_sent is not None:
            self.on_sent(payload, now)

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes another line's packet on at once, changing the law by table where it differs."""
        if self._remote is None or self._closed:
            return
        payload = transcode(packet.payload, law, self.law)
        self._transmit(self.out.passed_on(packet, payload, now), now)
        if self.on_sent is not None:
            self.on_sent(payload, now)

    def play_event(self, digits: DigitSender, now: float) -> bool:
        """Sends the packet of a digit due on this tick; returns False in the pauses."""
        datagram = digits.next_packet(self.out.for_event(now))
        if datagram is None:
            return False
        self._transmit(datagram, now)
        return True

    def _transmit(self, datagram: bytes, now: float) -> None:
        """Sends a ready datagram; a full socket buffer loses it, as the network would."""
        remote = self._remote
        if remote is None or self._closed:
            return
        self.last_sent = now
        try:
            self._socket.sendto(datagram, remote)
        except OSError:
            self.send_faults += 1

    def stats(self) -> dict[str, float]:
        """Returns packets sent, received and lost, jitter, and packets from foreign addresses."""
        return {
            "rtp_sent": float(self.out.sender.packets),
            "rtp_received": float(self.receiver.received),
            "rtp_lost": float(max(0, self.receiver.lost)),
            "jitter_ms": round(self.receiver.jitter_ms, 2),
            "rtp_foreign": float(self.foreign),
        }

    def close(self) -> None:
        """Closes the socket."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _readable(self) -> None:
        for _ in range(READ_BATCH):
            if self._closed:
                return
            try:
                data, source = self._socket.recvfrom(2048)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # An ICMP error of an earlier send: the far port is closed, which is no fault here.
                continue
            try:
                self._arrived(data, source, time.monotonic())
            except Exception:
                log.exception("a packet of %d bytes on RTP port %d failed", len(data), self.port)

    def _arrived(self, data: bytes, source: Address, now: float) -> None:
        if source != self._remote and not self._may_latch(source, now):
            self.foreign += 1
            return
        packet = rtp.parse(data)
        if packet is None:
            return
        if not self._latched:
            self._latched = True
            self._remote = source
        self.receiver.receive(packet, now)
        if self.on_hear is not None:
            self.on_hear(packet, now)

    def _may_latch(self, source: Address, now: float) -> bool:
        return (
            not self._latched
            and self._remote is not None
            and now < self._latch_until
            and source[0] in self._hosts
        )
