"""Cards changed by hand, and promises moved or taken back, as the tables and the floor see it."""

from datetime import timedelta

import pytest
from contract_house import NOON, House, row

from vyzov.core.callback import Promise
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.dialer import writes as w
from vyzov.dialer.audit_records import Actor, AuditQuery
from vyzov.dialer.contact_edits import CallbackQuery, CancelReason, ContactChange, card_tag
from vyzov.dialer.office_records import CallbackState, ContactCard, FactQuery, ImportPhone
from vyzov.storage.office_contact_edits import CANCELLED

OMSK = ImportPhone("+70005550177", "RU", ("Asia/Omsk",))


def card_of(house: House, name: str) -> ContactCard:
    (card,) = house.office.contacts(house.organisation, search=name).items
    return card


def change(house: House, card: ContactCard, **what: object) -> bool:
    return house.office.change_contact(
        house.organisation, card.id, ContactChange(**what), if_tag=card_tag(card)  # type: ignore[arg-type]
    )  # fmt: skip


def phone(e164: str) -> ImportPhone:
    return ImportPhone(e164, "RU", ("Europe/Moscow",))


# ---- cards ---------------------------------------------------------------------------------------


def test_a_card_is_changed_once_for_each_look_at_it(house: House) -> None:
    house.list_of([row(2, name="Вера Пример", plan="M")])
    card = card_of(house, "вера")
    assert change(house, card, name="Вера Новая", note="Ждёт письма", fields={"plan": "L"})
    assert not change(house, card, name="Кто-то ещё"), "somebody was quicker"
    after = card_of(house, "НОВАЯ")
    assert (after.name, after.note, after.fields) == ("Вера Новая", "Ждёт письма", {"plan": "L"})
    assert card_tag(after) != card_tag(card)


def test_the_log_tells_who_changed_what_on_a_card(house: House) -> None:
    house.list_of([row(2, "+70005550101", name="Вера", plan="M")])
    card = card_of(house, "Вера")
    office = house.office.acting(Actor(house.administrator))
    asked = ContactChange(fields={"plan": "L"}, phones=(OMSK, phone("+70005550101")))
    assert office.change_contact(house.organisation, card.id, asked, if_tag=card_tag(card))
    query = AuditQuery(kind="contact", object_id=card.id)
    told = house.office.audit_entries(house.organisation, query).items[0]
    assert told.by == house.administrator
    assert (told.before["fields.plan"], told.after["fields.plan"]) == ("M", "L")
    assert OMSK.e164 in told.after.values()


def test_new_numbers_are_dialled_and_the_next_one_stays_the_next(house: House) -> None:
    first, second = "+70005550101", "+70005550102"
    campaign = house.campaign([row(2, first, second, name="Вера")])
    store = house.store()
    (due,) = house.due(store, campaign.id)
    place = w.SetEntry(campaign.id, due.contact, "due", NOON, 1, phone_position=1)
    store.commit((place,))
    card = card_of(house, "Вера")
    assert change(house, card, phones=(OMSK, phone(second)))
    (due,) = house.due(store, campaign.id)
    assert (due.e164, due.zones) == (second, ("Europe/Moscow",)), "the zones it was listed with"
    assert change(house, card_of(house, "Вера"), phones=(OMSK,))
    (due,) = house.due(store, campaign.id)
    assert (due.e164, due.zones) == (OMSK.e164, OMSK.zones)
    assert house.refusal(store, house.reserve(due)) is None


def test_numbers_of_somebody_in_a_call_do_not_change(house: House) -> None:
    campaign = house.campaign([row(2, name="Вера")])
    store = house.store()
    (due,) = house.due(store, campaign.id)
    store.commit((house.reserve(due, attempt="a-1"), house.in_call(due, "a-1")))
    card = card_of(house, "Вера")
    with pytest.raises(InvalidRequest, match="right now"):
        change(house, card, phones=(OMSK,))
    assert [one.e164 for one in card_of(house, "Вера").phones] == [due.e164]
    assert change(house, card, note="Говорим"), "the rest may"


def test_a_consent_taken_back_no_longer_stands(house: House) -> None:
    house.list_of([row(2, name="Вера")])
    card = card_of(house, "Вера")
    house.clock.go_on(hours=1)
    assert house.office.revoke_consents(house.organisation, card.id) == 0
    assert not any(one.covers("service", house.clock.now) for one in card.consents)


# ---- promises ------------------------------------------------------------------------------------


