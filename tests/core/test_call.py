"""A call with agents: from the reservation to its outcome, with everything that can cross."""

from datetime import timedelta

import pytest
from core_examples import T0, Ride, after

from vyzov.core import call_events as ev
from vyzov.core.call import CallPlan, CallState, adopt, step
from vyzov.core.call_value import heard_of
from vyzov.core.campaign import CampaignSettings, DialMode
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind
from vyzov.core.outcome import AnswerClass, Outcome


def test_nothing_leaves_before_the_attempt_is_committed() -> None:
    ride = Ride()
    assert ride.state is CallState.RESERVING
    assert ride.call.deadline is None
    ride.feed(0, ev.Reserved())
    assert ride.commands == (ev.SendOriginate(),)
    assert ride.state is CallState.DIALING


def test_a_refused_reservation_ends_the_call_unsent() -> None:
    ride = Ride().feed(0, ev.ReserveRefused("stop_list"))
    assert ride.finish == ("cancelled_by_us", "stop_list")
    assert ride.told(FactKind.ATTEMPT_REFUSED)[0].data == {"reason": "stop_list"}
    assert not ride.sent(ev.SendOriginate)


def test_a_call_cancelled_while_it_is_reserved_is_never_sent() -> None:
    ride = Ride().feed(0, ev.Cancel("emergency_stop"))
    assert ride.state is CallState.RESERVING
    ride.feed(0.1, ev.Reserved())
    assert ride.finish == ("cancelled_by_us", "emergency_stop")
    assert not ride.sent(ev.SendOriginate)


def test_an_answer_nobody_waits_for_is_hung_up() -> None:
    ride = Ride().feed(0, ev.Answered())
    assert ride.commands == (ev.SendHangup("unexpected"),)
    assert ride.state is CallState.RESERVING


def test_world_events_mean_nothing_before_the_call_exists() -> None:
    ride = Ride().feed(0, ev.Ringing(), ev.Digit("1"), ev.EngineLost())
    assert ride.all == []


def test_a_voice_before_the_answer_is_nobodys() -> None:
    ride = Ride().ring().feed(2, ev.Classified(AnswerClass.MACHINE), ev.Digit("1"))
    assert ride.commands == ()
    assert (ride.call.answer_class, ride.call.digits) == (None, "")
    assert not ride.told(FactKind.CLASSIFIED)


def test_what_was_heard_while_it_rang_is_kept() -> None:
    ride = Ride().feed(0, ev.Reserved()).feed(1, ev.Dialing("id")).feed(3, ev.Ringing(183))
    assert (ride.call.dialed_at, ride.call.ringing_at) == (after(1), after(3))
    assert (ride.call.code, ride.call.early_media) == (183, False)
    ride.feed(9, ev.Answered("PCMU"))
    assert ride.told(FactKind.ANSWERED)[0].data == {"codec": "PCMU", "ring_s": 6.0}


def test_an_answer_without_ringing_rang_since_the_invite() -> None:
    ride = Ride().feed(0, ev.Reserved()).feed(1, ev.Dialing("id")).feed(3, ev.Answered())
    assert ride.told(FactKind.ANSWERED)[0].data["ring_s"] == 2.0
    early = Ride().feed(0, ev.Reserved(), ev.Answered())
    assert early.told(FactKind.ANSWERED)[0].data["ring_s"] is None


def test_a_call_that_never_rings_is_given_up_in_time() -> None:
    ride = Ride(CallPlan(ring_timeout=timedelta(seconds=20))).feed(0, ev.Reserved())
    assert ride.call.deadline == after(30)


def test_a_call_that_is_answered_and_joined_becomes_a_talk() -> None:
    ride = Ride().talk()
    assert ride.state is CallState.TALKING
    assert ride.call.deadline is None
    assert [type(command) for command in ride.sent(ev.AskForAgent)] == [ev.AskForAgent]
    assert ride.sent(ev.JoinAgent) == [ev.JoinAgent("ann")]
    assert ride.sent(ev.StartRecording) == [ev.StartRecording()]
    bridged = ride.told(FactKind.BRIDGED)[0].data
    assert bridged["within_limit"] is True
    assert bridged["agent"] == "ann"
    assert bridged["wait_s"] == pytest.approx(0.1)


