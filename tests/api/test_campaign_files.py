"""Campaigns as a whole: looked over, copied, put away, written to a file, their results changed."""

import tomllib
from typing import Any

import httpx
import pytest
from api_site import Site

RESULT: dict[str, Any] = {"code": "yes", "label": {"en": "Yes"}, "group": "success"}


def change(browser: httpx.Client, path: str, **settings: Any) -> httpx.Response:
    etag = browser.get(path).headers["etag"]
    return browser.patch(path, json={"settings": settings}, headers={"If-Match": etag})


def draft(site: Site) -> str:
    asked: dict[str, Any] = {
        "name": "Spring", "purpose": "service", "mode": "progressive", "settings":
        {"caller_id": "+70005550199"},
    }  # fmt: skip
    return f"/campaigns/{site.browser_of('manager').post('/campaigns', json=asked).json()['id']}"


# ---- before a start ------------------------------------------------------------------------------


def test_a_draft_says_what_it_lacks_and_whether_a_start_needs_it(site: Site) -> None:
    told = site.browser_of("supervisor").get(f"{draft(site)}/readiness").json()
    assert not told["ready"]
    lacking = {one["id"]: one["must"] for one in told["checks"] if not one["ok"]}
    assert lacking == {"list": True, "agents": True, "samples": False, "script": False}


def test_a_campaign_with_list_people_and_trunk_is_ready_until_the_trunk_is_off(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    assert manager.get(f"{path}/readiness").json()["ready"]
    trunk = f"/trunks/{site.town.own['trunk']}"
    off = manager.patch(
        trunk, json={"active": False}, headers={"If-Match": manager.get(trunk).headers["etag"]}
    )
    assert off.status_code == 200, off.text
    told = manager.get(f"{path}/readiness").json()
    assert not told["ready"]
    assert [one["id"] for one in told["checks"] if one["must"] and not one["ok"]] == ["trunk"]


# ---- copy and archive ----------------------------------------------------------------------------


def test_a_copy_is_a_draft_with_the_same_settings_and_the_list_if_asked(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    path = f"/campaigns/{own['campaign_b']}"
    before = manager.get(path).json()
    bare = manager.post(f"{path}/copy", json={"name": "Again"})
    assert bare.status_code == 201, bare.text
    made = bare.json()
    assert (made["state"], made["version"], made["list"]) == ("draft", 1, None)
    assert (made["settings"], made["principal"]) == (before["settings"], before["principal"])
    with_list = manager.post(f"{path}/copy", json={"name": "Again", "list": True}).json()
    assert with_list["list"]["id"] == own["list"]
    assert manager.get(f"/campaigns/{with_list['id']}/progress").json()["fresh"] == 5
    assert manager.get(path).json() == before


def test_a_campaign_is_put_away_by_the_floor_and_by_managers_only(site: Site) -> None:
    path = draft(site)
    refused = site.browser_of("supervisor").post(f"{path}/archive")
    assert refused.status_code == 403
    manager = site.browser_of("manager")
    assert "archive" in manager.get(path).json()["allowed"]
    assert manager.post(f"{path}/archive").json()["state"] == "archived"
    (ask,) = site.peer.asked("office.archive_campaign")
    assert f"/campaigns/{ask['campaign']}" == path


def test_what_is_in_the_archive_is_copied_but_not_changed(site: Site) -> None:
    manager, path = site.browser_of("manager"), draft(site)
    site.town.office.set_campaign_state(site.town.own.organisation, path[11:], "archived")
    assert manager.get(path).json()["allowed"] == ["copy"]
    answer = change(manager, path, lines_max=3)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert manager.post(f"{path}/copy", json={"name": "Again"}).status_code == 201


# ---- files ---------------------------------------------------------------------------------------


def test_a_file_brought_in_makes_the_same_campaign(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    answer = manager.get(f"{path}/toml")
    assert answer.headers["content-type"].startswith("application/toml")
    assert "attachment" in answer.headers["content-disposition"]
    file = tomllib.loads(answer.text)
    assert file["settings"]["trunks"] == ["Carrier"]
    assert file["settings"]["agents"] == ["own-operator", "own-operator_b"]
    made = manager.post("/campaigns/import", json={"toml": answer.text})
    assert made.status_code == 201, made.text
    before = manager.get(path).json()
    assert (made.json()["name"], made.json()["state"]) == (before["name"], "draft")
    assert made.json()["settings"] == before["settings"]
    told = manager.post("/campaigns/import", json={"toml": answer.text, "name": "Other"}).json()
    assert told["name"] == "Other"


def test_a_wrong_file_is_refused_by_the_name_of_what_is_wrong(site: Site) -> None:
    manager = site.browser_of("manager")
    text = manager.get(f"/campaigns/{site.town.own['campaign']}/toml").text
    count = len(manager.get("/campaigns").json()["items"])
    wrong = text.replace("lines_max", "line_max").replace('"Carrier"', '"Nobody"')
    answer = manager.post("/campaigns/import", json={"toml": wrong})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["fields"]] == ["settings.trunks"]
    wrong = text.replace("lines_max", "line_max")
    answer = manager.post("/campaigns/import", json={"toml": wrong})
    assert [one["field"] for one in answer.json()["fields"]] == ["line_max"]
    assert manager.post("/campaigns/import", json={"toml": "name = "}).status_code == 422
    assert len(manager.get("/campaigns").json()["items"]) == count


# ---- results -------------------------------------------------------------------------------------


def test_results_are_named_anew_ordered_and_given_other_consequences(site: Site) -> None:
    manager, path = site.browser_of("manager"), draft(site)
    rows = [
        RESULT | {"key": 2, "label": {"en": "Agreed", "ru": "Согласие"}},
        RESULT | {"key": 1, "code": "stop", "group": "stop"},
        RESULT | {"key": 3, "code": "busy", "group": "technical", "closes": False,
                  "redial_as": "busy"},
    ]  # fmt: skip
    answer = change(manager, path, results=rows)
    assert answer.status_code == 200, answer.text
    told = answer.json()["settings"]["results"]
    assert [one["code"] for one in told] == ["yes", "stop", "busy"]
    assert told[2]["redial_as"] == "busy"


def test_a_result_calls_have_is_hidden_but_never_taken_away(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/campaigns/{site.town.own['campaign']}"
    begun = manager.get(path).json()["settings"]["results"]
    sale = RESULT | {"key": 4, "code": "sale"}
    with_sale = [sale if one["code"] == "thinking" else one for one in begun]
    assert change(manager, path, results=with_sale).status_code == 200, "nobody gave that one"
    refused = change(manager, path, results=begun)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert [one["reason"] for one in refused.json()["fields"]] == ["in_use"]
    hidden = [*begun, sale | {"hidden": True}]
    assert change(manager, path, results=hidden).status_code == 200
    told = manager.get(path).json()["settings"]["results"]
    assert [one["code"] for one in told if one["hidden"]] == ["sale"]


@pytest.mark.parametrize(
    "row", [{"group": "stop", "needs": "callback"}, {"redial_as": "busy", "closes": True}]
)
def test_consequences_that_exclude_each_other_are_refused(site: Site, row: dict[str, Any]) -> None:
    path = draft(site)
    answer = change(site.browser_of("manager"), path, results=[RESULT | {"key": 1} | row])
    assert answer.status_code in (409, 422)
    assert [one["reason"] for one in answer.json()["fields"]] == ["contradicts"]
