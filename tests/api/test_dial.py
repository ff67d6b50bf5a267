"""A number typed at the desk, over HTTP: whose campaign, which contact, and the floor's verdict."""

from typing import Any

import httpx
from api_floor_peer import agree
from api_site import Site

Json = dict[str, Any]
REFUSED = {
    "allowed": False, "gate": "window", "reason": "outside_hours", "until": "2026-11-23T06:00:00Z",
}  # fmt: skip


def answers(site: Site, verdict: Json, card: str | None) -> None:
    def answer(ask: Json) -> Json:
        told = agree(ask)
        return told | {"result": {"verdict": verdict, "card": card}}

    site.peer.answer = answer


def manual(site: Site, mode: str = "manual") -> str:
    """A campaign of the operator's in which numbers are typed."""
    own = site.town.own
    office = site.town.office
    found = office.campaign(own.organisation, own["campaign"])
    assert found is not None
    settings = {**found.settings, "mode": mode, "agents": [own["operator"]]}
    made = office.create_campaign(
        own.organisation, name="By hand", settings=settings, floor_id=own.floor
    )
    return made.id


def dial(site: Site, campaign: str, typed: str, who: str = "operator") -> httpx.Response:
    body = {"campaign": campaign, "number": typed}
    return site.browser_of(who).post("/desk/dial", json=body)


def test_a_typed_number_becomes_a_contact_and_the_floor_is_asked(site: Site) -> None:
    answers(site, {"allowed": True}, "card-1")
    campaign = manual(site)
    told = dial(site, campaign, "8 (000) 555-01-77")
    assert told.status_code == 200, told.text
    assert told.json() | {"contact": ""} == {
        "contact": "", "card": "card-1", "allowed": True, "gate": None, "reason": None,
        "until": None,
    }  # fmt: skip
    (ask,) = site.peer.asked("desk.dial")
    assert ask["as"]["user"] == site.town.own["operator"]
    assert (ask["campaign"], ask["contact"]) == (campaign, told.json()["contact"])
    card = site.browser_of("manager").get(f"/contacts/{told.json()['contact']}").json()
    assert [one["e164"] for one in card["phones"]] == ["+70005550177"]


def test_a_number_that_is_known_stays_the_contact_it_is(site: Site) -> None:
    answers(site, REFUSED, None)
    campaign = manual(site)
    first, second = (dial(site, campaign, "+70005550177").json() for _ in range(2))
    assert first["contact"] == second["contact"]
    assert (second["allowed"], second["gate"], second["reason"]) == (
        False, "window", "outside_hours",
    )  # fmt: skip
    assert second["until"].startswith("2026-11-23T06:00:00")
    assert second["card"] is None


def test_what_is_no_number_reaches_neither_the_books_nor_the_floor(site: Site) -> None:
    campaign = manual(site)
    for typed in ("12", "sip:x@y", "+70005550177;phone-context=evil"):
        told = dial(site, campaign, typed)
        assert told.status_code == 422, told.text
        assert [one["field"] for one in told.json()["fields"]] == ["number"]
    assert site.peer.asked("desk.dial") == []


def test_numbers_are_typed_by_its_operators_into_campaigns_of_that_mode_alone(site: Site) -> None:
    campaign = manual(site)
    assert dial(site, campaign, "+70005550177", "operator_b").status_code == 404
    assert dial(site, campaign, "+70005550177", "manager").status_code == 403
    told = dial(site, manual(site, "progressive"), "+70005550177")
    assert told.status_code == 409, told.text
    assert site.peer.asked("desk.dial") == []
