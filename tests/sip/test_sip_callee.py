"""A call that comes in, and everything else a stranger may send."""

from sip_net import (
    ANSWER,
    CALLER,
    NOBODY,
    NUMBER,
    OFFER,
    PEER,
    Callee,
    after,
    incoming,
    lines,
    sent,
)

from vyzov.sip.events import (
    CallCancelled,
    CallEnded,
    DialogConfirmed,
    Hop,
    IncomingCall,
)


def test_an_invite_is_told_with_its_evidence_and_100_is_sent_at_once() -> None:
    callee = Callee()
    data = incoming(body=OFFER, headers=["Authorization: Digest x"])
    assert callee.hears(data) == ["100"]
    (event,) = callee.user_agent.events()
    assert isinstance(event, IncomingCall)
    assert (event.to_user, event.from_user, event.source) == (NUMBER, CALLER, PEER)
    assert (event.call_id, event.sdp, event.raw) == ("from-outside", OFFER, data)
    assert event.authorization == "Digest x"


def test_a_ringing_and_an_answer_make_one_dialog() -> None:
    callee = Callee()
    routes = ["Record-Route: <sip:127.0.0.1:5081;lr>, <sip:127.0.0.1:5082;lr>"]
    leg = callee.rings(headers=routes)
    callee.user_agent.respond(leg, 183, sdp=ANSWER, now=1.0)
    callee.user_agent.respond(leg, 200, "Fine", sdp=ANSWER, headers=[("X-A", "b")], now=2.0)
    early, answer = sent(callee.user_agent)
    assert (early.line, answer.line) == ("183", "200")
    assert early["To"] == answer["To"]
    assert answer.all("Record-Route") == ["<sip:127.0.0.1:5081;lr>, <sip:127.0.0.1:5082;lr>"]
    assert answer["Contact"] == "<sip:vyzov@127.0.0.1:5060>"
    assert (answer["X-A"], answer.body) == ("b", ANSWER)
    assert answer.data.startswith(b"SIP/2.0 200 Fine\r\n")
    tag = answer.message.to_address.parameters["tag"] or ""
    assert callee.hears(after(tag, "ACK", 1)) == []
    assert callee.user_agent.events() == [DialogConfirmed(leg, 0.0, None)]
    callee.user_agent.bye(leg, 3.0)
    (bye,) = sent(callee.user_agent)
    assert (bye.uri, bye["CSeq"]) == ("sip:them@127.0.0.1:5070", "1 BYE")
    assert bye.target == Hop("127.0.0.1", 5081)
    assert bye.all("Route") == ["<sip:127.0.0.1:5081;lr>", "<sip:127.0.0.1:5082;lr>"]
    assert bye.message.to_address.parameters["tag"] == "caller"
    assert callee.user_agent.dialog_state(leg) is None


def test_an_ack_may_bring_the_answer() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 200, sdp=OFFER, now=0.0)
    (answer,) = sent(callee.user_agent)
    tag = answer.message.to_address.parameters["tag"] or ""
    callee.hears(after(tag, "ACK", 1, body=ANSWER))
    callee.hears(after(tag, "ACK", 1, body=ANSWER))
    assert callee.user_agent.events() == [DialogConfirmed(leg, 0.0, ANSWER)]


def test_an_answer_is_resent_until_its_ack() -> None:
    callee = Callee()
    leg = callee.rings()
    assert callee.responds(leg, 200, sdp=ANSWER) == ["200"]
    assert callee.hears(incoming(body=OFFER)) == []
    assert callee.waits(12.0) == [(when, "200") for when in (0.5, 1.5, 3.5, 7.5, 11.5)]


def test_an_answer_nobody_acknowledges_ends_the_call() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.responds(leg, 200, sdp=ANSWER)
    assert callee.waits(32.0)[-1] == (32.0, "BYE")
    assert callee.user_agent.events() == [
        CallEnded(leg, 32.0, "us", "no_ack")  # type: ignore[arg-type]
    ]


