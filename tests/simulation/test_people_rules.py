"""The rules of what people are owed, each shown a breach and its counterpart."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules, Told
from vyzov.simulation.invariants_people import PeopleRules
from vyzov.simulation.world_time import Timeline

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def rules() -> PeopleRules:
    notes = Notes(Timeline(NOW))
    calling = CallingRules(notes)
    calling.attempts["leg"] = Told(
        w.Reserve(
            attempt="leg", campaign="one", contact="ann", phone="p", number_ref="n", number=1,
            fence=3, floor="floor", lease_until=NOW, campaign_version=1, rule_version="1",
            verdict={}, trunk="t", caller_id="+70005559999", call_id="c", at=NOW,
        )
    )  # fmt: skip
    return PeopleRules(notes, calling)


def order() -> ports.Originate:
    return ports.Originate(
        leg="leg", attempt="leg", fence=3, not_after=0.0, trunk="t", to="+70005550101",
        caller_id="+70005559999", ring_timeout_s=20.0, orphan=ports.Orphan("ru/excuse"),
        classify=False,
    )  # fmt: skip


def pause(rules: PeopleRules) -> None:
    rules.asked("office.pause_campaign", {"campaign": "one"})
    rules.replied("office.pause_campaign", {"campaign": "one"}, ok=True)


def stop(rules: PeopleRules) -> None:
    rules.asked("office.emergency_stop", {"on": True})
    rules.replied("office.emergency_stop", {"on": True}, ok=True)


@pytest.mark.parametrize("act", [pause, stop])
def test_a_call_after_an_acknowledged_stop_breaks_a6(
    rules: PeopleRules, act: Callable[[PeopleRules], None]
) -> None:
    act(rules)
    rules.notes.timeline.now += 0.9
    rules.invited(order())
    assert rules.notes.breaches == []
    rules.notes.timeline.now += 0.2
    rules.invited(order())
    assert "A6" in rules.notes.breaches[0]


def test_whoever_starts_again_may_call(rules: PeopleRules) -> None:
    pause(rules)
    stop(rules)
    rules.notes.timeline.now += 5.0
    rules.asked("office.start_campaign", {"campaign": "one"})
    rules.asked("office.emergency_stop", {"on": False})
    rules.invited(order())
    assert rules.notes.breaches == []


def test_an_old_answer_that_comes_after_a_newer_wish_stops_nobody(rules: PeopleRules) -> None:
    rules.asked("office.pause_campaign", {"campaign": "one"})
    rules.asked("office.start_campaign", {"campaign": "one"})
    rules.replied("office.pause_campaign", {"campaign": "one"}, ok=True)
    rules.notes.timeline.now += 5.0
    rules.invited(order())
    assert rules.notes.breaches == []


def test_a_lease_prolonged_for_an_older_fence_breaks_a4(rules: PeopleRules) -> None:
    rules.calling.fence = 4
    rules.prolonged("life-2", 4)
    assert rules.notes.breaches == []
    rules.prolonged("life-1", 3)
    assert "A4" in rules.notes.breaches[0]


def test_a_callee_left_for_another_breaks_e4_unless_hung_up_at_once(rules: PeopleRules) -> None:
    rules.taken_from("leg", "other", "ann")
    rules.notes.timeline.now += 0.1
    rules.over("leg")
    assert rules.notes.breaches == []
    rules.taken_from("leg", "other", "ann")
    rules.notes.timeline.now += 3.0
    rules.joined("leg")
    assert "E4" in rules.notes.breaches[0]


@pytest.mark.parametrize(("outcome", "broken"), [("answered_human", True), ("abandoned", False)])
def test_who_heard_nothing_but_our_excuse_counts_as_abandoned(
    rules: PeopleRules, outcome: str, broken: bool
) -> None:
    rules.calling.attempts["leg"].ended = outcome
    rules.excused("leg")
    rules.settle()
    assert bool(rules.notes.breaches) is broken


def test_who_was_joined_after_the_excuse_is_not_looked_at(rules: PeopleRules) -> None:
    rules.calling.attempts["leg"].ended = "answered_human"
    rules.excused("leg")
    rules.joined("leg")
    rules.settle()
    assert rules.notes.breaches == []
