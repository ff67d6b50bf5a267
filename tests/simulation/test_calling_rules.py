"""The rules of who may be called, and by whom, each shown a breach and its counterpart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vyzov.core.outcome import Outcome
from vyzov.dialer import ports
from vyzov.dialer import writes as w
from vyzov.simulation.invariant_notes import Notes
from vyzov.simulation.invariants_calling import CallingRules
from vyzov.simulation.world_time import Timeline

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RESERVED = w.Reserve(
    attempt="leg", campaign="one", contact="ann", phone="p", number_ref="n", number=1,
    fence=3, floor="floor", lease_until=NOW, campaign_version=1, rule_version="1",
    verdict={}, trunk="t", caller_id="+70005559999", call_id="c", at=NOW,
)  # fmt: skip
ORDER = ports.Originate(
    leg="leg", attempt="leg", fence=3, not_after=0.0, trunk="t", to="+70005550101",
    caller_id="+70005559999", ring_timeout_s=20.0, orphan=ports.Orphan("ru/excuse"),
    classify=False,
)  # fmt: skip


@pytest.fixture
def rules() -> CallingRules:
    calling = CallingRules(Notes(Timeline(NOW)), attempts_max={"one": 3}, fence=3)
    calling.judged((RESERVED,))
    return calling


@pytest.mark.parametrize(("late_s", "breaks"), [(0.9, 0), (1.2, 1)])
def test_a_verdict_is_followed_at_once_or_not_at_all(
    rules: CallingRules, late_s: float, breaks: int
) -> None:
    rules.committed(RESERVED, w.CommitResult())
    rules.notes.timeline.now += late_s
    rules.invited(ORDER)
    assert len(rules.notes.breaches) == breaks
    assert all("A1" in one and "after it was judged" in one for one in rules.notes.breaches)


def test_a_floor_has_one_process_that_believes_it_its_own(rules: CallingRules) -> None:
    rules.works("new", 3, holds=True)
    rules.works("old", 2, holds=False)
    assert rules.notes.breaches == []
    rules.works("old", 2, holds=True)
    assert "A4" in rules.notes.breaches[0]


def test_a_lease_may_be_over_too_soon_by_a_clock_set_forward(rules: CallingRules) -> None:
    rules.stepped_at = rules.notes.timeline.now
    rules.works("old", 2, holds=True)
    assert rules.notes.breaches == []
    rules.notes.timeline.now += 11.0
    rules.works("old", 2, holds=True)
    assert "A4" in rules.notes.breaches[0]


@pytest.mark.parametrize(
    ("after_s", "changes", "breaks"),
    [
        (20.0, {}, 1),
        (29.5, {}, 0),
        (20.0, {"verdict": {"promised": "2026-11-23T09:00:20Z"}}, 0),
        (20.0, {"failover_of": "leg"}, 0),
    ],
)
def test_a_contact_rests_for_as_long_as_its_campaign_says(
    rules: CallingRules, after_s: float, changes: dict[str, Any], breaks: int
) -> None:
    rules.waits["one"] = {Outcome.BUSY: timedelta(seconds=30)}
    rules.committed(RESERVED, w.CommitResult())
    rules.committed(w.FinishAttempt("leg", "final", "busy", NOW), w.CommitResult())
    at = NOW + timedelta(seconds=after_s)
    again = replace(RESERVED, attempt="again", number=2, at=at, **changes)
    rules.judged((again,))
    rules.committed(again, w.CommitResult())
    rules.invited(replace(ORDER, leg="again", attempt="again"))
    assert len(rules.notes.breaches) == breaks
    assert all("A1" in one and "too soon" in one for one in rules.notes.breaches)


def test_a_result_gives_a_contact_an_hour_of_its_own(rules: CallingRules) -> None:
    rules.waits["one"] = {Outcome.BUSY: timedelta(seconds=30)}
    rules.committed(RESERVED, w.CommitResult())
    rules.committed(w.FinishAttempt("leg", "final", "busy", NOW), w.CommitResult())
    rules.committed(w.AddDisposition("r", "leg", "ann", "bob", "line", NOW), w.CommitResult())
    again = replace(RESERVED, attempt="again", number=2)
    rules.judged((again,))
    rules.committed(again, w.CommitResult())
    rules.invited(replace(ORDER, leg="again", attempt="again"))
    assert rules.notes.breaches == []
