"""Decides whether a one-time code is right (RFC 6238): six digits, thirty seconds, one step either way.

A code is taken once: whoever looked over a shoulder comes too late. Secrets are made, kept and guarded
against guessing elsewhere.
"""

import base64
import binascii
import hmac
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
STEPS_AROUND = 1
"""Clocks differ: a code of the step before or after is taken as well."""
SECRET_BYTES = 20


def code_of(secret: bytes, step: int) -> str:
    """Returns the code of a time step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_at(now: datetime) -> int:
    """Returns the time step of a moment."""
    return int(now.timestamp()) // STEP_S


def accepted_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """Returns the step whose code was given, None where it is wrong or was taken already.

    `secret` is in base32, `last_step` the latest step that was taken."""
    given = "".join(code.split())
    if len(given) != DIGITS or not given.isascii() or not given.isdigit():
        return None
    try:
        key = base64.b32decode(secret)
    except binascii.Error:
        return None
    here = step_at(now)
    found = None
    for step in range(here - STEPS_AROUND, here + STEPS_AROUND + 1):
        if hmac.compare_digest(code_of(key, step), given) and step > last_step:
            found = step
    return found


def secret_text(key: bytes) -> str:
    """Returns a key as an app takes it: base32 (RFC 4648) without padding, for whole groups."""
    return base64.b32encode(key).decode("ascii")


def grouped(secret: str) -> str:
    """Returns a secret in groups of four, to be typed by hand."""
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def otpauth_uri(secret: str, account: str, issuer: str) -> str:
    """Returns the address that sets up an authenticator app."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return (
        f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )
