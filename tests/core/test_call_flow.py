"""A call with a robot: the announcement, its keys, the machine that answers."""

from dataclasses import replace
from datetime import timedelta

from core_examples import Ride, after, flow

from vyzov.core import call_events as ev
from vyzov.core.call import CallPlan, CallState
from vyzov.core.call_value import retold
from vyzov.core.campaign import ClassifyMode, DialMode
from vyzov.core.facts import FactKind
from vyzov.core.outcome import AnswerClass

PLAN = CallPlan(flow=flow(), classify=ClassifyMode.CONNECT_FIRST)
LEAVING = CallPlan(flow=flow(on_machine={"leave": "message", "beep_wait_s": 4}))


def robot(plan: CallPlan = PLAN) -> Ride:
    return Ride(plan, DialMode.AGENTLESS).answer()


def test_the_offer_begins_at_the_answer() -> None:
    ride = robot()
    assert ride.state is CallState.IN_FLOW
    assert ride.sent(ev.PlayPrompt) == [ev.PlayPrompt("offer", "1:offer")]
    assert ride.told(FactKind.FLOW_STEP)[0].data == {"step": "offer"}
    assert not ride.sent(ev.AskForAgent)


def test_a_key_is_heard_over_the_prompt() -> None:
    ride = robot().feed(6, ev.Digit("2"))
    assert ride.commands[1:] == (
        ev.Record(FactKind.FLOW_STEP, {"step": "later"}, "flow_step:4"),
        ev.PromiseCallback(after(120) - after(0)),
        ev.StopPrompt("1:offer"),
        ev.PlayPrompt("will_call_back", "2:will_call_back"),
    )
    ride.feed(8, ev.PlayFinished("1:offer", completed=False))
    assert ride.state is CallState.IN_FLOW
    ride.feed(9, ev.PlayFinished("2:will_call_back"))
    assert ev.SendHangup("normal") in ride.commands
    ride.feed(9.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "callback")
    assert ride.told(FactKind.DISPOSED)[0].data == {"result": "callback", "by": "flow"}


