"""What is said of files that are not what they seem: a message for each case, in both languages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from workbook_maker import workbook

from vyzov.core.errors import InvalidRequest
from vyzov.dialer import lists
from vyzov.dialer.list_words import LANGUAGES, WORDS, said, sentence
from vyzov.dialer.lists import LARGE_BYTES, NOTES, PROBLEMS, REASONS, Note, read_list, rows

WORDS_OF_SCREENS = Path(__file__).resolve().parents[2] / "ui" / "src" / "words"
PEOPLE = "Телефон;Имя\r\n+7 000 555-01-01;Анна Лугова\r\n+7 000 555-01-02;Пётр Ветров\r\n"


def row_said(line: str) -> Callable[[], tuple[str, str, dict[str, str]]]:
    def said_of() -> tuple[str, str, dict[str, str]]:
        data = f"phone;name\n{line}\n".encode()
        (row,) = rows(data, read_list(data, "clients.csv"))
        return "row", row.reason, dict(row.args)

    return said_of


def note_said(
    data: bytes, name: str = "clients.csv"
) -> Callable[[], tuple[str, str, dict[str, str]]]:
    def said_of() -> tuple[str, str, dict[str, str]]:
        (note,) = read_list(data, name).notes
        return "note", note.id, dict(note.args)

    return said_of


def file_said(
    data: bytes, name: str = "clients.csv"
) -> Callable[[], tuple[str, str, dict[str, str]]]:
    def said_of() -> tuple[str, str, dict[str, str]]:
        try:
            return "file", read_list(data, name).problems[0], {}
        except InvalidRequest as refusal:
            (fault,) = refusal.faults
            return "file", fault.reason, {key: str(value) for key, value in fault.args.items()}

    return said_of


CASES = {
    "XLSX named .csv": (
        note_said(workbook([("phone",), ("+70005550101",)])), "named_otherwise",
        "By its content the file is XLSX, whatever its name says. It is read so.",
        "По содержимому это XLSX, хотя имя говорит иначе. Так он и прочитан.",
    ),
    "CSV named .xlsx": (
        note_said(b"phone\n+70005550101\n", "clients.xlsx"), "named_otherwise",
        "By its content the file is CSV, whatever its name says. It is read so.",
        "По содержимому это CSV, хотя имя говорит иначе. Так он и прочитан.",
    ),
    "UTF-16": (
        note_said(PEOPLE.encode("utf-16")), "encoding_read",
        "The file is read as UTF-16. If the names below look wrong, name another encoding or save "
        "it as CSV (UTF-8).",
        "Файл прочитан как UTF-16. Если имена ниже искажены, назовите другую кодировку или "
        "сохраните CSV (UTF-8).",
    ),
    "cp1251": (
        note_said(PEOPLE.encode("cp1251")), "encoding_read",
        "The file is read as CP1251. If the names below look wrong, name another encoding or save "
        "it as CSV (UTF-8).",
        "Файл прочитан как CP1251. Если имена ниже искажены, назовите другую кодировку или "
        "сохраните CSV (UTF-8).",
    ),
    "duplicate headers": (
        note_said(("Тариф;" * 2 + PEOPLE.replace("\n+", "\nM;L;+")).encode()), "title_twice",
        "2 columns are called “Тариф”. The others get a number: see what each is for.",
        "Столбцов «Тариф» 2. К остальным добавлен номер: проверьте, что в каждом.",
    ),
    "several sheets": (
        note_said(workbook(sheets={"A": [("phone",), ("+70005550101",)], "B": ()}), "a.xlsx"),
        "sheet_chosen",
        "Sheet “A” is read, one of 2. Name another one if it is not this.",
        "Прочитан лист «A», один из 2. Если нужен не он, назовите другой.",
    ),
    "number with SIP syntax inside": (
        row_said('"+70005550101;transport=tcp";Анна'), "phone_sip_syntax",
        "Looks like a SIP address, not a number: +70005550101;transport=tcp. Leave the digits of "
        "the number only.",
        "Похоже на адрес SIP, а не на номер: +70005550101;transport=tcp. Оставьте только цифры "
        "номера.",
    ),
    "number rounded by a spreadsheet": (
        row_said("7,00056E+10;Анна"), "phone_rounded",
        "Number was rounded by a spreadsheet: 7,00056E+10. Its last digits are lost: take it from "
        "where it came from, into a column of text.",
        "Номер испорчен таблицей: 7,00056E+10. Последние цифры потеряны: возьмите номер из "
        "источника, в столбец с типом «Текст».",
    ),
    "no column of numbers": (
        file_said("Имя;Тариф\nАнна;M\n".encode()), "no_phone_column",
        "No column with numbers is seen. Say which it is.",
        "Не видим столбца с номерами. Укажите, какой это столбец.",
    ),
    "titles alone": (
        file_said("Телефон;Имя\n".encode()), "no_rows",
        "There are no rows in the file. Choose another file.",
        "В файле нет строк. Выберите другой файл.",
    ),
    "empty": (
        file_said(b"\n"), "empty_file",
        "The file is empty. Choose another file.", "Файл пуст. Выберите другой файл.",
    ),
    "too many columns": (
        file_said((";" * 300).join(("phone", "x")).encode()), "too_many_columns",
        "The file has more than 200 columns. Remove those nobody needs, or see whether the "
        "delimiter is right.",
        "В файле больше 200 столбцов. Удалите лишние или проверьте разделитель.",
    ),
    "old workbook or password": (
        file_said(b"\xd0\xcf\x11\xe0" + bytes(600), "clients.xls"), "workbook",
        "The file is an old workbook (.xls) or has a password. Save it as XLSX without a "
        "password, or the sheet as CSV (UTF-8).",
        "Это старая книга (.xls) или книга с паролем. Сохраните её как XLSX без пароля или лист "
        "как CSV (UTF-8).",
    ),
    "broken workbook": (
        file_said(b"PK\x03\x04" + bytes(99), "clients.xlsx"), "workbook_broken",
        "The file is no XLSX workbook, or a broken one. Open it in the spreadsheet program and "
        "save it anew as XLSX or CSV (UTF-8).",
        "Это не книга XLSX, или она испорчена. Откройте её в программе таблиц и сохраните заново "
        "как XLSX или CSV (UTF-8).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_message_in_both_languages(case: str) -> None:
    found, message, english, russian = CASES[case]
    kind, told, args = found()
    assert told == message
    assert sentence(said(kind, told, args, "en")) == english
    assert sentence(said(kind, told, args, "ru")) == russian


def test_a_long_file_is_told_to_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LARGE_BYTES", 10)
    assert LARGE_BYTES > 10_000_000
    assert read_list(PEOPLE.encode(), "clients.csv").notes == (Note("list_large", {"mb": "0"}),)
    told = said("note", "list_large", {"mb": "200"}, "ru")
    assert sentence(told).startswith("В файле 200 МБ")


def test_every_message_there_is_has_words_that_say_something() -> None:
    ids = [
        *(("row", one) for one in REASONS),
        *(("note", one) for one in NOTES),
        *(("file", one) for one in PROBLEMS),
    ]
    assert [one for one in ids if one not in WORDS] == []
    for words in WORDS.values():
        assert words.en.what
        assert words.ru.what
        assert bool(words.en.next_step) is bool(words.ru.next_step)
        assert not words.en.what.endswith(".")
        assert not words.ru.what.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_screens_and_commands_say_the_same_of_a_row_and_a_file(language: str) -> None:
    screens = json.loads((WORDS_OF_SCREENS / language / "lists.json").read_text(encoding="utf-8"))
    for kind in ("row", "note"):
        for (of, message), words in WORDS.items():
            if of != kind:
                continue
            ours = words.ru if language == "ru" else words.en
            theirs = screens.get(f"{kind}.{message}", "")
            # Of a whole file the screen says too what to do, of one among thousands of rows not.
            assert theirs.rstrip(".") == ours.what or theirs == f"{ours.what}. {ours.next_step}"


def test_a_message_without_words_is_told_by_its_id() -> None:
    assert sentence(said("row", "brand_new", {}, "ru")) == "brand_new"
    assert said("row", "phone_invalid", {}, "en").what == "Not a number: "
