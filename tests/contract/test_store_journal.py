"""What a journal tells a store: each line once, in order, and never against another holder."""

from dataclasses import replace
from datetime import timedelta

import pytest
from contract_house import NOON, SPAN, House

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.journal import Kept, Life
from vyzov.dialer.office_records import FactQuery


def life_of(house: House, epoch: int = 1) -> Life:
    return Life("life-1", house.organisation, house.floor, epoch, NOON)


def kinds(house: House) -> list[str]:
    """What was told of attempts, in order."""
    found = house.office.facts(house.organisation, FactQuery(), limit=500)
    return [one.fact.kind.value for one in found if one.fact.attempt]


def reserved(house: House, store: FloorStore, due: DueContact) -> str:
    reserve = house.reserve(due)
    assert store.commit((reserve, house.in_call(due, reserve.attempt))).refused == {}
    return reserve.attempt


def ended(house: House, due: DueContact, attempt: str, place: int = 1) -> Kept:
    entry = w.SetEntry(due.campaign, due.contact, "closed", None, 1, closed_reason="done")
    return Kept(place, NOON, (house.finish(attempt), entry, house.fact(attempt, FactKind.FINAL)))


def test_a_journal_is_applied_once_however_often_it_is_told(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    attempt = reserved(house, store, due[0])
    kept = [ended(house, due[0], attempt)]
    assert store.apply(life_of(house), kept) == 1
    assert store.apply(life_of(house), kept) == 0
    assert kinds(house) == ["final"]
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "closed"


def test_what_a_commit_marked_is_not_applied_again(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    attempt = reserved(house, store, due[0])
    first = ended(house, due[0], attempt)
    store.commit((*first.writes, w.Journalled("life-1", 1)))
    later = w.SetEntry(due[0].campaign, due[0].contact, "fresh", None, 0)
    store.commit((later, w.Journalled("life-1", 2)))
    assert store.apply(life_of(house), [first, Kept(2, NOON, (later,))]) == 0
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "fresh"


def test_a_mark_never_goes_back(house: House, store: FloorStore) -> None:
    store.commit((w.Journalled("life-1", 5),))
    store.commit((w.Journalled("life-1", 3),))
    assert store.apply(life_of(house), [Kept(5, NOON, ()), Kept(6, NOON, ())]) == 1


def test_lines_out_of_order_are_applied_in_theirs(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    one, two = (
        Kept(place, NOON, (w.SetEntry(due[0].campaign, due[0].contact, state, NOON, 1),))
        for place, state in ((1, "due"), (2, "callback"))
    )
    assert store.apply(life_of(house), [two, one]) == 2
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "callback"


def test_a_late_journal_that_ends_a_call_lets_its_contact_go_and_decides_nothing_more(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    attempt = reserved(house, store, due[0])
    early = w.SetEntry(due[0].campaign, due[0].contact, "due", NOON, 1)
    stop = w.SetCampaignState(due[0].campaign, "completed", NOON)
    house.clock.go_on(seconds=7)
    assert house.store("second").load_floor(house.floor).open_attempts
    lines = [Kept(1, NOON, (early, stop)), ended(house, due[0], attempt, 2)]
    assert store.apply(life_of(house), lines[:1]) == 1
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "in_call"
    assert store.apply(life_of(house), lines) == 1
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "closed"
    campaign = house.office.campaign(house.organisation, due[0].campaign)
    assert campaign is not None
    assert campaign.state == "running"
    assert kinds(house) == ["final"]
    assert not house.store("second").load_floor(house.floor).open_attempts


def test_a_restored_database_takes_reservations_and_ends_of_lives_it_never_knew(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = replace(house.reserve(due[0]), fence=9)
    house.office.set_emergency_stop(house.organisation, NOON)
    lines = [
        Kept(1, NOON, (reserve, house.in_call(due[0], reserve.attempt))),
        ended(house, due[0], reserve.attempt, 2),
    ]
    assert store.apply(life_of(house, 9), lines, restored=True) == 2
    past = store.history(due[0].contact)
    assert [attempt.attempt for attempt in past] == [reserve.attempt]
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "closed"


def test_without_restoring_no_reservation_passes_a_stop(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.office.set_emergency_stop(house.organisation, NOON)
    store.apply(life_of(house), [Kept(1, NOON, (house.reserve(due[0]),))])
    assert not store.load_floor(house.floor).open_attempts


def test_a_line_that_breaks_a_rule_leaves_the_mark_where_it_was(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    stranger = replace(house.reserve(due[0]), contact="nobody", number_ref="other")
    with pytest.raises(InvalidRequest):
        store.apply(life_of(house), [Kept(1, NOON, (stranger,))], restored=True)
    assert store.apply(life_of(house), [Kept(1, NOON, ())], restored=True) == 1


def test_a_journal_needs_no_lease(house: House, due: list[DueContact]) -> None:
    house.clock.go_on(seconds=SPAN.total_seconds() + 1)
    stop = w.AddStop(due[0].number_ref, "asked", "key:9", None, NOON - timedelta(hours=1))
    store = house.another_store()
    assert store.apply(life_of(house), [Kept(1, NOON, (stop,))]) == 1
    assert [entry.number_ref for entry in house.office.stop_entries(house.organisation).items] == [
        due[0].number_ref
    ]


def test_a_commit_whose_answer_was_lost_is_not_made_again(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    old = w.SetEntry(due[0].campaign, due[0].contact, "closed", None, 1, closed_reason="done")
    new = w.SetEntry(due[0].campaign, due[0].contact, "fresh", None, 0)
    store.commit((old, w.Journalled("life-1", 1)))
    store.commit((new, w.Journalled("life-1", 2)))
    assert store.commit((old, w.Journalled("life-1", 1))).stale is False
    found = store.contact(due[0].campaign, due[0].contact)
    assert found is not None
    assert found.state == "fresh"
