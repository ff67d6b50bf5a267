"""The rules of records, each shown a breach and its counterpart."""

from datetime import UTC, datetime

import pytest

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import writes as w
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules, Told
from vyzov.simulation.invariants_records import TALK_LOOKS, RecordRules
from vyzov.simulation.world_time import Timeline

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def rules() -> RecordRules:
    notes = Notes(Timeline(NOW))
    return RecordRules(notes, CallingRules(notes))


def told(rules: RecordRules, kind: FactKind, at_s: float = 0.0, *, key: str = "") -> None:
    fact = Fact(kind, NOW, "clock", int(at_s * 1e9), f"leg:{key or kind}", attempt="leg")
    rules.told(fact, w.CommitResult())


def test_a_talk_that_is_not_in_the_books_breaks_b1(rules: RecordRules) -> None:
    rules.talks({"leg": TALK_LOOKS - 1})
    assert rules.notes.breaches == []
    rules.talks({"leg": TALK_LOOKS})
    assert "B1" in rules.notes.breaches[0]


def test_a_talk_that_is_in_the_books_breaks_nothing(rules: RecordRules) -> None:
    told(rules, FactKind.BRIDGED)
    rules.talks({"leg": TALK_LOOKS})
    assert rules.notes.breaches == []


def test_a_call_that_is_abandoned_twice_breaks_c1(rules: RecordRules) -> None:
    told(rules, FactKind.ABANDONED)
    told(rules, FactKind.ABANDONED)
    assert rules.notes.breaches == [], "the same fact told again"
    told(rules, FactKind.ABANDONED, key="again")
    assert "C1" in rules.notes.breaches[0]


@pytest.mark.parametrize(
    ("lost_at", "booked", "broken"),
    [
        (None, 130.0, True),
        (None, 140.5, False),
        (110.0, 130.0, False),
        (110.0, 100.0, True),
        (110.0, 150.0, True),
    ],
)
def test_a_call_ends_when_the_network_says_so_or_while_no_engine_was_there(
    rules: RecordRules, lost_at: float | None, booked: float, *, broken: bool
) -> None:
    rules.calling.attempts["leg"] = Told(
        w.Reserve(
            attempt="leg", campaign="one", contact="ann", phone="p", number_ref="n", number=1,
            fence=3, floor="floor", lease_until=NOW, campaign_version=1, rule_version="1",
            verdict={}, trunk="t", caller_id="+70005559999", call_id="c", at=NOW,
        )
    )  # fmt: skip
    seen = rules.of("leg")
    seen.lost_at, seen.over_at = lost_at, 140.0
    told(rules, FactKind.FINAL)
    told(rules, FactKind.ENDED, booked)
    rules.settle(None)
    assert bool(rules.notes.breaches) is broken
