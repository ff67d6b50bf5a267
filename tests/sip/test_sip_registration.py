"""Signing in at a carrier: every answer a registrar may give, and what time does to a sign-in."""

import pytest
from sign_in_carrier import AOR, OVER_TCP, Carrier, challenge
from sip_net import PEER, reply

from vyzov.sip.events import Hop
from vyzov.sip.registration import (
    FIRST_BACK_OFF_S,
    KEEP_ALIVE_S,
    LAST_BACK_OFF_S,
    PONG_WITHIN_S,
)


def test_a_sign_in_names_who_where_and_for_how_long() -> None:
    asked = Carrier().asked
    assert asked.uri == "sip:carrier.example"
    assert asked["To"] == f"<sip:{AOR}>"
    assert asked["From"].startswith(f"<sip:{AOR}>;tag=")
    assert asked["Contact"] == "<sip:vyzov@127.0.0.1:5060>;expires=300"
    assert asked["Expires"] == "300"
    assert asked["CSeq"] == "1 REGISTER"


def test_over_tcp_the_contact_names_its_transport() -> None:
    asked = Carrier(OVER_TCP).asked
    assert asked["Contact"] == "<sip:vyzov@127.0.0.1:5060;transport=tcp>;expires=300"
    assert asked.target == OVER_TCP


def test_a_grant_is_told_with_its_span() -> None:
    event = Carrier().grants(120)
    assert (event.trunk, event.state, event.code, event.expires_s) == (
        "trunk-1", "registered", 200, 120,
    )  # fmt: skip


def test_the_span_of_our_own_contact_counts_not_that_of_another() -> None:
    carrier = Carrier()
    carrier.says(200, "OK", "Contact: <sip:else@192.0.2.9>;expires=9000",
                 "Contact: <sip:vyzov@127.0.0.1:5060>;expires=60")  # fmt: skip
    assert carrier.told().expires_s == 60


def test_a_contact_the_registrar_has_mended_counts_as_ours_may() -> None:
    carrier = Carrier()
    spans = {"vyzov@203.0.113.7:41000": 60, "else@192.0.2.9": 9000, "gone@192.0.2.9": 0}
    carrier.says(200, "OK", *(f"Contact: <sip:{uri}>;expires={s}" for uri, s in spans.items()))
    assert carrier.told().expires_s == 60


def test_a_span_said_for_all_counts_where_the_contact_says_none() -> None:
    carrier = Carrier()
    carrier.says(200, "OK", "Contact: <sip:vyzov@127.0.0.1:5060>", "Expires: 90")
    assert carrier.told().expires_s == 90


def test_a_grant_that_says_no_span_means_what_was_asked() -> None:
    carrier = Carrier()
    carrier.says(200, "OK", "Expires: soon")
    assert carrier.told().expires_s == 300


def test_a_challenge_is_answered_once_with_the_next_number() -> None:
    carrier = Carrier()
    first = carrier.asked
    (again,) = carrier.says(401, "Unauthorized", challenge())
    assert again["CSeq"] == "2 REGISTER"
    assert again["Call-ID"] == first["Call-ID"]
    assert 'username="77001"' in again["Authorization"]
    assert carrier.grants().state == "registered"


def test_a_wrong_password_ends_the_loop_and_waits_long() -> None:
    carrier = Carrier(dice=1.0)
    carrier.says(401, "Unauthorized", challenge("n1"))
    assert carrier.says(401, "Unauthorized", challenge("n2")) == []
    event = carrier.told()
    assert (event.state, event.code) == ("refused", 401)
    assert "refused the user name or the password" in event.phrase
    assert event.retry_s == LAST_BACK_OFF_S
    assert carrier.waits(LAST_BACK_OFF_S - 1.0) == []
    assert [one.line for one in carrier.waits(LAST_BACK_OFF_S)] == ["REGISTER"]


def test_an_algorithm_too_weak_is_refused_with_the_reason() -> None:
    carrier = Carrier()
    weak = challenge().replace("SHA-256", "MD5")
    assert carrier.says(401, "Unauthorized", weak) == []
    event = carrier.told()
    assert (event.state, "only MD5" in event.phrase) == ("refused", True)


def test_a_registrar_that_always_says_stale_is_left_after_four_tries() -> None:
    carrier = Carrier()
    tries = 1
    while carrier.says(401, "Unauthorized", challenge(f"n{tries}", stale=True)):
        tries += 1
    assert tries == 4
    assert carrier.told().state == "refused"


def test_a_longer_span_is_taken_where_the_registrar_demands_it() -> None:
    carrier = Carrier(expires_s=60)
    (again,) = carrier.says(423, "Interval Too Brief", "Min-Expires: 1800")
    assert again["Expires"] == "1800"
    assert carrier.grants(1800).expires_s == 1800


