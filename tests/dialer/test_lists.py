"""What becomes of a file of people: its encoding, its columns, and a verdict for every row."""

import tracemalloc
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.csv_text import RECORD_CHARS_MAX, encoding_of, records
from vyzov.dialer.lists import (
    CELL_CHARS_MAX,
    COLUMNS_MAX,
    REASONS,
    Asked,
    ListPreview,
    Meaning,
    columns_of_reading,
    read_list,
    reading_of,
    rows,
    verdict_counts,
)
from vyzov.dialer.office_records import ImportedRow, RowVerdict

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RUSSIAN = (
    "Телефон;Имя;Тариф\r\n"
    "8 000 555-01-01;Ольга Лугова;Базовый\r\n"
    "8 000 555-01-02;Пётр Ветров;Семейный\r\n"
)


def preview(text: str | bytes, region: str = "RU") -> ListPreview:
    data = text if isinstance(text, bytes) else text.encode()
    return read_list(data, "clients.csv", default_region=region)


def judged(text: str | bytes, region: str = "RU") -> list[ImportedRow]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(rows(data, read_list(data, "clients.csv", default_region=region)))


def only(found: Iterable[ImportedRow]) -> ImportedRow:
    (one,) = found
    return one


# ---- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1251", "cp1251"),
        ("cp866", "cp866"),
        ("koi8-r", "koi8_r"),
    ],
)
def test_russian_files_are_read_in_every_encoding_they_come_in(codec: str, expected: str) -> None:
    data = RUSSIAN.encode(codec)
    assert encoding_of(data) == expected
    found = judged(data)
    assert [(row.name, row.fields) for row in found] == [
        ("Ольга Лугова", {"Тариф": "Базовый"}),
        ("Пётр Ветров", {"Тариф": "Семейный"}),
    ]


def test_upper_case_cp1251_is_not_taken_for_japanese() -> None:
    text = "ТЕЛЕФОН;ФИО\n" + "".join(
        f"+7 000 555-01-{n:02d};ВЕТРОВА АННА СЕРГЕЕВНА\n" for n in range(10)
    )
    assert judged(text.encode("cp1251"))[0].name == "ВЕТРОВА АННА СЕРГЕЕВНА"


def test_letters_far_below_an_ascii_beginning_decide_the_encoding() -> None:
    head = "phone;name\n" + "+70005550101;Ann\n" * 20_000
    data = (head + "+70005550102;Пётр Ветров\n").encode("cp1251")
    assert judged(data)[-1].name == "Пётр Ветров"


def test_a_broken_line_in_a_utf8_file_is_a_problem_of_its_row_only() -> None:
    lines = ["phone;name", *(f"+7000555{n:04d};Имя {n}" for n in range(30))]
    data = [line.encode() for line in lines]
    data[5] = "+70005550004;Имя".encode("cp1251")
    found = judged(b"\n".join(data))
    assert [row.row for row in found if row.verdict is RowVerdict.PROBLEM] == [6]
    assert found[4].reason == "row_not_text"
    assert found[5].name == "Имя 5"


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(mark: str) -> None:
    text = "\n".join(
        mark.join(cells) for cells in [("phone", "name", "plan"), ("+70005550101", "Ann", "S")] * 3
    )
    assert preview(text).delimiter == mark


def test_a_comma_in_names_does_not_hide_the_semicolon() -> None:
    text = 'phone;name\n+70005550101;"Лугова, Ольга"\n+70005550102;Ветров, Пётр, сын\n'
    assert [row.name for row in judged(text)] == ["Лугова, Ольга", "Ветров, Пётр, сын"]


def test_the_line_with_which_spreadsheets_name_their_delimiter_is_no_row() -> None:
    found = judged("sep=;\nphone;name\n+70005550101;Ann\n")
    assert [(row.row, row.name) for row in found] == [(3, "Ann")]


