"""Reads a list of people from a file: how it would be read, and a verdict for every row.

Every row that is not blank gets exactly one verdict, so the verdicts of a file add up to its rows.
Cells are text, whatever a spreadsheet would make of them (`=1+1` stays `=1+1`). How bytes become
rows is in `csv_text` and `workbook`, what columns are for in `columns`, how cells become numbers in
`phones`; who is known from other lists is `duplicates`' part, writing contacts the store's. Reasons
are ids with arguments; `list_words` and the screens have the words.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer import phones as numbers
from vyzov.dialer.columns import (
    Column,
    Meaning,
    as_said,
    cell_of,
    is_titled,
    phones_by_content,
    title_of,
    titled,
    untitled,
)
from vyzov.dialer.consent import consent_in
from vyzov.dialer.csv_text import ENCODINGS, delimiter_of, encoding_of, records
from vyzov.dialer.number_book import NumberBook
from vyzov.dialer.office_records import ImportedRow, ImportPhone, RowVerdict
from vyzov.dialer.ports import Json
from vyzov.dialer.sheet import Record, Source, opened
from vyzov.dialer.workbook import (
    OLD_MARK,
    ZIP_MARK,
    Book,
    Sheet,
    read_book,
    refuse_old,
    sheet_records,
)

__all__ = ["Column", "ListPreview", "Meaning", "judged", "read_list", "rows", "verdict_counts"]

COLUMNS_MAX = 200
CELL_CHARS_MAX = 2_000
SAMPLE_ROWS = 20
PHONES_MAX = 10
SHOWN_CHARS = 60
LARGE_BYTES = 50_000_000
"""Of a file of this length a person is told that it takes its time."""

REASONS = (
    "row_has_nul", "row_not_text", "row_too_long", "quote_not_closed", "cells_too_many",
    "cell_too_long", "phone_missing", "phone_invalid", "phone_rounded", "phone_sip_syntax",
    "phone_kind_refused",
    "phone_zone_unknown", "phones_too_many", "zone_unknown", "duplicate_of_row", "merged_with_row",
    "known_already", "contact_updated",
    "number_skipped", "extension_ignored", "language_unknown", "consent_unknown",
)  # fmt: skip
"""Every id a row's reason may have; each has words in every language of the screens."""

NOTES = (
    "encoding_read", "named_otherwise", "sheet_chosen", "title_twice", "columns_remembered",
    "list_large",
)  # fmt: skip
"""Every id of what is said of a file that is read all the same."""

PROBLEMS = ("no_rows", "no_phone_column")
"""Every id of what keeps a whole file from being imported."""

LANGUAGES = {
    "ru": "ru", "rus": "ru", "russian": "ru", "русский": "ru", "рус": "ru",
    "en": "en", "eng": "en", "english": "en", "английский": "en", "англ": "en",
}  # fmt: skip
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


class Format(StrEnum):
    """What a file is, whatever its name says."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know of a file: an id, to be worded with `args`."""

    id: str
    args: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ListPreview:
    """How a file would be read; the columns may be changed by a person before it is imported.

    `sample` holds the first rows as they stand. `problems` are ids of what keeps the whole file
    from being imported. Of a workbook `sheet` is read, and encoding and delimiter are empty."""

    file_name: str
    encoding: str
    delimiter: str
    has_header: bool
    columns: tuple[Column, ...]
    sample: tuple[Record, ...]
    default_region: str
    problems: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    format: Format = Format.CSV
    book: Book | None = None
    sheet: Sheet | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles as they stand in the file; none where it has none."""
        return tuple(column.title for column in self.columns) if self.has_header else ()

    def meanings(self) -> dict[str, Meaning]:
        """What each column is for, by its name."""
        return {column.name: column.meaning for column in self.columns}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of a file instead of letting it be found; empty: find it.

    `columns` maps titles, or names as a preview shows them, to meanings and goes before all that
    is known; `encoding` is one of `csv_text.ENCODINGS`, `sheet` a sheet of a workbook by name."""

    columns: Mapping[str, Meaning] = field(default_factory=dict[str, Meaning])
    encoding: str = ""
    sheet: str = ""


Remembered = Callable[[tuple[str, ...]], Mapping[str, Meaning]]
"""Says what columns of just these titles were for the last time; empty where nobody knows."""


def _nobody(_: tuple[str, ...]) -> Mapping[str, Meaning]:
    return {}


