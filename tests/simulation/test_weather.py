"""Bad half-hours by seed: no rule is broken, and a seed gives the same half-hour again.

`./run verify simulation` runs 200 of them. Seeds that once broke a rule stay here.
"""

from collections import Counter
from dataclasses import replace

import pytest

from vyzov.core.facts import FactKind
from vyzov.simulation.points import all_points
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import Scenario
from vyzov.simulation.weather import CONTACTS, OPERATORS, SPAN_S, half_hour

ONCE_BROKEN = {
    1: "a process that slept beyond its lease booked calls as abandoned that another led",
    3: "a lost lease wrote call-backs; a bridge told after the wait was over left an agent talking",
    5: "the late word of an older bridge bound an agent whose call another had",
    11: "a floor that was killed while UTC was not to be trusted dialled in its next life",
    56: "UTC was set back by a day, and a finished call waited a day longer for its recording",
    67: "a lost word of a join was booked as abandoned, and the next life found the talk",
    69: "an operator muted themselves, and the floor that could have opened the microphone was away",
    75: "who slept beyond its lease booked abandoned calls while nobody could say whose they are",
    90: "UTC was set back, and a dead holder's lease lasted as much longer",
    101: "the late word of a life that another had followed was taken for a second end",
    178: "of two operators whom the log tells of, the next life released the first alone",
}
FRESH = (14, 33)
WITH_CARDS = 23
"""A card was postponed while its call was being reserved: one contact had two fates."""


def shorter(scenario: Scenario) -> Scenario:
    """The first third of a half-hour: what CI has time for beside the seeds that once broke."""
    return replace(scenario, span_s=SPAN_S / 3)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", ONCE_BROKEN)
def test_a_seed_that_once_broke_a_rule_breaks_none(seed: int) -> None:
    outcome = run_scenario(half_hour(seed))
    assert outcome.breaches == (), outcome.trace
    assert outcome.figures.attempts > 100
    assert sum(outcome.faults.values()) >= 10
    assert sum(1 for count in outcome.faults.values() if count) >= 6


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", FRESH)
def test_a_bad_half_hour_breaks_no_rule(seed: int) -> None:
    outcome = run_scenario(shorter(half_hour(seed)))
    assert outcome.breaches == (), outcome.trace
    assert {"A1", "A2", "A3", "A4", "A6", "B1", "C2", "D1", "E1"} <= set(outcome.checks)


@pytest.mark.timeout(120)
def test_a_bad_half_hour_of_operators_who_read_before_they_call_breaks_no_rule() -> None:
    outcome = run_scenario(shorter(half_hour(WITH_CARDS)))
    assert outcome.breaches == (), outcome.trace
    ends = Counter(fact.data["end"] for fact in outcome.facts if fact.kind is FactKind.CARD_OVER)
    assert set(ends) >= {"dialled", "skipped", "postponed", "stopped", "returned"}


@pytest.mark.timeout(120)
def test_the_same_seed_gives_the_same_half_hour() -> None:
    first, second = (run_scenario(shorter(half_hour(6))) for _ in range(2))
    assert first.digest == second.digest
    assert first.faults == second.faults
    assert run_scenario(shorter(half_hour(7))).digest != first.digest


def test_a_half_hour_is_as_large_as_it_says() -> None:
    scenario = half_hour(1)
    assert scenario.span_s >= 1800.0
    assert sum(crew.count for crew in scenario.crews) == OPERATORS == 8
    assert sum(campaign.contacts for campaign in scenario.campaigns) == CONTACTS == 300


def test_two_hundred_seeds_visit_every_point() -> None:
    visited = {point for seed in range(1, 201) for point in half_hour(seed).points}
    assert visited == set(all_points())
