"""What the columns of a file are for: by their titles, by what a person said, by what is in them.

What cells hold is read by `phones` and `consent`, rows are judged in `lists`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from vyzov.dialer import phones as numbers
from vyzov.dialer.sheet import Record

PHONE_COLUMN_SHARE = 0.6
"""A column is for numbers where so many of its cells hold one."""


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: `title` as it stands there, `name` the field it fills."""

    index: int
    title: str
    meaning: Meaning
    name: str


def plain_title(cell: str) -> str:
    """Returns a title as titles are compared: without case, marks and double spaces."""
    return " ".join(re.sub(r"[^\w]+|_", " ", cell.casefold()).split())


def title_of(cell: str) -> str:
    """Returns a title as it is shown."""
    return " ".join(cell.split())


def is_titled(head: Sequence[Record], said: Mapping[str, Meaning], region: str) -> bool:
    """Says whether the first row holds titles: a known one, or no number where the others have
    one."""
    known = TITLES.keys() | {plain_title(title) for title in said}
    if any(plain_title(cell) in known for cell in head[0].cells):
        return True
    width = max(len(record.cells) for record in head)
    found = phones_by_content(untitled(width), head[1:], region)
    of_numbers = [column for column in found if column.meaning is Meaning.PHONE]
    return bool(of_numbers) and not any(
        numbers.phones_in(cell_of(head[0], column), region)[0] for column in of_numbers
    )


def titled(header: Record, width: int) -> tuple[Column, ...]:
    """Returns the columns of a row of titles; those of one title are told apart by a number."""
    columns: list[Column] = []
    used: Counter[str] = Counter()
    for index in range(width):
        title = title_of(header.cells[index]) if index < len(header.cells) else ""
        # "Phone 2" and "Телефон_2" are telephone columns as well.
        plain = plain_title(title)
        meaning = TITLES.get(plain) or TITLES.get(re.sub(r"\s*\d+$", "", plain), Meaning.FIELD)
        name = title or f"column {index + 1}"
        used[name] += 1
        if used[name] > 1:
            name = f"{name} {used[name]}"
        columns.append(Column(index, title, meaning, name))
    return tuple(columns)


def untitled(width: int) -> tuple[Column, ...]:
    """Returns columns that have no titles."""
    return tuple(Column(index, "", Meaning.FIELD, f"column {index + 1}") for index in range(width))


def as_said(columns: tuple[Column, ...], said: Mapping[str, Meaning]) -> tuple[Column, ...]:
    """Gives columns the meaning a person gave them, by name or by title."""
    plain = {plain_title(title): meaning for title, meaning in said.items()}
    return tuple(
        replace(
            column,
            meaning=plain.get(plain_title(column.name))
            or plain.get(plain_title(column.title), column.meaning),
        )
        for column in columns
    )


def phones_by_content(
    columns: tuple[Column, ...], sample: Sequence[Record], region: str
) -> tuple[Column, ...]:
    """Finds the columns that hold numbers by what is in them."""
    found: list[Column] = []
    for column in columns:
        cells = [text for record in sample if (text := cell_of(record, column))]
        good = sum(bool(numbers.phones_in(cell, region)[0]) for cell in cells)
        is_phone = bool(cells) and good >= PHONE_COLUMN_SHARE * len(cells)
        found.append(replace(column, meaning=Meaning.PHONE) if is_phone else column)
    return tuple(found)


def cell_of(record: Record, column: Column) -> str:
    """Returns the text of a row in a column; in a cell of numbers a line's end parts two."""
    cell = record.cells[column.index] if column.index < len(record.cells) else ""
    return " ".join(cell.split()) if column.meaning is not Meaning.PHONE else cell.strip()
