"""How a floor's inputs and effects are written down to be run again: JSON that knows its types.

Personal values never get that far. A `Mask` made for one life of a floor, whose key is written
nowhere, stands in for them: a number becomes another of its country and prefix, a text one of its
length, both always the same in that life. So what was equal stays equal, what was too long stays
too long, and erasing a person needs no change here. What is read back holds the stand-ins already,
and is written with `OPEN`, which leaves everything as it is.
"""

import hashlib
import hmac
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, cast, get_args, get_type_hints

from vyzov.dialer.effects import Input
from vyzov.dialer.writes import ReserveRefusal

TYPE = "~"
NUMBER_KEPT = 7
"""The first characters of a number that stay: a campaign allows numbers by how they begin."""
NUMBER_LENGTH = 16
TEXT_TOLD = 1_000
"""So much of a text decides what it becomes; the floor cuts notes behind it."""
MARK = 8
LONG_NUMBER = re.compile(r"\d{7,}")
DIGIT = re.compile(r"\d")

Rule = Callable[["Mask", Any], object]


class UnknownForm(Exception):
    """A value that has no form here: the text names its class."""


class Mask:
    """What stands in for personal values; without a key everything stays as it is."""

    def __init__(self, key: bytes = b"") -> None:
        """Takes a secret of this life alone."""
        self.key = key

    def number(self, value: object) -> object:
        """Returns another number with the same beginning, digits enough to be nobody else's."""
        if not self.key or not isinstance(value, str) or not value.startswith("+"):
            return self.text(value)
        digits = str(int.from_bytes(self._digest(value), "big"))
        return value[:NUMBER_KEPT] + digits[: NUMBER_LENGTH - NUMBER_KEPT]

    def text(self, value: object) -> object:
        """Returns a text of the same length, and of the same beginning for the same text."""
        if not self.key or not isinstance(value, str):
            return value
        mark = self._digest(value[:TEXT_TOLD]).hex()[:MARK]
        return mark + "x" * (len(value) - MARK) if len(value) >= MARK else "x" * len(value)

    def texts(self, value: object) -> object:
        """Returns a mapping or a row whose texts are masked; names of fields stay."""
        if isinstance(value, Mapping):
            named = cast("Mapping[str, object]", value)
            return {name: self.text(one) for name, one in named.items()}
        if isinstance(value, tuple | list):
            return tuple(self.text(one) for one in cast("tuple[object, ...]", value))
        return self.text(value)

    def sayings(self, value: object) -> object:
        """Returns what the far side said, its words kept and its long numbers masked: what it said
        decides why a call failed."""
        if isinstance(value, tuple):
            return tuple(self.sayings(one) for one in cast("tuple[object, ...]", value))
        if not self.key or not isinstance(value, str):
            return value
        return LONG_NUMBER.sub(lambda found: "0" * len(found[0]), value)

    def digits(self, value: object) -> object:
        """Returns as many digits, none of them pressed by anybody."""
        return DIGIT.sub("0", value) if self.key and isinstance(value, str) else value

    def dropped(self, value: object) -> object:
        """Returns nothing of a mapping: the floor decides nothing by it."""
        return {} if self.key else value

    def _digest(self, value: str) -> bytes:
        return hmac.digest(self.key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)


OPEN = Mask()


class _Asked(Mask):
    """Marks the members of what a person asks: they follow the rules of fields."""

    def __init__(self, of: Mask) -> None:
        super().__init__(of.key)


# By the names of fields, wherever they stand in a dataclass or among what a person asks.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("e164", "to"), Mask.number),
    **dict.fromkeys(
        (
            "name", "login", "note", "text", "value", "file_name", "username", "password", "realm",
            "sdp", "user_agent", "address", "from_user",
        ),
        Mask.text,
    ),
    **dict.fromkeys(("fields", "ha1", "raw"), Mask.texts),
    **dict.fromkeys(("phrase", "warning", "reasons", "challenge_refused"), Mask.sayings),
    "digits": Mask.digits,
    "evidence": Mask.dropped,
}  # fmt: skip
# A campaign's name is nobody's.
KEPT = {("FloorCampaign", "name")}


