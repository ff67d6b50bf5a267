"""A floor that is killed, an engine that dies, a link that breaks: what each call becomes."""

import pytest
from conftest import QUICK, Build, Centre, number, plan

from vyzov.core.facts import FactKind
from vyzov.simulation.agents import OFFER
from vyzov.simulation.people import CalleeKind
from vyzov.simulation.world_process import Delays


@pytest.fixture
def centre(build: Build) -> Centre:
    return build(faults=QUICK)


# ---- the floor is killed in each state of a call -------------------------------------------------


def test_a_call_that_rang_too_long_without_its_floor_was_cancelled_and_is_told_so(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    centre.begin()
    centre.reach("ringing")
    centre.kill_floor()
    assert centre.until(lambda: bool(centre.outcomes()), 1.0)
    assert not centre.world.engine.calls, "the engine gave up ringing two seconds after the kill"
    assert len(centre.world.watch.originates) == 1
    centre.settle()


def test_a_talk_goes_on_while_its_floor_is_away_and_is_taken_up(centre: Centre) -> None:
    centre.everybody(plan())
    ann, _ = centre.begin()
    centre.reach("talking")
    attempt = centre.found(ann).agent.call
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.talking(ann)
    assert centre.found(ann).agent.call == attempt
    assert centre.world.screens[f"desk:{ann}"]["call"]["attempt"] == attempt
    centre.world.run(10.0)
    assert centre.facts(FactKind.AGENT_AWAY) == []
    centre.finish_talk(ann, "agreed")
    centre.settle()
    assert centre.outcomes() == ["answered_human"]


def test_a_word_to_the_engine_that_a_broken_link_lost_is_said_again(centre: Centre) -> None:
    centre.everybody(plan(talk_s=60.0))
    ann, _ = centre.begin()
    centre.reach("talking")
    centre.world.ask("desk.mute", ann, f"{ann}#1", on=True)
    centre.world.run(0.1)
    (device,) = [one for one in centre.world.engine.devices.values() if one.agent == ann]
    assert device.muted
    centre.break_link(1.0)
    centre.world.ask("desk.mute", ann, f"{ann}#1", on=False)
    centre.world.ask("desk.hold", ann, f"{ann}#1", on=True)
    assert device.muted, "the engine was not told"
    centre.world.run(3.0)
    (call,) = [one for one in centre.world.engine.calls.values() if one.device == device.leg]
    assert not device.muted
    assert call.held


def test_a_talk_that_ended_without_its_floor_was_a_talk_and_is_written_up(centre: Centre) -> None:
    centre.everybody(plan(talk_s=3.0, leaves_first=True))
    ann, campaign = centre.begin()
    centre.reach("talking")
    attempt = centre.found(ann).agent.call
    centre.world.run(2.0)
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.agent_state(ann) == "wrap_up"
    assert centre.desk("result", ann, attempt=attempt, result="do_not_call").ok
    centre.settle()
    assert centre.outcomes() == ["answered_human"]
    assert centre.shown_abandoned(campaign) == (0, 1)
    assert centre.entries(campaign)[0]["closed_reason"] == "stop_listed"


def test_who_was_writing_up_goes_on_and_the_result_moves_the_contact(centre: Centre) -> None:
    centre.everybody(plan(talk_s=3.0, leaves_first=True))
    ann, campaign = centre.begin(wrap_up_s=60)
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    attempt = centre.found(ann).agent.call
    centre.world.run(1.0)
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.agent_state(ann) == "wrap_up"
    assert centre.world.screens[f"desk:{ann}"]["call"]["contact"]["name"] == "Client 2"
    assert centre.desk("result", ann, attempt=attempt, result="do_not_call").ok
    assert centre.entries(campaign)[0]["closed_reason"] == "stop_listed"
    assert len(centre.rows_of("SELECT id FROM stop_list")) == 1
    centre.settle()


def test_a_lost_leg_is_waited_for_by_the_next_life_too(centre: Centre) -> None:
    centre.everybody(plan())
    ann, _ = centre.begin(agent_return_limit_s=20)
    centre.reach("talking")
    centre.lose_device(ann)
    centre.kill_floor()
    centre.come_back(ann)
    centre.reach("agent_away", 1.0)
    assert centre.world.ask("desk.offer", ann, f"{ann}-tab", sdp=OFFER).ok
    centre.reach("talking", 2.0)
    assert centre.outcomes() == []
    centre.settle()


def test_who_waited_for_nobody_while_the_floor_was_away_was_abandoned(centre: Centre) -> None:
    centre.everybody(plan(ring_s=3.0))
    ann, campaign = centre.begin()
    centre.reach("ringing")
    centre.lose_device(ann)
    centre.reach("waiting")
    centre.kill_floor()
    assert centre.until(lambda: bool(centre.outcomes()), 20.0)
    assert centre.outcomes() == ["abandoned"]
    assert centre.shown_abandoned(campaign) == (1, 1)
    centre.settle()


def test_a_robot_goes_on_where_the_callee_is(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_9, press_after_s=9.0))
    _, campaign = centre.begin(mode="agentless")
    centre.reach("in_flow")
    centre.world.run(1.0)
    centre.kill_floor()
    centre.reach("in_flow", 1.0)
    [call] = centre.world.engine.calls.values()
    centre.world.run(0.1)
    assert call.play is not None
    assert call.play[1] == "offer", "what was cut short is said again"
    assert centre.until(lambda: bool(centre.facts(FactKind.STOP_LISTED)), 15.0)
    centre.settle()
    assert centre.entries(campaign)[0]["closed_reason"] == "stop_listed"


