"""The little RTCP a browser's quality figures need: sender reports out, reports back in.

Only what RFC 3550 §6.4 says of one stream each way; anything else in a compound packet is passed
over. What the figures mean is decided by the floor and the screens.
"""

import struct
from dataclasses import dataclass

from vyzov.media.rtp import ReceptionReport, RtpSender

SENDER_REPORT = 200
RECEIVER_REPORT = 201
GOODBYE = 203
NTP_OFFSET_S = 2_208_988_800
_HEADER = struct.Struct("!BBH")
_SENDER = struct.Struct("!IIIIII")
_BLOCK = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class Heard:
    """What the far side reports of our stream: share lost since its last report, our report's
    middle NTP bits and its delay (1/65536 s), from which the round trip follows."""

    loss_share: float
    last_report: int
    delay: int
    highest_sequence: int


@dataclass(slots=True)
class FarReport:
    """What a compound packet held for us."""

    sent_ntp: int | None = None
    heard: Heard | None = None


def ntp(utc_s: float) -> int:
    """Returns the 64-bit NTP time of a UTC second."""
    whole = int(utc_s)
    return (whole + NTP_OFFSET_S) << 32 | int((utc_s - whole) * (1 << 32))


def middle(ntp_time: int) -> int:
    """Returns the middle 32 bits of an NTP time, 1/65536 s each."""
    return ntp_time >> 16 & 0xFFFFFFFF


def sender_report(
    sender: RtpSender, utc_s: float, block: ReceptionReport | None, last: tuple[int, float] | None
) -> bytes:
    """Returns a sender report, with a report block of the far stream where one is given.

    `last` is the far side's last report: its middle NTP bits, and seconds since it came."""
    now = ntp(utc_s)
    body = _SENDER.pack(
        sender.ssrc, now >> 32, now & 0xFFFFFFFF, sender.timestamp,
        sender.packets & 0xFFFFFFFF, sender.octets & 0xFFFFFFFF,
    )  # fmt: skip
    count = 0
    if block is not None:
        count = 1
        lost = max(0, min(block.lost, 0x7FFFFF))
        body += _BLOCK.pack(
            block.ssrc, block.fraction_lost << 24 | lost, block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            0 if last is None else last[0],
            0 if last is None else int(max(0.0, min(last[1], 65_535.0)) * 65_536),
        )  # fmt: skip
    return _HEADER.pack(0x80 | count, SENDER_REPORT, len(body) // 4) + body


def parse(data: bytes, ssrc: int) -> FarReport:
    """Reads a compound packet for reports of the stream `ssrc`; malformed rest is passed over."""
    found = FarReport()
    at = 0
    while at + 8 <= len(data):
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            break
        blocks = at + 8
        if kind == SENDER_REPORT and end >= at + 28:
            high, low = struct.unpack_from("!II", data, at + 8)
            found.sent_ntp = high << 32 | low
            blocks = at + 28
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            _read_blocks(data[blocks:end], first & 0x1F, ssrc, found)
        at = end
    return found


def _read_blocks(data: bytes, count: int, ssrc: int, found: FarReport) -> None:
    for number in range(min(count, len(data) // _BLOCK.size)):
        source, loss, highest, _, last, delay = _BLOCK.unpack_from(data, number * _BLOCK.size)
        if source == ssrc:
            found.heard = Heard((loss >> 24) / 256, last, delay, highest)


def round_trip_ms(heard: Heard, utc_s: float) -> float | None:
    """Returns the round trip a report shows, or None before the far side has heard a report."""
    if heard.last_report == 0:
        return None
    units = (middle(ntp(utc_s)) - heard.last_report - heard.delay) & 0xFFFFFFFF
    return None if units > 0x7FFFFFFF else units * 1000 / 65_536
