"""What every store promises a floor: its lease, its writes, and what it reads."""

from datetime import timedelta

import pytest
from contract_house import SPAN, House, row

from vyzov.core.errors import InvalidRequest, StoreFault
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import DueContact, FloorStore
from vyzov.dialer.office_records import CallbackState, FactQuery, NewUser, Role

# ---- the lease -----------------------------------------------------------------------------------


def test_a_fence_grows_when_the_holder_changes(house: House) -> None:
    first, second = house.another_store(), house.another_store()
    now = house.clock.now
    assert first.take_lease(house.floor, "first", now, SPAN) == 1
    assert second.take_lease(house.floor, "second", now, SPAN) is None
    assert second.take_lease(house.floor, "second", now + SPAN, SPAN) == 2
    assert first.take_lease(house.floor, "first", now + SPAN, SPAN) is None


def test_a_holder_that_takes_its_lease_again_keeps_its_fence(house: House) -> None:
    store = house.store()
    assert store.take_lease(house.floor, "first", house.clock.now, SPAN) == 1


def test_a_lease_is_renewed_by_its_holder_only(house: House) -> None:
    first = house.store("first")
    late = house.clock.now + 2 * SPAN
    second = house.store("second", at=late)
    assert first.renew_lease(house.floor, "first", late, SPAN) is False
    assert second.renew_lease(house.floor, "second", late, SPAN) is True


def test_a_released_lease_is_free_at_once_and_its_fence_is_never_used_again(house: House) -> None:
    house.store("first").release_lease(house.floor, "first", house.clock.now)
    assert house.another_store().take_lease(house.floor, "second", house.clock.now, SPAN) == 2


def test_an_unknown_floor_is_a_fault_that_names_it(house: House) -> None:
    with pytest.raises(StoreFault, match="no floor nowhere"):
        house.another_store().take_lease("nowhere", "first", house.clock.now, SPAN)


def test_a_store_without_a_lease_serves_no_floor(house: House) -> None:
    store = house.another_store()
    with pytest.raises(StoreFault, match="without its lease"):
        store.load_floor(house.floor)
    with pytest.raises(StoreFault, match="without its lease"):
        store.commit(())


# ---- facts and the other writes ------------------------------------------------------------------


def test_a_fact_told_twice_is_one_fact(house: House, store: FloorStore) -> None:
    told = house.fact(None, FactKind.AGENT_SIGNED_IN, dedupe="anna:in:1")
    first = store.commit((told, told))
    assert len(first.seqs) == 1
    assert store.commit((told,)).seqs == ()


def test_facts_keep_their_order_and_everything_in_them(house: House, store: FloorStore) -> None:
    told = [
        house.fact(None, FactKind.DIGIT, dedupe=f"d{n}", data={"digit": str(n), "что": "да"})
        for n in range(5)
    ]
    result = store.commit(tuple(told))
    assert list(result.seqs) == sorted(result.seqs)
    kept = house.office.facts(house.organisation, FactQuery(kinds=("digit",)))
    assert [item.fact for item in kept] == [item.fact for item in told]
    assert {(item.floor_id, item.epoch) for item in kept} == {(house.floor, 1)}


