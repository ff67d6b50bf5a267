"""Leads over HTTP: a person and their place at once, the verdict of a list's row, once per key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from api_site import Site

from vyzov.dialer.lists import REASONS

Json = dict[str, Any]
PHONE = "+1 202 555-0117"


def path(site: Site, campaign: str = "campaign") -> str:
    return f"/campaigns/{site.town.own[campaign]}/leads"


def send(site: Site, *, key: str = "", campaign: str = "campaign", **lead: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"phones": [PHONE], **lead}
    return site.browser_of("manager").post(path(site, campaign), json=body, headers=headers)


def test_a_lead_is_a_contact_with_a_place_and_the_floor_hears_of_it(site: Site) -> None:
    made = send(site, name="Vera", fields={"plan": "M"}, language="English")
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["verdict"], told["reason"], told["state"]) == ("ok", None, "due")
    [asked] = site.peer.asked("office.lead_added")
    assert asked["campaign"] == told["campaign"]
    assert asked["contact"] == told["contact"]
    card = site.browser_of("manager").get(f"/contacts/{told['contact']}").json()
    assert (card["name"], card["fields"], card["language"]) == ("Vera", {"plan": "M"}, "en")
    assert [one["e164"] for one in card["phones"]] == ["+12025550117"]
    assert [one["campaign"]["id"] for one in card["campaigns"]] == [told["campaign"]]
    assert card["list"]["file"] == "API"


def test_leads_of_a_campaign_stand_in_one_list_of_their_own(site: Site) -> None:
    one, two = send(site).json(), send(site, phones=["+12025550118"]).json()
    other = send(site, campaign="campaign_b", phones=["+12025550119"]).json()
    assert (one["list"], one["row"], two["row"]) == (two["list"], 1, 2)
    assert other["list"] != one["list"]
    listed = site.browser_of("manager").get(f"/lists/{one['list']}").json()
    assert (listed["rows_total"], listed["rows_ok"], listed["contacts"]) == (2, 2, 2)
    assert listed["verdicts"]["ok"] == 2


def test_a_token_with_the_one_scope_brings_leads(site: Site) -> None:
    body = {"name": "Site form", "scopes": ["lead.add"]}
    secret = site.browser_of("manager").post("/tokens", json=body).json()["secret"]
    client = httpx.Client(base_url=f"{site.url}/api/v1", trust_env=False)
    client.headers["Authorization"] = f"Bearer {secret}"
    site.browsers.append(client)
    assert client.post(path(site), json={"phones": [PHONE]}).status_code == 201
    assert client.get("/contacts").status_code == 403


def test_one_key_is_one_lead_and_another_body_under_it_is_refused(site: Site) -> None:
    one, again = send(site, key="form-1"), send(site, key="form-1")
    assert (again.status_code, again.json()) == (201, one.json())
    assert len(site.peer.asked("office.lead_added")) == 1
    assert send(site, key="form-1", name="Other").json()["code"] == "key_reused"


WRONG: list[tuple[Json, str, str, str]] = [
    ({"phones": ["12"]}, "phone_invalid", "phones", "phone"),
    ({"phones": ["  "]}, "", "phones.0", "needed"),
    ({"phones": ["sip:vera@host;tag=1"]}, "phone_sip_syntax", "phones", "phone"),
    ({"phones": ["7,00056E+10"]}, "phone_rounded", "phones", "phone"),
    ({"phones": ["+7 900 000-00-00\r\nVia: SIP/2.0"]}, "phone_sip_syntax", "phones", "phone"),
    (
        {"phones": [f"+1202555{n:04d}" for n in range(100, 111)]},
        "phones_too_many", "phones", "too_long",
    ),
    ({"zone": "Moonbase"}, "zone_unknown", "zone", "choice"),
    ({"fields": {"plan": "x" * 2_001}}, "cell_too_long", "fields.plan", "too_long"),
    ({"name": "Ve\x00ra"}, "row_has_nul", "name", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("lead", "row_reason", "field", "reason"), WRONG)
def test_what_a_list_would_turn_away_is_refused_by_the_same_verdict(
    site: Site, lead: Json, row_reason: str, field: str, reason: str
) -> None:
    before = site.browser_of("manager").get("/lists").json()
    refused = send(site, **lead)
    assert refused.status_code == 422, refused.text
    told = refused.json()
    assert told["args"].get("row_reason", "") == row_reason
    assert row_reason in (*REASONS, "")
    assert [(one["field"], one["reason"]) for one in told["fields"]] == [(field, reason)]
    assert site.browser_of("manager").get("/lists").json() == before
    assert site.peer.asked("office.lead_added") == []


def test_a_remark_of_a_row_is_told_of_a_lead_that_is_taken(site: Site) -> None:
    told = send(site, phones=[PHONE, "12"]).json()
    assert (told["verdict"], told["reason"], told["args"]) == (
        "ok",
        "number_skipped",
        {"value": "12"},
    )


def test_somebody_who_waits_is_brought_forward_and_not_made_twice(site: Site) -> None:
    fresh = site.browser_of("manager").get(f"/contacts/{site.town.own['contact_fresh']}").json()
    number = fresh["phones"][0]["e164"]
    again = send(site, phones=[number, PHONE], name="Vera")
    assert again.status_code == 200
    told = again.json()
    assert (told["contact"], told["verdict"], told["state"]) == (fresh["id"], "merged", "due")
    card = site.browser_of("manager").get(f"/contacts/{fresh['id']}").json()
    assert card["name"] == "Vera"
    assert [one["e164"] for one in card["phones"]] == [number, "+12025550117"]
    assert len(site.browser_of("manager").get(f"/contacts?q={number}").json()["items"]) == 1


def test_a_lead_waits_for_its_moment(site: Site) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    told = send(site, not_before=later.isoformat()).json()
    assert datetime.fromisoformat(told["next_due_at"]) == later
    past_bound = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    refused = send(site, not_before=past_bound)
    assert refused.json()["fields"][0]["field"] == "not_before"


@pytest.mark.parametrize("state", ["completing", "completed", "failed", "archived"])
def test_a_campaign_that_is_over_takes_no_leads(site: Site, state: str) -> None:
    town = site.town
    town.office.set_campaign_state(town.own.organisation, town.own["campaign"], state)
    refused = send(site)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_a_campaign_of_nobody_takes_no_leads_good_or_bad(site: Site) -> None:
    manager = site.browser_of("manager")
    for campaign in ("nobody", site.town.other["campaign"]):
        for phone in (PHONE, "12"):
            answer = manager.post(f"/campaigns/{campaign}/leads", json={"phones": [phone]})
            assert answer.status_code == 404


def test_another_list_leaves_the_leads_in_the_campaign(site: Site) -> None:
    manager = site.browser_of("manager")
    body = {
        "name": "Site", "purpose": "service", "mode": "progressive",
        "settings": {"caller_id": "+70005550199"},
    }  # fmt: skip
    campaign = manager.post("/campaigns", json=body).json()["id"]
    lead = manager.post(f"/campaigns/{campaign}/leads", json={"phones": [PHONE]}).json()
    shown = manager.get(f"/campaigns/{campaign}")
    assert shown.json()["list"]["id"] == lead["list"]
    changed = manager.patch(
        f"/campaigns/{campaign}",
        json={"list": site.town.own["list"]},
        headers={"If-Match": shown.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    assert manager.get(f"/campaigns/{campaign}/progress").json()["total"] == 6
