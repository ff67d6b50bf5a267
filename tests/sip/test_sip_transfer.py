"""Transfers asked for from outside: nothing dials by itself, and each is told how it went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import (
    ANSWER,
    CALLER,
    NOBODY,
    NUMBER,
    OFFER,
    PEER,
    Call,
    Callee,
    Sent,
    agent,
    incoming,
    place,
    reply,
    sent,
    talk,
)

from vyzov.sip.events import IncomingCall, TransferRequested
from vyzov.sip.message import Message, parse
from vyzov.sip.refer import Replaces, Wish, read_sipfrag, sipfrag

TO = "Refer-To: <sip:+70005550199@127.0.0.1>"


def open_call() -> Call:
    """A talk whose owner judges transfers."""
    caller = agent(accept_transfers=True)
    caller.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0.0
    )
    (invite,) = sent(caller)
    call = Call(caller, invite)
    call.answers(200, body=ANSWER)
    call.events()
    return call


def referred(call: Call, *headers: str, cseq: int = 1) -> list[Sent]:
    return call.asks("REFER", cseq, headers=[TO, *headers])


def test_by_default_nobody_can_be_transferred() -> None:
    call = talk()
    (answer,) = referred(call)
    assert answer.line == "405"
    assert "REFER" not in answer["Allow"]
    assert call.events() == []


def test_a_wish_to_transfer_is_told_and_dials_nothing() -> None:
    call = open_call()
    assert referred(call, "b: <sip:boss@127.0.0.1>") == []
    (event,) = call.events()
    assert event == TransferRequested(
        "leg-1", 0.0, "sip:+70005550199@127.0.0.1", "", "<sip:boss@127.0.0.1>"
    )


def test_an_accepted_transfer_is_told_how_it_goes() -> None:
    call = open_call()
    referred(call, cseq=7)
    call.user_agent.answer_transfer("leg-1", 0.0, accept=True)
    accepted, trying = sent(call.user_agent)
    assert (accepted.line, accepted["Contact"]) == ("202", "<sip:vyzov@127.0.0.1:5060>")
    assert (trying.line, trying["Event"], trying.body) == (
        "NOTIFY", "refer;id=7", b"SIP/2.0 100 Trying\r\n",
    )  # fmt: skip
    assert trying["Subscription-State"].startswith("active;expires=")
    assert trying["Content-Type"] == "message/sipfrag;version=2.0"
    call.user_agent.notify_transfer("leg-1", 180, "Ringing", 1.0)
    call.user_agent.notify_transfer("leg-1", 200, "OK", 2.0)
    ringing, done = sent(call.user_agent)
    assert (ringing.body, done.body) == (b"SIP/2.0 180 Ringing\r\n", b"SIP/2.0 200 OK\r\n")
    assert done["Subscription-State"] == "terminated;reason=noresource"
    # Everything was told: nothing more is.
    call.user_agent.notify_transfer("leg-1", 200, "OK", 3.0)
    assert sent(call.user_agent) == []
    assert read_sipfrag(done.body) == (200, "OK")


def test_a_declined_transfer_gets_603() -> None:
    call = open_call()
    referred(call)
    call.user_agent.answer_transfer("leg-1", 0.0, accept=False)
    assert [one.line for one in sent(call.user_agent)] == ["603"]
    call.user_agent.answer_transfer("leg-1", 0.0, accept=True)
    call.user_agent.notify_transfer("leg-1", 200, "OK", 0.0)
    assert sent(call.user_agent) == []


def test_a_transfer_nobody_judges_is_declined_in_time() -> None:
    call = open_call()
    referred(call)
    assert [(when, one.line) for when, one in call.waits(100.0)] == [(20.0, "603")]


def test_a_transfer_that_never_ends_is_told_off_in_the_end() -> None:
    call = open_call()
    referred(call)
    call.user_agent.answer_transfer("leg-1", 0.0, accept=True)
    _, trying = sent(call.user_agent)
    call.hears(reply(trying, 200))
    when, last = call.waits(200.0)[0]
    assert (when, last.line, last.body) == (180.0, "NOTIFY", b"SIP/2.0 503 Service Unavailable\r\n")


def test_who_wants_no_telling_is_told_nothing() -> None:
    call = open_call()
    referred(call, "Refer-Sub: false")
    call.user_agent.answer_transfer("leg-1", 0.0, accept=True)
    (accepted,) = sent(call.user_agent)
    assert (accepted.line, accepted["Refer-Sub"]) == ("202", "false")


def test_one_transfer_is_judged_at_a_time() -> None:
    call = open_call()
    referred(call)
    assert referred(call, cseq=2)[0].line == "603"
    call.user_agent.answer_transfer("leg-1", 0.0, accept=True)
    sent(call.user_agent)
    assert referred(call, cseq=3)[0].line == "603"
    assert call.named() == ["TransferRequested"]


def test_the_end_of_the_call_answers_a_transfer_that_waits() -> None:
    call = open_call()
    referred(call)
    assert [one.line for one in call.asks("BYE", 2)] == ["200", "603"]
    call.user_agent.notify_transfer("leg-1", 200, "OK", 0.0)
    assert sent(call.user_agent) == []


@pytest.mark.parametrize(
    "headers",
    [[], [TO, "Refer-To: <sip:other@127.0.0.1>"], ["Refer-To: <urn:isbn:1>"], ["Refer-To: "],
     ["Refer-To: <mailto:a@b>"], ["Refer-To: nonsense"]],
)  # fmt: skip
def test_a_refer_that_names_nobody_we_could_call_gets_400(headers: list[str]) -> None:
    call = open_call()
    assert call.asks("REFER", 1, headers=headers)[0].line == "400"
    assert call.events() == []


def test_an_attended_transfer_brings_the_dialog_it_wants_replaced() -> None:
    call = open_call()
    to = "Refer-To: <sip:b@127.0.0.1?X=1&Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    assert call.asks("REFER", 1, headers=[to]) == []
    (event,) = call.events()
    assert isinstance(event, TransferRequested)
    assert (event.to, event.replaces) == ("sip:b@127.0.0.1", "abc;to-tag=1;from-tag=2")


def test_a_replaces_that_hides_control_signs_is_left_out() -> None:
    message = request("Refer-To: <sip:b@127.0.0.1?Replaces=abc%0d%0aX>")
    assert Wish.of(message).replaces == ""


def request(*headers: str) -> Message:
    return parse(incoming("REFER", headers=headers))


def test_verbs_of_transfers_leave_other_legs_alone() -> None:
    call = place()
    for leg in ("leg-1", "nobody"):
        call.user_agent.answer_transfer(leg, 0.0, accept=True)
        call.user_agent.notify_transfer(leg, 200, "OK", 0.0)
    assert sent(call.user_agent) == []


def test_a_transfer_is_told_by_a_status_only() -> None:
    call = open_call()
    for code in (99, 700):
        with pytest.raises(ValueError, match="no status of a transfer"):
            call.user_agent.notify_transfer("leg-1", code, "x", 0.0)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"SIP/2.0 200 OK\r\n", (200, "OK")), (b"sip/2.0 486", (486, "")),
     (b"\r\nSIP/2.0 180 Ring ing\nContact: x", (180, "Ring ing"))],
)  # fmt: skip
def test_a_fragment_is_read_by_its_first_line(body: bytes, status: tuple[int, str]) -> None:
    assert read_sipfrag(body) == status


@pytest.mark.parametrize(
    "body", [b"", b"SIP/2.0", b"HTTP/1.1 200 OK", b"SIP/2.0 20 x", b"SIP/2.0 700 x", b"SIP/2.0 0x0"]
)
def test_what_is_no_fragment_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="fragment"):
        read_sipfrag(body)


@given(st.integers(100, 699), st.text(max_size=60))
def test_a_fragment_we_write_is_one_line_and_read_back(code: int, phrase: str) -> None:
    data = sipfrag(code, phrase)
    assert data.count(b"\n") == 1
    assert read_sipfrag(data)[0] == code


# ---- INVITE with Replaces --------------------------------------------------------------------------


def replacing(callee: Callee, value: str, *more: str) -> list[str]:
    data = incoming(
        call_id="another", branch="z9hG4bKreplaces", body=OFFER,
        sender=f"<sip:{CALLER}@127.0.0.1>;tag=another",
        headers=["Require: replaces", f"Replaces: {value}", *more],
    )  # fmt: skip
    return callee.hears(data)


def test_a_call_that_replaces_a_talk_is_told_with_the_leg_it_replaces() -> None:
    callee = Callee()
    leg, tag = callee.talks()
    assert replacing(callee, f"from-outside;to-tag={tag};from-tag=caller") == ["100"]
    (event,) = callee.user_agent.events()
    assert isinstance(event, IncomingCall)
    assert event.replaces == leg
    # The old leg is its owner's to hang up.
    assert callee.user_agent._legs[leg].session is not None


@pytest.mark.parametrize(
    ("value", "more", "code"),
    [
        ("from-outside;to-tag={tag};from-tag=other", [], "481"),
        ("elsewhere;to-tag={tag};from-tag=caller", [], "481"),
        ("from-outside;to-tag={tag};from-tag=caller;early-only", [], "486"),
        ("from-outside;to-tag={tag}", [], "400"),
        ("", ["Replaces: x;to-tag=1;from-tag=2"], "400"),
        ("from-outside;to-tag={tag};from-tag=caller", ["Replaces: x;to-tag=1;from-tag=2"], "400"),
    ],
)
def test_a_replacement_of_anything_else_is_refused(value: str, more: list[str], code: str) -> None:
    callee = Callee()
    _, tag = callee.talks()
    assert replacing(callee, value.format(tag=tag), *more) == [code]
    assert callee.named() == []


def test_a_talk_that_is_over_is_not_replaced() -> None:
    callee = Callee()
    leg, tag = callee.talks()
    callee.user_agent.bye(leg, 0.0)
    sent(callee.user_agent)
    callee.user_agent.events()
    assert replacing(callee, f"from-outside;to-tag={tag};from-tag=caller") == ["603"]


def test_a_call_that_rings_elsewhere_by_our_wish_may_be_picked_up() -> None:
    callee = Callee()
    user_agent = callee.user_agent
    user_agent.invite(
        "ours", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0.0
    )
    (invite,) = sent(user_agent)
    callee.hears(reply(invite, 180, tag="theirs"))
    user_agent.events()
    tag = invite.message.from_address.parameters["tag"]
    value = f"{invite['Call-ID']};to-tag={tag};from-tag=theirs;early-only"
    assert replacing(callee, value) == ["100"]
    (event,) = user_agent.events()
    assert isinstance(event, IncomingCall)
    assert event.replaces == "ours"
    assert replacing(Callee(), value) == ["481"]


def test_a_call_that_rings_at_ours_is_not_picked_up_elsewhere() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 180, now=0.0)
    (ringing,) = sent(callee.user_agent)
    tag = ringing.message.to_address.parameters["tag"]
    assert replacing(callee, f"from-outside;to-tag={tag};from-tag=caller") == ["481"]


@given(st.text(max_size=100))
def test_reading_a_replaces_never_fails_otherwise(text: str) -> None:
    try:
        found = Replaces.parse(text)
    except ValueError:
        return
    assert all(found.key)


# ---- what nobody takes -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "REFER", "NOTIFY", "PUBLISH"])
def test_a_flood_of_what_nobody_takes_leaves_nothing_behind(method: str) -> None:
    callee = Callee()
    for number in range(500):
        data = incoming(method, call_id=f"c{number}", branch=f"z9hG4bK{number}", body=b"x" * 1000,
                        headers=["Content-Type: text/plain"])  # fmt: skip
        assert callee.hears(data) == ["405"]
    assert callee.user_agent._layer._servers == {}
    assert callee.named() == []


def test_what_nobody_takes_is_answered_alike_each_time() -> None:
    callee = Callee()
    answers: list[Sent] = []
    for _ in range(2):
        callee.user_agent.receive(incoming("MESSAGE"), PEER, 0.0)
        answers += sent(callee.user_agent)
    assert answers[0].data == answers[1].data
    assert answers[0]["Allow"].startswith("INVITE, ")
    assert answers[0].message.to_address.parameters["tag"]


def test_in_a_call_too_a_message_is_not_taken() -> None:
    call = talk()
    for number, method in enumerate(("MESSAGE", "SUBSCRIBE"), 1):
        (answer,) = call.asks(method, number)
        assert (answer.line, answer["Allow"].split(", ")[0]) == ("405", "INVITE")
