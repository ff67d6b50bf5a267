"""The engine's memory: what is journalled comes back, whatever moment the kill chose."""

import tempfile
import time
from pathlib import Path

import pytest
import uvloop
from engine_lab import EngineProcess, Floor
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.dialer.ports import (
    Answered,
    AskStanding,
    DeviceDown,
    DeviceQuality,
    DeviceUp,
    Dialing,
    Digit,
    Ended,
    Failed,
    LegEvent,
    Refused,
    Ringing,
)
from vyzov.telephony.native import journal
from vyzov.telephony.native.journal import LegBook, Placed

PLACED = Placed("a", "127.0.0.1", 5060, "+70005550101", "+70005550102")


def note(book: LegBook, kind: type[LegEvent], leg: str, *rest: object, at: float = 1.0) -> None:
    seq = book.next_seq(leg, "floor")
    book.note(kind(leg, seq, at, *rest))  # type: ignore[call-arg]


def filled(path: Path) -> LegBook:
    book = LegBook(path, now=lambda: 10.0)
    book.raise_fence("floor", 4)
    book.note_sip_port(5070)
    book.open("ringing", "floor", PLACED)
    note(book, Dialing, "ringing", "call-1")
    note(book, Ringing, "ringing", 180, "Ringing", False)
    book.open("talking", "floor", PLACED)
    note(book, Dialing, "talking", "call-2")
    note(book, Answered, "talking", "PCMA")
    book.note_dialog("talking", '{"remote_tag":"x"}')
    book.note_recording("talking", "rec", "/recordings/a.wav")
    book.open("over", "floor", PLACED)
    note(book, Failed, "over", 486, "Busy Here", "trying", at=9.0)
    book.open("gone", "floor", PLACED)
    note(book, Ended, "gone", "far", "bye", at=9.0)
    book.forget("gone")
    book.flush()
    return book


def test_the_next_run_reads_what_the_last_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "legs.jsonl"
    before = filled(path)
    after = LegBook(path, now=lambda: 9.0)  # when the last leg was over
    assert after.legs == before.legs
    assert (after.fences, after.sip_port) == ({"floor": 4}, 5070)
    assert {record.leg for record in after.unfinished()} == {"ringing", "talking"}
    assert after.legs["talking"].was_answered
    assert not after.legs["ringing"].was_answered
    assert after.legs["talking"].recordings == {"rec": "/recordings/a.wav"}
    before.close()
    after.close()


@settings(max_examples=60)
@given(st.data())
def test_a_journal_cut_anywhere_loses_its_last_line_at_most(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "legs.jsonl"
        filled(path).close()
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        # What remains must read as the same journal stopped at its last whole line.
        after = LegBook(path, now=lambda: 10.0)
        after.close()
        at_the_end_of_a_line = whole[cut : cut + 1] == b"\n"
        path.write_bytes(whole[: cut if at_the_end_of_a_line else whole.rfind(b"\n", 0, cut) + 1])
        expected = LegBook(path, now=lambda: 10.0)
        expected.close()
        assert after.legs == expected.legs
        assert after.fences == expected.fences


def test_lines_of_another_build_are_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "legs.jsonl"
    filled(path).close()
    with path.open("ab") as file:
        file.write(b'{"do":"teleport"}\n{"do":"dialog","leg":"nobody","dialog":""}\n[]\n')
        file.write(b'{"do":"event","event":{"type":"Unheard"}}\n\xff\xfe\n')
    book = LegBook(path, now=lambda: 10.0)
    book.close()
    assert {record.leg for record in book.unfinished()} == {"ringing", "talking"}
    assert sum("passed over" in r.getMessage() for r in caplog.records) == 4


def test_an_ended_leg_is_kept_ten_minutes_and_not_beyond_a_reboot(tmp_path: Path) -> None:
    path = tmp_path / "legs.jsonl"
    now = [10.0]
    book = LegBook(path, now=lambda: now[0])
    note(book, Refused, "a", "stale", at=10.0)
    now[0] = 10.0 + journal.KEEP_ENDED_S - 1
    book.expire()
    assert set(book.legs) == {"a"}
    book.close()
    # Nobody could ask for it while there was no engine: its time begins anew.
    later = 10.0 + 3 * journal.KEEP_ENDED_S
    now[0] = later
    book = LegBook(path, now=lambda: now[0])
    now[0] = later + journal.KEEP_ENDED_S - 1
    book.expire()
    assert set(book.legs) == {"a"}
    now[0] = later + journal.KEEP_ENDED_S
    book.expire()
    assert book.legs == {}
    book.close()
    # The monotonic clock of a new boot is behind the journal's.
    assert LegBook(path, now=lambda: 5.0).legs == {}


def test_a_leg_that_still_records_outlives_its_forget(tmp_path: Path) -> None:
    book = LegBook(tmp_path / "legs.jsonl", now=lambda: 10.0)
    book.open("a", "floor", PLACED)
    book.note_recording("a", "rec", "a.wav")
    note(book, Ended, "a", "far", "bye")
    book.forget("a")
    assert set(book.legs) == {"a"}
    book.drop_recording("a", "rec")
    assert book.legs == {}
    book.drop_recording("a", "rec")
    book.close()


def test_a_fence_never_sinks(tmp_path: Path) -> None:
    book = LegBook(tmp_path / "legs.jsonl")
    book.raise_fence("floor", 5)
    book.raise_fence("floor", 3)
    assert book.fences == {"floor": 5}
    book.close()


def test_quality_is_told_but_not_kept_and_digits_are_bounded(tmp_path: Path) -> None:
    book = LegBook(tmp_path / "legs.jsonl")
    note(book, DeviceUp, "d", "ann", "PCMA")
    note(book, DeviceQuality, "d", "ann", 1.0, 0.0)
    for _ in range(journal.EVENTS_PER_LEG_MAX + 50):
        note(book, Digit, "d", "1", 100)
    note(book, DeviceDown, "d", "ann", "closed")
    log = book.snapshot("floor")["d"]
    assert len(log) == journal.EVENTS_PER_LEG_MAX + 1
    assert isinstance(log[-1], DeviceDown)
    assert not any(isinstance(e, DeviceQuality) for e in log)
    assert book.snapshot("other") == {}
    book.close()


def test_events_wait_for_the_end_of_the_turn_but_not_behind_what_must_be_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "legs.jsonl"
    book = LegBook(path, now=lambda: 10.0)
    book.open("a", "floor", PLACED)
    begun = path.read_bytes()
    assert b"call-1" not in begun
    assert b'"a"' in begun
    note(book, Dialing, "a", "call-1")
    assert path.read_bytes() == begun
    book.note_dialog("a", "{}")
    written = path.read_bytes()
    assert written.index(b"call-1") < written.index(b'"dialog"')
    note(book, Ended, "a", "far", "bye", at=9.0)
    book.close()
    assert LegBook(path, now=lambda: 9.0).legs == book.legs


def test_a_full_journal_is_rewritten_without_the_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "COMPACT_AT_BYTES", 20_000)
    path = tmp_path / "legs.jsonl"
    book = filled(path)
    for turn in range(300):
        leg = f"leg-{turn}"
        book.open(leg, "floor", PLACED)
        note(book, Ended, leg, "far", "bye", at=9.0)
        book.forget(leg)
    book.flush()
    assert path.stat().st_size < 40_000
    after = LegBook(path, now=lambda: 9.0)
    assert after.legs == book.legs
    book.close()
    after.close()


