"""Turns what a workbook keeps of a cell into the text a person sees in it.

A workbook keeps numbers as binary fractions, days as numbers with a format, and texts apart from
their cells (ISO/IEC 29500-1, 18.8.30 and 18.17.4.1). Only what a list of people needs is told
apart: whole numbers, other numbers, days, times of day.
"""

import re
from datetime import datetime, timedelta

DAY_FORMATS = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
TIME_FORMATS = frozenset({18, 19, 20, 21, 45, 46, 47})
"""Numbers of the formats that every workbook has without saying how they look."""

SERIAL_MAX = 2_958_465
"""31 December 9999, the last day a spreadsheet knows."""
# The first spreadsheets took 1900 for a leap year; days before its 29 February are one off.
LEAP_BUG_ENDS = 61
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - a day in a cell has no zone
EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - a day in a cell has no zone

_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|General', re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def number_text(kept: str) -> str:
    """Returns a number as a person sees it: fifteen digits, whole ones without a fraction."""
    if _WHOLE.fullmatch(kept):
        return kept
    try:
        value = float(kept)
    except ValueError:
        return kept
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")


def is_moment(code: int, custom: str | None) -> bool:
    """Says whether a format shows its number as a day or a time of day."""
    if custom is None:
        return code in DAY_FORMATS or code in TIME_FORMATS
    shown = _LITERALS.sub("", custom.partition(";")[0]).casefold()
    return any(letter in shown for letter in "dmyhs")


def moment_text(kept: str, *, since_1904: bool) -> str:
    """Returns a day or a time of day as ISO 8601 writes it; what is neither, as a number."""
    try:
        serial = float(kept)
    except ValueError:
        return kept
    if not 0 <= serial <= SERIAL_MAX:
        return number_text(kept)
    whole, seconds = int(serial), round(serial % 1 * 86_400)
    early = not since_1904 and serial < LEAP_BUG_ENDS
    epoch = EPOCH_1904 if since_1904 else EPOCH_1900 + timedelta(days=int(early))
    moment = epoch + timedelta(days=whole, seconds=seconds)
    shown = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if serial < 1:
        return shown
    day = moment.date().isoformat()
    return f"{day} {shown}" if seconds % 86_400 else day


def plain_text(kept: str) -> str:
    """Returns a text with its characters written as `_x000D_` put back."""
    return _ESCAPED.sub(_unescaped, kept) if "_x" in kept else kept


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    # Half a character is none, and no database takes it.
    return "\ufffd" if "\ud800" <= letter <= "\udfff" else letter
