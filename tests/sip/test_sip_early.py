"""Before the answer: reliable provisional responses and changes, on both sides of a call."""

import pytest
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
    after,
    agent,
    incoming,
    place,
    reply,
    sent,
)

from vyzov.sip import sdp
from vyzov.sip.auth import write_challenge
from vyzov.sip.events import CallAnswered, CallRejected, IncomingCall, SessionChanged
from vyzov.sip.user_agent import Account

HELD = ANSWER.replace(b"sendrecv", b"sendonly")
UPDATES = "Allow: INVITE, ACK, BYE, PRACK, UPDATE"


def reliable(number: int, *more: str) -> list[str]:
    return ["Require: 100rel", f"RSeq: {number}", *more]


# ---- as caller: PRACK ----------------------------------------------------------------------------


def test_a_prack_goes_without_a_session_where_our_offer_is_answered() -> None:
    call = place()
    (prack,) = call.answers(183, headers=reliable(1), body=ANSWER)
    assert (prack.line, prack.body, prack["RAck"]) == ("PRACK", b"", "1 1 INVITE")
    call.hears(reply(prack, 200))
    call.answers(200, body=ANSWER)
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    assert event.sdp == ANSWER


def test_a_session_that_comes_again_in_the_answer_changes_nothing() -> None:
    call = place()
    call.answers(183, headers=reliable(1), body=ANSWER)
    call.answers(200, body=OFFER)
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    # RFC 3264 allows one answer to an offer, and the reliable one was it.
    assert event.sdp == ANSWER


def test_a_prack_is_proved_where_it_is_challenged() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    (prack,) = call.answers(183, headers=reliable(1))
    challenge = "Proxy-Authenticate: " + write_challenge("carrier", "n1")
    (again,) = call.hears(reply(prack, 407, headers=[challenge]))
    assert (again["CSeq"], again["RAck"]) == ("3 PRACK", "1 1 INVITE")
    assert again["Proxy-Authorization"].startswith("Digest ")


@pytest.mark.parametrize("code", [408, 481])
def test_a_prack_the_far_side_knows_no_call_for_gives_the_call_up(code: int) -> None:
    call = place()
    (prack,) = call.answers(180, headers=reliable(1))
    (cancel,) = call.hears(reply(prack, code))
    assert (cancel.line, cancel.branch) == ("CANCEL", call.invite.branch)
    call.events()
    call.answers(487)
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    # The far side broke it, so it must not look like our wish.
    assert (event.code, event.stage) == (487, "ringing")


def test_a_broken_early_dialog_beside_a_living_one_leaves_the_call_ringing() -> None:
    call = place()
    (prack,) = call.answers(180, tag="a", headers=reliable(1))
    call.answers(180, tag="b")
    assert call.hears(reply(prack, 481)) == []
    call.answers(200, tag="b", body=ANSWER)
    assert call.named()[-1] == "CallAnswered"


def test_a_refused_prack_changes_nothing_else() -> None:
    call = place()
    (prack,) = call.answers(180, headers=reliable(1))
    assert call.hears(reply(prack, 500)) == []
    call.answers(200, body=ANSWER)
    assert call.named()[-1] == "CallAnswered"


def test_a_prack_that_fails_after_the_answer_leaves_the_call_alone() -> None:
    call = place()
    (prack,) = call.answers(180, headers=reliable(1))
    call.answers(200, body=ANSWER)
    assert call.hears(reply(prack, 481)) == []
    assert "CallEnded" not in call.named()


def test_a_prack_nobody_answers_gives_the_call_up() -> None:
    call = place()
    call.answers(180, headers=reliable(1))
    assert call.waits(32.0)[-1][1].line == "CANCEL"


# ---- as caller: an offer of the far side -----------------------------------------------------------


def late() -> Call:
    caller = agent()
    caller.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0.0,
        late_offer=True,
    )  # fmt: skip
    (invite,) = sent(caller)
    return Call(caller, invite)


def test_an_invite_without_an_offer_carries_no_session() -> None:
    call = late()
    assert call.invite.body == b""
    assert b"Content-Type" not in call.invite.data


def test_an_offer_in_a_reliable_response_is_answered_in_its_prack() -> None:
    call = late()
    (prack,) = call.answers(183, headers=reliable(1), body=ANSWER)
    assert sdp.agree(prack.body, ANSWER).port == 5000
    assert b"m=audio 4000" in prack.body
    (second,) = call.answers(180, headers=reliable(2), body=ANSWER)
    assert second.body == b""
    (ack,) = call.answers(200)
    assert ack.body == b""
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    assert event.sdp == ANSWER


def test_an_offer_in_the_answer_is_answered_in_its_ack() -> None:
    call = late()
    (ack,) = call.answers(200, body=ANSWER)
    assert sdp.agree(ack.body, ANSWER).port == 5000
    (again,) = call.answers(200, body=ANSWER)
    assert again.data == ack.data


