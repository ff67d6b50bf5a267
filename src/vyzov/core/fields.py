"""Reads settings that arrived as JSON, field by field, and gathers what is wrong with them.

One `Fields` stands for one JSON object. Reading goes on after a wrong field so that a person sees
all their mistakes at once; the owner of the settings builds its value only if `faults` stayed
empty. Unknown names are faults too: a misspelt limit must not silently become the default.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast

from vyzov.core.errors import Fault, InvalidRequest, Reason

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""What JSON can say."""

Choice = TypeVar("Choice", bound=StrEnum)

_LONGEST = timedelta(days=366)


@dataclass(slots=True)
class Fields:
    """One JSON object being read; `where` is its own name with a dot, `faults` is shared by all."""

    source: Mapping[str, Any]
    where: str = ""
    faults: list[Fault] = field(default_factory=list[Fault])
    read: set[str] = field(default_factory=set[str])

    @classmethod
    def over(cls, source: object, where: str, faults: list[Fault]) -> "Fields":
        """Returns a reader over `source`; anything but an object is a fault and reads as empty."""
        if isinstance(source, Mapping):
            return cls(cast("Mapping[str, Any]", source), where, faults)
        faults.append(Fault(where.rstrip(".") or "(all)", "must be an object", "object"))
        return cls({}, where, faults)

    def fault(self, name: str, problem: str, reason: Reason = "", **args: float | str) -> None:
        """Notes that a field is wrong; `reason` is an id with words on the screens."""
        self.faults.append(Fault(f"{self.where}{name}", problem, reason, args))

    def get(self, name: str) -> Any:
        """Returns the raw value, None where it is absent, and counts the name as known."""
        self.read.add(name)
        return self.source.get(name)

    def text(self, name: str, default: str | None = None, *, longest: int = 4000) -> str:
        """Returns a text; without a default it must be there and not empty."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value.strip()):
            if default is None:
                self.fault(name, "must be a text that is not empty", "needed")
            else:
                self.fault(name, "must be a text", "text")
        elif len(value) > longest:
            self.fault(name, f"must be at most {longest} characters", "too_long", most=longest)
        else:
            return value
        return ""

    def flag(self, name: str, *, default: bool) -> bool:
        """Returns a yes or no."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(name, "must be true or false", "flag")
            return default
        return value

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Returns a number within its bounds, both included."""
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(name, "must be a number", "number")
        elif not least <= value <= most:
            self.fault(
                name, f"must be from {least:g} to {most:g}", "between", least=least, most=most
            )
        else:
            return value
        return default

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Returns a whole number within its bounds, both included."""
        value = self.number(name, default, least=least, most=most)
        if value != int(value):
            self.fault(name, "must be a whole number", "whole")
            return default
        return int(value)

    def span(
        self, name: str, default: timedelta, *, least: timedelta, most: timedelta = _LONGEST
    ) -> timedelta:
        """Returns a span written in seconds; `name` ends in `_s`."""
        seconds = self.number(
            name, default.total_seconds(), least=least.total_seconds(), most=most.total_seconds()
        )
        return timedelta(seconds=seconds)

    def choice(self, name: str, kinds: type[Choice], default: Choice | None = None) -> Choice:
        """Returns one value of a closed list; without a default it must be there."""
        value = self.get(name)
        if value is None and default is not None:
            return default
        known = {kind.value: kind for kind in kinds}
        if isinstance(value, str) and value in known:
            return known[value]
        self.fault(name, f"must be one of {', '.join(known)}", "choice")
        return default or next(iter(kinds))

    def items(self, name: str) -> list[Any]:
        """Returns a list, empty where it is absent."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.fault(name, "must be a list", "list")
            return []
        return list(cast("Sequence[Any]", value))

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Returns a list of texts, each there once."""
        if self.source.get(name) is None:
            self.read.add(name)
            return default
        values = self.items(name)
        if not all(isinstance(value, str) and value for value in values):
            self.fault(name, "must be a list of texts", "list")
            return default
        if len(set(values)) != len(values):
            self.fault(name, "names one thing twice", "twice")
        return tuple(values)

    def inner(self, name: str) -> "Fields":
        """Returns a reader over the object in a field, empty where it is absent."""
        value = self.get(name)
        return Fields.over({} if value is None else value, f"{self.where}{name}.", self.faults)

    def rows(self, name: str) -> list["Fields"]:
        """Returns readers over a list of objects."""
        return [
            Fields.over(row, f"{self.where}{name}[{place}].", self.faults)
            for place, row in enumerate(self.items(name))
        ]

    def close(self) -> None:
        """Makes a fault of every name that nobody read."""
        for name in self.source:
            if name not in self.read:
                self.fault(name, "is not a field of these settings", "unknown_field")

    def settle(self, subject: str) -> None:
        """Closes the outermost reader and raises `InvalidRequest` naming all faults, if any."""
        self.close()
        if self.faults:
            raise InvalidRequest.of(subject, self.faults)


_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}")


def is_word(text: str) -> bool:
    """True where `text` can name a step, a result or a prompt: small letters, digits and `_`."""
    return _WORD.fullmatch(text) is not None
