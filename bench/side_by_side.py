"""Runs a proof as several parts at once, each a centre of its own: one alone waits most of its time.

A part is the same script with its share of the turns, a seed and a folder of its own; what it prints
stands in that folder's `run.log`. Whoever asks for the parts has one judge look at all folders.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

APART_S = 4.0
"""Parts begin one after the other, so that no two look for free ports at once."""
PARTS_MAX = 8


@dataclass(frozen=True, slots=True)
class Part:
    """Which of how many parts, counted from 0."""

    place: int
    parts: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads `PLACE/PARTS`; raises ValueError for anything else."""
        place, _, parts = text.partition("/")
        return cls(int(place), int(parts))


def whole() -> Part:
    """Returns the one part of a run that is not divided."""
    return Part(0, 1)


def shares(count: int, parts: int) -> list[int]:
    """Divides the turns as evenly as whole numbers go."""
    return [count // parts + (place < count % parts) for place in range(parts)]


def run_parts(
    script: Path, out: Path, parts: int, count: int, seed: int, words: list[str]
) -> list[Path]:
    """Runs all parts to their end and returns their folders; a part that fails before it leaves
    anything to judge raises RuntimeError with the name of its log."""
    if not 1 <= parts <= min(PARTS_MAX, count):
        raise ValueError(f"Name 1 to {min(PARTS_MAX, count)} parts side by side, not {parts}.")
    folders = [out / f"part-{place + 1}" for place in range(parts)]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for place, (folder, share) in enumerate(zip(folders, shares(count, parts), strict=True)):
            time.sleep(APART_S if running else 0.0)
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "run.log").open("wb") as log:
                running.append(
                    subprocess.Popen(
                        [sys.executable, str(script), *words, "--count", str(share),
                         "--seed", str(seed + place), "--part", f"{place}/{parts}",
                         "--out", str(folder)],
                        stdout=log, stderr=log,
                    )
                )  # fmt: skip
        for process in running:
            process.wait()
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
    for folder in folders:
        if not (folder / "facts.jsonl").exists():
            raise RuntimeError(f"{folder.name} left nothing to judge; read {folder / 'run.log'}")
    return folders
