"""Reads the numbers inside cursors: whatever came back from outside, a column must be able to hold it."""

from vyzov.core.errors import InvalidRequest

DIGITS_MOST = 18
"""A signed 64-bit column holds every number of so many digits."""


def number_of(text: str, cursor: str) -> int:
    """Gives the number `text` out of a cursor; raises InvalidRequest where it is none of ours."""
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MOST):
        raise InvalidRequest(
            f"'{cursor[:40]}' is not a cursor of this list.", "Ask for the first page again."
        )
    return int(text)
