"""What the outside world is told, how long a delivery waits, and when nobody listens any more."""

from datetime import UTC, datetime, timedelta

import pytest

from vyzov.core.facts import FactKind
from vyzov.core.webhook import (
    ASKED_WAIT_MOST,
    OF_FACTS,
    OF_PROMISES,
    REST_MOST,
    WAITS_S,
    HookEvent,
    event_id,
    event_of,
    is_dead,
    next_try,
    rest_after,
    secret_of,
    told_data,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_every_event_comes_of_something_that_happens() -> None:
    told = {*OF_FACTS.values(), *OF_PROMISES.values(), HookEvent.STOP_LIFTED, HookEvent.TEST}
    assert set(HookEvent) - told == {HookEvent.LEAD_ACCEPTED}


def test_a_lead_is_told_and_a_list_that_came_in_is_not() -> None:
    assert event_of(FactKind.CONTACTS_LOADED, {"contacts": 900}) is None
    assert event_of(FactKind.CONTACTS_LOADED, {"lead": "c"}) is HookEvent.LEAD_ACCEPTED


def test_what_matters_inside_only_is_told_to_nobody() -> None:
    assert event_of(FactKind.DIGIT, {"digit": "1"}) is None
    assert event_of(FactKind.AGENT_STATE, {}) is None


def test_a_stop_and_its_lifting_are_two_events() -> None:
    assert event_of(FactKind.STOP_LISTED, {"stop": "s"}) is HookEvent.STOP_LISTED
    assert event_of(FactKind.STOP_LISTED, {"lifted": "s"}) is HookEvent.STOP_LIFTED


@pytest.mark.parametrize(
    ("kind", "data", "what", "over"),
    [
        (FactKind.EMERGENCY_STOP, {"by": "u"}, "emergency_stop", False),
        (FactKind.EMERGENCY_STOP_LIFTED, {"by": "u"}, "emergency_stop", True),
        (FactKind.TRUNK_STATE, {"state": "down"}, "trunk", False),
        (FactKind.TRUNK_STATE, {"state": "up"}, "trunk", True),
        (FactKind.CLOCK_TRUSTED, {}, "clock", True),
    ],
)
def test_an_alert_says_what_it_is_about_and_whether_it_is_over(
    kind: FactKind, data: dict[str, str], what: str, over: bool
) -> None:
    assert event_of(kind, data) is HookEvent.ALERT
    assert told_data(kind, data) == {"what": what, "over": over, **data}


def test_other_events_tell_the_data_of_their_fact() -> None:
    assert told_data(FactKind.FINAL, {"outcome": "busy"}) == {"outcome": "busy"}


def test_an_event_has_one_id_however_often_it_is_told_and_another_in_another_house() -> None:
    assert event_id("o", "a1:final") == event_id("o", "a1:final")
    assert (
        len({event_id("o", "a1:final"), event_id("o", "a2:final"), event_id("p", "a1:final")}) == 3
    )
    assert event_id("o", "a1:final").startswith("evt_")


def test_a_secret_is_written_as_the_standard_has_it() -> None:
    assert secret_of(b"\x00" * 3) == "whsec_AAAA"


def test_waits_grow_and_end() -> None:
    waits = []
    for tries in range(1, len(WAITS_S) + 1):
        at = next_try(tries, NOON, 0.5, None)
        assert at is not None
        waits.append((at - NOON).total_seconds())
    assert waits == sorted(waits) == [float(wait) for wait in WAITS_S]
    assert next_try(len(WAITS_S) + 1, NOON, 0.5, None) is None


def test_what_failed_together_does_not_come_back_together() -> None:
    assert next_try(1, NOON, 0.0, None) == NOON + timedelta(seconds=4)
    assert next_try(1, NOON, 1.0, None) == NOON + timedelta(seconds=6)


def test_a_receiver_may_ask_for_time_within_a_bound() -> None:
    assert next_try(1, NOON, 0.5, timedelta(minutes=2)) == NOON + timedelta(minutes=2)
    assert next_try(1, NOON, 0.5, timedelta(days=365)) == NOON + ASKED_WAIT_MOST
    assert next_try(1, NOON, 0.5, timedelta(seconds=1)) == NOON + timedelta(seconds=5)


def test_a_receiver_that_fails_again_and_again_is_left_alone_for_longer() -> None:
    rests = [rest_after(failures) for failures in range(20)]
    assert rests[0] == timedelta(0)
    assert rests == sorted(rests)
    assert rests[-1] == REST_MOST


def test_a_receiver_is_let_go_after_days_without_one_success() -> None:
    patience = timedelta(days=5)
    assert not is_dead(None, NOON, patience)
    assert not is_dead(NOON - timedelta(days=4), NOON, patience)
    assert is_dead(NOON - patience, NOON, patience)


def test_an_alarm_tells_what_it_is_of_and_whether_it_is_over() -> None:
    about = {"alarm": "a1", "kind": "wait", "subject": "c1"}
    assert event_of(FactKind.ALARM_RAISED, about) is HookEvent.ALERT
    assert told_data(FactKind.ALARM_RAISED, about) == {"what": "wait", "over": False, **about}
    assert told_data(FactKind.ALARM_CLEARED, about)["over"] is True
    assert event_of(FactKind.ALARM_ACKNOWLEDGED, about) is None
