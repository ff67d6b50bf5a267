"""A call that comes in, and everything else a stranger may send."""

import pytest
from sip_net import (
    ANSWER,
    CALLER,
    NOBODY,
    NUMBER,
    OFFER,
    PEER,
    US,
    Call,
    agent,
    incoming,
    lines,
    reply,
    sent,
)

from vyzov.sip.callee import MAX_NONCES
from vyzov.sip.events import (
    CallCancelled,
    CallEnded,
    DialogConfirmed,
    IncomingCall,
    MessageIgnored,
    OptionsAnswered,
)
from vyzov.sip.layer import MAX_SERVER_TRANSACTIONS
from vyzov.sip.user_agent import Account, UserAgent


class Callee:
    """An agent that is called by hand."""

    def __init__(self, **options: object) -> None:
        self.user_agent: UserAgent = agent(accept_calls=True, **options)
        self.now = 0.0

    def hears(self, data: bytes, source: tuple[str, int] = PEER) -> list[str]:
        self.user_agent.receive_datagram(data, source, self.now)
        return lines(self.user_agent)

    def rings(self, **options: object) -> str:
        """Receives an INVITE and returns its leg."""
        data = incoming(body=OFFER, **options)  # type: ignore[arg-type]
        assert self.hears(data) == ["100"]
        (event,) = self.user_agent.events()
        assert isinstance(event, IncomingCall)
        return event.leg

    def responds(self, leg: str, code: int, **options: object) -> list[str]:
        self.user_agent.respond(leg, code, now=self.now, **options)  # type: ignore[arg-type]
        return lines(self.user_agent)

    def waits(self, until: float) -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = []
        while (due := self.user_agent.next_deadline()) is not None and due <= until:
            self.user_agent.handle_deadline(due)
            found += [(due, line) for line in lines(self.user_agent)]
        self.now = until
        return found

    def named(self) -> list[str]:
        return [type(event).__name__ for event in self.user_agent.events()]

    def talks(self) -> tuple[str, str]:
        """Answers a call that is acknowledged; returns its leg and our tag."""
        leg = self.rings()
        self.user_agent.respond(leg, 200, sdp=ANSWER, now=self.now)
        (answer,) = sent(self.user_agent)
        tag = answer.message.to_address.parameters["tag"] or ""
        assert self.hears(after(tag, "ACK", 1)) == []
        self.user_agent.events()
        return leg, tag


def after(
    tag: str, method: str, cseq: int, branch: str = "z9hG4bKafter", **options: object
) -> bytes:
    """Writes a request of the caller in the dialog."""
    to = f"<sip:{NUMBER}@127.0.0.1:5060>;tag={tag}"
    return incoming(method, cseq=cseq, branch=branch, to=to, **options)  # type: ignore[arg-type]


def test_an_invite_is_told_with_its_evidence_and_100_is_sent_at_once() -> None:
    callee = Callee()
    data = incoming(body=OFFER, headers=["Authorization: Digest x"])
    assert callee.hears(data) == ["100"]
    (event,) = callee.user_agent.events()
    assert isinstance(event, IncomingCall)
    assert (event.to_user, event.from_user, event.source) == (NUMBER, CALLER, PEER)
    assert (event.call_id, event.sdp, event.raw) == ("from-outside", OFFER, data)
    assert event.authorization == "Digest x"


def test_a_response_goes_back_as_it_came() -> None:
    callee = Callee()
    vias = ["Via: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKlower"]
    data = incoming(
        via="SIP/2.0/UDP far.example:5099;rport;received=6.6.6.6", headers=vias, body=OFFER
    )
    callee.user_agent.receive_datagram(data, ("127.0.0.9", 40000), 0.0)
    (trying,) = sent(callee.user_agent)
    assert trying.target == ("127.0.0.9", 40000)
    top, lower = trying.all("Via")
    assert top.startswith("SIP/2.0/UDP far.example:5099;branch=z9hG4bKin;")
    assert top.endswith(";received=127.0.0.9;rport=40000")
    assert lower == "SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKlower"
    assert "tag" not in trying.message.to_address.parameters


def test_without_rport_the_vias_port_is_answered() -> None:
    callee = Callee()
    for via, port in (("SIP/2.0/UDP 127.0.0.1:5099", 5099), ("SIP/2.0/UDP 127.0.0.1", 5060)):
        data = incoming("OPTIONS", via=via, branch=f"z9hG4bK{port}")
        callee.user_agent.receive_datagram(data, ("127.0.0.1", 40000), 0.0)
        (answer,) = sent(callee.user_agent)
        assert answer.target == ("127.0.0.1", port)
        assert "rport" not in answer["Via"]
        assert "received" not in answer["Via"]


def test_several_vias_on_one_line_are_kept() -> None:
    callee = Callee()
    data = incoming("OPTIONS", via="SIP/2.0/UDP 127.0.0.1:5070;rport")
    data = data.replace(b"branch=z9hG4bKin", b"branch=z9hG4bKin, SIP/2.0/UDP 10.0.0.3;branch=z9")
    callee.user_agent.receive_datagram(data, PEER, 0.0)
    (answer,) = sent(callee.user_agent)
    assert answer["Via"].endswith(", SIP/2.0/UDP 10.0.0.3;branch=z9")
    assert len(answer.message.via) == 2


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
    assert bye.target == ("127.0.0.1", 5081)
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
    assert codes == [["200"], ["200"], ["488"], ["481"], ["405"]]
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
    user_agent.receive_datagram(incoming(method), PEER, 0.0)
    assert lines(user_agent) == answers


def test_a_demand_we_cannot_meet_is_refused_by_name() -> None:
    callee = Callee()
    callee.user_agent.receive_datagram(incoming(headers=["Require: 100rel, x"]), PEER, 0.0)
    (answer,) = sent(callee.user_agent)
    assert (answer.line, answer["Unsupported"]) == ("420", "100rel, x")


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


def challenged(callee: Callee, code: int, algorithm: str, account: Account) -> tuple[str, bool]:
    """One agent calls another that challenges it; returns the second leg, and the verdict."""
    caller = agent(PEER)
    caller.invite("leg", target=US, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=account, now=0)
    for _ in range(6):
        for data, _ in caller.datagrams_to_send():
            callee.user_agent.receive_datagram(data, PEER, 0.0)
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
        for data, _ in callee.user_agent.datagrams_to_send():
            caller.receive_datagram(data, US, 0.0)
    return "", False


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_challenged_caller_is_known_by_its_password(code: int, algorithm: str) -> None:
    assert challenged(Callee(), code, algorithm, Account("vyzov", "secret", "box"))[1]
    leg, right = challenged(Callee(), code, algorithm, Account("vyzov", "wrong", "box"))
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
    user_agent.receive_datagram(data, PEER, 5.0)
    assert user_agent.datagrams_to_send() == ([(answer, PEER)] if answer else [])


def test_noise_is_reported_with_its_source() -> None:
    user_agent = agent()
    user_agent.receive_datagram(b"noise\r\n\r\n", PEER, 5.0)
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
    assert call.events() == [OptionsAnswered(token, 0.2, token, 404)]


def test_a_probe_nobody_answers_tells_so_after_32_seconds() -> None:
    user_agent = agent()
    token = user_agent.options(PEER, 0.0)
    (probe,) = sent(user_agent)
    call = Call(user_agent, probe)
    assert len(call.waits(100)) == 10
    assert call.events() == [OptionsAnswered(token, 32.0, token, 0)]


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
