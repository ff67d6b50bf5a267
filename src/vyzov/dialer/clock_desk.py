"""Tells of steps of UTC, and takes a manager's word that it is right as it is now.

Whether UTC can be trusted is `core.steadiness`'s word; that nothing is dialled meanwhile is the pacer's.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.core.steadiness import Steadiness, confirmed, watched
from vyzov.dialer.effects import Ask, Now
from vyzov.dialer.scene import Scene


class ClockDesk:
    """Watches the clocks of one floor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.verbs: Mapping[str, Callable[[Ask], None]] = {"confirm_clock": self._confirm}

    def look(self, now: Now) -> None:
        """Holds both clocks against each other, and writes down what changed."""
        room, before = self._scene.room, self._scene.room.clock
        room.clock = watched(before, now.utc, now.mono, now.clock)
        if room.clock.unsteady_until == before.unsteady_until or not room.organisation:
            return
        if room.clock.is_steady:
            self._trusted("")
        else:
            self._fact(FactKind.CLOCK_STEPPED, {"step_s": round(room.clock.step_s, 3)})

    def _confirm(self, ask: Ask) -> None:
        room = self._scene.room
        if not room.clock.is_steady:
            room.clock = confirmed(room.clock)
            self._trusted(ask.user)
        self._scene.out.reply_when_saved(ask.ask)

    def _trusted(self, by: str) -> None:
        self._fact(FactKind.CLOCK_TRUSTED, {"by": by}, by or None)
        self._scene.room.pace_wanted = True

    def _fact(self, kind: FactKind, data: dict[str, Any], agent: str | None = None) -> None:
        scene = self._scene
        scene.out.write(scene.fact(kind, f"clock:{scene.dice.new_id()}", agent=agent, data=data))


def alert(clock: Steadiness, now: Now) -> dict[str, Any]:
    """Says on a supervisor's screen why nothing is dialled, and until when by itself."""
    until = now.utc + timedelta(seconds=(clock.unsteady_until or now.mono) - now.mono)
    return {
        "id": "clock",
        "kind": "clock_unsteady",
        "args": {"step_s": round(clock.step_s, 1), "until": to_text(until)},
        "since": to_text(now.utc),
    }
