"""Who is next: read by the zones a number may be in, never walking over who cannot be called."""

from datetime import datetime, time, timedelta
from importlib import import_module

import pytest
import sqlalchemy as sa
from contract_house import MOSCOW, NOON, House, row

from vyzov.core.lookahead import Hours
from vyzov.core.window import CallWindow
from vyzov.dialer import writes as w
from vyzov.dialer.floor_store import CampaignCounts, DueContact, FloorStore
from vyzov.dialer.office_records import ImportedRow, ImportPhone, RowVerdict
from vyzov.storage.address import Address
from vyzov.storage.buckets import sort_the_rest
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_session

FAR = ("Asia/Vladivostok",)
BOTH = ("Asia/Vladivostok", "Europe/Moscow")
DAY = Hours(CallWindow(start=time(9), end=time(21)), version=1)
NIGHT = NOON + timedelta(hours=12)


def person(number: int, *zones: tuple[str, ...]) -> ImportedRow:
    """A row whose numbers are in these sets of zones, one set for each number."""
    phones = tuple(
        ImportPhone(f"+7000555{number:03d}{place}", "RU", found)
        for place, found in enumerate(zones)
    )
    return ImportedRow(
        row=number, verdict=RowVerdict.OK, raw=(), name=f"Client {number}", language="ru",
        fields={}, phones=phones,
    )  # fmt: skip


def rows_of(found: list[DueContact]) -> list[int]:
    return [one.row for one in found]


def due(
    house: House, store: FloorStore, campaign: str, now: datetime, hours: Hours | None, limit: int = 50
) -> list[int]:  # fmt: skip
    del house
    return rows_of(store.due(campaign, now, limit, frozenset(), hours))


def entry(one: DueContact, state: str, **other: object) -> w.SetEntry:
    values: dict[str, object] = {
        "next_due": None, "attempts_made": 1, "phone_position": one.phone_position, **other,
    }  # fmt: skip
    return w.SetEntry(one.campaign, one.contact, state, **values)  # type: ignore[arg-type]


def counted(house: House, campaign: str) -> dict[str, int]:
    """What counting says, whatever is kept."""
    engine = open_engine(house.address, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT state, COUNT(*) AS contacts FROM campaign_contact"
                " WHERE campaign_id = :c GROUP BY state"
            ),
            {"c": campaign},
        )
        found: dict[str, int] = {row.state: row.contacts for row in rows}
        attempts, answered = connection.execute(
            sa.text("SELECT COUNT(*), COUNT(answered_at) FROM attempt WHERE campaign_id = :c"),
            {"c": campaign},
        ).one()
    engine.dispose()
    nobody = dict.fromkeys(("fresh", "due", "in_call", "callback", "closed"), 0)
    return {**nobody, **found, "attempts": attempts, "answered": answered}


def ends(house: House, campaign: str, *, by_counting: bool) -> dict[str, int]:
    """How the attempts of a campaign ended: as it is kept, or as the attempts themselves say."""
    if not by_counting:
        shown = house.office.campaign_progress(house.organisation, campaign)
        assert shown is not None
        return dict(shown.outcomes)
    engine = open_engine(house.address, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT outcome, COUNT(*) AS attempts FROM attempt"
                " WHERE campaign_id = :c AND outcome IS NOT NULL GROUP BY outcome"
            ),
            {"c": campaign},
        ).all()
    engine.dispose()
    return {row.outcome: row.attempts for row in rows}


def kept(counts: CampaignCounts) -> dict[str, int]:
    names = ("fresh", "due", "in_call", "callback", "closed", "attempts", "answered")
    return {name: getattr(counts, name) for name in names}


