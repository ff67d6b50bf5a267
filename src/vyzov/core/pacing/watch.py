"""What was seen of one campaign, folded into the estimates that the predictive law decides by.

A watch is told each event of its calls in the order of their times, seconds of one clock that never
goes backwards, and is the same whoever tells them: it reads no clock and throws no dice. It goes
into plain JSON values and back without loss, so a floor that starts again begins where it was. What
is decided on it stands in `ahead`.
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping
from math import exp
from operator import itemgetter
from typing import Any, cast

from vyzov.core.fields import Json
from vyzov.core.pacing.answer_rate import AnswerRate
from vyzov.core.pacing.budget import Account, Budget, Price
from vyzov.core.pacing.histograms import RING_BINS, RingTimes, ServiceTimes
from vyzov.core.pacing.regulation import AheadPolicy, Regulation, Window, WindowKind

__all__ = ["AheadPolicy", "Regulation", "Watch", "Window", "WindowKind"]

TABLES_S = 15.0
"""Tables are made anew so often."""

_TUNE_FROM_S = 600.0
"""Abandoned calls of the first minutes say what a start is like, and nothing of the aim."""

_AIM, _AIM_LEAST, _AIM_MOST = 0.95, 0.12, 2.5
_TUNE = 0.03

_CALM_FROM, _CALM_OVER = 0.62, 0.15
_VETO_TIME_S, _VETO_WEIGHT = 300.0, 1.2

_LAST_ANSWERS, _LAST_SHARE, _LAST_SPAN_S, _STOP_S = 20, 0.5, 60.0, 120.0
"""The stop of last resort: where of the answers of so many seconds, so many at least, so large a share
found nobody, whatever was believed was wrong, and for so many seconds nothing is dialled ahead."""

_QUIET_S, _QUIET_STEP_S, _QUIET_MOST_S = 30, 10, 14_400
"""After a pause the rate moves on in steps of ten seconds; a night is like four hours."""


class Watch:
    """The estimates of one campaign; it changes with everything it is told.

    `policy` is what it dials by, `at` when its clock begins. Lines are whatever names a call; they
    must be JSON values where the state is to be kept.
    """

    def __init__(self, policy: AheadPolicy, at: float) -> None:
        self.policy = policy
        self.began = self.at = at
        self.ring = RingTimes()
        self.rate = AnswerRate(self.ring)
        self.service = ServiceTimes(policy.regulation.wait_s)
        self.budget = Budget(policy.regulation, at)
        self.ended = 0
        self.aim = _AIM
        self._price = 0.0
        self._seconds = 0
        self._advanced_to: float | None = None
        self._tables_at = at
        self._wished_at, self._wished = at, 0.0
        self._stopped_until = at
        # Answers of the last minute: when it was known what became of them, 1 where nobody was there.
        self._fates = deque[list[float]]()
        # Each line: when it was placed, and up to which whole second it was counted as ringing.
        self._lines = dict[Hashable, list[float]]()

    # ---- what is told

    def dialled(self, line: Hashable, at: float) -> None:
        """A call was placed."""
        self._lines[line] = [self._on(at), 0]

    def answered(self, line: Hashable, at: float) -> None:
        """Somebody is there who needs an operator; a line nobody placed says nothing of the rate."""
        self.budget.answered(self._on(at))
        found = self._lines.pop(line, None)
        if found is None:
            return
        self.rate.answered(int(found[1]))
        self.ring.answered(self.at - found[0])
        self.ended += 1

    def not_answered(self, line: Hashable, at: float) -> None:
        """A call ended without anybody who needs an operator: busy, failed, rang out, a machine."""
        found = self._lines.pop(line, None)
        if found is None:
            return
        self.rate.failed(int(found[1]))
        self.ring.failed(self._on(at) - found[0])
        self.ended += 1

    def withdrawn(self, line: Hashable, at: float) -> None:
        """We hung up before anything was known: only the seconds it rang are evidence."""
        self._on(at)
        self._lines.pop(line, None)

    def served(self, at: float) -> None:
        """Somebody who answered met an operator in time."""
        self._fates.append([self._on(at), 0])
        self._of_last_minute()
        self._tune(self._price)

    def abandoned(self, at: float) -> None:
        """Somebody who answered met nobody in time."""
        self.budget.abandoned(self._on(at))
        self._fates.append([self.at, 1])
        known = self._of_last_minute()
        if len(known) >= _LAST_ANSWERS and sum(map(itemgetter(1), known)) >= _LAST_SHARE * len(
            known
        ):
            self._stopped_until = self.at + _STOP_S
        self._tune(self._price - 1)

    def talked(self, length_s: float, at: float, *, censored: bool = False) -> None:
        """A talk of so many seconds ended; `censored` where it was cut short by leaving."""
        self._on(at)
        self.service.talked(length_s, is_cut_short=censored)

    def wrapped(self, length_s: float, at: float) -> None:
        """A wrap-up of so many seconds ended."""
        self._on(at)
        self.service.wrapped(length_s)

    def begin(
        self,
        window: str,
        at: float,
        *,
        answered: int = 0,
        abandoned: int = 0,
        ends_at: float | None = None,
    ) -> None:
        """A calendar window begins, such as the day, already holding so many calls.

        Where it is said when it ends, the hard veto looks beyond its end: who rings then may
        answer after it.
        """
        self._on(at)
        self.budget.accounts[window].begin(answered, abandoned, ends_at)

    def advance(self, at: float, talk_ages: Iterable[float] = ()) -> None:
        """Whole seconds pass: calls go on ringing, the rate moves on, tables are made anew, where
        talks that go on have lasted so many seconds."""
        now = self._on(at)
        if now == self._advanced_to:
            return
        self._advanced_to = now
        passed = dict[int, int]()
        lines = self._lines.values()
        ages = [int(now - line[0]) for line in lines]
        for line, age in zip(lines, ages, strict=True):
            while line[1] < age and line[1] < RING_BINS:
                second = int(line[1])
                passed[second] = passed.get(second, 0) + 1
                line[1] = second + 1
        self.rate.still_ringing(passed)
        self._move(int(now - self.began) - self._seconds)
        self._seconds = int(now - self.began)
        if now - self._tables_at >= TABLES_S:
            self._tables_at = now
            self.ring.rebuild()
            self.service.rebuild(talk_ages)
            self.rate.rebuild(self.ring)

    def _on(self, at: float) -> float:
        self.at = max(self.at, at)
        return self.at

    def _move(self, seconds: int) -> None:
        left = min(seconds, _QUIET_MOST_S)
        while left >= _QUIET_S:
            self.rate.move(_QUIET_STEP_S)
            left -= _QUIET_STEP_S
        for _ in range(left):
            self.rate.move()

    def _of_last_minute(self) -> deque[list[float]]:
        while self._fates[0][0] < self.at - _LAST_SPAN_S:
            self._fates.popleft()
        return self._fates

    def _tune(self, off: float) -> None:
        """Moves the aim so that what comes true is what was allowed."""
        if self.at - self.began >= _TUNE_FROM_S:
            self.aim = min(_AIM_MOST, max(_AIM_LEAST, self.aim * exp(_TUNE * off)))

    # ---- what is believed

    @property
    def ringing(self) -> int:
        """How many calls ring."""
        return len(self._lines)

    @property
    def is_learning(self) -> bool:
        """True until enough calls have ended to dial ahead on."""
        return self.ended < self.policy.min_ended

    def is_stopped(self, at: float) -> bool:
        """True while a stop of last resort lasts: so many found nobody that nothing is believed."""
        return at < self._stopped_until

    @property
    def calm(self) -> float:
        """How steady the answer rate is, 0..1: at 1 the day decides and our own window does not."""
        if not self.policy.calm:
            return 0.0
        return min(1.0, max(0.0, (self.rate.steadiness - _CALM_FROM) / _CALM_OVER))

    def ages(self, at: float) -> Mapping[int, int]:
        """Returns how many calls ring by their age in whole seconds; the oldest are one age."""
        oldest = RING_BINS - 1
        ages = [int(at - line[0]) for line in self._lines.values()]
        return Counter(ages if max(ages, default=0) <= oldest else [min(oldest, x) for x in ages])

    def price(self, at: float, agents: int, flight: float) -> Price:
        """Returns what may be spent now and keeps it: the next outcomes are held against it.

        `flight` abandoned calls are expected of what is on its way already.
        """
        reserve = _VETO_WEIGHT * self._wished
        price = self.budget.price(at, agents, flight=flight, calm=self.calm, reserve=reserve)
        self._price = price.now
        return price

    def wish(self, at: float, room: float) -> None:
        """Keeps in mind how many calls' worth of room the veto asked for, over minutes, so that
        the price leaves it that room instead of running into it at every tick."""
        weight = 1 - exp((self._wished_at - at) / _VETO_TIME_S)
        self._wished += (max(0.0, room) - self._wished) * weight
        self._wished_at = at

    @property
    def vetoed(self) -> list[Account]:
        """The accounts that the hard veto keeps."""
        return [
            account
            for account in self.budget.accounts.values()
            if account.window.vetoed and account.window.kind is WindowKind.CALENDAR
        ]

    # ---- state

    def to_state(self) -> dict[str, Json]:
        """Returns all that was folded as JSON values."""
        return {
            "version": 1,
            "at": self.at,
            "began": self.began,
            "seconds": self._seconds,
            "tables_at": self._tables_at,
            "ended": self.ended,
            "aim": self.aim,
            "price": self._price,
            "wished": [self._wished_at, self._wished],
            "stopped_until": self._stopped_until,
            "fates": [list(one) for one in self._fates],
            "lines": [[cast("Json", line), *told] for line, told in self._lines.items()],
            "ring": self.ring.to_state(),
            "service": self.service.to_state(),
            "rate": self.rate.to_state(),
            "budget": self.budget.to_state(),
        }

    @classmethod
    def from_state(
        cls, policy: AheadPolicy, state: Mapping[str, Any], moved_s: float = 0.0
    ) -> "Watch":
        """Returns the watch that goes on from a state, on a clock that is `moved_s` later.

        Windows that the policy has and the state does not begin empty.
        """
        watch = cls(policy, state["began"] + moved_s)
        watch.at = state["at"] + moved_s
        watch._seconds = state["seconds"]
        watch._tables_at = state["tables_at"] + moved_s
        watch.ended, watch.aim, watch._price = state["ended"], state["aim"], state["price"]
        watch._stopped_until = state.get("stopped_until", watch.began - moved_s) + moved_s
        watch._fates.extend([when + moved_s, lost] for when, lost in state.get("fates", ()))
        watch._wished_at, watch._wished = state["wished"][0] + moved_s, state["wished"][1]
        watch._lines = {
            line: [placed + moved_s, counted] for line, placed, counted in state["lines"]
        }
        watch.ring.take_state(state["ring"])
        watch.service.take_state(state["service"])
        watch.rate.take_state(state["rate"])
        watch.rate.rebuild(watch.ring)
        watch.budget.take_state(state["budget"], moved_s)
        return watch
