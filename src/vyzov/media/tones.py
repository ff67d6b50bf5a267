"""Makes tones and cadences, and measures tones in what is heard.

Levels are in dBm0: a sine at the overload point of A-law, full scale of 16 bits, is +3.14 dBm0
(G.711 §4). Which tone means what is decided by those who listen (`classify`, `telephone_event`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vyzov.media.frame import FRAME_SAMPLES, SAMPLE_RATE, Samples

FULL_SCALE_DBM0: Final = 3.14
"""Level of the largest sine 16 bits can hold."""

QUIETEST_DBM0: Final = -90.0
"""What is reported for digital silence, whose level has no logarithm."""

_PEAK_AT_0_DBM0: Final = 32768 * 10 ** (-FULL_SCALE_DBM0 / 20)
_LOWEST_TONE_HZ: Final = 80
_RAMP_MS: Final = 4
_NOTE_RAMP_MS: Final = 8


def amplitude(dbm0: float) -> float:
    """Return the peak, in 16-bit steps, of a sine of that level."""
    return _PEAK_AT_0_DBM0 * 10 ** (dbm0 / 20)


def _to_dbm0(peak: float) -> float:
    if peak <= 0:
        return QUIETEST_DBM0
    return max(QUIETEST_DBM0, float(20 * np.log10(peak / _PEAK_AT_0_DBM0)))


def level_dbm0(samples: Samples) -> float:
    """Return the level of samples by their mean power; `QUIETEST_DBM0` for silence or nothing."""
    if not len(samples):
        return QUIETEST_DBM0
    linear = samples.astype(np.float64)
    return _to_dbm0(float(np.sqrt(2 * np.mean(linear * linear))))


def _to_samples(linear: NDArray[np.float64]) -> Samples:
    return np.clip(np.rint(linear), -32768, 32767).astype(np.int16)


def _wave(hz: float, start: int, count: int, dbm0: float, phase0: float) -> NDArray[np.float64]:
    times = np.arange(start, start + count, dtype=np.float64)
    return amplitude(dbm0) * np.sin(2 * np.pi * hz * times / SAMPLE_RATE + phase0)


def tone(hz: float, ms: int, dbm0: float = -10, phase0: float = 0) -> Samples:
    """Return `ms` milliseconds of a sine from `phase0` radians on, without ramps."""
    return _to_samples(_wave(hz, 0, ms * SAMPLE_RATE // 1000, dbm0, phase0))


class Tone:
    """An endless tone of one or more frequencies, each at `dbm0`, that never breaks its phase."""

    def __init__(self, *hz: float, dbm0: float = -10) -> None:
        """Start at phase 0; whole frequencies repeat each second, so the phase never drifts."""
        self._hz = hz
        self._dbm0 = dbm0
        self._position = 0

    def frame(self) -> Samples:
        """Return the next 20 ms."""
        total = np.zeros(FRAME_SAMPLES, dtype=np.float64)
        for hz in self._hz:
            total += _wave(hz, self._position, FRAME_SAMPLES, self._dbm0, 0)
        self._position += FRAME_SAMPLES
        return _to_samples(total)


@dataclass(frozen=True, slots=True)
class Burst:
    """One step of a cadence: frequencies sounding together for `ms`; none of them is a pause."""

    hz: tuple[float, ...]
    ms: int
    dbm0: float = -10.0


class Cadence:
    """Repeats, or plays once, a rhythm of bursts and pauses."""

    def __init__(self, bursts: Sequence[Burst], *, repeat: bool = True) -> None:
        """Render one round of the rhythm; a rhythm of no length is refused with ValueError."""
        self._round = render(bursts)
        if not len(self._round):
            raise ValueError("A cadence lasts longer than nothing: give it at least one burst.")
        self._repeat = repeat
        self._position = 0

    def frame(self) -> Samples | None:
        """Return the next 20 ms, or None after the end of a rhythm that is played once."""
        size = len(self._round)
        if not self._repeat and self._position >= size:
            return None
        places = np.arange(self._position, self._position + FRAME_SAMPLES)
        self._position += FRAME_SAMPLES
        if self._repeat:
            self._position %= size
            return self._round[places % size]
        heard = self._round[places[places < size]]
        return np.concatenate([heard, np.zeros(FRAME_SAMPLES - len(heard), dtype=np.int16)])


def render(bursts: Sequence[Burst]) -> Samples:
    """Return bursts one after another, each with short ramps so that none of them clicks."""
    parts = [np.zeros(0, dtype=np.int16)]
    for burst in bursts:
        count = burst.ms * SAMPLE_RATE // 1000
        total = np.zeros(count, dtype=np.float64)
        for hz in burst.hz:
            total += _wave(hz, 0, count, burst.dbm0, 0)
        ramp = min(_RAMP_MS * SAMPLE_RATE // 1000, count // 2)
        rise = np.linspace(0, 1, ramp, endpoint=False)
        total[:ramp] *= rise
        total[count - ramp :] *= rise[::-1]
        parts.append(_to_samples(total))
    return np.concatenate(parts)


def cue_tone() -> Samples:
    """Return the two falling-in notes, 160 ms at -20 dBm0, an agent hears before a customer."""
    return render([Burst((660,), 70, -20.0), Burst((880,), 90, -20.0)])


def comfort_tone() -> Cadence:
    """Return what a customer hears while the agent's line is being repaired: a soft blip."""
    return Cadence([Burst((400,), 180, -26.0), Burst((), 2820)])


def hold_tone() -> Cadence:
    """Return two soft notes every four seconds, for a hold without a prompt."""
    return Cadence([Burst((392,), 240, -24.0), Burst((523,), 360, -24.0), Burst((), 3400)])


