"""What is said of a file and of its rows, in Russian and English: what is wrong, and what to do next.

The ids are those of `lists` and of the faults of a file (`core.errors.Reason`). Screens have short
words of their own for a row; commands and files for download say these.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Said:
    """What and what next, in one language."""

    what: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in both languages."""

    en: Said
    ru: Said


def said(kind: str, message: str, args: Mapping[str, object], language: str) -> Said:
    """Words a message: `kind` is row, note or file; what has no words is told by its id."""
    words = WORDS.get((kind, message))
    if words is None:
        return Said(message)
    chosen = words.ru if language == "ru" else words.en
    return Said(chosen.what.format_map(_Args(args)), chosen.next_step.format_map(_Args(args)))


def sentence(told: Said) -> str:
    """Puts both parts into one line."""
    return f"{told.what}. {told.next_step}".strip() if told.next_step else told.what


class _Args(dict[str, object]):
    """Values of a message; one that is missing is left out."""

    def __missing__(self, name: str) -> str:
        return ""


_SAVE_UTF8 = ("Save the file anew as CSV (UTF-8).", "Сохраните файл заново как CSV (UTF-8).")
_WRITE_NUMBER = (
    "Write it with its country code, as +7 000 555-01-01.",
    "Напишите его с кодом страны, как +7 000 555-01-01.",
)

