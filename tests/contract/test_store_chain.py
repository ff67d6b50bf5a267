"""Facts as the stores chain them: without gaps, bound to their epoch, provable from the export."""

import json
from pathlib import Path

import pytest
from contract_house import House

from vyzov.core.chain import Stream
from vyzov.core.chain_proof import Proof, Why, prove
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.storage.anchors import AnchorBook, anchor_line, heads
from vyzov.storage.chain import chain_the_rest
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_session
from vyzov.storage.export import fact_lines


def proof_of(house: House) -> Proof:
    return prove(fact_lines(house.address), heads(house.address))


def facts(house: House, *names: str) -> tuple[w.AppendFact, ...]:
    return tuple(house.fact(None, FactKind.AGENT_STATE, dedupe=name) for name in names)


def two_epochs(house: House) -> None:
    """A floor that changed hands, its first holder telling more afterwards, and an office."""
    first = house.store("first")
    first.commit(facts(house, "a1", "a2"))
    house.office.add_stop(house.organisation, "+70005550101", reason="asked", source="manual")
    first.release_lease(house.floor, "first", house.clock.now)
    second = house.store("second")
    second.commit(facts(house, "b1"))
    first.commit(facts(house, "a3"))
    second.commit((w.AppendFact(facts(house, "a4")[0].fact, epoch=1), *facts(house, "b2")))


def edit(house: House, *statements: str) -> None:
    """Somebody with the password of the database writes into it."""
    engine = open_engine(house.address, writes=True)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_facts_of_two_holders_of_a_floor_and_of_the_office_prove_themselves(house: House) -> None:
    two_epochs(house)
    proof = proof_of(house)
    assert proof.finding is None
    assert proof.late == 2
    places = {head.stream: head.place for head in proof.heads}
    office, first, second = (
        Stream(house.organisation, floor, epoch)
        for floor, epoch in (("", 0), (house.floor, 1), (house.floor, 2))
    )
    assert (places[first], places[second]) == (4, 2)
    assert places[office] >= 1
    stands_on = {head.stream: head.after for head in proof.heads}
    assert stands_on[first] == stands_on[office] == ""
    assert stands_on[second].startswith("1:2:")


def test_a_fact_told_twice_takes_no_place(house: House) -> None:
    store = house.store()
    store.commit((*facts(house, "x", "x", "y"), *facts(house, "x")))
    assert store.commit(facts(house, "y", "z")).seqs != ()
    proof = proof_of(house)
    assert proof.finding is None
    assert [head.place for head in proof.heads if head.stream.floor] == [3]


def test_a_batch_that_was_taken_back_leaves_no_gap(house: House) -> None:
    store = house.store()
    store.commit(facts(house, "x"))
    broken = w.AddCallback("c", "no campaign", "nobody", house.clock.now, None, house.clock.now)
    with pytest.raises(InvalidRequest):
        store.commit((*facts(house, "lost"), broken))
    store.commit(facts(house, "y"))
    proof = proof_of(house)
    assert proof.finding is None
    assert [head.place for head in proof.heads if head.stream.floor] == [2]


def test_facts_older_than_the_chain_are_taken_into_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vyzov.storage.chain.ROWS_PER_PIECE", 2)
    two_epochs(house)
    before = [json.loads(line) for line in fact_lines(house.address)]
    edit(house, "UPDATE fact SET place = 0, hash = ''", "DELETE FROM fact_head")
    with open_session(house.address) as session:
        assert chain_the_rest(session) == len(before)
        assert chain_the_rest(session) == 0
    assert proof_of(house).finding is None
    after = [json.loads(line) for line in fact_lines(house.address)]
    assert [line["seq"] for line in after] == [line["seq"] for line in before]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE fact SET data = '{\"x\":1}' WHERE dedupe = 'a2'", Why.CHANGED),
        ("UPDATE fact SET at = '2026-01-01T00:00:00.000000Z' WHERE dedupe = 'b1'", Why.CHANGED),
        ("UPDATE fact SET epoch = 7 WHERE dedupe = 'b2'", Why.CHANGED),
        ("DELETE FROM fact WHERE dedupe = 'a2'", Why.MISSING),
        ("DELETE FROM fact WHERE dedupe = 'b2'", Why.CUT_OFF),
        ("UPDATE fact SET seq = seq + 100 WHERE dedupe = 'b2'", Why.CHANGED),
    ],
)
def test_whoever_writes_into_the_database_is_found_out(
    house: House, statement: str, why: Why
) -> None:
    two_epochs(house)
    edit(house, statement)
    finding = proof_of(house).finding
    assert finding is not None
    assert finding.why is why


def test_a_floor_notes_where_its_streams_stand_and_only_what_moved(
    house: House, tmp_path: Path
) -> None:
    two_epochs(house)
    path = tmp_path / "anchors.jsonl"
    book = AnchorBook(house.address, path, house.floor)
    assert book.note(house.clock.now) == 3
    assert book.note(house.clock.now) == 0
    house.store("second").commit(facts(house, "b3"))
    assert book.note(house.clock.now) == 1
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert len(first["heads"]) == 3
    assert [(head["epoch"], head["place"]) for head in second["heads"]] == [(2, 3)]
    assert anchor_line(heads(house.address), house.clock.now).count("hash") == 3