def test_keys_pressed_while_the_floor_was_away_count(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_9, press_after_s=2.5))
    centre.begin(mode="agentless")
    centre.reach("in_flow")
    centre.world.run(2.2)
    centre.kill_floor()
    assert centre.until(lambda: bool(centre.facts(FactKind.STOP_LISTED)), 1.0)
    centre.settle()


def test_who_waits_with_music_is_not_left_in_silence_by_a_restart(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_1))
    ann, _ = centre.begin(mode="agentless")
    centre.reach("waiting")
    centre.kill_floor()
    centre.world.run(0.1)
    [call] = centre.world.engine.calls.values()
    assert call.play is not None
    assert call.play[1] == "please_wait"
    centre.ready(ann)
    centre.reach("talking", 1.0)
    centre.settle()


def test_a_promised_call_stays_a_call_for_a_person_over_a_restart(
    centre: Centre,
) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_2), plan(ring_s=4.0))
    ann, campaign = centre.begin(mode="agentless")
    assert centre.until(lambda: bool(centre.facts(FactKind.CALLBACK_PROMISED)))
    assert centre.until(lambda: bool(centre.outcomes()))
    steps = len(centre.facts(FactKind.FLOW_STEP))
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states(), 60.0)
    centre.world.run(3.5)
    # It is answered a moment after the kill, and nobody is there until the limit is over.
    centre.kill_floor()
    assert centre.until(lambda: len(centre.outcomes()) == 2, 30.0)
    assert len(centre.facts(FactKind.FLOW_STEP)) == steps, "no robot spoke in the second call"
    assert centre.outcomes()[1] == "abandoned"
    centre.settle()
    assert [row["state"] for row in centre.rows_of("SELECT state FROM callback")] == ["missed"]
    assert centre.entries(campaign)[0]["closed_reason"] == "attempts_max"


def test_an_attempt_that_was_never_dialled_is_closed_and_its_contact_called_again(
    centre: Centre,
) -> None:
    centre.everybody(plan())
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: "reserving" in centre.call_states() or bool(centre.attempts()))
    assert centre.until(lambda: bool(centre.attempts()), 1.0)
    assert centre.world.watch.originates == []
    centre.kill_floor()
    assert centre.until(lambda: centre.outcomes() == ["cancelled_by_us"], 1.0)
    centre.come_back(ann)
    assert centre.until(lambda: centre.talking(ann), 60.0)
    assert [one["number"] for one in centre.attempts()] == [1, 2]
    centre.settle()


