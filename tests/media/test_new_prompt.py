"""Files that become prompts: brought to one level and below one peak, refused with their flaw."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vyzov.media.loudness import (
    PEAK_MAX,
    SPOKEN_DBM0,
    levelled,
    spoken_level,
    true_peak,
)
from vyzov.media.new_prompt import take_prompt
from vyzov.media.prompts import Flaw, PromptRefused, PromptShelf, prompt_from_wav
from vyzov.media.tones import QUIETEST_DBM0, amplitude, dominant
from vyzov.media.wav import Encoding, build_wav

LONGEST_MS = 120_000


def sine(hz: float, rate: int, seconds: float, dbm0: float = -10) -> NDArray[np.float64]:
    return amplitude(dbm0) * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)


def wav(sound: NDArray[np.float64], rate: int = 8000, channels: int = 1) -> bytes:
    row = np.repeat(np.clip(np.rint(sound), -32768, 32767).astype("<i2")[:, None], channels, axis=1)
    return build_wav(row.tobytes(), Encoding.PCM16, channels, rate)


@pytest.mark.parametrize("dbm0", [-45.0, -30.0, -20.0, -6.0, 0.0])
def test_whatever_level_a_file_has_its_prompt_speaks_at_that_of_a_telephone(dbm0: float) -> None:
    made = take_prompt(wav(sine(700, 16000, 1.0, dbm0), 16000, 2), longest_ms=LONGEST_MS)
    assert made.given_dbm0 == pytest.approx(dbm0, abs=0.2)
    assert made.level_dbm0 == pytest.approx(SPOKEN_DBM0, abs=0.2)
    played = prompt_from_wav(made.wav)
    assert (made.ms, played.ms) == (1000, 1000)
    hz, level = dominant(played.samples[800:7200])
    assert (hz, level) == (pytest.approx(700, abs=0.5), pytest.approx(SPOKEN_DBM0, abs=0.3))


def test_pauses_make_a_prompt_no_louder() -> None:
    word = sine(700, 8000, 3.0, -14)
    spoken = np.concatenate([word, np.zeros(24_000), word])
    assert spoken_level(spoken) == pytest.approx(spoken_level(word), abs=0.5)
    assert spoken_level(np.zeros(0)) == spoken_level(np.zeros(8000)) == QUIETEST_DBM0


def test_a_peak_between_samples_is_seen() -> None:
    # A quarter of the rate, sampled 45 degrees off its crests: samples reach 0.71 of the wave.
    wave = np.cos(np.pi / 2 * np.arange(800) + np.pi / 4) * 10_000
    assert np.abs(wave).max() == pytest.approx(7071, abs=1)
    assert true_peak(wave[:-1]) == pytest.approx(10_000, rel=0.1)
    assert true_peak(np.zeros(0)) == 0.0


def test_a_bang_in_quiet_speech_is_turned_down_and_what_is_far_from_it_is_not() -> None:
    sound = sine(400, 8000, 2.0, -32)
    sound[8000:8040] = sine(1000, 8000, 0.005, 2.0)
    made = levelled(sound)
    assert true_peak(made) <= PEAK_MAX * 1.02
    assert spoken_level(made[:6000]) == pytest.approx(spoken_level(made[10_000:]), abs=0.05)
    gain = spoken_level(made[:6000]) - spoken_level(sound[:6000])
    assert np.abs(made[:6000] - sound[:6000] * 10 ** (gain / 20)).max() < 1.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-50, 0), st.integers(1, 40))
def test_no_prompt_goes_beyond_its_peak(seed: int, dbm0: float, spikes: int) -> None:
    dice = np.random.default_rng(seed)
    sound = dice.normal(0, amplitude(dbm0) / 2, 4000)
    sound[dice.integers(0, 4000, spikes)] *= 30
    assert true_peak(levelled(sound)) <= PEAK_MAX * 1.05


def test_silence_is_left_alone() -> None:
    silence = np.zeros(4000)
    assert levelled(silence) is silence


def clipped(rate: int, channels: int) -> bytes:
    return wav(np.clip(sine(300, rate, 1.0, 12.0), -32768, 32767), rate, channels)


@pytest.mark.parametrize(
    ("data", "flaw", "args"),
    [
        (b"<html>no sound</html>", Flaw.NO_AUDIO, {}),
        (b"", Flaw.NO_AUDIO, {}),
        (wav(sine(700, 8000, 1.0))[:-100], Flaw.FORMAT, {}),
        (wav(sine(700, 8000, 1.0), 9000), Flaw.RATE, {}),
        (wav(np.zeros(0)), Flaw.EMPTY, {"most": 300}),
        (wav(sine(700, 8000, 0.1)), Flaw.SHORT, {"least": 0.2}),
        (wav(sine(700, 8000, 3.0)), Flaw.LONG, {"most": 2.0}),
        (wav(np.zeros(8000)), Flaw.SILENT, {}),
        (wav(sine(700, 8000, 1.0, -55)), Flaw.SILENT, {}),
        (clipped(8000, 1), Flaw.CLIPPED, {}),
        (clipped(48000, 2), Flaw.CLIPPED, {}),
    ],
)
def test_what_is_no_prompt_is_refused_with_its_flaw(
    data: bytes, flaw: Flaw, args: dict[str, float]
) -> None:
    with pytest.raises(PromptRefused) as refused:
        take_prompt(data, longest_ms=2000)
    assert (refused.value.flaw, refused.value.args_of_words) == (flaw, args)


@pytest.mark.parametrize("hz", [100.0, 1000.0, 3000.0])
def test_a_loud_recording_that_fits_is_not_taken_for_an_overdriven_one(hz: float) -> None:
    assert take_prompt(wav(sine(hz, 48000, 0.5, 3.13), 48000), longest_ms=1000).ms == 500


def test_a_shelf_finds_an_organisations_prompt_before_those_of_everybody(tmp_path: Path) -> None:
    own, common = tmp_path / "own", tmp_path / "common"
    for file in (own / "org-1/ru/offer.wav", common / "ru/offer.wav", common / "ru/bye.wav"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav(sine(700, 8000, 0.3)))
    shelf = PromptShelf([own, common, common])

    def found(name: str) -> tuple[Path, str] | None:
        one = shelf.find(name)
        return None if one is None else (one[0].folder, one[1])

    assert found("org-1/ru/offer") == (own, "org-1/ru/offer")
    assert found("org-2/ru/offer") == (common, "ru/offer")
    assert found("org-1/ru/bye") == found("ru/bye") == (common, "ru/bye")
    assert found("org-1/ru/none") is found("ru/none") is found("/ru/offer") is None
    assert found("org-1/offer") is None
