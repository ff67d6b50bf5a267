"""Answers of calls add up to a report by question."""

from typing import Any

from test_script import options, script, step

from vyzov.core.script import QuestionKind as K
from vyzov.core.script_report import AnswerTally, ChoiceCount, question_reports

OLD = script(step("rate", question={"kind": "text"}), step("good", question={"kind": "yes_no"}))
NEW = script(
    step("good", question={"kind": "yes_no", "words": {"en": "Good?"}}),
    step("rate", question={"kind": "number"}),
    step("what", question={"kind": "several", "options": options(tv="", film="")}),
)
SCRIPTS = {("c", 1): OLD, ("c", 2): NEW}


def tally(
    name: str, kind: K, value: str | tuple[str, ...], count: int = 1, **more: Any
) -> AnswerTally:
    values = value if isinstance(value, tuple) else (value,)
    at = {"campaign": "c", "version": 2} | more
    return AnswerTally(step=name, kind=kind, value=values, count=count, **at)


def test_a_choice_counts_each_of_its_answers_and_those_nobody_gave() -> None:
    [one] = question_reports([tally("good", K.YES_NO, "yes", 3)], SCRIPTS)
    assert one.choices == (ChoiceCount("yes", {}, 3), ChoiceCount("no", {}, 0))
    assert (one.answered, one.words) == (3, {"en": "Good?"})


def test_a_call_that_chose_several_counts_once_as_answered() -> None:
    given = [tally("what", K.SEVERAL, ("tv", "film"), 2), tally("what", K.SEVERAL, ("tv",))]
    [one] = question_reports(given, SCRIPTS)
    assert one.answered == 3
    assert [(choice.key, choice.count) for choice in one.choices] == [("tv", 3), ("film", 2)]


def test_numbers_have_their_least_most_and_mean() -> None:
    given = [tally("rate", K.NUMBER, "9.5"), tally("rate", K.NUMBER, "-1", 3)]
    [one] = question_reports(given, SCRIPTS)
    assert (one.least, one.most, one.mean) == (-1, 9.5, 1.625)
    assert one.choices == ()


def test_a_question_keeps_its_answers_across_versions_in_the_latest_words() -> None:
    given = [
        tally("rate", K.NUMBER, "5"),
        tally("rate", K.TEXT, (), 4, version=1),
        tally("good", K.YES_NO, "no", version=1),
    ]
    reports = question_reports(given, SCRIPTS)
    told = {one.step: (one.kind, one.answered, one.mean) for one in reports}
    assert told == {"rate": (K.NUMBER, 5, 5), "good": (K.YES_NO, 1, None)}


def test_what_was_no_number_before_is_left_out_of_the_mean() -> None:
    given = [tally("rate", K.ONE, "high", version=1), tally("rate", K.NUMBER, "4")]
    [one] = question_reports(given, SCRIPTS)
    assert (one.answered, one.mean) == (2, 4)
    [none] = question_reports([tally("rate", K.NUMBER, "high")], SCRIPTS)
    assert none.mean is None


def test_answers_whose_question_is_gone_are_still_told_and_come_last() -> None:
    given = [tally("gone", K.ONE, "b"), tally("what", K.SEVERAL, ("old",))]
    reports = question_reports(given, SCRIPTS)
    assert [one.step for one in reports] == ["what", "gone"]
    assert reports[1].title == {}
    assert reports[1].choices == (ChoiceCount("b", {}, 1),)
    assert reports[0].choices[-1] == ChoiceCount("old", {}, 1)


def test_campaigns_are_told_apart() -> None:
    given = [tally("good", K.YES_NO, "yes"), tally("good", K.YES_NO, "no", campaign="a")]
    assert [one.campaign for one in question_reports(given, SCRIPTS)] == ["a", "c"]


def test_a_question_for_a_number_without_one_has_no_mean() -> None:
    [one] = question_reports([tally("rate", K.NUMBER, "high", 2)], SCRIPTS)
    assert (one.answered, one.least, one.most, one.mean) == (2, None, None, None)


def test_an_open_question_is_counted_and_nothing_is_worked_out() -> None:
    [one] = question_reports([tally("rate", K.TEXT, "well enough", 2, version=1)], SCRIPTS)
    assert (one.kind, one.answered, one.choices, one.mean) == (K.TEXT, 2, (), None)
