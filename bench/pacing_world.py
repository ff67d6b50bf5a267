"""A floor in virtual time on which laws of dialling compete: who answers, who talks, who is abandoned.

It knows of a law only what `pacing_place.Law` says. Time passes in tenths of a second, from event to
event; what is drawn depends on the seed alone. What a day was worth is `pacing_score`'s word, what a
floor is like `pacing_scenarios`'.
"""

import heapq
import math
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from pacing_place import Day, Law, Place, Tally, View

STEPS_PER_S = 10
LOOK_STEPS = 5
MINUTE_STEPS = 60 * STEPS_PER_S
DRAWS_MAX = 50
"""How often an answer time beyond the ring timeout is drawn again."""
TIMED_EVERY = 16
TIDY = 1e-9


class State(IntEnum):
    """What an operator does."""

    AWAY = 0
    FREE = 1
    TALKS = 2
    WRITES = 3


class Kind(IntEnum):
    """What happens; what happens at one moment happens in this order."""

    TALK_ENDS = 0
    WRAP_ENDS = 1
    ARRIVES = 2
    LEAVES = 3
    LINE = 4
    PATIENCE = 5


@dataclass(slots=True, eq=False)
class Operator:
    """One operator: since when they do what they do, until when, and how long they will write."""

    state: State = State.AWAY
    since: float = 0.0
    until: float = 0.0
    wrap_s: float = 0.0
    leaving: bool = False
    campaign: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """A call that has not met an operator. `answers` says what its next moment is.

    `turn` counts its moments: an entry of the heap with another number is out of date."""

    id: int
    campaign: int
    answers: bool
    machine: bool = False
    taken: bool = True
    classified: bool = False
    takes_s: float = 0.0
    placed: float = 0.0
    waits: bool = False
    turn: int = 0