def test_the_callee_ends_the_talk() -> None:
    ride = Ride().talk().feed(65.1, ev.Ended("far", "16"))
    assert ride.finish == ("answered_human", "hung_up_far")
    assert (ride.call.side, ride.call.ended_at) == ("far", after(65.1))
    assert ev.ReleaseAgent("ann", wrap_up=True) in ride.commands
    assert ev.StopRecording() in ride.commands
    assert ride.told(FactKind.ENDED)[0].data["talk_s"] == pytest.approx(60.0)


def test_the_agent_ends_the_talk_and_is_free_to_write_it_up_at_once() -> None:
    ride = Ride().talk().feed(60, ev.AgentHangsUp())
    assert ride.commands == (ev.ReleaseAgent("ann", wrap_up=True), ev.SendHangup("normal"))
    ride.feed(60.2, ev.Ended("us", "16"))
    assert ride.finish == ("answered_human", "agent_hung_up")
    assert len(ride.sent(ev.ReleaseAgent)) == 1


def test_a_repeated_end_is_one_end() -> None:
    ride = Ride().talk().feed(60, ev.Ended("far"), ev.Ended("far"), ev.Failed(487))
    assert ride.finish == ("answered_human", "hung_up_far")
    assert len(ride.told(FactKind.ENDED)) == 1


def test_a_cancelled_talk_is_hung_up() -> None:
    ride = Ride().talk().feed(60, ev.Cancel("emergency_stop"))
    assert ride.commands[0] == ev.ReleaseAgent("ann", wrap_up=True)
    ride.feed(60.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "emergency_stop")


def test_a_call_without_recording_starts_none() -> None:
    ride = Ride(CallPlan(recording=False)).talk().feed(9, ev.Ended("far"))
    assert not ride.sent(ev.StartRecording)
    assert not ride.sent(ev.StopRecording)


# ---- no answer -----------------------------------------------------------------------------------


def test_our_ring_time_out_is_no_answer() -> None:
    ride = Ride().ring().feed(25, ev.Failed(487, stage="cancelled", ring_s=24.0))
    assert ride.finish == ("no_answer", "rang_out")
    assert ride.call.side == "far"


def test_busy_is_told_by_the_engine_and_counted_once() -> None:
    ride = Ride().feed(0, ev.Reserved()).feed(1, ev.Failed(486), ev.Failed(486))
    assert ride.finish == ("busy", "line_busy")
    assert ride.told(FactKind.FAILED)[0].data["code"] == 486
    assert (ride.call.code, ride.call.q850) == (486, None)
    barred = Ride().feed(0, ev.Reserved()).feed(1, ev.Failed(480, reasons=("Q.850;cause=21",)))
    assert (barred.call.code, barred.call.q850) == (480, 21)
    assert len(ride.told(FactKind.FAILED)) == 1


def test_early_media_is_noted_once_and_helps_the_diagnosis() -> None:
    ride = Ride().ring().feed(1, ev.Ringing(183, early_media=True), ev.Ringing(183, True))
    assert len(ride.told(FactKind.RINGING)) == 2
    ride.feed(9, ev.Ringing(180), ev.Failed(480, ring_s=8.0))
    assert ride.finish == ("unreachable", "switched_off")


def test_a_call_the_engine_forgot_is_hung_up_and_then_unknown() -> None:
    ride = Ride().ring().feed(34, ev.DeadlinePassed())
    assert ride.commands == ()
    ride.feed(35, ev.DeadlinePassed())
    assert ride.commands == (ev.SendHangup("ring_timeout"),)
    assert ride.call.deadline == after(45)
    ride.feed(45, ev.DeadlinePassed())
    assert ride.commands == (ev.SendHangup("normal"), ev.Finish(*_unknown()))
    assert ride.state is CallState.ENDED


def _unknown() -> tuple[object, str]:
    return Outcome.UNKNOWN, "engine_silent"


def test_a_call_given_up_by_its_own_time_out_is_no_answer() -> None:
    ride = Ride().ring().feed(35, ev.DeadlinePassed()).feed(35.1, ev.Failed(487, stage="cancelled"))
    assert ride.finish == ("no_answer", "ring_timeout")


