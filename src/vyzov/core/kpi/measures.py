"""Folds the facts of a contact in a campaign into sums: attempts, answers, results, promises.

An attempt belongs, whole, to the half hour in which it was reserved, and to the agent who talked
last; a promise to the half hour it was due in. What the sums are used for is said in `registry`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import from_text
from vyzov.core.kpi.cells import Cells, Placed, in_order, ms_of, span_ms
from vyzov.core.outcome import AnswerClass, Outcome

ATTEMPTS = "attempts"
ANSWERED = "answered"
REACHED = "reached"
LIVE = "live"
ABANDONED = "abandoned"
LATE = "late"
GAVE_UP = "gave_up"
PASSED = "passed"
HANDLED = "handled"
RESULTS = "results"
SUCCESS = "success"
RIGHT_PARTY = "right_party"
RESULT = "result:"
MACHINE_WRONG = "machine_wrong"
JUDGED_HUMAN = "judged_human"
CONNECT_MS, CONNECT_COUNT, CONNECT_BIN = "connect_ms", "connect_count", "connect_bin:"
WAIT_MS, WAIT_COUNT, WAIT_BIN = "wait_ms", "wait_count", "wait_bin:"
BIN_MS = 100
BINS_MAX = 6_000
FIRST_DIALLED = "first_dialled"
FIRST_REACHED = "first_reached"
CLOSED = "closed"
TRIES, REACHED_AT = "tries:", "reached_at:"
TRIES_MAX = 20
CALLBACK_DUE, CALLBACK_KEPT = "callback_due", "callback_kept"
CALLBACK_TOLERANCE = timedelta(minutes=15)
LOADED = "loaded"
TRUNK_ATTEMPTS = "trunk_attempts:"
TRUNK_MS: Mapping[int, str] = {1: "trunk_ms_1:", 6: "trunk_ms_6:", 60: "trunk_ms_60:"}
"""Answered milliseconds rounded up to so many seconds for each call, by trunk."""

_LIVE = frozenset({Outcome.ANSWERED_HUMAN.value, Outcome.ABANDONED.value})
_PERSON = frozenset({"success", "later", "no", "stop"})


@dataclass(slots=True)
class Attempt:
    """What the facts of one attempt say, up to the latest of them."""

    reserved: Fact
    refused: bool = False
    rang: Fact | None = None
    answered: Fact | None = None
    bridged: Fact | None = None
    ended: Fact | None = None
    final: Fact | None = None
    resolved: Fact | None = None
    abandoned: bool = False
    late: bool = False
    machine: bool = False
    result: Fact | None = None
    agent: str = ""

    @property
    def outcome(self) -> str:
        """The outcome, empty while there is none."""
        return str(self.last.data["outcome"]) if self.last else ""

    @property
    def last(self) -> Fact | None:
        """The fact that says what came of it: an engine's late word comes after `final`."""
        return self.resolved or self.final

    @property
    def is_live(self) -> bool:
        """True where a person answered, as far as is known; a call counts while it lasts."""
        if self.abandoned:
            return True
        if self.last is not None:
            return self.outcome in _LIVE
        return self.bridged is not None

    @property
    def number(self) -> int:
        """Which attempt of its contact it is, from 1."""
        return int(str(self.reserved.data.get("number") or 1))


def attempts_of(facts: Iterable[Placed]) -> list[Attempt]:
    """Reads the attempts of one contact in one campaign, by the time they were reserved."""
    found: dict[str, Attempt] = {}
    for placed in in_order(facts):
        fact = placed.fact
        if fact.attempt is None:
            continue
        if fact.kind is FactKind.ATTEMPT_RESERVED:
            found.setdefault(fact.attempt, Attempt(fact))
        elif (attempt := found.get(fact.attempt)) is not None:
            _take(attempt, fact)
    return sorted(found.values(), key=lambda one: (one.reserved.at, one.reserved.attempt))


