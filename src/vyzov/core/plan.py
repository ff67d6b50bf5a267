"""Operators, lines, calls a second and time for a list, worked out by several models side by side.

Each model has its own answer to how busy operators can be while no more than a permitted share of
those who answer is left without one. A dialer that calls for free operators only is exact; Erlang's
queues are dialled blindly, at one rate. What lies between, only a simulation knows: it gives the
share of time, and the rest is worked out here in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.errors import InvalidRequest
from vyzov.core.traffic import (
    blocked,
    dialer_load,
    impatient_queue,
    lines_for,
    patient_queue,
    served_within,
)

OPERATORS_MOST = 2_000
PLANNED_LINES_MOST = 10_000
_STEPS = 50
"""Halvings of an interval: more digits than a float holds are not looked for."""


class Model(StrEnum):
    """How it is worked out how busy operators can be."""

    ONE_BY_ONE = "one_by_one"
    """Each free operator has one call placed at a time (progressive); nobody is left."""
    ERLANG_B = "erlang_b"
    """Whoever answers while all talk is left at once."""
    ERLANG_A = "erlang_a"
    """Whoever answers stays as long as they have patience."""
    ERLANG_C = "erlang_c"
    """Whoever answers stays; who waits longer than permitted is counted as left."""
    SIMULATION = "simulation"
    """The dialer itself, in a made-up world."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done. `answered` is the share of calls a person answers; times are seconds.

    A contact is called until it answers, `tries_most` times at most.
    """

    contacts: int
    answered: float
    talk_s: float
    wrap_up_s: float
    ring_answered_s: float
    ring_unanswered_s: float
    tries_most: int = 3

    def __post_init__(self) -> None:
        _check(self.contacts >= 1, f"{self.contacts} contacts", "A list has one or more.")
        _check(0 < self.answered <= 1, f"{self.answered:g} answered", "Above 0, 1 at most.")
        _check(self.tries_most >= 1, f"{self.tries_most} tries", "Each is called once or more.")
        times = (self.wrap_up_s, self.ring_answered_s, self.ring_unanswered_s)
        _check(
            min(times) >= 0 and self.talk_s > 0, f"times {times}", "Talks last; none is below 0."
        )

    @property
    def talks(self) -> float:
        """How many contacts will have answered in the end."""
        return self.contacts * (1 - (1 - self.answered) ** self.tries_most)

    @property
    def calls(self) -> float:
        """How many calls that takes."""
        return self.talks / self.answered

    @property
    def service_s(self) -> float:
        """How long one talk keeps an operator."""
        return self.talk_s + self.wrap_up_s


@dataclass(frozen=True, slots=True)
class Terms:
    """What is permitted: shares of those who answer without an operator, and of calls without a line.

    `wait_s` is how long somebody may wait for an operator, and their mean patience.
    """

    left_most: float = 0.03
    wait_s: float = 2.0
    blocked_most: float = 0.01

    def __post_init__(self) -> None:
        _check(0 < self.left_most < 1, f"{self.left_most:g} left", "A share between 0 and 1.")
        _check(0 < self.blocked_most < 1, f"{self.blocked_most:g} blocked", "Between 0 and 1.")
        _check(self.wait_s > 0, f"a wait of {self.wait_s:g} s", "Somebody waits for above 0 s.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model says of a number of operators: `busy` and `left` are shares, `hours` on the line."""

    model: Model
    operators: int
    busy: float
    left: float
    calls_per_s: float
    erlangs: float
    lines: int
    talks_per_hour: float
    hours: float


def plan(work: Work, terms: Terms, operators: int, model: Model) -> Plan:
    """Returns what so many operators do, by one of the models that are formulas (`FORMULAS`)."""
    _check(1 <= operators <= OPERATORS_MOST, f"{operators} operators", f"1 to {OPERATORS_MOST}.")
    busy, left = _BUSY[model](work, terms, operators)
    return _carried_out(work, terms, operators, model, busy, left)


def plan_measured(work: Work, terms: Terms, operators: int, busy: float, left: float) -> Plan:
    """Returns what so many operators do where a simulation showed how busy they are."""
    _check(busy > 0, "operators who never talked", "Raise the share of calls answered.")
    return _carried_out(work, terms, operators, Model.SIMULATION, busy, left)


def operators_for(work: Work, terms: Terms, hours: float, model: Model) -> Plan:
    """Returns the plan of the fewest operators who are done within so many hours, by one model."""
    _check(hours > 0, f"{hours:g} hours", "Give it some time.")
    low, high = 0, 1
    while (found := plan(work, terms, high, model)).hours > hours:
        _check(
            high < OPERATORS_MOST, f"{hours:g} hours", f"Not even {OPERATORS_MOST} operators do."
        )
        low, high = high, min(2 * high, OPERATORS_MOST)
    while high - low > 1:
        middle = (low + high) // 2
        between = plan(work, terms, middle, model)
        if between.hours <= hours:
            high, found = middle, between
        else:
            low = middle
    return found