@pytest.mark.parametrize("data", [b"", b"\n\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="is empty"):
        preview(data)


def test_too_many_columns_are_refused() -> None:
    text = ";".join(["phone"] + ["x"] * COLUMNS_MAX)
    with pytest.raises(InvalidRequest, match=f"at most {COLUMNS_MAX}"):
        preview(text)


# ---- columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "meaning"),
    [
        ("Телефон", Meaning.PHONE),
        ("ТЕЛЕФОН 2", Meaning.PHONE),
        ("Phone_number", Meaning.PHONE),
        ("Мобильный телефон", Meaning.PHONE),
        ("Имя", Meaning.NAME),
        ("Ф.И.О.", Meaning.NAME),
        ("Full name", Meaning.NAME),
        ("Язык", Meaning.LANGUAGE),
        ("Часовой пояс", Meaning.ZONE),
        ("time_zone", Meaning.ZONE),
        ("Тариф", Meaning.FIELD),
    ],
)
def test_columns_are_known_by_their_titles_in_both_languages(title: str, meaning: Meaning) -> None:
    found = preview(f"phone;{title}\n+70005550101;x\n")
    assert found.columns[1].meaning is meaning


def test_columns_without_a_title_and_with_the_same_title_keep_apart() -> None:
    found = preview("phone;plan;;plan\n+70005550101;a;b;c\n")
    assert [column.name for column in found.columns] == ["phone", "plan", "column 3", "plan 2"]
    assert only(judged("phone;plan;;plan\n+70005550101;a;b;c\n")).fields == {
        "plan": "a",
        "column 3": "b",
        "plan 2": "c",
    }


def test_a_file_without_titles_finds_its_numbers_by_what_they_are() -> None:
    found = preview("Ann;+70005550101;S\nBen;+70005550102;M\n")
    assert found.has_header is False
    assert [column.meaning for column in found.columns] == [
        Meaning.FIELD,
        Meaning.PHONE,
        Meaning.FIELD,
    ]
    assert [row.row for row in judged("Ann;+70005550101;S\nBen;+70005550102;M\n")] == [1, 2]


def test_unknown_titles_are_known_by_the_numbers_below_them() -> None:
    text = "Кому;Куда\nАнна;+70005550101\nПётр;+70005550102\n"
    found = preview(text)
    assert (found.has_header, found.titles) == (True, ("Кому", "Куда"))
    assert [row.fields for row in judged(text)] == [{"Кому": "Анна"}, {"Кому": "Пётр"}]


def test_columns_without_titles_may_be_given_their_meaning() -> None:
    data = b"Ann;+70005550101;S\nBen;+70005550102;M\n"
    found = read_list(data, "clients.csv", asked=Asked({"column 1": Meaning.NAME}))
    assert (found.titles, reading_of(found)) == ((), {})
    assert [row.name for row in rows(data, found)] == ["Ann", "Ben"]


def test_a_person_may_name_the_encoding() -> None:
    data = "phone;слово\n+70005550101;Ёлка\n".encode("koi8-r")
    found = read_list(data, "clients.csv", asked=Asked(encoding="KOI8-R"))
    assert only(rows(data, found)).fields == {"слово": "Ёлка"}
    marked = "\ufeffphone;имя\n+70005550101;Ёлка\n".encode()
    assert read_list(marked, "a.csv", asked=Asked(encoding="utf-8")).columns[0].title == "phone"
    with pytest.raises(InvalidRequest, match="no encoding 'ebcdic'"):
        read_list(data, "clients.csv", asked=Asked(encoding="ebcdic"))


def test_how_a_file_was_read_is_kept_and_used_again() -> None:
    data = "Куда;Кому\n+70005550101;Анна\n".encode()
    first = read_list(data, "clients.csv", asked=Asked({"Кому": Meaning.NAME}))
    kept = reading_of(first)
    again = read_list(data, "clients.csv", remembered=lambda _: columns_of_reading(kept))
    assert again.columns == first.columns
    assert [note.id for note in again.notes] == ["columns_remembered"]
    assert columns_of_reading({"columns": {"Кому": "heart", "Куда": "phone"}}) == {
        "Куда": Meaning.PHONE
    }


def test_titles_a_person_has_explained_before_are_known() -> None:
    data = "Куда звонить;Кому\n+70005550101;Анна\n".encode()
    found = read_list(
        data,
        "clients.csv",
        asked=Asked({"Куда звонить": Meaning.PHONE, "Кому": Meaning.NAME}),
    )
    assert only(rows(data, found)).name == "Анна"


def test_a_file_without_numbers_says_so_and_is_not_imported() -> None:
    data = b"name;plan\nAnn;S\n"
    found = read_list(data, "clients.csv")
    assert found.problems == ("no_phone_column",)
    with pytest.raises(InvalidRequest, match="none of them is for numbers"):
        rows(data, found)


def test_a_header_alone_has_no_rows() -> None:
    assert preview("phone;name\n").problems == ("no_rows",)
    assert judged("phone;name\n") == []


# ---- rows ----------------------------------------------------------------------------------------


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    text = 'phone;name\n\n+70005550101;"two\nlines"\n;\n+70005550102;Ben\n'
    assert [(row.row, row.name) for row in judged(text)] == [(3, "two lines"), (5, "Ben")]


def test_a_row_with_known_numbers_is_a_duplicate_and_one_with_a_new_one_joins_it() -> None:
    found = judged(
        "phone;name\n"
        "+70005550101;Ann\n"
        "8 (000) 555-01-01;Ann again\n"
        "+70005550101, +70005550103;Ann at work\n"
        "+70005550103;Ann once more\n"
    )
    assert [(row.verdict, row.same_as) for row in found] == [
        (RowVerdict.OK, None),
        (RowVerdict.DUPLICATE, 2),
        (RowVerdict.MERGED, 2),
        (RowVerdict.DUPLICATE, 2),
    ]
    assert [phone.e164 for phone in found[2].phones] == ["+70005550103"]
    assert found[1].args == {"row": "2"}


def test_several_phone_columns_and_numbers_in_a_cell_are_one_contact() -> None:
    text = "phone;phone 2\n+70005550101 / +70005550102;+70005550103\n"
    assert [phone.e164 for phone in only(judged(text)).phones] == [
        "+70005550101",
        "+70005550102",
        "+70005550103",
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (";Ann", "phone_missing"),
        ("none;Ann", "phone_invalid"),
        ("7,00056E+10;Ann", "phone_rounded"),
        ("sip:+70005550101@example.org;Ann", "phone_sip_syntax"),
        ('"+70005550101;transport=tcp";Ann', "phone_sip_syntax"),
        ("+70005550101;Ann;extra", "cells_too_many"),
        ("+70005550101;Ann\0", "row_has_nul"),
        (f"+70005550101;{'x' * (CELL_CHARS_MAX + 1)}", "cell_too_long"),
        (f"+70005550101;{'x' * RECORD_CHARS_MAX}", "row_too_long"),
        ('+70005550101;"Ann', "quote_not_closed"),
        (" ".join(f"+7000555{n:04d};" for n in range(1)) + "\ufffd", "row_not_text"),
    ],
)
def test_a_bad_row_is_a_problem_with_its_number_and_the_next_is_read(
    line: str, reason: str
) -> None:
    found = judged(f"phone;name\n{line}\n+70005550199;Ben\n")
    assert (found[0].row, found[0].verdict, found[0].reason) == (2, RowVerdict.PROBLEM, reason)
    assert (found[1].row, found[1].name) == (3, "Ben")
    assert not any("\0" in cell for cell in found[0].raw)


