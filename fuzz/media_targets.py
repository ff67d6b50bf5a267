"""The parsers of `vyzov.media`: packets of sound, their reports, and keys pressed."""

import struct

from vyzov.media import rtcp, rtp
from vyzov.media.g711 import SILENCE, Law
from vyzov.media.jitter import JitterBuffer
from vyzov.media.rtp import RtpReceiver, RtpSender
from vyzov.media.telephone_event import DigitReceiver, DigitSender

SSRC = 0x1234
TICK_S = 0.02


def chunks(data: bytes) -> list[bytes]:
    """Takes the input apart: a length byte before each datagram."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < 64:
        size = data[at]
        found.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return found


def packed(datagrams: list[bytes]) -> bytes:
    return b"".join(bytes((min(len(one), 255),)) + one[:255] for one in datagrams)


def rtp_stream(data: bytes) -> None:
    """Packets through the reader, the statistics and the jitter buffer, one each 20 ms."""
    receiver, buffer = RtpReceiver(), JitterBuffer()
    now = 0.0
    for datagram in (data, *chunks(data)):
        packet = rtp.parse(datagram)
        if packet is not None:
            assert len(packet.payload) <= len(datagram) - 12
            assert 0 <= packet.payload_type < 128
            again = rtp.build(
                packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc,
                packet.payload, marker=packet.marker,
            )  # fmt: skip
            assert rtp.parse(again) == packet or 192 <= again[1] < 224
            if receiver.receive(packet, now):
                buffer.put(packet, now)
        frame = buffer.get(now)
        assert frame is None or len(frame) == 160
        assert 0 <= buffer.held_ms <= 64 * 200
        now += TICK_S
    report = receiver.report()
    assert report is None or 0 <= report.fraction_lost <= 255
    assert receiver.jitter_ms >= 0.0


def rtp_seeds() -> list[bytes]:
    sender = RtpSender(SSRC, 65_530, 2**32 - 400, 8)
    row = [sender.packet(SILENCE[Law.PCMA]) for _ in range(8)]
    odd = [b"\x90" + row[0][1:12] + b"\xbe\xde\x00\x01" + bytes(8), b"\xa0" + row[1][1:] + b"\x04"]
    return [packed(row), packed(row[::-1]), packed([row[0], row[0], row[4]]), *row[:1], *odd]


def rtcp_packets(data: bytes) -> None:
    """Compound reports, alone and through a session that answers them."""
    epoch = 1_700_000_000.0
    session = rtcp.RtcpSession(0.0, epoch_s=epoch, dice=lambda: 0.5, cname="c")
    sender, receiver = RtpSender(SSRC, 1, 1, 8), RtpReceiver()
    now = 0.0
    for datagram in (data, *chunks(data)):
        rtcp.is_rtcp(datagram)
        report = rtcp.parse(datagram, SSRC)
        if report is not None:
            assert 0 <= report.ssrc < 2**32
            if report.heard is not None:
                trip = rtcp.round_trip_ms(report.heard, epoch + now)
                assert trip is None or trip >= 0.0
        session.receive(datagram, SSRC, now)
        now += 0.7
    written = session.report(sender, receiver, now)
    assert rtcp.parse(written, SSRC) is not None
    assert all(isinstance(value, float | int) for value in session.stats().values())


def rtcp_seeds() -> list[bytes]:
    sender = RtpSender(77, 1, 1, 8)
    block = rtp.ReceptionReport(SSRC, 12, 3, 70_000, 40)
    plain = rtcp.report(sender, block, utc_s=1_700_000_000.0, cname="far", goodbye=True)
    bare = rtcp.report(sender, None, utc_s=None)
    return [plain, bare, packed([plain, bare, plain]), bare + plain]


def digits(data: bytes) -> None:
    """Events of keys: each is told once at most, as a key there is, and an end always comes."""
    receiver = DigitReceiver()
    now = 0.0
    told = 0
    for datagram in chunks(data):
        packet = rtp.parse(datagram)
        if packet is None:
            continue
        digit = receiver.receive(packet, now)
        while digit is not None:
            assert digit.character in "0123456789*#ABCD"
            assert digit.duration_ms >= 0
            told += 1
            digit = receiver.expire(now)
        now += TICK_S
    while receiver.expire(now + 10.0) is not None:
        told += 1
    assert told <= len(chunks(data))


def digits_seeds() -> list[bytes]:
    sender, found = RtpSender(SSRC, 1, 1000, 8), list[bytes]()
    source = DigitSender("5#", tone_ms=40, pause_ms=20)
    for _ in range(20):
        packet = source.next_packet(sender)
        if packet is not None:
            found.append(packet)
    event = struct.pack("!BBH", 16, 0x80, 0xFFFF)
    odd = rtp.build(101, 5, 9, SSRC, event, marker=True)
    return [packed(found), packed(found[:2]), packed([odd, *found[3:5]])]