def test_key_nine_puts_on_the_stop_list_before_anything_is_said() -> None:
    ride = robot().feed(6, ev.Digit("9"))
    kinds = [type(command) for command in ride.commands]
    assert kinds.index(ev.Suppress) < kinds.index(ev.PlayPrompt)
    assert ride.sent(ev.Suppress) == [ev.Suppress("9")]
    ride.feed(6.1, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")


def test_key_one_asks_for_an_agent_with_music_and_its_own_limit() -> None:
    ride = robot().feed(6, ev.Digit("1"))
    assert ride.state is CallState.WAITING
    assert ride.call.deadline == after(16)
    assert ev.PlayPrompt("please_wait", "2:please_wait", loop=True) in ride.commands
    ride.feed(9, ev.AgentFound("ann"))
    assert ride.commands == (
        ev.StopPrompt("2:please_wait"),
        ev.StartRecording(),
        ev.JoinAgent("ann"),
    )
    ride.feed(9.1, ev.BridgeJoined("ann"))
    assert ride.told(FactKind.BRIDGED)[0].data["within_limit"] is True
    ride.feed(30, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")


def test_nobody_for_key_one_is_the_same_apology_and_abandonment() -> None:
    ride = robot().feed(6, ev.Digit("1")).feed(16, ev.DeadlinePassed())
    assert ride.state is CallState.FAREWELL
    assert ev.StopPrompt("2:please_wait") in ride.commands
    ride.feed(20, ev.Ended("far"))
    assert ride.finish == ("abandoned", "no_agent")


def test_leaving_while_waiting_for_key_one_is_the_callees_choice() -> None:
    ride = robot().feed(6, ev.Digit("1")).feed(12, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_waiting")


def test_the_way_out_stays_open_while_the_callee_waits_for_an_agent() -> None:
    ride = robot().feed(6, ev.Digit("1")).feed(8, ev.AgentFound("ann"), ev.Digit("9"))
    assert ride.state is CallState.IN_FLOW
    assert ride.sent(ev.ReleaseAgent) == [ev.ReleaseAgent("ann", wrap_up=False)]
    kinds = [type(command) for command in ride.commands]
    assert kinds.index(ev.ReleaseAgent) < kinds.index(ev.Suppress) < kinds.index(ev.PlayPrompt)
    assert ride.call.deadline is not None
    ride.feed(12, ev.PlayFinished("3:removed")).feed(12.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "stop")
    assert not ride.told(FactKind.ABANDONED)


def test_the_way_out_stays_open_during_the_apology_and_is_taken_once() -> None:
    ride = robot().feed(6, ev.Digit("1")).feed(16, ev.DeadlinePassed())
    ride.feed(17, ev.Digit("9"), ev.Digit("9"), ev.Digit("2"))
    assert ride.sent(ev.Suppress) == [ev.Suppress("9")]
    ride.feed(20, ev.Ended("far"))
    assert ride.finish == ("abandoned", "no_agent")


def test_a_key_that_offers_nothing_changes_nothing_while_waiting() -> None:
    ride = robot().feed(6, ev.Digit("1")).feed(8, ev.Digit("2"))
    assert ride.state is CallState.WAITING


def test_a_connect_step_without_a_prompt_waits_in_silence() -> None:
    steps = {"ask": {"do": "connect", "wait_s": 3}}
    ride = robot(CallPlan(flow=flow(start="ask", steps=steps)))
    assert ride.state is CallState.WAITING
    assert not ride.sent(ev.PlayPrompt)


def test_no_key_hears_the_offer_again_and_then_goodbye() -> None:
    ride = robot().feed(10, ev.PlayFinished("1:offer"))
    assert ride.call.deadline == after(16)
    ride.feed(16, ev.DeadlinePassed())
    assert ride.commands == (ev.PlayPrompt("offer", "2:offer"),)
    ride.feed(21, ev.PlayFinished("2:offer")).feed(27, ev.DeadlinePassed())
    assert ride.sent(ev.PlayPrompt)[-1].prompt == "goodbye"
    ride.feed(29, ev.PlayFinished("3:goodbye")).feed(29.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "no_key")


def test_a_silent_answer_that_pressed_nothing_is_called_silence() -> None:
    ride = robot().feed(9, ev.Classified(AnswerClass.SILENCE)).feed(12, ev.Ended("far"))
    assert ride.finish == ("answered_silence", "hung_up_far")


def test_whoever_presses_a_key_is_a_person() -> None:
    ride = robot().feed(6, ev.Digit("5"), ev.Classified(AnswerClass.MACHINE))
    assert ride.state is CallState.IN_FLOW
    ride.feed(7, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")
    assert ride.call.digits == "5"


def test_a_machine_is_hung_up_on() -> None:
    ride = robot().feed(8, ev.Classified(AnswerClass.MACHINE))
    assert ride.commands[-2:] == (ev.StopPrompt("1:offer"), ev.SendHangup("machine"))
    ride.feed(8.1, ev.Ended("us"))
    assert ride.finish == ("answered_machine", "classified")


def test_a_machine_gets_its_message_after_the_beep() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.MACHINE))
    assert ride.commands[-1] == ev.StopPrompt("1:offer")
    assert ride.call.deadline == after(12)
    assert ride.state is CallState.FAREWELL
    ride.feed(9, ev.Classified(AnswerClass.MACHINE, "beep"))
    assert ride.commands[-1] == ev.PlayPrompt("message", "2:message")
    assert ride.call.deadline == after(129)
    ride.feed(12, ev.Classified(AnswerClass.MACHINE, "beep"))
    assert len(ride.sent(ev.PlayPrompt)) == 2
    ride.feed(20, ev.PlayFinished("2:message")).feed(20.1, ev.Ended("us"))
    assert ride.finish == ("answered_machine", "message_left")


def test_a_machine_without_a_beep_gets_its_message_all_the_same() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.MACHINE)).feed(12, ev.DeadlinePassed())
    assert ride.commands == (ev.PlayPrompt("message", "2:message"),)


def test_a_machine_that_hangs_up_first_was_left_no_message() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.MACHINE)).feed(9, ev.Ended("far"))
    assert ride.finish == ("answered_machine", "no_message")


def test_a_message_cut_short_is_told_as_such() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.MACHINE)).feed(12, ev.DeadlinePassed())
    ride.feed(13, ev.Ended("far"))
    assert ride.finish == ("answered_machine", "message_cut")


def test_a_person_taken_for_a_machine_still_has_the_way_out() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.MACHINE)).feed(9, ev.Digit("9"))
    assert ride.sent(ev.Suppress) == [ev.Suppress("9")]


