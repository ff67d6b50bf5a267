"""Reads telephone numbers out of a cell that a person filled in.

A cell may hold several numbers, extensions, words, and what spreadsheets do to digits. What comes
out is strict E.164 with the country and the set of all time zones the number may be in, or a
reason why not. Which rows become contacts is decided in `lists`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import timezone as number_zones

from vyzov.core.making import quickly_made

# Ranges kept for fiction: they ring at nobody's, and a numbering plan may call them invalid.
FICTION = (
    (re.compile(r"\+7000555[0-9]{4}"), "RU", ("Europe/Moscow",)),
    (re.compile(r"\+120255501[0-9]{2}"), "US", ("America/New_York",)),
    (re.compile(r"\+442079460[0-9]{3}"), "GB", ("Europe/London",)),
)
# How numbers of these countries are written at home: (pattern of the digits, what E.164 puts
# first).
AT_HOME = {
    "RU": ((re.compile(r"[78](\d{10})"), "+7"), (re.compile(r"(\d{10})"), "+7")),
    "US": ((re.compile(r"1(\d{10})"), "+1"), (re.compile(r"(\d{10})"), "+1")),
    "GB": ((re.compile(r"0(\d{10})"), "+44"), (re.compile(r"44(\d{10})"), "+44")),
}
# Kinds that cost the caller dearly or reach nobody in particular are never taken from a list.
REFUSED_KINDS = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE: "premium_rate",
    phonenumbers.PhoneNumberType.SHARED_COST: "shared_cost",
    phonenumbers.PhoneNumberType.PAGER: "pager",
    phonenumbers.PhoneNumberType.VOICEMAIL: "voicemail",
}
NON_GEOGRAPHIC = "001"
PIECES_MAX = 10
ZONE_DIGITS = 9
"""So many digits of a number, at most, does the table of zones look at."""
ZONES_KEPT = 50_000
_ZONES: dict[tuple[str, int], tuple[str, ...]] = {}

_EXTENSION = re.compile(
    r"[\s,(]*(?:доб(?:авочный)?|вн(?:утр(?:енний)?)?|ext(?:ension)?|x|доп)\.?\s*:?\s*(\d{1,6})\)?\s*$",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[;,/|\n\r\t]+")
_NUMBER = re.compile(r"\+?[0-9\s()\-.]+")
# Addresses, parameters and header lines of SIP: no person writes a number like that.
_SIP = re.compile(
    r"\bsips?:|\bsip/\d|[\w.]@\w|;\s*[a-z][\w.-]*\s*=|[<>]|%0[ad]"
    r"|\b(?:via|route|record-route|max-forwards|call-id|cseq|(?:proxy-)?authorization"
    r"|p-asserted-identity|content-(?:length|type))\s*:",
    re.IGNORECASE | re.ASCII,
)
_ROUNDED = re.compile(r"\d[.,]\d+[eEеЕ]\+?\d+")
# What a spreadsheet that took a number for a quantity makes of it; its comma parts no numbers.
_QUANTITY = re.compile(r"\+?\d+[.,](?:0|\d+[eEеЕ]\+?\d+)")
_QUOTED_FORMULA = re.compile(r'=\s*"([^"]*)"')
_MOSCOW_OFFSET = re.compile(r"(?:мск|msk)\s*([+\-−]?\s*\d{1,2})?", re.IGNORECASE)
_UTC_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+\-−])\s*(\d{1,2})(?::?00)?", re.IGNORECASE)
_RUSSIA_BY_MOSCOW = {
    -1: "Europe/Kaliningrad", 0: "Europe/Moscow", 1: "Europe/Samara", 2: "Asia/Yekaterinburg",
    3: "Asia/Omsk", 4: "Asia/Krasnoyarsk", 5: "Asia/Irkutsk", 6: "Asia/Yakutsk",
    7: "Asia/Vladivostok", 8: "Asia/Magadan", 9: "Asia/Kamchatka",
}  # fmt: skip


@quickly_made
@dataclass(frozen=True, slots=True)
class Phone:
    """A number as a list gives it: strict E.164, ISO country, all zones it may be in."""

    e164: str
    country: str
    zones: tuple[str, ...]
    extension: str = ""


@dataclass(frozen=True, slots=True)
class NotAPhone:
    """A piece of a cell that is no number: `reason` is an id, `value` the piece as it stood."""

    reason: str
    value: str


def phones_in(cell: str, region: str) -> tuple[list[Phone], list[NotAPhone]]:
    """Returns the numbers of a cell, in order and once each, and the pieces that are none.

    `region` (ISO) is the country of numbers written without one."""
    if _NUMBER.fullmatch(cell) and cell.isprintable():
        # One plain number, as nearly every cell holds: nothing to part, nothing to suspect.
        phone = phone_of(cell, region)
        return ([], [phone]) if isinstance(phone, NotAPhone) else ([phone], [])
    if _SIP.search(cell):
        return [], [NotAPhone("phone_sip_syntax", cell)]
    found: dict[str, Phone] = {}
    faults: list[NotAPhone] = []
    for piece in _pieces(cell):
        phone = phone_of(piece, region)
        if isinstance(phone, NotAPhone):
            faults.append(phone)
        else:
            found.setdefault(phone.e164, phone)
    return list(found.values()), faults


def phone_of(piece: str, region: str) -> Phone | NotAPhone:
    """Reads one number, written as people write it."""
    text = _plain(piece)
    extension = ""
    if not _NUMBER.fullmatch(text):
        if match := _EXTENSION.search(text):
            extension, text = match[1], text[: match.start()]
        if _ROUNDED.fullmatch(text.strip()):
            # A spreadsheet has rounded the number away: its last digits are lost for good.
            return NotAPhone("phone_rounded", piece)
        if not _NUMBER.fullmatch(text):
            return NotAPhone("phone_invalid", piece)
    fictional = _fictional(text, region)
    if fictional is not None:
        return Phone(fictional.e164, fictional.country, fictional.zones, extension)
    return _real(text, region, piece, extension)


def zone_named(text: str) -> str | None:
    """Returns the IANA zone of a cell: a name, an offset from Moscow or from UTC; None if
    unknown."""
    word = text.strip()
    if word in available_zones():
        return word
    if match := _MOSCOW_OFFSET.fullmatch(word):
        hours = (match[1] or "0").replace("−", "-").replace(" ", "")
        return _RUSSIA_BY_MOSCOW.get(int(hours))
    if match := _UTC_OFFSET.fullmatch(word):
        # The names of fixed offsets carry the sign of POSIX, which is the other way round.
        name = f"Etc/GMT{'-' if match[1] == '+' else '+'}{int(match[2])}"
        return name if name in available_zones() else None
    return None


def zones_with(phone: Phone, zone: str | None) -> tuple[str, ...]:
    """Returns where a number may be once its row names a zone.

    A zone the number may be in settles it; a zone it cannot be in is added, so that both are kept
    to."""
    if zone is None:
        return phone.zones
    if zone in phone.zones or _fictional(phone.e164, "") is not None:
        return (zone,)
    return tuple(sorted({*phone.zones, zone}))


@cache
def available_zones() -> frozenset[str]:
    """Returns the names of all zones of the time zone database."""
    return frozenset(available_timezones())


@cache
def zones_of_country(country: str) -> frozenset[str]:
    """Returns the zones of an ISO country, empty for a country unknown."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset(row[2] for row in rows if row[0] == country)


