"""What PostgreSQL needs besides the contract: writers at once, lost connections, addresses, locales."""

import functools
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from contract_house import SPAN, CountedDice, House, row
from postgres_server import Server

from vyzov.core.errors import StoreFault
from vyzov.core.instants import to_text
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import FactQuery
from vyzov.dialer.writes import ReserveRefusal
from vyzov.storage import postgres as pg
from vyzov.storage.address import fits, is_postgres, shown
from vyzov.storage.database import open_floor_store, open_session
from vyzov.storage.migrate import migrate
from vyzov.storage.queries import FOLDER, postgres_queries
from vyzov.storage.session import Ask
from vyzov.storage.sql_store import session_name

SECRET = "s3cret-in-the-address"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def house(postgres_house: House) -> House:
    return postgres_house


@pytest.fixture
def beside(house: House) -> Generator[psycopg.Connection]:
    """Somebody else's connection, in a transaction of its own."""
    with psycopg.connect(str(house.address)) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def watcher(house: House) -> Generator[psycopg.Connection]:
    with psycopg.connect(str(house.address), autocommit=True) as connection:
        yield connection


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


@contextmanager
def waiting(work: Callable[[], object], watcher: psycopg.Connection) -> Generator[Future[object]]:
    """Begins work that has to wait for somebody's lock, and does."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        until(lambda: bool(watcher.execute(WAITING).fetchone() == (1,)))
        assert not future.done()
        yield future
        future.result(timeout=10)


# ---- a reservation and those who forbid it -------------------------------------------------------


FORBIDDING = {
    "UPDATE organisation SET emergency_stop_at = '2026-11-23T12:00:00.000000Z'": (
        ReserveRefusal.EMERGENCY_STOP
    ),
    "UPDATE campaign SET state = 'paused'": ReserveRefusal.CAMPAIGN_NOT_RUNNING,
    "UPDATE campaign_contact SET state = 'closed'": ReserveRefusal.CONTACT_CLOSED,
    "UPDATE floor_lease SET epoch = epoch + 1, holder = 'other'": ReserveRefusal.STALE_FENCE,
    "DELETE FROM contact_phone": ReserveRefusal.CONTACT_UNKNOWN,
}


@pytest.mark.parametrize("change", FORBIDDING)
def test_what_forbids_a_call_and_is_committed_first_is_seen_by_the_reservation(
    house: House, beside: psycopg.Connection, watcher: psycopg.Connection, change: str
) -> None:
    store = house.store()
    due = house.due(store, house.campaign().id)[0]
    beside.execute(change.encode())
    with waiting(lambda: house.refusal(store, house.reserve(due)), watcher) as answer:
        beside.commit()
    assert answer.result() == FORBIDDING[change]


def test_a_number_stopped_while_a_reservation_is_under_way_is_not_dialled(
    house: House, watcher: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = house.store()
    due = house.due(store, house.campaign().id)[0]
    stopped, go = threading.Event(), threading.Event()

    def told(*_said: object) -> None:
        # The entry is written and not committed yet.
        stopped.set()
        assert go.wait(10)

    monkeypatch.setattr(house.office, "_tell_stop", told)
    with ThreadPoolExecutor(1) as pool:
        office = pool.submit(
            house.office.add_stop, house.organisation, due.e164, reason="asked", source="person"
        )
        assert stopped.wait(10)
        with waiting(lambda: house.refusal(store, house.reserve(due)), watcher) as answer:
            go.set()
        office.result(timeout=10)
    assert answer.result() is ReserveRefusal.STOP_LISTED


def test_a_stop_waits_for_reservations_under_way_which_do_not_wait_for_each_other(
    house: House, beside: psycopg.Connection, watcher: psycopg.Connection
) -> None:
    store = house.store()
    due = house.due(store, house.campaign().id)
    beside.execute("SELECT 1 FROM organisation FOR SHARE")  # As another floor's reservation does.
    assert house.refusal(store, house.reserve(due[1])) is None

    def stop() -> None:
        house.office.add_stop(house.organisation, due[0].e164, reason="asked", source="person")

    with waiting(stop, watcher):
        beside.commit()
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.STOP_LISTED


def test_a_lease_that_is_being_prolonged_is_not_taken_away(
    house: House, beside: psycopg.Connection, watcher: psycopg.Connection
) -> None:
    house.store()
    other = house.another_store()
    late = house.clock.now + SPAN
    beside.execute("UPDATE floor_lease SET lease_until = %s", (to_text(late + SPAN),))
    take = functools.partial(other.take_lease, house.floor, "other", late, SPAN)
    with waiting(take, watcher) as taken:
        beside.commit()
        assert taken.result(timeout=10) is None


def test_sums_that_another_process_began_with_first_are_left_to_it(
    house: House, beside: psycopg.Connection, watcher: psycopg.Connection
) -> None:
    house.campaign([row(2, "+70005550101")])
    began = beside.execute(
        "INSERT INTO kpi_mark (organisation_id, floor_id, epoch, place)"
        " SELECT organisation_id, floor_id, epoch, place FROM fact_head WHERE place > 0"
    )
    assert began.rowcount > 0
    with waiting(lambda: house.office.roll_up(house.organisation), watcher):
        beside.commit()
    assert house.office.roll_up(house.organisation) == 0


def test_writers_in_each_others_way_begin_anew_and_nothing_is_lost(
    house: House, beside: psycopg.Connection, watcher: psycopg.Connection
) -> None:
    store = house.store()
    first, second, *_ = sorted(house.due(store, house.campaign().id), key=lambda one: one.contact)
    change = "UPDATE campaign_contact SET position = position WHERE contact_id = %s"
    beside.execute("SET deadlock_timeout = '60s'")  # It is the store that is told to give way.
    beside.execute(change, (second.contact,))
    batch = (house.reserve(second), house.reserve(first), house.fact("told"))
    with waiting(lambda: store.commit(batch), watcher) as answer:
        beside.execute(change, (first.contact,))
        beside.commit()
    found = answer.result()
    assert isinstance(found, w.CommitResult)
    assert (found.refused, len(found.seqs)) == ({}, 1)
    assert len(store.load_floor(house.floor).open_attempts) == 2


def test_writers_that_never_get_through_are_a_fault(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = house.store()

    def clash(*_given: object) -> None:
        raise psycopg.errors.DeadlockDetected("somebody was quicker")

    monkeypatch.setattr(pg.PostgresSession, "run_all", clash)
    with pytest.raises(StoreFault, match="quicker 8 times"):
        store.commit(())


def test_numbers_of_facts_are_drawn_so_no_writer_waits_for_another_stream(
    house: House, beside: psycopg.Connection
) -> None:
    store = house.store()
    with open_session(house.address) as other, other.writing():
        assert other.draw_seqs is not None
        [drawn] = other.draw_seqs(1)
        [seq] = store.commit((house.fact("a"),)).seqs
    assert seq == drawn + 1, "a number that was drawn and not used is a gap, not a wait"


# ---- connections ---------------------------------------------------------------------------------


def cut(watcher: psycopg.Connection) -> None:
    """Ends all other connections to the database, as a server that restarts does."""
    watcher.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_a_connection_that_died_while_idle_is_not_noticed(
    house: House, watcher: psycopg.Connection
) -> None:
    store = house.store()
    campaign = house.campaign().id
    cut(watcher)
    [due, *_] = house.due(store, campaign)
    cut(watcher)
    assert house.refusal(store, house.reserve(due)) is None
    cut(watcher)
    assert [one.id for one in house.office.campaigns(house.organisation)] == [campaign]


def test_a_connection_that_dies_in_a_transaction_loses_all_of_it_and_says_so(
    house: House, watcher: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = house.store()
    due = house.due(store, house.campaign().id)[0]
    batch = (house.reserve(due), house.fact("told"))
    whole = pg.PostgresSession.run_all

    def dying(self: pg.PostgresSession, asked: Sequence[Ask]) -> object:
        if any(one.name == "set_head" for one in asked):
            monkeypatch.undo()
            cut(watcher)
        return whole(self, asked)

    monkeypatch.setattr(pg.PostgresSession, "run_all", dying)
    with pytest.raises(StoreFault, match="did not answer"):
        store.commit(batch)
    assert store.load_floor(house.floor).open_attempts == ()
    assert store.commit(batch).refused == {}
    assert store.commit(batch).seqs == (), "what is sent again is not written again"
    assert len(house.office.facts(house.organisation, FactQuery(kinds=("attempt_reserved",)))) == 1


def test_a_server_that_restarts_is_away_and_comes_back(house: House, postgres: Server) -> None:
    store = house.store()
    due = house.due(store, house.campaign().id)[0]
    postgres.kill()
    try:
        with pytest.raises(StoreFault, match="did not answer"):
            store.commit((house.reserve(due),))
        with pytest.raises(StoreFault, match="did not answer"):
            house.office.organisations()
    finally:
        postgres.start()
    assert house.refusal(store, house.reserve(due)) is None
    assert len(house.office.organisations()) == 1


def test_a_process_stopped_in_a_transaction_gives_the_floor_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg, "IDLE_MS", 300)
    stopped, store = house.store("stopped"), house.another_store()
    later = house.clock.now + SPAN * 2
    lease = {"organisation": house.organisation, "floor": house.floor}
    with open_session(house.address) as session:

        def stand_still() -> None:
            with session.writing():
                session.hold("lease", lease)
                # The other one has to wait for it, and not for long.
                assert store.take_lease(house.floor, "other", later, SPAN) == 2

        with pytest.raises(StoreFault, match="did not answer"):
            stand_still()
    assert stopped.commit((house.fact("late"),)).stale


def test_a_process_asleep_between_two_words_of_a_pipeline_keeps_no_floor(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No time-out of the server's counts there: a floor was not taken over for as long as it slept.
    monkeypatch.setattr(pg, "IDLE_MS", 60_000)
    asleep, store = house.store("asleep"), house.another_store()
    later = house.clock.now + SPAN * 2
    lease = {"organisation": house.organisation, "floor": house.floor}
    with open_session(house.address) as session:
        session.known_as(session_name(house.floor, "asleep"))

        def sleep() -> None:
            with session.writing():
                session.hold("lease", lease)
                time.sleep(1.2)
                assert store.take_lease(house.floor, "other", later, SPAN) == 2

        with pytest.raises(StoreFault, match="did not answer"):
            sleep()
    assert asleep.commit((house.fact("late"),)).stale


def test_a_closed_session_is_not_opened_again(house: House) -> None:
    session = pg.PostgresSession(str(house.address))
    session.close()
    with pytest.raises(StoreFault, match="closed"), session.reading():
        pytest.fail("it was")


# ---- what every connection is given --------------------------------------------------------------


def test_a_commit_is_told_once_it_is_on_the_disk_whatever_the_server_is_set_to(
    house: House, watcher: psycopg.Connection
) -> None:
    watcher.execute("ALTER ROLE vyzov SET synchronous_commit = off")
    try:
        connection = pg.connect(str(house.address))
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        connection.close()
    finally:
        watcher.execute("ALTER ROLE vyzov RESET synchronous_commit")


def test_only_the_server_that_takes_writes_is_taken(
    house: House, watcher: psycopg.Connection
) -> None:
    watcher.execute("ALTER ROLE vyzov SET default_transaction_read_only = on")
    try:
        with pytest.raises(StoreFault, match="read-only"):
            pg.PostgresSession(str(house.address))
    finally:
        watcher.execute("SET default_transaction_read_only = off")
        watcher.execute("ALTER ROLE vyzov RESET default_transaction_read_only")


def test_reads_cannot_write(house: House) -> None:
    with (
        open_session(house.address) as session,
        pytest.raises(StoreFault, match="read-only"),
        session.reading(),
    ):
        session.run("writes", "set_note", {"organisation": "", "contact": "", "text": ""})


def test_a_text_with_nul_is_kept_without_it(house: House) -> None:
    store = house.store()
    due = house.due(store, house.campaign([row(2, name="Anna\0")]).id)[0]
    assert due.name == "Anna\ufffd"
    store.commit((w.SetNote(due.contact, "one\0two"),))
    found = store.contact(due.campaign, due.contact)
    assert found is not None
    assert found.note == "one\ufffdtwo"


def test_every_named_statement_fits_the_tables_of_postgresql(watcher: psycopg.Connection) -> None:
    for path in FOLDER.glob("*.sql"):
        for name, statement in postgres_queries(path.stem).items():
            names = list(dict.fromkeys(_names(statement)))
            for place, parameter in enumerate(names, 1):
                statement = statement.replace(b"%%(%s)s" % parameter, b"$%d" % place)
            watcher.execute(b"PREPARE asked AS " + statement.replace(b"%%", b"%"))
            watcher.execute("DEALLOCATE asked")
            assert name


def _names(statement: bytes) -> list[bytes]:
    return [part.partition(b")s")[0] for part in statement.split(b"%(")[1:]]


# ---- addresses and databases ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://vyzov:{SECRET}@127.0.0.1:1/vyzov",
        f"postgresql://vyzov@127.0.0.1:1/vyzov?password={SECRET}",
        f"postgresql://vyzov:{SECRET}@127.0.0.1:1/vyzov?connect_timeout=never",
        f"postgresql://vyzov:{SECRET}@127.0.0.1:wrong/vyzov",
        f"postgresql://vyzov:{SECRET}@[127.0.0.1/vyzov",
        f"postgresql://vyzov:{SECRET}@127.0.0.1:1/vyzov?nonsense=1",
    ],
)
def test_no_fault_repeats_a_password(address: str) -> None:
    for work in (
        lambda: open_floor_store(address, randomness=CountedDice()),
        lambda: migrate(address),
    ):
        with pytest.raises(StoreFault) as fault:
            work()
        assert "\n" not in str(fault.value)
        told: BaseException | None = fault.value
        while told is not None:
            assert SECRET not in str(told)
            told = told.__cause__
    assert SECRET not in shown(address)
    assert "127.0.0.1" in shown(address)


def test_an_address_is_told_from_a_path() -> None:
    assert is_postgres("postgres://me@db/x")
    assert not is_postgres("/srv/postgresql/vyzov.db")
    assert shown("/srv/vyzov.db") == "/srv/vyzov.db"
    assert fits("postgresql://db/x")
    assert not fits("postgresql://db/")
    assert not fits("vyzov.db")


def test_a_database_that_sorts_by_a_language_is_refused(postgres: Server) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        )
    try:
        with pytest.raises(StoreFault, match="LOCALE 'C'"):
            migrate(postgres.url_of("sorted"))
    finally:
        postgres.drop("sorted")


# ---- what the server knows of young tables ---------------------------------------------------------


def test_a_table_that_doubled_is_looked_at_so_no_plan_reads_all_of_it(
    house: House, watcher: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that knows nothing of a table may find one row of it by reading all."""
    known = "SELECT CAST(reltuples AS int) FROM pg_class WHERE relname = 'fact'"
    watcher.execute("TRUNCATE fact")
    watcher.execute("VACUUM fact")
    monkeypatch.setattr(pg, "FIRST_LOOK", 4)
    store = house.store()
    for number in range(3):
        store.commit(tuple(house.fact(f"{number}-{one}") for one in range(100)))
    assert watcher.execute(known).fetchone() == (300,), "the lease was the first of four writes"
    with monkeypatch.context() as small:
        small.setattr(pg, "LOOK_BYTES_MAX", 1)
        for number in range(3, 9):
            store.commit(tuple(house.fact(f"{number}-{one}") for one in range(100)))
    assert watcher.execute(known).fetchone() == (300,), "a large one is left to the server"