def test_an_early_offer_that_cannot_be_taken_is_refused_and_the_call_given_up() -> None:
    call = late()
    video = ANSWER.replace(b"RTP/AVP 8 101", b"RTP/AVP 97")
    prack, cancel = call.answers(183, headers=reliable(1), body=video)
    assert (prack.line, cancel.line) == ("PRACK", "CANCEL")
    assert [media.port for media in sdp.parse(prack.body).media] == [0]


def test_an_offer_in_the_answer_that_cannot_be_taken_ends_the_call() -> None:
    call = late()
    video = ANSWER.replace(b"RTP/AVP 8 101", b"RTP/AVP 97")
    ack, bye = call.answers(200, body=video)
    assert (ack.line, bye.line) == ("ACK", "BYE")
    assert [media.port for media in sdp.parse(ack.body).media] == [0]
    assert call.named() == ["CallAnswered", "CallEnded"]


# ---- as caller: UPDATE -------------------------------------------------------------------------------


def test_an_update_before_our_offer_is_answered_gets_491() -> None:
    call = place()
    call.answers(183, body=ANSWER)
    assert call.asks("UPDATE", 1, body=HELD)[0].line == "491"


def test_an_update_after_the_reliable_answer_changes_the_early_session() -> None:
    call = place()
    call.answers(183, headers=reliable(1, UPDATES), body=ANSWER)
    moved = ANSWER.replace(b"m=audio 5000", b"m=audio 5555").replace(b"- 9 1 IN", b"- 9 2 IN")
    (answer,) = call.asks("UPDATE", 1, body=moved)
    assert (answer.line, b"m=audio 4000" in answer.body) == ("200", True)
    event = call.events()[-1]
    assert isinstance(event, SessionChanged)
    assert event.sdp == moved
    call.answers(200)
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    assert event.sdp == moved


def test_an_update_of_ours_leaves_only_after_the_reliable_answer() -> None:
    call = place()
    call.answers(183, headers=[UPDATES], body=ANSWER)
    assert not call.user_agent.hold("leg-1", 0.0)
    call.answers(183, headers=reliable(1, UPDATES), body=ANSWER)
    assert call.user_agent.hold("leg-1", 0.0)
    (update,) = sent(call.user_agent)
    assert (update.line, update["CSeq"]) == ("UPDATE", "3 UPDATE")
    assert b"a=sendonly" in update.body
    assert call.hears(reply(update, 200, body=ANSWER.replace(b"sendrecv", b"recvonly"))) == []
    event = call.events()[-1]
    assert isinstance(event, SessionChanged)
    assert event.direction == "sendonly"


def test_an_update_the_far_side_knows_no_call_for_gives_the_call_up() -> None:
    call = place()
    call.answers(183, headers=reliable(1, UPDATES), body=ANSWER)
    call.user_agent.hold("leg-1", 0.0)
    (update,) = sent(call.user_agent)
    assert [one.line for one in call.hears(reply(update, 481))] == ["CANCEL"]


def test_an_early_request_of_a_dialog_never_heard_of_gets_481() -> None:
    call = place()
    call.answers(180)
    assert call.asks("UPDATE", 1, tag="other")[0].line == "481"
    assert call.asks("INFO", 2, headers=["Info-Package: x"])[0].line == "469"
    assert call.asks("INFO", 1)[0].line == "500"
    assert call.asks("PRACK", 3)[0].line == "481"


def test_a_199_ends_one_early_dialog_and_not_the_call() -> None:
    call = place()
    call.answers(180, tag="a")
    call.answers(180, tag="b")
    call.answers(199, tag="a")
    assert call.asks("INFO", 1, tag="a")[0].line == "481"
    assert call.asks("INFO", 1, tag="b")[0].line == "200"
    call.answers(200, tag="b", body=ANSWER)
    assert call.named() == ["CallProgress"] * 3 + ["CallAnswered"]


def test_early_dialogs_end_with_the_invite_that_was_challenged() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    call.answers(183, tag="proxy", headers=reliable(1, UPDATES), body=ANSWER)
    challenge = "Proxy-Authenticate: " + write_challenge("carrier", "n1")
    call.answers(407, headers=[challenge])
    assert call.asks("UPDATE", 1, tag="proxy", body=HELD)[0].line == "481"


def test_early_dialogs_end_with_the_call() -> None:
    call = place()
    call.answers(183, tag="a", headers=reliable(1, UPDATES), body=ANSWER)
    call.answers(180, tag="b")
    call.answers(200, tag="b", body=ANSWER)
    assert call.asks("UPDATE", 1, tag="a", body=HELD)[0].line == "481"


