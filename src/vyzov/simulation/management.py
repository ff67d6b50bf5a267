"""How often a manager of a made-up centre meddles: plain data. Who does it is `meddler`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Management:
    """How often a manager acts: mean seconds between two acts of a kind, 0 for never.

    Pairs are the least and the most of how long it lasts, in seconds."""

    pauses_every_s: float = 0.0
    paused_s: tuple[float, float] = (5.0, 60.0)
    stops_every_s: float = 0.0
    stopped_s: tuple[float, float] = (5.0, 60.0)
    stop_lists_every_s: float = 0.0
    saves_every_s: float = 0.0


NO_MANAGEMENT = Management()
