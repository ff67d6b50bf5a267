"""How many answers may be abandoned now: the price of the predictive law.

Each window of the regulation says how many abandoned calls it has room for until this or that
moment, when earlier ones leave it; the rate of answers says among how many answers that room is to
be shared out. The tightest window wins. How risky a call is, is worked out in `risk`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

from vyzov.core.fields import Json
from vyzov.core.pacing.regulation import MINUTE_S, Regulation, Window, WindowKind

OWN_WINDOW = "rolling"
"""The name of our own rolling window where the tightest window is told."""

_WINDOW_TAIL, _DAY_TAIL = 1.65, 1.28
"""How many deviations of luck the room must survive: 5 % in our own window, 10 % in the others."""

_OWN_RESERVE, _DAY_RESERVE = 0.4, 2.25
_FLIGHT_WEIGHT = 2.0
_DAY_HORIZONS_S = (3600.0, 600.0)
_DAY_SHARE = 29 / 30
"""The others are kept to a little less than their limit, so that a day ends below it."""

_CALM_SHARE = 4 / 3
_PRICE_LEAST_SHARE = 0.8 / 30
"""Below this no price falls: a campaign that dials nothing ahead would never learn it may again."""

_CONTACTS_PER_AGENT_S, _PRIOR_S = 0.005, 120.0
_BUCKETS_MOST = 720


@dataclass(frozen=True, slots=True)
class Price:
    """What may be spent, in abandoned calls per answer.

    `now` is the price, `next` what it would be after one abandoned call more; `window` names the
    tightest window, which holds `abandoned` of `answered` calls with a limit of `limit`, a share.
    """

    now: float
    next: float
    window: str
    abandoned: int
    answered: int
    limit: float

    @property
    def scarcity(self) -> float:
        """How much dearer the next abandoned call makes the one after it, 0 to 10."""
        return min(10.0, max(0.0, self.now / self.next - 1)) if self.next > 0 else 0.0


class Account:
    """Answers and abandoned calls of one window of the regulation."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.answered = self.abandoned = 0
        self.carried_answered = self.carried_abandoned = 0
        self.ends_at: float | None = None
        self.charged = 0.0
        self._bucket_s = max(MINUTE_S, window.length_s / _BUCKETS_MOST)
        # Of a rolling window: where each bucket starts, its answers and abandoned calls.
        self._buckets = list[list[float]]()

    def begin(self, answered: int, abandoned: int, ends_at: float | None) -> None:
        """Starts a calendar window with what it already holds."""
        self.answered = self.carried_answered = answered
        self.abandoned = self.carried_abandoned = abandoned
        self.ends_at = ends_at
        self.charged = 0.0

    def charge(self, too_many: float, has_left: bool) -> None:  # noqa: FBT001 - one of two facts
        """Charges to an operator's leaving by how many abandoned calls the window may be exceeded
        from now on; what does not come true of it is taken back."""
        self.charged = max(self.charged, too_many) if has_left else min(self.charged, too_many)

    def count(self, at: float, *, answered: int = 0, abandoned: int = 0) -> None:
        """Adds calls of this moment."""
        self.answered += answered
        self.abandoned += abandoned
        if self.window.kind is WindowKind.ROLLING:
            start = at // self._bucket_s * self._bucket_s
            if not self._buckets or self._buckets[-1][0] < start:
                self._buckets.append([start, 0, 0])
            self._buckets[-1][1] += answered
            self._buckets[-1][2] += abandoned

    def advance(self, at: float) -> None:
        """Lets go what has left a rolling window: answers as soon as some of their bucket have
        left it, abandoned calls when all have."""
        while self._buckets and self._buckets[0][0] + self.window.length_s <= at:
            oldest = self._buckets[0]
            self.answered -= int(oldest[1])
            oldest[1] = 0
            if oldest[0] + self._bucket_s + self.window.length_s > at:
                break
            self.abandoned -= int(oldest[2])
            self._buckets.pop(0)

    def price(self, answers_s: float, reserve: float) -> float:
        """Returns what this window allows, where so many answers come each second."""
        limit = self.window.limit * _DAY_SHARE
        found = 1.0
        for ahead in _DAY_HORIZONS_S:
            coming = answers_s * ahead
            room = limit * (self.answered + coming) - self.abandoned - reserve
            found = min(found, poisson_room(room, _DAY_TAIL) / coming)
        return found

    def to_state(self) -> Json:
        """Returns the account as JSON values."""
        buckets: list[Json] = [list(bucket) for bucket in self._buckets]
        return {
            "answered": self.answered,
            "abandoned": self.abandoned,
            "carried": [self.carried_answered, self.carried_abandoned],
            "ends_at": self.ends_at,
            "charged": self.charged,
            "buckets": buckets,
        }

    def take_state(self, state: Mapping[str, Any], moved_s: float) -> None:
        """Goes on from what `to_state` gave, on a clock that is `moved_s` later."""
        self.answered, self.abandoned = int(state["answered"]), int(state["abandoned"])
        self.carried_answered, self.carried_abandoned = state["carried"]
        ends_at = state["ends_at"]
        self.ends_at = None if ends_at is None else ends_at + moved_s
        self.charged = float(state.get("charged", 0.0))
        self._buckets = [[start + moved_s, *counts] for start, *counts in state["buckets"]]


