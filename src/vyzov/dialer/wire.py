"""Verbs and events as lines of JSON: the form in which they cross a process border.

One message is one line: an object whose `type` names the dataclass of `ports` and whose other
members are its fields. Reading is strict, because the other side may be an older or a newer build:
an unknown type, a missing or an unknown field, and a value of another type are each a `WireError`
that names them. What a message means, and what to do about a broken one, is left to whoever holds
the socket.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from math import isfinite
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import orjson

from vyzov.dialer import ports
from vyzov.dialer.ports import (
    Event,
    GuardedSource,
    LegEvent,
    Orphan,
    PhoneRegistered,
    TrunkState,
    Verb,
)

LINE_LIMIT = 64 * 1024 * 1024
"""The longest line either side reads, in bytes: a snapshot of a busy engine, with room to spare."""

_VERBS: tuple[type, ...] = get_args(Verb)
_EVENTS: tuple[type, ...] = (
    *(
        thing
        for thing in vars(ports).values()
        if isinstance(thing, type) and issubclass(thing, LegEvent) and thing is not LegEvent
    ),
    ports.EngineLost,
    ports.TrunkState,
    ports.TrunkChecked,
    ports.Protection,
    ports.PhoneRegistered,
    ports.PhoneUnregistered,
    ports.Snapshot,
    ports.Standing,
)
_CLASSES: dict[str, type] = {cls.__name__: cls for cls in (*_VERBS, *_EVENTS)}

_Reader = Callable[[object, str], Any]


class WireError(ValueError):
    """A line that is no verb or event of this build; the text says which part and why."""


def to_wire(message: Verb | Event) -> bytes:
    """Returns the message as one line of JSON ending in a newline; raises `WireError` for a value
    JSON cannot carry (a float that is not finite, a lone surrogate)."""
    try:
        return orjson.dumps(_tagged(message), option=orjson.OPT_APPEND_NEWLINE, default=_plain)
    except TypeError as error:
        raise WireError(f"{type(message).__name__} cannot be written as JSON: {error}") from error


def from_wire(line: bytes) -> Verb | Event:
    """Returns the verb or event a line holds; raises `WireError` for anything else."""
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise WireError(f"a line of {len(line)} bytes is not JSON: {error}") from error
    return cast("Verb | Event", _read_message(data, "message"))


def _tagged(message: object) -> dict[str, object]:
    name = type(message).__name__
    if name not in _CLASSES:
        raise WireError(f"{name} is neither a verb nor an event of the telephony port")
    out: dict[str, object] = {"type": name}
    for field in _READERS[type(message)]:
        value = getattr(message, field)
        if isinstance(value, float) and not isfinite(value):
            raise WireError(f"{name}.{field} is {value}, which JSON cannot carry")
        out[field] = value
    if isinstance(message, ports.Snapshot):
        out["legs"] = {leg: [_tagged(event) for event in log] for leg, log in message.legs.items()}
        out["trunks"] = {
            trunk: [_tagged(finding) for finding in findings]
            for trunk, findings in message.trunks.items()
        }
        out["phones"] = {phone: _tagged(state) for phone, state in message.phones.items()}
    return out


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _read_message(data: object, where: str) -> object:
    if not isinstance(data, dict):
        raise WireError(f"{where} is {_kind(data)}, expected an object")
    members = cast("dict[str, object]", data)
    name = members.get("type")
    cls = _CLASSES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise WireError(f"{where} has the type {name!r}, which this build does not know")
    del members["type"]
    return _read_object(cls, members, cls.__name__)


def _read_object(cls: type, members: Mapping[str, object], where: str) -> object:
    readers = _READERS[cls]
    values: dict[str, object] = {}
    for name, (reader, required, plain) in readers.items():
        if name in members:
            value = members[name]
            # Most values are what they must be, and need no place for an error to name.
            values[name] = value if type(value) is plain else reader(value, f"{where}.{name}")
        elif required:
            raise WireError(f"{where} lacks {name}")
    unknown = members.keys() - readers.keys()
    if unknown:
        raise WireError(f"{where} has unknown fields: {', '.join(sorted(unknown))}")
    return cls(**values)


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", type(None): "null"}.get(
        cast("type", type(value)), type(value).__name__
    )


def _read_exact(expected: type) -> _Reader:
    def read(value: object, where: str) -> object:
        if type(value) is not expected:
            raise WireError(f"{where} is {_kind(value)}, expected {expected.__name__}")
        return value

    return read


def _read_float(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(f"{where} is {_kind(value)}, expected a number")
    return float(value)


def _read_optional(inner: _Reader) -> _Reader:
    def read(value: object, where: str) -> object:
        return None if value is None else inner(value, where)

    return read


def _read_list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise WireError(f"{where} is {_kind(value)}, expected a list")
    return cast("list[object]", value)


def _read_many(inner: _Reader) -> _Reader:
    def read(value: object, where: str) -> tuple[object, ...]:
        return tuple(inner(one, where) for one in _read_list(value, where))

    return read


def _read_fixed(inner: tuple[_Reader, ...]) -> _Reader:
    def read(value: object, where: str) -> tuple[object, ...]:
        many = _read_list(value, where)
        if len(many) != len(inner):
            raise WireError(f"{where} has {len(many)} members, expected {len(inner)}")
        return tuple(reader(one, where) for reader, one in zip(inner, many, strict=True))

    return read


def _read_mapping(inner: _Reader) -> _Reader:
    def read(value: object, where: str) -> dict[str, object]:
        if not isinstance(value, dict):
            raise WireError(f"{where} is {_kind(value)}, expected an object")
        members = cast("dict[str, object]", value)
        return {key: inner(one, f"{where}[{key}]") for key, one in members.items()}

    return read


def _read_leg_event(value: object, where: str) -> object:
    event = _read_message(value, where)
    if not isinstance(event, LegEvent):
        raise WireError(f"{where} is a {type(event).__name__}, expected an event of a leg")
    return event


def _read_trunk_state(value: object, where: str) -> object:
    finding = _read_message(value, where)
    if not isinstance(finding, TrunkState):
        raise WireError(f"{where} is a {type(finding).__name__}, expected a TrunkState")
    return finding


def _read_phone_state(value: object, where: str) -> object:
    state = _read_message(value, where)
    if not isinstance(state, PhoneRegistered):
        raise WireError(f"{where} is a {type(state).__name__}, expected a PhoneRegistered")
    return state


def _read_orphan(value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise WireError(f"{where} is {_kind(value)}, expected an object")
    return _read_object(Orphan, cast("dict[str, object]", value), where)


def _read_source(value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise WireError(f"{where} is {_kind(value)}, expected an object")
    return _read_object(GuardedSource, cast("dict[str, object]", value), where)


def _reader_of(hint: object) -> _Reader:
    if hint is float:
        return _read_float
    if hint is Orphan:
        return _read_orphan
    if hint is GuardedSource:
        return _read_source
    if hint is TrunkState:
        return _read_trunk_state
    if hint is PhoneRegistered:
        return _read_phone_state
    if hint is LegEvent:
        return _read_leg_event
    if isinstance(hint, type) and hint in (str, int, bool):
        return _read_exact(hint)
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType) and type(None) in arguments and len(arguments) == 2:
        return _read_optional(_reader_of(next(a for a in arguments if a is not type(None))))
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return _read_many(_reader_of(arguments[0]))
        return _read_fixed(tuple(_reader_of(one) for one in arguments))
    if origin is Mapping:
        return _read_mapping(_reader_of(arguments[1]))
    raise TypeError(f"the wire has no form for {hint!r}; add one beside the others in this file")


def _required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _readers_of(cls: type) -> dict[str, tuple[_Reader, bool, type | None]]:
    """Returns for each field its reader, whether it must be there, and the type read as it is."""
    hints = get_type_hints(cls)
    return {
        f.name: (
            _reader_of(hints[f.name]),
            _required(f),
            hints[f.name] if hints[f.name] in (str, int, bool, float) else None,
        )
        for f in fields(cast("Any", cls))
    }


_READERS = {cls: _readers_of(cls) for cls in (*_CLASSES.values(), Orphan, GuardedSource)}
