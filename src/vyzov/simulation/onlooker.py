"""Sees what happens in a made-up world and judges nothing: for runs whose rules nobody asks for.

It keeps what figures and a digest are made of. The same run with the rules is the same to the last
fact, for no rule changes anything (`./run verify simulation --day` holds the two against each other).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.dialer.floor import Floor
from vyzov.simulation.invariants import Watch
from vyzov.simulation.world_time import Timeline


class Onlooker(Watch):
    """A `Watch` without rules; `breaches` holds what the made-up world itself did wrong."""

    judges = False

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._told: set[str] = set()

    def committed(self, batch: w.Batch, result: w.CommitResult) -> None:
        """Keeps facts, and which attempts are open."""
        for write in batch:
            if type(write) is w.AppendFact:
                fact = write.fact
                if fact.dedupe not in self._told and fact.attempt not in result.refused:
                    self._told.add(fact.dedupe)
                    self.facts.append(fact)
            elif type(write) is w.Reserve and write.attempt not in result.refused:
                self.open_attempts.add(write.attempt)
            elif type(write) is w.FinishAttempt:
                self.open_attempts.discard(write.attempt)

    def invited(self, order: ports.Originate) -> None:
        """Keeps a call that goes out."""
        self.originates.append(order)

    # ---- what only rules would ask for

    def decided(self, floor: Floor, effects: Iterable[fx.Effect]) -> None: ...

    def wanted(self, effect: fx.Effect) -> None: ...

    def answered(self, leg: str) -> None: ...

    def over(self, leg: str) -> None: ...

    def silent(self, leg: str, seconds: float, *, muted: bool) -> None: ...

    def bridged(self, leg: str, device: str, agent: str) -> None: ...

    def taken_from(self, leg: str, other: str, agent: str) -> None: ...

    def excused(self, leg: str) -> None: ...

    def device_up(self, agent: str, legs: list[str]) -> None: ...

    def recorded(self, recording: str, seconds: float) -> None: ...

    def recording_lost(self, recording: str) -> None: ...

    def asked(self, do: str, user: str, args: Mapping[str, Any]) -> None: ...

    def replied(
        self, do: str, args: Mapping[str, Any], user: str, body: Mapping[str, Any], *, ok: bool
    ) -> None: ...

    def holds(self, fence: int) -> None: ...

    def works(self, holder: str, fence: int, *, holds: bool) -> None: ...

    def prolonged(self, holder: str, fence: int) -> None: ...

    def floor_died(self) -> None: ...

    def stepped(self, floor: Floor, *, whole: bool) -> None: ...

    def settle(self, floor: Floor | None) -> None: ...
