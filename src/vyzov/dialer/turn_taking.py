"""Whether a campaign gives way to others that dial for the same agents.

Who goes first is `core.pacing.turns`; here stands only which campaigns count: those that nothing but
the calls of others keeps from dialling.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from vyzov.core.campaign import DialMode, may_dial
from vyzov.core.pacing import PaceReason
from vyzov.core.pacing.turns import Turn, yields
from vyzov.dialer.room import LiveCampaign

_CAN_DIAL = frozenset({
    PaceReason.ONE_PER_FREE_AGENT,
    PaceReason.DIALS_AHEAD,
    PaceReason.RISK_SPENT,
    PaceReason.LEARNING,
    PaceReason.RATIO,
    PaceReason.NO_FREE_AGENT,
    PaceReason.AGENTS_COVERED,
})  # fmt: skip
"""With these a campaign dialled, or would have, had its agents been free for it."""


def gives_way(campaign: LiveCampaign, campaigns: Iterable[LiveCampaign]) -> bool:
    """Returns whether a campaign that dials ahead is to leave its agents to others for now."""
    if campaign.settings.mode is not DialMode.PREDICTIVE:
        return False
    others = [
        _turn_of(one)
        for one in campaigns
        if one is not campaign
        and may_dial(one.state)
        and not campaign.crew.isdisjoint(one.crew)
        and _waits_for_agents(one)
    ]
    return bool(others) and yields(_turn_of(campaign), others)


def _waits_for_agents(campaign: LiveCampaign) -> bool:
    """True where limits of its own, such as lines, the veto or a spent budget, do not hold it back."""
    reason, args = campaign.why
    if reason not in _CAN_DIAL:
        return False
    if reason != PaceReason.RISK_SPENT:
        return True
    figures = cast("Mapping[str, float]", args)
    return figures["abandon_percent"] < figures["limit_percent"]


def _turn_of(campaign: LiveCampaign) -> Turn:
    return Turn(
        campaign.record.id,
        campaign.settings.priority,
        campaign.had,
        has_somebody=bool(campaign.hopper),
    )
