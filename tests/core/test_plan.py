"""Plans of lists: what each model says, and that fewer operators would not do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest
from vyzov.core.plan import (
    FORMULAS,
    OPERATORS_MOST,
    Goal,
    Model,
    Terms,
    Work,
    operators_for,
    operators_on,
    plan,
    plan_measured,
    plans_for,
)
from vyzov.core.plan_past import PlanPast, plan_past

WORK = Work(20_000, 0.25, 120, 15, 12, 25)
TERMS = Terms()


def test_blind_dialling_is_as_busy_as_published() -> None:
    """The share of Erlang B at 3 % lost, by number of operators (a bound for any open loop)."""
    table = {10: 0.536, 25: 0.717, 50: 0.813, 100: 0.881, 200: 0.926, 500: 0.962}
    for operators, busy in table.items():
        found = plan(WORK, TERMS, operators, Model.ERLANG_B)
        assert found.busy == pytest.approx(busy, abs=0.001)
        assert found.left == pytest.approx(0.03, abs=1e-6)


def test_one_call_for_each_free_operator_leaves_nobody_at_any_size() -> None:
    plans = [plan(WORK, TERMS, operators, Model.ONE_BY_ONE) for operators in (1, 10, 300)]
    assert {one.left for one in plans} == {0.0}
    # 135 s of work for 3 rings in vain of 25 s and one of 12 s.
    assert {round(one.busy, 4) for one in plans} == {round(135 / (135 + 75 + 12), 4)}


def test_calls_and_talks_of_a_list_follow_from_its_tries() -> None:
    assert WORK.talks == pytest.approx(20_000 * (1 - 0.75**3))
    assert WORK.calls == pytest.approx(WORK.talks / 0.25)
    sure = Work(10, 1.0, 60, 0, 5, 0, tries_most=9)
    assert (sure.talks, sure.calls) == (10, 10)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(FORMULAS), st.floats(1, 200))
def test_one_operator_less_is_not_done_in_time(model: Model, hours: float) -> None:
    found = operators_for(WORK, TERMS, hours, model)
    assert found.hours <= hours
    if found.operators > 1:
        assert plan(WORK, TERMS, found.operators - 1, model).hours > hours


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(FORMULAS), st.integers(1, 400))
def test_talks_in_an_hour_are_what_busy_operators_can_hold(model: Model, operators: int) -> None:
    found = plan(WORK, TERMS, operators, model)
    assert found.talks_per_hour == pytest.approx(operators * found.busy * 3600 / 135)
    assert found.hours == pytest.approx(WORK.talks / found.talks_per_hour)
    assert found.left <= TERMS.left_most + 1e-9
    assert found.lines >= found.erlangs or found.erlangs > 100


def test_what_a_simulation_showed_is_worked_out_like_the_rest() -> None:
    formula = plan(WORK, TERMS, 20, Model.ERLANG_A)
    shown = plan_measured(WORK, TERMS, 20, formula.busy, formula.left)
    assert shown.model is Model.SIMULATION
    assert (shown.lines, shown.hours) == (formula.lines, formula.hours)


def test_a_plan_that_cannot_be_says_what_is_wrong() -> None:
    for broken in (
        {"contacts": 0},
        {"answered": 0.0},
        {"answered": 3.0},
        {"tries_most": 0},
        {"talk_s": 0.0},
    ):
        known = {"contacts": 10, "answered": 0.2, "talk_s": 60.0, "wrap_up_s": 5.0}
        with pytest.raises(InvalidRequest, match="No plan can be made"):
            Work(**{**known, **broken}, ring_answered_s=9.0, ring_unanswered_s=20.0)  # type: ignore[arg-type]
    for left, wait, blocked in ((0, 2, 0.1), (0.1, 0, 0.1), (0.1, 2, 1)):
        with pytest.raises(InvalidRequest):
            Terms(left, wait, blocked)
    with pytest.raises(InvalidRequest, match="0 operators"):
        plan(WORK, TERMS, 0, Model.ERLANG_B)
    with pytest.raises(InvalidRequest, match="Give it some time"):
        operators_for(WORK, TERMS, 0, Model.ERLANG_B)
    with pytest.raises(InvalidRequest, match="Not even 2000 operators"):
        operators_for(WORK, TERMS, 0.01, Model.ONE_BY_ONE)
    with pytest.raises(InvalidRequest, match="never talked"):
        plan_measured(WORK, TERMS, 3, 0.0, 0.0)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(FORMULAS), st.integers(1, 400))
def test_one_operator_more_would_need_another_line(model: Model, lines: int) -> None:
    try:
        found = operators_on(WORK, TERMS, lines, model)
    except InvalidRequest:
        assert plan(WORK, TERMS, 1, model).lines > lines
        return
    assert found.lines <= lines
    assert plan(WORK, TERMS, found.operators + 1, model).lines > lines


def test_lines_for_more_operators_than_are_planned_with_carry_those() -> None:
    quick = Work(20_000, 1.0, 60, 600, 1, 1)
    assert operators_on(quick, TERMS, 10_000, Model.ONE_BY_ONE).operators == OPERATORS_MOST
    with pytest.raises(InvalidRequest, match="0 lines"):
        operators_on(WORK, TERMS, 0, Model.ERLANG_B)


def test_an_answer_rare_enough_for_a_hundred_thousand_lines_is_planned_for_few_operators() -> None:
    rare = Work(100, 0.001, 60, 15, 12, 25, tries_most=1)
    assert operators_for(rare, TERMS, 10, Model.ONE_BY_ONE).operators == 1


def test_a_goal_is_one_of_three() -> None:
    assert plans_for(WORK, TERMS, Goal(operators=20))[0] == plan(WORK, TERMS, 20, Model.ONE_BY_ONE)
    assert plans_for(WORK, TERMS, Goal(hours=8))[1] == operators_for(WORK, TERMS, 8, Model.ERLANG_B)
    assert plans_for(WORK, TERMS, Goal(lines=60))[3] == operators_on(
        WORK, TERMS, 60, Model.ERLANG_C
    )
    for wrong in ({}, {"operators": 3, "hours": 2.0}):
        with pytest.raises(InvalidRequest, match="Give one"):
            Goal(**wrong)  # type: ignore[arg-type]


# ---- what a campaign's past tells ----------------------------------------------------------------

SUMS = {
    "attempts": 40, "handled": 8, "live": 10, "state:talking": 700_000, "state:hold": 100_000,
    "state:wrap_up": 80_000, "connect_ms": 96_000, "connect_count": 8, "wait_ms": 8_000,
    "wait_count": 8,
}  # fmt: skip


def test_a_past_tells_shares_and_means() -> None:
    assert plan_past(SUMS) == PlanPast(40, 8, 0.25, 100.0, 10.0, 11.0)


def test_a_past_that_is_too_short_tells_nothing() -> None:
    assert plan_past({}) == PlanPast(0, 0, None, None, None, None)
    assert plan_past({**SUMS, "attempts": 19}).answered is None
    assert plan_past({**SUMS, "live": 0}).answered is None
    assert plan_past({**SUMS, "handled": 4}).talk_s is None
    assert plan_past({**SUMS, "connect_count": 4}).ring_answered_s is None
    assert plan_past({**SUMS, "wait_count": 0}).ring_answered_s is None
