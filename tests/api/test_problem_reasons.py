"""What is wrong with a field is told as an id with its bounds, for screens of any language."""

from typing import Any, get_args

import pytest
from api_site import Site
from pydantic import BaseModel, Field, ValidationError

from vyzov.core.errors import Reason
from vyzov.web.problems import reason_of


def faults(answer: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    assert answer.status_code == 422, answer.text
    return {one["field"]: (one["reason"], one["args"]) for one in answer.json()["fields"]}


def test_settings_of_a_campaign_name_their_bounds(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    headers = {"If-Match": manager.get(path).headers["etag"]}
    settings = {"lines_max": 0, "ring_timeout_s": 10, "caller_id": "office", "colour": "red"}
    told = faults(manager.patch(path, json={"settings": settings}, headers=headers))
    assert told == {
        "lines_max": ("between", {"least": 1, "most": 10_000}),
        "ring_timeout_s": ("least", {"least": 15}),
        "caller_id": ("phone", {}),
        "colour": ("unknown_field", {}),
    }


def test_a_form_names_what_is_missing_and_what_nobody_knows(site: Site) -> None:
    manager = site.browser_of("manager")
    told = faults(manager.post("/trunks", json={"host": "sip.example.org", "colour": "red"}))
    assert (told["name"], told["colour"]) == (("needed", {}), ("unknown_field", {}))


def test_a_short_password_says_how_long_it_must_be(site: Site) -> None:
    asked = {"login": "new", "name": "New", "role": "operator", "password": "short"}
    told = faults(site.browser_of("administrator").post("/users", json=asked))
    assert told == {"password": ("too_short", {"least": 10})}


def test_a_workbook_is_told_as_such(site: Site) -> None:
    file = {"file": ("clients.xlsx", b"PK\x03\x04rest")}
    told = faults(site.browser_of("manager").post("/lists?preview=true", files=file))
    assert told == {"file": ("workbook_broken", {})}
    file = {"file": ("clients.xls", b"\xd0\xcf\x11\xe0rest")}
    told = faults(site.browser_of("manager").post("/lists?preview=true", files=file))
    assert told == {"file": ("workbook", {})}


class Asked(BaseModel):
    """Something of every kind that can be wrong."""

    name: str = Field(min_length=1, max_length=5)
    login: str = Field(min_length=3)
    lines: int = Field(ge=1, le=9)
    on: bool


@pytest.mark.parametrize(
    ("wrong", "reason", "args"),
    [
        ({"name": ""}, "needed", {}),
        ({"name": "abcdef"}, "too_long", {"most": 5}),
        ({"login": "ab"}, "too_short", {"least": 3}),
        ({"lines": 0}, "least", {"least": 1}),
        ({"lines": 10}, "most", {"most": 9}),
        ({"lines": "many"}, "whole", {}),
        ({"on": "perhaps"}, "flag", {}),
        ({"name": 7}, "text", {}),
    ],
)
def test_a_fault_of_the_form_has_the_reason_of_the_settings(
    wrong: dict[str, Any], reason: str, args: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as found:
        Asked.model_validate({"name": "a", "login": "abc", "lines": 1, "on": True} | wrong)
    [fault] = found.value.errors()
    assert reason_of(fault) == (reason, args)
    assert reason in get_args(Reason)


def test_a_fault_without_words_keeps_its_sentence() -> None:
    assert reason_of({"type": "url_parsing"}) == ("", {})