def test_an_answered_leg_that_we_never_saw_answered_is_unknown() -> None:
    ride = Ride().ring().feed(3, ev.Ended("engine", "restart"))
    assert ride.finish == ("unknown", "ended_unanswered")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("stale", "cancelled_by_us"),
        ("fence", "cancelled_by_us"),
        ("draining", "cancelled_by_us"),
        ("unknown_trunk", "trunk_error"),
        ("bad_number", "invalid_number"),
    ],
)
def test_what_the_engine_refuses_was_not_sent(reason: str, outcome: str) -> None:
    ride = Ride().feed(0, ev.Reserved(), ev.Refused(reason))
    assert ride.finish == (outcome, f"refused_{reason}")


def test_a_refused_duplicate_leaves_the_first_one_alone() -> None:
    ride = Ride().feed(0, ev.Reserved(), ev.Refused("duplicate"))
    assert ride.state is CallState.DIALING
    ride.feed(0, ev.Dialing("a"), ev.Refused("stale"), ev.Dialing("b"))
    assert ride.state is CallState.DIALING
    assert len(ride.told(FactKind.DIALING)) == 1


def test_an_adopted_call_waits_for_news_and_no_longer() -> None:
    call = adopt("call-1", DialMode.PROGRESSIVE, CallPlan(), T0)
    assert call.state is CallState.DIALING
    closing, commands = step(call, ev.DeadlinePassed(), after(20))
    assert commands == (ev.SendHangup("ring_timeout"),)
    assert closing.state is CallState.CLOSING
    _, commands = step(closing, ev.DeadlinePassed(), after(30))
    (end,) = (command for command in commands if isinstance(command, ev.Finish))
    assert end.outcome is Outcome.UNKNOWN


def test_an_adopted_call_the_engine_knows_rings_as_long_as_any() -> None:
    call = adopt("call-1", DialMode.PROGRESSIVE, CallPlan(), T0)
    heard = heard_of(call, after(1))
    assert step(heard, ev.DeadlinePassed(), after(35)) == (heard, ())
    closing, _ = step(heard, ev.DeadlinePassed(), after(41))
    assert closing.state is CallState.CLOSING
    assert heard_of(closing, after(42)) == closing


# ---- giving up -----------------------------------------------------------------------------------


def test_a_cancelled_ringing_call_is_ours() -> None:
    ride = Ride().ring().feed(4, ev.Cancel("pause"))
    assert ride.commands == (ev.SendHangup("cancel"),)
    ride.feed(4.1, ev.Cancel("again"), ev.AgentHangsUp(), ev.Failed(487, stage="ringing"))
    assert ride.finish == ("cancelled_by_us", "pause")
    assert ride.call.side == "us"


def test_a_busy_that_crosses_our_cancel_stays_busy() -> None:
    ride = (
        Ride().feed(0, ev.Reserved(), ev.Cancel("pause"), ev.Dialing("a")).feed(1, ev.Failed(486))
    )
    assert ride.finish == ("busy", "line_busy")
    assert len(ride.told(FactKind.DIALING)) == 1


def test_an_answer_that_crosses_our_cancel_is_hung_up_and_ours() -> None:
    ride = Ride().ring().feed(4, ev.Cancel("pause")).feed(4.2, ev.Answered())
    assert ev.SendHangup("cancelled") in ride.commands
    assert ride.call.deadline == after(14.2)
    ride.feed(4.3, ev.Answered(), ev.Failed(487)).feed(6.2, ev.Ended("us"))
    assert ride.finish == ("cancelled_by_us", "pause")
    assert not ride.told(FactKind.FAILED)
    assert len(ride.told(FactKind.ANSWERED)) == 1


def test_a_person_left_in_silence_by_our_cancel_was_abandoned() -> None:
    ride = (
        Ride().ring().feed(4, ev.Cancel("pause")).feed(4.2, ev.Answered()).feed(7, ev.Ended("us"))
    )
    assert ride.finish == ("abandoned", "pause")
    assert ride.told(FactKind.ABANDONED)[0].data["wait_s"] == pytest.approx(2.8)


def test_an_answer_after_our_time_out_is_not_called_no_answer() -> None:
    ride = Ride().ring().feed(35, ev.DeadlinePassed()).feed(35.1, ev.Answered())
    ride.feed(35.3, ev.Ended("us"))
    assert ride.finish == ("cancelled_by_us", "ring_timeout")


