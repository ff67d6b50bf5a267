"""Messages meant to break a reader: what RFC 4475 warns of, in words of our own.

Each case names what is done to a good request and what must come of it: an answer, or a
refusal with a reason. None may be mistaken for another message. The forty-nine situations of the
RFC itself are in `test_sip_torture_rfc.py`.
"""

import pytest
from sip_net import OFFER, PEER, Callee, agent, incoming, lines, sent

from vyzov.sip.events import IncomingCall, MessageIgnored
from vyzov.sip.message import parse

OPTIONS = incoming("OPTIONS")
INVITE = incoming(body=OFFER)


def heard(data: bytes) -> tuple[list[str], list[str]]:
    """Returns what an agent answers to a datagram, and why it was ignored."""
    user_agent = agent(accept_calls=True)
    user_agent.receive(data, PEER, 0.0)
    answers = lines(user_agent)
    reasons = [e.reason for e in user_agent.events() if isinstance(e, MessageIgnored)]
    return answers, reasons


@pytest.mark.parametrize(
    ("name", "data", "answer"),
    [
        ("white space and folds everywhere",
         b"\r\nINVITE  sip:callee@hall.example;unknown  SIP/2.0\r\n"
         b"TO :\r\n sip:x@hall.example ;  tAG2 = 9\r\n"
         b'from : "J Caller \\\\\\""  <sip:j@example.com>\r\n ;\r\n tag = 98\r\n'
         b"CALL-ID  : c\r\ncseq: 0009\r\n INVITE\r\n"
         b"Via : SIP / 2.0\r\n /UDP\r\n    192.0.2.2;branch=z9hG4bK3\r\ns :\r\n"
         b"v: SIP/2.0/TCP s.example;branch=z9hG4bK2,\r\n SIP/2.0/TLS t.example;branch=z9\r\n"
         b'Newfangled:  ;;,,;,;\r\nm:"Q, <z>" <sip:j@h>\r\nl: 0\r\n\r\n', "100"),
        ("a method of odd signs",
         OPTIONS.replace(b"OPTIONS", b"!odd-Method0123456789_*+`.%in'~"), "405"),
        ("an escaped user with a question mark",
         OPTIONS.replace(b"sip:+70005550101@", b"sip:sips%3Auser%40h?x@", 1), "200"),
        ("a user full of semicolons",
         OPTIONS.replace(b"sip:+70005550101@", b"sip:user;par=u%40h@", 1), "200"),
        ("an unknown scheme", OPTIONS.replace(b"sip:+70005550101@", b"soap.beep://", 1), "416"),
        ("brackets around the Request-URI",
         OPTIONS.replace(b"OPTIONS sip:", b"OPTIONS <sip:", 1).replace(b" SIP/2", b"> SIP/2", 1),
         "400"),
        ("no display name quotes and no space",
         OPTIONS.replace(b"From: <", b"From: caller<"), "200"),
        ("a Via of every transport",
         OPTIONS.replace(b"Max-Forwards", b"Via: SIP/2.0/TLS h;branch=z9\r\n"
                         b"Via: SIP/2.0/UNKNOWN h;branch=z9\r\nMax-Forwards"), "200"),
        ("no hops left", OPTIONS.replace(b"Max-Forwards: 70", b"Max-Forwards: 0"), "200"),
        ("a branch of the cookie alone",
         OPTIONS.replace(b"branch=z9hG4bKin", b"branch=z9hG4bK"), "200"),
        ("a second request behind the first", OPTIONS + INVITE, "200"),
        ("a long value",
         OPTIONS.replace(b"Max-Fo", b"X: " + b"y" * 8000 + b"\r\nMax-Fo"), "200"),
        ("a date nobody can read",
         OPTIONS.replace(b"Max-Fo", b"Date: Fri, 01 Jan 2010 16 EST\r\nMax-Fo"), "200"),
        ("a contact that is a star",
         OPTIONS.replace(b"Contact: <sip:them@127.0.0.1:5070>", b"Contact: *"), "200"),
        ("a demand nobody knows", OPTIONS.replace(b"Max-Fo", b"Require: nothing, known\r\nMax-Fo"),
         "420"),
        ("a body of an unknown type",
         INVITE.replace(b"application/sdp", b"application/unknown"), "415"),
        ("an invite from before branches", INVITE.replace(b";branch=z9hG4bKin", b""), "100"),
        ("the same size said twice", OPTIONS.replace(b"Max-Fo", b"l: 0\r\nMax-Fo"), "200"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)  # fmt: skip
def test_a_tortured_request_is_still_answered(name: str, data: bytes, answer: str) -> None:
    answers, reasons = heard(data)
    assert answers == [answer], name
    assert len(reasons) == (answer in ("400", "416"))


@pytest.mark.parametrize(
    ("name", "data", "answer", "reason"),
    [
        ("a body shorter than said", OPTIONS.replace(b"Length: 0", b"Length: 9999"), "400", "9999"),
        ("a negative size", OPTIONS.replace(b"Length: 0", b"Length: -999"), "400", "number"),
        ("two sizes", OPTIONS.replace(b"Max-Fo", b"Content-Length: 5\r\nMax-Fo") + b"hello",
         "400", "more than one Content-Length"),
        ("two Call-IDs", OPTIONS.replace(b"Max-Fo", b"i: other\r\nMax-Fo"), "400",
         "more than one Call-ID"),
        ("two senders", OPTIONS.replace(b"Max-Fo", b"f: <sip:x@h>\r\nMax-Fo"), "400",
         "more than one From"),
        ("a CSeq of another method", OPTIONS.replace(b"1 OPTIONS", b"1 INVITE"), "400",
         "CSeq says"),
        ("a CSeq beyond 32 bits", OPTIONS.replace(b"1 OPTIONS", b"36893488147419103232 OPTIONS"),
         "400", "CSeq"),
        ("another version", OPTIONS.replace(b" SIP/2.0\r\n", b" SIP/7.0\r\n", 1), "505",
         "neither"),
        ("a space in the Request-URI", OPTIONS.replace(b"127.0.0.1:5060 SIP", b"127.0.0.1; lr SIP", 1),
         "400", "neither"),
        ("no start line at all", OPTIONS.split(b"\r\n", 1)[1], "", "neither"),
        ("a status too big", b"SIP/2.0 4294967301 big\r\n" + OPTIONS.split(b"\r\n", 1)[1], "",
         "number"),
        ("nothing but a start line", b"OPTIONS sip:h SIP/2.0\r\n\r\n", "", "no CSeq"),
        ("a display name whose quote never closes",
         OPTIONS.replace(b"From: <", b'From: "Mr. X <'), "400", "no address"),
        ("a zero byte", OPTIONS.replace(b"Max-Forwards: 70", b"Max-Forwards: 7\x000"), "400",
         "zero byte"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)  # fmt: skip
def test_a_request_that_could_be_two_things_is_refused(
    name: str, data: bytes, answer: str, reason: str
) -> None:
    answers, reasons = heard(data)
    assert answers == ([answer] if answer else []), name
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_the_tortured_white_space_says_what_it_means() -> None:
    callee = Callee()
    data = INVITE.replace(b"From: <", b'f:\r\n\t"J \\\\ \\"R\\"" \r\n <', 1)
    assert callee.hears(data) == ["100"]
    (event,) = callee.user_agent.events()
    assert isinstance(event, IncomingCall)
    assert event.from_user == "+70005550102"
    assert parse(data).sender.display == 'J \\ "R"'


def test_an_escaped_zero_byte_reaches_nobody() -> None:
    data = INVITE.replace(b"sip:+70005550102@", b"sip:null-%00-null@")
    data = data.replace(b"sip:+70005550101@", b"sip:%0d%0aVia@", 1)
    user_agent = agent(accept_calls=True)
    user_agent.receive(data, PEER, 0.0)
    (event,) = user_agent.events()
    assert isinstance(event, IncomingCall)
    assert event.from_user == "null-%00-null"
    assert event.to_user == "%0d%0aVia"
    (answer,) = sent(user_agent)
    assert answer["From"].startswith("<sip:null-%00-null@")
