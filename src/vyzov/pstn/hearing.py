"""The ears of the box: which prompt or whose voice a stretch of received sound is.

Prompts are known by a quiet pilot tone under the speech, people by the steady tone they speak
in. What is heard is decided here in windows of 100 ms and smoothed into segments; what to do about
it is decided by the listener (`vyzov.simulation.conversation`).
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vyzov.simulation.conversation import NO_PACKETS, OPERATOR, SILENCE, SOUND
from vyzov.simulation.people import VOICE_FREQUENCIES

SAMPLE_RATE = 8000
WINDOW_SAMPLES = 800
WINDOW_S = WINDOW_SAMPLES / SAMPLE_RATE
FULL_SCALE_SINE_RMS = 32767 / math.sqrt(2)
FULL_SCALE_DBM0 = 3.14  # the overload point of A-law (G.711 table 5)

SILENCE_DBM0 = -50.0
VOICE_DBM0 = -38.0
PILOT_DBM0 = -26.0
PILOT_WITHIN_DB = 4.0  # speech that strays onto a pilot is hardly ever this steady
PILOT_LEAD_DB = 8.0
PURE_SHARE = 0.5
HOLDS_WINDOWS = 2
LEAST_SAMPLES = 160
MOST_WAITING = 1000  # twenty seconds of packets nobody asked about

PILOTS: Mapping[int, str] = {
    620: "offer",
    680: "please_wait",
    740: "will_call_back",
    800: "removed",
    860: "goodbye",
    920: "safe_harbour",
    980: "hold",
}
"""Pilot frequency (Hz) to prompt; the prompts of the box are made with these."""

OPERATOR_FREQUENCIES: tuple[int, ...] = tuple(range(1100, 1925, 25))
CALLEE = "callee"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one window or segment is; `hz` is 0 where no tone names it."""

    what: str
    hz: int = 0


@dataclass(slots=True)
class Segment:
    """A stretch of the same sound; times in the clock the windows were told in (seconds)."""

    heard: Heard
    start: float
    end: float


class Ear:
    """Collects received samples and names what each window of 100 ms holds.

    `pilots` maps pilot frequencies (Hz) to names; `voices` are the frequencies speakers may have
    and `speaker` is what such a speaker is called.
    """

    def __init__(
        self, pilots: Mapping[int, str], voices: Sequence[int], speaker: str = OPERATOR
    ) -> None:
        self._pilot_hz = tuple(pilots)
        self._pilots = pilots
        self._voice_hz = tuple(voices)
        self._speaker = speaker
        self._bank = _bank(self._pilot_hz + self._voice_hz)
        self._samples: NDArray[np.float64] = np.zeros(WINDOW_SAMPLES)
        self._waiting: deque[tuple[float, NDArray[np.int16]]] = deque(maxlen=MOST_WAITING)

    def take(self, samples: NDArray[np.int16], at: float) -> None:
        """Takes decoded samples of any length that arrived at `at` (monotonic seconds)."""
        self._waiting.append((at, samples))

    def window(self, end: float) -> Heard:
        """Names the 100 ms up to `end`; to be asked for one window after another."""
        arrived = 0
        while self._waiting and self._waiting[0][0] <= end:
            at, samples = self._waiting.popleft()
            self._push(samples)
            if at > end - WINDOW_S:
                arrived += len(samples)
        if arrived < LEAST_SAMPLES:
            return Heard(NO_PACKETS)
        windowed = self._samples * _HANN
        total = math.sqrt(float(windowed @ windowed) / _HANN_POWER)
        if dbm0(total) < SILENCE_DBM0:
            return Heard(SILENCE)
        parts = self._bank @ self._samples
        half = len(parts) // 2
        levels = np.hypot(parts[:half], parts[half:])
        return self._voice(levels, total) or self._pilot(levels) or Heard(SOUND)

    def _push(self, samples: NDArray[np.int16]) -> None:
        count = len(samples)
        if count >= WINDOW_SAMPLES:
            self._samples = samples[-WINDOW_SAMPLES:].astype(np.float64)
        elif count:
            self._samples[:-count] = self._samples[count:]
            self._samples[-count:] = samples

    def _voice(self, levels: NDArray[np.float64], total: float) -> Heard | None:
        if not self._voice_hz:
            return None
        voices = levels[len(self._pilot_hz) :]
        best = int(np.argmax(voices))
        rms = float(voices[best])
        if dbm0(rms) < VOICE_DBM0 or rms * rms < PURE_SHARE * total * total:
            return None
        return Heard(self._speaker, self._voice_hz[best])

    def _pilot(self, levels: NDArray[np.float64]) -> Heard | None:
        if not self._pilot_hz:
            return None
        pilots = [dbm0(float(level)) for level in levels[: len(self._pilot_hz)]]
        best = max(range(len(pilots)), key=pilots.__getitem__)
        second = max((level for at, level in enumerate(pilots) if at != best), default=-99.0)
        off = abs(pilots[best] - PILOT_DBM0)
        if off > PILOT_WITHIN_DB or pilots[best] - second < PILOT_LEAD_DB:
            return None
        hz = self._pilot_hz[best]
        return Heard(self._pilots[hz], hz)


class Memory:
    """Smooths windows into segments: a new sound counts once it held for two windows."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._candidate: Heard | None = None
        self._since = 0.0
        self._held = 0

    @property
    def now(self) -> Heard:
        """What is being heard, as far as it is settled."""
        return self.segments[-1].heard if self.segments else Heard(NO_PACKETS)

    def window(self, heard: Heard, start: float, end: float) -> Segment | None:
        """Takes the window's name and times; returns the segment that has just been closed."""
        if self.segments and heard == self.segments[-1].heard:
            self.segments[-1].end = end
            self._candidate = None
            return None
        if heard != self._candidate:
            self._candidate, self._since, self._held = heard, start, 0
        self._held += 1
        if self._held < HOLDS_WINDOWS and self.segments:
            self.segments[-1].end = end
            return None
        closed = self.segments[-1] if self.segments else None
        if closed:
            closed.end = self._since
        self.segments.append(Segment(heard, self._since, end))
        self._candidate = None
        return closed


def callee_ear() -> Ear:
    """Makes the ear of a person in the box: prompts by pilot, operators by voice."""
    return Ear(PILOTS, OPERATOR_FREQUENCIES, OPERATOR)


def operator_ear() -> Ear:
    """Makes the ear of a program operator: callees by voice."""
    return Ear({}, VOICE_FREQUENCIES, CALLEE)


def dbm0(rms: float) -> float:
    """Returns the level of a root mean square of 16-bit samples, at least -99 dBm0."""
    if rms < 0.01:
        return -99.0
    return 20 * math.log10(rms / FULL_SCALE_SINE_RMS) + FULL_SCALE_DBM0


def _bank(frequencies: Sequence[int]) -> NDArray[np.float64]:
    """Returns rows, cosines above sines, that project a window on tones at their effective value."""
    turns = 2 * np.pi * np.outer(np.asarray(frequencies), np.arange(WINDOW_SAMPLES)) / SAMPLE_RATE
    scale = math.sqrt(2) / float(_HANN.sum())
    return np.vstack([np.cos(turns), np.sin(turns)]) * _HANN * scale


_HANN: NDArray[np.float64] = np.hanning(WINDOW_SAMPLES + 1)[:-1]
_HANN_POWER = float(_HANN @ _HANN)
