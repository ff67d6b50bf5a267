"""Keys pressed and sent: RFC 4733 events, tones in the sound, and two paths told as one.

`DigitReceiver` turns packets into digits, each once; `DigitSender` turns digits into packets;
`GoertzelDigits` hears the tones of Q.23 where a carrier sends no events. Negotiating the payload
type, and what a digit means, are left to the caller.
"""

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from vyzov.media.rtp import RtpPacket, RtpSender
from vyzov.media.tones import FULL_SCALE_DBM0

_EVENT: Final = struct.Struct("!BBH")
_CHARACTERS: Final = "0123456789*#ABCD"
_LONGEST: Final = 0xFFFF
_TIMESTAMPS: Final = 1 << 32
_END_BIT: Final = 0x80
_END_PACKETS: Final = 3
_REMEMBERED: Final = 16
"""Ended events kept to recognise their late and repeated packets."""
_END_LOST_AFTER: Final = 0.15
"""Seconds without a packet after which an event whose end was lost is over."""
_SAME_KEY_WITHIN: Final = 0.15
"""Seconds within which the same digit on another path is the same press of the key."""


@dataclass(frozen=True, slots=True)
class Digit:
    """One press of a key: its character (`0`-`9`, `*`, `#`, `A`-`D`) and how long it was held."""

    character: str
    duration_ms: int


@dataclass(slots=True)
class _Event:
    """An event under way: it may run on over several segments, each with a stamp of its own."""

    code: int
    ssrc: int
    timestamp: int
    duration: int
    before: int
    last_at: float

    def digit(self) -> Digit:
        held = (self.before + self.duration) * 1000 // SAMPLE_RATE
        return Digit(_CHARACTERS[self.code], held)


class DigitReceiver:
    """Reports every key of one leg exactly once, when it ends (RFC 4733 §2.5.2)."""

    def __init__(self) -> None:
        """Start with no key down."""
        self._current: _Event | None = None
        self._ended: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._ready: deque[Digit] = deque()

    def receive(self, packet: RtpPacket, now: float) -> Digit | None:
        """Take a packet of the telephone-event payload type; return a digit that is complete.

        Malformed payloads and events that are no keys (codes above 15) are ignored.
        """
        if len(packet.payload) >= _EVENT.size:
            code, flags, duration = _EVENT.unpack_from(packet.payload)
            if code < len(_CHARACTERS):
                self._take(packet, code, duration, now)
                if flags & _END_BIT:
                    self._end_of(packet)
        return self._next()

    def expire(self, now: float) -> Digit | None:
        """Return the digit whose end packets were all lost, once 150 ms passed without any."""
        current = self._current
        if current is not None and now - current.last_at >= _END_LOST_AFTER:
            self._finish(current)
        return self._next()

    def _next(self) -> Digit | None:
        return self._ready.popleft() if self._ready else None

    def _take(self, packet: RtpPacket, code: int, duration: int, now: float) -> None:
        if (packet.ssrc, packet.timestamp) in self._ended:
            return
        current = self._current
        if current is None or current.ssrc != packet.ssrc:
            self._begin(packet, code, duration, now)
            return
        ahead = (packet.timestamp - current.timestamp) % _TIMESTAMPS
        if ahead == 0:
            current.duration = max(current.duration, duration)
            current.last_at = now
        elif ahead == _LONGEST and code == current.code and not packet.marker:
            # A key held longer than the duration field can say goes on in a further segment.
            current.before += _LONGEST
            current.timestamp, current.duration = packet.timestamp, duration
            current.last_at = now
        elif ahead < _TIMESTAMPS // 2:
            self._begin(packet, code, duration, now)

    def _begin(self, packet: RtpPacket, code: int, duration: int, now: float) -> None:
        if self._current is not None:
            self._finish(self._current)
        self._current = _Event(code, packet.ssrc, packet.timestamp, duration, 0, now)

    def _end_of(self, packet: RtpPacket) -> None:
        current = self._current
        if current is not None and (current.ssrc, current.timestamp) == (
            packet.ssrc,
            packet.timestamp,
        ):
            self._finish(current)

    def _finish(self, event: _Event) -> None:
        self._ended.append((event.ssrc, event.timestamp))
        self._ready.append(event.digit())
        self._current = None


