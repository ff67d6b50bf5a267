"""RTP: what is parsed, how packets are numbered, what is counted of those received."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.rtp import RtpPacket, RtpReceiver, RtpSender, build, parse

PAYLOAD = b"\xd5" * 160


def packet(sequence: int, timestamp: int | None = None, ssrc: int = 7) -> RtpPacket:
    stamp = sequence * 160 if timestamp is None else timestamp
    return RtpPacket(8, False, sequence % 65536, stamp % 2**32, ssrc, PAYLOAD)


def received(*sequences: int) -> RtpReceiver:
    receiver = RtpReceiver()
    for at, sequence in enumerate(sequences):
        receiver.receive(packet(sequence), at * 0.02)
    return receiver


packets = st.builds(
    RtpPacket,
    # Types 64 to 95 with a marker look like RTCP and are never negotiated (RFC 5761 §4).
    st.integers(0, 63) | st.integers(96, 127),
    st.booleans(),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=400),
)


@given(sent=packets)
def test_a_packet_built_is_the_packet_parsed(sent: RtpPacket) -> None:
    data = build(
        sent.payload_type,
        sent.sequence,
        sent.timestamp,
        sent.ssrc,
        sent.payload,
        marker=sent.marker,
    )
    assert parse(data) == sent


@given(
    sent=packets,
    sources=st.lists(st.integers(0, 2**32 - 1), max_size=15),
    extension=st.none() | st.integers(0, 8),
    padding=st.integers(0, 255),
)
def test_sources_extension_and_padding_are_left_out(
    sent: RtpPacket, sources: list[int], extension: int | None, padding: int
) -> None:
    first = 0x80 | len(sources) | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    second = sent.payload_type | (0x80 if sent.marker else 0)
    data = struct.pack("!BBHII", first, second, sent.sequence, sent.timestamp, sent.ssrc)
    data += b"".join(source.to_bytes(4, "big") for source in sources)
    if extension is not None:
        data += struct.pack("!HH", 0xBEDE, extension) + bytes(4 * extension)
    data += sent.payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")
    assert parse(data) == sent


@given(data=st.binary(max_size=64))
def test_no_datagram_makes_the_parser_fail(data: bytes) -> None:
    found = parse(data)
    assert found is None or len(found.payload) <= len(data) - 12


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("short", bytes([0x80]) + bytes(10)),
        ("version 1", bytes([0x40]) + bytes(11)),
        ("sender report", bytes([0x80, 200]) + bytes(26)),
        ("receiver report", bytes([0x81, 201]) + bytes(30)),
        ("sources cut off", bytes([0x8F, 8]) + bytes(30)),
        ("extension header cut off", bytes([0x90, 8]) + bytes(12)),
        ("extension cut off", bytes([0x90, 8]) + bytes(10) + b"\xbe\xde\x00\x09" + bytes(8)),
        ("padding of nothing", bytes([0xA0, 8]) + bytes(20)),
        ("padding beyond the packet", bytes([0xA0, 8]) + bytes(14) + b"\x09"),
    ],
)
def test_a_malformed_datagram_is_no_packet(name: str, data: bytes) -> None:
    assert parse(data) is None


def test_a_sender_stays_continuous_over_the_wrap_of_its_numbers() -> None:
    sender = RtpSender(ssrc=5, sequence=65535, timestamp=2**32 - 160, payload_type=8)
    sent = [parse(sender.packet(PAYLOAD, marker=at == 0)) for at in range(3)]
    assert [(p.sequence, p.timestamp, p.marker) for p in sent if p] == [
        (65535, 2**32 - 160, True),
        (0, 0, False),
        (1, 160, False),
    ]
    assert (sender.packets, sender.octets) == (3, 480)


def test_skipped_time_moves_the_stamp_and_not_the_sequence() -> None:
    sender = RtpSender(ssrc=5, sequence=10, timestamp=1000, payload_type=0)
    sender.skip(480)
    found = parse(sender.packet(PAYLOAD, samples=80))
    assert found is not None
    assert (found.sequence, found.timestamp, sender.timestamp) == (10, 1480, 1560)


def test_an_event_packet_takes_a_number_and_no_time() -> None:
    sender = RtpSender(ssrc=5, sequence=10, timestamp=1000, payload_type=8)
    event = parse(sender.stamped(b"\x01\x0a\x00\xa0", 101, 1000, marker=True))
    sound = parse(sender.packet(PAYLOAD))
    assert event == RtpPacket(101, True, 10, 1000, 5, b"\x01\x0a\x00\xa0")
    assert sound == RtpPacket(8, False, 11, 1000, 5, PAYLOAD)


def test_a_whole_stream_has_no_loss_over_the_wrap() -> None:
    receiver = received(*range(65500, 65600))
    assert (receiver.received, receiver.lost, receiver.reordered) == (100, 0, 0)
    assert receiver.jitter_ms < 1e-6
    assert (receiver.first_at, receiver.last_at) == (0, 99 * 0.02)


@given(
    start=st.integers(0, 65535),
    gone=st.sets(st.integers(1, 98), max_size=40),
)
def test_loss_is_what_never_came(start: int, gone: set[int]) -> None:
    receiver = received(*(start + at for at in range(100) if at not in gone))
    assert receiver.lost == len(gone)


@given(start=st.integers(0, 65535), order=st.permutations(range(1, 9)))
def test_reordering_within_reach_is_no_loss(start: int, order: list[int]) -> None:
    receiver = received(start, *(start + at for at in order), start + 9)
    assert (receiver.lost, receiver.duplicates) == (0, 0)
    highest = 0
    behind = 0
    for at in order:
        behind += at < highest
        highest = max(highest, at)
    assert receiver.reordered == behind


def test_a_packet_sent_before_the_first_that_came_is_no_negative_loss() -> None:
    receiver = received(11, 10, 12)
    assert (receiver.lost, receiver.reordered, receiver.received) == (0, 1, 3)


def test_a_duplicate_does_not_hide_a_loss() -> None:
    receiver = received(1, 2, 2, 2, 4, 2)
    assert (receiver.duplicates, receiver.lost, receiver.received) == (3, 1, 6)


def test_a_new_source_keeps_the_loss_of_the_old_one() -> None:
    receiver = received(1, 2, 5)
    receiver.receive(packet(900, ssrc=8), 0.1)
    receiver.receive(packet(902, ssrc=8), 0.12)
    assert (receiver.ssrc, receiver.ssrc_changes, receiver.lost) == (8, 1, 3)


def test_a_far_jump_of_the_sequence_is_a_restart_and_not_a_loss() -> None:
    receiver = received(1, 2, 30000, 30001)
    assert (receiver.restarts, receiver.lost, receiver.received) == (1, 0, 4)


def test_jitter_follows_the_formula_of_the_rfc() -> None:
    receiver = RtpReceiver()
    for at in range(400):
        # Every other packet is 10 ms late: |D| is 80 ticks each time, and jitter tends to it.
        receiver.receive(packet(at), at * 0.02 + (0.01 if at % 2 else 0))
    assert abs(receiver.jitter - 80) < 0.5
    assert abs(receiver.jitter_ms - 10) < 0.1


def test_events_that_share_a_stamp_are_no_jitter() -> None:
    receiver = RtpReceiver()
    for at in range(20):
        receiver.receive(packet(at, timestamp=1000), at * 0.02)
    receiver.receive(packet(20, timestamp=1000 + 20 * 160), 0.4)
    assert receiver.jitter < 1e-6


def test_a_jump_of_the_stamp_is_silence_and_no_jitter() -> None:
    receiver = received(1, 2)
    receiver.receive(packet(3, timestamp=900_000), 0.04)
    receiver.receive(packet(4, timestamp=900_160), 0.06)
    assert receiver.jitter < 1e-6
    assert receiver.lost == 0


def test_a_report_tells_the_loss_since_the_last_one() -> None:
    receiver = RtpReceiver()
    assert receiver.report() is None
    for at in (0, 1, 3):
        receiver.receive(packet(at), at * 0.02)
    first = receiver.report()
    assert first is not None
    assert (first.ssrc, first.lost, first.fraction_lost, first.highest_sequence) == (7, 1, 64, 3)
    receiver.receive(packet(4), 0.08)
    second = receiver.report()
    assert second is not None
    assert (second.lost, second.fraction_lost) == (1, 0)
    third = receiver.report()
    assert third is not None
    assert third.fraction_lost == 0


# ---- a second source


def test_a_stranger_beside_the_far_side_is_counted_and_not_heard() -> None:
    receiver = received(*range(10))
    for at in range(10, 20):
        assert not receiver.receive(packet(at, ssrc=99), at * 0.02 - 0.01)
        assert receiver.receive(packet(at), at * 0.02)
    assert (receiver.strangers, receiver.received, receiver.ssrc, receiver.lost) == (10, 20, 7, 0)


def test_a_new_source_is_heard_once_the_old_one_is_silent() -> None:
    receiver = received(*range(10))
    heard = [receiver.receive(packet(at, ssrc=8), at * 0.02) for at in range(10, 20)]
    assert heard == [False] * 2 + [True] * 8
    assert (receiver.ssrc, receiver.ssrc_changes) == (8, 1)
    # Later the old one is a stranger like any other.
    for at in range(20, 150):
        receiver.receive(packet(at, ssrc=8), at * 0.02)
    assert not receiver.receive(packet(10), 149 * 0.02)


def test_a_source_of_long_packets_is_waited_for_as_long_as_they_need() -> None:
    receiver = RtpReceiver()
    for at in range(3):
        receiver.receive(RtpPacket(8, False, at, at * 480, 7, bytes(480)), at * 0.06)
    assert not receiver.receive(packet(1, ssrc=8), 0.12 + 0.1)
    assert receiver.receive(packet(2, ssrc=8), 0.12 + 0.16)


def test_an_intruder_in_a_gap_is_put_out_when_the_far_side_comes_back() -> None:
    receiver = received(*range(10))
    assert receiver.receive(packet(1, ssrc=99), 0.5)
    assert receiver.receive(packet(35), 0.6)
    assert not receiver.receive(packet(2, ssrc=99), 5.0)
    assert receiver.receive(packet(400), 5.1)
    assert (receiver.ssrc, receiver.ssrc_changes) == (7, 2)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 0.02)), max_size=200))
def test_no_spray_of_sources_is_heard_while_the_far_side_speaks(
    sprayed: list[tuple[int, float]],
) -> None:
    receiver, now, sequence = received(0), 0.0, 0
    for ssrc, wait in sprayed:
        now += wait
        while (sequence + 1) * 0.02 <= now:
            sequence += 1
            assert receiver.receive(packet(sequence), sequence * 0.02)
        if ssrc != 7:
            assert not receiver.receive(packet(0, ssrc=ssrc), now)
