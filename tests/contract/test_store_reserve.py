"""What every store promises before a call goes out: permission, and locks."""

from datetime import timedelta

import pytest
from contract_house import SPAN, House, row

from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.office_records import AttemptQuery, FactQuery
from vyzov.dialer.writes import ReserveRefusal


def test_a_reservation_is_an_attempt_with_its_facts_and_entry(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    result = store.commit(
        (reserve, house.in_call(due[0], reserve.attempt), house.fact(reserve.attempt))
    )
    assert result.refused == {}
    assert len(result.seqs) == 1
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert (attempt.state, attempt.number, attempt.e164) == ("reserved", 1, due[0].e164)
    assert attempt.verdict == {"allowed": True}
    entry = store.contact(due[0].campaign, due[0].contact)
    assert entry is not None
    assert (entry.state, entry.attempts_made, entry.number_live) == ("in_call", 1, True)


def test_a_refused_reservation_takes_its_own_writes_along_and_leaves_the_others(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    bad = house.reserve(due[0], fence=7)
    good = house.reserve(due[1])
    result = store.commit(
        (
            bad,
            house.in_call(due[0], bad.attempt),
            house.fact(bad.attempt),
            good,
            house.in_call(due[1], good.attempt),
            house.fact(good.attempt),
        )
    )
    assert result.refused == {bad.attempt: ReserveRefusal.STALE_FENCE}
    facts = house.office.facts(house.organisation, FactQuery(kinds=("attempt_reserved",)))
    assert [item.fact.attempt for item in facts] == [good.attempt]
    untouched = store.contact(due[0].campaign, due[0].contact)
    assert untouched is not None
    assert (untouched.state, untouched.attempts_made) == ("fresh", 0)
    assert house.office.attempt(house.organisation, bad.attempt) is None


def test_a_lease_that_ran_out_reserves_nothing(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    late = house.reserve(due[0], at=house.clock.now + SPAN)
    assert house.refusal(store, late) is ReserveRefusal.STALE_FENCE


def test_a_floor_that_slept_through_its_lease_reserves_nothing_with_its_old_fence(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.clock.go_on(minutes=10)
    awake = house.store("second")
    assert house.refusal(store, house.reserve(due[0], fence=1)) is ReserveRefusal.STALE_FENCE
    assert house.refusal(awake, house.reserve(due[0], fence=2)) is None


def test_an_emergency_stop_refuses_from_its_commit_on(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.office.set_emergency_stop(house.organisation, house.clock.now)
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.EMERGENCY_STOP
    house.office.set_emergency_stop(house.organisation, None)
    assert house.refusal(store, house.reserve(due[0])) is None


def test_a_campaign_that_does_not_run_calls_nobody(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    store.commit((w.SetCampaignState(due[0].campaign, "pausing", house.clock.now),))
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.CAMPAIGN_NOT_RUNNING


def test_a_campaign_of_another_floor_is_not_this_floors_to_call(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    foreign = house.reserve(due[0], floor="another")
    assert house.refusal(store, foreign) is ReserveRefusal.STALE_FENCE


@pytest.mark.parametrize(
    ("state", "expected"),
    [("closed", ReserveRefusal.CONTACT_CLOSED), ("in_call", ReserveRefusal.CONTACT_IN_CALL)],
)
def test_a_contact_closed_or_in_a_call_is_not_called(
    house: House,
    store: FloorStore,
    due: list[DueContact],
    state: str,
    expected: ReserveRefusal,
) -> None:
    store.commit((w.SetEntry(due[0].campaign, due[0].contact, state, None, 1),))
    assert house.refusal(store, house.reserve(due[0])) is expected


def test_a_contact_outside_the_campaign_is_unknown(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    stranger = house.due(store, house.campaign([row(50)]).id)[0]
    mixed = house.reserve(stranger, campaign=due[0].campaign)
    assert house.refusal(store, mixed) is ReserveRefusal.CONTACT_UNKNOWN


def test_a_number_that_is_not_the_contacts_is_never_locked_in_its_name(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    mixed = house.reserve(due[0], number_ref=due[1].number_ref)
    assert house.refusal(store, mixed) is ReserveRefusal.CONTACT_UNKNOWN


def test_an_erased_contact_is_not_called(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.office.erase_contact(house.organisation, due[0].contact)
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.CONTACT_UNKNOWN


def test_a_number_stopped_after_it_was_read_is_not_called(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.office.add_stop(house.organisation, due[0].e164, reason="asked", source="office")
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.STOP_LISTED


def test_a_stop_dated_by_a_clock_that_runs_ahead_counts_at_once(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    ahead = house.clock.now + timedelta(minutes=5)
    store.commit((w.AddStop(due[0].number_ref, "key", "call", None, ahead),))
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.STOP_LISTED


def test_a_lifted_stop_lets_the_number_be_called_again(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    entry = house.office.add_stop(house.organisation, due[0].e164, reason="x", source="office")
    house.office.lift_stop(house.organisation, entry.id)
    house.clock.go_on(seconds=1)
    assert house.refusal(store, house.reserve(due[0])) is None


def test_one_number_in_two_campaigns_is_called_by_one_of_them(
    house: House, store: FloorStore
) -> None:
    same = "+70005550042"
    first = house.due(store, house.campaign([row(2, same)]).id)[0]
    second = house.due(store, house.campaign([row(2, same)]).id)[0]
    assert house.refusal(store, house.reserve(first)) is None
    assert house.refusal(store, house.reserve(second)) is ReserveRefusal.NUMBER_LIVE


def test_one_contact_is_not_called_on_two_numbers_at_once(house: House, store: FloorStore) -> None:
    due = house.due(store, house.campaign([row(2, "+70005550001", "+70005550002")]).id)[0]
    other = due.phones[1]
    assert house.refusal(store, house.reserve(due)) is None
    second = house.reserve(due, phone=other.id, number_ref=other.number_ref, number=2)
    assert house.refusal(store, second) is ReserveRefusal.CONTACT_LIVE


def test_an_attempt_of_the_same_number_is_made_once(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    first = house.reserve(due[0])
    store.commit((first, house.finish(first.attempt)))
    assert house.refusal(store, house.reserve(due[0])) is ReserveRefusal.ATTEMPT_EXISTS
    assert house.refusal(store, house.reserve(due[0], number=2)) is None


def test_a_batch_sent_again_changes_nothing_and_refuses_nothing(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    batch = (reserve, house.in_call(due[0], reserve.attempt), house.fact(reserve.attempt))
    store.commit(batch)
    again = store.commit(batch)
    assert (again.refused, again.seqs) == ({}, ())
    assert len(house.office.attempts(house.organisation, AttemptQuery()).items) == 1


def test_a_finished_attempt_frees_its_contact_and_number(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    store.commit((reserve, w.MarkOriginated(reserve.attempt, house.clock.now)))
    store.commit((house.finish(reserve.attempt, "busy", sip_code=486, q850=17),))
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert (attempt.state, attempt.outcome, attempt.sip_code) == ("final", "busy", 486)
    assert attempt.originated_at == attempt.ended_at == house.clock.now
    assert house.refusal(store, house.reserve(due[0], number=2)) is None


def test_final_is_never_taken_back_and_unknown_may_become_final(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    store.commit((reserve, house.finish(reserve.attempt, "unknown", state="unknown")))
    store.commit((house.finish(reserve.attempt, "busy"),))
    store.commit((house.finish(reserve.attempt, "unknown", state="unknown"),))
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert (attempt.state, attempt.outcome) == ("final", "busy")


def test_a_floor_begins_with_the_ends_of_the_last_hour_that_nobody_knew(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    unknown, told, over, long_ago = (house.reserve(one) for one in due[:4])
    past = house.clock.now - timedelta(hours=2)
    store.commit((
        unknown, house.finish(unknown.attempt, "unknown", state="unknown"),
        told, house.finish(told.attempt, "unknown", state="unknown"),
        house.finish(told.attempt, "abandoned", answered_at=house.clock.now),
        over, house.finish(over.attempt, "busy"),
        long_ago, house.finish(long_ago.attempt, "unknown", state="unknown", ended_at=past),
    ))  # fmt: skip
    state = store.load_floor(house.floor)
    assert [one.id for one in state.unknown] == [unknown.attempt]
    assert state.unknown[0].settings == state.campaigns[0].settings
    assert state.open_attempts == ()
