"""The journal's lines: what comes back is what was written, and what was altered is noticed."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.journal import Kept, Life, line_of, line_of_life, read, without_words_of

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
LIFE = Life("7:a", "org", "floor", 3, NOON)
FACT = Fact(FactKind.BRIDGED, NOON, "boot:1", 12, "a:bridged", "c", "k", "a", "u", {"wait_s": 0.5})


def example(hint: Any) -> object:
    """A value of a field's type that is not its default."""
    if get_origin(hint) is UnionType:
        return example(next(one for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is tuple:
        return ("one", "two")
    if get_origin(hint) is Mapping or get_origin(hint) is dict:
        return {"plan": "M"}
    plain = {str: "text ж", int: 7, float: 1.5, datetime: NOON, Fact: FACT, bool: True}
    return plain[hint]


def every_write() -> list[w.Write]:
    made: list[w.Write] = []
    for cls in get_args(w.Write):
        hints = get_type_hints(cls)
        made.append(cls(**{item.name: example(hints[item.name]) for item in fields(cls)}))
    return made


def lines_of(*batches: tuple[w.Write, ...]) -> list[bytes]:
    kept = [line_of(place, NOON, batch) for place, batch in enumerate(batches, 1)]
    return [line_of_life(LIFE), *kept]


@pytest.mark.parametrize("write", every_write(), ids=lambda write: type(write).__name__)
def test_every_write_comes_back_as_it_was(write: w.Write) -> None:
    pages = read(lines_of((write,)))
    assert pages.damaged == 0
    assert pages.life == LIFE
    assert pages.kept == (Kept(1, NOON, (write,)),)


def test_what_may_be_missing_may_be_missing() -> None:
    write = w.FinishAttempt("a", "final", "busy", NOON)
    assert read(lines_of((write,))).kept[0].writes == (write,)


def test_a_mapping_of_any_kind_is_written_as_an_object() -> None:
    write = w.AddDisposition("i", "a", "c", None, "sale", NOON, MappingProxyType({"plan": "M"}))
    (kept,) = read(lines_of((write,))).kept
    assert kept.writes == (w.AddDisposition("i", "a", "c", None, "sale", NOON, {"plan": "M"}),)


def test_something_that_is_no_write_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        line_of(1, NOON, (object(),))  # type: ignore[arg-type]


@given(st.data())
def test_a_line_with_one_byte_changed_is_left_out(data: st.DataObject) -> None:
    lines = lines_of((w.SetNote("c", "note"),), (w.SetNote("c", "later"),))
    at = data.draw(st.integers(0, len(lines[1]) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte not in (lines[1][at], 10)))
    lines[1] = lines[1][:at] + bytes([other]) + lines[1][at + 1 :]
    pages = read(lines)
    assert pages.damaged == 1
    assert [one.place for one in pages.kept] == [2]


@given(st.integers(0, 200))
def test_a_torn_last_line_is_left_out_and_no_damage(cut: int) -> None:
    whole = lines_of((w.SetNote("c", "note" * 40),), (w.SetNote("c", "later" * 40),))
    pages = read([*whole[:2], whole[2][: -1 - cut]])
    assert pages.damaged == 0
    assert [one.place for one in pages.kept] == [1]


def test_a_write_of_a_newer_program_is_damage_and_not_a_guess() -> None:
    line = line_of(1, NOON, (w.SetNote("c", "n"),))
    newer = read([line_of_life(LIFE), _resealed(line.replace(b"SetNote", b"SetNeue"))])
    more = read([line_of_life(LIFE), _resealed(line.replace(b'"text":', b'"x":1,"text":'))])
    assert newer.damaged == more.damaged == 1


def _resealed(line: bytes) -> bytes:
    from zlib import crc32

    body = line[25:-2]
    return b'{"crc":"%08x","body":' % crc32(body) + body + b"}\n"


def test_words_about_a_person_can_be_taken_out_and_all_else_stays() -> None:
    later = NOON + timedelta(days=1)
    batch: tuple[w.Write, ...] = (
        w.SetNote("erased", "canary"),
        w.SetField("erased", "city", "canary"),
        w.AddDisposition("i", "a1", "erased", "u", "sale", NOON, {"plan": "canary"}, "canary"),
        w.AddCallback("b", "m", "erased", later, None, NOON),
        w.SetNote("other", "stays"),
    )
    line = line_of(1, NOON, batch)
    cleaned = without_words_of(line, frozenset({"erased"}), frozenset({"a1"}))
    assert b"canary" not in cleaned
    (kept,) = read([line_of_life(LIFE), cleaned]).kept
    assert kept.writes == (
        w.SetNote("erased", ""),
        w.SetField("erased", "city", ""),
        w.AddDisposition("i", "a1", "erased", "u", "sale", NOON, {}, ""),
        *batch[3:],
    )
    untouched = line_of(2, NOON, batch[4:])
    assert without_words_of(untouched, frozenset({"erased"}), frozenset()) is untouched
