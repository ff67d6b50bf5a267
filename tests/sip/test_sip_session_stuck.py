"""A change of a session that the far side never concludes: cancelled, and in the end given up."""

from session_talk import HELD, answered, asked, one_event
from sip_net import talk

from vyzov.sip.events import OfferRefused


def test_a_change_the_far_side_thinks_about_too_long_is_cancelled() -> None:
    call = talk()
    invite = asked(call)
    answered(call, invite, 100)
    found = call.waits(60.0)
    assert [(when, one.line, one.branch) for when, one in found] == [
        (60.0, "CANCEL", invite.branch)
    ]
    answered(call, found[0][1], 200)
    answered(call, invite, 487)
    assert one_event(call) == OfferRefused("leg-1", 60.0, 487, "Whatever")


def test_a_change_that_outlives_its_cancel_ends_the_call() -> None:
    call = talk()
    invite = asked(call)
    answered(call, invite, 180)
    ((_, cancel),) = call.waits(60.0)
    answered(call, cancel, 200)
    assert [(when, one.line) for when, one in call.waits(92.0)] == [(92.0, "BYE")]
    assert call.named() == ["CallEnded"]


def test_an_answer_that_crosses_the_cancel_of_a_change_is_taken() -> None:
    call = talk()
    invite = asked(call)
    answered(call, invite, 100)
    call.waits(60.0)
    assert [one.line for one in answered(call, invite, 200, body=HELD)] == ["ACK"]
    assert call.named() == ["SessionChanged"]
    assert [one.line for _, one in call.waits(200.0)] == ["CANCEL"] * 10  # It is resent.
