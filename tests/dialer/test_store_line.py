"""The line to the database: in order, once, never waiting for what cannot wait."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.dialer import effects as fx
from vyzov.dialer import writes as w
from vyzov.dialer.journal import Kept, Life, Pages, read
from vyzov.dialer.store_line import StoreLine

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LIFE = Life("1:a", "org", "floor", 1, NOON)
PATIENCE_S = 5.0


@dataclass
class HandClock:
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return NOON


@dataclass
class FakeStore:
    """Takes batches unless told to refuse or to say nothing."""

    fault: Exception | None = None
    refused: dict[str, w.ReserveRefusal] = field(default_factory=dict)
    stale: bool = False
    commits: list[tuple[w.Write, ...]] = field(default_factory=list)
    applied: list[Kept] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    inside: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def commit(self, batch: w.Batch) -> w.CommitResult:
        self.inside.set()
        assert self.gate.wait(PATIENCE_S)
        if self.fault is not None:
            raise self.fault
        if any(write == w.SetNote("bad", "bad") for write in batch):
            raise InvalidRequest("bad", "never")
        self.commits.append(batch)
        return w.CommitResult(refused=self.refused, stale=self.stale)

    def apply(self, life: Life, kept: Sequence[Kept], *, restored: bool = False) -> int:
        if any(w.SetNote("bad", "bad") in one.writes for one in kept):
            raise InvalidRequest("bad", "never")
        self.applied += kept
        return len(kept)

    def due(self, *_: object) -> tuple[()]:
        if self.fault is not None:
            raise self.fault
        return ()

    def next_due(self, *_: object) -> None:
        return None

    def counts(self, *_: object) -> None:
        return None

    def history(self, _contact: str) -> tuple[()]:
        return ()

    def load_floor(self, _floor: str) -> str:
        return "state"


@dataclass
class FakeFile:
    lines: list[bytes] = field(default_factory=list)
    full: bool = False
    syncs: int = 0
    closed: bool | None = None

    def append(self, line: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.lines.append(line)

    def sync(self) -> None:
        self.syncs += 1

    def settled(self) -> None:
        pass

    def close(self, *, settled: bool) -> None:
        self.closed = settled

    @property
    def kept(self) -> dict[int, tuple[w.Write, ...]]:
        return {one.place: one.writes for one in read(self.lines).kept}


@dataclass
class Bench:
    """A line with everything about it at hand."""

    store: FakeStore = field(default_factory=FakeStore)
    file: FakeFile = field(default_factory=FakeFile)
    clock: HandClock = field(default_factory=HandClock)
    told: list[fx.Input] = field(default_factory=list)
    full: list[str] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)
    backlog_max: int = 100

    def __post_init__(self) -> None:
        store: Any = self.store
        self.line = StoreLine(
            store, "floor", self.clock, back=self._hear, on_full=self.full.append,
            backlog_max=self.backlog_max,
        )  # fmt: skip
        self.line.begin(LIFE, self.file)

    def _hear(self, item: fx.Input) -> None:
        with self.heard:
            self.told.append(item)
            self.heard.notify_all()

    def until(self, done: Callable[[], object]) -> None:
        with self.heard:
            assert self.heard.wait_for(done, PATIENCE_S), self.told

    def of(self, kind: type) -> list[Any]:
        return [item for item in self.told if isinstance(item, kind)]

    def save(self, batch: int, text: str = "") -> None:
        self.line.put(fx.Commit(batch, (w.SetNote("c", text or str(batch)),)))

    def reserve(self, batch: int, *attempts: str) -> None:
        self.line.put(fx.Commit(batch, tuple(map(_reserve, attempts)), giveup=True))

    def fails(self, batch: int = 1) -> None:
        """Lets a batch meet a database that refuses to answer."""
        self.store.fault = StoreFault("gone", "wait")
        self.save(batch)
        self.until(lambda: self.of(fx.StoreAway))

    def is_back(self) -> None:
        self.store.fault = None
        self.clock.now += 1.0
        self.line.call(lambda: None)
        self.until(lambda: self.of(fx.StoreBack))


def _reserve(attempt: str) -> w.Reserve:
    return w.Reserve(
        attempt, "m", "k", "p", "ref", 1, 1, "floor", NOON, 1, "r", {}, "t", "+70005550101",
        attempt, NOON,
    )  # fmt: skip


@pytest.fixture
def bench() -> Any:
    made = Bench()
    made.line.start()
    yield made
    made.store.gate.set()
    made.line.close()


def notes(batches: Sequence[tuple[w.Write, ...]]) -> list[str]:
    return [one.text for batch in batches for one in batch if isinstance(one, w.SetNote)]


def test_batches_are_saved_in_order_with_the_place_they_have_in_the_journal(bench: Bench) -> None:
    bench.store.gate.clear()
    for batch in range(1, 6):
        bench.save(batch)
    bench.store.gate.set()
    bench.until(lambda: len(bench.of(fx.Committed)) == 5)
    assert notes(bench.store.commits) == ["1", "2", "3", "4", "5"]
    assert bench.store.commits[-1][-1] == w.Journalled("1:a", 5)
    assert sorted(bench.file.kept) == [1, 2, 3, 4, 5]


def test_what_waits_is_one_transaction(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.save(1)
    assert bench.store.inside.wait(PATIENCE_S)
    for batch in range(2, 50):
        bench.save(batch)
    bench.store.gate.set()
    bench.until(lambda: len(bench.of(fx.Committed)) == 49)
    assert len(bench.store.commits) == 2
    assert [item.batch for item in bench.of(fx.Committed)] == list(range(1, 50))


def test_a_batch_the_tables_refuse_does_not_hold_up_those_behind_it(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.save(1)
    assert bench.store.inside.wait(PATIENCE_S)
    bench.save(2)
    bench.line.put(fx.Commit(3, (w.SetNote("bad", "bad"),)))
    bench.save(4)
    bench.store.gate.set()
    bench.until(lambda: len(bench.of(fx.Committed)) == 3)
    assert [item.batch for item in bench.of(fx.CommitFailed)] == [3]
    assert notes(bench.store.commits) == ["1", "2", "4"]


def test_a_fault_among_batches_that_are_saved_one_by_one_keeps_their_order(bench: Bench) -> None:
    faults = [StoreFault("gone", "wait")]
    commit = bench.store.commit

    def flaky(batch: w.Batch) -> w.CommitResult:
        if notes([batch]) == ["4"] and faults:
            raise faults.pop()
        return commit(batch)

    bench.store.commit = flaky  # type: ignore[method-assign]
    bench.store.gate.clear()
    bench.save(1)
    assert bench.store.inside.wait(PATIENCE_S)
    bench.save(2)
    bench.line.put(fx.Commit(3, (w.SetNote("bad", "bad"),)))
    for batch in (4, 5, 6):
        bench.save(batch)
    bench.store.gate.set()
    bench.until(lambda: bench.of(fx.StoreAway))
    bench.is_back()
    bench.until(lambda: len(bench.of(fx.Committed)) == 5)
    assert notes(bench.store.commits) == ["1", "2", "4", "5", "6"]


def test_a_journal_that_can_be_made_safe_again_is_well(bench: Bench) -> None:
    broken = [OSError(28, "No space left on device")]

    def sync() -> None:
        if broken:
            raise broken.pop()

    bench.file.sync = sync  # type: ignore[method-assign]
    bench.save(1)
    bench.until(lambda: bench.of(fx.Committed))
    bench.line.sync()
    assert bench.of(fx.StoreAway)
    bench.line.sync()
    assert bench.of(fx.StoreBack)
    assert not bench.line.away


def test_a_line_that_fails_ends_its_floor_instead_of_standing_still(bench: Bench) -> None:
    def broken() -> None:
        raise RuntimeError("a defect")

    bench.file.settled = broken  # type: ignore[method-assign]
    bench.save(1)
    bench.line._thread.join(PATIENCE_S)
    assert bench.full == ["the line to the database has failed"]


def test_a_reservation_stands_in_the_journal_only_once_it_is_made(bench: Bench) -> None:
    bench.store.refused = {"refused": w.ReserveRefusal.STOP_LISTED}
    bench.reserve(1, "made", "refused")
    bench.until(lambda: bench.of(fx.Committed))
    bench.save(2)
    bench.until(lambda: len(bench.of(fx.Committed)) == 2)
    assert bench.file.kept[1] == (_reserve("made"),)
    assert bench.store.commits[0][-1] == w.Journalled("1:a", 1)


def test_a_reservation_is_given_up_when_the_database_does_not_answer(bench: Bench) -> None:
    bench.store.fault = StoreFault("gone", "wait")
    bench.reserve(1, "a")
    bench.until(lambda: bench.of(fx.CommitFailed))
    assert bench.of(fx.StoreAway)
    assert bench.file.kept == {}
    bench.save(2)
    bench.is_back()
    bench.until(lambda: bench.of(fx.Committed))
    assert notes(bench.store.commits) == ["2"]


def test_a_database_that_says_nothing_for_a_second_is_away(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.reserve(1, "under way")
    assert bench.store.inside.wait(PATIENCE_S)
    bench.reserve(2, "waits")
    bench.clock.now = 0.9
    bench.line.look()
    assert bench.told == []
    bench.clock.now = 1.0
    bench.line.look()
    assert [type(item) for item in bench.told] == [fx.CommitFailed, fx.StoreAway]
    bench.reserve(3, "late")
    assert [item.batch for item in bench.of(fx.CommitFailed)] == [2, 3]
    bench.store.gate.set()
    bench.until(lambda: bench.of(fx.StoreBack))
    assert [item.batch for item in bench.of(fx.Committed)] == [1]


def test_reads_are_answered_at_once_while_the_database_is_away(bench: Bench) -> None:
    bench.fails()
    bench.line.put(fx.LoadDue("m", 5, frozenset()))
    bench.line.put(fx.LoadHistory("a", "c"))
    bench.line.put(fx.Reload())
    bench.line.put(fx.Reload())
    assert bench.of(fx.DueLoaded) == [fx.DueLoaded("m", (), 5, None, None)]
    bench.is_back()
    bench.until(lambda: bench.of(fx.Reloaded))
    assert not bench.of(fx.HistoryLoaded)
    assert len(bench.of(fx.Reloaded)) == 1


def test_a_read_that_fails_is_a_loss_too(bench: Bench) -> None:
    bench.store.fault = StoreFault("gone", "wait")
    bench.line.put(fx.LoadDue("m", 5, frozenset()))
    bench.until(lambda: bench.of(fx.DueLoaded))
    assert [type(item) for item in bench.told] == [fx.StoreAway, fx.DueLoaded]


def test_what_waits_is_saved_once_and_in_order_when_the_database_is_back(bench: Bench) -> None:
    bench.fails(1)
    for batch in range(2, 30):
        bench.save(batch)
    bench.is_back()
    bench.until(lambda: len(bench.of(fx.Committed)) == 29)
    assert notes(bench.store.commits) == [str(batch) for batch in range(1, 30)]


def test_the_floor_is_told_what_is_safe_in_the_journal(bench: Bench) -> None:
    bench.fails(1)
    bench.save(2)
    bench.line.sync()
    bench.line.sync()
    assert bench.of(fx.Kept) == [fx.Kept(2)]
    assert bench.file.syncs == 1
    bench.save(3)
    bench.line.sync()
    assert bench.of(fx.Kept)[-1] == fx.Kept(3)


def test_a_full_disk_stops_dialling_though_the_database_is_well(bench: Bench) -> None:
    bench.file.full = True
    bench.save(1)
    bench.until(lambda: bench.of(fx.Committed))
    assert "No space" in bench.of(fx.StoreAway)[0].reason
    bench.reserve(2, "a")
    assert bench.of(fx.CommitFailed)
    bench.line.sync()
    assert not bench.of(fx.Kept)
    bench.file.full = False
    bench.line.look()
    assert bench.of(fx.StoreBack)
    assert sorted(bench.file.kept) == [1]


def test_more_than_the_bound_is_not_taken(bench: Bench) -> None:
    small = Bench(backlog_max=3)
    for batch in range(1, 6):
        small.save(batch)
    assert len(small.full) == 2
    assert sorted(small.file.kept) == [1, 2, 3]
    assert small.line.waiting == 3


def test_the_lease_goes_before_everything_that_waits(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.save(1)
    assert bench.store.inside.wait(PATIENCE_S)
    order: list[int] = []
    bench.save(2)
    bench.line.call(lambda: order.append(len(bench.store.commits)))
    bench.store.gate.set()
    bench.until(lambda: len(bench.of(fx.Committed)) == 2)
    assert order == [1]


def test_a_lost_lease_is_told(bench: Bench) -> None:
    bench.store.stale = True
    bench.save(1)
    bench.until(lambda: bench.of(fx.LeaseLost))


def test_an_end_saves_what_waits(bench: Bench) -> None:
    bench.store.gate.clear()
    bench.save(1)
    bench.save(2)
    bench.store.gate.set()
    bench.line.close()
    assert notes(bench.store.commits) == ["1", "2"]
    assert bench.file.closed is True


def test_an_end_without_a_database_leaves_the_journal_to_the_next_life(bench: Bench) -> None:
    bench.fails(1)
    bench.save(2)
    bench.line.close()
    assert bench.file.closed is False
    assert sorted(bench.file.kept) == [1, 2]


class _Left:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.is_done = self.is_aside = self.released = False

    def pages(self) -> list[Pages]:
        return [self._pages]

    def done(self) -> None:
        self.is_done = True

    def set_aside(self) -> None:
        self.is_aside = True

    def release(self) -> None:
        self.released = True


class _Folder:
    def __init__(self, *left: _Left) -> None:
        self._left = left

    def left(self, _floor: str) -> tuple[_Left, ...]:
        return self._left


def test_the_next_life_applies_what_the_last_one_left(bench: Bench) -> None:
    good, bad = (w.SetNote("c", "good"),), (w.SetNote("bad", "bad"),)
    lines = tuple(Kept(place, NOON, bad if place == 2 else good) for place in (1, 2, 3))
    left = _Left(Pages(LIFE, lines, 0))
    torn = _Left(Pages(None, (), 0))
    folder: Any = _Folder(left, torn)
    bench.line.apply_left(folder)
    assert [one.place for one in bench.store.applied if one.writes] == [1, 3]
    # What the tables refuse is left out, and its place is marked as done with.
    assert [one.place for one in bench.store.applied if not one.writes] == [2]
    assert left.is_done
    assert left.released
    assert torn.is_done


def test_a_journal_that_cannot_be_applied_stays(bench: Bench) -> None:
    def away(*_: object, **__: object) -> int:
        raise StoreFault("gone", "wait")

    bench.store.apply = away  # type: ignore[method-assign]
    left = _Left(Pages(LIFE, (Kept(1, NOON, ()),), 0))
    folder: Any = _Folder(left)
    with pytest.raises(StoreFault):
        bench.line.apply_left(folder)
    assert not left.is_done
    assert left.released


def test_a_journal_of_which_something_cannot_be_read_is_set_aside_for_a_person(
    bench: Bench,
) -> None:
    left = _Left(Pages(LIFE, (Kept(1, NOON, ()), Kept(3, NOON, ())), 1))
    folder: Any = _Folder(left)
    bench.line.apply_left(folder)
    assert [one.place for one in bench.store.applied] == [1, 3]
    assert (left.is_done, left.is_aside, left.released) == (False, True, True)