def _take(attempt: Attempt, fact: Fact) -> None:
    match fact.kind:
        case FactKind.ATTEMPT_REFUSED:
            attempt.refused = True
        case FactKind.DIALING | FactKind.RINGING:
            # The first sign of ringing; where a carrier sends none, the INVITE.
            known = attempt.rang is not None and attempt.rang.kind is FactKind.RINGING
            attempt.rang = attempt.rang if known else fact
        case FactKind.ANSWERED:
            attempt.answered = attempt.answered or fact
        case FactKind.CLASSIFIED:
            attempt.machine = fact.data.get("answer_class") == AnswerClass.MACHINE.value
        case FactKind.BRIDGED:
            attempt.bridged = attempt.bridged or fact
            attempt.late = attempt.late or fact.data.get("within_limit") is False
            attempt.agent = fact.agent or attempt.agent
        case FactKind.ABANDONED:
            attempt.abandoned = True
        case FactKind.ENDED:
            attempt.ended = attempt.ended or fact
        case FactKind.FINAL:
            attempt.final = attempt.final or fact
        case FactKind.RESOLVED:
            attempt.resolved = attempt.resolved or fact
        case FactKind.DISPOSED:
            attempt.result = fact
        case FactKind.DISPOSITION_UNDONE:
            attempt.result = None
        case _:
            pass


# ---- one attempt ---------------------------------------------------------------------------------


def measures_of(attempt: Attempt) -> dict[str, int]:
    """Returns what one attempt adds to the sums of its half hour."""
    if attempt.refused:
        return {}
    sums = {ATTEMPTS: 1, f"{TRIES}{min(attempt.number, TRIES_MAX)}": 1}
    live, bridged = attempt.is_live, attempt.bridged is not None
    _if(sums, ANSWERED, attempt.answered is not None)
    _if(sums, REACHED, attempt.outcome == Outcome.ANSWERED_HUMAN.value)
    _if(sums, LIVE, live)
    _if(sums, ABANDONED, attempt.abandoned)
    _if(sums, LATE, attempt.late and live and not attempt.abandoned)
    _if(sums, GAVE_UP, bool(attempt.last and attempt.last.data.get("detail") == "hung_up_early"))
    _if(sums, PASSED, live and bridged and not attempt.abandoned)
    _if(sums, HANDLED, bridged)
    _count_result(sums, attempt)
    _count_delays(sums, attempt)
    _count_traffic(sums, attempt)
    return sums


def _if(sums: dict[str, int], measure: str, so: bool) -> None:  # noqa: FBT001
    if so:
        sums[measure] = 1


def _count_result(sums: dict[str, int], attempt: Attempt) -> None:
    if attempt.result is None:
        return
    code, group = str(attempt.result.data["result"]), str(attempt.result.data.get("group") or "")
    by_agent = attempt.result.data.get("by") == "agent"
    sums[RESULTS] = sums[RESULT + code] = 1
    _if(sums, SUCCESS, group == "success")
    _if(sums, RIGHT_PARTY, by_agent and group in _PERSON and code != "wrong_person")
    person = by_agent and group in _PERSON
    _if(sums, JUDGED_HUMAN, person)
    _if(sums, MACHINE_WRONG, person and attempt.machine)


def _count_delays(sums: dict[str, int], attempt: Attempt) -> None:
    if attempt.bridged is None:
        return
    if attempt.rang is not None:
        _delay(
            sums, (CONNECT_MS, CONNECT_COUNT, CONNECT_BIN), span_ms(attempt.rang, attempt.bridged)
        )
    if attempt.answered is not None:
        waited = span_ms(attempt.answered, attempt.bridged)
        _delay(sums, (WAIT_MS, WAIT_COUNT, WAIT_BIN), waited)


def _delay(sums: dict[str, int], names: tuple[str, str, str], ms: int) -> None:
    total, count, place = names
    sums[total], sums[count] = ms, 1
    sums[f"{place}{min(ms // BIN_MS, BINS_MAX)}"] = 1


