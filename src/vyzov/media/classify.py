"""Who answered: a person, a machine or nobody, judged by the rhythm and the tones of the greeting.

Rules of thumb with known weaknesses: a person who talks for long is taken for a machine, a machine
with a short greeting for a person. What is unsure is called unknown, and the caller treats it as a
person. Nothing is decided here about what happens then.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_MS, FRAME_SAMPLES, Samples
from vyzov.media.tones import dominant, level_dbm0

INITIAL_SILENCE_MS: Final = 3500
"""Nothing said for longer than this since the answer: silence."""
MACHINE_GREETING_MS: Final = 2600
"""Speech for longer than this without a pause: a machine."""
HUMAN_GREETING_MS: Final = 2000
"""The longest greeting that, followed by a pause, is a person's."""
GREETING_PAUSE_MS: Final = 600
"""The pause that ends a greeting."""

_ONSET_MS: Final = 60
"""Sound shorter than this is a click, not the beginning of a greeting."""
_HOLE_MS: Final = 3 * FRAME_MS
"""Time without a frame that breaks sound off; less than that is a clock that ticks unevenly."""
_SPEECH_ABOVE_FLOOR_DB: Final = 9.0
_QUIETEST_SPEECH_DBM0: Final = -44.0
_FLOOR_FRAMES: Final = 25
"""The quietest of this many frames, half a second, is the noise: speech has gaps in that time."""
_HIGHEST_FLOOR_DBM0: Final = -36.0
"""Steady sound louder than this is no noise of the line, so it counts as speech."""

_TONE_WINDOW: Final = 3 * FRAME_SAMPLES
_TONE_PURITY_DB: Final = 1.2
"""How far the whole may be louder than its strongest tone for it to be a pure tone."""
_QUIETEST_TONE_DBM0: Final = -36.0
_SAME_TONE_HZ: Final = 12.0
_BEEP_MS: Final = 150
_FAX_MS: Final = 500
_SIT_STEP_MS: Final = 120
"""Longest gap between two tones of the special information tone."""


class AnswerClass(StrEnum):
    """Who answered, as far as sound can tell."""

    HUMAN = "human"
    MACHINE = "machine"
    SILENCE = "silence"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who answered, how many milliseconds after the answer that was clear, and by what sign.

    `detail` is one of greeting_short, greeting_long, greeting_unsure, beep, sit, fax,
    initial_silence, limit.
    """

    answer_class: AnswerClass
    after_ms: int
    detail: str


@dataclass(slots=True)
class _SteadyTone:
    hz: float
    began_ms: int
    ended_ms: int

    @property
    def ms(self) -> int:
        return self.ended_ms - self.began_ms


class ToneWatch:
    """Notices steady pure tones: beeps, the special information tone, a fax."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._heard: deque[Samples] = deque(maxlen=_TONE_WINDOW // FRAME_SAMPLES)
        self._now: _SteadyTone | None = None
        self._before: _SteadyTone | None = None
        self.beep_ended_ms: int | None = None
        """Where the last beep ended, or how far it got; None before the first."""

    def feed(self, frame: Samples, at_ms: int) -> str | None:
        """Return `beep`, `sit` or `fax` in the frame that makes it certain."""
        self._heard.append(frame)
        hz = self._pure_tone() if len(self._heard) == self._heard.maxlen else None
        end = at_ms + FRAME_MS
        now = self._now
        if now is not None and hz is not None and abs(hz - now.hz) <= _SAME_TONE_HZ:
            now.ended_ms = end
            return self._going_on(now)
        if now is not None:
            self._before, self._now = now, None
        if hz is not None:
            # The window is full of the tone, so the tone began a window ago.
            began = end - _TONE_WINDOW // FRAME_SAMPLES * FRAME_MS
            self._now = _SteadyTone(hz, began, end)
        return self._ended(end)

    def _pure_tone(self) -> float | None:
        window = np.concatenate(list(self._heard))
        hz, level = dominant(window)
        pure = level >= _QUIETEST_TONE_DBM0 and level_dbm0(window) - level <= _TONE_PURITY_DB
        return hz if pure else None

    def _going_on(self, now: _SteadyTone) -> str | None:
        before = self._before
        if before is not None and now.ms >= _BEEP_MS and _is_sit(before, now):
            return "sit"
        if abs(now.hz - 2100) <= 20:
            return "fax" if now.ms >= _FAX_MS else None
        # A first step of the special information tone is a beep only once it lasted too long.
        enough = 450 if _may_begin_sit(now.hz) else _BEEP_MS
        return self._beep(now) if now.ms >= enough else None

    def _ended(self, end: int) -> str | None:
        before = self._before
        if before is None or end - before.ended_ms <= _SIT_STEP_MS:
            return None
        self._before = None
        return self._beep(before) if before.ms >= _BEEP_MS else None

    def _beep(self, steady: _SteadyTone) -> str | None:
        if not _may_be_beep(steady.hz):
            return None
        self.beep_ended_ms = steady.ended_ms
        return "beep"


