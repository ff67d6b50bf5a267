"""Which timer is due when: named timers per owner, the earliest of all found at once.

Moving a deadline leaves the old entry in the heap to be skipped later, so arming costs
O(log n) however many thousand calls are up; the heap is made anew before such entries outnumber
the living ones.

Timers and their owner hold each other. So that a call's memory comes back the moment it is over,
not when a collector passes, an owner that is over says `end`.
"""

import heapq
from collections.abc import Callable

HEAP_LEAST = 1024
"""Entries below which the heap is not worth making anew."""


class Schedule:
    """Deadlines in monotonic seconds, one per `Timers`; equal ones fire in the order armed."""

    def __init__(self) -> None:
        self._due: dict[Timers, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Timers]] = []
        self._serial = 0

    def arm(self, timers: "Timers", due: float | None) -> None:
        """Sets, moves or (with None) clears the deadline of `timers`."""
        if due is None:
            self._due.pop(timers, None)
            return
        known = self._due.get(timers)
        if known is not None and known[0] == due:
            return
        self._serial += 1
        self._due[timers] = (due, self._serial)
        heapq.heappush(self._heap, (due, self._serial, timers))
        if len(self._heap) > max(HEAP_LEAST, 2 * len(self._due)):
            self._heap = [(when, serial, one) for one, (when, serial) in self._due.items()]
            heapq.heapify(self._heap)

    def next_deadline(self) -> float | None:
        """Returns the earliest deadline, None where nothing is armed."""
        while self._heap:
            due, serial, timers = self._heap[0]
            if self._due.get(timers) == (due, serial):
                return due
            heapq.heappop(self._heap)
        return None

    def fire(self, now: float) -> None:
        """Fires every timer due at `now`. A timer may arm others, but only after `now`."""
        while (due := self.next_deadline()) is not None and due <= now:
            _, _, timers = heapq.heappop(self._heap)
            del self._due[timers]
            timers.fire(now)


class Timers:
    """The named timers of one transaction or call; `on_timer(name, now)` is told of each."""

    __slots__ = ("_due", "_on_timer", "_schedule")

    def __init__(self, schedule: Schedule, on_timer: Callable[[str, float], None]) -> None:
        self._schedule = schedule
        self._on_timer = on_timer
        self._due: dict[str, float] = {}

    def set(self, name: str, due: float) -> None:
        """Arms or moves one timer."""
        known = self._due
        known[name] = due
        self._schedule.arm(self, due if len(known) == 1 else min(known.values()))

    def stop(self, *names: str) -> None:
        """Stops the timers named, or all of them where none is named."""
        if not self._due:
            return
        for name in names or tuple(self._due):
            self._due.pop(name, None)
        self._schedule.arm(self, min(self._due.values(), default=None))

    def end(self) -> None:
        """Stops all timers for good and lets the owner go: nothing is told any more."""
        self.stop()
        self._on_timer = _nobody

    def fire(self, now: float) -> None:
        """Tells the owner of every timer due at `now`, earliest first."""
        for name in sorted(self._due, key=self._due.__getitem__):
            # An earlier timer of this round may have stopped or moved this one.
            if self._due.get(name, now + 1.0) <= now:
                del self._due[name]
                self._on_timer(name, now)
        self._schedule.arm(self, min(self._due.values(), default=None))


def _nobody(_name: str, _now: float) -> None:
    """Stands for an owner that is over."""
