"""A campaign written to a file and read again; what TOML can say of what JSON said."""

import tomllib
from typing import Any

import pytest
from core_examples import FLOW, settings
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.campaign import CampaignSettings
from vyzov.core.campaign_file import LONGEST, Directory, read_campaign, write_campaign
from vyzov.core.errors import InvalidRequest
from vyzov.core.toml_text import toml_of

HERE = Directory({"t-1": "First carrier", "t-2": "Second"}, {"u-1": "ann", "u-2": "bob"})
THERE = Directory({"x": "First carrier", "y": "Second"}, {"p": "bob", "q": "ann"})


def whole() -> CampaignSettings:
    page = {
        "id": "hello",
        "title": {"ru": "Начало"},
        "text": {"ru": 'Слово «да».\n\t"Нет" \\ \x01'},
    }
    return settings(
        trunks=["t-1", "t-2"], agents=["u-1"], flow=FLOW, script=[page], abandon_limit=0.025,
        pace_rules=[], redial={"attempts_max": 4, "rules": {"busy": {"after_s": 90.5}}},
    )  # fmt: skip


def test_a_file_read_where_it_was_written_is_the_same_campaign() -> None:
    made = whole()
    read = read_campaign(write_campaign("Весна", made, HERE), HERE)
    assert (read.name, read.settings) == ("Весна", made)


def test_trunks_and_people_are_found_by_name_in_another_installation() -> None:
    read = read_campaign(write_campaign("Spring", whole(), HERE), THERE)
    assert read.settings.trunks == ("x", "y")
    assert read.settings.agents == ("q",)


def test_two_things_of_one_name_stand_in_the_file_by_their_ids() -> None:
    twins = Directory({"t-1": "Carrier", "t-2": "Carrier"}, HERE.agents)
    text = write_campaign("Spring", whole(), twins)
    assert tomllib.loads(text)["settings"]["trunks"] == ["t-1", "t-2"]
    assert read_campaign(text, twins).settings.trunks == ("t-1", "t-2")


def faults(text: str, directory: Directory = HERE) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        read_campaign(text, directory)
    return [fault.field for fault in caught.value.faults]


def test_whatever_nobody_knows_is_refused_by_name() -> None:
    text = write_campaign("Spring", whole(), HERE)
    assert faults(text.replace("name =", 'colour = "red"\nname =', 1)) == ["colour"]
    assert faults(text.replace("lines_max", "line_max", 1)) == ["line_max"]
    assert faults(text.replace("after_s = 90.5", "after = 90.5", 1)) == ["redial.rules.busy.after"]


def test_a_trunk_or_a_person_that_is_not_here_is_named() -> None:
    text = write_campaign("Spring", whole(), HERE)
    with pytest.raises(InvalidRequest, match="'Second'"):
        read_campaign(text, Directory({"x": "First carrier"}, HERE.agents))
    assert faults(text, Directory({"x": "First carrier"}, {})) == [
        "settings.trunks",
        "settings.agents",
    ]
    twins = Directory({"x": "First carrier", "y": "Second", "z": "Second"}, HERE.agents)
    with pytest.raises(InvalidRequest, match="name of 2"):
        read_campaign(text, twins)


@pytest.mark.parametrize(
    ("text", "field"),
    [("", "vyzov_campaign"), ("vyzov_campaign = 1", "name"), ("[settings]", "name")],
)
def test_a_file_of_something_else_says_what_it_lacks(text: str, field: str) -> None:
    assert field in faults(text)


def test_a_file_that_is_no_toml_or_far_too_long_is_refused_in_words() -> None:
    with pytest.raises(InvalidRequest, match="not TOML"):
        read_campaign("name = ", HERE)
    with pytest.raises(InvalidRequest, match="1,000,000"):
        read_campaign("#" * (LONGEST + 1), HERE)


PLAIN = st.one_of(
    st.booleans(), st.integers(-(2**60), 2**60), st.text(st.characters(exclude_categories=["Cs"])),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, ANYTHING, max_size=4))
def test_what_is_written_is_read_back_by_the_standard_library(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml_of(document)) == document


def test_a_field_that_is_null_is_left_out() -> None:
    document: dict[str, Any] = {"a": None, "b": [1, None, {"c": None, "d": 2}], "e": {"f": None}}
    assert tomllib.loads(toml_of(document)) == {"b": [1, {"d": 2}], "e": {}}
