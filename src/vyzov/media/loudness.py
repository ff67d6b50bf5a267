"""Measures how loud a prompt speaks, and brings it to the level of a telephone line.

Levels are in dBm0 as in `tones`. What is spoken is found by two gates over short blocks (the gating of
ITU-R BS.1770 without its weighting: a telephone passes little of what that takes away), so a pause
makes no prompt quieter. Which sound may be a prompt at all is decided in `new_prompt`.
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.resample import resample
from vyzov.media.tones import QUIETEST_DBM0, amplitude

Sound = NDArray[np.float64]

SPOKEN_DBM0: Final = -20.0
"""The level prompts are brought to: that of speech on a telephone line (ITU-T P.56, -26 dBov)."""
PEAK_MAX: Final = 32768 * 10 ** (-1 / 20)
"""The largest true peak of a prompt, in 16-bit steps: 1 dB below full scale."""

_BLOCK: Final = SAMPLE_RATE * 400 // 1000
_HOP: Final = SAMPLE_RATE * 100 // 1000
_FLOOR_DBM0: Final = -60.0
_GATE_DB: Final = 10.0
_OVERSAMPLED: Final = 4
_REACH: Final = SAMPLE_RATE * 5 // 1000
"""How far to either side of a peak the limiter turns down, in samples."""


def spoken_level(sound: Sound) -> float:
    """Return the level of what is spoken, 8 kHz mono; `QUIETEST_DBM0` where nothing is."""
    if not len(sound):
        return QUIETEST_DBM0
    block = min(_BLOCK, len(sound))
    summed = np.concatenate([np.zeros(1), np.cumsum(sound * sound)])
    starts = np.arange(0, len(sound) - block + 1, _HOP)
    powers = (summed[starts + block] - summed[starts]) / block
    spoken = powers[powers > _power(_FLOOR_DBM0)]
    if not len(spoken):
        return QUIETEST_DBM0
    gate = float(spoken.mean()) / 10 ** (_GATE_DB / 10)
    return _dbm0(float(spoken[spoken > gate].mean()))


def true_peak(sound: Sound) -> float:
    """Return the largest value the sound reaches, between its samples too, in 16-bit steps."""
    return float(_peaks(sound).max(initial=0.0))


def levelled(sound: Sound) -> Sound:
    """Return a sound brought to `SPOKEN_DBM0`, with no true peak above `PEAK_MAX`.

    A sound in which nothing is spoken stays as it is."""
    level = spoken_level(sound)
    if level == QUIETEST_DBM0:
        return sound
    return _limited(sound * 10 ** ((SPOKEN_DBM0 - level) / 20))


def _limited(sound: Sound) -> Sound:
    """Turn down around peaks, smoothly: the least that is needed, kept and averaged over 5 ms."""
    wanted = np.minimum(1.0, PEAK_MAX / np.maximum(_peaks(sound), 1.0))
    if wanted.min() == 1.0:
        return sound
    window = 2 * _REACH + 1
    kept = sliding_window_view(np.pad(wanted, 2 * _REACH, constant_values=1.0), window).min(axis=1)
    shape = np.hanning(window + 2)[1:-1]
    return sound * np.convolve(kept, shape / shape.sum(), mode="valid")


def _peaks(sound: Sound) -> Sound:
    """Return for each sample the largest value around it, the moments between included."""
    fine = np.abs(resample(sound, SAMPLE_RATE, _OVERSAMPLED * SAMPLE_RATE))
    after = fine.reshape(len(sound), _OVERSAMPLED).max(axis=1, initial=0.0)
    before = np.concatenate([np.zeros(1), after[:-1]])[: len(sound)]
    return np.maximum(after, before)


def _power(dbm0: float) -> float:
    return amplitude(dbm0) ** 2 / 2


def _dbm0(power: float) -> float:
    return float(10 * np.log10(power / _power(0.0)))
