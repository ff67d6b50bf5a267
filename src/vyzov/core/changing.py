"""Makes a changed copy of a value, several times as fast as the standard library does.

A live call is a value of three dozen fields that is copied at every event; the library reads them one
by one, by name, each time.
"""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

Value = TypeVar("Value")


def replace(value: Value, /, **changes: object) -> Value:
    """Returns a copy of a dataclass with these fields changed; all fields are given to its
    constructor in their order. Raises KeyError for a field that it does not have."""
    read, places = _layout(type(value))
    values = list(read(value))
    for name, changed in changes.items():
        values[places[name]] = changed
    return type(value)(*values)


@cache
def _layout(kind: type) -> tuple[Callable[[object], tuple[Any, ...]], Mapping[str, int]]:
    names: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]
    assert len(names) > 1, f"{kind.__name__} has too few fields to be read at once"
    return attrgetter(*names), {name: place for place, name in enumerate(names)}
