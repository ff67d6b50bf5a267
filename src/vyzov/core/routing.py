"""Through which trunk a call goes: the first in the campaign's order that is up and has room.

A call that failed at one trunk goes on through those it was not sent through yet. Whether a trunk
takes calls is `trunk`'s word; price, quality and prefixes will choose among several.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vyzov.core.making import quickly_made
from vyzov.core.pacing.rate import Bucket, calls_in, filled


@quickly_made
@dataclass(frozen=True, slots=True)
class TrunkLoad:
    """A trunk as it is now: whether it is up, its live lines and its calls-per-second bucket."""

    trunk: str
    up: bool
    lines: int
    lines_max: int
    calls_per_second: float
    bucket: Bucket


class NoTrunk(StrEnum):
    """Why no trunk can take a call; of several reasons the one that passes soonest."""

    RATE_LIMIT = "rate_limit"
    LINES_FULL = "lines_full"
    ALL_DOWN = "all_down"


def trunk_for(trunks: Sequence[TrunkLoad], now: datetime) -> TrunkLoad | NoTrunk:
    """Returns the trunk to take, or why there is none."""
    reason = NoTrunk.ALL_DOWN
    for load in trunks:
        if not load.up:
            continue
        if load.lines >= load.lines_max:
            reason = NoTrunk.LINES_FULL if reason is NoTrunk.ALL_DOWN else reason
        elif not calls_in(filled(load.bucket, load.calls_per_second, now)):
            reason = NoTrunk.RATE_LIMIT
        else:
            return load
    return reason


def untried(trunks: Sequence[TrunkLoad], tried: Collection[str]) -> list[TrunkLoad]:
    """Returns the trunks a call may go on through: all of them once none that is up is left."""
    left = [load for load in trunks if load.trunk not in tried]
    return left if any(load.up for load in left) else list(trunks)


def lines_free(trunks: Sequence[TrunkLoad]) -> int:
    """Returns how many more calls the trunks that are up can carry together."""
    return sum(max(0, load.lines_max - load.lines) for load in trunks if load.up)
