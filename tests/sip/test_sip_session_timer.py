"""Session timers: what is asked for and granted, who refreshes, and what ends a lost call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_net import (
    ANSWER,
    OFFER,
    PEER,
    Call,
    Callee,
    Sent,
    after,
    incoming,
    place,
    rejected,
    reply,
    sent,
)

from vyzov.sip.events import CallAnswered, CallEnded
from vyzov.sip.message import Message, parse
from vyzov.sip.session_timer import (
    INTERVAL_LEAST_S,
    INTERVAL_MAX_S,
    Granted,
    Refresher,
    SessionExpires,
    Terms,
    asked,
    grant,
    min_se,
    offered_headers,
    terms_of_answer,
    too_small,
)

UPDATES = "Allow: INVITE, ACK, BYE, UPDATE"


def message(*headers: str) -> Message:
    lines = ["UPDATE sip:a@h SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@h>;tag=1",
             "To: <sip:b@h>;tag=2", "Call-ID: c", "CSeq: 1 UPDATE", *headers]  # fmt: skip
    return parse(("\r\n".join(lines) + "\r\n\r\n").encode())


# ---- values and verdicts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1800", SessionExpires(1800)),
        ("1800;refresher=uac", SessionExpires(1800, Refresher.UAC)),
        ("90 ; Refresher=UAS;x=y", SessionExpires(90, Refresher.UAS)),
        ("90;refresher=me", SessionExpires(90)),
        ("soon", None),
        ("", None),
        ("4294967296", None),
        ("-1", None),
    ],
)
def test_a_session_expires_is_read_as_written(text: str, value: SessionExpires | None) -> None:
    assert SessionExpires.parse(text) == value
    assert asked(message(f"x: {text}")) == value  # Its compact form, RFC 4028 §4.


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Refresher)))
def test_a_session_expires_is_read_back_the_same(seconds: int, refresher: Refresher) -> None:
    value = SessionExpires(seconds, refresher)
    assert SessionExpires.parse(str(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"), [("300", 300), ("300;lr", 300), ("", 0), ("x", 0), ("999999999", 0)]
)
def test_a_min_se_is_read_as_seconds(text: str, seconds: int) -> None:
    assert min_se(message(f"Min-SE: {text}")) == seconds


def test_no_timer_is_asked_for_where_none_is_wanted() -> None:
    assert offered_headers(0) == []
    assert offered_headers(0, floor_s=300) == []


def test_a_timer_is_asked_for_at_least_as_long_as_the_far_sides_least() -> None:
    assert offered_headers(1800) == [("Session-Expires", "1800")]
    assert offered_headers(60) == [("Session-Expires", "90")]
    assert offered_headers(600, floor_s=3600, refresher=Refresher.UAC) == [
        ("Session-Expires", "3600;refresher=uac"), ("Min-SE", "3600"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "terms"),
    [
        ([], None),
        (["Session-Expires: 600;refresher=uac"], Terms(600, ours=True)),
        (["Session-Expires: 600;refresher=uas"], Terms(600, ours=False)),
        (["Session-Expires: 600"], Terms(600, ours=True)),
        (["Session-Expires: 1;refresher=uas"], Terms(INTERVAL_LEAST_S, ours=False)),
        (["Session-Expires: 4000000000"], Terms(INTERVAL_MAX_S, ours=True)),
    ],
)
def test_the_answer_says_who_refreshes(headers: list[str], terms: Terms | None) -> None:
    assert terms_of_answer(message(*headers)) == terms


KNOWS = "Supported: timer"


@pytest.mark.parametrize(
    ("headers", "wanted_s", "current", "terms", "told"),
    [
        ([], 0, None, None, ""),
        ([KNOWS], 0, None, None, ""),
        ([], 1800, None, None, ""),
        ([KNOWS], 1800, None, Terms(1800, ours=False), "1800;refresher=uac"),
        ([KNOWS], 30, None, Terms(90, ours=False), "90;refresher=uac"),
        ([KNOWS, "Session-Expires: 600"], 0, None, Terms(600, ours=False), "600;refresher=uac"),
        ([KNOWS, "Session-Expires: 600;refresher=uas"], 0, None, Terms(600, ours=True),
         "600;refresher=uas"),
        (["Require: timer", "Session-Expires: 600;refresher=uac"], 0, None,
         Terms(600, ours=False), "600;refresher=uac"),
        (["Session-Expires: 600"], 0, None, Terms(600, ours=True), "600;refresher=uas"),
        (["Session-Expires: 600;refresher=uac"], 0, None, Terms(600, ours=True),
         "600;refresher=uas"),
        ([KNOWS, "Session-Expires: 600", "Min-SE: 900"], 0, None, Terms(900, ours=False),
         "900;refresher=uac"),
        ([KNOWS, "Session-Expires: 600"], 0, Terms(600, ours=True), Terms(600, ours=True),
         "600;refresher=uas"),
        ([KNOWS], 0, Terms(600, ours=True), Terms(600, ours=True), "600;refresher=uas"),
        ([KNOWS], 0, Terms(600, ours=False), Terms(600, ours=False), "600;refresher=uac"),
        ([], 0, Terms(600, ours=True), Terms(600, ours=True), ""),
        ([], 0, Terms(600, ours=False), None, ""),
    ],
)  # fmt: skip
def test_what_is_granted_follows_the_table(
    headers: list[str], wanted_s: int, current: Terms | None, terms: Terms | None, told: str
) -> None:
    granted = grant(message(*headers), wanted_s=wanted_s, current=current)
    assert granted.terms == terms
    expected = [("Session-Expires", told)] if told else []
    expected += [("Require", "timer")] if "uac" in told else []
    assert list(granted.headers) == expected


def test_only_a_peer_that_knows_timers_hears_that_its_session_is_too_short() -> None:
    assert too_small(message(KNOWS, "Session-Expires: 89"))
    assert not too_small(message(KNOWS, "Session-Expires: 90"))
    assert not too_small(message("Session-Expires: 30"))
    assert not too_small(message(KNOWS))


@given(st.integers(INTERVAL_LEAST_S, INTERVAL_MAX_S))
def test_a_refresh_always_comes_before_the_end_and_the_end_before_the_interval(
    seconds: int,
) -> None:
    terms = Terms(seconds, ours=True)
    assert 0 < terms.refresh_after_s < terms.expires_after_s < seconds
    assert terms.expires_after_s >= seconds - 32


def test_nothing_granted_is_nothing_told() -> None:
    assert Granted(None).headers == ()


# ---- a call we place ---------------------------------------------------------------------------


def timed(expires: str = "100;refresher=uac", *headers: str, asked_s: int = 1800) -> Call:
    """Places a call and lets the far side answer with a session timer."""
    call = place(session_expires_s=asked_s)
    call.answers(200, body=ANSWER, headers=[f"Session-Expires: {expires}", *headers])
    call.events()
    return call


def test_an_invite_asks_for_the_timer_its_owner_wants() -> None:
    assert place(session_expires_s=1800).invite["Session-Expires"] == "1800"
    invite = place().invite
    assert b"Session-Expires" not in invite.data
    # That we understand timers is said anyway: a proxy may want one.
    assert "timer" in invite["Supported"]


def refreshes(call: Call, until: float) -> list[tuple[float, Sent]]:
    """Waits and answers each refresh with 200; returns them."""
    found: list[tuple[float, Sent]] = []
    while call.now < until:
        due = call.user_agent.next_deadline()
        if due is None or due > until:
            call.now = until
            break
        for when, one in call.waits(due):
            if one.line in ("UPDATE", "INVITE"):
                found.append((when, one))
                call.hears(reply(one, 200, headers=["Session-Expires: 100;refresher=uac", UPDATES]))
    return found


def test_our_refresh_leaves_at_half_time_again_and_again() -> None:
    call = timed("100;refresher=uac", UPDATES)
    found = refreshes(call, 260.0)
    assert [when for when, _ in found] == [50.0, 100.0, 150.0, 200.0, 250.0]
    first = found[0][1]
    assert (first.line, first["Session-Expires"], first.body) == (
        "UPDATE", "100;refresher=uac", b"",
    )  # fmt: skip
    assert call.events() == []


def test_a_far_side_without_update_is_refreshed_by_the_session_unchanged() -> None:
    call = timed("100;refresher=uac", "Allow: INVITE, ACK, BYE")
    ((when, first),) = call.waits(50.0)
    assert (when, first.line, first.body) == (50.0, "INVITE", OFFER)
    (ack,) = call.hears(reply(first, 200, body=ANSWER, headers=["Session-Expires: 100"]))
    assert ack.line == "ACK"
    assert call.events() == []


def test_a_refresh_refused_after_the_timer_was_given_up_is_not_repeated() -> None:
    call = timed("100;refresher=uac", "Allow: INVITE")
    ((_, invite),) = call.waits(50.0)
    call.hears(reply(invite, 100))
    # Meanwhile the far side takes the refreshing over, then ends the timer.
    call.asks("UPDATE", 1, headers=["Supported: timer", "Session-Expires: 100;refresher=uac"])
    call.asks("UPDATE", 2)
    call.hears(reply(invite, 503))
    assert call.waits(1000.0) == []
    assert call.events() == []


def test_a_provisional_answer_to_an_update_says_nothing() -> None:
    call = timed("100;refresher=uac", UPDATES)
    ((_, update),) = call.waits(50.0)
    assert call.hears(reply(update, 100)) == []
    call.hears(reply(update, 200, headers=["Session-Expires: 100;refresher=uac"]))
    assert "BYE" not in [one.line for _, one in call.waits(99.0)]


@pytest.mark.parametrize("code", [405, 488, 501])
def test_a_refused_update_is_followed_by_a_reinvite(code: int) -> None:
    call = timed("100;refresher=uac", UPDATES)
    ((_, update),) = call.waits(50.0)
    assert call.hears(reply(update, code)) == []
    ((when, again),) = call.waits(50.0)
    assert (when, again.line) == (50.0, "INVITE")


@pytest.mark.parametrize("code", [408, 481])
def test_a_refresh_the_far_side_knows_no_call_for_ends_the_call(code: int) -> None:
    call = timed("100;refresher=uac", UPDATES)
    ((_, update),) = call.waits(50.0)
    (bye,) = call.hears(reply(update, code))
    assert (bye.line, bye["Reason"]) == ("BYE", 'Q.850;cause=102;text="session timer expired"')
    (event,) = call.events()
    assert isinstance(event, CallEnded)
    assert (event.side, event.cause) == ("us", "session_expired")


def test_a_refresh_nobody_answers_ends_the_call_before_the_session_does() -> None:
    call = timed("100;refresher=uac", UPDATES)
    assert "BYE" not in [one.line for _, one in call.waits(67.9)]
    found = [(when, one) for when, one in call.waits(100.0) if one.line == "BYE"]
    assert found[0][0] == 68.0
    (event,) = call.events()
    assert isinstance(event, CallEnded)
    assert event.cause == "session_expired"


def test_a_refused_refresh_is_tried_again_until_the_session_ends() -> None:
    call = timed("100;refresher=uac", "Allow: INVITE")
    tried: list[float] = []
    while call.now < 68.0:
        due = call.user_agent.next_deadline()
        assert due is not None
        for when, one in call.waits(due):
            if one.line == "INVITE":
                tried.append(when)
                call.hears(reply(one, 503))
    assert tried == [50.0, 60.0]
    assert call.named() == ["CallEnded"]


def test_a_refresh_may_be_asked_for_more_time() -> None:
    call = timed("100;refresher=uac", UPDATES)
    ((_, update),) = call.waits(50.0)
    call.hears(reply(update, 422, headers=["Min-SE: 400"]))
    ((_, again),) = call.waits(50.0)
    assert (again["Session-Expires"], again["Min-SE"]) == ("400;refresher=uac", "400")
    # A least time that does not grow would be a loop.
    call.hears(reply(again, 422, headers=["Min-SE: 400"]))
    assert [when for when, _ in call.waits(60.0)] == [60.0]


def test_a_lost_refresher_ends_the_call_with_a_reason() -> None:
    call = timed("300;refresher=uas")
    found = call.waits(400.0)
    assert (found[0][0], found[0][1].line) == (268.0, "BYE")
    assert found[0][1]["Reason"].startswith("Q.850;cause=102")
    (event,) = call.events()
    assert isinstance(event, CallEnded)
    assert (event.side, event.cause, event.at) == ("us", "session_expired", 268.0)


def test_a_short_session_ends_a_third_before_its_time() -> None:
    call = timed("6;refresher=uas")
    assert next(when for when, one in call.waits(5.0) if one.line == "BYE") == 4.0


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_a_refresh_of_the_far_side_keeps_the_call_alive(method: str) -> None:
    call = timed("300;refresher=uas")
    for number, moment in enumerate((150.0, 300.0, 450.0), 1):
        call.waits(moment)
        body = ANSWER if method == "INVITE" else b""
        (answer,) = call.asks(
            method,
            number,
            headers=["Supported: timer", "Session-Expires: 300;refresher=uac"],
            body=body,
        )
        assert (answer["Session-Expires"], answer["Require"]) == ("300;refresher=uac", "timer")
        if method == "INVITE":
            call.asks("ACK", number)
    assert call.events() == []
    assert [one.line for when, one in call.waits(800.0) if when == 718.0] == ["BYE"]


def test_a_refresh_that_asks_for_too_little_is_told_the_least() -> None:
    call = timed("300;refresher=uas")
    (answer,) = call.asks("UPDATE", 1, headers=["Supported: timer", "Session-Expires: 30"])
    assert (answer.line, answer["Min-SE"]) == ("422", "90")


def test_the_far_side_may_hand_the_refreshing_to_us() -> None:
    call = timed("300;refresher=uas", UPDATES)
    headers = ["Supported: timer", "Session-Expires: 200;refresher=uas"]
    (answer,) = call.asks("UPDATE", 1, headers=headers)
    assert answer["Session-Expires"] == "200;refresher=uas"
    ((when, update),) = call.waits(100.0)
    assert (when, update.line) == (100.0, "UPDATE")


def test_a_change_of_ours_refreshes_too_and_keeps_the_roles() -> None:
    call = timed("300;refresher=uas")
    call.waits(150.0)
    call.user_agent.hold("leg-1", 150.0)
    (invite,) = sent(call.user_agent)
    assert invite["Session-Expires"] == "300;refresher=uas"
    call.hears(reply(invite, 200, body=ANSWER, headers=["Session-Expires: 300;refresher=uas"]))
    assert "BYE" not in [one.line for _, one in call.waits(417.0)]
    assert "BYE" in [one.line for _, one in call.waits(418.0)]


def test_an_answer_without_a_timer_ends_the_timer() -> None:
    call = timed("300;refresher=uac", UPDATES)
    ((_, update),) = call.waits(150.0)
    call.hears(reply(update, 200))
    assert call.waits(10_000.0) == []


def test_a_refresh_waits_while_a_change_is_under_way() -> None:
    call = timed("100;refresher=uac", UPDATES)
    call.waits(49.0)
    call.user_agent.hold("leg-1", 49.0)
    (invite,) = sent(call.user_agent)
    call.hears(reply(invite, 100))
    assert call.waits(51.0) == []
    call.hears(reply(invite, 200, body=ANSWER, headers=["Session-Expires: 100;refresher=uac"]))
    # What it changed was a refresh as well, so the next one counts from there.
    assert [when for when, one in call.waits(101.2) if one.line == "UPDATE"] == [101.0]


# ---- 422 to a call we place ----------------------------------------------------------------------


def test_a_session_called_too_short_is_asked_for_with_the_larger_value() -> None:
    call = place(session_expires_s=1800)
    ack, again = call.answers(422, headers=["Min-SE: 3600"])
    assert (ack.line, again["CSeq"]) == ("ACK", "2 INVITE")
    assert (again["Session-Expires"], again["Min-SE"]) == ("3600", "3600")
    call.hears(reply(again, 200, body=ANSWER))
    (event,) = call.events()
    assert isinstance(event, CallAnswered)


@pytest.mark.parametrize(
    ("asked_s", "least"), [(1800, "1800"), (1800, ""), (1800, "x"), (0, "3600"), (1800, "90")]
)
def test_a_422_that_asks_for_nothing_larger_is_a_rejection(asked_s: int, least: str) -> None:
    call = place(session_expires_s=asked_s)
    assert [one.line for one in call.answers(422, headers=[f"Min-SE: {least}"])] == ["ACK"]
    assert rejected(call).code == 422


def test_a_least_value_that_always_grows_is_left_in_the_end() -> None:
    call = place(session_expires_s=1800)
    current, tries = call.invite, 1
    for number in range(1, 20):
        found = call.hears(reply(current, 422, headers=[f"Min-SE: {1800 + 100 * number}"]))
        if len(found) == 1:
            break
        current, tries = found[1], tries + 1
    assert tries == 6
    assert rejected(call).code == 422


# ---- a call that comes in --------------------------------------------------------------------------


def incoming_timed(*headers: str, wanted_s: int = 0) -> tuple[Callee, str, Sent]:
    callee = Callee()
    leg = callee.rings(headers=list(headers))
    callee.user_agent.respond(leg, 200, sdp=ANSWER, now=0.0, session_expires_s=wanted_s)
    (answer,) = sent(callee.user_agent)
    tag = answer.message.to_address.parameters["tag"] or ""
    callee.hears(after(tag, "ACK", 1))
    callee.user_agent.events()
    return callee, leg, answer


def test_a_caller_that_asks_for_too_little_is_told_the_least_and_rings_nobody() -> None:
    callee = Callee()
    callee.user_agent.receive(
        incoming(body=OFFER, headers=["Supported: timer", "Session-Expires: 30"]),
        PEER,
        0.0,
    )
    (answer,) = sent(callee.user_agent)
    assert (answer.line, answer["Min-SE"]) == ("422", "90")
    assert callee.named() == []


def test_a_caller_that_refreshes_is_believed_until_it_stops() -> None:
    callee, _, answer = incoming_timed("Supported: timer", "Session-Expires: 120")
    assert (answer["Session-Expires"], answer["Require"]) == ("120;refresher=uac", "timer")
    assert callee.waits(88.0)[-1] == (88.0, "BYE")
    assert callee.named() == ["CallEnded"]


def test_a_proxys_timer_is_refreshed_by_us() -> None:
    callee, _, answer = incoming_timed("Session-Expires: 120", UPDATES)
    assert answer["Session-Expires"] == "120;refresher=uas"
    assert b"Require" not in answer.data
    assert callee.waits(60.0) == [(60.0, "UPDATE")]


def test_a_callee_may_ask_for_a_timer_itself() -> None:
    _, _, answer = incoming_timed("Supported: timer", wanted_s=600)
    assert answer["Session-Expires"] == "600;refresher=uac"
    _, _, answer = incoming_timed(wanted_s=600)
    assert b"Session-Expires" not in answer.data
