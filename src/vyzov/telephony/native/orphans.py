"""Calls whose floor is gone: what rings is given up, who waits is told, who talks goes on.

`due` is the whole policy as a plain function; `Orphans` applies it a few times a second while a
floor is away, by the policy each call came with. A floor that returns finds its calls as they are.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from enum import StrEnum

from vyzov.dialer.ports import ORPHAN_PLAY, Orphan
from vyzov.telephony.native.legs import Call, Calls
from vyzov.telephony.native.sources import SoundShelf, UnknownSound

log = logging.getLogger("vyzov.engine.orphans")

CHECK_S = 0.1
PLAY = ORPHAN_PLAY
"""The play id of the safe-harbour message, which ends its call when it is over."""
CAUSE = "orphan"


class Phase(StrEnum):
    """Where an orphaned call stands."""

    RINGING = "ringing"
    UNMATCHED = "unmatched"
    BRIDGED = "bridged"


def due(phase: Phase, waited_s: float, policy: Orphan) -> bool:
    """Tells whether a call that has stood in `phase` without a floor for so long must end."""
    limit = {
        Phase.RINGING: policy.ringing_s,
        Phase.UNMATCHED: policy.unmatched_s,
        Phase.BRIDGED: policy.bridged_s,
    }[phase]
    return waited_s >= limit


class Orphans:
    """Watches the calls of floors that are away."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        calls: Calls,
        shelf: SoundShelf,
        hangup: Callable[[str, str], None],
    ) -> None:
        """Nothing is away."""
        self._loop = loop
        self._calls = calls
        self._shelf = shelf
        self._hangup = hangup
        self._away: set[str] = set()
        self._since: dict[str, tuple[Phase, float]] = {}
        self._harbour: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def floor_left(self, floor: str) -> None:
        """Begins to count for a floor's calls."""
        self._away.add(floor)
        if self._timer is None and not self._closed:
            self._timer = self._loop.call_soon(self._check)  # type: ignore[assignment]

    def floor_came(self, floor: str) -> None:
        """Stops counting; a safe-harbour message under way is stopped, the floor decides anew."""
        self._away.discard(floor)
        for call in self._calls.living.values():
            if call.floor == floor:
                self._since.pop(call.leg, None)
                if call.leg in self._harbour:
                    self._harbour.discard(call.leg)
                    call.party.hearing.stop(PLAY)

    def play_ended(self, leg: str, play: str, *, completed: bool) -> None:
        """Ends an orphan's call once it has heard the message."""
        if play != PLAY:
            return
        self._harbour.discard(leg)
        if completed:
            self._hangup(leg, CAUSE)

    def close(self) -> None:
        """Stops watching for good."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        self._timer = None
        if not self._away:
            self._since.clear()
            return
        now = time.monotonic()
        for leg in self._since.keys() - self._calls.living.keys():
            del self._since[leg]
        for call in list(self._calls.living.values()):
            if call.floor in self._away and not call.closing:
                self._look(call, now)
        self._timer = self._loop.call_later(CHECK_S, self._check)

    def _look(self, call: Call, now: float) -> None:
        if call.answered_at is None:
            phase = Phase.RINGING
        else:
            phase = Phase.UNMATCHED if call.party.peer is None else Phase.BRIDGED
        before = self._since.get(call.leg)
        if before is None or before[0] is not phase:
            self._since[call.leg] = before = (phase, now)
        if call.leg in self._harbour or not due(phase, now - before[1], call.order.orphan):
            return
        log.warning("leg %s: its floor is gone and it is %s: it ends", call.leg, phase)
        if phase is Phase.UNMATCHED and call.order.orphan.prompt:
            try:
                sound = self._shelf.prompt(call.order.orphan.prompt, loop=False)
            except UnknownSound as error:
                log.warning("leg %s: %s", call.leg, error)
            else:
                self._harbour.add(call.leg)
                call.party.hearing.play(PLAY, sound)
                return
        self._hangup(call.leg, CAUSE)
