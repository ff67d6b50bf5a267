"""Campaigns that share operators take turns, by priority and weight."""

import pytest

from vyzov.core.pacing.turns import MOST_BEFORE, Turn, in_turn, yields


def order(*turns: Turn) -> list[str]:
    return [turn.campaign for turn in in_turn(turns)]


def test_a_higher_priority_goes_first_whatever_it_has_had() -> None:
    assert order(Turn("a", 0, 1, True), Turn("b", 2, 99, True)) == ["b", "a"]


def test_who_has_had_least_goes_first_and_equals_keep_their_order() -> None:
    turns = [Turn(key, 0, had, has_somebody=True) for key, had in (("a", 3), ("b", 1), ("c", 1))]
    assert order(*turns) == ["b", "c", "a"]


def test_who_had_nobody_to_call_saves_up_no_turns() -> None:
    idle = Turn("idle", 0, 0, has_somebody=False)
    busy = Turn("busy", 0, 50, has_somebody=True)
    assert {turn.campaign: turn.had for turn in in_turn((idle, busy))} == {"idle": 50, "busy": 50}
    ahead = Turn("ahead", 0, 70, has_somebody=False)
    assert in_turn((ahead, busy))[1].had == 70
    assert in_turn((idle,)) == [idle]


@pytest.mark.parametrize(
    ("other", "gives_way"),
    [
        (Turn("behind", 0, 0.9, has_somebody=True), True),
        (Turn("near", 0, 1.0, has_somebody=True), False),
        (Turn("idle", 0, 0.0, has_somebody=False), False),
        (Turn("higher", 1, 0.0, has_somebody=True), True),
        (Turn("lower", -1, 0.0, has_somebody=True), False),
    ],
)
def test_who_is_far_before_another_that_stands_no_lower_gives_way(
    other: Turn, gives_way: bool
) -> None:
    mine = Turn("mine", 0, 1.0 + MOST_BEFORE, has_somebody=True)
    near = Turn("as far", 0, mine.had, has_somebody=True)
    assert yields(mine, (near, other)) is gives_way
    assert not yields(mine, ())


def test_calls_go_by_weight() -> None:
    had, placed, weight = {"a": 0.0, "b": 0.0}, {"a": 0, "b": 0}, {"a": 3.0, "b": 1.0}
    for _ in range(400):
        first = in_turn(Turn(key, 0, value, has_somebody=True) for key, value in had.items())[0]
        placed[first.campaign] += 1
        had[first.campaign] += 1 / weight[first.campaign]
    assert placed == {"a": 300, "b": 100}


def test_who_owes_a_promised_call_goes_before_any_priority() -> None:
    owes = Turn("owes", -1, 900, has_somebody=True, owes=True)
    assert order(Turn("a", 5, 0, has_somebody=True), owes) == ["owes", "a"]
