"""What strangers send: probes, floods, noise, and passwords to be checked."""

import pytest
from sip_net import (
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    US,
    Call,
    Callee,
    agent,
    incoming,
    lines,
    reply,
    sent,
)

from vyzov.sip.callee import MAX_NONCES
from vyzov.sip.events import (
    IncomingCall,
    MessageIgnored,
    OptionsAnswered,
    Transport,
)
from vyzov.sip.layer import MAX_SERVER_TRANSACTIONS
from vyzov.sip.user_agent import Account, Hop


def test_a_response_goes_back_as_it_came() -> None:
    callee = Callee()
    vias = ["Via: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKlower"]
    data = incoming(
        via="SIP/2.0/UDP far.example:5099;rport;received=6.6.6.6", headers=vias, body=OFFER
    )
    callee.user_agent.receive(data, Hop("127.0.0.9", 40000), 0.0)
    (trying,) = sent(callee.user_agent)
    assert trying.target == Hop("127.0.0.9", 40000)
    top, lower = trying.all("Via")
    assert top.startswith("SIP/2.0/UDP far.example:5099;branch=z9hG4bKin;")
    assert top.endswith(";received=127.0.0.9;rport=40000")
    assert lower == "SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKlower"
    assert "tag" not in trying.message.to_address.parameters


def test_without_rport_the_vias_port_is_answered() -> None:
    callee = Callee()
    for via, port in (("SIP/2.0/UDP 127.0.0.1:5099", 5099), ("SIP/2.0/UDP 127.0.0.1", 5060)):
        data = incoming("OPTIONS", via=via, branch=f"z9hG4bK{port}")
        callee.user_agent.receive(data, Hop("127.0.0.1", 40000), 0.0)
        (answer,) = sent(callee.user_agent)
        assert answer.target == Hop("127.0.0.1", port)
        assert "rport" not in answer["Via"]
        assert "received" not in answer["Via"]


def test_several_vias_on_one_line_are_kept() -> None:
    callee = Callee()
    data = incoming("OPTIONS", via="SIP/2.0/UDP 127.0.0.1:5070;rport")
    data = data.replace(b"branch=z9hG4bKin", b"branch=z9hG4bKin, SIP/2.0/UDP 10.0.0.3;branch=z9")
    callee.user_agent.receive(data, PEER, 0.0)
    (answer,) = sent(callee.user_agent)
    assert answer["Via"].endswith(", SIP/2.0/UDP 10.0.0.3;branch=z9")
    assert len(answer.message.via) == 2


def test_a_peer_without_branches_is_understood() -> None:
    callee = Callee()
    data = incoming(body=OFFER, via="SIP/2.0/UDP 127.0.0.1:5070", branch="1")
    data = data.replace(b";branch=1", b"")
    assert callee.hears(data) == ["100"]
    assert callee.hears(data) == ["100"]
    assert callee.named() == ["IncomingCall"]


@pytest.mark.parametrize(
    ("method", "answers"),
    [("INVITE", ["403"]), ("OPTIONS", ["200"]), ("BYE", ["481"]), ("INFO", ["481"]),
     ("UPDATE", ["481"]), ("REGISTER", ["405"]), ("X-NEW", ["405"]), ("ACK", [])],
)  # fmt: skip
def test_a_stranger_gets_a_sensible_answer(method: str, answers: list[str]) -> None:
    user_agent = agent()
    user_agent.receive(incoming(method), PEER, 0.0)
    assert lines(user_agent) == answers


def test_a_demand_we_cannot_meet_is_refused_by_name() -> None:
    callee = Callee()
    callee.user_agent.receive(incoming(headers=["Require: 100rel, x"]), PEER, 0.0)
    (answer,) = sent(callee.user_agent)
    assert (answer.line, answer["Unsupported"]) == ("420", "x")


def challenged(callee: Callee, code: int, algorithm: str, account: Account) -> tuple[str, bool]:
    """One agent calls another that challenges it; returns the second leg, and the verdict."""
    caller = agent(PEER.address)
    caller.invite(
        "leg", target=Hop(*US), to=NUMBER, caller_id=CALLER, sdp=OFFER, account=account, now=0
    )
    for _ in range(6):
        for data, _ in caller.messages_to_send():
            callee.user_agent.receive(data, PEER, 0.0)
        for event in callee.user_agent.events():
            if isinstance(event, IncomingCall):
                if event.authorization:
                    right = callee.user_agent.check_credentials(
                        event.leg, username="vyzov", password="secret"
                    )
                    return event.leg, right
                callee.user_agent.challenge(
                    event.leg, code=code, realm="box", algorithm=algorithm, now=0.0
                )
        for data, _ in callee.user_agent.messages_to_send():
            caller.receive(data, US, 0.0)
    return "", False


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256"])
def test_a_challenged_caller_is_known_by_its_password(code: int, algorithm: str) -> None:
    known = Account("vyzov", "secret", "box", allow_md5=True)
    wrong = Account("vyzov", "wrong", "box", allow_md5=True)
    assert challenged(Callee(), code, algorithm, known)[1]
    leg, right = challenged(Callee(), code, algorithm, wrong)
    assert leg
    assert not right


