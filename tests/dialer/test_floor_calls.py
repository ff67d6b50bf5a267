"""Calls of a floor end to end: placed, met by a person or by a robot, ended, tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import Build, Centre, number, plan

from vyzov.core.facts import FactKind
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.world_process import Delays

# ---- with an agent -------------------------------------------------------------------------------


def test_a_progressive_call_is_placed_joined_and_closed_by_its_result(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    [attempt] = centre.attempts()
    assert attempt["state"] == "originated"
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    assert centre.desk("result", ann, attempt=attempt["id"], result="agreed").ok
    assert centre.agent_state(ann) == "ready"
    centre.settle()
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["closed_reason"]) == ("closed", "agreed")
    assert centre.outcomes() == ["answered_human"]
    [bridged] = centre.facts(FactKind.BRIDGED)
    assert bridged.data["within_limit"] is True


def test_one_call_is_placed_for_each_free_agent_and_the_next_when_one_is_free_again(
    centre: Centre,
) -> None:
    crew = tuple(centre.operator(name) for name in ("ann", "bob"))
    campaign = centre.campaign(5, agents=crew)
    centre.everybody(plan())
    centre.open(campaign)
    for user in crew:
        centre.ready(user)
    assert centre.until(lambda: all(centre.talking(user) for user in crew))
    centre.world.run(20.0)
    assert len(centre.attempts()) == 2
    centre.finish_talk(crew[0])
    assert centre.until(lambda: len(centre.attempts()) == 3, 3.0)
    centre.settle()


def test_nobody_is_called_while_no_agent_is_free(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(3, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.world.run(30.0)
    assert centre.attempts() == []
    centre.settle()


def test_an_agent_is_talking_only_once_the_engine_has_joined_them(build: Build) -> None:
    centre = build(delays=Delays(link_s=0.2))
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.agent_state(ann) == "reserved")
    refused = centre.desk("hangup", ann)
    assert (refused.ok, refused.body["code"]) == (False, "no_call")
    assert centre.until(lambda: centre.talking(ann))
    centre.world.run(0.1)
    [bridged] = centre.facts(FactKind.BRIDGED)
    joined = [
        fact for fact in centre.facts(FactKind.AGENT_STATE) if fact.data["state"] == "talking"
    ]
    assert [fact.at >= bridged.at for fact in joined] == [True]
    centre.settle()


def test_an_agent_lost_while_it_rings_means_an_abandoned_call_and_an_apology(
    centre: Centre,
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan(ring_s=5.0))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states())
    centre.lose_device(ann)
    assert centre.until(lambda: "waiting" in centre.call_states())
    assert centre.until(lambda: "farewell" in centre.call_states(), 2.1)
    centre.world.run(1.0)
    assert [call.play[1] for call in centre.world.engine.calls.values() if call.play] == [
        "safe_harbour"
    ]
    centre.settle()
    assert centre.outcomes() == ["abandoned"]
    [abandoned] = centre.facts(FactKind.ABANDONED)
    assert abandoned.data == {"wait_s": 2.0, "limit_s": 2.0, "origin": "answered"}
    assert centre.shown_abandoned(campaign) == (1, 1)


def test_who_is_joined_after_the_limit_is_counted_like_the_report_counts_them(
    build: Build,
) -> None:
    centre = build(delays=Delays(link_s=0.4))
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,), connect_limit_s=0.5)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.finish_talk(ann)
    centre.settle()
    [bridged] = centre.facts(FactKind.BRIDGED)
    assert bridged.data["within_limit"] is False
    assert centre.shown_abandoned(campaign) == (1, 1)
    centre.world.kill_floor()
    centre.settle()
    assert centre.shown_abandoned(campaign) == (1, 1)


def test_a_leg_that_cannot_be_joined_makes_room_for_another_agent(centre: Centre) -> None:
    ann, bob = centre.operator("ann"), centre.operator("bob")
    campaign = centre.campaign(agents=(ann, bob))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states())
    # Ann's leg dies, and the news of it is lost on the way: only the bridge shows it.
    leg = centre.found(ann).agent.device_leg
    assert leg is not None
    del centre.world.engine.devices[leg]
    centre.ready(bob)
    assert centre.until(lambda: centre.talking(bob), 10.0)
    assert centre.agent_state(ann) == "no_device"
    centre.settle()


def test_a_talk_that_the_customer_ends_knows_no_lost_agent(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan(talk_s=4.0, leaves_first=True))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    centre.settle()
    assert centre.facts(FactKind.AGENT_AWAY) == []
    [ended] = centre.facts(FactKind.ENDED)
    assert ended.data["side"] == "far"
    assert centre.attempts()[0]["agent_id"] == ann


def test_the_recording_of_a_talk_is_acknowledged_and_the_leg_forgotten(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan(talk_s=4.0, leaves_first=True))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: bool(centre.facts(FactKind.RECORDING_FINISHED)))
    [recording] = centre.rows_of("SELECT * FROM recording")
    assert recording["attempt_id"] == centre.attempts()[0]["id"]
    assert 3.5 < recording["seconds"] < 5.0
    centre.settle()
    assert recording["attempt_id"] not in centre.world.engine.book


# ---- tried again ---------------------------------------------------------------------------------


def test_a_busy_number_is_called_again_after_its_time_and_no_more_than_the_policy_says(
    centre: Centre,
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan(CalleeKind.BUSY))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: len(centre.outcomes()) == 2, 60.0)
    first, second = (fact.at for fact in centre.world.watch.facts if fact.kind is FactKind.DIALING)
    assert 15.0 <= (second - first).total_seconds() < 22.0
    centre.world.run(60.0)
    assert centre.outcomes() == ["busy", "busy"]
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["closed_reason"]) == ("closed", "attempts_max")
    centre.settle()


def test_a_dead_number_gives_way_to_the_next_number_of_the_contact(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,), phones=((number(1), number(2)),))
    centre.lives(number(1), plan(CalleeKind.UNALLOCATED))
    centre.lives(number(2), plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert [order.to for order in centre.world.watch.originates] == [number(1), number(2)]
    centre.settle()


def test_a_campaign_completes_when_every_contact_is_closed(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(3, agents=(ann,))
    centre.everybody(plan(talk_s=2.0, leaves_first=True))
    centre.open(campaign)
    centre.ready(ann)
    for _ in range(3):
        assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
        attempt = centre.found(ann).agent.call
        assert centre.desk("result", ann, attempt=attempt, result="refused").ok
    assert centre.until(lambda: centre.are_completed(campaign), 10.0)
    centre.world.run(0.1)
    [row] = centre.rows_of("SELECT state FROM campaign")
    assert row["state"] == "completed"
    centre.settle()


def test_a_contact_on_the_stop_list_is_not_called_and_does_not_hold_up_the_end(
    centre: Centre,
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,), phones=((number(1),), (number(2),)))
    centre.everybody(plan(CalleeKind.UNALLOCATED))
    centre.office.add_stop("org", number(1), reason="asked", source="letter")
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.are_completed(campaign), 60.0)
    assert [order.to for order in centre.world.watch.originates] == [number(2)]
    centre.settle()


# ---- with the robot ------------------------------------------------------------------------------


def offered(centre: Centre, kind: CalleeKind, **changes: object) -> str:
    campaign = centre.campaign(mode="agentless", agents=(centre.operator(),))
    centre.everybody(plan(kind, **changes))
    centre.open(campaign)
    return campaign


def test_key_9_stops_the_number_before_anything_more_is_said(centre: Centre) -> None:
    campaign = offered(centre, CalleeKind.PRESSES_9)
    assert centre.until(lambda: bool(centre.facts(FactKind.STOP_LISTED)))
    [stop] = centre.rows_of("SELECT * FROM stop_list")
    assert (stop["reason"], stop["source"]) == ("asked", "key:9")
    assert "in_flow" in centre.call_states()
    centre.settle()
    [entry] = centre.entries(campaign)
    assert (entry["state"], entry["closed_reason"]) == ("closed", "stop_listed")
    assert centre.outcomes() == ["answered_human"]


def test_key_2_promises_a_call_that_is_made_for_a_person_once_an_agent_is_free(
    centre: Centre,
) -> None:
    campaign = offered(centre, CalleeKind.PRESSES_2)
    [ann] = centre.live_campaign(campaign).settings.agents
    assert centre.until(lambda: bool(centre.facts(FactKind.CALLBACK_PROMISED)))
    assert centre.until(lambda: centre.entries(campaign)[0]["state"] == "callback")
    centre.everybody(plan())
    centre.world.run(90.0)
    assert len(centre.attempts()) == 1, "no agent, no call"
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann), 20.0)
    assert len(centre.facts(FactKind.FLOW_STEP)) == 2, "the second call hears no robot"
    centre.finish_talk(ann)
    centre.settle()
    assert [row["state"] for row in centre.rows_of("SELECT state FROM callback")] == ["kept"]


def test_key_1_waits_for_an_agent_and_talks_to_the_first_who_is_free(centre: Centre) -> None:
    campaign = offered(centre, CalleeKind.PRESSES_1)
    [ann] = centre.live_campaign(campaign).settings.agents
    assert centre.until(lambda: "waiting" in centre.call_states())
    centre.world.run(4.0)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann), 0.1)
    centre.world.run(0.1)
    [bridged] = centre.facts(FactKind.BRIDGED)
    assert bridged.data["within_limit"] is True, "who asked for an agent is not abandoned"
    centre.settle()


def test_who_waits_in_vain_for_an_agent_hears_an_apology_and_is_counted(centre: Centre) -> None:
    campaign = offered(centre, CalleeKind.PRESSES_1)
    assert centre.until(lambda: "farewell" in centre.call_states())
    centre.settle()
    assert centre.outcomes() == ["abandoned"]
    assert centre.shown_abandoned(campaign) == (1, 1)


def test_no_key_ends_the_offer_with_its_result(centre: Centre) -> None:
    campaign = offered(centre, CalleeKind.PRESSES_NOTHING)
    assert centre.until(lambda: bool(centre.outcomes()), 60.0)
    [disposed] = centre.facts(FactKind.DISPOSED)
    assert disposed.data == {"result": "no_key", "by": "flow"}
    [entry] = centre.entries(campaign)
    assert entry["closed_reason"] == "reached"
    centre.settle()


def test_a_machine_is_hung_up_on_and_tried_again_later(centre: Centre) -> None:
    campaign = offered(centre, CalleeKind.VOICEMAIL)
    assert centre.until(lambda: bool(centre.outcomes()), 30.0)
    assert centre.outcomes() == ["answered_machine"]
    assert centre.facts(FactKind.DISPOSED) == []
    assert centre.entries(campaign)[0]["last_outcome"] == "answered_machine"
    centre.settle()


def test_a_stale_originate_is_refused_by_the_engine_and_nobody_is_called(build: Build) -> None:
    centre = build(delays=Delays(commit_s=1.2))
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: bool(centre.outcomes()))
    assert centre.world.watch.originates == []
    [attempt] = centre.attempts()
    assert (attempt["outcome"], attempt["detail"]) == ("cancelled_by_us", "refused_stale")
    centre.settle()


def test_an_engine_that_refuses_a_trunk_is_told_it_when_it_comes_back(centre: Centre) -> None:
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.world.kill_engine(0.5)
    centre.world.run(2.0)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert not centre.facts(FactKind.ATTEMPT_REFUSED)
    centre.settle()


def test_a_leg_nobody_knows_is_hung_up(centre: Centre) -> None:
    centre.everybody(plan())
    centre.open(centre.campaign())
    stray = ports.Originate(
        leg="stray", attempt="stray", fence=9, not_after=centre.world.timeline.now + 1,
        trunk=centre.trunk, to=number(77), caller_id=number(99), ring_timeout_s=30.0,
    )  # fmt: skip
    centre.world.engine.carry_out(stray, "floor")
    assert centre.until(lambda: "stray" not in centre.world.engine.calls, 5.0)
    assert centre.until(lambda: "stray" not in centre.world.engine.book, 5.0)


def test_a_promised_call_and_a_redial_go_before_a_long_list_of_fresh_contacts(
    centre: Centre,
) -> None:
    ann = centre.operator()
    campaign = centre.campaign(90, agents=(ann,))
    centre.lives(number(0), plan(CalleeKind.BUSY), plan())
    centre.everybody(plan(ring_s=1.0))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.world.run(20.0)
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert [order.to for order in centre.world.watch.originates] == [
        number(0), number(1), number(0),
    ]  # fmt: skip
    assert len(centre.live_campaign(campaign).hopper) <= 60
    centre.settle()


def test_whatever_order_contacts_are_read_in_the_hopper_is_in_calling_order(
    centre: Centre,
) -> None:
    campaign = centre.campaign(4, agents=(centre.operator(),))
    centre.open(campaign)
    centre.world.run(3.0)
    live, process = centre.live_campaign(campaign), centre.world.process
    assert process is not None
    fresh = list(live.hopper)
    now = centre.world.timeline.utc
    promised = replace(fresh[3], contact="promised", state="callback", next_due=now)
    redialled = replace(fresh[2], contact="redialled", state="due", next_due=now)
    not_yet = replace(
        fresh[1], contact="not yet", state="due", next_due=now + timedelta(seconds=60)
    )
    read = (redialled, not_yet, promised)
    process.post(fx.DueLoaded(campaign, read, len(read), None, None))
    assert [due.contact for due in live.hopper] == [
        "promised", "redialled", *(due.contact for due in fresh),
    ]  # fmt: skip


def test_a_leg_that_was_given_up_on_is_forgotten_only_when_its_end_is_told(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = centre.campaign(mode="agentless", agents=(centre.operator(),))
    centre.everybody(plan(CalleeKind.VOICEMAIL))
    centre.open(campaign)
    assert centre.until(lambda: "in_flow" in centre.call_states())
    [leg] = centre.world.engine.calls
    with monkeypatch.context() as deaf:
        deaf.setattr(centre.world.engine, "hang_up", lambda _leg, _cause: None)
        assert centre.until(lambda: bool(centre.outcomes()), 30.0)
        centre.world.run(1.0)
        assert leg in centre.world.engine.calls, "the engine does not listen"
        assert leg in centre.world.engine.book
    assert centre.until(lambda: leg not in centre.world.engine.calls, 60.0)
    centre.world.run(1.0)
    assert leg not in centre.world.engine.book
    assert not [one for one in centre.world.watch.breaches if "forgotten" in one]