def test_a_person_whom_a_dead_engine_left_in_silence_was_abandoned_however_short_we_saw_it() -> (
    None
):
    ride = Ride().ring().feed(35, ev.DeadlinePassed()).feed(37, ev.Answered(unseen_s=12.5))
    ride.feed(37, ev.Ended("engine", "engine_restarted"))
    assert ride.finish == ("abandoned", "ring_timeout")
    (lost,) = ride.told(FactKind.ABANDONED)
    assert (lost.data["wait_s"], lost.data["wait_most_s"]) == (0.0, 12.5)
    (answered,) = ride.told(FactKind.ANSWERED)
    assert answered.data["unseen_s"] == 12.5


def test_a_person_who_answered_as_we_gave_up_and_whose_end_nobody_tells_was_abandoned() -> None:
    ride = Ride().ring().feed(4, ev.Cancel("pause")).feed(4.2, ev.Answered())
    ride.feed(14.2, ev.DeadlinePassed())
    assert ride.finish == ("abandoned", "pause")
    assert ride.told(FactKind.ABANDONED)[0].data["wait_s"] == pytest.approx(10.0)


def test_an_answered_call_that_will_not_close_keeps_its_outcome() -> None:
    ride = Ride().talk().feed(60, ev.AgentHangsUp()).feed(70, ev.DeadlinePassed())
    assert ride.finish == ("answered_human", "agent_hung_up")


# ---- an engine of which nothing was heard --------------------------------------------------------


def unheard(ride: Ride | None = None) -> Ride:
    """A call of which no engine told anything for too long."""
    ride = (ride or Ride().ring()).feed(28, ev.NoNews())
    assert ride.finish == ("unknown", "engine_silent")
    return ride


def resolved(ride: Ride) -> list[tuple[str, str]]:
    return [(one.outcome.value, one.detail) for one in ride.sent(ev.Resolve)]


def test_a_call_without_news_is_unknown_also_while_it_closes() -> None:
    unheard(Ride().ring().feed(20, ev.Cancel("pause")))


def test_an_answer_told_after_all_is_an_abandoned_call() -> None:
    ride = unheard().feed(40, ev.Answered(), ev.Ended("engine"))
    assert resolved(ride) == [("abandoned", "engine")]
    assert len(ride.told(FactKind.ABANDONED)) == 1
    assert ride.call.outcome is Outcome.ABANDONED
    ride.feed(41, ev.Ended("far"), ev.Failed(486))
    assert len(resolved(ride)) == 1


@pytest.mark.parametrize(
    ("left_after_s", "end"),
    [(1.0, ("answered_human", "hung_up_early")), (9.0, ("abandoned", "hung_up_late"))],
)
def test_who_left_by_themselves_before_the_limit_was_not_lost(
    left_after_s: float, end: tuple[str, str]
) -> None:
    ride = unheard().feed(40, ev.Answered()).feed(40 + left_after_s, ev.Ended("far"))
    assert resolved(ride) == [end]


def test_a_crossed_answer_told_after_all_is_ours() -> None:
    ride = unheard().feed(40, ev.Answered()).feed(40.1, ev.Ended("us", "cancelled"))
    assert resolved(ride) == [("cancelled_by_us", "crossed")]


def test_a_machine_and_a_talk_told_after_all_are_called_what_they_were() -> None:
    ride = unheard().feed(40, ev.Answered(), ev.Classified(AnswerClass.MACHINE), ev.Ended("us"))
    assert resolved(ride) == [("answered_machine", "hung_up_us")]
    ride = unheard().feed(40, ev.Answered()).feed(41, ev.BridgeJoined("ann"))
    ride.feed(99, ev.BridgeJoined("ann"), ev.Ended("far"))
    assert resolved(ride) == [("answered_human", "hung_up_far")]
    assert [fact.data["wait_s"] for fact in ride.told(FactKind.BRIDGED)] == [1.0]


def test_a_failure_told_after_all_is_called_what_it_was_and_no_news_stays_unknown() -> None:
    assert resolved(unheard().feed(40, ev.Failed(486))) == [("busy", "line_busy")]
    assert resolved(unheard().feed(40, ev.Failed(0, stage="lost"))) == []
    assert resolved(unheard().feed(40, ev.Ended("far"), ev.Ringing())) == []


