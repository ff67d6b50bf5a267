"""The chain of facts: every entry's hash covers the entry and the hash before it.

A *stream* is what one floor wrote under one lease (organisation, floor, epoch); what the office
wrote is the organisation's own stream, floor "" and epoch 0. Places count from 1 without gaps
within a stream. The first entry of an epoch stands on the head that the epoch before it had at
that moment, so epochs hang together; what is spooled and appended to an old epoch later is a *late
branch*: it goes on from that epoch's own head and nothing later stands on it.

This module says what the hash of an entry is. Looking through a file for the first entry that is
not what it was is `chain_proof`'s part; the database is the store's.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from vyzov.core.facts import Fact, to_json
from vyzov.core.fields import Json

CHAIN_VERSION = 1
# An encoder made anew for each entry would cost as much as the entry.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, order=True)
class Stream:
    """What one floor wrote under one lease; floor "" and epoch 0 is the organisation's own."""

    organisation: str
    floor: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a stream; `place` 0 is a stream that has begun and holds nothing yet.

    `after` names the head of an older epoch it stands on as `EPOCH:PLACE:HASH`, "" for none."""

    stream: Stream
    place: int
    hash: str
    after: str = ""


def begin(stream: Stream, before: Head | None) -> Head:
    """Returns the head of a stream that has no entry yet, standing on an older epoch's head."""
    after = "" if before is None else f"{before.stream.epoch}:{before.place}:{before.hash}"
    return Head(stream, 0, genesis(stream, after), after)


def genesis(stream: Stream, after: str) -> str:
    """Returns what stands in for the hash before a stream's first entry, as hex."""
    return _digest(
        {
            "after": after,
            "chain": CHAIN_VERSION,
            "epoch": stream.epoch,
            "floor": stream.floor,
            "organisation": stream.organisation,
        }
    )


def line_of(stream: Stream, place: int, seq: int, fact: Fact, after: str = "") -> dict[str, Json]:
    """Returns the entry of a fact as the JSON object of its line, without its hash.

    The first entry of a stream says `after` what it stands."""
    line: dict[str, Json] = {
        "seq": seq,
        "organisation": stream.organisation,
        "floor": stream.floor,
        "epoch": stream.epoch,
        "place": place,
        **to_json(fact),
    }
    if after:
        line["after"] = after
    return line


def next_hash(previous: str, line: Mapping[str, Json]) -> str:
    """Returns the hash of an entry, as hex: SHA-256 of the hash before it, a line feed, and the
    entry's canonical text."""
    return hashlib.sha256(f"{previous}\n{canonical(line)}".encode(errors="replace")).hexdigest()


def canonical(line: Mapping[str, Json]) -> str:
    """Returns an entry in its one form: JSON without `hash`, keys in order, no spaces, everything
    beyond ASCII escaped."""
    return _text({name: value for name, value in line.items() if name != "hash"})


def append(head: Head, seq: int, fact: Fact) -> Head:
    """Returns the head of a stream once `fact` is appended to it under the number `seq`."""
    place = head.place + 1
    entry = line_of(head.stream, place, seq, fact, head.after if place == 1 else "")
    return Head(head.stream, place, next_hash(head.hash, entry), head.after)


def _text(value: Mapping[str, object]) -> str:
    return _CANONICAL(value)


def _digest(value: Mapping[str, object]) -> str:
    return hashlib.sha256(_text(value).encode("ascii")).hexdigest()