# ---- as callee: reliable provisional responses -----------------------------------------------------


class Ringing(Callee):
    """A callee that has told 183 reliably; keeps what it said."""

    def __init__(self, *headers: str, offer: bool = True, told: bytes | None = ANSWER) -> None:
        super().__init__()
        body = OFFER if offer else b""
        from_outside = list(headers) or ["Supported: 100rel", UPDATES]
        self.leg = self._rung(from_outside, body)
        self.user_agent.respond(self.leg, 183, sdp=told, reliable=True, now=0.0)
        (self.told,) = sent(self.user_agent)
        self.tag = self.told.message.to_address.parameters["tag"] or ""

    def _rung(self, headers: list[str], body: bytes) -> str:
        assert self.hears(incoming(headers=headers, body=body)) == ["100"]
        (event,) = self.user_agent.events()
        assert isinstance(event, IncomingCall)
        return event.leg

    def asks(self, method: str, cseq: int, *headers: str, body: bytes = b"") -> list[Sent]:
        data = after(
            self.tag,
            method,
            cseq,
            branch=f"z9hG4bK{method}{cseq}",
            headers=list(headers),
            body=body,
        )
        self.user_agent.receive(data, PEER, self.now)
        return sent(self.user_agent)

    def pracks(self, cseq: int = 2, *, rseq: int | None = None, body: bytes = b"") -> list[Sent]:
        number = int(self.told["RSeq"]) if rseq is None else rseq
        return self.asks("PRACK", cseq, f"RAck: {number} 1 INVITE", body=body)


def test_a_reliable_response_says_so_and_is_resent_until_its_prack() -> None:
    callee = Ringing()
    assert callee.told["Require"] == "100rel"
    assert 1 <= int(callee.told["RSeq"]) < 2**31
    assert [when for when, _ in callee.waits(8.0)] == [0.5, 1.5, 3.5, 7.5]
    (answer,) = callee.pracks()
    assert (answer.line, answer.body) == ("200", b"")
    assert callee.waits(100.0) == []


def test_every_resent_response_is_the_same() -> None:
    callee = Ringing()
    callee.user_agent.handle_deadline(0.5)
    (again,) = sent(callee.user_agent)
    assert again.data == callee.told.data


def test_a_reliable_response_nobody_acknowledges_ends_the_call() -> None:
    callee = Ringing()
    found = callee.waits(32.0)
    assert found[-1] == (32.0, "504")
    assert callee.responds(callee.leg, 200) == []


def test_a_caller_that_demands_it_always_gets_reliable_responses() -> None:
    callee = Callee()
    leg = callee.rings(headers=["Require: 100rel"])
    callee.user_agent.respond(leg, 180, now=0.0)
    (told,) = sent(callee.user_agent)
    assert (told.line, told["Require"]) == ("180", "100rel")


def test_a_caller_that_cannot_acknowledge_gets_plain_responses() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 180, reliable=True, now=0.0)
    (told,) = sent(callee.user_agent)
    assert b"RSeq" not in told.data


def test_100_is_never_reliable() -> None:
    callee = Callee()
    leg = callee.rings(headers=["Require: 100rel"])
    callee.user_agent.respond(leg, 100, reliable=True, now=0.0)
    (told,) = sent(callee.user_agent)
    assert b"RSeq" not in told.data


@pytest.mark.parametrize(
    "rack", ["{wrong} 1 INVITE", "{right} 2 INVITE", "{right} 1 BYE", "{right}", "x 1 INVITE", ""]
)
def test_a_prack_of_something_else_gets_481_and_stops_nothing(rack: str) -> None:
    callee = Ringing()
    right = int(callee.told["RSeq"])
    text = rack.format(right=right, wrong=right + 1)
    assert callee.asks("PRACK", 2, f"RAck: {text}")[0].line == "481"
    assert callee.waits(0.5) == [(0.5, "183")]


def test_a_second_prack_gets_481() -> None:
    callee = Ringing()
    assert callee.pracks()[0].line == "200"
    assert callee.pracks(3)[0].line == "481"


def test_later_responses_wait_for_the_prack_of_the_first_and_count_on() -> None:
    callee = Ringing()
    for _ in range(20):
        callee.user_agent.respond(callee.leg, 180, reliable=True, now=0.0)
    assert sent(callee.user_agent) == []
    answer, second = callee.pracks()
    assert (answer.line, second.line) == ("200", "180")
    assert int(second["RSeq"]) == int(callee.told["RSeq"]) + 1
    callee.told = second
    rounds = 0
    while (found := callee.pracks(3 + rounds)) and len(found) == 2:
        callee.told = found[1]
        rounds += 1
    assert rounds == 7  # Eight waited at most; the rest was dropped.


