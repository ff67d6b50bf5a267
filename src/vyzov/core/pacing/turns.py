"""Whose turn it is among campaigns that share operators: who owes a promised call goes first, then it
goes by priority, then by what each has had.

Each call a campaign places moves it back by one over its weight, so that over time calls go by weight
(stride scheduling). A campaign that had nobody to call saves up no turns.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_BEFORE = 10.0
"""By so many calls, over its weight, a campaign may be before another that dials for the same
operators: who answers more often, or is known better, would else dial ahead for both for ever."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How a campaign stands: a higher `priority` goes first; `had` is calls by weight so far, `owes`
    says that a call-back it promised is due."""

    campaign: str
    priority: int
    had: float
    has_somebody: bool
    owes: bool = False


def yields(mine: Turn, others: Iterable[Turn]) -> bool:
    """Returns whether a campaign may not dial ahead now, because another that stands no lower and has
    somebody to call is too far behind it.

    `others` dial for the same operators, and nothing but the calls of this one keeps them from it.
    """
    return any(
        one.has_somebody and one.priority >= mine.priority and mine.had - one.had > MOST_BEFORE
        for one in others
    )


def in_turn(turns: Iterable[Turn]) -> list[Turn]:
    """Returns the campaigns in the order in which they may place calls; equals keep theirs.

    Those without anybody to call are brought up to the least of those that have, and wait.
    """
    known = list(turns)
    floor = min((turn.had for turn in known if turn.has_somebody), default=0.0)
    level = [
        turn if turn.has_somebody or turn.had >= floor
        else Turn(turn.campaign, turn.priority, floor, has_somebody=False)
        for turn in known
    ]  # fmt: skip
    return sorted(level, key=lambda turn: (not turn.owes, -turn.priority, turn.had))
