"""Breaks things by dice: processes die or stand still, links fall, the database goes, clocks jump.

What happens to single events is `noise`; what must hold all the same is `invariants`. Each kind has
dice of its own, so that one kind more leaves the others where they were.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from vyzov.core.agent import Wish
from vyzov.dialer import ports
from vyzov.simulation.faults import NO_FAULTS, FaultKind

if TYPE_CHECKING:
    from vyzov.simulation.world import World

POINT_CHANCE = 0.7
"""The share of kills that happen at a named point, where there are some left to visit."""


class Chaos:
    """What breaks in one world."""

    def __init__(self, world: "World") -> None:
        """Breaks nothing yet: `begin` throws the first dice."""
        self._world = world

    def begin(self) -> None:
        """Plans the first fault of each kind."""
        faults = self._world.faults
        for kind, every_s, act in (
            (FaultKind.FLOOR_KILLED, faults.floor_killed_every_s, self._kill_floor),
            (FaultKind.FLOOR_FROZEN, faults.floor_frozen_every_s, self._freeze_floor),
            (FaultKind.ENGINE_KILLED, faults.engine_killed_every_s, self._kill_engine),
            (FaultKind.LINK_BROKEN, faults.link_broken_every_s, self._break_link),
            (FaultKind.STORE_AWAY, faults.store_away_every_s, self._store_away),
            (FaultKind.STORE_SLOW, faults.store_slow_every_s, self._store_slow),
            (FaultKind.STORE_READ_ONLY, faults.store_read_only_every_s, self._store_read_only),
            (FaultKind.EVENT_FOREIGN, faults.foreign_every_s, self._foreign_event),
            (FaultKind.CLOCK_STEPPED, faults.clock_stepped_every_s, self._step_clock),
            (FaultKind.TRUNK_FLAPPED, faults.trunk_flapped_every_s, self._flap_trunk),
            (FaultKind.BROWSER_GONE, faults.browser_gone_every_s, self._browser_gone),
            (FaultKind.SECOND_TAB, faults.second_tab_every_s, self._second_tab),
            (FaultKind.BRIDGE_FALLEN, faults.bridge_fallen_every_s, self._drop_bridge),
        ):
            if every_s:
                dice = Random(f"{self._world.seed}/chaos/{kind}")
                self._again(kind, every_s, dice, act)

    def _again(
        self, kind: FaultKind, every_s: float, dice: Random, act: Callable[[Random], bool]
    ) -> None:
        def happen() -> None:
            if self._world.faults is NO_FAULTS:
                return
            if act(dice):
                self._world.happened[kind] += 1
            self._again(kind, every_s, dice, act)

        self._world.timeline.after(dice.expovariate(1.0 / every_s), happen)

    # ---- processes

    def _kill_floor(self, dice: Random) -> bool:
        world = self._world
        if not world.is_open:
            return False
        if world.points and dice.random() < POINT_CHANCE:
            if world.kill_at_point is not None:
                world.points.insert(0, world.kill_at_point)
            world.kill_at_point = world.points.pop()
        elif dice.random() < 0.3:
            world.kill_floor()
        else:
            world.kill_at_effect = world.effects_done + dice.randint(1, 40)
        return True

    def _freeze_floor(self, dice: Random) -> bool:
        """The process stands still for longer than its lease; another one comes meanwhile."""
        world = self._world
        process = world.process
        if process is None or not world.is_open or not process.awake:
            return False
        process.freeze(dice.uniform(*world.faults.floor_frozen_s))
        world.timeline.after(dice.uniform(0.5, 4.0), world.relieve)
        return True

    def _kill_engine(self, dice: Random) -> bool:
        was_up = self._world.engine.up
        self._world.kill_engine(dice.uniform(*self._world.faults.engine_away_s))
        return was_up

    def _break_link(self, dice: Random) -> bool:
        process = self._world.process
        if process is not None:
            process.break_link(dice.uniform(0.0, 3.0) if dice.random() < 0.5 else 0.0)
        return process is not None

    # ---- the database

    def _store_away(self, dice: Random) -> bool:
        self._world.take_store_away(dice.uniform(*self._world.faults.store_away_s))
        return True

    def _store_slow(self, dice: Random) -> bool:
        faults = self._world.faults
        self._world.slow_store(
            dice.uniform(*faults.store_slow_s), dice.uniform(*faults.store_slow_by_s)
        )
        return True

    def _store_read_only(self, dice: Random) -> bool:
        self._world.make_store_read_only(dice.uniform(*self._world.faults.store_read_only_s))
        return True

    # ---- the outside

    def _step_clock(self, dice: Random) -> bool:
        self._world.step_clock(dice.choice(self._world.faults.clock_steps_s))
        return True

    def _flap_trunk(self, dice: Random) -> bool:
        trunks = sorted(self._world.engine.trunks)
        if trunks:
            span_s = dice.uniform(*self._world.faults.trunk_flapped_s)
            self._world.engine.carrier.fail(dice.choice(trunks), span_s)
        return bool(trunks)

    def _drop_bridge(self, dice: Random) -> bool:
        """A bridge falls by itself: both legs live, and the callee hears nothing."""
        engine = self._world.engine
        joined = [call for call in engine.calls.values() if call.device and not call.closing]
        if joined:
            call = dice.choice(joined)
            engine.carry_out(ports.Unbridge(call.leg), call.floor)
        return bool(joined)

    def _foreign_event(self, dice: Random) -> bool:
        """Something of a leg that is none of this floor's, or of none at all."""
        world, process = self._world, self._world.process
        if process is None or not world.is_open:
            return False
        leg = f"stranger-{dice.getrandbits(32):08x}"
        made: tuple[ports.LegEvent, ...] = (
            ports.Answered(leg, dice.randint(1, 9), world.timeline.now, "PCMA"),
            ports.Ended(leg, dice.randint(1, 9), world.timeline.now, "far", "bye"),
            ports.Failed(leg, 3, world.timeline.now, 486, "Busy Here", "ringing"),
            ports.Digit(leg, 7, world.timeline.now, "9", 100),
            ports.DeviceUp(leg, 2, world.timeline.now, "nobody", "PCMU"),
            ports.DeviceDown(leg, 4, world.timeline.now, "nobody", "ice"),
            ports.BridgeJoined(leg, 5, world.timeline.now, "another"),
            ports.PlayFinished(leg, 6, world.timeline.now, "offer", completed=True),
            ports.RecordFinished(leg, 8, world.timeline.now, leg, f"{leg}.wav", 1.0, 8000, "0" * 64),
        )  # fmt: skip
        process.post(dice.choice(made))
        return True

    # ---- agents

    def _browser_gone(self, dice: Random) -> bool:
        present = [agent for agent in self._world.agents.values() if agent.present]
        if present:
            dice.choice(present).vanish(dice.uniform(3.0, 60.0))
        return bool(present)

    def _second_tab(self, dice: Random) -> bool:
        wanted = Wish.READY.value
        present = [
            agent
            for agent in self._world.agents.values()
            if agent.present and agent.state and agent.state["agent"]["wish"] == wanted
        ]
        if present:
            dice.choice(present).open_second_tab()
        return bool(present)
