"""Names and passwords of desk phones: made at random, shown once, kept as hashes only.

A username is digits, because many phones have nothing else to type with; it is no secret, but it
tells nothing and cannot be counted through. A password leaves out signs that look alike.
"""

import math
from collections.abc import Callable

from vyzov.dialer.phone_records import NewDeskPhone

REALM = "vyzov"
"""Part of every stored hash: another one would make every phone's password worthless."""
USERNAME_DIGITS = 9
LEGIBLE = "abcdefghijkmnpqrstuvwxyz23456789"
SIGNS = 20
BITS = math.floor(SIGNS * math.log2(len(LEGIBLE)))

Choose = Callable[[str], str]
"""Picks one sign of a text so that nobody can guess it."""
Hash = Callable[[str, str, str, str], str]
"""Hashes (algorithm, username, realm, password) as RFC 7616 3.4.2 says."""


def new_username(choose: Choose) -> str:
    """Returns a username of digits that does not begin with 0, which phones tend to swallow."""
    return choose("123456789") + "".join(choose("0123456789") for _ in range(USERNAME_DIGITS - 1))


def new_password(choose: Choose) -> str:
    """Returns a password of `BITS` bits."""
    return "".join(choose(LEGIBLE) for _ in range(SIGNS))


def with_password(
    name: str, username: str, password: str, hashed: Hash, *, allow_md5: bool
) -> NewDeskPhone:
    """Returns what is kept of a phone; MD5 only where the phone knows nothing better."""
    algorithms = ("SHA-256", "MD5") if allow_md5 else ("SHA-256",)
    ha1 = {algorithm: hashed(algorithm, username, REALM, password) for algorithm in algorithms}
    return NewDeskPhone(name, username, ha1)
