"""The ledger reads datagrams with eyes of its own."""

import ast
import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vyzov.pstn import ledger
from vyzov.pstn.ledger import Ledger, scan

INVITE = (
    b"INVITE sip:+70005550101@127.0.0.1:5070;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKabc\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKold\r\n"
    b'From: "Vyzov" <sip:+70005550199@127.0.0.1>;tag=f1\r\n'
    b"To: <sip:+70005550101@127.0.0.1>\r\n"
    b"Call-ID: deadbeef@vyzov\r\nCSeq: 2 INVITE\r\nContent-Length: 4\r\n\r\nv=0\n"
)
REFUSAL = (
    b"SIP/2.0 480 Temporarily Unavailable\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;Branch=z9hG4bKabc;rport=5060\r\n"
    b"f: <sip:+70005550199@127.0.0.1>;TAG=f1\r\nt: <sip:+70005550101@x>;tag=t1\r\n"
    b'i: deadbeef\r\nCSeq: 1 INVITE\r\nReason: Q.850;cause=20;\r\n text="Subscriber absent"\r\n'
    b"Reason: SIP;cause=480\r\n\r\n"
)


def test_a_request_is_scanned() -> None:
    words = scan(INVITE)
    assert words is not None
    assert (words.method, words.status, words.uri_user) == ("INVITE", 0, "+70005550101")
    assert (words.call_id, words.cseq, words.cseq_method) == ("deadbeef@vyzov", 2, "INVITE")
    assert (words.branch, words.from_tag, words.to_tag) == ("z9hG4bKabc", "f1", "")
    assert (words.from_number, words.to_number) == ("+70005550199", "+70005550101")
    assert words.has_body


def test_a_response_with_compact_and_folded_headers_is_scanned() -> None:
    words = scan(REFUSAL)
    assert words is not None
    assert (words.method, words.status) == ("", 480)
    assert words.phrase == "Temporarily Unavailable"
    assert words.reasons == ('Q.850;cause=20; text="Subscriber absent"', "SIP;cause=480")
    assert (words.call_id, words.branch, words.to_tag) == ("deadbeef", "z9hG4bKabc", "t1")
    assert (words.from_tag, words.has_body) == ("f1", False)


def test_what_is_not_sip_is_noise() -> None:
    assert scan(b"\r\n\r\n") is None
    assert scan(b"GET / HTTP/1.1\r\n\r\n") is None
    words = scan(b"OPTIONS sip:box SIP/2.0\r\nno colon here\r\n\r\n")
    assert words is not None
    assert (words.call_id, words.cseq, words.cseq_method, words.branch) == ("", 0, "", "")


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=len(INVITE)))
def test_no_datagram_breaks_the_scanner(junk: bytes, cut: int) -> None:
    scan(junk)
    scan(INVITE[:cut] + junk + INVITE[cut:])


def test_every_line_bears_both_clocks_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.jsonl"
    for _ in range(2):
        book = Ledger(path, lambda: 12.5, lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        book.datagram("in", INVITE, ("127.0.0.1", 5060))
        book.datagram("out", REFUSAL, ("127.0.0.1", 5060))
        book.datagram("in", b"\r\n\r\n", ("127.0.0.1", 5060))
        assert book.invites == 1
        book.close()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["rec"] for line in lines] == ["sip", "sip", "noise"] * 2
    assert {line["t"] for line in lines} == {12.5}
    assert {line["utc"] for line in lines} == {"2026-01-02T03:04:05.000000Z"}
    assert lines[0]["method"] == "INVITE"
    assert lines[0]["peer"] == "127.0.0.1:5060"
    assert lines[1]["status"] == 480


def test_the_scanner_shares_nothing_with_the_product() -> None:
    tree = ast.parse(Path(ledger.__file__).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not [name for name in imported if name.startswith(("vyzov", "sipmessage"))]
