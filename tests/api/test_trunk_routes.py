"""Trunks by the API: their settings, what of them fits together, and a look at one."""

import httpx
import pytest
from api_floor_peer import refuse
from api_site import Site


def etag(browser: httpx.Client, path: str) -> dict[str, str]:
    return {"If-Match": browser.get(path).headers["etag"]}


TRUNK = {"name": "Second", "host": "sip.example.org", "password": "canary-pass", "realm": "x"}


def test_a_trunks_password_goes_in_and_never_comes_out(site: Site) -> None:
    manager = site.browser_of("manager")
    made = manager.post("/trunks", json=TRUNK)
    assert made.status_code == 201
    told = made.json()
    assert told["has_password"] is True
    path = f"/trunks/{told['id']}"
    texts = [made.text, manager.get("/trunks").text, manager.get(path).text]
    assert not any("canary" in text for text in texts)
    assert site.peer.wait_for("office.trunks_changed")
    kept = site.town.office.trunk(site.town.own.organisation, told["id"])
    assert kept is not None
    assert kept.settings.password == "canary-pass"


def test_an_edit_of_a_trunk_keeps_what_it_leaves_out(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/trunks/{site.town.own['trunk']}"
    changed = manager.patch(path, json={"lines_max": 5}, headers=etag(manager, path)).json()
    assert (changed["lines_max"], changed["name"], changed["has_password"]) == (5, "Carrier", True)
    kept = site.town.office.trunk(site.town.own.organisation, site.town.own["trunk"])
    assert kept is not None
    assert kept.settings.password == "s3cret-trunk"
    manager.patch(path, json={"password": "new one"}, headers=etag(manager, path))
    kept = site.town.office.trunk(site.town.own.organisation, site.town.own["trunk"])
    assert kept is not None
    assert kept.settings.password == "new one"


def test_two_editors_of_a_trunk_do_not_overwrite_each_other(site: Site) -> None:
    manager, path = site.browser_of("manager"), f"/trunks/{site.town.own['trunk']}"
    headers = etag(manager, path)
    assert manager.patch(path, json={"lines_max": 5}, headers=headers).status_code == 200
    assert manager.patch(path, json={"lines_max": 6}, headers=headers).status_code == 412
    assert manager.patch(path, json={"lines_max": 6}).status_code == 428
    assert manager.get(path).json()["lines_max"] == 5


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("host", "sip.example.org:5060"),
        ("host", "a b"),
        ("host", "x@evil.example"),
        ("host", "-x"),
        ("port", -1),
        ("port", 65_536),
        ("transport", "ws"),
        ("tls_name", "a b"),
        ("caller_headers", []),
        ("caller_headers", ["x-number"]),
        ("from_user", "a@b"),
        ("from_domain", "a>b"),
        ("prefix", "+7"),
        ("number_format", "national:x"),
        ("register_expires_s", 5),
        ("probe_s", -1),
        ("lines_max", 0),
        ("calls_per_second", 0),
        ("codecs", []),
        ("codecs", ["G729"]),
        ("username", "a\r\nVia: x"),
        ("name", ""),
    ],
)
def test_a_trunk_with_a_wrong_field_is_refused(site: Site, member: str, value: object) -> None:
    answer = site.browser_of("manager").post("/trunks", json={**TRUNK, member: value})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"].startswith(member)


ODD = {
    "transport": "tls",
    "tls_name": "sip.example.org",
    "srtp": "required",
    "port": 0,
    "username": "me",
    "sign_in": True,
    "allow_md5": True,
    "number_format": "national:8",
    "prefix": "99",
    "caller_headers": ["pai", "from"],
    "from_user": "me",
    "from_domain": "example.org",
    "probe_s": 0,
    "session_expires_s": 0,
    "redirects": "same_host",
}


def test_all_that_carriers_ask_for_is_kept_and_given_back(site: Site) -> None:
    manager = site.browser_of("manager")
    made = manager.post("/trunks", json=TRUNK | ODD)
    assert made.status_code == 201, made.text
    path = f"/trunks/{made.json()['id']}"
    told = manager.get(path).json()
    assert {name: told[name] for name in ODD} == ODD
    changed = manager.patch(path, json={"srtp": "off"}, headers=etag(manager, path)).json()
    assert {name: changed[name] for name in ODD} == ODD | {"srtp": "off"}


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"srtp": "required"}, "srtp", "needs_tls"),
        ({"sign_in": True}, "username", "needed"),
        ({"prefix": "99"}, "prefix", "number_format"),
        ({"caller_headers": ["from", "from"]}, "caller_headers", "choice"),
        ({"from_user": "me"}, "caller_headers", "hidden_number"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused_by_name(
    site: Site, changes: dict[str, object], field: str, reason: str
) -> None:
    manager, path = site.browser_of("manager"), f"/trunks/{site.town.own['trunk']}"
    for answer in (
        manager.post("/trunks", json=TRUNK | changes),
        manager.patch(path, json=changes, headers=etag(manager, path)),
    ):
        assert answer.status_code == 422, answer.text
        (fault,) = answer.json()["fields"]
        assert (fault["field"], fault["reason"]) == (field, reason)


def test_a_look_at_a_trunk_is_passed_on_as_the_engine_saw_it(site: Site) -> None:
    steps = [{"step": "options", "finding": "ok", "detail": "200 OK"}]
    site.peer.answer = lambda _: {"ok": True, "result": {"steps": steps}}
    manager, trunk = site.browser_of("manager"), site.town.own["trunk"]
    answer = manager.post(f"/trunks/{trunk}/test")
    assert (answer.status_code, answer.json()) == (200, {"steps": steps})
    (asked,) = [one for one in site.peer.asks if one["do"] == "office.check_trunk"]
    assert asked["trunk"] == trunk


def test_a_look_at_a_trunk_of_others_or_without_an_engine_is_refused(site: Site) -> None:
    manager = site.browser_of("manager")
    assert manager.post(f"/trunks/{site.town.other['trunk']}/test").status_code == 404
    site.peer.answer = refuse("engine_away")
    answer = manager.post(f"/trunks/{site.town.own['trunk']}/test")
    assert (answer.status_code, answer.json()["code"]) == (409, "engine_away")
