"""Transports: timers with and without them, broken connections, ways a message goes."""

import pytest
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    US,
    Call,
    Callee,
    agent,
    in_dialog,
    incoming,
    lines,
    place,
    reply,
    sent,
    talk,
    tokens,
)

from vyzov.sip.dialog import Dialog, DialogState, reachable
from vyzov.sip.endpoint import Endpoint
from vyzov.sip.events import CallEnded, CallRejected, Hop, OptionsAnswered, Stage, Transport
from vyzov.sip.fields import Uri, Via, default_port
from vyzov.sip.layer import LARGE_BYTES, MAX_NO_TCP, NO_TCP_S
from vyzov.sip.message import parse
from vyzov.sip.transaction import response_target
from vyzov.sip.user_agent import Account

TCP = Hop("127.0.0.1", 5070, Transport.TCP)
TLS = Hop("127.0.0.1", 5071, Transport.TLS, "sip.carrier.example")
FLOW = Hop("127.0.0.1", 40_000, Transport.TCP, flow=7)
LARGE = OFFER + b"a=x-long:" + b"y" * LARGE_BYTES + b"\r\n"


def dial(target: Hop = TCP, *, leg: str = "leg-1", body: bytes = OFFER, **options: object) -> Call:
    """Places a call to a hop."""
    caller = agent(**options)
    caller.invite(
        leg, target=target, to=NUMBER, caller_id=CALLER, sdp=body, account=Account(), now=0.0
    )
    (invite,) = sent(caller)
    return Call(caller, invite)


def when(call: Call | Callee, until: float = 100.0) -> list[tuple[float, str]]:
    """Lets time pass; returns what left when, by its start."""
    return [(at, one if isinstance(one, str) else one.line) for at, one in call.waits(until)]


# ---- timers (RFC 3261 table 4) -------------------------------------------------------------------


def test_over_a_connection_an_invite_is_sent_once_and_given_up_after_32_seconds() -> None:
    call = dial()
    assert when(call, 31.9) == []
    assert call.named() == []
    assert when(call) == []
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    assert (event.at, event.stage, event.phrase) == (32.0, Stage.TIMEOUT, "")


def test_over_udp_an_invite_is_sent_again_and_again() -> None:
    assert [at for at, _ in when(place(), 31.9)] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


@pytest.mark.parametrize("hop", [TCP, TLS])
def test_over_a_connection_no_other_request_is_sent_twice(hop: Hop) -> None:
    user_agent = agent()
    user_agent.options(hop, 0.0)
    (probe,) = sent(user_agent)
    user_agent.receive(reply(probe, 100), hop, 0.1)
    call = Call(user_agent, probe)
    assert when(call) == []
    (event,) = call.events()
    assert isinstance(event, OptionsAnswered)
    assert (event.code, event.at) == (0, 32.0)


def test_over_a_connection_nothing_is_kept_of_an_answered_request() -> None:
    # Timer K is zero: the second answer belongs to nothing any more.
    for hop, kept in ((TCP, False), (PEER, True)):
        user_agent = agent()
        user_agent.options(hop, 0.0)
        (probe,) = sent(user_agent)
        user_agent.receive(reply(probe, 200), hop, 0.1)
        assert (user_agent.next_deadline() is not None) is kept


def test_a_rejection_is_acknowledged_once_and_a_late_answer_still_released() -> None:
    call = dial()
    assert [one.line for one in call.answers(486)] == ["ACK"]
    assert call.named() == ["CallRejected"]
    ack, bye = call.answers(200, tag="fork")
    assert (ack.line, bye.line) == ("ACK", "BYE")
    assert when(call) == []


def test_over_a_connection_our_rejection_is_sent_once() -> None:
    callee = Callee()
    leg = heard(callee, FLOW)
    assert callee.responds(leg, 486) == ["486"]
    assert when(callee) == []


def test_over_a_connection_the_acknowledged_rejection_is_forgotten_at_once() -> None:
    for source, kept in ((FLOW, False), (PEER, True)):
        callee = Callee()
        leg = heard(callee, source)
        callee.responds(leg, 486)
        callee.hears(incoming("ACK", branch="z9hG4bKin", to=f"<sip:{NUMBER}@h>;tag=x"), source)
        assert (callee.user_agent.next_deadline() is not None) is kept


