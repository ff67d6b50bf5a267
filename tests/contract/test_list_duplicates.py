"""What every store does with people of a file who are in other lists, and how it is taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from contract_house import House, row

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.duplicates import Duplicates, Known, settled_rows
from vyzov.dialer.office_records import ContactCard, ImportConsent, ImportedRow, RowVerdict
from vyzov.storage import list_undo, office_lists

ANN, BEN, NEW = "+70005550002", "+70005550003", "+70005550009"


def first_list(house: House) -> str:
    return house.list_of([row(2, name="Ann", plan="S"), row(3, name="Ben")], name="Spring")


def second_list(house: House, rows: Sequence[ImportedRow], policy: Duplicates) -> str:
    def known(numbers: Sequence[str]) -> dict[str, Known]:
        return dict(house.office.known_numbers(house.organisation, numbers))

    return house.list_of(settled_rows(rows, policy, known), name="Autumn")


def cards(house: House, list_id: str) -> list[ContactCard]:
    return list(house.office.contacts(house.organisation, list_id=list_id).items)


def phones(card: ContactCard) -> list[str]:
    return [phone.e164 for phone in card.phones]


def verdicts(house: House, list_id: str) -> list[tuple[int, RowVerdict, str]]:
    page = house.office.list_rows(house.organisation, list_id)
    return [(one.row, one.verdict, one.reason) for one in page.items]


def test_a_number_is_known_from_the_oldest_contact_that_has_it(house: House) -> None:
    first_list(house)
    house.clock.go_on(hours=1)
    house.list_of([row(7, ANN, name="Ann again")], name="Summer")
    (ann, ben) = cards(house, house.office.lists(house.organisation)[-1].id)
    assert house.office.known_numbers(house.organisation, [ANN, BEN, NEW]) == {
        ANN: Known(ann.id, "Spring", 2),
        BEN: Known(ben.id, "Spring", 3),
    }


def test_people_erased_and_of_lists_taken_back_are_not_known(house: House) -> None:
    spring = first_list(house)
    (ann, _) = cards(house, spring)
    house.office.erase_contact(house.organisation, ann.id)
    assert list(house.office.known_numbers(house.organisation, [ANN, BEN])) == [BEN]
    house.office.undo_list(house.organisation, spring)
    assert house.office.known_numbers(house.organisation, [ANN, BEN]) == {}


def test_skipped_people_are_counted_and_get_no_contact(house: House) -> None:
    first_list(house)
    autumn = second_list(house, [row(2, ANN, name="Ann"), row(3, NEW)], Duplicates.SKIP)
    assert verdicts(house, autumn) == [
        (2, RowVerdict.DUPLICATE, "known_already"),
        (3, RowVerdict.OK, ""),
    ]
    assert [phones(card) for card in cards(house, autumn)] == [[NEW]]


def test_updated_people_take_name_fields_numbers_and_consent(house: House) -> None:
    spring = first_list(house)
    item = replace(
        row(2, ANN, NEW, name="Ann Bell", plan="M", city="Omsk"), consent=ImportConsent()
    )
    autumn = second_list(house, [item, row(3, "+70005550010")], Duplicates.UPDATE)
    made = house.office.contact_list(house.organisation, autumn)
    assert made is not None
    assert (made.rows_total, made.rows_ok, made.contacts) == (2, 2, 1)
    (ann, ben) = cards(house, spring)
    assert (ann.name, dict(ann.fields), phones(ann)) == (
        "Ann Bell", {"plan": "M", "city": "Omsk"}, [ANN, NEW],
    )  # fmt: skip
    assert [consent.source for consent in ann.consents] == ["clients.csv:2"]
    assert ben.name == "Ben"
    found = house.office.contacts(house.organisation, search="bell").items
    assert [card.id for card in found] == [ann.id]


def test_an_update_is_taken_back_with_its_import(house: House) -> None:
    spring = first_list(house)
    item = replace(row(2, ANN, NEW, name="Ann B.", plan="M", city="Omsk"), consent=ImportConsent())
    before = cards(house, spring)
    autumn = second_list(house, [item], Duplicates.UPDATE)
    assert cards(house, spring) != before
    house.office.undo_list(house.organisation, autumn)
    assert cards(house, spring) == before


def test_what_somebody_changed_since_stays_when_an_update_is_taken_back(house: House) -> None:
    spring = first_list(house)
    autumn = second_list(house, [row(2, ANN, name="Ann B.", plan="M")], Duplicates.UPDATE)
    second_list(house, [row(2, ANN, name="Ann C.", plan="M", city="Omsk")], Duplicates.UPDATE)
    house.office.undo_list(house.organisation, autumn)
    (ann, _) = cards(house, spring)
    assert (ann.name, dict(ann.fields)) == ("Ann C.", {"plan": "S", "city": "Omsk"})


def test_two_rows_of_one_file_change_a_contact_one_after_the_other(house: House) -> None:
    spring = house.list_of([row(2, ANN, BEN, name="Ann")], name="Spring")
    before = cards(house, spring)
    items = [
        row(2, ANN, NEW, name="Ann B.", plan="M"),
        row(3, BEN, name="Ann C.", city="Omsk"),
        replace(row(4, "+70005550010"), verdict=RowVerdict.MERGED, same_as=2),
    ]
    autumn = second_list(house, items, Duplicates.UPDATE)
    (ann,) = cards(house, spring)
    assert (ann.name, dict(ann.fields)) == ("Ann C.", {"plan": "M", "city": "Omsk"})
    assert phones(ann) == [ANN, BEN, NEW, "+70005550010"]
    house.office.undo_list(house.organisation, autumn)
    assert cards(house, spring) == before


def test_a_row_joins_one_of_an_earlier_transaction(house: House) -> None:
    items = [row(number) for number in range(2, 502)]
    joins = replace(row(502, "+70005559001"), verdict=RowVerdict.MERGED, same_as=2)
    again = replace(row(503, "+70005559002"), verdict=RowVerdict.MERGED, same_as=2)
    made = house.list_of([*items, joins, again])
    found = house.office.contacts(house.organisation, search="5559002").items
    assert [phones(card) for card in found] == [["+70005550002", "+70005559001", "+70005559002"]]
    rows = house.office.list_rows(house.organisation, made, verdict=RowVerdict.MERGED)
    assert [one.row for one in rows.items] == [502, 503]


def test_a_row_joins_a_contact_of_another_list_across_transactions(house: House) -> None:
    spring = first_list(house)
    before = cards(house, spring)
    items = [row(2, ANN, NEW), *(row(number) for number in range(20, 520))]
    joins = replace(row(900, "+70005559001"), verdict=RowVerdict.MERGED, same_as=2)
    autumn = second_list(house, [*items, joins], Duplicates.UPDATE)
    assert phones(cards(house, spring)[0]) == [ANN, NEW, "+70005559001"]
    house.office.undo_list(house.organisation, autumn)
    assert cards(house, spring) == before


def test_a_contact_erased_while_the_file_was_read_takes_nothing(house: House) -> None:
    spring = first_list(house)
    (ann, _) = cards(house, spring)
    known = house.office.known_numbers(house.organisation, [ANN])
    house.office.erase_contact(house.organisation, ann.id)
    rows = settled_rows([row(2, ANN, NEW, name="Ann B.")], Duplicates.UPDATE, lambda _: known)
    autumn = house.list_of(rows)
    erased = house.office.contact(house.organisation, ann.id)
    assert erased is not None
    assert (erased.name, erased.phones) == ("", ())
    assert verdicts(house, autumn) == [(2, RowVerdict.MERGED, "contact_updated")]
    house.office.undo_list(house.organisation, autumn)


def test_an_erased_person_is_forgotten_in_what_an_import_replaced(house: House) -> None:
    spring = first_list(house)
    (ann, _) = cards(house, spring)
    autumn = second_list(house, [row(2, ANN, name="Ann B.", plan="M")], Duplicates.UPDATE)
    person = house.office.person(house.organisation, ann.id)
    assert person is not None
    assert {"Ann", "Ann B.", "S", "M"} <= set(person.words)
    house.office.erase_contact(house.organisation, ann.id)
    assert "Ann B." not in house.dump()
    house.office.undo_list(house.organisation, autumn)
    erased = house.office.contact(house.organisation, ann.id)
    assert erased is not None
    assert (erased.name, dict(erased.fields)) == ("", {})


def test_an_import_is_not_taken_back_once_a_number_it_gave_was_called(house: House) -> None:
    first_list(house)
    campaign = house.campaign(list_id=house.office.lists(house.organisation)[0].id).id
    autumn = second_list(house, [row(2, ANN, NEW)], Duplicates.UPDATE)
    (ann, _) = house.office.contacts(house.organisation).items
    store = house.store()
    (due,) = (one for one in house.due(store, campaign) if one.contact == ann.id)
    given = ann.phones[1]
    reserve = house.reserve(due, phone=given.id, number_ref=given.number_ref)
    assert house.refusal(store, reserve) is None
    with pytest.raises(InvalidRequest, match="were called already"):
        house.office.undo_list(house.organisation, autumn)


def test_rows_that_met_people_of_a_list_taken_back_are_nobodys(house: House) -> None:
    spring = first_list(house)
    autumn = second_list(house, [row(2, ANN, name="Ann")], Duplicates.UPDATE)
    house.office.undo_list(house.organisation, spring)
    assert cards(house, autumn) == []
    house.office.undo_list(house.organisation, autumn)
    assert house.office.known_numbers(house.organisation, [ANN]) == {}


def test_a_long_list_is_taken_back_in_short_transactions(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    spring = first_list(house)
    before = cards(house, spring)
    made = [row(2, ANN, NEW, name="Ann B."), *(row(number) for number in range(20, 60))]
    autumn = second_list(house, made, Duplicates.UPDATE)
    house.campaign(list_id=autumn)
    monkeypatch.setattr(list_undo, "ROWS_PER_PIECE", 7)
    turns = 0
    writing = house.office._writing  # type: ignore[attr-defined]

    def counted(**how: bool) -> object:
        nonlocal turns
        turns += 1
        return writing(**how)

    monkeypatch.setattr(house.office, "_writing", counted)
    undone = house.office.undo_list(house.organisation, autumn)
    assert undone is not None
    assert (undone.undone_at, undone.verdicts) == (house.clock.now, {})
    # To leave the campaign, one change, six pieces of 40 contacts, six of 41 rows, nothing, the end.
    assert turns == 1 + 1 + 6 + 6 + 1 + 1
    assert cards(house, spring) == before
    assert house.office.contacts(house.organisation, list_id=autumn).items == ()


def test_a_list_half_taken_back_is_removed_at_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.list_of([row(number) for number in range(2, 22)])

    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(office_lists, "remove_piece", killed)
        with pytest.raises(KeyboardInterrupt):
            house.office.undo_list(house.organisation, made)
    assert house.office.lists(house.organisation) == ()
    assert house.office.discard_unfinished_lists(house.organisation) == 1
    assert house.office.contacts(house.organisation).items == ()


def test_an_import_whose_list_was_tidied_away_says_so_and_leaves_nothing(house: House) -> None:
    def tidied() -> Iterator[ImportedRow]:
        yield from (row(number) for number in range(2, 602))
        assert house.office.discard_unfinished_lists(house.organisation) == 1
        yield from (row(number) for number in range(602, 1203))

    with pytest.raises(InvalidRequest, match="Vyzov was started while"):
        house.list_of(tidied())
    assert house.office.contacts(house.organisation).items == ()
    assert house.office.discard_unfinished_lists(house.organisation) == 0


def test_how_a_file_was_read_is_remembered_by_its_titles(house: House) -> None:
    def listed(name: str, **columns: str) -> None:
        house.clock.go_on(minutes=1)
        house.office.import_list(
            house.organisation, name=name, file_name="a.csv", file_sha256="", rows=[row(2)],
            reading={"titles": list(columns), "columns": columns},
        )  # fmt: skip

    listed("first", Куда="phone", Кому="field")
    listed("second", Куда="phone", Кому="name")
    listed("other", Куда="ignored")
    office, own = house.office, house.organisation
    assert office.reading_of_titles(own, ("Куда", "Кому"))["columns"]["Кому"] == "name"
    assert office.reading_of_titles(own, ("Кому", "Куда")) == {}
