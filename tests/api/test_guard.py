"""What every request and answer goes through, whatever it is about."""

import socket
from dataclasses import replace

import httpx
import pytest
from api_floor_peer import FloorPeer
from api_site import Site, running
from api_town import PASSWORD, Town

from vyzov.core.errors import StoreFault
from vyzov.web.settings import WebSettings

CHANGE = ("POST", "/stop-list", {"number": "+70005550177"})


def ask_change(browser: httpx.Client, **headers: str) -> httpx.Response:
    method, path, body = CHANGE
    return browser.request(method, path, json=body, headers=headers)


def test_a_change_without_our_header_is_refused(site: Site) -> None:
    browser = site.browser_of("manager")
    del browser.headers["X-Vyzov"]
    answer = ask_change(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert ask_change(browser, **{"X-Vyzov": "1"}).status_code == 201


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_change_from_a_foreign_page_is_refused_even_with_our_header(
    site: Site, origin: str
) -> None:
    answer = ask_change(site.browser_of("manager"), Origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


def test_a_change_from_our_own_page_is_let_through(site: Site) -> None:
    assert ask_change(site.browser_of("manager"), Origin=site.url).status_code == 201


def test_signing_in_from_a_foreign_page_is_refused_too(site: Site) -> None:
    asked = {"login": "own-operator", "password": PASSWORD}
    headers = {"Origin": "http://evil.example"}
    assert site.visitor().post("/session", json=asked, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/none", "/", "/api/openapi.json"])
def test_every_answer_carries_the_guards_headers(site: Site, path: str) -> None:
    headers = site.visitor().get(site.url + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert f"ws://127.0.0.1:{site.port}" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
    if path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"


def test_an_odd_host_header_does_not_get_into_the_policy(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x; script-src *\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b"script-src *" not in told


def test_a_request_id_is_echoed_where_it_is_sane_and_made_where_not(site: Site) -> None:
    browser = site.visitor()
    told = browser.get("/none", headers={"X-Request-ID": "abc-123"})
    assert told.headers["x-request-id"] == "abc-123"
    assert told.json()["request_id"] == "abc-123"
    made = browser.get("/none", headers={"X-Request-ID": "x" * 100}).headers["x-request-id"]
    assert len(made) == 16


def test_a_body_beyond_its_limit_is_refused_before_it_is_read(site: Site) -> None:
    browser = site.browser_of("manager")
    answer = browser.post("/campaigns", content=b"x" * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_that_lies_about_its_length_is_cut_off(site: Site) -> None:
    browser = site.browser_of("manager")

    def pieces():
        for _ in range(40):
            yield b"x" * 10_000

    answer = browser.post("/campaigns", content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_strangers_upload_is_not_taken_in(site: Site) -> None:
    stranger = site.visitor()
    answer = stranger.post("/lists", files={"file": ("a.csv", b"x" * 400_000)})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/campaigns", 405, "method_not_allowed"),
        ("POST", "/session", 422, "invalid_request"),
        ("GET", "/campaigns", 401, "not_signed_in"),
    ],
)
def test_every_refusal_is_a_problem_document(
    site: Site, method: str, path: str, status: int, code: str
) -> None:
    answer = site.visitor().request(
        method, path, content=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["code"] == code
    assert told["type"] == f"urn:vyzov:problem:{code}"
    assert told["next_step"]
    assert told["status"] == status


def test_wrong_fields_are_named(site: Site) -> None:
    answer = site.browser_of("manager").post("/trunks", json={"name": "", "port": 70_000})
    assert {one["field"] for one in answer.json()["fields"]} == {"name", "host", "port"}


def test_a_misspelt_member_is_noticed(site: Site) -> None:
    trunk = {"name": "T", "host": "sip.example.org", "linesmax": 3}
    answer = site.browser_of("manager").post("/trunks", json=trunk)
    assert [one["field"] for one in answer.json()["fields"]] == ["linesmax"]


def test_our_own_fault_says_nothing_of_its_cause(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("canary-991 in /secret/path")

    monkeypatch.setattr(type(site.town.office), "trunks", breaks)
    answer = site.browser_of("manager").get("/trunks")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "canary" not in answer.text


def test_an_absent_database_is_said_plainly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreFault("The database is away.", "Wait.")

    monkeypatch.setattr(type(site.town.office), "trunks", away)
    monkeypatch.setattr(type(site.town.office), "organisations", away)
    answer = site.browser_of("manager").get("/trunks")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert answer.headers["retry-after"] == "2"
    health = site.visitor().get("/health")
    assert health.status_code == 503
    assert health.json() == {"ok": False, "floor": "here", "store": "away"}


def test_health_needs_no_sign_in_and_follows_the_floor(site: Site) -> None:
    browser = site.visitor()
    assert browser.get("/health").json() == {"ok": True, "floor": "here", "store": "here"}
    site.peer.stop()
    answer = until(lambda: browser.get("/health"), lambda one: one.status_code == 503)
    assert answer.json()["floor"] == "away"
    site.peer.start()
    until(lambda: browser.get("/health"), lambda one: one.status_code == 200)


def until(ask, right):
    for _ in range(400):
        answer = ask()
        if right(answer):
            return answer
    raise AssertionError(answer.text)


def test_behind_https_the_cookie_and_the_site_are_for_https_only(
    town: Town, peer: FloorPeer, settings: WebSettings
) -> None:
    with running(town, peer, replace(settings, secure_cookie=True)) as site:
        asked = {"login": "own-operator", "password": PASSWORD}
        answer = site.visitor().post("/session", json=asked)
        assert answer.headers["set-cookie"].startswith("__Host-vyzov_session=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]


def test_the_description_of_the_api_names_every_room(site: Site) -> None:
    told = site.visitor().get(f"{site.url}/api/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for path in ("/api/v1/campaigns/{campaign_id}", "/api/v1/lists", "/api/v1/desk/result"):
        assert path in told["paths"]
    assert all("summary" in one for path in told["paths"].values() for one in path.values())
