"""How many calls to place on this tick, and why so many.

Progressive places one call for each free agent who can be reached and has no call on its way
already, power a fixed number of them, predictive what `ahead` found; agentless fills the lines it
is allowed. All stay within the lines of the campaign and of its trunks and within their calls per
second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.making import quickly_made
from vyzov.core.pacing.ahead import Ahead, said
from vyzov.core.pacing.rate import Bucket, calls_in, filled
from vyzov.core.pacing.reasons import PaceReason

__all__ = ["Pace", "PaceDecision", "PaceReason", "calls_to_place", "why_no_line"]


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
    args: Mapping[str, int | float]


def calls_to_place(
    pace: Pace, settings: CampaignSettings, now: datetime, ahead: Ahead | None = None
) -> PaceDecision:
    """Returns how many calls the campaign places at this tick.

    `ahead` is what the predictive law would place; without it a predictive campaign dials like a
    progressive one.
    """
    if settings.mode is not DialMode.PREDICTIVE:
        ahead = None
    args: dict[str, int | float] = {
        **(said(ahead) if ahead else {}),
        "free_agents": pace.free_agents,
        "on_the_way": pace.on_the_way,
        "lines": pace.lines,
        "lines_max": settings.lines_max,
    }
    if settings.mode is DialMode.POWER:
        args["ratio"] = settings.power_ratio
    wanted, reason = (ahead.count, ahead.reason) if ahead else _wanted(pace, settings)
    if wanted <= min(0, settings.lines_max - pace.lines):
        return PaceDecision(0, reason, args)  # What nobody wants, nothing else limits.
    limits = ((wanted, reason), *_limits(pace, settings, now))
    # Of equal limits the first names the reason: what is wanted comes before what forbids.
    count, reason = min(limits, key=lambda limit: limit[0])
    return PaceDecision(max(0, count), reason, args)


def why_no_line(pace: Pace, settings: CampaignSettings, now: datetime) -> PaceReason | None:
    """Returns what forbids one call that somebody asked for by hand, None where nothing does."""
    count, reason = min(_limits(pace, settings, now), key=lambda limit: limit[0])
    return reason if count < 1 else None


def _limits(
    pace: Pace, settings: CampaignSettings, now: datetime
) -> tuple[tuple[int, PaceReason], ...]:
    """How many calls lines, trunks and calls per second still carry."""
    return (
        (settings.lines_max - pace.lines, PaceReason.LINES_FULL),
        (pace.trunk_lines_free, PaceReason.TRUNKS_FULL),
        (calls_in(filled(pace.bucket, settings.calls_per_second, now)), PaceReason.RATE_LIMIT),
    )


def _wanted(pace: Pace, settings: CampaignSettings) -> tuple[int, PaceReason]:
    match settings.mode:
        case DialMode.AGENTLESS:
            room = settings.lines_max - pace.lines
            return room, PaceReason.FILLS_LINES if room > 0 else PaceReason.LINES_FULL
        case DialMode.PROGRESSIVE | DialMode.POWER | DialMode.PREDICTIVE:
            is_power = settings.mode is DialMode.POWER
            ratio = settings.power_ratio if is_power else 1.0
            uncovered = int(ratio * pace.free_agents + 0.5) - pace.on_the_way
            if pace.free_agents == 0:
                return 0, PaceReason.NO_FREE_AGENT
            if uncovered <= 0:
                return 0, PaceReason.AGENTS_COVERED
            return uncovered, PaceReason.RATIO if is_power else PaceReason.ONE_PER_FREE_AGENT
        case DialMode.MANUAL | DialMode.PREVIEW | DialMode.EXTERNAL:  # pragma: no branch
            return 0, PaceReason.MODE_DIALS_BY_HAND
