"""The jitter buffer: an even row out of uneven arrivals, as short as it may be, and bounded."""

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.g711 import Law, decode, encode
from vyzov.media.jitter import JitterBuffer
from vyzov.media.rtp import RtpPacket
from vyzov.media.tones import level_dbm0, tone

LAW = Law.PCMA


def spoken(ms: int, start: int = 0) -> bytes:
    """Sound every byte of which tells where it belongs, and which is never quiet."""
    return bytes((start + at) % 251 for at in range(ms * 8))


def packets(
    sound: bytes, ptime: int = 20, first: int = 2**32 - 400, ssrc: int = 7
) -> list[RtpPacket]:
    size = ptime * 8
    return [
        RtpPacket(8, False, at % 65536, (first + at * size) % 2**32, ssrc, sound[place:][:size])
        for at, place in enumerate(range(0, len(sound) - size + 1, size))
    ]


def through(
    buffer: JitterBuffer, arrivals: list[tuple[float, RtpPacket]], ticks: int, offset: float = 0.001
) -> list[bytes | None]:
    """Run packets in at their times and frames out every 20 ms."""
    waiting = sorted(arrivals, key=lambda arrival: arrival[0])
    found: list[bytes | None] = []
    for tick in range(ticks):
        now = 100 + tick * 0.02 + offset
        while waiting and waiting[0][0] <= now:
            at, packet = waiting.pop(0)
            buffer.put(packet, at)
        found.append(buffer.get(now))
    return found


def heard(frames: list[bytes | None]) -> bytes:
    return b"".join(frame for frame in frames if frame is not None)


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
def test_every_packet_time_comes_out_as_twenty_milliseconds(ptime: int) -> None:
    sound = spoken(1200)
    buffer = JitterBuffer()
    step = ptime / 1000
    arrivals = [(100 + at * step, packet) for at, packet in enumerate(packets(sound, ptime))]
    frames = through(buffer, arrivals, 64)
    assert {len(frame) for frame in frames if frame} == {160}
    assert heard(frames) == sound
    assert (buffer.late, buffer.dropped, buffer.restarts) == (0, 0, 0)
    first = next(at for at, frame in enumerate(frames) if frame)
    assert first <= 2


@given(st.randoms(use_true_random=False))
def test_reordered_packets_come_out_in_order(dice: Random) -> None:
    sound = spoken(1000)
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(packets(sound))]
    # The first packets show how uneven the network is; from then on nothing is lost.
    arrivals[0] = (100.059, arrivals[0][1])
    arrivals[1:] = [(at + dice.random() * 0.055, packet) for at, packet in arrivals[1:]]
    buffer = JitterBuffer(depth_ms_min=80)
    assert heard(through(buffer, arrivals, 60)) == sound
    assert buffer.late == 0


def test_the_depth_follows_the_unevenness_and_stays_within_bounds() -> None:
    calm, rough, wild = JitterBuffer(), JitterBuffer(), JitterBuffer()
    for at, packet in enumerate(packets(spoken(2000))):
        now = 100 + at * 0.02
        calm.put(packet, now)
        rough.put(packet, now + (0.03 if at % 3 else 0))
        wild.put(packet, now + (0.3 if at % 3 else 0))
    assert calm.depth_ms == 20
    assert 49 <= rough.depth_ms <= 51
    assert wild.depth_ms == 120


def test_the_depth_shrinks_again_when_the_network_calms_down() -> None:
    buffer = JitterBuffer()
    row = packets(spoken(10_000))
    arrivals = [
        (100 + at * 0.02 + (0.06 if at < 50 and at % 2 else 0), packet)
        for at, packet in enumerate(row)
    ]
    through(buffer, arrivals[:60], 60)
    assert buffer.depth_ms > 70
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 500)
    assert buffer.depth_ms == 20
    assert buffer.held_ms <= 40
    assert buffer.dropped >= 1
    assert frames[-1] is not None


def test_a_lost_packet_is_a_gap_and_not_a_shift() -> None:
    sound = spoken(400)
    row = packets(sound)
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(row) if at != 7]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 21)
    start = next(at for at, frame in enumerate(frames) if frame)
    assert frames[start + 7] is None
    assert frames[start + 8] == sound[8 * 160 : 9 * 160]
    assert buffer.filled == 1


def test_a_part_that_is_missing_is_silence() -> None:
    sound = spoken(400)
    row = packets(sound, ptime=10)
    arrivals = [(100 + at * 0.01, packet) for at, packet in enumerate(row) if at != 14]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 21)
    start = next(at for at, frame in enumerate(frames) if frame)
    assert frames[start + 7] == b"\xd5" * 80 + sound[15 * 80 : 16 * 80]
    assert buffer.filled == 1


def test_the_silence_filled_in_is_that_of_the_law() -> None:
    buffer = JitterBuffer()
    buffer.put(RtpPacket(0, False, 1, 0, 7, b"\x10" * 80), 100.0)
    assert buffer.get(100.021) == b"\x10" * 80 + b"\xff" * 80


def test_a_packet_after_its_time_is_late_and_not_played() -> None:
    row = packets(spoken(300))
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(row)]
    arrivals[4] = (100.2, row[4])
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 12)
    assert buffer.late == 1
    assert row[4].payload not in frames