class DigitSender:
    """Sends a row of digits as telephone events, one packet on each 20 ms tick."""

    def __init__(
        self,
        digits: str,
        payload_type: int = 101,
        tone_ms: int = 120,
        pause_ms: int = 80,
        volume: int = 10,
    ) -> None:
        """Prepare the digits; a character that is no key is refused with ValueError.

        `volume` is the level below 0 dBm0 in dB, 0..63. Spans are rounded down to whole ticks.
        """
        wrong = sorted(set(digits.upper()) - set(_CHARACTERS))
        if wrong:
            raise ValueError(f"No key of a telephone: {' '.join(wrong)}; use 0-9 * # A-D.")
        if not FRAME_MS <= tone_ms <= _LONGEST * 1000 // SAMPLE_RATE:
            raise ValueError(f"A digit cannot last {tone_ms} ms: use 20 to 8191.")
        self._left = deque(_CHARACTERS.index(digit) for digit in digits.upper())
        self._payload_type = payload_type
        self._volume = volume & 0x3F
        self._tone_ticks = tone_ms // FRAME_MS
        self._pause_ticks = max(1, pause_ms // FRAME_MS)
        self._tick = 0
        self._timestamp = 0

    @property
    def done(self) -> bool:
        """Whether every digit, and the pause after it, is over."""
        return not self._left

    def next_packet(self, sender: RtpSender) -> bytes | None:
        """Return the packet of this tick, or None in a pause, when the caller sends sound."""
        if not self._left:
            return None
        tick, self._tick = self._tick, self._tick + 1
        last = self._tone_ticks + _END_PACKETS - 1
        if tick >= last:
            if tick == last + self._pause_ticks - 1:
                self._left.popleft()
                self._tick = 0
            return None
        if tick == 0:
            self._timestamp = sender.timestamp
        ending = tick >= self._tone_ticks - 1
        ticks = min(tick + 1, self._tone_ticks)
        payload = _EVENT.pack(
            self._left[0],
            self._volume | (_END_BIT if ending else 0),
            min(ticks * FRAME_SAMPLES, _LONGEST),
        )
        data = sender.stamped(payload, self._payload_type, self._timestamp, marker=tick == 0)
        sender.skip(FRAME_SAMPLES)
        return data


class DigitPaths:
    """Takes the same key heard on two paths (events, tones, SIP INFO) for one press."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._last: tuple[str, str, float] | None = None

    def accept(self, character: str, path: str, now: float) -> bool:
        """Return whether this digit, at monotonic second `now`, is a press not yet counted."""
        last = self._last
        if last is not None:
            echo = last[0] == character and last[1] != path and now - last[2] <= _SAME_KEY_WITHIN
            if echo:
                return False
        self._last = (character, path, now)
        return True


_ROWS: Final = (697.0, 770.0, 852.0, 941.0)
_COLUMNS: Final = (1209.0, 1336.0, 1477.0, 1633.0)
_KEYS: Final = ("123A", "456B", "789C", "*0#D")
_WINDOW: Final = 240
_HOP: Final = 80
_QUIETEST_POWER: Final = 10 ** ((-32 - FULL_SCALE_DBM0) / 10)
_TWIST: Final = 10 ** (9 / 10)
_SELECTIVITY: Final = 10 ** (6 / 10)
_PURITY: Final = 0.75
_HOPS_ON: Final = 2
_HOPS_OFF: Final = 4


class GoertzelDigits:
    """Hears keys as pairs of tones in the sound itself (Q.23, tolerances after Q.24).

    A fall-back: speech can imitate tones, so the pair must hold most of the power of 30 ms windows
    10 ms apart.
    """

    def __init__(self) -> None:
        """Start with no key down."""
        times = np.arange(_WINDOW) / SAMPLE_RATE
        turns = np.outer(np.asarray(_ROWS + _COLUMNS), times)
        self._projection = np.exp(-2j * np.pi * turns) * (2 / _WINDOW)
        self._heard = np.zeros(_WINDOW, dtype=np.float64)
        self._candidate: str | None = None
        self._hops = 0
        self._down: str | None = None
        self._off = 0

    def feed(self, frame: Samples) -> str | None:
        """Return the key that began in this frame, or None; once for each press."""
        found: str | None = None
        for start in range(0, len(frame), _HOP):
            hop = frame[start : start + _HOP] / 32768
            self._heard = np.concatenate([self._heard, hop])[-_WINDOW:]
            found = self._hop(self._key()) or found
        return found

    def _hop(self, key: str | None) -> str | None:
        self._hops = self._hops + 1 if key == self._candidate else 1
        self._candidate = key
        if self._down is not None:
            self._off = 0 if key == self._down else self._off + 1
            if self._off < _HOPS_OFF:
                return None
            self._down = None
        if key is None or self._hops < _HOPS_ON:
            return None
        self._down, self._off = key, 0
        return key

    def _key(self) -> str | None:
        power = np.abs(self._projection @ self._heard) ** 2
        row, column = int(np.argmax(power[:4])), int(np.argmax(power[4:]))
        low, high = float(power[row]), float(power[4 + column])
        total = 2 * float(np.mean(self._heard**2))
        others = np.delete(power, [row, 4 + column])
        if (
            min(low, high) < _QUIETEST_POWER
            or max(low, high) > _TWIST * min(low, high)
            or min(low, high) < _SELECTIVITY * float(others.max())
            or low + high < _PURITY * total
        ):
            return None
        return _KEYS[row][column]
