"""Who waits in memory stands in order, however many went from the head of their queue."""

from random import Random

import pytest

from vyzov.storage.memory_waiting import GONE_MAX, Place, Queue


def test_a_queue_is_the_sorted_list_of_those_who_are_in_it() -> None:
    dice, queue, plain = Random(7), Queue(), list[Place]()
    for row in range(3 * GONE_MAX):
        place = (dice.choice(("", "", "", "2026-11-23T10", "2026-11-23T11")), row, f"c{row}")
        queue.add(place)
        plain.append(place)
    plain.sort()
    while plain:
        # Mostly the first of them goes, as in a campaign; sometimes anybody.
        at = 0 if dice.random() < 0.9 else dice.randrange(len(plain))
        assert queue.remove(plain[at])
        assert not queue.remove(plain[at])
        del plain[at]
        if dice.random() < 0.1:
            back: Place = ("", dice.randrange(GONE_MAX), "again")
            if back not in plain:
                queue.add(back)
                plain = sorted((*plain, back))
        if len(plain) % 100 == 0:
            assert queue.places[queue.first :] == plain
            assert len(queue) == len(plain)
            _looks_alike(queue, plain)


def _looks_alike(queue: Queue, plain: list[Place]) -> None:
    for hour in ("", "2026-11-23T10", "2026-11-23T10:30"):
        assert len(queue.places) - queue.after_hour(hour) == sum(one[0] > hour for one in plain)
        for row in (-1, 0, GONE_MAX):
            later = sum(one[:2] > (hour, row) for one in plain)
            assert len(queue.places) - queue.after_row(hour, row) == later


def test_whoever_does_not_wait_cannot_be_taken_out() -> None:
    queue = Queue()
    queue.add(("", 1, "ann"))
    for place in (("", 0, "ann"), ("", 1, "bob"), ("2026", 1, "ann")):
        assert not queue.remove(place)
    assert len(queue) == 1


@pytest.mark.parametrize("count", [GONE_MAX, GONE_MAX + 1, GONE_MAX + 2])
def test_places_of_those_who_went_are_given_back(count: int) -> None:
    queue = Queue()
    for row in range(count + 1):
        queue.add(("", row, "c"))
    for row in range(count):
        assert queue.remove(("", row, "c"))
    assert (len(queue), queue.first <= GONE_MAX) == (1, True)
    assert queue.places[queue.first :] == [("", count, "c")]
