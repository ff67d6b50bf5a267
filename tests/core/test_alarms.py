"""Alarms: raised once for what lasts, cleared over a second mark, never for a figure nobody gives."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.alarms import (
    DEFAULTS,
    AlarmKind,
    Cleared,
    Raised,
    Reading,
    Standings,
    Threshold,
    step,
)

WAIT = Threshold(AlarmKind.WAIT, 5.0, 2.0, timedelta(seconds=10))
LOW = Threshold(AlarmKind.LIST_LOW, 50.0, 100.0, timedelta())
RULES = {one.kind: one for one in (WAIT, LOW)}


def wait(value: float, campaign: str = "c1") -> Reading:
    return Reading(AlarmKind.WAIT, campaign, "Renewal", value)


def ride(*moments: tuple[float, tuple[Reading, ...]]) -> list[tuple[float, Raised | Cleared]]:
    standing: Standings = {}
    told: list[tuple[float, Raised | Cleared]] = []
    for now, readings in moments:
        standing, events = step(standing, RULES, readings, now)
        told += [(now, event) for event in events]
    return told


def test_a_figure_beyond_its_threshold_raises_one_alarm_once_it_has_lasted() -> None:
    told = ride(*((float(now), (wait(6.0),)) for now in range(30)))
    assert told == [(10.0, Raised(wait(6.0), 5.0))]


def test_one_that_comes_back_before_has_not_lasted() -> None:
    told = ride((0, (wait(6),)), (9, (wait(4),)), (10, (wait(6),)), (19, (wait(6),)))
    assert told == []


def test_between_the_two_marks_an_alarm_goes_on_and_below_the_lower_it_clears() -> None:
    told = ride(
        (0, (wait(6),)), (10, (wait(6),)), (11, (wait(3),)), (12, (wait(5.5),)), (13, (wait(2),))
    )
    assert told == [(10, Raised(wait(6), 5.0)), (13, Cleared(AlarmKind.WAIT, "c1"))]


def test_each_campaign_has_an_alarm_of_its_own() -> None:
    both = (wait(6, "c1"), wait(7, "c2"))
    told = ride((0, both), (10, both), (11, (wait(6, "c1"), wait(1, "c2"))))
    assert [event for _, event in told] == [
        Raised(both[0], 5.0),
        Raised(both[1], 5.0),
        Cleared(AlarmKind.WAIT, "c2"),
    ]


def test_too_little_raises_where_too_little_is_the_trouble() -> None:
    def left(people: float) -> tuple[Reading, ...]:
        return (Reading(AlarmKind.LIST_LOW, "c1", "Renewal", people),)

    told = ride((0, left(51)), (1, left(50)), (2, left(99)), (3, left(100)))
    assert [now for now, _ in told] == [1, 3]


def test_an_alarm_whose_figure_nobody_gives_any_more_is_over() -> None:
    told = ride((0, (wait(6),)), (10, (wait(6),)), (11, ()))
    assert told[-1] == (11, Cleared(AlarmKind.WAIT, "c1"))
    assert ride((0, (wait(6),)), (5, ()), (10, (wait(6),))) == [], "what was not raised ends unsaid"


def test_a_kind_that_is_off_or_has_no_threshold_raises_nothing() -> None:
    off = {AlarmKind.WAIT: Threshold(AlarmKind.WAIT, 5.0, 2.0, timedelta(), active=False)}
    for rules in (off, {}):
        assert step({}, rules, (wait(9),), 0.0) == ({}, ())


def test_the_defaults_are_without_fault_and_there_is_one_for_each_kind() -> None:
    assert set(DEFAULTS) == set(AlarmKind)
    assert [fault for one in DEFAULTS.values() for fault in one.faults()] == []


@pytest.mark.parametrize(
    ("threshold", "fields"),
    [
        (Threshold(AlarmKind.OCCUPANCY, 1.1, 0.5, timedelta()), ["raise_at"]),
        (Threshold(AlarmKind.WAIT, 5, -1, timedelta()), ["clear_at"]),
        (Threshold(AlarmKind.WAIT, 5, 4, timedelta(hours=2)), ["hold_s"]),
        (Threshold(AlarmKind.WAIT, 5, 5, timedelta()), ["clear_at"]),
        (Threshold(AlarmKind.LIST_LOW, 50, 50, timedelta()), ["clear_at"]),
        (Threshold(AlarmKind.LIST_LOW, 50, 51, timedelta()), []),
    ],
)
def test_a_threshold_names_what_is_wrong_with_it(threshold: Threshold, fields: list[str]) -> None:
    assert [fault.field for fault in threshold.faults()] == fields


@given(st.lists(st.floats(0, 10), max_size=60))
def test_alarms_of_a_figure_begin_and_end_in_turn(values: list[float]) -> None:
    told = ride(*((float(now), (wait(value),)) for now, value in enumerate(values)))
    kinds = [type(event) for _, event in told]
    assert kinds == [Raised if place % 2 == 0 else Cleared for place in range(len(kinds))]