WORDS: Mapping[tuple[str, str], Words] = {
    (kind, message): Words(Said(en[0], en[1]), Said(ru[0], ru[1]))
    for kind, message, en, ru in (
        # ---- rows that bring nothing -----------------------------------------------------------
        ("row", "row_has_nul",
         ("The row has a NUL byte", _SAVE_UTF8[0]),
         ("В строке нулевой байт", _SAVE_UTF8[1])),
        ("row", "row_not_text",
         ("The row cannot be read in this encoding", _SAVE_UTF8[0]),
         ("Строка не читается в этой кодировке", _SAVE_UTF8[1])),
        ("row", "row_too_long",
         ("The row is too long", "See whether a quote is missing in it."),
         ("Строка слишком длинная", "Посмотрите, не потеряна ли в ней кавычка.")),
        ("row", "quote_not_closed",
         ("A quote is not closed", "Close it, or write two of them."),
         ("Кавычка не закрыта", "Закройте её или напишите две подряд.")),
        ("row", "cells_too_many",
         ("Too many cells", "Put the cell with the delimiter in it in quotes."),
         ("Лишние столбцы", "Возьмите ячейку с разделителем внутри в кавычки.")),
        ("row", "cell_too_long",
         ("A cell is too long", "Shorten it to 2,000 characters."),
         ("Слишком длинная ячейка", "Сократите её до 2000 знаков.")),
        ("row", "phone_missing",
         ("No number", "Fill in a number or delete the row."),
         ("Нет номера", "Впишите номер или удалите строку.")),
        ("row", "phone_invalid",
         ("Not a number: {value}", _WRITE_NUMBER[0]),
         ("Это не номер: {value}", _WRITE_NUMBER[1])),
        ("row", "phone_rounded",
         ("Number was rounded by a spreadsheet: {value}",
          "Its last digits are lost: take it from where it came from, into a column of text."),
         ("Номер испорчен таблицей: {value}",
          "Последние цифры потеряны: возьмите номер из источника, в столбец с типом «Текст».")),
        ("row", "phone_sip_syntax",
         ("Looks like a SIP address, not a number: {value}",
          "Leave the digits of the number only."),
         ("Похоже на адрес SIP, а не на номер: {value}", "Оставьте только цифры номера.")),
        ("row", "phone_kind_refused",
         ("Numbers of this kind are not called: {value}", "Find an ordinary number."),
         ("На такие номера не звоним: {value}", "Найдите обычный номер.")),
        ("row", "phone_zone_unknown",
         ("Time zone of {value} is not known", "Add a column with the time zone."),
         ("Не знаем часового пояса номера {value}", "Добавьте столбец с часовым поясом.")),
        ("row", "phones_too_many",
         ("Too many numbers: {value}", "Leave ten at most."),
         ("Слишком много номеров: {value}", "Оставьте не больше десяти.")),
        ("row", "zone_unknown",
         ("No such time zone: {value}", "Write it as Europe/Moscow, MSK+2 or UTC+5."),
         ("Нет такого часового пояса: {value}", "Напишите его как Europe/Moscow, МСК+2 или UTC+5.")),
        ("row", "duplicate_of_row",
         ("Repeats row {row}", ""), ("Повторяет строку {row}", "")),
        ("row", "known_already",
         ("Already in list “{list}”, row {row}", ""),
         ("Уже есть в списке «{list}», строка {row}", "")),
        # ---- rows that are taken all the same --------------------------------------------------
        ("row", "merged_with_row",
         ("Merged with row {row}", ""), ("Объединена со строкой {row}", "")),
        ("row", "contact_updated",
         ("Joined the contact of list “{list}”, row {row}", ""),
         ("Дополнен контакт из списка «{list}», строка {row}", "")),
        ("row", "number_skipped",
         ("Fine, except {value}", ""), ("Годится, кроме {value}", "")),
        ("row", "extension_ignored",
         ("Fine, without extension {value}", ""), ("Годится, без добавочного {value}", "")),
        ("row", "language_unknown",
         ("Fine, language not understood: {value}", "Write ru or en."),
         ("Годится, язык не понят: {value}", "Напишите ru или en.")),
        ("row", "consent_unknown",
         ("Fine, but no consent: not understood: {value}", "Write yes, no or the day it was given."),
         ("Годится, но согласия нет: не поняли «{value}»", "Напишите да, нет или день согласия.")),
        # ---- the whole file, read all the same -------------------------------------------------
        ("note", "encoding_read",
         ("The file is read as {encoding}",
          "If the names below look wrong, name another encoding or save it as CSV (UTF-8)."),
         ("Файл прочитан как {encoding}",
          "Если имена ниже искажены, назовите другую кодировку или сохраните CSV (UTF-8).")),
        ("note", "named_otherwise",
         ("By its content the file is {format}, whatever its name says", "It is read so."),
         ("По содержимому это {format}, хотя имя говорит иначе", "Так он и прочитан.")),
        ("note", "sheet_chosen",
         ("Sheet “{sheet}” is read, one of {of}", "Name another one if it is not this."),
         ("Прочитан лист «{sheet}», один из {of}", "Если нужен не он, назовите другой.")),
        ("note", "title_twice",
         ("{times} columns are called “{title}”", "The others get a number: see what each is for."),
         ("Столбцов «{title}» {times}", "К остальным добавлен номер: проверьте, что в каждом.")),
        ("note", "columns_remembered",
         ("The columns are taken as the last time", "Change any of them if that is wrong."),
         ("Столбцы поняты так же, как в прошлый раз", "Если это не так, поменяйте любой.")),
        ("note", "list_large",
         ("The file has {mb} MB: it takes some minutes", "You can go on working meanwhile."),
         ("В файле {mb} МБ: понадобится несколько минут", "Работать можно и в это время.")),
        # ---- the whole file, not read ----------------------------------------------------------
        ("file", "no_rows",
         ("There are no rows in the file", "Choose another file."),
         ("В файле нет строк", "Выберите другой файл.")),
        ("file", "no_phone_column",
         ("No column with numbers is seen", "Say which it is."),
         ("Не видим столбца с номерами", "Укажите, какой это столбец.")),
        ("file", "empty_file",
         ("The file is empty", "Choose another file."),
         ("Файл пуст", "Выберите другой файл.")),
        ("file", "too_many_columns",
         ("The file has more than {most} columns",
          "Remove those nobody needs, or see whether the delimiter is right."),
         ("В файле больше {most} столбцов", "Удалите лишние или проверьте разделитель.")),
        ("file", "workbook",
         ("The file is an old workbook (.xls) or has a password",
          "Save it as XLSX without a password, or the sheet as CSV (UTF-8)."),
         ("Это старая книга (.xls) или книга с паролем",
          "Сохраните её как XLSX без пароля или лист как CSV (UTF-8).")),
        ("file", "workbook_broken",
         ("The file is no XLSX workbook, or a broken one",
          "Open it in the spreadsheet program and save it anew as XLSX or CSV (UTF-8)."),
         ("Это не книга XLSX, или она испорчена",
          "Откройте её в программе таблиц и сохраните заново как XLSX или CSV (UTF-8).")),
        ("file", "workbook_large",
         ("The workbook is too large",
          "Save the sheet as CSV (UTF-8), which may be of any length."),
         ("Книга слишком велика", "Сохраните лист как CSV (UTF-8): его длина любая.")),
    )
}  # fmt: skip
"""What is said of each message, by its kind and id."""
