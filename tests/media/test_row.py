"""Packets in a row of frames: true gaps, no doubles, whatever the order and length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode, encode
from vyzov.media.row import LONGEST_GAP, FrameRow
from vyzov.media.rtp import RtpPacket
from vyzov.media.tones import tone

SOUND = tone(400, 4000)


def packet(sequence: int, samples: Samples, timestamp: int, ssrc: int = 7) -> RtpPacket:
    data = encode(samples, Law.PCMA)
    return RtpPacket(8, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, data)


def heard(row: FrameRow, packets: list[RtpPacket]) -> Samples:
    frames = [frame for one in packets for frame in row.put(one, Law.PCMA)]
    assert all(len(frame) == 160 for frame in frames)
    return np.concatenate([np.zeros(0, np.int16), *frames])


@given(
    st.sampled_from([80, 160, 240, 320, 480]),
    st.sets(st.integers(1, 30), max_size=10),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
)
def test_a_loss_is_silence_of_its_true_length(
    size: int, lost: set[int], sequence: int, timestamp: int
) -> None:
    packets = [
        packet(sequence + n, SOUND[n * size : (n + 1) * size], timestamp + n * size)
        for n in range(40)
        if n not in lost
    ]
    got = heard(FrameRow(), packets)
    said = decode(encode(SOUND[: 40 * size], Law.PCMA), Law.PCMA)
    for number in lost:
        said[number * size : (number + 1) * size] = 0
    assert len(got) == 40 * size - 40 * size % 160
    assert np.array_equal(got, said[: len(got)])


def test_what_comes_late_or_twice_is_left_out() -> None:
    row = FrameRow()
    first, second, third = (packet(n, SOUND[:160], n * 160) for n in range(3))
    assert len(heard(row, [first, third, second, third])) == 480


def test_a_new_source_and_a_far_jump_are_new_beginnings() -> None:
    row = FrameRow()
    assert len(heard(row, [packet(1, SOUND[:160], 0), packet(9, SOUND[:160], 999, ssrc=8)])) == 320
    assert len(heard(row, [packet(10, SOUND[:160], 1159 + LONGEST_GAP + 1, ssrc=8)])) == 160
    assert len(heard(row, [packet(11, SOUND[:160], 0, ssrc=8)])) == 160


def test_time_that_passed_in_silence_is_not_heard_again() -> None:
    row = FrameRow()
    heard(row, [packet(1, SOUND[:160], 0)])
    row.pass_frame()
    row.pass_frame()
    assert len(heard(row, [packet(2, SOUND[:160], 480)])) == 160
    row.pass_frame()
    # Sound that was merely late, behind the silence already counted.
    assert len(heard(row, [packet(3, SOUND[:160], 640)])) == 160
