"""What every store promises the office of lists, contacts and the stop-list."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from contract_house import NOON, House, row

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import writes as w
from vyzov.dialer.office_records import (
    FactQuery,
    ImportedRow,
    RowVerdict,
    WebSession,
)

SETTINGS = {"mode": "progressive", "purpose": "service"}


def session_of(house: House, user: str, name: str = "a" * 64) -> WebSession:
    return WebSession(
        id_hash=name,
        organisation_id=house.organisation,
        user_id=user,
        created_at=NOON,
        last_seen_at=NOON,
        expires_at=NOON + timedelta(hours=8),
    )


# ---- lists ---------------------------------------------------------------------------------------


def mixed_rows() -> list[ImportedRow]:
    return [
        row(2, "+70005550001"),
        ImportedRow(3, RowVerdict.DUPLICATE, ("x",), "duplicate_of_row", {"row": "2"}, same_as=2),
        ImportedRow(
            4, RowVerdict.MERGED, ("y",), "merged_with_row", {"row": "2"},
            phones=row(4, "+70005550002").phones, same_as=2,
        ),
        ImportedRow(5, RowVerdict.PROBLEM, ("=1+1", "zz"), "phone_invalid", {"value": "zz"}),
        row(6, "+70005550003"),
    ]  # fmt: skip


def test_an_imported_list_keeps_a_verdict_for_every_row(house: House) -> None:
    told: list[int] = []
    made = house.office.import_list(
        house.organisation,
        name="Clients",
        file_name="clients.csv",
        file_sha256="ab",
        rows=mixed_rows(),
        progress=told.append,
    )
    assert (made.rows_total, made.rows_ok, made.contacts) == (5, 3, 2)
    assert sum(made.verdicts.values()) == made.rows_total
    assert told == [5]
    page = house.office.list_rows(house.organisation, made.id)
    assert [item.row for item in page.items] == [2, 3, 4, 5, 6]
    problems = house.office.list_rows(house.organisation, made.id, verdict=RowVerdict.PROBLEM)
    (problem,) = problems.items
    assert (problem.reason, problem.args, problem.raw) == (
        "phone_invalid",
        {"value": "zz"},
        ("=1+1", "zz"),
    )
    merged = house.office.contacts(house.organisation, list_id=made.id).items[0]
    assert [phone.e164 for phone in merged.phones] == ["+70005550001", "+70005550002"]


def test_rows_come_in_pages_whose_cursor_is_checked(house: House) -> None:
    made = house.list_of([row(n) for n in range(2, 8)])
    first = house.office.list_rows(house.organisation, made, limit=4)
    rest = house.office.list_rows(house.organisation, made, limit=4, cursor=first.next)
    assert [item.row for item in (*first.items, *rest.items)] == [2, 3, 4, 5, 6, 7]
    assert (first.next, rest.next) == ("5", None)
    with pytest.raises(InvalidRequest, match="not a cursor"):
        house.office.list_rows(house.organisation, made, cursor="'; DROP TABLE contact")


def test_an_import_of_many_rows_is_written_in_pieces_and_seen_whole(house: House) -> None:
    seen: list[int] = []

    def look(done: int) -> None:
        seen.append(done)
        assert house.office.lists(house.organisation) == ()
        assert house.office.contacts(house.organisation).items == ()

    house.office.import_list(
        house.organisation,
        name="Big",
        file_name="big.csv",
        file_sha256="",
        rows=(row(n) for n in range(2, 1203)),
        progress=look,
    )
    assert seen == [500, 1000, 1201]
    assert [item.contacts for item in house.office.lists(house.organisation)] == [1201]


def test_an_import_that_fails_on_the_way_leaves_nothing(house: House) -> None:
    def broken() -> Iterator[ImportedRow]:
        yield from (row(n) for n in range(2, 700))
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone"):
        house.list_of(broken())
    assert house.office.discard_unfinished_lists(house.organisation) == 0
    assert house.office.lists(house.organisation) == ()


def test_an_import_cut_short_by_a_crash_is_discarded_at_the_next_start(house: House) -> None:
    class Killed(BaseException):
        pass

    office = house.office

    def rows() -> Iterator[ImportedRow]:
        yield from (row(n) for n in range(2, 700))
        # From here on the process can write no more, as if it had been killed.
        office._writing = None  # type: ignore[attr-defined]
        raise Killed

    with pytest.raises(TypeError):
        house.list_of(rows())
    del office._writing  # type: ignore[attr-defined]
    assert office.lists(house.organisation) == ()
    assert office.discard_unfinished_lists(house.organisation) == 1
    assert office.discard_unfinished_lists(house.organisation) == 0


def test_an_import_is_undone_while_nobody_was_called(house: House) -> None:
    list_id = house.list_of(mixed_rows())
    campaign = house.campaign(list_id=list_id).id
    house.office.undo_list(house.organisation, list_id)
    undone = house.office.contact_list(house.organisation, list_id)
    assert undone is not None
    assert (undone.undone_at, undone.rows_total) == (NOON, 5)
    assert house.office.contacts(house.organisation).items == ()
    assert house.office.list_rows(house.organisation, list_id).items == ()
    progress = house.office.campaign_progress(house.organisation, campaign)
    assert progress is not None
    assert progress.total == 0
    assert house.office.undo_list(house.organisation, list_id) == undone
    assert house.office.undo_list(house.organisation, "none") is None


def test_an_import_whose_people_were_called_is_not_undone(house: House) -> None:
    campaign = house.campaign()
    store = house.store()
    store.commit((house.reserve(house.due(store, campaign.id)[0]),))
    assert campaign.list_id is not None
    with pytest.raises(InvalidRequest, match="called already"):
        house.office.undo_list(house.organisation, campaign.list_id)


# ---- contacts and the stop-list ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "found"),
    [("ВЕТР", [2]), ("ветрова", [2]), ("555-00-03", [3]), ("0003", [3]), ("100%", [4]), ("_", [])],
)
def test_contacts_are_found_by_name_in_any_case_and_by_number(
    house: House, search: str, found: list[int]
) -> None:
    rows = [row(2, name="Анна Ветрова"), row(3, name="Пётр"), row(4, name="100% Hit")]
    house.list_of(rows)
    page = house.office.contacts(house.organisation, search=search)
    assert [item.row for item in page.items] == found


def test_contacts_come_in_pages_in_order_of_import(house: House) -> None:
    house.list_of([row(n) for n in range(2, 5)], "A")
    house.list_of([row(n) for n in range(2, 5)], "B")
    rows: list[tuple[str, int]] = []
    cursor: str | None = None
    while True:
        page = house.office.contacts(house.organisation, limit=2, cursor=cursor)
        rows += [(item.list_name, item.row) for item in page.items]
        if page.next is None:
            break
        cursor = page.next
    assert rows == [(name, n) for name in ("A", "B") for n in (2, 3, 4)]
    with pytest.raises(InvalidRequest, match="not a cursor"):
        house.office.contacts(house.organisation, cursor="x")


def test_an_erased_person_is_gone_everywhere_and_the_facts_stay(house: House) -> None:
    campaign = house.campaign([row(2, "+70005550077", name="Анна Ветрова", plan="M")]).id
    store = house.store()
    due = house.due(store, campaign)[0]
    reserve = house.reserve(due)
    at = house.clock.now
    store.commit(
        (
            reserve,
            house.fact(reserve.attempt, contact=due.contact),
            house.finish(reserve.attempt, "answered_human"),
            w.AddDisposition(
                "d",
                reserve.attempt,
                due.contact,
                None,
                "sale",
                at,
                {"a": "canary-of-ours"},
                "canary-of-ours",
            ),
            w.AddRecording("r", reserve.attempt, "x/canary-of-ours.wav", 1.0, 1, "", at),
            w.AddCallback("c", campaign, due.contact, at, None, at),
            w.SetNote(due.contact, "canary-of-ours"),
        )
    )
    house.office.add_stop(house.organisation, due.e164, reason="asked", source="office")
    assert all(word in house.dump() for word in ("Ветров", "+70005550077", "canary-of-ours"))
    assert house.office.erase_contact(house.organisation, due.contact) == ("x/canary-of-ours.wav",)
    assert house.office.erase_contact(house.organisation, "none") is None
    card = house.office.contact(house.organisation, due.contact)
    assert card is not None
    assert (card.name, card.fields, card.note, card.phones) == ("", {}, "", ())
    assert card.erased_at == NOON
    assert house.office.contacts(house.organisation).items == ()
    attempt = house.office.attempt(house.organisation, reserve.attempt)
    assert attempt is not None
    assert (attempt.e164, attempt.contact_name, attempt.result) == (None, "", "sale")
    assert attempt.recording_id is None
    # The fact of before stands, and one says that the person was erased.
    assert len(house.office.facts(house.organisation, FactQuery(contact_id=due.contact))) == 2
    (entry,) = house.office.contact_entries(house.organisation, due.contact)
    assert (entry.state, entry.closed_reason) == ("closed", "erased")
    assert house.office.callbacks(house.organisation) == ()
    assert len(house.office.stop_entries(house.organisation).items) == 1
    everything = house.dump()
    for personal in ("Ветров", "+70005550077", "canary-of-ours"):
        assert personal not in everything
    rows = house.office.list_rows(house.organisation, card.list_id).items
    assert [item.raw for item in rows] == [()]


def test_a_stopped_number_shows_what_was_typed_and_is_stopped_once(house: House) -> None:
    office, mine = house.office, house.organisation
    first = office.add_stop(mine, "+70005550055", reason="asked", source="office")
    again = office.add_stop(mine, "+70005550055", reason="again", source="office")
    assert again == first
    assert first.e164 == "+70005550055"
    assert first.number_ref == office.number_ref(mine, "+70005550055")
    office.add_stop(mine, "+70005550056", reason="asked", source="office")
    assert [item.e164 for item in office.stop_entries(mine, e164="+70005550055").items] == [
        "+70005550055"
    ]
    page = office.stop_entries(mine, limit=1)
    assert [item.e164 for item in page.items] == ["+70005550056"]
    rest = office.stop_entries(mine, limit=1, cursor=page.next)
    assert [item.e164 for item in rest.items] == ["+70005550055"]
    assert rest.next is None


def test_a_lifted_stop_stays_in_the_book(house: House) -> None:
    office, mine = house.office, house.organisation
    entry = office.add_stop(mine, "+70005550055", reason="asked", source="office")
    house.clock.go_on(seconds=1)
    lifted = office.lift_stop(mine, entry.id)
    assert lifted is not None
    assert lifted.valid_to == NOON + timedelta(seconds=1)
    assert office.lift_stop(mine, entry.id) == lifted, "lifting twice changes nothing"
    assert office.lift_stop(mine, "none") is None
    assert office.stop_entries(mine).items == ()
    assert office.stop_entries(mine, lifted=True).items == (lifted,)
    told = office.facts(mine, FactQuery(kinds=("stop_listed",)))
    assert [item.fact.data.get("lifted") for item in told] == [None, True]
    assert not any("+7000" in str(item.fact.data) for item in told), "facts hold no numbers"
