"""Tokens of programs: told once, kept as a hash, narrowed by scopes, ended, and slowed down."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_site import Site

from vyzov.dialer.access import Action
from vyzov.dialer.access_tokens import OF_PEOPLE
from vyzov.web.sessions import hash_token

Json = dict[str, Any]
UI_WORDS = Path(__file__).resolve().parents[2] / "ui" / "src" / "words"


def make(site: Site, *scopes: str, role: str = "manager", **more: object) -> Json:
    body = {"name": "Site form", "scopes": list(scopes), **more}
    answer = site.browser_of(role).post("/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def program(site: Site, secret: str) -> httpx.Client:
    """A program: no cookies, no header of our pages."""
    client = httpx.Client(
        base_url=f"{site.url}/api/v1",
        headers={"Authorization": f"Bearer {secret}"},
        trust_env=False,
    )
    site.browsers.append(client)
    return client


def test_the_secret_is_told_once_and_kept_nowhere(site: Site) -> None:
    made = make(site, "campaign.see")
    secret = made["secret"]
    assert secret.startswith("vyzov_")
    assert len(secret) > 40
    assert made["hint"] == secret[:10]
    assert secret not in site.browser_of("manager").get("/tokens").text
    with sqlite3.connect(site.town.path) as connection:
        kept = "\n".join(connection.iterdump())
    assert secret not in kept
    assert hash_token(secret) in kept


def test_a_token_does_what_its_scopes_name_and_no_more(site: Site) -> None:
    client = program(site, make(site, "campaign.see")["secret"])
    assert client.get("/campaigns").status_code == 200
    refused = client.get("/trunks")
    assert refused.status_code == 403
    assert "trunk.see" in refused.json()["detail"]


def test_a_program_changes_things_without_a_cookie_or_the_header_of_our_pages(site: Site) -> None:
    client = program(site, make(site, "stop.add")["secret"])
    added = client.post("/stop-list", json={"number": "+70005550177", "reason": "asked"})
    assert added.status_code == 201, added.text


def test_a_foreign_page_is_refused_whatever_token_it_brings(site: Site) -> None:
    client = program(site, make(site, "stop.add")["secret"])
    body = {"number": "+70005550177", "reason": "asked"}
    answer = client.post("/stop-list", json=body, headers={"Origin": "https://evil.example"})
    assert answer.json()["code"] == "foreign_origin"


def test_a_wrong_token_is_not_mended_by_a_cookie(site: Site) -> None:
    browser = site.browser_of("administrator")
    assert browser.get("/campaigns").status_code == 200
    answer = browser.get("/campaigns", headers={"Authorization": "Bearer vyzov_wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_does_no_more_than_whoever_made_it_still_may(site: Site) -> None:
    client = program(site, make(site, "trunk.edit", "trunk.see")["secret"])
    trunk = f"/trunks/{site.town.own['trunk']}"
    change = {"json": {"name": "Other"}, "headers": {"If-Match": '"1"'}}
    assert client.patch(trunk, **change).status_code == 412
    town = site.town
    administrator = site.browser_of("administrator")
    user = f"/users/{town.own['manager']}"
    etag = administrator.get(user).headers["ETag"]
    changed = administrator.patch(user, json={"role": "supervisor"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert client.patch(trunk, **change).status_code == 403
    assert client.get(trunk).status_code == 200
    etag = administrator.get(user).headers["ETag"]
    administrator.patch(user, json={"disabled": True}, headers={"If-Match": etag})
    assert client.get(trunk).status_code == 401


def test_a_revoked_token_and_one_that_has_ended_open_nothing(site: Site) -> None:
    manager = site.browser_of("manager")
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = make(site, "campaign.see", expires_at=soon)
    client = program(site, made["secret"])
    assert client.get("/campaigns").status_code == 200
    with sqlite3.connect(site.town.path) as connection:
        connection.execute("UPDATE api_token SET expires_at = '2020-01-01T00:00:00.000000Z'")
    assert client.get("/campaigns").status_code == 401
    other = make(site, "campaign.see")
    assert manager.delete(f"/tokens/{other['id']}").status_code == 204
    assert program(site, other["secret"]).get("/campaigns").status_code == 401
    shown = {one["id"]: one for one in manager.get("/tokens").json()["items"]}
    assert not shown[other["id"]]["lives"]
    assert shown[other["id"]]["revoked_at"] is not None


def test_when_a_token_was_last_used_is_shown(site: Site) -> None:
    made = make(site, "campaign.see")
    assert made["last_used_at"] is None
    program(site, made["secret"]).get("/campaigns")
    items = site.browser_of("manager").get("/tokens").json()["items"]
    used = next(one["last_used_at"] for one in items if one["id"] == made["id"])
    assert abs(datetime.fromisoformat(used) - datetime.now(UTC)) < timedelta(minutes=1)


def test_whoever_guesses_waits_and_a_good_token_beside_them_does_not(site: Site) -> None:
    good = program(site, make(site, "campaign.see")["secret"])
    assert good.get("/campaigns").status_code == 200
    guesser = program(site, "vyzov_guess")
    answers = [guesser.get("/campaigns") for _ in range(site.settings.tries_free_per_source + 2)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert good.get("/campaigns").status_code == 200


@pytest.mark.parametrize("action", sorted(OF_PEOPLE))
def test_what_belongs_to_people_is_no_scope(site: Site, action: Action) -> None:
    body = {"name": "x", "scopes": [action.value]}
    answer = site.browser_of("administrator").post("/tokens", json=body)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "scopes"


def test_every_grantable_scope_can_be_granted_and_an_unknown_one_cannot(site: Site) -> None:
    grantable = site.browser_of("manager").get("/tokens").json()["grantable"]
    assert set(make(site, *grantable)["scopes"]) == set(grantable)
    body = {"name": "x", "scopes": ["everything"]}
    assert site.browser_of("manager").post("/tokens", json=body).status_code == 422


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_scope_has_words(language: str) -> None:
    words = json.loads((UI_WORDS / language / "access.json").read_text(encoding="utf-8"))
    assert [one for one in Action if one not in OF_PEOPLE and f"scope.{one}" not in words] == []


def test_an_end_in_the_past_is_refused(site: Site) -> None:
    body = {"name": "x", "scopes": ["campaign.see"], "expires_at": "2020-01-01T00:00:00Z"}
    answer = site.browser_of("manager").post("/tokens", json=body)
    assert answer.json()["fields"][0]["field"] == "expires_at"


def test_a_manager_revokes_their_own_tokens_and_no_administrators(site: Site) -> None:
    manager = site.browser_of("manager")
    assert manager.delete(f"/tokens/{site.town.own['token']}").status_code == 403
    own = make(site, "campaign.see")
    assert site.browser_of("administrator").delete(f"/tokens/{own['id']}").status_code == 204
