"""Cutting a stream into messages: every split, every bound, every contradiction."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import OFFER, PEER, incoming, lines
from sip_net import agent as new_agent

from vyzov.sip import stream
from vyzov.sip.events import Hop, MessageIgnored, Transport
from vyzov.sip.message import MAX_DATAGRAM, parse
from vyzov.sip.stream import MAX_HEAD_BYTES, PING, PONG, Fault, Framer

INVITE = incoming(body=OFFER)
OPTIONS = incoming("OPTIONS")
FLOW = Hop("127.0.0.1", 40_000, Transport.TCP, flow=7)


def sized(*lines: str, body: bytes = b"") -> bytes:
    """Writes a message whose size lines are the test's own."""
    head = "OPTIONS sip:us@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKa"
    return "\r\n".join([head, *lines, "", ""]).encode() + body


def test_a_message_comes_out_as_it_went_in() -> None:
    framer = Framer(accepted=True)
    assert framer.feed(INVITE) == [INVITE]
    assert not framer.waiting


def test_several_messages_in_one_read_come_out_in_order() -> None:
    assert Framer(accepted=True).feed(INVITE + OPTIONS + INVITE) == [INVITE, OPTIONS, INVITE]


@pytest.mark.parametrize("cut", range(1, len(INVITE)))
def test_a_message_cut_at_any_byte_comes_out_whole(cut: int) -> None:
    framer = Framer(accepted=True)
    assert framer.feed(INVITE[:cut]) == []
    assert framer.waiting
    assert framer.feed(INVITE[cut:] + OPTIONS) == [INVITE, OPTIONS]
    assert not framer.waiting


def test_messages_dripped_in_byte_by_byte_come_out_whole() -> None:
    framer = Framer(accepted=False)
    found = [one for byte in INVITE + OPTIONS for one in framer.feed(bytes([byte]))]
    assert found == [INVITE, OPTIONS]


@given(cuts=st.lists(st.integers(1, 3 * len(INVITE)), max_size=12))
def test_however_a_stream_is_cut_the_messages_are_the_same(cuts: list[int]) -> None:
    whole = INVITE + PING + OPTIONS + INVITE
    framer = Framer(accepted=True)
    edges = [0, *sorted(set(cuts)), len(whole)]
    found = [
        one for start, end in itertools.pairwise(edges) for one in framer.feed(whole[start:end])
    ]
    assert found == [INVITE, PING, OPTIONS, INVITE]


@pytest.mark.parametrize(
    "line",
    ["Content-Length: 4", "content-length:4", "CONTENT-LENGTH :  4", "l: 4", "L:4",
     "Content-Length:\r\n 4"],
)  # fmt: skip
def test_the_size_is_read_however_it_is_written(line: str) -> None:
    message = sized(line, body=b"body")
    assert Framer(accepted=True).feed(message + OPTIONS) == [message, OPTIONS]


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [([], "no Content-Length"),
     (["Content-Length: 4", "l: 5"], "more than one Content-Length"),
     (["Content-Length: -1"], "not a number"), (["Content-Length: 4, 4"], "not a number"),
     (["Content-Length: four"], "not a number"), (["Content-Length:"], "not a number"),
     (["Content-Length: 99999"], "not a number of 0.."),
     ([f"Content-Length: {MAX_DATAGRAM}"], "not a number of 0..")],
)  # fmt: skip
def test_without_one_good_size_the_stream_ends(sizes: list[str], reason: str) -> None:
    framer = Framer(accepted=True)
    message = sized(*sizes, body=b"body")
    assert framer.feed(OPTIONS + message) == [OPTIONS]
    assert framer.fault is not None
    assert reason in framer.fault.reason
    assert framer.fault.head + b"\r\n\r\nbody" == message
    assert framer.feed(OPTIONS) == []
    assert not framer.waiting


def test_the_same_size_twice_is_one_size() -> None:
    message = sized("Content-Length: 4", "l: 4", body=b"body")
    assert Framer(accepted=True).feed(message) == [message]