def promised(house: House) -> tuple[str, str]:
    """A campaign and a contact of it that waits for a call promised by Ann in an hour."""
    campaign = house.campaign([row(2, name="Вера")])
    store = house.store()
    (due,) = house.due(store, campaign.id)
    at = house.clock.now + timedelta(hours=1)
    store.commit((
        w.AddCallback("c1", campaign.id, due.contact, at, "ann", house.clock.now),
        w.SetEntry(campaign.id, due.contact, "callback", at, 1, callback_agent="ann"),
    ))  # fmt: skip
    return campaign.id, due.contact


def facts(house: House, kind: FactKind) -> list[dict[str, object]]:
    found = house.office.facts(house.organisation, FactQuery(kinds=(kind.value,)))
    return [dict(one.fact.data) for one in found]


def test_a_promise_that_is_moved_is_kept_at_its_new_hour_by_its_new_owner(house: House) -> None:
    campaign, contact = promised(house)
    later = house.clock.now + timedelta(hours=3)
    assert house.office.move_callback(house.organisation, "c1", Promise(later, "bob"))
    one = house.office.callback(house.organisation, "c1")
    assert one is not None
    assert (one.due_at, one.agent_id, one.state) == (later, "bob", CallbackState.OPEN)
    (entry,) = house.office.contact_entries(house.organisation, contact)
    assert (entry.state, entry.next_due_at, entry.callback_agent) == ("callback", later, "bob")
    assert facts(house, FactKind.CALLBACK_PROMISED)[-1]["agent"] == "bob"
    store = house.store("second", house.clock.go_on(hours=2))
    assert house.due(store, campaign) == []
    house.clock.go_on(hours=2)
    assert [due.contact for due in house.due(store, campaign)] == [contact]


def test_a_promise_taken_back_closes_the_contact_and_says_why(house: House) -> None:
    campaign, contact = promised(house)
    office = house.office
    assert office.cancel_callback(house.organisation, "c1", CancelReason.ASKED)
    one = office.callback(house.organisation, "c1")
    assert one is not None
    assert (one.state, one.reason) == (CallbackState.CANCELLED, "asked")
    (entry,) = office.contact_entries(house.organisation, contact)
    assert (entry.state, entry.closed_reason, entry.next_due_at) == ("closed", CANCELLED, None)
    progress = office.campaign_progress(house.organisation, campaign)
    assert progress is not None
    assert (progress.callback, progress.closed) == (0, 1)
    assert facts(house, FactKind.CONTACT_CLOSED)[-1] == {"reason": CANCELLED}
    assert not office.cancel_callback(house.organisation, "c1", CancelReason.ASKED), "it is over"
    assert not office.move_callback(house.organisation, "c1", Promise(NOON, None))


def test_a_promise_is_left_alone_once_its_contact_is_in_a_call(house: House) -> None:
    campaign, contact = promised(house)
    store = house.store("second", house.clock.go_on(hours=2))
    store.commit((w.SetEntry(campaign, contact, "in_call", None, 2, callback_agent="ann"),))
    assert not house.office.move_callback(house.organisation, "c1", Promise(NOON, None))
    assert not house.office.cancel_callback(house.organisation, "c1", CancelReason.OTHER)
    one = house.office.callback(house.organisation, "c1")
    assert one is not None
    assert one.state is CallbackState.OPEN


def test_promises_are_counted_by_how_they_ended(house: House) -> None:
    campaign, contact = promised(house)
    counts = house.office.callback_counts(house.organisation, CallbackQuery())
    assert (counts.open, counts.late, counts.kept) == (1, 0, 0)
    house.clock.go_on(hours=2)
    assert house.office.callback_counts(house.organisation, CallbackQuery()).late == 1
    store = house.store("second")
    store.commit((w.CloseCallback(campaign, contact, "kept", house.clock.now),))
    counts = house.office.callback_counts(house.organisation, CallbackQuery(agent_id="ann"))
    assert (counts.open, counts.late, counts.kept, counts.missed) == (0, 0, 1, 0)
    nobody = CallbackQuery(agent_id="bob")
    assert house.office.callback_counts(house.organisation, nobody).kept == 0
    span = CallbackQuery(since=NOON, until=NOON + timedelta(hours=2))
    assert len(house.office.callbacks_of(house.organisation, span, limit=9)) == 1
    assert house.office.callbacks_of(house.organisation, CallbackQuery(until=NOON), limit=9) == ()
