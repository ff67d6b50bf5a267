"""What becomes of a workbook: its sheets, its cells as a person sees them, and those made to hurt."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbook_maker import HEAD, MAIN, workbook, zipped

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import workbook as reading
from vyzov.dialer.lists import Asked, Format, Note, read_list, rows
from vyzov.dialer.sheet import Record
from vyzov.dialer.workbook import read_book, sheet_records
from vyzov.dialer.workbook_values import is_moment, moment_text, number_text, plain_text

PEOPLE = (
    ("Телефон", "Имя", "Тариф"),
    ("8 000 555-01-01", "Ольга Лугова", "Базовый"),
    (70005550102, "Пётр Ветров", None),
)


def records(data: bytes) -> list[Record]:
    book = read_book(data, "clients.xlsx")
    return list(sheet_records(data, book, book.sheets[0], "clients.xlsx"))


def cells(data: bytes) -> list[tuple[str, ...]]:
    return [record.cells for record in records(data)]


def refused(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as told:
        records(data)
    (fault,) = told.value.faults
    assert "CSV (UTF-8)" in told.value.next_step
    return fault.reason


# ---- cells ---------------------------------------------------------------------------------------


def test_a_workbook_is_read_like_a_csv_file() -> None:
    data = workbook(PEOPLE)
    found = read_list(data, "clients.xlsx")
    assert (found.format, found.encoding, found.problems, found.notes) == (Format.XLSX, "", (), ())
    judged = list(rows(data, found))
    assert [(row.row, row.name, row.phones[0].e164, row.fields) for row in judged] == [
        (2, "Ольга Лугова", "+70005550101", {"Тариф": "Базовый"}),
        (3, "Пётр Ветров", "+70005550102", {}),
    ]


def test_a_number_kept_as_a_quantity_keeps_all_its_digits() -> None:
    data = workbook([("phone",), ("<c ><v>7.0005550101E10</v></c>",), (70005550102,)])
    assert [row.phones[0].e164 for row in rows(data, read_list(data, "a.xlsx"))] == [
        "+70005550101",
        "+70005550102",
    ]


def test_blank_rows_are_no_rows_and_the_others_keep_their_numbers() -> None:
    data = workbook([("phone",), (None,), ("+70005550101",), ("  ",), ("+70005550102",)])
    assert [record.number for record in records(data)] == [1, 3, 5]


def test_cells_without_a_place_follow_each_other() -> None:
    body = (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c><c><v>2</v></c></row>'
        '<row><c r="C2"><v>3</v></c><c><v>4</v></c></row></sheetData></worksheet>'
    )
    data = workbook(parts={"xl/worksheets/sheet1.xml": body})
    assert records(data) == [Record(1, ("1", "2")), Record(2, ("", "", "3", "4"))]


def test_every_kind_of_cell_is_the_text_a_person_sees() -> None:
    data = workbook(
        [
            (
                '<c t="inlineStr"><is><r><t>Анна </t></r><r><t>Лугова</t></r>'
                "<rPh><t>no</t></rPh></is></c>",
                '<c t="str"><f>A1&amp;"x"</f><v>made _x0041_</v></c>',
                '<c t="b"><v>1</v></c>',
                '<c t="b"><v>0</v></c>',
                '<c t="e"><v>#N/A</v></c>',
                '<c t="d"><v>2026-12-12T00:00:00</v></c>',
                "<c ><v>0.1</v></c>",
                "<c ><v>word</v></c>",
            )
        ]
    )
    assert cells(data) == [
        ("Анна Лугова", "made A", "true", "false", "#N/A", "2026-12-12", "0.1", "word")
    ]


def test_texts_that_cells_share_leave_out_how_they_are_pronounced() -> None:
    texts = (
        f'{HEAD}<sst xmlns="{MAIN}"><si><r><t>A</t></r><r><t>nn</t></r><rPh><t>x</t></rPh></si>'
        "<si><t>two_x000D__x000A_lines</t></si></sst>"
    )
    data = workbook([("Ann", "two")], parts={"xl/sharedStrings.xml": texts})
    assert cells(data) == [("Ann", "two\r\nlines")]


STYLES = (
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="dd.mm.yyyy;@"/>'
    '<numFmt numFmtId="165" formatCode="[Red]0&quot; days&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="20"/></cellXfs>'
)


def test_days_are_told_by_the_format_of_their_cell() -> None:
    row = tuple(f'<c s="{style}"><v>46368.5</v></c>' for style in range(4))
    time = '<c s="4"><v>0.4375</v></c>'
    assert cells(workbook([(*row, time)], styles=STYLES)) == [
        ("46368.5", "2026-12-12 12:00", "2026-12-12 12:00", "46368.5", "10:30")
    ]


def test_a_workbook_that_counts_from_1904_says_so() -> None:
    row = ('<c s="1"><v>44906</v></c>',)
    data = workbook([row], styles=STYLES, properties='<workbookPr date1904="1"/>')
    assert cells(data) == [("2026-12-12",)]


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("60.5", "1900-03-01 12:00"),  # 29 February 1900, which there never was
        ("59", "1900-02-28"),
        ("61", "1900-03-01"),
        ("1", "1900-01-01"),
        ("46368.4375115741", "2026-12-12 10:30:01"),
        ("46368.999999999", "2026-12-13"),
        ("-1", "-1"),
        ("9999999", "9999999"),
        ("soon", "soon"),
        ("nan", "nan"),
    ],
)
def test_a_moment_is_written_as_iso_8601(kept: str, shown: str) -> None:
    assert moment_text(kept, since_1904=False) == shown


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("1", "1"),
        ("-7.5", "-7.5"),
        ("1.23456789012345678E20", "1.23456789012346e+20"),
        ("0.30000000000000004", "0.3"),
        ("70005550101.0", "70005550101"),
        ("inf", "inf"),
        ("#", "#"),
    ],
)
def test_a_number_is_written_with_fifteen_digits(kept: str, shown: str) -> None:
    assert number_text(kept) == shown


@pytest.mark.parametrize(
    ("code", "custom", "shows"),
    [
        (14, None, True),
        (45, None, True),
        (0, None, False),
        (164, "General", False),
        (164, '#,##0.00" days"', False),
        (164, "[$-419]d mmmm yyyy", True),
        (164, "\\d0", False),
        (164, "0;d", False),
        (164, "H:MM", True),
    ],
)
def test_a_format_shows_a_moment_or_it_does_not(code: int, custom: str | None, shows: bool) -> None:
    assert is_moment(code, custom) is shows


def test_half_a_character_is_replaced_and_its_row_is_told() -> None:
    assert plain_text("a_xD83D_") == "a\ufffd"
    data = workbook([("_xD83D_", "b"), ("nul_x0000_", "c")])
    assert [record.problem for record in records(data)] == ["row_not_text", "row_has_nul"]


# ---- sheets --------------------------------------------------------------------------------------


def test_the_first_sheet_that_is_seen_is_read_and_a_person_may_name_another() -> None:
    data = workbook(
        sheets={
            "Notes": [("phone",), ("+70005550103",)],
            "Clients": [("phone",), ("+70005550101",)],
            "Old": [("phone",), ("+70005550102",)],
        },
        hidden="Notes",
    )
    found = read_list(data, "clients.xlsx")
    assert found.notes == (Note("sheet_chosen", {"sheet": "Clients", "of": "2"}),)
    assert [row.phones[0].e164 for row in rows(data, found)] == ["+70005550101"]
    named = read_list(data, "clients.xlsx", asked=Asked(sheet="Old"))
    assert [row.phones[0].e164 for row in rows(data, named)] == ["+70005550102"]
    with pytest.raises(InvalidRequest, match="It has: Clients, Old"):
        read_list(data, "clients.xlsx", asked=Asked(sheet="Notes"))


def test_a_workbook_is_known_by_its_content_whatever_its_name_says() -> None:
    assert read_list(workbook(PEOPLE), "clients.csv").notes == (
        Note("named_otherwise", {"format": "XLSX"}),
    )
    text = b"phone;name\n+70005550101;Ann\n"
    assert read_list(text, "clients.xlsx").notes == (Note("named_otherwise", {"format": "CSV"}),)


def test_sheets_may_be_named_from_the_root_of_the_zip() -> None:
    target = workbook(PEOPLE)
    rels = (
        f'{HEAD}<Relationships xmlns="x"><Relationship Id="rId1" Type="http://x/worksheet" '
        'Target="/xl/worksheets/sheet1.xml"/></Relationships>'
    )
    data = workbook(PEOPLE, parts={"xl/_rels/workbook.xml.rels": rels})
    assert cells(data) == cells(target)


# ---- what is none, and what is made to hurt ------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {"_rels/.rels": None},
        {"xl/workbook.xml": None},
        {"xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}"/>'},
        {"xl/worksheets/sheet1.xml": None},
        {"xl/worksheets/sheet1.xml": "<worksheet><sheetData>"},
        {"xl/worksheets/sheet1.xml": '<!DOCTYPE w [<!ENTITY a "b">]><w>&a;</w>'},
        {"xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}"/>'},
        {"xl/worksheets/sheet1.xml": '<w><row><c t="s"><v>-1</v></c></row></w>'},
    ],
)
def test_a_broken_workbook_is_refused_with_the_way_out(parts: dict[str, Any]) -> None:
    assert refused(workbook(PEOPLE, parts=parts)) == "workbook_broken"


def test_a_zip_of_something_else_and_half_a_zip_are_refused() -> None:
    assert refused(zipped({"word/document.xml": "<w/>"})) == "workbook_broken"
    data = workbook(PEOPLE)
    assert refused(data[: len(data) // 2]) == "workbook_broken"


def test_an_old_workbook_or_one_with_a_password_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidRequest, match="without a password") as told:
        read_list(b"\xd0\xcf\x11\xe0" + bytes(600), "clients.xls")
    assert told.value.faults[0].reason == "workbook"


@pytest.mark.parametrize(
    "sheet",
    [
        "<w>" + "<a>" * 100,
        '<w a="' + "x" * 3_000_000 + '">',
        "<w>" + "".join(f"<n{n}/>" for n in range(10_000)),
        '<w><row><c r="ZZZZZZ1"><v>1</v></c></row></w>',
        "<w><row>" + "<c/>" * 16_385,
        '<w><row r="1048576"/><row/></w>',
    ],
)
def test_a_sheet_made_to_hurt_is_refused(sheet: str) -> None:
    data = workbook(parts={"xl/worksheets/sheet1.xml": sheet})
    assert refused(data) == "workbook_large"


@pytest.mark.parametrize("bound", ["PART_BYTES_MAX", "SHEET_BYTES_MAX", "STRINGS_BYTES_MAX"])
def test_every_part_has_a_bound(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, bound, 40)
    assert refused(workbook(PEOPLE)) == "workbook_large"


def test_a_zip_with_a_long_list_of_parts_is_refused_unread() -> None:
    many = zipped({f"{'x' * 60}{n}": "" for n in range(15_000)})
    assert refused(many) == "workbook_large"


def test_rows_that_go_back_are_numbered_onwards() -> None:
    sheet = '<w><row r="7"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row></w>'
    data = workbook(parts={"xl/worksheets/sheet1.xml": sheet})
    assert [record.number for record in records(data)] == [7, 8]


def test_memory_grows_neither_with_a_cell_nor_with_the_rows() -> None:
    row = '<row><c t="inlineStr"><is><t>' + "x" * 200 + "</t></is></c></row>"
    long = '<row><c t="inlineStr"><is><t>' + "y" * 5_000_000 + "</t></is></c></row>"
    data = workbook(parts={"xl/worksheets/sheet1.xml": f"<w>{long}{row * 15_000}</w>"})
    book = read_book(data, "clients.xlsx")
    tracemalloc.start()
    try:
        found = sheet_records(data, book, book.sheets[0], "clients.xlsx")
        first = next(found)
        count = sum(1 for _ in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reading.CELL_KEPT_CHARS <= len(first.cells[0]) < 2 * reading.CELL_KEPT_CHARS
    assert count == 15_000
    assert peak < 2_000_000


@given(st.binary(max_size=400), st.integers(0, 3_000), st.integers(0, 3))
def test_no_bytes_break_the_reader_of_workbooks(junk: bytes, at: int, kind: int) -> None:
    data = workbook(PEOPLE)
    if kind == 0:
        data = b"PK\x03\x04" + junk
    elif kind == 1:
        data = data[:at] + junk + data[at + len(junk) :]
    else:
        part = "xl/worksheets/sheet1.xml" if kind == 2 else "xl/sharedStrings.xml"
        data = workbook(PEOPLE, parts={part: junk})
    try:
        found = read_list(data, "clients.xlsx")
    except InvalidRequest:
        return
    if "no_phone_column" not in found.problems:
        try:
            assert all(row.row for row in rows(data, found))
        except InvalidRequest:
            return