def test_ringing_calls_are_cancelled_by_a_floor_that_finds_dialling_stopped(
    build: Build,
) -> None:
    centre = build(faults=QUICK)
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin()
    centre.reach("ringing")
    centre.break_link(0.4)
    centre.office.set_campaign_state("org", campaign, "paused")
    centre.office.set_emergency_stop("org", centre.world.timeline.utc)
    assert centre.world.ask("office.settings_changed", "boss").ok
    assert centre.until(lambda: not centre.world.engine.calls, 1.5)
    centre.settle()


def test_a_sign_out_that_a_kill_overtook_is_told_by_the_next_life(build: Build) -> None:
    centre = build(faults=QUICK, delays=Delays(link_s=0.3))
    centre.everybody(plan())
    ann, _ = centre.begin()
    assert centre.until(lambda: centre.agent_state(ann) == "reserved")
    assert centre.desk("offline", ann).ok
    assert centre.agent_state(ann) == "reserved"
    centre.world.kill_engine(0.2)
    centre.world.process.die()  # type: ignore[union-attr]
    centre.world.engine.book.clear()
    centre.world.start()
    assert centre.until(lambda: centre.world.is_up, 15.0)
    centre.world.run(1.0)
    states = [fact.data["state"] for fact in centre.facts(FactKind.AGENT_STATE)]
    assert states[-2:] == ["reserved", "offline"], "no report may count a call that never was"


def two_campaigns(centre: Centre, *, offer_first: bool = False) -> tuple[str, str]:
    """Ann talks to one customer, and one of another campaign waits for her."""
    ann = centre.operator()
    live = centre.campaign(agents=(ann,))
    offer = centre.campaign(agents=(ann,), mode="agentless")
    centre.lives(number(0), plan(ring_s=1.0))
    centre.lives(number(1), plan(CalleeKind.PRESSES_1, ring_s=8.0 if offer_first else 1.0))
    centre.open(*([offer, live] if offer_first else [live]))
    centre.ready(ann)
    centre.reach("talking")
    if not offer_first:
        assert centre.start_campaign(offer).ok
    centre.reach("waiting")
    talk = centre.found(ann).agent.call
    assert talk is not None
    return ann, talk


def test_who_waits_does_not_get_an_agent_who_turns_out_to_be_talking(centre: Centre) -> None:
    ann, talk = two_campaigns(centre)
    centre.kill_floor()
    centre.come_back(ann)
    assert sorted(centre.call_states()) == ["talking", "waiting"]
    assert centre.found(ann).agent.call == talk
    centre.world.run(2.0)
    assert centre.facts(FactKind.AGENT_AWAY) == []
    assert centre.desk("result", ann, attempt=talk, result="agreed").ok
    assert centre.until(lambda: centre.found(ann).agent.call not in (None, talk), 1.0)
    centre.settle()


@pytest.mark.parametrize("offer_first", [False, True])
def test_an_agent_is_found_in_the_talk_that_lives_whatever_was_not_written_of_the_one_before(
    centre: Centre, *, offer_first: bool
) -> None:
    ann, talk = two_campaigns(centre, offer_first=offer_first)
    centre.world.take_store_away(4.0)
    centre.world.send("desk.result", ann, f"{ann}-tab", attempt=talk, result="agreed")
    assert centre.until(lambda: centre.talking(ann) and centre.found(ann).agent.call != talk, 1.0)
    second = centre.found(ann).agent.call
    centre.kill_floor()
    centre.come_back(ann)
    assert (centre.agent_state(ann), centre.found(ann).agent.call) == ("talking", second)
    assert centre.until(lambda: len(centre.outcomes()) == 1, 2.0), "the first one ended meanwhile"
    assert centre.found(ann).agent.call == second
    assert centre.desk("result", ann, attempt=second, result="agreed").ok
    centre.settle()


