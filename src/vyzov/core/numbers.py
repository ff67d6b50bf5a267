"""Telephone numbers as the engine may see them: strict E.164 or a checked service number.

Finding a number in what a person typed, its country and its zones is done at import, with a proper
library; here is the last check before a number is dialled, the way a carrier wants it written, and
the way it is shown where it must not be read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SERVICE = re.compile(r"[0-9]{2,6}", re.ASCII)
_SHOWN_AT_END = 2
_PREFIX = re.compile(r"[0-9*#]{0,8}", re.ASCII)
_NATIONAL = re.compile(r"national:([0-9]{0,4})", re.ASCII)
_COUNTRY_CODE = re.compile(r"\+(7|1|2[07]|2[1-689][0-9]|3[0-469]|3[578][0-9]|4[013-9]|42[0-9]|5[1-8]"
    r"|5[09][0-9]|6[0-6]|6[789][0-9]|8[1246]|8[05789][0-9]|9[0-58]|9[679][0-9])", re.ASCII)  # fmt: skip
"""Country codes as ITU-T E.164 assigned them; which digits follow is not looked at."""


def is_e164(number: str) -> bool:
    """True for `+`, a country code and 7 to 15 digits in all (ITU-T E.164, 6.2.1)."""
    return _E164.fullmatch(number) is not None


def is_service_number(number: str) -> bool:
    """True for 2 to 6 digits; whether it may be dialled is for an explicit list to say."""
    return _SERVICE.fullmatch(number) is not None


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a carrier wants numbers written.

    `kind`: e164 (`+70005550101`), plain (`70005550101`) or `national:P`, where `P` (`8`, `0`, or
    nothing) takes the place of the country code. `prefix` goes before the number called only."""

    kind: str = "e164"
    prefix: str = ""

    def fault(self) -> str:
        """Returns what is wrong with this format, "" where nothing is."""
        if self.kind not in ("e164", "plain") and not _NATIONAL.fullmatch(self.kind):
            return f"{self.kind!r} is no way to write numbers: use e164, plain or national:8"
        if not _PREFIX.fullmatch(self.prefix):
            return f"the prefix {self.prefix!r} may hold up to 8 digits, * and #"
        if self.prefix and self.kind == "e164":
            return "a prefix cannot stand before a plus sign: use plain or national:8 with it"
        return ""

    def written(self, number: str) -> str:
        """Returns a number as this carrier wants to read it; a service number stays as it is."""
        if not is_e164(number):
            return number
        if self.kind == "e164":
            return number
        national = _NATIONAL.fullmatch(self.kind)
        code = _COUNTRY_CODE.match(number)
        if national is None or code is None:
            return number[1:]
        return national[1] + number[code.end() :]

    def called(self, number: str) -> str:
        """Returns the number called, with the prefix the carrier asks for."""
        return self.prefix + self.written(number)


def prefix_of(number: str, prefixes: Iterable[str]) -> str | None:
    """Returns the longest of the prefixes that the number begins with, None where none does."""
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


def masked(number: str) -> str:
    """Returns the number with its middle hidden: `+7*******01`; short numbers are hidden whole."""
    shown_at_start = 2 if number.startswith("+") else 0
    hidden = len(number) - shown_at_start - _SHOWN_AT_END
    # Two hidden digits could be guessed in a minute.
    if hidden < 3:
        return "*" * len(number)
    return number[:shown_at_start] + "*" * hidden + number[-_SHOWN_AT_END:]