def test_a_2xx_is_sent_again_over_every_transport_until_it_is_acknowledged() -> None:
    for source in (FLOW, PEER):
        callee = Callee()
        leg = heard(callee, source)
        assert callee.responds(leg, 200, sdp=ANSWER) == ["200"]
        assert [at for at, line in when(callee, 8) if line == "200"] == [0.5, 1.5, 3.5, 7.5]


def test_over_a_connection_an_answered_request_leaves_nothing() -> None:
    for source, kept in ((FLOW, False), (PEER, True)):
        callee = Callee()
        assert callee.hears(incoming("OPTIONS"), source) == ["200"]
        assert (callee.user_agent.next_deadline() is not None) is kept


def heard(callee: Callee, source: Hop) -> str:
    """Lets a call come in from a hop; returns its leg."""
    assert callee.hears(incoming(body=OFFER), source) == ["100"]
    return callee.user_agent.events()[0].leg


# ---- names on the wire ---------------------------------------------------------------------------


def test_via_and_contact_name_the_transport_and_its_port() -> None:
    ports = {Transport.TCP: 5064, Transport.TLS: 5065}
    for target, via, contact in (
        (PEER, "SIP/2.0/UDP 192.0.2.9:5060;", "<sip:vyzov@192.0.2.9:5060>"),
        (TCP, "SIP/2.0/TCP 192.0.2.9:5064;", "<sip:vyzov@192.0.2.9:5064;transport=tcp>"),
        (TLS, "SIP/2.0/TLS 192.0.2.9:5065;", "<sip:vyzov@192.0.2.9:5065;transport=tls>"),
    ):
        call = dial(target, ports=ports, advertised=("192.0.2.9", 5060))
        assert call.invite.all("Via")[0].startswith(via)
        assert call.invite["Contact"] == contact
        (ack,) = call.answers(200, contact="")
        assert ack.all("Via")[0].startswith(via)
        assert ack.target == target
        assert b"127.0.0.1:5060" not in call.invite.data, "no inner address leaves"


def test_a_callee_answers_with_the_contact_of_the_callers_transport() -> None:
    callee = Callee()
    leg = heard(callee, FLOW)
    callee.user_agent.respond(leg, 180, now=0.0)
    (ringing,) = sent(callee.user_agent)
    assert ringing["Contact"] == "<sip:vyzov@127.0.0.1:5060;transport=tcp>"


def test_no_product_is_told_where_none_is_given() -> None:
    for product, names in (("Vyzov", {"User-Agent", "Server"}), ("", set())):
        user_agent = agent(user_agent=product)
        user_agent.options(PEER, 0.0)
        user_agent.receive(incoming("OPTIONS"), PEER, 0.0)
        user_agent.receive(b"OPTIONS x SIP/2.0\r\nVia: SIP/2.0/UDP h;rport\r\n\r\n", PEER, 0.0)
        told = {
            line.partition(b":")[0].decode()
            for data, _ in user_agent.messages_to_send()
            for line in data.split(b"\r\n")
            if line.startswith((b"User-Agent", b"Server"))
        }
        assert told == names


def test_hops_are_written_for_people() -> None:
    assert str(TCP) == "tcp:127.0.0.1:5070"
    assert str(Hop("2001:db8::1", 5061, Transport.TLS)) == "tls:[2001:db8::1]:5061"
    assert [default_port(one) for one in Transport] == [5060, 5060, 5061]
    assert [one.reliable for one in Transport] == [False, True, True]


# ---- where responses go (RFC 3261 §18.2.2) -------------------------------------------------------


@pytest.mark.parametrize(
    ("via", "source", "target"),
    [
        ("SIP/2.0/UDP h:5090;rport", PEER, PEER),
        ("SIP/2.0/UDP h:5090", PEER, PEER._replace(port=5090)),
        ("SIP/2.0/UDP h", PEER, PEER._replace(port=5060)),
        ("SIP/2.0/UDP h;maddr=192.0.2.66;received=192.0.2.67;rport", PEER, PEER),
        ("SIP/2.0/TCP h:5090;rport", TCP, TCP),
        ("SIP/2.0/TCP h:5090", FLOW, FLOW._replace(port=5090)),
        ("SIP/2.0/TCP h;rport", FLOW, FLOW._replace(port=5060)),
        ("SIP/2.0/TLS h", FLOW._replace(transport=Transport.TLS),
         FLOW._replace(transport=Transport.TLS, port=5061)),
    ],
)  # fmt: skip
def test_responses_go_back_where_the_request_came_from(via: str, source: Hop, target: Hop) -> None:
    # `maddr` is not followed: it would let anybody have us send to anybody.
    assert response_target(Via.parse(via + ";branch=z9hG4bKx"), source) == target


