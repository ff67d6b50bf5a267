"""The log of changes over HTTP: who, what, before and after; filters, pages, CSV, whose it is."""

import csv
import io

from api_site import Site


def test_a_change_in_the_browser_is_told_with_who_made_it(site: Site) -> None:
    manager = site.browser_of("manager")
    made = manager.post(
        "/users",
        json={"login": "zoe", "name": "=Zoe", "role": "operator", "password": "correct horse bat"},
    ).json()
    tagged = manager.get(f"/users/{made['id']}")
    changed = manager.patch(
        f"/users/{made['id']}",
        json={"role": "supervisor", "password": "another horse battery"},
        headers={"If-Match": tagged.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    page = manager.get("/audit", params={"object": made["id"]}).json()
    last, first = page["items"]
    assert first["action"] == "create"
    assert first["by"]["id"] == site.town.own["manager"]
    assert first["object"] == {"id": made["id"], "name": "=Zoe"}
    assert {one["field"]: one for one in last["changes"]} == {
        "role": {"field": "role", "before": "operator", "after": "supervisor", "secret": False},
        "password": {"field": "password", "before": None, "after": None, "secret": True},
    }
    assert "user" in page["kinds"]
    text = manager.get("/audit.csv", params={"object": made["id"]}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["name"] for row in rows} == {"'=Zoe"}
    assert ("role", "operator", "supervisor") in {
        (row["field"], row["before"], row["after"]) for row in rows
    }


def test_what_a_token_did_names_the_token_and_whose_it_is(site: Site) -> None:
    manager = site.browser_of("manager")
    token = manager.post("/tokens", json={"name": "Form", "scopes": ["stop.add"]}).json()
    answer = site.visitor().post(
        "/stop-list", json={"number": "+70005550177", "reason": "asked"},
        headers={"Authorization": f"Bearer {token['secret']}"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    entry = manager.get("/audit", params={"kind": "stop"}).json()["items"][0]
    assert (entry["token"], entry["by"]["id"]) == (token["id"], site.town.own["manager"])
    assert entry["object"]["name"] == "+70005550177"


def test_the_log_is_read_in_pages_and_by_person(site: Site) -> None:
    manager, admin = site.browser_of("manager"), site.browser_of("administrator")
    for browser, name in ((manager, "one"), (admin, "two"), (manager, "three")):
        body = {"name": name, "scopes": ["lead.add"]}
        assert browser.post("/tokens", json=body).status_code == 201
    asked = {"kind": "token", "by": site.town.own["manager"], "limit": 1}
    first = manager.get("/audit", params=asked).json()
    second = manager.get("/audit", params={**asked, "cursor": first["next_cursor"]}).json()
    told = [*first["items"], *second["items"]]
    names = [
        change["after"] for one in told for change in one["changes"] if change["field"] == "name"
    ]
    assert (names, second["next_cursor"]) == (["three", "one"], None)


def test_nobody_reads_the_log_of_another_organisation(site: Site) -> None:
    site.browser_of("manager").post("/tokens", json={"name": "n", "scopes": ["lead.add"]})
    theirs = site.browser_of("administrator", "other").get("/audit").json()["items"]
    assert site.town.own["manager"] not in {one["by"] and one["by"]["id"] for one in theirs}
    assert site.browser_of("supervisor").get("/audit").status_code == 403
