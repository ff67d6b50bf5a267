"""A call we place: what is sent when, to whom, and what is told of it."""

import pytest
from sip_net import (
    ANSWER,
    CALLER,
    NOBODY,
    NUMBER,
    OFFER,
    PEER,
    agent,
    in_dialog,
    place,
    rejected,
    reply,
    sent,
    talk,
)

from vyzov.sip.events import CallAnswered, CallProgress, CallRejected
from vyzov.sip.user_agent import Account, Hop

ACCOUNT = Account("vyzov", "secret", "carrier")


def test_an_invite_says_all_an_invite_must() -> None:
    invite = place(caller_name='Дом "Вызов"', headers=[("X-Campaign", "7")]).invite
    assert invite.target == PEER
    assert invite.uri == f"sip:{NUMBER}@127.0.0.1:5070"
    assert invite["Max-Forwards"] == "70"
    assert invite.message.from_address.name == 'Дом "Вызов"'
    assert invite.message.from_address.uri.user == CALLER
    assert invite.message.via[0].parameters["rport"] is None
    assert invite["Contact"] == "<sip:vyzov@127.0.0.1:5060>"
    assert invite["CSeq"] == "1 INVITE"
    assert invite["X-Campaign"] == "7"
    assert invite["Content-Type"] == "application/sdp"
    assert invite.body == OFFER
    assert "tag" not in invite.message.to_address.parameters


def test_the_advertised_address_is_what_peers_see() -> None:
    caller = agent(advertised=("203.0.113.5", 5080))
    caller.invite(
        "leg", target=PEER, to="*100#", caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0
    )
    (invite,) = sent(caller)
    assert invite.uri == "sip:*100%23@127.0.0.1:5070"
    assert invite["Contact"] == "<sip:vyzov@203.0.113.5:5080>"
    assert "203.0.113.5:5080" in invite["Via"]
    assert "127.0.0.1:5060" not in invite.data.decode()


@pytest.mark.parametrize(
    "options",
    [{"to": ""}, {"to": "+7000\r\nVia: x"}, {"to": "7000@evil"}, {"to": "70 00"}, {"to": "٣"},
     {"to": "+"}, {"to": "1" * 33}, {"to": "7000\n"}, {"caller_id": ""}, {"caller_id": "a;b"},
     {"caller_name": "a\r\nb"}, {"headers": [("Via", "x")]}, {"headers": [("X y", "x")]},
     {"headers": [("X", "a\r\nY: b")]}],
)  # fmt: skip
def test_nothing_is_sent_where_a_text_could_write_more_than_its_value(
    options: dict[str, object],
) -> None:
    caller = agent()
    every: dict[str, object] = {"to": NUMBER, "caller_id": CALLER, **options}
    with pytest.raises(ValueError, match=r"."):
        caller.invite("leg", target=PEER, sdp=OFFER, account=NOBODY, now=0, **every)  # type: ignore[arg-type]
    assert caller.messages_to_send() == []
    assert caller.next_deadline() is None


def test_a_leg_placed_already_is_not_placed_again() -> None:
    call = place()
    again = call.user_agent.invite(
        "leg-1", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=1
    )
    assert again == call.invite["Call-ID"]
    assert sent(call.user_agent) == []


def test_the_first_provisional_stops_resending_and_giving_up() -> None:
    call = place()
    call.waits(0.6)
    assert call.answers(100) == []
    assert call.waits(290) == []
    assert call.events() == []


def test_a_rejection_is_acknowledged_with_the_invites_branch_each_time_it_comes() -> None:
    call = place()
    for moment in (1.0, 1.5, 30.0):
        call.now = moment
        (ack,) = call.answers(486, "Busy Here")
        assert (ack.line, ack.uri, ack.target) == ("ACK", call.invite.uri, PEER)
        assert ack.branch == call.invite.branch
        assert len(ack.all("Via")) == 1
        assert ack["CSeq"] == "1 ACK"
        assert ack.message.to_address.parameters["tag"] == "callee"
        assert ack["From"] == call.invite["From"]
        assert ack.body == b""
    event = rejected(call)
    assert (event.code, event.phrase, event.stage, event.at) == (486, "Busy Here", "trying", 1.0)


def test_a_rejection_after_32_seconds_of_silence_is_a_stray() -> None:
    call = place()
    call.answers(486)
    call.events()
    call.waits(40)
    assert call.answers(486) == []
    assert call.named() == ["MessageIgnored"]


