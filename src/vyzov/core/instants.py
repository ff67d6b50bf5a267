"""Moments as text: aware UTC in, RFC 3339 with microseconds and `Z` out, and back.

The text sorts as the moments do. Zones of callees are none of its business (see `window`).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from vyzov.core.errors import InvalidRequest


def to_text(at: datetime) -> str:
    """Returns the moment as `2026-11-22T14:05:00.000000Z`; an unaware moment is our own mistake."""
    assert at.tzinfo is not None, "a moment without a zone cannot be told apart from local time"
    return _utc_text(at if at.tzinfo is UTC else at.astimezone(UTC))


# What happens in one step is of one moment, and every screen tells the same few again and again.
@lru_cache(maxsize=2048)
def _utc_text(at: datetime) -> str:
    # As `isoformat` writes it, in half the time: it asks the zone again for its offset.
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (  # noqa: UP031 - the quickest there is
        at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond,
    )  # fmt: skip


def from_text(text: str) -> datetime:
    """Returns the aware UTC moment of an RFC 3339 text, or raises `InvalidRequest`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InvalidRequest(f"'{text}' is not a moment.", _NEXT_STEP) from fault
    if at.tzinfo is None:
        raise InvalidRequest(f"'{text}' does not say its zone.", _NEXT_STEP)
    return at.astimezone(UTC)


def moved(at: datetime | None, by: timedelta) -> datetime | None:
    """Returns a moment, where there is one, as a clock tells it that was set forward by `by`."""
    return None if at is None else at + by


_NEXT_STEP = "Write it as RFC 3339 with a zone, such as 2026-11-22T14:05:00Z."
