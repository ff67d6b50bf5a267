"""Trunks in the campaign's order, those left after a failure, and numbers as carriers want them."""

import re

import pytest
from core_examples import T0
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.numbers import NumberFormat
from vyzov.core.pacing import Bucket
from vyzov.core.routing import NoTrunk, TrunkLoad, trunk_for, untried


def load(name: str, *, up: bool = True, lines: int = 0, tokens: float = 1.0) -> TrunkLoad:
    return TrunkLoad(name, up, lines, 2, 1.0, Bucket(tokens, T0))


def test_a_call_goes_on_through_a_trunk_it_was_not_sent_through() -> None:
    assert [one.trunk for one in untried([load("a"), load("b"), load("c")], ("a",))] == ["b", "c"]


def test_where_all_others_are_down_the_order_begins_anew() -> None:
    left = untried([load("a"), load("b", up=False)], ("a",))
    assert [one.trunk for one in left] == ["a", "b"]


def test_of_several_reasons_the_one_that_passes_soonest_is_told() -> None:
    assert trunk_for([load("a", up=False)], T0) is NoTrunk.ALL_DOWN
    assert trunk_for([load("a", lines=2), load("b", up=False)], T0) is NoTrunk.LINES_FULL
    assert trunk_for([load("a", lines=2), load("b", tokens=0.5)], T0) is NoTrunk.RATE_LIMIT


@pytest.mark.parametrize(
    ("kind", "prefix", "number", "called", "shown"),
    [
        ("e164", "", "+70005550101", "+70005550101", "+70005550101"),
        ("plain", "", "+70005550101", "70005550101", "70005550101"),
        ("plain", "00", "+12025550143", "0012025550143", "12025550143"),
        ("national:8", "", "+70005550101", "80005550101", "80005550101"),
        ("national:0", "9", "+442079460000", "902079460000", "02079460000"),
        ("national:", "", "+12025550143", "2025550143", "2025550143"),
        ("national:8", "9*", "112", "9*112", "112"),
        ("plain", "", "anonymous", "anonymous", "anonymous"),
        ("national:8", "", "+2810005550", "80005550", "80005550"),
    ],
)
def test_a_number_is_written_as_the_carrier_wants(
    kind: str, prefix: str, number: str, called: str, shown: str
) -> None:
    form = NumberFormat(kind, prefix)
    assert form.fault() == ""
    assert form.called(number) == called
    assert form.written(number) == shown


def test_a_country_code_nobody_has_is_left_where_it_stands() -> None:
    assert NumberFormat("national:8").written("+8305550101") == "8305550101"


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [("tel", ""), ("national:x", ""), ("plain", "abc"), ("plain", "1" * 9), ("e164", "00")],
)
def test_a_format_that_makes_no_number_is_refused(kind: str, prefix: str) -> None:
    assert NumberFormat(kind, prefix).fault()


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"), st.sampled_from(["e164", "plain", "national:8"]))
def test_a_written_number_holds_digits_and_at_most_a_leading_plus(number: str, kind: str) -> None:
    assert re.fullmatch(r"\+?[0-9]+", NumberFormat(kind).called(number))
