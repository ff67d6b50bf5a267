"""Keeps those who wait in a campaign in the order in which they are called, bucket by bucket.

What the statements of `queries/hopper.sql` say of an index, this says of sorted lists: `lookahead`
asks it the same questions by the same names.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass

from vyzov.dialer.floor_store import DueContact

Place = tuple[str, int, str]
"""An hour (empty for none), a row of the list and a contact."""

Answer = list[dict[str, object]]


@dataclass(slots=True)
class Entry:
    """A contact's place in a campaign, as its row stands; `due` is what was last made of it."""

    campaign: str
    contact: str
    position: int
    state: str
    next_due: str | None
    attempts_made: int
    phone_position: int
    last_outcome: str | None
    callback_agent: str | None
    failover_of: str
    tried: str
    bucket: int
    due: DueContact | None = None

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return self.next_due or "", self.position, self.contact


class Waiting:
    """The queues of all campaigns by campaign, state and bucket."""

    def __init__(self, zones: Mapping[int, str]) -> None:
        """`zones` says which zones a bucket stands for, as they are stored."""
        self._zones = zones
        self._queues: dict[tuple[str, str], dict[int, list[Place]]] = {}

    def fill(self, entries: list[Entry]) -> None:
        """Adds many at once."""
        for entry in entries:
            self._of(entry).append(entry.place)
        for buckets in self._queues.values():
            for queue in buckets.values():
                queue.sort()

    def add(self, entry: Entry) -> None:
        """Lets a contact wait where its row says."""
        insort(self._of(entry), entry.place)

    def remove(self, entry: Entry) -> None:
        """Takes a contact out; its row is still as it was when it was added."""
        queue, place = self._of(entry), entry.place
        at = bisect_left(queue, place)
        assert queue[at] == place, f"{entry.contact} does not wait in {entry.campaign}"
        del queue[at]

    def _of(self, entry: Entry) -> list[Place]:
        buckets = self._queues.setdefault((entry.campaign, entry.state), {})
        return buckets.setdefault(entry.bucket, [])

    # ---- what the look-ahead asks

    def answer(self, name: str, values: Mapping[str, object]) -> Answer:
        """Answers a statement of the look-ahead by its name."""
        found = self._queues.get((str(values["campaign"]), str(values.get("state", "fresh"))), {})
        if name == "buckets":
            return [
                {"id": bucket, "zones": self._zones.get(bucket)}
                for bucket in sorted(found)
                if found[bucket]
            ]
        queue = found.get(int(str(values["bucket"])), [])
        if name == "next_hour":
            after = str(values["after"])
            # An hour of nobody is the empty text, which is before all others.
            at = bisect_right(queue, after or "", key=lambda place: place[0])
            return [{"at": queue[at][0] if at < len(queue) else None}]
        if name == "fresh":
            after_row = int(str(values["after"]))
            first = bisect_right(queue, ("", after_row), key=lambda place: place[:2])
            last = bisect_right(queue, "", key=lambda place: place[0])
        else:
            assert name == "waiting", f"the look-ahead asks no '{name}'"
            after = (str(values["after_due"]), int(str(values["after"])))
            first = bisect_right(queue, after, key=lambda place: place[:2])
            first = max(first, bisect_right(queue, "", key=lambda place: place[0]))
            last = bisect_right(queue, str(values["now"]), key=lambda place: place[0])
        until = min(max(first, last), first + int(str(values["limit"])))
        return [
            {"contact_id": contact, "next_due_at": at or None, "position": row}
            for at, row, contact in queue[first:until]
        ]