def test_an_answer_waits_for_the_prack_of_the_session_told_before() -> None:
    callee = Ringing()
    assert callee.responds(callee.leg, 200, sdp=ANSWER) == []
    assert callee.responds(callee.leg, 486) == []
    assert [one.line for one in callee.pracks()] == ["200", "200"]
    assert callee.hears(after(callee.tag, "ACK", 1)) == []
    assert callee.named() == ["DialogConfirmed"]


def test_a_rejection_waits_for_no_prack() -> None:
    callee = Ringing()
    assert callee.responds(callee.leg, 486) == ["486"]
    callee.hears(after(callee.tag, "ACK", 1, branch="z9hG4bKin"))
    assert callee.pracks()[0].line == "481"
    assert callee.waits(100.0) == []


def test_a_cancel_ends_what_waits_for_a_prack() -> None:
    callee = Ringing()
    callee.responds(callee.leg, 200, sdp=ANSWER)
    assert callee.hears(incoming("CANCEL")) == ["200", "487"]
    assert callee.named() == ["CallCancelled"]


def test_a_call_answered_without_a_prack_is_given_up_in_the_end() -> None:
    callee = Ringing()
    callee.responds(callee.leg, 200, sdp=ANSWER)
    assert callee.waits(32.0)[-1] == (32.0, "504")


def test_an_offer_of_ours_is_answered_in_the_prack() -> None:
    callee = Ringing(offer=False, told=OFFER)
    assert callee.asks("UPDATE", 2, body=ANSWER)[0].line == "491"
    assert [one.line for one in callee.pracks(3, body=ANSWER)] == ["200"]
    callee.user_agent.respond(callee.leg, 200, now=0.0)
    (answer,) = sent(callee.user_agent)
    assert answer.body == b""
    assert callee.user_agent._legs[callee.leg].established is not None
    callee.hears(after(callee.tag, "ACK", 1))
    session = callee.user_agent._legs[callee.leg].session
    assert session is not None
    assert session.negotiation.remote == ANSWER


def test_an_offer_in_a_prack_is_answered_in_its_200() -> None:
    callee = Ringing()
    moved = OFFER.replace(b"m=audio 4000", b"m=audio 4444")
    (answer,) = callee.pracks(body=moved)
    assert (answer.line, b"m=audio 5000" in answer.body) == ("200", True)


def test_an_offer_in_a_prack_that_cannot_be_taken_is_refused_and_the_call_goes_on() -> None:
    callee = Ringing()
    (answer,) = callee.pracks(body=OFFER.replace(b"RTP/AVP 8 0 101", b"RTP/AVP 97"))
    assert answer.line == "488"
    assert callee.responds(callee.leg, 200) == ["200"]


# ---- as callee: UPDATE -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_an_offer_before_the_first_one_is_answered_is_put_off(method: str) -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 180, now=0.0)
    (told,) = sent(callee.user_agent)
    tag = told.message.to_address.parameters["tag"] or ""
    callee.user_agent.receive(after(tag, method, 2, body=OFFER), PEER, 0.0)
    (answer,) = sent(callee.user_agent)
    assert answer.line == "500"
    assert 0 <= int(answer["Retry-After"]) <= 10


def test_an_update_after_the_reliable_answer_is_taken_before_the_call_is() -> None:
    callee = Ringing()
    callee.pracks()
    moved = OFFER.replace(b"m=audio 4000", b"m=audio 4444")
    (answer,) = callee.asks("UPDATE", 3, body=moved)
    assert (answer.line, b"m=audio 5000" in answer.body) == ("200", True)
    (event,) = callee.user_agent.events()
    assert isinstance(event, SessionChanged)
    assert callee.asks("INFO", 2)[0].line == "500"


def test_an_update_of_ours_leaves_before_the_answer_where_the_caller_takes_it() -> None:
    callee = Ringing()
    callee.pracks()
    assert callee.user_agent.hold(callee.leg, 0.0)
    (update,) = sent(callee.user_agent)
    assert (update.line, b"a=sendonly" in update.body) == ("UPDATE", True)
    callee.hears(reply(update, 200, tag="", body=OFFER.replace(b"sendrecv", b"recvonly")))
    (event,) = callee.user_agent.events()
    assert isinstance(event, SessionChanged)
    assert event.direction == "sendonly"


def test_a_caller_without_update_is_not_sent_one() -> None:
    callee = Ringing("Supported: 100rel")
    callee.pracks()
    assert not callee.user_agent.hold(callee.leg, 0.0)


def test_an_early_update_of_ours_the_caller_knows_no_call_for_changes_nothing() -> None:
    callee = Ringing()
    callee.pracks()
    callee.user_agent.hold(callee.leg, 0.0)
    (update,) = sent(callee.user_agent)
    assert callee.hears(reply(update, 481, tag="")) == []
    assert callee.responds(callee.leg, 486) == ["486"]