def ringback() -> Cadence:
    """Return the Russian ring-back: 425 Hz, 1 s of 5 s."""
    return Cadence([Burst((425,), 1000), Burst((), 4000)])


def busy() -> Cadence:
    """Return the Russian busy tone: 425 Hz, 0.35 s of 0.7 s."""
    return Cadence([Burst((425,), 350), Burst((), 350)])


def congestion() -> Cadence:
    """Return the Russian congestion tone: 425 Hz, 0.175 s of 0.35 s."""
    return Cadence([Burst((425,), 175), Burst((), 175)])


def special_information() -> Cadence:
    """Return the special information tone: 950, 1400, 1800 Hz of 330 ms each, 1 s pause."""
    return Cadence([Burst((hz,), 330) for hz in (950, 1400, 1800)] + [Burst((), 1000)])


def beep(hz: float = 1000, ms: int = 400, dbm0: float = -10) -> Samples:
    """Return the beep of an answering machine."""
    return render([Burst((hz,), ms, dbm0)])


class ComfortNoise:
    """Quiet noise, the same on every run, so that a line in silence does not seem dead."""

    def __init__(self, dbm0: float = -55) -> None:
        """Prepare one second of noise of that level, then repeated."""
        spread = _scattered(SAMPLE_RATE)
        power = np.sqrt(2 * np.mean(spread * spread))
        self._second = _to_samples(spread * (amplitude(dbm0) / power))
        self._position = 0

    def frame(self) -> Samples:
        """Return the next 20 ms."""
        start = self._position
        self._position = (start + FRAME_SAMPLES) % SAMPLE_RATE
        return self._second[start : start + FRAME_SAMPLES]


def _scattered(count: int) -> NDArray[np.float64]:
    """Return numbers in -1..1 that look random and are not: an integer hash of 0, 1, 2..."""
    value = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    return (value >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1


class ToneBank:
    """Measures how loud each of a few known frequencies is in the last `window_ms` heard.

    Hann-weighted projections: frequencies closer together than 4/window (67 Hz at 60 ms) are not
    told apart. One matrix product per frame, whatever the number of frequencies.
    """

    def __init__(self, frequencies: Sequence[float], window_ms: int = 60) -> None:
        """Prepare the projections; a window shorter than 60 ms is refused with ValueError."""
        if window_ms < 60:
            raise ValueError(f"A window of {window_ms} ms cannot tell tones apart: use 60 or more.")
        self._frequencies = tuple(frequencies)
        size = window_ms * SAMPLE_RATE // 1000
        times = np.arange(size) / SAMPLE_RATE
        window = np.hanning(size)
        turns = np.outer(np.asarray(self._frequencies, dtype=np.float64), times)
        self._projection = np.exp(-2j * np.pi * turns) * window * (2 / window.sum())
        self._heard = np.zeros(size, dtype=np.float64)

    def feed(self, frame: Samples) -> dict[float, float]:
        """Return the level in dBm0 of each frequency, the frame included.

        Before a whole window was heard the rest counts as silence, so levels rise from below.
        """
        size = len(self._heard)
        self._heard = np.concatenate([self._heard, frame])[-size:]
        peaks = np.abs(self._projection @ self._heard)
        levels = zip(self._frequencies, peaks, strict=True)
        return {hz: _to_dbm0(float(peak)) for hz, peak in levels}


class ToneListener:
    """Names the one steady tone of a set that stands out of all else heard, or none.

    Speech passes through every frequency but stays nowhere: a tone counts once it was at
    `floor_dbm0` or louder, and `margin_db` above the others, for `steady_ms` on end.
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        floor_dbm0: float = -34,
        margin_db: float = 6,
        window_ms: int = 120,
        steady_ms: int = 140,
    ) -> None:
        """Listen for tones at least 4000/window_ms Hz apart."""
        self._bank = ToneBank(frequencies, window_ms)
        self._floor = floor_dbm0
        self._margin = margin_db
        self._steady = steady_ms * SAMPLE_RATE // 1000
        self._candidate: float | None = None
        self._samples = 0

    def feed(self, frame: Samples) -> float | None:
        """Return the frequency now steadily heard, or None."""
        standing = self._standing(self._bank.feed(frame))
        if standing is None or standing != self._candidate:
            self._candidate, self._samples = standing, 0
        if standing is None:
            return None
        self._samples += len(frame)
        return standing if self._samples >= self._steady else None

    def _standing(self, levels: dict[float, float]) -> float | None:
        ranked = sorted(levels.items(), key=lambda level: -level[1])
        hz, loudest = ranked[0]
        second = ranked[1][1] if len(ranked) > 1 else QUIETEST_DBM0
        return hz if loudest >= self._floor and loudest - second >= self._margin else None


def dominant(samples: Samples) -> tuple[float, float]:
    """Return frequency in Hz and level in dBm0 of the strongest tone of a window.

    To within about 1 Hz and 0.2 dB for a steady tone of 40 ms or longer; (0, `QUIETEST_DBM0`) for
    silence.
    """
    window = np.hanning(len(samples))
    size = 1 << max(9, (4 * len(samples) - 1).bit_length())
    spectrum = np.abs(np.fft.rfft(samples * window, size))
    lowest = int(np.ceil(_LOWEST_TONE_HZ * size / SAMPLE_RATE))
    best = lowest + int(np.argmax(spectrum[lowest:-1]))
    peak = float(spectrum[best])
    if peak <= 0:
        return 0.0, QUIETEST_DBM0
    before, here, after = np.log(np.maximum(spectrum[best - 1 : best + 2], 1e-9))
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    top = np.exp(here - 0.25 * (before - after) * shift)
    hz = float((best + shift) * SAMPLE_RATE / size)
    return hz, _to_dbm0(float(top) * 2 / float(window.sum()))
