"""Appends facts to their streams within an open transaction, and takes old ones into the chain.

What a hash covers is said in `core.chain`. A stream's head is locked before the first fact of a
transaction is appended and written once at its end: on a database with several writers the second
one waits there, so places have no gaps and numbers of one stream grow with them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vyzov.core.chain import Head, Stream, append, begin
from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.storage.session import Ask, Clash, Session, Steps, run_steps, write
from vyzov.storage.telling import tell
from vyzov.storage.values import fact_of, json_text

ORGANISATION_STREAM = ""
"""The floor of the stream of settings, imports and the stop-list; its epoch is 0."""

ROWS_PER_PIECE = 1_000
"""How many old facts one transaction takes in: some 20 ms, for as long as writers wait."""

Row = Mapping[str, Any]
Told = tuple[Stream, Fact]


def append_facts(
    told: Sequence[Told], *, drawn: bool, beside: Sequence[Ask] = ()
) -> Steps[tuple[int, ...]]:
    """Appends facts of one organisation to their streams and returns their numbers; one that is
    known already is passed over.

    With `drawn` their numbers come from the database's sequence, as they must where it has several
    writers; they are drawn under the locks of the streams, so that a stream's numbers grow. `beside`
    is asked last, on the same way. What the outside world is told of goes into the outbox. Raises
    `Clash` where another writer tells the same at once."""
    once: dict[str, Told] = {}
    for one in told:
        once.setdefault(one[1].dedupe, one)
    news = list(once.values())
    if not news:
        if beside:
            yield beside
        return ()
    streams = sorted({stream for stream, _ in news})
    number = _draw(len(news)) if drawn else Ask("chain", "last_seq", {})
    found = yield [*map(_lock, streams), number, *_ask_known(news, drawn=drawn)]
    heads: dict[Stream, Head] = {}
    late = False
    for stream, head in zip(streams, found, strict=False):
        if head.first is None:
            heads[stream] = yield from _begin(stream)
            late = late or heads[stream].place > 0
        else:
            heads[stream] = _at(stream, head.first)
    # Where another writer began the stream meanwhile, its numbers may be higher than ours.
    again = (yield [number])[0] if late else found[len(streams)]
    seqs = [int(row["seq"]) for row in again.rows]
    known = {row["dedupe"] for one in found[len(streams) + 1 :] for row in one.rows}
    news = [one for one in news if one[1].dedupe not in known]
    numbers = seqs[: len(news)] if drawn else range(seqs[0] + 1, seqs[0] + 1 + len(news))
    rows: list[dict[str, object]] = []
    for seq, (stream, fact) in zip(numbers, news, strict=True):
        heads[stream] = append(heads[stream], seq, fact)
        rows.append(_columns(stream, seq, fact, heads[stream]))
    moved = [_set_head(heads[stream]) for stream in sorted({stream for stream, _ in news})]
    written = [Ask("chain", "append_fact", {}, rows)] if rows else []
    answers = yield [*written, *tell(news), *moved, *beside]
    if written and answers[0].rowcount != len(rows):
        raise Clash("another writer told the same facts at the same time")
    return tuple(numbers)


def take_in(rows: Sequence[Row]) -> Steps[None]:
    """Takes facts that are older than the chain into it, each at the end of its stream."""
    heads: dict[Stream, Head] = {}
    asked: list[Ask] = []
    for row in rows:
        stream = Stream(row["organisation_id"], row["floor_id"], row["epoch"])
        if stream not in heads:
            [head] = yield [_lock(stream)]
            heads[stream] = (
                (yield from _begin(stream)) if head.first is None else _at(stream, head.first)
            )
        head = heads[stream] = append(heads[stream], row["seq"], fact_of(row))
        values = {"seq": row["seq"], "place": head.place, "hash": head.hash}
        asked.append(Ask("chain", "take_in", values))
    yield [*asked, *(_set_head(heads[stream]) for stream in sorted(heads))]


def chain_the_rest(session: Session) -> int:
    """Takes facts into the chain that were written before there was one; returns how many.

    It works in short transactions of its own and may be broken off and repeated at any time."""

    def piece() -> int:
        rows = session.run("chain", "unchained", {"limit": ROWS_PER_PIECE}).fetchall()
        run_steps(session.run_all, take_in([dict(row) for row in rows]))
        return len(rows)

    taken = 0
    while True:
        rows = write(session, piece)
        taken += rows
        if rows < ROWS_PER_PIECE:
            return taken


def _begin(stream: Stream) -> Steps[Head]:
    """Gives a stream its first head, standing on that of the epoch before, and locks it."""
    [before] = yield [Ask("chain", "head_before", _named(stream))]
    head = begin(stream, None if before.first is None else _before(stream, before.first))
    first = {"place": 0, "hash": head.hash, "stands_on": head.after}
    # Another writer may have been quicker: what stands there then is what counts.
    _, locked = yield [Ask("chain", "first_head", {**_named(stream), **first}), _lock(stream)]
    return _at(stream, locked.first)


def _lock(stream: Stream) -> Ask:
    return Ask("chain", "lock_head", _named(stream))


def _draw(count: int) -> Ask:
    return Ask("locks", "draw_seqs", {"count": count})


def _ask_known(told: Sequence[Told], *, drawn: bool) -> list[Ask]:
    """Asks which of these facts there are; a server is asked once for all of them."""
    organisation = told[0][0].organisation
    dedupes = [fact.dedupe for _, fact in told]
    if drawn:
        return [Ask("locks", "known_facts", {"organisation": organisation, "dedupes": dedupes})]
    return [
        Ask("chain", "known_fact", {"organisation": organisation, "dedupe": dedupe})
        for dedupe in dedupes
    ]


def _set_head(head: Head) -> Ask:
    return Ask("chain", "set_head", {**_named(head.stream), "place": head.place, "hash": head.hash})


def _at(stream: Stream, row: Row) -> Head:
    return Head(stream, row["place"], row["hash"], row["stands_on"])


def _before(stream: Stream, row: Row) -> Head:
    return _at(Stream(stream.organisation, stream.floor, row["epoch"]), row)


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
