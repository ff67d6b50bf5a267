"""`vyzov plan` and `vyzov lines`: what they print, and that the simulation is the dialer's own."""

import json

import pytest
from typer.testing import CliRunner

from vyzov.cli import app
from vyzov.cli.plan import crew_for
from vyzov.core.campaign import DialMode
from vyzov.core.errors import InvalidRequest
from vyzov.core.plan import Goal, Model, Terms, Work, plan, plan_measured
from vyzov.simulation.estimate import Estimate
from vyzov.simulation.planning import Seen, simulated

WORK = Work(2_000, 0.5, 60, 10, 8, 15)


def test_a_simulated_crew_is_as_busy_as_the_formula_of_its_mode_says() -> None:
    seen = simulated(WORK, Terms(), 4, DialMode.PROGRESSIVE, seeds=[1, 2], limit_s=120)
    formula = plan(WORK, Terms(), 4, Model.ONE_BY_ONE)
    assert seen.busy.mean == pytest.approx(formula.busy, abs=0.04)
    assert seen.left.mean == 0.0
    assert seen.calls > 1000


def test_a_crew_that_dials_ahead_is_as_large_as_its_own_figures_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = Seen(Estimate(0.5, None, None, 1), Estimate(0.0, None, None, 1), 600.0, 100.0)
    asked: list[int] = []

    def seen(_work: Work, _terms: Terms, operators: int, *_rest: object, **_more: object) -> Seen:
        asked.append(operators)
        return half

    monkeypatch.setattr("vyzov.cli.plan.simulated", seen)
    shown = plan_measured(WORK, Terms(), 8, 0.5, 0.0)

    def crew(goal: Goal, mode: DialMode = DialMode.PREDICTIVE) -> int:
        return crew_for(WORK, Terms(), goal, 8, mode, 60.0)

    assert crew(Goal(hours=shown.hours / 2)) == 16
    assert crew(Goal(hours=shown.hours * 100)) == 1
    assert crew(Goal(lines=3 * shown.lines)) == 24
    assert asked == [8, 8, 8]
    assert crew(Goal(operators=8)) == crew(Goal(hours=1), DialMode.PROGRESSIVE) == 8
    assert asked == [8, 8, 8], "nothing has to be looked at there"


def test_a_plan_prints_each_model_and_the_same_as_json() -> None:
    asked = ["plan", "--contacts", "20000", "--operators", "20", "--seeds", "0"]
    text = CliRunner().invoke(app, asked).output
    assert "Erlang B, nobody waits" in text
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert [one["model"] for one in told["plans"]] == [
        "one_by_one",
        "erlang_b",
        "erlang_a",
        "erlang_c",
    ]
    assert told["work"]["talks"] == pytest.approx(11562.5)


def test_lines_of_a_load_are_told_with_their_neighbours() -> None:
    told = json.loads(CliRunner().invoke(app, ["lines", "50.7", "--json"]).output)
    assert told["lines"] == 65
    assert told["blocked"]["64"] > 0.01 >= told["blocked"]["65"]


def test_a_mode_in_which_people_dial_cannot_be_simulated() -> None:
    with pytest.raises(InvalidRequest, match="manual"):
        simulated(WORK, Terms(), 4, DialMode.MANUAL, seeds=[1], limit_s=1)
    with pytest.raises(InvalidRequest, match="301 operators"):
        simulated(WORK, Terms(), 301, DialMode.PROGRESSIVE, seeds=[1], limit_s=1)


def test_a_plan_without_or_with_two_unknowns_is_refused() -> None:
    found = CliRunner().invoke(app, ["plan", "--contacts", "10"])
    assert isinstance(found.exception, InvalidRequest)
    found = CliRunner().invoke(app, ["plan", "--contacts", "10", "--operators", "3", "--mode", "x"])
    assert isinstance(found.exception, InvalidRequest)
