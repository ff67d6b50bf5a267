"""What the port says of roll calls: how a floor learns that an event never reached it.

Part of `ports`, whose rules hold here; use them by that name.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskSnapshot:
    """Answered by `Snapshot`. `fence` becomes the lowest fence the engine will dial for `floor`."""

    floor: str
    fence: int


@dataclass(frozen=True, slots=True)
class AskStanding:
    """Asks which legs the engine has for this floor; answered by one `Standing` of the same `ask`.

    With `leg` it asks for that one call only, and numbers its questions for themselves."""

    ask: int
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the legs of a floor stand, in brief: who finds anything missing asks for a `Snapshot`.

    `legs` maps a leg to the number of its latest event that is kept, `devices` the legs of living
    devices to their agents. Where one `leg` was asked for, nothing else is told: no `devices`."""

    ask: int
    at: float
    legs: Mapping[str, int]
    devices: Mapping[str, str]
    leg: str = ""