def read_list(
    source: Source,
    file_name: str,
    *,
    default_region: str = "RU",
    asked: Asked | None = None,
    remembered: Remembered = _nobody,
) -> ListPreview:
    """Returns how a file would be read: encoding, delimiter, meaning of its columns, first rows.

    `default_region` (ISO) is the country of numbers written without one. What is no table raises
    `InvalidRequest`."""
    asked = asked or Asked()
    plain = _found(source, file_name, default_region, asked)
    head = tuple(islice(records_of(source, plain), SAMPLE_ROWS + 1))
    if not head:
        raise InvalidRequest(
            f"The file '{file_name}' is empty.", "Choose another file.",
            [Fault("file", "is empty", "empty_file")],
        )  # fmt: skip
    before = remembered(tuple(title_of(cell) for cell in head[0].cells))
    said = {**before, **asked.columns}
    has_header = is_titled(head, said, default_region)
    # A row wider than its titles is not another column: a delimiter in a cell has shifted it.
    width = len(head[0].cells) if has_header else max(len(record.cells) for record in head)
    if width > COLUMNS_MAX:
        raise InvalidRequest(
            f"The file '{file_name}' has {width} columns; at most {COLUMNS_MAX} are read.",
            "Remove the columns nobody needs, or see whether the delimiter is right.",
            [Fault("file", "has too many columns", "too_many_columns", {"most": COLUMNS_MAX})],
        )
    sample = head[1:] if has_header else head
    columns = as_said(titled(head[0], width) if has_header else untitled(width), said)
    if not any(column.meaning is Meaning.PHONE for column in columns):
        columns = phones_by_content(columns, sample, default_region)
    problems = [] if sample else ["no_rows"]
    if not any(column.meaning is Meaning.PHONE for column in columns):
        problems.append("no_phone_column")
    noted = [*plain.notes, *_of_titles(columns, has_header=has_header)]
    if before:
        noted.append(Note("columns_remembered"))
    return replace(
        plain,
        has_header=has_header,
        columns=columns,
        sample=sample[:SAMPLE_ROWS],
        problems=tuple(problems),
        notes=tuple(noted),
    )


def reading_of(preview: ListPreview) -> Json:
    """Returns what is kept of how a file was read, for the next one of the same titles."""
    columns = {name: meaning.value for name, meaning in preview.meanings().items()}
    return {"titles": list(preview.titles), "columns": columns} if preview.titles else {}


def columns_of_reading(reading: Json) -> dict[str, Meaning]:
    """Returns what columns were for, as `reading_of` kept it; what no version knows is left out."""
    known = {meaning.value: meaning for meaning in Meaning}
    columns = reading.get("columns", {})
    return {name: known[use] for name, use in columns.items() if use in known}


def records_of(source: Source, preview: ListPreview) -> Iterator[Record]:
    """Yields all rows of a file that are not blank, its titles too."""
    if preview.book is not None and preview.sheet is not None:
        return sheet_records(source, preview.book, preview.sheet, preview.file_name)
    return records(source, preview.encoding, preview.delimiter)


def rows(source: Source, preview: ListPreview) -> Iterator[ImportedRow]:
    """Yields every row of the file with its verdict, in order; memory grows with numbers only.

    Raises `InvalidRequest` where no column is for telephone numbers."""
    if not any(column.meaning is Meaning.PHONE for column in preview.columns):
        raise InvalidRequest.of(
            f"The list '{preview.file_name}'",
            [Fault("columns", "none of them is for numbers", "no_numbers")],
        )
    return _Judge(preview).rows(records_of(source, preview))


def judged(record: Record, columns: tuple[Column, ...], default_region: str) -> ImportedRow:
    """Returns the verdict of one row that comes alone."""
    alone = iter((record,))
    preview = ListPreview("", "", "", False, columns, (), default_region)
    return next(_Judge(preview).rows(alone))


def verdict_counts(judged: Sequence[ImportedRow]) -> dict[RowVerdict, int]:
    """Counts rows by verdict; every verdict has a count, be it zero."""
    counts = Counter(row.verdict for row in judged)
    return {verdict: counts[verdict] for verdict in RowVerdict}


