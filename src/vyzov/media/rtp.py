"""RTP packets as bytes, numbering of what is sent, and statistics of what is received (RFC 3550).

Parsing refuses anything that does not add up. A receiver says which packets are worth hearing: not
repeated ones, and not those of a second source while the first still speaks. Whether a packet comes
from the right address is decided in `source_lock`; what its payload means, by the caller.
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE

_HEADER: Final = struct.Struct("!BBHII")
_VERSION: Final = 2
_RTCP_TYPES: Final = range(192, 224)
_SEQUENCES: Final = 1 << 16
_TIMESTAMPS: Final = 1 << 32
_RESTART_GAP: Final = 3000
"""Sequence numbers a stream may jump ahead before it counts as restarted (RFC 3550 A.1)."""
_OLDEST_REORDERED: Final = 64
"""How far behind the newest packet a late one is still told from a duplicate."""
_CLOCK_JUMP: Final = SAMPLE_RATE
"""Change of transit, in RTP ticks, taken for a jump of the time stamp and not for jitter."""
_SEEN_BITS: Final = (1 << _OLDEST_REORDERED + 1) - 1
SOURCE_QUIET_S: Final = 0.05
"""How long a source must be silent, at least, before another may take its place."""
_SOURCE_QUIET_PACKETS: Final = 2.5
USURPER_S: Final = 2.0
"""A source that comes back this soon was pushed aside, not replaced: the intruder is put out."""


class RtpPacket(NamedTuple):
    """One RTP packet (RFC 3550 §5.1), its contributing sources and extension left out."""

    # A named tuple: a hundred of these are made per second and call, and a frozen data class
    # costs three times as much to make.
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> RtpPacket | None:
    """Return the RTP packet in a datagram, or None where it is RTCP, cut short or malformed."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != _VERSION or second in _RTCP_TYPES:
        return None
    start, end = _HEADER.size, len(data)
    if first & 0x3F:
        bounds = _payload_bounds(data, first)
        if bounds is None:
            return None
        start, end = bounds
    return RtpPacket(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end])


def _payload_bounds(data: bytes, first: int) -> tuple[int, int] | None:
    """Return where the payload starts and ends after sources, extension and padding."""
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    return (start, end) if start <= end else None


def build(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
) -> bytes:
    """Return the datagram of one packet; numbers must already lie within their fields."""
    second = payload_type | 0x80 if marker else payload_type
    return _HEADER.pack(0x80, second, sequence, timestamp, ssrc) + payload


class RtpSender:
    """Numbers the packets of one outgoing stream so that they stay continuous.

    What feeds the stream may change at any packet (silence, prompt, another call's sound); the
    peer sees one source with no jump (RFC 3550 §5.1).
    """

    def __init__(self, ssrc: int, sequence: int, timestamp: int, payload_type: int) -> None:
        """Start at the given numbers; each is cut to the width of its field."""
        self.ssrc = ssrc % _TIMESTAMPS
        self.sequence = sequence % _SEQUENCES
        self.timestamp = timestamp % _TIMESTAMPS
        self.payload_type = payload_type & 0x7F
        self.packets = 0
        self.octets = 0

    def packet(
        self, payload: bytes, *, marker: bool = False, samples: int = FRAME_SAMPLES
    ) -> bytes:
        """Return the next packet of the stream and move its clock on by `samples`."""
        data = self.stamped(payload, self.payload_type, self.timestamp, marker=marker)
        self.timestamp = (self.timestamp + samples) % _TIMESTAMPS
        return data

    def stamped(
        self, payload: bytes, payload_type: int, timestamp: int, *, marker: bool = False
    ) -> bytes:
        """Return the next packet under a time stamp of its own; the stream's clock stands still.

        For telephone events, all packets of which carry the time of their beginning
        (RFC 4733 §2.2.1).
        """
        data = build(payload_type, self.sequence, timestamp, self.ssrc, payload, marker=marker)
        self.sequence = (self.sequence + 1) % _SEQUENCES
        self.packets += 1
        self.octets += len(payload)
        return data

    def skip(self, samples: int) -> None:
        """Move the clock on by `samples` in which nothing is sent."""
        self.timestamp = (self.timestamp + samples) % _TIMESTAMPS


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """What one RTCP report block says of a stream (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Share lost since the last report, in 256ths."""
    lost: int
    highest_sequence: int
    """Highest sequence number seen, extended by its count of wrap-arounds."""
    jitter: int
    """Inter-arrival jitter in RTP ticks."""


