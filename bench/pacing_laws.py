"""The laws that compete: one for one, a fixed ratio, the leader's, Markov's optimum.

The leader's law is written anew from a description of what it does (an integrator every 15 s, a placer
every 2.5 s, a limit over the whole day every minute); it was never held against a running original.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pacing_place import Law, View

SECOND = 10
"""Steps of a tenth of a second."""


class Blind:
    """A law that counts free operators and calls and does not care what becomes of them."""

    at_events = False

    def dialled(self, line: int, at: float) -> None:
        """A call was placed."""

    def answered(self, line: int, at: float) -> None:
        """Somebody needs an operator."""

    def not_answered(self, line: int, at: float) -> None:
        """A call ended without anybody who needs an operator."""

    def served(self, at: float) -> None:
        """Somebody met an operator."""

    def abandoned(self, at: float) -> None:
        """Somebody waited in vain."""

    def talked(self, length_s: float, at: float) -> None:
        """A talk ended."""

    def wrapped(self, length_s: float, at: float) -> None:
        """An operator wrote all there was to write."""

    def beside(self, others: Sequence[Law]) -> None:
        """Other campaigns dial for the same operators."""


class Progressive(Blind):
    """One call for each free operator."""

    def dials(self, view: View) -> int:
        """Returns how many calls to place."""
        return view.free - view.waiting - view.ringing - view.others_ringing


class Ratio(Blind):
    """A fixed number of calls for each free operator."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def dials(self, view: View) -> int:
        """Returns how many calls to place."""
        wanted = int(self.ratio * view.free + 0.5)
        return wanted - view.waiting - view.ringing - view.others_ringing


@dataclass(frozen=True, slots=True)
class LeaderSettings:
    """What can be set on the leader's law; as it stands here, its defaults."""

    level_max: float = 3.0
    difference: float = 0.0
    """How many operators more or fewer it aims to have free."""
    available_only: bool = False
    """Counts free operators only, not those who talk."""
    limit: float = 0.03


LEADER_DEFAULTS = LeaderSettings()


class Leader(Blind):
    """The dialling level of the market's leader, with a hard limit over the day."""

    LOOKS = 15
    CALLS_LEAST = 50
    BURST_CALLS, BURST_SHARE = 20, 0.5

    def __init__(self, settings: LeaderSettings) -> None:
        self.settings = settings
        self.level = 1.0
        self.spare = deque[int](maxlen=self.LOOKS)
        self.calls = self.answers = self.drops = 0
        self.drop_share = 0.0
        self.minute = deque[tuple[float, bool]]()

    def answered(self, _line: int, at: float) -> None:
        """Counts an answer of the day."""
        self.calls += 1
        self.answers += 1
        self.minute.append((at, False))

    def not_answered(self, _line: int, _at: float) -> None:
        """Counts a call of the day."""
        self.calls += 1

    def abandoned(self, at: float) -> None:
        """Counts a drop of the day."""
        self.drops += 1
        self.minute.append((at, True))

    def dials(self, view: View) -> int:
        """Samples each second, sets the level each 15 s and places calls each 2.5 s."""
        step = view.step
        if step % SECOND == 0:
            self.spare.append(view.free - view.waiting)
        if step % (60 * SECOND) == 0:
            self.drop_share = self.drops / max(1, self.answers)
        if step and step % (15 * SECOND) == 0:
            self._adapt(view)
        return self._goal(view) if step % (5 * SECOND // 2) == 0 else 0

    def _adapt(self, view: View) -> None:
        spare = sum(self.spare) / len(self.spare) + self.settings.difference
        self.level *= 1 + spare / max(1, view.agents)
        self.level = min(self.settings.level_max, max(1.0, self.level))
        if self.calls > self.CALLS_LEAST and self.drop_share > self.settings.limit:
            self.level = 1.0
        while self.minute and self.minute[0][0] < view.at - 60:
            self.minute.popleft()
        drops = sum(dropped for _, dropped in self.minute)
        answers = len(self.minute) - drops
        if answers > self.BURST_CALLS and drops > self.BURST_SHARE * answers:
            self.level = max(1.0, self.level / 2)

    def _goal(self, view: View) -> int:
        on_lines = view.talking + view.ringing + view.others_ringing + view.waiting
        if self.settings.available_only:
            ready = max(0.0, view.free + self.settings.difference)
            return int(self.level * ready + 0.5) + view.talking - on_lines
        at_work = max(0.0, view.free + view.talking + self.settings.difference)
        return int(self.level * at_work + 0.5) - on_lines


class SwitchingCurve(Blind):
    """Keeps as many lines ringing as the optimum of Markov's model does for so many busy operators."""

    at_events = True

    def __init__(self, ringing_for: Sequence[int]) -> None:
        self.ringing_for = ringing_for

    def dials(self, view: View) -> int:
        """Returns how many calls to place."""
        busy = min(len(self.ringing_for) - 1, view.talking + view.wrapping + view.waiting)
        return self.ringing_for[busy] - view.ringing - view.others_ringing


RATIOS = (1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
LEVELS = (2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
AROUND = (-0.02, 0.0, 0.02, 0.05, 0.1, 0.15)
BELOW = (0.0, -0.04, -0.08, -0.16, -0.3)
"""Shares of the operators that the leader is told to have free, more or fewer."""


def leader_grid(agents: int) -> list[LeaderSettings]:
    """Returns the settings among which the leader's best are looked for."""
    at_work = [LeaderSettings(difference=round(share * agents, 1)) for share in BELOW]
    return at_work + [
        LeaderSettings(level, round(share * agents, 1), available_only=True)
        for level in LEVELS
        for share in AROUND
    ]
