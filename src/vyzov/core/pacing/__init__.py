"""How many calls to place on this tick, and the reason in words."""

from vyzov.core.pacing.pace import Pace, PaceDecision, PaceReason, calls_to_place
from vyzov.core.pacing.rate import Bucket, calls_in, filled, full, spent

__all__ = [
    "Bucket",
    "Pace",
    "PaceDecision",
    "PaceReason",
    "calls_in",
    "calls_to_place",
    "filled",
    "full",
    "spent",
]
