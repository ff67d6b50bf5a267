"""Reads what a cell of a list says of a person's consent to be called by a robot.

A cell says yes, no, or the day on which consent was given. What it does not say clearly is no consent:
whether one is needed at all is decided in `core.eligibility`.
"""

import re
from dataclasses import dataclass
from datetime import date

from vyzov.dialer.office_records import ImportConsent

# Spreadsheets write their own words for true and false, in the language of the program.
YES = frozenset({"yes", "y", "true", "1", "+", "да", "истина"})
NO = frozenset({"", "no", "n", "false", "0", "-", "–", "—", "нет", "ложь"})
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_DAYS = (
    re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}}){_TIME}", re.ASCII),
    re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}){_TIME}", re.ASCII),
)
"""With slashes nobody knows which of two numbers is the month."""


@dataclass(frozen=True, slots=True)
class ConsentCell:
    """What a cell says; `fault` holds a text that says neither yes nor no nor a day."""

    consent: ImportConsent | None = None
    fault: str = ""


def consent_in(cell: str) -> ConsentCell:
    """Returns the consent a cell speaks of, if any."""
    plain = cell.strip().casefold()
    if plain in NO:
        return ConsentCell()
    if plain in YES:
        return ConsentCell(ImportConsent())
    day = _day(cell.strip())
    return ConsentCell(ImportConsent(day)) if day else ConsentCell(fault=cell)


def _day(text: str) -> date | None:
    for pattern in _DAYS:
        found = pattern.fullmatch(text)
        if found:
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                return None
    return None
