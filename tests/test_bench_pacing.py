"""The floor on which laws of dialling compete, its optimum and its scores, in minutes of a day."""

import argparse
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import pacing  # noqa: E402
from pacing_laws import Blind, Leader, LeaderSettings, Progressive, Ratio, SwitchingCurve  # noqa: E402
from pacing_optimum import Model, chain_of, optimum  # noqa: E402
from pacing_pictures import pictures  # noqa: E402
from pacing_place import Curve, Day, Law, View  # noqa: E402
from pacing_product import Product  # noqa: E402
from pacing_scenarios import Stage, read_stage, shipped, stage_of  # noqa: E402
from pacing_score import cell_of, day_score, enough, verdicts  # noqa: E402
from pacing_veto import Adversary, Watched, trace_of  # noqa: E402
from pacing_veto import live as live_trace  # noqa: E402
from pacing_world import Floor  # noqa: E402

from vyzov.core.errors import InvalidRequest  # noqa: E402


def lived(scenario: str | Stage, agents: int, *laws: Law, seed: int = 1, hours: float = 0.5) -> Day:
    made = read_stage(scenario) if isinstance(scenario, str) else scenario
    return Floor(made.place(agents), laws, seed, hours).live()


def busy(day: Day, since: int = 15) -> float:
    return sum(day.busy_s[since:]) / sum(day.staffed_s[since:])


class Burst(Blind):
    """Places many calls at once, once."""

    def dials(self, view: View) -> int:
        return 60 if view.step == 600 else 0


# ---- the floor


def test_one_for_one_abandons_nobody_and_leaves_a_third_idle() -> None:
    day = lived("base", 25, Progressive(), hours=3)
    assert sum(map(sum, (one.abandoned for one in day.campaigns))) == 0
    assert busy(day) == pytest.approx(0.645, abs=0.02)


def test_the_same_seed_lives_the_same_day() -> None:
    assert lived("drift", 10, Ratio(2)).busy_s == lived("drift", 10, Ratio(2)).busy_s
    assert lived("drift", 10, Ratio(2)).busy_s != lived("drift", 10, Ratio(2), seed=2).busy_s


def test_who_finds_nobody_within_their_patience_is_abandoned() -> None:
    day = lived("base", 2, Burst())
    met = sum(day.campaigns[0].joined)
    assert met >= 2
    assert sum(day.campaigns[0].abandoned) == sum(day.campaigns[0].answered) - met > 0


def test_a_narrow_trunk_keeps_calls_back() -> None:
    day = lived("trunk", 25, Ratio(4))
    assert day.kept_back > 0
    assert max(day.line_s) <= 32 * 60 + 1e-6


def test_operators_who_come_and_go_are_counted_while_they_are_there() -> None:
    day = lived("coming", 25, Progressive(), hours=0.7)
    # Twenty for ten minutes, then 25, then 20, then 15; who talks finishes first.
    assert day.staffed_s[5] == pytest.approx(20 * 60, abs=1)
    assert day.staffed_s[15] == pytest.approx(25 * 60, abs=1)
    assert 15 * 60 <= day.staffed_s[39] < 17 * 60


def test_a_machine_found_before_the_join_takes_no_operator() -> None:
    first, later = (
        lived(f"machines-{kind}", 25, Progressive()) for kind in ("classify", "connect")
    )
    assert 0 < first.campaigns[0].machines_joined < 0.1 * sum(first.campaigns[0].joined)
    assert later.campaigns[0].machines_joined > 0.4 * sum(later.campaigns[0].joined)
    assert first.campaigns[0].cut > 0


def test_two_campaigns_never_place_two_calls_for_one_operator_one_for_one() -> None:
    day = lived("shared", 30, Progressive(), Progressive(), hours=1)
    assert sum(sum(one.abandoned) for one in day.campaigns) == 0
    assert all(sum(one.joined) > 100 for one in day.campaigns)


def test_the_product_keeps_operators_busier_than_one_for_one() -> None:
    ahead, plain = (lived("base", 8, law, hours=0.4) for law in (Product(), Progressive()))
    assert busy(ahead, since=10) > busy(plain, since=10) + 0.05


def test_the_leader_returns_to_one_line_for_each_once_the_day_is_over_its_limit() -> None:
    law = Leader(LeaderSettings())
    lived("base", 25, law, hours=1)
    assert law.level <= 3
    law.drop_share = 0.031
    law.dials(View(_Nobody(), 150, 15.0, 25, 0, 0, 0, 0, 0, 25))
    assert law.level == 1.0


class _Nobody:
    def ages(self) -> tuple[list[float], list[float]]:
        return [], []


# ---- days against the law


def waiting_for_all(agents: int, calls: int) -> Floor:
    """A floor whose operators are all free, with so many calls on their way."""

    class Once(Blind):
        def dials(self, view: View) -> int:
            return calls if view.step == 0 else 0

    floor = Floor(read_stage("base").place(agents), (Once(),), 1, 0.0002)
    floor.live()
    assert len(floor.ringing[0]) == calls
    assert len(floor.free) == agents
    return floor


