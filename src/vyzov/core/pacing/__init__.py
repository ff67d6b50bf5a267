"""How many calls to place on this tick, and the reason in words."""

from vyzov.core.pacing.ahead import Ahead, Scene, Weight, dial_ahead
from vyzov.core.pacing.pace import Pace, PaceDecision, calls_to_place, why_no_line
from vyzov.core.pacing.rate import Bucket, calls_in, filled, full, spent
from vyzov.core.pacing.reasons import PaceReason
from vyzov.core.pacing.watch import AheadPolicy, Regulation, Watch, Window, WindowKind

__all__ = [
    "Ahead",
    "AheadPolicy",
    "Bucket",
    "Pace",
    "PaceDecision",
    "PaceReason",
    "Regulation",
    "Scene",
    "Watch",
    "Weight",
    "Window",
    "WindowKind",
    "calls_in",
    "calls_to_place",
    "dial_ahead",
    "filled",
    "full",
    "spent",
    "why_no_line",
]
