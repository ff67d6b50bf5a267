"""Hostile datagrams: an agent in any state takes them without raising and stays of use."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    Sent,
    agent,
    in_dialog,
    incoming,
    reply,
    sent,
)

from vyzov.sip import sdp
from vyzov.sip.auth import write_challenge
from vyzov.sip.message import KeepAlive, Malformed, parse
from vyzov.sip.user_agent import Account, UserAgent

SPICE = [
    b"\r\n", b"\x00", b"\xff", b'"', b"<", b">", b";", b",", b":", b"=", b"%", b"[", b"]", b"@",
    b"tag", b";self=1", b";lr", b"*", b" ", b"\t", b"4294967296", b"-1", b"SIP/2.0", b"sip:",
    b"Require: 100rel\r\nRSeq: 1\r\n", b"Contact: *\r\n", b"Record-Route: <sip:[::1]>\r\n",
    b"Content-Type: multipart/mixed;boundary=-\r\n", b"Content-Length: 0\r\n", "ё".encode(),
]  # fmt: skip


def agent_in_talk() -> tuple[UserAgent, Sent]:
    """An agent with a call answered, another ringing, one given up and one coming in."""
    user_agent = agent(accept_calls=True)
    account = Account("vyzov", "secret", "carrier")
    invites: list[Sent] = []
    for leg in ("talks", "rings", "cancelled"):
        user_agent.invite(
            leg, target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=account, now=0.0
        )
        invites += sent(user_agent)
    user_agent.receive(reply(invites[0], 200, body=ANSWER), PEER, 0.0)
    user_agent.receive(reply(invites[1], 180), PEER, 0.0)
    user_agent.receive(reply(invites[2], 180), PEER, 0.0)
    user_agent.cancel("cancelled", 0.0)
    user_agent.reap("dead", target=PEER, to=NUMBER, caller_id=CALLER, dialog=None, now=0.0)
    user_agent.messages_to_send()
    return user_agent, invites[0]


def specimens() -> list[bytes]:
    """Good datagrams of every kind this agent may receive in that state."""
    user_agent, talking = agent_in_talk()
    invites = [talking]
    for leg in ("rings", "cancelled", "dead"):
        other = agent()
        other.invite(
            leg, target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=Account(), now=0.0
        )
        invites += sent(other)
    challenge = "WWW-Authenticate: " + write_challenge("carrier", "n1", "SHA-256")
    found = [incoming(body=OFFER), incoming("OPTIONS"), incoming("CANCEL"), incoming("ACK")]
    for invite in invites:
        for code in (100, 183, 200, 302, 401, 487, 503):
            headers = [challenge, "Reason: Q.850;cause=16", "Retry-After: 5", "Require: 100rel"]
            headers += ["RSeq: 1", "Record-Route: <sip:127.0.0.1;lr>"]
            found.append(reply(invite, code, headers=headers, body=ANSWER))
    for number, method in enumerate(("BYE", "INVITE", "UPDATE", "INFO", "ACK", "REFER"), 1):
        found.append(in_dialog(method, talking, number, body=ANSWER))
    assert user_agent.events()
    return found


SPECIMENS = specimens()


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """A good datagram with a few things done to it."""
    data = bytearray(draw(st.sampled_from(SPECIMENS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        action = draw(st.sampled_from(["insert", "cut", "flip", "double", "swap"]))
        if action == "insert":
            data[place:place] = draw(st.sampled_from(SPICE))
        elif action == "cut":
            del data[place : place + draw(st.integers(1, 40))]
        elif action == "flip" and data:
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif action == "double":
            data[place:place] = data[place : place + draw(st.integers(1, 80))]
        else:
            lines_ = bytes(data).split(b"\r\n")
            one, other = (draw(st.integers(0, len(lines_) - 1)) for _ in range(2))
            lines_[one], lines_[other] = lines_[other], lines_[one]
            data = bytearray(b"\r\n".join(lines_))
    return bytes(data)


def usable(user_agent: UserAgent) -> None:
    """Everything sent is a message again, every timer can fire, and the agent still answers."""
    for data, (host, port, *_) in user_agent.messages_to_send():
        assert host
        assert 0 < port <= 65535
        if data.startswith((b"SIP/2.0 400 ", b"SIP/2.0 505 ")):
            # The answer to what cannot be read copies what there was: perhaps not enough to read.
            head, end, body = data.partition(b"\r\n\r\n")
            assert end
            assert not body
            assert all(b":" in line for line in head.split(b"\r\n")[1:])
        elif data != b"\r\n":
            parse(data)
    now = 0.0
    for _ in range(400):
        due = user_agent.next_deadline()
        if due is None:
            break
        now = max(now, due)
        user_agent.handle_deadline(now)
    assert user_agent.next_deadline() is None or now > 30.0
    user_agent.messages_to_send()
    user_agent.receive(incoming("OPTIONS", branch="z9hG4bKlast"), PEER, now)
    assert b"SIP/2.0 200 OK" in user_agent.messages_to_send()[-1][0]


@settings(max_examples=150, deadline=None)
@given(st.lists(hostile(), max_size=6))
def test_no_datagram_takes_the_agent_down(datagrams: list[bytes]) -> None:
    user_agent, _ = agent_in_talk()
    for data in datagrams:
        user_agent.receive(data, PEER, 0.1)
    usable(user_agent)
    user_agent.events()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_noise_takes_nothing_down(data: bytes) -> None:
    user_agent = agent(accept_calls=True)
    user_agent.receive(data, PEER, 0.0)
    usable(user_agent)


@settings(max_examples=200, deadline=None)
@given(hostile())
def test_reading_raises_only_what_it_says(data: bytes) -> None:
    try:
        message = parse(data)
    except (Malformed, KeepAlive):
        return
    assert message.raw == data
    assert (message.code == 0) == bool(message.method)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), hostile()))
def test_reading_a_session_raises_only_value_errors(data: bytes) -> None:
    for text in (data, OFFER[:40] + data, OFFER + data):
        try:
            session = sdp.parse(text)
        except ValueError:
            continue
        try:
            answer = sdp.answer(session, address="127.0.0.1", port=4000, session_id=1)
            sdp.agree(answer, text)
            sdp.renewed(answer, text)
        except sdp.NoCommonCodec:
            continue
