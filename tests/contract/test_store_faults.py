"""What a floor's store does when its database is locked, full or gone, and other rare sides of it."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from contract_house import SPAN, CountedDice, House, TestClock

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import FactQuery, NewUser, Role, TrunkSettings, UserChange
from vyzov.storage.connections import engine_of, open_connection
from vyzov.storage.database import open_floor_store
from vyzov.storage.migrate import migrate, migrate_engine
from vyzov.storage.office import SqlOffice, open_office
from vyzov.storage.sqlite import SqliteSession, SqliteStore


def test_a_database_that_is_locked_is_a_fault_and_the_batch_may_be_sent_again(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    monkeypatch.setattr("vyzov.storage.connections.PRAGMAS", ("busy_timeout = 20",))
    store = house.store()
    due = house.due(store, house.campaign().id)[0]
    batch = (house.reserve(due),)
    with closing(sqlite3.connect(house.path, isolation_level=None)) as greedy:
        greedy.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreFault, match="locked"):
            store.commit(batch)
        greedy.execute("ROLLBACK")
    assert store.commit(batch).refused == {}


def test_a_closed_store_is_a_fault_not_a_crash(house: House) -> None:
    store = house.store()
    store.close()
    with pytest.raises(StoreFault, match="did not answer"):
        store.commit(())
    with pytest.raises(StoreFault, match="did not answer"):
        house.due(store, "any")


def test_a_full_disk_loses_the_batch_and_says_so(sqlite_house: House) -> None:
    house = sqlite_house
    store = house.store()
    assert isinstance(store, SqliteStore)
    assert isinstance(store._session, SqliteSession)
    connection = store._session.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    told = tuple(
        house.fact(None, FactKind.DIGIT, dedupe=str(n), data={"x": "y" * 900}) for n in range(500)
    )
    with pytest.raises(StoreFault, match="full"):
        store.commit(told)
    connection.execute("PRAGMA max_page_count = 1000000")
    assert house.office.facts(house.organisation, FactQuery(kinds=("digit",))) == ()
    assert len(store.commit(told).seqs) == 500


def test_a_contact_is_read_under_a_lease_only(house: House) -> None:
    with pytest.raises(StoreFault, match="without its lease"):
        house.another_store().contact("any", "any")


def test_the_floor_sees_active_trunks_and_people_who_may_sign_in(house: House) -> None:
    office, mine = house.office, house.organisation
    active = office.create_trunk(mine, TrunkSettings("A", "127.0.0.1", password="p"))
    office.create_trunk(mine, TrunkSettings("B", "127.0.0.2", active=False))
    gone = office.create_user(mine, NewUser("gone", "Gone", Role.OPERATOR, "h"))
    office.change_user(mine, gone.id, UserChange(disabled=True))
    state = house.store().load_floor(house.floor)
    assert state.trunks == (active,)
    assert [agent.id for agent in state.agents] == [house.administrator]


def test_due_stops_at_its_limit_without_asking_for_more(house: House) -> None:
    store = house.store()
    campaign = house.campaign().id
    fresh = house.due(store, campaign)
    at = house.clock.now
    store.commit(tuple(w.SetEntry(campaign, item.contact, "callback", at, 1) for item in fresh[:2]))
    assert [item.contact for item in house.due(store, campaign, limit=1)] == [fresh[0].contact]


def test_an_emergency_stop_written_by_the_floor_is_everybodys(house: House) -> None:
    store = house.store()
    store.commit((w.SetEmergencyStop(house.organisation, house.clock.now),))
    stopped = store.load_floor(house.floor).organisation.emergency_stop_at
    assert stopped == house.clock.now


def test_promises_are_found_by_campaign_and_agent(house: House) -> None:
    store = house.store()
    campaign = house.campaign().id
    due = house.due(store, campaign)
    at = house.clock.now
    store.commit(
        (
            w.AddCallback("late", campaign, due[0].contact, at + timedelta(hours=2), "anna", at),
            w.AddCallback("soon", campaign, due[1].contact, at + timedelta(hours=1), None, at),
        )
    )
    office, mine = house.office, house.organisation
    assert [item.id for item in office.callbacks(mine)] == ["soon", "late"]
    assert [item.id for item in office.callbacks(mine, agent_id="anna")] == ["late"]
    assert office.callbacks(mine, campaign_id="none") == ()
    assert [
        item.contact_name for item in office.callbacks(mine, campaign_id=campaign, limit=1)
    ] == [due[1].name]


def test_a_change_of_nothing_changes_nothing(house: House) -> None:
    before = house.office.user(house.organisation, house.administrator)
    after = house.office.change_user(house.organisation, house.administrator, UserChange())
    assert after == before


def test_a_campaign_needs_somebody_to_call_for() -> None:
    connection = open_connection(":memory:")
    migrate_engine(engine_of(connection))
    connection.execute(
        "INSERT INTO organisation (id, name, number_salt, created_at)"
        " VALUES ('o', 'O', '00', '2026')"
    )
    office = SqlOffice(
        ":memory:", clock=TestClock(), randomness=CountedDice(), connection=connection
    )
    with pytest.raises(InvalidRequest, match="no principal yet"):
        office.create_campaign("o", name="x", settings={"mode": "m", "purpose": "p"})
    connection.close()


def test_the_floor_and_the_office_work_on_one_database_in_memory() -> None:
    connection = open_connection(":memory:")
    migrate_engine(engine_of(connection))
    connection.execute(
        "INSERT INTO organisation (id, name, number_salt, created_at) VALUES ('o', 'O', '00', ?)",
        ("2026-01-01T00:00:00Z",),
    )
    connection.execute("INSERT INTO floor VALUES ('f', 'o', 'F', '2026')")
    clock, dice = TestClock(), CountedDice()
    store = SqliteStore(":memory:", randomness=dice, connection=connection)
    assert store.take_lease("f", "me", clock.now, SPAN) == 1
    office = SqlOffice(":memory:", clock=clock, randomness=dice, connection=connection)
    office.set_emergency_stop("o", clock.now)
    assert store.load_floor("f").organisation.emergency_stop_at == clock.now
    store.close()


def test_both_doors_open_by_an_address(house: House) -> None:
    migrate(house.address)
    office = open_office(house.address, clock=house.clock, randomness=house.dice)
    assert office.floors(house.organisation) == (house.floor,)
    store = open_floor_store(house.address, randomness=house.dice)
    assert store.take_lease(house.floor, "x", house.clock.now, SPAN) == 1
    store.close()
    assert isinstance(office, SqlOffice)
    office.close()
