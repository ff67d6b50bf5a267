"""Writes docs/reference/scenarios.md: everything a scenario file can say, from the code that reads it.

The reader is watched while it reads a scenario that has everything. What a name is for is said in
`scenarios_words`; one without words stops the tool. A test fails while the page is stale.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

from vyzov.simulation import scenario_file
from vyzov.simulation.faults import Faults
from vyzov.simulation.management import Management
from vyzov.simulation.people import DEFAULT_MIX, CalleeKind

from scenarios_words import (  # isort: skip
    FAULTS, FULL, HEAD, KINDS, MANAGER, SECTIONS, WORDS, WORDS_OF_FAULTS, WORDS_OF_MANAGERS,
)  # fmt: skip
from settings_doc import Row, Watched  # isort: skip

ROOT = Path(__file__).resolve().parent.parent
PLAIN = ("", "needed", "none", "all", "see below", "the file's name")
"""Defaults that are words, not values."""

SPANS = ("shape", "typical_s", "sigma", "least_s", "most_s", "samples_s")
PAGE = ROOT / "docs" / "reference" / "scenarios.md"


def scenario_rows() -> dict[str, Row]:
    """Gives all names a scenario can have, by their path, in the order in which they are read."""
    seen: dict[str, Row] = {}

    def watched(source: Mapping[str, Any], where: str, faults: list[Any]) -> Watched:
        return Watched(source, where, faults, set(), seen)

    with patch.object(scenario_file, "Fields", watched):
        scenario_file.scenario_of(tomllib.loads(FULL), "The example")
    return seen


def page() -> str:
    """Gives the whole page."""
    rows = scenario_rows()
    parts = [HEAD.strip()]
    for root, words in SECTIONS.items():
        parts += [words.strip(), "\n".join(_table(rows, root))]
    parts += [KINDS.strip(), "\n".join(_kinds())]
    parts += [MANAGER.strip(), "\n".join(_plain(Management(), WORDS_OF_MANAGERS))]
    parts += [FAULTS.strip(), "\n".join(_plain(Faults(), WORDS_OF_FAULTS))]
    return "\n\n".join(parts) + "\n"


def _table(rows: Mapping[str, Row], root: str) -> Iterator[str]:
    yield "| name | default | may be | |"
    yield "|---|---|---|---|"
    for path in WORDS:
        head, _, name = path.rpartition("/")
        if head != root:
            continue
        row = rows[_read_as(path)]
        default, may_be, words = WORDS[path]
        default, may_be = default or row.default, may_be or row.may_be
        shown = default if default in PLAIN else f"`{default}`"
        yield f"| `{name}` | {shown} | {may_be} | {words} |"


def _read_as(path: str) -> str:
    """Returns the path under which the reader met a name."""
    return path.replace("/", ".").replace("people.NAME", "people.town")


def unworded() -> set[str]:
    """Gives the names that are read and have no words."""
    known = {_read_as(path) for path in WORDS}
    return {path for path in scenario_rows() if path not in known and not _is_inner(path)}


def _is_inner(path: str) -> bool:
    """True for what the page words as a whole: tables, spans, kinds, zones, settings and faults."""
    head, _, name = path.rpartition(".")
    inner = ("kinds", "home_by_hour", "zones", "settings", "faults", "manager", "breaks[]")
    tables = ("", "people", "crews", "trunks", "campaigns", "faults", "manager", "people.town")
    return path in tables or name in SPANS or head.endswith(inner)


def _kinds() -> Iterator[str]:
    yield "| kind | usual share |"
    yield "|---|---|"
    for kind in CalleeKind:
        yield f"| `{kind.value}` | {DEFAULT_MIX[kind]:g} |"


def _plain(usual: Faults | Management, words: Mapping[str, str]) -> Iterator[str]:
    yield "| name | default | |"
    yield "|---|---|---|"
    for one in fields(usual):
        value = getattr(usual, one.name)
        shown = f"{value:g}" if isinstance(value, float) else str([float(n) for n in value])
        yield f"| `{one.name}` | `{shown}` | {words[one.name]} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
