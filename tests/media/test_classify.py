"""Answer classes, rule by rule, on sound made for each rule and on the shipped prompts."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vyzov.media.prompts as prompts_module
from vyzov.media.classify import AnswerClass, AnswerClassifier, Verdict
from vyzov.media.frame import Samples, silent_frame
from vyzov.media.mixer import mix
from vyzov.media.prompts import PromptLibrary
from vyzov.media.tones import ComfortNoise, beep, special_information, tone

PROMPTS = PromptLibrary(Path(prompts_module.__file__).parent / "prompts")


def silence(ms: int) -> Samples:
    return np.zeros(ms * 8, dtype=np.int16)


def speech(ms: int, dbm0: float = -16) -> Samples:
    """Syllables of 160 ms with gaps of 60 ms between them, in a voice of three harmonics."""
    voice = mix([tone(hz, ms, dbm0 - 3 * at) for at, hz in enumerate((210, 420, 630))])
    at = np.arange(len(voice))
    return np.where(at % 1760 < 1280, voice, voice // 60).astype(np.int16)


def judged(*parts: Samples, limit_ms: int = 20_000) -> tuple[Verdict | None, AnswerClassifier]:
    sound = np.concatenate(parts)
    classifier = AnswerClassifier(limit_ms)
    for at in range(0, len(sound) - 159, 160):
        classifier.feed(sound[at : at + 160], at // 8)
    return classifier.verdict(), classifier


def verdict_of(*parts: Samples, limit_ms: int = 20_000) -> Verdict:
    verdict, _ = judged(*parts, limit_ms=limit_ms)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize("spoken_ms", [200, 800, 1900])
@pytest.mark.parametrize("lead_ms", [0, 300, 2000])
def test_a_short_greeting_and_a_pause_is_a_person(spoken_ms: int, lead_ms: int) -> None:
    verdict = verdict_of(silence(lead_ms), speech(spoken_ms), silence(1500))
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.HUMAN, "greeting_short")
    assert lead_ms + spoken_ms + 450 <= verdict.after_ms <= lead_ms + spoken_ms + 680


def test_a_long_greeting_without_a_pause_is_a_machine() -> None:
    verdict = verdict_of(silence(400), speech(5000))
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.MACHINE, "greeting_long")
    assert 3000 <= verdict.after_ms <= 3200


def test_a_greeting_between_short_and_long_is_unsure() -> None:
    verdict = verdict_of(speech(2300), silence(1000))
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.UNKNOWN, "greeting_unsure")


def test_nobody_speaking_is_silence() -> None:
    verdict = verdict_of(silence(5000))
    assert verdict == Verdict(AnswerClass.SILENCE, 3520, "initial_silence")


def test_a_leg_that_sends_nothing_at_all_is_silence() -> None:
    classifier = AnswerClassifier(10_000)
    classifier.elapse(3500)
    assert classifier.verdict() is None
    classifier.elapse(3520)
    assert classifier.verdict() == Verdict(AnswerClass.SILENCE, 3520, "initial_silence")
    classifier.elapse(9999)
    assert classifier.verdict() == Verdict(AnswerClass.SILENCE, 3520, "initial_silence")


def test_silence_that_was_never_sent_is_a_pause_too() -> None:
    classifier = AnswerClassifier(10_000)
    sound = speech(880)
    for at in range(0, len(sound), 160):
        classifier.feed(sound[at : at + 160], at // 8)
    assert classifier.verdict() is None
    classifier.feed(silent_frame(), 1600)
    verdict = classifier.verdict()
    assert verdict is not None
    assert verdict.answer_class is AnswerClass.HUMAN


def test_a_hole_in_the_sound_begins_the_onset_anew() -> None:
    classifier = AnswerClassifier(10_000)
    loud = tone(300, 20, -10)
    for at in (0, 20, 100, 120, 200, 220):
        classifier.feed(loud, at)
    classifier.elapse(3520)
    verdict = classifier.verdict()
    assert verdict is not None
    assert verdict.answer_class is AnswerClass.SILENCE


@given(st.lists(st.integers(0, 35), min_size=120, max_size=120))
def test_frames_of_an_uneven_clock_are_judged_like_those_of_an_even_one(late: list[int]) -> None:
    classifier = AnswerClassifier(10_000)
    sound = np.concatenate([silence(500), speech(880), silence(1020)])
    for at in range(0, len(sound), 160):
        classifier.feed(sound[at : at + 160], at // 8 + late[at // 160])
    verdict = classifier.verdict()
    assert verdict is not None
    assert verdict.answer_class is AnswerClass.HUMAN
    assert 1800 <= verdict.after_ms <= 2100


def test_the_limit_ends_the_listening_as_unknown() -> None:
    verdict = verdict_of(silence(300), speech(4000), limit_ms=1500)
    assert verdict == Verdict(AnswerClass.UNKNOWN, 1500, "limit")


def test_clicks_are_no_greeting() -> None:
    parts = [part for _ in range(10) for part in (tone(800, 20, -5), silence(480))]
    assert verdict_of(*parts).detail == "initial_silence"


@pytest.mark.parametrize("noise_dbm0", [-60, -48, -40])
def test_noise_of_the_line_is_neither_speech_nor_hides_it(noise_dbm0: float) -> None:
    noise = ComfortNoise(noise_dbm0)
    row = np.concatenate([noise.frame() for _ in range(200)])
    assert verdict_of(row).answer_class is AnswerClass.SILENCE
    greeting = np.concatenate([silence(500), speech(900), silence(1600)])
    verdict = verdict_of(mix([row[: len(greeting)], greeting]))
    assert verdict.answer_class is AnswerClass.HUMAN
    long = np.concatenate([silence(500), speech(3500)])
    assert verdict_of(mix([row, long])).answer_class is AnswerClass.MACHINE


@pytest.mark.parametrize("hz", [300, 440, 580])
def test_a_voice_that_is_one_steady_tone_is_a_voice(hz: float) -> None:
    verdict = verdict_of(tone(hz, 900, -14), silence(800))
    assert verdict.answer_class is AnswerClass.HUMAN


@pytest.mark.parametrize("hz", [800, 950, 1000, 1100, 1200, 1400, 2000])
@pytest.mark.parametrize("lead_ms", [200, 213])
def test_a_beep_is_a_machine(hz: float, lead_ms: int) -> None:
    verdict, classifier = judged(silence(lead_ms), beep(hz, 200), silence(400))
    assert verdict is not None
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.MACHINE, "beep")
    assert verdict.after_ms <= lead_ms + 400
    assert classifier.beep_heard


@pytest.mark.parametrize(
    ("hz", "ms", "dbm0"), [(1000, 90, -10), (600, 400, -10), (1600, 400, -10), (1000, 400, -45)]
)
def test_a_tone_too_short_too_quiet_or_elsewhere_is_no_beep(
    hz: float, ms: int, dbm0: float
) -> None:
    _, classifier = judged(silence(200), beep(hz, ms, dbm0), silence(500))
    assert not classifier.beep_heard


def test_a_beep_in_noise_is_heard() -> None:
    noise = ComfortNoise(-35)
    row = np.concatenate([noise.frame() for _ in range(50)])
    _, classifier = judged(
        mix([row, np.concatenate([silence(300), beep(1000, 400), silence(300)])])
    )
    assert classifier.beep_heard


def test_the_beep_is_waited_for_after_the_greeting_told_the_machine() -> None:
    verdict, classifier = judged(speech(4400), silence(300), beep(1000, 500), silence(600))
    assert verdict is not None
    assert verdict.detail == "greeting_long"
    assert classifier.beep_heard
    assert classifier.beep_ended_ms is not None
    assert 5190 <= classifier.beep_ended_ms <= 5240


def test_the_special_information_tone_is_an_announcement() -> None:
    cadence = special_information()
    parts = [frame for _ in range(60) if (frame := cadence.frame()) is not None]
    verdict, classifier = judged(silence(200), *parts)
    assert verdict is not None
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.MACHINE, "sit")
    assert not classifier.beep_heard


def test_a_first_step_that_goes_on_too_long_is_a_beep() -> None:
    assert verdict_of(silence(200), beep(950, 700), silence(300)).detail == "beep"


def test_two_tones_far_apart_are_no_special_information_tone() -> None:
    verdict = verdict_of(silence(200), beep(950, 330), silence(200), beep(1400, 330), silence(400))
    assert verdict.detail == "beep"


def test_a_fax_is_told_by_its_long_tone() -> None:
    verdict = verdict_of(silence(300), tone(2100, 3000, -12))
    assert (verdict.answer_class, verdict.detail) == (AnswerClass.MACHINE, "fax")
    assert verdict.after_ms <= 900


@pytest.mark.parametrize("name", ["ru/offer", "en/offer", "ru/safe_harbour", "en/safe_harbour"])
def test_speech_read_aloud_never_holds_a_beep(name: str) -> None:
    verdict, classifier = judged(PROMPTS.load(name).samples)
    assert verdict is not None
    assert not classifier.beep_heard
    assert verdict.detail.startswith("greeting")


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 4000), st.floats(-60, 0), st.integers(1, 40)), max_size=8))
def test_whatever_is_heard_there_is_one_lasting_verdict_by_the_limit(
    parts: list[tuple[int, float, int]],
) -> None:
    classifier = AnswerClassifier(3000)
    at = 0
    first: Verdict | None = None
    for hz, dbm0, count in parts:
        for _ in range(count):
            classifier.feed(tone(hz, 20, dbm0), at)
            at += 20
            first = first or classifier.verdict()
            assert classifier.verdict() == first
    classifier.elapse(3000)
    verdict = classifier.verdict()
    assert verdict is not None
    assert verdict.after_ms <= max(3000, at)
