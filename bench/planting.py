"""Patches that plant a bug: read, laid over a copy of the sources, told apart from what is no patch.

A patch is a unified diff below a head of `Name: value` lines. It is applied by what it says, not by
where: a hunk goes where its old lines stand, the nearest place first, with fewer lines around it
where those have changed since. Nothing here touches the tree it is run in.
"""

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

LEAST_CONTEXT = 0
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
LETTERS = re.compile(r"[A-J]\d+")


class BadPatch(Exception):
    """A patch that cannot be read, or does not fit these sources."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """A place of a file: the lines around it and in it, as ` `, `-` and `+` with their text."""

    near: int
    lines: tuple[tuple[str, str], ...]

    def trimmed(self, count: int) -> "Hunk":
        """Returns the hunk with at most `count` lines of context on each side."""
        changed = [place for place, (kind, _) in enumerate(self.lines) if kind != " "]
        first = max(0, changed[0] - count)
        return Hunk(self.near + first, self.lines[first : changed[-1] + 1 + count])

    @property
    def before(self) -> list[str]:
        return [text for kind, text in self.lines if kind != "+"]

    @property
    def after(self) -> list[str]:
        return [text for kind, text in self.lines if kind != "-"]


@dataclass(frozen=True, slots=True)
class Patch:
    """A planted bug: what it breaks, what it does, which tests it survives, and its hunks by file."""

    name: str
    head: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, list[Hunk]] = field(default_factory=dict[str, list[Hunk]])

    @property
    def breaks(self) -> str:
        """The invariant it breaks."""
        return self.head.get("Breaks", "")

    @property
    def survives(self) -> list[str]:
        """The tests that do not find it."""
        return self.head.get("Survives", "").split()


def read_patch(path: Path) -> Patch:
    """Reads a patch; one from outside may have no head."""
    patch = Patch(path.stem)
    current = ""
    hunk: list[tuple[str, str]] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("--- "):
            hunk = None
        elif line.startswith("+++ "):
            current = line[4:].split("\t")[0].strip().removeprefix("b/")
            patch.files.setdefault(current, [])
        elif found := HUNK.match(line):
            if not current:
                raise BadPatch(f"{path}: a hunk before any file")
            hunk = []
            patch.files[current].append(Hunk(int(found[1]) - 1, ()))
        elif hunk is not None and (line[:1] in " +-" or not line):
            hunk.append((line[:1] or " ", line[1:]))
            last = patch.files[current][-1]
            patch.files[current][-1] = Hunk(last.near, tuple(hunk))
        elif hunk is None and (said := re.match(r"([A-Z][a-z]+): (.*)", line)):
            patch.head[said[1]] = said[2].strip()
    if not patch.files or not all(
        any(kind != " " for kind, _ in one.lines) for hunks in patch.files.values() for one in hunks
    ):
        raise BadPatch(f"{path} is no unified diff that changes anything")
    return patch


def plant(patch: Patch, root: Path) -> None:
    """Applies a patch below a root; raises `BadPatch` where a place is not there, or there twice."""
    for name, hunks in patch.files.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            raise BadPatch(f"{patch.name}: there is no {name}")
        lines = path.read_text(encoding="utf-8").split("\n")
        shift = 0
        for hunk in hunks:
            lines, moved = _put(hunk, lines, shift, f"{patch.name}: {name}")
            shift += moved
        path.write_text("\n".join(lines), encoding="utf-8")


def _put(hunk: Hunk, lines: list[str], shift: int, where: str) -> tuple[list[str], int]:
    context = max(len(hunk.before), 1)
    while context >= LEAST_CONTEXT:
        tried = hunk.trimmed(context)
        before, near = tried.before, tried.near + shift
        places = [
            at
            for at in range(len(lines) - len(before) + 1)
            if before and lines[at : at + len(before)] == before
        ]
        if places:
            at = min(places, key=lambda place: abs(place - near))
            if len(places) > 1 and context == 0:
                break
            changed = [*lines[:at], *tried.after, *lines[at + len(before) :]]
            return changed, len(tried.after) - len(before)
        context = min(context - 1, 3)
    raise BadPatch(f"{where}: the place near line {hunk.near + 1} is not there (any more)")


def copy_of(sources: Path, into: Path) -> Path:
    """Copies `src` without built pages, and returns the folder for PYTHONPATH."""
    shutil.copytree(
        sources, into / "src", ignore=shutil.ignore_patterns("static", "__pycache__", "*.wav")
    )
    return into / "src"
