"""From the answer to the end of the talk: waiting, an agent's leg, and who answered."""

import pytest
from core_examples import Ride, after

from vyzov.core import call_events as ev
from vyzov.core.call import CallPlan, CallState
from vyzov.core.campaign import ClassifyMode
from vyzov.core.errors import ImpossibleEvent
from vyzov.core.facts import FactKind
from vyzov.core.outcome import AnswerClass

LISTENING = CallPlan(classify=ClassifyMode.CLASSIFY_FIRST)

# ---- waiting for an agent ------------------------------------------------------------------------


def test_the_clock_of_abandonment_starts_at_the_answer() -> None:
    ride = Ride().answer()
    assert ride.state is CallState.WAITING
    assert (ride.call.since, ride.call.deadline) == (after(5), after(7))


def test_nobody_in_time_hears_the_safe_harbour_message_and_is_abandoned() -> None:
    ride = Ride().answer().feed(5, ev.NobodyYet()).feed(7, ev.DeadlinePassed())
    assert ride.state is CallState.FAREWELL
    assert ride.call.deadline == after(37)
    assert ride.commands == (
        ev.Record(
            FactKind.ABANDONED, {"wait_s": 2.0, "limit_s": 2.0, "origin": "answered"}, "abandoned"
        ),
        ev.PlayPrompt("safe_harbour", "1:safe_harbour"),
        ev.Record(FactKind.SAFE_HARBOUR, {"prompt": "safe_harbour"}, "safe_harbour:3"),
    )
    ride.feed(12, ev.PlayFinished("other"), ev.PlayFinished("1:safe_harbour"))
    assert ride.commands == (ev.SendHangup("normal"),)
    ride.feed(12.1, ev.Ended("us"))
    assert ride.finish == ("abandoned", "no_agent")
    assert len(ride.told(FactKind.ABANDONED)) == 1


def test_a_message_whose_end_gets_lost_does_not_hold_the_line() -> None:
    ride = Ride().answer().feed(7, ev.DeadlinePassed()).feed(37, ev.DeadlinePassed())
    assert ride.commands == (ev.StopPrompt("1:safe_harbour"), ev.SendHangup("normal"))


def test_a_callee_who_leaves_during_the_message_was_abandoned() -> None:
    ride = Ride().answer().feed(7, ev.DeadlinePassed()).feed(8, ev.Digit("1"), ev.Ringing())
    ride.feed(9, ev.Ended("far"))
    assert ride.finish == ("abandoned", "no_agent")
    assert len(ride.told(FactKind.ABANDONED)) == 1


def test_a_cancel_during_the_message_hangs_up() -> None:
    ride = Ride().answer().feed(7, ev.DeadlinePassed()).feed(8, ev.Cancel("emergency_stop"))
    assert ride.commands[-1] == ev.SendHangup("normal")


