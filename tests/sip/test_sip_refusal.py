"""What is said to requests nobody can act on, and to whom."""

import pytest
from sip_net import OFFER, PEER, agent, incoming, lines, sent

from vyzov.sip.events import Hop, MessageIgnored, Transport
from vyzov.sip.message import parse
from vyzov.sip.refusal import disorder, refusal

OPTIONS = incoming("OPTIONS")
BROKEN = OPTIONS.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE")


def refused(data: bytes, source: Hop = PEER, **options: object) -> tuple[bytes, Hop] | None:
    return refusal(data, source, secret=b"secret", product="", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        BROKEN.replace(b"OPTIONS sip", b"ACK sip", 1),
        BROKEN.replace(b"OPTIONS sip", b"ack sip", 1),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n",
        b"\x00\x01\x02noise",
        b"OPTIONS",
        b"",
        b"OPTIONS sip:x SIP/2.0\r\nFrom: <sip:x@h>\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nVia: bad\x00value\r\n\r\n",
        b"OPTIONS sip:x SIP/99999.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n",
    ],
)
def test_nobody_waits_for_an_answer_to_these(data: bytes) -> None:
    assert refused(data) is None


def test_the_answer_goes_where_the_via_says_and_never_to_another_host() -> None:
    via = b"Via: SIP/2.0/UDP 198.51.100.9:4444;branch=z9hG4bKx"
    data = b"OPTIONS sip:x SIP/2.0\r\n" + via + b"\r\n\r\n"
    answer, target = refused(data) or (b"", None)
    assert target == PEER._replace(port=4444)
    assert via + b";received=127.0.0.1" in answer
    with_rport = data.replace(b";branch", b";rport;branch")
    assert (refused(with_rport) or (b"", None))[1] == PEER
    flow = Hop("127.0.0.1", 5070, Transport.TCP, flow=7)
    assert (refused(data, flow) or (b"", None))[1].flow == 7  # type: ignore[union-attr]


def test_an_unreadable_via_is_copied_and_answered_at_the_source() -> None:
    data = b"OPTIONS sip:x SIP/2.0\r\nv: SIP/9.0/UDP ?\r\nVia: other\r\n\r\n"
    answer, target = refused(data) or (b"", None)
    assert target == PEER
    assert b"\r\nVia: SIP/9.0/UDP ?\r\nVia: other\r\n" in answer


def test_the_tag_is_the_same_for_every_repetition_and_another_for_another_request() -> None:
    first, again = refused(BROKEN), refused(BROKEN)
    other = refused(BROKEN.replace(b"Max-Forwards: 70", b"Max-Forwards: 69"))
    assert first == again
    assert first is not None
    assert other is not None
    assert first[0] != other[0]


def test_a_tag_that_is_there_is_kept() -> None:
    data = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nt: <sip:x@h>;Tag=9\r\n\r\n"
    answer, _ = refused(data) or (b"", None)
    assert b"\r\nTo: <sip:x@h>;Tag=9\r\n" in answer


def test_bytes_of_any_code_page_leave_as_they_came() -> None:
    data = b'OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nf: "\xc8\xe2\xe0\xed" <sip:x@h>\r\n\r\n'
    answer, _ = refused(data) or (b"", None)
    assert b'\r\nFrom: "\xc8\xe2\xe0\xed" <sip:x@h>\r\n' in answer


def test_another_version_gets_its_own_answer_and_the_product_is_named_only_if_there_is_one() -> (
    None
):
    answer, _ = refused(OPTIONS.replace(b" SIP/2.0\r\n", b" SIP/3.0\r\n", 1)) or (b"", None)
    assert answer.startswith(b"SIP/2.0 505 ")
    assert b"Server" not in answer
    named = refusal(BROKEN, PEER, secret=b"s", product="Vyzov")
    assert named is not None
    assert b"\r\nServer: Vyzov\r\n" in named[0]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (b"OPTIONS sip:+70005550101@", b"OPTIONS tel:+70005550101;", 0),
        (b"OPTIONS sip:", b"OPTIONS SIPS:", 0),
        (b"OPTIONS sip:", b"OPTIONS im:", 416),
        (b"OPTIONS sip:+70005550101@127.0.0.1:5060", b"OPTIONS nothing", 400),
        (b"OPTIONS sip:+70005550101@", b"OPTIONS sip:a?b@", 0),
        (b" SIP/2.0\r\n", b"?Subject=x SIP/2.0\r\n", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: -1", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 0", 0),
        (b"Max-Forwards: 70\r\n", b"", 0),
        (b"From: <", b'From: "a;;b,,c" <', 0),
        (b"From: <", b"Subject: ;;,,\r\nFrom: <", 0),
        (b"Contact: <", b"Contact: *, <", 0),
        (b"Contact: <", b"Contact: <sip:a@h>;;x=1, <", 400),
        (b"Contact: <", b"Contact: <sip:a@h>, , <", 400),
        (b"Contact: <", b"Contact: sip:a@h?b=c, <", 400),
        (b"Contact: <", b"Contact: <sip:a@h?b=c>, <", 0),
        (b"Contact: <", b'Contact: "open <', 400),
        (b"Contact: <", b"Contact: < >, <", 400),
    ],
)  # fmt: skip
def test_what_is_out_of_order_is_said(old: bytes, new: bytes, wanted: int) -> None:
    fault = disorder(parse(OPTIONS.replace(old, new, 1)))
    assert (fault[0] if fault else 0) == wanted


def test_what_ends_a_call_is_carried_out_in_whatever_shape_it_comes() -> None:
    bye = incoming("BYE").replace(b"Contact: <", b"Contact: <sip:a@h>;;x=1, <")
    assert disorder(parse(bye)) is None


def test_a_refused_request_leaves_nothing_behind() -> None:
    user_agent = agent(accept_calls=True)
    for _ in range(3):
        user_agent.receive(BROKEN, PEER, 0.0)
    assert lines(user_agent) == ["400", "400", "400"]
    assert user_agent.next_deadline() is None
    assert {type(event) for event in user_agent.events()} == {MessageIgnored}


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (b"", "100"),
        (b"Accept: application/sdp;level=1, text/html\r\n", "100"),
        (b"Accept: application/*\r\n", "100"),
        (b"Accept: */*\r\n", "100"),
        (b"Accept: multipart/mixed\r\n", "100"),
        (b"Accept: text/plain, application/isup\r\n", "406"),
    ],
)
def test_a_caller_who_cannot_read_our_answer_is_told(accept: bytes, wanted: str) -> None:
    user_agent = agent(accept_calls=True)
    invite = incoming(body=OFFER).replace(b"Max-Forwards", accept + b"Max-Forwards", 1)
    user_agent.receive(invite, PEER, 0.0)
    (answer,) = sent(user_agent)
    assert answer.line == wanted
