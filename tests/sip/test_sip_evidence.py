"""What an outcome carries: every provisional, reason, warning and identity, raw and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import ANSWER, place, rejected, reply

from vyzov.sip.auth import write_challenge
from vyzov.sip.events import CallAnswered, Evidence, Provisional, RealmProved
from vyzov.sip.evidence import MAX_VALUE_CHARS, MAX_VALUES, retry_after
from vyzov.sip.message import parse
from vyzov.sip.user_agent import Account


def test_a_rejection_carries_all_it_said() -> None:
    call = place()
    call.answers(
        480,
        "Gone <fishing>",
        contact="",
        headers=[
            "Reason: Q.850;cause=20",
            "Reason: SIP;cause=480",
            'Warning: 399 a "one, two"',
            'Warning: 307 b "three"',
            "P-Asserted-Identity: <sip:+70005550199@h>",
            "History-Info: <sip:a@h>;index=1, <sip:b@h>;index=1.1",
            'Diversion: "x" <sip:c@h>;reason=unconditional',
            "Call-Info: <https://h/a,b>;purpose=info",
        ],
    )
    event = rejected(call)
    assert (event.code, event.phrase) == (480, "Gone <fishing>")
    assert event.reasons == ("Q.850;cause=20", "SIP;cause=480")
    assert event.evidence == Evidence(
        warnings=('399 a "one, two"', '307 b "three"'),
        asserted=("<sip:+70005550199@h>",),
        history=("<sip:a@h>;index=1", "<sip:b@h>;index=1.1"),
        diversion=('"x" <sip:c@h>;reason=unconditional',),
        call_info=("<https://h/a,b>;purpose=info",),
    )


def test_an_answer_carries_its_evidence_too() -> None:
    call = place()
    call.answers(100)
    call.now = 1.5
    call.answers(180, "Ringing", tag="a")
    call.answers(200, "Fine", tag="a", body=ANSWER, headers=["History-Info: <sip:b@h>;index=1"])
    event = call.events()[-1]
    assert isinstance(event, CallAnswered)
    assert (event.phrase, event.evidence.history) == ("Fine", ("<sip:b@h>;index=1",))
    assert event.heard == (
        Provisional(100, 0.0, "Whatever", ""),
        Provisional(180, 1.5, "Ringing", "a"),
    )


def test_every_provisional_is_kept_with_its_time_phrase_and_tag() -> None:
    call = place()
    for moment, code, tag in ((1.0, 183, "a"), (2.0, 180, "b"), (3.0, 181, "a")):
        call.now = moment
        call.answers(code, f"Phrase {code}", tag=tag)
    call.answers(486)
    event = call.events()[-1]
    assert getattr(event, "heard", None) == (
        Provisional(183, 1.0, "Phrase 183", "a"),
        Provisional(180, 2.0, "Phrase 180", "b"),
        Provisional(181, 3.0, "Phrase 181", "a"),
    )


def test_evidence_is_bounded() -> None:
    call = place()
    headers = [f"Warning: 399 h{number} {'x' * 1000}" for number in range(60)]
    call.answers(500, headers=headers)
    warnings = rejected(call).evidence.warnings
    assert len(warnings) == MAX_VALUES
    assert max(map(len, warnings)) == MAX_VALUE_CHARS
    call = place()
    call.answers(180, "x" * 5000, tag="t" * 5000)
    call.answers(486)
    (kept,) = getattr(call.events()[-1], "heard", ())
    assert (len(kept.phrase), len(kept.to_tag)) == (200, 200)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("120;duration=60", 120), ("18 (in (a) meeting)", 18), ("(soon) 5 ; x=y", 5),
     ("0", 0), ("", None), ("soon", None), ("-5", None), ("99999999", None), ("5 6", None),
     ("5 (never closed", 5)],
)  # fmt: skip
def test_a_retry_after_is_read_around_its_comments(value: str, seconds: int | None) -> None:
    assert retry_after(parse(response(f"Retry-After: {value}"))) == seconds


def response(*headers: str) -> bytes:
    lines = ["SIP/2.0 503 X", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@h>;tag=1",
             "To: <sip:b@h>;tag=2", "Call-ID: c", "CSeq: 1 INVITE", *headers]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n\x00"), max_size=600))
def test_reading_a_retry_after_never_fails(value: str) -> None:
    found = retry_after(parse(response(f"Retry-After: {value}")))
    assert found is None or 0 <= found <= 86_400


# ---- challenges -------------------------------------------------------------------------------------


def challenge(realm: str = "carrier", algorithm: str = "SHA-256") -> str:
    return "WWW-Authenticate: " + write_challenge(realm, "n1", algorithm)


def test_a_carrier_that_offers_only_md5_is_refused_with_the_reason() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    assert [one.line for one in call.answers(401, headers=[challenge(algorithm="MD5")])] == ["ACK"]
    event = rejected(call)
    assert event.code == 401
    assert event.challenge_refused.startswith("the carrier offers only MD5")


def test_a_wrong_password_is_told_so() -> None:
    call = place(Account("vyzov", "wrong", "carrier"))
    _, again = call.answers(401, headers=[challenge()])
    call.hears(reply(again, 401, headers=[challenge().replace("n1", "n2")]))
    assert rejected(call).challenge_refused == "the far side refused the user name or the password"


def test_a_rejection_of_another_kind_refuses_no_challenge() -> None:
    call = place()
    call.answers(403)
    assert rejected(call).challenge_refused == ""


@pytest.mark.parametrize("code", [180, 200])
def test_the_realm_that_took_our_proof_is_told_once_where_none_is_set(code: int) -> None:
    call = place(Account("vyzov", "secret"))
    _, again = call.answers(401, headers=[challenge("their realm")])
    assert call.named() == []
    for _ in range(2):
        call.hears(reply(again, code, body=ANSWER))
    events = call.events()
    assert events[0] == RealmProved("leg-1", 0.0, "their realm", "SHA-256")
    assert sum(isinstance(event, RealmProved) for event in events) == 1


def test_a_proof_that_was_refused_proves_no_realm() -> None:
    call = place(Account("vyzov", "secret"))
    _, again = call.answers(401, headers=[challenge()])
    call.hears(reply(again, 100))
    call.hears(reply(again, 403))
    assert call.named() == ["CallRejected"]


def test_a_realm_that_is_set_is_not_told_again() -> None:
    call = place(Account("vyzov", "secret", "carrier"))
    _, again = call.answers(401, headers=[challenge()])
    call.hears(reply(again, 200, body=ANSWER))
    assert call.named() == ["CallAnswered"]
