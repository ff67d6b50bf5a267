"""Keeps those who wait in a campaign in the order in which they are called, bucket by bucket.

What the statements of `queries/hopper.sql` say of an index, this says of sorted lists: `lookahead`
asks it the same questions by the same names.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field

from vyzov.dialer.floor_store import DueContact

Place = tuple[str, int, str]
"""An hour (empty for none), a row of the list and a contact."""

Answer = list[dict[str, object]]

GONE_MAX = 1_000
"""So many places of those who went from the head of a queue are kept, then given back at once."""


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


@dataclass(slots=True)
class Queue:
    """Those who wait, in order, from the place `first` on: most are taken from the head, and the rest
    is not moved up for each of them."""

    places: list[Place] = field(default_factory=list[Place])
    first: int = 0

    def __len__(self) -> int:
        return len(self.places) - self.first

    def add(self, place: Place) -> None:
        """Lets somebody wait at their place."""
        insort(self.places, place, self.first)

    def remove(self, place: Place) -> bool:
        """Takes somebody out; False where nobody waits there."""
        places = self.places
        at = bisect_left(places, place, self.first)
        if at == len(places) or places[at] != place:
            return False
        if at > self.first:
            del places[at]
            return True
        self.first += 1
        if self.first > GONE_MAX:
            del places[: self.first]
            self.first = 0
        return True

    def after_hour(self, hour: str) -> int:
        """Where those begin whose hour is a later one."""
        # No text stands between an hour and the same with the least of letters added.
        return bisect_left(self.places, (hour + "\0",), self.first)

    def after_row(self, hour: str, row: int) -> int:
        """Where those begin who come after this row of this hour."""
        return bisect_left(self.places, (hour, row + 1), self.first)


class Waiting:
    """The queues of all campaigns by campaign, state and bucket."""

    def __init__(self, zones: Mapping[int, str]) -> None:
        """`zones` says which zones a bucket stands for, as they are stored."""
        self._zones = zones
        self._queues: dict[tuple[str, str], dict[int, Queue]] = {}

    def fill(self, entries: list[Entry]) -> None:
        """Adds many at once."""
        for entry in entries:
            self._of(entry).places.append(entry.place)
        for buckets in self._queues.values():
            for queue in buckets.values():
                queue.places.sort()

    def add(self, entry: Entry) -> None:
        """Lets a contact wait where its row says."""
        self._of(entry).add(entry.place)

    def remove(self, entry: Entry) -> None:
        """Takes a contact out; its row is still as it was when it was added."""
        waited = self._of(entry).remove(entry.place)
        assert waited, f"{entry.contact} does not wait in {entry.campaign}"

    def _of(self, entry: Entry) -> Queue:
        buckets = self._queues.setdefault((entry.campaign, entry.state), {})
        queue = buckets.get(entry.bucket)
        if queue is None:
            queue = buckets[entry.bucket] = Queue()
        return queue

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
        queue = found.get(int(str(values["bucket"])), Queue())
        if name == "next_hour":
            # An hour of nobody is the empty text, which is before all others.
            at = queue.after_hour(str(values["after"]))
            return [{"at": queue.places[at][0] if at < len(queue.places) else None}]
        if name == "fresh":
            first, last = queue.after_row("", int(str(values["after"]))), queue.after_hour("")
        else:
            assert name == "waiting", f"the look-ahead asks no '{name}'"
            first = queue.after_row(str(values["after_due"]), int(str(values["after"])))
            first = max(first, queue.after_hour(""))
            last = queue.after_hour(str(values["now"]))
        until = min(max(first, last), first + int(str(values["limit"])))
        return [
            {"contact_id": contact, "next_due_at": at or None, "position": row}
            for at, row, contact in queue.places[first:until]
        ]
