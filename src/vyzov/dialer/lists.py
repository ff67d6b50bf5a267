"""Reads a list of people from a CSV file: what its columns mean, and a verdict for every row.

Every row that is not blank gets exactly one verdict, so the verdicts of a file add up to its rows.
Cells are text, whatever a spreadsheet would make of them (`=1+1` stays `=1+1`). How bytes become
rows is in `csv_text`, how cells become numbers in `phones`; writing contacts is the store's part.
Reasons are ids with arguments; screens have the words.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer import phones as numbers
from vyzov.dialer.consent import consent_in
from vyzov.dialer.csv_text import Record, delimiter_of, encoding_of, records
from vyzov.dialer.office_records import ImportedRow, ImportPhone, RowVerdict

COLUMNS_MAX = 200
CELL_CHARS_MAX = 2_000
SAMPLE_ROWS = 20
PHONE_COLUMN_SHARE = 0.6
PHONES_MAX = 10
SHOWN_CHARS = 60

REASONS = (
    "row_has_nul", "row_not_text", "row_too_long", "quote_not_closed", "cells_too_many",
    "cell_too_long", "phone_missing", "phone_invalid", "phone_rounded", "phone_kind_refused",
    "phone_zone_unknown", "phones_too_many", "zone_unknown", "duplicate_of_row", "merged_with_row",
    "number_skipped", "extension_ignored", "language_unknown", "consent_unknown",
)  # fmt: skip
"""Every id a row's reason may have; each has words in every language of the screens."""


class Meaning(StrEnum):
    """What a column is for; `field` columns go onto the contact's card under their title."""

    PHONE = "phone"
    NAME = "name"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    LANGUAGE = "language"
    ZONE = "zone"
    CONSENT = "consent"
    FIELD = "field"
    IGNORED = "ignored"


TITLES: Mapping[str, Meaning] = {
    title: meaning
    for meaning, titles in {
        Meaning.PHONE: (
            "phone", "phones", "phone number", "telephone", "tel", "mobile", "mobile phone", "cell",
            "number", "телефон", "телефоны", "номер", "номер телефона", "мобильный", "тел",
            "мобильный телефон", "сотовый", "контактный телефон", "рабочий телефон",
            "home phone", "work phone", "домашний телефон",
        ),
        Meaning.NAME: (
            "name", "full name", "customer", "client", "contact", "contact name", "имя клиента",
            "фио", "ф и о", "клиент", "контакт", "имя", "имя и фамилия", "фамилия имя отчество",
        ),
        Meaning.FIRST_NAME: ("first name", "firstname", "given name"),
        Meaning.MIDDLE_NAME: ("middle name", "отчество"),
        Meaning.LAST_NAME: ("last name", "lastname", "surname", "family name", "фамилия"),
        Meaning.LANGUAGE: ("language", "lang", "язык"),
        Meaning.ZONE: (
            "zone", "timezone", "time zone", "tz", "часовой пояс", "пояс", "зона", "таймзона",
        ),
        Meaning.CONSENT: (
            "consent", "call consent", "consent to calls", "opt in", "согласие",
            "согласие на звонки", "согласие на рекламу",
        ),
    }.items()
    for title in titles
}  # fmt: skip

