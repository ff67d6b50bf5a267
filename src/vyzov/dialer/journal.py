"""The floor's journal: every batch of writes as a line of its own, before the database has it.

A *life* is one holding of a floor's lease. Its batches are numbered by *place* from 1 and stand in
files of that life alone; the database keeps, in the transaction of the writes themselves, up to which
place it has them. So what the database missed is known exactly, whether it was away for a minute or
was put back to yesterday's copy, and is applied once. Here is what a line looks like and what may be
read from it; files are `storage.journal_files`, when to write and when to apply is `store_line`.

A reservation is the exception: it goes into the journal after its commit, because one that the
database did not take must never be made up for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, Protocol, Union, cast, get_args, get_origin, get_type_hints
from zlib import crc32

import orjson

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import Fact
from vyzov.core.instants import from_text
from vyzov.core.making import quickly_made
from vyzov.dialer import writes as w

_WORDS = ("text", "value", "note")
_HEAD = b'{"crc":"%08x","body":'
_BODY_AT = 25
BATCHES_AT_ONCE = 100
"""How many batches one transaction takes from a journal: other writers wait so long."""


@dataclass(frozen=True, slots=True)
class Life:
    """One holding of a floor's lease: the first line of each of its files."""

    id: str
    organisation: str
    floor: str
    epoch: int
    began: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class Kept:
    """One batch as the journal holds it.

    `place` is its turn among all batches of the life, `line` its number in the journal, from 1
    without gaps: reservations that were given up have a place and no line."""

    place: int
    at: datetime
    writes: w.Batch
    line: int = 0


@dataclass(frozen=True, slots=True)
class Pages:
    """What a file of a journal held. `damaged` counts lines that are not what was written, or that
    this version cannot read; a last line cut short by a crash was never told to anybody."""

    life: Life | None
    kept: tuple[Kept, ...]
    damaged: int


class JournalFile(Protocol):
    """The journal of the life that writes now. `append` may come from another thread than `sync`."""

    def append(self, line: bytes) -> None:
        """Hands a line to the system, whole or not at all; raises `OSError`."""
        ...

    def sync(self) -> None:
        """Returns once all that was appended would outlive a power cut; raises `OSError`."""
        ...

    def settled(self) -> None:
        """Says that the database has everything: a file that has grown large may be turned over."""
        ...

    def close(self, *, settled: bool) -> None:
        """Ends the life; what is not settled is found by the next one."""
        ...


class LeftJournal(Protocol):
    """A journal whose life is over, held so that nobody else applies it meanwhile."""

    def pages(self) -> Iterator[Pages]: ...

    def done(self) -> None:
        """Says that the database has all of it."""
        ...

    def set_aside(self) -> None:
        """Keeps it for a person to look at: some of it could not be read."""
        ...

    def release(self) -> None: ...


class Journal(Protocol):
    """Where journals lie."""

    def begin(self, life: Life) -> JournalFile: ...

    def left(self, floor: str) -> Iterator[LeftJournal]:
        """Journals of a floor that may hold what the database lacks, the oldest first."""
        ...


def line_of_life(life: Life) -> bytes:
    """Returns the line a file begins with."""
    return _sealed(orjson.dumps({"life": life}))


def line_of(place: int, at: datetime, batch: Iterable[w.Write], line: int = 0) -> bytes:
    """Returns a batch as one line with a checksum over it."""
    told = [[type(write).__name__, write] for write in batch]
    body = {"line": line, "place": place, "at": at, "writes": told}
    return _sealed(orjson.dumps(body, default=_plain))


def read(lines: Iterable[bytes]) -> Pages:
    """Reads a file's lines, each with its end of line. What is torn or altered is left out."""
    life: Life | None = None
    kept: list[Kept] = []
    damaged = 0
    for line in lines:
        if not line.endswith(b"\n"):
            break
        body = _opened(line)
        try:
            found = orjson.loads(body) if body is not None else None
            if found is None:
                damaged += 1
            elif "life" in found:
                life = cast("Life", _value(Life, found["life"]))
            else:
                kept.append(_kept(found))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, InvalidRequest):
            damaged += 1
    return Pages(life, tuple(kept), damaged)


def is_whole(line: bytes) -> bool:
    """Says whether a line is as it was written."""
    return _opened(line) is not None


