"""Erlang's formulas against published points, against each other, and against a simulated queue."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest
from vyzov.core.traffic import (
    blocked,
    dialer_load,
    impatient_queue,
    lines_for,
    patient_queue,
    served_within,
)


def test_lines_for_a_load_are_those_of_the_tables() -> None:
    table = {5: (11, 14), 10: (18, 21), 20: (30, 35), 30: (42, 47), 50: (64, 71), 100: (117, 128)}
    for erlangs, (at_one, at_tenth) in table.items():
        assert lines_for(erlangs, 0.01) == at_one
        assert lines_for(erlangs, 0.001) == at_tenth


@given(st.floats(0, 200), st.integers(0, 250))
def test_blocking_is_the_sum_formula(erlangs: float, lines: int) -> None:
    """B = (A^n / n!) / sum(A^k / k!), in logarithms so that it can be worked out."""
    logs = [k * math.log(erlangs or 1e-300) - math.lgamma(k + 1) for k in range(lines + 1)]
    top = max(logs)
    direct = math.exp(logs[-1] - top) / math.fsum(math.exp(one - top) for one in logs)
    assert blocked(erlangs, lines) == pytest.approx(direct, abs=1e-9)


@given(st.floats(0.01, 500), st.floats(0.0005, 1))
def test_one_line_less_would_not_do(erlangs: float, share: float) -> None:
    lines = lines_for(erlangs, share)
    assert blocked(erlangs, lines) <= share
    assert lines == 0 or blocked(erlangs, lines - 1) > share


def test_forty_operators_wait_and_leave_as_published() -> None:
    per_s = 34 / 110
    assert patient_queue(per_s, 110, 40).waits == pytest.approx(0.235, abs=0.0005)
    leaving = impatient_queue(per_s, 110, 40, 5)
    assert leaving.waits == pytest.approx(0.079, abs=0.0005)
    assert leaving.leaves == pytest.approx(0.036, abs=0.0005)


@given(st.floats(0.5, 60), st.integers(1, 80), st.floats(5, 300))
def test_people_with_endless_patience_are_the_patient_queue(
    erlangs: float, operators: int, service_s: float
) -> None:
    if erlangs > 0.95 * operators:
        return
    stays = patient_queue(erlangs / service_s, service_s, operators)
    leaves = impatient_queue(erlangs / service_s, service_s, operators, 1e9 * service_s)
    assert leaves.waits == pytest.approx(stays.waits, rel=1e-4, abs=1e-9)
    assert leaves.wait_s == pytest.approx(stays.wait_s, rel=1e-3, abs=1e-9)
    assert leaves.busy == pytest.approx(stays.busy, rel=1e-6)


@given(st.floats(0.1, 200), st.integers(1, 150), st.floats(1, 300), st.floats(0.1, 600))
def test_the_impatient_queue_keeps_its_books(
    erlangs: float, operators: int, service_s: float, patience_s: float
) -> None:
    found = impatient_queue(erlangs / service_s, service_s, operators, patience_s)
    assert 0 <= found.leaves <= found.waits <= 1 + 1e-12
    assert found.busy <= 1 + 1e-9
    # Whoever leaves has waited: with exponential patience the share is the mean wait by patience.
    assert found.leaves == pytest.approx(found.wait_s / patience_s, rel=1e-9)


def test_a_simulated_queue_agrees() -> None:
    dice = Random(5)
    per_s, service_s, operators, patience_s = 0.3, 30.0, 8, 20.0
    ends, waits, leaves, waited, came = [0.0] * operators, 0, 0, 0.0, 0
    now = 0.0
    for _ in range(60_000):
        now += dice.expovariate(per_s)
        came += 1
        first = min(range(operators), key=ends.__getitem__)
        wait = max(0.0, ends[first] - now)
        patience = dice.expovariate(1 / patience_s)
        waits += wait > 0
        waited += min(wait, patience)
        if wait > patience:
            leaves += 1
        else:
            ends[first] = now + wait + dice.expovariate(1 / service_s)
    found = impatient_queue(per_s, service_s, operators, patience_s)
    assert waits / came == pytest.approx(found.waits, rel=0.03)
    assert leaves / came == pytest.approx(found.leaves, rel=0.05)
    assert waited / came == pytest.approx(found.wait_s, rel=0.05)


def test_who_stays_is_served_within_a_limit_as_the_tail_says() -> None:
    queue = patient_queue(34 / 110, 110, 40)
    assert served_within(34 / 110, 110, 40, 0) == pytest.approx(1 - queue.waits)
    assert served_within(34 / 110, 110, 40, 20) == pytest.approx(
        1 - queue.waits * math.exp(-6 * 20 / 110)
    )


def test_nobody_comes_and_nobody_waits() -> None:
    assert impatient_queue(0, 110, 3, 5).busy == 0
    assert patient_queue(0, 110, 3).waits == 0
    assert blocked(0, 0) == 1
    assert blocked(0, 1) == 0


def test_a_small_load_on_many_operators_does_not_overflow() -> None:
    assert impatient_queue(1e-6, 1, 900, 5).waits == 0


def test_the_load_of_forty_operators_is_the_published_one() -> None:
    load = dialer_load(
        40, 0.85, talk_s=90, wrap_up_s=20, answered=0.25, ring_answered_s=8, ring_unanswered_s=22
    )
    assert load.calls_per_s == pytest.approx(1.24, abs=0.005)
    assert load.erlangs == pytest.approx(50.7, abs=0.05)
    assert lines_for(load.erlangs, 0.01) == 65


def test_what_cannot_be_says_so() -> None:
    with pytest.raises(InvalidRequest, match="40 erlangs for 40 operators"):
        patient_queue(40 / 110, 110, 40)
    with pytest.raises(InvalidRequest, match="-1 erlangs"):
        blocked(-1, 3)
    with pytest.raises(InvalidRequest, match="0 blocked"):
        lines_for(3, 0)
    with pytest.raises(InvalidRequest, match="erlangs"):
        lines_for(1e6, 0.001)
