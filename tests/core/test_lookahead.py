"""Which buckets of contacts are worth reading ahead, and from when on."""

from datetime import UTC, datetime, time, timedelta

import pytest

from vyzov.core.lookahead import (
    UNSORTED,
    Bucket,
    Hours,
    bucket_held_by,
    is_held,
    readable_from,
)
from vyzov.core.window import CallWindow

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = Hours(CallWindow(start=time(9), end=time(21)), version=3)


def test_a_bucket_whose_zones_may_be_called_is_read_now() -> None:
    assert readable_from(Bucket(1, ("Europe/Moscow",)), DAY, NOON) == NOON


def test_a_closed_bucket_is_read_when_the_last_of_its_zones_opens() -> None:
    east = Bucket(1, ("Asia/Vladivostok", "Europe/Moscow"))
    # Moscow opens at nine (06:00 UTC); Vladivostok is open by then, and closed by noon UTC.
    assert readable_from(east, DAY, NOON) == NOON.replace(day=24, hour=6)


@pytest.mark.parametrize("zones", [(), ("Mars/Base",)])
def test_zones_that_nobody_knows_are_read_so_that_each_contact_hears_why(
    zones: tuple[str, ...],
) -> None:
    assert readable_from(Bucket(1, zones), DAY, NOON) == NOON


def test_zones_without_a_common_hour_are_read_so_that_each_contact_hears_why() -> None:
    short = Hours(CallWindow(start=time(9), end=time(10)), version=1)
    far = Bucket(1, ("Europe/Moscow", "Asia/Vladivostok"))
    assert readable_from(far, short, NOON) == NOON


def test_the_unsorted_are_read_at_any_hour() -> None:
    assert readable_from(Bucket(UNSORTED), DAY, NOON + timedelta(hours=12)) is not None
    assert readable_from(Bucket(UNSORTED), DAY, NOON) == NOON


def test_who_is_held_by_the_settings_is_read_again_under_other_settings() -> None:
    held = Bucket(bucket_held_by(DAY.version))
    assert is_held(held, DAY)
    assert readable_from(held, DAY, NOON) is None
    later = Hours(DAY.window, DAY.version + 1)
    assert not is_held(held, later)
    assert readable_from(held, later, NOON) == NOON
