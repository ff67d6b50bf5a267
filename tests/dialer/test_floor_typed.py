"""Dialling by hand: a number is typed, the gates speak first, and only then somebody may be called."""

from datetime import timedelta

import pytest
from card_examples import PREVIEW, card_of, ends, say, screen
from conftest import Centre, number, plan

from vyzov.core.facts import FactKind
from vyzov.simulation.world import Reply


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


def begin(centre: Centre, ann: str, mode: str = "manual", count: int = 2, **changes: object) -> str:
    campaign = centre.campaign(count, agents=(ann,), mode=mode, preview=PREVIEW, **changes)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    return campaign


def typed(centre: Centre, ann: str, campaign: str, place: int = 0) -> Reply:
    contact = centre.entries(campaign)[place]["contact_id"]
    return centre.desk("dial", ann, campaign=campaign, contact=contact)


def test_a_manual_campaign_calls_nobody_by_itself(centre: Centre, ann: str) -> None:
    begin(centre, ann)
    centre.world.run(60.0)
    assert centre.agent_state(ann) == "ready"
    assert centre.attempts() == []
    assert centre.room.cards == {}
    empty = screen(centre, ann)["empty"]
    assert isinstance(empty, dict)
    assert empty["reason"] == "by_hand"
    centre.settle()


def test_a_typed_number_gets_its_verdict_then_its_card_then_its_call(
    centre: Centre, ann: str
) -> None:
    campaign = begin(centre, ann)
    told = typed(centre, ann, campaign, 1)
    assert told.body["verdict"] == {"allowed": True}
    assert told.body["card"] == card_of(centre, ann).card.id
    assert centre.attempts() == [], "the verdict calls nobody"
    shown = screen(centre, ann)["card"]
    assert isinstance(shown, dict)
    assert (shown["at_zero"], shown["countdown_s"]) == ("lay_down", 120.0)
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.talking(ann))
    assert [order.to for order in centre.world.watch.calling.originates] == [number(1)]
    [reserved] = centre.facts(FactKind.ATTEMPT_RESERVED)
    assert (reserved.data["mode"], reserved.data["by"]) == ("manual", ann)
    assert [fact.data.get("typed") for fact in centre.facts(FactKind.CARD_SHOWN)] == [True]
    centre.finish_talk(ann, "agreed")
    centre.world.run(1.0)
    assert centre.outcomes() == ["answered_human"]
    centre.settle()


@pytest.mark.parametrize(
    ("changes", "gate", "reason"),
    [
        ({"destinations": ["+1"]}, "destination", "country_not_allowed"),
        (
            {"window": {"days": [1], "start": "03:00", "end": "04:00"}},
            "window",
            "outside_hours",
        ),
    ],
)
def test_a_number_that_may_not_be_called_is_told_why_and_has_no_card(
    centre: Centre, ann: str, changes: dict[str, object], gate: str, reason: str
) -> None:
    campaign = begin(centre, ann, **changes)
    verdict = typed(centre, ann, campaign).body["verdict"]
    assert (verdict["allowed"], verdict["gate"], verdict["reason"]) == (False, gate, reason)
    assert centre.room.cards == {}
    assert centre.agent_state(ann) == "ready"
    centre.settle()


def test_a_stopped_number_is_told_so_and_never_called(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann)
    centre.office.add_stop(centre.organisation, number(0), reason="asked", source="office")
    verdict = typed(centre, ann, campaign).body["verdict"]
    assert (verdict["gate"], verdict["reason"]) == ("suppressed", "stop_list")
    centre.world.run(5.0)
    assert centre.world.watch.calling.originates == []
    centre.settle()


def test_whoever_waits_for_another_attempt_is_not_called_sooner_by_hand(
    centre: Centre, ann: str
) -> None:
    campaign = begin(centre, ann)
    centre.everybody(plan(ring_s=None))
    assert typed(centre, ann, campaign).ok
    assert say(centre, ann, "take").ok
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 60.0)
    verdict = typed(centre, ann, campaign).body["verdict"]
    assert (verdict["gate"], verdict["reason"]) == ("not_due", "redial_later")
    centre.world.run(30.0)
    assert typed(centre, ann, campaign).body["verdict"] == {"allowed": True}
    centre.settle()


def test_a_typed_card_is_laid_down_and_never_dials_itself(centre: Centre, ann: str) -> None:
    campaign = begin(centre, ann)
    assert typed(centre, ann, campaign).ok
    centre.world.run(121.0)
    assert centre.agent_state(ann) == "ready"
    assert typed(centre, ann, campaign).ok
    assert say(centre, ann, "skip", reason="other").ok
    assert ends(centre) == [("returned", "laid_down"), ("returned", "laid_down")]
    assert centre.found(ann).day.skips == 0, "it was no turn of the list's"
    assert centre.attempts() == []
    assert {entry["state"] for entry in centre.entries(campaign)} == {"fresh"}
    centre.settle()


def test_nobody_types_numbers_into_a_campaign_that_dials_by_itself(
    centre: Centre, ann: str
) -> None:
    bob = centre.operator("bob")
    manual = centre.campaign(1, agents=(ann,), mode="manual")
    campaign = begin(centre, ann, mode="progressive", count=1)
    assert typed(centre, ann, campaign).body["code"] == "not_by_hand"
    centre.ready(bob)
    assert typed(centre, bob, manual).body["code"] == "not_by_hand", "it is not Bob's campaign"
    centre.settle()


def test_a_number_is_typed_by_somebody_who_is_free_for_somebody_who_is_free(
    centre: Centre, ann: str
) -> None:
    bob = centre.operator("bob")
    campaign = centre.campaign(2, agents=(ann, bob), mode="manual", preview=PREVIEW)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    centre.ready(bob)
    assert typed(centre, ann, campaign).ok
    assert typed(centre, ann, campaign, 1).body["code"] == "not_now", "one card at a time"
    assert typed(centre, bob, campaign).body["code"] == "not_now", "it lies before Ann"
    assert typed(centre, bob, campaign, 1).ok
    centre.settle()


def test_a_typed_number_takes_the_contact_from_the_list_in_a_preview_campaign(
    centre: Centre, ann: str
) -> None:
    campaign = begin(centre, ann, mode="preview", count=3)
    assert centre.until(lambda: ann in centre.room.cards)
    assert centre.desk("pause", ann).ok
    assert centre.desk("ready", ann).ok
    # A card comes at once in this mode: a number is typed in the moment between.
    told = typed(centre, ann, campaign, 2)
    assert told.body.get("code") == "not_now" or told.body["card"]
    shown = [held.card.contact for held in centre.room.cards.values()]
    assert len(shown) == len(set(shown)) == 1
    centre.world.run(timedelta(seconds=1).total_seconds())
    centre.settle()
