"""The distribution of a count, against the enumeration of all that may happen."""

from itertools import product
from math import prod

import pytest

from vyzov.core.pacing.convolution import convolved, nothing

CHANCES = [0.05, 0.9, 0.5, 0.33, 0.0, 1.0, 0.71, 0.12, 0.6]


def enumerated(count: int) -> float:
    return sum(
        prod(
            chance if happens else 1 - chance
            for chance, happens in zip(CHANCES, all_of, strict=True)
        )
        for all_of in product((False, True), repeat=len(CHANCES))
        if sum(all_of) == count
    )


@pytest.mark.parametrize("kept", [-3, 1, 4, 5, 8, 9, 17])
def test_the_first_values_are_those_of_all_that_may_happen(kept: int) -> None:
    found = convolved(convolved(nothing(kept), CHANCES[:4]), CHANCES[4:])
    assert len(found) >= kept
    assert found == pytest.approx([enumerated(count) for count in range(len(found))])


def test_a_count_of_nothing_is_none() -> None:
    assert convolved(nothing(10), []) == [1.0] + [0.0] * 15
