"""Reports by hour of the week and by list, and what became of promised calls, as folds over facts.

Every figure keeps the attempts it was counted from. What an attempt is, and when a promise counts as
kept, is said in `kpi.measures`, so that these figures and the key figures cannot differ. Choosing the
facts, which list a contact came from, words and files are the caller's part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from vyzov.core.facts import Fact
from vyzov.core.kpi.cells import Placed, in_order, moment_of, ms_of
from vyzov.core.kpi.measures import (
    CALLBACK_TOLERANCE,
    Attempt,
    Promised,
    attempts_of,
    promises_of,
)
from vyzov.core.outcome import Outcome
from vyzov.core.report import Cell


def attempts_made(facts: Iterable[Fact], since: datetime, until: datetime) -> tuple[Attempt, ...]:
    """Returns the attempts begun from `since` on and before `until`, in the order they were begun.

    `facts` come in the order of their commit; an attempt whose reservation was refused is none."""
    placed = [Placed(fact, place=place) for place, fact in enumerate(facts, 1)]
    return tuple(
        attempt
        for attempt in attempts_of(placed)
        if not attempt.refused and since <= attempt.reserved.at < until
    )


def is_reached(attempt: Attempt) -> bool:
    """Tells whether a person answered and was talked with, as the key figure `reached` counts."""
    return attempt.outcome == Outcome.ANSWERED_HUMAN.value


def is_success(attempt: Attempt) -> bool:
    """Tells whether the result that stands is one of those a campaign is made for."""
    return attempt.result is not None and attempt.result.data.get("group") == "success"


def _cell(attempts: Iterable[Attempt]) -> Cell:
    return Cell(tuple(attempt.reserved.attempt or "" for attempt in attempts))


# ---- hours of the week ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tried:
    """Attempts, and those of them in which a person was reached."""

    tried: Cell
    reached: Cell

    @property
    def share(self) -> float:
        """The contact rate, 0..1; a place without attempts is not in a report."""
        return self.reached.count / self.tried.count


def hours_of_week(attempts: Iterable[Attempt], zone: tzinfo) -> Mapping[tuple[int, int], Tried]:
    """Counts attempts by the weekday (0 is Monday) and hour of `zone` in which they were begun."""
    places: dict[tuple[int, int], list[Attempt]] = {}
    for attempt in attempts:
        local = attempt.reserved.at.astimezone(zone)
        places.setdefault((local.weekday(), local.hour), []).append(attempt)
    return {
        place: Tried(_cell(found), _cell(one for one in found if is_reached(one)))
        for place, found in sorted(places.items())
    }


# ---- lists ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListCells:
    """What was done with the contacts of one list.

    `contacts` has each contact's first attempt of the span, `reached` the first that reached them."""

    attempts: Cell
    contacts: Cell
    reached: Cell
    success: Cell
    abandoned: Cell


def by_list(attempts: Iterable[Attempt], list_of: Mapping[str, str]) -> Mapping[str, ListCells]:
    """Counts attempts by the list their contact came from; "" for contacts no longer known."""
    lists: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        lists.setdefault(list_of.get(attempt.reserved.contact or "", ""), []).append(attempt)
    return {
        name: ListCells(
            attempts=_cell(found),
            contacts=_cell(_first_of_contacts(found)),
            reached=_cell(_first_of_contacts(one for one in found if is_reached(one))),
            success=_cell(one for one in found if is_success(one)),
            abandoned=_cell(one for one in found if one.abandoned),
        )
        for name, found in sorted(lists.items())
    }


def _first_of_contacts(attempts: Iterable[Attempt]) -> Iterable[Attempt]:
    first: dict[str | None, Attempt] = {}
    for attempt in attempts:
        first.setdefault(attempt.reserved.contact, attempt)
    return first.values()


# ---- promised calls ------------------------------------------------------------------------------


class PromiseState(StrEnum):
    """What became of a promised call.

    *Kept*: called within a quarter of an hour of its time; *late*: called after that; *missed*: not
    called at all since; *waiting*: its time, with the quarter of an hour, is not over."""

    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Promise:
    """A promised call: the fact that told it, when it was due, and the call that was made of it."""

    told: Fact
    due: datetime
    state: PromiseState
    called: Fact | None


def promised(
    facts: Iterable[Fact], since: datetime, until: datetime, now: datetime
) -> tuple[Promise, ...]:
    """Returns the promises due from `since` on and before `until`, by their time.

    One taken back, replaced or overtaken before it was due is none, as in the key figure."""
    lines: dict[tuple[str | None, str | None], list[Placed]] = {}
    for place, fact in enumerate(facts, 1):
        lines.setdefault((fact.campaign, fact.contact), []).append(Placed(fact, place=place))
    found: list[Promise] = []
    for line in lines.values():
        made = [one for one in attempts_of(line) if not one.refused]
        found += [
            _promise(promise, made, now)
            for promise in promises_of(in_order(line), made)
            if ms_of(since) <= promise.due_ms < ms_of(until)
        ]
    return tuple(sorted(found, key=lambda one: (one.due, one.told.dedupe)))


def _promise(promise: Promised, made: list[Attempt], now: datetime) -> Promise:
    due = moment_of(promise.due_ms)
    after = [one.reserved for one in made if one.reserved.at > promise.told.at]
    if promise.kept:
        nearest = min(after, key=lambda call: abs(call.at - due))
        return Promise(promise.told, due, PromiseState.KEPT, nearest)
    over = due + CALLBACK_TOLERANCE
    if (late := next((call for call in after if call.at > over), None)) is not None:
        return Promise(promise.told, due, PromiseState.LATE, late)
    state = PromiseState.MISSED if now > over else PromiseState.WAITING
    return Promise(promise.told, due, state, None)
