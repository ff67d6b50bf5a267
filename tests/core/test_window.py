"""The permitted hours: to the minute, in every possible zone, over changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from core_examples import T0
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest
from vyzov.core.window import (
    LOOK_AHEAD,
    CallWindow,
    is_open,
    next_open,
    window_from_json,
    window_to_json,
    zones_of,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NEW_YORK = ZoneInfo("America/New_York")
VLADIVOSTOK = ZoneInfo("Asia/Vladivostok")
DAY = CallWindow(start=time(9), end=time(21))


def moscow(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


def test_the_first_permitted_minute_is_in_and_the_last_is_the_one_before_the_end() -> None:
    assert not is_open(DAY, (MOSCOW,), moscow(8, 59))
    assert is_open(DAY, (MOSCOW,), moscow(9))
    assert is_open(DAY, (MOSCOW,), moscow(20, 59))
    assert not is_open(DAY, (MOSCOW,), moscow(21))


def test_a_window_can_last_until_midnight() -> None:
    late = CallWindow(start=time(20), end=time())
    assert is_open(late, (MOSCOW,), moscow(23, 59))
    assert not is_open(late, (MOSCOW,), moscow(0, 0, 24))


def test_weekdays_are_the_callees() -> None:
    workdays = CallWindow(days=(1, 2, 3, 4, 5))
    sunday_in_moscow = moscow(10, day=22)
    assert not is_open(workdays, (MOSCOW,), sunday_in_moscow)
    assert next_open(workdays, (MOSCOW,), sunday_in_moscow) == moscow(9, day=23)


def test_a_number_of_many_zones_is_called_when_all_are_open() -> None:
    both = (MOSCOW, VLADIVOSTOK)
    assert not is_open(DAY, both, moscow(8))
    assert is_open(DAY, both, moscow(9))
    assert is_open(DAY, both, moscow(13, 59))
    assert not is_open(DAY, both, moscow(14))
    assert next_open(DAY, both, moscow(14)) == moscow(9, day=24)


def test_zones_without_a_common_hour_are_never_open() -> None:
    short = CallWindow(start=time(9), end=time(11))
    assert next_open(short, (MOSCOW, VLADIVOSTOK), T0) is None


def test_an_open_window_opens_now() -> None:
    now = moscow(12, 7) + timedelta(seconds=3)
    assert next_open(DAY, (MOSCOW,), now) == now


def test_a_window_of_odd_minutes_is_found_to_the_minute() -> None:
    odd = CallWindow(start=time(9, 7), end=time(9, 9))
    assert next_open(odd, (MOSCOW,), moscow(12)) == moscow(9, 7, day=24)


def test_the_hour_that_spring_skips_does_not_open_a_window() -> None:
    # On 14 March 2027 New York goes from 02:00 to 03:00.
    gap = CallWindow(start=time(2), end=time(3))
    before = datetime(2027, 3, 14, 1, 59, tzinfo=NEW_YORK)
    opens = next_open(gap, (NEW_YORK,), before)
    assert opens == datetime(2027, 3, 15, 2, 0, tzinfo=NEW_YORK)


def test_the_hour_that_autumn_repeats_is_open_twice() -> None:
    # On 1 November 2026 New York lives the hour from 01:00 twice.
    hour = CallWindow(start=time(1), end=time(2))
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert is_open(hour, (NEW_YORK,), first)
    assert is_open(hour, (NEW_YORK,), first + timedelta(hours=1))
    assert not is_open(hour, (NEW_YORK,), first + timedelta(hours=2))


@pytest.mark.parametrize("names", [[], ["Mars/Olympus"], ["Europe/Moscow", "x"], ["../etc/passwd"]])
def test_an_unknown_zone_makes_the_whole_set_unknown(names: list[str]) -> None:
    assert zones_of(names) is None


def test_zones_are_found_by_their_names() -> None:
    assert zones_of(["Europe/Moscow", "America/New_York"]) == (MOSCOW, NEW_YORK)


@pytest.mark.parametrize(
    "source", [{}, {"days": [3, 1, 1]}, {"start": "00:00", "end": "00:00"}, {"end": "23:59"}]
)
def test_a_window_survives_being_written_and_read(source: dict[str, Any]) -> None:
    window = window_from_json(source)
    assert window_from_json(window_to_json(window)) == window


def test_a_window_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="start"):
        window_from_json({"start": "25:00"})


ZONES = st.lists(
    st.sampled_from(
        ["Europe/Moscow", "Asia/Vladivostok", "America/New_York", "Asia/Kathmandu", "UTC",
         "Australia/Lord_Howe", "Pacific/Chatham"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)  # fmt: skip
HOURS = st.sampled_from([time(8), time(9, 15), time(12), time(18, 30), time(21)])


@settings(max_examples=60)
@given(
    ZONES,
    HOURS,
    HOURS,
    st.sets(st.integers(1, 7), min_size=1),
    st.timedeltas(timedelta(), timedelta(days=365 * (2028 - 2026))).map(
        lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since
    ),
)
def test_what_opens_next_is_open_and_nothing_opens_before_it(
    names: list[str], start: time, end: time, days: set[int], now: datetime
) -> None:
    window = CallWindow(tuple(sorted(days)), min(start, end), max(start, end))
    zones = zones_of(names)
    assert zones is not None
    opens = next_open(window, zones, now)
    last = opens or now + LOOK_AHEAD
    assert opens is None or is_open(window, zones, opens)
    instant = now
    while instant < last:
        assert not is_open(window, zones, instant)
        instant += timedelta(minutes=7)
