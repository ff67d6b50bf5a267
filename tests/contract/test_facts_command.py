"""`vyzov facts` as it is typed; the judge of `verify chain`, which not everything may please."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from contract_house import House
from test_store_chain import edit, facts, two_epochs
from typer.testing import CliRunner

from vyzov.cli import app as command

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def folder(house: House, tmp_path: Path) -> Path:
    """A data folder over a database with facts of two epochs."""
    two_epochs(house)
    (tmp_path / "vyzov.toml").write_text(f"database = {json.dumps(str(house.address))}\n")
    return tmp_path


def typed(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["facts", *map(str, words)])
    return done.exit_code, done.output


def test_a_file_name_alone_exports(folder: Path) -> None:
    for words in ((folder / "f.jsonl",), ("export", folder / "f.jsonl")):
        code, told = typed(*words, "--data", folder)
        assert (code, json.loads(told)["facts"]) == (0, len(lines_of(folder)))


def test_a_whole_file_and_the_database_are_proven(folder: Path) -> None:
    typed(folder / "f.jsonl", "--data", folder)
    for words in ((folder / "f.jsonl",), ("--data", folder)):
        code, told = typed("verify", *words)
        assert code == 0
        assert "are as they were written, 2 of them late" in told
    assert "only an anchor can tell" in typed("verify", folder / "f.jsonl")[1]
    assert "only an anchor can tell" not in typed("verify", "--data", folder)[1]


def test_an_end_cut_off_is_found_by_the_anchor_printed_before(folder: Path) -> None:
    typed(folder / "f.jsonl", "--data", folder)
    code, line = typed("anchor", "--data", folder)
    assert code == 0
    (folder / "kept.jsonl").write_text(line)
    assert typed("anchor", "--data", folder, "--out", folder / "kept.jsonl")[0] == 0
    lines = lines_of(folder)
    (folder / "f.jsonl").write_text("".join(lines[:-1]))
    assert typed("verify", folder / "f.jsonl")[0] == 0
    code, told = typed("verify", folder / "f.jsonl", "--anchor", folder / "kept.jsonl")
    assert code == 1
    assert "was cut off" in told


def test_a_changed_fact_is_named_and_the_exit_code_is_one(house: House, folder: Path) -> None:
    edit(house, "UPDATE fact SET agent_id = 'nobody' WHERE dedupe = 'b1'")
    code, told = typed("verify", "--data", folder, "--json")
    assert code == 1
    bad: dict[str, Any] = json.loads(told)["first_bad"]
    assert (bad["why"], bad["floor"], bad["epoch"], bad["place"]) == (
        "changed", house.floor, 2, 1,
    )  # fmt: skip
    assert "was changed after it was written" in typed("verify", "--data", folder)[1]


def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    assert typed("verify", folder / "nothing.jsonl")[0] != 0


def test_the_judge_of_the_chain_sees_what_was_missed_and_what_was_misnamed(
    house: House, folder: Path
) -> None:
    store = house.store("second")
    store.commit(facts(house, "c1", "c2"))
    typed(folder / "facts.jsonl", "--data", folder)
    right = {"why": "changed", "line": 1, "seq": 1}
    edits: list[dict[str, Any]] = [
        {"edit": "none", "found": None, "late": 2},
        {"edit": "change", "line": 0, "found": right},
    ]
    assert judged(folder, edits)["ok"]
    for wrong in (None, right | {"line": 2}, right | {"why": "moved"}):
        assert not judged(folder, [edits[0], edits[1] | {"found": wrong}])["ok"]
    assert not judged(folder, [edits[0] | {"found": right}, edits[1]])["ok"]
    lines = (folder / "facts.jsonl").read_text().replace('"epoch":2', '"epoch":3')
    (folder / "facts.jsonl").write_text(lines)
    assert not judged(folder, edits)["ok"]


def judged(folder: Path, edits: list[dict[str, Any]]) -> dict[str, Any]:
    (folder / "edits.jsonl").write_text("".join(json.dumps(one) + "\n" for one in edits))
    judge = [sys.executable, "-I", str(BENCH / "check_chain.py"), str(folder)]
    told: dict[str, Any] = json.loads(
        subprocess.run(judge, check=False, capture_output=True, text=True).stdout
    )
    return told


def lines_of(folder: Path) -> list[str]:
    return (folder / "f.jsonl").read_text().splitlines(keepends=True)
