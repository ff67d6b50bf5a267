"""What the box believes it hears, measured on synthetic sound through G.711."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vyzov.pstn as pilot_prompts
from vyzov.media.g711 import Law, decode, encode
from vyzov.media.prompts import PromptLibrary
from vyzov.media.tones import ComfortNoise, comfort_tone, tone
from vyzov.pstn import sound
from vyzov.pstn.hearing import (
    OPERATOR_FREQUENCIES,
    PILOTS,
    Ear,
    Heard,
    Memory,
    callee_ear,
    dbm0,
    operator_ear,
)
from vyzov.simulation.people import VOICE_FREQUENCIES

Samples = NDArray[np.int16]


def through_g711(samples: Samples, law: Law = Law.PCMA) -> Samples:
    return decode(encode(samples, law), law)


def windows(ear: Ear, samples: Samples) -> list[Heard]:
    heard: list[Heard] = []
    for start in range(0, len(samples) - 799, 800):
        for at in range(start, start + 800, 160):
            ear.take(samples[at : at + 160], (at + 160) / 8000)
        heard.append(ear.window((start + 800) / 8000))
    return heard


def speechlike(ms: int, dbm0_level: float, seed: int, notches: tuple[int, ...] = ()) -> Samples:
    """Noise shaped like a voice, with syllables, and with holes around the given frequencies."""
    count = ms * 8
    dice = np.random.default_rng(seed)
    spectrum = np.fft.rfft(dice.normal(size=count))
    hz = np.fft.rfftfreq(count, 1 / 8000)
    spectrum *= 1 / (1 + (hz / 500) ** 2) * (hz > 100)
    for notch in notches:
        spectrum[np.abs(hz - notch) < 25] = 0
    sound = np.fft.irfft(spectrum, count)
    sound *= 0.3 + 0.7 * np.abs(np.sin(np.arange(count) * 2 * np.pi * 4 / 8000))
    rms = 10 ** ((dbm0_level - 3.14) / 20) * 32767 / np.sqrt(2)
    return (sound / np.sqrt(np.mean(sound**2)) * rms).astype(np.int16)


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("hz", OPERATOR_FREQUENCIES)
def test_each_operator_is_known_by_voice(hz: int, law: Law) -> None:
    sound = through_g711(tone(hz, 500, -14), law)
    assert windows(callee_ear(), sound)[1:] == [Heard("operator", hz)] * 4


@pytest.mark.parametrize("hz", VOICE_FREQUENCIES)
def test_each_callee_is_known_by_voice(hz: int) -> None:
    sound = through_g711(tone(hz, 500, -14))
    assert windows(operator_ear(), sound)[1:] == [Heard("callee", hz)] * 4


@pytest.mark.parametrize(("hz", "name"), PILOTS.items())
def test_each_prompt_is_known_by_its_pilot_under_speech(hz: int, name: str) -> None:
    speech = speechlike(3000, -17, hz, tuple(PILOTS))
    heard = windows(callee_ear(), through_g711(speech + tone(hz, 3000, -26)))
    assert heard.count(Heard(name, hz)) >= len(heard) - 2


def test_speech_alone_is_no_prompt_and_no_operator() -> None:
    heard = windows(callee_ear(), through_g711(speechlike(20_000, -17, 5)))
    memory = Memory()
    for index, window in enumerate(heard):
        memory.window(window, index * 0.1, index * 0.1 + 0.1)
    assert {segment.heard.what for segment in memory.segments} <= {"sound", "silence"}


def test_a_comfort_tone_is_nobody() -> None:
    cadence = comfort_tone()
    frames = [cadence.frame() for _ in range(300)]
    sound = np.concatenate([frame for frame in frames if frame is not None])
    assert {heard.what for heard in windows(callee_ear(), sound)} == {"silence", "sound"}


def test_comfort_noise_is_silence_and_no_packets_is_neither() -> None:
    noise = ComfortNoise()
    ear = callee_ear()
    sound = np.concatenate([noise.frame() for _ in range(10)])
    assert windows(ear, sound) == [Heard("silence")] * 2
    assert ear.window(0.3) == Heard("no_packets")


def test_long_packets_are_heard_too() -> None:
    ear = callee_ear()
    ear.take(tone(1150, 200, -14), 0.05)
    assert ear.window(0.1) == Heard("operator", 1150)
    ear.take(tone(1150, 0, -14), 0.15)
    assert ear.window(0.2) == Heard("no_packets")


def test_what_was_read_late_is_heard_when_it_arrived() -> None:
    ear = callee_ear()
    for frame in range(50):
        hz = 1150 if frame < 25 else 1400
        ear.take(tone(hz, 20, -14), frame * 0.02 + 0.001)
    heard = [ear.window(0.1 * (index + 1)) for index in range(12)]
    assert heard[1:5] == [Heard("operator", 1150)] * 4
    assert heard[6:10] == [Heard("operator", 1400)] * 4
    assert heard[10:] == [Heard("no_packets")] * 2


def test_an_ear_without_pilots_or_voices_hears_only_sound() -> None:
    assert windows(Ear({}, ()), tone(620, 300, -10)) == [Heard("sound")] * 3


def test_levels_are_in_dbm0() -> None:
    assert dbm0(32767 / np.sqrt(2)) == pytest.approx(3.14)
    assert dbm0(0.0) == -99.0


def test_a_glitch_of_one_window_does_not_cut_a_segment() -> None:
    memory = Memory()
    sounds = ["operator"] * 5 + ["sound"] + ["operator"] * 5
    for index, what in enumerate(sounds):
        assert memory.window(Heard(what), index * 0.1, (index + 1) * 0.1) is None
    [segment] = memory.segments
    assert (segment.start, segment.end) == (0.0, pytest.approx(1.1))


def test_a_new_sound_starts_where_it_was_first_heard() -> None:
    memory = Memory()
    assert memory.now == Heard("no_packets")
    for index, what in enumerate(["silence", "silence", "offer", "offer", "offer"]):
        closed = memory.window(Heard(what), float(index), float(index + 1))
        if index == 3:
            assert closed is not None
            assert (closed.heard, closed.start, closed.end) == (Heard("silence"), 0.0, 2.0)
        else:
            assert closed is None
    assert memory.now == Heard("offer")
    assert (memory.segments[1].start, memory.segments[1].end) == (2.0, 5.0)


PROMPTS = Path(pilot_prompts.__file__).parent / "prompts"


def test_the_prompts_of_the_box_bear_the_pilots_the_ears_know() -> None:
    made = json.loads((PROMPTS / "pilots.json").read_text(encoding="utf-8"))
    assert {name: hz for hz, name in PILOTS.items()} == made


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("hz", "name"), PILOTS.items())
def test_every_prompt_of_the_box_is_heard_for_what_it_is(
    hz: int, name: str, language: str, law: Law
) -> None:
    prompt = PromptLibrary(PROMPTS / language).load(name)
    memory = Memory()
    for index, heard in enumerate(windows(callee_ear(), through_g711(prompt.samples, law))):
        memory.window(heard, index * 0.1, index * 0.1 + 0.1)
    named = [segment for segment in memory.segments if segment.heard == Heard(name, hz)]
    others = {s.heard.what for s in memory.segments} - {name, "sound", "silence", "no_packets"}
    assert not others
    assert named
    assert named[0].start <= 0.5
    heard_for = sum(segment.end - segment.start for segment in named)
    assert heard_for >= 0.9 * prompt.ms / 1000 - 0.3


@pytest.mark.parametrize("hz", OPERATOR_FREQUENCIES)
def test_an_operator_is_heard_wherever_a_window_begins(hz: int) -> None:
    """A row of no whole number of periods was heard in some calls as nobody's voice, all call long."""
    spoken = decode(b"".join(sound.voice(hz, Law.PCMA)) * 4, Law.PCMA)
    for offset in range(0, 800, 160):
        assert set(windows(callee_ear(), spoken[offset:])) == {Heard("operator", hz)}


def test_a_voice_that_would_break_off_and_begin_anew_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 5"):
        sound.voice(1113, Law.PCMA)
