"""What facts add to the sums of key figures."""

from datetime import timedelta

import pytest
from kpi_examples import HALF_HOUR, NOON, NOON_MS, Day

from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.core.kpi.agents import agent_cells, spans
from vyzov.core.kpi.cells import Cells, Folded, Reach, half_hour_of, moment_of, ms_of, span_ms
from vyzov.core.kpi.fold import fold
from vyzov.core.kpi.measures import attempts_of


def sums(day: Day, campaign: str | None = None, agent: str | None = None) -> dict[str, int]:
    source = Folded(fold(day.line), Reach(campaign, agent))
    return dict(source.sums(0, NOON_MS * 2))


def some(day: Day, *names: str) -> dict[str, int]:
    found = sums(day)
    return {name: found.get(name, 0) for name in names}


# ---- cells ---------------------------------------------------------------------------------------


def test_a_sum_that_comes_to_zero_is_not_there() -> None:
    cells, other = Cells(), Cells()
    cells.add("a", "", 5, "x", 3)
    other.add("a", "", 7, "x", 3)
    cells.join(other, -1)
    assert cells.sums == {}


def test_moments_are_whole_milliseconds_rounded_down() -> None:
    at = NOON + timedelta(microseconds=1_999)
    assert moment_of(ms_of(at)) == NOON + timedelta(milliseconds=1)
    assert half_hour_of(NOON_MS + HALF_HOUR - 1) == NOON_MS


def test_a_span_across_clocks_is_taken_from_utc_and_never_negative() -> None:
    day = Day()
    first = day.tell(FactKind.DEVICE_UP, 10)
    day.epoch = 2
    second = day.tell(FactKind.DEVICE_UP, 4)
    third = day.tell(FactKind.DEVICE_UP, 6.0005)
    assert span_ms(first, second) == 0
    assert span_ms(second, third) == 2000


# ---- agents --------------------------------------------------------------------------------------


def test_states_fill_the_time_from_sign_in_to_sign_out_without_gap() -> None:
    day = Day()
    for at_s, state in ((0, "no_device"), (1.5, "ready"), (7.25, "offline"), (100, "ready")):
        day.state(at_s, state)
    found = sums(day)
    assert found["state:no_device"] == 1500
    assert found["state:ready"] == 5750
    assert "state:offline" not in found


def test_a_state_over_a_half_hour_is_split_at_it() -> None:
    day = Day()
    day.state(1790, "pause")
    day.state(5410, "offline")
    cells = fold(day.line).sums
    assert cells == {
        ("", "ann", NOON_MS, "state:pause"): 10_000,
        ("", "ann", NOON_MS + HALF_HOUR, "state:pause"): HALF_HOUR,
        ("", "ann", NOON_MS + 2 * HALF_HOUR, "state:pause"): HALF_HOUR,
        ("", "ann", NOON_MS + 3 * HALF_HOUR, "state:pause"): 10_000,
    }


def test_the_last_state_counts_up_to_a_given_moment_only() -> None:
    day = Day()
    day.state(0, "ready")
    assert spans(day.line) == []
    assert agent_cells(day.line, NOON_MS + 700).sums == {("", "ann", NOON_MS, "state:ready"): 700}
    assert agent_cells(day.line, NOON_MS - 700).sums == {}
    assert fold(day.line, NOON_MS + 700).sums == agent_cells(day.line, NOON_MS + 700).sums
    assert spans([], NOON_MS) == []


def test_a_wait_counts_as_idle_only_where_a_call_ends_it() -> None:
    day = Day()
    day.state(0, "ready")
    day.state(3.2, "reserved", campaign="autumn")
    day.state(4, "ready")
    day.state(9, "pause")
    found = sums(day, "autumn")
    assert (found["idle_ms"], found["idle_count"], found["idle_bin:3"]) == (3200, 1, 1)
    assert sums(day)["idle_count"] == 1


def test_a_newer_life_of_the_floor_ends_what_the_older_one_says() -> None:
    day = Day()
    day.state(0, "ready")
    day.state(10, "pause")
    day.state(50, "ready")
    day.epoch = 2
    day.state(30, "pause")  # The floor that slept said "ready" at 50; nobody believes it.
    day.state(60, "offline")
    assert sums(day) == {"state:ready": 10_000, "state:pause": 50_000}


def test_an_agent_who_changed_floors_is_on_one_at_a_time() -> None:
    day, other = Day("main"), Day("second")
    day.state(0, "ready")
    day.state(20, "offline")
    other.state(30, "ready")
    other.state(35, "offline")
    day.state(40, "pause")
    day.state(45, "offline")
    day.line += other.line
    assert sums(day) == {"state:ready": 25_000, "state:pause": 5_000}


# ---- attempts ------------------------------------------------------------------------------------


