"""What every store promises of consent: it is kept with its source, and asked at the dial instant."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from contract_house import NOON, House, row

from vyzov.dialer.floor_store import FloorStore
from vyzov.dialer.office_records import ConsentRecord, ImportConsent, ImportedRow

LAST_YEAR = datetime(2025, 3, 9, tzinfo=UTC)


def people() -> list[ImportedRow]:
    """Said yes; said when; says from the day after tomorrow; says nothing."""
    later = date(2026, 11, 25)
    given = [ImportConsent(), ImportConsent(date(2025, 3, 9)), ImportConsent(later), None]
    return [replace(row(n), consent=one) for n, one in enumerate(given, 2)]


def agreed(store: FloorStore, campaign: str, now: datetime = NOON) -> list[int]:
    """The rows of those whom a robot may call."""
    return [one.row for one in store.due(campaign, now, 10, ()) if one.consent]


def test_an_imported_consent_stands_with_its_file_row_and_day(house: House) -> None:
    listed = house.list_of(people())
    cards = house.office.contacts(house.organisation, list_id=listed).items
    assert [card.consents for card in cards[:2]] == [
        (ConsentRecord("any", "clients.csv:2", NOON, None),),
        (ConsentRecord("any", "clients.csv:3", LAST_YEAR, None),),
    ]
    assert cards[3].consents == ()
    found = house.office.contact(house.organisation, cards[1].id)
    assert found is not None
    assert found.consents == cards[1].consents


def test_the_floor_is_told_who_agreed(house: House) -> None:
    campaign = house.campaign(people()).id
    store = house.store()
    assert agreed(store, campaign) == [2, 3]
    assert agreed(store, campaign, NOON + timedelta(days=2)) == [2, 3, 4]
    [third] = [one for one in store.due(campaign, NOON, 10, ()) if one.row == 4]
    found = store.contact(campaign, third.contact)
    assert found is not None
    assert found.consent is False


def test_a_revoked_consent_and_one_for_another_purpose_do_not_count(house: House) -> None:
    campaign = house.campaign(people()).id
    store = house.store()
    house.change("UPDATE consent SET revoked_at = given_at WHERE source = 'clients.csv:2'")
    house.change("UPDATE consent SET purpose = 'political' WHERE source = 'clients.csv:3'")
    assert agreed(store, campaign) == []
    house.change("UPDATE consent SET purpose = 'service' WHERE source = 'clients.csv:3'")
    assert agreed(store, campaign) == [3]
    house.change("UPDATE consent SET channel = 'e-mail' WHERE source = 'clients.csv:3'")
    assert agreed(store, campaign) == []


@pytest.mark.parametrize(
    ("purpose", "now", "covers"),
    [
        ("service", NOON, True),
        ("political", NOON, False),
        ("service", LAST_YEAR - timedelta(seconds=1), False),
        ("service", NOON + timedelta(days=1), False),
    ],
)
def test_a_consent_covers_its_purpose_while_it_stands(
    purpose: str, now: datetime, covers: bool
) -> None:
    one = ConsentRecord("service", "clients.csv:2", LAST_YEAR, NOON + timedelta(days=1))
    assert one.covers(purpose, now) is covers


def test_the_waterfall_counts_those_who_did_not_agree_where_that_is_needed(house: House) -> None:
    campaign = house.campaign(people()).id
    office, org = house.office, house.organisation
    plain = office.waterfall(org, campaign, NOON, lambda _zones: True)
    assert plain is not None
    assert (plain.no_consent, plain.callable) == (0, 4)
    robot = office.waterfall(org, campaign, NOON, lambda _zones: True, needs_consent=True)
    assert robot is not None
    assert (robot.total, robot.no_consent, robot.callable) == (4, 2, 2)
    night = office.waterfall(org, campaign, NOON, lambda _zones: False, needs_consent=True)
    assert night is not None
    assert (night.outside_hours, night.no_consent) == (4, 0)


def test_an_undone_import_takes_its_consents_back(house: House) -> None:
    listed = house.list_of(people())
    assert house.office.undo_list(house.organisation, listed) is not None
    assert "clients.csv:2" not in house.dump()
