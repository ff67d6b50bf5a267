"""Redials: what each outcome leads to, and when nothing more follows."""

from datetime import timedelta
from typing import Any

import pytest
from core_examples import T0, after
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest
from vyzov.core.outcome import AnswerClass, Outcome
from vyzov.core.redial import NEVER_REDIALLED, Again, Closed, RedialPolicy, next_attempt

POLICY = RedialPolicy.from_json(
    {
        "attempts_max": 3,
        "rules": {"no_answer": {"after_s": 3600}, "busy": {"after_s": 600}},
    }
)


def test_each_outcome_waits_its_own_time() -> None:
    assert next_attempt(Outcome.BUSY, 1, POLICY, T0) == Again(after(600))
    assert next_attempt(Outcome.NO_ANSWER, 2, POLICY, T0) == Again(after(3600))


def test_the_last_attempt_closes() -> None:
    assert next_attempt(Outcome.BUSY, 3, POLICY, T0) == Closed("attempts_max")


def test_an_outcome_without_a_rule_closes() -> None:
    assert next_attempt(Outcome.REJECTED, 1, POLICY, T0) == Closed("rejected")


def test_a_reached_person_is_closed_by_any_policy() -> None:
    assert next_attempt(Outcome.ANSWERED_HUMAN, 1, RedialPolicy(), T0) == Closed("reached")


@given(st.sampled_from(sorted(NEVER_REDIALLED)), st.integers(1, 9))
def test_the_unknown_and_the_unwanted_are_never_repeated(outcome: Outcome, made: int) -> None:
    generous = RedialPolicy(10, dict.fromkeys(Outcome, timedelta(seconds=1)))
    assert isinstance(next_attempt(outcome, made, generous, T0), Closed)


@given(st.sampled_from(Outcome), st.integers(1, 20), st.integers(1, 10))
def test_a_redial_is_later_and_within_the_attempts(outcome: Outcome, made: int, most: int) -> None:
    follows = next_attempt(outcome, made, RedialPolicy(most), T0)
    if isinstance(follows, Again):
        assert follows.at > T0
        assert made < most
    else:
        assert follows.reason


@pytest.mark.parametrize("source", [{}, {"attempts_max": 1}, {"rules": {}}])
def test_a_policy_survives_being_written_and_read(source: dict[str, Any]) -> None:
    policy = RedialPolicy.from_json(source)
    assert RedialPolicy.from_json(policy.to_json()) == policy


def test_a_policy_for_what_is_never_redialled_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"rules\.answered_human"):
        RedialPolicy.from_json({"rules": {"answered_human": {"after_s": 60}}})


def test_every_class_of_answer_has_an_outcome_that_is_an_answer() -> None:
    from vyzov.core.outcome import OUTCOME_OF_CLASS

    assert set(OUTCOME_OF_CLASS) == set(AnswerClass)
    assert all(outcome.is_answer for outcome in OUTCOME_OF_CLASS.values())
    assert not Outcome.BUSY.is_answer
