"""Desk phones over HTTP: made, shown once, renewed, revoked, and what is known of their sign-in."""

import hashlib

import httpx
import pytest
from api_floor_peer import agree
from api_site import Site

from vyzov.dialer.phone_secrets import LEGIBLE, SIGNS, USERNAME_DIGITS


def make(
    site: Site, browser: httpx.Client, user: str = "supervisor", **more: object
) -> httpx.Response:
    return browser.post("/phones", json={"user": site.town.own[user], **more})


def test_a_phone_is_made_and_its_password_told_this_once(site: Site) -> None:
    manager = site.browser_of("manager")
    made = make(site, manager, name="Desk 4")
    assert made.status_code == 201
    told = made.json()
    assert (told["name"], told["user"]["id"]) == ("Desk 4", site.town.own["supervisor"])
    assert len(told["username"]) == USERNAME_DIGITS
    assert told["username"].isdigit()
    assert len(told["password"]) == SIGNS
    assert set(told["password"]) <= set(LEGIBLE)
    assert told["servers"] == list(site.settings.sip_servers)
    assert told["realm"] == "vyzov"
    kept = site.town.office.phone(site.town.own.organisation, told["id"])
    assert kept is not None
    text = f"{told['username']}:vyzov:{told['password']}"
    assert kept.ha1 == {"SHA-256": hashlib.sha256(text.encode()).hexdigest()}
    assert site.peer.wait_for("office.users_changed")
    listed = manager.get("/phones").text
    assert told["password"] not in listed
    assert kept.ha1["SHA-256"] not in listed


def test_two_phones_have_nothing_in_common(site: Site) -> None:
    manager = site.browser_of("manager")
    one = make(site, manager).json()
    manager.delete(f"/phones/{one['id']}")
    two = make(site, manager).json()
    assert one["username"] != two["username"]
    assert one["password"] != two["password"]


def test_md5_is_kept_only_where_it_is_asked_for(site: Site) -> None:
    told = make(site, site.browser_of("manager"), allow_md5=True).json()
    kept = site.town.office.phone(site.town.own.organisation, told["id"])
    assert kept is not None
    text = f"{told['username']}:vyzov:{told['password']}"
    assert kept.ha1["MD5"] == hashlib.md5(text.encode()).hexdigest()
    assert told["allow_md5"] is True


def test_a_person_has_one_phone(site: Site) -> None:
    manager = site.browser_of("manager")
    assert make(site, manager).status_code == 201
    again = make(site, manager)
    assert (again.status_code, again.json()["code"]) == (409, "has_phone")


def test_a_phone_of_somebody_unknown_or_of_another_organisation_is_not_made(site: Site) -> None:
    manager = site.browser_of("manager")
    for user in ("nobody", site.town.other["supervisor"]):
        answer = manager.post("/phones", json={"user": user})
        assert answer.status_code == 404


def test_a_manager_makes_no_phone_for_another_manager(site: Site) -> None:
    assert make(site, site.browser_of("manager"), "manager").status_code == 403
    assert make(site, site.browser_of("administrator"), "manager").status_code == 201


def test_another_password_keeps_the_rest(site: Site) -> None:
    manager = site.browser_of("manager")
    one = make(site, manager, name="Desk 4", allow_md5=True).json()
    two = manager.post(f"/phones/{one['id']}/password", json={}).json()
    assert two["password"] != one["password"]
    kept_members = ("id", "username", "name", "allow_md5")
    assert [two[member] for member in kept_members] == [one[member] for member in kept_members]
    three = manager.post(
        f"/phones/{one['id']}/password", json={"name": "Desk 5", "allow_md5": False}
    ).json()
    assert (three["name"], three["allow_md5"]) == ("Desk 5", False)


def test_a_revoked_phone_is_gone(site: Site) -> None:
    manager = site.browser_of("manager")
    made = make(site, manager).json()
    before = len(manager.get("/phones").json()["items"])
    gone = manager.delete(f"/phones/{made['id']}")
    assert (gone.status_code, gone.json()["id"]) == (200, made["id"])
    assert len(manager.get("/phones").json()["items"]) == before - 1
    assert manager.delete(f"/phones/{made['id']}").status_code == 404
    assert manager.post(f"/phones/{made['id']}/password", json={}).status_code == 404


def test_the_list_says_which_phones_are_signed_in(site: Site) -> None:
    phone = site.town.own["phone"]
    state = {
        "registered": True, "since": "2026-11-23T12:00:00+00:00",
        "address": "udp:192.0.2.7:5060", "user_agent": "Desk 1.0",
    }  # fmt: skip

    def answer(ask: dict[str, object]) -> dict[str, object] | None:
        if ask["do"] == "office.phones":
            return {"ok": True, "result": {"phones": {phone: state}}}
        return agree(ask)

    site.peer.answer = answer
    (told,) = site.browser_of("supervisor").get("/phones").json()["items"]
    assert (told["registered"], told["address"], told["user_agent"]) == (
        True, "udp:192.0.2.7:5060", "Desk 1.0",
    )  # fmt: skip
    assert told["since"].startswith("2026-11-23T12:00:00")
    assert "canary" not in str(told)


def test_a_phone_that_is_not_there_is_said_to_be_so(site: Site) -> None:
    (told,) = site.browser_of("supervisor").get("/phones").json()["items"]
    assert (told["registered"], told["since"]) == (False, None)


def test_while_the_dialer_is_away_nobody_knows_who_is_signed_in(site: Site) -> None:
    site.peer.stop()
    (told,) = site.browser_of("supervisor").get("/phones").json()["items"]
    assert told["registered"] is None


@pytest.mark.parametrize("verb", ["device", "ring"])
def test_desk_verbs_of_the_phone_reach_the_floor(site: Site, verb: str) -> None:
    with site.live(site.browser_of("operator")) as live:
        live.ask(1, verb, **({"kind": "phone"} if verb == "device" else {}))
        assert site.peer.asked(f"desk.{verb}")


def test_a_device_nobody_has_is_refused_at_the_door(site: Site) -> None:
    with site.live(site.browser_of("operator")) as live:
        answer = live.ask(1, "device", kind="drum")
        assert answer["problem"]["code"] == "invalid_request"
        assert not site.peer.asked("desk.device")
