"""Preview: an operator sees who is next, then calls, skips, postpones or stops them; nothing is lost."""

from datetime import timedelta

import pytest
from card_examples import PREVIEW, begin, card_of, ends, say, screen
from conftest import Centre, number, plan

from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.simulation.people import CalleeKind


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


# ---- the way of a card ---------------------------------------------------------------------------


def test_an_operator_sees_who_is_next_before_anybody_is_dialled(centre: Centre, ann: str) -> None:
    begin(centre, ann)
    centre.world.run(5.0)
    assert centre.agent_state(ann) == "previewing"
    assert centre.attempts() == []
    shown = screen(centre, ann)["card"]
    assert isinstance(shown, dict)
    assert (shown["state"], shown["contact"]["name"]) == ("shown", "Client 2")
    assert (shown["contact"]["attempt_number"], shown["skips_left"]) == (1, 2)
    assert [one["e164"] for one in shown["numbers"]] == [number(0)]
    centre.settle()


def test_a_taken_card_is_dialled_and_its_operator_joined_at_the_answer(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann)
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.agent_state(ann) == "dialing", 1.0)
    call = screen(centre, ann)["call"]
    assert isinstance(call, dict)
    assert call["state"] == "ringing"
    assert centre.until(lambda: centre.talking(ann))
    [attempt] = centre.attempts()
    assert attempt["id"] == centre.found(ann).agent.call
    [reserved] = centre.facts(FactKind.ATTEMPT_RESERVED)
    assert (reserved.data["mode"], reserved.data["by"]) == ("preview", ann)
    centre.finish_talk(ann, "agreed")
    assert centre.until(lambda: ann in centre.room.cards), "and then the next card"
    assert card_of(centre, ann).card.contact != attempt["contact_id"]
    assert ends(centre) == [("dialled", "")]
    centre.world.run(1.0)
    assert centre.outcomes() == ["answered_human"]
    centre.settle()


def test_a_call_that_nobody_answers_frees_the_operator_who_asked_for_it(
    centre: Centre, ann: str
) -> None:
    begin(centre, ann)
    centre.everybody(plan(CalleeKind.BUSY))
    first = card_of(centre, ann).card.id
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: ann in centre.room.cards and card_of(centre, ann).card.id != first)
    centre.world.run(0.1)
    assert centre.outcomes() == ["busy"]
    assert screen(centre, ann)["not_dialled"] == "busy"
    centre.settle()


def test_a_card_whose_time_is_over_dials_itself(centre: Centre, ann: str) -> None:
    begin(centre, ann)
    assert not centre.until(lambda: centre.agent_state(ann) == "dialing", 18.0)
    assert centre.until(lambda: centre.talking(ann), 10.0)
    assert centre.agent_state(ann) == "talking"
    centre.settle()


def test_whoever_ignores_two_cards_in_a_row_is_given_a_pause(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann, preview={"at_zero": "skip"})
    assert centre.until(lambda: centre.agent_state(ann) == "pause", 60.0)
    assert centre.found(ann).agent.pause_reason == "away"
    assert ends(centre) == [("ran_out", ""), ("ran_out", "")]
    assert centre.attempts() == []
    waits = [entry["next_due_at"] is not None for entry in centre.entries(campaign)]
    assert waits == [True, True, False], "the third has been on no card"
    centre.settle()


def test_a_skipped_contact_waits_and_the_next_one_comes(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann)
    first = card_of(centre, ann).card
    assert say(centre, ann, "skip", reason="not_now").ok
    assert centre.until(lambda: ann in centre.room.cards, 2.0)
    second = card_of(centre, ann).card
    assert (second.contact != first.contact, second.skips_left) == (True, 1)
    assert say(centre, ann, "skip", reason="wrong_card").ok
    assert centre.until(lambda: ann in centre.room.cards, 2.0)
    refused = say(centre, ann, "skip", reason="other")
    assert refused.body["code"] == "no_skips"
    assert ends(centre) == [("skipped", "not_now"), ("skipped", "wrong_card")]
    due = centre.entries(campaign)[0]["next_due_at"]
    assert due >= to_text(first.shown_at + timedelta(seconds=600))
    assert centre.attempts() == [], "a skip is no attempt"
    centre.settle()


def test_a_skipped_contact_is_shown_again_when_its_wait_is_over(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1, preview={"skip_wait_s": 60, "skips_max": 9})
    contact = card_of(centre, ann).card.contact
    assert say(centre, ann, "skip", reason="not_mine").ok
    assert not centre.until(lambda: ann in centre.room.cards, 55.0)
    assert centre.until(lambda: ann in centre.room.cards, 30.0)
    assert card_of(centre, ann).card.contact == contact
    centre.settle()


