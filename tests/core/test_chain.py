"""The chain of facts: what its hashes cover, and that every change to a line is found and named."""

import json
from dataclasses import replace
from typing import Any

import pytest
from core_examples import fact

from vyzov.core.chain import Head, Stream, append, begin, canonical, genesis, line_of, next_hash
from vyzov.core.chain_proof import Finding, Proof, Why, prove, read_anchors
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind

OFFICE = Stream("o", "", 0)
FIRST, SECOND, THIRD = (Stream("o", "f", epoch) for epoch in (1, 2, 3))
# Who writes entry after entry: the office between two lives of a floor, the first of which sends
# two facts late, when the second has begun; the third stands on the second.
WRITERS = (
    OFFICE, FIRST, FIRST, OFFICE, FIRST, FIRST, FIRST, OFFICE, SECOND, SECOND, OFFICE, FIRST,
    SECOND, FIRST, SECOND, SECOND, THIRD, THIRD, OFFICE, THIRD,
)  # fmt: skip


def written(writers: tuple[Stream, ...] = WRITERS) -> tuple[list[str], tuple[Head, ...]]:
    """The lines of a store in which streams were written in that order, and their heads."""
    heads: dict[Stream, Head] = {}
    lines: list[str] = []
    for seq, stream in enumerate(writers, 1):
        if stream not in heads:
            older = [head for of, head in heads.items() if of.floor and of.epoch < stream.epoch]
            heads[stream] = begin(stream, max(older, key=lambda head: head.stream, default=None))
        one = replace(fact(FactKind.DIGIT), dedupe=f"d{seq}", data={"digit": "1", "step": None})
        heads[stream] = append(heads[stream], seq, one)
        head = heads[stream]
        line = line_of(stream, head.place, seq, one, head.after if head.place == 1 else "")
        lines.append(json.dumps({**line, "hash": heads[stream].hash}) + "\n")
    return lines, tuple(heads.values())


LINES, HEADS = written()


def found(lines: list[str], anchors: tuple[Head, ...] = ()) -> Finding:
    finding = prove(lines, anchors).finding
    assert finding is not None
    return finding


def edited(index: int, **changes: Any) -> list[str]:
    line = {**json.loads(LINES[index]), **changes}
    return [*LINES[:index], json.dumps(line) + "\n", *LINES[index + 1 :]]


def forged(line: str, before: str, **changes: Any) -> str:
    """A line with a right hash of its own."""
    new = {**json.loads(line), **changes}
    return json.dumps({**new, "hash": next_hash(before, new)}) + "\n"


def test_what_was_written_proves_itself() -> None:
    proof = prove(LINES, HEADS)
    assert proof == Proof(len(LINES), tuple(sorted(HEADS, key=lambda h: h.stream)), 2, 4, None)


def test_the_hash_can_be_recomputed_from_the_line_alone() -> None:
    line = json.loads(LINES[1])
    assert "after" not in line
    assert line["hash"] == next_hash(genesis(FIRST, ""), line)
    assert canonical({"b": "é", "a": 1.5, "hash": "x"}) == '{"a":1.5,"b":"\\u00e9"}'


def test_a_stream_is_bound_to_its_organisation_floor_epoch_and_the_head_it_stands_on() -> None:
    beginnings = {
        genesis(stream, after)
        for stream in (FIRST, SECOND, Stream("p", "f", 1), Stream("o", "g", 1))
        for after in ("", "0:1:ab")
    }
    assert len(beginnings) == 8
    assert json.loads(LINES[8])["after"] == f"1:5:{json.loads(LINES[6])['hash']}"


@pytest.mark.parametrize("name", json.loads(LINES[8]).keys())
@pytest.mark.parametrize("index", [8, 10, 19])
def test_a_changed_field_is_found_in_its_line(name: str, index: int) -> None:
    old = json.loads(LINES[index]).get(name)
    new = old + 100 if isinstance(old, int) else {"digit": "2"} if name == "data" else f"{old}x"
    finding = found(edited(index, **{name: new}))
    assert (finding.why, finding.line) == (Why.CHANGED, index + 1)


