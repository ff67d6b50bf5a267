"""The files that need no Vyzov to be read."""

import csv
import json
from pathlib import Path

import pytest
from contract_house import House, row

from vyzov.core.errors import StoreFault
from vyzov.core.facts import FactKind, from_json
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import FactQuery
from vyzov.storage import export
from vyzov.storage.export import CALL_COLUMNS, export_calls, export_facts


def a_day(house: House) -> list[str]:
    """A called list; returns the ids of its attempts in order."""
    campaign = house.campaign([row(n, name=f"Анна {n}") for n in range(2, 7)]).id
    store = house.store()
    made: list[str] = []
    for due in house.due(store, campaign):
        reserve = house.reserve(due)
        made.append(reserve.attempt)
        store.commit(
            (
                reserve,
                house.fact(reserve.attempt),
                house.fact(reserve.attempt, FactKind.FINAL, data={"outcome": "busy"}),
                house.finish(reserve.attempt, "busy", sip_code=486, detail="=1+1"),
            )
        )
    at = house.clock.now
    store.commit(
        (
            w.AddDisposition("d", made[0], due.contact, None, "sale", at),
            w.AddRecording("r", made[0], "a/b.wav", 2.5, 9, "ff", at),
        )
    )
    return made


def test_facts_are_written_whole_and_in_order(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_PER_PIECE", 3)
    a_day(house)
    out = tmp_path / "facts.jsonl"
    count = export_facts(house.address, out)
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    kept = house.office.facts(house.organisation, FactQuery(), limit=1000)
    assert count == len(lines) == len(kept)
    assert [line["seq"] for line in lines] == [record.seq for record in kept]
    assert [from_json(line) for line in lines] == [record.fact for record in kept]
    assert "Анна" not in out.read_text("utf-8")
    assert "+7000" not in out.read_text("utf-8")


def test_calls_are_one_row_each_and_no_cell_runs(house: House, tmp_path: Path) -> None:
    made = a_day(house)
    out = tmp_path / "calls.csv"
    assert export_calls(house.address, out) == 5
    with out.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == CALL_COLUMNS
    assert [item["attempt"] for item in rows] == made
    first, second = rows[0], rows[1]
    assert (first["outcome"], first["sip_code"], first["detail"]) == ("busy", "486", "'=1+1")
    assert (first["result"], first["recording"], first["recording_s"]) == ("sale", "a/b.wav", "2.5")
    assert (second["result"], second["recording"], second["answered_at"]) == ("", "", "")


def test_a_file_that_fails_on_the_way_does_not_appear(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(house)
    out = tmp_path / "facts.jsonl"
    out.write_text("the old one")

    def broken(_row: object) -> None:
        raise StoreFault("The disk is full.", "Make room.")

    monkeypatch.setattr(export, "fact_of", broken)
    with pytest.raises(StoreFault):
        export_facts(house.address, out)
    assert out.read_text() == "the old one"
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith("facts")] == [out.name]
