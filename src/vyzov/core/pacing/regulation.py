"""How abandonment is counted and how far ahead of demand a campaign may dial.

Only the terms stand here, as values; what they allow at a moment is worked out in `budget` and
`veto`. Seconds are plain numbers in the whole law: it counts on one clock that is no calendar.
"""

from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.errors import InvalidRequest

MINUTE_S = 60.0
DAY_S = 86_400.0


class WindowKind(StrEnum):
    """How a span of time is laid over the calls."""

    CALENDAR = "calendar"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True)
class Window:
    """One span over which the abandoned share of the answers has a limit, a share 0..1.

    A calendar window counts from its beginning, which whoever knows the calendar tells the watch;
    a rolling one counts the last `length_s` seconds. `vetoed`: the hard veto, where it is on,
    keeps this window; it can keep calendar ones only, because answers leave a rolling window
    without any call being placed.
    """

    name: str
    limit: float = 0.03
    length_s: float = DAY_S
    kind: WindowKind = WindowKind.CALENDAR
    vetoed: bool = True


@dataclass(frozen=True, slots=True)
class Regulation:
    """How abandonment is counted.

    `limit` holds for our own rolling window of `rolling_s` seconds, whole minutes; `windows` are
    the day and whatever else the law counts over. Who answers waits `wait_s` seconds for an
    operator before they are abandoned. Raises InvalidRequest for spans the law cannot count.
    """

    limit: float = 0.03
    rolling_s: float = 1800.0
    wait_s: float = 2.0
    windows: tuple[Window, ...] = (Window("day"),)

    def __post_init__(self) -> None:
        limits = (self.limit, *(window.limit for window in self.windows))
        if not all(0 <= limit <= 1 for limit in limits):
            raise InvalidRequest("A limit of abandonment is a share.", "Give 0 to 1.")
        if self.rolling_s < MINUTE_S or self.rolling_s % MINUTE_S:
            raise InvalidRequest(
                f"A rolling window of {self.rolling_s:g} s is not whole minutes.",
                "Give 60 s or a multiple of it.",
            )
        names = [window.name for window in self.windows]
        if len(set(names)) != len(names):
            raise InvalidRequest("Two windows have one name.", "Name each window differently.")


@dataclass(frozen=True, slots=True)
class AheadPolicy:
    """How a campaign dials ahead.

    `calm`: while the answer rate is steady the day decides and our own rolling window does not;
    without it the rolling window always decides. `veto`: windows that are `vetoed` cannot be
    exceeded through a call of ours, whoever answers. Until `min_ended` calls have ended one call
    is placed for each free operator. Up to `exact_agents_max` operators chances are worked out
    exactly, above by the normal distribution.
    """

    regulation: Regulation = Regulation()
    calm: bool = True
    veto: bool = False
    min_ended: int = 40
    exact_agents_max: int = 12
