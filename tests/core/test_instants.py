"""A moment is the same text from whatever zone it was read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from vyzov.core.instants import from_text, to_text

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=7)), timezone(timedelta(0))])
def test_a_moment_is_written_in_utc_with_microseconds(zone: timezone) -> None:
    assert to_text(NOON.astimezone(zone)) == "2026-11-22T12:00:00.000000Z"
    assert from_text(to_text(NOON.astimezone(zone))) == NOON


def test_texts_sort_as_the_moments_do() -> None:
    moments = [NOON + timedelta(microseconds=n * 999) for n in (3, 0, 1001, 2)]
    assert sorted(map(to_text, moments)) == [to_text(at) for at in sorted(moments)]


def test_a_moment_is_written_as_the_library_writes_it() -> None:
    for at in (
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
        datetime(2026, 11, 23, 14, 5, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ):
        assert to_text(at) == at.isoformat(timespec="microseconds").replace("+00:00", "Z")
