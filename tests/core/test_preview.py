"""A card before a call: what an operator may say of it, and what its time does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from core_examples import PROGRESSIVE, T0, after, settings

from vyzov.core import preview as pv
from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import InvalidRequest

RULES = pv.PreviewRules(countdown=timedelta(seconds=20), skip_wait=timedelta(minutes=30))


def card(skipped: int = 0, rules: pv.PreviewRules = RULES) -> pv.Card:
    return pv.shown("card-1", "ann", "sales", "gleb", 2, 0, skipped, rules, T0)


def taken() -> pv.Card:
    found, _ = pv.step(card(), pv.Take(0), RULES, T0)
    assert found is not None
    return found


def test_a_card_has_its_countdown_and_the_skips_that_are_left() -> None:
    assert card().until == after(20)
    assert card(skipped=3).skips_left == 7
    assert card(skipped=99).skips_left == 0


def test_a_taken_card_waits_a_while_for_a_line_to_the_number_that_was_chosen() -> None:
    moved, commands = pv.step(card(), pv.Take(1), RULES, after(5))
    assert moved == replace(
        card(), state=pv.CardState.TAKEN, position=1, until=after(5) + pv.LINE_WAIT
    )
    assert commands == ()


@pytest.mark.parametrize("position", [-1, 2])
def test_a_number_that_the_contact_has_not_cannot_be_chosen(position: int) -> None:
    with pytest.raises(InvalidRequest, match="no such number"):
        pv.step(card(), pv.Take(position), RULES, T0)


def test_a_skipped_contact_comes_again_after_the_wait() -> None:
    moved, commands = pv.step(card(), pv.Skip(pv.SkipReason.NOT_MINE), RULES, after(3))
    assert moved is None
    assert commands == (pv.GoBack(after(1803)), pv.CardOver(pv.CardEnd.SKIPPED, "not_mine"))


def test_nobody_skips_more_than_the_campaign_lets_them() -> None:
    with pytest.raises(InvalidRequest, match="used up"):
        pv.step(card(skipped=10), pv.Skip(pv.SkipReason.OTHER), RULES, T0)


def test_a_card_is_postponed_or_stopped_for_good() -> None:
    promise = Promise(after(3600), "ann")
    assert pv.step(card(), pv.Postpone(promise), RULES, T0) == (
        None, (pv.PromiseCall(promise), pv.CardOver(pv.CardEnd.POSTPONED))
    )  # fmt: skip
    assert pv.step(card(), pv.Stop(), RULES, T0) == (
        None, (pv.StopNumber(), pv.CardOver(pv.CardEnd.STOPPED))
    )  # fmt: skip


def test_a_card_that_is_taken_back_leaves_its_contact_where_it_was() -> None:
    assert pv.step(card(), pv.Withdraw("pause"), RULES, T0) == (
        None, (pv.GoBack(), pv.CardOver(pv.CardEnd.RETURNED, "pause"))
    )  # fmt: skip


def test_the_call_of_a_card_ends_the_card() -> None:
    assert pv.step(taken(), pv.Placed("attempt-1"), RULES, T0) == (
        None, (pv.CardOver(pv.CardEnd.DIALLED, "attempt-1"),)
    )  # fmt: skip


def test_an_old_timer_changes_nothing() -> None:
    assert pv.step(card(), pv.TimeOver(), RULES, after(19.9)) == (card(), ())


def test_a_card_whose_time_is_over_is_dialled_where_the_campaign_says_so() -> None:
    moved, commands = pv.step(card(), pv.TimeOver(), RULES, after(20))
    assert moved is not None
    assert (moved.state, commands) == (pv.CardState.TAKEN, ())


def test_a_card_whose_time_is_over_is_skipped_where_the_campaign_says_so() -> None:
    rules = replace(RULES, at_zero=pv.AtZero.SKIP)
    assert pv.step(card(rules=rules), pv.TimeOver(), rules, after(20)) == (
        None, (pv.GoBack(after(20 + 1800)), pv.CardOver(pv.CardEnd.RAN_OUT))
    )  # fmt: skip


def test_nobody_is_called_for_an_operator_who_closed_the_window() -> None:
    assert pv.step(card(), pv.TimeOver(watched=False), RULES, after(20)) == (
        None, (pv.GoBack(), pv.CardOver(pv.CardEnd.RETURNED, "window_closed"))
    )  # fmt: skip


def test_a_taken_card_that_gets_no_line_is_the_operators_again() -> None:
    moved, commands = pv.step(taken(), pv.TimeOver(), RULES, after(10))
    assert moved == replace(taken(), state=pv.CardState.SHOWN, until=after(30))
    assert commands == ()


def typed() -> pv.Card:
    return pv.shown("card-1", "ann", "sales", "gleb", 1, 0, 99, RULES, T0, typed=True)


def test_the_card_of_a_typed_number_lies_longer_and_is_laid_down_without_a_call() -> None:
    assert typed().until == T0 + pv.TYPED_WAIT
    gone = (pv.GoBack(), pv.CardOver(pv.CardEnd.RETURNED, "laid_down"))
    assert pv.step(typed(), pv.TimeOver(), RULES, typed().until) == (None, gone)
    assert pv.step(typed(), pv.Skip(pv.SkipReason.OTHER), RULES, T0) == (None, gone), (
        "no skip is needed for it"
    )


def test_a_typed_card_that_gets_no_line_lies_on() -> None:
    waits, _ = pv.step(typed(), pv.Take(0), RULES, T0)
    assert waits is not None
    moved, _ = pv.step(waits, pv.TimeOver(), RULES, after(10))
    assert moved == replace(typed(), until=after(10) + pv.TYPED_WAIT)


def test_a_card_goes_along_when_the_clock_is_set() -> None:
    moved = pv.retold(card(), timedelta(hours=1))
    assert (moved.shown_at, moved.until) == (after(3600), after(3620))


def test_the_rules_of_cards_are_read_and_written_without_loss() -> None:
    given = {"countdown_s": 15.0, "at_zero": "skip", "skips_max": 0, "skip_wait_s": 600.0}
    read = settings(mode="preview", preview=given)
    assert read.preview == pv.PreviewRules(
        timedelta(seconds=15), pv.AtZero.SKIP, 0, timedelta(minutes=10)
    )
    assert read.to_json()["preview"] == given
    assert CampaignSettings.from_json(PROGRESSIVE).preview == pv.PreviewRules()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"countdown_s": 4}, "preview.countdown_s"),
        ({"countdown_s": 601}, "preview.countdown_s"),
        ({"at_zero": "wait"}, "preview.at_zero"),
        ({"skips_max": -1}, "preview.skips_max"),
        ({"skip_wait_s": 59}, "preview.skip_wait_s"),
        ({"colour": "red"}, "preview.colour"),
    ],
)
def test_wrong_rules_of_cards_are_named(given: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        settings(preview=given)
    assert [fault.field for fault in told.value.faults] == [field]
