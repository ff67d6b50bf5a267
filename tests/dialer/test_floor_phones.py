"""Agents who talk with a desk phone: choosing it, being rung, losing it, and what their desk shows."""

from typing import Any

import pytest
from conftest import Centre, plan

from vyzov.dialer import ports
from vyzov.dialer.phone_records import NewDeskPhone
from vyzov.dialer.screens import desk_state


def give_phone(centre: Centre, user: str, username: str = "1001") -> str:
    new = NewDeskPhone("Corner desk", username, {"SHA-256": "aa"})
    return centre.office.create_phone(centre.organisation, user, new).id


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def phone(centre: Centre, ann: str) -> str:
    """Ann's desk phone, powered."""
    made = give_phone(centre, ann)
    centre.world.engine.phones.powered.add(made)
    return made


def device(centre: Centre, user: str) -> dict[str, Any]:
    assert centre.world.process is not None
    floor = centre.world.process.floor
    state: dict[str, Any] = desk_state(floor._scene, floor.room.agents[user])["device"]
    return state


def sits_down(centre: Centre, user: str) -> None:
    """Signs in, chooses the desk phone and asks for calls."""
    tab = f"{user}-tab"
    assert centre.world.ask("desk.attach", user, tab).ok
    assert centre.desk("device", user, kind="phone").ok
    assert centre.desk("ready", user).ok


def test_taking_the_place_rings_the_phone_once_and_lifted_it_stays(
    centre: Centre, ann: str, phone: str
) -> None:
    campaign = centre.campaign(2, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    sits_down(centre, ann)
    assert device(centre, ann)["phone"]["state"] in ("calling", "ringing")
    assert centre.until(lambda: device(centre, ann)["phone"]["state"] == "ringing", 2.0)
    assert centre.agent_state(ann) == "no_device"
    assert centre.until(lambda: centre.talking(ann))
    shown = device(centre, ann)
    assert (shown["kind"], shown["state"]) == ("phone", "up")
    assert shown["phone"] == {
        "name": "Corner desk", "username": "1001", "state": "connected", "why": None,
    }  # fmt: skip
    leg = centre.found(ann).agent.device_leg
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.talking(ann)), "the next call comes on the same leg"
    assert centre.found(ann).agent.device_leg == leg
    centre.settle()


def test_hanging_the_phone_up_in_a_talk_keeps_the_customer_until_it_is_rung_again(
    centre: Centre, ann: str, phone: str
) -> None:
    campaign = centre.campaign(1, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    sits_down(centre, ann)
    assert centre.until(lambda: centre.talking(ann))
    leg = centre.found(ann).agent.device_leg
    assert leg is not None
    centre.world.engine.lose_device(leg, "closed")
    centre.world.run(0.1)
    assert device(centre, ann)["phone"]["why"] == "closed"
    assert centre.call_states() == ["agent_away"]
    assert centre.desk("ring", ann).ok
    assert centre.until(lambda: centre.call_states() == ["talking"], 5.0)
    assert centre.found(ann).agent.device_leg != leg
    centre.settle()


def test_a_phone_that_signs_in_late_rings_by_itself(centre: Centre, ann: str) -> None:
    made = give_phone(centre, ann)
    centre.open()
    sits_down(centre, ann)
    assert device(centre, ann)["phone"]["state"] == "not_registered"
    refused = centre.desk("ring", ann)
    assert refused.body["code"] == "phone_away"
    assert "power" in refused.body["next_step"]
    centre.world.engine.phones.plug_in(made)
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 5.0)
    centre.settle()


def test_a_phone_nobody_lifts_says_so_and_can_be_rung_again(
    centre: Centre, ann: str, phone: str
) -> None:
    centre.world.engine.phones.lifted = False
    centre.open()
    sits_down(centre, ann)
    assert centre.until(lambda: device(centre, ann)["phone"]["why"] == "no_answer", 40.0)
    assert device(centre, ann)["phone"]["state"] == "registered"
    assert centre.found(ann).pending_leg is None
    centre.world.engine.phones.lifted = True
    assert centre.desk("ring", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 5.0)
    assert device(centre, ann)["phone"]["why"] is None
    centre.settle()


