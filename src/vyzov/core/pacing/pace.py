"""How many calls to place on this tick, and why so many.

Progressive places one call for each free agent who can be reached and has no call on its way
already; agentless fills the lines it is allowed. Both stay within the lines of the campaign and of
its trunks and within their calls per second. Ahead-of-demand dialling is not done here: nobody is
ever abandoned because two calls were placed for one agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.making import quickly_made
from vyzov.core.pacing.rate import Bucket, calls_in, filled


class PaceReason(StrEnum):
    """Why the number is what it is; screens have the sentence."""

    ONE_PER_FREE_AGENT = "one_per_free_agent"
    FILLS_LINES = "fills_lines"
    NO_FREE_AGENT = "no_free_agent"
    AGENTS_COVERED = "agents_covered"
    LINES_FULL = "lines_full"
    TRUNKS_FULL = "trunks_full"
    RATE_LIMIT = "rate_limit"
    MODE_DIALS_BY_HAND = "mode_dials_by_hand"


@quickly_made
@dataclass(frozen=True, slots=True)
class Pace:
    """What the floor looks like to one campaign at this moment.

    `on_the_way` counts calls that were placed and have not met an agent yet, from the reservation
    to the answer's wait; `lines` all its live calls; `trunk_lines_free` what its trunks still
    carry.
    """

    free_agents: int
    on_the_way: int
    lines: int
    trunk_lines_free: int
    bucket: Bucket


@quickly_made
@dataclass(frozen=True, slots=True)
class PaceDecision:
    """The number of calls to place, at least 0, and what set it."""

    count: int
    reason: PaceReason
    args: Mapping[str, int]


def calls_to_place(pace: Pace, settings: CampaignSettings, now: datetime) -> PaceDecision:
    """Returns how many calls the campaign places at this tick."""
    args = {
        "free_agents": pace.free_agents,
        "on_the_way": pace.on_the_way,
        "lines": pace.lines,
        "lines_max": settings.lines_max,
    }
    wanted, reason = _wanted(pace, settings)
    if wanted <= min(0, settings.lines_max - pace.lines):
        return PaceDecision(0, reason, args)  # What nobody wants, nothing else limits.
    limits = (
        (wanted, reason),
        (settings.lines_max - pace.lines, PaceReason.LINES_FULL),
        (pace.trunk_lines_free, PaceReason.TRUNKS_FULL),
        (calls_in(filled(pace.bucket, settings.calls_per_second, now)), PaceReason.RATE_LIMIT),
    )
    # Of equal limits the first names the reason: what is wanted comes before what forbids.
    count, reason = min(limits, key=lambda limit: limit[0])
    return PaceDecision(max(0, count), reason, args)


def _wanted(pace: Pace, settings: CampaignSettings) -> tuple[int, PaceReason]:
    match settings.mode:
        case DialMode.AGENTLESS:
            room = settings.lines_max - pace.lines
            return room, PaceReason.FILLS_LINES if room > 0 else PaceReason.LINES_FULL
        case DialMode.PROGRESSIVE | DialMode.POWER | DialMode.PREDICTIVE:
            # Power and predictive dial like progressive until they may dial ahead.
            uncovered = pace.free_agents - pace.on_the_way
            if pace.free_agents == 0:
                return 0, PaceReason.NO_FREE_AGENT
            if uncovered <= 0:
                return 0, PaceReason.AGENTS_COVERED
            return uncovered, PaceReason.ONE_PER_FREE_AGENT
        case DialMode.MANUAL | DialMode.PREVIEW | DialMode.EXTERNAL:  # pragma: no branch
            return 0, PaceReason.MODE_DIALS_BY_HAND
