"""Estimates over runs: the interval is Student's, and stays within what is possible."""

import dataclasses

import pytest

from vyzov.simulation.estimate import FIGURES, SHARES, estimate, summary
from vyzov.simulation.experiment import run_seeds
from vyzov.simulation.scenario import (
    Crew,
    Figures,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
)

SMALL = Scenario(
    "small", 120.0, (Crew("c", 2),), (ScenarioTrunk("t"),), (ScenarioCampaign("a", 20),)
)


def test_one_run_has_a_mean_and_no_interval() -> None:
    one = estimate([4.0])
    assert (one.mean, one.low, one.high, one.runs) == (4.0, None, None, 1)


def test_the_interval_is_students() -> None:
    # Mean 3, standard deviation sqrt(2.5), five values: 2.776 * sqrt(2.5 / 5) = 1.963.
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3.0
    assert found.low == pytest.approx(3.0 - 1.963, abs=0.001)
    assert found.high == pytest.approx(3.0 + 1.963, abs=0.001)


def test_of_many_runs_the_interval_is_the_normal_ones() -> None:
    values = [float(n % 2) for n in range(1000)]
    found = estimate(values)
    assert found.high is not None
    assert found.high - found.mean == pytest.approx(1.96 * 0.5 / 1000**0.5, rel=0.01)


def test_an_interval_stays_within_what_is_possible() -> None:
    found = estimate([0.0, 1.0], 0.0, 1.0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_figures_are_formed_by_their_formulas() -> None:
    figures = Figures(
        contacts=200, contacts_tried=100, contacts_closed=50, attempts=120, answered=60,
        answered_by_people=40, abandoned=4, talks=36, talk_s=720.0, busy_s=900.0, staffed_s=1800.0,
        waits_s=tuple(float(n) for n in range(1, 21)),
    )  # fmt: skip
    found = {name: one.mean for name, one in summary([figures]).items()}
    assert found == {
        "attempts": 120, "contacts": 40, "talks": 36, "answer_rate": 40 / 120, "abandoned": 4,
        "abandonment": 0.1, "occupancy": 0.5, "talk_mean_s": 20, "wait_median_s": 10,
        "wait_p95_s": 19, "talks_per_operator_hour": 72, "tried": 100, "penetration": 0.5,
        "closed": 50,
    }  # fmt: skip
    assert set(found) == set(FIGURES)
    assert set(SHARES) <= set(FIGURES)


def test_a_figure_that_no_run_has_is_left_out() -> None:
    assert "abandonment" not in summary([Figures()])


def test_each_seed_runs_once_and_repeats_itself() -> None:
    first = run_seeds(SMALL, (3, 4), limit_s=60.0)
    again = run_seeds(SMALL, (4,), limit_s=60.0)
    assert [one.seed for one in first.outcomes] == [3, 4]
    assert first.missed == ()
    assert first.outcomes[1].digest == again.outcomes[0].digest
    assert first.outcomes[0].digest != first.outcomes[1].digest


def test_a_run_that_the_limit_overtakes_is_thrown_away_whole() -> None:
    moments = iter([0.0] + [float(n) for n in range(200)])
    scenario = dataclasses.replace(SMALL, ends_when_done=False)
    ran = run_seeds(scenario, (1, 2, 3), limit_s=150.0, clock=lambda: next(moments))
    assert [one.seed for one in ran.outcomes] == [1]
    assert ran.missed == (2, 3)
