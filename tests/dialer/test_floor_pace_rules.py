"""Rules of pace on a floor: a campaign pauses or changes its mode by itself, once, and says so."""

import json
from datetime import timedelta
from typing import Any

import pytest
from conftest import NOON, Build, Centre, plan
from test_floor_days import FAULTS, day
from test_replay import Shelf

from vyzov.core.campaign import DialMode
from vyzov.core.facts import FactKind
from vyzov.dialer.floor_store import AbandonDay
from vyzov.dialer.replay import replay
from vyzov.simulation import world as world_module
from vyzov.simulation.people import CalleeKind

HALF_DONE = {"when": "progress", "is": "above", "value": 0.3, "for_s": 3, "do": "pause"}
LATE = {
    "when": "time_of_day", "is": "above", "clock": "12:01", "for_s": 0, "do": "switch",
    "mode": "power",
}  # fmt: skip
NOBODY = {"when": "answer_rate", "is": "below", "value": 0.2, "for_s": 5, "do": "tell"}


def acted(centre: Centre) -> list[tuple[Any, Any]]:
    return [
        (fact.data["do"], fact.data["state"])
        for fact in sorted(centre.facts(FactKind.PACE_RULE), key=lambda fact: fact.at)
    ]


def alerts(centre: Centre) -> list[dict[str, Any]]:
    shown = centre.world.screens["floor:org"]["alerts"]
    return [one for one in shown if one["id"].startswith("rule:")]


def talk(centre: Centre, user: str) -> None:
    """One talk from the ring to its result."""
    assert centre.until(lambda: centre.talking(user))
    centre.finish_talk(user)


def rests(centre: Centre, user: str, campaign: str) -> None:
    """The rule acts, and the campaign is paused once the talk in hand is over."""
    assert centre.until(lambda: bool(acted(centre)), 20.0)
    if centre.talking(user):
        centre.finish_talk(user)
    assert centre.until(lambda: centre.live_campaign(campaign).state.value == "paused", 5.0)


def change(centre: Centre, campaign: str, **settings: Any) -> None:
    record = centre.office.campaign("org", campaign)
    assert record is not None
    centre.office.change_campaign("org", campaign, settings={**record.settings, **settings})
    assert centre.world.ask("office.settings_changed", "boss").ok


# ---- pausing -------------------------------------------------------------------------------------


