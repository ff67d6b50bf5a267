"""Virtual time: a heap of what happens when, and clocks and dice that follow it.

Nothing here waits. Acts of one instant run in the order in which they were asked for, so the same
seed gives the same day on every machine.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NoReturn, final

STILL_S = 0.001
STILL_MAX = 20_000
"""More acts than that within `STILL_S` are no day's work: something asks for itself without end."""

BOOTED_AT = 1000.0
"""The monotonic second at which a world begins: not zero, so that a forgotten zero shows."""


class TimeStandsStillError(Exception):
    """Virtual time does not go on: acts lead to acts at the same instant, without end."""


@final
@dataclass(slots=True, eq=False)
class Alarm:
    """Something that will happen at `at`, unless it is called off."""

    at: float
    act: Callable[[], None] | None

    def call_off(self) -> None:
        """Lets it not happen; once it has, this does nothing."""
        self.act = None


class Timeline:
    """Both clocks of a world, and what is still to come. `now` is monotonic seconds."""

    def __init__(self, begin: datetime) -> None:
        """Stands still at `begin` (aware UTC)."""
        self.now = BOOTED_AT
        self._begin = begin
        self._utc = (BOOTED_AT, begin)
        self._heap: list[tuple[float, int, Alarm | Callable[[], None]]] = []
        self._orders = itertools.count()
        self._still_since = self.now
        self._still = 0

    @property
    def utc(self) -> datetime:
        """The present moment."""
        if self._utc[0] != self.now:
            self._utc = self.now, self._begin + timedelta(seconds=self.now - BOOTED_AT)
        return self._utc[1]

    def step_utc(self, by_s: float) -> None:
        """Sets the wall clock forward or back; the monotonic one knows nothing of it."""
        self._begin += timedelta(seconds=by_s)
        self._utc = self.now, self._begin + timedelta(seconds=self.now - BOOTED_AT)

    def at(self, moment: float, act: Callable[[], None]) -> Alarm:
        """Has `act` done at a monotonic second; one that has passed means at once."""
        alarm = Alarm(max(self.now, moment), act)
        heapq.heappush(self._heap, (alarm.at, next(self._orders), alarm))
        return alarm

    def after(self, span_s: float, act: Callable[[], None]) -> Alarm:
        """Has `act` done after so many seconds."""
        alarm = Alarm(max(self.now, self.now + span_s), act)
        heapq.heappush(self._heap, (alarm.at, next(self._orders), alarm))
        return alarm

    def surely(self, span_s: float, act: Callable[[], None]) -> None:
        """Has `act` done after so many seconds; it cannot be called off, as most acts never are."""
        moment = self.now + span_s if span_s > 0.0 else self.now
        heapq.heappush(self._heap, (moment, next(self._orders), act))

    def turned(self, act: object) -> None:
        """Counts an act of this instant; raises `TimeStandsStillError` where there is no end of them.

        To be told too by whoever does many things within one act."""
        if self.now - self._still_since >= STILL_S:
            self._still_since, self._still = self.now, 0
        self._still += 1
        if self._still > STILL_MAX:
            self._stands_still(act)

    def _stands_still(self, act: object) -> NoReturn:
        raise TimeStandsStillError(
            f"Virtual time stands still at {self.now:.3f} s: {self._still:,} acts within"
            f" {STILL_S * 1000:g} ms, the latest is {act!r:.300}. Look for what asks for itself"
            " again without a delay."
        )

    def run_until(self, moment: float, is_enough: Callable[[], bool] | None = None) -> bool:
        """Lets everything up to `moment` happen; True where `is_enough` ended it before."""
        heap, take = self._heap, heapq.heappop
        while heap and heap[0][0] <= moment:
            at, _, act = take(heap)
            if isinstance(act, Alarm):
                alarm = act
                act, alarm.act = alarm.act, None
                if act is None:
                    continue
            self.now = at
            if at - self._still_since >= STILL_S:
                self._still_since, self._still = at, 1
            else:
                self._still += 1
                if self._still > STILL_MAX:
                    self._stands_still(act)
            act()
            if is_enough is not None and is_enough():
                return True
        self.now = max(self.now, moment)
        return False


class SeededDice:
    """The dialer's dice in a world: ids grow with virtual time and repeat with the seed."""

    def __init__(self, timeline: Timeline, seed: str) -> None:
        """Two sources of one world need two seeds."""
        self._timeline = timeline
        self._random = Random(seed)

    def new_id(self) -> str:
        """Returns a UUIDv7."""
        moment = int(self._timeline.utc.timestamp() * 1000)
        value = (moment & (1 << 48) - 1) << 80 | self._random.getrandbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def dice(self) -> float:
        """Returns a float in 0..1."""
        return self._random.random()
