"""Asking many things at once: the same answers as one by one, and all or nothing of it."""

from collections.abc import Iterator

import pytest
from contract_house import House, row

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.office_records import FactQuery
from vyzov.storage.database import open_session
from vyzov.storage.postgres import PostgresSession
from vyzov.storage.session import Ask, Session, Steps, Told, abreast, run_steps
from vyzov.storage.write_lanes import lanes_of, turns_of


@pytest.fixture
def session(house: House) -> Iterator[Session]:
    with open_session(house.address) as session:
        yield session


def mark(house: House, life: str, place: int) -> dict[str, object]:
    return {
        "organisation": house.organisation, "life": life, "floor": house.floor, "epoch": 1,
        "place": place,
    }  # fmt: skip


def ask_mark(house: House, life: str) -> Ask:
    return Ask("journal", "mark", {"organisation": house.organisation, "life": life})


# ---- a session -----------------------------------------------------------------------------------


def test_what_is_asked_at_once_is_answered_in_the_order_of_the_questions(
    house: House, session: Session
) -> None:
    with session.writing():
        told = session.run_all(
            [
                ask_mark(house, "a"),
                Ask("journal", "set_mark", mark(house, "a", 7)),
                ask_mark(house, "a"),
                Ask("journal", "set_mark", mark(house, "a", 3)),
                ask_mark(house, "b"),
            ]
        )
    assert [len(one.rows) for one in told] == [0, 0, 1, 0, 0]
    assert told[0].first is None
    assert told[2].first["place"] == 7
    assert [told[1].rowcount, told[3].rowcount] == [1, 0], "a lower place leaves the row alone"


@pytest.mark.parametrize("beside", [0, 1])
def test_a_statement_of_many_rows_tells_how_many_it_changed(
    house: House, session: Session, beside: int
) -> None:
    rows = [mark(house, "a", 5), mark(house, "a", 4), mark(house, "b", 2)]
    with session.writing():
        told = session.run_all(
            [Ask("journal", "set_mark", {}, rows), *[ask_mark(house, "b")] * beside]
        )
    assert told[0] == Told((), 2)
    assert [one.first["place"] for one in told[1:]] == [2] * beside


def test_of_things_asked_at_once_a_bad_one_undoes_all(house: House, session: Session) -> None:
    with pytest.raises(InvalidRequest, match="breaks a rule"), session.writing():
        session.run_all(
            [
                Ask("journal", "set_mark", mark(house, "a", 7)),
                Ask("journal", "set_mark", {**mark(house, "b", 7), "place": None}),
                Ask("journal", "set_mark", mark(house, "c", 7)),
            ]
        )
    with session.reading():
        told = session.run_all([ask_mark(house, life) for life in "abc"])
    assert [one.first for one in told] == [None] * 3


# ---- steps ---------------------------------------------------------------------------------------


def walk(name: str, rounds: int, heard: list[str]) -> Steps[None]:
    for number in range(rounds):
        [told] = yield [Ask("", f"{name}{number}", {})]
        heard.append(f"{name}{number}={told.rowcount}")


def test_lanes_go_abreast_and_each_hears_its_own_answers() -> None:
    heard: list[str] = []
    ways: list[list[str]] = []

    def answer(asked: list[Ask]) -> list[Told]:
        ways.append([one.name for one in asked])
        return [Told((), sum(map(len, ways)) - len(asked) + place) for place in range(len(asked))]

    lanes = [walk(name, rounds, heard) for name, rounds in (("a", 1), ("b", 3), ("c", 0), ("d", 2))]
    run_steps(answer, abreast(lanes))  # type: ignore[arg-type]
    assert ways == [["a0", "b0", "d0"], ["b1", "d1"], ["b2"]]
    assert heard == ["a0=0", "b0=1", "d0=2", "b1=3", "d1=4", "b2=5"]


# ---- which writes go side by side ----------------------------------------------------------------


def entry(contact: str, attempt: str | None = None) -> w.SetEntry:
    return w.SetEntry("campaign", contact, "due", None, 1, attempt=attempt)


def ended(house: House, attempt: str) -> w.FinishAttempt:
    return house.finish(attempt)


def test_writes_of_one_attempt_contact_number_or_person_stand_in_one_lane(house: House) -> None:
    at = house.clock.now
    batch: list[w.Write] = [
        ended(house, "a"),
        entry("anna"),
        ended(house, "b"),
        entry("boris", "b"),
        w.AddStop("ref-1", "key", "key:9", "a", at),
        w.SetWish("op", "pause", "", at),
        w.AddDisposition("d", "a", "anna", "op", "sale", at),
        w.SetDevice("op", "phone", at),
    ]
    lanes = [[batch.index(write) for write in lane] for lane in lanes_of(batch)]
    assert lanes == [[0, 1, 4, 6], [2, 3], [5, 7]]


