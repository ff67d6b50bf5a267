"""What callees send, as ready-made rows of 20 ms payloads that repeat without a seam.

Everything is encoded once per call, so that the clock of many calls only copies bytes. Which row is
played when is decided by the conversation.
"""

from functools import lru_cache

import numpy as np

from vyzov.media.frame import FRAME_SAMPLES, Samples
from vyzov.media.g711 import Law, encode
from vyzov.media.tones import ComfortNoise, special_information, tone

VOICE_DBM0 = -14.0
VOICE_STEP_HZ = 5
BEEP_HZ = 1000
ANNOUNCER_HZ = 440

Row = tuple[bytes, ...]


@lru_cache(maxsize=256)
def voice(hz: int, law: Law) -> Row:
    """Returns a voice: a steady tone (Hz, a multiple of 5) that repeats every 200 ms."""
    # A row that is no whole number of periods jumps in phase wherever it begins anew, and an ear
    # whose windows lie across the jump hears no tone at all.
    if hz % VOICE_STEP_HZ:
        raise ValueError(f"a voice of {hz} Hz does not repeat every 200 ms: give a multiple of 5")
    return _row(tone(hz, 1000 // VOICE_STEP_HZ, VOICE_DBM0), law)


@lru_cache(maxsize=4)
def beep(law: Law) -> Row:
    """Returns the beep of an answering machine."""
    return _row(tone(BEEP_HZ, 20, VOICE_DBM0), law)


@lru_cache(maxsize=4)
def quiet(law: Law) -> Row:
    """Returns the faint noise of an open line: a telephone is never digitally silent."""
    noise = ComfortNoise(-62)
    return _row(np.concatenate([noise.frame() for _ in range(50)]), law)


@lru_cache(maxsize=4)
def announcement(law: Law) -> Row:
    """Returns a network's announcement: the information tone, then somebody saying a sentence."""
    cadence = special_information()
    frames = [frame for _ in range(50) if (frame := cadence.frame()) is not None]
    return _row(np.concatenate([*frames, tone(ANNOUNCER_HZ, 2000, VOICE_DBM0)]), law)


def _row(samples: Samples, law: Law) -> Row:
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    return tuple(
        encode(samples[at : at + FRAME_SAMPLES], law) for at in range(0, whole, FRAME_SAMPLES)
    )
