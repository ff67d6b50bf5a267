"""One outgoing stream: continuous whatever feeds it, and cut anew where the far side wants that."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media import rtp
from vyzov.media.g711 import SILENCE, Law
from vyzov.media.rtp import RtpPacket, RtpSender
from vyzov.media.stream import OutStream, packet_samples
from vyzov.media.telephone_event import DigitSender


def packet(sequence: int, timestamp: int, ssrc: int = 9, payload: bytes = b"x" * 160) -> RtpPacket:
    return RtpPacket(8, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, payload)


def one(datagrams: Sequence[bytes]) -> RtpPacket:
    (data,) = datagrams
    found = rtp.parse(data)
    assert found is not None
    return found


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.sampled_from(["own", "relay", "lost", "other"]), min_size=1, max_size=60),
)
def test_a_stream_never_jumps_back_whatever_feeds_it(
    sequence: int, timestamp: int, steps: list[str]
) -> None:
    out = OutStream(RtpSender(1, 0xFFF0, 0xFFFFFF00, 8))
    now, last, lost, ssrc = 10.0, None, 0, 9
    for step in steps:
        now += 0.02
        sequence, timestamp = sequence + 1, timestamp + 160
        if step == "lost":
            lost += 1
            continue
        if step == "other":
            ssrc += 1
        if step == "own":
            sent = one(out.own(b"x" * 160, now))
        else:
            sent = one(out.passed_on(packet(sequence, timestamp, ssrc), b"x" * 160, now))
        if last is not None:
            ahead = (sent.sequence - last.sequence) & 0xFFFF
            assert 1 <= ahead <= 1 + lost
            # Time that nobody sent in may be made up for at any later change, once.
            step_on = (sent.timestamp - last.timestamp) & 0xFFFFFFFF
            assert 160 <= step_on <= 160 * (2 + steps.count("lost")) + 8
        assert sent.ssrc == 1
        last, lost = sent, 0


def test_loss_and_order_of_the_far_stream_stay_visible() -> None:
    out = OutStream(RtpSender(1, 100, 1000, 8))
    sent = [
        one(out.passed_on(packet(n, n * 160), b"x" * 160, 1.0 + n * 0.02)) for n in (5, 6, 9, 8, 10)
    ]
    first = sent[0]
    assert [p.sequence - first.sequence for p in sent] == [0, 1, 4, 3, 5]
    assert [p.timestamp - first.timestamp for p in sent] == [0, 160, 640, 480, 800]


def test_time_that_passed_unheard_is_in_the_time_stamp() -> None:
    out = OutStream(RtpSender(1, 100, 0, 8))
    own = one(out.own(b"x" * 160, 1.0))
    after = one(out.passed_on(packet(7, 7), b"x" * 160, 3.0))
    assert (after.sequence, after.marker) == (own.sequence + 1, True)
    assert after.timestamp - own.timestamp == pytest.approx(16_000, abs=160)


def test_own_frames_after_a_long_stall_go_on_at_the_right_time() -> None:
    out = OutStream(RtpSender(1, 100, 0, 8))
    stamps = [
        one(out.own(b"x" * 160, at)).timestamp for at in (1.0, 1.02, 1.09, 1.09, 1.09, 2.09, 2.11)
    ]
    steps = [b - a for a, b in pairwise(stamps)]
    assert steps[:4] == [160] * 4
    assert steps[4] == pytest.approx(8000, abs=161)
    assert steps[5] == 160


# ---- packets of another length


def cut(size: int) -> OutStream:
    out = OutStream(RtpSender(1, 0xFFF8, 0xFFFFF000, 8))
    assert not out.want(size)
    return out


def sound(first: int, samples: int) -> bytes:
    """A row of bytes in which every place can be told."""
    return bytes((first + at) % 251 for at in range(samples))


def fed(out: OutStream, pieces: "list[tuple[int, int, bytes]]") -> list[RtpPacket]:
    """Passes on packets given as (sequence, time stamp, payload)."""
    sent: list[RtpPacket] = []
    for sequence, timestamp, payload in pieces:
        relayed = out.passed_on(packet(sequence, timestamp, payload=payload), payload, 1.0)
        sent += [one([data]) for data in relayed]
    return sent


def laid_out(sent: list[RtpPacket]) -> dict[int, int]:
    """Every sample that was sent, by its time since the first; none may be said twice."""
    first = sent[0].timestamp
    heard: dict[int, int] = {}
    for found in sent:
        start = (found.timestamp - first) & 0xFFFFFFFF
        for at, value in enumerate(found.payload):
            assert start + at not in heard
            heard[start + at] = value
    return heard


@pytest.mark.parametrize(
    ("ptime", "maxptime", "samples"),
    [(None, None, 160), (30, None, 240), (60, 40, 320), (None, 10, 80), (5, None, 80),
     (200, None, 800)],
)  # fmt: skip
def test_the_far_side_gets_packets_of_the_length_it_asked_for(
    ptime: int | None, maxptime: int | None, samples: int
) -> None:
    assert packet_samples(ptime, maxptime) == samples


@given(
    st.sampled_from([80, 160, 240, 320, 480]),
    st.sampled_from([80, 160, 240, 320, 480]),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
)
def test_sound_cut_anew_is_the_same_sound(
    comes: int, wanted: int, sequence: int, timestamp: int
) -> None:
    out = cut(wanted)
    said = sound(0, comes * 24)
    sent = fed(
        out,
        [
            (sequence + n, timestamp + n * comes, said[n * comes : (n + 1) * comes])
            for n in range(24)
        ],
    )
    assert all(len(found.payload) == wanted for found in sent)
    assert [found.sequence for found in sent] == [
        (sent[0].sequence + n) & 0xFFFF for n in range(len(sent))
    ]
    assert [found.marker for found in sent] == [n == 0 for n in range(len(sent))]
    heard = laid_out(sent)
    assert bytes(heard[at] for at in range(len(heard))) == said[: len(heard)]
    rest = out.want(comes if comes != wanted else 400)
    heard = laid_out([*sent, *(one([data]) for data in rest)])
    assert bytes(heard[at] for at in range(len(heard))) == said


@given(
    st.sampled_from([80, 160, 240, 320, 480]),
    st.sampled_from([80, 240, 320, 480]),
    st.sets(st.integers(2, 38), max_size=12),
    st.lists(st.integers(2, 38), max_size=8),
)
def test_loss_and_order_stay_true_when_sound_is_cut_anew(
    comes: int, wanted: int, lost: set[int], swapped: list[int]
) -> None:
    out = cut(wanted)
    said = sound(0, comes * 40)
    order = [number for number in range(40) if number not in lost]
    for at in swapped:
        if at + 1 < len(order):
            order[at], order[at + 1] = order[at + 1], order[at]
    sent = fed(out, [(n, n * comes, said[n * comes : (n + 1) * comes]) for n in order])
    first = min(sent, key=lambda found: (found.sequence - sent[0].sequence + 64) & 0xFFFF)
    silence = SILENCE[Law.PCMA][0]
    for found in sent:
        # The number of a packet follows from its time: what is missing shows as a loss.
        at = (found.timestamp - first.timestamp) & 0xFFFFFFFF
        assert at == ((found.sequence - first.sequence) & 0xFFFF) * wanted
        assert all(
            value in (said[at + place], silence) for place, value in enumerate(found.payload)
        )
    laid_out(sorted(sent, key=lambda found: (found.sequence - first.sequence) & 0xFFFF))


def test_a_pause_of_the_sender_is_no_loss_when_sound_is_cut_anew() -> None:
    out = cut(320)
    sent = fed(out, [(1, 0, sound(0, 160)), (2, 160, sound(160, 160)), (3, 320, sound(64, 160))])
    sent += fed(out, [(4, 16_000, sound(0, 160)), (5, 16_160, sound(160, 160))])
    assert [found.sequence for found in sent] == [0xFFF8, 0xFFF9, 0xFFFA]
    assert [len(found.payload) for found in sent] == [320, 160, 320]
    assert [(found.timestamp - sent[0].timestamp) & 0xFFFFFFFF for found in sent] == [
        0, 320, 16_000,
    ]  # fmt: skip


def test_own_frames_and_others_share_a_packet_of_the_asked_length() -> None:
    out = cut(480)
    sent: list[RtpPacket] = []
    for number in range(9):
        sent += [one([data]) for data in out.own(sound(0, 160), 1.0 + number * 0.02)]
    assert [len(found.payload) for found in sent] == [480, 480, 480]
    sent += [
        one([data])
        for number in range(3)
        for data in out.passed_on(packet(number, number * 160), sound(0, 160), 1.18 + number * 0.02)
    ]
    assert [(found.timestamp - sent[0].timestamp) & 0xFFFFFFFF for found in sent] == [
        0, 480, 960, 1440,
    ]  # fmt: skip
    assert [found.sequence for found in sent] == [(0xFFF8 + n) & 0xFFFF for n in range(4)]


def test_a_digit_follows_upon_what_was_held() -> None:
    out = cut(320)
    assert not out.own(sound(0, 160), 1.0)
    digits = DigitSender("5")
    sent = [one([data]) for data in out.event(digits, 1.02)]
    assert [(found.payload_type, len(found.payload)) for found in sent] == [(8, 160), (101, 4)]
    assert [found.sequence for found in sent] == [0xFFF8, 0xFFF9]
    assert (sent[1].timestamp - sent[0].timestamp) & 0xFFFFFFFF == 160
    while not digits.done:
        out.event(digits, 1.02)
    assert not out.event(digits, 2.0)


def test_a_late_packet_and_one_from_far_away_find_their_place_or_none() -> None:
    out = cut(320)
    fed(out, [(n, n * 160, sound(0, 160)) for n in range(10, 90)])
    assert fed(out, [(30, 30 * 160 - 50 * 160, sound(0, 160))]) == []
    assert fed(out, [(40, 40 * 160 - 1_000_000, sound(0, 160))]) == []
    (found,) = fed(out, [(5000, 9, sound(0, 160)), (5001, 169, sound(0, 160))])
    assert found.marker


def test_a_late_packet_of_the_fast_path_is_counted() -> None:
    out = OutStream(RtpSender(1, 0, 0, 8))
    fed(out, [(1, 160, sound(0, 160)), (3, 480, sound(0, 160)), (2, 320, sound(0, 160))])
    assert (out.sender.packets, out.sender.octets) == (3, 480)
    assert out.sent_timestamp == 160


def test_a_late_packet_from_before_the_change_is_not_sent_under_a_used_number() -> None:
    out = OutStream(RtpSender(1, 0, 0, 8))
    out.own(sound(0, 160), 1.0)
    sent = fed(
        out, [(9, 0, sound(0, 160)), (8, 0xFFFFFF60, sound(0, 160)), (10, 160, sound(0, 160))]
    )
    assert [found.sequence for found in sent] == [1, 2]
