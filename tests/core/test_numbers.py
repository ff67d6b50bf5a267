"""Numbers as they may reach the engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.numbers import is_e164, is_service_number, masked, prefix_of


@pytest.mark.parametrize("number", ["+70005550101", "+12025550143", "+442079460000", "+1234567"])
def test_strict_numbers_are_numbers(number: str) -> None:
    assert is_e164(number)


@pytest.mark.parametrize(
    "number",
    ["", "70005550101", "+0005550101", "+7 000 555", "+7000555010a", "+7000555010100001", "+123456",
     "+70005550101\n", "+٧٠٠٠٥٥٥٠١٠١", "+70005550101;ext=5", "sip:x@y"],
)  # fmt: skip
def test_anything_else_is_not(number: str) -> None:
    assert not is_e164(number)


def test_service_numbers_are_short() -> None:
    assert is_service_number("112")
    assert not is_service_number("1")
    assert not is_service_number("1234567")
    assert not is_service_number("11a")


def test_the_longest_prefix_counts() -> None:
    assert prefix_of("+77005550101", ("+7", "+77", "+1")) == "+77"
    assert prefix_of("+442079460000", ("+7", "+1")) is None


def test_a_masked_number_keeps_its_ends() -> None:
    assert masked("+70005550101") == "+7********01"
    assert masked("112") == "***"
    assert masked("123456") == "****56"
    assert masked("12345") == "***45"
    assert masked("1234") == "****"


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_masking_hides_at_least_three_digits(number: str) -> None:
    assert masked(number).count("*") >= 3
    assert len(masked(number)) == len(number)