def operators_on(work: Work, terms: Terms, lines: int, model: Model) -> Plan:
    """Returns the plan of the most operators for whom so many lines do, by one model."""
    _check(0 < lines <= PLANNED_LINES_MOST, f"{lines} lines", f"1 to {PLANNED_LINES_MOST}.")
    found = plan(work, terms, 1, model)
    _check(found.lines <= lines, f"{lines} lines", f"One operator alone takes {found.lines}.")
    low, high = 1, OPERATORS_MOST + 1
    step = 2
    while high - low > 1:
        middle = min(step, (low + high) // 2)
        between = plan(work, terms, middle, model)
        if between.lines <= lines:
            low, found, step = middle, between, 2 * step
        else:
            high = middle
    return found


@dataclass(frozen=True, slots=True)
class Goal:
    """What is given, one of three: so many operators, hours in which to be done, or lines."""

    operators: int | None = None
    hours: float | None = None
    lines: int | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.operators, self.hours, self.lines) if one is not None]
        _check(
            len(given) == 1,
            f"{len(given)} goals",
            "Give one: the operators, the hours or the lines.",
        )


def plans_for(work: Work, terms: Terms, goal: Goal) -> tuple[Plan, ...]:
    """Returns what reaches the goal by each of the models that are formulas, in their order."""
    if goal.hours is not None:
        return tuple(operators_for(work, terms, goal.hours, model) for model in FORMULAS)
    if goal.lines is not None:
        return tuple(operators_on(work, terms, goal.lines, model) for model in FORMULAS)
    return tuple(plan(work, terms, goal.operators or 0, model) for model in FORMULAS)


def _carried_out(
    work: Work, terms: Terms, operators: int, model: Model, busy: float, left: float
) -> Plan:
    # Who is left without an operator has answered too: their calls are placed as well. Those who
    # waited too long in a queue that nobody leaves were served all the same.
    served = 1.0 if model is Model.ERLANG_C else 1.0 - left
    load = dialer_load(
        operators, busy, talk_s=work.talk_s, wrap_up_s=work.wrap_up_s,
        answered=work.answered * served, ring_answered_s=work.ring_answered_s,
        ring_unanswered_s=work.ring_unanswered_s,
    )  # fmt: skip
    per_hour = 3600 * load.contacts_per_s
    return Plan(
        model=model, operators=operators, busy=busy, left=left, calls_per_s=load.calls_per_s,
        erlangs=load.erlangs, lines=lines_for(load.erlangs, terms.blocked_most),
        talks_per_hour=per_hour, hours=work.talks / per_hour,
    )  # fmt: skip


def _one_by_one(work: Work, _terms: Terms, _operators: int) -> tuple[float, float]:
    unanswered = (1 - work.answered) / work.answered * work.ring_unanswered_s
    search_s = unanswered + work.ring_answered_s
    return work.service_s / (work.service_s + search_s), 0.0


def _erlang_b(_work: Work, terms: Terms, operators: int) -> tuple[float, float]:
    return _busiest(operators, terms, lambda offered: blocked(offered, operators))


def _erlang_a(work: Work, terms: Terms, operators: int) -> tuple[float, float]:
    service_s = work.service_s

    def left(offered: float) -> float:
        return impatient_queue(offered / service_s, service_s, operators, terms.wait_s).leaves

    return _busiest(operators, terms, left)


def _erlang_c(work: Work, terms: Terms, operators: int) -> tuple[float, float]:
    service_s = work.service_s

    def late(offered: float) -> float:
        if offered >= operators:
            return 1.0
        return 1 - served_within(offered / service_s, service_s, operators, terms.wait_s)

    offered = _most(operators, terms, late)
    # Nobody leaves this queue: the late are served as well.
    return patient_queue(offered / service_s, service_s, operators).busy, late(offered)


def _busiest(operators: int, terms: Terms, left: Callable[[float], float]) -> tuple[float, float]:
    offered = _most(operators, terms, left)
    share = left(offered)
    return offered * (1 - share) / operators, share


def _most(operators: int, terms: Terms, left: Callable[[float], float]) -> float:
    """The most traffic at which no more than the permitted share is left without an operator."""
    low, high = 0.0, 2.0 * operators
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if left(middle) <= terms.left_most:
            low = middle
        else:
            high = middle
    return low


FORMULAS = (Model.ONE_BY_ONE, Model.ERLANG_B, Model.ERLANG_A, Model.ERLANG_C)
"""The models that need no simulation."""

_BUSY: Mapping[Model, Callable[[Work, Terms, int], tuple[float, float]]] = {
    Model.ONE_BY_ONE: _one_by_one,
    Model.ERLANG_B: _erlang_b,
    Model.ERLANG_A: _erlang_a,
    Model.ERLANG_C: _erlang_c,
}


def _check(holds: bool, what: str, need: str) -> None:  # noqa: FBT001 - it is what it is about
    if not holds:
        raise InvalidRequest(f"No plan can be made for {what}.", need)
