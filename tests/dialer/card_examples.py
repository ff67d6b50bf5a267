"""Builders for the tests of cards: a campaign that shows them, and what an operator says of one."""

from conftest import Centre, plan

from vyzov.core.facts import FactKind
from vyzov.dialer.live_call import LiveCard
from vyzov.simulation.world import Reply

PREVIEW = {"countdown_s": 20, "at_zero": "dial", "skips_max": 2, "skip_wait_s": 600}


def card_of(centre: Centre, user: str) -> LiveCard:
    return centre.room.cards[user]


def say(centre: Centre, user: str, verb: str, **args: object) -> Reply:
    """Says something of the card on the screen."""
    return centre.desk(verb, user, card=card_of(centre, user).card.id, **args)


def begin(
    centre: Centre, ann: str, count: int = 3, *, phones: tuple[tuple[str, ...], ...] | None = None,
    preview: dict[str, object] | None = None, **changes: object,
) -> str:  # fmt: skip
    """A preview campaign whose first contact is on Ann's screen."""
    campaign = centre.campaign(
        count, agents=(ann,), mode="preview", preview=PREVIEW | (preview or {}), phones=phones,
        **changes,
    )  # fmt: skip
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: ann in centre.room.cards, 5.0)
    return campaign


def ends(centre: Centre) -> list[tuple[object, object]]:
    """How cards ended, and the word with it, once that is written."""
    centre.world.run(0.1)
    told = [fact.data for fact in centre.facts(FactKind.CARD_OVER)]
    return [(one["end"], one.get("reason", "")) for one in told]


def screen(centre: Centre, user: str) -> dict[str, object]:
    centre.world.run(0.1)
    return centre.world.screens[f"desk:{user}"]
