"""Reads who is next: bucket by bucket along one index, merged into the calling order.

A contact whose zones cannot be called now stands in a bucket that is not read, so the cost of the
next contact does not depend on how many cannot be called. When a bucket is worth reading is
`core.lookahead`'s word; whether the contact may be called is `core.eligibility`'s.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import chain
from typing import Protocol

from vyzov.core.instants import from_text, to_text
from vyzov.core.lookahead import UNSORTED, Bucket, Hours, is_held, readable_from
from vyzov.core.window import CallWindow
from vyzov.dialer.floor_store import CampaignCounts
from vyzov.storage.session import Ask, Row
from vyzov.storage.values import words_of

WAITING = ("callback", "due", "fresh")
STATES = (*WAITING, "in_call", "closed")
CHUNK_LEAST = 4
CHUNK_MOST = 256
OPENINGS_MAX = 10_000

Place = tuple[str, int, str]
"""An hour (empty for none), a row of the list and a contact: what the calling order is made of."""


class Rows(Protocol):
    """A connection inside a transaction that knows its organisation."""

    def rows(self, topic: str, name: str, **values: object) -> Sequence[Row]: ...
    def rows_all(self, asked: Sequence[Ask]) -> list[Sequence[Row]]: ...


class Openings:
    """Remembers when closed buckets open: finding out looks through days, quarter by quarter."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], CallWindow], tuple[datetime, datetime]] = {}

    def readable_from(self, bucket: Bucket, hours: Hours, now: datetime) -> datetime | None:
        """Returns what `core.lookahead.readable_from` does."""
        key = bucket.zones, hours.window
        asked, opens = self._known.get(key, (now, now))
        if bucket.id > UNSORTED and asked <= now < opens:
            return opens
        found = readable_from(bucket, hours, now)
        if bucket.id > UNSORTED and found is not None and found > now:
            if len(self._known) >= OPENINGS_MAX:
                self._known.clear()
            self._known[key] = now, found
        return found


class LookAhead:
    """One campaign's waiting contacts as of `now`; without `hours` every bucket is open."""

    def __init__(
        self, reader: Rows, campaign: str, now: datetime, hours: Hours | None, openings: Openings
    ) -> None:
        self.campaign = campaign
        self.now = now
        self.hours = hours
        self._reader = reader
        self._at = to_text(now)
        self._openings = openings
        self._buckets: dict[str, list[Bucket]] = {}
        self._from: dict[int, datetime | None] = {}
        self._wanted = 1

    def contacts(self, exclude: Collection[str], wanted: int) -> Iterator[str]:
        """Yields the ids of the next contacts, but not those of `exclude`; some `wanted` of them."""
        passed = frozenset(exclude)
        self._wanted = wanted
        turns = (*((state, True) for state in WAITING), ("fresh", False))
        places = chain.from_iterable(self._in_order(state, hour=hour) for state, hour in turns)
        return (place[2] for place in places if place[2] not in passed)

    def next_due(self) -> datetime | None:
        """Returns when the next contact who waits for its hour, or for its zones', comes due."""
        found: list[datetime] = []
        asked: list[tuple[datetime, Ask]] = []
        for state in WAITING:
            for bucket in self._of(state):
                opens = self._readable_from(bucket)
                if opens is None:
                    continue
                if opens > self.now and state == "fresh" and self._has_fresh(bucket):
                    found.append(opens)
                    continue
                values: dict[str, object] = {
                    "campaign": self.campaign, "state": state, "bucket": bucket.id,
                    "after": "" if opens > self.now else self._at,
                }  # fmt: skip
                asked.append((opens, Ask("hopper", "next_hour", values)))
        if asked:
            answers = self._reader.rows_all([ask for _, ask in asked])
            found += [
                max(opens, from_text(rows[0]["at"]))
                for (opens, _), rows in zip(asked, answers, strict=True)
                if rows[0]["at"] is not None
            ]
        return min(found, default=None)

    def counts(self) -> CampaignCounts:
        """Returns how many contacts are in each state, and whether any of them is to be called."""
        rows = self._reader.rows("hopper", "tally", campaign=self.campaign)
        count: Callable[[str], int] = rows[0].__getitem__ if rows else lambda _: 0
        return CampaignCounts(
            total=sum(count(state) for state in STATES),
            fresh=count("fresh"),
            due=count("due"),
            in_call=count("in_call"),
            callback=count("callback"),
            closed=count("closed"),
            attempts=count("attempts"),
            answered=count("answered"),
            is_over=not count("in_call") and self._is_over(),
            opens_at=self._opens_at(),
        )

    def _is_over(self) -> bool:
        hours = self.hours
        return all(
            hours is not None and is_held(bucket, hours)
            for state in WAITING
            for bucket in self._of(state)
        )

    def _opens_at(self) -> datetime | None:
        """Returns when the first closed bucket opens in which somebody waits."""
        found = (self._readable_from(one) for state in WAITING for one in self._of(state))
        return min((at for at in found if at is not None and at > self.now), default=None)

    # ---- the buckets

    def _of(self, state: str) -> list[Bucket]:
        if not self._buckets:
            asked = [
                Ask("hopper", "buckets", {"campaign": self.campaign, "state": one})
                for one in WAITING
            ]
            for one, rows in zip(WAITING, self._reader.rows_all(asked), strict=True):
                self._buckets[one] = [
                    Bucket(row["id"], words_of(row["zones"]) if row["zones"] else ())
                    for row in rows
                ]
        return self._buckets[state]

    def _readable_from(self, bucket: Bucket) -> datetime | None:
        if self.hours is None:
            return self.now
        if bucket.id not in self._from:
            found = self._openings.readable_from(bucket, self.hours, self.now)
            self._from[bucket.id] = found
        return self._from[bucket.id]

    def _in_order(self, state: str, *, hour: bool) -> Iterator[Place]:
        """Yields those of a state with an hour that has come, or those without one."""
        open_now = [one for one in self._of(state) if self._readable_from(one) == self.now]
        # Of each bucket somewhat more than its share is read at first, then ever more.
        first = max(CHUNK_LEAST, 2 * self._wanted // max(1, len(open_now)))
        name = "waiting" if hour else "fresh"
        asked = [self._page(name, state, one, ("", -1, ""), first) for one in open_now]
        pages = self._reader.rows_all(asked) if asked else []
        parts = [
            self._in_bucket(name, state, bucket, first, rows)
            for bucket, rows in zip(open_now, pages, strict=True)
        ]
        return merge(*parts)

    def _in_bucket(
        self, name: str, state: str, bucket: Bucket, limit: int, rows: Sequence[Row]
    ) -> Iterator[Place]:
        """Yields the rest of a bucket, of which the first page is read already."""
        last: Place = ("", -1, "")
        while True:
            for row in rows:
                last = (row["next_due_at"] or "", row["position"], row["contact_id"])
                yield last
            if len(rows) < limit:
                return
            limit = min(CHUNK_MOST, limit * 2)
            [rows] = self._reader.rows_all([self._page(name, state, bucket, last, limit)])

    def _page(self, name: str, state: str, bucket: Bucket, last: Place, limit: int) -> Ask:
        return Ask(
            "hopper",
            name,
            {
                "campaign": self.campaign, "state": state, "bucket": bucket.id, "now": self._at,
                "after_due": last[0], "after": last[1], "limit": limit,
            },
        )  # fmt: skip

    def _has_fresh(self, bucket: Bucket) -> bool:
        return bool(
            self._reader.rows(
                "hopper", "fresh", campaign=self.campaign, bucket=bucket.id, after=-1, limit=1
            )
        )