def test_a_limit_that_ran_out_before_the_kill_counts_after_it(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.VOICEMAIL))
    ann, campaign = centre.begin()
    centre.reach("ringing")
    centre.lose_device(ann)
    centre.reach("farewell")
    # The machine is recognised as one only after it was apologised to.
    centre.world.run(0.5)
    assert centre.facts(FactKind.CLASSIFIED)
    centre.kill_floor()
    assert centre.until(lambda: bool(centre.outcomes()), 20.0)
    assert centre.outcomes() == ["abandoned"]
    assert centre.shown_abandoned(campaign) == (1, 1)
    centre.settle()


def test_a_call_that_was_to_be_hung_up_long_ago_is_hung_up_and_its_end_awaited(
    centre: Centre,
) -> None:
    centre.everybody(plan(CalleeKind.VOICEMAIL))
    centre.begin(mode="agentless")
    centre.reach("in_flow")
    centre.world.run(1.0)
    centre.world.kill_floor()
    for life in (2, 3):
        # Each next life stops the engine's own farewell and dies before it does anything else.
        assert centre.until(
            lambda life=life: centre.world.lives == life and centre.world.is_open, 15.0
        )
        centre.world.kill_floor()
    assert centre.until(lambda: centre.world.is_up, 15.0)
    assert centre.world.engine.calls
    assert centre.until(lambda: bool(centre.outcomes()), 1.0)
    assert centre.outcomes() == ["answered_machine"]
    assert len(centre.facts(FactKind.ENDED)) == 1
    centre.settle()


# ---- the engine and the link ---------------------------------------------------------------------


def test_an_engine_that_dies_ends_its_calls_and_dialling_goes_on(centre: Centre) -> None:
    centre.everybody(plan())
    ann, campaign = centre.begin()
    centre.reach("talking")
    centre.world.kill_engine(1.0)
    centre.world.run(0.5)
    assert centre.world.screens["floor:org"]["engine"] in {"up", "away"}
    assert centre.until(lambda: bool(centre.outcomes()), 3.0)
    [attempt] = centre.attempts()
    assert (attempt["outcome"], attempt["detail"]) == ("answered_human", "hung_up_engine")
    assert centre.found(ann).agent.device_leg is None
    assert centre.shown_abandoned(campaign) == (0, 1)
    centre.settle()


def test_what_rang_in_a_dead_engine_is_unknown_or_cancelled_and_never_redialled_as_unknown(
    build: Build,
) -> None:
    seen: set[tuple[str, str]] = set()
    for seed in range(8):
        centre = build(seed=seed, faults=QUICK)
        centre.everybody(plan(ring_s=None))
        _, campaign = centre.begin()
        centre.reach("ringing")
        centre.world.kill_engine(0.5)
        assert centre.until(lambda centre=centre: bool(centre.outcomes()), 3.0)
        centre.world.run(0.1)
        [entry] = centre.entries(campaign)
        seen.add((centre.outcomes()[0], str(entry["state"])))
        centre.settle()
    assert seen == {("unknown", "closed"), ("cancelled_by_us", "due")}


def test_nothing_is_dialled_or_reserved_while_the_engine_is_away(centre: Centre) -> None:
    centre.everybody(plan())
    campaign = centre.campaign(3, mode="agentless")
    centre.open()
    centre.world.kill_engine(10.0)
    centre.world.run(0.5)
    assert centre.start_campaign(campaign).ok
    centre.world.run(8.0)
    assert centre.attempts() == []
    assert centre.until(lambda: len(centre.attempts()) == 3, 5.0)
    centre.settle()


def test_a_reservation_that_finds_the_engine_away_is_not_dialled(centre: Centre) -> None:
    centre.everybody(plan())
    campaign = centre.campaign(mode="agentless")
    centre.open(campaign)
    assert centre.until(lambda: "reserving" in centre.call_states())
    centre.world.kill_engine(0.2)
    centre.world.run(1.0)
    assert centre.world.watch.originates == []
    [attempt] = centre.attempts()
    assert (attempt["outcome"], attempt["detail"]) == ("cancelled_by_us", "engine_away")
    centre.settle()