def test_a_rejection_brings_its_evidence() -> None:
    call = place()
    call.now = 2.0
    call.answers(180, "Ringing")
    call.now = 9.0
    call.answers(
        480,
        headers=[
            'Reason: SIP;cause=480, Q.850;cause=20;text="Subscriber, absent"',
            'Warning: 399 carrier "gone"',
            "Retry-After: 120 (maintenance);duration=3",
        ],
    )
    _, event = call.events()
    assert isinstance(event, CallRejected)
    assert event.stage == "ringing"
    assert event.reasons == ("SIP;cause=480", 'Q.850;cause=20;text="Subscriber, absent"')
    assert (event.q850, event.retry_after) == (20, 120)
    assert event.warning == '399 carrier "gone"'
    assert event.provisionals == ((180, 2.0),)


@pytest.mark.parametrize(
    "reason", ["Q.850;cause=300", "Q.850;cause=x", "SIP;cause=16", "Q.850", ""]
)
def test_a_reason_that_names_no_cause_gives_none(reason: str) -> None:
    call = place()
    call.answers(503, headers=[f"Reason: {reason}", "Retry-After: soon"])
    event = rejected(call)
    assert event.q850 is None
    assert event.retry_after is None


def test_a_redirection_is_reported_and_not_followed() -> None:
    call = place()
    contacts = "Contact: <sip:+70005550199@127.0.0.1:5099>;q=0.9, sip:other@127.0.0.1"
    assert [one.line for one in call.answers(302, contact="", headers=[contacts])] == ["ACK"]
    event = rejected(call)
    assert event.contacts == ("sip:+70005550199@127.0.0.1:5099", "sip:other@127.0.0.1")
    assert call.waits(100) == []


def test_an_answer_is_acknowledged_along_its_route_in_a_new_transaction() -> None:
    call = place()
    (ack,) = call.answers(
        200,
        contact="sip:them@10.0.0.9:5099",
        headers=["Record-Route: <sip:127.0.0.1:5081;lr>, <sip:127.0.0.1:5082;lr>",
                 "Record-Route: <sip:127.0.0.1:5083;lr>"],
        body=ANSWER,
    )  # fmt: skip
    assert (ack.line, ack.uri) == ("ACK", "sip:them@10.0.0.9:5099")
    assert ack.all("Route") == [
        "<sip:127.0.0.1:5083;lr>", "<sip:127.0.0.1:5082;lr>", "<sip:127.0.0.1:5081;lr>",
    ]  # fmt: skip
    assert ack.target == Hop("127.0.0.1", 5083)
    assert ack.branch != call.invite.branch
    assert ack["CSeq"] == "1 ACK"
    (event,) = call.events()
    assert isinstance(event, CallAnswered)
    assert (event.leg, event.at, event.code, event.sdp) == ("leg-1", 0.0, 200, ANSWER)
    assert (event.call_id, event.phrase) == (call.invite["Call-ID"], "Whatever")
    call.user_agent.bye("leg-1", 1.0)
    (bye,) = sent(call.user_agent)
    assert (bye.line, bye.uri, bye.target) == ("BYE", "sip:them@10.0.0.9:5099", ack.target)
    assert bye.all("Route") == ack.all("Route")
    assert bye["CSeq"] == "2 BYE"


def test_a_strict_router_finds_itself_in_the_request_uri() -> None:
    call = place()
    routes = ["Record-Route: <sip:127.0.0.1:5081;lr>", "Record-Route: <sip:127.0.0.1:5082>"]
    (ack,) = call.answers(200, headers=routes)
    assert ack.uri == "sip:127.0.0.1:5082"
    assert ack.all("Route") == ["<sip:127.0.0.1:5081;lr>", "<sip:them@127.0.0.1:5070>"]
    assert ack.target == Hop("127.0.0.1", 5082)


@pytest.mark.parametrize(
    ("contact", "target"),
    [("sip:them@127.0.0.1:5099;transport=UDP", Hop("127.0.0.1", 5099)),
     ("sip:127.0.0.1", Hop("127.0.0.1", 5060)),
     ("sip:them@carrier.example", PEER), ("sip:them@0.0.0.0:5099", PEER),
     ("sip:them@224.0.0.1", PEER), ("sip:them@255.255.255.255", PEER),
     ("tel:+70005550101", PEER), ("", PEER), ("sip:[::", PEER)],
)  # fmt: skip
def test_requests_go_to_the_contact_or_where_the_call_was_placed(contact: str, target: Hop) -> None:
    (ack,) = place().answers(200, contact=contact)
    assert ack.target == target


def test_an_unreadable_route_is_kept_and_the_peer_asked() -> None:
    (ack,) = place().answers(200, headers=["Record-Route: <nonsense>"])
    assert (ack.uri, ack.target) == ("sip:them@127.0.0.1:5070", PEER)
    assert ack.all("Route") == ["<nonsense>"]