def test_a_callees_bye_waits_for_the_ack() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 200, sdp=ANSWER, now=0.0)
    (answer,) = sent(callee.user_agent)
    callee.user_agent.bye(leg, 0.1, "changed my mind")
    assert lines(callee.user_agent) == []
    tag = answer.message.to_address.parameters["tag"] or ""
    callee.now = 0.2
    assert callee.hears(after(tag, "ACK", 1)) == ["BYE"]
    confirmed, ended = callee.user_agent.events()
    assert isinstance(confirmed, DialogConfirmed)
    assert ended == CallEnded(leg, 0.2, "us", "changed my mind")  # type: ignore[arg-type]


def test_a_callees_bye_goes_out_even_if_the_ack_never_comes() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.responds(leg, 200)
    callee.user_agent.bye(leg, 0.1, "gone")
    assert callee.waits(32.0)[-1] == (32.0, "BYE")
    (event,) = callee.user_agent.events()
    assert isinstance(event, CallEnded)
    assert event.cause == "gone"


def test_the_callers_bye_settles_an_answer_whose_ack_was_lost() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 200, now=0.0)
    (answer,) = sent(callee.user_agent)
    tag = answer.message.to_address.parameters["tag"] or ""
    assert callee.hears(after(tag, "BYE", 2)) == ["200"]
    assert callee.named() == ["CallEnded"]
    assert callee.waits(100) == []


def test_a_rejection_is_resent_until_its_ack_and_no_longer() -> None:
    callee = Callee()
    leg = callee.rings()
    assert callee.responds(leg, 486) == ["486"]
    assert callee.waits(5.0) == [(0.5, "486"), (1.5, "486"), (3.5, "486")]
    assert callee.hears(incoming(body=OFFER)) == ["486"]
    assert callee.hears(incoming("ACK")) == []
    assert callee.hears(incoming("ACK")) == []
    assert callee.hears(incoming(body=OFFER)) == []
    assert callee.waits(100) == []
    assert callee.named() == []


def test_a_rejection_nobody_acknowledges_is_given_up() -> None:
    callee = Callee()
    callee.responds(callee.rings(), 486)
    assert len(callee.waits(100)) == 10
    assert callee.user_agent.next_deadline() is None


def test_a_repeated_invite_gets_the_last_provisional_again() -> None:
    callee = Callee()
    leg = callee.rings()
    assert callee.hears(incoming(body=OFFER)) == ["100"]
    assert callee.responds(leg, 180) == ["180"]
    assert callee.hears(incoming(body=OFFER)) == ["180"]
    assert callee.named() == []


def test_the_first_final_response_holds() -> None:
    callee = Callee()
    leg = callee.rings()
    assert callee.responds(leg, 603) == ["603"]
    for code in (180, 200, 486):
        assert callee.responds(leg, code) == []


def test_a_phrase_is_found_for_every_code() -> None:
    callee = Callee()
    for number, code in enumerate((100, 404, 607, 699), 1):
        leg = callee.rings(call_id=f"c{number}")
        assert callee.responds(leg, code) == [str(code)]


def test_a_cancel_is_answered_and_ends_the_ringing() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.responds(leg, 180)
    callee.now = 4.0
    cancel = incoming("CANCEL", headers=["Reason: SIP;cause=200"])
    assert callee.hears(cancel) == ["200", "487"]
    assert callee.user_agent.events() == [CallCancelled(leg, 4.0, ("SIP;cause=200",))]
    assert callee.hears(cancel) == ["200"]
    assert callee.responds(leg, 200) == []
    assert callee.hears(incoming("ACK")) == []
    assert callee.waits(100) == []


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.responds(leg, 200)
    assert callee.hears(incoming("CANCEL")) == ["200"]
    assert callee.named() == []


