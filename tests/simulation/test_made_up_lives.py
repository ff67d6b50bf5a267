"""A made-up floor's life, written down and fed to a floor by itself: it decides the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vyzov.dialer import pacer
from vyzov.dialer.replay import replay
from vyzov.simulation.recording import Recorder
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Scenario
from vyzov.simulation.scenario_file import scenario_of

MINUTES = 2.5


def recorded(scenario: Scenario, folder: Path, seed: int = 1) -> list[Path]:
    """Runs a scenario written down; returns the files of its lives in order."""

    def path(life: int) -> Path:
        return folder / f"floor-{life}.jsonl"

    run_scenario(scenario, seed, recorder=Recorder(lambda life: path(life).open("w"), "test"))
    return sorted(folder.glob("floor-*.jsonl"))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some minutes of a predictive campaign."""
    small = scenario_of(
        {
            "span_min": MINUTES, "in_memory": True, "ends_when_done": False,
            "crews": [{"name": "crew", "count": 8, "result_in_call": 0.0, "talk": 20.0,
                       "wrap_up": 4.0}],
            "people": {"town": {"kinds": {"answers_and_speaks": 3, "never_answers": 5, "busy": 2},
                                "talk": 15.0, "leaves_first": 1.0}},
            "campaigns": [{"name": "List", "contacts": 300, "people": "town",
                           "settings": {"mode": "predictive", "classify": "none"}}],
        },
        "small",
    )  # fmt: skip
    (file,) = recorded(small, tmp_path_factory.mktemp("lives"))
    return file


def test_a_live_floor_fed_with_the_events_of_a_made_up_one_decides_the_same(life: Path) -> None:
    lines = life.read_text().splitlines(keepends=True)
    last = json.loads(lines[-1])
    again = replay(lines)
    assert again.difference is None
    assert again.ended == "closed"
    assert (again.steps, again.digest) == (last["steps"], last["digest"])
    placed = sum(line.count("Originate") for line in lines if '"did"' in line)
    assert placed > 40, "a campaign that calls ahead calls"


def test_the_digest_is_the_same_in_a_process_of_its_own_by_the_command(life: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vyzov", "replay", str(life), "--json"],
        env={**os.environ, "PYTHONHASHSEED": "5"}, check=True, capture_output=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["ok"]
    assert told["digest"] == json.loads(life.read_text().splitlines()[-1])["digest"]


def test_one_call_fewer_than_the_pacing_wanted_is_another_digest(
    life: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pacer.Pacer.pace
    left = iter(range(40))

    def pace(self: pacer.Pacer) -> None:
        if next(left, None) is not None:
            whole(self)

    monkeypatch.setattr(pacer.Pacer, "pace", pace)
    found = replay(life.read_text().splitlines(keepends=True)).difference
    assert found is not None
    assert found.was != found.now


def test_each_life_of_a_floor_that_dies_has_a_file(tmp_path: Path) -> None:
    broken = scenario_of(
        {
            "span_min": 2, "in_memory": True, "crews": [{"name": "crew", "count": 4}],
            "campaigns": [{"name": "List", "contacts": 100}],
            "faults": {"floor_killed_every_s": 20.0},
        },
        "broken",
    )  # fmt: skip
    lives = recorded(broken, tmp_path)
    assert len(lives) > 1
    for file in lives:
        again = replay(file.read_text().splitlines(keepends=True))
        assert again.difference is None
        assert again.steps
    assert '"end":"closed"' in lives[-1].read_text().splitlines()[-1]
