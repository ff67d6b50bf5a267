"""Reads the SIP tape: the ladder of a call, from the files an engine left (docs/formats.md).

Files are named by the millisecond they begin at, so only those that can hold a call are read. A torn
or foreign line is passed over. Writing, and what may stand in a line, is the engine's business.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import orjson

from vyzov.sip.trace import Step

SLACK_S = 5.0
STEPS_MOST = 500


def ladder(folder: Path, call_id: str, begun: float, over: float | None) -> list[Step]:
    """Returns the messages of a call in order, at most `STEPS_MOST`.

    `begun` and `over` (seconds since the epoch; None: not over yet) narrow which files are read."""
    wanted = call_id.encode()
    found: list[Step] = []
    for file in files(folder, begun - SLACK_S, None if over is None else over + SLACK_S):
        for step in steps(file, wanted):
            if step.noted.call_id == call_id:
                found.append(step)
                if len(found) >= STEPS_MOST:
                    return found
    return found


def files(folder: Path, since: float, until: float | None) -> list[Path]:
    """Returns the files that may hold something of a span, oldest first."""
    every = sorted(folder.glob("sip-*.jsonl"))
    begins = [*(_begin(file) for file in every), float("inf")]
    return [
        file
        for file, (begin, end) in zip(every, pairwise(begins), strict=True)
        if end >= since and (until is None or begin <= until)
    ]


def steps(file: Path, holding: bytes = b"") -> Iterator[Step]:
    """Yields the steps of a file whose line holds these bytes."""
    try:
        data = file.read_bytes()
    except OSError:
        return  # It gave way to newer ones in this moment.
    for line in data.splitlines():
        if holding not in line:
            continue
        try:
            yield Step.from_line(orjson.loads(line))
        except (KeyError, TypeError, ValueError):
            continue


def _begin(file: Path) -> float:
    try:
        return int(file.stem.removeprefix("sip-")) / 1000
    except ValueError:
        return float("inf")