def test_a_repeated_answer_is_acknowledged_again_and_told_once() -> None:
    call = place()
    (first,) = call.answers(200)
    call.now = 5.0
    (second,) = call.answers(200)
    assert second.data == first.data
    assert call.named() == ["CallAnswered"]


def test_a_second_answer_with_another_tag_is_acknowledged_and_released() -> None:
    call = place()
    call.answers(180, tag="one")
    call.answers(180, tag="two")
    call.answers(200, tag="two", contact="sip:two@127.0.0.1:5072")
    ack, bye = call.answers(200, tag="one", contact="sip:one@127.0.0.1:5071")
    assert [ack.line, bye.line] == ["ACK", "BYE"]
    assert ack.target == bye.target == Hop("127.0.0.1", 5071)
    assert bye.message.to_address.parameters["tag"] == "one"
    assert call.named() == ["CallProgress", "CallProgress", "CallAnswered", "MessageIgnored"]
    (again,) = call.answers(200, tag="one")
    assert again.data == ack.data
    assert call.asks("BYE", 1, tag="one")[0].line == "200"
    assert call.events() == []
    call.user_agent.bye("leg-1", 1.0)
    (ours,) = sent(call.user_agent)
    assert ours.message.to_address.parameters["tag"] == "two"


def test_a_flood_of_answers_is_bounded() -> None:
    call = place()
    released = [len(call.answers(200, tag=f"t{number}")) for number in range(20)]
    assert released == [1] + [2] * 15 + [0] * 4


def test_an_answer_after_a_rejection_is_released() -> None:
    call = place()
    call.answers(486, tag="one")
    assert [one.line for one in call.answers(200, tag="two")] == ["ACK", "BYE"]
    assert call.named() == ["CallRejected", "MessageIgnored"]
    assert [one.line for one in call.answers(486, tag="one")] == ["ACK"]


def test_a_provisional_after_the_answer_says_nothing() -> None:
    call = talk()
    assert call.answers(180) == []
    assert call.answers(486, tag="other") == []
    assert call.events() == []


def test_every_provisional_above_100_is_told_with_what_it_brings() -> None:
    call = place()
    call.answers(100)
    call.now = 1.0
    call.answers(183, "Session Progress", body=ANSWER, headers=["Reason: Q.850;cause=1"])
    call.now = 2.0
    call.answers(180, "Ringing")
    call.now = 3.0
    call.answers(199)
    call.answers(155, tag="")
    events = call.events()
    assert all(isinstance(event, CallProgress) for event in events)
    assert [(e.code, e.to_tag, e.sdp, e.at) for e in events if isinstance(e, CallProgress)] == [
        (183, "callee", ANSWER, 1.0), (180, "callee", None, 2.0), (199, "callee", None, 3.0),
        (155, "", None, 3.0),
    ]  # fmt: skip
    first = events[0]
    assert isinstance(first, CallProgress)
    assert first.raw_reasons == ("Q.850;cause=1",)
    call.answers(404)
    event = rejected(call)
    assert event.provisionals == ((100, 0.0), (183, 1.0), (180, 2.0), (199, 3.0), (155, 3.0))


def test_a_repeated_provisional_is_one_and_a_changed_one_is_two() -> None:
    call = place()
    for body in (ANSWER, ANSWER, OFFER):
        call.answers(183, body=body)
        call.answers(100)
    assert call.named() == ["CallProgress", "CallProgress"]


def test_a_flood_of_early_dialogs_is_bounded() -> None:
    call = place()
    for number in range(40):
        call.answers(180, tag=f"t{number}")
    assert len(call.events()) == 16
    for number in range(100):
        call.answers(180, f"Ringing {number}", tag="t0")
    call.answers(486)
    event = call.events()[-1]
    assert isinstance(event, CallRejected)
    assert len(event.provisionals) == 64


def test_an_answer_without_a_session_has_the_early_one() -> None:
    call = place()
    call.answers(183, body=ANSWER)
    call.answers(180)
    call.answers(200)
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    assert event.sdp == ANSWER


