"""What is heard before the answer: ring-back, busy, congestion, the three-tone sign, or a voice.

Networks say in sound what their codes often hide: a busy tone under 183 and then 480, a recorded
voice under 183 and then 404. Tones are told by pitch and by rhythm, in the Russian (425 Hz) and the
North American (440 and 480, 480 and 620 Hz) manner. Nothing is decided here: it is evidence.
"""

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vyzov.media.frame import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from vyzov.media.tones import amplitude

_QUIETEST_DBM0: Final = -40.0
_PURITY: Final = 0.75
"""Share of a frame's power that lies within a tone's band."""
_BIN_HZ: Final = SAMPLE_RATE // FRAME_SAMPLES
_CALL: Final = (400, 650)
_SIGNS: Final = ((900, 1000), (1350, 1450), (1750, 1850))
_SIGN_MS: Final = 160
_SIGN_GAP_MS: Final = 120
_HOLE_MS: Final = 60
"""Rhythms are not broken by less: a lost packet, a click."""
_VOICE_MS: Final = 600
_SILENCE_MS: Final = 1000
_CONGESTION_MS: Final = (110, 260)
_BUSY_MS: Final = (280, 620)
_RINGBACK_MS: Final = (700, 2500)
_RINGBACK_PAUSE_MS: Final = 1500
_EVEN: Final = 0.35
"""How far the pause of an even rhythm may be from its sound, as a share of it."""


class Heard(StrEnum):
    """What was heard, as far as can be told."""

    NOTHING = ""
    SILENCE = "silence"
    VOICE = "voice"
    RINGBACK = "ringback"
    CONGESTION = "congestion"
    BUSY = "busy"
    SPECIAL_INFORMATION = "special_information"


_RANK: Final = {heard: place for place, heard in enumerate(Heard)}


def _projection(band: tuple[int, int]) -> NDArray[np.complex128]:
    tones = np.arange(band[0], band[1] + 1, _BIN_HZ)
    turns = np.outer(tones, np.arange(FRAME_SAMPLES) / SAMPLE_RATE)
    return (np.exp(-2j * np.pi * turns) / FRAME_SAMPLES).astype(np.complex128)


_BANDS: Final = tuple(_projection(band) for band in (_CALL, *_SIGNS))


class EarlyEar:
    """Listens to one unanswered leg, 20 ms at a time."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.heard = Heard.NOTHING
        """The most telling of all that was heard so far."""
        self._least = amplitude(_QUIETEST_DBM0) ** 2 / 2
        self._sound = _Rhythm()
        self._signs = 0
        self._sign_ms = 0
        self._since_sign_ms = 0
        self._voice_ms = 0
        self._silence_ms = 0

    def feed(self, frame: Samples) -> Heard:
        """Hear 20 ms; return what is known by now."""
        linear = frame.astype(np.float64)
        power = float(np.mean(linear * linear))
        band = None
        if power >= self._least:
            shares = [2 * float(np.sum(np.abs(one @ linear) ** 2)) / power for one in _BANDS]
            loudest = max(range(len(shares)), key=shares.__getitem__)
            band = loudest if shares[loudest] >= _PURITY else -1
        self._follow_signs(band)
        found = self._sound.step(on=band == 0)
        if found is not None:
            self._note(found)
        if band is None:
            self._silence_ms += FRAME_MS
            if self._silence_ms >= _SILENCE_MS:
                self._note(Heard.SILENCE)
        elif band == -1:
            self._voice_ms += FRAME_MS
            if self._voice_ms >= _VOICE_MS:
                self._note(Heard.VOICE)
        return self.heard

    def _note(self, found: Heard) -> None:
        if _RANK[found] > _RANK[self.heard]:
            self.heard = found

    def _follow_signs(self, band: int | None) -> None:
        """Follow 950, 1400 and 1800 Hz, one after the other without a real pause."""
        if band == self._signs + 1:
            self._sign_ms += FRAME_MS
            self._since_sign_ms = 0
            return
        if self._sign_ms >= _SIGN_MS:
            self._signs += 1
            self._sign_ms = 0
            if self._signs == len(_SIGNS):
                self._note(Heard.SPECIAL_INFORMATION)
                self._signs = 0
            elif band == self._signs + 1:
                self._sign_ms = FRAME_MS
            return
        self._since_sign_ms += FRAME_MS
        if self._since_sign_ms > _SIGN_GAP_MS:
            self._signs = self._sign_ms = 0


class _Rhythm:
    """Tells rhythms of one tone by the lengths of its sounds and pauses."""

    def __init__(self) -> None:
        self._on = False
        self._ms = 0
        self._other_ms = 0
        self._before: list[int] = []
        """Lengths of the last sound and the pause after it, in ms."""

    def step(self, *, on: bool) -> Heard | None:
        """Take 20 ms with or without the tone; return the rhythm that became certain."""
        if on == self._on:
            self._ms += FRAME_MS + self._other_ms
            self._other_ms = 0
            return None if on else self._ringing()
        self._other_ms += FRAME_MS
        if self._other_ms < _HOLE_MS:
            return None
        ended, self._ms, self._other_ms = self._ms, self._other_ms, 0
        self._on = on
        if not on:
            found = self._even(ended)
            self._before = [ended]
            return found
        self._before = [*self._before, ended]
        return None

    def _even(self, sound_ms: int) -> Heard | None:
        """Tell busy and congestion by a sound, a pause as long, and a sound like it."""
        if len(self._before) < 2:
            return None
        first, pause = self._before
        even = all(abs(other - sound_ms) <= _EVEN * sound_ms for other in (first, pause))
        for heard, (least, most) in (
            (Heard.CONGESTION, _CONGESTION_MS),
            (Heard.BUSY, _BUSY_MS),
        ):
            if even and least <= sound_ms <= most:
                return heard
        return None

    def _ringing(self) -> Heard | None:
        if not self._before or self._ms < _RINGBACK_PAUSE_MS:
            return None
        least, most = _RINGBACK_MS
        return Heard.RINGBACK if least <= self._before[-1] <= most else None