class _Judge:
    """Judges the rows of one file; remembers the numbers seen and whose row they were."""

    def __init__(self, preview: ListPreview) -> None:
        self._preview = preview
        self._book = NumberBook()
        self._by_meaning = {
            meaning: tuple(c for c in preview.columns if c.meaning is meaning)
            for meaning in Meaning
        }

    def rows(self, source: Iterator[Record]) -> Iterator[ImportedRow]:
        """Yields a verdict for every record but the header."""
        if self._preview.has_header:
            next(source, None)
        for record in source:
            yield self._judged(record)

    def _judged(self, record: Record) -> ImportedRow:
        fault = record.problem or _shape_fault(record, len(self._preview.columns))
        if fault:
            return _problem(record, fault)
        zone_text = self._text(record, Meaning.ZONE)
        zone = numbers.zone_named(zone_text) if zone_text else None
        if zone_text and zone is None:
            return _problem(record, "zone_unknown", value=zone_text)
        found: dict[str, numbers.Phone] = {}
        faults: list[numbers.NotAPhone] = []
        for column in self._by_meaning[Meaning.PHONE]:
            good, bad = numbers.phones_in(cell_of(record, column), self._preview.default_region)
            found.update({phone.e164: phone for phone in good if phone.e164 not in found})
            faults += bad
        if not found:
            if not faults:
                return _problem(record, "phone_missing")
            return _problem(record, faults[0].reason, value=faults[0].value)
        if len(found) > PHONES_MAX:
            return _problem(record, "phones_too_many", value=str(len(found)))
        return self._accepted(record, list(found.values()), faults, zone)

    def _accepted(
        self,
        record: Record,
        found: list[numbers.Phone],
        faults: list[numbers.NotAPhone],
        zone: str | None,
    ) -> ImportedRow:
        rows_of = [self._book.row_of(phone.e164) for phone in found]
        fresh = [phone for phone, row in zip(found, rows_of, strict=True) if row is None]
        known = [row for row in rows_of if row is not None]
        owner = known[0] if known else record.number
        for phone in fresh:
            self._book.note(phone.e164, owner)
        phones = tuple(
            ImportPhone(phone.e164, phone.country, numbers.zones_with(phone, zone))
            for phone in fresh
        )
        if known:
            return ImportedRow(
                row=record.number,
                verdict=RowVerdict.MERGED if fresh else RowVerdict.DUPLICATE,
                raw=record.cells[:COLUMNS_MAX],
                reason="merged_with_row" if fresh else "duplicate_of_row",
                args={"row": str(owner)},
                phones=phones,
                same_as=owner,
            )
        language, language_fault = self._language(record)
        consent = consent_in(self._text(record, Meaning.CONSENT))
        reason, value = _remark(found, faults, consent.fault, language_fault)
        return ImportedRow(
            row=record.number,
            verdict=RowVerdict.OK,
            raw=record.cells[:COLUMNS_MAX],
            reason=reason,
            args={"value": value[:SHOWN_CHARS]} if reason else {},
            name=self._name(record),
            language=language,
            fields={
                column.name: text
                for column in self._by_meaning[Meaning.FIELD]
                if (text := cell_of(record, column))
            },
            phones=phones,
            consent=consent.consent,
        )

    def _text(self, record: Record, meaning: Meaning) -> str:
        cells = (cell_of(record, column) for column in self._by_meaning[meaning])
        return next((cell for cell in cells if cell), "")

    def _name(self, record: Record) -> str:
        last, first, middle = (
            self._text(record, meaning)
            for meaning in (Meaning.LAST_NAME, Meaning.FIRST_NAME, Meaning.MIDDLE_NAME)
        )
        given = self._text(record, Meaning.NAME)
        # A file with surnames apart calls the given name just "name", most often in Russian.
        if last or middle:
            first = first or given
            russian = self._preview.default_region == "RU"
            parts = (last, first, middle) if russian else (first, middle, last)
            return " ".join(part for part in parts if part)
        return given or first

    def _language(self, record: Record) -> tuple[str, str]:
        text = self._text(record, Meaning.LANGUAGE).casefold()
        default = "ru" if self._preview.default_region == "RU" else "en"
        if not text:
            return default, ""
        if text in LANGUAGES:
            return LANGUAGES[text], ""
        return (text, "") if _LANGUAGE_CODE.fullmatch(text) else (default, text)


