"""Which source is heard: an honest change loses nothing, a spray gets nothing through."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.media.admission import CONTESTED_S, TRIAL_PACKETS, Admission
from vyzov.media.rtp import RtpPacket, RtpReceiver


def packet(number: int, ssrc: int = 7) -> RtpPacket:
    return RtpPacket(8, False, number & 0xFFFF, number * 160, ssrc, bytes(160))


class Ear:
    """A leg's ear: what came through, as (source, number)."""

    def __init__(self) -> None:
        self.receiver = RtpReceiver()
        self.admission = Admission(self.receiver)
        self.heard: list[tuple[int, int]] = []

    def hear(self, number: int, now: float, ssrc: int = 7) -> int:
        taken = self.admission.take(packet(number, ssrc), now)
        self.heard += [(one.ssrc, one.sequence) for one, _ in taken]
        return len(taken)

    def of(self, ssrc: int) -> list[int]:
        return [number for source, number in self.heard if source == ssrc]


def test_the_first_source_of_a_quiet_line_is_heard_at_once() -> None:
    ear = Ear()
    assert [ear.hear(number, number * 0.02) for number in range(5)] == [1] * 5
    assert ear.hear(4, 0.1) == 0


def test_an_honest_change_of_source_loses_nothing() -> None:
    ear = Ear()
    for number in range(50):
        ear.hear(number, number * 0.02)
    for number in range(50, 100):
        ear.hear(number, number * 0.02, ssrc=8)
    assert ear.of(8) == list(range(50, 100))
    assert (ear.receiver.ssrc_changes, ear.receiver.lost, ear.receiver.strangers) == (1, 0, 0)


def test_a_first_source_in_the_middle_of_a_spray_is_tried_and_loses_nothing() -> None:
    ear = Ear()
    ear.admission.contest(0.0)
    counts = [ear.hear(number, 0.1 + number * 0.02) for number in range(8)]
    assert counts == [0] * (TRIAL_PACKETS - 1) + [TRIAL_PACKETS, 1, 1, 1, 1]
    late = Ear()
    late.admission.contest(0.0)
    assert late.hear(0, CONTESTED_S) == 1


def test_a_voice_that_was_contested_once_is_not_tried_for_ever() -> None:
    ear = Ear()
    ear.hear(0, 0.0)
    ear.admission.contest(0.01)
    assert ear.hear(1, 0.02) == 1


@given(st.integers(0, 1000), st.floats(200, 4000), st.booleans(), st.booleans())
@settings(max_examples=30)
def test_a_spray_that_began_before_the_voice_gets_nothing_through(
    seed: int, rate: float, steady: bool, foreign_first: bool
) -> None:
    dice, ear = random.Random(seed), Ear()
    # The spray begins before the far side is known, so it is known to be one.
    ear.admission.contest(0.0)
    now, sprayed, voiced = 0.0, 0, 0
    while voiced < 40:
        now += 1 / rate
        while voiced < 40 and 0.3 + voiced * 0.02 <= now:
            ear.hear(voiced, 0.3 + voiced * 0.02)
            voiced += 1
        if foreign_first and dice.random() < 0.1:
            ear.admission.contest(now)
        ssrc = 99 if steady and sprayed % 2 else 1000 + dice.getrandbits(30)
        ear.hear(sprayed // 2, now, ssrc=ssrc)
        sprayed += 1
    assert ear.of(7) == list(range(40))
    assert len(ear.heard) == 40


def test_a_spray_during_a_stall_of_the_voice_gets_nothing_through() -> None:
    ear, dice = Ear(), random.Random(3)
    for number in range(20):
        ear.hear(number, number * 0.02)
    for step in range(1000):
        assert (
            ear.hear(step, 0.4 + step * 0.001, ssrc=99 if step % 2 else dice.getrandbits(30)) == 0
        )
    assert ear.hear(70, 1.4) == 1


def test_an_intruder_at_the_pace_of_a_voice_is_put_out_when_the_voice_comes_back() -> None:
    ear = Ear()
    for number in range(20):
        ear.hear(number, number * 0.02)
    taken = sum(ear.hear(step, 0.5 + step * 0.02, ssrc=99) for step in range(20))
    assert taken == 20
    assert ear.hear(50, 1.0) == 1
    assert not any(ear.hear(20 + step, 1.3 + step * 0.02, ssrc=99) for step in range(20))


def test_a_flood_of_sources_is_held_within_bounds() -> None:
    ear = Ear()
    ear.hear(0, 0.0)
    for step in range(5000):
        ear.hear(1, 0.001 * step, ssrc=100 + step)
    assert len(ear.admission._trials) <= 1024


def test_packets_of_no_order_are_no_voice_however_slow() -> None:
    ear, dice = Ear(), random.Random(4)
    ear.admission.contest(0.0)
    assert not any(ear.hear(dice.getrandbits(16), 0.1 + step * 0.02) for step in range(40))
