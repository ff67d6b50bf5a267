"""What becomes of people of a file who are in other lists: kept, left out, or brought up to date."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from vyzov.dialer.duplicates import Duplicates, Known, settled_rows
from vyzov.dialer.lists import read_list, rows
from vyzov.dialer.office_records import ImportedRow, RowVerdict

THERE = {
    "+70005550101": Known("ann", "Spring", 7),
    "+70005550102": Known("ben", "Spring", 8),
}


def known_in(numbers: Sequence[str]) -> Mapping[str, Known]:
    return {number: THERE[number] for number in numbers if number in THERE}


def settled(text: str, policy: Duplicates) -> list[ImportedRow]:
    data = ("phone;name\n" + text).encode()
    return list(settled_rows(rows(data, read_list(data, "a.csv")), policy, known_in))


def said(text: str, policy: Duplicates) -> list[tuple[RowVerdict, str, str, list[str]]]:
    return [
        (row.verdict, row.reason, row.contact, [phone.e164 for phone in row.phones])
        for row in settled(text, policy)
    ]


def test_kept_people_get_a_contact_in_this_list_too() -> None:
    assert said("+70005550101;Ann\n", Duplicates.KEEP) == [
        (RowVerdict.OK, "", "", ["+70005550101"])
    ]


def test_skipped_people_bring_nothing_and_say_where_they_are() -> None:
    (ann, cid) = settled("+70005550101 / +70005550109;Ann\n+70005550103;Cid\n", Duplicates.SKIP)
    assert (ann.verdict, ann.reason, ann.contact) == (RowVerdict.DUPLICATE, "known_already", "ann")
    assert (ann.args, ann.phones) == ({"list": "Spring", "row": "7"}, ())
    assert cid.verdict is RowVerdict.OK


def test_updated_people_take_the_row_and_the_numbers_nobody_has() -> None:
    (ann,) = settled("+70005550101, +70005550109, +70005550102;Ann B.\n", Duplicates.UPDATE)
    assert (ann.verdict, ann.reason, ann.contact) == (RowVerdict.MERGED, "contact_updated", "ann")
    assert (ann.name, [phone.e164 for phone in ann.phones]) == ("Ann B.", ["+70005550109"])


def test_a_row_that_joins_a_skipped_one_is_skipped_with_it() -> None:
    text = "+70005550101 / +70005550109;Ann\n+70005550109, +70005550108;Ann again\n"
    assert said(text, Duplicates.SKIP)[1] == (RowVerdict.DUPLICATE, "duplicate_of_row", "", [])
    assert said(text, Duplicates.UPDATE)[1] == (
        RowVerdict.MERGED, "merged_with_row", "", ["+70005550108"],
    )  # fmt: skip


def test_a_row_that_joins_another_brings_no_number_of_somebody_else() -> None:
    text = "+70005550103;Cid\n+70005550103, +70005550102;Cid\n+70005550103, +70005550104;Cid\n"
    for policy in (Duplicates.SKIP, Duplicates.UPDATE):
        assert said(text, policy)[1:] == [
            (RowVerdict.DUPLICATE, "duplicate_of_row", "", []),
            (RowVerdict.MERGED, "merged_with_row", "", ["+70005550104"]),
        ]


def test_rows_with_problems_stay_as_they_are() -> None:
    for policy in Duplicates:
        assert [row.reason for row in settled("none;Ann\n", policy)] == ["phone_invalid"]


@given(
    st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=4), max_size=1_200),
    st.sampled_from(Duplicates),
)
def test_every_row_is_settled_once_and_no_number_goes_to_two(
    table: list[list[int]], policy: Duplicates
) -> None:
    text = "".join("/".join(f"+70005550{one + 98:03d}" for one in row) + ";x\n" for row in table)
    found = settled(text, policy)
    assert [row.row for row in found] == list(range(2, len(table) + 2))
    taken = [phone.e164 for row in found for phone in row.phones]
    assert len(taken) == len(set(taken))
    if policy is not Duplicates.KEEP:
        assert not THERE.keys() & set(taken)