def test_a_stale_floor_may_tell_what_happened_but_not_decide_what_becomes_of_contacts(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    store.commit((reserve, house.in_call(due[0], reserve.attempt)))
    house.clock.go_on(minutes=1)
    house.store("second")
    result = store.commit(
        (
            house.fact(reserve.attempt, FactKind.ANSWERED),
            w.SetEntry(due[0].campaign, due[0].contact, "closed", None, 9),
            w.SetCampaignState(due[0].campaign, "completed", house.clock.now),
            w.AddStop(due[0].number_ref, "key", "call", reserve.attempt, house.clock.now),
        )
    )
    assert result.stale
    assert len(result.seqs) == 1
    entry = store.contact(due[0].campaign, due[0].contact)
    assert entry is not None
    assert (entry.state, entry.attempts_made, entry.stop_listed) == ("in_call", 1, True)
    campaign = house.office.campaign(house.organisation, due[0].campaign)
    assert campaign is not None
    assert campaign.state == "running"
    kept = house.office.facts(house.organisation, FactQuery(kinds=("answered",)))
    assert [item.epoch for item in kept] == [1], "the late branch keeps the epoch it was seen under"


def test_a_stale_floor_that_ends_a_call_lets_its_contact_go(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    place = due[0].campaign, due[0].contact
    store.commit((reserve, house.in_call(due[0], reserve.attempt)))
    house.clock.go_on(minutes=1)
    house.store("second")
    later = house.clock.now + timedelta(hours=1)
    ends = (
        w.SetEntry(*place, "due", later, 1, last_outcome="busy"),
        house.finish(reserve.attempt, "busy"),
        w.SetEntry(*place, "closed", None, 1, last_outcome="busy", closed_reason="policy"),
    )
    assert store.commit(ends).stale
    entry = store.contact(*place)
    assert entry is not None
    assert (entry.state, entry.last_outcome) == ("closed", "busy")
    store.commit((w.SetEntry(*place, "due", later, 1),))
    entry = store.contact(*place)
    assert entry is not None
    assert entry.state == "closed", "what it thinks of it afterwards is nobody's business"


def test_a_stale_floor_takes_no_contact_out_of_a_later_call(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    place = due[0].campaign, due[0].contact
    store.commit((reserve, house.in_call(due[0], reserve.attempt)))
    house.clock.go_on(minutes=1)
    second = house.store("second")
    second.commit((house.finish(reserve.attempt), w.SetEntry(*place, "due", None, 1)))
    again = house.reserve(due[0], attempt="again", number=2, fence=2)
    assert house.refusal(second, again) is None
    second.commit((w.SetEntry(*place, "in_call", None, 2),))
    store.commit((house.finish(reserve.attempt, "busy"), w.SetEntry(*place, "closed", None, 1)))
    entry = second.contact(*place)
    assert entry is not None
    assert (entry.state, entry.attempts_made) == ("in_call", 2)


def test_a_batch_that_breaks_a_rule_of_the_tables_is_written_in_no_part(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    broken = (
        house.fact(None, FactKind.DIGIT, dedupe="kept-out"),
        w.AddCallback(
            "c1", "no-such-campaign", due[0].contact, house.clock.now, None, house.clock.now
        ),
    )
    with pytest.raises(InvalidRequest, match="breaks a rule of the tables"):
        store.commit(broken)
    assert house.office.facts(house.organisation, FactQuery(kinds=("digit",))) == ()
    assert house.refusal(store, house.reserve(due[0])) is None, "the store goes on working"


def test_a_number_stopped_twice_is_stopped_once(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    stop = w.AddStop(due[0].number_ref, "key", "call", None, house.clock.now)
    store.commit((stop, stop))
    items = house.office.stop_entries(house.organisation).items
    assert [(item.number_ref, item.e164) for item in items] == [(due[0].number_ref, due[0].e164)]


def test_a_second_promise_replaces_the_first_and_a_kept_one_does_not_come_back(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    at = house.clock.now
    campaign, contact = due[0].campaign, due[0].contact
    first = w.AddCallback("c1", campaign, contact, at + timedelta(hours=1), None, at)
    second = w.AddCallback("c2", campaign, contact, at + timedelta(hours=2), "anna", at)
    store.commit((first, second))
    states = {
        item.id: item.state for item in house.office.callbacks(house.organisation, state=None)
    }
    assert states == {"c1": CallbackState.CANCELLED, "c2": CallbackState.OPEN}
    store.commit((w.CloseCallback(campaign, contact, "kept", at),))
    store.commit((second,))
    assert house.office.callbacks(house.organisation) == ()


def test_a_result_saved_twice_is_one_and_another_result_undoes_it(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    at = house.clock.now
    first = w.AddDisposition("d1", reserve.attempt, due[0].contact, "anna", "sale", at, {"a": "б"})
    store.commit((reserve, first))
    store.commit((first,))
    later = house.clock.go_on(seconds=5)
    store.commit((w.AddDisposition("d2", reserve.attempt, due[0].contact, "anna", "no", later),))
    store.commit((first,))
    kept = house.office.dispositions(house.organisation, reserve.attempt)
    assert [(item.id, item.undone_at is None) for item in kept] == [("d1", False), ("d2", True)]
    assert kept[0].fields == {"a": "б"}
    store.commit((w.UndoDisposition(reserve.attempt, later),))
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert attempt.result is None


def test_a_recording_is_found_by_its_attempt(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    reserve = house.reserve(due[0])
    saved = w.AddRecording("r1", reserve.attempt, "a/b.wav", 12.5, 99, "ff", house.clock.now)
    store.commit((reserve, saved))
    store.commit((saved,))
    found = house.office.recordings(house.organisation, attempt_id=reserve.attempt)
    assert [(item.path, item.seconds, item.bytes) for item in found] == [("a/b.wav", 12.5, 99)]
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert attempt.recording_id == "r1"


def test_notes_fields_and_stage_stand_on_the_card(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    contact = due[0].contact
    store.commit(
        (
            w.SetNote(contact, "Перезвонить"),
            w.SetField(contact, "plan", "M"),
            w.SetField(contact, "gone", "x"),
            w.SetField(contact, "gone", ""),
            w.SetField("nobody", "plan", "M"),
            w.SetStage(contact, "offer", "warm"),
        )
    )
    card = house.office.contact(house.organisation, contact)
    assert card is not None
    assert (card.note, card.fields) == ("Перезвонить", {"plan": "M"})
    assert (card.stage, card.temperature) == ("offer", "warm")


# ---- reads ---------------------------------------------------------------------------------------


def test_due_contacts_come_in_calling_order(house: House, store: FloorStore) -> None:
    campaign = house.campaign([row(n) for n in range(2, 9)]).id
    fresh = house.due(store, campaign)
    at = house.clock.now
    minute = timedelta(minutes=1)

    def entry(index: int, state: str, due_at: object) -> w.SetEntry:
        return w.SetEntry(campaign, fresh[index].contact, state, due_at, 1)  # type: ignore[arg-type]

    store.commit(
        (
            entry(0, "due", at - minute),
            entry(1, "due", at - 2 * minute),
            entry(2, "callback", at),
            entry(3, "callback", at + minute),
            entry(4, "closed", None),
        )
    )
    ordered = [item.contact for item in house.due(store, campaign)]
    assert ordered == [fresh[index].contact for index in (2, 1, 0, 5, 6)]
    assert store.next_due(campaign, at) == at + minute
    passed = {fresh[2].contact, fresh[1].contact}
    assert [item.contact for item in store.due(campaign, at, 2, passed)] == [
        fresh[0].contact,
        fresh[5].contact,
    ]
    counts = store.counts(campaign, house.clock.now)
    assert (counts.total, counts.fresh, counts.due, counts.callback) == (7, 2, 2, 2)
    assert (counts.closed, counts.in_call, counts.attempts) == (1, 0, 0)


def test_nothing_waits_in_a_campaign_of_fresh_contacts(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    assert store.next_due(due[0].campaign, house.clock.now) is None


def test_a_due_contact_says_all_that_permission_and_the_desk_need(
    house: House, store: FloorStore
) -> None:
    rows = [row(417, "+70005550417", "+70005550418", name="Анна Ветрова", plan="M")]
    campaign = house.campaign(rows).id
    due = house.due(store, campaign)[0]
    assert (due.name, due.fields, due.row, due.file_name) == (
        "Анна Ветрова",
        {"plan": "M"},
        417,
        "clients.csv",
    )
    assert (due.e164, due.zones, due.country) == ("+70005550417", ("Europe/Moscow",), "RU")
    assert due.number_ref == house.office.number_ref(house.organisation, due.e164)
    assert [phone.e164 for phone in due.phones] == ["+70005550417", "+70005550418"]
    store.commit((w.SetEntry(campaign, due.contact, "due", house.clock.now, 1, phone_position=1),))
    assert house.due(store, campaign)[0].e164 == "+70005550418"
    store.commit((w.SetEntry(campaign, due.contact, "due", house.clock.now, 2, phone_position=2),))
    assert house.due(store, campaign)[0].e164 == "+70005550417", "the turn starts over"


def test_a_contact_without_a_number_is_never_due(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    house.office.erase_contact(house.organisation, due[0].contact)
    assert due[0].contact not in {item.contact for item in house.due(store, due[0].campaign)}
    assert store.contact(due[0].campaign, due[0].contact) is None


def test_a_floor_begins_with_all_that_was_open(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    anna = house.office.create_user(
        house.organisation, NewUser("anna", "Anna", Role.OPERATOR, "hash")
    )
    house.office.create_user(house.organisation, NewUser("buyer", "B", Role.CUSTOMER, "hash"))
    at = house.clock.now
    ringing, talked, lost = (house.reserve(item) for item in due[:3])
    talk = {"answered_at": at, "bridged_at": at, "ended_at": at, "agent": anna.id}
    store.commit(
        (
            ringing,
            w.MarkOriginated(ringing.attempt, at),
            talked,
            house.finish(talked.attempt, "answered_human", **talk),
            lost,
            house.finish(lost.attempt, "abandoned", answered_at=at),
            w.SetWish(anna.id, "ready", "", at),
            w.SetWish(anna.id, "pause", "lunch", at),
        )
    )
    state = store.load_floor(house.floor)
    assert state.organisation.id == house.organisation
    assert [(item.state, item.version) for item in state.campaigns] == [("running", 1)]
    assert [item.id for item in state.open_attempts] == [ringing.attempt]
    opened = state.open_attempts[0]
    assert (opened.state, opened.fence, opened.verdict) == ("originated", 1, {"allowed": True})
    assert opened.due is not None
    assert opened.due.e164 == due[0].e164
    assert [(item.attempt, item.agent) for item in state.undisposed] == [(talked.attempt, anna.id)]
    agents = {item.id: item for item in state.agents}
    assert set(agents) == {anna.id, house.administrator}
    assert (agents[anna.id].wish, agents[anna.id].wish_reason) == ("pause", "lunch")
    assert agents[house.administrator].wish == "offline"
    days = state.abandonment[due[0].campaign]
    assert [(day.abandoned, day.answered) for day in days] == [(1, 2)]
    assert store.history(due[1].contact)[0].outcome == "answered_human"


def test_a_result_or_ten_minutes_end_the_wait_for_one(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    at = house.clock.now
    talk = {"answered_at": at, "bridged_at": at, "ended_at": at, "agent": "anna"}
    first, second = house.reserve(due[0]), house.reserve(due[1])
    store.commit(
        (
            first,
            house.finish(first.attempt, "answered_human", **talk),
            w.AddDisposition("d", first.attempt, due[0].contact, "anna", "sale", at),
            second,
            house.finish(second.attempt, "answered_human", **talk),
        )
    )
    assert [item.attempt for item in store.load_floor(house.floor).undisposed] == [second.attempt]
    store.renew_lease(house.floor, "first", at + timedelta(minutes=11), SPAN)
    assert store.load_floor(house.floor).undisposed == ()


def test_abandonment_older_than_thirty_days_is_forgotten(
    house: House, store: FloorStore, due: list[DueContact]
) -> None:
    at = house.clock.now
    reserve = house.reserve(due[0])
    store.commit((reserve, house.finish(reserve.attempt, "abandoned", ended_at=at)))
    store.renew_lease(house.floor, "first", at + timedelta(days=31), SPAN)
    assert store.load_floor(house.floor).abandonment == {}


def test_a_floor_begins_with_what_its_last_life_saw_of_the_clocks(house: House) -> None:
    first = house.store("first")
    assert first.load_floor(house.floor).clocks is None

    def tell(store: FloorStore, kind: FactKind, mono_s: int, **data: float) -> None:
        store.commit((house.fact(None, kind, monotonic_ns=mono_s * 10**9, data=data,
                                 dedupe=f"clock:{mono_s}"),))  # fmt: skip

    tell(first, FactKind.AGENT_STATE, 10)
    clocks = first.load_floor(house.floor).clocks
    assert clocks is not None
    assert (clocks.last.mono, clocks.last.clock, clocks.step) == (10.0, "boot:1", None)
    assert clocks.last.utc == house.clock.now
    tell(first, FactKind.CLOCK_STEPPED, 11, step_s=-30.5)
    tell(first, FactKind.AGENT_STATE, 12)
    second = house.store("second", at=house.clock.now + 2 * SPAN)
    clocks = second.load_floor(house.floor).clocks
    assert clocks is not None
    assert clocks.step is not None
    assert (clocks.last.mono, clocks.step.mono, clocks.step_s) == (12.0, 11.0, -30.5)
    tell(second, FactKind.CLOCK_TRUSTED, 90)
    clocks = second.load_floor(house.floor).clocks
    assert clocks is not None
    assert (clocks.last.mono, clocks.step) == (90.0, None)