def test_hanging_up_within_the_limit_is_not_abandonment() -> None:
    ride = Ride().answer().feed(7, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_early")
    assert not ride.told(FactKind.ABANDONED)


def test_hanging_up_after_the_limit_without_an_agent_is() -> None:
    ride = Ride().answer().feed(6.9, ev.AgentFound("ann")).feed(7.5, ev.Ended("far"))
    assert ride.finish == ("abandoned", "hung_up_late")
    assert ride.sent(ev.ReleaseAgent) == [ev.ReleaseAgent("ann", wrap_up=False)]


def test_hanging_up_while_the_join_is_made_frees_the_agent() -> None:
    ride = Ride().answer().feed(5.1, ev.AgentFound("ann")).feed(5.15, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_early")
    assert ride.sent(ev.ReleaseAgent) == [ev.ReleaseAgent("ann", wrap_up=False)]


def test_a_person_cut_off_by_our_engine_was_abandoned() -> None:
    ride = Ride().answer().feed(5.5, ev.Ended("engine"))
    assert ride.finish == ("abandoned", "engine")


def test_an_answer_our_cancel_had_crossed_is_ours_whoever_hears_of_it() -> None:
    """Who sent the CANCEL can be dead: the next life hears of the answer and of its end only."""
    ride = Ride().answer().feed(5.03, ev.Ended("us", "cancelled"))
    assert ride.finish == ("cancelled_by_us", "crossed")
    assert not ride.told(FactKind.ABANDONED)


def test_a_late_end_of_a_crossed_answer_is_still_a_person_left() -> None:
    ride = Ride().answer().feed(7.5, ev.Ended("us", "cancelled"))
    assert ride.finish == ("abandoned", "engine")
    assert ride.told(FactKind.ABANDONED)


def test_an_answered_call_that_is_cancelled_without_an_agent_is_abandoned() -> None:
    ride = Ride().answer().feed(5.5, ev.AgentFound("ann"), ev.Cancel("emergency_stop"))
    assert ride.state is CallState.FAREWELL
    assert ride.commands[0] == ev.ReleaseAgent("ann", wrap_up=False)
    ride.feed(6, ev.Ended("far"))
    assert ride.finish == ("abandoned", "emergency_stop")


def test_an_agent_joined_at_the_very_limit_is_within_it() -> None:
    ride = Ride().answer().feed(5.1, ev.AgentFound("ann"))
    assert ride.call.deadline == after(7)
    ride.feed(7, ev.BridgeJoined("ann"))
    assert ride.told(FactKind.BRIDGED)[0].data["within_limit"] is True


@pytest.mark.parametrize("event", [ev.AgentFound("bob"), ev.NobodyYet()])
def test_a_call_with_an_agent_is_not_looking_for_one(event: ev.Event) -> None:
    with pytest.raises(ImpossibleEvent, match="'waiting'"):
        Ride().answer().feed(5.1, ev.AgentFound("ann"), event)


def test_an_agent_found_in_the_last_moment_gets_the_time_a_bridge_takes() -> None:
    ride = Ride().answer().feed(6.9, ev.AgentFound("ann"))
    assert ride.call.deadline == after(7.9)
    ride.feed(7.4, ev.BridgeJoined("ann"))
    assert ride.told(FactKind.BRIDGED)[0].data["within_limit"] is False


def test_an_agent_lost_before_the_join_is_replaced() -> None:
    ride = Ride().answer().feed(5.1, ev.AgentFound("ann")).feed(5.2, ev.AgentGone("bob"))
    assert ride.commands == ()
    ride.feed(5.2, ev.AgentGone("ann"))
    assert ride.commands[0] == ev.ReleaseAgent("ann", wrap_up=False)
    assert ride.commands[-1] == ev.AskForAgent()
    ride.feed(5.3, ev.AgentFound("bob"), ev.BridgeJoined("bob"))
    assert ride.call.talked_with == "bob"
    assert len(ride.sent(ev.StartRecording)) == 1


def test_a_bridge_with_somebody_else_changes_nothing() -> None:
    ride = Ride().answer().feed(5.1, ev.AgentFound("ann")).feed(5.2, ev.BridgeJoined("bob"))
    assert ride.state is CallState.WAITING


def test_a_bridge_found_after_a_restart_is_taken_up() -> None:
    ride = Ride().answer().feed(5.2, ev.BridgeJoined("ann"))
    assert ride.state is CallState.TALKING
    assert (ride.call.agent, ride.call.talked_with) == ("ann", "ann")
    assert ride.sent(ev.StartRecording) == [ev.StartRecording()]


# ---- an agent's leg ------------------------------------------------------------------------------


def test_a_lost_agent_is_waited_for_with_comfort_tone() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("bob"))
    assert ride.state is CallState.TALKING
    ride.feed(10, ev.AgentGone("ann"))
    assert ride.state is CallState.AGENT_AWAY
    assert ride.call.deadline == after(25)
    assert ride.commands[0] == ev.ComfortTone(on=True)
    ride.feed(12, ev.NobodyYet(), ev.BridgeLeft("ann"), ev.AgentBack("bob"))
    ride.feed(12, ev.BridgeJoined("bob"))
    assert ride.commands == ()
    ride.feed(13, ev.AgentBack("ann"))
    assert ride.commands == (ev.JoinAgent("ann"),)
    ride.feed(13.1, ev.BridgeJoined("ann"))
    assert ride.state is CallState.TALKING
    assert ride.commands[0] == ev.ComfortTone(on=False)
    assert len(ride.told(FactKind.AGENT_BACK)) == 1
    assert len(ride.told(FactKind.BRIDGED)) == 1


def test_a_fallen_bridge_is_joined_again_once() -> None:
    ride = Ride().talk().feed(10, ev.BridgeLeft("bob"))
    assert ride.commands == ()
    ride.feed(10, ev.BridgeLeft("ann"))
    assert ride.commands[-1] == ev.JoinAgent("ann")
    ride.feed(10.1, ev.AgentGone("ann"))
    assert ride.commands == ()


def test_the_same_agent_found_again_is_joined_again() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("ann")).feed(11, ev.AgentFound("ann"))
    assert ride.commands == (ev.JoinAgent("ann"),)


def test_another_agent_takes_over_and_the_first_writes_up() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("ann")).feed(11, ev.AgentFound("bob"))
    assert ride.commands == (ev.ReleaseAgent("ann", wrap_up=True), ev.JoinAgent("bob"))
    ride.feed(11.1, ev.BridgeJoined("bob"))
    assert ride.call.talked_with == "bob"


