"""Trunks: when one may be dialled, when it rests, and when a call may go on through another."""

from datetime import timedelta

import pytest
from core_examples import T0, after
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.trunk import (
    FAULTS_OPEN,
    JITTER_MOST,
    OPEN_FIRST,
    OPEN_MOST,
    PAUSE_MOST,
    CallDropped,
    CallFault,
    CallPlaced,
    CallWorked,
    FailedCall,
    Forgotten,
    OutOfSight,
    ProbeAnswered,
    ProbeMissed,
    SignedIn,
    SignedOut,
    ToldToWait,
    TrunkEvent,
    TrunkFault,
    TrunkHealth,
    TrunkWatch,
    back_at,
    health,
    judge,
    new_watch,
    probe_lives,
    standing_since,
    step,
    takes_calls,
)

NEW = new_watch(T0)
FAULT = CallFault(TrunkFault.NO_REPLY)


def told(*events: TrunkEvent, watch: TrunkWatch = NEW) -> TrunkWatch:
    for event in events:
        watch = step(watch, event, T0)
    return watch


def test_a_trunk_nothing_is_known_of_is_tried() -> None:
    assert health(NEW, T0) is TrunkHealth.UNKNOWN
    assert takes_calls(NEW, T0)


def test_one_missed_probe_is_no_death_two_are() -> None:
    once = told(ProbeAnswered(), ProbeMissed(1))
    assert health(once, T0) is TrunkHealth.UP
    assert health(told(ProbeMissed(2), watch=once), T0) is TrunkHealth.DOWN
    assert not takes_calls(told(ProbeMissed(2), watch=once), T0)


def test_one_answered_probe_raises_a_dead_trunk() -> None:
    dead = told(ProbeMissed(1), ProbeMissed(2, TrunkFault.UNREACHABLE))
    assert dead.last is not None
    assert dead.last.fault is TrunkFault.UNREACHABLE
    assert health(told(ProbeAnswered(), watch=dead), T0) is TrunkHealth.UP


def test_a_refused_registration_closes_the_trunk_until_it_is_accepted() -> None:
    out = told(ProbeAnswered(), SignedOut(code=403, phrase="Forbidden"))
    assert health(out, T0) is TrunkHealth.DOWN
    assert out.last is not None
    assert (out.last.fault, out.last.code) == (TrunkFault.REGISTRATION_REFUSED, 403)
    assert health(told(SignedIn(), watch=out), T0) is TrunkHealth.UP


def test_a_wait_that_was_asked_for_is_kept_to_the_second() -> None:
    paused = told(ToldToWait(30, dice=0.0))
    assert not takes_calls(paused, after(29.999))
    assert takes_calls(paused, after(30))
    assert back_at(paused, after(10)) == after(30)
    assert back_at(paused, after(30)) is None


def test_the_return_after_a_wait_is_spread() -> None:
    late = told(ToldToWait(30, dice=1.0))
    assert not takes_calls(late, after(32.999))
    assert takes_calls(late, after(33))
    huge = told(ToldToWait(3600, dice=1.0))
    assert huge.paused_until == after(3600) + JITTER_MOST


def test_a_shorter_wait_does_not_cut_a_longer_one() -> None:
    paused = told(ToldToWait(60, dice=0.0), ToldToWait(5, dice=0.0))
    assert paused.paused_until == after(60)


def test_no_answer_can_stop_a_trunk_for_ever() -> None:
    paused = told(ToldToWait(10.0**12, dice=0.0))
    assert paused.paused_until == T0 + PAUSE_MOST
    assert told(ToldToWait(-5, dice=0.0)).paused_until == T0


def test_a_probe_that_is_answered_does_not_end_a_wait() -> None:
    paused = told(ToldToWait(30, dice=0.0), ProbeAnswered())
    assert health(paused, T0) is TrunkHealth.PAUSED


def test_faults_in_a_row_open_the_breaker_and_one_good_call_between_them_does_not() -> None:
    almost = told(*[FAULT] * (FAULTS_OPEN - 1))
    assert takes_calls(almost, T0)
    assert health(told(FAULT, watch=almost), T0) is TrunkHealth.OPEN
    mixed = told(CallWorked(), *[FAULT] * (FAULTS_OPEN - 1), watch=almost)
    assert takes_calls(mixed, T0)


