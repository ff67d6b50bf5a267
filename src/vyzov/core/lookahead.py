"""Which buckets of a campaign's contacts are worth reading ahead, judged before any contact is.

Contacts whose numbers may be in the same set of time zones stand in one bucket: where the window is
closed in one of its zones, none of them can be called, and none has to be looked at. Contacts that
the settings forbid to call at any hour stand in a bucket of that version of the settings. This is an
order of reading, not a permission: `eligibility` judges every contact at the dial instant.
"""

from dataclasses import dataclass
from datetime import datetime

from vyzov.core.window import CallWindow, next_open, zones_of

UNSORTED = 0
"""The bucket of contacts whose zones have not been looked up: read at any hour."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Contacts that share an answer: `zones` are IANA names, none for a bucket without zones."""

    id: int
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """When a campaign may call: its window, and the version of the settings that say so."""

    window: CallWindow
    version: int


def bucket_held_by(version: int) -> int:
    """Returns the bucket of those whom this version of the settings holds back for good."""
    return -version


def is_held(bucket: Bucket, hours: Hours) -> bool:
    """True where the settings as they are forbid these contacts at any hour."""
    return bucket.id == bucket_held_by(hours.version)


def readable_from(bucket: Bucket, hours: Hours, now: datetime) -> datetime | None:
    """Returns from when on a bucket is worth reading: `now`, or when its window opens.

    None while it is held for good. Zones nobody knows, or without a common hour, are read at once:
    each of those contacts has to hear from `eligibility` that it is held for good.
    """
    if is_held(bucket, hours):
        return None
    zones = zones_of(bucket.zones) if bucket.id > UNSORTED else None
    if zones is None:
        return now
    return next_open(hours.window, zones, now) or now
