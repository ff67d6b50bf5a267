"""The front door: what peers really send is read, what cannot be used is refused by name."""

import pytest
import sipmessage
from hypothesis import given
from hypothesis import strategies as st
from sip_net import OFFER, incoming

from vyzov.sip.message import (
    MAX_DATAGRAM,
    MAX_HEADER_LINES,
    MAX_LINE,
    KeepAlive,
    Malformed,
    encode_request,
    encode_response,
    parse,
)

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@127.0.0.1>;tag=1\r\n"
    b"To: <sip:b@127.0.0.1>;tag=2\r\n"
    b"Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
)


def with_header(line: bytes, base: bytes = OK) -> bytes:
    return base.replace(b"Call-ID: c\r\n", b"Call-ID: c\r\n" + line + b"\r\n")


def test_a_folded_header_is_joined() -> None:
    message = parse(with_header(b"Subject: one\r\n two\r\n\tthree"))
    assert message.header("Subject") == "one two three"


def test_a_value_that_is_folded_as_a_whole_is_read() -> None:
    assert parse(OK.replace(b"CSeq: 1 INVITE", b"CSeq:\r\n 1 INVITE")).cseq == 1


def test_parameter_names_are_compared_without_case() -> None:
    data = OK.replace(b";tag=2", b";TAG=2").replace(b";branch=", b";Branch=")
    message = parse(data)
    assert (message.recipient.tag, message.via.branch) == ("2", "z9hG4bK1")


def test_a_space_before_the_colon_does_not_hide_a_header() -> None:
    assert parse(OK.replace(b"Call-ID: c", b"Call-ID : c")).call_id == "c"


def test_a_display_name_in_another_code_page_does_not_lose_the_message() -> None:
    data = OK.replace(b"From: <", b'From: "\xc8\xe2\xe0\xed" <')
    message = parse(data)
    assert message.sender.display == b"\xc8\xe2\xe0\xed".decode("latin-1")
    assert message.raw == data
    copied = encode_response(200, "OK", [("From", message.header("From"))], b"", message.encoding)
    assert b'"\xc8\xe2\xe0\xed"' in copied


def test_a_name_in_utf8_is_read_as_utf8() -> None:
    message = parse(OK.replace(b"From: <", 'From: "Иван" <'.encode()))
    assert (message.sender.display, message.encoding) == ("Иван", "utf-8")


def test_line_ends_before_the_start_line_are_ignored() -> None:
    assert parse(b"\r\n\r\n" + OK).code == 200


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\x00", b"\r\n \t"])
def test_line_ends_alone_are_a_keep_alive(data: bytes) -> None:
    with pytest.raises(KeepAlive):
        parse(data)


@pytest.mark.parametrize(
    ("line", "phrase"), [(b"SIP/2.0 200", ""), (b"sip/2.0  200  Fine", "Fine")]
)
def test_a_short_status_line_is_read(line: bytes, phrase: str) -> None:
    message = parse(OK.replace(b"SIP/2.0 200 OK", line))
    assert (message.code, message.phrase, message.is_request) == (200, phrase, False)


def test_lines_closed_by_lf_alone_are_refused() -> None:
    with pytest.raises(Malformed, match="no end"):
        parse(OK.replace(b"\r\n", b"\n"))
    with pytest.raises(Malformed, match="line feed"):
        parse(OK.replace(b"Call-ID: c\r\n", b"Call-ID: c\n"))


def test_a_body_longer_than_content_length_is_cut() -> None:
    data = with_header(b"Content-Length: 3") + b"abcdef"
    assert parse(data).body == b"abc"


def test_a_body_shorter_than_content_length_is_refused() -> None:
    with pytest.raises(Malformed, match="Content-Length 9"):
        parse(with_header(b"Content-Length: 9") + b"abc")


def test_a_body_without_content_length_is_the_rest_of_the_datagram() -> None:
    assert parse(OK + b"abc").body == b"abc"


def test_compact_names_are_read_in_either_case() -> None:
    data = (
        b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nF: <sip:a@h>;tag=1\r\n"
        b"t: <sip:b@h>\r\ni: c\r\nCSeq: 1 INVITE\r\nM: <sip:x@h>\r\nl: 0\r\n\r\nrest"
    )
    message = parse(data)
    assert (message.call_id, message.body, message.values("Contact")) == ("c", b"", ("<sip:x@h>",))


def test_a_header_line_without_a_colon_is_dropped_and_the_rest_kept() -> None:
    assert parse(with_header(b"noise without a colon")).call_id == "c"
    assert parse(with_header(b": a value of no name")).call_id == "c"


def test_lists_are_taken_apart_outside_of_quotes() -> None:
    message = parse(with_header(b'Reason: Q.850;cause=16;text="a, b"\r\nReason: SIP;cause=487, X'))
    assert message.values("Reason") == ('Q.850;cause=16;text="a, b"', "SIP;cause=487", "X")