class RtpReceiver:
    """Counts what arrives of one leg's incoming sound; it keeps no packets.

    A source (SSRC) stays the only one while it speaks. Another is taken once the present one was
    silent for two and a half packets, so that an intruder who can forge the address but does not
    know the source is not heard beside it.
    """

    def __init__(self) -> None:
        """Start with nothing received."""
        self.ssrc: int | None = None
        self.received = 0
        self.duplicates = 0
        self.reordered = 0
        self.ssrc_changes = 0
        self.restarts = 0
        self.strangers = 0
        """Packets of a second source while the first still spoke."""
        self.first_at: float | None = None
        self.last_at: float | None = None
        self.jitter = 0.0
        self._lost_before = 0
        self._base = 0
        self._highest = 0
        self._unique = 0
        self._seen = 0
        self._arrival = 0.0
        self._timestamp = 0
        self._reported = (0, 0)
        self._quiet_s = SOURCE_QUIET_S
        self._before: tuple[int, float] | None = None
        self._banned: int | None = None

    @property
    def lost(self) -> int:
        """Packets that never came, over all sources this leg has heard."""
        return self._lost_before + self._lost_now()

    @property
    def jitter_ms(self) -> float:
        """Inter-arrival jitter of the present source in milliseconds (RFC 3550 §6.4.1)."""
        return self.jitter * 1000 / SAMPLE_RATE

    def receive(self, packet: RtpPacket, now: float, *, trusted: bool = False) -> bool:
        """Count a packet that arrived at `now`, in monotonic seconds; return whether to hear it.

        Repeated packets and those of a stranger are counted and not to be heard; one that is
        `trusted` is no stranger, whoever decided that.
        """
        if packet.ssrc != self.ssrc and not self._admits(packet.ssrc, now, trusted=trusted):
            self.strangers += 1
            return False
        self.received += 1
        self.last_at = now
        if packet.ssrc != self.ssrc:
            if self.first_at is None:
                self.first_at = now
            self._start(packet, now)
            return True
        ahead = (packet.sequence - self._highest) % _SEQUENCES
        if ahead == 1:
            # Nearly every packet: the next one.
            self._highest += 1
            self._seen = (self._seen << 1 | 1) & _SEEN_BITS
            self._unique += 1
            self._measure(packet, now)
            return True
        behind = _SEQUENCES - ahead
        if ahead == 0 or behind <= _OLDEST_REORDERED:
            return self._receive_late(0 if ahead == 0 else behind)
        if ahead < _RESTART_GAP:
            self._highest += ahead
            self._seen = (self._seen << ahead | 1) & _SEEN_BITS
            self._unique += 1
            self._measure(packet, now)
        else:
            self.restarts += 1
            self._start(packet, now)
        return True

    def returns(self, ssrc: int, now: float) -> bool:
        """Return whether this source was pushed aside a moment ago by the present one."""
        before = self._before
        return before is not None and ssrc == before[0] and now - before[1] < USURPER_S

    def gives_way(self, ssrc: int, now: float) -> bool:
        """Return whether the present source has been silent long enough for this one."""
        if self.last_at is None:
            return True
        return ssrc != self._banned and now - self.last_at >= self._quiet_s

    def _admits(self, ssrc: int, now: float, *, trusted: bool) -> bool:
        """Return whether a source other than the present one takes its place."""
        present = self.ssrc
        if present is None:
            return True
        if self.returns(ssrc, now):
            self._banned, self._before = present, None
        elif trusted or self.gives_way(ssrc, now):
            self._before = (present, now)
        else:
            return False
        self.ssrc_changes += 1
        return True

    def report(self) -> ReceptionReport | None:
        """Return the RTCP report block since the last call, or None before the first packet."""
        if self.ssrc is None:
            return None
        expected, unique = self._highest - self._base + 1, self._unique
        expected_now = expected - self._reported[0]
        lost_now = max(0, expected_now - (unique - self._reported[1]))
        self._reported = (expected, unique)
        return ReceptionReport(
            ssrc=self.ssrc,
            fraction_lost=min(255, lost_now * 256 // expected_now) if expected_now > 0 else 0,
            lost=self.lost,
            highest_sequence=self._highest,
            jitter=int(self.jitter),
        )

    def _lost_now(self) -> int:
        return 0 if self.ssrc is None else self._highest - self._base + 1 - self._unique

    def _start(self, packet: RtpPacket, now: float) -> None:
        self._lost_before += self._lost_now()
        self.ssrc = packet.ssrc
        self._base = self._highest = packet.sequence
        self._unique, self._seen = 1, 1
        self._reported = (0, 0)
        self._arrival, self._timestamp, self.jitter = now, packet.timestamp, 0.0
        span_s = len(packet.payload) / SAMPLE_RATE
        self._quiet_s = max(SOURCE_QUIET_S, _SOURCE_QUIET_PACKETS * min(span_s, 0.2))

    def _receive_late(self, behind: int) -> bool:
        if self._seen >> behind & 1:
            self.duplicates += 1
            return False
        self._seen |= 1 << behind
        self.reordered += 1
        if self._highest - behind < self._base:
            # It was sent before the first packet that arrived: the count starts one earlier.
            self._base = self._highest - behind
        self._unique += 1
        return True

    def _measure(self, packet: RtpPacket, now: float) -> None:
        step = (packet.timestamp - self._timestamp) % _TIMESTAMPS
        if step == 0:
            # Packets of one telephone event share a time stamp and say nothing about transit.
            return
        change = abs((now - self._arrival) * SAMPLE_RATE - step)
        self._arrival = now
        self._timestamp = packet.timestamp
        if change < _CLOCK_JUMP:
            self.jitter += (change - self.jitter) / 16