def _may_be_beep(hz: float) -> bool:
    return 780 <= hz <= 1220 or abs(hz - 1400) <= 30 or abs(hz - 2000) <= 40


def _is_first_of_sit(hz: float) -> bool:
    # The variants of the first tone are 913.8, 950 and 985.2 Hz.
    return 903 <= hz <= 993


def _may_begin_sit(hz: float) -> bool:
    return _is_first_of_sit(hz) or abs(hz - 1400) <= 40


def _is_sit(first: _SteadyTone, second: _SteadyTone) -> bool:
    return (
        _is_first_of_sit(first.hz)
        and abs(second.hz - 1400) <= 40
        and first.ms >= _BEEP_MS
        and second.began_ms - first.ended_ms <= _SIT_STEP_MS
    )


class AnswerClassifier:
    """Listens to one answered leg until it is sure, or `limit_ms` after the answer gives up."""

    def __init__(self, limit_ms: int) -> None:
        """Start to listen; times are milliseconds since the answer."""
        self._limit_ms = limit_ms
        self._tones = ToneWatch()
        self._levels: deque[float] = deque(maxlen=_FLOOR_FRAMES)
        self._verdict: Verdict | None = None
        self._next_ms = 0
        self._sounding_ms = 0
        self._greeting: tuple[int, int] | None = None

    @property
    def beep_heard(self) -> bool:
        """Whether an answering machine's beep was heard, also after the verdict."""
        return self._tones.beep_ended_ms is not None

    @property
    def beep_ended_ms(self) -> int | None:
        """When the last beep ended, to within 40 ms: a message is left after it."""
        return self._tones.beep_ended_ms

    def verdict(self) -> Verdict | None:
        """Return who answered, or None while that is open; it never changes once given."""
        return self._verdict

    def feed(self, frame: Samples, at_ms: int) -> None:
        """Hear 20 ms that began `at_ms` after the answer; what was never fed was silence."""
        end = at_ms + FRAME_MS
        sign = self._tones.feed(frame, at_ms)
        self.elapse(at_ms)
        if self._verdict is not None:
            return
        if sign is not None:
            self._verdict = Verdict(AnswerClass.MACHINE, end, sign)
            return
        if at_ms - self._next_ms >= _HOLE_MS:
            self._sounding_ms = 0
        self._next_ms = end
        if self._is_speech(level_dbm0(frame)):
            self._sounding_ms += FRAME_MS
        else:
            self._sounding_ms = 0
        if self._sounding_ms >= _ONSET_MS:
            began = end - self._sounding_ms
            self._greeting = (self._greeting[0] if self._greeting else began, end)
        self._verdict = self._judge(end)

    def elapse(self, at_ms: int) -> None:
        """Let time pass without sound, for a leg that sends none; `feed` does so by itself."""
        if self._verdict is None:
            self._verdict = self._judge(at_ms)

    def _is_speech(self, level: float) -> bool:
        self._levels.append(level)
        floor = min(_HIGHEST_FLOOR_DBM0, *self._levels)
        return level >= max(_QUIETEST_SPEECH_DBM0, floor + _SPEECH_ABOVE_FLOOR_DB)

    def _judge(self, end: int) -> Verdict | None:
        if self._greeting is None:
            if end > INITIAL_SILENCE_MS:
                return Verdict(AnswerClass.SILENCE, end, "initial_silence")
        else:
            spoken = self._greeting[1] - self._greeting[0]
            if spoken > MACHINE_GREETING_MS:
                return Verdict(AnswerClass.MACHINE, end, "greeting_long")
            if end - self._greeting[1] >= GREETING_PAUSE_MS:
                if spoken <= HUMAN_GREETING_MS:
                    return Verdict(AnswerClass.HUMAN, end, "greeting_short")
                return Verdict(AnswerClass.UNKNOWN, end, "greeting_unsure")
        return Verdict(AnswerClass.UNKNOWN, end, "limit") if end >= self._limit_ms else None
