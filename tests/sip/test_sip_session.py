"""Changes of a session in mid-call: ours and theirs, holds, glare, and what a refusal leaves."""

import pytest
from session_talk import HELD, MOVED, answered, asked, one_event
from sip_net import (
    ANSWER,
    CALLER,
    NOBODY,
    NUMBER,
    OFFER,
    Call,
    Callee,
    after,
    agent,
    in_dialog,
    place,
    reply,
    talk,
)
from sip_net import sent as sent_by

from vyzov.sip import sdp
from vyzov.sip.auth import write_challenge
from vyzov.sip.events import CallEnded, OfferRefused, SessionChanged
from vyzov.sip.sdp import Direction
from vyzov.sip.user_agent import Account, Hop, Transport

# ---- our changes -------------------------------------------------------------------------------


def test_a_hold_offers_sendonly_under_the_next_version() -> None:
    call = talk()
    invite = asked(call)
    assert (invite.line, invite["CSeq"]) == ("INVITE", "2 INVITE")
    assert invite.uri == "sip:them@127.0.0.1:5070"
    assert b"a=sendonly" in invite.body
    assert b"o=- 7 2 IN" in invite.body
    for name in ("Contact", "Allow", "Supported"):
        assert invite[name]
    (ack,) = answered(call, invite, 200, body=HELD)
    assert (ack.line, ack["CSeq"], ack.body) == ("ACK", "2 ACK", b"")
    event = one_event(call)
    assert event == SessionChanged("leg-1", 0.0, HELD, "sendonly", invite.body)


def test_taking_back_from_hold_offers_both_ways_again() -> None:
    call = talk()
    answered(call, asked(call), 200, body=HELD)
    invite = asked(call, "unhold")
    assert b"a=sendrecv" in invite.body
    assert b"o=- 7 3 IN" in invite.body
    call.events()
    answered(call, invite, 200, body=ANSWER)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert event.direction == "sendrecv"


def test_a_side_that_is_held_holds_back_with_inactive() -> None:
    call = talk()
    call.asks("INVITE", 1, body=ANSWER.replace(b"sendrecv", b"sendonly"))
    call.asks("ACK", 1)
    assert b"a=inactive" in asked(call).body


def test_while_we_hold_the_far_sides_offers_are_answered_on_hold() -> None:
    call = talk()
    answered(call, asked(call), 200, body=HELD)
    (answer,) = call.asks("INVITE", 1, body=ANSWER)
    assert b"a=sendonly" in answer.body


@pytest.mark.parametrize(
    ("form", "direction"),
    [
        (ANSWER.replace(b"sendrecv", b"sendonly"), "recvonly"),
        (ANSWER.replace(b"sendrecv", b"inactive"), "inactive"),
        (ANSWER.replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0"), "recvonly"),
    ],
    ids=["sendonly", "inactive", "zero address"],
)
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_each_form_of_hold_is_told_with_its_direction(
    form: bytes, direction: str, method: str
) -> None:
    call = talk()
    (answer,) = call.asks(method, 1, body=form)
    assert answer.line == "200"
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert (event.direction, event.sdp, event.local) == (direction, form, answer.body)
    call.asks("ACK", 1)
    call.asks(method, 2, body=ANSWER)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert event.direction == "sendrecv"


def test_another_offer_replaces_the_session_whole() -> None:
    call = talk()
    invite = asked(call, "reoffer", MOVED)
    assert b"m=audio 4444" in invite.body
    assert b"o=- 7 2 IN" in invite.body
    answered(call, invite, 200, body=ANSWER)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert event.local == invite.body


def test_an_unchanged_offer_keeps_its_version() -> None:
    call = talk()
    assert asked(call, "reoffer", OFFER).body == OFFER


def test_a_change_answered_without_a_session_leaves_the_far_side_as_it_was() -> None:
    call = talk()
    answered(call, asked(call), 200)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert (event.sdp, event.direction) == (ANSWER, "sendonly")


@pytest.mark.parametrize("text", [b"nonsense", OFFER.replace(b"m=audio 4000", b"m=audio 0")])
def test_an_offer_without_sound_is_not_made(text: bytes) -> None:
    call = talk()
    with pytest.raises(ValueError, match=r"."):
        call.user_agent.reoffer("leg-1", text, 0.0)
    assert sent_by(call.user_agent) == []


def test_legs_that_cannot_be_changed_say_so() -> None:
    call = place()
    for verb in ("hold", "unhold"):
        assert not getattr(call.user_agent, verb)("leg-1", 0.0)
        assert not getattr(call.user_agent, verb)("nobody", 0.0)
    assert not call.user_agent.reoffer("leg-1", MOVED, 0.0)
    call.answers(200, body=ANSWER)
    call.user_agent.bye("leg-1", 0.0)
    assert not call.user_agent.hold("leg-1", 0.0)


def test_a_repeated_answer_to_a_change_is_acknowledged_again() -> None:
    call = talk()
    invite = asked(call)
    (first,) = answered(call, invite, 200, body=HELD)
    (second,) = answered(call, invite, 200, body=HELD)
    assert first.data == second.data
    assert len(call.events()) == 1


def test_a_refused_change_leaves_the_session_as_it_was() -> None:
    call = talk()
    (ack,) = answered(call, asked(call), 488)
    assert ack.line == "ACK"
    assert one_event(call) == OfferRefused("leg-1", 0.0, 488, "Whatever")
    # The far side's offers meet the session of before, and the next version is a new one.
    (answer,) = call.asks("INVITE", 1, body=ANSWER)
    assert b"a=sendrecv" in answer.body
    call.asks("ACK", 1)
    assert b"o=- 7 4 IN" in asked(call).body


def test_an_answer_in_vain_is_told_in_words() -> None:
    call = talk()
    invite = asked(call)
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1")
    answered(call, invite, 401, headers=[challenge])
    event = one_event(call)
    assert isinstance(event, OfferRefused)
    assert event.phrase == "the far side asks for a user name and password, this call has none"


@pytest.mark.parametrize("code", [401, 407])
def test_a_challenged_change_is_proved(code: int) -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    call.answers(200, body=ANSWER)
    invite = asked(call)
    name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
    ack, again = answered(
        call, invite, code, headers=[f"{name}: {write_challenge('carrier', 'n')}"]
    )
    assert (ack.line, again["CSeq"], again.body) == ("ACK", "3 INVITE", invite.body)
    assert "nc=00000001" in again[name.replace("WWW-A", "A").replace("enticate", "orization")]
    (ack,) = answered(call, again, 200, body=HELD)
    assert ack["CSeq"] == "3 ACK"
    # The next request of the call proves itself at once.
    assert "nc=00000002" in str(asked(call, "unhold").data)


def test_proofs_are_not_volunteered_to_a_contact_elsewhere() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1")
    _, again = call.answers(401, headers=[challenge])
    (ack,) = call.hears(reply(again, 200, contact="sip:them@127.0.0.9", body=ANSWER))
    call.user_agent.bye("leg-1", 1.0)
    (bye,) = sent_by(call.user_agent)
    for request in (ack, bye):
        assert request.target.host == "127.0.0.9"
        assert b"Authorization" not in request.data


@pytest.mark.parametrize("code", [408, 481])
def test_a_far_side_that_knows_no_such_call_is_left(code: int) -> None:
    call = talk()
    ack, bye = answered(call, asked(call), code)
    assert (ack.line, bye.line, bye["Reason"]) == ("ACK", "BYE", "SIP;cause=481")
    event = one_event(call)
    assert isinstance(event, CallEnded)
    assert (event.side, event.cause) == ("us", "lost")


def test_a_change_nobody_answers_ends_the_call() -> None:
    call = talk()
    asked(call)
    assert call.waits(32.0)[-1][1].line == "BYE"
    assert call.named() == ["CallEnded"]


def test_a_busy_far_side_is_asked_again_when_it_says() -> None:
    call = talk()
    invite = asked(call)
    answered(call, invite, 500, headers=["Retry-After: 7"])
    (again,) = call.waits(100.0)[:1]
    assert again[0] == 7.0
    assert again[1].body == invite.body.replace(b"- 7 2 IN", b"- 7 3 IN")


@pytest.mark.parametrize("headers", [[], ["Retry-After: 600"], ["Retry-After: soon"]])
def test_a_far_side_that_is_busy_for_long_is_not_asked_again(headers: list[str]) -> None:
    call = talk()
    answered(call, asked(call), 503, headers=headers)
    assert call.named() == ["OfferRefused"]
    assert call.waits(100.0) == []


def test_a_far_side_that_is_always_busy_is_left_alone_in_the_end() -> None:
    call = talk()
    invite = asked(call)
    for number in range(5):
        answered(call, invite, 491)
        _, invite = call.waits(call.now + 4.0)[0]
        assert invite["CSeq"] == f"{number + 3} INVITE"
    answered(call, invite, 491)
    assert call.waits(call.now + 100) == []
    assert call.named() == ["OfferRefused"]


def test_two_wishes_at_once_become_the_last_one() -> None:
    call = talk()
    first = asked(call)
    assert call.user_agent.unhold("leg-1", 0.0)
    assert call.user_agent.reoffer("leg-1", MOVED, 0.0)
    assert sent_by(call.user_agent) == []
    ack, second = answered(call, first, 200, body=HELD)
    assert (ack.line, second.line) == ("ACK", "INVITE")
    assert b"m=audio 4444" in second.body


def test_a_newer_wish_takes_the_place_of_one_that_waits_to_be_repeated() -> None:
    call = talk()
    answered(call, asked(call), 491)
    assert call.user_agent.reoffer("leg-1", MOVED, 0.0)
    assert sent_by(call.user_agent) == []
    _, again = call.waits(4.0)[0]
    assert b"m=audio 4444" in again.body


def test_a_wish_waits_for_the_ack_of_an_answer_of_ours() -> None:
    call = talk()
    call.asks("INVITE", 1, body=ANSWER)
    assert call.user_agent.hold("leg-1", 0.0)
    assert sent_by(call.user_agent) == []
    (invite,) = call.asks("ACK", 1)
    assert (invite.line, b"a=sendonly" in invite.body) == ("INVITE", True)


def test_a_callees_wish_waits_for_the_ack_of_its_answer() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 200, sdp=ANSWER, now=0.0)
    (answer,) = sent_by(callee.user_agent)
    assert callee.user_agent.hold(leg, 0.0)
    tag = answer.message.to_address.parameters["tag"] or ""
    assert callee.hears(after(tag, "ACK", 1)) == ["INVITE"]


