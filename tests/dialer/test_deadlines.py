"""The first of many deadlines is what looking through all of them would find."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer.deadlines import Deadlines

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYS = st.sampled_from(["a", "b", "c", "d"])
MOMENTS = st.one_of(st.none(), st.integers(0, 5).map(lambda s: NOON + timedelta(seconds=s)))


@given(st.lists(st.tuples(KEYS, MOMENTS, st.booleans()), max_size=30), st.integers(-1, 6))
def test_the_first_deadline_is_the_earliest_of_those_that_stand(
    changes: list[tuple[str, datetime | None, bool]], at: int
) -> None:
    deadlines, model = Deadlines(), dict[str, datetime]()
    now = NOON + timedelta(seconds=at)
    for key, due, looks in changes:
        deadlines.set(key, due)
        model.pop(key, None)
        if due is not None:
            model[key] = due
        if looks:
            assert deadlines.first() == min(model.values(), default=None)
    assert deadlines.passed(now) == sorted(key for key, due in model.items() if due <= now)
    later = [due for due in model.values() if due > now]
    assert deadlines.first_after(now) == min(later, default=None)
