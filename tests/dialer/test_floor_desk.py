"""What an agent can do at the desk, and what happens to them: results, devices, windows, time."""

from datetime import timedelta

import pytest
from conftest import Centre, plan

from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.dialer import ports
from vyzov.dialer.effects import Ask
from vyzov.simulation.agents import OFFER


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def talk(centre: Centre, ann: str) -> str:
    """The attempt that Ann is talking with; the campaign has two more contacts."""
    campaign = centre.campaign(3, agents=(ann,))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    assert attempt is not None
    return attempt


def entry_of(centre: Centre, attempt: str) -> dict[str, object]:
    [entry] = centre.rows_of(
        "SELECT e.* FROM campaign_contact e JOIN attempt a ON a.contact_id = e.contact_id "
        "WHERE a.id = ?",
        attempt,
    )
    return entry


# ---- results -------------------------------------------------------------------------------------


def test_a_result_during_the_call_hangs_up_and_frees_the_agent(
    centre: Centre, ann: str, talk: str
) -> None:
    assert centre.desk("result", ann, attempt=talk, result="agreed").ok
    assert centre.agent_state(ann) == "ready"
    assert centre.until(lambda: talk not in centre.world.engine.calls, 1.0)
    assert not [
        fact for fact in centre.facts(FactKind.AGENT_STATE) if fact.data["state"] == "wrap_up"
    ]
    assert centre.until(lambda: centre.talking(ann)), "the next call comes"
    centre.settle()
    assert entry_of(centre, talk)["closed_reason"] == "agreed"


def test_a_result_is_told_saved_only_once_it_is_durable(
    centre: Centre, ann: str, talk: str
) -> None:
    centre.world.take_store_away(3.0)
    asked = centre.world.send("desk.result", ann, f"{ann}-tab", attempt=talk, result="agreed")
    centre.world.run(2.5)
    assert centre.world.answers[asked].body["kept"] is True, "kept is all that is told"
    assert centre.rows_of("SELECT result FROM disposition") == []
    centre.world.run(2.0)
    assert centre.rows_of("SELECT result FROM disposition") == [{"result": "agreed"}]
    centre.settle()


