"""Digits that come in INFO requests, as two media types of the field write them (no RFC does).

`application/dtmf-relay` holds `Signal=5` and `Duration=160` (milliseconds), `application/dtmf` the
digit alone. What a digit means is left to its owner.
"""

from vyzov.sip.fields import bounded_int
from vyzov.sip.message import Message

DEFAULT_DIGIT_MS = 100
DIGIT_MS_MAX = 10_000
MAX_BODY = 256
_DIGITS = "0123456789*#ABCD"
# Some peers write the event's number for the two signs (RFC 4733 §3.2).
_NUMBERED = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def digit_of(message: Message) -> tuple[str, int] | None:
    """Returns (digit, milliseconds) of an INFO, None where it brings none."""
    kind = message.header("Content-Type").partition(";")[0].strip().lower()
    if len(message.body) > MAX_BODY:
        return None
    text = message.body.decode("ascii", "replace")
    if kind == "application/dtmf":
        return _digit(text.strip(), "")
    if kind == "application/dtmf-relay":
        pairs = [line.partition("=") for line in text.replace("\r", "\n").split("\n")]
        values = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return _digit(values.get("signal", ""), values.get("duration", ""))
    return None


def _digit(sign: str, duration: str) -> tuple[str, int] | None:
    sign = _NUMBERED.get(sign, sign.upper())
    if len(sign) != 1 or sign not in _DIGITS:
        return None
    try:
        return sign, bounded_int(duration, DIGIT_MS_MAX)
    except ValueError:
        return sign, DEFAULT_DIGIT_MS