# ---- where requests of a dialog go ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "peer", "target"),
    [
        ("sip:them@127.0.0.1:5070", TCP, TCP),
        ("sip:them@127.0.0.1:5070;transport=tcp", TCP, TCP),
        ("sip:them@127.0.0.1:5070;Transport=TCP", PEER, TCP),
        ("sip:them@192.0.2.5;transport=udp", TCP, Hop("192.0.2.5", 5060)),
        ("sip:them@192.0.2.5:5099", TCP, Hop("192.0.2.5", 5099, Transport.TCP)),
        ("sip:them@192.0.2.5;transport=sctp", TCP, Hop("192.0.2.5", 5060, Transport.TCP)),
        ("sips:them@192.0.2.5", PEER, Hop("192.0.2.5", 5061, Transport.TLS)),
        ("sip:them@192.0.2.5;transport=tls", PEER, Hop("192.0.2.5", 5061, Transport.TLS)),
        ("sip:them@192.0.2.5", TLS, TLS._replace(host="192.0.2.5", port=5061)),
        ("sip:them@192.0.2.5;transport=udp", TLS, TLS),
        ("sip:them@192.0.2.5;transport=tcp", TLS, TLS),
        ("sip:them@192.0.2.5:5099", FLOW, Hop("192.0.2.5", 5099, Transport.TCP, flow=7)),
        ("sip:them@192.0.2.5;transport=udp", FLOW, Hop("192.0.2.5", 5060)),
        ("sip:them@[2001:db8::5]:5099;transport=tcp", Hop("2001:db8::1", 5070),
         Hop("2001:db8::5", 5099, Transport.TCP)),
    ],
)  # fmt: skip
def test_a_uri_says_over_what_it_is_reached(uri: str, peer: Hop, target: Hop) -> None:
    assert reachable(Uri.parse(uri), peer) == target


def test_a_bye_goes_by_the_flow_the_call_came_from() -> None:
    callee = Callee()
    leg = heard(callee, FLOW)
    callee.user_agent.respond(leg, 200, sdp=ANSWER, now=0.0)
    (answer,) = sent(callee.user_agent)
    tag = answer.message.to_address.parameters["tag"] or ""
    callee.hears(incoming("ACK", branch="z9hG4bKack", to=f"<sip:{NUMBER}@h>;tag={tag}"), FLOW)
    callee.user_agent.bye(leg, 1.0)
    (bye,) = sent(callee.user_agent)
    assert bye.target == Hop("127.0.0.1", 5070, Transport.TCP, flow=7)


def test_a_saved_dialog_keeps_its_way_but_no_connection() -> None:
    call = dial(TLS)
    call.answers(200, contact="sip:them@192.0.2.5:5071;transport=tls")
    state = call.user_agent.dialog_state("leg-1")
    assert state is not None
    assert DialogState.from_json(state.to_json()).peer == TLS
    old = state.to_json().replace('["127.0.0.1",5071,"tls","sip.carrier.example",0]', '["h",5070]')
    assert DialogState.from_json(old).peer == Hop("h", 5070)


def test_a_dialog_of_a_flow_is_saved_without_it() -> None:
    dialog = Dialog.of_callee(parse(incoming(body=OFFER)), "tag", FLOW)
    assert dialog.state().peer == FLOW._replace(flow=0)


# ---- broken connections (RFC 3261 §17.1.4) -------------------------------------------------------


def test_a_connection_that_cannot_be_made_ends_the_call_and_says_so() -> None:
    call = dial()
    call.user_agent.connection_lost(TCP, 1.0, "refused")
    event = only(call)
    assert (event.code, event.stage) == (0, Stage.TRYING)
    assert (event.phrase, event.at) == ("tcp:127.0.0.1:5070: refused", 1.0)
    assert when(call, 32) == []


def test_without_a_reason_the_phrase_still_names_the_connection() -> None:
    call = dial()
    call.user_agent.connection_lost(TCP, 1.0)
    assert only(call).phrase == "tcp:127.0.0.1:5070: no connection"


@pytest.mark.parametrize(
    "lost",
    [TCP._replace(port=5071), TCP._replace(transport=Transport.TLS), TCP._replace(name="x"),
     FLOW, PEER],
)  # fmt: skip
def test_another_lost_connection_concerns_nobody_here(lost: Hop) -> None:
    call = dial()
    call.user_agent.connection_lost(lost, 1.0)
    assert call.events() == []