def test_a_reliable_provisional_is_acknowledged_once_in_its_own_dialog() -> None:
    call = place()
    reliable = ["Require: 100REL", "RSeq: 7", "Record-Route: <sip:127.0.0.1:5081;lr>"]
    (prack,) = call.answers(183, tag="a", contact="sip:a@127.0.0.1:5071", headers=reliable)
    assert (prack.line, prack.uri, prack["CSeq"]) == ("PRACK", "sip:a@127.0.0.1:5071", "2 PRACK")
    assert prack["RAck"] == "7 1 INVITE"
    assert prack.target == Hop("127.0.0.1", 5081)
    assert prack.message.to_address.parameters["tag"] == "a"
    # A repeated and an out-of-order one are dropped, another dialog counts by itself.
    for number in (7, 9, 6):
        assert call.answers(183, tag="a", headers=["Require: 100rel", f"RSeq: {number}"]) == []
    (next_one,) = call.answers(180, tag="a", headers=["Require: 100rel", "RSeq: 8"])
    assert (next_one["RAck"], next_one["CSeq"]) == ("8 1 INVITE", "3 PRACK")
    (other,) = call.answers(183, tag="b", headers=["Require: 100rel", "RSeq: 700"])
    assert (other["RAck"], other["CSeq"]) == ("700 1 INVITE", "2 PRACK")
    call.hears(reply(prack, 200))
    (ack,) = call.answers(200, tag="a")
    assert ack["CSeq"] == "1 ACK"
    call.user_agent.bye("leg-1", 1.0)
    assert sent(call.user_agent)[0]["CSeq"] == "4 BYE"


def test_a_provisional_that_asks_for_nothing_reliable_gets_no_prack() -> None:
    call = place()
    assert call.answers(180, headers=["Require: other"]) == []
    assert call.answers(180, headers=["Require: 100rel", "RSeq: none"]) == []
    assert call.answers(183, tag="", headers=["Require: 100rel", "RSeq: 1"]) == []


def test_before_the_answer_the_far_side_may_ask_but_change_nothing() -> None:
    call = place()
    call.answers(183, body=ANSWER)
    codes = {
        method: call.asks(method, number)[0].line
        for number, method in enumerate(("INFO", "OPTIONS", "UPDATE", "BYE", "NOTIFY"), 1)
    }
    assert codes == {
        "INFO": "200",
        "OPTIONS": "200",
        "UPDATE": "200",
        "BYE": "481",
        "NOTIFY": "405",
    }
    call.answers(200, body=ANSWER)
    assert call.named() == ["CallProgress", "CallAnswered"]


def test_a_stray_response_changes_nothing() -> None:
    call = place()
    stray = reply(call.invite, 200).replace(call.invite.branch.encode(), b"z9hG4bKother")
    assert call.hears(stray) == []
    assert call.named() == ["MessageIgnored"]


def test_the_address_a_peer_saw_is_kept() -> None:
    call = place()
    data = reply(call.invite, 180)
    call.hears(data.replace(b";rport;", b";rport=99999;received=198.51.100.7;"))
    assert call.user_agent.seen_as is None
    call.hears(data.replace(b";rport;", b";rport=40001;received=198.51.100.7;"))
    assert call.user_agent.seen_as == ("198.51.100.7", 40001)


def test_a_call_costs_nothing_once_it_is_over() -> None:
    call = talk()
    call.hears(in_dialog("BYE", call.invite, 1))
    call.waits(200)
    agent_ = call.user_agent
    assert agent_.next_deadline() is None
    assert agent_.dialog_state("leg-1") is None
    agent_.forget("leg-1")
    agent_.forget("leg-1")
    layer = agent_._endpoint.layer
    tables = (agent_._legs, agent_._dialogs, agent_._early, agent_._ghosts, layer._clients)
    assert [len(table) for table in (*tables, layer._servers)] == [0] * 6


def test_a_living_leg_is_not_forgotten() -> None:
    call = talk()
    call.user_agent.forget("leg-1")
    assert call.user_agent.dialog_state("leg-1") is not None


def test_verbs_for_unknown_legs_do_nothing() -> None:
    caller = agent()
    caller.cancel("nobody", 0)
    caller.bye("nobody", 0)
    caller.respond("nobody", 200, now=0)
    caller.challenge("nobody", code=401, realm="r", now=0)
    caller.forget("nobody")
    assert not caller.check_credentials("nobody", username="u", password="p")
    assert caller.dialog_state("nobody") is None
    assert caller.messages_to_send() == []
    assert caller.events() == []


def test_an_owner_that_never_forgets_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vyzov.sip.user_agent._MANY_LEGS", 40)
    caller = agent()
    for number in range(200):
        caller.invite(
            f"leg-{number}",
            target=PEER,
            to=NUMBER,
            caller_id=CALLER,
            sdp=b"",
            account=NOBODY,
            now=0,
        )
        (invite,) = sent(caller)
        caller.receive(reply(invite, 486), PEER, 0.0)
        caller.messages_to_send()
    assert len(caller._legs) <= 40
    assert len(caller._early) <= 40