def test_an_attempt_belongs_whole_to_the_half_hour_of_its_reservation_and_its_last_agent() -> None:
    day = Day()
    call = day.call("a1", 1799).rings(1800).answers(1805).joins(1806, "bob").joins(1810, "ann")
    call.ends(1900)
    cells = fold(day.line).sums
    assert {key[:3] for key in cells} == {("autumn", "ann", NOON_MS)}
    assert cells["autumn", "ann", NOON_MS, "trunk_ms_60:t1"] == 120_000
    assert cells["autumn", "ann", NOON_MS, "trunk_ms_6:t1"] == 96_000
    assert cells["autumn", "ann", NOON_MS, "trunk_ms_1:t1"] == 95_000
    assert cells["autumn", "ann", NOON_MS, "connect_ms"] == 6_000
    assert cells["autumn", "ann", NOON_MS, "connect_bin:60"] == 1
    assert cells["autumn", "ann", NOON_MS, "wait_ms"] == 1_000


def test_an_attempt_refused_before_dialling_is_none() -> None:
    day = Day()
    day.call("a1", 0).tell(FactKind.ATTEMPT_REFUSED, 1, reason="late")
    assert sums(day) == {}


def test_facts_without_a_reservation_or_an_attempt_are_left_out() -> None:
    day = Day()
    day.tell(FactKind.ANSWERED, 1, contact="c1", campaign="autumn", attempt="lost")
    day.tell(FactKind.STOP_LISTED, 1, contact="c1", campaign="autumn")
    day.tell(FactKind.STOP_LISTED, 1)
    assert sums(day) == {}


def test_a_fact_told_twice_counts_once() -> None:
    day = Day()
    day.call("a1", 0).rings(1).fails(9)
    day.line += day.line
    assert sums(day)["attempts"] == 1


@pytest.mark.parametrize(
    ("ending", "counted"),
    [
        (("answered_human", "hung_up_early"), {"live": 1, "reached": 1, "gave_up": 1}),
        (("answered_machine", "classified"), {}),
        (("abandoned", "no_agent"), {"live": 1}),
    ],
)
def test_who_answered_is_told_by_the_outcome(
    ending: tuple[str, str], counted: dict[str, int]
) -> None:
    day = Day()
    day.call("a1", 0).rings(1).answers(5).ends(9, *ending)
    names = ("live", "reached", "gave_up", "abandoned")
    assert some(day, *names) == dict.fromkeys(names, 0) | counted


def test_a_call_nobody_took_is_lost_and_one_taken_late_too_but_not_twice() -> None:
    day = Day()
    day.call("a1", 0).answers(5).tell(FactKind.ABANDONED, 7).ends(9, "abandoned")
    day.call("a2", 20, "c2").answers(25).joins(29, within=False).ends(60)
    lost = day.call("a3", 90, "c3").answers(95).joins(99, within=False)
    lost.tell(FactKind.ABANDONED, 100).ends(101, "abandoned")
    day.call("a4", 110, "c4").answers(112).joins(118, within=False).ends(120, "answered_machine")
    assert some(day, "abandoned", "late", "live", "passed", "handled") == {
        "abandoned": 2, "late": 1, "live": 3, "passed": 1, "handled": 3,
    }  # fmt: skip


def test_an_end_that_was_learnt_later_counts_instead_of_the_unknown_one() -> None:
    day = Day()
    day.call("a1", 0).tell(FactKind.FINAL, 30, outcome="unknown", detail="engine_silent").answers(
        40
    ).tell(FactKind.ABANDONED, 41).tell(FactKind.RESOLVED, 41, outcome="abandoned", detail="engine")
    late = day.call("a2", 50, "c2").answers(60)
    late.tell(FactKind.RESOLVED, 61, outcome="answered_human", detail="hung_up_early")
    late.tell(FactKind.FINAL, 80, outcome="unknown", detail="engine_silent")
    day.call("a3", 90, "c3").tell(FactKind.FINAL, 95, outcome="unknown", detail="engine_silent")
    names = ("attempts", "answered", "live", "abandoned", "gave_up", "reached")
    assert some(day, *names) == {
        "attempts": 3, "answered": 2, "live": 2, "abandoned": 1, "gave_up": 1, "reached": 1,
    }  # fmt: skip


def test_a_call_counts_as_live_while_it_lasts() -> None:
    day = Day()
    day.call("a1", 0).answers(5).joins(6)
    day.call("a2", 0, "c2").answers(5)
    assert some(day, "live", "reached", "answered") == {"live": 1, "reached": 0, "answered": 2}


def test_the_last_result_that_stands_counts() -> None:
    day = Day()
    first = day.call("a1", 0).joins(6).result(9, "refused", "no").result(12, "agreed", "success")
    first.ends(13)
    undone = day.call("a2", 20, "c2").joins(26).result(30, "agreed", "success")
    undone.tell(FactKind.DISPOSITION_UNDONE, 31, result="agreed")
    day.call("a3", 40, "c3").joins(46).result(50, "wrong_person", "no")
    day.call("a4", 60, "c4").result(70, "no_key", "technical", by="flow")
    assert some(day, "results", "success", "right_party", "judged_human", "result:agreed") == {
        "results": 3, "success": 1, "right_party": 1, "judged_human": 2, "result:agreed": 1,
    }  # fmt: skip