@pytest.mark.parametrize("header", ["Min-Expires: 60", "Min-Expires: soon", "X: y"])
def test_a_demand_for_a_span_no_longer_than_asked_is_a_failure(header: str) -> None:
    carrier = Carrier(expires_s=60)
    assert carrier.says(423, "Interval Too Brief", header) == []
    assert carrier.told().state == "failing"


def test_a_sign_in_is_refreshed_between_80_and_90_percent_of_its_span() -> None:
    for dice, due in ((0.0, 240.0), (1.0, 270.0)):
        carrier = Carrier(dice=dice)
        carrier.grants(300)
        assert carrier.waits(due - 0.1) == []
        (refresh,) = carrier.waits(due)
        assert refresh["CSeq"] == "2 REGISTER"


def test_a_span_of_nothing_is_not_asked_again_at_once() -> None:
    carrier = Carrier()
    assert carrier.grants(0).expires_s == 0
    assert carrier.waits(7.9) == []
    assert len(carrier.waits(8.0)) == 1


def test_a_refresh_proves_itself_with_the_nonce_it_has() -> None:
    carrier = Carrier()
    carrier.says(401, "Unauthorized", challenge())
    carrier.grants(300)
    (refresh,) = carrier.waits(240.0)
    assert "nc=00000002" in refresh["Authorization"]
    assert carrier.grants().state == "registered"


@pytest.mark.parametrize("stale", [False, True])
def test_a_nonce_that_grew_old_between_refreshes_is_replaced(stale: bool) -> None:
    carrier = Carrier()
    carrier.says(401, "Unauthorized", challenge("n1"))
    carrier.grants(300)
    carrier.waits(240.0)
    (again,) = carrier.says(401, "Unauthorized", challenge("n2", stale=stale))
    assert 'nonce="n2"' in again["Authorization"]
    assert carrier.grants().state == "registered"


def test_failures_are_tried_again_at_growing_intervals_up_to_five_minutes() -> None:
    carrier = Carrier(dice=1.0)
    pauses: list[float] = []
    for _ in range(9):
        assert carrier.says(500, "Server Error") == []
        event = carrier.told()
        assert event.state == "failing"
        pauses.append(event.retry_s)
        assert len(carrier.waits(carrier.now + event.retry_s)) == 1
    assert pauses[0] == FIRST_BACK_OFF_S
    assert pauses == sorted(pauses)
    assert pauses[-1] == LAST_BACK_OFF_S
    carrier.grants()
    carrier.waits(carrier.now + 270.0)
    carrier.says(500, "Server Error")
    assert carrier.told().retry_s == FIRST_BACK_OFF_S


def test_jitter_never_goes_below_the_least_pause() -> None:
    carrier = Carrier(dice=0.0)
    carrier.says(500, "Server Error")
    assert carrier.told().retry_s == FIRST_BACK_OFF_S
    carrier.waits(FIRST_BACK_OFF_S)
    carrier.says(500, "Server Error")
    assert carrier.told().retry_s == 7.5


def test_the_registrar_is_not_asked_before_its_retry_after() -> None:
    carrier = Carrier(dice=1.0)
    carrier.says(503, "Service Unavailable", "Retry-After: 120 (maintenance);duration=60")
    event = carrier.told()
    assert 120.0 <= event.retry_s <= 132.0
    assert carrier.waits(120.0) == []


def test_a_retry_after_of_a_year_is_bounded_and_nonsense_is_none() -> None:
    carrier = Carrier(dice=0.0)
    carrier.says(503, "Service Unavailable", "Retry-After: 31536000")
    assert carrier.told().retry_s == 3600.0
    other = Carrier(dice=0.0)
    other.says(503, "Service Unavailable", "Retry-After: soon")
    assert other.told().retry_s == FIRST_BACK_OFF_S


def test_an_account_that_is_forbidden_is_asked_rarely() -> None:
    carrier = Carrier(dice=1.0)
    carrier.says(403, "Forbidden")
    event = carrier.told()
    assert (event.state, event.retry_s) == ("refused", LAST_BACK_OFF_S)


def test_silence_is_told_in_plain_words() -> None:
    carrier = Carrier()
    carrier.waits(32.0)
    event = carrier.told()
    assert (event.state, event.code, event.phrase) == ("failing", 0, "no answer came")


def test_a_provisional_answer_changes_nothing() -> None:
    carrier = Carrier()
    assert carrier.says(100, "Trying") == []
    assert list(carrier.agent.events()) == []
    assert carrier.grants().state == "registered"


def test_while_a_refresh_fails_the_rest_of_the_old_span_is_told() -> None:
    carrier = Carrier(dice=0.0)
    carrier.grants(300)
    carrier.waits(240.0)
    carrier.says(500, "Server Error")
    assert carrier.told().expires_s == 60