def test_an_invite_lost_with_its_connection_is_sent_once_more_and_not_twice() -> None:
    call = dial()
    call.user_agent.connection_lost(TCP, 1.0, "reset", stood=True)
    (again,) = sent(call.user_agent)
    assert again.data == call.invite.data
    call.user_agent.connection_lost(TCP, 2.0, "reset", stood=True)
    assert only(call).phrase == "tcp:127.0.0.1:5070: reset"


def test_an_invite_that_rang_is_cancelled_by_a_new_connection() -> None:
    call = dial()
    call.answers(180)
    call.events()
    call.user_agent.connection_lost(TCP, 1.0, "reset", stood=True)
    (cancel,) = sent(call.user_agent)
    assert (cancel.line, cancel.target) == ("CANCEL", TCP)
    assert cancel.branch == call.invite.branch
    event = only(call)
    assert (event.code, event.stage) == (0, Stage.TRYING)
    # The answer that crossed is acknowledged and released.
    call.user_agent.receive(reply(call.invite, 200), TCP, 2.0)
    assert [one.line for one in sent(call.user_agent)] == ["ACK", "BYE"]


def test_a_call_given_up_before_its_connection_broke_is_cancelled_once() -> None:
    call = dial()
    call.answers(180)
    call.user_agent.cancel("leg-1", 1.0)
    assert lines(call.user_agent) == ["CANCEL"]
    call.events()
    call.user_agent.connection_lost(TCP, 2.0, "reset", stood=True)
    assert lines(call.user_agent) == ["CANCEL"], "the one that may be lost, again"
    assert only(call).stage is Stage.CANCELLED


def test_a_bye_lost_with_its_connection_is_sent_once_more() -> None:
    call = dial()
    call.answers(200)
    call.user_agent.bye("leg-1", 1.0)
    (bye,) = sent(call.user_agent)
    call.user_agent.connection_lost(TCP, 1.1, stood=True)
    (again,) = sent(call.user_agent)
    assert again.data == bye.data
    call.user_agent.connection_lost(TCP, 1.2)
    assert sent(call.user_agent) == []


def test_an_answered_request_does_not_care_for_its_connection() -> None:
    call = dial()
    call.answers(486)
    call.events()
    call.user_agent.connection_lost(TCP, 1.0)
    call.user_agent.connection_lost(TCP, 1.0, stood=True)
    assert (call.events(), sent(call.user_agent)) == ([], [])


def test_requests_by_a_flow_end_with_the_flow_or_with_the_way_back() -> None:
    flow = Hop("127.0.0.1", 5070, Transport.TCP, flow=7)
    for lost in (Hop("127.0.0.1", 41_000, Transport.TCP, flow=7), TCP):
        user_agent = agent()
        user_agent.options(flow, 0.0)
        assert lines(user_agent) == ["OPTIONS"]
        user_agent.connection_lost(lost, 1.0)
        (event,) = user_agent.events()
        assert isinstance(event, OptionsAnswered)
        assert event.code == 0


def test_a_2xx_is_not_sent_again_where_no_connection_can_be_made() -> None:
    callee = Callee()
    leg = heard(callee, FLOW)
    callee.responds(leg, 200, sdp=ANSWER)
    callee.user_agent.connection_lost(FLOW, 0.1, stood=True)
    assert [at for at, _ in when(callee, 1)] == [0.5], "by a new connection"
    callee.user_agent.connection_lost(FLOW._replace(port=5070, flow=0), 1.0)
    assert [line for _, line in when(callee, 31.9)] == []
    when(callee)
    ended = [event for event in callee.user_agent.events() if isinstance(event, CallEnded)]
    assert [event.cause for event in ended] == ["no_ack"]


def only(call: Call) -> CallRejected:
    """Returns the one rejection that was told."""
    (event,) = call.events()
    assert isinstance(event, CallRejected)
    return event


# ---- large requests (RFC 3261 §18.1.1) -----------------------------------------------------------


