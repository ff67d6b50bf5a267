"""Why a campaign dials what it dials, as words of one list; screens have the sentence."""

from enum import StrEnum


class PaceReason(StrEnum):
    """Why the number of calls is what it is."""

    ONE_PER_FREE_AGENT = "one_per_free_agent"
    DIALS_AHEAD = "dials_ahead"
    RISK_SPENT = "risk_spent"
    LEARNING = "learning"
    LAST_RESORT = "last_resort"
    VETO = "veto"
    VETO_LEFT = "veto_left"
    RATIO = "ratio"
    ONE_CARD_PER_AGENT = "one_card_per_agent"
    FILLS_LINES = "fills_lines"
    NO_FREE_AGENT = "no_free_agent"
    AGENTS_COVERED = "agents_covered"
    LINES_FULL = "lines_full"
    TRUNKS_FULL = "trunks_full"
    RATE_LIMIT = "rate_limit"
    MODE_DIALS_BY_HAND = "mode_dials_by_hand"
