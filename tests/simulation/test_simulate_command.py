"""`vyzov simulate`: the table, the files, the exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vyzov.cli import app
from vyzov.cli.simulate import BROKEN, TITLES
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import from_json

SMALL = """
name = "Small"
span_min = 2
[[crews]]
name = "c"
count = 3
[[campaigns]]
name = "A"
contacts = 30
[[campaigns]]
name = "B"
contacts = 10
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def run(*words: object) -> Any:
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


def test_the_table_has_every_figure_with_its_interval(scenario: Path) -> None:
    done = run(scenario, "--seeds", 3)
    assert done.exit_code == 0, done.output
    assert "Small: 3 runs of at most 0.0333333 h" in done.stdout
    for title in TITLES.values():
        assert title in done.stdout
    assert "campaign B" in done.stdout
    assert "95 % interval of the mean" in done.stdout
    assert "broken 0 times" in done.stdout


def test_the_same_seed_gives_the_same_digest_and_the_files_hold_the_facts(
    scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = run(scenario, "--seeds", 2, "--seed", 7, "--json", "--out", out)
    again = run(scenario, "--seeds", 1, "--seed", 8, "--json")
    told, second = json.loads(first.stdout), json.loads(again.stdout)
    assert told["seeds"] == [7, 8]
    assert told["digests"]["8"] == second["digests"]["8"]
    assert json.loads((out / "result.json").read_text(encoding="utf-8")) == told
    lines = (out / "facts-8.jsonl").read_text(encoding="utf-8").splitlines()
    facts = [from_json(json.loads(line)) for line in lines]
    reserved = [fact for fact in facts if fact.kind.value == "attempt_reserved"]
    assert len(reserved) == second["figures"]["attempts"]["mean"]


def test_a_limit_too_short_for_one_run_says_so(scenario: Path) -> None:
    scenario.write_text(
        SMALL.replace("span_min = 2", "span_min = 600").replace("30", "20000"), encoding="utf-8"
    )
    done = run(scenario, "--limit", 1)
    assert done.exit_code == 1
    assert "give --limit more seconds" in done.output


def test_a_broken_rule_ends_with_its_own_code(
    scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vyzov.simulation.invariants import Watch

    def settle(self: Watch, floor: object) -> None:
        self.breach("A9 somebody was called on a Sunday")

    monkeypatch.setattr(Watch, "settle", settle)
    done = run(scenario, "--seeds", 1)
    assert done.exit_code == BROKEN
    assert "A9 somebody was called on a Sunday" in done.stdout


def test_a_wrong_file_is_a_plain_sentence(scenario: Path) -> None:
    scenario.write_text("span_min = 0", encoding="utf-8")
    done = run(scenario)
    assert isinstance(done.exception, InvalidRequest)
    assert "span_min: must be from 1 to 10080" in str(done.exception)