def test_contacts_of_closed_zones_are_not_read_and_the_others_keep_their_order(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign([person(n, MOSCOW if n % 3 == 0 else FAR) for n in range(2, 40)]).id
    everybody = due(house, store, campaign, NOON, None)
    assert everybody == list(range(2, 40)), "buckets are merged into the order of rows"
    assert due(house, store, campaign, NOON, DAY) == list(range(3, 40, 3)), "22:00 in Vladivostok"
    assert due(house, store, campaign, NIGHT, DAY) == [n for n in range(2, 40) if n % 3]
    assert due(house, store, campaign, NOON, DAY, limit=5) == [3, 6, 9, 12, 15]


def test_of_a_number_in_two_zones_both_have_to_be_open(house: House, store: FloorStore) -> None:
    campaign = house.campaign([person(2, BOTH), person(3, MOSCOW)]).id
    assert due(house, store, campaign, NOON, DAY) == [3]
    assert store.next_due(campaign, NOON, DAY) == NOON.replace(day=24, hour=6)


def test_the_next_moment_is_when_a_hour_has_come_and_the_zone_is_open(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign([person(2, FAR), person(3, MOSCOW)]).id
    far, near = store.due(campaign, NOON, 10, frozenset())
    opens = NOON.replace(hour=23)
    assert store.next_due(campaign, NOON, DAY) == opens, "nine in Vladivostok"
    assert store.counts(campaign, NOON, DAY).opens_at == opens
    at = NOON + timedelta(minutes=40)
    store.commit((entry(near, "due", next_due=at), entry(far, "due", next_due=at)))
    assert store.next_due(campaign, NOON, DAY) == at, "the near one comes first"
    store.commit((entry(near, "closed", closed_reason="reached"),))
    assert store.next_due(campaign, NOON, DAY) == opens, "the far one is due, but asleep"
    assert store.next_due(campaign, NOON) == at


def test_the_bucket_follows_the_number_whose_turn_it_is(house: House, store: FloorStore) -> None:
    campaign = house.campaign([person(2, MOSCOW, FAR)]).id
    [one] = store.due(campaign, NOON, 10, frozenset())
    assert due(house, store, campaign, NOON, DAY) == [2]
    store.commit((entry(one, "due", next_due=NOON, phone_position=1),))
    assert due(house, store, campaign, NOON, DAY) == []
    assert due(house, store, campaign, NIGHT, DAY) == [2]


def test_a_contact_held_until_a_moment_comes_back_then_and_goes_first(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign().id
    first = store.due(campaign, NOON, 1, frozenset(), DAY)[0]
    until = NOON + timedelta(seconds=20)
    store.commit((w.HoldEntry(campaign, first.contact, "fresh", until=until),))
    assert due(house, store, campaign, NOON, DAY) == [3, 4, 5, 6]
    assert store.next_due(campaign, NOON, DAY) == until
    assert due(house, store, campaign, until, DAY) == [2, 3, 4, 5, 6]


def test_a_hold_never_brings_an_hour_forward_and_never_moves_one_who_has_gone_on(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign().id
    first, second = store.due(campaign, NOON, 2, frozenset(), DAY)
    later, soon = NOON + timedelta(hours=3), NOON + timedelta(minutes=1)
    store.commit((
        entry(first, "callback", next_due=later), entry(second, "closed", closed_reason="reached"),
        w.HoldEntry(campaign, first.contact, "callback", until=soon),
        w.HoldEntry(campaign, second.contact, "fresh", until=soon),
    ))  # fmt: skip
    assert store.next_due(campaign, NOON, DAY) == later
    found = store.contact(campaign, second.contact)
    assert found is not None
    assert (found.state, found.next_due) == ("closed", None)


def test_who_is_held_by_the_settings_waits_for_others_and_is_not_in_the_way_of_the_end(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign([row(2), row(3)]).id
    first, second = store.due(campaign, NOON, 10, frozenset(), DAY)
    store.commit((w.HoldEntry(campaign, first.contact, "fresh", version=1),))
    assert due(house, store, campaign, NOON, DAY) == [3]
    assert not store.counts(campaign, NOON, DAY).is_over
    store.commit((entry(second, "in_call"),))
    assert not store.counts(campaign, NOON, DAY).is_over, "a call is on its way"
    store.commit((entry(second, "closed", closed_reason="reached"),))
    assert store.counts(campaign, NOON, DAY).is_over
    assert store.next_due(campaign, NOON, DAY) is None
    changed = Hours(DAY.window, version=2)
    assert not store.counts(campaign, NOON, changed).is_over
    assert due(house, store, campaign, NOON, changed) == [2]


def test_a_contact_that_is_refused_for_its_hour_is_sorted_by_its_zones(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign([person(2, FAR)]).id
    [one] = store.due(campaign, NOON, 10, frozenset())
    store.commit((w.HoldEntry(campaign, one.contact, "fresh", version=1),))
    store.commit((w.HoldEntry(campaign, one.contact, "fresh"),))
    assert due(house, store, campaign, NOON, DAY) == []
    assert due(house, store, campaign, NIGHT, DAY) == [2]


def test_a_floor_that_lost_its_lease_holds_nobody(house: House, store: FloorStore) -> None:
    campaign = house.campaign().id
    first = store.due(campaign, NOON, 1, frozenset(), DAY)[0]
    house.store("second", NOON + timedelta(hours=1))
    result = store.commit((w.HoldEntry(campaign, first.contact, "fresh", version=1),))
    assert result.stale
    assert due(house, store, campaign, NOON, DAY)[0] == first.row


def _forget_buckets(address: Address) -> None:
    engine = open_engine(address, writes=True)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE campaign_contact SET zone_bucket = 0"))
        connection.execute(sa.text("DELETE FROM zone_bucket"))
    engine.dispose()


def test_contacts_from_before_the_buckets_are_read_at_any_hour_until_they_are_sorted(
    house: House, store: FloorStore
) -> None:
    campaign = house.campaign([person(2, FAR), person(3, MOSCOW), person(4, MOSCOW)]).id
    closed = store.due(campaign, NOON, 10, frozenset())[2]
    store.commit((entry(closed, "closed", closed_reason="reached"),))
    _forget_buckets(house.address)
    assert due(house, store, campaign, NOON, DAY) == [2, 3]
    with open_session(house.address) as session:
        assert sort_the_rest(session) == 2
        assert sort_the_rest(session) == 0
    assert due(house, store, campaign, NOON, DAY) == [3]


def test_what_is_kept_of_a_campaign_is_what_counting_says(house: House, store: FloorStore) -> None:
    campaign = house.campaign([row(n) for n in range(2, 9)]).id
    found = store.due(campaign, NOON, 10, frozenset())
    attempts = [house.dice.new_id() for _ in found[:4]]
    begun = [
        write
        for one, attempt in zip(found, attempts, strict=False)
        for write in (house.reserve(one, attempt=attempt), house.in_call(one, attempt))
    ]
    for _ in range(2):  # A batch that is sent again counts nothing twice.
        store.commit(tuple(begun))
        assert kept(store.counts(campaign, NOON)) == counted(house, campaign)
    ended = (
        house.finish(attempts[0], answered_at=NOON), house.finish(attempts[1], state="unknown"),
        house.finish(attempts[2], state="unknown", answered_at=NOON),
        entry(found[0], "closed", closed_reason="reached"),
        entry(found[1], "due", next_due=NIGHT), entry(found[2], "callback", next_due=NIGHT),
    )  # fmt: skip
    for _ in range(2):
        store.commit(ended)
        assert kept(store.counts(campaign, NOON)) == counted(house, campaign)
    learned = tuple(house.finish(attempts[n], answered_at=NOON) for n in (1, 2))
    for _ in range(2):
        store.commit(learned)
        assert kept(store.counts(campaign, NOON)) == counted(house, campaign)
    counts = store.counts(campaign, NOON)
    assert (counts.total, counts.attempts, counts.answered, counts.closed) == (7, 4, 3, 1)
    house.office.erase_contact(house.organisation, found[5].contact)
    assert kept(store.counts(campaign, NOON)) == counted(house, campaign)
    assert store.counts(campaign, NOON).closed == 2
    shown = house.office.campaign_progress(house.organisation, campaign)
    assert shown is not None
    names = ("fresh", "due", "in_call", "callback", "closed", "attempts", "answered")
    assert {name: getattr(shown, name) for name in names} == counted(house, campaign)
    assert shown.total == 7


@pytest.mark.parametrize("change", ["another_list", "undone"])
def test_a_list_that_leaves_a_campaign_takes_its_counts_along(
    house: House, store: FloorStore, change: str
) -> None:
    first = house.list_of([row(n) for n in range(2, 5)])
    campaign = house.campaign(list_id=first, state="draft").id
    if change == "another_list":
        second = house.list_of([row(n, f"+7000556{n:04d}") for n in range(2, 9)], name="More")
        house.office.change_campaign(house.organisation, campaign, list_id=second)
    else:
        house.office.undo_list(house.organisation, first)
    assert kept(store.counts(campaign, NOON)) == counted(house, campaign)
    assert store.counts(campaign, NOON).total == (7 if change == "another_list" else 0)


def test_an_end_that_is_learned_late_changes_sides(house: House, store: FloorStore) -> None:
    campaign = house.campaign([row(n) for n in range(2, 6)]).id
    found = store.due(campaign, NOON, 10, frozenset())
    attempts = [house.dice.new_id() for _ in found]
    store.commit(
        tuple(house.reserve(one, attempt=name) for one, name in zip(found, attempts, strict=True))
    )
    assert ends(house, campaign, by_counting=False) == {}
    told = (
        house.finish(attempts[0], "busy"),
        house.finish(attempts[1], "lost", state="unknown"),
        house.finish(attempts[2], "lost", state="unknown"),
    )
    learned = (house.finish(attempts[1], "busy"), house.finish(attempts[2], "answered_human"))
    for batch in (told, told, learned, learned, told):
        store.commit(batch)
        assert ends(house, campaign, by_counting=False) == ends(house, campaign, by_counting=True)
    assert ends(house, campaign, by_counting=False) == {"busy": 2, "answered_human": 1}


def test_ends_from_before_they_were_kept_are_counted_once(house: House, store: FloorStore) -> None:
    campaigns = [house.campaign(), house.campaign([row(7, "+70005557777")])]
    for campaign in campaigns:
        reserve = house.reserve(store.due(campaign.id, NOON, 1, frozenset())[0])
        store.commit((reserve, house.finish(reserve.attempt, "busy")))
    _, count = import_module("vyzov.storage.migrations.versions.0010_outcome_tally").STATEMENTS
    engine = open_engine(house.address, writes=True)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM outcome_tally"))
        connection.execute(sa.text(count))
    engine.dispose()
    assert [ends(house, one.id, by_counting=False) for one in campaigns] == [{"busy": 1}] * 2