def test_a_change_under_way_when_the_call_ends_is_still_acknowledged() -> None:
    call = talk()
    invite = asked(call)
    assert call.asks("BYE", 1)[0].line == "200"
    call.events()
    assert [one.line for one in answered(call, invite, 200, body=HELD)] == ["ACK"]
    assert call.events() == []
    invite = asked(second := talk())
    second.asks("BYE", 1)
    second.events()
    assert [one.line for one in answered(second, invite, 491)] == ["ACK"]
    assert second.waits(100) == []
    assert second.events() == []


# ---- asking the far side for an offer ------------------------------------------------------------


def test_a_change_without_an_offer_is_answered_in_the_ack() -> None:
    call = talk()
    invite = asked(call, "reoffer", b"")
    assert (invite.line, invite.body) == ("INVITE", b"")
    theirs = ANSWER.replace(b"m=audio 5000", b"m=audio 5555")
    (ack,) = answered(call, invite, 200, body=theirs)
    assert sdp.agree(ack.body, theirs).port == 5555
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert (event.sdp, event.local) == (theirs, ack.body)
    (again,) = answered(call, invite, 200, body=theirs)
    assert again.data == ack.data


def test_an_offer_that_cannot_be_taken_is_refused_in_the_ack_and_ends_the_call() -> None:
    call = talk()
    theirs = ANSWER.replace(b"RTP/AVP 8 101", b"RTP/AVP 97")
    ack, bye = answered(call, asked(call, "reoffer", b""), 200, body=theirs)
    assert (ack.line, bye.line) == ("ACK", "BYE")
    assert [media.port for media in sdp.parse(ack.body).media] == [0]
    assert bye["Reason"].startswith("SIP;cause=488")
    event = one_event(call)
    assert isinstance(event, CallEnded)
    assert event.cause == "no_common_codec"


def test_an_offer_that_cannot_be_read_is_acknowledged_bare() -> None:
    call = talk()
    ack, bye = answered(call, asked(call, "reoffer", b""), 200, body=b"nonsense")
    assert (ack.line, ack.body, bye.line) == ("ACK", b"", "BYE")