def test_a_duplicate_is_counted_and_played_once() -> None:
    sound = spoken(200)
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(packets(sound))]
    buffer = JitterBuffer()
    doubled = list(itertools.chain.from_iterable((arrival, arrival) for arrival in arrivals))
    assert heard(through(buffer, doubled, 14)) == sound
    assert buffer.duplicates == 10


def test_silence_suppression_is_a_gap_after_which_sound_is_in_time_again() -> None:
    before, after = packets(spoken(200)), packets(spoken(200, 77), first=2**32 - 400 + 8000)
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(before)]
    arrivals += [(101 + at * 0.02, packet) for at, packet in enumerate(after)]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 64)
    assert heard(frames) == spoken(200) + spoken(200, 77)
    assert frames[20:50] == [None] * 30
    assert buffer.restarts == 0


def test_a_new_source_starts_anew_at_once() -> None:
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(packets(spoken(200)))]
    other = packets(spoken(200, 99), first=5, ssrc=8)
    arrivals += [(100.2 + at * 0.02, packet) for at, packet in enumerate(other)]
    buffer = JitterBuffer()
    assert heard(through(buffer, arrivals, 25)).endswith(spoken(200, 99))
    assert buffer.restarts == 1


def test_a_jump_of_the_clock_starts_anew_at_once() -> None:
    arrivals = [(100 + at * 0.02, packet) for at, packet in enumerate(packets(spoken(200)))]
    other = packets(spoken(200, 99), first=3_000_000)
    arrivals += [(100.2 + at * 0.02, packet) for at, packet in enumerate(other)]
    buffer = JitterBuffer()
    assert heard(through(buffer, arrivals, 25)).endswith(spoken(200, 99))
    assert buffer.restarts == 1


def test_a_sender_whose_clock_stood_still_is_found_again() -> None:
    # It paused for 400 ms without moving its stamps on: all it sends from then on is late.
    row = packets(spoken(1400))
    arrivals = [(100 + at * 0.02 + (0.4 if at > 20 else 0), p) for at, p in enumerate(row)]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 92)
    assert buffer.restarts >= 1
    assert frames[-4] is not None
    assert None not in frames[60:88]
    assert buffer.late <= 20


@pytest.mark.parametrize("drift", [1.005, 0.995])
def test_clocks_that_drift_apart_never_let_the_buffer_grow(drift: float) -> None:
    quiet = encode(tone(400, 20_000, -40), LAW)
    row = packets(quiet)
    arrivals = [(100 + at * 0.02 * drift, packet) for at, packet in enumerate(row)]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, int(1000 * min(drift, 1)))
    assert buffer.held_ms <= 80
    assert sum(frame is None for frame in frames) <= 20
    if drift < 1:
        assert buffer.dropped >= 3


def test_a_frame_is_dropped_where_it_is_quiet() -> None:
    # Half a second loud, half a second quiet; the sender's clock is 1 % fast.
    part = np.concatenate([tone(400, 500, -10), tone(400, 500, -50)])
    row = packets(encode(np.concatenate([part] * 12), LAW))
    arrivals = [(100 + at * 0.0198, packet) for at, packet in enumerate(row)]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 590)
    assert buffer.dropped >= 3
    loud = [f for f in frames if f and level_dbm0(decode(f, LAW)) > -20]
    # None of the loud ones is missing.
    assert abs(len(loud) - 12 * 25) <= 1


def test_a_burst_after_a_stall_is_cut_down_to_the_depth() -> None:
    row = packets(spoken(4000))
    arrivals = [
        (100 + max(at, 100) * 0.02 if 55 < at < 101 else 100 + at * 0.02, packet)
        for at, packet in enumerate(row)
    ]
    buffer = JitterBuffer()
    frames = through(buffer, arrivals, 200)
    assert buffer.held_ms <= 240
    assert frames[-1] is not None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1) | st.integers(0, 4000),
            st.binary(max_size=500) | st.just(bytes(1700)),
            st.floats(0, 0.2),
            st.sampled_from([7, 7, 7, 8]),
        ),
        max_size=200,
    )
)
def test_nothing_that_arrives_makes_it_fail_or_grow(
    rows: list[tuple[int, bytes, float, int]],
) -> None:
    buffer = JitterBuffer()
    now = 100.0
    for at, (stamp, payload, wait, ssrc) in enumerate(rows):
        buffer.put(RtpPacket(8, False, at % 65536, stamp, ssrc, payload), now)
        now += wait
        frame = buffer.get(now)
        assert frame is None or len(frame) == 160
        assert buffer.held_ms <= 64 * 200


def test_a_flood_without_a_reader_is_bounded() -> None:
    buffer = JitterBuffer()
    for at, packet in enumerate(packets(spoken(4000))):
        buffer.put(packet, 100 + at * 0.02)
    assert buffer.held_ms == 64 * 20
    assert buffer.dropped == 200 - 64


def test_an_empty_buffer_gives_nothing() -> None:
    buffer = JitterBuffer()
    assert buffer.get(1.0) is None
    assert (buffer.depth_ms, buffer.held_ms) == (20, 0)
    buffer.put(RtpPacket(8, False, 1, 0, 7, b""), 1.0)
    buffer.put(RtpPacket(8, False, 1, 0, 7, bytes(2000)), 1.0)
    assert buffer.get(1.1) is None
    assert buffer.dropped == 1


@pytest.mark.parametrize(("least", "most"), [(10, 120), (60, 40)])
def test_depths_that_hold_no_frame_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="use 20 or more"):
        JitterBuffer(least, most)
