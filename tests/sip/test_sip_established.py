"""An answered call: what the far side may do, and that it ends exactly once."""

import pytest
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    Call,
    Sent,
    agent,
    in_dialog,
    place,
    reply,
    sent,
    talk,
)

from vyzov.sip import sdp
from vyzov.sip.auth import write_challenge
from vyzov.sip.dialog import DialogState
from vyzov.sip.events import CallEnded, CallRejected, SessionChanged
from vyzov.sip.identity import MAX_INVITES
from vyzov.sip.user_agent import Account, Hop

HOLD = ANSWER.replace(b"sendrecv", b"sendonly")


def headers_of(one: Sent) -> list[str]:
    """Names the headers of a message."""
    return list(one.message.headers.keys())


def acked(call: Call, cseq: int, **options: object) -> None:
    """The far side acknowledges our 200 to its re-INVITE."""
    assert call.asks("ACK", cseq, **options) == []


def test_the_far_sides_bye_is_answered_each_time_and_told_once() -> None:
    call = talk()
    data = in_dialog("BYE", call.invite, 1, headers=["Reason: Q.850;cause=16, SIP;cause=200"])
    call.now = 9.0
    (first,) = call.hears(data)
    (second,) = call.hears(data)
    assert first.line == "200"
    assert second.data == first.data
    (event,) = call.events()
    assert event == CallEnded(
        "leg-1",
        9.0,
        "far",
        "bye",
        ("Q.850;cause=16", "SIP;cause=200"),  # type: ignore[arg-type]
    )
    assert call.asks("BYE", 2)[0].line == "200"
    assert call.asks("INVITE", 3, body=HOLD)[0].line == "481"
    call.waits(60)
    assert call.asks("BYE", 4)[0].line == "481"
    assert call.events() == []


def test_byes_that_cross_are_both_answered_and_ours_counts() -> None:
    call = talk()
    call.user_agent.bye("leg-1", 1.0, "done")
    (bye,) = sent(call.user_agent)
    assert "Reason" not in headers_of(bye)
    assert call.asks("BYE", 1)[0].line == "200"
    assert call.hears(reply(bye, 481)) == []
    (event,) = call.events()
    assert event == CallEnded("leg-1", 1.0, "us", "done")  # type: ignore[arg-type]


def test_a_bye_is_resent_until_it_is_answered_or_given_up() -> None:
    call = talk()
    call.user_agent.bye("leg-1", 0.0, "Q.850;cause=16")
    (bye,) = sent(call.user_agent)
    assert bye["Reason"] == "Q.850;cause=16"
    resent = call.waits(100)
    assert [when for when, _ in resent] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert call.named() == ["CallEnded"]
    assert call.user_agent.next_deadline() is None


def test_a_reason_that_would_break_its_line_stays_with_us() -> None:
    call = talk()
    call.user_agent.bye("leg-1", 0.0, "x;y\r\nVia: z")
    (bye,) = sent(call.user_agent)
    assert "Reason" not in headers_of(bye)


def test_a_bye_after_a_provisional_answer_is_resent_slowly() -> None:
    call = talk()
    call.user_agent.bye("leg-1", 0.0)
    (bye,) = sent(call.user_agent)
    call.hears(reply(bye, 100))
    assert [when for when, _ in call.waits(9.0)] == [4.0, 8.0]
    call.hears(reply(bye, 200))
    call.hears(reply(bye, 200))
    assert call.waits(100) == []


def test_a_challenged_bye_is_proved_once() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    call.answers(200, body=ANSWER)
    call.user_agent.bye("leg-1", 1.0, "Q.850;cause=16")
    (bye,) = sent(call.user_agent)
    challenge = "Proxy-Authenticate: " + write_challenge("carrier", "n1")
    (again,) = call.hears(reply(bye, 407, headers=[challenge]))
    assert (again["CSeq"], again["Reason"]) == ("3 BYE", "Q.850;cause=16")
    assert again["Proxy-Authorization"].startswith("Digest ")
    challenge = challenge.replace("n1", "n2")
    assert call.hears(reply(again, 407, headers=[challenge])) == []