def test_a_connection_that_cannot_be_made_is_a_failure_that_names_it() -> None:
    carrier = Carrier(OVER_TCP)
    carrier.agent.connection_lost(OVER_TCP, 1.0)
    event = carrier.told()
    assert event.state == "failing"
    assert "tcp:127.0.0.1:5070" in event.phrase


def test_a_lost_connection_is_made_again_though_the_span_is_not_over() -> None:
    carrier = Carrier(OVER_TCP, dice=0.0)
    carrier.grants(300)
    carrier.agent.connection_lost(OVER_TCP._replace(port=9), 10.0)
    carrier.agent.connection_lost(OVER_TCP._replace(flow=3), 10.0)
    assert list(carrier.agent.events()) == []
    carrier.agent.connection_lost(OVER_TCP, 10.0)
    event = carrier.told()
    assert (event.state, event.expires_s) == ("failing", 290)
    assert len(carrier.waits(10.0 + FIRST_BACK_OFF_S)) == 1


# ---- keeping the way open ----------------------------------------------------------------------


def test_the_way_is_kept_open_with_line_ends_every_25_seconds() -> None:
    carrier = Carrier()
    carrier.grants(300)
    carrier.waits(KEEP_ALIVE_S * 4 + 1)
    assert carrier.pings == 4


def test_no_keep_alive_is_sent_once_the_span_has_run_out() -> None:
    carrier = Carrier(dice=1.0)
    carrier.grants(60)
    carrier.waits(54.0)
    assert carrier.pings == 2
    carrier.says(403, "Forbidden")
    carrier.waits(200.0)
    assert carrier.pings == 0


def pongs(carrier: Carrier) -> None:
    carrier.agent.receive(b"\r\n", carrier.target, carrier.now)


def test_a_registrar_that_answered_a_keep_alive_once_is_expected_to_go_on() -> None:
    carrier = Carrier(OVER_TCP, dice=0.0)
    carrier.grants(3600)
    carrier.waits(KEEP_ALIVE_S)
    pongs(carrier)
    carrier.waits(2 * KEEP_ALIVE_S + 1)
    pongs(carrier)
    carrier.waits(3 * KEEP_ALIVE_S + PONG_WITHIN_S - 1)
    assert list(carrier.agent.events()) == []
    carrier.waits(3 * KEEP_ALIVE_S + PONG_WITHIN_S)
    event = carrier.told()
    assert (event.state, "keep-alives" in event.phrase) == ("failing", True)
    assert {one["CSeq"] for one in carrier.waits(95.0)} == {"2 REGISTER"}


def test_a_registrar_that_never_answers_keep_alives_is_not_asked_to() -> None:
    carrier = Carrier(OVER_TCP)
    carrier.grants(3600)
    carrier.waits(1000.0)
    assert list(carrier.agent.events()) == []


def test_a_keep_alive_that_is_missed_while_a_refresh_is_under_way_changes_nothing() -> None:
    carrier = Carrier(OVER_TCP, dice=0.0)
    carrier.grants(100)
    carrier.waits(KEEP_ALIVE_S)
    pongs(carrier)
    carrier.waits(2 * KEEP_ALIVE_S + 1)
    pongs(carrier)
    carrier.waits(80.0)  # The refresh is under way, the ping of 75 s is open.
    carrier.waits(86.0)
    assert list(carrier.agent.events()) == []
    assert carrier.grants().state == "registered"


@pytest.mark.parametrize("source", [PEER, OVER_TCP._replace(port=9)])
def test_an_answer_of_somebody_else_proves_nothing(source: Hop) -> None:
    carrier = Carrier(OVER_TCP)
    carrier.grants(3600)
    carrier.agent.receive(b"\r\n", source, 1.0)
    carrier.waits(1000.0)
    assert list(carrier.agent.events()) == []


# ---- how we are seen ---------------------------------------------------------------------------


def seen(rport: str, target: Hop = PEER) -> str:
    carrier = Carrier(target)
    data = reply(carrier.asked, 200, "OK", contact="")
    data = data.replace(b";rport", rport.encode(), 1)
    carrier.agent.receive(data, target, 0.0)
    return carrier.told().seen_as


def test_an_address_translated_on_the_way_is_noticed() -> None:
    assert seen(";received=198.51.100.7;rport=40001") == "198.51.100.7:40001"
    assert seen(";received=127.0.0.1;rport=40001") == "127.0.0.1:40001"


def test_an_address_that_is_ours_is_not_mentioned() -> None:
    assert seen(";received=127.0.0.1;rport=5060") == ""
    assert seen(";rport") == ""


def test_the_port_a_connection_was_made_from_is_no_address_of_ours() -> None:
    assert seen(";received=127.0.0.1;rport=40001", OVER_TCP) == ""
    assert seen(";received=198.51.100.7;rport=40001", OVER_TCP) == "198.51.100.7:5060"
