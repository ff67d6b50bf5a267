"""The wallboard shows figures alone, to whoever has its link, until the link is revoked."""

import json
import time
from typing import Any

import httpx
from api_floor_peer import FloorPeer
from api_site import Site

Json = dict[str, Any]


def picture(site: Site, **changes: Any) -> Json:
    own = site.town.own
    campaign = {
        "id": own["campaign"], "name": "Family plan", "mode": "progressive", "state": "running",
        "pace": {"ringing": 3, "talking": 2, "waiting": 1, "longest_wait_s": 1.5},
        "abandon": {"numerator": 2, "denominator": 80, "share": 0.025, "limit": 0.03,
                    "window_days": 30, "rule": "US-AB-1"},
        "progress": {"total": 200, "fresh": 40, "due": 8, "closed": 120},
    }  # fmt: skip
    day = {"talk_s": 3_000, "wrap_s": 300, "ready_s": 300, "pause_s": 0}
    agents = [
        {"id": own["operator"], "name": "Secret Name", "state": "talking", "attention": "help",
         "day": day},
        {"id": own["operator_b"], "name": "Other Name", "state": "pause", "attention": None,
         "day": day},
    ]  # fmt: skip
    return {
        "floor": "here", "at": "2026-11-20T10:00:00Z", "stopped": False, "engine": "up",
        "database": "up", "campaigns": [campaign], "agents": agents, "trunks": [], "alerts": [],
    } | changes  # fmt: skip


def show(site: Site, peer: FloorPeer, state: Json) -> None:
    """Tells the web process how the floor stands and waits until it knows."""
    manager = site.browser_of("manager")
    peer.tell(f"floor:{site.town.own.organisation}", state)
    for _ in range(100):
        if manager.get("/floor").json().get("at") == state["at"]:
            return
        time.sleep(0.02)
    raise AssertionError("the picture did not come")


def link(site: Site) -> tuple[str, str]:
    """Makes a wallboard's link as the screen does; returns the token's id and secret."""
    body = {"name": "Wall", "scopes": ["wall.see"]}
    made = site.browser_of("manager").post("/tokens", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["secret"]


def bearer(site: Site, secret: str) -> httpx.Client:
    browser = site.visitor()
    browser.headers["Authorization"] = f"Bearer {secret}"
    return browser


def test_a_wall_counts_and_names_nobody(site: Site, peer: FloorPeer) -> None:
    show(site, peer, picture(site))
    _, secret = link(site)
    answer = bearer(site, secret).get("/wall?zone=Europe/Moscow")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["people"] == {"talking": 1, "pause": 1}
    assert told["need_help"] == 1
    [campaign] = told["campaigns"]
    assert (campaign["name"], campaign["total"], campaign["closed"]) == ("Family plan", 200, 120)
    assert campaign["lost"]["share"] == 0.025
    text = json.dumps(told)
    for secret_word in ("Secret Name", "Other Name", site.town.own["operator"], "+7000"):
        assert secret_word not in text


def test_the_link_opens_the_wall_and_nothing_else_and_ends_with_its_token(site: Site) -> None:
    token, secret = link(site)
    wall = bearer(site, secret)
    assert wall.get("/wall").status_code == 200
    for other in ("/floor", "/contacts", "/attempts", "/reports/outcomes"):
        assert wall.get(other).status_code == 403, other
    assert site.browser_of("manager").delete(f"/tokens/{token}").status_code == 204
    assert wall.get("/wall").status_code == 401


def test_results_of_today_and_promises_stand_on_the_wall(site: Site) -> None:
    town = site.town
    town.office.roll_up(town.own.organisation)
    told = site.browser_of("supervisor").get("/wall?zone=Europe/Moscow").json()
    # The town's calls were on another day, and its promises are still open.
    assert (told["results"], told["success"], told["hours"]) == (0, 0, [])
    assert set(told["promises"]) == {"due_today", "kept_today", "next_hour", "late_now"}
    assert told["floor"] in ("here", "away")
    assert site.browser_of("operator").get("/wall").status_code == 403