class Budget:
    """The accounts of one campaign, and the price that follows from them."""

    def __init__(self, regulation: Regulation, at: float) -> None:
        self.regulation = regulation
        self.began = at
        self.accounts = {window.name: Account(window) for window in regulation.windows}
        self._minute = 0
        # Answers of each minute of our own window, the one under way last.
        self._minutes = [0] * (int(regulation.rolling_s / MINUTE_S) + 1)
        self._abandons = list[float]()

    def answered(self, at: float) -> None:
        """Counts an answer."""
        self._roll(at)
        self._minutes[-1] += 1
        for account in self.accounts.values():
            account.count(at, answered=1)

    def abandoned(self, at: float) -> None:
        """Counts an answer that found nobody."""
        self._abandons.append(at)
        for account in self.accounts.values():
            account.count(at, abandoned=1)

    def _roll(self, at: float) -> None:
        minute = int((at - self.began) / MINUTE_S)
        new = min(minute - self._minute, len(self._minutes))
        if new > 0:
            self._minutes = self._minutes[new:] + [0] * new
            self._minute = minute

    def price(self, at: float, agents: int, *, flight: float, calm: float, reserve: float) -> Price:
        """Returns the price at a moment.

        `flight` abandoned calls are expected of what is on its way; `calm`, 0 to 1, is how little
        our own window decides; `reserve` more of the others' room is kept for the veto.
        """
        self._roll(at)
        span = self.regulation.rolling_s
        while self._abandons and self._abandons[0] <= at - span:
            self._abandons.pop(0)
        passed = at - self.began
        into = passed - MINUTE_S * self._minute
        leaving = self._minutes[0] * (1 - into / MINUTE_S)
        seen = leaving + sum(self._minutes[1:])
        answers_s = (seen + _CONTACTS_PER_AGENT_S * _PRIOR_S * agents) / (
            min(passed, span) + _PRIOR_S
        )
        found = (_CALM_SHARE * self.regulation.limit, OWN_WINDOW)
        after = found[0]
        if calm < 1:
            own = _Window(self, at, seen, answers_s, MINUTE_S - into, leaving)
            found = (own.price(flight, calm), OWN_WINDOW)
            after = own.price(flight, calm, extra=1.0)
        for name, account in self.accounts.items():
            account.advance(at)
            allowed = account.price(answers_s, _DAY_RESERVE + reserve)
            found, after = min(found, (allowed, name)), min(after, allowed)
        least = _PRICE_LEAST_SHARE * self.regulation.limit
        return self._told(found[1], max(least, found[0]), max(least, after), round(seen))

    def _told(self, name: str, now: float, after: float, seen: int) -> Price:
        account = self.accounts.get(name)
        if account is None:
            gone = len(self._abandons)
            return Price(now, after, name, gone, seen, self.regulation.limit)
        limit = account.window.limit
        return Price(now, after, name, account.abandoned, account.answered, limit)

    @property
    def abandons(self) -> list[float]:
        """The moments of the abandoned calls in our own window, oldest first."""
        return self._abandons

    @property
    def minutes(self) -> list[int]:
        """The answers of each minute of our own window, the one under way last."""
        return self._minutes

    def to_state(self) -> Json:
        """Returns all accounts as JSON values."""
        return {
            "began": self.began,
            "minute": self._minute,
            "minutes": list(self._minutes),
            "abandons": list(self._abandons),
            "accounts": {name: account.to_state() for name, account in self.accounts.items()},
        }

    def take_state(self, state: Mapping[str, Any], moved_s: float) -> None:
        """Goes on from what `to_state` gave; a window that was not counted then begins now."""
        self.began = state["began"] + moved_s
        self._minute = int(state["minute"])
        kept = len(self._minutes)
        self._minutes = ([0] * kept + [int(one) for one in state["minutes"]])[-kept:]
        self._abandons = [moment + moved_s for moment in state["abandons"]]
        for name, account in self.accounts.items():
            if name in state["accounts"]:
                account.take_state(state["accounts"][name], moved_s)


