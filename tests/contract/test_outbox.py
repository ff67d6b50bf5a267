"""The outbox: written with what it tells of, shared out, in order, at least once, and forgotten."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from contract_house import House

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.webhook import HookEvent, event_id
from vyzov.dialer import writes as w
from vyzov.dialer.leads import Lead
from vyzov.dialer.webhooks import (
    OLD_SECRET_LASTS,
    WEBHOOKS_MOST,
    DeliveryState,
    Due,
    NewWebhook,
    OffReason,
    Receiver,
    Settled,
)
from vyzov.storage.connections import open_engine
from vyzov.storage.office_webhooks import Webhooks
from vyzov.storage.outbox import Outbox
from vyzov.storage.tables_webhooks import outbox

SPAN = timedelta(seconds=15)
EVERY = tuple(HookEvent)


class Office(Webhooks, Outbox):
    """The two topics this is about."""


@pytest.fixture
def office(house: House) -> Iterator[Office]:
    opened = Office(house.address, clock=house.clock, randomness=house.dice)
    yield opened
    opened.close()


def hook(office: Office, house: House, *events: HookEvent, with_person: bool = False) -> str:
    new = NewWebhook("CRM", "https://crm.example.org/in", events or EVERY, with_person)
    return office.create_webhook(house.organisation, new, "whsec_b25l").id


def told(house: House) -> list[tuple[str, str]]:
    engine = open_engine(house.address, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(outbox.c.event, outbox.c.dedupe).order_by(outbox.c.number)
        ).all()
    engine.dispose()
    return [(row.event, row.dedupe) for row in rows]


def finals(house: House, *names: str, contact: str = "c1") -> tuple[w.AppendFact, ...]:
    return tuple(
        house.fact(None, FactKind.FINAL, dedupe=name, contact=contact, data={"outcome": "busy"})
        for name in names
    )


def turn(
    office: Office, house: House, *settled: Settled, holder: str = "w1"
) -> tuple[Receiver, ...]:
    found = office.worker_turn(house.organisation, holder, SPAN, settled)
    assert found.held
    return found.receivers


def due(office: Office, house: House, *settled: Settled) -> list[Due]:
    return [
        one
        for receiver in turn(office, house, *settled)
        for one in office.due_deliveries(house.organisation, receiver, 100)
    ]


def came(house: House, one: Due, status: int = 200, **other: object) -> Settled:
    values: dict[str, object] = {"error": "", "delivered": status < 300, **other}
    return Settled(one.webhook, one.number, house.clock.now, 7, status, **values)  # type: ignore[arg-type]


def test_nothing_is_written_where_nobody_listens(house: House, office: Office) -> None:
    house.store().commit(finals(house, "a"))
    made = hook(office, house)
    off = NewWebhook("CRM", "https://crm.example.org/in", EVERY, active=False)
    office.change_webhook(house.organisation, made, off)
    house.store("first").commit(finals(house, "b"))
    assert told(house) == []


def test_an_event_stands_in_the_outbox_with_its_fact_and_once(house: House, office: Office) -> None:
    hook(office, house)
    store = house.store()
    batch = (*finals(house, "a", "b"), house.fact(None, FactKind.DIGIT, dedupe="key"))
    store.commit(batch)
    store.commit(batch)
    assert told(house) == [("attempt.finished", "a"), ("attempt.finished", "b")]


def test_a_batch_that_is_not_committed_tells_nothing(house: House, office: Office) -> None:
    hook(office, house)
    broken = w.AddCallback("p", "nobody", "c1", house.clock.now, None, house.clock.now)
    with pytest.raises(InvalidRequest):
        house.store().commit((*finals(house, "a"), broken))
    assert told(house) == []


def test_what_the_office_does_is_told_too(house: House, office: Office) -> None:
    hook(office, house)
    made = house.office.add_stop(
        house.organisation, "+70005550101", reason="asked", source="office"
    )
    house.office.lift_stop(house.organisation, made.id)
    assert [event for event, _ in told(house)] == ["stop_list.added", "stop_list.lifted"]


@pytest.mark.parametrize("end", ["kept", "missed", "cancelled"])
def test_a_promise_tells_how_it_ended_and_once(house: House, office: Office, end: str) -> None:
    campaign = house.campaign()
    hook(office, house)
    store = house.store()
    [one, *_] = house.due(store, campaign.id)
    later = house.clock.now + timedelta(hours=1)
    store.commit((w.AddCallback("p1", campaign.id, one.contact, later, None, house.clock.now),))
    over = w.CloseCallback(campaign.id, one.contact, end, house.clock.now)
    store.commit((over,))
    store.commit((over,))
    assert told(house) == [(f"callback.{end}", f"callback:p1:{end}")]
    [promise] = due(office, house)
    assert promise.contact == one.contact
    assert promise.data["due_at"].startswith("2026-11-23T13:00")


def test_a_lead_a_program_brought_is_told_with_its_contact(house: House, office: Office) -> None:
    campaign = house.campaign()
    hook(office, house)
    lead = Lead(("+12025550117",), "Vera")
    made = house.office.add_lead(house.organisation, campaign.id, lead, lead.judged())
    assert made is not None
    [one] = due(office, house)
    assert (one.event, one.contact) == (HookEvent.LEAD_ACCEPTED, made.contact)


def test_each_webhook_is_told_what_it_wants(house: House, office: Office) -> None:
    all_of_it, results = hook(office, house), hook(office, house, HookEvent.RESULT_SAVED)
    house.store().commit(
        (*finals(house, "a"), house.fact(None, FactKind.DISPOSED, dedupe="d", contact="c1"))
    )
    found = {(one.webhook, one.event) for one in due(office, house)}
    assert found == {
        (all_of_it, HookEvent.ATTEMPT_FINISHED),
        (results, HookEvent.RESULT_SAVED),
    }


def test_what_happened_before_a_webhook_was_switched_off_waits_for_it(
    house: House, office: Office
) -> None:
    made = hook(office, house)
    turn(office, house)
    house.store().commit(finals(house, "a", "b"))
    change = NewWebhook("CRM", "https://crm.example.org/in", EVERY, active=False)
    office.change_webhook(house.organisation, made, change)
    house.store("first").commit(finals(house, "c"))
    assert due(office, house) == [], "it is off"
    on = NewWebhook("CRM", "https://crm.example.org/in", EVERY)
    office.change_webhook(house.organisation, made, on)
    assert [one.event_id for one in due(office, house)] == [event_id(house.organisation, "a")], (
        "b waits for a, its contact's earlier event"
    )


def test_an_event_that_comes_while_a_receiver_is_let_go_waits_for_it_too(
    house: House, office: Office
) -> None:
    made = hook(office, house)
    store = house.store()
    store.commit(finals(house, "a"))
    [first] = due(office, house)
    store.commit(finals(house, "b", contact="c2"))
    gone = came(house, first, 410, error="status", next_at=house.clock.now, off=OffReason.GONE)
    assert turn(office, house, gone) == ()
    on = NewWebhook("CRM", "https://crm.example.org/in", EVERY)
    office.change_webhook(house.organisation, made, on)
    assert {one.event_id for one in due(office, house)} == {
        event_id(house.organisation, name) for name in ("a", "b")
    }


def test_of_a_contact_the_next_waits_for_the_one_before(house: House, office: Office) -> None:
    hook(office, house)
    store = house.store()
    store.commit((*finals(house, "a", "b"), *finals(house, "x", contact="c2")))
    first, other = due(office, house)
    assert [first.contact, other.contact] == ["c1", "c2"]
    later = house.clock.now + timedelta(seconds=5)
    failed = came(house, first, 500, next_at=later)
    assert due(office, house, failed, came(house, other)) == []
    house.clock.go_on(seconds=5)
    [again] = due(office, house)
    assert (again.number, again.tries, again.event_id) == (first.number, 1, first.event_id)
    [second] = due(office, house, came(house, again))
    assert second.event_id == event_id(house.organisation, "b")


def test_what_was_not_noted_is_due_again_under_the_same_id(house: House, office: Office) -> None:
    hook(office, house)
    house.store().commit(finals(house, "a"))
    [before] = due(office, house)
    [after] = due(office, house)
    assert before == after


def test_one_that_is_given_up_lets_the_next_of_its_contact_go(house: House, office: Office) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a", "b"))
    [first] = due(office, house)
    [second] = due(office, house, came(house, first, 400))
    assert second.number > first.number
    [given_up] = office.deliveries(house.organisation, made, state=DeliveryState.GIVEN_UP).items
    assert (given_up.status, given_up.tries) == (400, 1)


def test_a_worker_that_lives_keeps_others_out_until_its_lease_ends(
    house: House, office: Office
) -> None:
    hook(office, house)
    turn(office, house)
    assert not office.worker_turn(house.organisation, "w2", SPAN, ()).held
    house.clock.go_on(seconds=14)
    turn(office, house)
    house.clock.go_on(seconds=14)
    assert not office.worker_turn(house.organisation, "w2", SPAN, ()).held
    office.release_worker(house.organisation, "w1")
    assert office.worker_turn(house.organisation, "w2", SPAN, ()).held
    house.clock.go_on(seconds=15)
    turn(office, house)


def test_a_turn_with_nothing_new_writes_nothing(house: House, office: Office) -> None:
    hook(office, house)
    turn(office, house)
    before = house.dump()
    house.clock.go_on(seconds=1)
    turn(office, house)
    assert house.dump() == before


def test_a_failing_receiver_is_known_since_when_until_one_success(
    house: House, office: Office
) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a"))
    [one] = due(office, house)
    began = house.clock.now
    due(office, house, came(house, one, 500, next_at=began))
    house.clock.go_on(hours=1)
    [one] = due(office, house)
    [receiver] = turn(office, house, came(house, one, 500, next_at=house.clock.now))
    assert receiver.failing_since == began
    [one] = due(office, house)
    [receiver] = turn(office, house, came(house, one))
    assert receiver.failing_since is None
    tries = office.delivery_tries(house.organisation, made, one.number)
    assert [one.status for one in tries] == [500, 500, 200]


def test_a_dead_receiver_is_off_until_somebody_switches_it_on(house: House, office: Office) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a"))
    [one] = due(office, house)
    later = house.clock.now + timedelta(hours=9)
    assert due(office, house, came(house, one, 500, next_at=later, off=OffReason.DEAD)) == []
    found = office.webhook(house.organisation, made)
    assert found is not None
    assert (found.settings.active, found.off_reason, found.waiting) == (False, OffReason.DEAD, 1)
    office.change_webhook(
        house.organisation, made, NewWebhook("CRM", "https://other.example.org/", EVERY)
    )
    [receiver] = turn(office, house)
    assert (receiver.failing_since, receiver.url) == (None, "https://other.example.org/")
    [again] = due(office, house)
    assert (again.number, again.tries) == (one.number, 0)


def test_a_person_is_told_where_the_webhook_asks_and_never_after_they_were_erased(
    house: House, office: Office
) -> None:
    campaign = house.campaign()
    hook(office, house, with_person=True)
    plain = hook(office, house)
    store = house.store()
    [one, *_] = house.due(store, campaign.id)
    store.commit(finals(house, "a", contact=one.contact))
    card = house.office.contact(house.organisation, one.contact)
    assert card is not None
    people = {found.webhook == plain: found.person for found in due(office, house)}
    assert people[True] is None
    assert people[False] is not None
    assert people[False]["name"] == card.name
    assert people[False]["numbers"] == [one.e164]
    house.office.erase_contact(house.organisation, one.contact, by="u")
    assert [found.person for found in due(office, house)] == [None, None]


def test_an_old_secret_signs_for_a_day(house: House, office: Office) -> None:
    made = hook(office, house)
    office.renew_webhook_secret(house.organisation, made, "whsec_dHdv")
    [receiver] = turn(office, house)
    assert receiver.secrets == ("whsec_dHdv", "whsec_b25l")
    house.clock.go_on(seconds=OLD_SECRET_LASTS.total_seconds())
    [receiver] = turn(office, house)
    assert receiver.secrets == ("whsec_dHdv",)


def test_a_test_goes_to_its_webhook_alone(house: House, office: Office) -> None:
    made, other = hook(office, house), hook(office, house)
    number = office.test_webhook(house.organisation, made)
    [one] = due(office, house)
    assert (one.webhook, one.event, one.number) == (made, HookEvent.TEST, number)
    assert office.replay_deliveries(house.organisation, other, number=number) == 0
    assert office.test_webhook(house.organisation, "nobody") is None


def test_events_are_told_again_one_or_all_of_a_time(house: House, office: Office) -> None:
    made = hook(office, house)
    store = house.store()
    began = house.clock.now
    store.commit(finals(house, "a"))
    house.clock.go_on(minutes=1)
    store = house.store("first")
    store.commit((*finals(house, "b", contact="c2"),))
    first, second = due(office, house)
    assert due(office, house, came(house, first), came(house, second, 400)) == []
    late = hook(office, house)

    def again(hook_id: str, **which: object) -> list[str]:
        office.replay_deliveries(house.organisation, hook_id, **which)  # type: ignore[arg-type]
        found = due(office, house)
        due(office, house, *(came(house, one) for one in found))
        assert {one.webhook for one in found} <= {hook_id}
        return [one.event_id for one in found]

    assert again(made, failed_only=True) == [second.event_id]
    assert again(made, number=first.number) == [first.event_id]
    assert again(made, since=began, until=house.clock.now) == [first.event_id]
    # One that was made later may be told of what the outbox still keeps.
    assert again(late, since=began) == [first.event_id, second.event_id]
    assert again(made, number=999_999) == []


def test_old_events_are_forgotten_with_all_that_became_of_them(
    house: House, office: Office
) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a"))
    [one] = due(office, house)
    due(office, house, came(house, one))
    now = house.clock.now
    assert office.forget_deliveries(house.organisation, now, 10) == 0
    assert office.forget_deliveries(house.organisation, now + timedelta(seconds=1), 10) == 1
    assert office.deliveries(house.organisation, made).items == ()
    assert office.delivery_tries(house.organisation, made, one.number) == ()
    assert told(house) == []


def test_a_webhook_that_was_removed_in_flight_leaves_nothing(house: House, office: Office) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a"))
    [one] = due(office, house)
    assert office.delete_webhook(house.organisation, made) is not None
    assert due(office, house, came(house, one)) == []
    assert office.webhooks(house.organisation) == ()


def test_the_log_is_read_in_pages_latest_first(house: House, office: Office) -> None:
    made = hook(office, house)
    house.store().commit(finals(house, "a", "b", "c"))
    turn(office, house)
    page = office.deliveries(house.organisation, made, limit=2)
    rest = office.deliveries(house.organisation, made, limit=2, cursor=page.next)
    numbers = [one.number for one in (*page.items, *rest.items)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 3
    assert rest.next is None


def test_webhooks_are_bounded(house: House, office: Office) -> None:
    for _ in range(WEBHOOKS_MOST):
        hook(office, house)
    with pytest.raises(InvalidRequest, match="already"):
        hook(office, house)
