"""A callee who answered an agent that was dead: their BYE tells the next one that they picked up."""

import pytest
from sip_net import CALLER, NUMBER, PEER, Call, agent, in_dialog, place, reply, sent

from vyzov.sip.events import CallEnded


def reborn() -> Call:
    """An agent with no memory is told to reap the leg of a call placed before."""
    invite = place().invite
    user_agent = agent()
    user_agent.reap("leg-1", target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=0.0)
    return Call(user_agent, invite, 0.0)


@pytest.mark.parametrize("said_so", [False, True], ids=["", "after its peer said 481"])
def test_the_bye_of_a_callee_who_answered_a_dead_agent_tells_that_they_picked_up(
    said_so: bool,
) -> None:
    call = reborn()
    for cancel in sent(call.user_agent):
        if said_so:
            call.hears(reply(cancel, 481))
    assert call.named() == ["CallRejected"] * said_so
    assert [one.line for one in call.asks("BYE", 1)] == ["200"]
    assert call.events() == [CallEnded("leg-1", 0.0, "far", "bye")]  # type: ignore[arg-type]
    assert call.asks("BYE", 2)[0].line == "481", "it is told once"
    call.waits(400)
    assert call.events() == []


def test_only_the_bye_of_the_call_itself_tells_anything() -> None:
    call = reborn()
    sent(call.user_agent)
    other = in_dialog("BYE", call.invite, 1).replace(b"To: ", b"To: <sip:x@y>;tag=other;was=", 1)
    assert call.hears(other)[0].line == "481"
    assert call.asks("INFO", 2)[0].line == "481"
    assert call.events() == []


def test_a_callee_whose_late_answer_was_told_is_not_told_again_by_their_bye() -> None:
    call = reborn()
    sent(call.user_agent)
    call.answers(200)
    assert call.named().count("CallEnded") == 1
    call.asks("BYE", 1, tag="other")
    assert "CallEnded" not in call.named()