def test_an_agent_who_does_not_return_leaves_an_apology() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("ann")).feed(25, ev.DeadlinePassed())
    assert ride.state is CallState.FAREWELL
    assert ride.commands[:2] == (
        ev.ReleaseAgent("ann", wrap_up=True),
        ev.ComfortTone(on=False),
    )
    ride.feed(30, ev.PlayFinished("1:safe_harbour")).feed(30.1, ev.Ended("us"))
    assert ride.finish == ("answered_human", "agent_lost")
    assert not ride.told(FactKind.ABANDONED)


def joined_with_nobody() -> Ride:
    """A person joined at 5.1 s with an agent who had gone silent before that."""
    return Ride().talk().feed(10, ev.AgentGone("ann", silent=True))


def test_whoever_was_joined_with_an_agent_already_gone_was_abandoned() -> None:
    ride = joined_with_nobody().feed(25, ev.DeadlinePassed())
    assert len(ride.told(FactKind.ABANDONED)) == 1
    ride.feed(30, ev.PlayFinished("1:safe_harbour")).feed(30.1, ev.Ended("us"))
    assert ride.finish == ("abandoned", "agent_lost")
    assert len(ride.told(FactKind.ABANDONED)) == 1


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        (ev.Ended("far"), "hung_up_far"),
        (ev.Ended("engine"), "hung_up_engine"),
        (ev.AgentHangsUp(), "agent_hung_up"),
        (ev.Cancel("emergency_stop"), "emergency_stop"),
    ],
)
def test_nobody_came_before_the_end_of_the_call(event: ev.Event, detail: str) -> None:
    ride = joined_with_nobody().feed(12, event)
    assert len(ride.told(FactKind.ABANDONED)) == 1
    if ride.state is CallState.CLOSING:
        ride.feed(12.1, ev.Ended("us"))
    assert ride.finish == ("abandoned", detail)