def test_a_cancel_refused_by_the_engine_was_never_sent() -> None:
    ride = Ride().feed(0, ev.Reserved(), ev.Cancel("pause"), ev.Refused("duplicate"))
    assert ride.finish is None
    ride.feed(0.1, ev.Refused("stale"))
    assert ride.finish == ("cancelled_by_us", "pause")


def test_a_late_answer_is_hung_up_and_told_once() -> None:
    ride = Ride().feed(0, ev.Reserved()).feed(1, ev.Failed(503))
    ride.feed(2, ev.Answered(), ev.Answered(), ev.Cancel("x"), ev.AgentHangsUp())
    assert ride.sent(ev.SendHangup) == [ev.SendHangup("late"), ev.SendHangup("late")]
    assert len(ride.told(FactKind.ANSWERED)) == 1
    assert ride.finish == ("congestion", "congestion")


# ---- our own events ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [ev.Reserved(), ev.ReserveRefused("x"), ev.AgentFound("bob"), ev.NobodyYet()],
)
def test_our_own_event_in_the_wrong_state_is_a_defect(event: ev.Event) -> None:
    with pytest.raises(ImpossibleEvent, match="'talking'"):
        Ride().talk().feed(9, event)


def test_an_agent_cannot_end_what_has_not_begun() -> None:
    with pytest.raises(ImpossibleEvent):
        Ride().ring().feed(1, ev.AgentHangsUp())


def test_an_old_timer_changes_nothing() -> None:
    ride = Ride().answer().feed(6, ev.DeadlinePassed())
    assert ride.state is CallState.WAITING
    ride = Ride().talk().feed(60, ev.DeadlinePassed())
    assert ride.state is CallState.TALKING


def test_the_plan_of_a_call_is_its_campaign_at_that_moment() -> None:
    from core_examples import AGENTLESS, settings

    plan = CallPlan.of(settings(connect_limit_s=1.5))
    assert plan.connect_limit.total_seconds() == 1.5
    assert plan.flow is None
    agentless = CampaignSettings.from_json(AGENTLESS)
    assert CallPlan.of(agentless).flow == agentless.flow


def test_what_is_heard_before_the_answer_is_noted_and_helps_the_diagnosis() -> None:
    ride = Ride().ring().feed(1, ev.Ringing(183, True), ev.Ringing(183, True, "ringback"))
    ride.feed(2, ev.Ringing(183, True, "ringback"), ev.Ringing(183, True, "busy"))
    ride.feed(3, ev.Failed(480, stage="ringing", ring_s=3.0, heard="busy"))
    rung = ride.told(FactKind.RINGING)
    assert [fact.data.get("heard") for fact in rung] == [None, None, "ringback", "busy"]
    (failed,) = ride.told(FactKind.FAILED)
    assert (failed.data["heard"], failed.data["cause"]) == ("busy", "line_busy")


def test_one_way_sound_is_noted_and_ends_nothing() -> None:
    ride = Ride().feed(1, ev.OneWay("far"))
    assert not ride.told(FactKind.ONE_WAY)
    ride = Ride().answer().feed(6, ev.OneWay("far", 4.0, 12))
    assert ride.call.unheard == "far"
    ride.feed(9, ev.OneWay(""))
    noted = ride.told(FactKind.ONE_WAY)
    assert [fact.data["unheard"] for fact in noted] == ["far", ""]
    assert noted[0].data == {"unheard": "far", "quiet_s": 4.0, "foreign": 12}
    assert (ride.call.unheard, ride.call.ended_at) == ("", None)


def test_the_counters_of_the_sound_are_kept_with_the_end() -> None:
    ride = Ride().answer().feed(6, ev.Ended("far", sound={"rtp_lost": 3.0}))
    (ended,) = ride.told(FactKind.ENDED)
    assert ended.data["sound"] == {"rtp_lost": 3.0}


def test_a_call_whose_trunks_name_leads_nowhere_says_so() -> None:
    ride = Ride().feed(0, ev.Reserved()).feed(0, ev.Refused("no_target"))
    assert (ride.call.outcome, ride.call.detail) == ("trunk_error", "dns_not_found")
