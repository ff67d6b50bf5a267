"""Calls that began with a card: whose they are, and what becomes of them when something breaks."""

from datetime import timedelta

import pytest
from card_examples import PREVIEW, begin, card_of, say, screen
from conftest import QUICK, Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.world_process import Delays


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


# ---- the call that was asked for -----------------------------------------------------------------


def test_a_ringing_call_is_given_up_by_the_operator_who_asked_for_it(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann)
    centre.everybody(plan(ring_s=15.0))
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.outcomes() == ["cancelled_by_us"], 5.0)
    assert centre.agent_state(ann) in ("ready", "previewing")
    centre.settle()


def test_a_ringing_call_is_given_up_when_its_operators_line_is_lost(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann, 1)
    centre.everybody(plan(ring_s=15.0))
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    centre.lose_device(ann)
    assert centre.until(lambda: centre.outcomes() == ["cancelled_by_us"], 5.0)
    assert centre.agent_state(ann) == "no_device"
    centre.settle()


def test_nothing_more_is_said_of_a_card_whose_call_is_being_reserved(build: Build) -> None:
    centre = build(delays=Delays(commit_s=0.4))
    ann = centre.operator()
    campaign = begin(centre, ann, 1)
    card = card_of(centre, ann).card.id
    centre.world.send("desk.take", ann, f"{ann}-tab", card=card)
    assert centre.until(lambda: bool(centre.room.calls), 2.0)
    at = to_text(centre.world.timeline.utc + timedelta(seconds=90))
    told = [
        centre.world.ask(
            f"desk.{verb}", ann, f"{ann}-tab", card=card, callback_at=at, reason="other"
        )
        for verb in ("postpone", "skip")
    ]
    assert {one.body["code"] for one in told} == {"card_taken"}
    assert centre.until(lambda: centre.talking(ann))
    assert centre.entries(campaign)[0]["state"] == "in_call"
    assert centre.rows_of("SELECT * FROM callback") == []
    centre.settle()


def test_a_machine_that_answers_frees_the_operator(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1, classify="classify_first")
    centre.everybody(plan(CalleeKind.VOICEMAIL))
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.outcomes() == ["answered_machine"], 20.0)
    assert centre.agent_state(ann) == "ready"
    centre.settle()


def test_a_database_that_is_away_dials_nobody_and_keeps_the_card(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1)
    centre.world.take_store_away(4.0)
    centre.world.run(1.0)
    assert say_unsaved(centre, ann)
    centre.world.run(20.0)
    assert len(centre.attempts()) <= 1
    assert centre.until(lambda: centre.talking(ann), 40.0)
    centre.settle()


def say_unsaved(centre: Centre, ann: str) -> bool:
    centre.world.send("desk.take", ann, f"{ann}-tab", card=card_of(centre, ann).card.id)
    return True


# ---- the others' calls ---------------------------------------------------------------------------


def test_an_operator_meant_for_a_call_that_rings_gets_no_card(centre: Centre, ann: str) -> None:
    progressive = centre.campaign(agents=(ann,))
    preview = centre.campaign(3, agents=(ann,), mode="preview", preview=PREVIEW, priority=-1)
    centre.everybody(plan(ring_s=8.0))
    centre.open(progressive, preview)
    centre.ready(ann)
    centre.reach("ringing")
    centre.world.run(3.0)
    assert centre.room.cards == {}
    assert centre.until(lambda: centre.talking(ann))
    centre.finish_talk(ann)
    assert centre.until(lambda: ann in centre.room.cards)
    centre.settle()


def test_a_call_asked_for_from_a_card_takes_nobody_elses_turn(centre: Centre, ann: str) -> None:
    bob = centre.operator("bob")
    preview = centre.campaign(1, agents=(ann,), mode="preview", preview=PREVIEW)
    progressive = centre.campaign(2, agents=(ann, bob))
    centre.everybody(plan(ring_s=10.0))
    centre.open(preview)
    assert centre.is_running(preview)
    centre.ready(ann)
    assert centre.until(lambda: ann in centre.room.cards)
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    assert centre.start_campaign(progressive).ok
    centre.ready(bob)
    assert centre.until(lambda: len(centre.calls()) == 2, 5.0), "Bob's call does not wait for hers"
    centre.settle()


# ---- a process that dies -------------------------------------------------------------------------


