"""Tones made are measured, and tones measured are made: frequency, level, phase, rhythm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.media import tones
from vyzov.media.frame import Samples, silent_frame
from vyzov.media.mixer import mix
from vyzov.media.tones import (
    QUIETEST_DBM0,
    Burst,
    Cadence,
    ComfortNoise,
    Tone,
    ToneBank,
    ToneListener,
    dominant,
    level_dbm0,
    render,
    tone,
)


def frames_of(cadence: Cadence | Tone | ComfortNoise, count: int) -> Samples:
    found = [cadence.frame() for _ in range(count)]
    return np.concatenate([frame for frame in found if frame is not None])


def sounding(samples: Samples) -> list[tuple[bool, int]]:
    """Runs of sound and silence with their lengths in ms, measured 5 ms at a time."""
    runs: list[tuple[bool, int]] = []
    for at in range(0, len(samples) - 39, 40):
        loud = level_dbm0(samples[at : at + 40]) > -40
        if runs and runs[-1][0] == loud:
            runs[-1] = (loud, runs[-1][1] + 5)
        else:
            runs.append((loud, 5))
    return runs


@given(hz=st.floats(200, 3400), dbm0=st.floats(-35, 3), phase=st.floats(0, 6))
def test_a_tone_has_the_frequency_and_level_asked_for(hz: float, dbm0: float, phase: float) -> None:
    sound = tone(hz, 100, dbm0, phase)
    assert len(sound) == 800
    found, level = dominant(sound)
    assert abs(found - hz) < 1
    assert abs(level - dbm0) < 0.2
    assert abs(level_dbm0(sound) - dbm0) < 0.4


def test_an_endless_tone_never_breaks_its_phase() -> None:
    source = Tone(437.5, dbm0=-6)
    sound = frames_of(source, 500)
    assert np.abs(sound.astype(int) - tone(437.5, 10_000, -6)).max() <= 1


def test_a_tone_of_two_frequencies_holds_both() -> None:
    levels = ToneBank([350, 440, 620], window_ms=100).feed(frames_of(Tone(350, 440, dbm0=-13), 5))
    assert abs(levels[350] + 13) < 0.3
    assert abs(levels[440] + 13) < 0.3
    assert levels[620] < -45


def test_silence_has_the_quietest_level() -> None:
    assert level_dbm0(silent_frame()) == QUIETEST_DBM0
    assert level_dbm0(silent_frame()[:0]) == QUIETEST_DBM0
    assert dominant(silent_frame()) == (0.0, QUIETEST_DBM0)


def test_the_dominant_tone_is_found_between_lesser_ones() -> None:
    sound = mix([tone(600, 60, -10), tone(1900, 60, -16), tone(300, 60, -20)])
    hz, level = dominant(sound)
    assert abs(hz - 600) < 2
    assert abs(level + 10) < 0.5


def test_direct_current_is_no_tone() -> None:
    hz, level = dominant(np.full(480, 3000, dtype=np.int16))
    assert hz < 160
    assert level < level_dbm0(np.full(480, 3000, dtype=np.int16)) - 6


@pytest.mark.parametrize(
    ("cadence", "hz", "on", "off"),
    [
        (tones.ringback(), 425, 1000, 4000),
        (tones.busy(), 425, 350, 350),
        (tones.congestion(), 425, 175, 175),
    ],
)
def test_a_call_progress_tone_has_its_rhythm(
    cadence: Cadence, hz: float, on: int, off: int
) -> None:
    sound = frames_of(cadence, 2 * (on + off) // 20)
    runs = sounding(sound)
    assert [loud for loud, _ in runs[:4]] == [True, False, True, False]
    for (_, measured), wanted in zip(runs[:3], (on, off, on), strict=True):
        assert abs(measured - wanted) <= 10
    assert abs(dominant(sound[400:1200])[0] - hz) < 1


def test_the_special_information_tone_is_three_steps_and_a_pause() -> None:
    sound = frames_of(tones.special_information(), 100)
    steps = [dominant(sound[at : at + 1600])[0] for at in (400, 3040, 5680)]
    assert [round(hz) for hz in steps] == [950, 1400, 1800]
    assert level_dbm0(sound[7960:15800]) == QUIETEST_DBM0


def test_the_cue_is_two_short_soft_notes() -> None:
    cue = tones.cue_tone()
    assert 140 <= len(cue) / 8 <= 170
    assert [round(dominant(part)[0] / 10) for part in (cue[80:480], cue[640:1200])] == [66, 88]
    assert abs(level_dbm0(cue[100:460]) + 20) < 0.5
    assert abs(int(cue[0])) < 50
    assert abs(int(cue[-1])) < 400


def test_comfort_and_hold_are_soft_and_come_back() -> None:
    for cadence, period in ((tones.comfort_tone(), 3000), (tones.hold_tone(), 4000)):
        sound = frames_of(cadence, 2 * period // 20)
        assert np.array_equal(sound[: period * 8], sound[period * 8 :])
        assert -26.5 <= max(level_dbm0(sound[at : at + 160]) for at in range(0, 16000, 160)) <= -20


def test_a_beep_is_one_clean_tone() -> None:
    sound = tones.beep(1000, 400)
    assert len(sound) == 3200
    hz, level = dominant(sound)
    assert abs(hz - 1000) < 1
    assert abs(level + 10) < 0.3


def test_a_rhythm_played_once_ends_with_a_full_frame_and_then_nothing() -> None:
    cadence = Cadence([Burst((500,), 50)], repeat=False)
    found = [cadence.frame() for _ in range(4)]
    assert [None if frame is None else len(frame) for frame in found] == [160, 160, 160, None]
    whole = np.concatenate([frame for frame in found if frame is not None])
    assert np.array_equal(whole[:400], render([Burst((500,), 50)]))
    assert not whole[400:].any()


def test_a_rhythm_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Cadence([Burst((), 0)])


def test_a_burst_begins_and_ends_without_a_click() -> None:
    sound = render([Burst((1000,), 40, 0), Burst((), 10)]).astype(int)
    steady = np.abs(np.diff(sound[60:260])).max()
    assert np.abs(np.diff(sound)).max() <= steady + 1
    assert abs(sound[319]) < 1000


def test_comfort_noise_is_quiet_even_and_always_the_same() -> None:
    noise = frames_of(ComfortNoise(-55), 100)
    assert np.array_equal(noise, frames_of(ComfortNoise(-55), 100))
    assert abs(level_dbm0(noise) + 55) < 0.5
    loudest = frames_of(ComfortNoise(-20), 50)
    assert dominant(loudest)[1] < -40
    assert abs(float(loudest.mean())) < 50


def test_a_bank_measures_each_tone_and_rejects_its_neighbours() -> None:
    bank = ToneBank([620, 680, 740], window_ms=120)
    source = Tone(680, dbm0=-26)
    levels = [bank.feed(source.frame()) for _ in range(10)]
    assert abs(levels[-1][680] + 26) < 0.2
    assert levels[-1][620] < -60
    assert levels[-1][740] < -60
    rising = [level[680] for level in levels[:6]]
    assert rising == sorted(rising)


def test_a_window_too_short_to_tell_tones_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="40 ms"):
        ToneBank([620], window_ms=40)


def test_a_listener_names_a_steady_tone_and_forgets_it_when_it_ends() -> None:
    listener = ToneListener([1100, 1150])
    assert listener.feed(silent_frame()) is None
    source = Tone(1150, dbm0=-20)
    heard = [listener.feed(source.frame()) for _ in range(20)]
    named = [at for at, hz in enumerate(heard) if hz == 1150]
    assert named[0] * 20 <= 200
    assert named == list(range(named[0], 20))
    after = [listener.feed(silent_frame()) for _ in range(10)]
    assert after[-1] is None


def test_a_listener_takes_two_equal_tones_for_neither() -> None:
    listener = ToneListener([1100, 1300])
    source = Tone(1100, 1300, dbm0=-20)
    assert {listener.feed(source.frame()) for _ in range(20)} == {None}


def test_a_listener_for_one_tone_needs_no_rival() -> None:
    listener = ToneListener([1100])
    source = Tone(1100, dbm0=-20)
    assert [listener.feed(source.frame()) for _ in range(20)][-1] == 1100


def test_a_sweep_is_no_steady_tone() -> None:
    listener = ToneListener([1000, 1100, 1200, 1300])
    turns = np.cumsum(np.linspace(900, 1500, 8000)) / 8000
    sweep = (6000 * np.sin(2 * np.pi * turns)).astype(np.int16)
    heard = {listener.feed(sweep[at : at + 160]) for at in range(0, 8000, 160)}
    assert heard == {None}


@given(st.lists(st.lists(st.integers(-32768, 32767), min_size=160, max_size=160), max_size=4))
def test_a_mix_is_the_sum_cut_at_full_scale(rows: list[list[int]]) -> None:
    mixed = mix([np.array(row, dtype=np.int16) for row in rows])
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0] * 160
    assert mixed.tolist() == [max(-32768, min(32767, value)) for value in sums]
