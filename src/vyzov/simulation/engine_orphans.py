"""Looks after calls whose floor is gone, as each call's own policy says."""

from typing import Protocol

from vyzov.dialer import ports
from vyzov.simulation.engine_parts import ORPHAN_CHECK_S, SimCall, orphan_phase
from vyzov.simulation.world_time import Timeline


class Lines(Protocol):
    """What of the engine this touches."""

    calls: dict[str, SimCall]

    def has_floor(self, floor: str) -> bool: ...
    def hang_up(self, leg: str, cause: str) -> None: ...
    def play(self, verb: ports.Play) -> None: ...


class Orphans:
    """All calls without a floor."""

    def __init__(self, timeline: Timeline, lines: Lines) -> None:
        self._timeline = timeline
        self._lines = lines
        self._checking = False

    def watch(self) -> None:
        """A floor has left: its calls are looked after until it is back or they are over."""
        if not self._checking:
            self._checking = True
            self._timeline.after(ORPHAN_CHECK_S, self._check)

    def _check(self) -> None:
        self._checking = False
        calls = self._lines.calls.values()
        away = [call for call in calls if not self._lines.has_floor(call.floor)]
        for call in away:
            if not call.closing:
                self._look_after(call)
        if away:
            self.watch()

    def _look_after(self, call: SimCall) -> None:
        now = self._timeline.now
        phase, limit = orphan_phase(call)
        if call.phase is None or call.phase[0] != phase:
            call.phase = (phase, now)
        told = call.play is not None and call.play[0] == ports.ORPHAN_PLAY
        if told or now - call.phase[1] < limit:
            return
        if phase == "unmatched":
            source = f"prompt:{call.order.orphan.prompt}"
            self._lines.play(ports.Play(call.leg, ports.ORPHAN_PLAY, source))
            return
        self._lines.hang_up(call.leg, "orphan")