def test_a_digest_for_a_nonce_we_never_gave_is_refused() -> None:
    callee = Callee()
    leg = callee.rings(headers=['Authorization: Digest username="vyzov", nonce="n"'])
    assert not callee.user_agent.check_credentials(leg, username="vyzov", password="secret")


def test_only_the_two_codes_of_challenges_challenge() -> None:
    callee = Callee()
    leg = callee.rings()
    with pytest.raises(ValueError, match="401 or 407, not 403"):
        callee.user_agent.challenge(leg, code=403, realm="r", now=0.0)
    assert lines(callee.user_agent) == []


def test_challenges_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_NONCES > 1000
    monkeypatch.setattr("vyzov.sip.callee.MAX_NONCES", 20)
    callee = Callee()
    for number in range(25):
        leg = callee.rings(call_id=f"c{number}", branch=f"z9hG4bK{number}")
        callee.user_agent.challenge(leg, code=401, realm="r", now=0.0)
        lines(callee.user_agent)
    assert len(callee.user_agent._nonces._issued) == 20


def test_a_flood_of_requests_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vyzov.sip.layer.MAX_SERVER_TRANSACTIONS", 3)
    assert MAX_SERVER_TRANSACTIONS > 1000
    callee = Callee()
    answers = [callee.hears(incoming("OPTIONS", branch=f"z9hG4bK{n}")) for n in range(5)]
    assert answers == [["200"]] * 3 + [[]] * 2
    ignored = callee.user_agent.events()
    assert [e.reason for e in ignored if isinstance(e, MessageIgnored)] == [
        "too many requests at once"
    ] * 2
    callee.waits(33.0)
    assert callee.hears(incoming("OPTIONS", branch="z9hG4bKlater")) == ["200"]


def test_a_repeated_request_is_answered_again_for_32_seconds() -> None:
    callee = Callee()
    first = callee.hears(incoming("OPTIONS"))
    assert callee.hears(incoming("OPTIONS")) == first == ["200"]
    assert callee.waits(40.0) == []
    assert callee.user_agent.next_deadline() is None


@pytest.mark.parametrize(
    ("data", "answer"),
    [(b"\r\n\r\n", b"\r\n"), (b"\r\n", None), (b"\x00\x00", None), (b"noise", None)],
)
def test_a_keep_alive_is_answered_and_noise_is_not(data: bytes, answer: bytes | None) -> None:
    user_agent = agent()
    user_agent.receive(data, PEER, 5.0)
    assert user_agent.messages_to_send() == ([(answer, PEER)] if answer else [])


def test_noise_is_reported_with_its_source() -> None:
    user_agent = agent()
    user_agent.receive(b"noise\r\n\r\n", PEER, 5.0)
    (event,) = user_agent.events()
    assert isinstance(event, MessageIgnored)
    assert (event.source, event.at) == (PEER, 5.0)
    assert event.reason.startswith("malformed: ")


def test_an_options_probe_tells_what_came_back() -> None:
    user_agent = agent()
    token = user_agent.options(PEER, 0.0)
    (probe,) = sent(user_agent)
    assert (probe.line, probe.uri, probe.target) == ("OPTIONS", "sip:127.0.0.1:5070", PEER)
    call = Call(user_agent, probe, 0.2)
    call.hears(reply(probe, 100))
    assert call.events() == []
    call.hears(reply(probe, 404))
    assert call.events() == [OptionsAnswered(token, 0.2, token, 404, "Whatever")]


def test_a_probe_tells_the_wait_it_was_asked_for() -> None:
    user_agent = agent()
    token = user_agent.options(PEER, 0.0)
    (probe,) = sent(user_agent)
    call = Call(user_agent, probe, 0.2)
    call.hears(reply(probe, 503, headers=["Retry-After: 7 (full)"]))
    (told,) = call.events()
    assert isinstance(told, OptionsAnswered)
    assert (told.token, told.code, told.retry_after) == (token, 503, 7)


def test_a_probe_whose_connection_cannot_be_made_says_why() -> None:
    user_agent = agent()
    over_tcp = PEER._replace(transport=Transport.TCP)
    token = user_agent.options(over_tcp, 0.0)
    user_agent.connection_lost(over_tcp, 1.0, "refused: nobody listens there", stood=False)
    (told,) = user_agent.events()
    assert isinstance(told, OptionsAnswered)
    assert (told.token, told.code) == (token, 0)
    assert "refused" in told.phrase


def test_a_probe_nobody_answers_tells_so_after_32_seconds() -> None:
    user_agent = agent()
    token = user_agent.options(PEER, 0.0)
    (probe,) = sent(user_agent)
    call = Call(user_agent, probe)
    assert len(call.waits(100)) == 10
    assert call.events() == [OptionsAnswered(token, 32.0, token, 0)]
