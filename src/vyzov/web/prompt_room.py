"""What a prompt sounds like to a callee: the folders the engine reads, in its order.

Which prompts an organisation keeps is the store's word; here is what would be played, and what was
measured of sounds nobody uploaded.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vyzov.media.loudness import spoken_level
from vyzov.media.prompts import PromptRefused, PromptShelf
from vyzov.web.settings import SAMPLE_PROMPTS


@dataclass(frozen=True, slots=True)
class CommonPrompt:
    """A prompt that lies in a folder of everybody's, as it would be played; without a length it
    cannot be played at all."""

    name: str
    language: str
    is_sample: bool
    ms: int | None
    level_dbm0: float | None


class PromptRoom:
    """The prompts of all folders; safe to use from any thread."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        """Reads nothing yet."""
        self._shelf = PromptShelf(folders)
        self._measured: dict[tuple[Path, int], tuple[int, float] | None] = {}

    def file_of(self, path: str) -> Path | None:
        """Finds the file the engine would play for `ORGANISATION/LANGUAGE/NAME`."""
        found = self._shelf.find(path)
        return None if found is None else found[0].folder / f"{found[1]}.wav"

    def common(self, languages: tuple[str, ...]) -> list[CommonPrompt]:
        """Returns the prompts that are everybody's, by name and language; the first folder wins."""
        found: dict[tuple[str, str], CommonPrompt] = {}
        for library in self._shelf.libraries:
            for path in library.names():
                language, _, name = path.partition("/")
                if language in languages and name and "/" not in name:
                    key = (name, language)
                    if key not in found:
                        found[key] = self._common(library.folder, *key)
        return [found[key] for key in sorted(found)]

    def _common(self, folder: Path, name: str, language: str) -> CommonPrompt:
        measured = self._measure(folder / language / f"{name}.wav", f"{language}/{name}")
        ms, level = measured or (None, None)
        return CommonPrompt(name, language, folder == SAMPLE_PROMPTS, ms, level)

    def _measure(self, file: Path, path: str) -> tuple[int, float] | None:
        try:
            key = (file, file.stat().st_mtime_ns)
        except OSError:
            return None
        if key not in self._measured:
            self._measured[key] = self._heard(path)
        return self._measured[key]

    def _heard(self, path: str) -> tuple[int, float] | None:
        found = self._shelf.find(path)
        try:
            sound = found[0].load(found[1]) if found else None
        except PromptRefused:
            sound = None
        if sound is None:
            return None
        return sound.ms, spoken_level(sound.samples.astype(np.float64))
