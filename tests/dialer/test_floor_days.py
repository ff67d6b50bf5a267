"""Whole days of a small centre, by seed, with everything breaking: the rules hold all the same."""

import pytest
from conftest import Build, Centre

from vyzov.core.facts import FactKind
from vyzov.simulation.agents import Habits
from vyzov.simulation.faults import Faults

HABITS = Habits(device_lost_every_s=80.0, reload_every_s=120.0)
FAULTS = Faults(
    floor_killed_every_s=45.0,
    engine_killed_every_s=110.0,
    link_broken_every_s=70.0,
    store_away_every_s=90.0,
    answer_lost=0.005,
    doubled=0.1,
    late=0.2,
)
DAY_S = 400.0
CONTACTS = 150


def day(centre: Centre, mode: str = "progressive", **changes: object) -> None:
    """Two campaigns, an offer with keys and one for agents, with people who work in both."""
    crew = tuple(centre.operator(f"agent{n}") for n in range(8))
    offer = centre.campaign(CONTACTS // 2, agents=crew[:5], mode="agentless")
    live = centre.campaign(CONTACTS // 2, agents=crew[2:], mode=mode, **changes)
    for user in crew:
        centre.world.hire(user, HABITS)
    centre.open(offer, live)
    for user in crew:
        centre.world.agents[user].arrive()
    centre.world.run(DAY_S, lambda: centre.are_completed(offer, live))
    for agent in centre.world.agents.values():
        agent.leave()
    centre.settle()


@pytest.mark.parametrize("seed", range(1, 21))
def test_no_rule_is_broken_on_a_day_when_everything_breaks(build: Build, seed: int) -> None:
    centre = build(seed=seed, faults=FAULTS)
    day(centre)
    assert centre.world.lives >= 3, "the floor was killed"
    assert len(centre.world.watch.originates) > CONTACTS
    assert len(centre.facts(FactKind.BRIDGED)) > 40
    outcomes = set(centre.outcomes())
    assert {"answered_human", "busy", "no_answer", "answered_machine", "abandoned"} <= outcomes


def test_a_day_on_which_nothing_breaks_leaves_nothing_unknown(build: Build) -> None:
    centre = build(seed=7)
    day(centre)
    assert centre.world.lives == 1
    assert not {"unknown", "cancelled_by_us"} & set(centre.outcomes())
    open_entries = centre.rows_of("SELECT state FROM campaign_contact WHERE state <> 'closed'")
    assert {entry["state"] for entry in open_entries} <= {"callback"}


def test_a_seed_gives_the_same_day_again(build: Build) -> None:
    days = [build(seed=5, faults=FAULTS) for _ in range(2)]
    for centre in days:
        day(centre)
    first, second = ([fact.dedupe for fact in centre.world.watch.facts] for centre in days)
    assert first == second
