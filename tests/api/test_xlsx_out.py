"""Workbooks we write are read back by our own reader, cell for cell."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vyzov.dialer.workbook import read_book, sheet_records
from vyzov.web.xlsx_out import ROWS_MAX, TEXT_MAX, column, plain, write_workbook

HEAD = ("name", "calls", "share")


def written(rows: list[tuple[str | int | float | None, ...]]) -> bytes:
    out = io.BytesIO()
    write_workbook(out, "Report", HEAD, rows)
    return out.getvalue()


def read_again(made: bytes) -> list[tuple[str, ...]]:
    book = read_book(made, "report.xlsx")
    assert [sheet.name for sheet in book.sheets] == ["Report"]
    return [record.cells for record in sheet_records(made, book, book.sheets[0], "report.xlsx")]


def test_a_workbook_is_read_back_as_it_was_written() -> None:
    made = written([("Анна & <Co>", 12, 0.5), ("=cmd()", None, 0.1), ("", 3, 1)])
    assert read_again(made) == [
        HEAD,
        ("Анна & <Co>", "12", "0.5"),
        ("=cmd()", "", "0.1"),
        ("", "3", "1"),
    ]


def test_a_text_that_begins_like_a_formula_is_kept_as_a_text() -> None:
    with zipfile.ZipFile(io.BytesIO(written([("=HYPERLINK(1)", 1, 1)]))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="inlineStr"><is><t xml:space="preserve">=HYPERLINK(1)' in sheet


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=40).filter(lambda text: text.strip() != ""))
def test_any_text_comes_back(text: str) -> None:
    [_, row] = read_again(written([(text, 1, 2)]))
    # Lines of XML end with one sign; what is no character at all is told by another.
    told = "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)
    assert row[0].strip() == told.strip() or row[0] == told


def test_the_same_table_gives_the_same_bytes() -> None:
    assert written([("a", 1, 2)]) == written([("a", 1, 2)])


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_are_named_as_spreadsheets_do(place: int, name: str) -> None:
    assert column(place) == name


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(plain("x" * (TEXT_MAX + 5))) == TEXT_MAX
    assert ROWS_MAX == 1_048_576