def test_a_card_survives_nothing_and_its_contact_everything(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann, 1)
    contact = card_of(centre, ann).card.contact
    old = card_of(centre, ann).card.id
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.until(lambda: ann in centre.room.cards, 10.0)
    again = card_of(centre, ann).card
    assert (again.contact, again.id != old) == (contact, True)
    assert centre.desk("take", ann, card=old).body["code"] == "no_card", "the old one is void"
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.talking(ann))
    centre.finish_talk(ann, "agreed")
    assert len(centre.attempts()) == 1
    assert centre.until(lambda: centre.are_completed(campaign))
    centre.settle()


def test_a_ringing_call_of_a_card_ends_with_its_floor_and_its_operator_goes_on(
    build: Build,
) -> None:
    centre = build(faults=QUICK)
    ann = centre.operator()
    begin(centre, ann, 1)
    centre.everybody(plan(ring_s=12.0), plan())
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.until(lambda: centre.outcomes() == ["no_answer"], 10.0)
    assert centre.until(lambda: ann in centre.room.cards, 60.0), "at its redial's hour"
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.talking(ann))
    assert [one["number"] for one in centre.attempts()] == [1, 2]
    centre.settle()


def test_a_kill_between_any_two_effects_of_a_cards_life_breaks_no_rule(build: Build) -> None:
    def story(centre: Centre) -> str:
        ann = centre.operator()
        rules = {**PREVIEW, "countdown_s": 5}
        campaign = centre.campaign(agents=(ann,), mode="preview", preview=rules)
        centre.everybody(plan(ring_s=1.0, leaves_first=True, talk_s=2.0))
        centre.open()
        centre.ready(ann)
        assert centre.start_campaign(campaign).ok
        return ann

    told = build(faults=QUICK)
    story(told)
    first = told.world.effects_done + 1
    assert told.until(lambda: bool(told.outcomes()), 60.0)
    told.world.run(0.5)
    last = told.world.effects_done
    assert last - first > 40
    for effect in range(first, last + 1, 3):
        centre = build(faults=QUICK)
        ann = story(centre)
        centre.world.kill_at_effect = effect
        world = centre.world
        assert centre.until(lambda world=world: world.lives == 2, 60.0), effect
        assert centre.until(lambda world=world: world.is_up, 15.0)
        centre.come_back(ann)
        assert centre.until(lambda centre=centre: bool(centre.outcomes()), 60.0), effect
        assert "unknown" not in centre.outcomes(), effect
        centre.settle()


def test_a_break_of_the_link_costs_no_call_and_no_operator(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1)
    centre.everybody(plan(ring_s=4.0))
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    centre.break_link(0.4)
    centre.world.run(1.0)
    assert centre.agent_state(ann) == "dialing"
    assert centre.until(lambda: centre.talking(ann), 10.0)
    centre.settle()


def test_a_ringing_call_whose_operator_went_in_a_break_of_the_link_is_given_up(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann, 1)
    centre.everybody(plan(ring_s=14.0))
    assert say(centre, ann, "take").ok
    centre.reach("ringing")
    centre.break_link(0.4)
    centre.lose_device(ann)
    assert centre.until(lambda: centre.outcomes() == ["cancelled_by_us"], 10.0)
    assert centre.agent_state(ann) == "no_device"
    centre.settle()


def test_a_clock_that_is_set_neither_shortens_a_card_nor_makes_it_endless(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann, 1)
    centre.world.step_clock(3600.0)
    centre.world.run(1.0)
    assert ann in centre.room.cards
    left = card_of(centre, ann).card.until - centre.world.timeline.utc
    assert timedelta(seconds=10) < left <= timedelta(seconds=20)
    centre.settle()


def test_the_time_with_a_card_is_counted_as_work(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1)
    centre.world.run(10.0)
    assert centre.desk("help", ann, on=True).ok, "which draws the screen anew"
    today = screen(centre, ann)["today"]
    assert isinstance(today, dict)
    assert today["occupancy"] > 0.5
    states = [str(fact.data["state"]) for fact in centre.facts(FactKind.AGENT_STATE)]
    assert "previewing" in states
    spent = [one for one in centre.facts(FactKind.AGENT_STATE) if one.data["state"] == "previewing"]
    assert spent[0].data["campaign"], "time is told apart by campaign"
    centre.settle()
