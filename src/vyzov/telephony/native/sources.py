"""What one leg hears in each 20 ms: a prompt, hold music, the other side, or comfort silence.

`Hearing` chooses by a fixed order (digits being sent, a prompt, hold, the other side, a comfort
tone, silence) and never leaves an answered leg without packets. Sound of a bridge is not buffered
here: it passes through `relay` the moment it arrives, that of more than two comes in frames through
`give`. Who is bridged with whom is decided in `bridge`.
"""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from vyzov.media.frame import FRAME_SAMPLES, Samples
from vyzov.media.g711 import SILENCE, Law, decode, encode
from vyzov.media.mixer import mix
from vyzov.media.prompts import PromptPlayer, PromptRefused, PromptShelf
from vyzov.media.rtp import RtpPacket
from vyzov.media.telephone_event import DigitSender
from vyzov.media.tones import Tone, comfort_tone, cue_tone, hold_tone
from vyzov.telephony.native.rtp_port import Line, RtpPort

log = logging.getLogger("vyzov.engine.sources")

QUIET_AFTER_S = 0.2
"""Without a packet of the other side for this long, silence is sent in its place."""
CUE_WAIT_S = 0.03
"""The same while a cue is due, which must not wait for the other side."""
DIGITS_WAITING_MAX = 64
_TONE = re.compile(r"tone:(\d{2,4}):(-?\d{1,2}(?:\.\d+)?)(?::(\d{1,6}))?")
_PROMPT = "prompt:"
HOLD_MUSIC = ("hold", "en/hold", "ru/hold")


class Sound(Protocol):
    """Something that plays: 160 samples at a time, None after its end."""

    def frame(self) -> Samples | None: ...


class UnknownSound(ValueError):
    """A `Play.source` that names nothing this engine can play; the text says what to check."""


