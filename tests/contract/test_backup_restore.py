"""A copy made at work can be put back; what is put back dials nobody until it knows what it missed."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from contract_house import CountedDice, House, row

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.journal import Life, line_of
from vyzov.dialer.office_records import FactQuery
from vyzov.storage import restore as restoring
from vyzov.storage.backup import check, make_backup, read_stamp
from vyzov.storage.database import open_floor_store
from vyzov.storage.journal_files import FileOfLife, JournalFolder
from vyzov.storage.office import open_office
from vyzov.storage.office_journal import StopJournal
from vyzov.storage.restore import FENCE_LEAP, Restored, World, apply_journals, restore

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "bench"))

from postgres_server import Server

SPAN = timedelta(seconds=6)


@dataclass
class Site:
    """A working floor with a journal, a copy of its database, and where it is put back."""

    house: House
    store: FloorStore
    folder: Path
    file: FileOfLife
    target: Path
    places: int = 0

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def do(self, *writes: w.Write) -> None:
        """Commits a batch as a floor does: with its place, and in the journal."""
        self.places += 1
        result = self.store.commit((*writes, w.Journalled("life-1", self.places)))
        assert not result.refused
        self.file.append(line_of(self.places, self.house.clock.now, writes, self.places))

    def call(self, due: DueContact, *, end: bool = True) -> str:
        """Calls somebody from the reservation to the end."""
        attempt = self.house.dice.new_id()
        reserve = self.house.reserve(due, attempt=attempt)
        self.do(reserve, self.house.in_call(due, attempt), self.house.fact(attempt))
        self.do(w.MarkOriginated(attempt, self.house.clock.now))
        if end:
            self.do(
                self.house.finish(attempt, "answered_human"),
                self.house.fact(attempt, FactKind.FINAL),
                w.SetEntry(due.campaign, due.contact, "closed", None, 1, closed_reason="reached"),
            )
        return attempt

    def back_up(self) -> Path:
        target = self.folder / "copy.backup"
        make_backup(
            self.house.address, target, now=self.house.clock.now, version="1",
            files={"secret.key": b"ab"},
        )  # fmt: skip
        return target

    @property
    def world(self) -> World:
        return World(self.target, self.house.clock, CountedDice(5, 900_000))

    def put_back(self, file: Path, *, was_here: bool = True, journal: bool = True) -> Restored:
        if was_here:
            self.target.write_bytes(b"the database that is lost")
        folders = [self.journal] if journal else []
        return restore(file, self.world, folders, own=self.journal)

    def floor(self, holder: str = "next") -> FloorStore:
        store = open_floor_store(self.target, randomness=CountedDice(6, 1_000_000))
        self.house.opened.append(store)
        at = datetime.now(UTC) + timedelta(days=1)
        assert store.take_lease(self.house.floor, holder, at, SPAN) is not None
        return store


@pytest.fixture
def site(house: House, store: FloorStore, tmp_path: Path) -> Site:
    folder = JournalFolder(tmp_path / "journal", bytes_max=1 << 24)
    began = house.clock.now - timedelta(minutes=1)
    file = folder.begin(Life("life-1", house.organisation, house.floor, 1, began))
    return Site(house, store, tmp_path, file, tmp_path / "new.db")


@pytest.fixture
def postgres_address(postgres: Server) -> Iterator[str]:
    """An empty database on a server."""
    yield postgres.create("restored")
    postgres.drop("restored")


def attempts_in(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT id, state FROM attempt").fetchall())


def test_a_copy_is_whole_and_says_what_it_is(site: Site, due: list[DueContact]) -> None:
    attempt = site.call(due[0])
    copy = site.back_up()
    check(copy)
    stamp = read_stamp(copy)
    assert (stamp.made_at, stamp.version) == (site.house.clock.now, "1")
    assert stamp.files == {"secret.key": b"ab"}
    assert attempts_in(copy) == {attempt: "final"}
    assert copy.stat().st_mode & 0o077 == 0
    with pytest.raises(InvalidRequest, match="There is a"):
        site.back_up()


def test_a_file_that_is_no_copy_is_refused_and_nothing_is_touched(site: Site) -> None:
    strange = site.folder / "strange"
    strange.write_bytes(b"hello")
    with pytest.raises(InvalidRequest, match="no backup"):
        site.put_back(strange)
    assert site.target.read_bytes() == b"the database that is lost"


def test_a_damaged_copy_is_refused(site: Site) -> None:
    copy = site.back_up()
    whole = bytearray(copy.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 8192] = os.urandom(8192)
    copy.write_bytes(whole)
    with pytest.raises((InvalidRequest, StoreFault)):
        site.put_back(copy)


def test_what_is_put_back_dials_nobody(site: Site, due: list[DueContact]) -> None:
    copy = site.back_up()
    site.put_back(copy, journal=False, was_here=False)
    floor = site.floor()
    state = floor.load_floor(site.house.floor)
    assert state.restored_from == site.house.clock.now
    at = datetime.now(UTC) + timedelta(days=1)
    fence = FENCE_LEAP + 2
    refused = site.house.reserve(due[0], fence=fence, at=at, lease_until=at)
    assert floor.commit((refused,)).refused == {refused.attempt: w.ReserveRefusal.QUARANTINE}
    office = open_office(site.target, clock=site.house.clock, randomness=CountedDice(7, 2_000_000))
    stands = office.quarantine(site.house.organisation)
    assert stands is not None
    assert not stands.found.is_whole
    assert office.lift_quarantine(site.house.organisation, by="boss", reason="asked") is not None
    assert office.lift_quarantine(site.house.organisation, by="boss", reason="again") is None
    assert floor.load_floor(site.house.floor).restored_from is None
    assert floor.commit((refused,)).refused == {}
    told = [
        one.fact
        for one in office.facts(site.house.organisation, FactQuery(), limit=1000)
        if one.fact.kind in (FactKind.RESTORED, FactKind.QUARANTINE_LIFTED)
    ]
    assert [fact.kind for fact in told] == [FactKind.RESTORED, FactKind.QUARANTINE_LIFTED]
    assert told[1].data["reason"] == "asked"


def test_whole_journals_of_the_installation_itself_end_the_quarantine(
    site: Site, due: list[DueContact]
) -> None:
    before = site.call(due[0])
    copy = site.back_up()
    after = site.call(due[1])
    site.do(w.AddStop(due[2].number_ref, "asked", "key:9", None, site.house.clock.now))
    done = site.put_back(copy)
    assert done.lifted
    assert done.aside is not None
    assert done.aside.read_bytes() == b"the database that is lost"
    assert (done.found.attempts, done.found.stops) == (1, 1)
    assert attempts_in(site.target) == {before: "final", after: "final"}
    floor = site.floor()
    left = {one.contact for one in floor.due(due[0].campaign, site.house.clock.now, 50, ())}
    assert not left & {due[0].contact, due[1].contact}
    stopped = floor.contact(due[2].campaign, due[2].contact)
    assert stopped is not None
    assert stopped.stop_listed


def test_nobody_who_was_called_since_is_called_again(site: Site, due: list[DueContact]) -> None:
    copy = site.back_up()
    open_one = site.call(due[0], end=False)
    done = site.put_back(copy)
    assert done.unknown == 1
    assert attempts_in(site.target) == {open_one: "unknown"}
    floor = site.floor()
    again = floor.contact(due[0].campaign, due[0].contact)
    assert again is not None
    assert (again.state, again.attempts_made, again.last_outcome) == ("closed", 1, "unknown")
    assert not floor.load_floor(site.house.floor).open_attempts


def test_journals_of_another_place_are_applied_and_a_manager_decides(
    site: Site, due: list[DueContact]
) -> None:
    copy = site.back_up()
    after = site.call(due[0])
    site.file.close(settled=True)
    found_later = site.folder / "found"
    site.journal.rename(found_later)
    done = site.put_back(copy, was_here=False)
    assert not done.lifted
    assert done.found.gaps
    found = apply_journals(site.world, [site.journal, found_later])
    assert (found.attempts, found.gaps) == (1, ())
    assert attempts_in(site.target) == {after: "final"}
    assert site.floor().load_floor(site.house.floor).restored_from is not None


def test_an_older_part_of_a_journal_found_after_a_newer_one_is_not_lost(
    site: Site, due: list[DueContact]
) -> None:
    copy = site.back_up()
    first, second = site.call(due[0]), site.call(due[1])
    site.file.close(settled=True)
    (path,) = site.journal.glob("*/*.jsonl")
    head, *lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([head, *lines[3:]]))
    older = site.folder / "found" / "floor" / "0.jsonl"
    older.parent.mkdir(parents=True)
    older.write_bytes(b"".join([head, *lines[:3]]))
    done = site.put_back(copy)
    assert done.found.gaps
    assert attempts_in(site.target) == {second: "final"}
    nothing_more = apply_journals(site.world, [site.journal])
    assert nothing_more.gaps
    found = apply_journals(site.world, [older.parent.parent])
    assert attempts_in(site.target) == {first: "final", second: "final"}
    found = apply_journals(site.world, [site.journal, older.parent.parent])
    assert (found.attempts, found.gaps) == (2, ())
    floor = site.floor()
    for one in due[:2]:
        entry = floor.contact(one.campaign, one.contact)
        assert entry is not None
        assert (entry.state, entry.attempts_made) == ("closed", 1)


def test_a_journal_with_a_line_missing_is_told_and_keeps_the_quarantine(
    site: Site, due: list[DueContact]
) -> None:
    copy = site.back_up()
    for one in due[:3]:
        site.call(one)
    site.file.close(settled=True)
    (path,) = site.journal.glob("*/*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    done = site.put_back(copy)
    assert not done.lifted
    assert "lines" in done.found.gaps[0]


def test_a_restore_broken_off_leaves_nothing_that_dials(
    site: Site, due: list[DueContact], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = site.back_up()

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_organisations", power_cut)
        with pytest.raises(KeyboardInterrupt):
            site.put_back(copy)
    assert site.target.read_bytes() == b"the database that is lost"
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "apply_journals", power_cut)
        with pytest.raises(KeyboardInterrupt):
            site.put_back(copy)
    assert site.floor().load_floor(site.house.floor).restored_from is not None
    assert not list(site.target.parent.glob(".new.db*"))


def test_a_second_restore_leaps_over_the_fences_since_the_first(
    site: Site, due: list[DueContact]
) -> None:
    copy = site.back_up()
    site.call(due[0])
    site.put_back(copy)
    house = site.house
    folder = JournalFolder(site.journal, bytes_max=1 << 24)
    began = house.clock.now - SPAN
    folder.begin(Life("life-9", house.organisation, house.floor, FENCE_LEAP + 2, began))
    done = site.put_back(copy)
    assert done.found.gaps == (f"floor {house.floor}: no journal of holders 2 to {FENCE_LEAP + 1}",)
    with closing(sqlite3.connect(site.target)) as connection:
        assert connection.execute("SELECT epoch FROM floor_lease").fetchone() == (
            2 * FENCE_LEAP + 1,
        )


def test_a_holder_without_a_journal_is_told(site: Site, due: list[DueContact]) -> None:
    copy = site.back_up()
    site.call(due[0])
    house = site.house
    folder = JournalFolder(site.journal, bytes_max=1 << 24)
    folder.begin(Life("life-3", house.organisation, house.floor, 3, house.clock.now - SPAN))
    done = site.put_back(copy)
    assert done.found.gaps == (f"floor {house.floor}: no journal of holder 2",)


def test_who_was_called_from_a_list_the_copy_does_not_know_is_told(site: Site) -> None:
    copy = site.back_up()
    made = site.house.campaign([row(40), row(41)])
    site.call(site.house.due(site.store, made.id)[0])
    done = site.put_back(copy)
    assert done.found.left_out > 0
    assert not done.lifted


def test_a_number_typed_into_the_stop_list_after_the_copy_is_stopped(
    site: Site, due: list[DueContact]
) -> None:
    copy = site.back_up()
    house = site.house
    stops = StopJournal(
        JournalFolder(site.journal, bytes_max=1 << 24), house.clock, CountedDice(8, 3_000_000)
    )
    house.office.keep_stops(stops)  # type: ignore[attr-defined]
    house.clock.go_on(seconds=-5)
    house.office.add_stop(house.organisation, due[1].e164, reason="asked", source="manual")
    stops.close()
    house.clock.go_on(seconds=5)
    site.put_back(copy)
    stopped = site.floor().contact(due[1].campaign, due[1].contact)
    assert stopped is not None
    assert stopped.stop_listed


def test_nobody_is_signed_in_and_every_fence_is_new(site: Site, due: list[DueContact]) -> None:
    copy = site.back_up()
    site.put_back(copy)
    with closing(sqlite3.connect(site.target)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM web_session").fetchone() == (0,)
        lease = connection.execute("SELECT epoch, lease_until FROM floor_lease").fetchone()
    assert lease == (FENCE_LEAP + 1, "1970-01-01T00:00:00.000000Z")


def test_a_copy_can_be_put_back_into_the_store_it_came_from(
    site: Site, due: list[DueContact], postgres_address: str
) -> None:
    attempt = site.call(due[0])
    copy = site.back_up()
    world = World(postgres_address, site.house.clock, CountedDice(5, 900_000))
    restore(copy, world, [site.journal], own=site.journal)
    store = open_floor_store(postgres_address, randomness=CountedDice(6, 1_000_000))
    site.house.opened.append(store)
    at = datetime.now(UTC) + timedelta(days=1)
    assert store.take_lease(site.house.floor, "next", at, SPAN) == FENCE_LEAP + 2
    assert [one.attempt for one in store.history(due[0].contact)] == [attempt]
    store.commit((site.house.fact("later"),))
    with pytest.raises(InvalidRequest, match="in use"):
        restore(copy, world, [], own=site.journal)
