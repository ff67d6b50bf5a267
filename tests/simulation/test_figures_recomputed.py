"""A script that imports nothing of Vyzov works every key figure out again, and notices a wrong one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
RUNS = 3


def run(script: str, *args: str) -> dict[str, Any]:
    command = [sys.executable, str(BENCH / script), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told | {"exit": done.returncode}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("figures")
    told = run(
        "verify_figures.py", "--simulated", str(RUNS), "--real", "0", "--seed", "11",
        "--out", str(folder), "--json",
    )  # fmt: skip
    return folder / "figures", told


@pytest.mark.timeout(600)
def test_every_figure_is_equal_as_whole_numbers(material: tuple[Path, dict[str, Any]]) -> None:
    _, told = material
    assert told["differences"] == {}
    assert (told["ok"], told["exit"], told["runs_compared"]) == (True, 0, RUNS)
    assert told["attempts"] > 100
    assert told["ledger_live"] > 20


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda told: told[0]["figures"][0].update(numerator=1), "occupancy"),
        (lambda told: told[0]["agents"][0]["states"].update(ready=1), "time"),
        (lambda told: told[0]["hours"].pop(), "hours of the week"),
        (lambda told: told[0]["attempts"][0].update(numerator=10**6), "curve"),
    ],
)
def test_a_wrong_figure_is_noticed(
    material: tuple[Path, dict[str, Any]], tmp_path: Path, spoil: Any, said: str
) -> None:
    folder, _ = material
    for file in (folder / "simulated-11").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    told = json.loads((tmp_path / "kpis.json").read_text(encoding="utf-8"))
    spoil(told)
    (tmp_path / "kpis.json").write_text(json.dumps(told), encoding="utf-8")
    judged = run("check_figures.py", str(tmp_path))
    assert judged["exit"] == 1
    (found,) = judged["differences"].values()
    assert any(said in one for one in found)


@pytest.mark.timeout(600)
def test_a_lost_call_that_no_fact_knows_is_noticed(
    material: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = material
    source = next(
        path.parent for path in sorted(folder.rglob("ledger.jsonl")) if path.stat().st_size
    )
    for file in source.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    calls = [json.loads(line) for line in lines]
    joined = next(call for call in calls if call["joined_at"] is not None and not call["crossed"])
    joined.update(joined_at=None, ended_by="us")
    (tmp_path / "ledger.jsonl").write_text(
        "".join(json.dumps(call) + "\n" for call in calls), encoding="utf-8"
    )
    judged = run("check_figures.py", str(tmp_path))
    assert judged["exit"] == 1
    assert "the far side says lost True" in str(judged["differences"])


def test_the_judge_imports_nothing_of_vyzov() -> None:
    for name in ("check_figures.py", "figures_facts.py"):
        text = (BENCH / name).read_text(encoding="utf-8")
        assert "import vyzov" not in text
        assert "from vyzov" not in text