def test_a_field_that_nobody_wrote_is_a_change() -> None:
    assert found(edited(4, extra=1)).why is Why.CHANGED


@pytest.mark.parametrize(
    "line",
    [
        "no JSON\n", "[1]\n", "\n", '{"seq":1}\n', "[" * 100_000 + "\n",
        LINES[3].replace('"seq": 4', '"seq": "4"'), LINES[3].replace('"seq": 4', '"seq": true'),
        LINES[3].replace("{", '{"seq": 4, ', 1),
        LINES[3].replace('"hash": "', '"hash": "\\ud800'),
    ],
)  # fmt: skip
def test_a_line_no_export_writes_is_a_change(line: str) -> None:
    finding = found([*LINES[:3], line, *LINES[4:]])
    assert (finding.why, finding.line) == (Why.CHANGED, 4)


def test_a_line_of_another_floor_or_epoch_is_a_change_even_at_a_beginning() -> None:
    for index in (1, 8, 16):
        for changes in ({"epoch": 9}, {"floor": "g"}, {"organisation": "p"}):
            finding = found(edited(index, **changes))
            assert (finding.why, finding.line) == (Why.CHANGED, index + 1), (index, changes)
    # The beginning of the second epoch, said to be one of the first: what follows knows better.
    assert found(edited(8, epoch=1)).why is Why.CHANGED


@pytest.mark.parametrize("index", [index for index in range(len(LINES)) if index not in (18, 19)])
def test_a_deleted_entry_is_missing_by_its_stream_and_place(index: int) -> None:
    gone = json.loads(LINES[index])
    finding = found(LINES[:index] + LINES[index + 1 :], HEADS)
    stream = Stream(gone["organisation"], gone["floor"], gone["epoch"])
    assert finding.why in (Why.MISSING, Why.CUT_OFF)
    assert (finding.stream, finding.place) == (stream, gone["place"])


def test_what_the_next_epoch_stands_on_cannot_be_left_out_without_an_anchor() -> None:
    finding = found([line for line in LINES if json.loads(line)["epoch"] != 2])
    assert (finding.why, finding.stream, finding.place) == (Why.MISSING, SECOND, 1)


@pytest.mark.parametrize("count", range(1, len(LINES) + 1))
def test_a_file_cut_off_at_its_end_is_found_by_an_anchor(count: int) -> None:
    kept = LINES[:-count]
    assert prove(kept).finding is None
    finding = found(kept, HEADS)
    lost = {
        (Stream("o", line["floor"], line["epoch"]), line["place"])
        for line in map(json.loads, LINES[-count:])
    }
    assert finding.why is Why.CUT_OFF
    assert (finding.stream, finding.place) in lost
    assert finding.line is None


def test_a_line_cut_short_is_cut_off() -> None:
    finding = found([*LINES[:-1], LINES[-1][:40]])
    assert (finding.why, finding.line) == (Why.CUT_OFF, len(LINES))


@pytest.mark.parametrize("copy", range(len(LINES)))
@pytest.mark.parametrize("where", [0, 5, 12, len(LINES)])
def test_a_line_that_stands_twice_is_named(copy: int, where: int) -> None:
    finding = found([*LINES[:where], LINES[copy], *LINES[where:]])
    assert finding.why is Why.DOUBLED
    assert finding.seq == copy + 1


@pytest.mark.parametrize("where", range(len(LINES) + 1))
@pytest.mark.parametrize(
    "changes", [{}, {"place": 0}, {"place": 2}, {"place": 4}, {"place": 900}, {"floor": "new"}]
)
def test_a_line_put_in_between_is_named(where: int, changes: dict[str, Any]) -> None:
    """It carries a hash of its own, right for some other beginning."""
    line = forged(LINES[5], "ab" * 32, **changes)
    finding = found([*LINES[:where], line, *LINES[where:]])
    assert finding.line == where + 1 or finding.why is Why.MISSING
    if "place" not in changes and "floor" not in changes:
        assert finding.why in (Why.INSERTED, Why.CHANGED)


