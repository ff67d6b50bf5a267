"""Campaigns through the API: drafts, edits, starting, and what would happen if started now."""

from typing import Any

import httpx
import pytest
from api_floor_peer import refuse
from api_site import Site

DRAFT: dict[str, Any] = {
    "name": "Spring",
    "purpose": "service",
    "mode": "progressive",
    "settings": {"caller_id": "+70005550199", "lines_max": 7},
}


def created(browser: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = browser.post("/campaigns", json={**DRAFT, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_new_campaign_is_a_draft_with_whole_settings(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    made = created(manager, list=own["list"], principal=own["principal_b"])
    assert (made["state"], made["mode"], made["version"]) == ("draft", "progressive", 1)
    assert made["list"] == {"id": own["list"], "name": "Clients"}
    assert made["principal"]["id"] == own["principal_b"]
    assert made["settings"]["lines_max"] == 7
    assert made["settings"]["trunks"] == [own["trunk"]], "all active trunks by default"
    assert made["settings"]["redial"]["attempts_max"] > 0
    assert manager.get(f"/campaigns/{made['id']}").json() == made
    told = site.peer.wait_for("office.settings_changed")
    assert told[0]["campaign"] == made["id"]
    assert told[0]["as"]["organisation"] == own.organisation


def test_wrong_settings_are_all_named_at_once(site: Site) -> None:
    wrong = {"caller_id": "12", "lines_max": 0, "no_such": 1}
    answer = site.browser_of("manager").post("/campaigns", json={**DRAFT, "settings": wrong})
    assert answer.status_code == 422
    assert {"lines_max", "no_such"} <= {one["field"] for one in answer.json()["fields"]}


def test_a_repeated_creation_with_one_key_makes_one_campaign(site: Site) -> None:
    manager = site.browser_of("manager")
    headers = {"Idempotency-Key": "spring-1"}
    first, second = (manager.post("/campaigns", json=DRAFT, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    assert (first.status_code, second.status_code) == (201, 201)
    assert len(manager.get("/campaigns").json()["items"]) == 3
    other = manager.post("/campaigns", json={**DRAFT, "name": "Autumn"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    colleague = site.browser_of("administrator").post("/campaigns", json=DRAFT, headers=headers)
    assert colleague.json()["id"] != first.json()["id"], "a key is its owner's alone"


def test_an_edit_must_name_the_version_it_is_of(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    etag = manager.get(path).headers["etag"]
    change = {"settings": {"lines_max": 3, "redial": {"attempts_max": 2}}}
    assert manager.patch(path, json=change).json()["code"] == "if_match_missing"
    changed = manager.patch(path, json=change, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.json()["version"] == 2
    assert changed.json()["settings"]["lines_max"] == 3
    assert changed.json()["settings"]["caller_id"] == "+70005550199", "a patch leaves the rest"
    assert changed.headers["etag"] != etag
    late = manager.patch(path, json=change, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert site.peer.wait_for("office.settings_changed")[0]["campaign"] == site.town.own["campaign"]


def test_a_new_name_changes_the_etag_too(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    etag = manager.get(path).headers["etag"]
    assert manager.patch(path, json={"name": "A"}, headers={"If-Match": etag}).status_code == 200
    late = manager.patch(path, json={"name": "B"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert manager.get(path).json()["name"] == "A"


def test_an_edit_with_wrong_settings_changes_nothing(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    before = manager.get(path)
    headers = {"If-Match": before.headers["etag"]}
    wrong = manager.patch(path, json={"settings": {"window": {"end": "25:00"}}}, headers=headers)
    assert wrong.status_code == 422
    assert manager.get(path).json() == before.json()


def test_another_list_after_the_first_call_is_a_conflict(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    made = site.town.office.import_list(
        site.town.own.organisation, name="New", file_name="n.csv", file_sha256="1" * 64, rows=[]
    )
    headers = {"If-Match": manager.get(path).headers["etag"]}
    answer = manager.patch(path, json={"list": made.id}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_settings_are_saved_even_while_the_floor_is_away(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    headers = {"If-Match": manager.get(path).headers["etag"]}
    site.peer.stop()
    answer = manager.patch(path, json={"settings": {"lines_max": 2}}, headers=headers)
    assert answer.status_code == 200
    assert manager.get(path).json()["settings"]["lines_max"] == 2


# ---- starting, pausing, finishing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "state"), [("start", "running"), ("pause", "pausing"), ("finish", "completing")]
)
def test_the_floor_is_asked_in_the_persons_name(site: Site, word: str, state: str) -> None:
    campaign = site.town.own["campaign"]
    browser = site.browser_of("supervisor")
    answer = browser.post(f"/campaigns/{campaign}/{word}", headers={"Idempotency-Key": "1"})
    assert answer.json() == {"id": campaign, "state": state}
    (ask,) = site.peer.asked(f"office.{word}_campaign")
    assert ask["campaign"] == campaign
    assert ask["as"] == {
        "user": site.town.own["supervisor"],
        "organisation": site.town.own.organisation,
        "role": "supervisor",
        "connection": "",
    }


def test_starting_needs_a_key_and_a_repeated_start_asks_once(site: Site) -> None:
    path = f"/campaigns/{site.town.own['campaign']}/start"
    browser = site.browser_of("manager")
    missing = browser.post(path)
    assert (missing.status_code, missing.json()["code"]) == (400, "key_missing")
    for _ in range(3):
        assert browser.post(path, headers={"Idempotency-Key": "go"}).status_code == 200
    assert len(site.peer.asked("office.start_campaign")) == 1


def test_a_refusal_is_not_remembered(site: Site) -> None:
    path = f"/campaigns/{site.town.own['campaign']}/start"
    browser, headers = site.browser_of("manager"), {"Idempotency-Key": "go"}
    agree, site.peer.answer = site.peer.answer, refuse("no_list")
    refused = browser.post(path, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_list")
    assert refused.json()["next_step"] == "Do something else."
    site.peer.answer = agree
    assert browser.post(path, headers=headers).status_code == 200


def test_a_campaign_the_floor_has_not_read_yet_is_asked_for_again(site: Site) -> None:
    agree, tries = site.peer.answer, []

    def slow(ask: dict[str, Any]) -> dict[str, Any] | None:
        if ask["do"] != "office.start_campaign":
            return agree(ask)
        tries.append(ask)
        return refuse("not_found")(ask) if len(tries) < 3 else agree(ask)

    site.peer.answer = slow
    browser = site.browser_of("manager")
    made = created(browser, list=site.town.own["list"])
    answer = browser.post(f"/campaigns/{made['id']}/start", headers={"Idempotency-Key": "1"})
    assert answer.json()["state"] == "running"
    assert len(tries) == 3


def test_a_campaign_the_floor_never_reads_is_refused_in_the_end(site: Site) -> None:
    site.peer.answer = refuse("not_found")
    path = f"/campaigns/{site.town.own['campaign']}/start"
    answer = site.browser_of("manager").post(path, headers={"Idempotency-Key": "1"})
    assert answer.status_code == 404
    assert len(site.peer.asked("office.start_campaign")) == site.settings.new_campaign_tries


def test_without_a_floor_nothing_starts_and_the_answer_says_so(site: Site) -> None:
    site.peer.stop()
    path = f"/campaigns/{site.town.own['campaign']}/start"
    answer = site.browser_of("manager").post(path, headers={"Idempotency-Key": "1"})
    assert (answer.status_code, answer.json()["code"]) == (503, "floor_away")
    assert answer.headers["retry-after"] == "1"


def test_a_floor_that_does_not_answer_counts_as_away(site: Site) -> None:
    site.peer.answer = lambda _ask: None
    path = f"/campaigns/{site.town.own['campaign']}/pause"
    answer = site.browser_of("manager").post(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "floor_away")


def test_what_may_be_done_depends_on_state_and_role(site: Site) -> None:
    running = f"/campaigns/{site.town.own['campaign']}"
    assert site.browser_of("supervisor").get(running).json()["allowed"] == ["pause", "finish"]
    manager = site.browser_of("manager")
    assert manager.get(running).json()["allowed"] == ["pause", "finish", "edit", "copy"]
    assert site.browser_of("customer").get(running).json()["allowed"] == []
    draft = created(manager)
    assert draft["allowed"] == ["start", "archive", "edit", "copy"]


# ---- how far it is -------------------------------------------------------------------------------


def test_progress_counts_contacts_and_attempts(site: Site) -> None:
    told = site.browser_of("manager").get(f"/campaigns/{site.town.own['campaign']}/progress").json()
    states = ("fresh", "due", "callback", "in_call", "closed")
    assert told["total"] == 5 == sum(told[state] for state in states)
    assert told["attempts"] == 1
    assert told["outcomes"] == {"answered_human": 1}


def test_the_waterfall_adds_up_and_its_last_step_is_callable_now(site: Site) -> None:
    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    headers = {"If-Match": manager.get(path).headers["etag"]}
    always = {
        "settings": {"window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}}
    }
    assert manager.patch(path, json=always, headers=headers).status_code == 200
    told = manager.get(f"{path}/callable").json()
    assert told["total"] == 5
    remaining = told["total"]
    for gate in told["gates"]:
        remaining -= gate["lost"]
        assert gate["remaining"] == remaining
    assert told["callable"] == remaining == 4
    assert {g["gate"]: g["lost"] for g in told["gates"]}["suppressed"] == 1


def test_outside_the_hours_nobody_is_callable_and_the_gate_says_so(site: Site) -> None:
    from datetime import UTC, datetime, timedelta

    manager = site.browser_of("manager")
    path = f"/campaigns/{site.town.own['campaign']}"
    moscow = datetime.now(UTC) + timedelta(hours=3)
    closed = (moscow + timedelta(days=2)).isoweekday()
    headers = {"If-Match": manager.get(path).headers["etag"]}
    manager.patch(path, json={"settings": {"window": {"days": [closed]}}}, headers=headers)
    told = manager.get(f"{path}/callable").json()
    assert told["callable"] == 0
    assert {g["gate"]: g["lost"] for g in told["gates"]}["window"] == 4


def test_campaigns_are_listed_by_state_and_page(site: Site) -> None:
    manager = site.browser_of("manager")
    made = created(manager)
    assert [one["id"] for one in manager.get("/campaigns?state=draft").json()["items"]] == [
        made["id"]
    ]
    first = manager.get("/campaigns?limit=2").json()
    rest = manager.get("/campaigns", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert "settings" not in first["items"][0]


def test_the_contact_that_waits_for_its_hour_is_told_why_and_until_when(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    path = f"/contacts/{own['contact_fresh']}/verdict?campaign={own['campaign']}"
    told = manager.get(path).json()
    statuses = [gate["status"] for gate in told["gates"]]
    if told["allowed"]:
        assert set(statuses) == {"passed"}
    else:
        assert told["gate"] == "window"
        assert told["until"]
        assert statuses.count("stopped") == 1
    site.town.office.add_stop(own.organisation, told["phone"], reason="asked", source="office")
    stopped = manager.get(path).json()
    assert (stopped["allowed"], stopped["gate"]) == (False, "suppressed")
    assert stopped["gates"][-1]["status"] == "not_asked"
    manager.post("/floor/emergency-stop")
    assert site.browser_of("supervisor").post("/floor/emergency-stop").json()["stopped"]
    assert manager.get(path).json()["gate"] == "emergency_stop"


def test_a_contact_of_no_such_campaign_has_no_verdict(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    made = created(manager)
    path = f"/contacts/{own['contact']}/verdict"
    assert manager.get(f"{path}?campaign={made['id']}").status_code == 404
    assert manager.get(path).json()["campaign"] in (own["campaign"], own["campaign_b"])
