"""Results and what follows from them."""

from typing import Any

import pytest
from core_examples import T0, after, settings

from vyzov.core import disposition as dp
from vyzov.core.errors import InvalidRequest
from vyzov.core.outcome import Outcome

RESULTS = dp.default_results()


def result(code: str) -> dp.ResultDef:
    return dp.find_result(RESULTS, code)


def test_a_new_campaign_has_nine_results_in_both_languages() -> None:
    assert [one.key for one in RESULTS] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert all(set(one.label) == {"ru", "en"} for one in RESULTS)


def test_a_success_closes_the_contact() -> None:
    assert dp.consequences(result("agreed"), T0) == (dp.CloseContact("agreed"),)


def test_do_not_call_stops_the_number_and_closes() -> None:
    assert dp.consequences(result("do_not_call"), T0) == (
        dp.StopListNumber("do_not_call"),
        dp.CloseContact("do_not_call"),
    )


def test_a_call_back_is_made_by_whom_it_was_promised() -> None:
    follows = dp.consequences(result("callback"), T0, after(3600), "ann")
    assert follows == (dp.CallBack(after(3600), "ann"),)


@pytest.mark.parametrize("due", [None, T0, after(-1)])
def test_a_call_back_needs_an_hour_to_come(due: Any) -> None:
    with pytest.raises(InvalidRequest, match="'callback'"):
        dp.consequences(result("callback"), T0, due)


def test_a_technical_result_is_tried_again_by_the_rule_it_names() -> None:
    assert dp.consequences(result("machine"), T0) == (dp.TryAgain(Outcome.ANSWERED_MACHINE),)
    assert dp.consequences(result("bad_line"), T0) == (dp.TryAgain(Outcome.CONGESTION),)
    bare = dp.ResultDef(5, "x", {"en": "X"}, dp.ResultGroup.TECHNICAL, closes=False)
    assert dp.consequences(bare, T0) == (dp.TryAgain(Outcome.NO_ANSWER),)


def test_a_result_can_be_taken_back_for_ten_seconds() -> None:
    assert dp.undo_until(T0) == after(10)
    assert dp.may_undo(T0, after(10))
    assert not dp.may_undo(T0, after(10.1))


def test_an_unknown_result_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match="agreed, to_specialist"):
        result("dance")


GOOD = {"key": 1, "code": "yes", "label": {"en": "Yes"}, "group": "success"}


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([GOOD | {"key": 0}], "results[0].key"),
        ([GOOD | {"key": 10}], "results[0].key"),
        ([{name: GOOD[name] for name in ("code", "label", "group")}], "results[0].key"),
        ([GOOD | {"code": "Da!"}], "results[0].code"),
        ([GOOD | {"code": ""}], "results[0].code"),
        ([GOOD | {"label": {}}], "results[0].label"),
        ([GOOD | {"label": {"en": 5}}], "results[0].label.en"),
        ([GOOD | {"group": "fine"}], "results[0].group"),
        ([GOOD | {"needs": "luck"}], "results[0].needs"),
        ([GOOD | {"closes": 1}], "results[0].closes"),
        ([GOOD | {"redial_as": "sometimes"}], "results[0].redial_as"),
        ([GOOD, GOOD | {"code": "no"}], "results"),
        ([GOOD, GOOD | {"key": 2}], "results"),
        ([5], "results[0]"),
    ],
)
def test_a_wrong_result_is_named(rows: list[Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        settings(results=rows)
    assert field in [fault.field for fault in caught.value.faults]


def results(*rows: dict[str, Any]) -> tuple[dp.ResultDef, ...]:
    return settings(results=list(rows)).results


def test_a_hidden_result_is_offered_no_more_and_leaves_its_key() -> None:
    again = GOOD | {"code": "sure"}
    made = results(GOOD | {"hidden": True}, again)
    assert [one.code for one in dp.offered_results(made)] == ["sure"]
    assert dp.find_result(made, "yes").hidden, "whoever saw it a moment ago may still save it"
    with pytest.raises(InvalidRequest, match="at least one"):
        results(GOOD | {"hidden": True})
    with pytest.raises(InvalidRequest, match="one key"):
        results(GOOD, again)


def test_a_result_that_calls_have_can_be_hidden_but_not_taken_away() -> None:
    before = results(GOOD, GOOD | {"key": 2, "code": "no"})
    after_it = results(GOOD)
    removed = dp.removed_codes(before, after_it)
    assert removed == ("no",)
    dp.must_stay(removed, used=frozenset())
    with pytest.raises(InvalidRequest, match="'no'") as caught:
        dp.must_stay(removed, used={"no", "yes"})
    assert [fault.reason for fault in caught.value.faults] == ["in_use"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"group": "stop", "needs": "callback"}, "results[1].needs"),
        ({"redial_as": "busy"}, "results[1].redial_as"),
        ({"redial_as": "busy", "closes": False, "group": "stop"}, "results[1].redial_as"),
        ({"redial_as": "busy", "closes": False, "needs": "callback"}, "results[1].redial_as"),
    ],
)
def test_two_things_that_exclude_each_other_do_not_follow_from_one_result(
    row: dict[str, Any], field: str
) -> None:
    made = results(GOOD, GOOD | {"key": 2, "code": "no"} | row)
    with pytest.raises(InvalidRequest) as caught:
        dp.must_agree(made)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_the_results_a_campaign_begins_with_agree() -> None:
    dp.must_agree(RESULTS)
    dp.must_agree(results(GOOD | {"redial_as": "busy", "closes": False}))