def test_a_book_without_a_journal_writes_nothing(tmp_path: Path) -> None:
    book = LegBook(None)
    note(book, Refused, "a", "stale")
    book.close()
    assert list(tmp_path.iterdir()) == []


def test_a_floor_is_told_how_one_leg_of_its_own_stands(tmp_path: Path) -> None:
    book = filled(tmp_path / "legs.jsonl")
    of_all = book.standing(AskStanding(1), "floor", {"agent-leg": "ann"})
    assert of_all.legs == {"ringing": 2, "talking": 2, "over": 1}
    assert (of_all.ask, of_all.leg, of_all.devices) == (1, "", {"agent-leg": "ann"})
    of_one = book.standing(AskStanding(2, "talking"), "floor", {"agent-leg": "ann"})
    assert (of_one.ask, of_one.leg, of_one.legs, of_one.devices) == (
        2,
        "talking",
        {"talking": 2},
        {},
    )
    assert book.standing(AskStanding(3, "gone"), "floor", {}).legs == {}
    assert book.standing(AskStanding(4, "talking"), "another", {}).legs == {}
    book.close()


def opened(path: Path, at: float, boot: str = "boot-1") -> LegBook:
    """What an engine that starts at this second knows; its journal is closed again."""
    book = LegBook(path, now=lambda: at, boot=boot)
    book.close()
    return book


def test_a_journal_says_since_when_nothing_is_missing_from_it(tmp_path: Path) -> None:
    path = tmp_path / "legs.jsonl"
    assert opened(path, 10.0).whole_since == 10.0
    assert opened(path, 90.0).whole_since == 10.0, "the next run knows what the first one did"
    path.unlink()
    assert opened(path, 95.0).whole_since == 95.0, "another journal: what was in the first is gone"


@pytest.mark.parametrize("boot", ["boot-2", ""], ids=["another boot", "a boot nobody can name"])
def test_what_was_written_before_a_reboot_may_be_missing(tmp_path: Path, boot: str) -> None:
    path = tmp_path / "legs.jsonl"
    opened(path, 10.0)
    assert opened(path, 90.0, boot).whole_since == 90.0


def test_a_leg_that_was_kept_long_enough_is_missing_from_then_on(tmp_path: Path) -> None:
    now = [10.0]
    book = LegBook(tmp_path / "legs.jsonl", now=lambda: now[0], boot="boot-1")
    note(book, Refused, "a", "stale", at=12.0)
    note(book, Refused, "b", "stale", at=14.0)
    book.forget("b")
    now[0] = 15.0 + journal.KEEP_ENDED_S
    book.expire()
    assert book.whole_since == 12.0, "of what the floor let go of, it will not ask"
    book.close()
    again = opened(tmp_path / "legs.jsonl", now[0])
    assert ("a" in again.legs, again.whole_since) == (True, 10.0), "its lines are there yet"


def test_the_engine_tells_since_when_its_journal_is_whole(tmp_path: Path) -> None:
    async def story() -> None:
        with EngineProcess(tmp_path) as engine:
            async with Floor(tmp_path / "engine.sock") as floor:
                first = (await floor.snapshot()).whole_since
            assert first is not None
            assert first <= time.monotonic()
            engine.kill()
        with EngineProcess(tmp_path):
            async with Floor(tmp_path / "engine.sock") as floor:
                assert (await floor.snapshot()).whole_since == first

    uvloop.run(story())