def test_a_reservation_waits_for_what_was_ended_or_stopped_before_it(
    house: House, due: list[DueContact]
) -> None:
    first, second, third = (house.reserve(one) for one in due[:3])
    stop = w.SetEmergencyStop(house.organisation, None)
    batch: list[w.Write] = [
        first, ended(house, first.attempt), house.fact(None), second, stop, third,
    ]  # fmt: skip
    assert turns_of(batch) == [[first, ended(house, first.attempt)], [second], [stop], [third]]


def test_a_batch_that_stops_all_calling_reserves_nobody_behind_it(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    before, behind = house.reserve(due[0]), house.reserve(due[1])
    stop = w.SetEmergencyStop(house.organisation, house.clock.now)
    told = store.commit((before, stop, behind, house.fact(behind.attempt)))
    assert told.refused == {behind.attempt: w.ReserveRefusal.EMERGENCY_STOP}
    assert told.seqs == ()


def test_a_number_stopped_in_a_batch_is_not_reserved_behind_it(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    stopped = w.AddStop(due[0].number_ref, "asked", "operator", None, house.clock.now)
    reserve = house.reserve(due[0])
    told = store.commit((stopped, reserve, house.reserve(due[1])))
    assert told.refused == {reserve.attempt: w.ReserveRefusal.STOP_LISTED}


def test_a_contact_reserved_twice_in_a_batch_is_called_once(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    first, again = house.reserve(due[0]), house.reserve(due[0], number=2)
    told = store.commit((first, again, house.in_call(due[0], first.attempt)))
    assert told.refused == {again.attempt: w.ReserveRefusal.CONTACT_LIVE}


# ---- facts ---------------------------------------------------------------------------------------


def test_facts_of_a_batch_stand_in_its_order_and_known_ones_take_no_place(
    house: House, store: FloorStore
) -> None:
    store.commit((house.fact("b"),))
    told = store.commit(tuple(house.fact(name) for name in "cbada"))
    assert len(told.seqs) == 3
    kept = [
        (one.fact.attempt, one.seq)
        for one in house.office.facts(house.organisation, FactQuery())
        if one.floor_id == house.floor
    ]
    assert [attempt for attempt, _ in kept] == ["b", "c", "a", "d"]
    assert tuple(seq for _, seq in kept[1:]) == told.seqs


def test_a_fact_that_two_floors_tell_at_once_is_begun_anew(
    postgres_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer's fact is committed between our look and our insert."""
    house = postgres_house
    store, whole = house.store(), PostgresSession.run_all
    looked = 0
    fact = house.fact("a").fact

    def slow(self: PostgresSession, asked: list[Ask]) -> list[Told]:
        nonlocal looked
        answers = whole(self, asked)
        if any(one.name == "known_facts" for one in asked):
            looked += 1
            if looked == 1:
                house.office.append_facts(house.organisation, [fact])
        return answers

    monkeypatch.setattr(PostgresSession, "run_all", slow)
    told = store.commit((house.fact("a"), house.fact("b")))
    assert looked == 2
    assert len(told.seqs) == 1, "one was known the second time"


# ---- ways ----------------------------------------------------------------------------------------


def test_a_commit_goes_to_the_server_as_often_however_much_is_in_it(
    postgres_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = postgres_house
    store = house.store()
    found = house.due(store, house.campaign([row(n) for n in range(2, 32)]).id)
    store.commit((house.fact("first"),))
    whole, ways = PostgresSession.run_all, list[int]()

    def counted(self: PostgresSession, asked: list[Ask]) -> list[Told]:
        ways[-1] += 1
        return whole(self, asked)

    monkeypatch.setattr(PostgresSession, "run_all", counted)
    for called in (found[:1], found[1:]):
        attempts = [house.dice.new_id() for _ in called]
        begun: list[w.Write] = []
        over: list[w.Write] = []
        for one, attempt in zip(called, attempts, strict=True):
            begun += [
                house.reserve(one, attempt=attempt),
                house.in_call(one, attempt),
                house.fact(attempt),
            ]
            over += [
                house.finish(attempt),
                entry(one.contact),
                house.fact(attempt, FactKind.FINAL),
            ]
        for batch in (begun, over):
            ways.append(0)
            assert not store.commit(tuple(batch)).refused
    assert ways == [6, 5, 6, 5]
