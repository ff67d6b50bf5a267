"""Consent from the file to the verdict: imported, shown on the card, asked before a robot calls."""

import time
from typing import Any

import httpx
from api_site import Site

FILE = (
    "телефон;имя;согласие\n+70005550191;Анна;да\n+70005550192;Борис;нет\n"
    "+70005550193;Вера;09.03.2025\n"
).encode()
FLOW = {
    "start": "offer",
    "steps": {
        "offer": {"do": "announce", "prompt": "offer", "keys": {"9": "stop"}, "on_silence": "bye"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up"},
    },
}
ALWAYS = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}


def imported(manager: httpx.Client) -> str:
    form = {"name": "Offer", "default_region": "RU"}
    made = manager.post(
        "/lists", data=form, files={"file": ("offer.csv", FILE)},
        headers={"Idempotency-Key": "offer"},
    ).json()  # fmt: skip
    told: dict[str, Any] = made
    for _ in range(200):
        told = manager.get(f"/lists/{made['id']}").json()
        if told["state"] != "importing":
            break
        time.sleep(0.01)
    assert told["state"] == "ready"
    return str(told["id"])


def campaign(manager: httpx.Client, listed: str, purpose: str) -> str:
    settings = {"caller_id": "+70005559999", "flow": FLOW, "window": ALWAYS}
    asked = {"name": purpose, "purpose": purpose, "mode": "agentless", "list": listed}
    made = manager.post("/campaigns", json=asked | {"settings": settings})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def gate(manager: httpx.Client, contact: str, campaign_id: str) -> dict[str, Any]:
    told = manager.get(f"/contacts/{contact}/verdict?campaign={campaign_id}").json()
    [purpose] = [one for one in told["gates"] if one["gate"] == "purpose_mode"]
    return purpose


def test_the_preview_says_which_column_is_the_consent(site: Site) -> None:
    told = site.browser_of("manager").post(
        "/lists?preview=true", files={"file": ("offer.csv", FILE)}
    )
    assert [one["use"] for one in told.json()["columns"]] == ["phone", "name", "consent"]


def test_the_card_shows_the_consent_with_its_source(site: Site) -> None:
    manager = site.browser_of("manager")
    listed = imported(manager)
    found = manager.get(f"/contacts?list={listed}").json()["items"]
    cards = [manager.get(f"/contacts/{one['id']}").json() for one in found]
    assert [len(card["consents"]) for card in cards] == [1, 0, 1]
    assert cards[2]["consents"] == [
        {
            "purpose": "any", "source": "offer.csv:4", "given_at": "2025-03-09T00:00:00Z",
            "revoked_at": None,
        }
    ]  # fmt: skip


def test_the_explanation_and_the_count_know_who_agreed(site: Site) -> None:
    manager = site.browser_of("manager")
    listed = imported(manager)
    offer = campaign(manager, listed, "advertising")
    told = manager.get(f"/campaigns/{offer}/callable").json()
    assert {one["gate"]: one["lost"] for one in told["gates"]}["no_consent"] == 1
    assert (told["total"], told["callable"]) == (3, 2)
    people = [one["id"] for one in manager.get(f"/contacts?list={listed}").json()["items"]]
    assert running(site, manager, offer)
    said = [gate(manager, one, offer) for one in people]
    assert [one["status"] for one in said] == ["passed", "stopped", "passed"]
    assert said[1]["reason"] == "no_consent_to_robot_calls"


def test_a_service_campaign_asks_nobody_for_it(site: Site) -> None:
    manager = site.browser_of("manager")
    made = campaign(manager, imported(manager), "service")
    told = manager.get(f"/campaigns/{made}/callable").json()
    assert {one["gate"]: one["lost"] for one in told["gates"]}["no_consent"] == 0
    assert told["callable"] == 3


def running(site: Site, manager: httpx.Client, campaign_id: str) -> bool:
    """The floor's word, which is not here: the gates behind the state are asked."""
    site.town.office.set_campaign_state(site.town.own.organisation, campaign_id, "running")
    return bool(manager.get(f"/campaigns/{campaign_id}").json()["state"] == "running")