def test_the_choice_is_kept_over_a_restart_and_the_phone_goes_on(
    centre: Centre, ann: str, phone: str
) -> None:
    campaign = centre.campaign(1, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    sits_down(centre, ann)
    assert centre.until(lambda: centre.talking(ann))
    leg = centre.found(ann).agent.device_leg
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.until(lambda: centre.talking(ann), 5.0)
    shown = device(centre, ann)
    assert (shown["kind"], shown["phone"]["state"]) == ("phone", "connected")
    assert centre.found(ann).agent.device_leg == leg
    assert len([one for one in centre.world.engine.book if one.startswith(str(leg))]) == 1
    assert leg is not None
    centre.world.engine.lose_device(leg, "closed")
    centre.world.run(0.1)
    assert device(centre, ann)["phone"]["why"] == "closed"
    centre.settle()


def test_after_a_restart_of_the_engine_the_phone_signs_in_and_is_rung_again(
    centre: Centre, ann: str, phone: str
) -> None:
    centre.open()
    sits_down(centre, ann)
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 5.0)
    leg = centre.found(ann).agent.device_leg
    centre.world.kill_engine()
    assert centre.until(lambda: centre.agent_state(ann) != "ready", 5.0)
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 15.0)
    assert centre.found(ann).agent.device_leg != leg
    centre.settle()


def test_changing_from_the_browser_to_the_phone_lets_the_browser_go(
    centre: Centre, ann: str, phone: str
) -> None:
    centre.open()
    centre.ready(ann)
    browser = centre.found(ann).agent.device_leg
    assert centre.desk("device", ann, kind="phone").ok
    assert centre.until(lambda: browser not in centre.world.engine.devices, 1.0)
    centre.world.run(0.2)
    assert device(centre, ann)["phone"]["why"] is None
    assert device(centre, ann)["phone"]["state"] == "ringing"
    assert centre.until(lambda: device(centre, ann)["phone"]["state"] == "connected", 5.0)
    assert browser not in centre.world.engine.devices
    offered = centre.desk("offer", ann, sdp="v=0")
    assert offered.body["code"] == "desk_phone"
    assert centre.desk("device", ann, kind="browser").ok
    assert centre.until(lambda: centre.agent_state(ann) == "no_device", 2.0)
    assert centre.world.engine.devices == {}
    assert centre.desk("offer", ann, sdp="v=0").ok
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 2.0)
    centre.settle()


def test_the_device_is_not_changed_in_a_call(centre: Centre, ann: str, phone: str) -> None:
    campaign = centre.campaign(1, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert centre.desk("device", ann, kind="phone").body["code"] == "in_a_call"
    assert device(centre, ann)["kind"] == "browser"
    centre.settle()


def test_without_a_phone_there_is_nothing_to_choose_or_ring(centre: Centre, ann: str) -> None:
    centre.open()
    assert centre.world.ask("desk.attach", ann, f"{ann}-tab").ok
    assert centre.desk("device", ann, kind="phone").body["code"] == "no_phone"
    assert centre.desk("ring", ann).body["code"] == "no_phone"
    assert centre.desk("device", ann, kind="browser").ok
    assert device(centre, ann)["phone"] is None


def test_signing_out_hangs_the_phone_up(centre: Centre, ann: str, phone: str) -> None:
    centre.open()
    sits_down(centre, ann)
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 5.0)
    assert centre.desk("offline", ann).ok
    centre.world.run(0.5)
    assert centre.world.engine.devices == {}
    centre.settle()


def test_a_phone_made_while_the_floor_works_is_told_to_the_engine_and_a_revoked_one_taken_back(
    centre: Centre, ann: str
) -> None:
    centre.open()
    made = give_phone(centre, ann)
    centre.world.engine.phones.powered.add(made)
    assert centre.world.ask("office.users_changed", "boss").ok
    assert centre.until(lambda: made in centre.world.engine.phones.there, 3.0)
    states = centre.world.ask("office.phones", "boss").body["phones"]
    assert states[made]["registered"] is True
    assert states[made]["address"] == "udp:192.0.2.20:5060"
    assert states[made]["since"] is not None
    centre.office.revoke_phone(centre.organisation, made)
    assert centre.world.ask("office.users_changed", "boss").ok
    centre.world.run(1.0)
    assert centre.world.engine.phones.there == {}
    assert centre.world.ask("office.phones", "boss").body["phones"] == {}


def test_a_phone_the_floor_does_not_know_is_told_to_go(centre: Centre, ann: str) -> None:
    centre.open()
    engine = centre.world.engine
    engine.phones.powered.add("ghost")
    engine.phones.carry_out(ports.SetPhone("ghost", "9", {}), "floor")
    centre.world.run(2.0)
    assert engine.phones.there == {}


def test_a_phone_that_is_gone_is_shown_as_gone(centre: Centre, ann: str, phone: str) -> None:
    centre.open()
    assert centre.world.ask("desk.attach", ann, f"{ann}-tab").ok
    assert centre.until(lambda: device(centre, ann)["phone"]["state"] == "registered", 3.0)
    centre.world.engine.phones.unplug(phone)
    centre.world.run(0.1)
    assert device(centre, ann)["phone"]["state"] == "not_registered"
