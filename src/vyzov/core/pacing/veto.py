"""The hard veto: calls that could break a legal window, whoever answers them, are not placed.

The worst case is charged before a call is placed: everybody who rings is answered, no operator
becomes free. While no more are placed than it allows, each thing that can happen (an answer, a busy
tone, an operator who becomes free, an abandoned call) keeps the worst case within the limit, so
only an operator who leaves can break it: what may be abandoned beyond the limit from then on is
charged to the leaving (`too_many`, kept by `budget.Account`). Shares are reckoned in millionths, as
whole numbers.
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


def too_many(flight: InFlight, answered: int, abandoned: int, limit: float) -> float:
    """Returns by how many abandoned calls the window will be exceeded if the worst comes, at least 0.

    The worst is that all who ring answer, or that nobody does, while no operator becomes free:
    between the two it is never worse.
    """
    share = round(limit * _WHOLE)
    return max(
        0.0,
        *(
            abandoned + max(0, flight.waiting + more - flight.free)
            - share * (answered + more) / _WHOLE
            for more in (0, flight.ringing)
        ),
    )  # fmt: skip