def test_a_link_that_breaks_for_a_moment_costs_no_call(centre: Centre) -> None:
    centre.everybody(plan(ring_s=4.0))
    ann, _ = centre.begin()
    centre.reach("ringing")
    for _ in range(6):
        centre.break_link(0.05)
        centre.world.run(1.0)
    assert centre.talking(ann)
    assert len(centre.facts(FactKind.BRIDGED)) == 1
    assert centre.facts(FactKind.AGENT_AWAY) == []
    centre.settle()


def test_a_call_that_rings_through_a_break_of_the_link_is_looked_at_by_its_new_time(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=12.0))
    centre.begin()
    centre.reach("ringing")
    centre.world.run(1.0)
    process = centre.world.process
    assert process is not None
    process.break_link()
    centre.world.run(0.5)
    room = process.floor.room
    [live] = room.calls.values()
    assert live.call.state.value == "ringing"
    assert room.calls.next_deadline() == live.call.deadline, "an old time would be rung for ever"
    centre.settle()


def test_orders_lost_with_the_link_are_given_again(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_9, press_after_s=3.0))
    centre.begin(mode="agentless")
    centre.reach("in_flow")
    centre.world.run(2.9)
    # The key is pressed while the link is down: the answer to it cannot be played at once.
    centre.break_link(0.5)
    centre.world.run(1.0)
    [call] = centre.world.engine.calls.values()
    assert call.play is not None
    assert call.play[1] == "removed"
    centre.settle()


def test_a_prompt_that_is_said_again_is_listened_to_from_its_start(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_NOTHING))
    centre.begin(mode="agentless")
    centre.reach("in_flow")
    centre.world.run(3.0)
    centre.break_link(0.1)
    began = centre.world.timeline.now
    assert centre.until(
        lambda: any(fact.data["step"] == "bye" for fact in centre.facts(FactKind.FLOW_STEP))
    )
    # Seven seconds of the offer, five to think.
    assert centre.world.timeline.now - began > 12.0
    centre.settle()


def test_a_talk_that_its_agent_ended_while_the_link_was_down_stays_ended(centre: Centre) -> None:
    centre.everybody(plan())
    ann, _ = centre.begin()
    centre.reach("talking")
    centre.break_link(0.5)
    centre.finish_talk(ann, "agreed")
    assert centre.agent_state(ann) == "ready"
    centre.world.run(30.0)
    assert centre.agent_state(ann) == "ready"
    assert not centre.world.engine.calls
    centre.settle()


def test_an_event_that_overtakes_the_snapshot_hides_nothing(centre: Centre) -> None:
    centre.everybody(plan(CalleeKind.PRESSES_1))
    centre.begin(mode="agentless")
    centre.reach("waiting")
    centre.world.kill_floor()
    centre.world.run(3.0)
    [call] = centre.world.engine.calls.values()
    assert call.play is not None
    assert call.play[0] == "orphan", "its end will be told before the snapshot"
    assert centre.until(lambda: centre.world.is_up, 15.0)
    assert centre.call_states() != ["dialing"]
    centre.settle()


# ---- at most once --------------------------------------------------------------------------------


def test_a_floor_that_slept_through_its_lease_can_dial_nothing(centre: Centre) -> None:
    centre.everybody(plan())
    ann = centre.operator()
    campaign = centre.campaign(3, agents=(ann,))
    centre.open(campaign)
    sleeper = centre.world.process
    assert sleeper is not None
    centre.ready(ann)
    sleeper.freeze(12.0)
    centre.world.start()
    assert centre.until(lambda: centre.world.is_up, 9.0)
    centre.come_back(ann)
    assert centre.until(lambda: centre.talking(ann))
    before = len(centre.world.watch.originates)
    centre.world.run(12.0)
    assert not sleeper.alive, "it learned that the floor is another's"
    assert len(centre.world.watch.originates) == before
    assert {one["fence"] for one in centre.attempts()} == {2}
    centre.settle()