def without_words_of(line: bytes, contacts: frozenset[str], attempts: frozenset[str]) -> bytes:
    """Returns a line without what was written about these people in words: notes and card fields.

    Lines that hold no such words come back as they are, so that a file may be written anew."""
    body = _opened(line)
    if body is None or not any(key.encode() in body for key in contacts | attempts):
        return line
    found = orjson.loads(body)
    for name, write in found.get("writes", ()):
        of_them = write.get("contact") in contacts or write.get("attempt") in attempts
        if of_them and name in ("SetNote", "SetField", "AddDisposition"):
            write.update({key: "" for key in _WORDS if key in write})
            if "fields" in write:
                write["fields"] = {}
    return _sealed(orjson.dumps(found))


def masked_words_of(line: bytes, contacts: frozenset[str], attempts: frozenset[str]) -> bytes:
    """Returns a line of the same length in which such words are crosses: for a file that a living
    process appends to."""
    body = _opened(line)
    if body is None or not any(key.encode() in body for key in contacts | attempts):
        return line
    found = orjson.loads(body)
    for name, write in found.get("writes", ()):
        of_them = write.get("contact") in contacts or write.get("attempt") in attempts
        if of_them and name in ("SetNote", "SetField", "AddDisposition"):
            write.update({key: _crossed(write[key]) for key in _WORDS if key in write})
            if "fields" in write:
                write["fields"] = {key: _crossed(one) for key, one in write["fields"].items()}
    masked = _sealed(orjson.dumps(found))
    return masked if len(masked) == len(line) else line


# ---- lines ---------------------------------------------------------------------------------------


def _crossed(text: str) -> str:
    return "x" * (len(orjson.dumps(text)) - 2)


def _sealed(body: bytes) -> bytes:
    return _HEAD % crc32(body) + body + b"}\n"


def _opened(line: bytes) -> bytes | None:
    """The body of a line that is as it was written, else None."""
    body = line[_BODY_AT:-2]
    return body if line == _sealed(body) else None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _kept(found: Mapping[str, Any]) -> Kept:
    writes = tuple(_value(_CLASSES[name], body) for name, body in found["writes"])
    at = from_text(found["at"])
    return Kept(int(found["place"]), at, cast("w.Batch", writes), int(found.get("line", 0)))


_Reader = Callable[[Any], object]
_CLASSES: dict[str, type] = {cls.__name__: cls for cls in get_args(w.Write)}


def _value(cls: type, body: Mapping[str, Any]) -> object:
    readers = _READERS[cls]
    unknown = body.keys() - readers.keys()
    if unknown:
        raise ValueError(f"{cls.__name__} has unknown fields: {', '.join(sorted(unknown))}")
    return cls(**{name: readers[name](value) for name, value in body.items()})


def _reader_of(hint: Any) -> _Reader:
    """How a value of a field comes back from JSON."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = _reader_of(next(one for one in arguments if one is not type(None)))
        return lambda value: None if value is None else inner(value)
    if hint is datetime:
        return from_text
    if hint is Fact:
        return lambda value: _value(Fact, value)
    if origin is tuple:
        return tuple
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return lambda value: value


def _readers_of(cls: type) -> dict[str, _Reader]:
    hints = get_type_hints(cls)
    return {item.name: _reader_of(hints[item.name]) for item in fields(cast("Any", cls))}


_READERS: dict[type, dict[str, _Reader]] = {
    cls: _readers_of(cls) for cls in (*_CLASSES.values(), Fact, Life)
}


# ---- applying ------------------------------------------------------------------------------------


class Applies(Protocol):
    """What takes a journal's lines: a store."""

    def apply(self, life: Life, kept: Sequence[Kept], *, restored: bool = False) -> int: ...


@dataclass(slots=True)
class Applied:
    """What came of a journal: batches that were news, and those the tables would not take."""

    batches: int = 0
    left_out: list[Kept] = field(default_factory=list[Kept])


def apply_all(
    store: Applies, life: Life, kept: Sequence[Kept], *, restored: bool = False
) -> Applied:
    """Gives a store all lines of a life in short transactions; what breaks a rule of the tables is
    left out alone, and told."""
    done = Applied()
    for begin in range(0, len(kept), BATCHES_AT_ONCE):
        piece = kept[begin : begin + BATCHES_AT_ONCE]
        try:
            done.batches += store.apply(life, piece, restored=restored)
        except InvalidRequest:
            for one in piece:
                try:
                    done.batches += store.apply(life, (one,), restored=restored)
                except InvalidRequest:
                    done.left_out.append(one)
                    store.apply(life, (replace(one, writes=()),), restored=restored)
    return done
