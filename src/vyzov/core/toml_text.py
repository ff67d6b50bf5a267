"""Writes what JSON can say as TOML (v1.0.0), for files that people keep and compare.

Reading it back is the standard library's. TOML has no null: a field that is null is left out, which
readers of settings take as the same.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from vyzov.core.fields import Json

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f",
            "\r": "\\r"}  # fmt: skip


def toml_of(document: Mapping[str, Json]) -> str:
    """Returns the TOML text of an object: plain values first, then its tables."""
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def _table(table: Mapping[str, Json], path: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    for name, value in table.items():
        if value is not None and not _is_table(value) and not _is_rows(value):
            lines.append(f"{_key(name)} = {_value(value)}")
    for name, value in table.items():
        inner = (*path, name)
        head = ".".join(_key(part) for part in inner)
        if _is_table(value):
            lines += ["", f"[{head}]", *_table(value, inner)]
        elif _is_rows(value):
            for row in value:
                lines += ["", f"[[{head}]]", *_table(row, inner)]
    return lines


def _is_table(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, Mapping)


def _is_rows(value: Json) -> TypeGuard[Sequence[Mapping[str, Json]]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return bool(value) and all(isinstance(one, Mapping) for one in value)


def _value(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(name)} = {_value(one)}" for name, one in value.items() if one is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(one) for one in value if one is not None) + "]"
    return repr(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return '"' + "".join(_letter(letter) for letter in text) + '"'


def _letter(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    # Control characters may not stand in a text of TOML as they are.
    return letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04X}"
