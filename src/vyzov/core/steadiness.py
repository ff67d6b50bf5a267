"""Whether the machine's UTC can be trusted, by holding it against the monotonic clock.

Windows, call-backs and days hang on UTC. Where UTC steps by more than two seconds against the monotonic
clock, nothing new is dialled until it has been steady for a minute, or a person says that it is right
now. A process that comes after another one goes on from what that one wrote down. Who is told, and what
stops, is the dialer's part.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from vyzov.core.changing import replace

STEP_S = 2.0
STEADY_S = 60.0
"""Also how often the pairing is taken anew: clocks that drift apart slowly are no step."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pairing:
    """UTC and a monotonic clock at one instant: `clock` is `BOOT:PROCESS`, `mono` its seconds."""

    utc: datetime
    mono: float
    clock: str

    @property
    def offset_s(self) -> float:
        """UTC minus monotonic, in seconds."""
        return (self.utc - _EPOCH).total_seconds() - self.mono

    def is_comparable(self, clock: str) -> bool:
        """Tells whether a clock counts from the same boot of the same machine."""
        boot, _, process = self.clock.partition(":")
        return bool(boot and process) and boot == clock.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier processes left in writing of the clocks.

    `last` is the latest pairing; `step` is when a step was seen that nobody has called settled since,
    None where all was well, and `step_s` how far it went."""

    last: Pairing
    step: Pairing | None = None
    step_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How UTC stood against one monotonic clock (`clock` names it).

    `offset_s` is UTC minus monotonic as paired at monotonic second `paired_at`; `unsteady_until` is None
    while all is well; `step_s` is the latest step, forward positive."""

    clock: str = ""
    offset_s: float = 0.0
    paired_at: float = 0.0
    unsteady_until: float | None = None
    step_s: float = 0.0

    @property
    def is_steady(self) -> bool:
        """Tells whether UTC may be dialled by."""
        return self.unsteady_until is None


def watched(state: Steadiness, utc: datetime, mono: float, clock: str) -> Steadiness:
    """Takes one look at both clocks; another `clock` cannot be compared and is paired anew."""
    offset = (utc - _EPOCH).total_seconds() - mono
    if state.clock != clock:
        return replace(state, clock=clock, offset_s=offset, paired_at=mono)
    step = offset - state.offset_s
    if abs(step) > STEP_S:
        return Steadiness(clock, offset, mono, mono + STEADY_S, step)
    if state.unsteady_until is not None and mono >= state.unsteady_until:
        return Steadiness(clock, offset, mono)
    if mono >= state.paired_at + STEADY_S:
        return replace(state, offset_s=offset, paired_at=mono)
    return state


def resumed(past: Past, utc: datetime, mono: float, clock: str) -> Steadiness:
    """Takes the first look of a process that comes after another one.

    What UTC did in between is seen where both count from one boot. A step that was not settled waits
    for what is left of its minute there, and for a whole minute by any other clock."""
    now = Pairing(utc, mono, clock)
    state = Steadiness(clock, now.offset_s, mono)
    if past.last.is_comparable(clock):
        step_s = now.offset_s - past.last.offset_s
        if abs(step_s) > STEP_S:
            return replace(state, unsteady_until=mono + STEADY_S, step_s=step_s)
    if past.step is None:
        return state
    until = (past.step.mono if past.step.is_comparable(clock) else mono) + STEADY_S
    return state if until <= mono else replace(state, unsteady_until=until, step_s=past.step_s)


def confirmed(state: Steadiness) -> Steadiness:
    """Takes a person's word that UTC is right as it is now."""
    return replace(state, unsteady_until=None, step_s=0.0)
