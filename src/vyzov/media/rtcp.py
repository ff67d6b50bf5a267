"""RTCP of one stream each way: reports out and in, when they are due, and what they tell (RFC 3550).

Sender and receiver reports, source descriptions and goodbyes in compound packets; everything else in
one is passed over. A goodbye is noted and ends nothing: who hangs up is decided by signalling. Clock,
dice and sockets belong to the owner.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.rtp import ReceptionReport, RtpReceiver, RtpSender

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203
LONGEST: Final = 1500
"""Bytes of the longest compound packet looked at."""
INTERVAL_S: Final = 5.0
"""The least mean interval between reports, half of it before the first (RFC 3550 §6.2)."""
NTP_OFFSET_S: Final = 2_208_988_800
_BANDWIDTH: Final = 500.0
"""Bytes of RTCP a second: 5 % of G.711 in packets of 20 ms with its headers."""
_MEMBERS: Final = 2
_HEADERS: Final = 28
_COMPENSATION: Final = 1.21828
"""What reconsideration of timers would shorten the mean interval by (RFC 3550 §6.3.1)."""
_LONGEST_TRIP: Final = 30 * 65_536
_CNAME: Final = 1
_HEADER: Final = struct.Struct("!BBH")
_SENDER: Final = struct.Struct("!IIIIII")
_BLOCK: Final = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class Heard:
    """What the far side reports of our stream.

    `loss_share` since its last report, `lost` since the beginning (less than nothing where packets
    came twice), `jitter` in RTP ticks; the middle bits of the report of ours it last got and how
    long ago (1/65536 s), from which the round trip follows.
    """

    loss_share: float
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a compound packet holds: of whom, its NTP time and the packets it says it sent (None for
    one who only listens), its word on our stream, a goodbye."""

    ssrc: int
    sent_ntp: int | None = None
    sent_packets: int | None = None
    heard: Heard | None = None
    goodbye: bool = False


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP on one port by the second byte (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def ntp(utc_s: float) -> int:
    """Return the 64-bit NTP time of a UTC second."""
    whole = int(utc_s)
    return (whole + NTP_OFFSET_S) << 32 | int((utc_s - whole) * (1 << 32))


def middle(ntp_time: int) -> int:
    """Return the middle 32 bits of an NTP time, 1/65536 s each."""
    return ntp_time >> 16 & 0xFFFFFFFF


def report(
    sender: RtpSender,
    block: ReceptionReport | None,
    *,
    utc_s: float | None,
    last: tuple[int, float] | None = None,
    cname: str = "",
    goodbye: bool = False,
) -> bytes:
    """Return a compound packet: a sender report at `utc_s`, or a receiver report for None.

    `last` is the far side's last report: its middle NTP bits, and seconds since it came.
    """
    body, kind = struct.pack("!I", sender.ssrc), RECEIVER_REPORT
    if utc_s is not None:
        now, kind = ntp(utc_s), SENDER_REPORT
        body = _SENDER.pack(
            sender.ssrc, now >> 32, now & 0xFFFFFFFF, sender.timestamp,
            sender.packets & 0xFFFFFFFF, sender.octets & 0xFFFFFFFF,
        )  # fmt: skip
    if block is not None:
        lost = max(0, min(block.lost, 0x7FFFFF))
        body += _BLOCK.pack(
            block.ssrc, block.fraction_lost << 24 | lost, block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            0 if last is None else last[0],
            0 if last is None else int(max(0.0, min(last[1], 65_535.0)) * 65_536),
        )  # fmt: skip
    data = _packet(int(block is not None), kind, body)
    if cname:
        item = bytes((_CNAME, len(cname))) + cname.encode("ascii")
        # At least one null byte ends the list, and the chunk is filled up to 32 bits.
        chunk = struct.pack("!I", sender.ssrc) + item + bytes(4 - len(item) % 4)
        data += _packet(1, SOURCE_DESCRIPTION, chunk)
    if goodbye:
        data += _packet(1, GOODBYE, struct.pack("!I", sender.ssrc))
    return data


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def parse(data: bytes, ssrc: int) -> Report | None:
    """Return what a compound packet holds for the stream `ssrc`; None where it is none.

    It has to begin with a report and to be filled exactly by its parts (RFC 3550 §A.2).
    """
    if not 8 <= len(data) <= LONGEST or data[1] not in (SENDER_REPORT, RECEIVER_REPORT):
        return None
    if data[0] & 0x20:
        return None
    far = int.from_bytes(data[4:8], "big")
    sent: int | None = None
    packets: int | None = None
    heard: Heard | None = None
    goodbye = False
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            return None
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return None
        part = data[at + 4 : end]
        if kind == SENDER_REPORT and len(part) >= _SENDER.size:
            sent = int.from_bytes(part[4:12], "big")
            packets = int.from_bytes(part[16:20], "big")
            heard = _own_block(part[_SENDER.size :], first & 0x1F, ssrc) or heard
        elif kind == RECEIVER_REPORT:
            heard = _own_block(part[4:], first & 0x1F, ssrc) or heard
        elif kind == GOODBYE:
            goodbye = True
        at = end
    return Report(far, sent, packets, heard, goodbye)


def _own_block(blocks: bytes, count: int, ssrc: int) -> Heard | None:
    for number in range(min(count, len(blocks) // _BLOCK.size)):
        source, loss, highest, jitter, last, delay = _BLOCK.unpack_from(
            blocks, number * _BLOCK.size
        )
        if source == ssrc:
            lost = (loss & 0xFFFFFF) - ((loss & 0x800000) << 1)
            return Heard((loss >> 24) / 256, lost, highest, jitter, last, delay)
    return None


def round_trip_ms(heard: Heard, utc_s: float) -> float | None:
    """Return the round trip a report shows, or None where it shows none that can be."""
    if heard.last_report == 0:
        return None
    units = (middle(ntp(utc_s)) - heard.last_report - heard.delay) & 0xFFFFFFFF
    return None if units > _LONGEST_TRIP else units * 1000 / 65_536


class RtcpSession:
    """The reports of one leg: what we say and when, what the far side said last."""

    def __init__(
        self, now: float, *, epoch_s: float, dice: Callable[[], float], cname: str = ""
    ) -> None:
        """Begin at monotonic second `now`; UTC is `epoch_s` later; `dice` gives 0..1."""
        self._epoch_s = epoch_s
        self._dice = dice
        self._cname = cname
        self._size = 100.0 + _HEADERS
        self._sent_before = 0
        self._first = True
        self._far: tuple[int, float] | None = None
        self.next_at = now + self._interval()
        """When the next report is due, in monotonic seconds."""
        self.received = 0
        self.refused = 0
        """Datagrams that were no RTCP, or not the far side's."""
        self.last_at: float | None = None
        self.heard: Heard | None = None
        self.heard_at: float | None = None
        self.rtt_ms: float | None = None
        self.goodbye_at: float | None = None
        self.last: Report | None = None

    def report(self, sender: RtpSender, receiver: RtpReceiver, now: float) -> bytes:
        """Return the report of this moment, and arm the next one.

        A sender report where something was sent since the last one, a receiver report otherwise.
        """
        data = self._report(sender, receiver, now, goodbye=False)
        self._first = False
        self.next_at = now + self._interval()
        return data

    def goodbye(self, sender: RtpSender, receiver: RtpReceiver, now: float) -> bytes:
        """Return the last report, with a goodbye (RFC 3550 §6.6)."""
        return self._report(sender, receiver, now, goodbye=True)

    def receive(
        self, data: bytes, ssrc: int, now: float, *, only_from: int | None = None
    ) -> Report | None:
        """Take a datagram; return what it said of our stream `ssrc`, None where it is no RTCP.

        With `only_from`, reports of any other source are not the far side's and change nothing.
        """
        found = parse(data, ssrc)
        if found is None or only_from not in (None, found.ssrc):
            self.refused += 1
            return None
        self.received += 1
        self.last, self.last_at = found, now
        self._count(len(data))
        if found.sent_ntp is not None:
            self._far = (middle(found.sent_ntp), now)
        if found.heard is not None:
            self.heard, self.heard_at = found.heard, now
            trip = round_trip_ms(found.heard, now + self._epoch_s)
            self.rtt_ms = self.rtt_ms if trip is None else trip
        if found.goodbye and self.goodbye_at is None:
            self.goodbye_at = now
        return found

    def stats(self) -> dict[str, float]:
        """Return what the far side told, under the names of `Ended.stats`."""
        told = {"rtcp_received": float(self.received), "rtcp_refused": float(self.refused)}
        if self.rtt_ms is not None:
            told["rtt_ms"] = round(self.rtt_ms, 2)
        if self.heard is not None:
            told["far_lost"] = float(max(0, self.heard.lost))
            told["far_loss_share"] = round(self.heard.loss_share, 4)
            told["far_jitter_ms"] = round(self.heard.jitter * 1000 / SAMPLE_RATE, 2)
        return told

    def _report(
        self, sender: RtpSender, receiver: RtpReceiver, now: float, *, goodbye: bool
    ) -> bytes:
        spoke = sender.packets != self._sent_before
        self._sent_before = sender.packets
        far = self._far
        data = report(
            sender,
            receiver.report(),
            utc_s=now + self._epoch_s if spoke else None,
            last=None if far is None else (far[0], now - far[1]),
            cname=self._cname,
            goodbye=goodbye,
        )
        self._count(len(data))
        return data

    def _count(self, size: int) -> None:
        self._size += (size + _HEADERS - self._size) / 16

    def _interval(self) -> float:
        """Return seconds until the next report: a mean by bandwidth, scattered by dice (§6.3.1)."""
        least = INTERVAL_S / 2 if self._first else INTERVAL_S
        mean = max(least, _MEMBERS * self._size / _BANDWIDTH)
        return mean * (self._dice() + 0.5) / _COMPENSATION
