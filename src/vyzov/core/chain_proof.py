"""Looks through the lines of `facts.jsonl` for the first one that is not what was written.

It needs the lines alone: no database, no key. Each line is held against the hash before it in its
stream, against the order of its neighbours and against *anchors*, heads somebody noted earlier and
kept elsewhere; without an anchor nobody can see that a stream was cut off at its end. After the
first line that does not fit, the rest is read once more to say why it does not. Reading files and
telling people is left to others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import cast

from vyzov.core.chain import Head, Stream, genesis, next_hash
from vyzov.core.changing import replace
from vyzov.core.errors import InvalidRequest
from vyzov.core.fields import Json

HASH_BYTES = 32
LOOKAHEAD = 50_000
"""How many lines behind the first bad one are read to say why it is bad."""


class Why(StrEnum):
    """What is wrong with the first bad entry."""

    CHANGED = "changed"
    MISSING = "missing"
    DOUBLED = "doubled"
    MOVED = "moved"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first bad entry: `line` counts from 1 and is, for a missing one, where it was missed.

    `line` is None for entries missing at the end; `seq` is None where no entry is there to say."""

    why: Why
    line: int | None
    seq: int | None
    stream: Stream | None
    place: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked through, and the first bad entry, None where all is as it was written.

    `late` counts entries appended to an epoch after the next one began."""

    entries: int
    heads: tuple[Head, ...]
    late: int
    anchored: int
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it was read. `number` counts lines from 1."""

    number: int
    stream: Stream
    place: int
    seq: int
    hash: str
    after: str
    line: Mapping[str, Json]

    @property
    def spot(self) -> tuple[Stream, int]:
        """Where it says it stands."""
        return self.stream, self.place

    def fits(self, stream: Stream, place: int, before: str) -> bool:
        """True where the hash is right for this entry at a place of a stream."""
        as_there = {
            **self.line,
            "organisation": stream.organisation,
            "floor": stream.floor,
            "epoch": stream.epoch,
            "place": place,
        }
        return next_hash(before, as_there) == self.hash


@dataclass(slots=True)
class _Track:
    """One stream so far: its hashes one behind the other, and its latest entry."""

    hashes: bytearray
    place: int = 0
    after: str = ""
    last: Entry | None = None

    def hash_at(self, place: int) -> str:
        return self.hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES].hex()

    @property
    def head(self) -> str:
        return self.hash_at(self.place)

    def add(self, entry: Entry) -> None:
        self.hashes += bytes.fromhex(entry.hash)
        self.place += 1
        self.last = entry


@dataclass(slots=True)
class _Walk:
    anchors: Mapping[tuple[Stream, int], str]
    tracks: dict[Stream, _Track] = field(default_factory=dict[Stream, _Track])
    newest: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    entries: int = 0
    late: int = 0
    anchored: int = 0
    last: Entry | None = None
    seq_before_last: int = 0

    def expected(self, stream: Stream) -> int:
        """Returns the place of a stream's next entry."""
        track = self.tracks.get(stream)
        return 1 if track is None else track.place + 1

    def fits(self, entry: Entry) -> bool:
        """True where an entry is the next of its stream and its hash is right there."""
        return entry.place == self.expected(entry.stream) and entry.fits(
            entry.stream, entry.place, self._track(entry).head
        )

    def take(self, entry: Entry) -> Finding | None:
        """Takes an entry that fits, unless something else about it is wrong."""
        if entry.place == 1:
            missed = self._stands(entry)
            if missed is not None:
                return missed
        noted = self.anchors.get(entry.spot)
        if noted is not None:
            self.anchored += 1
            if noted != entry.hash:
                return _found(Why.CHANGED, entry)
        if self.last is not None and entry.seq <= self.last.seq:
            # One of two neighbours moved; the one whose leaving mends the order is named.
            early = entry.seq > self.seq_before_last
            return _found(Why.MOVED, self.last if early else entry)
        self._keep(entry)
        return None

    def _track(self, entry: Entry) -> _Track:
        begun = self.tracks.get(entry.stream)
        if begun is not None:
            return begun
        return _Track(bytearray.fromhex(genesis(entry.stream, entry.after)), 0, entry.after)

    def _stands(self, entry: Entry) -> Finding | None:
        """Looks whether an epoch's first entry stands on what it says it stands on."""
        if not entry.after:
            return None
        try:
            epoch, place, noted = entry.after.split(":")
            below = replace(entry.stream, epoch=int(epoch))
            at = int(place)
        except ValueError:
            return _found(Why.CHANGED, entry)
        track = self.tracks.get(below)
        reached = 0 if track is None else track.place
        if track is None or reached < at:
            return Finding(Why.MISSING, entry.number, None, below, reached + 1)
        if track.hash_at(at) != noted:
            return Finding(Why.CHANGED, entry.number, None, below, at)
        return None

    def _keep(self, entry: Entry) -> None:
        track = self.tracks[entry.stream] = self._track(entry)
        track.add(entry)
        self.entries += 1
        self.seq_before_last = 0 if self.last is None else self.last.seq
        self.last = entry
        whose = (entry.stream.organisation, entry.stream.floor)
        newest = self.newest.get(whose, entry.stream.epoch)
        self.late += entry.stream.epoch < newest
        self.newest[whose] = max(newest, entry.stream.epoch)

    def cut_off(self) -> Finding | None:
        """Returns the first entry an anchor knows of and no line has."""
        for stream, place in sorted(self.anchors):
            track = self.tracks.get(stream)
            reached = 0 if track is None else track.place
            if reached < place:
                return Finding(Why.CUT_OFF, None, None, stream, reached + 1)
        return None

    def heads(self) -> tuple[Head, ...]:
        return tuple(
            Head(stream, track.place, track.head, track.after)
            for stream, track in sorted(self.tracks.items())
        )