def test_a_rule_pauses_a_campaign_and_says_so(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(6, agents=(ann,), pace_rules=[HALF_DONE])
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    talk(centre, ann)
    assert centre.until(lambda: centre.talking(ann))
    assert acted(centre) == []
    centre.finish_talk(ann)
    rests(centre, ann, campaign)
    assert acted(centre) == [("pause", "applied")]
    [fact] = centre.facts(FactKind.PACE_RULE)
    assert (fact.campaign, fact.data["when"], fact.data["seen"]) == (
        campaign, "progress", 0.333333,
    )  # fmt: skip
    centre.world.run(1.0)
    states = [fact.data["state"] for fact in centre.facts(FactKind.CAMPAIGN_STATE)]
    assert states[-2:] == ["pausing", "paused"]
    [alert] = alerts(centre)
    assert (alert["kind"], alert["args"]["value"]) == ("rule_pause", 0.3)
    assert alert["args"]["campaign"] == "Renewal"
    centre.settle()


def test_whoever_starts_it_again_is_not_paused_by_what_was_known(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(6, agents=(ann,), pace_rules=[HALF_DONE])
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    talk(centre, ann)
    talk(centre, ann)
    rests(centre, ann, campaign)
    assert centre.start_campaign(campaign).ok
    talk(centre, ann)
    centre.world.run(10.0)
    assert centre.is_running(campaign)
    assert acted(centre) == [("pause", "applied")]
    centre.settle()


def test_a_rule_that_acted_before_the_floor_died_does_not_act_again(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(6, agents=(ann,), pace_rules=[HALF_DONE])
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    talk(centre, ann)
    talk(centre, ann)
    rests(centre, ann, campaign)
    centre.kill_floor()
    assert centre.start_campaign(campaign).ok
    centre.world.run(15.0)
    assert centre.is_running(campaign)
    assert acted(centre) == [("pause", "applied")]
    assert [one["kind"] for one in alerts(centre)] == ["rule_pause"]
    centre.settle()


# ---- switching -----------------------------------------------------------------------------------


def test_a_rule_changes_the_mode_and_calls_go_out_by_it(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(8, agents=(ann,), pace_rules=[LATE], power_ratio=3)
    centre.everybody(plan(CalleeKind.NEVER_ANSWERS))
    centre.open(campaign)
    centre.ready(ann)
    centre.world.run(10.0)
    assert len(centre.calls()) == 1, "one call for a free operator"
    assert centre.until(lambda: bool(acted(centre)), 60.0)
    assert centre.world.timeline.utc >= NOON + timedelta(minutes=1)
    assert centre.until(lambda: len(centre.calls()) == 3, 20.0)
    centre.world.run(1.0)
    [shown] = centre.world.screens["floor:org"]["campaigns"]
    assert shown["mode"] == "power"
    assert [one["kind"] for one in alerts(centre)] == ["rule_switch"]
    centre.settle()


def test_a_changed_mode_outlives_the_floor_and_other_settings_but_not_its_rule(
    centre: Centre,
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(4, agents=(ann,), pace_rules=[LATE])
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: bool(acted(centre)), 70.0)
    centre.kill_floor()
    assert centre.live_campaign(campaign).settings.mode is DialMode.POWER
    change(centre, campaign, wrap_up_s=5)
    centre.world.run(1.0)
    assert centre.live_campaign(campaign).settings.wrap_up == timedelta(seconds=5)
    assert centre.live_campaign(campaign).settings.mode is DialMode.POWER
    change(centre, campaign, pace_rules=[])
    centre.world.run(1.0)
    assert centre.live_campaign(campaign).settings.mode is DialMode.PROGRESSIVE
    assert acted(centre) == [("switch", "applied")]
    centre.settle()


# ---- what the figures are ------------------------------------------------------------------------


def test_few_answers_are_told_once_and_the_word_goes_when_people_answer(centre: Centre) -> None:
    campaign = centre.campaign(60, mode="agentless", pace_rules=[NOBODY])
    centre.everybody(plan(CalleeKind.NEVER_ANSWERS))
    centre.open(campaign)
    assert centre.until(lambda: bool(acted(centre)), 60.0)
    assert centre.is_running(campaign)
    [fact] = centre.facts(FactKind.PACE_RULE)
    assert fact.data["seen"] == 0.0
    centre.world.run(1.0)
    assert [one["kind"] for one in alerts(centre)] == ["rule_tell"]
    live = centre.live_campaign(campaign)
    at, calls, _ = live.minutes[-1]
    live.minutes[-1] = (at, calls, 2 * calls)
    assert centre.until(lambda: len(acted(centre)) == 2, 70.0)
    assert acted(centre)[-1] == ("tell", "cleared")
    centre.world.run(1.0)
    assert alerts(centre) == []
    centre.settle()


@pytest.mark.parametrize(("answered", "acts"), [(19, False), (20, True)])
def test_a_share_of_lost_calls_counts_from_twenty_answers_on(
    centre: Centre, answered: int, acts: bool
) -> None:
    lost = {"when": "abandonment", "is": "above", "value": 0.1, "for_s": 1, "do": "pause"}
    campaign = centre.campaign(3, pace_rules=[lost])
    centre.open(campaign)
    day = NOON.date()
    centre.live_campaign(campaign).abandon[day.isoformat()] = AbandonDay(day, 3, answered)
    centre.world.run(3.0)
    assert acted(centre) == ([("pause", "applied")] if acts else [])


def test_somebody_who_waits_for_an_operator_is_noticed_while_they_wait(centre: Centre) -> None:
    ann = centre.operator()
    waits = {"when": "wait", "is": "above", "value": 0.6, "for_s": 0, "do": "pause"}
    campaign = centre.campaign(2, agents=(ann,), pace_rules=[waits])
    centre.everybody(plan(ring_s=3.0))
    centre.open(campaign)
    centre.ready(ann)
    centre.reach("ringing")
    centre.lose_device(ann)
    assert centre.until(lambda: bool(acted(centre)), 10.0)
    [fact] = centre.facts(FactKind.PACE_RULE)
    assert 0.6 <= float(str(fact.data["seen"])) < 2.0
    centre.settle()


# ---- when everything breaks ----------------------------------------------------------------------

SWINGS = [
    {"when": "wait", "is": "above", "value": 0.3, "for_s": 0, "do": "switch", "mode": "progressive"},
    {"when": "wait", "is": "below", "value": 0.1, "for_s": 30, "do": "switch", "mode": "power"},
    {"when": "progress", "is": "above", "value": 0.1, "for_s": 5, "do": "switch",
     "mode": "predictive"},
    {"when": "answer_rate", "is": "below", "value": 0.4, "for_s": 5, "do": "tell"},
]  # fmt: skip


@pytest.mark.parametrize("seed", [2])
def test_each_rule_acts_and_clears_in_turn_on_a_day_when_everything_breaks(
    build: Build, seed: int
) -> None:
    centre = build(seed=seed, faults=FAULTS)
    day(centre, pace_rules=SWINGS)
    assert centre.world.lives >= 3, "the floor was killed"
    told: dict[object, list[object]] = {}
    for row in centre.rows_of("SELECT data FROM fact WHERE kind = 'pace_rule' ORDER BY seq"):
        data = json.loads(row["data"])
        told.setdefault(data["rule"], []).append(data["state"])
    assert len(told) >= 3
    for states in told.values():
        assert states == ["applied", "cleared"] * (len(states) // 2) + ["applied"] * (
            len(states) % 2
        )


# ---- again alike ---------------------------------------------------------------------------------


def test_lives_with_rules_are_decided_again_alike(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    monkeypatch.setattr(world_module, "Floor", shelf.floor)
    centre = build(seed=3)
    ann = centre.operator()
    campaign = centre.campaign(6, agents=(ann,), pace_rules=[HALF_DONE, LATE])
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    talk(centre, ann)
    talk(centre, ann)
    assert centre.until(lambda: bool(acted(centre)), 20.0)
    centre.kill_floor()
    assert centre.start_campaign(campaign).ok
    assert centre.until(lambda: len(acted(centre)) == 2, 70.0)
    centre.settle()
    assert len(shelf.lives) == 2
    for lines in shelf.lives:
        again = replay(lines)
        assert again.difference is None, again.difference
    assert acted(centre) == [("pause", "applied"), ("switch", "applied")]