def test_an_operator_who_leaves_calls_that_counted_on_them_is_charged_with_the_worst() -> None:
    floor = waiting_for_all(agents=3, calls=3)
    floor.leaves(floor.operators[0])
    # Three answers, two operators: one abandoned, of which three answers allow 0.09.
    assert floor.day.charged == pytest.approx(0.91)


def test_an_operator_on_whom_nobody_counted_is_charged_with_nothing() -> None:
    floor = waiting_for_all(agents=3, calls=2)
    floor.leaves(floor.operators[0])
    assert floor.day.charged == 0


def test_a_charge_ends_with_the_calls_it_was_for() -> None:
    floor = waiting_for_all(agents=3, calls=3)
    floor.leaves(floor.operators[0])
    for line in list(floor.ringing[0].values())[:2]:
        line.answers = False
        floor.line_moves(line, 1.0)
    floor.look(0, 10)
    assert floor.day.charged == 0


def test_a_day_against_the_law_breaks_the_limit_where_nobody_looks_at_it() -> None:
    class Reckless(Ratio):
        at_events = True

    trace = next(one for one in map(trace_of, range(50)) if one.strikes and one.agents == 25)
    day = Adversary(read_stage("base").place(25), Reckless(3), trace).live()
    assert day.exceeded > 0


def test_the_veto_keeps_the_window_on_a_day_on_which_the_law_alone_does_not() -> None:
    row = live_trace(next(n for n in range(50) if trace_of(n).agents == 3 and trace_of(n).strikes))
    assert row["exceeded_on"] == row["exceeded_progressive"] == row["under_progressive"] == 0
    assert row["past_limit_on"] == row["untold"] == 0
    assert row["exceeded_off"] > 0


class Empty:
    """A floor on which nobody talks or writes."""

    def ages(self) -> tuple[list[float], list[float]]:
        return [], []


@pytest.mark.parametrize(("is_told", "untold"), [(True, 0), (False, 1)])
def test_a_law_told_who_left_charges_the_call_that_counted_on_them(
    is_told: bool, untold: int
) -> None:
    law = Watched(veto=True)

    def look(second: float, free: int, ringing: int, *, has_left: bool) -> None:
        step = round(10 * second)
        law.dials(View(Empty(), step, second, free, 0, ringing, 0, 0, 0, free, has_left))

    law.dialled(1, 0.0)
    look(1.0, 1, 1, has_left=False)
    look(1.5, 0, 1, has_left=is_told)
    law.answered(1, 3.0)
    law.abandoned(5.0)
    look(5.0, 0, 0, has_left=False)
    assert law.untold == untold


# ---- the optimum


def test_the_optimum_is_that_of_the_model() -> None:
    found = optimum(chain_of(10, handle_s=135, ring_s=12, answers=0.25, patience_s=0))
    assert found.busy == pytest.approx(0.848, abs=0.001)
    patient = optimum(chain_of(10, handle_s=135, ring_s=12, answers=0.25, patience_s=2))
    assert patient.busy == pytest.approx(0.853, abs=0.001)


def test_nobody_rings_where_an_abandonment_costs_everything() -> None:
    model = Model(chain_of(3, handle_s=135, ring_s=12, answers=0.25, patience_s=0))
    cheap, dear = model.solve(5.0), model.solve(1e6)
    assert dear[3] == 0
    assert all(many >= few for many, few in zip(cheap, dear, strict=True))


def test_a_day_under_the_optimum_is_as_busy_as_worked_out() -> None:
    found = optimum(chain_of(25, handle_s=135, ring_s=12, answers=0.25, patience_s=0))
    day = lived("markov", 25, SwitchingCurve(found.ringing_for), hours=4)
    assert busy(day) == pytest.approx(found.busy, abs=0.02)


# ---- scenarios


def test_every_shipped_scenario_can_be_lived() -> None:
    for name in shipped():
        made = read_stage(name)
        day = lived(made, 5, *(Progressive() for _ in made.towns), hours=0.1)
        assert sum(one.dials for one in day.campaigns) > 0, name


def test_a_share_between_two_points_lies_on_the_line_or_stays() -> None:
    points = ((0.0, 0.1), (1800.0, 0.4), (3600.0, 0.1))
    assert Curve(points, 3600).at(900) == pytest.approx(0.25)
    assert Curve(points, 3600).at(3600 + 2700) == pytest.approx(0.25)
    assert Curve(points[:2], 3600, straight=False).at(1799) == 0.1
    assert Curve(points[:2], 3600, straight=False).at(1800) == 0.4


def test_all_that_is_wrong_with_a_scenario_is_said_at_once() -> None:
    source = {
        "crews": [{"name": "crew"}],
        "people": {"town": {}},
        "campaigns": [{"name": "List", "people": "town"}],
        "pacing": {"agents": [0], "patince_s": 2, "answers": {"town": {"points": [[5, 2]]}}},
    }
    with pytest.raises(InvalidRequest) as told:
        stage_of(source, "a file", "a")
    assert {one.field for one in told.value.faults} >= {
        "pacing.agents", "pacing.patince_s", "pacing.answers.town.points",
    }  # fmt: skip


