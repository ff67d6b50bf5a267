"""One outgoing stream: continuous whatever feeds it, and cut anew where the far side wants that."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media import rtp
from vyzov.media.rtp import RtpPacket, RtpSender
from vyzov.media.stream import OutStream


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
