"""Calls per second as a bucket of tokens: a pure value, filled by time, emptied by calls.

It holds one second's worth of calls (at least one), so a quiet minute never becomes a burst that a
carrier would refuse.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens left as of a moment; one token is one call."""

    tokens: float
    at: datetime


def full(per_second: float, now: datetime) -> Bucket:
    """Returns the bucket of a campaign or trunk that has not dialled for a while."""
    return Bucket(max(1.0, per_second), now)


def filled(bucket: Bucket, per_second: float, now: datetime) -> Bucket:
    """Returns the bucket as of `now`; a clock set back adds nothing."""
    passed = max(0.0, (now - bucket.at).total_seconds())
    return Bucket(min(max(1.0, per_second), bucket.tokens + passed * per_second), now)


def spent(bucket: Bucket, calls: int) -> Bucket:
    """Returns the bucket after `calls` were placed."""
    return Bucket(bucket.tokens - calls, bucket.at)


def calls_in(bucket: Bucket) -> int:
    """Returns how many calls the bucket allows right now."""
    return max(0, int(bucket.tokens))
