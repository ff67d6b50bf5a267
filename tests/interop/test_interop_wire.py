"""The watcher of the loopback: datagrams, streams cut anywhere, copies; and nothing else."""

import itertools
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_watch import Reader, Seen, hep

HOST = ("127.0.0.1", "127.0.0.2")
OPTIONS = b"OPTIONS sip:b@127.0.0.2 SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
INVITE = b"INVITE sip:b@127.0.0.2 SIP/2.0\r\nCSeq: 1 INVITE\r\nl: 12\r\n\r\nv=0\r\no=- 1\r\n"
OK = b"SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"


def packet(protocol: int, body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    return head + b"".join(map(socket.inet_aton, HOST)) + body


def datagram(data: bytes) -> bytes:
    return packet(17, struct.pack("!HHHH", 5060, 5070, 8 + len(data), 0) + data)


def segment(seq: int, data: bytes, flags: int = 0x18) -> bytes:
    head = struct.pack("!HHIIBBHHH", 5060, 5070, seq % (1 << 32), 0, 5 << 4, flags, 512, 0, 0)
    return packet(6, head + data)


def texts(found: list[Seen]) -> list[bytes]:
    return [message.text.encode("latin-1") for message in found]


def test_a_datagram_with_a_message_is_one_message_between_its_ends() -> None:
    (seen,) = Reader().take(datagram(OPTIONS), 2.5)
    assert seen == Seen(2.5, "udp", ("127.0.0.1", 5060), ("127.0.0.2", 5070), OPTIONS.decode())


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\x80\x08" + bytes(170), b"SIP/2.0 nothing"])
def test_what_is_no_message_is_not_seen(data: bytes) -> None:
    assert Reader().take(datagram(data), 0.0) == []


@given(cuts=st.lists(st.integers(1, len(OPTIONS + INVITE + OK) - 1), max_size=8),
       first=st.integers(0, (1 << 32) - 1))  # fmt: skip
def test_a_stream_cut_anywhere_holds_the_same_messages(cuts: list[int], first: int) -> None:
    stream = OPTIONS + INVITE + OK
    edges = [0, *sorted(set(cuts)), len(stream)]
    reader = Reader()
    reader.take(segment(first, b"", flags=2), 0.0)
    seen: list[Seen] = []
    for begin, end in itertools.pairwise(edges):
        piece = segment(first + 1 + begin, stream[begin:end])
        seen += reader.take(piece, 0.0)
        # Sent again, as TCP does: it must not be counted twice.
        seen += reader.take(piece, 0.0)
    assert texts(seen) == [OPTIONS, INVITE, OK]
    assert {message.by for message in seen} == {"tcp"}


def test_a_stream_of_something_else_is_left_alone() -> None:
    reader = Reader()
    reader.take(segment(7, b"", flags=2), 0.0)
    greeting = b"GET / HTTP/1.1\r\n\r\n"
    assert reader.take(segment(8, greeting), 0.0) == []
    assert reader.take(segment(8 + len(greeting), OPTIONS), 0.0) == []


def test_a_stream_under_tls_is_named_but_not_read() -> None:
    reader = Reader()
    reader.take(segment(7, b"", flags=2), 0.0)
    greeting = b"\x16\x03\x01\x02\x00 a greeting"
    (seen,) = reader.take(segment(8, greeting), 3.0)
    assert (seen.by, seen.text, seen.target) == ("tls", "", ("127.0.0.2", 5070))
    assert reader.take(segment(8 + len(greeting), OPTIONS), 0.0) == []


def chunk(kind: int, value: bytes) -> bytes:
    return struct.pack("!HHH", 0, kind, 6 + len(value)) + value


def copy(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


ENDS = (
    chunk(3, socket.inet_aton(HOST[0])), chunk(4, socket.inet_aton(HOST[1])),
    chunk(7, struct.pack("!H", 40_000)), chunk(8, struct.pack("!H", 5061)),
)  # fmt: skip


def test_a_partners_copy_is_seen_with_the_ends_it_names() -> None:
    (seen,) = Reader().take(datagram(copy(*ENDS, chunk(15, INVITE))), 1.0)
    assert (seen.by, seen.source, seen.target) == ("hep", (HOST[0], 40_000), (HOST[1], 5061))
    assert seen.text.encode() == INVITE


@pytest.mark.parametrize(
    "data",
    [copy(), copy(*ENDS), copy(*ENDS, chunk(15, b"RTCP")), copy(*ENDS[1:], chunk(15, INVITE)),
     copy(*ENDS) + b"\x00\x00\x00\x0f\x00\x01", copy(chunk(3, b"abc"), *ENDS[1:], chunk(15, OK))],
)  # fmt: skip
def test_a_damaged_copy_is_no_message(data: bytes) -> None:
    assert hep(data, 0.0) is None
