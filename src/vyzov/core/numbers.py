"""Telephone numbers as the engine may see them: strict E.164 or a checked service number.

Finding a number in what a person typed, its country and its zones is done at import, with a proper
library; here is the last check before a number is dialled, and the way it is shown where it must
not be read.
"""

import re
from collections.abc import Iterable

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SERVICE = re.compile(r"[0-9]{2,6}", re.ASCII)
_SHOWN_AT_END = 2


def is_e164(number: str) -> bool:
    """True for `+`, a country code and 7 to 15 digits in all (ITU-T E.164, 6.2.1)."""
    return _E164.fullmatch(number) is not None


def is_service_number(number: str) -> bool:
    """True for 2 to 6 digits; whether it may be dialled is for an explicit list to say."""
    return _SERVICE.fullmatch(number) is not None


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
