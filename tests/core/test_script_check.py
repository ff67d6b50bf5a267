"""What is wrong with a script as a whole is named step by step."""

from typing import Any

from test_script import SURVEY, options, script, step

from vyzov.core import script_check as sc
from vyzov.core.script import END, Script
from vyzov.core.script_check import ScriptReason as R


def found(over: Script, known: set[str] | None = None) -> list[tuple[str, R, str]]:
    return [(one.step, one.reason, one.about) for one in sc.problems(over, known)]


def asks(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return step(name, question={"kind": kind, **more})


def test_a_whole_survey_has_nothing_wrong() -> None:
    assert found(SURVEY, set()) == []
    assert sc.may_be_used(SURVEY)


def test_a_script_without_steps_and_one_of_objections_only_lead_nowhere() -> None:
    assert found(()) == [("", R.EMPTY, "")]
    assert found(script(step("a", objection=True))) == [("", R.NO_START, "")]


def test_a_step_that_nobody_reaches_is_named() -> None:
    over = script(step("a", next="c"), step("b"), step("c"))
    assert found(over) == [("b", R.UNREACHED, "")]
    assert not sc.may_be_used(over)


def test_what_only_an_objection_leads_to_is_reached() -> None:
    over = script(step("a", next=END), step("b"), step("no", objection=True, next="b"))
    assert found(over) == []


def test_a_circle_in_which_nothing_is_asked_is_named_at_each_of_its_steps() -> None:
    over = script(step("a"), step("b"), step("c", next="b"))
    assert found(over) == [("b", R.ENDLESS, ""), ("c", R.ENDLESS, "")]
    assert found(script(step("a", next="a"))) == [("a", R.ENDLESS, "")]


def test_a_circle_with_a_question_is_none() -> None:
    over = script(step("a"), asks("b", "yes_no", options=options(yes=END, no="a")))
    assert found(over) == []


def test_a_way_to_a_step_that_is_not_there_is_named() -> None:
    over = script(
        asks("a", "yes_no", options=options(yes="b", no="gone")),
        asks("b", "number", ranges=[{"least": 1, "to": "nowhere"}]),
        step("c", next="away"),
    )
    assert found(over) == [
        ("a", R.NO_TARGET, "gone"),
        ("b", R.NO_TARGET, "nowhere"),
        ("c", R.NO_TARGET, "away"),
    ]


def test_a_choice_needs_two_answers_with_labels() -> None:
    over = script(
        asks("a", "one", options=options(x="")),
        asks("b", "several", options=[{"key": "x"}, *options(y="")]),
        asks("c", "text"),
    )
    assert found(over) == [("a", R.FEW_OPTIONS, ""), ("b", R.NO_LABEL, "x")]


def test_an_unknown_field_is_said_and_stops_nothing() -> None:
    over = script(
        {**step("a"), "text": {"en": "{{ Name }}, {{plan}}, {{ Tariff }}, {{plan}}"}},
        asks("b", "text", field="people", words={"en": "{{people}} or {{pets}}?"}),
    )
    assert found(over, {"tariff"}) == [
        ("a", R.UNKNOWN_FIELD, "plan"),
        ("b", R.UNKNOWN_FIELD, "pets"),
    ]
    assert found(over) == []
    assert [one.stops for one in sc.problems(over, set())] == [False, False, False]


def test_a_language_that_some_steps_lack_is_said() -> None:
    over = script(
        {"id": "a", "title": {"ru": "А", "en": "A"}, "text": {"ru": "А"}},
        {"id": "b", "title": {"ru": "Б"}, "text": {"ru": "Б", "en": "B"}},
    )
    assert found(over) == [("a", R.ONE_LANGUAGE, "en"), ("b", R.ONE_LANGUAGE, "en")]
    assert sc.may_be_used(over)


def test_the_ways_of_a_step_are_named_once() -> None:
    over = script(asks("a", "one", options=options(x="b", y="b", z="")), step("b"))
    assert sc.ways(over, over[0]) == ("b",)
    assert sc.ways(over, over[1]) == (END,)