def test_a_breaker_lets_one_call_through_when_its_time_is_over() -> None:
    opened = told(*[FAULT] * FAULTS_OPEN)
    later = T0 + OPEN_FIRST
    assert health(opened, later) is TrunkHealth.TRIAL
    assert takes_calls(opened, later)
    out = step(opened, CallPlaced(), later)
    assert not takes_calls(out, later)
    assert takes_calls(step(out, CallDropped(), later), later)
    assert health(step(out, CallWorked(), later), later) is TrunkHealth.UP


def test_a_breaker_that_fails_again_stays_open_twice_as_long() -> None:
    watch, now, spans = told(*[FAULT] * FAULTS_OPEN), T0, []
    for _ in range(12):
        until = back_at(watch, now)
        assert until is not None
        spans.append(until - now)
        now = until
        watch = step(step(watch, CallPlaced(), now), FAULT, now)
    assert spans[:3] == [OPEN_FIRST, OPEN_FIRST * 2, OPEN_FIRST * 4]
    assert spans[-1] == OPEN_MOST


def test_calls_that_were_out_when_the_breaker_opened_do_not_prolong_it() -> None:
    opened = told(*[FAULT] * FAULTS_OPEN)
    later = told(*[FAULT] * 10, watch=opened)
    assert later.open_until == opened.open_until
    assert later.opened == 1


def test_a_good_call_makes_the_next_opening_short_again() -> None:
    opened = told(*[FAULT] * FAULTS_OPEN)
    again = step(opened, FAULT, T0 + OPEN_FIRST)
    closed = told(CallWorked(), watch=again)
    fresh = told(*[FAULT] * FAULTS_OPEN, watch=closed)
    assert fresh.open_until == T0 + OPEN_FIRST


def test_an_engine_out_of_sight_leaves_what_calls_taught() -> None:
    opened = told(ProbeMissed(2), *[FAULT] * FAULTS_OPEN)
    unseen = told(OutOfSight(), watch=opened)
    assert health(unseen, T0) is TrunkHealth.OPEN


def test_new_settings_begin_anew() -> None:
    opened = told(ProbeMissed(2), *[FAULT] * FAULTS_OPEN)
    assert told(Forgotten(), watch=opened) == NEW


def test_since_tells_when_the_health_changed_also_by_time_alone() -> None:
    up = step(NEW, ProbeAnswered(), after(5))
    assert standing_since(up, after(60)) == after(5)
    same = step(up, ProbeAnswered(), after(35))
    assert standing_since(same, after(60)) == after(5)
    paused = step(up, ToldToWait(10, dice=0.0), after(20))
    assert standing_since(paused, after(25)) == after(20)
    assert standing_since(paused, after(40)) == after(30)


EVENTS = st.one_of(
    st.sampled_from(
        [ProbeAnswered(), SignedIn(), SignedOut(), CallPlaced(), CallWorked(), CallDropped(), FAULT,
         OutOfSight(), Forgotten()]
    ),
    st.integers(1, 5).map(ProbeMissed),
    st.builds(ToldToWait, st.floats(0, 1e6), dice=st.floats(0, 1)),
)  # fmt: skip


@given(st.lists(st.tuples(EVENTS, st.floats(0, 400)), max_size=60))
def test_whatever_happens_a_trunk_comes_back_and_never_answers_two_trials(
    story: list[tuple[TrunkEvent, float]],
) -> None:
    watch, now = NEW, T0
    trials = 0
    for event, wait in story:
        now += timedelta(seconds=wait)
        state = health(watch, now)
        if isinstance(event, CallPlaced):
            if not takes_calls(watch, now):
                continue
            trials = trials + 1 if state is TrunkHealth.TRIAL else 0
            assert trials <= 1
        else:
            trials = 0
        watch = step(watch, event, now)
    healed = told(ProbeAnswered(), SignedIn(), CallDropped(), watch=watch)
    assert takes_calls(healed, now + PAUSE_MOST + OPEN_MOST + JITTER_MOST)


