"""What is heard before the answer, told by pitch and rhythm, also on a bad line."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.early import EarlyEar, Heard
from vyzov.media.frame import Samples
from vyzov.media.g711 import Law, decode, encode
from vyzov.media.tones import Burst, render

RINGBACK = [Burst((425,), 1000), Burst((), 4000)]
BUSY = [Burst((425,), 350), Burst((), 350)]
CONGESTION = [Burst((425,), 175), Burst((), 175)]
SIGN = [Burst((hz,), 330) for hz in (950, 1400, 1800)] + [Burst((), 1000)]
AMERICAN_RINGBACK = [Burst((440, 480), 2000, -19.0), Burst((), 4000)]
AMERICAN_BUSY = [Burst((480, 620), 500, -24.0), Burst((), 500)]
AMERICAN_CONGESTION = [Burst((480, 620), 250, -24.0), Burst((), 250)]


def voice(seconds: float, seed: int = 1) -> Samples:
    """Something like speech: a gliding pitch with overtones, in syllables."""
    dice = random.Random(seed)
    times = np.arange(round(seconds * 8000)) / 8000
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * times + dice.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    total = sum(np.sin(n * phase) / n for n in range(1, 14))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * times) + 0.4, 0, 1)
    return (3000 * total * syllables).astype(np.int16)


def ear_on(*parts: "Sequence[Burst] | Samples", law: Law = Law.PCMA, lost: float = 0.0) -> Heard:
    ear, dice = EarlyEar(), random.Random(5)
    sound = np.concatenate([p if isinstance(p, np.ndarray) else render(p) for p in parts])
    heard = Heard.NOTHING
    for start in range(0, len(sound) - 159, 160):
        frame = decode(encode(sound[start : start + 160], law), law)
        if dice.random() < lost:
            frame = np.zeros(160, dtype=np.int16)
        heard = ear.feed(frame)
    return heard


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize(
    ("rhythm", "meant"),
    [
        (RINGBACK, Heard.RINGBACK),
        (BUSY, Heard.BUSY),
        (CONGESTION, Heard.CONGESTION),
        (SIGN, Heard.SPECIAL_INFORMATION),
        (AMERICAN_RINGBACK, Heard.RINGBACK),
        (AMERICAN_BUSY, Heard.BUSY),
        (AMERICAN_CONGESTION, Heard.CONGESTION),
    ],
)
def test_tones_are_told_by_pitch_and_rhythm(
    rhythm: Sequence[Burst], meant: Heard, law: Law
) -> None:
    assert ear_on(*[rhythm] * 4, law=law) is meant
    assert ear_on(*[rhythm] * 8, law=law, lost=0.03) is meant


def test_a_voice_is_no_tone_and_silence_no_voice() -> None:
    assert ear_on(voice(4.0)) is Heard.VOICE
    assert ear_on(np.zeros(16_000, dtype=np.int16)) is Heard.SILENCE
    assert ear_on(np.zeros(1600, dtype=np.int16)) is Heard.NOTHING


def test_the_most_telling_of_all_is_kept() -> None:
    assert ear_on(*[RINGBACK] * 2, *[BUSY] * 3, voice(2.0)) is Heard.BUSY
    assert ear_on(voice(2.0), *[RINGBACK] * 2) is Heard.RINGBACK
    assert ear_on(SIGN, voice(5.0)) is Heard.SPECIAL_INFORMATION


def test_one_long_tone_is_no_rhythm() -> None:
    assert ear_on([Burst((425,), 8000)]) is Heard.NOTHING
    assert ear_on([Burst((425,), 5000), Burst((), 3000)]) is Heard.SILENCE


def test_a_sign_that_stops_halfway_is_none() -> None:
    assert ear_on(SIGN[:2], [Burst((), 900)], SIGN[2:]) is Heard.SILENCE
    assert ear_on(SIGN[:1], SIGN[2:]) is not Heard.SPECIAL_INFORMATION


@given(st.lists(st.integers(-32768, 32767), min_size=160, max_size=160), st.integers(1, 40))
def test_no_sound_makes_the_ear_stumble(samples: list[int], times: int) -> None:
    ear = EarlyEar()
    for _ in range(times):
        assert ear.feed(np.array(samples, dtype=np.int16)) in Heard


@given(st.integers(0, 200))
def test_speech_is_never_a_rhythm(seed: int) -> None:
    assert ear_on(voice(6.0, seed)) in (Heard.VOICE, Heard.SILENCE)