def test_a_large_request_goes_by_tcp_with_all_that_belongs_to_it() -> None:
    call = dial(PEER, body=LARGE, large_by_tcp=True)
    assert call.invite.target == TCP
    assert call.invite.all("Via")[0].startswith("SIP/2.0/TCP ")
    call.answers(180)
    call.user_agent.cancel("leg-1", 1.0)
    (cancel,) = sent(call.user_agent)
    assert (cancel.line, cancel.target) == ("CANCEL", TCP), "the way of its INVITE"
    assert cancel.all("Via") == call.invite.all("Via")
    assert [one.target for one in call.answers(487)] == [TCP]


def test_a_request_that_fits_and_an_owner_without_connections_stay_with_udp() -> None:
    assert dial(PEER, large_by_tcp=True).invite.target == PEER
    assert dial(PEER, body=LARGE).invite.target == PEER


def test_a_peer_without_tcp_gets_its_large_requests_by_udp() -> None:
    call = dial(PEER, body=LARGE, large_by_tcp=True)
    call.user_agent.connection_lost(TCP, 1.0, "refused")
    (again,) = sent(call.user_agent)
    assert again.target == PEER
    assert again.all("Via")[0].startswith("SIP/2.0/UDP ")
    assert again.branch == call.invite.branch
    assert call.waits(1.6)[0][0] == 1.5, "from now on it is repeated as over UDP"
    assert [one.line for one in call.answers(486)] == ["ACK"]
    assert only(call).code == 486

    def next_invite(leg: str, now: float) -> Hop:
        call.user_agent.invite(
            leg, target=PEER, to=NUMBER, caller_id=CALLER, sdp=LARGE, account=Account(), now=now
        )
        return sent(call.user_agent)[-1].target

    assert next_invite("leg-2", 2.0) == PEER, "it is not asked again so soon"
    assert next_invite("leg-3", 2.0 + NO_TCP_S) == TCP


def test_peers_without_tcp_are_remembered_up_to_a_bound() -> None:
    endpoint = Endpoint(US, b"s", tokens("x"), "", large_by_tcp=True)
    request = endpoint.request(
        "OPTIONS", "sip:x", branch="z9hG4bKb", sender="<sip:a@b>;tag=1", recipient="<sip:c@d>",
        call_id="c", cseq=1, body=LARGE,
    )  # fmt: skip
    for number in range(MAX_NO_TCP + 1):
        hop = Hop("127.0.0.1", 1 + number)
        endpoint.layer.start_client(request, hop, 0.0, lambda *_: None)
        lost = hop._replace(transport=Transport.TCP)
        endpoint.layer.connection_lost(lost, "refused", 0.0, stood=False)
    endpoint.layer.drain()
    for port, by in ((1, Transport.TCP), (2, Transport.UDP), (MAX_NO_TCP + 1, Transport.UDP)):
        endpoint.layer.start_client(request, Hop("127.0.0.1", port), 1.0, lambda *_: None)
        ((_, hop),) = endpoint.layer.drain()
        assert (hop.port, hop.transport) == (port, by)


# ---- sessions over connections -------------------------------------------------------------------


def test_an_answer_crossing_the_cancel_is_released_over_a_connection_too() -> None:
    call = dial()
    call.answers(180)
    call.user_agent.cancel("leg-1", 1.0)
    assert lines(call.user_agent) == ["CANCEL"]
    assert [one.line for one in call.answers(200)] == ["ACK", "BYE"]
    assert call.named() == ["CallProgress", "CallAnswered", "CallEnded"]


def test_routes_loose_and_strict_are_kept_over_a_connection() -> None:
    loose = dial()
    (ack,) = loose.answers(200, headers=["Record-Route: <sip:127.0.0.1:5081;transport=tcp;lr>"])
    assert ack.target == Hop("127.0.0.1", 5081, Transport.TCP)
    assert (ack.uri, ack.all("Route")) == (
        "sip:them@127.0.0.1:5070", ["<sip:127.0.0.1:5081;transport=tcp;lr>"],
    )  # fmt: skip
    strict = dial()
    (ack,) = strict.answers(200, headers=["Record-Route: <sip:127.0.0.1:5081;transport=tcp>"])
    assert ack.uri == "sip:127.0.0.1:5081;transport=tcp"
    assert ack.all("Route") == ["<sip:them@127.0.0.1:5070>"]


def test_a_message_over_tcp_may_end_a_talk_that_udp_began() -> None:
    call = talk()
    call.user_agent.receive(in_dialog("BYE", call.invite, 2), FLOW, 1.0)
    (answer,) = sent(call.user_agent)
    assert (answer.line, answer.target.flow) == ("200", 7)
    assert call.named() == ["CallEnded"]
