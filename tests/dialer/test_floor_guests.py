"""More than two in a call, as a floor runs it: a supervisor beside an operator, a colleague called in."""

from typing import Any

import pytest
from conftest import QUICK, Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.dialer.office_records import NewUser, Role
from vyzov.dialer.screens import desk_state, floor_state


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def bob(centre: Centre) -> str:
    """A colleague who takes no calls of the campaign."""
    return centre.operator("bob")


@pytest.fixture
def sue(centre: Centre) -> str:
    made = centre.office.create_user("org", NewUser("sue", "Sue", Role.SUPERVISOR, "x"))
    return made.id


@pytest.fixture
def talk(centre: Centre, ann: str, bob: str, sue: str) -> str:
    """The attempt Ann is talking with; Bob is ready, Sue's phone is connected."""
    campaign = centre.campaign(2, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    for one in (sue, bob, ann):
        centre.ready(one)
    assert centre.desk("pause", sue, reason="floor").ok
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    assert attempt is not None
    return attempt


def leg(centre: Centre, user: str) -> str:
    found = centre.found(user).agent.device_leg
    assert found is not None
    return found


def in_call(centre: Centre, attempt: str) -> tuple[str | None, dict[str, str]]:
    """Who is in a call by the engine's word: the agent's leg, and the guests' with their roles."""
    call = centre.world.engine.calls[attempt]
    return call.device, dict(call.guests)


def told(centre: Centre, *kinds: FactKind) -> list[tuple[str, Any]]:
    return [
        (fact.kind.value, fact.data.get("role") or fact.data.get("how") or fact.data.get("guest"))
        for fact in centre.world.watch.facts
        if fact.kind in kinds
    ]


def screen(centre: Centre, user: str) -> Any:
    assert centre.world.process is not None
    scene = centre.world.process.floor._scene
    return desk_state(scene, centre.found(user))


def tiles(centre: Centre) -> dict[str, Any]:
    assert centre.world.process is not None
    scene = centre.world.process.floor._scene
    return {tile["id"]: tile for tile in floor_state(scene, [])["agents"]}


# ---- the supervisor ------------------------------------------------------------------------------


def test_a_supervisor_listens_whispers_barges_and_leaves_and_each_is_a_fact(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    for how in ("listen", "whisper", "barge"):
        assert centre.desk("listen", sue, agent=ann, how=how).body["how"] == how
        centre.world.run(0.1)
        assert in_call(centre, talk) == (leg(centre, ann), {leg(centre, sue): how})
        assert (centre.agent_state(sue), centre.agent_state(ann)) == ("listening", "talking")
    customer = centre.world.engine.calls[talk]
    assert (customer.leg, leg(centre, sue)) in customer.pairs
    centre.world.run(5.0)
    assert centre.desk("leave", sue).ok
    centre.world.run(0.1)
    assert in_call(centre, talk) == (leg(centre, ann), {})
    assert centre.agent_state(sue) == "pause"
    joined = centre.facts(FactKind.GUEST_JOINED)
    assert [(one.data, one.agent, one.attempt) for one in joined] == [
        ({"guest": sue, "role": how}, ann, talk) for how in ("listen", "whisper", "barge")
    ]
    [left] = centre.facts(FactKind.GUEST_LEFT)
    assert left.data["guest"] == sue
    assert left.data["seconds"] == pytest.approx(5.3, abs=0.2)
    centre.finish_talk(ann)
    centre.settle()


def test_how_long_somebody_listened_is_not_told_by_a_clock_that_was_set(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    assert centre.desk("listen", sue, agent=ann, how="listen").ok
    centre.world.run(4.0)
    centre.world.timeline.step_utc(3600.0)
    centre.world.run(4.0)
    assert centre.desk("leave", sue).ok
    centre.world.run(0.5)
    [left] = centre.facts(FactKind.GUEST_LEFT)
    assert left.data["seconds"] == pytest.approx(8.0, abs=0.2)
    assert in_call(centre, talk) == (leg(centre, ann), {})


def test_a_listener_gets_no_call_and_goes_with_the_call(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    assert centre.desk("ready", sue).ok
    assert centre.desk("listen", sue, agent=ann, how="listen").ok
    centre.world.run(0.1)
    assert sue not in centre.room.free
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.agent_state(sue) == "ready", 2.0)
    assert centre.found(sue).last is None, "the customer's card goes with the call"
    centre.settle()


def test_a_listener_moves_to_another_call_and_out_of_the_first(
    centre: Centre, bob: str, sue: str
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(2, agents=(ann, bob))
    centre.everybody(plan())
    centre.open(campaign)
    for one in (ann, bob, sue):
        centre.ready(one)
    assert centre.until(lambda: centre.talking(ann) and centre.talking(bob))
    first, second = (str(centre.found(one).agent.call) for one in (ann, bob))
    for whose in (ann, bob):
        assert centre.desk("listen", sue, agent=whose, how="listen").ok
        centre.world.run(0.1)
    assert in_call(centre, first)[1] == {}
    assert in_call(centre, second)[1] == {leg(centre, sue): "listen"}
    centre.settle()


def test_a_supervisor_takes_a_call_over_and_its_operator_is_free(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    assert centre.desk("listen", sue, agent=ann, how="whisper").ok
    centre.world.run(1.0)
    assert centre.desk("take_call", sue, agent=ann).ok
    centre.world.run(0.2)
    assert in_call(centre, talk) == (leg(centre, sue), {})
    assert centre.agent_state(sue) == "talking"
    assert centre.found(ann).agent.call != talk
    [handed] = centre.facts(FactKind.HANDED_OVER)
    assert handed.data == {"from": ann, "agent": sue, "how": "taken"}
    # Who gave it away writes no result; who ends it does.
    refused = centre.desk("result", ann, attempt=talk, result="agreed")
    assert refused.body["code"] in ("guest", "not_your_call")
    centre.finish_talk(sue, "agreed")
    assert centre.until(lambda: centre.rows_of("SELECT result FROM disposition") != [])
    [row] = centre.rows_of("SELECT agent_id, result FROM disposition WHERE attempt_id = ?", talk)
    assert row == {"agent_id": sue, "result": "agreed"}
    centre.settle()


def test_a_call_whose_operator_lost_their_line_is_taken_over(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    centre.lose_device(ann)
    assert "agent_away" in centre.call_states()
    assert centre.desk("take_call", sue, agent=ann).ok
    assert centre.until(lambda: centre.talking(sue), 1.0)
    assert in_call(centre, talk)[0] == leg(centre, sue)
    centre.finish_talk(sue)
    centre.settle()


def test_what_cannot_be_entered_is_refused_with_a_reason(
    centre: Centre, ann: str, bob: str, sue: str, talk: str
) -> None:
    codes = [
        centre.desk("listen", sue, agent=bob, how="listen").body["code"],
        centre.desk("listen", sue, agent="nobody", how="listen").body["code"],
        centre.desk("leave", sue).body["code"],
        centre.desk("take_call", ann, agent=ann).body["code"],
    ]
    assert codes == ["not_talking", "not_talking", "not_a_guest", "not_talking"]
    centre.lose_device(sue)
    assert centre.desk("listen", sue, agent=ann, how="listen").body["code"] == "no_device"
    assert centre.desk("take_call", sue, agent=ann).body["code"] == "no_device"
    assert in_call(centre, talk) == (leg(centre, ann), {})
    centre.settle()


def test_the_operator_sees_a_listener_only_where_the_campaign_says_so(
    centre: Centre, ann: str, sue: str
) -> None:
    campaign = centre.campaign(1, agents=(ann,), listening_shown=False)
    centre.everybody(plan())
    centre.open(campaign)
    for one in (sue, ann):
        centre.ready(one)
    assert centre.until(lambda: centre.talking(ann))
    for how, seen in (("listen", []), ("whisper", ["whisper"]), ("listen", [])):
        assert centre.desk("listen", sue, agent=ann, how=how).ok
        centre.world.run(0.1)
        assert [one["role"] for one in screen(centre, ann)["call"]["guests"]] == seen
        assert [one["name"] for one in tiles(centre)[ann]["guests"]] == ["Sue"]
    mine = screen(centre, sue)["call"]
    assert (mine["as"], mine["of"]) == ("listen", "Ann")
    centre.settle()


# ---- the operator --------------------------------------------------------------------------------


def test_a_colleague_is_consulted_while_the_customer_hears_music(
    centre: Centre, ann: str, bob: str, talk: str
) -> None:
    named = centre.desk("colleagues", ann).body["colleagues"]
    assert named == [{"id": bob, "name": "Bob"}]
    assert centre.desk("consult", ann, agent=bob).ok
    assert centre.until(lambda: centre.talking(bob), 1.0)
    assert in_call(centre, talk) == (leg(centre, ann), {leg(centre, bob): "consult"})
    assert centre.world.engine.calls[talk].held
    assert centre.agent_state(ann) == "hold"
    # What is Ann's alone is not Bob's to do; their own microphone is.
    assert centre.desk("hold", bob, on=False).body["code"] == "guest"
    assert centre.desk("digits", bob, digits="1").body["code"] == "guest"
    assert centre.desk("result", bob, attempt=talk, result="agreed").body["code"] == "guest"
    assert centre.desk("mute", bob, on=True).ok
    assert centre.desk("consult_end", ann).ok
    centre.world.run(0.1)
    assert in_call(centre, talk) == (leg(centre, ann), {})
    assert not centre.world.engine.calls[talk].held
    assert (centre.agent_state(ann), centre.agent_state(bob)) == ("talking", "ready")
    centre.finish_talk(ann)
    centre.settle()


def test_a_colleague_who_hangs_up_leaves_and_the_customer_stays(
    centre: Centre, ann: str, bob: str, talk: str
) -> None:
    assert centre.desk("consult", ann, agent=bob).ok
    assert centre.until(lambda: centre.talking(bob), 1.0)
    assert centre.desk("hangup", bob).ok
    centre.world.run(0.1)
    assert centre.agent_state(bob) == "ready"
    assert (centre.agent_state(ann), in_call(centre, talk)[1]) == ("hold", {})
    assert centre.desk("hold", ann, on=False).ok
    assert centre.talking(ann)
    centre.finish_talk(ann)
    centre.settle()


def test_a_warm_transfer_goes_through_consultation_and_conference(
    centre: Centre, ann: str, bob: str, talk: str
) -> None:
    assert centre.desk("consult", ann, agent=bob).ok
    assert centre.until(lambda: centre.talking(bob), 1.0)
    assert centre.desk("conference", ann, on=True).ok
    centre.world.run(0.1)
    assert in_call(centre, talk)[1] == {leg(centre, bob): "conference"}
    assert not centre.world.engine.calls[talk].held
    assert centre.desk("transfer", ann).body["how"] == "warm"
    centre.world.run(0.2)
    assert in_call(centre, talk) == (leg(centre, bob), {})
    assert centre.talking(bob)
    assert centre.found(ann).agent.call != talk
    assert told(centre, FactKind.GUEST_JOINED, FactKind.GUEST_LEFT, FactKind.HANDED_OVER) == [
        ("guest_joined", "consult"), ("guest_joined", "conference"),
        ("handed_over", "warm"), ("guest_left", bob),
    ]  # fmt: skip
    centre.finish_talk(bob, "agreed")
    centre.settle()


def test_a_blind_transfer_gives_the_call_at_once_to_a_free_colleague(
    centre: Centre, ann: str, bob: str, sue: str, talk: str
) -> None:
    assert centre.desk("transfer", ann, agent=sue).body["code"] == "not_free"
    assert centre.desk("transfer", ann).body["code"] == "no_guest"
    assert centre.desk("pause", ann, reason="after this call").ok
    assert centre.desk("transfer", ann, agent=bob).body["how"] == "blind"
    assert centre.until(lambda: centre.talking(bob), 1.0)
    assert in_call(centre, talk) == (leg(centre, bob), {})
    # Back again: who gave it away may get it back, and then it is theirs to write up.
    assert centre.desk("ready", ann).ok
    assert centre.desk("transfer", bob, agent=ann).ok
    assert centre.until(lambda: centre.talking(ann), 1.0)
    assert centre.found(ann).agent.call == talk
    centre.world.run(0.5)
    centre.finish_talk(ann, "agreed")
    [row] = centre.rows_of("SELECT agent_id FROM disposition WHERE attempt_id = ?", talk)
    assert row == {"agent_id": ann}
    centre.settle()


def test_four_are_the_most_a_call_can_hold(
    centre: Centre, ann: str, bob: str, sue: str, talk: str
) -> None:
    tom = centre.office.create_user("org", NewUser("tom", "Tom", Role.SUPERVISOR, "x")).id
    assert centre.world.ask("office.users_changed", "boss").ok
    centre.world.run(0.5)
    centre.ready(tom)
    assert centre.desk("listen", sue, agent=ann, how="listen").ok
    assert centre.desk("consult", ann, agent=bob).ok
    centre.world.run(0.2)
    assert centre.desk("listen", tom, agent=ann, how="listen").body["code"] == "call_full"
    assert sorted(in_call(centre, talk)[1].values()) == ["consult", "listen"]
    centre.finish_talk(ann)
    centre.world.run(1.0)
    assert [centre.agent_state(one) for one in (bob, sue)] == ["ready", "pause"]
    centre.settle()


# ---- when something breaks -----------------------------------------------------------------------


def test_a_new_life_of_the_floor_lets_nobody_listen_on_unseen(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    assert centre.desk("listen", sue, agent=ann, how="listen").ok
    centre.world.run(1.0)
    centre.kill_floor()
    centre.world.run(1.0)
    assert in_call(centre, talk) == (leg(centre, ann), {})
    assert len(centre.facts(FactKind.GUEST_JOINED)) == 1
    [left] = centre.facts(FactKind.GUEST_LEFT)
    assert left.data["guest"] == sue
    centre.come_back(ann)
    centre.finish_talk(ann)
    centre.settle()


def test_a_call_handed_to_and_fro_over_restarts_is_told_each_time(
    centre: Centre, ann: str, bob: str, talk: str
) -> None:
    assert centre.desk("pause", ann, reason="after this call").ok
    assert centre.desk("transfer", ann, agent=bob).ok
    assert centre.until(lambda: centre.talking(bob), 1.0)
    centre.world.run(0.5)
    centre.kill_floor()
    for one in (bob, ann):
        centre.come_back(one)
    centre.world.run(1.0)
    assert centre.found(bob).agent.call == talk, "the call is taken up as Bob's"
    assert centre.desk("ready", ann).ok
    assert ann in centre.room.free
    assert centre.desk("transfer", bob, agent=ann).ok
    assert centre.until(lambda: centre.talking(ann), 1.0)
    centre.world.run(0.5)
    assert centre.found(ann).agent.call == talk
    assert [fact.data["agent"] for fact in centre.facts(FactKind.HANDED_OVER)] == [bob, ann]
    centre.settle()


def test_a_broken_link_leaves_the_guests_as_they_are(
    centre: Centre, ann: str, sue: str, talk: str
) -> None:
    assert centre.desk("listen", sue, agent=ann, how="whisper").ok
    centre.world.run(1.0)
    centre.break_link(0.5)
    centre.world.run(2.0)
    assert in_call(centre, talk) == (leg(centre, ann), {leg(centre, sue): "whisper"})
    assert centre.agent_state(sue) == "listening"
    centre.finish_talk(ann)
    centre.settle()


def test_a_lost_guest_is_free_and_a_lost_operator_takes_the_guests_along(
    centre: Centre, ann: str, bob: str, sue: str, talk: str
) -> None:
    assert centre.desk("consult", ann, agent=bob).ok
    centre.world.run(0.5)
    centre.lose_device(bob)
    centre.world.run(0.1)
    assert (centre.agent_state(bob), in_call(centre, talk)[1]) == ("no_device", {})
    assert centre.desk("hold", ann, on=False).ok
    assert centre.desk("listen", sue, agent=ann, how="barge").ok
    centre.world.run(0.5)
    centre.lose_device(ann)
    centre.world.run(0.5)
    assert centre.agent_state(sue) == "pause"
    assert "agent_away" in centre.call_states()
    centre.settle()


def test_a_crashed_engine_frees_every_guest(
    centre: Centre, ann: str, bob: str, sue: str, talk: str
) -> None:
    assert centre.desk("listen", sue, agent=ann, how="barge").ok
    assert centre.desk("consult", ann, agent=bob).ok
    centre.world.run(0.5)
    centre.world.kill_engine()
    assert centre.until(lambda: centre.found(sue).agent.call is None, 40.0)
    assert centre.until(lambda: centre.found(bob).agent.call is None, 40.0)
    assert talk not in centre.world.engine.calls
    centre.settle()


def test_a_kill_between_any_two_effects_of_company_leaves_nobody_in_a_call_unseen(
    build: Build,
) -> None:
    """Listening, consulting, conferring and handing over, with the floor killed at every ninth effect."""
    script: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("sue", "listen", {"agent": "ann", "how": "whisper"}), ("ann", "consult", {"agent": "bob"}),
        ("ann", "conference", {"on": True}), ("ann", "transfer", {}),
        ("sue", "listen", {"agent": "bob", "how": "listen"}), ("sue", "take_call", {"agent": "bob"}),
    )  # fmt: skip

    def begin(centre: Centre) -> dict[str, str]:
        people = {name: centre.operator(name) for name in ("ann", "bob")}
        made = centre.office.create_user("org", NewUser("sue", "Sue", Role.SUPERVISOR, "x"))
        people["sue"] = made.id
        campaign = centre.campaign(1, agents=(people["ann"],))
        centre.everybody(plan())
        centre.open(campaign)
        for one in people.values():
            centre.ready(one)
        assert centre.until(lambda: centre.talking(people["ann"]))
        return people

    def play(centre: Centre, people: dict[str, str]) -> None:
        for who, verb, args in script:
            named = {**args, **({"agent": people[args["agent"]]} if "agent" in args else {})}
            centre.world.send(f"desk.{verb}", people[who], f"{people[who]}-tab", **named)
            centre.world.run(0.25)

    told = build(faults=QUICK)
    people = begin(told)
    first = told.world.effects_done + 1
    play(told, people)
    last = told.world.effects_done
    assert told.talking(people["sue"])
    assert last - first > 30
    for effect in range(first, last + 1, 9):
        centre = build(faults=QUICK)
        people = begin(centre)
        centre.world.kill_at_effect = effect
        play(centre, people)
        assert centre.until(lambda centre=centre: centre.world.lives == 2, 20.0), effect
        assert centre.until(lambda centre=centre: centre.world.is_up, 15.0), effect
        for one in people.values():
            centre.come_back(one)
        centre.world.run(2.0)
        [call] = centre.world.engine.calls.values()
        [live] = [one for one in centre.calls() if one.call.id == call.leg]
        assert set(call.guests) == {one.leg for one in live.guests.values()}, effect
        assert call.device == live.agent_leg, effect
        assert live.call.state.value == "talking", effect
        busy = {one for one in people.values() if centre.found(one).agent.call == call.leg}
        assert busy == {live.agent, *live.guests}, effect
        assert not call.held or live.guests, effect
        centre.settle()
        assert centre.outcomes() == ["answered_human"], effect
