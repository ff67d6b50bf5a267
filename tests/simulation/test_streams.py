"""Event streams told badly end as the ordered one; `./run verify events` tells ten thousand."""

from random import Random

import pytest

from vyzov.simulation.streams import IN_ORDER, Telling, recorded, told

TELLINGS = {
    "doubled": Telling(doubled=0.4),
    "reordered": Telling(reordered=0.4),
    "late": Telling(missing=0.15, late=1.0),
    "missing": Telling(missing=0.15),
    "foreign": Telling(foreign=0.5),
}


@pytest.mark.parametrize("name", TELLINGS)
def test_a_stream_told_badly_ends_as_the_ordered_one(name: str) -> None:
    for seed in range(1, 6):
        recording = recorded(seed)
        ordered = told(recording, IN_ORDER, Random(0))
        assert ordered.attempt, "a call was made and has an end"
        for place in range(3):
            dice = Random(f"{seed}/{place}")
            assert told(recording, TELLINGS[name], dice) == ordered, (seed, place)


def test_two_calls_do_not_end_alike() -> None:
    ends = {told(recorded(seed), IN_ORDER, Random(0)).attempt for seed in range(1, 6)}
    assert len(ends) == 5