def test_another_number_of_the_contact_can_be_called(centre: Centre, ann: str) -> None:
    phones = ((number(1), number(2)),)
    campaign = begin(centre, ann, phones=phones)
    assert say(centre, ann, "take", position=5).body["code"] == "bad_number"
    assert say(centre, ann, "take", position=1).ok
    assert centre.until(lambda: centre.talking(ann))
    assert [order.to for order in centre.world.watch.calling.originates] == [number(2)]
    centre.finish_talk(ann, "refused")
    assert centre.entries(campaign)[0]["phone_position"] == 1, "the redial goes on from there"
    centre.settle()


def test_a_postponed_call_is_promised_and_shown_again_at_its_hour(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann, 1)
    at = centre.world.timeline.utc + timedelta(seconds=90)
    past = centre.world.timeline.utc - timedelta(seconds=1)
    assert say(centre, ann, "postpone", callback_at=to_text(past)).body["code"] == "bad_hour"
    assert say(centre, ann, "postpone", callback_at="tomorrow").body["code"] == "bad_hour"
    assert say(centre, ann, "postpone", callback_at=to_text(at), callback_mine=True).ok
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["callback_agent"]) == ("callback", ann)
    [promised] = centre.rows_of("SELECT state, due_at FROM callback")
    assert (promised["state"], promised["due_at"]) == ("open", to_text(at))
    assert not centre.until(lambda: ann in centre.room.cards, 80.0)
    assert centre.until(lambda: ann in centre.room.cards, 20.0)
    shown = screen(centre, ann)["card"]
    assert isinstance(shown, dict)
    assert shown["promised_at"] == to_text(at)
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.talking(ann))
    centre.finish_talk(ann, "agreed")
    centre.world.run(1.0)
    assert centre.rows_of("SELECT state FROM callback") == [{"state": "kept"}]
    centre.settle()


def test_a_promised_call_waits_for_the_operator_who_promised_it(centre: Centre, ann: str) -> None:
    bob = centre.operator("bob")
    campaign = centre.campaign(1, agents=(ann, bob), mode="preview", preview=PREVIEW)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: ann in centre.room.cards)
    at = centre.world.timeline.utc + timedelta(seconds=30)
    assert say(centre, ann, "postpone", callback_at=to_text(at), callback_mine=True).ok
    assert centre.desk("pause", ann, reason="tea").ok
    centre.ready(bob)
    assert not centre.until(lambda: bob in centre.room.cards, 50.0), "it is Ann's for a while"
    assert centre.desk("ready", ann).ok
    assert centre.until(lambda: ann in centre.room.cards, 5.0)
    centre.settle()


def test_a_number_stopped_from_the_card_is_never_called(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann, 1)
    assert say(centre, ann, "stop_contact").ok
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["closed_reason"]) == ("closed", "stop_listed")
    assert centre.rows_of("SELECT source FROM stop_list") == [{"source": "agent"}]
    assert [fact.data["key"] for fact in centre.facts(FactKind.STOP_LISTED)] == ["card"]
    assert len(centre.facts(FactKind.CONTACT_CLOSED)) == 1
    assert centre.until(lambda: centre.are_completed(campaign))
    assert centre.attempts() == []
    centre.settle()


def test_what_is_said_of_an_older_card_changes_nothing(centre: Centre, ann: str) -> None:
    begin(centre, ann)
    first = card_of(centre, ann).card.id
    assert say(centre, ann, "skip", reason="not_now").ok
    assert centre.until(lambda: ann in centre.room.cards, 2.0)
    for verb in ("take", "skip", "postpone", "stop_contact"):
        told = centre.desk(verb, ann, card=first, reason="other", callback_at="x")
        assert told.body["code"] == "no_card"
    assert say(centre, ann, "skip", reason="boredom").body["code"] == "bad_reason"
    centre.settle()


# ---- a contact is on one card, and on none that nobody reads -------------------------------------


def test_two_operators_never_have_the_same_contact(centre: Centre, ann: str) -> None:
    bob = centre.operator("bob")
    campaign = centre.campaign(3, agents=(ann, bob), mode="preview", preview=PREVIEW)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    centre.ready(bob)
    assert centre.until(lambda: len(centre.room.cards) == 2, 5.0)
    assert card_of(centre, ann).card.contact != card_of(centre, bob).card.contact
    contact = card_of(centre, ann).card.contact
    assert centre.desk("pause", ann).ok
    assert say(centre, bob, "skip", reason="other").ok
    assert centre.until(lambda: bob in centre.room.cards, 2.0)
    assert card_of(centre, bob).card.contact == contact, "what Ann laid down is the next one"
    centre.settle()


