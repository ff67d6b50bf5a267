"""The carriers behind a simulated engine's trunks: how many calls each takes, and when it takes none."""

from collections.abc import Callable, Iterable

from vyzov.dialer import ports
from vyzov.simulation.engine_parts import SimCall
from vyzov.simulation.world_time import Timeline

PROBES_MISSED = 2


class Carrier:
    """What stands between the engine and the people, by trunk."""

    def __init__(self, timeline: Timeline, tell_all: Callable[[ports.Event], None]) -> None:
        """Takes every call at first; `tell_all` tells each floor what a probe finds."""
        self._timeline = timeline
        self._tell_all = tell_all
        self._down_until: dict[str, float] = {}
        self.carries_max: dict[str, int] = {}

    def takes(self, trunk: str, calls: Iterable[SimCall]) -> bool:
        """False where a new call through a trunk gets a 503."""
        if self._down_until.get(trunk, 0.0) > self._timeline.now:
            return False
        most = self.carries_max.get(trunk, 0)
        return not most or sum(1 for call in calls if call.order.trunk == trunk) <= most

    def fail(self, trunk: str, span_s: float) -> None:
        """Takes no call for so many seconds; what talks goes on."""
        now = self._timeline.now
        self._down_until[trunk] = now + span_s
        down = ports.TrunkState(
            trunk, "down", "no_reply", at=now, source="probe", misses=PROBES_MISSED
        )
        self._tell_all(down)
        self._timeline.after(span_s, lambda: self._back(trunk))

    def _back(self, trunk: str) -> None:
        now = self._timeline.now
        if self._down_until.get(trunk, 0.0) <= now:
            self._tell_all(ports.TrunkState(trunk, "up", at=now, source="probe"))