@pytest.mark.parametrize("name", [b"Via", b"From", b"To", b"Call-ID", b"CSeq"])
def test_a_message_without_a_header_it_needs_is_refused(name: bytes) -> None:
    with pytest.raises(Malformed, match=f"no {name.decode()} header"):
        parse(OK.replace(name + b":", b"X-" + name + b":"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SIP/2.0 200 OK", b"SIP/2.0 099 OK"),
        (b"SIP/2.0 200 OK", b"SIP/2.0 700 OK"),
        (b"SIP/2.0 200 OK", b"SIP/2.0 2x0 OK"),
        (b"SIP/2.0 200 OK", "SIP/2.0 ２００ OK".encode()),
        (b"SIP/2.0 200 OK", b"HTTP/1.1 200 OK"),
        (b"SIP/2.0 200 OK", b"OPTIONS  SIP/2.0"),
        (b"SIP/2.0 200 OK", b"OPTIONS sip:a b SIP/2.0"),
        (b"SIP/2.0 200 OK", b"OPT<IONS sip:a@b SIP/2.0"),
        (b"SIP/2.0 200 OK", b"OPTIONS sip:a@b SIP/2.0"),
        (b"CSeq: 1 INVITE", b"CSeq: 4294967296 INVITE"),
        (b"CSeq: 1 INVITE", b"CSeq: one INVITE"),
        (b"CSeq: 1 INVITE", b"CSeq: " + b"9" * 5000 + b" INVITE"),
        (b"SIP/2.0/UDP 127", b"SIP/3.0/UDP 127"),
        (b":5060;branch", b":99999;branch"),
        (b"From: <sip:a@127.0.0.1>", b"From: <>"),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\nContent-Length: -1\r\n"),
        (b"Call-ID: c\r\n", b"Call-ID: c\x00d\r\n"),
        (b"Call-ID: c\r\n", b"Call-ID: " + b"c" * MAX_LINE + b"\r\n"),
        (b"Call-ID: c\r\n", b"Call-ID: c\r\n" + b"X: y\r\n" * MAX_HEADER_LINES),
    ],
)
def test_what_cannot_be_used_is_refused(old: bytes, new: bytes) -> None:
    assert old in OK
    with pytest.raises(Malformed):
        parse(OK.replace(old, new))


def test_a_datagram_beyond_the_bound_is_refused() -> None:
    with pytest.raises(Malformed, match="bytes"):
        parse(OK + b"x" * MAX_DATAGRAM)


def test_an_opaque_request_uri_is_kept_as_text() -> None:
    message = parse(incoming("OPTIONS").replace(b"OPTIONS sip:", b"OPTIONS urn:service:", 1))
    assert message.uri.startswith("urn:service:")
    assert message.uri_user == ""


def test_an_escaped_user_is_read_unescaped() -> None:
    data = incoming().replace(b"INVITE sip:+70005550101@", b"INVITE sip:%23100%2A@", 1)
    assert parse(data).uri_user == "#100*"
    data = incoming().replace(b"INVITE sip:+70005550101@", b"INVITE nothing SIP/2.0\r\nX: ", 1)
    assert parse(data).uri_user == ""


def test_a_session_inside_a_multipart_body_is_found() -> None:
    body = (
        b"--b1\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n"
        b"--b1\r\nContent-Type: Application/SDP\r\n\r\n" + OFFER + b"\r\n--b1--\r\n"
    )
    kind = b'Content-Type: multipart/mixed; charset=x; boundary="b1"'
    assert parse(with_header(kind) + body).sdp() == OFFER
    assert parse(with_header(kind.replace(b"b1", b"b2")) + body).sdp() is None
    assert parse(with_header(b"Content-Type: multipart/mixed; boundary=") + body).sdp() is None
    assert parse(with_header(b"Content-Type: multipart/mixed") + body).sdp() is None


def test_a_body_of_another_type_is_no_session() -> None:
    assert parse(with_header(b"Content-Type: text/plain") + b"v=0").sdp() is None
    assert parse(with_header(b"Content-Type: application/sdp")).sdp() is None
    assert parse(OK + b"v=0").sdp() == b"v=0"


def test_a_value_cannot_break_out_of_its_line() -> None:
    for value in ("a\r\nVia: b", "a\nb", "a\rb", "a\x00b"):
        with pytest.raises(ValueError, match="line break"):
            encode_request("OPTIONS", "sip:a@b", [("Subject", value)])
    with pytest.raises(ValueError, match="line break"):
        encode_request("OPTIONS", "sip:a@b SIP/2.0\r\nX: y", [])


name_text = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


@given(
    user=st.text("abcXYZ019+*-_.!~", min_size=1, max_size=20),
    host=st.sampled_from(["127.0.0.1", "example.com", "a-b.example", "[2001:db8::1]"]),
    port=st.one_of(st.none(), st.integers(1, 65535)),
    name=name_text,
    tag=st.text("abc019", min_size=1, max_size=10),
    cseq=st.integers(0, 2**32 - 1),
)
def test_what_sipmessage_writes_we_read_as_it_does(
    user: str, host: str, port: int | None, name: str, tag: str, cseq: int
) -> None:
    uri = sipmessage.URI(scheme="sip", host=host, user=user, port=port)
    request = sipmessage.Request("OPTIONS", uri)
    request.via = [sipmessage.Via("UDP", host, port, sipmessage.Parameters(branch="z9hG4bKx"))]
    name = name.strip()
    request.from_address = sipmessage.Address(uri, name, sipmessage.Parameters(tag=tag))
    request.to_address = sipmessage.Address(uri)
    request.call_id = "c"
    request.cseq = sipmessage.CSeq(cseq, "OPTIONS")
    message = parse(bytes(request))
    assert (message.sender.display, message.sender.tag) == (name, tag)
    assert message.sender.uri == str(uri) == message.uri
    assert (message.via.host, message.via.port) == (host.strip("[]"), port)
    assert message.cseq == cseq
    assert message.sender.user == user
