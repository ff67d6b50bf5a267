"""The built screens: files, addresses within the screens, and the page that stands in for them."""

from pathlib import Path

import pytest
from api_site import Site


@pytest.fixture
def built(site: Site) -> Path:
    static = site.settings.static
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Vyzov</title>", encoding="utf-8")
    (static / "assets" / "app-1a2b3c.js").write_text("export {}", encoding="utf-8")
    (static / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (static.parent / "secret.txt").write_text("canary", encoding="utf-8")
    return static


@pytest.mark.parametrize("path", ["/", "/desk", "/campaigns/01a2", "/index.html", "/sign-in?x=1"])
@pytest.mark.usefixtures("built")
def test_every_address_within_the_screens_is_the_screens(site: Site, path: str) -> None:
    answer = site.visitor().get(site.url + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "<title>Vyzov</title>" in answer.text


@pytest.mark.usefixtures("built")
def test_files_with_a_hash_in_their_name_are_kept_for_ever(site: Site) -> None:
    answer = site.visitor().get(f"{site.url}/assets/app-1a2b3c.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    other = site.visitor().get(f"{site.url}/favicon.svg")
    assert other.headers["cache-control"] == "no-cache"
    assert other.headers["content-type"].startswith("image/svg+xml")


@pytest.mark.usefixtures("built")
def test_a_page_can_be_asked_for_without_its_body(site: Site) -> None:
    answer = site.visitor().head(f"{site.url}/desk")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.usefixtures("built")
def test_a_missing_script_is_not_answered_with_a_page(site: Site) -> None:
    answer = site.visitor().get(f"{site.url}/assets/app-0000.js")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/v2/x", "/api/v1/unknown"])
@pytest.mark.usefixtures("built")
def test_a_wrong_address_of_the_api_is_a_problem_and_no_page(site: Site, path: str) -> None:
    answer = site.visitor().get(site.url + path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt", "/a%00b"]
)
@pytest.mark.usefixtures("built")
def test_nothing_outside_the_folder_is_served(site: Site, path: str) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", site.port)) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        told = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b"canary" not in told
    assert b"500" not in told.split(b"\r\n")[0]


def test_screens_that_are_not_built_are_explained(site: Site) -> None:
    answer = site.visitor().get(f"{site.url}/desk")
    assert answer.status_code == 503
    assert "npm ci" in answer.text
    assert "не собраны" in answer.text