@cache
def possible_zones(names: tuple[str, ...], country: str) -> tuple[str, ...]:
    """Narrows the zones a numbering table gives to those of the number's country.

    The table says Bucharest where it means Kaliningrad, an hour apart in summer, and gives Kazakh
    numbers all of Russia. Nothing known means every zone of the country."""
    given = {_fixed(name, country) for name in names} - {"Etc/Unknown"}
    home = zones_of_country(country)
    return tuple(sorted(given & home or home or given))


def _fixed(name: str, country: str) -> str:
    if name == "Europe/Bucharest" and country == "RU":
        return "Europe/Kaliningrad"
    return name


def _pieces(cell: str) -> list[str]:
    if _QUANTITY.fullmatch(cell.strip()):
        return [cell.strip()]
    pieces: list[str] = []
    for piece in _SEPARATORS.split(cell)[: PIECES_MAX + 1]:
        if pieces and _EXTENSION.fullmatch(piece):
            pieces[-1] += " " + piece.strip()
        elif piece.strip():
            pieces.append(piece.strip())
    return pieces[:PIECES_MAX]


def _plain(piece: str) -> str:
    text = piece.strip()
    if not text.isascii():
        # Marks of writing direction and the like come along with numbers copied from a screen.
        seen = (letter for letter in piece if unicodedata.category(letter) != "Cf")
        text = unicodedata.normalize("NFKC", "".join(seen)).strip()
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    if match := _QUOTED_FORMULA.fullmatch(text):
        text = match[1]
    text = text.removeprefix("'").removeprefix("tel:").strip()
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    return re.sub(r"^(\+?\d{7,15})[.,]0$", r"\1", text)


def _fictional(text: str, region: str) -> Phone | None:
    digits = "".join(letter for letter in text if letter.isdigit())
    ways = ["+" + digits] if text.startswith("+") else _ways_home(digits, region)
    for e164 in ways:
        for pattern, country, zones in FICTION:
            if pattern.fullmatch(e164):
                return Phone(e164, country, zones)
    return None


def _ways_home(digits: str, region: str) -> list[str]:
    ways = [
        prefix + match[1]
        for pattern, prefix in AT_HOME.get(region, ())
        if (match := pattern.fullmatch(digits))
    ]
    return [*ways, "+" + digits.removeprefix("00")]


def _real(text: str, region: str, piece: str, extension: str) -> Phone | NotAPhone:
    number = _valid(text, region)
    if number is None and not text.startswith("+") and sum(map(str.isdigit, text)) >= 11:
        # Exports often lose the plus of a number that has its country code.
        number = _valid("+" + text, region)
    if number is None:
        return NotAPhone("phone_invalid", piece)
    parsed, kind = number
    country = phonenumbers.region_code_for_number(parsed) or NON_GEOGRAPHIC
    if kind in REFUSED_KINDS or country == NON_GEOGRAPHIC:
        return NotAPhone("phone_kind_refused", piece)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    zones = possible_zones(_zones(parsed, e164, kind), country)
    if not zones:
        return NotAPhone("phone_zone_unknown", piece)
    return Phone(e164, country, zones, extension)


def _valid(text: str, region: str) -> tuple[phonenumbers.PhoneNumber, int] | None:
    """Returns a valid number and its kind; a number is valid just where its kind is known."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    kind = phonenumbers.number_type(number)
    return None if kind == phonenumbers.PhoneNumberType.UNKNOWN else (number, kind)


def _zones(number: phonenumbers.PhoneNumber, e164: str, kind: int) -> tuple[str, ...]:
    """Returns the zones of a numbering table, which looks at the first digits of a number only."""
    key = (e164[: ZONE_DIGITS + 1], kind)
    zones = _ZONES.get(key)
    if zones is None:
        if len(_ZONES) >= ZONES_KEPT:
            _ZONES.clear()
        zones = _ZONES[key] = tuple(number_zones.time_zones_for_number(number))
    return zones