@given(st.floats(0, 86_000), st.floats(0, 1), st.floats(0, 1))
def test_no_call_leaves_within_a_wait(seconds: float, dice: float, share: float) -> None:
    paused = told(ToldToWait(seconds, dice))
    inside = T0 + timedelta(seconds=seconds) * share
    if inside < T0 + timedelta(seconds=seconds):
        assert not takes_calls(paused, inside)


def failed(code: int, *provisionals: int, **more: object) -> FailedCall:
    return FailedCall(code, str(more.pop("stage", "trying")), provisionals, **more)  # type: ignore[arg-type]


ROWS = [
    # What came of the call, whose fault, counts for the breaker, may go on.
    (failed(503, 100, 180), TrunkFault.NONE, False, False),
    (failed(503, stage="ringing"), TrunkFault.NONE, False, False),
    (failed(503, 183), TrunkFault.NONE, False, False),
    (failed(0, 100, 199), TrunkFault.NONE, False, False),
    (failed(0, stage="lost"), TrunkFault.BROKEN, False, False),
    (failed(0, fault=TrunkFault.DNS_NOT_FOUND), TrunkFault.DNS_NOT_FOUND, True, True),
    (failed(0, fault=TrunkFault.TLS_CERTIFICATE), TrunkFault.TLS_CERTIFICATE, True, True),
    (failed(401, 100, fault=TrunkFault.ONLY_MD5), TrunkFault.ONLY_MD5, True, True),
    (failed(0), TrunkFault.NO_REPLY, True, True),
    (failed(0, stage="cancelled"), TrunkFault.NO_REPLY, True, True),
    (failed(0, 100), TrunkFault.NO_REPLY, False, False),
    (failed(401), TrunkFault.LOGIN_REFUSED, True, True),
    (failed(407, 100), TrunkFault.LOGIN_REFUSED, True, True),
    (failed(402, 100), TrunkFault.PAYMENT, True, True),
    (failed(403), TrunkFault.CALLER_REFUSED, False, True),
    (failed(403, 100), TrunkFault.NONE, False, False),
    (failed(404, 100, q850=3), TrunkFault.NO_ROUTE, False, True),
    (failed(404, 100, q850=1), TrunkFault.NONE, False, False),
    (failed(404, 100), TrunkFault.NONE, False, False),
    (failed(500, 100), TrunkFault.BROKEN, True, True),
    (failed(502, 100), TrunkFault.BROKEN, True, True),
    (failed(503, 100), TrunkFault.OVERLOADED, True, True),
    (failed(503, 100, q850=17), TrunkFault.NONE, False, False),
    (failed(503, 100, q850=34), TrunkFault.OVERLOADED, True, True),
    (failed(504, 100), TrunkFault.BROKEN, True, False),
    (failed(408), TrunkFault.NONE, False, False),
    (failed(486, 100), TrunkFault.NONE, False, False),
    (failed(603, 100), TrunkFault.NONE, False, False),
]


@pytest.mark.parametrize(("call", "fault", "breaks", "goes_on"), ROWS)
def test_each_failure_is_judged_as_the_table_says(
    call: FailedCall, fault: TrunkFault, breaks: bool, goes_on: bool
) -> None:
    found = judge(call)
    assert (found.fault, found.breaks, found.goes_on) == (fault, breaks, goes_on)


@given(
    st.builds(
        FailedCall,
        st.sampled_from([0, *range(300, 700)]),
        st.sampled_from(["trying", "ringing", "cancelled", "lost"]),
        st.lists(st.integers(100, 199), max_size=4).map(tuple),
        st.none() | st.integers(1, 127),
        st.sampled_from(TrunkFault),
    )
)
def test_no_call_goes_on_once_anything_may_have_rung(call: FailedCall) -> None:
    if judge(call).goes_on:
        assert set(call.provisionals) <= {100}
        assert call.stage not in ("lost", "ringing")
        assert call.code not in (408, 480, 486, 487, 504, 600, 603)


def test_a_final_answer_outweighs_a_way_that_failed_beside_it() -> None:
    call = FailedCall(486, "trying", (), None, TrunkFault.NO_REPLY)
    assert not judge(call).goes_on


def test_any_final_answer_but_two_proves_that_somebody_is_there() -> None:
    assert [
        code for code in (0, 200, 401, 404, 405, 408, 481, 501, 503) if not probe_lives(code)
    ] == [
        0,
        408,
        503,
    ]
