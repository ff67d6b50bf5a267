"""A changed copy is what the standard library makes of the same words."""

import dataclasses
from datetime import UTC, datetime

import pytest

from vyzov.core.call import Call, CallPlan, CallState, start
from vyzov.core.campaign import DialMode
from vyzov.core.changing import replace

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CALL = start("a1", DialMode.PROGRESSIVE, CallPlan(), NOON)


def test_a_changed_copy_is_the_one_the_standard_library_makes() -> None:
    changes = {"state": CallState.TALKING, "agent": "anna", "deadline": NOON}
    assert replace(CALL, **changes) == dataclasses.replace(CALL, **changes)  # type: ignore[arg-type]
    assert replace(CALL) == CALL
    assert replace(CALL) is not CALL


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        replace(CALL, colour="red")


def test_a_changed_copy_is_of_its_own_class_and_frozen() -> None:
    changed = replace(CALL, agent="anna")
    assert type(changed) is Call
    assert hash(changed) == hash(dataclasses.replace(CALL, agent="anna"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        changed.agent = "boris"  # type: ignore[misc]


def test_a_value_that_the_library_makes_is_changed_by_its_own_constructor() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Span:
        begins: int
        ends: int

        def __post_init__(self) -> None:
            assert self.begins <= self.ends

    assert replace(Span(1, 2), ends=5) == Span(1, 5)
    with pytest.raises(AssertionError):
        replace(Span(1, 2), begins=3)