def test_a_result_can_be_taken_back_for_ten_seconds(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    centre.world.run(1.0)
    assert centre.desk("result", ann, attempt=talk, result="do_not_call").ok
    assert entry_of(centre, talk)["closed_reason"] == "stop_listed"
    undone = centre.desk("undo_result", ann, attempt=talk)
    assert undone.ok
    assert entry_of(centre, talk)["closed_reason"] == "reached"
    [kept] = centre.rows_of("SELECT undone_at FROM disposition")
    assert kept["undone_at"] is not None
    assert centre.desk("undo_result", ann, attempt=talk).body["code"] == "nothing_to_undo"


def test_after_ten_seconds_a_result_stands(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("result", ann, attempt=talk, result="agreed").ok
    centre.world.run(10.5)
    assert centre.desk("undo_result", ann, attempt=talk).ok is False
    centre.settle()
    assert centre.rows_of("SELECT undone_at FROM disposition") == [{"undone_at": None}]


def test_do_not_call_stops_the_number_for_every_campaign(
    centre: Centre, ann: str, talk: str
) -> None:
    centre.finish_talk(ann, "do_not_call")
    centre.settle()
    [stop] = centre.rows_of("SELECT * FROM stop_list")
    [attempt] = [one for one in centre.attempts() if one["id"] == talk]
    assert stop["number_ref"] == attempt["number_ref"]
    assert (stop["reason"], stop["source"]) == ("asked", "agent")
    assert entry_of(centre, talk)["closed_reason"] == "stop_listed"


def test_a_call_back_is_promised_for_its_hour_and_made_to_its_owner(
    centre: Centre, ann: str, talk: str
) -> None:
    due = to_text(centre.world.timeline.utc + timedelta(seconds=40))
    refused = centre.desk("result", ann, attempt=talk, result="callback")
    assert refused.body["code"] == "bad_result"
    assert centre.desk(
        "result", ann, attempt=talk, result="callback", callback_at=due, callback_mine=True
    ).ok
    assert centre.until(lambda: entry_of(centre, talk)["state"] == "callback", 2.0)
    assert entry_of(centre, talk)["callback_agent"] == ann
    for _ in range(2):
        assert centre.until(lambda: centre.talking(ann))
        centre.finish_talk(ann)
    assert centre.until(lambda: centre.talking(ann), 60.0)
    [again] = [one for one in centre.attempts() if one["number"] == 2]
    assert again["reserved_at"] >= due
    centre.finish_talk(ann, "agreed")
    centre.settle()
    assert len(centre.facts(FactKind.CALLBACK_PROMISED)) == 1
    assert [row["state"] for row in centre.rows_of("SELECT state FROM callback")] == ["kept"]


def test_a_kept_promise_is_not_opened_again_when_the_result_is_taken_back(
    centre: Centre, ann: str, talk: str
) -> None:
    due = to_text(centre.world.timeline.utc + timedelta(seconds=5))
    assert centre.desk("result", ann, attempt=talk, result="callback", callback_at=due).ok
    centre.world.run(6.0)
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.talking(ann) and len(centre.attempts()) == 3)
    again = centre.attempts()[-1]["id"]
    assert centre.attempts()[-1]["number"] == 2
    centre.finish_talk(ann, "agreed")
    centre.world.run(1.0)
    assert centre.desk("undo_result", ann, attempt=again).ok
    assert [row["state"] for row in centre.rows_of("SELECT state FROM callback")] == ["kept"]
    centre.settle()


@pytest.mark.parametrize("late", ["undo_result", "result"])
def test_what_is_said_of_a_call_after_the_next_one_does_not_move_the_contact(
    centre: Centre, ann: str, late: str
) -> None:
    bob = centre.operator("bob")
    campaign = centre.campaign(agents=(ann, bob))
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    attempt = centre.found(ann).agent.call
    due = to_text(centre.world.timeline.utc + timedelta(seconds=1))
    assert centre.desk("pause", ann).ok
    assert centre.desk("result", ann, attempt=attempt, result="callback", callback_at=due).ok
    centre.ready(bob)
    assert centre.until(lambda: len(centre.attempts()) == 2, 8.0)
    answer = centre.desk(late, ann, attempt=attempt, result="agreed")
    assert answer.ok is (late == "result"), "the result is kept with its attempt"
    assert centre.until(lambda: centre.talking(bob))
    assert centre.entries(campaign)[0]["attempts_made"] == 2
    centre.finish_talk(bob, "refused")
    centre.settle()
    assert centre.entries(campaign)[0]["closed_reason"] == "refused"


def test_only_the_call_on_the_screen_can_be_given_a_result(
    centre: Centre, ann: str, talk: str
) -> None:
    for attempt, result, code in (
        ("another", "agreed", "not_your_call"),
        (talk, "no_such_result", "bad_result"),
    ):
        refused = centre.desk("result", ann, attempt=attempt, result=result)
        assert (refused.ok, refused.body["code"]) == (False, code)
    assert centre.talking(ann)
    centre.settle()
    assert centre.rows_of("SELECT * FROM disposition") == []


def test_writing_up_ends_by_itself_after_its_time(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up")
    began = centre.world.timeline.now
    assert centre.until(lambda: centre.agent_state(ann) == "ready", 20.0)
    assert centre.world.timeline.now - began == pytest.approx(12.0, abs=0.1)
    centre.settle()


def test_a_note_is_kept_with_the_contact_on_the_screen_only(
    centre: Centre, ann: str, talk: str
) -> None:
    contact = str(entry_of(centre, talk)["contact_id"])
    assert centre.desk("note", ann, contact=contact, text="Prefers mornings").ok
    assert centre.desk("note", ann, contact="another", text="x").body["code"] == "not_your_contact"
    [person] = centre.rows_of("SELECT note FROM contact_person WHERE contact_id = ?", contact)
    assert person["note"] == "Prefers mornings"
    centre.settle()


# ---- the call in hand ----------------------------------------------------------------------------


def test_hold_mute_and_keys_reach_the_engine(centre: Centre, ann: str, talk: str) -> None:
    call = centre.world.engine.calls[talk]
    assert call.device is not None
    device = centre.world.engine.devices[call.device]
    assert centre.desk("hold", ann, on=True).ok
    assert centre.desk("mute", ann, on=True).ok
    assert centre.desk("digits", ann, digits="12#").ok
    centre.world.run(0.1)
    assert (call.held, device.muted, call.keys) == (True, True, "12#")
    assert centre.agent_state(ann) == "hold"
    assert centre.desk("digits", ann, digits="abc").body["code"] == "bad_digits"
    assert centre.desk("hold", ann, on=False).ok
    centre.world.run(0.1)
    assert (call.held, centre.agent_state(ann)) == (False, "talking")
    centre.settle()


def test_without_a_call_in_hand_its_controls_are_refused(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign(agents=()))
    centre.ready(ann)
    for verb in ("hangup", "hold", "mute", "digits"):
        assert centre.desk(verb, ann).body["code"] == "no_call"


def test_a_pause_asked_for_in_a_call_begins_after_it(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("pause", ann, reason="lunch").ok
    assert centre.talking(ann)
    centre.finish_talk(ann)
    assert centre.agent_state(ann) == "pause"
    centre.world.run(10.0)
    assert len(centre.attempts()) == 1
    [wish] = centre.rows_of("SELECT wish, reason FROM agent_wish")
    assert wish == {"wish": "pause", "reason": "lunch"}
    centre.settle()


def test_who_signs_out_in_a_call_leaves_after_it(centre: Centre, ann: str, talk: str) -> None:
    assert centre.desk("offline", ann).ok
    assert centre.talking(ann)
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "offline", 15.0)
    centre.world.run(0.1)
    assert not centre.world.engine.devices
    centre.settle()


# ---- devices and windows -------------------------------------------------------------------------


def test_a_reload_in_mid_call_brings_the_same_call_back(
    centre: Centre, ann: str, talk: str
) -> None:
    call = centre.world.engine.calls[talk]
    centre.world.detach(f"{ann}-tab")
    assert centre.world.ask("desk.attach", ann, "reloaded").ok
    assert centre.world.ask("desk.offer", ann, "reloaded", sdp=OFFER).ok
    centre.world.run(0.15)
    assert call.device is None
    assert call.comfort, "the customer hears that the line lives"
    assert centre.until(lambda: call.device is not None, 2.0)
    assert centre.talking(ann)
    assert centre.found(ann).agent.call == talk
    centre.world.run(0.2)
    assert len(centre.facts(FactKind.AGENT_BACK)) == 1
    centre.settle()


def test_an_agent_who_does_not_come_back_costs_the_customer_an_apology(
    centre: Centre, ann: str, talk: str
) -> None:
    centre.lose_device(ann)
    assert centre.until(lambda: "agent_away" in centre.call_states(), 0.5)
    assert centre.until(lambda: "farewell" in centre.call_states(), 8.2)
    centre.settle()
    [attempt] = centre.attempts()
    assert (attempt["outcome"], attempt["detail"]) == ("answered_human", "agent_lost")
    assert centre.desk("result", ann, attempt=talk, result="agreed").ok, "they may still say why"


def test_a_leg_without_sound_for_a_while_keeps_its_call(
    centre: Centre, ann: str, talk: str
) -> None:
    leg = centre.found(ann).agent.device_leg
    assert leg is not None
    centre.world.engine.silence_device(leg, 3.0)
    assert centre.until(lambda: "agent_away" in centre.call_states(), 0.5)
    assert centre.until(lambda: "talking" in centre.call_states(), 4.0)
    assert centre.found(ann).agent.device_leg == leg
    centre.settle()


def test_a_device_event_told_twice_changes_nothing(centre: Centre, ann: str, talk: str) -> None:
    leg = centre.found(ann).agent.device_leg
    assert leg is not None
    up = next(e for e in centre.world.engine.book[leg].log if isinstance(e, ports.DeviceUp))
    centre.lose_device(ann)
    process = centre.world.process
    assert process is not None
    process.post(up)
    assert centre.found(ann).agent.device_leg is None
    assert "agent_away" in centre.call_states()
    centre.settle()


def test_a_second_window_asks_before_it_takes_the_phone(
    centre: Centre, ann: str, talk: str
) -> None:
    first = centre.found(ann).agent.device_leg
    attached = centre.world.ask("desk.attach", ann, "second")
    assert attached.body["elsewhere"] is True
    refused = centre.world.ask("desk.offer", ann, "second", sdp=OFFER)
    assert (refused.ok, refused.body["code"]) == (False, "elsewhere")
    assert centre.found(ann).agent.device_leg == first
    assert centre.world.ask("desk.take_over", ann, "second").ok
    assert (f"{ann}-tab", {"taken_over": True}) in centre.world.said
    assert centre.world.ask("desk.offer", ann, "second", sdp=OFFER).ok
    assert centre.until(lambda: centre.found(ann).agent.device_leg not in (None, first), 2.0)
    assert centre.until(lambda: "talking" in centre.call_states(), 2.0)
    assert centre.found(ann).agent.call == talk
    centre.settle()


def test_an_offer_that_cannot_be_read_is_refused(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign())
    for sdp in ("", "x" * 20_001, 7, None):
        refused = centre.world.ask("desk.offer", ann, "tab", sdp=sdp)
        assert refused.body["code"] == "bad_offer"


def test_who_has_no_window_for_half_a_minute_is_signed_out(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign(agents=()))
    centre.ready(ann)
    centre.world.detach(f"{ann}-tab")
    centre.world.run(29.0)
    assert centre.agent_state(ann) == "ready"
    assert centre.until(lambda: centre.agent_state(ann) == "offline", 2.0)
    centre.world.run(0.1)
    assert [row["wish"] for row in centre.rows_of("SELECT wish FROM agent_wish")] == ["offline"]
    assert [fact.data["state"] for fact in centre.facts(FactKind.AGENT_STATE)][-1] == "offline"


def test_who_lost_the_window_in_a_call_is_signed_out_after_it(
    centre: Centre, ann: str, talk: str
) -> None:
    centre.world.detach(f"{ann}-tab")
    centre.world.run(40.0)
    assert centre.found(ann).agent.call == talk, "the talk goes on as long as its sound does"
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "offline", 20.0)
    centre.settle()


def test_closing_the_phone_leaves_the_agent_without_a_device(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign(agents=()))
    centre.ready(ann)
    assert centre.desk("close_device", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "no_device", 1.0)
    assert centre.found(ann).device_lost is False


# ---- asking --------------------------------------------------------------------------------------


def test_what_a_desk_cannot_do_is_refused_in_words(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign())
    assert centre.desk("fly", ann).body["code"] == "unknown_verb"
    refused = centre.world.ask("desk.ready", "nobody", "tab")
    assert refused.body["code"] == "not_an_agent"
    assert set(refused.body) == {"code", "what", "next_step"}


def test_help_is_shown_to_those_who_watch_the_floor(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign())
    centre.ready(ann)
    assert centre.desk("help", ann, on=True).ok
    centre.world.run(1.0)
    [tile] = [one for one in centre.world.screens["floor:org"]["agents"] if one["id"] == ann]
    assert tile["attention"] == "help"


def test_a_connection_that_goes_without_a_name_leaves_its_agent(centre: Centre, ann: str) -> None:
    centre.open(centre.campaign())
    centre.ready(ann)
    process = centre.world.process
    assert process is not None
    process.post(Ask(0, "desk.detach", "", "", "", f"{ann}-tab", {}))
    assert centre.found(ann).connections == set()
    assert centre.found(ann).left_at is not None


def test_the_desk_is_told_the_call_with_its_contact_and_its_results(
    centre: Centre, ann: str, talk: str
) -> None:
    told = centre.world.screens[f"desk:{ann}"]
    assert told["agent"]["state"] == "talking"
    assert told["call"]["attempt"] == talk
    assert told["call"]["contact"]["phone"] == centre.world.watch.originates[0].to
    assert told["call"]["contact"]["list"] == {"file": "clients.csv", "row": 2}
    assert [one["key"] for one in told["call"]["results"]] == list(range(1, 10))
    assert told["device"]["owner"] == f"{ann}-tab"
    centre.finish_talk(ann)
    assert centre.world.screens[f"desk:{ann}"]["wrap_up"]["result"] == "refused"
    centre.settle()


def test_the_desk_is_told_who_does_not_hear_whom(centre: Centre, ann: str, talk: str) -> None:
    def unheard() -> str:
        return str(centre.world.screens[f"desk:{ann}"]["call"]["unheard"])

    assert unheard() == ""
    centre.world.engine.post(ports.OneWay(talk, 0, 0.0, "far", 4.2, 17))
    assert centre.until(lambda: unheard() == "far", limit_s=1.0)
    centre.world.engine.post(ports.OneWay(talk, 0, 0.0, ""))
    assert centre.until(lambda: unheard() == "", limit_s=1.0)
    centre.finish_talk(ann)
    told = [fact.data["unheard"] for fact in centre.facts(FactKind.ONE_WAY)]
    assert told == ["far", ""]
