"""A contact in its campaign, and the calls promised to it."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from core_examples import T0, after
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import contact as ct
from vyzov.core.callback import (
    FARTHEST,
    Promise,
    first_permitted,
    is_due,
    is_kept,
    owner_at,
    promise_for,
)
from vyzov.core.contact import CallbackEnd, CloseCallback, Entry, EntryState, OpenCallback, step
from vyzov.core.disposition import CallBack, CloseContact, StopListNumber, TryAgain
from vyzov.core.errors import ImpossibleEvent, InvalidRequest
from vyzov.core.outcome import Outcome
from vyzov.core.redial import Again, Closed, RedialPolicy
from vyzov.core.window import CallWindow

FRESH = Entry("contact-1", "campaign-1")
POLICY = RedialPolicy()
LATER = Promise(after(3600), "ann")


def drive(entry: Entry, *events: ct.EntryEvent) -> Entry:
    for event in events:
        entry, _ = step(entry, event, T0)
    return entry


def in_call(**changes: object) -> Entry:
    return drive(replace(FRESH, **changes), ct.AttemptReserved())


def promised() -> Entry:
    return drive(FRESH, ct.CallbackPromised(LATER))


def finished(outcome: Outcome, decision: object) -> ct.AttemptFinished:
    return ct.AttemptFinished(outcome, decision)  # type: ignore[arg-type]


REACHED = finished(Outcome.ANSWERED_HUMAN, Closed("reached"))
BUSY = finished(Outcome.BUSY, Again(after(600)))


def test_an_attempt_counts_from_its_reservation() -> None:
    entry = in_call()
    assert (entry.state, entry.attempts_made) == (EntryState.IN_CALL, 1)


@pytest.mark.parametrize("state", [EntryState.IN_CALL, EntryState.CLOSED])
def test_nobody_is_called_twice_or_after_the_end(state: EntryState) -> None:
    with pytest.raises(ImpossibleEvent, match=state.value):
        drive(replace(FRESH, state=state), ct.AttemptReserved())


def test_a_busy_contact_is_due_again_on_the_next_number() -> None:
    entry = drive(in_call(phones=3), BUSY)
    assert (entry.state, entry.next_due) == (EntryState.DUE, after(600))
    assert (entry.position, entry.last_outcome) == (1, Outcome.BUSY)
    assert drive(in_call(phones=3, position=2), BUSY).position == 0


def test_the_number_that_answered_is_the_one_to_call_again() -> None:
    again = finished(Outcome.ANSWERED_MACHINE, Again(after(60)))
    assert drive(in_call(phones=3, position=1), again).position == 1


def test_a_reached_contact_is_closed() -> None:
    entry = drive(in_call(), REACHED)
    assert (entry.state, entry.closed_reason) == (EntryState.CLOSED, "reached")


def test_an_end_told_twice_is_one_end() -> None:
    entry = drive(in_call(), BUSY)
    assert drive(entry, REACHED) == entry


def test_a_dead_number_does_not_close_a_contact_with_another() -> None:
    dead = finished(Outcome.INVALID_NUMBER, Closed("invalid_number"))
    entry = drive(in_call(phones=2), dead)
    assert (entry.state, entry.next_due, entry.position) == (EntryState.DUE, T0, 1)
    entry = drive(entry, ct.AttemptReserved(), dead)
    assert (entry.state, entry.closed_reason) == (EntryState.CLOSED, "invalid_number")


def test_a_result_said_in_the_call_takes_effect_at_its_end() -> None:
    follows = ct.Disposed((CallBack(after(3600), "ann"),), POLICY)
    entry = drive(in_call(), follows)
    assert entry.state is EntryState.IN_CALL
    entry, commands = step(entry, REACHED, T0)
    assert (entry.state, entry.next_due) == (EntryState.CALLBACK, after(3600))
    assert commands == (OpenCallback(LATER),)
    assert entry.pending is None


def test_a_result_said_after_the_call_takes_effect_at_once() -> None:
    entry = drive(in_call(), REACHED, ct.Disposed((CloseContact("agreed"),), POLICY))
    assert entry.closed_reason == "agreed"
    entry = drive(entry, ct.Disposed((TryAgain(Outcome.CONGESTION),), POLICY))
    assert (entry.state, entry.next_due) == (EntryState.DUE, after(300))
    assert entry.closed_reason == ""


def test_a_stop_result_closes_for_good() -> None:
    stop = ct.Disposed((StopListNumber("do_not_call"), CloseContact("do_not_call")), POLICY)
    entry = drive(in_call(), ct.StopListed(), stop, REACHED)
    assert (entry.state, entry.closed_reason) == (EntryState.CLOSED, "stop_listed")
    assert drive(entry, ct.CallbackPromised(LATER)) == entry
    alone = ct.Disposed((StopListNumber("do_not_call"),), POLICY)
    assert drive(in_call(), REACHED, alone).closed_reason == "stop_listed"


def test_a_stop_during_the_call_outweighs_what_is_said_later() -> None:
    entry = drive(in_call(), ct.StopListed(), ct.CallbackPromised(LATER), BUSY)
    assert (entry.state, entry.closed_reason) == (EntryState.CLOSED, "stop_listed")


def test_a_kept_call_back_is_closed_as_kept() -> None:
    entry = drive(promised(), ct.AttemptReserved())
    assert entry.promise == LATER
    entry, commands = step(entry, REACHED, T0)
    assert commands == (CloseCallback(CallbackEnd.KEPT),)
    assert entry.promise is None


def test_a_call_back_that_was_not_reached_stays_open() -> None:
    entry, commands = step(drive(promised(), ct.AttemptReserved()), BUSY, T0)
    assert (entry.state, entry.next_due, entry.promise) == (
        EntryState.CALLBACK,
        after(600),
        LATER,
    )
    assert commands == ()


def test_a_call_back_that_is_given_up_was_missed() -> None:
    last = finished(Outcome.BUSY, Closed("attempts_max"))
    entry, commands = step(drive(promised(), ct.AttemptReserved()), last, T0)
    assert entry.state is EntryState.CLOSED
    assert commands == (CloseCallback(CallbackEnd.MISSED),)


def test_an_abandoned_call_back_was_not_kept() -> None:
    again = finished(Outcome.ABANDONED, Again(after(600)))
    entry = drive(promised(), ct.AttemptReserved(), again)
    assert entry.promise == LATER


def test_a_new_promise_takes_the_place_of_the_old_one() -> None:
    newer = Promise(after(7200))
    entry, commands = step(promised(), ct.CallbackPromised(newer), T0)
    assert commands == (CloseCallback(CallbackEnd.CANCELLED), OpenCallback(newer))
    assert entry.next_due == after(7200)


def test_a_stop_cancels_the_promise() -> None:
    _, commands = step(promised(), ct.StopListed(), T0)
    assert commands == (CloseCallback(CallbackEnd.CANCELLED),)


def test_a_result_taken_back_leaves_the_contact_as_it_was() -> None:
    before = drive(in_call(), REACHED)
    promise = ct.Disposed((CallBack(after(3600), None),), POLICY)
    entry, commands = step(drive(before, promise), ct.Restored(before), T0)
    assert entry == before
    assert commands == (CloseCallback(CallbackEnd.CANCELLED),)


def test_taking_back_a_closing_result_opens_the_promise_again() -> None:
    before = promised()
    entry, commands = step(drive(before, ct.StopListed()), ct.Restored(before), T0)
    assert entry == before
    assert commands == (OpenCallback(LATER),)


def test_taking_back_in_the_call_forgets_what_was_to_follow() -> None:
    before = in_call()
    said = drive(before, ct.CallbackPromised(LATER))
    assert drive(said, ct.Restored(before)) == before


def test_taking_back_after_the_call_ended_waits_for_a_new_result() -> None:
    before = in_call()
    said = drive(before, ct.Disposed((CallBack(after(3600), None),), POLICY), REACHED)
    entry = drive(said, ct.Restored(before))
    assert (entry.state, entry.closed_reason) == (EntryState.CLOSED, "reached")
    assert entry.last_outcome is Outcome.ANSWERED_HUMAN


def test_taking_back_does_not_bring_back_what_the_call_has_settled() -> None:
    before = drive(promised(), ct.AttemptReserved(), ct.CallbackPromised(Promise(after(60))))
    said = drive(before, ct.Disposed((CloseContact("agreed"),), POLICY), REACHED)
    entry, commands = step(said, ct.Restored(before), T0)
    assert (entry.pending, entry.promise) == (None, None)
    assert commands == ()


def test_a_result_cannot_be_taken_back_once_the_contact_was_called_again() -> None:
    before = drive(in_call(), BUSY)
    with pytest.raises(InvalidRequest, match="called again"):
        drive(before, ct.AttemptReserved(), ct.Restored(before))


decisions = st.one_of(
    st.just(Again(after(600))), st.sampled_from([Closed("attempts_max"), Closed("busy")])
)
EVENTS: st.SearchStrategy[ct.EntryEvent] = st.one_of(
    st.just(ct.AttemptReserved()),
    st.builds(ct.AttemptFinished, st.sampled_from(Outcome), decisions),
    st.builds(
        ct.Disposed,
        st.sampled_from(
            [
                (CloseContact("agreed"),),
                (TryAgain(Outcome.CONGESTION),),
                (CallBack(after(60), None),),
            ]
        ),
        st.just(POLICY),
    ),
    st.just(ct.CallbackPromised(LATER)),
    st.just(ct.StopListed()),
)


@given(st.lists(EVENTS, max_size=25), st.integers(1, 3))
def test_promises_are_opened_and_closed_in_turn(events: list[ct.EntryEvent], phones: int) -> None:
    entry, opened, stopped = replace(FRESH, phones=phones), 0, False
    for event in events:
        try:
            entry, commands = step(entry, event, T0)
        except ImpossibleEvent:
            assert isinstance(event, ct.AttemptReserved)
            continue
        for command in commands:
            opened += 1 if isinstance(command, OpenCallback) else -1
            assert opened in (0, 1)
        stopped = stopped or isinstance(event, ct.StopListed)
        assert (entry.promise is not None) == (opened == 1)
        assert 0 <= entry.position < phones
        assert entry.state is not EntryState.CALLBACK or entry.promise
        assert (entry.closed_reason != "") == (entry.state is EntryState.CLOSED)
        assert (entry.next_due is not None) == (
            entry.state in (EntryState.DUE, EntryState.CALLBACK)
        )
        if stopped:
            assert entry.state in (EntryState.IN_CALL, EntryState.CLOSED)


# ---- promises ------------------------------------------------------------------------------------

ZONE = (ZoneInfo("Europe/Moscow"),)
HOURS = CallWindow()


def test_a_promise_belongs_to_its_agent_for_a_while() -> None:
    assert not is_due(LATER, after(3599))
    assert is_due(LATER, after(3600))
    assert owner_at(LATER, after(3600 + 899)) == "ann"
    assert owner_at(LATER, after(3600 + 900)) is None


def test_a_promise_is_kept_near_its_hour() -> None:
    assert is_kept(LATER, after(3600 + 900))
    assert is_kept(LATER, after(3600 - 900))
    assert not is_kept(LATER, after(3600 + 901))


def test_a_promise_is_made_for_a_permitted_hour() -> None:
    assert promise_for(after(3600), "ann", HOURS, ZONE, T0) == LATER
    assert promise_for(T0 + FARTHEST, None, HOURS, ZONE, T0).due == T0 + FARTHEST


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (T0, "lies in the past"),
        (T0 + FARTHEST + timedelta(seconds=1), "90 days away"),
        (after(12 * 3600), "next permitted moment is 2026-11-24 06:00 UTC"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused(due: object, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        promise_for(due, None, HOURS, ZONE, T0)  # type: ignore[arg-type]


def test_a_promise_to_a_number_without_hours_is_refused() -> None:
    far = (ZoneInfo("Europe/Moscow"), ZoneInfo("Pacific/Auckland"))
    narrow = CallWindow(end=HOURS.start.replace(hour=10))
    with pytest.raises(InvalidRequest, match="no permitted hour"):
        promise_for(after(3600), None, narrow, far, T0)


def test_a_robots_promise_moves_to_the_first_permitted_hour() -> None:
    assert first_permitted(after(12 * 3600), HOURS, ZONE) == after(21 * 3600)
    assert first_permitted(after(60), HOURS, ZONE) == after(60)


FAILED_OVER = ct.FailedOver("attempt-1", ("trunk-1",))


def test_an_attempt_that_failed_at_its_trunk_is_due_at_once_and_counts_once() -> None:
    due = drive(in_call(), FAILED_OVER)
    assert (due.state, due.next_due, due.attempts_made) == (EntryState.DUE, T0, 1)
    assert (due.failover_of, due.tried) == ("attempt-1", ("trunk-1",))
    again = drive(due, ct.AttemptReserved())
    assert (again.attempts_made, again.failover_of) == (1, "attempt-1")


def test_the_attempt_after_a_failover_counts_again() -> None:
    tired = drive(in_call(), FAILED_OVER, ct.AttemptReserved(), BUSY)
    assert (tired.failover_of, tired.tried) == ("", ())
    assert drive(tired, ct.AttemptReserved()).attempts_made == 2


def test_a_failover_stays_at_the_number_and_keeps_a_promise() -> None:
    called = drive(replace(promised(), phones=2), ct.AttemptReserved(), FAILED_OVER)
    assert (called.state, called.position, called.promise) == (EntryState.CALLBACK, 0, LATER)


def test_a_failover_told_twice_moves_nothing() -> None:
    once = drive(in_call(), FAILED_OVER)
    assert drive(once, ct.FailedOver("attempt-2", ())) == once


def test_a_stop_that_came_while_the_trunk_failed_closes_the_contact() -> None:
    stopped = drive(in_call(), ct.StopListed(), FAILED_OVER)
    assert (stopped.state, stopped.failover_of) == (EntryState.CLOSED, "")


def test_a_call_promised_after_a_failover_is_an_attempt_of_its_own() -> None:
    entry = drive(in_call(), FAILED_OVER, ct.CallbackPromised(LATER), ct.AttemptReserved())
    assert entry.attempts_made == 2