# ---- the command


def test_a_day_that_was_lived_by_the_same_code_is_not_lived_again(tmp_path: Path) -> None:
    task = pacing.Task("base", 5, "progressive", 1, 0.05)
    first = pacing.Days(tmp_path, 1).of([task])
    again = pacing.Days(tmp_path, 1)
    assert again.of([task]) == first
    assert len((tmp_path / "days.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    path = tmp_path / "days.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(again.peers, "another"), "utf-8")
    assert pacing.Days(tmp_path, 1).known == {}


def test_peers_are_set_to_the_busiest_that_keeps_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    options = argparse.Namespace(seeds=[1, 2, 3, 4], hours=0.05)
    case = pacing.Case("base", 3, options, pacing.Days(None, 1))
    cells = {
        1.0: {"abandoned": 0.0, "occupancy": 0.6}, 2.0: {"abandoned": 0.03, "occupancy": 0.8},
        3.0: {"abandoned": 0.031, "occupancy": 0.9}, 4.0: {"abandoned": 0.2, "occupancy": 0.99},
    }  # fmt: skip
    asked = list[float]()

    def of(tasks: list[pacing.Task]) -> list[float]:
        asked.extend(task.ratio for task in tasks)
        return [task.ratio for task in tasks]

    monkeypatch.setattr(case.days, "of", of)
    monkeypatch.setattr(pacing, "cell_of", lambda ratios: cells[ratios[0]])
    assert case.tuned("ratio", [{"ratio": one} for one in cells]) == ({"ratio": 2.0}, 0.8)
    assert asked.count(3.0) == 1 + 3, "three seeds, after the first alone"
    assert asked.count(4.0) == 1, "what abandons a fifth on one seed is not asked again"


def test_the_command_fails_where_few_seeds_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "pacing --scenario small --agents 5 --seeds 1 --hours 0.3 --laws progressive,product"
    monkeypatch.setattr(sys, "argv", [*words.split(), "--json", "--out", str(tmp_path)])
    assert pacing.main() == 1
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert {one["what"] for one in told["verdicts"]} >= {
        "gap to the optimum closed", "abandoned, worst day",
    }  # fmt: skip
    assert not told["enough_seeds"]


# ---- pictures


def test_pictures_are_drawings_with_every_law_and_its_limit() -> None:
    cell = {"abandoned": 0.02, "occupancy": 0.9}
    case = {
        "scenario": "base", "agents": 10, "optimum": 0.85, "laws": {"product": cell, "ratio": cell},
        "traces": {"product": {"window": [0.0, 0.01, 0.02]}},
    }  # fmt: skip
    made = pictures({"cases": [case]})
    assert set(made) == {"pacing-base.svg", "pacing-base-10-day.svg"}
    for drawing in made.values():
        root = ET.fromstring(drawing)
        assert root.tag.endswith("svg")
        assert "product" in drawing
        assert "stroke-dasharray" in drawing


# ---- scores


def record(answered: list[int], abandoned: list[int]) -> dict[str, object]:
    minutes = len(answered)
    return {
        "hours": minutes / 60, "seed": 1, "answered": [answered], "abandoned": [abandoned],
        "joined": [[1] * minutes], "busy_s": [30.0] * minutes, "staffed_s": [60.0] * minutes,
        "line_s": [60.0] * minutes, "cut": [0], "look_ms": 0.1,
    }  # fmt: skip


def test_a_half_hour_is_bad_above_three_in_a_hundred_and_the_start_is_left_out() -> None:
    at_limit = day_score(record([10] * 60, [3] * 15 + [9] + [0] * 44))
    assert at_limit["bad30"] == 0
    assert at_limit["worst30"] == pytest.approx(0.03)
    over = day_score(record([10] * 60, [0] * 15 + [10] + [0] * 44))
    # Of the sixteen half-hours of minutes 15 to 59, only the first holds minute 15.
    assert over["bad30"] == pytest.approx(1 / 16)
    assert at_limit["abandoned_day"] > at_limit["abandoned"]
    assert over["occupancy"] == 0.5


def test_what_falls_short_is_not_met_and_few_seeds_show_nothing() -> None:
    cell = cell_of([record([10] * 60, [0] * 60)])
    good, bad = cell | {"occupancy": 0.96}, cell | {"occupancy": 0.94}
    assert all(one["met"] for one in verdicts("base", 100, {"product": good}, None))
    assert not all(one["met"] for one in verdicts("base", 100, {"product": bad}, None))
    late = good | {"abandoned_day_worst": 0.0301}
    assert not all(one["met"] for one in verdicts("base", 100, {"product": late}, None))
    assert not enough([good])
    assert enough([good | {"seeds": 20, "hours": 8.0}])