class Floor:
    """One floor and one day: `live` lets it pass and returns what it was like."""

    def __init__(
        self, place: Place, laws: Sequence[Law], seed: int, hours: float, limit: float = 0.03
    ) -> None:
        self.place, self.laws, self.limit = place, tuple(laws), limit
        self.end = round(hours * 3600 * STEPS_PER_S)
        minutes = math.ceil(hours * 60) + 1
        self.day = Day(
            [Tally([0] * minutes, [0] * minutes, [0] * minutes) for _ in place.campaigns],
            [0.0] * minutes, [0.0] * minutes, [0.0] * minutes,
        )  # fmt: skip
        self.line_dice = [random.Random(f"{seed}/lines/{n}") for n in range(len(laws))]
        self.talk_dice = [random.Random(f"{seed}/talks/{n}") for n in range(len(laws))]
        self.operators = [Operator() for _ in place.shifts]
        self.free = deque[Operator]()
        self.waiting = deque[Line]()
        self.ringing: list[dict[int, Line]] = [{} for _ in laws]
        self.untold = [False for _ in laws]
        self.heap: list[tuple[int, int, int, int, Operator | Line]] = []
        self.numbers = 0
        self.talking = self.wrapping = self.leaving = self.lines = 0
        self.answered = self.abandoned = 0
        self.tokens, self.filled = max(1.0, place.calls_per_second), 0
        self.last = self.now = 0
        for operator, shifts in zip(self.operators, place.shifts, strict=True):
            for begins, ends in shifts:
                self.later(begins, Kind.ARRIVES, operator)
                self.later(ends, Kind.LEAVES, operator)
        for number, law in enumerate(self.laws):
            law.beside(self.laws[:number] + self.laws[number + 1 :])

    # ---- time

    def live(self) -> Day:
        """Lets the day pass."""
        at_events = [law.at_events for law in self.laws]
        eager = any(at_events)
        count, heap, look = len(self.laws), self.heap, 0
        while True:
            step = min(heap[0][0], look) if heap else look
            if step >= self.end:
                break
            self._spend(step)
            self.now = step
            happened = bool(heap) and heap[0][0] == step and self._happen(step)
            due = step == look
            if due:
                look += LOOK_STEPS
            if due or (happened and eager):
                # With several campaigns who is asked first changes from look to look.
                for number in range(count):
                    asked = (number + step) % count
                    if due or at_events[asked]:
                        self.look(asked, step)
        self._spend(self.end)
        return self.day

    def _spend(self, step: int) -> None:
        minute, passed = self.last // MINUTE_STEPS, (step - self.last) / STEPS_PER_S
        self.last = step
        busy = self.talking + self.wrapping
        self.day.busy_s[minute] += busy * passed
        self.day.staffed_s[minute] += (busy + len(self.free)) * passed
        self.day.line_s[minute] += self.lines * passed

    def later(self, at_s: float, kind: Kind, what: Operator | Line) -> None:
        """Has something happen at a moment, or at the first tenth of a second after it."""
        self.numbers += 1
        step = max(self.now, math.ceil(at_s * STEPS_PER_S - TIDY))
        turn = what.turn if isinstance(what, Line) else 0
        heapq.heappush(self.heap, (step, int(kind), self.numbers, turn, what))

    def _happen(self, step: int) -> bool:
        """Lets all of this moment happen; returns whether somebody answered, ended or came."""
        heap, at, happened = self.heap, step / STEPS_PER_S, False
        while heap and heap[0][0] == step and heap[0][1] < Kind.PATIENCE:
            _, kind, _, turn, what = heapq.heappop(heap)
            if isinstance(what, Operator):
                self._operator_moves(Kind(kind), what, at)
                happened = True
            elif turn == what.turn:
                self.line_moves(what, at)
                happened = True
        while self.waiting and self.free:
            self._join(self.waiting.popleft(), self.free.popleft(), at)
        while heap and heap[0][0] == step and heap[0][1] == Kind.PATIENCE:
            line = heapq.heappop(heap)[4]
            if isinstance(line, Line) and line.waits:
                self._gives_up(line, at)
                happened = True
        return happened

    # ---- operators

    def _operator_moves(self, kind: Kind, one: Operator, at: float) -> None:
        match kind:
            case Kind.TALK_ENDS:
                self.talking -= 1
                self.lines -= 1
                self.wrapping += 1
                self.laws[one.campaign].talked(one.until - one.since, at)
                one.state, one.since = State.WRITES, one.until
                self.later(one.since + one.wrap_s, Kind.WRAP_ENDS, one)
            case Kind.WRAP_ENDS:
                self.wrapping -= 1
                self.laws[one.campaign].wrapped(one.wrap_s, at)
                if one.leaving:
                    one.state, one.leaving = State.AWAY, False
                    self.leaving -= 1
                else:
                    self._becomes_free(one)
            case Kind.ARRIVES:
                if one.leaving:
                    one.leaving = False
                    self.leaving -= 1
                elif one.state is State.AWAY:
                    self._becomes_free(one)
            case _:
                self.leaves(one)

    def _becomes_free(self, one: Operator) -> None:
        one.state = State.FREE
        self.free.append(one)

    def leaves(self, one: Operator) -> None:
        """An operator goes: at once where free, else after this call.

        What calls on their way may now abandon beyond the limit, if the worst comes, is charged to the
        going: nobody who walks away is a dial of ours. The charge is taken back as the worst fails to
        come (`_discharge`)."""
        if one.state is State.FREE:
            self.free.remove(one)
            one.state = State.AWAY
            self.untold = [True for _ in self.laws]
            self.day.charged = max(self.day.charged, self.too_many())
        elif one.state is not State.AWAY and not one.leaving:
            one.leaving = True
            self.leaving += 1

    def _discharge(self) -> None:
        if self.day.charged:
            self.day.charged = min(self.day.charged, max(0.0, self.too_many()))

    def too_many(self) -> float:
        """Returns by how much too many will have been abandoned today if the worst comes.

        The worst is that all who are called answer, or none, while nobody becomes free: between the
        two it is never worse, as the people left over grow by none or one with each answer."""
        return max(self._left(0), self._left(sum(map(len, self.ringing))))

    def _left(self, answers: int) -> float:
        left = max(0, len(self.waiting) + answers - len(self.free))
        return self.abandoned + left - self.limit * (self.answered + answers)

    def ages(self) -> tuple[list[float], list[float]]:
        """Returns how long those talk, and those write, who will take another call."""
        at = self.now / STEPS_PER_S
        talks, wraps = list[float](), list[float]()
        for one in self.operators:
            if one.state is State.TALKS and not one.leaving:
                talks.append(at - one.since)
            elif one.state is State.WRITES and not one.leaving:
                wraps.append(at - one.since)
        return talks, wraps

    # ---- calls

    def look(self, number: int, step: int) -> None:
        """Asks a law and places the calls that the trunk carries."""
        law, day = self.laws[number], self.day
        self._discharge()
        ringing = len(self.ringing[number])
        others = sum(map(len, self.ringing)) - ringing
        there = len(self.free) + self.talking + self.wrapping - self.leaving
        view = View(
            self, step, step / STEPS_PER_S, len(self.free), len(self.waiting), ringing, others,
            self.talking, self.wrapping, there, self.untold[number],
            day.campaigns[number].dials - min(one.dials for one in day.campaigns),
        )  # fmt: skip
        self.untold[number] = False
        day.looks += 1
        if day.looks % TIMED_EVERY:
            wanted = law.dials(view)
        else:
            begun = time.thread_time_ns()
            wanted = law.dials(view)
            day.look_ns += time.thread_time_ns() - begun
            day.timed_looks += 1
        if wanted <= 0:
            return
        per_second = self.place.calls_per_second
        passed = (step - self.filled) / STEPS_PER_S
        self.tokens = min(max(1.0, per_second), self.tokens + passed * per_second)
        self.filled = step
        placed = max(0, min(wanted, self.place.lines_max - self.lines, int(self.tokens)))
        self.tokens -= placed
        day.kept_back += wanted - placed
        for _ in range(placed):
            self._dial(number, step)

    def _dial(self, number: int, step: int) -> None:
        at = step / STEPS_PER_S
        self.numbers += 1
        line = Line(self.numbers, number, answers=False, placed=at)
        rings_s = self.fate(line, at)
        self.ringing[number][line.id] = line
        self.lines += 1
        self.day.campaigns[number].dials += 1
        self.laws[number].dialled(line.id, at)
        self.later(at + rings_s, Kind.LINE, line)

    def fate(self, line: Line, at: float) -> float:
        """Draws who is at the other end, and returns after how many seconds something happens."""
        town, dice = self.place.campaigns[line.campaign], self.line_dice[line.campaign]
        line.answers = dice.random() < town.answers.at(at)
        if not line.answers:
            if town.never_answers is not None:
                return town.never_answers.draw(dice)
            if dice.random() < town.rings_out:
                return town.ring_timeout_s
            return town.fails.draw(dice)
        found = town.detection
        if found is not None:
            line.machine = dice.random() < town.machines
            line.takes_s = found.takes.draw(dice)
            wrong = found.machine_as_human if line.machine else found.human_as_machine
            line.taken = line.machine == (dice.random() < wrong)
        for _ in range(DRAWS_MAX):
            rings_s = town.post_dial.draw(dice) + town.ring.draw(dice)
            if rings_s < town.ring_timeout_s:
                break
        return min(rings_s, town.ring_timeout_s)

    def line_moves(self, line: Line, at: float) -> None:
        """Somebody answers, is told from a machine, or the call ends."""
        law, tally = self.laws[line.campaign], self.day.campaigns[line.campaign]
        found = self.place.campaigns[line.campaign].detection
        listens = line.answers and found is not None and found.first
        if listens and not line.classified:
            line.classified = True
            line.turn += 1
            self.later(at + line.takes_s, Kind.LINE, line)
            return
        del self.ringing[line.campaign][line.id]
        if line.answers and not line.machine:
            tally.answered[int(at / 60)] += 1
            self.answered += 1
        if not line.answers or (listens and not line.taken):
            tally.cut += line.answers and not line.machine
            self.lines -= 1
            law.not_answered(line.id, at)
            return
        law.answered(line.id, at)
        line.waits = True
        self.waiting.append(line)
        self.later(at + self.place.patience_s, Kind.PATIENCE, line)

    def _join(self, line: Line, one: Operator, at: float) -> None:
        line.waits = False
        tally, number = self.day.campaigns[line.campaign], line.campaign
        found = self.place.campaigns[number].detection
        talk_s, wrap_s = self.lengths(number, at)
        reached = not line.machine
        if found is not None and not found.first and not line.taken:
            # Detection goes on listening and ends the call: nobody has anything to write.
            talk_s, wrap_s = line.takes_s, 0.0
            tally.cut += reached
            reached = False
        elif line.machine and found is not None:
            talk_s = found.noticed_s
        tally.machines_joined += line.machine
        tally.joined[int(at / 60)] += reached
        one.state, one.since, one.until = State.TALKS, at, at + talk_s
        one.wrap_s, one.campaign = wrap_s, number
        self.talking += 1
        self.laws[number].served(at)
        self.later(one.until, Kind.TALK_ENDS, one)

    def lengths(self, number: int, at: float) -> tuple[float, float]:  # noqa: ARG002 - for who needs it
        """Draws how long a talk that begins now and what is written after it will take."""
        town, dice = self.place.campaigns[number], self.talk_dice[number]
        if town.callee_talk is not None and dice.random() < town.leaves_first:
            talk_s = town.callee_talk.draw(dice)
        else:
            talk_s = town.talk.draw(dice)
        return talk_s, town.wrap_up.draw(dice)

    def _gives_up(self, line: Line, at: float) -> None:
        line.waits = False
        self.waiting.remove(line)
        self.lines -= 1
        if not line.machine:
            self.day.campaigns[line.campaign].abandoned[int(at / 60)] += 1
            self.abandoned += 1
            if self.abandoned - self.day.charged > self.limit * self.answered + TIDY:
                self.day.exceeded += 1
        self.laws[line.campaign].abandoned(at)
