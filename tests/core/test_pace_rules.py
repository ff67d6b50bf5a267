"""Rules of pace: what they are read from, when they act, and that they act once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields
from vyzov.core.pace_rules import (
    PaceFigures,
    PaceRule,
    RuleDo,
    RuleSide,
    RuleWatch,
    RuleWhen,
    SwitchMode,
    Turned,
    read_rules,
    rules_step,
    seen_by,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAUSES: dict[str, Any] = {
    "when": "abandonment", "is": "above", "value": 0.03, "for_s": 120, "do": "pause",
}  # fmt: skip
EVENING: dict[str, Any] = {
    "when": "time_of_day", "is": "above", "clock": "18:30", "zone": "Europe/Samara",
    "for_s": 0.0, "do": "switch", "mode": "progressive",
}  # fmt: skip


def read(*rows: Any) -> tuple[PaceRule, ...]:
    faults: list[Fault] = []
    fields = Fields({"pace_rules": list(rows)}, "", faults)
    rules = read_rules(fields, "pace_rules")
    fields.settle("The campaign")
    return rules


RULE = PaceRule(RuleWhen.ABANDONMENT, RuleSide.ABOVE, 0.03, timedelta(minutes=2), RuleDo.PAUSE)


def lives(rule: PaceRule, *shares: float | None, step_s: float = 30.0) -> list[tuple[int, bool]]:
    """At which of the figures, one a step, the rule turned, and whether it was applied."""
    watches: dict[str, RuleWatch] = {}
    found: list[tuple[int, bool]] = []
    for place, share in enumerate(shares):
        at = NOON + timedelta(seconds=place * step_s)
        figures = PaceFigures(at, abandonment=share)
        watches, turned = rules_step([rule], watches, figures, 5000 + place * step_s)
        found += [(place, one.applied) for one in turned]
    return found


# ---- what is read --------------------------------------------------------------------------------


def test_rules_are_read_and_written_back_without_loss() -> None:
    tells = {"when": "wait", "is": "below", "value": 2.5, "for_s": 60.0, "do": "tell"}
    rules = read(PAUSES, EVENING, tells)
    assert rules[0] == RULE
    assert rules[1].value == 18 * 60 + 30
    assert rules[1].mode is SwitchMode.PROGRESSIVE
    assert [one.to_json() for one in rules] == [PAUSES, EVENING, tells]
    assert read(*[one.to_json() for one in rules]) == rules


def test_five_minutes_are_the_usual_span() -> None:
    [rule] = read({key: value for key, value in PAUSES.items() if key != "for_s"})
    assert rule.lasts == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"when": "moon"}, "when"), ({"is": "near"}, "is"), ({"do": "dance"}, "do"),
        ({"value": None}, "value"), ({"value": 1.5}, "value"), ({"value": "much"}, "value"),
        ({"for_s": -1}, "for_s"), ({"for_s": 90_000}, "for_s"), ({"do": "switch"}, "mode"),
        ({"do": "switch", "mode": "agentless"}, "mode"), ({"mode": "power"}, "mode"),
        ({"clock": "09:00"}, "clock"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({**PAUSES, **change})
    assert f"pace_rules[0].{field}" in [fault.field for fault in refused.value.faults]


@pytest.mark.parametrize(
    "change",
    [{"clock": clock} for clock in ("9:00", "0900", "24:00", "09:60", "ab:cd", "²3:00", "")]
    + [{"zone": "Mars/Base"}],
)
def test_an_hour_that_no_clock_shows_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({**EVENING, **change})
    assert {fault.field for fault in refused.value.faults} == {
        f"pace_rules[0].{field}" for field in change
    }


def test_a_rule_stands_once_and_there_are_not_too_many() -> None:
    with pytest.raises(InvalidRequest, match="one rule twice"):
        read(PAUSES, PAUSES)
    many = [{**PAUSES, "value": place / 100} for place in range(21)]
    assert len(read(*many[:20])) == 20
    with pytest.raises(InvalidRequest, match="at most 20"):
        read(*many)


@pytest.mark.parametrize("mode", ["manual", "preview", "agentless", "external"])
def test_only_modes_in_which_operators_take_the_answers_are_changed_by_rule(mode: str) -> None:
    given = {
        "mode": mode, "purpose": "service", "caller_id": "+70005550101", "trunks": ["t"],
        "flow": {"start": "bye", "steps": {"bye": {"do": "hang_up"}}},
    }  # fmt: skip
    assert CampaignSettings.from_json({**given, "pace_rules": [PAUSES]}).pace_rules == (RULE,)
    with pytest.raises(InvalidRequest, match="can change the mode only where"):
        CampaignSettings.from_json({**given, "pace_rules": [EVENING]})
    switching = CampaignSettings.from_json({**given, "mode": "power", "pace_rules": [EVENING]})
    assert CampaignSettings.from_json(switching.to_json()) == switching


# ---- when it acts --------------------------------------------------------------------------------


def test_a_rule_acts_once_its_condition_has_held_for_its_span() -> None:
    assert lives(RULE, 0.05, 0.05, 0.05, 0.05) == []
    assert lives(RULE, *[0.05] * 5) == [(4, True)]
    assert lives(RULE, *[0.05] * 40) == [(4, True)], "and not again while it holds"


def test_a_moment_on_the_other_side_or_without_a_figure_begins_the_span_anew() -> None:
    assert lives(RULE, 0.05, 0.05, 0.02, 0.05, 0.05, 0.05, 0.05) == []
    assert lives(RULE, 0.05, 0.05, None, 0.05, 0.05, 0.05, 0.05) == []
    assert lives(RULE, 0.05, 0.05, None, *[0.05] * 5) == [(7, True)]


def test_a_figure_that_swings_about_its_value_turns_nothing_on_and_off() -> None:
    assert lives(RULE, *[0.05] * 5, *[0.02, 0.04] * 30) == [(4, True)]
    assert lives(RULE, *[0.05] * 5, *[0.02] * 3, None, *[0.02] * 4) == [(4, True)]


def test_a_condition_that_has_cleared_for_as_long_lets_the_rule_act_again() -> None:
    again = [*[0.05] * 5, *[0.02] * 5, *[0.05] * 5]
    assert lives(RULE, *again) == [(4, True), (9, False), (14, True)]


def test_a_rule_without_a_span_acts_at_once_and_clears_in_a_minute() -> None:
    at_once = PaceRule(RuleWhen.ABANDONMENT, RuleSide.BELOW, 0.03, timedelta(0), RuleDo.TELL)
    assert lives(at_once, 0.03, 0.02, 0.03, 0.03, 0.03) == [(1, True), (4, False)]


def test_each_figure_is_the_one_its_rule_names() -> None:
    figures = PaceFigures(NOON, progress=0.9, abandonment=0.1, wait_s=7.0, answer_rate=0.4)
    found = {
        when: seen_by(PaceRule(when, RuleSide.ABOVE, 0, timedelta(0), RuleDo.TELL), figures)
        for when in RuleWhen
    }
    assert list(found.values()) == [0.9, 0.1, 7.0, 0.4, 720.0]
    [evening] = read(EVENING)
    assert seen_by(evening, figures) == 16 * 60


def test_what_turned_says_which_rule_and_what_was_seen() -> None:
    rule = PaceRule(RuleWhen.WAIT, RuleSide.ABOVE, 5, timedelta(0), RuleDo.PAUSE)
    watches, turned = rules_step([RULE, rule], {}, PaceFigures(NOON, wait_s=6.0), 1.0)
    assert turned == (Turned(rule, 6.0, applied=True),)
    assert watches == {RULE.key: RuleWatch(), rule.key: RuleWatch(None, NOON)}
    assert rules_step([], watches, PaceFigures(NOON), 2.0) == ({}, ())


@given(st.lists(st.one_of(st.none(), st.floats(0, 0.06)), max_size=80), st.integers(0, 240))
def test_a_rule_turns_on_and_off_in_turn_and_never_sooner_than_its_span(
    shares: list[float | None], lasts_s: int
) -> None:
    rule = PaceRule(
        RuleWhen.ABANDONMENT, RuleSide.ABOVE, 0.03, timedelta(seconds=lasts_s), RuleDo.TELL
    )
    turned = lives(rule, *shares)
    assert [applied for _, applied in turned] == [place % 2 == 0 for place in range(len(turned))]
    for (first, _), (second, on) in pairwise(turned):
        assert (second - first) * 30 >= (lasts_s if on else max(60, lasts_s))
