"""Prompts on disk, brought to 8 kHz mono, and their playing frame by frame.

A library is one folder, a shelf several of them in order; which folders there are, and what is said
when, is decided by the caller.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from vyzov.media.frame import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples
from vyzov.media.resample import resample
from vyzov.media.wav import WavRefused, parse_wav

LARGEST_FILE_BYTES: Final = 64 * 1024 * 1024
"""A prompt file larger than this is refused unread; five minutes of stereo at 48 kHz fit."""
LONGEST_PROMPT_S: Final = 300
"""Seconds a prompt may last."""
RATES: Final = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
"""Sampling rates a prompt may have, in Hz."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}")


class Flaw(StrEnum):
    """What can be wrong with a sound file that is to be a prompt."""

    NONE = ""
    NO_AUDIO = "no_audio"
    FORMAT = "audio_format"
    RATE = "audio_rate"
    EMPTY = "audio_empty"
    SHORT = "audio_short"
    LONG = "audio_long"
    SILENT = "audio_silent"
    CLIPPED = "audio_clipped"


class PromptRefused(ValueError):
    """A prompt cannot be used; the message names the prompt, what is wrong and what to do.

    `flaw` is what is wrong with its sound, with bounds in `args`."""

    def __init__(self, message: str, flaw: Flaw = Flaw.NONE, **args: float) -> None:
        """Say what is wrong."""
        super().__init__(message)
        self.flaw = flaw
        self.args_of_words = args


@dataclass(frozen=True, slots=True)
class Prompt:
    """Sound ready to be played: 8 kHz mono, and its length in milliseconds."""

    samples: Samples
    ms: int


class PromptLibrary:
    """The prompts of one folder, `NAME.wav` each, kept in memory until their file changes."""

    def __init__(self, folder: Path | str) -> None:
        """Serve the prompts below `folder`; nothing is read yet."""
        self.folder = Path(folder)
        self._kept: dict[str, tuple[tuple[int, int], Prompt]] = {}

    def has(self, name: str) -> bool:
        """Return whether the folder has a prompt of that name, readable or not."""
        return _NAME.fullmatch(name) is not None and self._path(name).is_file()

    def names(self) -> tuple[str, ...]:
        """Return the names of all prompts of the folder, sorted."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*.wav"))
        named = (path.with_suffix("").as_posix() for path in found)
        return tuple(sorted(name for name in named if _NAME.fullmatch(name)))

    def load(self, name: str) -> Prompt:
        """Return a prompt, `offer` or `ru/offer`; raises `PromptRefused`.

        Takes PCM of 16 bit, A-law and mu-law, mono or stereo (its channels averaged), at `RATES`.
        """
        if not _NAME.fullmatch(name):
            raise PromptRefused(f"{name!r} is no name of a prompt: use letters, digits, - and _.")
        path = self._path(name)
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise PromptRefused(f"Prompt {name} leads out of {self.folder}: copy it there.")
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size)
            kept = self._kept.get(name)
            if kept is not None and kept[0] == version:
                return kept[1]
            if status.st_size > LARGEST_FILE_BYTES:
                raise PromptRefused(
                    f"Prompt {name} has {status.st_size} bytes, {LARGEST_FILE_BYTES} are taken: "
                    "shorten it."
                )
            data = path.read_bytes()
        except OSError as error:
            raise PromptRefused(
                f"Prompt {name} cannot be read from {path}: {error.strerror}."
            ) from error
        prompt = prompt_from_wav(data, name)
        self._kept[name] = (version, prompt)
        return prompt

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.wav"


class PromptShelf:
    """The prompts of several folders; the first that has one wins.

    A name of three parts, `ORGANISATION/ru/offer`, is looked for in full and then without its first
    part: an organisation's own prompts go before those of everybody."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Search `folders` in order; nothing is read yet."""
        self.libraries = tuple(PromptLibrary(folder) for folder in dict.fromkeys(folders))

    def find(self, name: str) -> tuple[PromptLibrary, str] | None:
        """Return the folder that has a prompt and its name there, None where no folder has it."""
        first, _, rest = name.partition("/")
        several = rest if first and "/" in rest else ""
        for wanted in (name, several) if several else (name,):
            for library in self.libraries:
                if library.has(wanted):
                    return library, wanted
        return None


def prompt_from_wav(data: bytes, name: str = "prompt") -> Prompt:
    """Return the prompt in a WAV file's bytes, `name` being for messages; raises `PromptRefused`.

    An uploaded file can be judged by this before it is kept.
    """
    try:
        wave = parse_wav(data)
    except WavRefused as refused:
        flaw = Flaw.FORMAT if refused.is_audio else Flaw.NO_AUDIO
        raise PromptRefused(f"Prompt {name}: {refused}", flaw) from refused
    if wave.rate not in RATES:
        raise PromptRefused(
            f"Prompt {name} has {wave.rate} samples per second: save it at 8000, 16000 or 48000.",
            Flaw.RATE,
        )
    moments = len(wave.samples)
    if not 0 < moments <= LONGEST_PROMPT_S * wave.rate:
        raise PromptRefused(
            f"Prompt {name} lasts {moments / wave.rate:.0f} s: it must last something, and "
            f"{LONGEST_PROMPT_S} s at most.",
            Flaw.LONG if moments else Flaw.EMPTY,
            most=LONGEST_PROMPT_S,
        )
    if wave.rate == SAMPLE_RATE and wave.channels == 1:
        samples = wave.samples[:, 0].copy()
    else:
        mono = wave.samples.mean(axis=1, dtype=np.float64)
        linear = np.rint(resample(mono, wave.rate, SAMPLE_RATE))
        samples = np.clip(linear, -32768, 32767).astype(np.int16)
    samples.setflags(write=False)
    return Prompt(samples, len(samples) * 1000 // SAMPLE_RATE)


class PromptPlayer:
    """Plays a prompt once or for ever, 20 ms at a time."""

    def __init__(self, prompt: Prompt, *, loop: bool = False) -> None:
        """Start at the beginning of a prompt, which is never empty."""
        self._samples = prompt.samples
        self._loop = loop
        self._position = 0

    @property
    def finished(self) -> bool:
        """Whether all of it was given out; never for a loop."""
        return not self._loop and self._position >= len(self._samples)

    @property
    def played_ms(self) -> int:
        """Milliseconds given out so far, in whole frames, rounds of a loop included."""
        return self._position // FRAME_SAMPLES * FRAME_MS

    def frame(self) -> Samples | None:
        """Return the next 20 ms, the last one filled up with silence; None when finished.

        A loop goes from its last sample to its first without a gap.
        """
        if self.finished:
            return None
        start, size = self._position, len(self._samples)
        self._position += FRAME_SAMPLES
        if self._loop:
            return self._samples[np.arange(start, start + FRAME_SAMPLES) % size]
        frame = self._samples[start : start + FRAME_SAMPLES]
        if len(frame) == FRAME_SAMPLES:
            return frame
        return np.concatenate([frame, np.zeros(FRAME_SAMPLES - len(frame), dtype=np.int16)])