def test_a_cancel_of_nothing_gets_481() -> None:
    callee = Callee()
    assert callee.hears(incoming("CANCEL")) == ["481"]


def test_a_cancel_of_a_change_in_mid_call_changes_nothing() -> None:
    callee = Callee()
    _, tag = callee.talks()
    assert callee.hears(after(tag, "INVITE", 2, branch="z9hG4bKre", body=OFFER)) == ["200"]
    assert callee.hears(after(tag, "CANCEL", 2, branch="z9hG4bKre")) == ["200"]
    assert callee.named() == []


def test_hanging_up_an_incoming_call_rejects_it() -> None:
    for verb in ("bye", "cancel"):
        callee = Callee()
        leg = callee.rings()
        getattr(callee.user_agent, verb)(leg, 1.0)
        assert lines(callee.user_agent) == ["480"]


def test_an_incoming_call_nobody_answers_is_rejected_in_the_end() -> None:
    callee = Callee()
    callee.rings()
    assert callee.waits(300.0) == [(300.0, "480")]


def test_before_our_answer_the_caller_may_ask_but_change_nothing() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.user_agent.respond(leg, 180, now=0.0)
    (ringing,) = sent(callee.user_agent)
    tag = ringing.message.to_address.parameters["tag"] or ""
    methods = ("INFO", "OPTIONS", "UPDATE", "PRACK", "NOTIFY")
    codes = [
        callee.hears(after(tag, method, number, branch=f"z9hG4bK{number}"))
        for number, method in enumerate(methods, 2)
    ]
    # An UPDATE that offers nothing only refreshes (RFC 3311 §5.2).
    assert codes == [["200"], ["200"], ["200"], ["481"], ["405"]]
    assert callee.hears(after(tag, "BYE", 9)) == ["200", "487"]
    assert callee.named() == ["CallCancelled"]
    assert callee.hears(after(tag, "INFO", 10, branch="z9hG4bK10")) == ["481"]


def test_the_same_invite_by_another_path_is_answered_once() -> None:
    callee = Callee()
    leg = callee.rings()
    assert callee.hears(incoming(branch="z9hG4bKfork", body=OFFER)) == ["482"]
    callee.hears(incoming("ACK", branch="z9hG4bKfork"))
    assert callee.named() == []
    callee.responds(leg, 486)
    callee.waits(100)
    assert callee.hears(incoming(branch="z9hG4bKlate", body=OFFER)) == ["100"]


def test_a_body_that_is_no_session_is_refused() -> None:
    callee = Callee()
    data = incoming(headers=["Content-Type: text/plain"], body=b"hello")
    assert callee.hears(data) == ["415"]


def test_an_invite_without_a_session_is_a_call() -> None:
    callee = Callee()
    assert callee.hears(incoming()) == ["100"]
    (event,) = callee.user_agent.events()
    assert isinstance(event, IncomingCall)
    assert event.sdp is None


def test_an_ended_incoming_leg_is_forgotten_whole() -> None:
    callee = Callee()
    leg, tag = callee.talks()
    callee.user_agent.forget(leg)
    assert callee.hears(after(tag, "BYE", 2)) == ["200"]
    callee.user_agent.forget(leg)
    callee.waits(100)
    user_agent = callee.user_agent
    tables = (user_agent._legs, user_agent._early, user_agent._received, user_agent._dialogs)
    assert [len(table) for table in tables] == [0, 0, 0, 0]
    assert user_agent.next_deadline() is None


def test_placing_verbs_on_an_incoming_leg_answer_nothing_twice() -> None:
    callee = Callee()
    leg, _ = callee.talks()
    callee.user_agent.respond(leg, 486, now=1.0)
    callee.user_agent.challenge(leg, code=401, realm="r", now=1.0)
    assert lines(callee.user_agent) == []
    call_id = callee.user_agent.invite(
        leg, target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=1.0
    )
    assert call_id
    assert lines(callee.user_agent) == []