def test_a_hold_is_answered_with_the_opposite_direction() -> None:
    call = talk()
    (answer,) = call.asks("INVITE", 1, body=HOLD)
    assert answer.line == "200"
    assert b"a=recvonly" in answer.body
    assert b"o=- 7 2 IN" in answer.body
    assert answer["Contact"] == "<sip:vyzov@127.0.0.1:5060>"
    acked(call, 1)
    assert call.events() == [SessionChanged("leg-1", 0.0, HOLD, "recvonly", answer.body)]
    (answer,) = call.asks("INVITE", 2, body=ANSWER)
    assert b"a=sendrecv" in answer.body
    assert b"o=- 7 3 IN" in answer.body
    acked(call, 2)
    assert call.events() == [SessionChanged("leg-1", 0.0, ANSWER, "sendrecv", answer.body)]


def test_a_session_offered_again_unchanged_is_no_change() -> None:
    call = talk()
    (first,) = call.asks("INVITE", 1, body=ANSWER)
    acked(call, 1)
    (second,) = call.asks("UPDATE", 2, body=ANSWER)
    assert second.body == first.body
    assert call.events() == []


def test_a_session_we_cannot_follow_is_refused_and_the_call_goes_on() -> None:
    call = talk()
    video = ANSWER.replace(b"RTP/AVP 8 101", b"RTP/AVP 97")
    assert call.asks("INVITE", 1, body=video)[0].line == "488"
    assert call.asks("INVITE", 2, body=b"nonsense")[0].line == "488"
    text = in_dialog("INVITE", call.invite, 3, body=b"hello")
    assert call.hears(text.replace(b"application/sdp", b"text/plain"))[0].line == "415"
    assert call.events() == []
    assert call.asks("BYE", 4)[0].line == "200"


def test_a_reinvite_without_a_session_gets_our_offer_and_answers_in_the_ack() -> None:
    call = talk()
    (answer,) = call.asks("INVITE", 1)
    assert answer.body == OFFER
    acked(call, 1, body=HOLD)
    acked(call, 1, body=HOLD)
    assert call.events() == [SessionChanged("leg-1", 0.0, HOLD, "recvonly", OFFER)]


def test_a_reinvite_without_a_session_is_refused_where_we_have_none() -> None:
    user_agent = agent(accept_calls=True)
    user_agent.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=b"", account=Account(), now=0
    )
    (invite,) = sent(user_agent)
    call = Call(user_agent, invite)
    call.answers(200, body=OFFER)
    assert call.asks("INVITE", 1)[0].line == "488"
    assert call.asks("INVITE", 2, body=OFFER)[0].line == "488"


def test_a_second_offer_waits_for_the_ack_of_the_first() -> None:
    call = talk()
    call.asks("INVITE", 1, body=HOLD)
    assert call.asks("INVITE", 2, body=ANSWER)[0].line == "491"
    assert call.asks("UPDATE", 3, body=ANSWER)[0].line == "491"
    acked(call, 2)
    assert call.asks("UPDATE", 4, body=ANSWER)[0].line == "491"
    acked(call, 1)
    assert call.asks("INVITE", 5, body=ANSWER)[0].line == "200"


def test_an_answer_to_a_reinvite_is_resent_until_its_ack() -> None:
    call = talk()
    data = in_dialog("INVITE", call.invite, 1, body=HOLD)
    (answer,) = call.hears(data)
    resent = call.waits(3.0)
    assert [(when, one.data) for when, one in resent] == [(0.5, answer.data), (1.5, answer.data)]
    assert call.hears(data) == []
    acked(call, 1)
    assert call.waits(100) == []


def test_a_reinvite_that_is_never_acknowledged_ends_the_call() -> None:
    call = talk()
    call.asks("INVITE", 1, body=ANSWER)
    last = call.waits(32.0)[-1][1]
    assert last.line == "BYE"
    (event,) = call.events()
    assert isinstance(event, CallEnded)
    assert (event.side, event.cause, event.at) == ("us", "no_ack", 32.0)