def _remark(
    found: list[numbers.Phone],
    faults: list[numbers.NotAPhone],
    consent_fault: str,
    language_fault: str,
) -> tuple[str, str]:
    """Returns what a person should know of a row that is taken all the same."""
    if faults:
        return "number_skipped", faults[0].value
    if consent_fault:
        return "consent_unknown", consent_fault
    extension = next((phone.extension for phone in found if phone.extension), "")
    if extension:
        return "extension_ignored", extension
    return ("language_unknown", language_fault) if language_fault else ("", "")


def _shape_fault(record: Record, columns: int) -> str:
    if any(cell.strip() for cell in record.cells[columns:]):
        # A delimiter inside a cell has shifted the rest: nothing says which cell is whose.
        return "cells_too_many"
    return "cell_too_long" if any(len(cell) > CELL_CHARS_MAX for cell in record.cells) else ""


def _problem(record: Record, reason: str, **args: str) -> ImportedRow:
    return ImportedRow(
        row=record.number,
        verdict=RowVerdict.PROBLEM,
        raw=_shown(record),
        reason=reason,
        args={name: value[:SHOWN_CHARS] for name, value in args.items()},
    )


def _shown(record: Record) -> tuple[str, ...]:
    """Returns the cells as they stood, cut to what a person can read; NUL is not kept."""
    return tuple(
        cell[:CELL_CHARS_MAX].replace("\0", "\ufffd") for cell in record.cells[:COLUMNS_MAX]
    )


def _found(source: Source, file_name: str, region: str, asked: Asked) -> ListPreview:
    """Finds out what a file is and how it is written, without looking at its columns."""
    with opened(source) as stream:
        mark = stream.read(len(ZIP_MARK))
        length = stream.seek(0, 2)
    notes = [Note("list_large", {"mb": str(length // 1_000_000)})] if length > LARGE_BYTES else []
    if mark == OLD_MARK:
        raise refuse_old(file_name)
    suffix = file_name.rpartition(".")[2].casefold()
    if mark == ZIP_MARK:
        return _found_workbook(source, file_name, region, asked, suffix, notes)
    if suffix in ("xlsx", "xlsm", "xls"):
        notes.append(Note("named_otherwise", {"format": "CSV"}))
    encoding = _encoding(source, asked.encoding)
    if not encoding.startswith("utf-8"):
        notes.append(Note("encoding_read", {"encoding": encoding.upper().replace("_", "-")}))
    return ListPreview(
        file_name, encoding, delimiter_of(source, encoding), False, (), (), region,
        notes=tuple(notes),
    )  # fmt: skip


def _found_workbook(
    source: Source, file_name: str, region: str, asked: Asked, suffix: str, notes: list[Note]
) -> ListPreview:
    if suffix not in ("xlsx", "xlsm"):
        notes.append(Note("named_otherwise", {"format": "XLSX"}))
    book = read_book(source, file_name)
    named = [sheet for sheet in book.sheets if sheet.name == asked.sheet]
    if asked.sheet and not named:
        raise InvalidRequest(
            f"The workbook '{file_name}' has no sheet '{asked.sheet}'.",
            f"It has: {', '.join(sheet.name for sheet in book.sheets)}.",
            [Fault("sheet", "there is no such sheet", "choice")],
        )
    sheet = named[0] if named else book.sheets[0]
    if len(book.sheets) > 1:
        notes.append(Note("sheet_chosen", {"sheet": sheet.name, "of": str(len(book.sheets))}))
    return ListPreview(
        file_name, "", "", False, (), (), region, notes=tuple(notes), format=Format.XLSX,
        book=book, sheet=sheet,
    )  # fmt: skip


def _encoding(source: Source, asked: str) -> str:
    if not asked:
        return encoding_of(source)
    plain = asked.casefold().replace("-", "_")
    if plain not in ENCODINGS:
        raise InvalidRequest(
            f"There is no encoding '{asked}' here.", f"Choose one of {', '.join(ENCODINGS)}.",
            [Fault("encoding", "is none that is known", "choice")],
        )  # fmt: skip
    # A mark at the beginning is no part of the first title, whoever named the encoding.
    return "utf-8-sig" if plain == "utf_8" else plain


def _of_titles(columns: tuple[Column, ...], *, has_header: bool) -> Iterator[Note]:
    if has_header:
        titles = Counter(column.title for column in columns if column.title)
        for title, count in titles.items():
            if count > 1:
                yield Note("title_twice", {"title": title[:SHOWN_CHARS], "times": str(count)})