def encode(value: object, mask: Mask) -> object:
    """Returns a value as JSON that `decode` turns back; raises `UnknownForm`."""
    kind = type(value)
    if value is None or kind in (str, int, float, bool):
        return value
    if is_dataclass(value):
        return _object(value, kind, mask)
    if kind is tuple:
        return {TYPE: "t", "v": [encode(one, mask) for one in cast("tuple[object, ...]", value)]}
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[object, object]", value), mask)
    if kind is list:
        return [encode(one, mask) for one in cast("list[object]", value)]
    if kind is datetime:
        return {TYPE: "dt", "v": cast("datetime", value).isoformat()}
    if kind is time:
        return {TYPE: "tm", "v": cast("time", value).isoformat()}
    if kind is date:
        return {TYPE: "d", "v": cast("date", value).isoformat()}
    if kind is timedelta:
        span = cast("timedelta", value)
        return {TYPE: "td", "v": [span.days, span.seconds, span.microseconds]}
    if kind in (frozenset, set):
        members = [encode(one, mask) for one in cast("frozenset[object]", value)]
        return {TYPE: "fs", "v": sorted(members, key=repr)}
    if _KNOWN.get(kind.__name__) is kind:
        return {TYPE: "e", "of": kind.__name__, "v": str(value)}
    if isinstance(value, str):
        return str(value)
    raise UnknownForm(f"{kind.__module__}.{kind.__qualname__}")


def decode(value: object) -> Any:
    """Returns the value of a form; raises `UnknownForm` for one that no class here has."""
    if isinstance(value, list):
        return [decode(one) for one in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    form = cast("dict[str, Any]", value)
    tag = form.get(TYPE)
    if tag is None:
        return {name: decode(one) for name, one in form.items()}
    inner = form.get("v")
    match tag:
        case "t":
            return tuple(decode(inner))
        case "fs":
            return frozenset(decode(inner))
        case "dt":
            return datetime.fromisoformat(str(inner))
        case "tm":
            return time.fromisoformat(str(inner))
        case "d":
            return date.fromisoformat(str(inner))
        case "td":
            return timedelta(*cast("list[int]", inner))
        case "m":
            return {decode(key): decode(one) for key, one in cast("list[list[object]]", inner)}
        case "e" if form["of"] in _KNOWN:
            return _KNOWN[form["of"]](str(inner))
        case _ if tag in _KNOWN:
            given = {name: decode(one) for name, one in form.items() if name != TYPE}
            return _KNOWN[tag](**given)
        case _:
            raise UnknownForm(str(form.get("of", tag)))


def _object(value: object, kind: type, mask: Mask) -> dict[str, object]:
    name = kind.__name__
    form: dict[str, object] = {TYPE: name}
    for field, default in _fields_of(kind):
        held = getattr(value, field)
        if default is not MISSING and held == default and type(held) is type(default):
            continue
        rule = RULES.get(field)
        if rule is not None and (name, field) not in KEPT:
            held = rule(mask, held)
        form[field] = encode(held, _Asked(mask) if (name, field) == ("Ask", "args") else mask)
    return form


def _mapping(value: Mapping[object, object], mask: Mask) -> object:
    asked = isinstance(mask, _Asked)
    if all(isinstance(key, str) and not key.startswith(TYPE) for key in value):
        named = cast("Mapping[str, object]", value)
        return {
            name: encode(RULES[name](mask, one) if asked and name in RULES else one, mask)
            for name, one in named.items()
        }
    pairs = [[encode(key, mask), encode(one, mask)] for key, one in value.items()]
    return {TYPE: "m", "v": pairs}


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    return MISSING


def _reach(hint: object, found: dict[str, type]) -> None:
    """Finds every class an annotation leads to, through fields, members and derived events."""
    for inner in get_args(hint):
        _reach(inner, found)
    if not isinstance(hint, type) or hint.__name__ in found:
        return
    if is_dataclass(hint):
        found[hint.__name__] = hint
        for of in get_type_hints(hint).values():
            _reach(of, found)
        for derived in hint.__subclasses__():
            # A class with slots is made a second time: the one its module has is the one in use.
            _reach(getattr(sys.modules[derived.__module__], derived.__name__), found)
    elif issubclass(hint, StrEnum):
        found[hint.__name__] = hint


def _known() -> dict[str, type]:
    found: dict[str, type] = {}
    for hint in (Input, ReserveRefusal):
        _reach(hint, found)
    return found


@cache
def _fields_of(kind: type) -> tuple[tuple[str, object], ...]:
    """Returns the fields of a dataclass, each with its default or `MISSING`."""
    return tuple((field.name, _default(field)) for field in fields(cast("Any", kind)))


_KNOWN = _known()
