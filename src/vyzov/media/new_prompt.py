"""Judges a sound file that is to become a prompt, and makes of it what the engine plays.

Refused is what nobody would want to hear on the telephone: no sound, silence, a recording that was
overdriven. What is taken is brought to 8 kHz mono and to one level. Where it is kept is decided by the
caller.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from vyzov.media.frame import SAMPLE_RATE, Samples
from vyzov.media.loudness import levelled, spoken_level, true_peak
from vyzov.media.prompts import Flaw, PromptRefused, prompt_from_wav
from vyzov.media.wav import Encoding, Wave, build_wav, parse_wav

SHORTEST_MS: Final = 200
"""Milliseconds a prompt lasts at least: less is a click."""
QUIETEST_SPOKEN_DBM0: Final = -50.0
"""Speech below this level is noise to be made louder, no prompt."""

_FULL_SCALE: Final = 30_000
_RUN: Final = 4
_CLIPPED_SHARE: Final = 0.001


@dataclass(frozen=True, slots=True)
class NewPrompt:
    """A prompt as it will be kept: a WAV file of 8 kHz mono, and what was measured of it.

    `given_dbm0` is its level before it was brought to that of all prompts; `peak_dbfs` is its true
    peak now."""

    wav: bytes
    ms: int
    level_dbm0: float
    given_dbm0: float
    peak_dbfs: float


def take_prompt(data: bytes, *, longest_ms: int) -> NewPrompt:
    """Return the prompt in a WAV file's bytes, or raise `PromptRefused` with its flaw."""
    given = prompt_from_wav(data, "in this file")
    if given.ms > longest_ms:
        raise PromptRefused(
            f"The sound lasts {given.ms / 1000:.0f} s, a prompt {longest_ms // 1000} s at most: "
            "shorten it, or make two steps of it.",
            Flaw.LONG,
            most=longest_ms / 1000,
        )
    if given.ms < SHORTEST_MS:
        raise PromptRefused(
            f"The sound lasts {given.ms} ms, a prompt {SHORTEST_MS} at least: record it anew.",
            Flaw.SHORT,
            least=SHORTEST_MS / 1000,
        )
    sound = given.samples.astype(np.float64)
    level = spoken_level(sound)
    if level < QUIETEST_SPOKEN_DBM0:
        raise PromptRefused(
            "Nothing can be heard in this file: look at the microphone, then record it anew.",
            Flaw.SILENT,
        )
    if _is_clipped(parse_wav(data)):
        raise PromptRefused(
            "The recording is overdriven and would rattle: record it anew, further from the "
            "microphone or with less gain.",
            Flaw.CLIPPED,
        )
    now = levelled(sound)
    samples: Samples = np.clip(np.rint(now), -32768, 32767).astype(np.int16)
    wav = build_wav(samples.astype("<i2").tobytes(), Encoding.PCM16, 1, SAMPLE_RATE)
    peak = 20 * float(np.log10(true_peak(now) / 32768))
    return NewPrompt(wav, given.ms, spoken_level(now), level, peak)


def _is_clipped(wave: Wave) -> bool:
    """Tell whether more than one sample in a thousand lies on a flat top of the sound."""
    height = np.abs(wave.samples.astype(np.int32))
    top = int(height.max())
    if top < _FULL_SCALE:
        return False
    flat = np.vstack([height >= top - 1, np.zeros((_RUN - 1, wave.channels), dtype=bool)])
    runs = np.ones_like(height, dtype=bool)
    for step in range(_RUN):
        runs &= flat[step : step + len(height)]
    return bool(runs.mean(axis=0).max() * _RUN > _CLIPPED_SHARE)
