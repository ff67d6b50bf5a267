"""Several floors in one database: who owns which, who works where, and how a lease changes hands."""

from datetime import timedelta

import pytest
from contract_house import SPAN, House, row

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.office_records import NewUser, Role


def person(house: House, login: str = "vera") -> str:
    new = NewUser(login=login, name="Vera Example", role=Role.OPERATOR, password_hash="x")
    return house.office.create_user(house.organisation, new).id


def test_a_lease_says_who_has_the_floor_and_where_they_listen(house: House) -> None:
    before = house.office.floor_map().floors[0]
    assert (before.epoch, before.has_owner(house.clock.now)) == (0, False)
    store = house.another_store()
    store.take_lease(house.floor, "me", house.clock.now, SPAN, address="unix:/run/here.sock")
    held = house.office.floor_map().floors[0]
    assert (held.epoch, held.holder, held.address) == (1, "me", "unix:/run/here.sock")
    assert held.has_owner(house.clock.now)
    assert not held.has_owner(house.clock.now + SPAN)


def test_a_new_holder_brings_its_own_address_and_prolonging_keeps_it(house: House) -> None:
    first, second, now = house.another_store(), house.another_store(), house.clock.now
    first.take_lease(house.floor, "first", now, SPAN, address="unix:/one")
    assert first.renew_lease(house.floor, "first", now + timedelta(seconds=2), SPAN)
    assert house.office.floor_map().floors[0].address == "unix:/one"
    second.take_lease(house.floor, "second", now + SPAN * 2, SPAN, address="unix:/two")
    assert house.office.floor_map().floors[0].address == "unix:/two"


def test_a_holder_known_to_be_gone_loses_its_lease_whatever_utc_says(house: House) -> None:
    first, second = house.another_store(), house.another_store()
    later = house.clock.now + timedelta(hours=1)
    assert first.take_lease(house.floor, "first", later, SPAN) == 1
    # The clock went back an hour: by UTC the lease lasts an hour yet.
    now = house.clock.now
    assert second.take_lease(house.floor, "second", now, SPAN) is None
    assert second.take_lease(house.floor, "second", now, SPAN, gone="somebody else") is None
    assert second.take_lease(house.floor, "second", now, SPAN, gone="first") == 2
    assert first.renew_lease(house.floor, "first", now, SPAN) is False


def test_people_are_agents_of_one_floor_only(house: House) -> None:
    vera, boris = person(house), person(house, "boris")
    night = house.office.create_floor(house.organisation, "Night")
    house.office.put_person(house.organisation, vera, night.id)
    day_store, night_store = house.store(), house.another_store()
    assert night_store.take_lease(night.id, "night", house.clock.now, SPAN) == 1
    day = {agent.id for agent in day_store.load_floor(house.floor).agents}
    assert {agent.id for agent in night_store.load_floor(night.id).agents} == {vera}
    assert boris in day
    assert vera not in day
    places = house.office.floor_map()
    assert places.of_person(house.organisation, vera) == night.id
    assert places.of_person(house.organisation, boris) == house.floor
    assert places.of_person("nowhere", boris) == ""


def test_a_campaign_at_rest_moves_to_another_floor_and_a_running_one_does_not(house: House) -> None:
    night = house.office.create_floor(house.organisation, "Night")
    resting, running = house.campaign(state="paused"), house.campaign([row(40)])
    house.office.put_campaign(house.organisation, resting.id, night.id)
    assert house.office.floor_map().of_campaign(house.organisation, resting.id) == night.id
    with pytest.raises(InvalidRequest, match="Pause it"):
        house.office.put_campaign(house.organisation, running.id, night.id)
    assert house.office.floor_map().of_campaign(house.organisation, running.id) == house.floor


def test_a_paused_campaign_with_a_call_stays_where_it_is(house: House) -> None:
    night = house.office.create_floor(house.organisation, "Night")
    campaign, store = house.campaign(), house.store()
    store.commit([house.reserve(house.due(store, campaign.id)[0])])
    house.office.set_campaign_state(house.organisation, campaign.id, "paused")
    with pytest.raises(InvalidRequest, match="last call"):
        house.office.put_campaign(house.organisation, campaign.id, night.id)


@pytest.mark.parametrize("name", ["Night", "Night "])
def test_floors_have_different_names(house: House, name: str) -> None:
    house.office.create_floor(house.organisation, "Night")
    with pytest.raises(InvalidRequest):
        house.office.create_floor(house.organisation, name)


def test_strangers_are_put_nowhere(house: House) -> None:
    with pytest.raises(InvalidRequest, match="no such person"):
        house.office.put_person(house.organisation, "nobody", house.floor)
    with pytest.raises(InvalidRequest, match="no such floor"):
        house.office.put_person(house.organisation, person(house), "nowhere")
    with pytest.raises(InvalidRequest, match="no such campaign"):
        house.office.put_campaign(house.organisation, "nothing", house.floor)
