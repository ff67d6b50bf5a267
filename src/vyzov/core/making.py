"""Makes frozen values in less time than the standard library does.

A frozen dataclass writes each of its fields through `object.__setattr__`, by name, and a busy floor
makes hundreds of thousands of values an hour. Here a value is written while it is of another class,
its *draft*, which has the same fields and is not frozen; then it becomes one of its own class. From
its first moment in anybody's hands it is as frozen as any other.
"""

from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_origin

Kind = TypeVar("Kind")

_LEFT_OUT = object()
_DRAFTS: dict[type, type] = {}


def quickly_made(kind: type[Kind]) -> type[Kind]:
    """Gives a frozen, slotted dataclass a constructor that does the same in less time.

    It stands above `dataclass`, on classes of which very many are made and that have three fields or
    more. Raises TypeError for a class that is not frozen, has no slots, or has work of its own to do
    when it is made (`__post_init__`)."""
    parameters = getattr(kind, "__dataclass_params__", None)
    is_plain = parameters is not None and parameters.frozen and not kind.__dictoffset__
    if not is_plain or hasattr(kind, "__post_init__"):
        raise TypeError(
            f"{kind.__name__} is no plain frozen dataclass with slots. Leave it as `dataclass` makes it."
        )
    annotations = kind.__init__.__annotations__
    draft = _DRAFTS[kind] = _draft(kind)
    made = _constructor(kind, draft)
    made.__annotations__ = annotations
    made.__qualname__, made.__module__ = f"{kind.__qualname__}.__init__", kind.__module__
    kind.__init__ = made  # type: ignore[method-assign]
    return kind


def draft_of(kind: type) -> type | None:
    """Returns the class that values of a kind are of while they are written; None where they are not
    made here."""
    return _DRAFTS.get(kind)


def _draft(kind: type) -> type:
    """Returns a class of the same shape whose fields may be written."""
    open_again = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(
        kind.__name__, (kind,), {"__slots__": (), "__module__": kind.__module__, **open_again}
    )


def _constructor(kind: type, draft: type) -> Any:
    known: dict[str, Any] = {"_write": object.__setattr__, "_draft": draft, "_kind": kind}
    taken, lines = list[str](), list[str]()
    for one in fields(kind):  # type: ignore[arg-type]
        default, value = f"_default_{one.name}", one.name
        known[default] = one.default
        if one.default_factory is not MISSING:
            # A bare `list` is called in a fraction of the time that `list[str]` takes.
            made = get_origin(one.default_factory) or one.default_factory
            known[default], known[f"_new_{one.name}"] = _LEFT_OUT, made
            value = f"_new_{one.name}() if {one.name} is {default} else {one.name}"
        is_optional = known[default] is not MISSING
        taken.append(f"{one.name}={default}" if is_optional else one.name)
        lines.append(f"  self.{one.name} = {value}\n")
    text = (
        f"def __init__(self, {', '.join(taken)}):\n"
        "  _write(self, '__class__', _draft)\n"
        f"{''.join(lines)}"
        "  self.__class__ = _kind\n"
    )
    # As `dataclass` makes its own: nothing but the names of fields goes into the text.
    exec(text, known)  # noqa: S102
    return known["__init__"]