@pytest.mark.parametrize("index", range(len(LINES)))
def test_a_moved_line_is_named(index: int) -> None:
    for to in range(len(LINES)):
        lines = [line for at, line in enumerate(LINES) if at != index]
        lines.insert(to, LINES[index])
        if to == index:
            continue
        finding = found(lines)
        assert finding.why is Why.MOVED
        # Of two neighbours that changed places either may be named.
        named = {index + 1} if abs(index - to) > 1 else {index + 1, to + 1}
        assert finding.seq in named, to


@pytest.mark.parametrize("one", range(len(LINES)))
def test_two_lines_that_changed_places_are_named_by_one_of_them(one: int) -> None:
    for other in range(one + 1, len(LINES)):
        lines = list(LINES)
        lines[one], lines[other] = lines[other], lines[one]
        finding = found(lines)
        assert finding.why is Why.MOVED
        assert finding.seq in (one + 1, other + 1), other


def test_what_follows_the_first_bad_entry_may_be_broken_too() -> None:
    finding = found([*LINES[:4], *LINES[5:7], "no JSON\n", *LINES[7:]])
    assert (finding.why, finding.place) == (Why.MISSING, 3)


def test_a_change_with_its_own_hash_made_anew_breaks_the_entry_that_stands_on_it() -> None:
    before = json.loads(LINES[2])["hash"]
    lines = [*LINES[:4], forged(LINES[4], before, at="2026-01-01T00:00:00Z"), *LINES[5:]]
    finding = found(lines)
    assert (finding.why, finding.line) == (Why.CHANGED, 6)


@pytest.mark.parametrize("index", [4, 12, 19])
def test_of_two_entries_for_one_place_the_one_nothing_stands_on_is_named(index: int) -> None:
    """The forged one goes on rightly from where the stream stood."""
    line = json.loads(LINES[index])
    before = next(
        other["hash"]
        for other in map(json.loads, LINES)
        if (other["epoch"], other["place"]) == (line["epoch"], line["place"] - 1)
    )
    new = forged(LINES[index], before, agent="nobody", seq=line["seq"])
    finding = found([*LINES[:index], new, *LINES[index:]])
    followed = index != 19
    assert finding.why is Why.INSERTED
    assert finding.line == (index + 1 if followed else index + 2)


def test_a_whole_forged_end_is_found_by_an_anchor_of_before() -> None:
    lines = [*LINES[:-1], forged(LINES[-1], json.loads(LINES[17])["hash"], agent="nobody")]
    assert prove(lines).finding is None
    finding = found(lines, HEADS)
    assert (finding.why, finding.line) == (Why.CHANGED, len(LINES))


@pytest.mark.parametrize("after", ["", "x", "1:5", "a:b:c", "9:1:ab", "1:5:ab", "1:99:ab"])
def test_an_epoch_forged_upon_another_beginning_is_found(after: str) -> None:
    line = json.loads(LINES[8])
    line["after"] = after
    lines = [*LINES[:8], forged(json.dumps(line), genesis(SECOND, after))]
    if after == "":
        # Nothing in the file contradicts an epoch that stands on nothing; an anchor does.
        assert prove(lines).finding is None
        at_once = tuple(head for head in HEADS if head.stream == SECOND)
        shorter = replace(at_once[0], place=1)
        assert found(lines, (shorter,)).why is Why.CHANGED
    else:
        assert found(lines).why in (Why.CHANGED, Why.MISSING)


def test_anchors_are_read_from_their_lines() -> None:
    line = json.dumps(
        {"at": "2026-11-22T00:00:00Z", "heads": [
            {"organisation": "o", "floor": "f", "epoch": 1, "place": 2, "hash": "ab"}
        ]}
    )  # fmt: skip
    assert read_anchors([line, line]) == (Head(FIRST, 2, "ab"),) * 2


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"heads":[{}]}', '{"heads":[1]}'])
def test_a_broken_anchor_is_an_error_that_names_its_line(line: str) -> None:
    with pytest.raises(InvalidRequest, match="Line 1 of the anchors"):
        read_anchors([line])