def test_too_many_numbers_in_one_row_are_a_problem() -> None:
    cells = "/".join(f"+7000555{n:04d}" for n in range(9))
    more = "/".join(f"+7000555{n:04d}" for n in range(20, 29))
    found = only(judged(f"phone;phone 2\n{cells};{more}\n"))
    assert (found.reason, found.args) == ("phones_too_many", {"value": "18"})


def test_what_a_person_should_know_of_a_good_row_is_said() -> None:
    found = judged(
        "phone;language\n+70005550101 / office;ru\n+70005550102 доб. 5;ru\n+70005550103;klingon?\n"
    )
    assert [(row.verdict, row.reason, row.args) for row in found] == [
        (RowVerdict.OK, "number_skipped", {"value": "office"}),
        (RowVerdict.OK, "extension_ignored", {"value": "5"}),
        (RowVerdict.OK, "language_unknown", {"value": "klingon?"}),
    ]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_formula_is_text(formula: str) -> None:
    found = only(judged(f"phone;plan\n+70005550101;{formula}\n"))
    assert found.fields == {"plan": formula}


def test_a_name_is_put_together_in_the_order_of_its_language() -> None:
    russian = "Телефон;Имя;Отчество;Фамилия\n+70005550101;Анна;Сергеевна;Ветрова\n"
    assert only(judged(russian)).name == "Ветрова Анна Сергеевна"
    english = "Phone;First name;Last name\n+12025550143;Ada;Alder\n"
    assert only(judged(english, "US")).name == "Ada Alder"


