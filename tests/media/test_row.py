"""Packets in a row of frames: true gaps, no doubles, whatever the order and length."""

import numpy as np
from hypothesis import given, settings
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
    assert len(heard(row, [packet(11, SOUND[:160], 2**31, ssrc=8)])) == 160


def test_a_new_clock_in_the_middle_of_a_frame_loses_nothing() -> None:
    row = FrameRow()
    packets = [packet(1, SOUND[:240], 0), packet(2, SOUND[240:400], 2**30, ssrc=8)]
    got = heard(row, [*packets, packet(3, SOUND[400:640], 2**30 + 160, ssrc=8)])
    assert np.array_equal(got, decode(encode(SOUND[:640], Law.PCMA), Law.PCMA))


@given(st.lists(st.floats(0, 0.17), min_size=100, max_size=100), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_packets_that_overtake_each_other_are_put_in_order_once_that_is_known(
    delays: list[float], timestamp: int
) -> None:
    # The first second shows how far packets of this line are apart.
    shown = [0.2 if number % 12 == 6 else 0.0 for number in range(50)]
    arrivals = sorted(
        (number * 0.02 + delay, number) for number, delay in enumerate([*shown, *delays])
    )
    row = FrameRow()
    packets = [
        packet(number, SOUND[number * 160 : number * 160 + 160], timestamp + number * 160)
        for _, number in arrivals
    ]
    got = heard(row, packets)
    said = decode(encode(SOUND[: 160 * 150], Law.PCMA), Law.PCMA)
    assert np.array_equal(got[160 * 50 :], said[160 * 50 : len(got)])
    rest = np.concatenate([np.zeros(0, np.int16), *row.flush()])
    assert len(got) + len(rest) == len(said)


def test_time_that_passed_in_silence_is_not_heard_again() -> None:
    row = FrameRow()
    heard(row, [packet(1, SOUND[:160], 0)])
    row.pass_frame()
    row.pass_frame()
    assert len(heard(row, [packet(2, SOUND[:160], 480)])) == 160
    row.pass_frame()
    # Sound that was merely late, behind the silence already counted.
    assert len(heard(row, [packet(3, SOUND[:160], 640)])) == 160
