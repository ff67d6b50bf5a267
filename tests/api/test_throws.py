"""Whatever is thrown at a door, it answers; the short form of `./run verify doors`."""

import random
import zlib
from typing import Any

import httpx
import pytest
from api_site import Site
from api_throws import Door, Thrower, doors_in, fault_of

from vyzov.dialer.access import Role
from vyzov.web.access_table import API, ROUTES


def known_ids(site: Site) -> dict[str, list[str]]:
    """Ids of both organisations; the user who may be changed is one nobody here signs in as."""
    sides = (site.town.own, site.town.other)
    known: dict[str, list[str]] = {}
    for side in sides:
        for name, value in side.ids.items():
            if name not in set(Role):
                known.setdefault(name.removesuffix("_b").removesuffix("_fresh"), []).append(value)
    known["user"] = known["agent"] = [side["operator_b"] for side in sides]
    known["figure"] = ["occupancy"]
    return known


@pytest.fixture
def document(site: Site) -> Any:
    return httpx.get(f"{site.url}/api/openapi.json", timeout=30).json()


def test_the_description_names_every_route_of_the_api(document: Any) -> None:
    told = {(door.method, door.path) for door in doors_in(document)}
    spoken = {door for door in ROUTES if door[0] != "LIVE" and door[1].startswith(API)}
    assert told == spoken


@pytest.mark.timeout(300)
def test_no_door_breaks_whatever_is_thrown_at_it(site: Site, document: Any) -> None:
    known, wrong = known_ids(site), list[str]()
    roles = ("administrator", "administrator", "manager")
    thrown: dict[str, int] = {}
    for door in doors_in(document):
        dice = random.Random(zlib.crc32(str(door).encode()))
        thrower = Thrower(document, dice, known)
        for role in roles:
            fault = throw(site, thrower, door, role)
            thrown[str(door)] = thrown.get(str(door), 0) + 1
            if fault:
                wrong.append(fault)
    assert wrong == []
    assert set(thrown.values()) == {len(roles)}


def throw(site: Site, thrower: Thrower, door: Door, role: str) -> str | None:
    """Throws once and says what was wrong with the answer, with what was sent."""
    asked = thrower.request(door)
    asked["headers"].append((b"X-Vyzov", b"1"))
    asked["url"] = site.url + asked["url"]
    answer = browser_of(site, role, door).request(**asked, timeout=30)
    fault = fault_of(answer)
    return f"{door} as {role}: {fault}; sent {str(asked)[:600]}" if fault else None


_browsers: dict[tuple[int, str], httpx.Client] = {}


def browser_of(site: Site, role: str, door: Door) -> httpx.Client:
    """Signing out ends a session, so that door has one of its own each time."""
    if door.path.endswith("/session"):
        return site.browser_of(role)
    key = (site.port, role)
    if key not in _browsers:
        _browsers[key] = site.browser_of(role)
    return _browsers[key]


@pytest.mark.parametrize("path", ["/contacts", "/lists/{list}/rows"])
@pytest.mark.parametrize("cursor", ["9223372036854775808", "x:9" + "9" * 30, "٣", "-1", "x"])
def test_a_cursor_that_is_none_of_ours_is_refused(site: Site, path: str, cursor: str) -> None:
    path = path.format(list=site.town.own["list"])
    answer = site.browser_of("manager").get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_door_that_breaks_is_found() -> None:
    asked = httpx.Request("GET", "http://127.0.0.1/")
    csp = {"content-security-policy": "default-src 'self'"}
    broken = httpx.Response(500, json={"code": "internal"}, headers=csp, request=asked)
    plain = httpx.Response(404, text="Not Found", headers=csp, request=asked)
    bare = httpx.Response(200, json={}, request=asked)
    assert [bool(fault_of(one)) for one in (broken, plain, bare)] == [True, True, True]
    assert fault_of(httpx.Response(200, json={}, headers=csp, request=asked)) is None