@pytest.mark.parametrize(
    ("region", "cell", "language"),
    [("RU", "", "ru"), ("US", "", "en"), ("US", "Русский", "ru"), ("RU", "de-AT", "de-at")],
)
def test_the_language_is_the_rows_own_or_the_regions(region: str, cell: str, language: str) -> None:
    assert only(judged(f"phone;language\n+70005550101;{cell}\n", region)).language == language


def test_a_zone_of_the_row_is_the_zone_of_its_numbers() -> None:
    found = judged("phone;timezone\n+70005550101;МСК+4\n+70005550102;Atlantis\n")
    assert found[0].phones[0].zones == ("Asia/Krasnoyarsk",)
    assert (found[1].reason, found[1].args) == ("zone_unknown", {"value": "Atlantis"})


# ---- the whole file ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "region"), [("clients-ru.csv", "RU"), ("clients-en.csv", "US")])
def test_the_example_lists_are_good_but_for_the_rows_that_show_verdicts(
    name: str, region: str
) -> None:
    found = judged((EXAMPLES / name).read_bytes(), region)
    assert verdict_counts(found) == {
        RowVerdict.OK: 57,
        RowVerdict.MERGED: 1,
        RowVerdict.DUPLICATE: 1,
        RowVerdict.PROBLEM: 1,
    }
    assert {"plan", "price", "contract_end"} == set(found[0].fields)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=12)
tables = st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=12)


@given(tables, st.sampled_from([";", ",", "\t"]))
def test_every_row_that_is_not_blank_gets_exactly_one_verdict(
    table: list[list[str]], mark: str
) -> None:
    text = "phone\n" + "\n".join(mark.join(row) for row in table)
    data = text.encode()
    found = read_list(data, "clients.csv")
    verdicts = list(rows(data, found))
    whole = list(records(data, found.encoding, found.delimiter))
    assert len(verdicts) == len(whole) - found.has_header
    assert sum(verdict_counts(verdicts).values()) == len(verdicts)
    assert all(row.reason in REASONS for row in verdicts if row.reason)
    numbers = [row.row for row in verdicts]
    assert numbers == sorted(set(numbers))
    owners = {row.row for row in verdicts if row.verdict is RowVerdict.OK}
    assert {row.same_as for row in verdicts if row.same_as is not None} <= owners


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        found = read_list(data, "clients.csv")
    except InvalidRequest:
        return
    if "no_phone_column" not in found.problems:
        assert all(row.verdict in RowVerdict for row in rows(data, found))


@given(tables)
def test_no_number_is_taken_twice(table: list[list[str]]) -> None:
    lines = [f"+700055500{len(row):02d};{row[0].replace(chr(10), ' ')}" for row in table]
    found = judged("phone;name\n" + "\n".join(lines))
    taken = [phone.e164 for row in found for phone in row.phones]
    assert len(taken) == len(set(taken))


def test_memory_does_not_grow_with_the_length_of_a_line() -> None:
    data = b"phone;name\n+70005550101;" + b"x" * 30_000_000 + b"\n+70005550102;Ben\n"
    tracemalloc.start()
    try:
        found = judged(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [row.reason for row in found] == ["row_too_long", ""]
    assert peak < 4_000_000


def test_a_quote_that_never_closes_costs_its_own_row_only() -> None:
    data = ("phone;name\n" + '+70005550101;"open\n' + "+70005550102;Ben\n" * 500).encode()
    found = list(islice(rows(data, read_list(data, "clients.csv")), 3))
    assert [row.verdict for row in found] == [
        RowVerdict.PROBLEM,
        RowVerdict.OK,
        RowVerdict.DUPLICATE,
    ]
