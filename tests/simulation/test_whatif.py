"""Estimates from a past: what is learnt of it, when it is too thin, and that it comes out right."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import Fact, FactKind
from vyzov.core.outcome import Outcome as End
from vyzov.simulation.estimate import FIGURES, estimate
from vyzov.simulation.history import History, learn
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.run import run_scenario
from vyzov.simulation.scenario import (
    Crew,
    Outcome,
    People,
    Scenario,
    ScenarioCampaign,
    ScenarioTrunk,
    Shape,
    Spread,
)
from vyzov.simulation.stage import DEFAULT_SETTINGS
from vyzov.simulation.whatif import Change, Present, changed, compare, refuse_thin, world_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTINGS = {**DEFAULT_SETTINGS, "trunks": ["t"], "agents": ["a", "b"]}
PEOPLE = People(
    kinds={CalleeKind.ANSWERS_AND_SPEAKS: 35, CalleeKind.NEVER_ANSWERS: 45, CalleeKind.BUSY: 20},
    ring=Spread(Shape.UNIFORM, least_s=4, most_s=12),
    talk=Spread(Shape.UNIFORM, least_s=20, most_s=60),
    leaves_first=1.0,
    anew_each_call=True,
)
TRUTH = Scenario(
    "truth", 3600.0,
    (Crew("c", 3, talk=Spread(Shape.FIXED, 7200.0), wrap_up=Spread(Shape.UNIFORM, least_s=3, most_s=9)),),
    (ScenarioTrunk("t"),),
    (ScenarioCampaign("a", 4000, people=PEOPLE),),
    begin=NOON, ends_when_done=False,
)  # fmt: skip


def fact(kind: FactKind, at_s: float, key: str, **more: Any) -> Fact:
    return Fact(
        kind=kind, at=NOON + timedelta(seconds=at_s), clock_id="c", monotonic_ns=0, dedupe=key,
        **more,
    )  # fmt: skip


def call(key: str, at_s: float, outcome: End, talk_s: float | None = None) -> list[Fact]:
    told = [fact(FactKind.ATTEMPT_RESERVED, at_s, f"{key}:r", attempt=key)]
    if talk_s is not None:
        told += [
            fact(FactKind.ANSWERED, at_s + 5, f"{key}:a", attempt=key, data={"ring_s": 4.0}),
            fact(FactKind.BRIDGED, at_s + 5, f"{key}:b", attempt=key),
            fact(FactKind.ENDED, at_s + 9, f"{key}:e", attempt=key, data={"talk_s": talk_s}),
        ]
    end = fact(FactKind.FINAL, at_s + 9, f"{key}:f", attempt=key, data={"outcome": outcome.value})
    return [*told, end]


def state(agent: str, at_s: float, before: str, after: str, lasted_s: float = 0.0) -> Fact:
    data = {"state": after, "before": before, "lasted_s": lasted_s}
    return fact(FactKind.AGENT_STATE, at_s, f"{agent}{at_s}", agent=agent, data=data)


def past_of(outcome: Outcome) -> History:
    users = {one.agent for one in outcome.facts if one.agent is not None}
    return learn(
        outcome.facts, operators=sorted(users), clock=UTC, until=NOON + timedelta(seconds=3600)
    )


def present(**more: Any) -> Present:
    plain = Present("a", SETTINGS, (ScenarioTrunk("t"),), 4000, "UTC")
    return dataclasses.replace(plain, **more)


# ---- what is learnt ------------------------------------------------------------------------------


def test_answers_are_counted_by_the_callees_hour_and_the_unknown_says_nothing() -> None:
    facts = [
        *call("1", 0, End.ANSWERED_HUMAN, 30.0),
        *call("2", 10, End.NO_ANSWER),
        *call("3", 3700, End.ABANDONED),
        *call("4", 20, End.UNKNOWN),
    ]
    found = learn(facts, operators=(), clock=UTC, until=NOON)
    assert found.calls == 3
    assert found.calls_by_hour == {12: 2, 13: 1}
    assert found.people_by_hour == {12: 1, 13: 1}
    assert found.talks_s == (30.0,)
    assert found.rings_s == (4.0,)
    assert found.hours == (12, 13)


def test_an_attempt_begun_before_the_window_is_left_out() -> None:
    facts = call("1", 0, End.BUSY)[1:]
    assert learn(facts, operators=(), clock=UTC, until=NOON).calls == 0


def test_operators_are_counted_while_the_campaign_dialled() -> None:
    facts = [
        state("a", -600, "offline", "ready"),
        state("b", 0, "offline", "ready"),
        state("stranger", 0, "offline", "ready"),
        *call("1", 0, End.BUSY),
        state("b", 450, "ready", "offline"),
        state("a", 460, "talking", "wrap_up"),
        state("a", 470, "wrap_up", "ready", 10.0),
        *call("2", 600, End.BUSY),
    ]
    found = learn(facts, operators=("a", "b"), clock=UTC, until=NOON + timedelta(hours=2))
    assert found.operators == pytest.approx(1.75), "a all the time, b for three quarters of it"
    assert found.writing_s == (10.0,)


# ---- refusals ------------------------------------------------------------------------------------


def test_a_thin_past_is_refused_with_its_numbers() -> None:
    thin = History(calls=199, talks_s=(1.0,) * 30)
    with pytest.raises(InvalidRequest, match="199 calls and 30 talks"):
        refuse_thin(thin, CampaignSettings.from_json(SETTINGS))
    mute = History(calls=200, talks_s=(1.0,) * 29)
    with pytest.raises(InvalidRequest, match="needs 200 calls and 30 talks"):
        refuse_thin(mute, CampaignSettings.from_json(SETTINGS))
    refuse_thin(History(calls=200, talks_s=(1.0,) * 30), CampaignSettings.from_json(SETTINGS))


def test_a_change_is_laid_over_the_settings_by_its_path() -> None:
    found = changed(SETTINGS, {"redial.attempts_max": 2, "lines_max": 7})
    assert found["redial"] == {"attempts_max": 2}
    assert found["lines_max"] == 7
    assert "redial" not in SETTINGS


def test_a_wrong_change_names_its_field_and_a_mode_by_hand_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="ring_timeout_s"):
        changed(SETTINGS, {"ring_timeout_s": 900})
    with pytest.raises(InvalidRequest, match="people decide"):
        changed(SETTINGS, {"mode": "preview"})


def test_no_time_for_a_single_run_is_said() -> None:
    moments = iter(float(n) for n in range(10**6))
    past = History(
        calls=300, first=NOON, last=NOON, outcomes={End.BUSY: 300}, calls_by_hour={12: 300},
        talks_s=(5.0,) * 30,
    )  # fmt: skip
    with pytest.raises(InvalidRequest, match="No run ended within 2 s"):
        compare(past, present(), Change(), seeds=(1,), limit_s=2, clock=lambda: next(moments))


# ---- the estimate against the truth --------------------------------------------------------------


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def truth() -> Outcome:
    return run_scenario(TRUTH, 11)


def test_the_world_made_of_a_past_lives_in_its_busiest_hours(truth: Outcome) -> None:
    world = world_of(past_of(truth), present(), SETTINGS, 3)
    assert world.begin == NOON + timedelta(days=1)
    assert world.span_s == 3600.0
    people = world.campaigns[0].people
    assert people.anew_each_call
    assert people.kinds[CalleeKind.ANSWERS_AND_SPEAKS] == pytest.approx(0.35, abs=0.08)
    assert people.kinds[CalleeKind.BUSY] == pytest.approx(0.2, abs=0.06)


def test_an_estimate_of_no_change_is_what_was(truth: Outcome) -> None:
    found = compare(past_of(truth), present(), Change(), seeds=(1,), limit_s=600)
    assert found.operators == (3, 3)
    for name in ("attempts", "contacts", "occupancy", "talk_mean_s"):
        was = FIGURES[name](truth.figures)
        assert was is not None
        assert found.now[name].mean == pytest.approx(was, rel=0.15), name
    assert all(gap.mean == 0.0 for gap in found.difference.values()), "the same dice, the same day"


def test_an_estimate_of_more_operators_agrees_with_living_it(truth: Outcome) -> None:
    past = past_of(truth)
    found = compare(past, present(), Change(operators=5), seeds=(1, 2), limit_s=600)
    crew = dataclasses.replace(TRUTH.crews[0], count=5)
    lived = [run_scenario(dataclasses.replace(TRUTH, crews=(crew,)), 21).figures]
    for name in ("attempts", "talks", "occupancy"):
        values = [value for one in lived if (value := FIGURES[name](one)) is not None]
        assert found.then[name].mean == pytest.approx(estimate(values).mean, rel=0.15), name
    assert found.difference["talks"].mean > 0.2 * found.now["talks"].mean, "more people talk more"
