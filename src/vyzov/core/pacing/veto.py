"""The hard veto: calls that could break a legal window, whoever answers them, are not placed.

The worst case is charged before a call is placed: everybody who rings is answered, no operator
becomes free. While no more are placed than it allows, each thing that can happen (an answer, a busy
tone, an operator who becomes free, an abandoned call) keeps the worst case within the limit, so
only an operator who leaves can break it; `covers_leaving` says whether one may without being the
cause. Shares are reckoned in millionths, as whole numbers.
"""

from dataclasses import dataclass

_WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class InFlight:
    """What the floor holds of a campaign: calls that ring, answers that wait, operators free."""

    ringing: int
    waiting: int
    free: int


def dials_allowed(flight: InFlight, answered: int, abandoned: int, limit: float) -> int | None:
    """Returns how many calls more keep the window of these counts whatever happens.

    Negative where even what rings may break it; None where the limit is 1 and nothing can.
    """
    share = round(limit * _WHOLE)
    if share >= _WHOLE:
        return None
    worst = abandoned + flight.waiting + flight.ringing - flight.free
    return (share * (answered + flight.ringing) - _WHOLE * worst) // (_WHOLE - share)


def covers_leaving(flight: InFlight, answered: int, abandoned: int, limit: float) -> bool:
    """True where a free operator may leave and the window is still kept whatever happens.

    Where it is not, an abandoned call that follows is charged to the leaving, not to a call of
    ours.
    """
    after = InFlight(flight.ringing, flight.waiting, flight.free - 1)
    allowed = dials_allowed(after, answered, abandoned, limit)
    return allowed is None or allowed >= 0 or after.ringing + after.waiting <= after.free