def test_a_header_without_an_end_is_given_up_at_its_bound() -> None:
    framer = Framer(accepted=True)
    assert framer.feed(b"x" * (MAX_HEAD_BYTES - 1)) == []
    assert framer.fault is None
    framer.feed(b"x")
    assert framer.fault == Fault(
        f"a header of more than {MAX_HEAD_BYTES} bytes", b"x" * MAX_HEAD_BYTES
    )


def test_an_end_beyond_the_bound_is_no_end() -> None:
    framer = Framer(accepted=True)
    assert framer.feed(b"x" * MAX_HEAD_BYTES + b"\r\n\r\n") == []
    assert framer.fault is not None


def test_two_line_ends_are_a_ping_and_a_row_of_them_one() -> None:
    framer = Framer(accepted=True)
    assert framer.feed(PING) == [PING]
    assert framer.feed(PING * 1000 + OPTIONS) == [PING, OPTIONS]


def test_a_ping_in_pieces_is_one_where_the_peer_has_connected() -> None:
    framer = Framer(accepted=True)
    assert [framer.feed(bytes([byte])) for byte in PING] == [[], [], [], [PING]]


def test_one_line_end_is_a_pong_where_we_have_connected() -> None:
    framer = Framer(accepted=False)
    assert framer.feed(PONG) == [PONG]
    assert framer.feed(b"\r") == []
    assert framer.feed(b"\n") == [PONG]
    assert framer.feed(PING) == [PING]
    assert not framer.waiting


def test_a_line_end_behind_a_message_is_no_ping() -> None:
    framer = Framer(accepted=True)
    assert framer.feed(OPTIONS + PONG) == [OPTIONS]
    assert framer.feed(OPTIONS + PONG) == [OPTIONS]


class Counted(bytearray):
    """A buffer that counts the bytes it was searched over."""

    looked_at = 0

    def find(self, what: bytes, start: int = 0, end: int = 1 << 30) -> int:  # type: ignore[override]
        Counted.looked_at += min(len(self), end) - start
        return super().find(what, start, end)


def test_every_byte_is_looked_at_a_few_times_however_it_is_dripped_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "bytearray", Counted, raising=False)
    framer = Framer(accepted=True)
    for _ in range(MAX_HEAD_BYTES):
        framer.feed(b"x")
    assert framer.fault is not None
    assert MAX_HEAD_BYTES <= Counted.looked_at <= 4 * MAX_HEAD_BYTES


@given(data=st.binary(max_size=600), accepted=st.booleans())
def test_any_bytes_are_framed_or_refused(data: bytes, accepted: bool) -> None:
    framer = Framer(accepted=accepted)
    found = framer.feed(data)
    assert sum(len(one) for one in found) <= len(data)
    whole = [one for one in found if one not in (PING, PONG)]
    assert all(one in data for one in whole)


def test_an_unframed_request_is_answered_where_it_came_from() -> None:
    user_agent = new_agent()
    framer = Framer(accepted=True)
    framer.feed(sized("To: <sip:us@h>", "From: <sip:x@h>;tag=1", "Call-ID: a", "CSeq: 1 OPTIONS"))
    assert framer.fault is not None
    user_agent.receive_fault(framer.fault, FLOW, 3.0)
    ((answer, hop),) = user_agent.messages_to_send()
    assert answer.startswith(b"SIP/2.0 400 ")
    assert (hop.flow, hop.transport) == (7, Transport.TCP)
    (event,) = user_agent.events()
    assert isinstance(event, MessageIgnored)
    assert "no Content-Length" in event.reason


def test_what_is_framed_is_read_like_a_datagram() -> None:
    (framed,) = Framer(accepted=True).feed(INVITE)
    assert parse(framed).method == "INVITE"
    user_agent = new_agent()
    user_agent.receive(PING, FLOW, 0.0)
    assert user_agent.messages_to_send() == [(PONG, FLOW)]
    user_agent.receive(OPTIONS, PEER, 0.0)
    assert lines(user_agent) == ["200"]
