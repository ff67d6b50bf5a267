"""The store in memory: what is usual stays there until somebody looks, and SQL has the last word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from contract_house import NOON, SPAN, House, row

from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact
from vyzov.storage.memory import MemoryDatabase, MemoryStore
from vyzov.storage.sqlite import SqliteStore

OpenHouse = Callable[[], House]


class Desk:
    """A floor in memory and its database, looked into without a word to either."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.campaign = house.campaign([row(n) for n in range(2, 9)]).id
        database: MemoryDatabase = house.database  # type: ignore[attr-defined]
        self.database = database
        store = house.store()
        assert isinstance(store, MemoryStore)
        self.store = store
        self.due: list[DueContact] = house.due(store, self.campaign)

    def rows(self, table: str) -> list[tuple[object, ...]]:
        found = self.database.connection.execute(f"SELECT * FROM {table}").fetchall()
        return [tuple(one) for one in found]

    def begun(self, due: DueContact) -> tuple[str, w.Batch]:
        reserve = self.house.reserve(due)
        attempt = reserve.attempt
        return attempt, (
            reserve, self.house.in_call(due, attempt), self.house.fact(attempt),
        )  # fmt: skip


@pytest.fixture
def desk(open_memory: OpenHouse) -> Desk:
    return Desk(open_memory())


def test_a_usual_batch_is_in_the_database_once_somebody_looks(desk: Desk) -> None:
    attempt, batch = desk.begun(desk.due[0])
    result = desk.store.commit((*batch, w.Journalled("life-1", 1)))
    assert (desk.database.was_usual, result.refused, len(result.seqs)) == (1, {}, 1)
    assert desk.rows("attempt") == []
    found = desk.store.contact(desk.campaign, desk.due[0].contact)
    assert found is not None
    assert (found.state, found.number_live, found.attempts_made) == ("in_call", True, 1)
    desk.database.write_back()
    assert [one[0] for one in desk.rows("attempt")] == [attempt]
    assert len(desk.rows("fact")) >= 1
    desk.database.write_back()
    assert len(desk.rows("attempt")) == 1


def test_what_is_refused_is_refused_by_sql_and_the_rows_are_read_anew(desk: Desk) -> None:
    _, batch = desk.begun(desk.due[0])
    desk.store.commit(batch)
    again = desk.house.reserve(desk.due[0], number=2)
    assert desk.house.refusal(desk.store, again) is w.ReserveRefusal.CONTACT_IN_CALL
    assert desk.database.was_usual == 1
    assert len(desk.rows("attempt")) == 1
    attempt, batch = desk.begun(desk.due[1])
    desk.store.commit(batch)
    assert desk.database.was_usual == 2
    assert attempt not in {one[0] for one in desk.rows("attempt")}


def test_two_reservations_of_one_contact_in_a_batch_are_not_usual(desk: Desk) -> None:
    first, second = desk.house.reserve(desk.due[0]), desk.house.reserve(desk.due[0], number=2)
    refused = desk.store.commit((first, second)).refused
    assert refused == {second.attempt: w.ReserveRefusal.CONTACT_LIVE}
    assert desk.database.was_usual == 0


def test_a_number_that_is_stopped_in_the_same_batch_is_not_called(desk: Desk) -> None:
    stop = w.AddStop(desk.due[0].number_ref, "key", "call", None, NOON)
    reserve = desk.house.reserve(desk.due[0])
    refused = desk.store.commit((stop, reserve)).refused
    assert refused == {reserve.attempt: w.ReserveRefusal.STOP_LISTED}


def test_a_stop_in_memory_is_seen_at_once_and_keeps_the_id_that_was_drawn(desk: Desk) -> None:
    desk.store.commit((w.AddStop(desk.due[0].number_ref, "key", "call", None, NOON),))
    assert desk.database.was_usual == 1
    drawn = desk.house.dice.new_id()
    desk.database.write_back()
    [stop] = desk.rows("stop_list")
    assert str(stop[0]) < drawn
    assert desk.house.due(desk.store, desk.campaign)[0].stop_listed
    assert desk.house.refusal(desk.store, desk.house.reserve(desk.due[0])) is (
        w.ReserveRefusal.STOP_LISTED
    )


def test_a_change_behind_its_back_is_read(desk: Desk) -> None:
    desk.database.connection.execute("UPDATE campaign SET state = 'paused'")
    refused = desk.house.refusal(desk.store, desk.house.reserve(desk.due[0]))
    assert refused is w.ReserveRefusal.CAMPAIGN_NOT_RUNNING


def test_a_lease_that_is_prolonged_in_memory_permits_and_one_that_is_over_does_not(
    desk: Desk,
) -> None:
    store, floor = desk.store, desk.house.floor
    later = NOON + SPAN - timedelta(seconds=1)
    assert store.renew_lease(floor, "first", later, SPAN)
    late = replace(desk.house.reserve(desk.due[0]), at=NOON + SPAN)
    assert desk.house.refusal(store, late) is None
    too_late = replace(desk.house.reserve(desk.due[1]), at=later + SPAN)
    assert desk.house.refusal(store, too_late) is w.ReserveRefusal.STALE_FENCE
    assert not store.renew_lease(floor, "another", later, SPAN)


def test_a_batch_told_again_is_written_once(desk: Desk) -> None:
    _, batch = desk.begun(desk.due[0])
    told = (*batch, w.Journalled("life-1", 7))
    desk.store.commit(told)
    assert desk.store.commit(told) == w.CommitResult()
    assert desk.database.was_usual == 1
    desk.database.write_back()
    assert len(desk.rows("attempt")) == 1


def test_a_database_that_says_otherwise_than_memory_is_no_quiet_matter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store.commit(desk.begun(desk.due[0])[1])

    def otherwise(_store: SqliteStore, _batch: w.Batch) -> w.CommitResult:
        return w.CommitResult()

    monkeypatch.setattr(SqliteStore, "commit", otherwise)
    with pytest.raises(AssertionError, match="memory said"):
        desk.database.write_back()
    monkeypatch.undo()
    desk.database.write_back()


def test_more_than_memory_keeps_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vyzov.storage.memory.KEPT_MAX", 1)
    desk.store.commit(desk.begun(desk.due[0])[1])
    assert desk.rows("attempt") == []
    desk.store.commit(desk.begun(desk.due[1])[1])
    assert len(desk.rows("attempt")) == 2


def test_a_campaign_that_is_paused_in_memory_calls_nobody(desk: Desk) -> None:
    desk.store.commit((w.SetCampaignState(desk.campaign, "paused", NOON),))
    assert desk.database.was_usual == 1
    refused = desk.house.refusal(desk.store, desk.house.reserve(desk.due[0]))
    assert refused is w.ReserveRefusal.CAMPAIGN_NOT_RUNNING
    both = w.SetCampaignState(desk.campaign, "running", NOON), desk.house.reserve(desk.due[0])
    assert desk.store.commit(both).refused == {}
    assert desk.database.was_usual == 1, "who is called in the same batch is SQL's to say"


def test_a_campaign_that_somebody_paused_is_kept_in_memory_with_their_name(desk: Desk) -> None:
    by = desk.database.connection.execute("SELECT id FROM user_account").fetchone()[0]
    note = w.NoteChange(
        "change-1", NOON, by, "campaign", desk.campaign, {"state": "running"}, {"state": "paused"}
    )
    desk.store.commit((w.SetCampaignState(desk.campaign, "paused", NOON), note))
    assert desk.database.was_usual == 1
    desk.database.write_back()
    assert [one for one in desk.rows("audit_entry") if "change-1" in one] != []
