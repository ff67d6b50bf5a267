"""Who lives where: seeded, stable, and thick enough of every kind."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.simulation.people import (
    DEFAULT_MIX,
    VOICE_FREQUENCIES,
    Callee,
    CalleeKind,
    callee_for,
    town,
)

NUMBERS = [f"+7000555{index:04d}" for index in range(200)]
SEEDS = st.integers(min_value=0, max_value=2**32)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_of_two_hundred_numbers_five_at_least_are_of_each_kind(seed: int) -> None:
    kinds = Counter(callee.kind for callee in town(NUMBERS, seed).values())
    assert set(kinds) == set(CalleeKind)
    assert min(kinds.values()) >= 5
    assert sum(kinds.values()) == 200


@given(SEEDS, st.integers(min_value=1, max_value=120))
@settings(max_examples=60, deadline=None)
def test_every_number_of_a_short_list_has_a_callee(seed: int, count: int) -> None:
    assert set(town(NUMBERS[:count], seed)) == set(NUMBERS[:count])


def test_the_order_of_the_list_does_not_move_people() -> None:
    assert town(NUMBERS, 7) == town(reversed(NUMBERS), 7)


def test_another_seed_is_another_town() -> None:
    assert town(NUMBERS, 7) != town(NUMBERS, 8)


def test_a_number_nobody_listed_has_a_fixed_callee() -> None:
    assert callee_for("+12025550143", 3) == callee_for("+12025550143", 3)
    kinds = {callee_for(number, 3).kind for number in NUMBERS}
    assert len(kinds) > 10


def test_dice_that_are_sown_anew_fall_as_new_ones_do() -> None:
    dice = Random(0)
    for number in NUMBERS[:60]:
        dice.gauss()  # Leaves a second number over, which must not fall into the next plan.
        for attempt in (1, 2, 3):
            lives = callee_for(number, 3, dice=dice)
            assert lives == callee_for(number, 3)
            assert lives.plan(attempt, dice=dice) == callee_for(number, 3).plan(attempt)


def test_a_kind_without_a_share_lives_nowhere() -> None:
    mix = {CalleeKind.BUSY: 1.0, CalleeKind.SILENT: 0.0}
    assert {callee.kind for callee in town(NUMBERS, 1, mix).values()} == {CalleeKind.BUSY}
    assert callee_for("+70005550101", 1, mix).kind is CalleeKind.BUSY


def test_an_empty_mix_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one kind"):
        town(NUMBERS, 1, {})


@given(SEEDS, st.sampled_from(CalleeKind), st.integers(min_value=1, max_value=4))
@settings(deadline=None)
def test_a_plan_is_the_same_each_time_it_is_laid_out(
    seed: int, kind: CalleeKind, attempt: int
) -> None:
    callee = Callee("+70005550101", kind, seed)
    plan = callee.plan(attempt)
    assert plan == Callee("+70005550101", kind, seed).plan(attempt)
    assert plan.voice_hz in VOICE_FREQUENCIES
    assert plan.voice_hz == callee.plan(attempt + 1).voice_hz
    assert 0.1 <= plan.post_dial_s <= 1.0
    assert plan.ring_s is None or 0.0 <= plan.ring_s <= 11.0
    assert plan.answers == (plan.ending is None and plan.ring_s is not None)


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        Callee("+70005550101", CalleeKind.BUSY, 1).plan(0)


@pytest.mark.parametrize(
    ("kind", "code", "cause"),
    [
        (CalleeKind.BUSY, {486}, "cause=17"),
        (CalleeKind.REJECTS, {486, 603}, ""),
        (CalleeKind.ANNOUNCEMENT, {404, 480}, "cause="),
        (CalleeKind.UNALLOCATED, {404}, "cause=1;"),
        (CalleeKind.UNREACHABLE, {480}, "cause=20"),
        (CalleeKind.CONGESTED, {503}, "cause=34"),
    ],
)
def test_those_who_do_not_answer_say_why(kind: CalleeKind, code: set[int], cause: str) -> None:
    seen: set[int] = set()
    for seed in range(40):
        ending = Callee("+70005550101", kind, seed).plan(1).ending
        assert ending is not None
        assert cause in ending.reason
        seen.add(ending.code)
    assert seen == code


def test_busy_and_absent_people_may_come_home_and_then_stay() -> None:
    homes: set[int | None] = set()
    for seed in range(60):
        callee = Callee("+70005550101", CalleeKind.NEVER_ANSWERS, seed)
        homes.add(callee.home_from_attempt)
        answered = [callee.plan(attempt).answers for attempt in range(1, 6)]
        assert answered[0] is False
        assert answered == sorted(answered)
    assert homes == {2, 3, None}


def test_others_are_what_they_are_at_every_attempt() -> None:
    for kind in set(CalleeKind) - {
        CalleeKind.BUSY,
        CalleeKind.NEVER_ANSWERS,
        CalleeKind.PRESSES_2,
    }:
        assert Callee("+70005550101", kind, 5).plan(3).acts_as is kind


def test_who_asked_for_a_call_back_wants_an_operator_then() -> None:
    callee = Callee("+70005550101", CalleeKind.PRESSES_2, 5)
    assert callee.plan(1).key == "2"
    assert callee.plan(2).key == "1"


def test_a_challenge_names_its_status() -> None:
    assert Callee("+70005550101", CalleeKind.CHALLENGE_401, 5).plan(1).challenge == 401
    assert Callee("+70005550101", CalleeKind.CHALLENGE_407, 5).plan(1).challenge == 407


def test_hurry_shortens_waiting_and_leaves_greetings_natural() -> None:
    callee = Callee("+70005550101", CalleeKind.ANSWERS_AND_SPEAKS, 5)
    slow, quick = callee.plan(1), callee.plan(1, hurry=10.0)
    assert slow.ring_s is not None
    assert quick.ring_s == pytest.approx(slow.ring_s / 10)
    assert quick.talk_s == pytest.approx(slow.talk_s / 10)
    assert quick.greeting_s == slow.greeting_s


def test_the_mix_knows_every_kind() -> None:
    assert set(DEFAULT_MIX) == set(CalleeKind)
