"""Desk phones in the store: one a person, secrets as hashes only, and what the floor reads of them."""

import pytest
from contract_house import House

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.office_records import NewUser, Role, UserChange
from vyzov.dialer.phone_records import DeskPhone, NewDeskPhone
from vyzov.dialer.writes import SetDevice

HA1 = {"SHA-256": "aa"}


def person(house: House, login: str = "ann") -> str:
    made = house.office.create_user(
        house.organisation, NewUser(login, login.title(), Role.OPERATOR, "x")
    )
    return made.id


def phone(house: House, user: str, username: str = "1001", **ha1: str) -> DeskPhone:
    new = NewDeskPhone("Desk", username, HA1 | ha1)
    return house.office.create_phone(house.organisation, user, new)


def test_a_desk_phone_is_kept_with_its_hashes(house: House) -> None:
    made = phone(house, person(house), MD5="bb")
    assert house.office.phone(house.organisation, made.id) == made
    assert house.office.phones(house.organisation) == (made,)
    assert (made.name, made.username, made.ha1) == ("Desk", "1001", {"SHA-256": "aa", "MD5": "bb"})
    assert made.allows_md5
    assert "aa" not in repr(made)


def test_a_person_has_one_desk_phone(house: House) -> None:
    ann = person(house)
    phone(house, ann)
    with pytest.raises(InvalidRequest, match="has a desk phone already"):
        phone(house, ann, "1002")


def test_a_username_is_never_given_twice_not_even_after_its_phone_is_gone(house: House) -> None:
    made = phone(house, person(house))
    house.office.revoke_phone(house.organisation, made.id)
    with pytest.raises(InvalidRequest, match="in use"):
        phone(house, person(house, "bob"))


def test_a_revoked_phone_is_gone_and_so_are_its_hashes(house: House) -> None:
    ann = person(house)
    made = phone(house, ann, secret="0123456789abcdef")
    assert house.office.revoke_phone(house.organisation, made.id) == made
    assert house.office.phones(house.organisation) == ()
    assert house.office.phone(house.organisation, made.id) is None
    assert house.office.revoke_phone(house.organisation, made.id) is None
    assert "0123456789abcdef" not in house.dump()
    assert phone(house, ann, "1002").user_id == ann


def test_another_secret_keeps_the_username(house: House) -> None:
    made = phone(house, person(house))
    house.clock.go_on(seconds=5)
    new = NewDeskPhone("Corner", "ignored", {"SHA-256": "cc"})
    changed = house.office.change_phone(house.organisation, made.id, new)
    assert changed is not None
    assert (changed.name, changed.username, changed.ha1) == ("Corner", "1001", {"SHA-256": "cc"})
    assert changed.changed_at > made.changed_at
    assert house.office.change_phone(house.organisation, "nobody's", new) is None


def test_phones_of_another_organisation_do_not_exist(house: House) -> None:
    made = phone(house, person(house))
    assert house.office.phones("other") == ()
    assert house.office.phone("other", made.id) is None
    assert house.office.revoke_phone("other", made.id) is None
    assert house.office.phone(house.organisation, made.id) == made


def test_a_phone_of_nobody_is_refused(house: House) -> None:
    with pytest.raises(InvalidRequest):
        phone(house, "nobody")


def test_the_floor_reads_the_phones_of_people_who_may_sign_in(house: House) -> None:
    ann, bob = person(house), person(house, "bob")
    made = phone(house, ann)
    phone(house, bob, "1002")
    house.office.change_user(house.organisation, bob, UserChange(disabled=True))
    store = house.store()
    (found,) = store.load_floor(house.floor).phones
    assert (found.id, found.agent, found.name, found.username, found.ha1) == (
        made.id, ann, "Desk", "1001", HA1,
    )  # fmt: skip
    house.office.revoke_phone(house.organisation, made.id)
    assert store.load_floor(house.floor).phones == ()


def test_what_an_agent_talks_with_is_remembered(house: House) -> None:
    ann, store = person(house), house.store()

    def device() -> str:
        agents = store.load_floor(house.floor).agents
        return next(agent.device for agent in agents if agent.id == ann)

    assert device() == "browser"
    for kind in ("phone", "browser", "phone"):
        store.commit((SetDevice(ann, kind, house.clock.now),))
        assert device() == kind


def test_a_floor_that_lost_its_lease_does_not_change_what_agents_talk_with(house: House) -> None:
    ann, store = person(house), house.store()
    later = house.clock.go_on(seconds=60)
    newer = house.store("second", later)
    store.commit((SetDevice(ann, "phone", later),))
    agents = newer.load_floor(house.floor).agents
    assert next(agent.device for agent in agents if agent.id == ann) == "browser"