def test_an_agent_who_came_back_was_met_after_all() -> None:
    ride = joined_with_nobody().feed(11, ev.BridgeJoined("ann"))
    ride.feed(60, ev.AgentGone("ann", silent=True)).feed(61, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")
    assert not ride.told(FactKind.ABANDONED)


@pytest.mark.parametrize(("at", "silent"), [(10.2, True), (10, False)])
def test_an_agent_heard_after_the_join_was_met(at: float, silent: bool) -> None:
    ride = Ride().talk().feed(at, ev.AgentGone("ann", silent)).feed(11, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")


def test_a_machine_joined_with_nobody_is_a_machine() -> None:
    ride = (
        joined_with_nobody().feed(11, ev.Classified(AnswerClass.MACHINE)).feed(12, ev.Ended("far"))
    )
    assert ride.finish == ("answered_machine", "hung_up_far")


def test_an_agent_can_hang_up_from_a_desk_without_sound() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("ann")).feed(11, ev.AgentHangsUp())
    assert ride.state is CallState.CLOSING


def test_a_callee_who_leaves_while_the_agent_is_away_ends_the_talk() -> None:
    ride = Ride().talk().feed(10, ev.AgentGone("ann")).feed(11, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_far")
    assert ev.ReleaseAgent("ann", wrap_up=True) in ride.commands


def test_a_lost_engine_changes_nothing_until_it_speaks_again() -> None:
    ride = Ride().talk()
    before = ride.call
    ride.feed(10, ev.EngineLost())
    assert (ride.call, ride.commands) == (before, ())


# ---- who answered --------------------------------------------------------------------------------


def test_classify_first_listens_before_it_asks() -> None:
    ride = Ride(LISTENING).answer()
    assert ride.state is CallState.CLASSIFYING
    assert ride.call.deadline == after(7.5)
    ride.feed(6, ev.Classified(AnswerClass.HUMAN))
    assert ride.state is CallState.WAITING
    assert ride.call.deadline == after(7)


@pytest.mark.parametrize("answer_class", [AnswerClass.UNKNOWN, AnswerClass.HUMAN])
def test_an_answer_not_known_for_a_machine_is_a_person(answer_class: AnswerClass) -> None:
    ride = Ride(LISTENING).answer().feed(6, ev.Classified(answer_class))
    assert ride.sent(ev.AskForAgent)


def test_listening_ends_by_itself() -> None:
    ride = Ride(LISTENING).answer().feed(7.5, ev.DeadlinePassed())
    assert ride.state is CallState.WAITING


@pytest.mark.parametrize(
    ("answer_class", "outcome"),
    [
        (AnswerClass.MACHINE, "answered_machine"),
        (AnswerClass.FAX, "answered_fax"),
        (AnswerClass.IVR, "answered_ivr"),
        (AnswerClass.SCREENER, "answered_screener"),
        (AnswerClass.SILENCE, "answered_silence"),
    ],
)
def test_what_is_no_person_is_hung_up_on(answer_class: AnswerClass, outcome: str) -> None:
    ride = Ride(LISTENING).answer().feed(6, ev.Classified(answer_class)).feed(6.1, ev.Ended("us"))
    assert ride.finish == (outcome, "classified")
    assert not ride.sent(ev.AskForAgent)
    assert not ride.told(FactKind.ABANDONED)


def test_hanging_up_while_we_listen_is_hanging_up_early() -> None:
    ride = Ride(LISTENING).answer().feed(7.4, ev.Ended("far"))
    assert ride.finish == ("answered_human", "hung_up_early")


def test_a_cancel_while_we_listen_leaves_a_person_abandoned() -> None:
    ride = Ride(LISTENING).answer().feed(6, ev.Cancel("pause"), ev.Ringing())
    assert ride.state is CallState.FAREWELL
    assert len(ride.told(FactKind.ABANDONED)) == 1


def test_a_machine_heard_while_waiting_frees_the_agent() -> None:
    ride = Ride().answer().feed(5.1, ev.AgentFound("ann"))
    ride.feed(5.2, ev.Classified(AnswerClass.MACHINE))
    assert ev.ReleaseAgent("ann", wrap_up=False) in ride.commands
    ride.feed(5.3, ev.Ended("us"))
    assert ride.finish == ("answered_machine", "classified")


def test_silence_heard_while_waiting_counts_as_a_person() -> None:
    ride = Ride().answer().feed(6, ev.Classified(AnswerClass.SILENCE))
    assert ride.state is CallState.WAITING


def test_a_talk_is_never_cut_by_the_classifier_but_is_called_by_its_name() -> None:
    ride = Ride().talk().feed(7, ev.Classified(AnswerClass.MACHINE))
    assert ride.state is CallState.TALKING
    ride.feed(20, ev.AgentHangsUp()).feed(20.1, ev.Ended("us"))
    assert ride.finish == ("answered_machine", "agent_hung_up")


def test_who_waits_hears_the_engines_own_excuse_and_leaves_at_once_is_abandoned() -> None:
    ride = Ride().answer().feed(6, ev.SafeHarbourHeard()).feed(6.5, ev.Ended("far"))
    assert ride.finish == ("abandoned", "hung_up_late")


# ---- another agent goes on -----------------------------------------------------------------------


def talking(at: float = 6) -> Ride:
    return Ride().answer().feed(at, ev.AgentFound("ann")).feed(at + 0.1, ev.BridgeJoined("ann"))


def test_a_call_handed_over_goes_on_with_the_other_and_owes_the_first_no_wrap_up() -> None:
    ride = talking().feed(20, ev.HandedOver("bob", "warm"))
    assert ride.state is CallState.TALKING
    assert (ride.call.agent, ride.call.talked_with) == ("bob", "bob")
    key = f"handed_over:bob:{after(20).timestamp():.6f}"
    assert ride.commands == (
        ev.Record(FactKind.HANDED_OVER, {"from": "ann", "agent": "bob", "how": "warm"}, key),
        ev.ReleaseAgent("ann", wrap_up=False),
        ev.JoinAgent("bob"),
    )
    # The old bridge's end is no end of the talk, and who ends the call writes it up.
    ride.feed(20.1, ev.BridgeLeft("ann"), ev.BridgeJoined("bob")).feed(40, ev.AgentHangsUp())
    assert ride.sent(ev.ReleaseAgent)[-1] == ev.ReleaseAgent("bob", wrap_up=True)
    assert len(ride.told(FactKind.BRIDGED)) == 1


def test_a_call_whose_agent_is_lost_can_be_taken_over() -> None:
    ride = talking().feed(20, ev.AgentGone("ann")).feed(22, ev.HandedOver("sue", "taken"))
    assert ride.state is CallState.AGENT_AWAY
    ride.feed(22.1, ev.BridgeJoined("sue"))
    assert ride.state is CallState.TALKING
    assert (ride.call.agent, ride.call.talked_with) == ("sue", "sue")


def test_a_call_is_handed_over_to_somebody_else_and_only_while_there_is_a_talk() -> None:
    with pytest.raises(ImpossibleEvent):
        talking().feed(20, ev.HandedOver("ann", "warm"))
    with pytest.raises(ImpossibleEvent):
        Ride().answer().feed(6, ev.HandedOver("bob", "blind"))