class TimedTone:
    """A tone that ends by itself."""

    def __init__(self, tone: Tone, ms: int) -> None:
        """Plays `tone` for `ms` milliseconds, rounded up to whole frames."""
        self._tone = tone
        self._left = -(-ms // 20)

    def frame(self) -> Samples | None:
        """Returns the next 20 ms, or None when the time is up."""
        self._left -= 1
        return self._tone.frame() if self._left >= 0 else None


class SoundShelf:
    """Finds what `Play` names: prompts of several folders, the first that has one wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Searches `folders` in order; files are read once and kept by their library."""
        self._prompts = PromptShelf(folders)

    def sound(self, source: str, *, loop: bool) -> Sound:
        """Returns a fresh player of `prompt:NAME` or `tone:HZ:DBM0[:MS]`.

        A tone without a length sounds until it is stopped. Raises `UnknownSound`."""
        found = _TONE.fullmatch(source)
        if found is not None:
            tone = Tone(float(found[1]), dbm0=float(found[2]))
            return tone if loop or found[3] is None else TimedTone(tone, int(found[3]))
        if not source.startswith(_PROMPT):
            raise UnknownSound(
                f"{source!r} is neither prompt:NAME nor tone:HZ:DBM0; correct the campaign's flow"
            )
        return self.prompt(source.removeprefix(_PROMPT), loop=loop)

    def prompt(self, name: str, *, loop: bool) -> Sound:
        """Returns a fresh player of a prompt; raises `UnknownSound` where no folder has it."""
        found = self._prompts.find(name)
        if found is None:
            folders = ", ".join(str(library.folder) for library in self._prompts.libraries)
            raise UnknownSound(
                f"no prompt {name!r} in {folders or 'no folder at all'}; upload it on the page "
                "Prompts, or record it there as a WAV file"
            )
        library, known = found
        try:
            return PromptPlayer(library.load(known), loop=loop)
        except PromptRefused as error:
            raise UnknownSound(str(error)) from error

    def hold(self) -> Sound:
        """Returns the hold music, or a hold tone where no folder has any.

        Music has no language, so one kept beside the spoken prompts of any language will do."""
        for name in HOLD_MUSIC:
            if self._prompts.find(name) is not None:
                try:
                    return self.prompt(name, loop=True)
                except UnknownSound as error:
                    log.warning("the hold music cannot be played: %s", error)
        return hold_tone()


PlayEnded = Callable[[str, bool], None]


class Hearing:
    """Decides what a line is sent, frame by frame and packet by packet."""

    def __init__(self, line: Line, ended: PlayEnded) -> None:
        """Sends silence until told otherwise; `ended(play, completed)` follows every play."""
        self.line = line
        self._ended = ended
        self._play: tuple[str, Sound] | None = None
        self._hold: Sound | None = None
        self._comfort: Sound | None = None
        self._cue: Samples | None = None
        self._digits: list[DigitSender] = []
        self._relaying = False
        self._last_relay = 0.0

    # ---- what is asked of it

    def play(self, play: str, sound: Sound) -> None:
        """Plays a sound instead of everything else; one that was playing is stopped."""
        self.stop(None)
        self._play = (play, sound)

    def stop(self, play: str | None) -> None:
        """Stops the play of that id, or whichever plays for None."""
        if self._play is not None and play in (None, self._play[0]):
            stopped, self._play = self._play[0], None
            self._ended(stopped, False)

    def end(self) -> None:
        """Stops what plays, tells so for the last time, and lets the party go."""
        self.stop(None)
        self._ended = _untold

    def hold(self, sound: Sound | None) -> None:
        """Plays hold music from now on, or takes it away."""
        self._hold = sound

    def comfort(self, *, on: bool) -> None:
        """Plays a quiet sign of life while nobody is on the other side."""
        self._comfort = comfort_tone() if on else None

    def join(self, *, cue: bool) -> None:
        """Begins to pass on the other side's packets; with `cue`, a short tone over their start."""
        self._relaying = True
        self._comfort = None
        self._cue = cue_tone() if cue else None

    def part(self) -> None:
        """Stops passing on."""
        self._relaying = False
        self._cue = None
        self._hold = None

    def dial(self, digits: str, event_type: int | None) -> bool:
        """Sends digits as telephone events; returns False where the far side takes none."""
        if event_type is None or len(self._digits) >= DIGITS_WAITING_MAX:
            return False
        self._digits.append(DigitSender(digits, event_type))
        return True

    # ---- what leaves

    def relay(self, packet: RtpPacket, law: Law, now: float) -> None:
        """Passes on a packet of the other side, unless something else is heard now."""
        if not self._relaying:
            return
        self._last_relay = now
        if self._play or self._hold or self._digits:
            return
        cue = self._cue
        if cue is not None:
            self._cue = cue[len(packet.payload) :] if len(cue) > len(packet.payload) else None
            packet = packet._replace(payload=_mixed(packet.payload, law, cue))
        self.line.relay(packet, law, now)

    def give(self, samples: Samples, now: float) -> None:
        """Sends 20 ms of what several say together, unless something else is heard now."""
        if not self._relaying:
            return
        self._last_relay = now
        if self._play or self._hold or self._digits:
            return
        cue = self._cue
        if cue is not None:
            self._cue = cue[FRAME_SAMPLES:] if len(cue) > FRAME_SAMPLES else None
            samples = mix([samples, _padded(cue[:FRAME_SAMPLES])])
        self.line.play(encode(samples, self.line.law), now)

    def tick(self, now: float) -> None:
        """Sends the frame of these 20 ms, if it is not the other side's to send."""
        if self._digits and self._send_digit(now):
            return
        payload = self._payload(now)
        if payload is not None:
            self.line.play(payload, now)

    def _send_digit(self, now: float) -> bool:
        sender = self._digits[0]
        sent = isinstance(self.line, RtpPort) and self.line.play_event(sender, now)
        if sender.done or not isinstance(self.line, RtpPort):
            self._digits.pop(0)
        return sent

    def _payload(self, now: float) -> bytes | None:
        law = self.line.law
        if self._play is not None:
            frame = self._play[1].frame()
            if frame is not None:
                return encode(frame, law)
            finished, self._play = self._play[0], None
            self._ended(finished, True)
        if self._hold is not None:
            return _encoded(self._hold.frame(), law)
        if self._relaying:
            return self._instead_of_relay(law, now)
        if self._comfort is not None:
            return _encoded(self._comfort.frame(), law)
        return SILENCE[law]

    def _instead_of_relay(self, law: Law, now: float) -> bytes | None:
        waited = now - self._last_relay
        cue = self._cue
        if cue is not None:
            if waited < CUE_WAIT_S:
                return None
            self._cue = cue[FRAME_SAMPLES:] if len(cue) > FRAME_SAMPLES else None
            return encode(_padded(cue[:FRAME_SAMPLES]), law)
        return SILENCE[law] if waited > QUIET_AFTER_S else None


def _untold(_play: str, _completed: bool) -> None:  # noqa: FBT001
    """Stands for the party once its leg is over."""


def _padded(samples: Samples) -> Samples:
    if len(samples) == FRAME_SAMPLES:
        return samples
    return np.concatenate([samples, np.zeros(FRAME_SAMPLES - len(samples), dtype=np.int16)])


def _encoded(frame: Samples | None, law: Law) -> bytes:
    return SILENCE[law] if frame is None else encode(frame, law)


def _mixed(payload: bytes, law: Law, over: Samples) -> bytes:
    heard = decode(payload, law).astype(np.int32)
    count = min(len(heard), len(over))
    heard[:count] += over[:count]
    return encode(np.clip(heard, -32768, 32767).astype(np.int16), law)
