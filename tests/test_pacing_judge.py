"""The judge of `verify pacing`: figures folded by hand, intervals by rank, differences that are found."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
Json = dict[str, Any]


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_pacing", BENCH / "check_pacing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_pacing"] = module
    spec.loader.exec_module(module)
    return module


JUDGE = loaded()


def fact(kind: str, at: float, attempt: str | None = None, **data: Any) -> Json:
    return {
        "kind": kind, "clock_id": "boot:1", "monotonic_ns": int(at * 1e9), "attempt": attempt,
        "agent": data.pop("agent", None), "data": data,
    }  # fmt: skip


def state(agent: str, at: float, name: str) -> Json:
    return fact("agent_state", at, agent=agent, state=name)


def day() -> list[Json]:
    """Two operators and four calls in the ten minutes from second 100; the fifth comes after them."""
    return [
        state("a", 50, "ready"), state("b", 90, "ready"),
        *(fact("dialing", 100 + 10 * n, f"c{n}", call_id=f"id{n}") for n in range(4)),
        fact("dialing", 705, "late", call_id="id-late"),
        fact("ringing", 101, "c0"), fact("answered", 105, "c0"), fact("bridged", 105, "c0"),
        state("a", 105, "talking"), state("a", 205, "wrap_up"), state("a", 215, "ready"),
        fact("ringing", 112, "c1"), fact("answered", 122, "c1"), fact("abandoned", 124, "c1"),
        fact("ringing", 122, "c2"), fact("answered", 235, "c2"),
        fact("bridged", 238, "c2", within_limit=False),
        state("a", 235, "reserved"), state("a", 238, "talking"), state("a", 260, "wrap_up"),
        state("a", 270, "ready"),
        fact("ringing", 133, "c3"),
        fact("list_imported", 1) | {"clock_id": "boot:2"},
    ]  # fmt: skip


def test_figures_are_of_the_time_from_the_first_call_on() -> None:
    found = JUDGE.figures(day(), 10.0)
    assert (found["calls"], found["answers"], found["abandoned"]) == (4, 3, 2)
    assert found["abandonment"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["ring_p50_s"] == 10.0
    assert found["ring_p10_s"] == pytest.approx(4 + 0.2 * 6)
    assert found["occupancy"] == pytest.approx((110 + 32) / 1200, abs=1e-5)
    assert (found["idles"], found["idle_p50_s"]) == (1, 23.0)
    assert found["last_s"] == 605.0


def test_a_wait_that_begins_after_a_pause_or_before_any_call_is_none_between_calls() -> None:
    story = [
        (0.0, "ready"), (10.0, "talking"), (20.0, "wrap_up"), (25.0, "pause"), (30.0, "ready"),
        (40.0, "talking"), (50.0, "ready"), (52.0, "pause"), (60.0, "ready"),
    ]  # fmt: skip
    assert JUDGE.waits(story, 0.0, 100.0) == [10.0]


def test_facts_of_two_lives_of_a_floor_are_refused() -> None:
    other = [fact("dialing", 130, "x", call_id="x") | {"clock_id": "boot:9"}]
    with pytest.raises(ValueError, match="2 lives"):
        JUDGE.figures(day() + other, 10.0)


@pytest.mark.parametrize(
    ("count", "low", "high", "held"),
    [(200, 1, 200, 199 / 201), (199, 1, 199, 0.99), (999, 5, 995, 0.99), (20, 1, 20, 19 / 21)],
)
def test_the_interval_is_that_of_ranks(count: int, low: int, high: int, held: float) -> None:
    assert JUDGE.interval([float(one) for one in range(1, count + 1)]) == (
        low, high, pytest.approx(held),
    )  # fmt: skip


def run_of(**changes: float) -> Json:
    return dict.fromkeys(JUDGE.FIGURES, 0.5) | changes


def test_one_figure_outside_is_named_with_its_run() -> None:
    simulated = [run_of(occupancy=one / 200) for one in range(200)]
    rows, outside = JUDGE.judged(simulated, [run_of(occupancy=0.5), run_of(occupancy=0.999)])
    assert outside == ["occupancy of box run 2"]
    (row,) = [row for row in rows if row["figure"] == "occupancy"]
    assert [one["inside"] for one in row["box"]] == [True, False]
    assert row["box"][1]["above_share"] == 1.0


def test_a_count_outside_is_told_and_not_judged() -> None:
    rows, outside = JUDGE.judged([run_of()] * 3, [run_of(answers=1)])
    row = next(row for row in rows if row["figure"] == "answers")
    assert (outside, row["judged"], row["box"][0]["inside"]) == ([], False, False)


def test_a_figure_that_nothing_came_of_is_outside() -> None:
    nothing = run_of() | {"idle_p50_s": None}
    _, outside = JUDGE.judged([run_of()] * 3, [nothing])
    assert outside == ["idle_p50_s of box run 1"]
    _, outside = JUDGE.judged([run_of(), nothing], [run_of()])
    assert outside == ["idle_p50_s: nothing came of it in 1 runs"]


def folder_of(place: Path, **changes: Any) -> Path:
    """What a box run and three simulated ones left; `changes` are of the network's first call."""
    box = place / "box-1"
    box.mkdir()
    facts = day()
    (box / "facts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in facts))
    diary = ('{"rec": "ready", "t": 90}\n', '{"rec": "trouble", "t": 1400.5}\n')
    (box / "operators.jsonl").write_text("".join(diary))
    rings = {"id0": (101, 105), "id1": (112, 122), "id2": (122, 235)}
    calls = [
        {"rec": "call", "call_id": key, "rung_at": rung, "answered_at": at}
        for key, (rung, at) in rings.items()
    ]
    calls += [
        {"rec": "call", "call_id": key, "rung_at": 133.0, "answered_at": None}
        for key in ("id3", "id-late")
    ]
    calls[0] |= changes
    (box / "ledger.jsonl").write_text("".join(json.dumps(one) + "\n" for one in calls))
    figures = JUDGE.figures(facts, 10.0)
    line = json.dumps({"seed": 1, "figures": figures}) + "\n"
    (place / "simulated.jsonl").write_text(line * 3)
    (place / "run.json").write_text('{"minutes": 10, "hurry": 1}')
    return place


def test_books_that_tell_the_same_pass(tmp_path: Path) -> None:
    told = JUDGE.judge(folder_of(tmp_path))
    assert told["wrong"] == []
    assert told["outside"] == []
    assert told["ok"]
    assert told["books"][0]["calls_on_the_wire"] == 5


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"answered_at": 106.0}, {"rings_apart of box run 1: 1"}),
        ({"answered_at": None}, {"answers_of_one_side of box run 1: 1"}),
        (
            {"call_id": "stranger"},
            {"not_in_facts of box run 1: 1", "not_on_the_wire of box run 1: 1",
             "answers_of_one_side of box run 1: 2"},
        ),
    ],
)  # fmt: skip
def test_what_the_network_saw_otherwise_is_found(
    tmp_path: Path, changes: Json, wrong: set[str]
) -> None:
    told = JUDGE.judge(folder_of(tmp_path, **changes))
    assert set(told["wrong"]) == wrong
    assert not told["ok"]


def test_an_operator_who_lost_the_desk_in_mid_run_is_found(tmp_path: Path) -> None:
    place = folder_of(tmp_path)
    (place / "box-1" / "operators.jsonl").write_text('{"rec": "trouble", "t": 400}\n')
    assert JUDGE.judge(place)["wrong"] == ["operators_in_trouble of box run 1: 1"]


def test_a_run_that_ended_before_its_time_is_no_run(tmp_path: Path) -> None:
    place = folder_of(tmp_path)
    (place / "run.json").write_text('{"minutes": 20, "hurry": 1}')
    told = JUDGE.judge(place)
    assert not told["ok"]
    assert told["wrong"] == ["box run 1 placed its last call after 605.0 s"]


def test_no_runs_are_no_proof(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"minutes": 20, "hurry": 1}')
    (tmp_path / "simulated.jsonl").write_text("")
    assert not JUDGE.judge(tmp_path)["ok"]
