"""Giving a call up, and answering challenges: the races a dialer lives on."""

from sip_net import (
    ANSWER,
    PEER,
    place,
    rejected,
    reply,
    sent,
    talk,
)

from vyzov.sip.auth import write_challenge
from vyzov.sip.events import CallAnswered, CallEnded, CallRejected, MessageIgnored
from vyzov.sip.identity import MAX_INVITES
from vyzov.sip.user_agent import Account, Hop

ACCOUNT = Account("vyzov", "secret", "carrier")


def test_an_unanswered_invite_is_resent_doubling_and_given_up_after_32_seconds() -> None:
    call = place()
    resent = call.waits(100)
    assert [when for when, _ in resent] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert all(one.data == call.invite.data for _, one in resent)
    event = rejected(call)
    assert (event.at, event.code, event.stage, event.provisionals) == (32.0, 0, "timeout", ())


def test_cancel_waits_for_a_provisional() -> None:
    call = place()
    call.user_agent.cancel("leg-1", 0.1)
    assert sent(call.user_agent) == []
    call.user_agent.cancel("leg-1", 0.2)
    (cancel,) = call.answers(100)
    assert (cancel.line, cancel.uri, cancel.target) == ("CANCEL", call.invite.uri, PEER)
    assert cancel.branch == call.invite.branch
    assert cancel["CSeq"] == "1 CANCEL"
    for name in ("From", "To", "Call-ID"):
        assert cancel[name] == call.invite[name]
    assert cancel.body == b""
    assert call.answers(180) == []


def test_a_cancelled_call_ends_with_487_and_never_looks_like_the_callees_decision() -> None:
    call = place()
    call.now = 1.0
    call.answers(180)
    call.user_agent.cancel("leg-1", 20.0)
    (cancel,) = sent(call.user_agent)
    call.now = 20.1
    assert call.hears(reply(cancel, 200)) == []
    assert [one.line for one in call.answers(487)] == ["ACK"]
    event = call.events()[-1]
    assert isinstance(event, CallRejected)
    assert (event.code, event.stage, event.provisionals) == (487, "cancelled", ((180, 1.0),))
    call.user_agent.cancel("leg-1", 21.0)
    assert sent(call.user_agent) == []


def test_a_cancel_is_resent_until_it_is_answered() -> None:
    call = place()
    call.answers(180)
    call.user_agent.cancel("leg-1", 0.0)
    sent(call.user_agent)
    resent = call.waits(9.0)
    assert [(when, one.line) for when, one in resent] == [
        (0.5, "CANCEL"), (1.5, "CANCEL"), (3.5, "CANCEL"), (7.5, "CANCEL"),
    ]  # fmt: skip


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    call = place()
    call.answers(180)
    call.events()
    call.user_agent.cancel("leg-1", 1.0)
    sent(call.user_agent)
    call.now = 1.1
    assert [one.line for one in call.answers(200, body=ANSWER)] == ["ACK", "BYE"]
    answered, ended = call.events()
    assert isinstance(answered, CallAnswered)
    assert ended == CallEnded("leg-1", 1.1, "us", "cancelled")  # type: ignore[arg-type]


def test_an_answer_before_any_provisional_ends_a_call_given_up() -> None:
    call = place()
    call.user_agent.cancel("leg-1", 0.1)
    assert [one.line for one in call.answers(200)] == ["ACK", "BYE"]
    assert call.named() == ["CallAnswered", "CallEnded"]


def test_cancelling_an_answered_call_is_a_bye() -> None:
    call = talk()
    call.user_agent.cancel("leg-1", 1.0)
    call.user_agent.cancel("leg-1", 1.0)
    assert [one.line for one in sent(call.user_agent)] == ["BYE"]
    assert call.named() == ["CallEnded"]


def test_a_callers_bye_before_the_answer_is_a_cancel() -> None:
    call = place()
    call.answers(180)
    call.user_agent.bye("leg-1", 1.0, "pause")
    assert [one.line for one in sent(call.user_agent)] == ["CANCEL"]


def test_a_call_given_up_that_nobody_ever_took_is_cancelled_and_not_timed_out() -> None:
    call = place()
    call.user_agent.cancel("leg-1", 0.1)
    assert {one.line for _, one in call.waits(60)} == {"INVITE"}
    event = rejected(call)
    assert (event.code, event.stage, event.at) == (0, "cancelled", 32.0)


