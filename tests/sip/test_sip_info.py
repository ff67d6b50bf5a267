"""Digits in INFO requests, as the two media types of the field write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import incoming, talk

from vyzov.sip.events import DigitReceived
from vyzov.sip.info import digit_of
from vyzov.sip.message import Message, parse

RELAY = "application/dtmf-relay"
PLAIN = "application/dtmf"


def info(kind: str, body: bytes) -> Message:
    return parse(incoming("INFO", headers=[f"Content-Type: {kind}"], body=body))


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        (RELAY, b"Signal=5\r\nDuration=160\r\n", ("5", 160)),
        (RELAY, b"signal = *\nDURATION = 90", ("*", 90)),
        (RELAY, b"Signal=11\r\nDuration=250", ("#", 250)),
        (RELAY, b"Signal=10", ("*", 100)),
        (RELAY, b"Signal=a\rDuration=x", ("A", 100)),
        (RELAY, b"Signal=7\r\nDuration=99999", ("7", 100)),
        ("Application/DTMF-Relay; charset=x", b"Signal=0\r\nDuration=0", ("0", 0)),
        (PLAIN, b"5", ("5", 100)),
        (PLAIN, b"#\r\n", ("#", 100)),
        (PLAIN, b"15", ("D", 100)),
        (RELAY, b"Duration=160", None),
        (RELAY, b"Signal=!", None),
        (RELAY, b"Signal=16", None),
        (PLAIN, b"", None),
        (PLAIN, b"55", None),
        (PLAIN, b"5" + b" " * 300, None),
        (PLAIN, b"\xff", None),
        ("text/plain", b"5", None),
        ("application/broadsoft", b"event flashhook", None),
    ],
)
def test_a_digit_is_read_where_there_is_one(
    kind: str, body: bytes, digit: tuple[str, int] | None
) -> None:
    assert digit_of(info(kind, body)) == digit


def test_a_digit_in_a_talk_is_told_and_answered() -> None:
    call = talk()
    call.now = 3.0
    (answer,) = call.asks("INFO", 1, headers=[f"Content-Type: {RELAY}"], body=b"Signal=7\r\n")
    assert answer.line == "200"
    assert call.events() == [DigitReceived("leg-1", 3.0, "7", 100)]


def test_a_repeated_info_is_one_digit() -> None:
    call = talk()
    for _ in range(3):
        call.asks("INFO", 1, branch="z9hG4bKsame", headers=[f"Content-Type: {PLAIN}"], body=b"7")
    assert len(call.events()) == 1


def test_an_info_of_a_package_we_never_named_gets_469() -> None:
    call = talk()
    (answer,) = call.asks("INFO", 1, headers=["Info-Package: conference"])
    assert (answer.line, answer["Recv-Info"]) == ("469", "")
    assert call.events() == []


def test_every_other_info_is_taken_and_says_nothing() -> None:
    call = talk()
    assert call.asks("INFO", 1)[0].line == "200"
    assert call.asks("INFO", 2, headers=["Content-Type: x/y"], body=b"?")[0].line == "200"
    assert call.events() == []


@given(st.sampled_from([RELAY, PLAIN]), st.binary(max_size=300))
def test_reading_digits_never_fails(kind: str, body: bytes) -> None:
    found = digit_of(info(kind, body))
    assert found is None or (found[0] in "0123456789*#ABCD" and 0 <= found[1] <= 10_000)