def test_a_bye_settles_a_reinvite_that_waits() -> None:
    call = talk()
    call.asks("INVITE", 1, body=ANSWER)
    assert call.asks("BYE", 2)[0].line == "200"
    assert call.waits(200) == []
    assert call.named() == ["CallEnded"]


def test_the_target_follows_the_last_contact() -> None:
    call = talk()
    data = in_dialog("INVITE", call.invite, 1, body=HOLD)
    call.hears(
        data.replace(b"Contact: <sip:them@127.0.0.1:5070>", b"Contact: <sip:new@127.0.0.1:5090>")
    )
    acked(call, 1)
    call.hears(in_dialog("UPDATE", call.invite, 2).replace(b"Contact: ", b"X-Contact: "))
    call.user_agent.bye("leg-1", 1.0)
    (bye,) = [one for one in sent(call.user_agent) if one.line == "BYE"]
    assert (bye.uri, bye.target) == ("sip:new@127.0.0.1:5090", Hop("127.0.0.1", 5090))


def test_other_requests_get_a_sensible_answer() -> None:
    call = talk()
    methods = ("OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "MESSAGE", "X-NEW")
    codes = [call.asks(method, number)[0].line for number, method in enumerate(methods, 1)]
    assert codes == ["200", "200", "200", "481", "405", "481", "405", "405"]
    refused = call.asks("SUBSCRIBE", 20)[0]
    assert refused["Allow"].startswith("INVITE, ")
    assert call.asks("INFO", 21, headers=["Require: timer, x"])[0]["Unsupported"] == "x"
    assert call.events() == []


def test_a_request_overtaken_by_a_later_one_is_refused() -> None:
    call = talk()
    assert call.asks("INFO", 5)[0].line == "200"
    assert call.asks("INFO", 4)[0].line == "500"
    assert call.asks("BYE", 5)[0].line == "200"


@pytest.mark.parametrize(
    "wrong", [{"tag": "other"}, {"call_id": "other"}, {"to": "other"}],
)  # fmt: skip
def test_a_request_of_another_dialog_gets_481(wrong: dict[str, str]) -> None:
    call = talk()
    data = in_dialog("BYE", call.invite, 1, tag=wrong.get("tag", "callee"))
    if "call_id" in wrong:
        data = data.replace(call.invite["Call-ID"].encode(), b"other")
    if "to" in wrong:
        tag = call.invite.message.from_address.parameters["tag"]
        data = data.replace(f";tag={tag}".encode(), b";tag=other")
    assert call.hears(data)[0].line == "481"
    assert call.events() == []


def test_an_ack_is_never_answered() -> None:
    call = talk()
    assert call.asks("ACK", 1) == []
    assert call.asks("ACK", 1, tag="other") == []
    assert call.named() == ["MessageIgnored"]


def saved(call: Call) -> DialogState:
    state = call.user_agent.dialog_state("leg-1")
    assert state is not None
    return state


def test_a_saved_dialog_is_read_back_the_same() -> None:
    call = talk(headers=["Record-Route: <sip:127.0.0.1:5081;lr>"])
    state = saved(call)
    assert DialogState.from_json(state.to_json()) == state
    assert state == DialogState(
        remote_tag="callee",
        remote_target="sip:them@127.0.0.1:5070",
        route_set=("<sip:127.0.0.1:5081;lr>",),
        local_cseq=1,
        remote_cseq=-1,
        peer=PEER,
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"peer": 1}', '{"peer": ["h", "x"]}', "null"])
def test_what_is_no_saved_dialog_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a saved dialog"):
        DialogState.from_json(text)


def test_before_the_answer_there_is_no_dialog_to_save() -> None:
    call = place()
    assert call.user_agent.dialog_state("leg-1") is None
    call.answers(200)
    call.user_agent.bye("leg-1", 1.0)
    assert call.user_agent.dialog_state("leg-1") is None


def reborn(dialog: DialogState | None, now: float = 0.0) -> Call:
    """An agent with no memory is told to reap the leg of a call placed before."""
    invite = place().invite
    user_agent = agent()
    user_agent.reap("leg-1", target=PEER, to=NUMBER, caller_id=CALLER, dialog=dialog, now=now)
    return Call(user_agent, invite, now)


def test_a_reborn_agent_ends_an_answered_call_by_its_saved_dialog() -> None:
    before = talk(headers=["Record-Route: <sip:127.0.0.1:5081;lr>"])
    call = reborn(saved(before))
    (bye,) = sent(call.user_agent)
    assert (bye.line, bye.uri) == ("BYE", "sip:them@127.0.0.1:5070")
    assert bye.target == Hop("127.0.0.1", 5081)
    assert bye["Route"] == "<sip:127.0.0.1:5081;lr>"
    assert bye["From"] == before.invite["From"]
    assert bye["To"] == before.invite["To"] + ";tag=callee"
    assert bye["Call-ID"] == before.invite["Call-ID"]
    assert int(bye["CSeq"].split()[0]) > 100
    assert call.events() == [CallEnded("leg-1", 0.0, "us", "reaped")]  # type: ignore[arg-type]
    assert call.hears(reply(bye, 200)) == []


def test_a_reborn_agent_cancels_every_invite_the_call_may_have_sent() -> None:
    account = Account("vyzov", "secret", "carrier")
    before = place(account)
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1")
    _, second = before.answers(401, headers=[challenge])
    call = reborn(None)
    cancels = sent(call.user_agent)
    assert [one["CSeq"] for one in cancels] == [f"{number} CANCEL" for number in range(1, 7)]
    assert [one.branch for one in cancels[:2]] == [before.invite.branch, second.branch]
    for name in ("From", "To", "Call-ID"):
        assert cancels[0][name] == before.invite[name]
    assert cancels[0].uri == before.invite.uri
    call.hears(reply(cancels[0], 481))
    call.hears(reply(cancels[1], 100))
    call.hears(reply(cancels[1], 200))
    assert [one.line for one in call.hears(reply(before.invite, 401))] == ["ACK"]
    assert call.events() == []
    (ack,) = call.hears(reply(second, 487))
    assert (ack.line, ack.branch, ack["CSeq"]) == ("ACK", second.branch, "2 ACK")
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    assert (event.code, event.stage) == (487, "cancelled")
    assert [one.line for one in call.hears(reply(second, 487))] == ["ACK"]
    call.waits(400)
    assert call.events() == []
    assert call.user_agent.next_deadline() is None


def test_a_reborn_agent_that_finds_nothing_ringing_says_so_once() -> None:
    call = reborn(None)
    for cancel in sent(call.user_agent):
        call.hears(reply(cancel, 481))
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    assert (event.code, event.stage) == (0, "cancelled")


def test_a_reborn_agent_whose_carrier_is_silent_says_so_after_32_seconds() -> None:
    call = reborn(None)
    sent(call.user_agent)
    call.waits(100)
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    assert (event.code, event.at) == (0, 32.0)


def test_a_cancel_that_was_taken_but_never_concluded_is_reported_in_the_end() -> None:
    call = reborn(None)
    for cancel in sent(call.user_agent):
        call.hears(reply(cancel, 200))
    assert call.events() == []
    call.waits(33)
    assert call.named() == ["CallRejected"]


def test_a_late_answer_to_a_reborn_agent_is_acknowledged_and_ended() -> None:
    call = reborn(None)
    sent(call.user_agent)
    call.now = 0.5
    ack, bye = call.answers(200, contact="sip:late@127.0.0.1:5079")
    assert [ack.line, bye.line] == ["ACK", "BYE"]
    assert (ack.uri, bye.target) == ("sip:late@127.0.0.1:5079", Hop("127.0.0.1", 5079))
    ignored, event = call.events()
    assert type(ignored).__name__ == "MessageIgnored"
    assert event == CallEnded("leg-1", 0.5, "us", "reaped")  # type: ignore[arg-type]
    assert call.asks("BYE", 1)[0].line == "200"
    for number in range(20):
        call.answers(200, tag=f"fork{number}")
    assert {type(event).__name__ for event in call.events()} == {"MessageIgnored"}


def test_a_phone_that_starts_to_ring_after_the_cancel_is_cancelled_again() -> None:
    call = reborn(None)
    for cancel in sent(call.user_agent):
        call.hears(reply(cancel, 481))
    call.waits(10.0)
    (cancel,) = call.answers(180)
    assert (cancel.line, cancel.branch) == ("CANCEL", call.invite.branch)
    assert call.answers(180) == []
    for _ in range(30):
        call.hears(reply(cancel, 481))
        call.waits(call.now + 10.0)
        found = call.answers(180)
    assert found == []


@pytest.mark.parametrize("what", ["branch", "tag", "cseq", "method"])
def test_a_forged_response_moves_no_reborn_agent(what: str) -> None:
    call = reborn(None)
    sent(call.user_agent)
    data = reply(call.invite, 200)
    tag = call.invite.message.from_address.parameters["tag"] or ""
    changes = {
        "branch": (call.invite.branch, "z9hG4bKother"),
        "tag": (tag, "other"),
        "cseq": ("CSeq: 1 INVITE", "CSeq: 99 INVITE"),
        "method": ("CSeq: 1 INVITE", "CSeq: 1 BYE"),
    }
    old, new = changes[what]
    assert call.hears(data.replace(old.encode(), new.encode())) == []
    assert call.named() == ["MessageIgnored"]


def test_reaping_twice_is_reaping_once() -> None:
    call = reborn(None)
    assert len(sent(call.user_agent)) == MAX_INVITES
    call.user_agent.reap("leg-1", target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=0.1)
    assert sent(call.user_agent) == []


def test_reaping_a_leg_we_remember_gives_it_up() -> None:
    call = talk()
    call.user_agent.reap("leg-1", target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=1.0)
    assert [one.line for one in sent(call.user_agent)] == ["BYE"]


def test_the_session_we_answer_with_is_agreed_with_the_far_side() -> None:
    call = talk()
    moved = ANSWER.replace(b"m=audio 5000", b"m=audio 5555")
    (answer,) = call.asks("INVITE", 1, body=moved)
    agreed = sdp.agree(answer.body, moved)
    assert (agreed.port, agreed.codec) == (5555, "PCMA")


def test_reaping_just_after_forgetting_sends_the_cancels_once_more() -> None:
    call = place()
    call.answers(180)
    call.user_agent.cancel("leg-1", 0.0)
    (cancel,) = sent(call.user_agent)
    call.hears(reply(cancel, 200))
    call.answers(487)
    call.user_agent.forget("leg-1")
    call.user_agent.reap("leg-1", target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=1.0)
    again = sent(call.user_agent)
    assert [one.line for one in again] == ["CANCEL"] * MAX_INVITES
    # The first CANCEL's memory ends at 5 s; the second must still find its answer.
    call.waits(6.0)
    for one in again:
        call.hears(reply(one, 481))
    assert {type(event).__name__ for event in call.events()} == {"CallProgress", "CallRejected"}
    assert call.waits(30.0) == []


def test_the_end_of_one_ghost_does_not_end_its_successor() -> None:
    call = reborn(None)
    sent(call.user_agent)
    call.user_agent.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=Account(), now=0.0
    )
    call.waits(310.0)
    assert [one.line for one in call.answers(180)] == ["CANCEL"]


def test_after_our_bye_an_answer_that_waited_for_its_ack_is_sent_no_more() -> None:
    call = talk()
    call.asks("INVITE", 1, body=HOLD)
    call.user_agent.bye("leg-1", 0.1)
    (bye,) = sent(call.user_agent)
    call.hears(reply(bye, 200))
    assert call.waits(100) == []