def _count_traffic(sums: dict[str, int], attempt: Attempt) -> None:
    trunk = str(attempt.reserved.data.get("trunk") or "")
    sums[TRUNK_ATTEMPTS + trunk] = 1
    if attempt.answered is None or attempt.ended is None:
        return
    lasted = span_ms(attempt.answered, attempt.ended)
    for step_s, measure in TRUNK_MS.items():
        step_ms = step_s * 1000
        sums[measure + trunk] = -(-lasted // step_ms) * step_ms


# ---- a contact -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Promised:
    """A call-back as it was promised; `told` is the fact."""

    told: Fact
    due_ms: int
    void: bool = False
    kept: bool = False


def counted_attempts(line: list[Placed]) -> list[tuple[Attempt, dict[str, int]]]:
    """Returns the attempts of one contact, each with what it adds; `line` is in order."""
    dialled = reached = False
    found: list[tuple[Attempt, dict[str, int]]] = []
    for attempt in attempts_of(line):
        sums = measures_of(attempt)
        if not sums:
            continue
        if not dialled:
            sums[FIRST_DIALLED] = 1
            dialled = True
        if not reached and REACHED in sums:
            sums[FIRST_REACHED] = sums[f"{REACHED_AT}{min(attempt.number, TRIES_MAX)}"] = 1
            reached = True
        found.append((attempt, sums))
    return found


def contact_cells(facts: Iterable[Placed]) -> Cells:
    """Folds the facts of one contact in one campaign."""
    line = in_order(facts)
    cells = Cells()
    counted = counted_attempts(line)
    for attempt, sums in counted:
        campaign, at = attempt.reserved.campaign or "", ms_of(attempt.reserved.at)
        for measure, amount in sums.items():
            cells.add(campaign, attempt.agent, at, measure, amount)
    closed = closed_by(line)
    if closed is not None:
        cells.add(closed.campaign or "", "", ms_of(closed.at), CLOSED)
    for promise in promises_of(line, [attempt for attempt, _ in counted]):
        where = (promise.told.campaign or "", "", promise.due_ms)
        cells.add(*where, CALLBACK_DUE)
        if promise.kept:
            cells.add(*where, CALLBACK_KEPT)
    return cells


def closed_by(line: list[Placed]) -> Fact | None:
    """Returns the fact that closed the contact last, None where it does not stand closed."""
    standing: Fact | None = None
    for placed in line:
        if placed.fact.kind is FactKind.CONTACT_CLOSED:
            standing = placed.fact
        elif placed.fact.kind is FactKind.CONTACT_REOPENED:
            standing = None
    return standing


def promises_of(line: list[Placed], attempts: list[Attempt]) -> list[Promised]:
    """Returns the promises that stood when they were due, and whether they were kept to the quarter
    of an hour.

    One that was taken back, replaced by a later one or overtaken by the contact's being closed
    before it was due is none."""
    promises: list[Promised] = []
    for placed in line:
        fact = placed.fact
        match fact.kind:
            case FactKind.CALLBACK_PROMISED:
                _void(promises, fact)
                promises.append(Promised(fact, ms_of(from_text(str(fact.data["due_at"])))))
            case FactKind.CONTACT_CLOSED:
                _void(promises, fact)
            case FactKind.DISPOSITION_UNDONE:
                for promise in promises:
                    promise.void = promise.void or promise.told.attempt == fact.attempt
            case _:
                pass
    tolerance = CALLBACK_TOLERANCE // timedelta(milliseconds=1)
    made = [ms_of(attempt.reserved.at) for attempt in attempts]
    for promise in promises:
        told_ms = ms_of(promise.told.at)
        promise.kept = any(at > told_ms and abs(at - promise.due_ms) <= tolerance for at in made)
    return [promise for promise in promises if not promise.void]


def _void(promises: list[Promised], fact: Fact) -> None:
    """What was promised for a time after this fact is no longer promised."""
    for promise in promises:
        promise.void = promise.void or promise.due_ms > ms_of(fact.at)


def loaded_cells(fact: Fact) -> Cells:
    """Counts the contacts that entered a campaign, less those that left it."""
    cells = Cells()
    more = int(str(fact.data["contacts"])) - int(str(fact.data.get("gone") or 0))
    cells.add(fact.campaign or "", "", ms_of(fact.at), LOADED, more)
    return cells
