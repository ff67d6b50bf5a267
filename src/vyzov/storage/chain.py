"""Appends facts to their streams within an open transaction, and takes old ones into the chain.

What a hash covers is said in `core.chain`. A stream's head is locked before the first fact of a
transaction is appended and written once at its end: on a database with several writers the second
one waits there, so places have no gaps and numbers of one stream grow with them.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vyzov.core.chain import Head, Stream, append, begin
from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.storage.session import Session, write
from vyzov.storage.values import fact_of, json_text

ORGANISATION_STREAM = ""
"""The floor of the stream of settings, imports and the stop-list; its epoch is 0."""

ROWS_PER_PIECE = 1_000
"""How many old facts one transaction takes in: some 20 ms, for as long as writers wait."""

SEQS_AT_ONCE = 16
"""How many numbers are drawn once a transaction tells a second fact."""

Row = Mapping[str, Any]
DrawSeqs = Callable[[int], Sequence[int]]
Run = Callable[[str, dict[str, object]], Row | None]
"""Runs a statement of `queries/chain.sql` by name and returns its first row, None without one."""


class Chain:
    """The streams one transaction appends to.

    `run` runs statements inside that transaction; `draw_seqs` draws as many numbers of facts as are
    asked for where several writers share the database, and is left out where there is one at a time.
    They are drawn under the lock of the stream they are for, so that a stream's numbers grow."""

    def __init__(self, run: Run, draw_seqs: DrawSeqs | None = None) -> None:
        self._run = run
        self._draw_seqs = draw_seqs
        self._drawn: dict[Stream, deque[int]] = {}
        self._heads: dict[Stream, Head] = {}
        self._moved: set[Stream] = set()

    def append(self, stream: Stream, fact: Fact) -> int | None:
        """Appends a fact and returns its number; None for one that is known already."""
        head = self._heads.get(stream) or self._open(stream)
        seq = self._next_seq(stream)
        after = append(head, seq, fact)
        written = self._run("append_fact", _columns(stream, seq, fact, after))
        if written is None:
            return None
        if stream in self._drawn:
            self._drawn[stream].popleft()
        self._heads[stream] = after
        self._moved.add(stream)
        return seq

    def take_in(self, row: Row) -> None:
        """Takes a fact that is older than the chain into it, at the end of its stream."""
        stream = Stream(row["organisation_id"], row["floor_id"], row["epoch"])
        head = self._heads.get(stream) or self._open(stream)
        after = append(head, row["seq"], fact_of(row))
        self._run("take_in", {"seq": row["seq"], "place": after.place, "hash": after.hash})
        self._heads[stream] = after
        self._moved.add(stream)

    def settle(self) -> None:
        """Writes where the streams stand now; to be called once, before the commit."""
        for stream in sorted(self._moved):
            head = self._heads[stream]
            self._run("set_head", {**_named(stream), "place": head.place, "hash": head.hash})
        self._moved.clear()

    def _open(self, stream: Stream) -> Head:
        row = self._run("lock_head", _named(stream))
        if row is None:
            before = self._run("head_before", _named(stream))
            head = begin(stream, None if before is None else _head(stream, before))
            first = {"place": 0, "hash": head.hash, "stands_on": head.after}
            self._run("first_head", {**_named(stream), **first})
            # Another writer may have been quicker: what stands there now is what counts.
            row = self._run("lock_head", _named(stream))
            assert row is not None
        self._heads[stream] = Head(stream, row["place"], row["hash"], row["stands_on"])
        return self._heads[stream]

    def _next_seq(self, stream: Stream) -> int:
        if self._draw_seqs is None:
            row = self._run("last_seq", {})
            return 1 if row is None else int(row["seq"]) + 1
        drawn = self._drawn.get(stream)
        if not drawn:
            # One fact more is told than one often, many more seldom: what is left over is a gap.
            drawn = deque(self._draw_seqs(1 if drawn is None else SEQS_AT_ONCE))
            self._drawn[stream] = drawn
        return drawn[0]


def run_on(session: Session) -> Run:
    """Returns the runner of the chain's statements inside a session's transaction."""

    def run(name: str, values: dict[str, object]) -> Row | None:
        row = session.run("chain", name, values).fetchone()
        return None if row is None else dict(row)

    return run


def chain_the_rest(session: Session) -> int:
    """Takes facts into the chain that were written before there was one; returns how many.

    It works in short transactions of its own and may be broken off and repeated at any time."""

    def piece() -> int:
        rows = session.run("chain", "unchained", {"limit": ROWS_PER_PIECE}).fetchall()
        chain = Chain(run_on(session))
        for row in rows:
            chain.take_in(dict(row))
        chain.settle()
        return len(rows)

    taken = 0
    while True:
        rows = write(session, piece)
        taken += rows
        if rows < ROWS_PER_PIECE:
            return taken


def _head(stream: Stream, row: Row) -> Head:
    of = Stream(stream.organisation, stream.floor, row["epoch"])
    return Head(of, row["place"], row["hash"], row["stands_on"])


def _named(stream: Stream) -> dict[str, object]:
    return {
        "organisation": stream.organisation,
        "floor": stream.floor,
        "epoch": stream.epoch,
    }


def _columns(stream: Stream, seq: int, fact: Fact, after: Head) -> dict[str, object]:
    return {
        **_named(stream),
        "seq": seq,
        "kind": fact.kind.value,
        "version": fact.version,
        "at": to_text(fact.at),
        "clock_id": fact.clock_id,
        "monotonic_ns": fact.monotonic_ns,
        "campaign": fact.campaign,
        "contact": fact.contact,
        "attempt": fact.attempt,
        "agent": fact.agent,
        "data": json_text(dict(fact.data)),
        "dedupe": fact.dedupe,
        "place": after.place,
        "hash": after.hash,
    }
