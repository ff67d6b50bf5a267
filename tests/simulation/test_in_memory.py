"""A day whose floor works in memory is the day it would have been on the database, to the last row."""

import json
from dataclasses import replace

from vyzov.core.facts import Fact, FactKind, to_json
from vyzov.simulation.agents import Habits
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.run import line_of, run_on, run_scenario
from vyzov.simulation.scenario import (
    Crew,
    Management,
    Outcome,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
)
from vyzov.simulation.stage import build

PEOPLE = People(
    kinds={
        CalleeKind.ANSWERS_AND_SPEAKS: 60.0,
        CalleeKind.NEVER_ANSWERS: 20.0,
        CalleeKind.BUSY: 20.0,
    }
)
SETTINGS = {"redial": {"attempts_max": 3, "rules": {"busy": {"after_s": 60}}}, "wrap_up_s": 20}
DAY = Scenario(
    name="in memory", span_s=300.0, crews=(Crew("team", 4, habits=Habits()),),
    trunks=(ScenarioTrunk("carrier"),),
    campaigns=(ScenarioCampaign("service", 80, settings=SETTINGS, people=PEOPLE, stop_listed=0.05),),
    ends_when_done=False, in_memory=True,
)  # fmt: skip


def lived(scenario: Scenario) -> tuple[Outcome, list[str], int]:
    """What came of a scenario, every row its database was left with, and the batches in memory."""
    stage = build(scenario, 5)
    try:
        outcome = run_on(stage, scenario, 5)
        usual = stage.kept.was_usual if stage.kept is not None else 0
        return outcome, list(stage.connection.iterdump()), usual
    finally:
        stage.close()


def test_the_same_facts_and_the_same_rows_come_of_it() -> None:
    memory, rows, usual = lived(DAY)
    database, expected, _ = lived(replace(DAY, in_memory=False))
    assert memory.breaches == database.breaches == ()
    assert memory.digest == database.digest
    assert memory.checks == database.checks
    assert rows == expected
    assert usual > 200, "next to everything was carried out in memory"
    assert memory.figures.attempts > 25


def test_a_day_whose_rules_nobody_looks_at_is_the_same_to_the_last_fact() -> None:
    judged, rows, _ = lived(DAY)
    bare, bare_rows, _ = lived(replace(DAY, watched=False))
    assert bare.facts == judged.facts
    assert (bare.digest, bare.figures, bare_rows) == (judged.digest, judged.figures, rows)
    assert sum(judged.checks.values()) > 1000
    assert (bare.checks, bare.breaches) == ({}, ())


def test_a_line_of_the_digest_is_the_json_of_its_fact() -> None:
    facts = run_scenario(replace(DAY, span_s=60.0)).facts
    odd = Fact(
        FactKind.ENDED, facts[0].at, 'a "clock"', 7, "\u0000\u2028é\\", campaign="", contact="\ud800",
        data={"b": [1.5, None, True], "a": {"z": "\n", "y": 1e22}},
    )  # fmt: skip
    for fact in (*facts, odd, replace(odd, agent='"', attempt="}")):
        assert line_of(fact) == json.dumps(to_json(fact), sort_keys=True)
    assert len({fact.kind for fact in facts}) > 8


def test_a_manager_who_stops_numbers_and_saves_settings_is_heard_at_once() -> None:
    meddled = replace(
        DAY, span_s=150.0,
        management=Management(stop_lists_every_s=20.0, saves_every_s=60.0),
    )  # fmt: skip
    memory, rows, _ = lived(meddled)
    database, expected, _ = lived(replace(meddled, in_memory=False))
    assert memory.breaches == ()
    assert memory.digest == database.digest
    assert rows == expected