def prove(lines: Iterable[str], anchors: Iterable[Head] = ()) -> Proof:
    """Looks through lines in their order, each with its line feed, up to the first bad one."""
    walk = _Walk({(head.stream, head.place): head.hash for head in anchors})
    numbered = iter(enumerate(lines, 1))
    finding = None
    for number, line in numbered:
        entry = read_entry(number, line)
        if entry is None:
            why = Why.CHANGED if line.endswith("\n") else Why.CUT_OFF
            finding = Finding(why, number, None, None, None)
            break
        if not walk.fits(entry):
            finding = _explain(walk, entry, list(islice(_entries(numbered), LOOKAHEAD)))
            break
        finding = walk.take(entry)
        if finding is not None:
            if finding.why is not Why.CHANGED:
                rest = list(islice(_entries(numbered), LOOKAHEAD))
                finding = _explain_order(walk, finding, entry, rest)
            break
    finding = finding or walk.cut_off()
    return Proof(walk.entries, walk.heads(), walk.late, walk.anchored, finding)


def read_entry(number: int, line: str) -> Entry | None:
    """Reads a line of `facts.jsonl`; None for one that no export writes."""
    try:
        found: object = json.loads(line, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    line_ = cast("dict[str, Json]", found)
    texts = [line_.get(name) for name in ("organisation", "floor", "hash")]
    wholes = [line_.get(name) for name in ("epoch", "place", "seq")]
    after = line_.get("after", "")
    if not all(type(one) is str for one in (*texts, after)):
        return None
    if not all(type(one) is int for one in wholes):
        return None
    organisation, floor, digest = cast("list[str]", texts)
    epoch, place, seq = cast("list[int]", wholes)
    return Entry(number, Stream(organisation, floor, epoch), place, seq, digest, str(after), line_)


def read_anchors(lines: Iterable[str]) -> tuple[Head, ...]:
    """Reads the lines of an anchor file, or raises `InvalidRequest`."""
    heads: list[Head] = []
    for number, line in enumerate(lines, 1):
        try:
            heads += [
                Head(
                    Stream(str(one["organisation"]), str(one["floor"]), int(one["epoch"])),
                    int(one["place"]),
                    str(one["hash"]),
                )
                for one in json.loads(line)["heads"]
            ]
        except (ValueError, KeyError, TypeError) as fault:
            raise InvalidRequest(
                f"Line {number} of the anchors cannot be read: {fault!r}.",
                "Take the file as `vyzov facts anchor` wrote it, or leave that line out.",
            ) from fault
    return tuple(heads)


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _entries(numbered: Iterator[tuple[int, str]]) -> Iterator[Entry]:
    for number, line in numbered:
        entry = read_entry(number, line)
        if entry is not None:
            yield entry


def _found(why: Why, entry: Entry) -> Finding:
    return Finding(why, entry.number, entry.seq, entry.stream, entry.place)


def _explain(walk: _Walk, bad: Entry, rest: Sequence[Entry]) -> Finding:
    """Says why an entry does not fit, by where it would fit and by what follows."""
    expected = walk.expected(bad.stream)
    if any(bad.fits(stream, track.place + 1, track.head) for stream, track in walk.tracks.items()):
        return _found(Why.CHANGED, bad)
    if any(_follows(one, bad) and one.spot != (bad.stream, bad.place + 1) for one in rest):
        # What stood on it still does, and says that it stood elsewhere.
        return _found(Why.CHANGED, bad)
    there = _chained(walk, bad.stream, rest)
    if bad.place == expected:
        return _found(Why.INSERTED if expected in there else Why.CHANGED, bad)
    if bad.place < 1:
        return _found(Why.INSERTED, bad)
    if bad.place < expected:
        return _of_two(walk.tracks[bad.stream], bad, rest)
    if expected not in there:
        return Finding(Why.MISSING, bad.number, None, bad.stream, expected)
    if bad.place in there:
        doubled = there[bad.place].hash == bad.hash
        return _found(Why.DOUBLED if doubled else Why.INSERTED, bad)
    below = there.get(bad.place - 1)
    if below is None or not bad.fits(bad.stream, bad.place, below.hash):
        return _found(Why.INSERTED, bad)
    return _moved(walk, bad, there[expected], rest)


def _of_two(track: _Track, bad: Entry, rest: Sequence[Entry]) -> Finding:
    """Says which of two entries for one place is the bad one: the one nothing stands on."""
    if track.hash_at(bad.place) == bad.hash:
        return _found(Why.DOUBLED, bad)
    last = track.last
    if last is not None and last.place == bad.place and any(_follows(one, bad) for one in rest):
        return _found(Why.INSERTED, last)
    return _found(Why.INSERTED, bad)


def _explain_order(walk: _Walk, finding: Finding, bad: Entry, rest: Sequence[Entry]) -> Finding:
    """Says more of an entry that fits its stream and not its neighbours."""
    if finding.why is Why.MISSING:
        assert finding.stream is not None
        assert finding.place is not None
        if any(one.hash == bad.hash for one in rest):
            return _found(Why.DOUBLED, bad)
        late = _chained(walk, finding.stream, rest).get(finding.place)
        return finding if late is None else _moved(walk, bad, late, rest)
    # A line that stands too early is a copy where the same one comes again.
    copied = any(one.seq == finding.seq for one in rest)
    return replace(finding, why=Why.DOUBLED) if copied else finding


def _moved(walk: _Walk, bad: Entry, late: Entry, rest: Sequence[Entry]) -> Finding:
    """Names the one that moved: the line before, this one, or the one that comes too late."""
    last = walk.last
    if last is not None and last.seq > bad.seq > walk.seq_before_last:
        return _found(Why.MOVED, last)
    before = 0 if last is None else last.seq
    is_late = late.seq < before or rest[0].seq > bad.seq
    return _found(Why.MOVED, late if is_late else bad)


def _follows(one: Entry, before: Entry) -> bool:
    return one.place > 1 and one.fits(one.stream, one.place, before.hash)


def _chained(walk: _Walk, stream: Stream, rest: Sequence[Entry]) -> dict[int, Entry]:
    """Returns the entries to come that go on where a stream stands, each by its place."""
    candidates: dict[int, list[Entry]] = {}
    for one in rest:
        if one.stream == stream:
            candidates.setdefault(one.place, []).append(one)
    chained: dict[int, Entry] = {}
    place = walk.expected(stream)
    before = walk.tracks[stream].head if stream in walk.tracks else ""
    while True:
        fitting = [
            one
            for one in candidates.get(place, ())
            if one.fits(stream, place, before or genesis(stream, one.after))
        ]
        if not fitting:
            return chained
        chained[place], before = fitting[0], fitting[0].hash
        place += 1