@pytest.mark.parametrize("how", ["pause", "offline", "device"])
def test_whoever_goes_lays_the_card_down_and_nobody_is_called(
    centre: Centre, ann: str, how: str
) -> None:
    campaign = begin(centre, ann, 1)
    if how == "device":
        centre.lose_device(ann)
    else:
        assert centre.desk(how, ann).ok
    assert centre.room.cards == {}
    centre.world.run(60.0)
    words = {"pause": "pause", "offline": "signed_out", "device": "device_lost"}
    assert ends(centre) == [("returned", words[how])]
    assert centre.attempts() == []
    assert centre.entries(campaign)[0]["state"] == "fresh"
    centre.ready(ann)
    assert centre.until(lambda: ann in centre.room.cards, 5.0), "nothing is lost"
    centre.settle()


def test_nobody_is_called_for_a_closed_window(centre: Centre, ann: str) -> None:
    begin(centre, ann, 1)
    centre.world.send("desk.detach", "", f"{ann}-tab")
    centre.world.run(120.0)
    assert centre.attempts() == []
    assert ("returned", "window_closed") in ends(centre)
    assert centre.agent_state(ann) == "offline"
    centre.settle()


@pytest.mark.parametrize("stop", ["pause", "emergency"])
def test_a_pause_of_the_campaign_takes_its_cards_back(centre: Centre, ann: str, stop: str) -> None:
    campaign = begin(centre, ann)
    if stop == "pause":
        assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    else:
        assert centre.world.ask("office.emergency_stop", "boss", on=True).ok
    centre.world.run(1.0)
    assert centre.room.cards == {}
    assert centre.agent_state(ann) == "ready"
    centre.world.run(40.0)
    assert centre.attempts() == []
    centre.settle()


def test_an_operator_who_left_the_campaign_has_no_card_of_it(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann)
    found = centre.office.campaign(centre.organisation, campaign)
    assert found is not None
    centre.office.change_campaign(
        centre.organisation, campaign, settings={**found.settings, "agents": []}
    )
    assert centre.world.ask("office.settings_changed", "boss").ok
    assert centre.until(lambda: not centre.room.cards, 2.0)
    assert ends(centre) == [("returned", "settings_changed")]
    centre.settle()


def test_a_number_that_was_stopped_meanwhile_is_not_called(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann, 1)
    centre.office.add_stop(centre.organisation, number(0), reason="asked", source="office")
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.found(ann).not_dialled == "stop_listed", 5.0)
    assert centre.agent_state(ann) == "ready"
    assert centre.world.watch.calling.originates == []
    assert centre.until(lambda: centre.are_completed(campaign), 60.0)
    centre.settle()


def test_a_number_that_is_in_a_call_meanwhile_is_put_aside(centre: Centre, ann: str) -> None:
    bob = centre.operator("bob")
    phones = ((number(0),),)
    preview = centre.campaign(agents=(ann,), mode="preview", preview=PREVIEW, phones=phones)
    other = centre.campaign(agents=(bob,), phones=phones)
    centre.everybody(plan())
    centre.open(preview)
    centre.ready(ann)
    assert centre.until(lambda: ann in centre.room.cards, 5.0)
    assert centre.start_campaign(other).ok
    centre.ready(bob)
    assert centre.until(lambda: centre.talking(bob))
    assert say(centre, ann, "take").ok
    centre.world.run(1.0)
    assert centre.found(ann).not_dialled == "number_in_a_call"
    assert centre.room.cards == {}
    assert len(centre.world.watch.calling.originates) == 1
    centre.settle()


def test_a_taken_card_waits_for_a_line_and_is_the_operators_again_without_one(
    centre: Centre, ann: str
) -> None:
    bob = centre.operator("bob")
    campaign = centre.campaign(3, agents=(ann, bob), mode="preview", preview=PREVIEW, lines_max=1)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    centre.ready(bob)
    assert centre.until(lambda: len(centre.room.cards) == 2, 5.0)
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.talking(ann))
    assert say(centre, bob, "take").ok
    centre.world.run(1.0)
    card = screen(centre, bob)["card"]
    assert isinstance(card, dict)
    assert (card["state"], card["waits_for"]) == ("taken", "lines_full")
    centre.world.run(11.0)
    assert card_of(centre, bob).card.state.value == "shown"
    assert centre.found(bob).not_dialled == "lines_full"
    assert say(centre, bob, "take").ok
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.talking(bob), 10.0), "the line that came free is theirs"
    centre.settle()
