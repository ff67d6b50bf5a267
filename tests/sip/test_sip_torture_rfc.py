"""The forty-nine situations of RFC 4475 and those of RFC 5118, each with its right verdict."""

import dataclasses

import pytest
from rfc4475 import ANSWERS, CALL, REQUESTS, VERSION6, Answered, Invited, Sender, Situation
from sip_net import CALLER, NOBODY, NUMBER, OFFER, PEER, agent, incoming, sent

from vyzov.sip.events import CallAnswered, CallProgress, IncomingCall, MessageIgnored
from vyzov.sip.message import parse
from vyzov.sip.user_agent import UserAgent

PLACE = f"{PEER.host}:{PEER.port}"


def name_of(situation: Situation | Answered) -> str:
    return situation.name


def status(data: bytes) -> int:
    return int(data.split(b" ", 2)[1])


def lines_of(data: bytes, name: bytes) -> list[bytes]:
    """The values of a header in an answer of ours, as bytes."""
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [line.partition(b":")[2].strip() for line in head if line.startswith(name + b":")]


def test_there_are_forty_nine() -> None:
    sections = [situation.section for situation in (*REQUESTS, *ANSWERS)]
    assert len(sections) == len(set(sections)) == 49
    assert len(VERSION6) == 11


@pytest.mark.parametrize("situation", [*REQUESTS, *VERSION6], ids=name_of)
def test_a_torture_request_gets_the_right_verdict(situation: Situation) -> None:
    user_agent = agent(accept_calls=True)
    data = situation.make(Sender(PLACE))
    user_agent.receive(data, PEER, 0.0)
    answers = user_agent.messages_to_send()
    assert len(answers) == 1
    answer, target = answers[0]
    assert status(answer) == situation.answers[0]
    assert target.address == PEER.address
    events = user_agent.events()
    assert (situation.answers[0] == CALL) == any(isinstance(e, IncomingCall) for e in events)
    # A refusal names its reason; everything else is no refusal.
    refused = [e.reason for e in events if isinstance(e, MessageIgnored)]
    assert len(refused) == (status(answer) in (400, 416, 505)), refused
    # The agent goes on as if nothing had been.
    user_agent.receive(incoming("OPTIONS", branch="z9hG4bKgood"), PEER, 0.1)
    assert [status(data) for data, _ in user_agent.messages_to_send()] == [200]


@pytest.mark.parametrize("situation", [*REQUESTS, *VERSION6], ids=name_of)
def test_an_answer_bears_the_names_of_its_request(situation: Situation) -> None:
    user_agent = agent(accept_calls=True)
    data = situation.make(Sender(PLACE))
    user_agent.receive(data, PEER, 0.0)
    answer = user_agent.messages_to_send()[0][0]
    try:
        message = parse(data)
    except ValueError:
        # Unreadable as a whole, it is answered with what could be read.
        assert lines_of(answer, b"Via")
        return
    assert lines_of(answer, b"Call-ID") == [message.call_id.encode()]
    assert lines_of(answer, b"From") == [message.header("From").encode()]
    assert lines_of(answer, b"To")[0].startswith(message.header("To").encode())
    assert len(lines_of(answer, b"Via")) == len(message.lines("Via"))
    assert lines_of(answer, b"CSeq") == [f"{message.cseq} {message.method}".encode()]


@pytest.mark.parametrize("situation", [*REQUESTS, *VERSION6], ids=name_of)
def test_an_agent_that_takes_no_calls_refuses_and_lives(situation: Situation) -> None:
    user_agent = agent()
    user_agent.receive(situation.make(Sender(PLACE)), PEER, 0.0)
    wanted = 403 if CALL in situation.answers or 406 in situation.answers else situation.answers[0]
    wanted = 403 if wanted == 415 else wanted
    first = user_agent.messages_to_send()[0][0]
    assert status(first) in (wanted, situation.answers[0])
    assert status(first) != 100


@pytest.mark.parametrize(
    "situation", [one for one in (*REQUESTS, *VERSION6) if 405 in one.answers], ids=name_of
)
def test_a_registrar_asks_whoever_comes_for_proof_first(situation: Situation) -> None:
    user_agent = agent(realm="vyzov")
    user_agent.receive(situation.make(Sender(PLACE)), PEER, 0.0)
    ((answer, _),) = user_agent.messages_to_send()
    known = situation.name not in ("intmeth", "esc02", "mpart01")
    assert status(answer) == (401 if known else 405)
    assert (b"\r\nWWW-Authenticate: Digest " in answer) == known


def caller() -> tuple[UserAgent, Invited]:
    user_agent = agent()
    user_agent.invite(
        "leg", target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=NOBODY, now=0.0
    )
    (invite,) = sent(user_agent)
    return user_agent, Invited(invite["Via"], invite["From"], invite["To"], invite["Call-ID"])


@pytest.mark.parametrize("situation", list(ANSWERS), ids=name_of)
def test_a_torture_response_is_taken_only_where_it_is_ours(situation: Answered) -> None:
    user_agent, invited = caller()
    user_agent.receive(situation.make(invited), PEER, 0.1)
    events = user_agent.events()
    taken = [e for e in events if isinstance(e, CallAnswered | CallProgress)]
    ignored = [e for e in events if isinstance(e, MessageIgnored)]
    assert bool(taken) == situation.taken
    assert bool(ignored) != situation.taken
    if not situation.taken:
        # Nothing has happened to the call: the INVITE is still waiting for its answer.
        assert user_agent.messages_to_send() == []
        good = dataclasses.replace(ANSWERS[0])
        user_agent.receive(good.make(invited), PEER, 0.2)
        assert any(isinstance(e, CallAnswered) for e in user_agent.events())


def test_an_odd_phrase_reaches_the_owner_as_it_came() -> None:
    user_agent, invited = caller()
    data = ANSWERS[0].make(invited).replace(b"SIP/2.0 200", b"SIP/2.0 183")
    user_agent.receive(data, PEER, 0.1)
    (event,) = user_agent.events()
    assert isinstance(event, CallProgress)
    assert event.phrase.startswith("= 2**3 * 5**2")


def test_only_the_demands_on_us_are_named_as_unsupported() -> None:
    user_agent = agent()
    (situation,) = [one for one in REQUESTS if one.name == "bext01"]
    user_agent.receive(situation.make(Sender(PLACE)), PEER, 0.0)
    (answer,) = sent(user_agent)
    assert answer["Unsupported"] == "nothingHasThis, nothingHasThisEither"


def test_all_forty_nine_in_a_row_leave_the_agent_of_use() -> None:
    user_agent, invited = caller()
    for round_ in range(20):
        for number, situation in enumerate((*REQUESTS, *VERSION6)):
            sender = Sender(PLACE, 1000 * round_ + number)
            user_agent.receive(situation.make(sender), PEER, float(round_))
        for answer in ANSWERS[2:]:
            user_agent.receive(answer.make(invited), PEER, float(round_))
        user_agent.messages_to_send()
        user_agent.events()
        good = incoming("OPTIONS", branch=f"z9hG4bKgood{round_}")
        user_agent.receive(good, PEER, float(round_))
        assert [status(data) for data, _ in user_agent.messages_to_send()] == [200]
