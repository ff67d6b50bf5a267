"""`vyzov replay`: runs a floor's recorded life again and says whether it decides the same."""

import json
from pathlib import Path
from typing import Any

import typer

from vyzov import __version__
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.replay import Difference, Replayed, replay


def run(file: Path, *, as_json: bool) -> int:
    """Replays a file; 0 where every step decides what it decided, 1 where one does not."""
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            again = replay(lines)
    except OSError as fault:
        raise InvalidRequest(
            f"{file} cannot be read: {fault.strerror}.",
            "Name a file of the folder `replay` in the data folder.",
        ) from fault
    if as_json:
        typer.echo(json.dumps(_as_json(again)))
    else:
        for line in _words(again):
            typer.echo(line)
    return 0 if again.difference is None else 1


def _as_json(again: Replayed) -> dict[str, Any]:
    found = again.difference
    return {
        "ok": found is None,
        "floor": again.floor,
        "version": again.version,
        "steps": again.steps,
        "decisions": again.decisions,
        "digest": again.digest,
        "ended": again.ended,
        "first_difference": None
        if found is None
        else {
            "step": found.step,
            "utc": found.utc,
            "input": found.input,
            "was": list(found.was),
            "now": list(found.now),
            "why": found.why,
        },
    }


def _words(again: Replayed) -> list[str]:
    lines: list[str] = []
    if again.difference is None:
        lines.append(
            f"The same inputs gave the same decisions: {again.steps} steps, {again.decisions} "
            "decisions."
        )
    else:
        lines += _told(again.difference)
    lines.append(f"  digest {again.digest}")
    if again.version != __version__:
        lines.append(f"  recorded by Vyzov {again.version}, run again by {__version__}")
    if again.ended not in ("", "closed"):
        lines.append(f"  the record ends before the life did: {again.ended}")
    return lines


def _told(found: Difference) -> list[str]:
    return [
        f"Step {found.step} ({found.input}, {found.utc}) differs: {found.why}.",
        f"  then: {', '.join(found.was) or 'nothing'}",
        f"  now:  {', '.join(found.now) or 'nothing'}",
    ]
