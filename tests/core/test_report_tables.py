"""Hours of the week, lists and promised calls: every figure is the number of its attempts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core_examples import T0, after, fact
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.core.kpi.cells import Placed
from vyzov.core.kpi.measures import CALLBACK_KEPT, contact_cells
from vyzov.core.outcome import Outcome
from vyzov.core.report_tables import (
    PromiseState,
    attempts_made,
    by_list,
    hours_of_week,
    promised,
)

DAY = timedelta(days=1)
DUE = 7_200.0


def reserved(attempt: str, at_s: float = 0.0, contact: str = "p1") -> Fact:
    return fact(FactKind.ATTEMPT_RESERVED, at_s, attempt=attempt, contact=contact, campaign="c")


def final(attempt: str, outcome: Outcome, at_s: float = 0.0, contact: str = "p1") -> Fact:
    told = {"outcome": outcome.value}
    return fact(FactKind.FINAL, at_s, attempt=attempt, contact=contact, campaign="c", data=told)


def disposed(attempt: str, group: str, contact: str = "p1") -> Fact:
    told = {"result": group, "group": group, "by": "agent"}
    return fact(FactKind.DISPOSED, attempt=attempt, contact=contact, campaign="c", data=told)


def promise(at_s: float, due_s: float, attempt: str = "a0") -> Fact:
    told = {"due_at": to_text(after(due_s))}
    return fact(
        FactKind.CALLBACK_PROMISED, at_s, attempt=attempt, contact="p1", campaign="c", data=told
    )


def test_attempts_belong_to_the_hour_in_which_they_were_begun_there() -> None:
    friday_late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    seconds = (friday_late - T0).total_seconds()
    facts = [
        reserved("a1", seconds),
        final("a1", Outcome.ANSWERED_HUMAN, seconds + 9_000),
        reserved("a2", seconds + 60, "p2"),
        final("a2", Outcome.BUSY, seconds + 70, "p2"),
    ]
    made = attempts_made(facts, friday_late - DAY, friday_late + DAY)
    there = hours_of_week(made, ZoneInfo("Europe/Moscow"))
    assert list(there) == [(5, 1)], "half past one on Saturday in Moscow"
    assert there[5, 1].tried.attempts == ("a1", "a2")
    assert there[5, 1].reached.attempts == ("a1",)
    assert there[5, 1].share == 0.5
    assert list(hours_of_week(made, UTC)) == [(4, 22)]


def test_an_attempt_counts_where_it_was_begun_and_one_that_was_refused_nowhere() -> None:
    facts = [
        reserved("before", -1),
        reserved("a1", 0),
        reserved("a2", 5, "p2"),
        fact(FactKind.ATTEMPT_REFUSED, 6, attempt="a2", contact="p2", campaign="c"),
        reserved("after", 10, "p3"),
    ]
    made = attempts_made(facts, T0, after(10))
    assert [one.reserved.attempt for one in made] == ["a1"]


def test_a_list_counts_its_contacts_once_and_its_attempts_each() -> None:
    facts = [
        reserved("a1"),
        final("a1", Outcome.ANSWERED_HUMAN),
        disposed("a1", "later"),
        reserved("a2", 60),
        final("a2", Outcome.ANSWERED_HUMAN, 61),
        disposed("a2", "success"),
        reserved("a3", 0, "p2"),
        fact(FactKind.ABANDONED, 3, attempt="a3", contact="p2", campaign="c"),
        final("a3", Outcome.ABANDONED, 4, "p2"),
        reserved("a4", 0, "p9"),
    ]
    rows = by_list(attempts_made(facts, T0, after(100)), {"p1": "L", "p2": "L"})
    assert list(rows) == ["", "L"]
    cells = rows["L"]
    assert sorted(cells.attempts.attempts) == ["a1", "a2", "a3"]
    assert sorted(cells.contacts.attempts) == ["a1", "a3"]
    assert cells.reached.attempts == ("a1",)
    assert cells.success.attempts == ("a2",)
    assert cells.abandoned.attempts == ("a3",)
    assert rows[""].attempts.attempts == ("a4",)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 700_000)), max_size=40))
def test_the_hours_and_the_lists_add_up_to_the_attempts(calls: list[tuple[int, int]]) -> None:
    facts = [reserved(f"a{n}", at, f"p{who}") for n, (who, at) in enumerate(calls)]
    made = attempts_made(facts, T0, after(800_000))
    assert len(made) == len(calls)
    assert sum(one.tried.count for one in hours_of_week(made, UTC).values()) == len(calls)
    lists = by_list(made, {f"p{who}": str(who % 3) for who in range(20)})
    assert sum(one.attempts.count for one in lists.values()) == len(calls)
    assert sum(one.contacts.count for one in lists.values()) == len({who for who, _ in calls})


def what_became(facts: list[Fact], now_s: float = DUE + 90_000) -> list[PromiseState]:
    span = (T0, after(800_000))
    return [one.state for one in promised(facts, *span, after(now_s))]


def test_a_promise_is_kept_to_the_quarter_of_an_hour_or_late_or_missed_or_waits() -> None:
    told = promise(0, DUE)
    assert what_became([told, reserved("a1", DUE - 900)]) == [PromiseState.KEPT]
    assert what_became([told, reserved("a1", DUE + 900)]) == [PromiseState.KEPT]
    assert what_became([told, reserved("a1", DUE + 901)]) == [PromiseState.LATE]
    early = [told, reserved("a1", DUE - 901)]
    assert what_became(early) == [PromiseState.MISSED], "a call long before is not the promised one"
    assert what_became([told]) == [PromiseState.MISSED]
    assert what_became([told], DUE + 900) == [PromiseState.WAITING]


def test_the_call_made_of_a_promise_is_named() -> None:
    facts = [promise(0, DUE), reserved("a1", DUE - 800), reserved("a2", DUE + 5)]
    [kept] = promised(facts, T0, after(800_000), after(DUE * 2))
    assert (kept.told.dedupe, kept.due) == (facts[0].dedupe, after(DUE))
    assert kept.called is not None
    assert kept.called.attempt == "a2", "the nearest to the promised time"


def test_a_promise_due_outside_the_span_or_no_longer_standing_is_not_counted() -> None:
    told = promise(0, DUE)
    assert promised([told], after(DUE + 1), after(DUE * 2), after(DUE * 3)) == ()
    assert promised([told], T0, after(DUE), after(DUE * 3)) == ()
    closed = fact(FactKind.CONTACT_CLOSED, 60, contact="p1", campaign="c")
    assert what_became([told, closed]) == []


@given(st.lists(st.integers(0, 20_000), max_size=6), st.integers(1_000, 15_000))
def test_kept_here_is_kept_in_the_key_figures(calls: list[int], due_s: int) -> None:
    facts = [promise(0, due_s), *(reserved(f"a{n}", at) for n, at in enumerate(sorted(calls)))]
    sums = contact_cells(Placed(one, place=n) for n, one in enumerate(facts, 1)).sums
    kept = sum(amount for key, amount in sums.items() if key[3] == CALLBACK_KEPT)
    assert what_became(facts).count(PromiseState.KEPT) == kept
