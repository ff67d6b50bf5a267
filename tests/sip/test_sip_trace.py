"""What is kept of a message: readable, without secrets and whole numbers, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.sip.trace import HIDDEN, TEXT_MOST, Step, note, redacted

INVITE = (
    b"INVITE sip:+70005550123@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1\r\n"
    b'From: "+70005550999" <sip:+70005550999@192.0.2.9>;tag=a\r\n'
    b"To: <sip:+70005550123@192.0.2.1>\r\n"
    b"Call-ID: one@here\r\n"
    b"CSeq: 2 INVITE\r\n"
    b'Authorization: Digest username="user", realm="carrier", nonce="n0nce",\r\n'
    b' response="deadbeef", algorithm=SHA-256, qop=auth, cnonce="cn"\r\n'
    b"Identity: eyJhbGciOi.secret;info=<x>\r\n"
    b"Content-Type: application/sdp\r\n\r\n"
    b"v=0\r\no=- 1790000000 1 IN IP4 192.0.2.9\r\nm=audio 30000 RTP/SAVP 8\r\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0a2V5|2^31\r\n"
)


def test_a_ladder_gets_what_it_shows() -> None:
    found = note(INVITE)
    assert (found.call_id, found.head, found.cseq) == ("one@here", "INVITE", "2 INVITE")
    assert found.has_sdp
    answer = note(
        b"SIP/2.0 480 Temporarily Unavailable\r\ni: one@here\r\nCSeq: 2 INVITE\r\n"
        b'Reason: Q.850;cause=20;text="absent"\r\n\r\n'
    )
    assert answer.head == "480 Temporarily Unavailable"
    assert answer.reason == 'Q.850;cause=20;text="absent"'
    assert answer.call_id == "one@here"


def test_nothing_that_lets_somebody_sign_in_is_kept() -> None:
    text = redacted(INVITE)
    for secret in ("deadbeef", "n0nce", "cn", '"user"', "secret", "c2VjcmV0a2V5"):
        assert secret not in text.replace("cnonce", "")
    assert 'Authorization: Digest realm="carrier", algorithm=SHA-256, qop=auth, ' + HIDDEN in text
    challenge = b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce="abc"\r\n\r\n'
    assert redacted(challenge).splitlines()[1] == f"WWW-Authenticate: Digest {HIDDEN}"


def test_numbers_keep_their_ends_only_unless_wanted_whole() -> None:
    text = redacted(INVITE)
    assert "sip:+7000*****23@192.0.2.1" in text
    assert "5550123" not in text
    assert '"+7000*****99"' in text
    assert "1790000000" in text
    assert "sip:+70005550123@192.0.2.1" in redacted(INVITE, whole_numbers=True)
    assert redacted(b"OPTIONS tel:+70005550123 SIP/2.0\r\n\r\n").startswith("OPTIONS tel:+7000**")


def test_keys_a_callee_pressed_are_never_kept() -> None:
    relay = b"INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=160"
    assert "7" not in redacted(relay).partition("Duration")[0].replace("INFO", "")
    assert "Duration=160" in redacted(relay)
    plain = b"INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf\r\n\r\n7"
    assert redacted(plain).endswith(HIDDEN)


@given(
    st.one_of(
        st.binary(max_size=400), st.builds(lambda x, y: x + INVITE + y, st.binary(), st.binary())
    )
)
def test_any_bytes_give_bounded_text(data: bytes) -> None:
    found = note(data)
    assert len(found.text) <= TEXT_MOST
    assert "c2VjcmV0a2V5" not in found.text
    assert "deadbeef" not in found.text


def test_a_giant_is_cut() -> None:
    assert len(redacted(b"X-A: " + b"a" * 60_000)) == TEXT_MOST


def test_a_step_reads_what_it_wrote() -> None:
    step = Step(1790000000.25, True, "udp:192.0.2.1:5060", note(INVITE))
    assert Step.from_line(step.to_line()) == step
    with pytest.raises(TypeError):
        Step.from_line(step.to_line() | {"at": "now"})
    with pytest.raises(KeyError):
        Step.from_line({"at": 1})
