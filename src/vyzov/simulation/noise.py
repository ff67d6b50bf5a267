"""What happens to the events of an engine on their way to a floor: lost, doubled, late, out of order.

A snapshot is never lost without its connection: it is the first word of one, or an answer that is
asked for again. It speaks of what was sent before it, never of what is still on its way.
"""

from collections import Counter
from random import Random

from vyzov.dialer.ports import Event, LegEvent, Snapshot, Standing
from vyzov.simulation.faults import NO_FAULTS, FaultKind, Faults
from vyzov.simulation.world_time import Timeline

OVERTAKEN_S = 1.5
DOUBLED_S = 0.5
NO_DELAY = (0.0,)


class Noise:
    """Decides by dice when, and how often, an event arrives."""

    def __init__(self, timeline: Timeline, dice: Random, happened: Counter[FaultKind]) -> None:
        self._timeline = timeline
        self._dice = dice
        self._happened = happened
        self._late_until: dict[str, float] = {}

    def ways_of(self, event: Event, faults: Faults) -> tuple[float, ...]:
        """Returns the delays in seconds with which an event arrives; none where it is lost."""
        if faults is NO_FAULTS and not self._late_until:
            return NO_DELAY
        if isinstance(event, LegEvent):
            return self._of_leg(event, faults)
        if isinstance(event, Standing) and self._happens(faults.lost, FaultKind.EVENT_LOST):
            return ()
        delay = max((at - self._timeline.now for at in self._late_until.values()), default=0.0)
        if isinstance(event, Snapshot):
            self._late_until.clear()
        return (max(0.0, delay),)

    def _of_leg(self, event: LegEvent, faults: Faults) -> tuple[float, ...]:
        dice = self._dice
        if self._happens(faults.lost, FaultKind.EVENT_LOST):
            return ()
        if self._happens(faults.very_late, FaultKind.EVENT_LATE):
            return (dice.uniform(faults.very_late_s / 10, faults.very_late_s),)
        if self._happens(faults.reordered, FaultKind.EVENT_REORDERED):
            return (dice.uniform(0.0, OVERTAKEN_S),)
        delay = 0.0
        if faults.late and dice.random() < faults.late:
            delay = dice.uniform(0.0, faults.late_s)
        arrives = max(self._timeline.now + delay, self._late_until.get(event.leg, 0.0))
        if faults.late:
            self._late_until[event.leg] = arrives
        delay = arrives - self._timeline.now
        if self._happens(faults.doubled, FaultKind.EVENT_DOUBLED):
            return delay, delay + dice.uniform(0.0, DOUBLED_S)
        return (delay,) if delay else NO_DELAY

    def _happens(self, share: float, kind: FaultKind) -> bool:
        if not share or self._dice.random() >= share:
            return False
        self._happened[kind] += 1
        return True