def test_a_far_side_that_offers_nothing_when_asked_changes_nothing() -> None:
    call = talk()
    answered(call, asked(call, "reoffer", b""), 200)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert (event.sdp, event.direction) == (ANSWER, "sendrecv")


def test_asked_for_an_offer_while_held_we_offer_both_ways() -> None:
    call = talk()
    call.asks("INVITE", 1, body=ANSWER.replace(b"sendrecv", b"sendonly"))
    call.asks("ACK", 1)
    (answer,) = call.asks("INVITE", 2)
    assert b"a=sendrecv" in answer.body
    call.events()
    call.asks("ACK", 2, body=ANSWER)
    event = one_event(call)
    assert isinstance(event, SessionChanged)
    assert event.direction == "sendrecv"


def test_an_ack_without_the_answer_it_owes_leaves_the_far_side_as_it_was() -> None:
    call = talk()
    call.asks("INVITE", 1)
    call.asks("ACK", 1)
    assert call.events() == []


# ---- glare -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_that_crosses_ours_gets_491(method: str) -> None:
    call = talk()
    asked(call)
    assert call.asks(method, 1, body=ANSWER)[0].line == "491"
    assert call.events() == []


def test_a_refresh_without_an_offer_crosses_ours_unhurt() -> None:
    call = talk()
    asked(call)
    assert call.asks("UPDATE", 1)[0].line == "200"


def test_the_owner_of_the_call_id_waits_longer_than_the_other() -> None:
    waits: set[int] = set()
    for number in range(60):
        call = talk()
        for _ in range(number):
            call.user_agent._endpoint.new_token()
        answered(call, asked(call), 491)
        when, again = call.waits(4.0)[0]
        assert 2.1 <= when <= 4.0
        assert again.line == "INVITE"
        waits.add(round(when * 1000))
    assert len(waits) > 20
    assert all(wait % 10 == 0 for wait in waits)


def test_who_was_called_waits_for_two_seconds_at_most() -> None:
    waits: set[int] = set()
    for number in range(60):
        callee = Callee()
        leg, tag = callee.talks()
        for _ in range(number):
            callee.user_agent._endpoint.new_token()
        callee.user_agent.hold(leg, 0.0)
        (invite,) = sent_by(callee.user_agent)
        assert callee.hears(reply(invite, 491, tag="")) == ["ACK"]
        due = callee.user_agent.next_deadline()
        assert due is not None
        assert 0.0 <= due <= 2.0
        waits.add(round(due * 1000))
        assert tag
    assert len(waits) > 20
    assert all(wait % 10 == 0 for wait in waits)


def test_after_glare_the_far_side_may_go_first() -> None:
    call = talk()
    answered(call, asked(call), 491)
    assert call.asks("INVITE", 1, body=ANSWER)[0].line == "200"
    # Our repetition waits for the ACK, however late that is.
    assert "INVITE" not in [one.line for _, one in call.waits(5.0)]
    assert [one.line for one in call.asks("ACK", 1)] == ["INVITE"]


def test_a_change_whose_connection_breaks_is_sent_again_over_a_new_one() -> None:
    hop = Hop("127.0.0.1", 5070, Transport.TCP)
    caller = agent()
    caller.invite(
        "leg-1", target=hop, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0.0
    )
    (invite,) = sent_by(caller)
    call = Call(caller, invite)
    call.answers(200, body=ANSWER, contact="sip:them@127.0.0.1:5070;transport=tcp")
    call.events()
    first = asked(call)
    caller.connection_lost(hop, 0.5)
    assert call.events() == []
    ((when, again),) = call.waits(2.0)
    assert (when, again.line, again.target) == (1.5, "INVITE", first.target)
    assert first.branch != again.branch


def test_a_reinvite_for_nobody_is_481() -> None:
    call = talk()
    data = in_dialog("INVITE", call.invite, 1, tag="other", body=ANSWER)
    assert call.hears(data)[0].line == "481"
    assert NUMBER in call.invite.uri


def test_the_direction_of_a_call_without_a_session_is_inactive() -> None:
    call = place()
    call.answers(200, body=b"nonsense")
    established = call.user_agent._legs["leg-1"].established
    assert established is not None
    assert established.session.negotiation.direction is Direction.INACTIVE