def test_a_person_taken_for_a_machine_is_told_by_the_agent() -> None:
    day = Day()
    day.call("a1", 0).answers(1).tell(FactKind.CLASSIFIED, 2, answer_class="machine").joins(
        3
    ).result(9, "agreed", "success")
    day.call("a2", 20, "c2").answers(21).tell(
        FactKind.CLASSIFIED, 22, answer_class="machine"
    ).joins(23).result(29, "machine", "technical")
    assert some(day, "machine_wrong", "judged_human") == {"machine_wrong": 1, "judged_human": 1}


def test_a_contact_is_dialled_and_reached_for_the_first_time_once() -> None:
    day = Day()
    day.call("a1", 0).fails(20)
    day.call("a2", 4000, number=2).answers(4001).ends(4010)
    day.call("a3", 8000, number=3).answers(8001).ends(8010)
    cells = fold(day.line).sums
    firsts = {key[2:]: n for key, n in cells.items() if key[3].startswith(("first", "reached_at"))}
    assert firsts == {
        (NOON_MS, "first_dialled"): 1,
        (NOON_MS + 2 * HALF_HOUR, "first_reached"): 1,
        (NOON_MS + 2 * HALF_HOUR, "reached_at:2"): 1,
    }
    assert some(day, "tries:1", "tries:2", "tries:3") == {"tries:1": 1, "tries:2": 1, "tries:3": 1}


def test_attempts_are_read_by_the_time_of_their_reservation() -> None:
    day = Day()
    day.call("late", 50, number=2)
    day.call("early", 5)
    assert [one.reserved.attempt for one in attempts_of(day.line)] == ["early", "late"]


def test_a_contact_is_closed_where_it_stands_so() -> None:
    day = Day()
    call = day.call("a1", 0).fails(3)
    call.tell(FactKind.CONTACT_CLOSED, 3, reason="attempts_max")
    call.tell(FactKind.CONTACT_REOPENED, 5)
    assert some(day, "closed") == {"closed": 0}
    call.tell(FactKind.CONTACT_CLOSED, 9, reason="refused")
    assert some(day, "closed") == {"closed": 1}


def test_contacts_that_left_a_campaign_are_taken_off_those_loaded() -> None:
    day = Day()
    day.loaded(200)
    day.loaded(50, gone=200)
    assert sums(day) == {"loaded": 50}


# ---- call-backs ----------------------------------------------------------------------------------


def promised(day: Day, at_s: float, due_s: float) -> None:
    due = to_text(NOON + timedelta(seconds=due_s))
    call = day.call(f"p{at_s}", at_s).joins(at_s + 5)
    call.result(at_s + 9, "callback", "later")
    call.tell(FactKind.CALLBACK_PROMISED, at_s + 9, due_at=due)


def test_a_call_back_is_kept_where_an_attempt_comes_within_a_quarter_of_an_hour() -> None:
    day = Day()
    promised(day, 0, 3600)
    assert some(day, "callback_due", "callback_kept") == {"callback_due": 1, "callback_kept": 0}
    day.call("a2", 3600 + 901, number=2)
    assert some(day, "callback_kept") == {"callback_kept": 0}
    day.call("a3", 3600 + 900, number=3)
    assert some(day, "callback_due", "callback_kept") == {"callback_due": 1, "callback_kept": 1}


def test_an_attempt_that_was_refused_keeps_no_promise() -> None:
    day = Day()
    promised(day, 0, 3600)
    day.call("a2", 3600, number=2).tell(FactKind.ATTEMPT_REFUSED, 3601, reason="late")
    assert some(day, "callback_due", "callback_kept") == {"callback_due": 1, "callback_kept": 0}


def test_a_promise_replaced_before_it_was_due_is_none() -> None:
    day = Day()
    promised(day, 0, 3600)
    promised(day, 1000, 7200)
    assert some(day, "callback_due") == {"callback_due": 1}
    promised(day, 8000, 9000)
    assert some(day, "callback_due") == {"callback_due": 2}


def test_a_promise_taken_back_or_overtaken_by_the_end_is_none() -> None:
    day = Day()
    promised(day, 0, 3600)
    day.tell(
        FactKind.DISPOSITION_UNDONE, 12, {"result": "callback"},
        campaign="autumn", contact="c1", attempt="p0", agent="ann",
    )  # fmt: skip
    assert some(day, "callback_due") == {"callback_due": 0}
    promised(day, 100, 3600)
    day.tell(
        FactKind.CONTACT_CLOSED, 200, {"reason": "stop_listed"}, campaign="autumn", contact="c1",
        attempt="p100",
    )  # fmt: skip
    assert some(day, "callback_due", "closed") == {"callback_due": 0, "closed": 1}


def test_ringing_begins_with_its_first_sign() -> None:
    day = Day()
    call = day.call("a1", 0).rings(1).tell(FactKind.RINGING, 3, code=183)
    call.answers(4).joins(5)
    assert sums(day)["connect_ms"] == 4_000
