"""Loads the named SQL of the hot path: `queries/TOPIC.sql`, each statement under `-- name: ...`.

A statement is one that SQLite and PostgreSQL both understand, with parameters written `:name`; only
`locks` is for PostgreSQL alone.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "queries"
MARK = "-- name:"
# A literal may hold colons and percent signs: it is passed over whole.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|:([a-z_0-9]+)|%")


@cache
def queries(topic: str) -> dict[str, str]:
    """Returns the statements of one file by name; a name used twice raises ValueError."""
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in (FOLDER / f"{topic}.sql").read_text(encoding="utf-8").splitlines():
        if line.startswith(MARK):
            name = line.removeprefix(MARK).strip()
            if name in found:
                raise ValueError(f"queries/{topic}.sql names '{name}' twice; rename one of them")
            lines = found[name] = []
        elif lines is not None and not line.startswith("--"):
            lines.append(line)
    return {name: "\n".join(text).strip().rstrip(";") for name, text in found.items()}


@cache
def postgres_queries(topic: str) -> dict[str, bytes]:
    """Returns the statements of one file as PostgreSQL's driver wants them: `%(name)s`."""
    return {name: _PARAMETER.sub(_placed, text).encode() for name, text in queries(topic).items()}


def _placed(found: re.Match[str]) -> str:
    name: str | None = found[1]
    return found[0].replace("%", "%%") if name is None else f"%({name})s"