LANGUAGES = {
    "ru": "ru", "rus": "ru", "russian": "ru", "русский": "ru", "рус": "ru",
    "en": "en", "eng": "en", "english": "en", "английский": "en", "англ": "en",
}  # fmt: skip
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: `title` as it stands there, `name` the field it fills."""

    index: int
    title: str
    meaning: Meaning
    name: str


@dataclass(frozen=True, slots=True)
class ListPreview:
    """How a file would be read; the columns may be changed by a person before it is imported.

    `sample` holds the first rows as they stand. `problems` are ids of what keeps the whole file
    from being imported (`no_phone_column`, `no_rows`)."""

    file_name: str
    encoding: str
    delimiter: str
    has_header: bool
    columns: tuple[Column, ...]
    sample: tuple[Record, ...]
    default_region: str
    problems: tuple[str, ...] = ()


def read_list(
    data: bytes,
    file_name: str,
    *,
    default_region: str = "RU",
    known_columns: Mapping[str, Meaning] | None = None,
) -> ListPreview:
    """Returns how a file would be read: encoding, delimiter, meaning of its columns, first rows.

    `default_region` (ISO) is the country of numbers written without one; `known_columns` maps
    titles to meanings and goes before the titles we know. What is no text table raises
    `InvalidRequest`."""
    _refuse_other_formats(data, file_name)
    encoding = encoding_of(data)
    delimiter = delimiter_of(data, encoding)
    head = tuple(islice(records(data, encoding, delimiter), SAMPLE_ROWS + 1))
    if not head:
        raise InvalidRequest(
            f"The file '{file_name}' is empty.", "Choose another file.",
            [Fault("file", "is empty", "empty_file")],
        )  # fmt: skip
    titles = {**TITLES, **{_plain_title(t): m for t, m in (known_columns or {}).items()}}
    has_header = any(_plain_title(cell) in titles for cell in head[0].cells)
    # A row wider than its titles is not another column: a delimiter in a cell has shifted it.
    width = len(head[0].cells) if has_header else max(len(record.cells) for record in head)
    if width > COLUMNS_MAX:
        raise InvalidRequest(
            f"The file '{file_name}' has {width} columns; at most {COLUMNS_MAX} are read.",
            "Remove the columns nobody needs, or see whether the delimiter is right.",
            [Fault("file", "has too many columns", "too_many_columns", {"most": COLUMNS_MAX})],
        )
    sample = head[1:] if has_header else head
    columns = _columns(head[0], titles, width) if has_header else _untitled(width)
    if not any(column.meaning is Meaning.PHONE for column in columns):
        columns = _phones_by_content(columns, sample, default_region)
    problems = [] if sample else ["no_rows"]
    if not any(column.meaning is Meaning.PHONE for column in columns):
        problems.append("no_phone_column")
    return ListPreview(
        file_name=file_name,
        encoding=encoding,
        delimiter=delimiter,
        has_header=has_header,
        columns=columns,
        sample=sample[:SAMPLE_ROWS],
        default_region=default_region,
        problems=tuple(problems),
    )


def rows(data: bytes, preview: ListPreview) -> Iterator[ImportedRow]:
    """Yields every row of the file with its verdict, in order; memory grows with numbers only.

    Raises `InvalidRequest` where no column is for telephone numbers."""
    if not any(column.meaning is Meaning.PHONE for column in preview.columns):
        raise InvalidRequest.of(
            f"The list '{preview.file_name}'",
            [Fault("columns", "none of them is for numbers", "no_numbers")],
        )
    return _Judge(preview).rows(records(data, preview.encoding, preview.delimiter))


def verdict_counts(judged: Sequence[ImportedRow]) -> dict[RowVerdict, int]:
    """Counts rows by verdict; every verdict has a count, be it zero."""
    counts = Counter(row.verdict for row in judged)
    return {verdict: counts[verdict] for verdict in RowVerdict}


class _Judge:
    """Judges the rows of one file; remembers the numbers seen and whose row they were."""

    def __init__(self, preview: ListPreview) -> None:
        self._preview = preview
        self._row_of: dict[str, int] = {}
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
            good, bad = numbers.phones_in(_cell(record, column), self._preview.default_region)
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
        fresh = [phone for phone in found if phone.e164 not in self._row_of]
        known = [self._row_of[phone.e164] for phone in found if phone.e164 in self._row_of]
        owner = known[0] if known else record.number
        self._row_of.update({phone.e164: owner for phone in fresh})
        phones = tuple(
            ImportPhone(phone.e164, phone.country, numbers.zones_with(phone, zone))
            for phone in fresh
        )
        if known:
            return ImportedRow(
                row=record.number,
                verdict=RowVerdict.MERGED if fresh else RowVerdict.DUPLICATE,
                raw=_shown(record),
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
            raw=_shown(record),
            reason=reason,
            args={"value": value[:SHOWN_CHARS]} if reason else {},
            name=self._name(record),
            language=language,
            fields={
                column.name: text
                for column in self._by_meaning[Meaning.FIELD]
                if (text := _cell(record, column))
            },
            phones=phones,
            consent=consent.consent,
        )

    def _text(self, record: Record, meaning: Meaning) -> str:
        cells = (_cell(record, column) for column in self._by_meaning[meaning])
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


def _cell(record: Record, column: Column) -> str:
    cell = record.cells[column.index] if column.index < len(record.cells) else ""
    return " ".join(cell.split()) if column.meaning is not Meaning.PHONE else cell.strip()


def _plain_title(cell: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", cell.casefold()).split())


def _columns(header: Record, titles: Mapping[str, Meaning], width: int) -> tuple[Column, ...]:
    columns: list[Column] = []
    used: Counter[str] = Counter()
    for index in range(width):
        title = " ".join(header.cells[index].split()) if index < len(header.cells) else ""
        # "Phone 2" and "Телефон_2" are telephone columns as well.
        plain = _plain_title(title)
        meaning = titles.get(plain) or titles.get(re.sub(r"\s*\d+$", "", plain), Meaning.FIELD)
        name = title or f"column {index + 1}"
        used[name] += 1
        if used[name] > 1:
            name = f"{name} {used[name]}"
        columns.append(Column(index, title, meaning, name))
    return tuple(columns)


def _untitled(width: int) -> tuple[Column, ...]:
    return tuple(Column(index, "", Meaning.FIELD, f"column {index + 1}") for index in range(width))


def _phones_by_content(
    columns: tuple[Column, ...], sample: Sequence[Record], region: str
) -> tuple[Column, ...]:
    """Finds the columns that hold numbers by what is in them."""
    found: list[Column] = []
    for column in columns:
        cells = [text for record in sample if (text := _cell(record, column))]
        good = sum(bool(numbers.phones_in(cell, region)[0]) for cell in cells)
        is_phone = bool(cells) and good >= PHONE_COLUMN_SHARE * len(cells)
        meaning = Meaning.PHONE if is_phone else column.meaning
        found.append(Column(column.index, column.title, meaning, column.name))
    return tuple(found)


def _refuse_other_formats(data: bytes, file_name: str) -> None:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InvalidRequest(
            f"The file '{file_name}' is a workbook, not a CSV file.",
            "Open it in the spreadsheet program and save the sheet as CSV (UTF-8).",
            [Fault("file", "is a workbook", "workbook")],
        )
