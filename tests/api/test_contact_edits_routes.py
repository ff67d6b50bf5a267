"""A card changed through the API; promises to call back listed, moved and taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from api_site import Site

from vyzov.storage.connections import open_engine


def patch(browser: httpx.Client, path: str, **change: Any) -> httpx.Response:
    return browser.patch(path, json=change, headers={"If-Match": browser.get(path).headers["etag"]})


def card(site: Site) -> str:
    return f"/contacts/{site.town.own['contact_fresh']}"


def test_a_supervisor_changes_a_card_and_its_history_says_so(site: Site) -> None:
    supervisor, path = site.browser_of("supervisor"), card(site)
    changed = patch(
        supervisor, path, name="Vera New", note="Waits for a letter",
        fields={"plan": None, "city": "Omsk"}, phones=["8 000 555-01-77", "+70005550103"],
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    told = changed.json()
    assert (told["name"], told["note"]) == ("Vera New", "Waits for a letter")
    assert told["fields"] == {"city": "Omsk"}
    assert [one["e164"] for one in told["phones"]] == ["+70005550177", "+70005550103"]
    assert changed.headers["etag"] == supervisor.get(path).headers["etag"]
    assert site.peer.wait_for("office.lists_changed")
    (change,) = supervisor.get(f"{path}/changes").json()["items"]
    assert change["by"] == {"id": site.town.own["supervisor"], "name": "own supervisor"}
    assert (change["before"]["name"], change["after"]["name"]) == ("Client 3", "Vera New")
    assert change["after"]["fields.city"] == "Omsk"


def test_a_card_somebody_else_changed_is_not_overwritten(site: Site) -> None:
    manager, path = site.browser_of("manager"), card(site)
    etag = manager.get(path).headers["etag"]
    assert manager.patch(path, json={"name": "A"}).json()["code"] == "if_match_missing"
    assert patch(manager, path, name="B").status_code == 200
    late = manager.patch(path, json={"name": "C"}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert manager.get(path).json()["name"] == "B"


@pytest.mark.parametrize("phones", [[], ["12"], ["sip:x@example.org"], ["+70005550177;a=b"]])
def test_what_is_no_number_does_not_come_onto_a_card(site: Site, phones: list[str]) -> None:
    manager, path = site.browser_of("manager"), card(site)
    before = manager.get(path).json()
    refused = patch(manager, path, phones=phones)
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"] == "phones"
    assert manager.get(path).json() == before


def test_an_operator_changes_no_card_and_sees_no_history_of_it(site: Site) -> None:
    operator, path = site.browser_of("operator"), f"/contacts/{site.town.own['contact']}"
    assert patch(operator, path, name="Mine").status_code == 403
    assert operator.get(f"{path}/changes").status_code == 403


# ---- promises ------------------------------------------------------------------------------------


def promised(site: Site) -> str:
    """The town's promise, with its contact waiting for it; the hours are whole."""
    own, manager = site.town.own, site.browser_of("manager")
    engine = open_engine(site.town.path, writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE campaign_contact SET state = 'callback' WHERE campaign_id = ? AND contact_id = ?",
            (own["campaign"], own["contact"]),
        )
    engine.dispose()
    always = {"window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}}
    assert patch(manager, f"/campaigns/{own['campaign']}", settings=always).status_code == 200
    return f"/callbacks/{own['callback']}"


def soon(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).replace(microsecond=0).isoformat()


def test_a_promise_is_given_another_hour_and_another_agent(site: Site) -> None:
    supervisor, own, path = site.browser_of("supervisor"), site.town.own, promised(site)
    at = soon(days=2)
    moved = supervisor.patch(path, json={"due_at": at})
    assert moved.status_code == 200, moved.text
    assert datetime.fromisoformat(moved.json()["due_at"]) == datetime.fromisoformat(at)
    assert moved.json()["agent"]["id"] == own["operator"]
    assert site.peer.wait_for("office.lists_changed")
    given = supervisor.patch(path, json={"agent": own["operator_b"]}).json()
    assert given["agent"]["id"] == own["operator_b"]
    mine = site.browser_of("operator_b").get("/callbacks").json()["items"]
    assert own["callback"] in [one["id"] for one in mine]
    assert supervisor.patch(path, json={"agent": ""}).json()["agent"] is None


def test_a_promise_keeps_to_the_hours_of_the_callee_and_the_crew_of_the_campaign(
    site: Site,
) -> None:
    supervisor, own, path = site.browser_of("supervisor"), site.town.own, promised(site)
    past = supervisor.patch(path, json={"due_at": soon(hours=-1)})
    assert (past.status_code, past.json()["code"]) == (409, "conflict")
    far = supervisor.patch(path, json={"due_at": soon(days=200)})
    assert far.status_code == 409
    stranger = supervisor.patch(path, json={"agent": own["manager"]})
    assert [one["field"] for one in stranger.json()["fields"]] == ["agent"]


def test_a_promise_is_taken_back_with_a_reason_once(site: Site) -> None:
    supervisor, own, path = site.browser_of("supervisor"), site.town.own, promised(site)
    assert supervisor.post(f"{path}/cancel", json={}).status_code == 422
    done = supervisor.post(f"{path}/cancel", json={"reason": "asked"})
    assert (done.json()["state"], done.json()["reason"]) == ("cancelled", "asked")
    again = supervisor.post(f"{path}/cancel", json={"reason": "asked"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    entries = supervisor.get(f"/contacts/{own['contact']}").json()["campaigns"]
    (place,) = [one for one in entries if one["campaign"]["id"] == own["campaign"]]
    assert (place["state"], place["closed_reason"]) == ("closed", "callback_cancelled")


def test_promises_are_found_by_agent_and_by_lateness_and_counted(site: Site) -> None:
    manager, own = site.browser_of("manager"), site.town.own
    (one,) = manager.get(f"/callbacks?agent={own['operator_b']}").json()["items"]
    assert one["id"] == own["callback_b"]
    late = manager.get("/callbacks?late=true").json()["items"]
    total = manager.get("/callbacks/summary").json()
    assert len(late) == total["late"]
    assert total["open"] == 2
    assert total["kept_share"] is None
    assert site.browser_of("operator").get("/callbacks/summary").json()["open"] == 1
    span = "?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"
    assert manager.get(f"/callbacks/summary{span}").json()["open"] == 0
