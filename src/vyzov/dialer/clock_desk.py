"""Tells of steps of UTC, and takes a manager's word that it is right as it is now.

Whether UTC can be trusted is `core.steadiness`'s word; that nothing is dialled meanwhile is the pacer's.
What lives goes on by the monotonic clock: a limit of two seconds stays one, wherever UTC is set.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from vyzov.core import agent as ca
from vyzov.core import preview
from vyzov.core.call_value import retold
from vyzov.core.facts import FactKind
from vyzov.core.instants import moved, to_text
from vyzov.core.steadiness import STEADY_S, Past, Steadiness, confirmed, resumed, watched
from vyzov.dialer.agents import Agents
from vyzov.dialer.doubt import retold_doubt
from vyzov.dialer.effects import Ask, Now
from vyzov.dialer.scene import Scene


class ClockDesk:
    """Watches the clocks of one floor."""

    def __init__(self, scene: Scene, agents: Agents) -> None:
        self._scene = scene
        self._agents = agents
        self.verbs: Mapping[str, Callable[[Ask], None]] = {"confirm_clock": self._confirm}

    def look(self, now: Now) -> None:
        """Holds both clocks against each other, and writes down what changed."""
        room, before = self._scene.room, self._scene.room.clock
        room.clock = watched(before, now.utc, now.mono, now.clock)
        if room.clock is before:
            return
        if room.clock.unsteady_until == before.unsteady_until or not room.organisation:
            return
        if room.clock.is_steady:
            self._trusted("")
        else:
            self._retell(timedelta(seconds=room.clock.step_s))
            self._stepped()

    def _retell(self, by: timedelta) -> None:
        """Says the moments of all that lives as UTC tells them from now on; due times of contacts
        are people's own hours and stay."""
        room = self._scene.room
        calls = {id(live): live for live in room.calls.values()}
        for found in room.agents.values():
            # A call may be forgotten by the floor while it is still being written up.
            calls |= {id(live): live for live in (found.last, found.resulted) if live is not None}
            found.agent = ca.retold(found.agent, by)
            found.left_at = moved(found.left_at, by)
            found.undo_until = moved(found.undo_until, by)
            found.day.since += by
            self._agents.noted(found)
        for held in room.cards.values():
            held.card = preview.retold(held.card, by)
        for live in calls.values():
            live.call = retold(live.call, by)
            live.asked_at, live.parted_at = moved(live.asked_at, by), moved(live.parted_at, by)
            live.doubt = retold_doubt(live.doubt, by)
            room.calls.noted(live)

    def resume(self, past: Past | None) -> None:
        """Goes on from what earlier processes of this floor saw: their step may not be over."""
        room, now = self._scene.room, self._scene.now
        if past is None:
            return
        room.clock = resumed(past, now.utc, now.mono, now.clock)
        # Told again even where the last life told it: the next one reads no further back than this.
        if not room.clock.is_steady:
            self._stepped()
        elif past.step is not None:
            self._trusted("")

    def _stepped(self) -> None:
        clock, now = self._scene.room.clock, self._scene.now
        seen_at = (clock.unsteady_until or now.mono) - STEADY_S
        step_s = round(clock.step_s, 3)
        self._fact(FactKind.CLOCK_STEPPED, {"step_s": step_s}, at=now.utc_of(seen_at))

    def _confirm(self, ask: Ask) -> None:
        room = self._scene.room
        if not room.clock.is_steady:
            room.clock = confirmed(room.clock)
            self._trusted(ask.user)
        self._scene.out.reply_when_saved(ask.ask)

    def _trusted(self, by: str) -> None:
        self._fact(FactKind.CLOCK_TRUSTED, {"by": by}, agent=by or None)
        self._scene.room.pace_wanted = True

    def _fact(
        self, kind: FactKind, data: dict[str, Any], *, agent: str | None = None,
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        scene, key = self._scene, f"clock:{self._scene.dice.new_id()}"
        scene.out.write(scene.fact(kind, key, at=at, agent=agent, data=data))


def alert(clock: Steadiness, now: Now) -> dict[str, Any]:
    """Says on a supervisor's screen why nothing is dialled, and until when by itself."""
    until = now.utc + timedelta(seconds=(clock.unsteady_until or now.mono) - now.mono)
    return {
        "id": "clock",
        "kind": "clock_unsteady",
        "args": {"step_s": round(clock.step_s, 1), "until": to_text(until)},
        "since": to_text(now.utc),
    }