def test_after_a_cancel_without_a_final_response_a_late_answer_is_released() -> None:
    call = place()
    call.answers(180)
    call.events()
    call.user_agent.cancel("leg-1", 1.0)
    sent(call.user_agent)
    call.waits(60)
    event = rejected(call)
    assert (event.code, event.stage, event.at) == (0, "cancelled", 33.0)
    call.now = 100.0
    ack, bye = call.answers(200, contact="sip:late@127.0.0.1:5079")
    assert [ack.line, bye.line, bye.target] == ["ACK", "BYE", Hop("127.0.0.1", 5079)]
    (ignored,) = call.events()
    assert isinstance(ignored, MessageIgnored)
    assert (ignored.leg, ignored.reason) == ("leg-1", "late answer released")
    assert call.answers(200)[0].data == ack.data


def test_a_phone_that_rings_after_all_was_given_up_is_cancelled() -> None:
    call = place()
    call.waits(40)
    (cancel,) = call.answers(180)
    assert (cancel.line, cancel.branch) == ("CANCEL", call.invite.branch)
    assert call.answers(180) == []
    (ack,) = call.answers(487)
    assert (ack.line, ack.branch) == ("ACK", call.invite.branch)
    assert [type(event).__name__ for event in call.events()] == ["CallRejected"]


def test_a_call_forgotten_by_its_owner_does_not_ring_for_ever() -> None:
    call = place()
    call.answers(180)
    assert [(when, one.line) for when, one in call.waits(300.2)] == [(300.0, "CANCEL")]


def test_a_challenge_is_answered_in_a_new_transaction_of_the_same_call() -> None:
    call = place(ACCOUNT)
    header = "WWW-Authenticate: " + write_challenge("carrier", "n1", "SHA-256")
    ack, again = call.answers(401, headers=[header])
    assert (ack.line, ack.branch) == ("ACK", call.invite.branch)
    assert (again.line, again["CSeq"]) == ("INVITE", "2 INVITE")
    assert again.branch != call.invite.branch
    assert again["Call-ID"] == call.invite["Call-ID"]
    assert again["From"] == call.invite["From"]
    assert again["Authorization"].startswith('Digest username="vyzov"')
    assert f'uri="{call.invite.uri}"' in again["Authorization"]
    assert call.events() == []
    (ack,) = call.hears(reply(again, 200, body=ANSWER))
    assert ack["CSeq"] == "2 ACK"
    assert ack["Authorization"] == again["Authorization"]
    assert call.named() == ["CallAnswered"]


def test_a_wrong_password_is_a_rejection_and_no_loop() -> None:
    call = place(ACCOUNT)
    challenge = "Proxy-Authenticate: " + write_challenge("carrier", "n1")
    _, again = call.answers(407, headers=[challenge])
    challenge = challenge.replace("n1", "n2")
    assert [one.line for one in call.hears(reply(again, 407, headers=[challenge]))] == ["ACK"]
    event = rejected(call)
    assert (event.code, event.stage) == (407, "trying")


def test_a_foreign_realm_gets_no_digest() -> None:
    call = place(ACCOUNT)
    challenge = "WWW-Authenticate: " + write_challenge("attacker", "n1")
    assert [one.line for one in call.answers(401, headers=[challenge])] == ["ACK"]
    assert rejected(call).code == 401


def test_a_peer_that_challenges_for_ever_is_left_after_six_invites() -> None:
    call = place(ACCOUNT)
    invites, current = 1, call.invite
    for number in range(20):
        header = "WWW-Authenticate: " + write_challenge("carrier", f"n{number}", stale=True)
        found = call.hears(reply(current, 401, headers=[header]))
        if len(found) == 1:
            break
        invites, current = invites + 1, found[1]
    assert invites == MAX_INVITES
    assert rejected(call).code == 401


def test_a_challenge_that_crosses_the_wish_to_give_up_places_no_new_call() -> None:
    call = place(ACCOUNT)
    call.user_agent.cancel("leg-1", 0.1)
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1")
    assert [one.line for one in call.answers(401, headers=[challenge])] == ["ACK"]
    assert rejected(call).stage == "cancelled"


def test_a_cancel_after_a_challenge_names_the_second_invite() -> None:
    call = place(ACCOUNT)
    call.answers(100)
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1")
    _, again = call.answers(401, headers=[challenge])
    call.user_agent.cancel("leg-1", 0.2)
    assert sent(call.user_agent) == []
    (cancel,) = call.hears(reply(again, 180))
    assert (cancel.branch, cancel["CSeq"]) == (again.branch, "2 CANCEL")