def test_a_fax_gets_no_message() -> None:
    ride = robot(LEAVING).feed(8, ev.Classified(AnswerClass.FAX))
    assert ride.state is CallState.CLOSING


def test_classify_first_listens_before_the_robot_speaks() -> None:
    ride = robot(replace(PLAN, classify=ClassifyMode.CLASSIFY_FIRST))
    assert ride.state is CallState.CLASSIFYING
    ride.feed(6, ev.Classified(AnswerClass.HUMAN))
    assert ride.state is CallState.IN_FLOW


def test_a_machine_found_by_listening_first_gets_its_message_too() -> None:
    ride = robot(replace(LEAVING, classify=ClassifyMode.CLASSIFY_FIRST))
    ride.feed(6, ev.Classified(AnswerClass.MACHINE))
    assert ride.state is CallState.FAREWELL
    assert ride.call.leaving_message


def test_a_cancelled_announcement_is_hung_up() -> None:
    ride = robot().feed(6, ev.Cancel("emergency_stop"), ev.Ringing()).feed(6.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "emergency_stop")


def test_a_step_without_words_hangs_up_at_once() -> None:
    steps = {"bye": {"do": "hang_up"}}
    ride = robot(CallPlan(flow=flow(start="bye", steps=steps)))
    assert ride.state is CallState.CLOSING
    assert not ride.told(FactKind.DISPOSED)
    ride.feed(5.2, ev.Ended("us"))
    assert ride.finish == ("answered_human", "flow_done")


def test_late_answers_to_the_flow_change_nothing() -> None:
    ride = robot().feed(6, ev.Answered(), ev.Ringing(), ev.BridgeLeft("ann"))
    assert ride.state is CallState.IN_FLOW
    assert len(ride.told(FactKind.ANSWERED)) == 1


def test_whoever_pressed_a_key_is_a_person_though_their_greeting_was_not_heard() -> None:
    ride = robot().feed(3.6, ev.Classified(AnswerClass.SILENCE)).feed(4, ev.Digit("1"))
    ride.feed(5, ev.AgentFound("ann")).feed(5.1, ev.BridgeJoined("ann")).feed(20, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")


def test_who_is_cut_off_by_our_engine_before_any_key_is_abandoned() -> None:
    ride = robot().feed(9, ev.Ended("engine"))
    assert ride.finish == ("abandoned", "engine")
    assert len(ride.told(FactKind.ABANDONED)) == 1


def test_who_hangs_up_on_the_engines_own_excuse_is_abandoned() -> None:
    ride = robot().feed(7, ev.SafeHarbourHeard()).feed(8, ev.Ended("far"))
    assert ride.finish == ("abandoned", "engine")
    assert len(ride.told(FactKind.SAFE_HARBOUR)) == 1


def test_who_hears_the_offer_after_the_engines_own_excuse_is_not() -> None:
    ride = robot().feed(7, ev.SafeHarbourHeard()).feed(15, ev.PlayFinished("1:offer"))
    assert ride.feed(17, ev.Ended("far")).finish == ("answered_human", "hung_up_far")


def test_who_had_said_a_wish_or_was_no_person_is_not_abandoned_by_a_dead_engine() -> None:
    wished = robot().feed(6, ev.Digit("9")).feed(7, ev.Ended("engine"))
    assert wished.finish == ("answered_human", "hung_up_engine")
    silent = robot().feed(9, ev.Classified(AnswerClass.SILENCE)).feed(12, ev.Ended("engine"))
    assert silent.finish == ("answered_silence", "hung_up_engine")
    assert not wished.told(FactKind.ABANDONED)
    assert not silent.told(FactKind.ABANDONED)


def test_moments_of_a_call_are_told_again_by_a_clock_that_was_set() -> None:
    call, day = robot().call, timedelta(days=1)
    assert call.answered_at is not None
    assert call.deadline is not None
    told = retold(call, -day)
    assert (told.since, told.answered_at) == (call.since - day, call.answered_at - day)
    assert (told.deadline, told.ended_at) == (call.deadline - day, None)
    assert told.flow is not None
    assert told.flow.deadline == told.deadline
    assert retold(told, day) == call
    alone = Ride(CallPlan(), DialMode.PROGRESSIVE).answer().call
    assert retold(retold(alone, day), -day) == alone