class _Window:
    """Our own rolling window at one moment: the room at each moment at which some will have left."""

    def __init__(
        self,
        budget: Budget,
        at: float,
        seen: float,
        answers_s: float,
        leaves_in: float,
        left: float,
    ) -> None:
        self._regulation = budget.regulation
        self._answers_s = answers_s
        span, limit = self._regulation.rolling_s, self._regulation.limit
        minutes, abandons = budget.minutes, budget.abandons
        gone, place, last = 0.0, 0, len(minutes) - 1
        rooms = list[tuple[float, float]]()
        stay, usual = len(abandons), limit * answers_s
        for moment in (*abandons, at):
            ahead = moment + span - at
            if ahead < 1.0:
                ahead = 1.0
            while leaves_in <= ahead and place < last:
                gone += left
                place += 1
                left, leaves_in = minutes[place], leaves_in + MINUTE_S
            rooms.append((ahead, limit * (seen - gone) + usual * ahead - stay))
            stay -= 1
        self._rooms = _tightest(rooms)

    def price(self, flight: float, calm: float, extra: float = 0.0) -> float:
        """Returns what the window allows, after `extra` abandoned calls more."""
        regulation, answers_s = self._regulation, self._answers_s
        reserve = _FLIGHT_WEIGHT * flight + extra + _OWN_RESERVE
        # Abandoned calls come in bursts where operators are many: fewer, heavier events.
        spent = 0.1 * regulation.limit * answers_s * regulation.rolling_s
        burst = min(2.0, max(1.0, 0.75 + spent))
        found, least = regulation.limit, _PRICE_LEAST_SHARE * regulation.limit
        for ahead, room in self._rooms:
            allowed = poisson_room((room - reserve) / burst, _WINDOW_TAIL) * burst
            found = min(found, allowed / (answers_s * ahead))
            if found <= least:
                found = least
                break
        if calm <= 0 or found <= 0:
            return found
        return exp((1 - calm) * log(found) + calm * log(_CALM_SHARE * regulation.limit))


def _tightest(rooms: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leaves out moments that can bind no more than a later one with no more room."""
    kept = list[tuple[float, float]]()
    least = float("inf")
    for ahead, room in reversed(rooms):
        if room < least:
            kept.append((ahead, room))
            least = room
    return kept


def poisson_room(room: float, tail: float) -> float:
    """Returns the largest mean whose Poisson count stays within `room`, but for luck beyond `tail`
    deviations (the approximation by a cube of Wilson and Hilferty, 1931)."""
    count = room + 1
    if count <= 0.05:
        return 0.0
    root = 1 - 1 / (9 * count) - tail / (3 * sqrt(count))
    return count * root**3 if root > 0 else 0.0
