"""Why a call failed: each row of the table with a trace, and its near misses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.diagnosis import (
    Advice,
    Cause,
    Diagnosis,
    diagnose_failure,
    explain,
    outcome_of,
    q850_of,
)
from vyzov.core.outcome import Outcome

TRACES: list[tuple[str, int, int | None, str, float, str, str]] = [
    # what happened, code, Q.850, stage, ring seconds, outcome, cause
    ("busy line", 486, None, "trying", 0.0, "busy", "line_busy"),
    ("busy line with its cause", 486, 17, "trying", 0.0, "busy", "line_busy"),
    ("busy everywhere", 600, None, "trying", 0.0, "busy", "line_busy"),
    ("declined after a ring", 486, 17, "ringing", 1.5, "rejected", "rejected_by_hand"),
    ("declined after two rings", 603, 21, "ringing", 8.0, "rejected", "rejected_by_hand"),
    ("refused at once", 603, None, "trying", 0.0, "rejected", "rejected_at_once"),
    ("switched off", 480, 20, "trying", 0.0, "unreachable", "switched_off"),
    ("switched off by 408", 408, 18, "trying", 0.0, "unreachable", "switched_off"),
    ("480 alone says little", 480, None, "trying", 0.0, "unreachable", "switched_off"),
    ("nobody came to the phone", 480, 19, "ringing", 25.0, "no_answer", "rang_out"),
    ("rang, then 480", 480, None, "ringing", 20.0, "no_answer", "rang_out"),
    ("rang, then 480 with 18", 480, 18, "ringing", 20.0, "no_answer", "rang_out"),
    ("408 alone", 408, None, "trying", 0.0, "no_answer", "rang_out"),
    ("408 after ringing", 408, None, "ringing", 30.0, "no_answer", "rang_out"),
    ("our time-out", 487, None, "cancelled", 24.0, "no_answer", "rang_out"),
    ("our time-out, no final", 0, None, "cancelled", 24.0, "no_answer", "rang_out"),
    ("our time-out, busy came", 486, None, "cancelled", 24.0, "rejected", "rejected_by_hand"),
    ("not allocated", 404, 1, "trying", 0.0, "invalid_number", "not_allocated"),
    ("not found", 404, None, "trying", 0.0, "invalid_number", "not_allocated"),
    ("nowhere", 604, 1, "trying", 0.0, "invalid_number", "not_allocated"),
    ("no route", 404, 3, "trying", 0.0, "trunk_error", "routing_hole"),
    ("changed", 410, 22, "trying", 0.0, "invalid_number", "number_changed"),
    ("too short", 484, 28, "trying", 0.0, "invalid_number", "number_incomplete"),
    ("barred", 480, 21, "trying", 0.0, "unreachable", "callee_barred"),
    ("barred, 403", 403, 55, "trying", 0.0, "unreachable", "callee_barred"),
    ("caller refused", 403, None, "trying", 0.0, "trunk_error", "caller_refused"),
    ("no money", 402, None, "trying", 0.0, "trunk_error", "caller_refused"),
    ("wrong password", 401, None, "trying", 0.0, "trunk_error", "login_refused"),
    ("wrong proxy password", 407, None, "trying", 0.0, "trunk_error", "login_refused"),
    ("full", 503, None, "trying", 0.0, "congestion", "congestion"),
    ("full with its cause", 500, 34, "trying", 0.0, "congestion", "congestion"),
    ("server error", 500, None, "trying", 0.0, "congestion", "congestion"),
    ("no common codec", 488, None, "trying", 0.0, "trunk_error", "codec"),
    ("marked as spam", 607, None, "ringing", 5.0, "blocked_spam", "marked_as_spam"),
    ("blocked by analytics", 608, None, "trying", 0.0, "blocked_spam", "analytics_blocked"),
    ("anonymous", 433, None, "trying", 0.0, "trunk_error", "anonymous_refused"),
    ("silence of the trunk", 0, None, "trying", 0.0, "trunk_error", "no_reply"),
    ("rang until the end of time", 0, None, "ringing", 180.0, "no_answer", "rang_out"),
    ("the engine fell", 0, None, "lost", 3.0, "unknown", "engine_lost"),
    ("the engine fell and cancelled", 487, None, "lost", 3.0, "cancelled_by_us", "engine_lost"),
    ("the engine fell, busy came", 486, None, "lost", 0.0, "busy", "line_busy"),
    ("redirected", 302, None, "trying", 0.0, "unreachable", "unknown"),
    ("bad request", 400, None, "trying", 0.0, "trunk_error", "unknown"),
    ("not implemented", 501, None, "trying", 0.0, "congestion", "unknown"),
    ("some other refusal", 699, None, "trying", 0.0, "rejected", "unknown"),
]


@pytest.mark.parametrize(
    ("code", "q850", "stage", "ring_s", "outcome", "cause"),
    [trace[1:] for trace in TRACES],
    ids=[trace[0] for trace in TRACES],
)
def test_a_trace_is_understood(
    code: int, q850: int | None, stage: str, ring_s: float, outcome: str, cause: str
) -> None:
    assert outcome_of(code, q850, stage, ring_s) == (Outcome(outcome), Cause(cause))


def test_an_answer_is_no_failure() -> None:
    assert outcome_of(200, answered=True) == (Outcome.ANSWERED_HUMAN, Cause.ANSWERED)


def test_an_announcement_before_480_means_out_of_reach() -> None:
    found = diagnose_failure(480, stage="ringing", ring_s=6.0, early_media=True)
    assert (found.outcome, found.cause) == (Outcome.UNREACHABLE, Cause.SWITCHED_OFF)
    assert found.confidence >= 0.6


@pytest.mark.parametrize(
    ("phrase", "reasons"),
    [
        ("Network Blocked", ()),
        ("Decline", ('Q.850;cause=21;location=LN;text="v=analytics1;url=https://x.example"',)),
    ],
)
def test_a_603_of_the_network_is_no_persons_refusal(phrase: str, reasons: tuple[str, ...]) -> None:
    found = diagnose_failure(603, phrase=phrase, reasons=reasons, ring_s=3.0)
    assert (found.outcome, found.cause) == (Outcome.BLOCKED_SPAM, Cause.ANALYTICS_BLOCKED)


@pytest.mark.parametrize(
    ("reasons", "cause"),
    [
        ((), None),
        (('SIP;cause=200;text="elsewhere"',), None),
        (("Q.850;cause=16",), 16),
        ((' q.850 ; text="x" ; cause = 20',), 20),
        (("SIP;cause=487", 'Q.850;cause=1;text="gone"'), 1),
        (("Q.850;cause=1234",), None),
        (("Q.850;cause=",), None),
        (("Q.8500;cause=5",), None),
    ],
)
def test_the_cause_is_read_from_the_reason_header(
    reasons: tuple[str, ...], cause: int | None
) -> None:
    assert q850_of(reasons) == cause


def test_the_engines_own_cause_goes_before_the_header() -> None:
    assert diagnose_failure(480, q850=20, reasons=("Q.850;cause=19",)).q850 == 20
    assert diagnose_failure(480, reasons=("Q.850;cause=19",)).outcome is Outcome.NO_ANSWER


@given(
    st.integers(0, 699),
    st.none() | st.integers(0, 127),
    st.sampled_from(["trying", "ringing", "cancelled", "lost"]),
    st.floats(0, 200),
    st.booleans(),
)
def test_every_failure_has_an_outcome_that_is_no_answer(
    code: int, q850: int | None, stage: str, ring_s: float, announced: bool
) -> None:
    found = diagnose_failure(code, q850=q850, stage=stage, ring_s=ring_s, early_media=announced)
    assert not found.outcome.is_answer
    assert 0 < found.confidence <= 1
    told = explain(found, code, ring_s)
    assert told.advice
    assert (told.cause is Cause.UNKNOWN) or found.confidence >= 0.6


def test_a_weak_guess_is_shown_as_unknown() -> None:
    told = explain(diagnose_failure(480), 480, 0.0)
    assert told.cause is Cause.UNKNOWN
    assert told.advice == (Advice.LOOK_BY_HAND,)
    assert told.evidence == "without_ringing"


def test_half_a_second_of_ringing_is_ringing() -> None:
    assert diagnose_failure(486, ring_s=0.5).outcome is Outcome.REJECTED
    assert diagnose_failure(486, ring_s=0.49).outcome is Outcome.BUSY
    assert explain(diagnose_failure(486, ring_s=0.5), 486, 0.5).evidence == "after_ringing"


def test_a_confidence_of_six_tenths_is_enough() -> None:
    assert explain(diagnose_failure(603), 603, 0.0).cause is Cause.REJECTED_AT_ONCE


def test_an_explanation_says_what_it_rests_on() -> None:
    told = explain(diagnose_failure(486, q850=17, ring_s=2.0), 486, 2.0)
    assert told.evidence == "after_ringing_with_cause"
    assert told.args == {"code": 486, "q850": 17, "ring_s": 2.0}
    assert told.advice == (Advice.TRY_TOMORROW,)
    assert explain(diagnose_failure(0), 0, 0.0).evidence == "no_reply"


def test_every_cause_has_its_advice() -> None:
    for cause in Cause:
        assert explain(Diagnosis(Outcome.UNKNOWN, cause, 1.0, None), 200, 0.0).advice


def test_a_trunk_that_says_nothing_at_all_is_not_a_callee_who_did_not_answer() -> None:
    found = diagnose_failure(0, stage="cancelled", ring_s=0.0)
    assert (found.outcome, found.cause) == (Outcome.TRUNK_ERROR, Cause.NO_REPLY)
    rang = diagnose_failure(0, stage="cancelled", ring_s=20.0)
    assert (rang.outcome, rang.cause) == (Outcome.NO_ANSWER, Cause.RANG_OUT)


@pytest.mark.parametrize("code", [0, 408, 480, 487, 503])
@pytest.mark.parametrize(
    ("heard", "outcome", "cause"),
    [
        ("busy", Outcome.BUSY, Cause.LINE_BUSY),
        ("congestion", Outcome.CONGESTION, Cause.CONGESTION),
        ("special_information", Outcome.UNREACHABLE, Cause.NOT_ALLOCATED),
    ],
)
def test_a_tone_speaks_where_the_code_does_not(
    code: int, heard: str, outcome: Outcome, cause: Cause
) -> None:
    found = diagnose_failure(code, stage="cancelled", ring_s=9.0, early_media=True, heard=heard)
    assert (found.outcome, found.cause) == (outcome, cause)
    # A code or a cause that names the reason is believed before the tone.
    assert diagnose_failure(404, heard=heard).cause is Cause.NOT_ALLOCATED
    assert diagnose_failure(480, q850=20, heard=heard).cause is Cause.SWITCHED_OFF


def test_a_ringback_tone_under_early_media_is_ringing_and_no_announcement() -> None:
    rang = diagnose_failure(480, stage="ringing", early_media=True, heard="ringback")
    assert rang.cause is Cause.RANG_OUT
    spoken = diagnose_failure(480, stage="ringing", early_media=True, heard="voice")
    assert spoken.cause is Cause.SWITCHED_OFF


@pytest.mark.parametrize(
    ("fault", "outcome", "cause", "advice"),
    [
        ("only_md5", Outcome.TRUNK_ERROR, Cause.ONLY_MD5, Advice.ALLOW_MD5),
        ("tls_certificate", Outcome.TRUNK_ERROR, Cause.CERTIFICATE_BAD, Advice.CHECK_CERTIFICATE),
        (
            "registration_refused",
            Outcome.TRUNK_ERROR,
            Cause.REGISTRATION_REFUSED,
            Advice.CHECK_LOGIN,
        ),
        ("dns_not_found", Outcome.TRUNK_ERROR, Cause.DNS_NOT_FOUND, Advice.CHECK_TRUNK_NAME),
        ("unreachable", Outcome.TRUNK_ERROR, Cause.TRUNK_UNREACHABLE, Advice.CHECK_TRUNK_ADDRESS),
        ("wait_asked", Outcome.CONGESTION, Cause.TRUNK_PAUSED, Advice.WAIT_FOR_TRUNK),
    ],
)
def test_what_failed_on_the_way_to_the_carrier_is_the_cause(
    fault: str, outcome: Outcome, cause: Cause, advice: Advice
) -> None:
    found = diagnose_failure(503, fault=fault)
    assert (found.outcome, found.cause, found.confidence) == (outcome, cause, 1.0)
    assert explain(found, 503, 0.0).advice[0] is advice


def test_a_carrier_that_is_only_silent_has_the_cause_it_always_had() -> None:
    assert diagnose_failure(0, fault="no_reply").cause is Cause.NO_REPLY
