"""The files of organisations' own prompts: `ORGANISATION/LANGUAGE/NAME.wav` in one folder.

The engine reads the same folder. A file appears whole under its name or not at all, so that a call
that begins meanwhile hears the old sound or the new one.
"""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

FOLDER = "prompts"
_PATH = re.compile(rf"{FOLDER}/([A-Za-z0-9-]{{1,64}}/[a-z]{{2}}/[a-z][a-z0-9_]{{0,47}})\.wav")


class PromptFiles:
    """The folder of prompts of an installation."""

    def __init__(self, folder: Path) -> None:
        """Keeps prompts below `folder`, which need not be there yet."""
        self._folder = folder

    def put(self, organisation: str, language: str, name: str, wav: bytes) -> None:
        """Keeps a prompt in place of the one there is; it is on the disk when this returns."""
        path = self._path(organisation, language, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(wav)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def remove(self, organisation: str, language: str, name: str) -> None:
        """Removes a prompt; one that is gone already is no error."""
        self._path(organisation, language, name).unlink(missing_ok=True)

    def _path(self, organisation: str, language: str, name: str) -> Path:
        return self._folder / organisation / language / f"{name}.wav"


def carried(data: Path) -> dict[str, bytes]:
    """Returns the prompts of a data folder as a backup carries them: path within it to bytes."""
    found = sorted((data / FOLDER).glob("*/*/*.wav"))
    paths = {path.relative_to(data).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in paths.items() if _PATH.fullmatch(name)}


def put_back(files: Mapping[str, bytes], data: Path, now: datetime) -> Path | None:
    """Makes the prompts of a data folder those a backup carried; returns where others went.

    What was there and differs is moved aside, never deleted. A name that is no prompt's is left."""
    wanted = {name: value for name, value in files.items() if _PATH.fullmatch(name)}
    there = carried(data)
    if wanted == there:
        return None
    folder, aside = data / FOLDER, None
    if there:
        aside = data / f"{FOLDER}.before-restore-{now:%Y%m%dT%H%M%S}"
        folder.rename(aside)
    kept = PromptFiles(folder)
    for name, value in wanted.items():
        organisation, language, prompt = Path(name).with_suffix("").parts[1:]
        kept.put(organisation, language, prompt, value)
    return aside
