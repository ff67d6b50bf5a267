"""RTCP: what reports say, when they are due, and that no datagram makes the reader stumble."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media import rtcp
from vyzov.media.rtcp import RtcpSession
from vyzov.media.rtp import ReceptionReport, RtpPacket, RtpReceiver, RtpSender

EPOCH = 1_700_000_000.0
BLOCK = ReceptionReport(ssrc=11, fraction_lost=64, lost=5, highest_sequence=70_000, jitter=80)


def session(*, dice: float = 0.5, cname: str = "0123456789abcdef") -> RtcpSession:
    return RtcpSession(0.0, epoch_s=EPOCH, dice=lambda: dice, cname=cname)


def hearing(*sequences: int, ssrc: int = 22) -> RtpReceiver:
    receiver = RtpReceiver()
    for number in sequences:
        receiver.receive(RtpPacket(8, False, number, number * 160, ssrc, b"x" * 160), 0.02 * number)
    return receiver


def kinds(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        found.append(data[at + 1])
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
    assert at == len(data)
    return found


def test_a_report_tells_the_round_trip_and_the_loss() -> None:
    ours, theirs = RtpSender(11, 0, 0, 8), RtpSender(22, 0, 0, 8)
    found = rtcp.parse(rtcp.report(ours, None, utc_s=1000.0), ssrc=22)
    assert found is not None
    assert (found.ssrc, found.sent_ntp, found.heard) == (11, rtcp.ntp(1000.0), None)
    last = (rtcp.middle(rtcp.ntp(1000.0)), 0.25)
    answer = rtcp.parse(rtcp.report(theirs, BLOCK, utc_s=1000.3, last=last), ssrc=11)
    assert answer is not None
    assert answer.heard is not None
    heard = answer.heard
    assert (heard.loss_share, heard.lost, heard.highest_sequence, heard.jitter) == (
        0.25, 5, 70_000, 80,
    )  # fmt: skip
    assert rtcp.round_trip_ms(heard, 1000.3) == pytest.approx(50, abs=1)
    stranger = rtcp.parse(rtcp.report(theirs, BLOCK, utc_s=1.0), ssrc=12)
    assert stranger is not None
    assert stranger.heard is None


def test_a_round_trip_that_cannot_be_is_none() -> None:
    early = rtcp.Heard(0, 0, 0, 0, rtcp.middle(rtcp.ntp(2000.0)), 0)
    assert rtcp.round_trip_ms(early, 1999.0) is None
    assert rtcp.round_trip_ms(rtcp.Heard(0, 0, 0, 0, 0, 0), 1000.0) is None


def test_packets_that_came_twice_are_less_than_no_loss() -> None:
    block = struct.pack("!IIIIII", 11, 0x00FFFFFE, 1, 0, 0, 0)
    data = struct.pack("!BBHI", 0x81, 201, 7, 22) + block
    found = rtcp.parse(data, 11)
    assert found is not None
    assert found.heard is not None
    assert found.heard.lost == -2


def test_who_only_listens_sends_a_receiver_report_with_a_name() -> None:
    sender, receiver = RtpSender(11, 0, 0, 8), hearing(1, 2, 4)
    ours = session()
    listening = ours.report(sender, receiver, 3.0)
    assert kinds(listening) == [rtcp.RECEIVER_REPORT, rtcp.SOURCE_DESCRIPTION]
    assert b"0123456789abcdef\x00" in listening
    sender.packet(b"x" * 160)
    speaking = ours.report(sender, receiver, 8.0)
    assert kinds(speaking)[0] == rtcp.SENDER_REPORT
    assert kinds(ours.report(sender, receiver, 13.0))[0] == rtcp.RECEIVER_REPORT
    last = ours.goodbye(sender, receiver, 14.0)
    assert kinds(last)[-1] == rtcp.GOODBYE
    assert len(last) % 4 == 0


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abcd", "abcde"])
def test_a_source_description_is_filled_up_and_ends_with_a_null(name: str) -> None:
    data = rtcp.report(RtpSender(1, 0, 0, 8), None, utc_s=None, cname=name)
    kinds(data)
    assert data[-1] == 0


def test_two_sessions_learn_of_each_other() -> None:
    one, other = session(), session()
    here, there = RtpSender(11, 0, 0, 8), RtpSender(22, 0, 0, 8)
    here.packet(b"x")
    there.packet(b"x")
    told = other.receive(one.report(here, hearing(1, 2), 5.0), 22, 5.05)
    assert told is not None
    there_hears = hearing(1, 2, 4, ssrc=11)
    answer = other.report(there, there_hears, 6.05)
    assert one.receive(answer, 11, 6.1) is not None
    assert one.rtt_ms == pytest.approx(100, abs=2)
    stats = one.stats()
    assert (stats["rtcp_received"], stats["far_lost"], stats["far_loss_share"]) == (1, 1, 0.25)
    assert stats["far_jitter_ms"] == pytest.approx(0, abs=1)
    assert "rtt_ms" not in session().stats()
    # A second report that knows nothing of ours leaves what was known.
    one.receive(rtcp.report(there, None, utc_s=1.0), 11, 7.0)
    assert one.rtt_ms == pytest.approx(100, abs=2)
    assert one.received == 2


def test_a_goodbye_is_noted_once_and_ends_nothing() -> None:
    ours = session()
    far = RtpSender(22, 0, 0, 8)
    for at in (3.0, 4.0):
        ours.receive(rtcp.report(far, None, utc_s=1.0, goodbye=True), 11, at)
    assert ours.goodbye_at == 3.0
    ours.receive(rtcp.report(far, None, utc_s=1.0), 11, 5.0)
    assert ours.received == 3


def test_reports_of_a_stranger_change_nothing() -> None:
    ours = session()
    assert (
        ours.receive(rtcp.report(RtpSender(99, 0, 0, 8), None, utc_s=1.0), 11, 1.0, only_from=22)
        is None
    )
    assert ours.receive(b"noise", 11, 1.0) is None
    assert (ours.received, ours.refused, ours.last_at) == (0, 2, None)
    far = rtcp.report(RtpSender(22, 0, 0, 8), BLOCK, utc_s=1.0)
    assert ours.receive(far, 11, 2.0, only_from=22) is not None
    assert ours.rtt_ms is None
    listens = rtcp.report(RtpSender(22, 0, 0, 8), BLOCK, utc_s=None)
    assert ours.receive(listens, 11, 3.0) == rtcp.Report(22, heard=ours.heard)


@given(st.floats(0, 1, exclude_max=True))
def test_reports_are_scattered_about_five_seconds_the_first_about_half_of_that(dice: float) -> None:
    ours = session(dice=dice)
    assert 1.0 <= ours.next_at <= 3.1
    ours.report(RtpSender(1, 0, 0, 8), RtpReceiver(), 10.0)
    assert 2.05 <= ours.next_at - 10.0 <= 6.2


def test_many_bytes_of_reports_make_them_rarer() -> None:
    ours = session()
    fat = rtcp.report(RtpSender(22, 0, 0, 8), None, utc_s=1.0)
    fat += struct.pack("!BBH", 0x80, 204, 349) + bytes(1396)
    for at in range(200):
        assert ours.receive(fat, 11, at * 0.1) is not None
    ours.report(RtpSender(1, 0, 0, 8), RtpReceiver(), 30.0)
    assert ours.next_at - 30.0 > 4.3


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing", b""),
        ("too short", b"\x80\xc8\x00\x00"),
        ("too long", b"\x80\xc9\x00\x01" + bytes(1600)),
        ("begins with a description", struct.pack("!BBHI", 0x81, 202, 1, 7)),
        ("padding in the first", struct.pack("!BBHI", 0xA0, 201, 1, 7)),
        ("longer than the datagram", struct.pack("!BBHI", 0x80, 201, 9, 7)),
        ("another version inside", struct.pack("!BBHI", 0x80, 201, 1, 7) + b"\x40\xca\x00\x00"),
        ("a rest that is no part", struct.pack("!BBHI", 0x80, 201, 1, 7) + b"\x80\xca"),
    ],
)
def test_what_is_no_compound_packet_is_refused(name: str, data: bytes) -> None:
    assert rtcp.parse(data, 1) is None


def test_a_short_sender_report_says_nothing() -> None:
    found = rtcp.parse(struct.pack("!BBHI", 0x80, 200, 1, 7), 1)
    assert found == rtcp.Report(7)


@given(st.binary(max_size=200), st.sampled_from([200, 201]), st.integers(0, 31))
def test_no_datagram_makes_the_reader_stumble(noise: bytes, kind: int, count: int) -> None:
    rtcp.parse(noise, 1)
    words = (len(noise) - len(noise) % 4) // 4
    rtcp.parse(struct.pack("!BBH", 0x80 | count, kind, words) + noise[: words * 4], 1)


def test_reports_are_told_from_sound_on_one_port() -> None:
    assert rtcp.is_rtcp(b"\x80\xc8")
    assert not rtcp.is_rtcp(b"\x80\x08")
    assert not rtcp.is_rtcp(b"\x80\x88")
    assert not rtcp.is_rtcp(b"\x80")
