"""Whether UTC can be trusted: steps against the monotonic clock are seen, drift is not one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.steadiness import STEADY_S, STEP_S, Steadiness, confirmed, watched

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def look(state: Steadiness, mono: float, ahead_s: float = 0.0, clock: str = "a") -> Steadiness:
    """Looks at monotonic second `mono`; UTC is `ahead_s` before where it should be."""
    return watched(state, NOON + timedelta(seconds=mono + ahead_s), mono, clock)


def test_clocks_that_go_together_are_steady() -> None:
    state = Steadiness()
    for half in range(400):
        state = look(state, half / 2)
        assert state.is_steady


def test_a_step_forward_stops_until_utc_was_steady_for_a_minute() -> None:
    state = look(look(Steadiness(), 0.0), 1.0, 3600.0)
    assert not state.is_steady
    assert state.step_s == 3600.0
    assert not look(state, 1.0 + STEADY_S - 0.5, 3600.0).is_steady
    steady = look(state, 1.0 + STEADY_S, 3600.0)
    assert steady.is_steady
    assert steady.step_s == 0.0


def test_a_step_back_counts_as_one_forward_does() -> None:
    state = look(look(Steadiness(), 0.0), 1.0, -30.0)
    assert (state.is_steady, round(state.step_s)) == (False, -30)


def test_each_further_step_begins_the_minute_anew() -> None:
    state = look(look(look(Steadiness(), 0.0), 1.0, 10.0), 40.0, 20.0)
    assert not look(state, 1.0 + STEADY_S, 20.0).is_steady
    assert look(state, 40.0 + STEADY_S, 20.0).is_steady


def test_a_step_back_to_where_it_was_is_a_step_too() -> None:
    state = look(look(look(Steadiness(), 0.0), 1.0, 10.0), 2.0, 0.0)
    assert not look(state, 1.0 + STEADY_S, 0.0).is_steady


def test_small_steps_within_a_minute_add_up() -> None:
    state = look(look(Steadiness(), 0.0), 10.0, STEP_S * 0.6)
    assert state.is_steady
    assert not look(state, 20.0, STEP_S * 1.2).is_steady


def test_slow_drift_is_no_step() -> None:
    state = Steadiness()
    for second in range(0, 86_400, 30):
        state = look(state, float(second), second * 0.0005)
        assert state.is_steady


def test_a_person_may_say_that_utc_is_right_now() -> None:
    state = confirmed(look(look(Steadiness(), 0.0), 1.0, 3600.0))
    assert state.is_steady
    assert look(state, 2.0, 3600.0).is_steady
    assert not look(state, 3.0, 0.0).is_steady


def test_another_monotonic_clock_is_paired_anew_and_forgets_no_step() -> None:
    state = look(Steadiness(), 1000.0)
    other = look(state, 5.0, 400.0, clock="b")
    assert (other.is_steady, other.clock) == (True, "b")
    stepped = look(other, 6.0, 500.0, clock="b")
    assert not look(stepped, 1.0, 0.0, clock="c").is_steady


@given(
    looks=st.lists(st.tuples(st.floats(0.01, 30.0), st.floats(-1.0, 1.0)), min_size=1, max_size=100)
)
def test_wobbles_of_a_second_never_stop_anybody(looks: list[tuple[float, float]]) -> None:
    state, mono = look(Steadiness(), 0.0), 0.0
    for wait, ahead in looks:
        mono += wait
        state = look(state, mono, ahead)
        assert state.is_steady


@given(step=st.floats(2.1, 1e6) | st.floats(-1e6, -2.1), at=st.floats(0.5, 1e5))
def test_every_step_beyond_two_seconds_is_seen_at_the_next_look(step: float, at: float) -> None:
    state = Steadiness()
    for mono in (at - 0.5, at):
        state = look(state, mono)
    assert not look(state, at + 0.5, step).is_steady
