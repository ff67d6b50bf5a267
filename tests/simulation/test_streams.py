"""Event streams told badly end as the ordered one; `./run verify events` tells ten thousand."""

from random import Random

import pytest

from vyzov.simulation.streams import IN_ORDER, TELLINGS, recorded, told

ONCE_UNLIKE = {
    (5, 23): "the end fell into another millisecond, and the contact was closed twice",
    (8, 27): "the word of the join was missing: a talk was booked as abandoned",
    (8, 32): "the word of the join came late: a talk was booked as abandoned",
    (14, 17): "the same among doubled and strangers' events",
}
"""Streams of `./run verify events` by seed and number that once ended otherwise."""


@pytest.mark.parametrize("name", TELLINGS)
def test_a_stream_told_badly_ends_as_the_ordered_one(name: str) -> None:
    for seed in range(1, 6):
        recording = recorded(seed)
        ordered = told(recording, IN_ORDER, Random(0))
        assert ordered.attempt, "a call was made and has an end"
        for place in range(3):
            dice = Random(f"{seed}/{place}")
            assert told(recording, TELLINGS[name], dice) == ordered, (seed, place)


@pytest.mark.parametrize(("seed", "place"), ONCE_UNLIKE)
def test_a_stream_that_once_ended_otherwise_ends_as_the_ordered_one(seed: int, place: int) -> None:
    recording = recorded(seed)
    telling = TELLINGS[list(TELLINGS)[place % len(TELLINGS)]]
    got = told(recording, telling, Random(f"{seed}/{place}"))
    assert got == told(recording, IN_ORDER, Random(0))


def test_two_calls_do_not_end_alike() -> None:
    ends = {told(recorded(seed), IN_ORDER, Random(0)).attempt for seed in range(1, 6)}
    assert len(ends) == 5
