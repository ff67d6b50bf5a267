"""A script is read whole, answers are judged, a walk goes where answers lead and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import script as cs
from vyzov.core.errors import InvalidRequest
from vyzov.core.script import END, GoBack, GoOn, GoTo, Move, Script, Walk, walk


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": {"en": name}, "text": {"en": f"Say {name}"}, **more}


def script(*steps: dict[str, Any]) -> Script:
    return cs.script_from_json(list(steps))


def options(**ways: str) -> list[dict[str, Any]]:
    return [{"key": key, "label": {"en": key}, "to": to} for key, to in ways.items()]


SURVEY = script(
    step("hello", question={"kind": "yes_no", "options": options(yes="", no="later")}),
    step(
        "people",
        question={
            "kind": "number",
            "required": True,
            "field": "people",
            "ranges": [
                {"least": None, "most": 2, "to": "small"},
                {"least": 3, "to": "plan"},
            ],
        },
    ),
    step("small"),
    step(
        "plan",
        next="day",
        question={"kind": "several", "options": options(tv="", phone="plan_phone", film="small")},
    ),
    step("plan_phone", next="day"),
    step("day", next=END, question={"kind": "date", "words": {"en": "When?"}}),
    step("later", next=END),
    step("dear", objection=True),
    step("think", objection=True, next="later"),
)


def went(*moves: Move, over: Script = SURVEY) -> Walk:
    state = cs.begin(over)
    for move in moves:
        state = walk(over, state, move)
    return state


def fields_of(*steps: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as refusal:
        cs.script_from_json(list(steps))
    return [fault.field for fault in refusal.value.faults]


# ---- reading -------------------------------------------------------------------------------------


def test_a_script_survives_being_written_and_read() -> None:
    full = [one.to_json() for one in SURVEY]
    assert cs.script_from_json(full) == SURVEY
    assert "next" not in full[0]
    assert "question" not in full[2]


def test_a_linear_script_of_before_reads_as_it_stood() -> None:
    old = [{"id": "A page, by hand", "title": {"ru": "Да"}, "text": {"ru": "Это {{name}}?"}}]
    assert [one.to_json() for one in cs.script_from_json(old)] == old


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "steps[0].id"),
        ({"id": END}, "steps[0].id"),
        ({"title": {}}, "steps[0].title"),
        ({"text": {"en": ""}}, "steps[0].text.en"),
        ({"colour": "red"}, "steps[0].colour"),
        ({"question": {"kind": "colour"}}, "steps[0].question.kind"),
        ({"question": {"kind": "text", "size": 1}}, "steps[0].question.size"),
        ({"question": {"kind": "text", "options": options(a="")}}, "steps[0].question.options"),
        ({"question": {"kind": "yes_no", "options": options(a="")}}, "steps[0].question.options"),
        (
            {"question": {"kind": "one", "options": [{"key": ""}]}},
            "steps[0].question.options[0].key",
        ),
        (
            {"question": {"kind": "one", "options": [{"key": "a", "x": 1}]}},
            "steps[0].question.options[0].x",
        ),
        ({"question": {"kind": "one", "options": options(a="") * 2}}, "steps[0].question.options"),
        (
            {"question": {"kind": "one", "options": options(**{f"k{n}": "" for n in range(31)})}},
            "steps[0].question.options",
        ),
        ({"question": {"kind": "text", "ranges": [{"to": "a"}]}}, "steps[0].question.ranges"),
        (
            {"question": {"kind": "number", "ranges": [{"to": "a"}] * 21}},
            "steps[0].question.ranges",
        ),
        (
            {"question": {"kind": "number", "ranges": [{"least": 3, "most": 2, "to": "a"}]}},
            "steps[0].question.ranges[0].most",
        ),
        (
            {"question": {"kind": "number", "ranges": [{"least": 3}]}},
            "steps[0].question.ranges[0].to",
        ),
        (
            {"question": {"kind": "number", "ranges": [{"to": "a", "x": 1}]}},
            "steps[0].question.ranges[0].x",
        ),
    ],
)
def test_each_wrong_part_of_a_step_is_named(changes: dict[str, Any], field: str) -> None:
    assert field in fields_of({**step("a"), **changes})


def test_a_step_has_an_id_of_its_own() -> None:
    assert fields_of(step("a"), step("a")) == ["steps"]


def test_a_script_has_a_longest_length() -> None:
    assert fields_of(*(step(f"s{n}") for n in range(cs.STEPS_MOST + 1))) == ["steps"]


def test_an_option_is_found_by_its_key() -> None:
    question = SURVEY[0].question
    assert question is not None
    assert question.option("no") == cs.Option("no", {"en": "no"}, "later")
    assert question.option("maybe") is None


# ---- answers -------------------------------------------------------------------------------------


def question(kind: str, **more: Any) -> cs.Question:
    asked = script(step("a", question={"kind": kind, **more}))[0].question
    assert asked is not None
    return asked


CHOICES = {"options": options(a="", b="", c="")}


@pytest.mark.parametrize(
    ("asked", "value", "kept"),
    [
        (question("text"), "  hello ", "hello"),
        (question("text"), "   ", None),
        (question("text"), None, None),
        (question("number"), "1 234,50", "1234.5"),
        (question("number"), "-0", "0"),
        (question("number"), "1e3", "1000"),
        (question("date"), "2026-11-23", "2026-11-23"),
        (question("yes_no"), "yes", "yes"),
        (question("one", **CHOICES), "b", "b"),
        (question("several", **CHOICES), ["c", "a"], ("a", "c")),
        (question("several", **CHOICES), "b", ("b",)),
        (question("several", **CHOICES), [], None),
    ],
)
def test_an_answer_is_kept_in_one_form(asked: cs.Question, value: object, kept: object) -> None:
    assert cs.read_answer(asked, value) == kept


@pytest.mark.parametrize(
    ("asked", "value", "reason"),
    [
        (question("text"), 5, "text"),
        (question("text"), "x" * 2001, "too_long"),
        (question("text"), ["x"], "choice"),
        (question("number"), "many", "number"),
        (question("number"), "inf", "number"),
        (question("number"), "1e13", "number"),
        (question("date"), "tomorrow", "moment"),
        (question("yes_no"), "maybe", "choice"),
        (question("one", **CHOICES), "d", "choice"),
        (question("several", **CHOICES), ["a", "d"], "choice"),
        (question("several", **CHOICES), ["a", 7], "choice"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(
    asked: cs.Question, value: object, reason: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        cs.read_answer(asked, value)
    assert [fault.reason for fault in refusal.value.faults] == [reason]


def test_several_answers_stand_in_one_field() -> None:
    assert cs.shown_answer(("a", "c")) == "a, c"
    assert cs.shown_answer("12.5") == "12.5"


# ---- the walk ------------------------------------------------------------------------------------


def test_a_walk_begins_at_the_first_step_that_is_no_objection() -> None:
    assert cs.begin(script(step("dear", objection=True), step("hello"))).at == "hello"
    assert cs.begin(()).at == END


@pytest.mark.parametrize(
    ("answers", "at"),
    [
        (["yes"], "people"),
        (["no"], "later"),
        ([None], "people"),
        (["yes", "2"], "small"),
        (["yes", "2,5"], "small"),
        (["yes", "3"], "plan"),
        (["yes", "40", ["tv"]], "day"),
        (["yes", "40", ["tv", "film"]], "small"),
        (["yes", "40", ["film", "phone"]], "plan_phone"),
        (["yes", "40", ["phone"], None], "day"),
        (["yes", "1", None], "plan"),
        (["no", None], END),
        (["no", None, None], END),
    ],
)
def test_an_answer_leads_where_it_says(answers: list[Any], at: str) -> None:
    assert went(*(GoOn(answer) for answer in answers)).at == at


def test_a_number_outside_every_range_goes_on_to_the_step_below() -> None:
    assert went(GoOn("yes"), GoOn("2.5")).at == "small"


def test_the_last_step_leads_to_the_end() -> None:
    assert went(GoOn(), over=script(step("only"))).at == END


def test_a_way_to_a_step_that_is_not_there_ends_the_script() -> None:
    assert went(GoOn(), over=script(step("only", next="gone"))).at == END


def test_what_must_be_answered_is_not_walked_past() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        went(GoOn("yes"), GoOn(""))
    assert refusal.value.faults[0].reason == "needed"


def test_an_answer_given_before_need_not_be_given_again_and_may_be_changed() -> None:
    back = went(GoOn("yes"), GoOn("3"), GoBack())
    assert back.at == "people"
    assert walk(SURVEY, back, GoOn()).at == "plan"
    changed = walk(SURVEY, back, GoOn("1"))
    assert (changed.at, changed.answers["people"]) == ("small", "1")


def test_an_objection_leads_back_to_where_it_was_entered() -> None:
    aside = went(GoOn("yes"), GoTo("dear"))
    assert (aside.at, aside.aside) == ("dear", "people")
    again = walk(SURVEY, aside, GoOn())
    assert (again.at, again.aside) == ("people", "")


def test_an_objection_to_an_objection_leads_back_to_the_first_place() -> None:
    both = script(step("a"), step("b"), step("x", objection=True), step("y", objection=True))
    state = went(GoOn(), GoTo("x"), GoTo("y"), GoOn(), over=both)
    assert (state.at, state.aside) == ("b", "")


def test_an_objection_with_a_way_of_its_own_takes_it() -> None:
    state = went(GoTo("think"), GoOn())
    assert (state.at, state.aside) == ("later", "")


def test_an_objection_after_the_end_leads_back_to_the_end() -> None:
    state = went(GoOn("no"), GoOn(), GoTo("dear"), GoOn())
    assert state.at == END


def test_back_goes_through_what_was_left_in_turn() -> None:
    state = went(GoOn("yes"), GoTo("dear"), GoOn(), GoBack(), GoBack())
    assert (state.at, state.aside) == ("people", "")
    assert walk(SURVEY, walk(SURVEY, state, GoBack()), GoBack()).at == "hello"


def test_back_into_an_objection_still_leads_out_of_it() -> None:
    state = went(GoOn("yes"), GoTo("dear"), GoTo("think"), GoBack())
    assert (state.at, state.aside) == ("dear", "people")
    assert walk(SURVEY, state, GoOn()).at == "people"


def test_a_step_can_be_gone_to_by_hand() -> None:
    state = went(GoTo("day"))
    assert (state.at, state.path) == ("day", ("hello",))
    assert walk(SURVEY, state, GoTo("day")) == state
    with pytest.raises(InvalidRequest):
        walk(SURVEY, state, GoTo("nowhere"))


def test_a_walk_whose_step_is_gone_begins_again_with_its_answers() -> None:
    lost = Walk("gone", ("also gone",), answers={"people": "3"})
    state = walk(SURVEY, lost, GoBack())
    assert (state.at, state.answers) == ("hello", {"people": "3"})


def test_back_skips_steps_that_are_gone() -> None:
    assert walk(SURVEY, Walk("day", ("hello", "gone")), GoBack()).at == "hello"


def test_the_path_is_bounded() -> None:
    state = cs.begin(SURVEY)
    for _ in range(cs.PATH_MOST):
        state = walk(SURVEY, walk(SURVEY, state, GoTo("day")), GoTo("hello"))
    assert len(state.path) == cs.PATH_MOST


def test_required_questions_gone_past_without_an_answer_are_named() -> None:
    assert cs.unanswered(SURVEY, went(GoOn("yes"), GoTo("day"))) == ("people",)
    assert cs.unanswered(SURVEY, went(GoOn("yes"), GoOn("3"))) == ()
    assert cs.unanswered(SURVEY, went(GoTo("day"))) == ()


MOVES = st.one_of(
    st.sampled_from([GoBack(), GoOn()]),
    st.sampled_from(["yes", "no", "1", "7", "2026-01-01", ["phone"], ["film"]]).map(GoOn),
    st.sampled_from([one.id for one in SURVEY]).map(GoTo),
)


@given(st.lists(MOVES, max_size=30))
def test_whatever_is_done_a_walk_stands_on_a_step_and_can_leave_an_objection(
    moves: list[Move],
) -> None:
    known = {one.id for one in SURVEY} | {END}
    aside = {one.id for one in SURVEY if one.objection}
    state = cs.begin(SURVEY)
    for move in moves:
        try:
            state = walk(SURVEY, state, move)
        except InvalidRequest:
            continue
        assert state.at in known
        assert (state.at in aside) == bool(state.aside)
        assert state.aside not in aside
        assert set(state.answers) <= known


# ---- where a campaign's steps were taken from ----------------------------------------------------


def test_where_steps_were_taken_from_survives_being_written_and_read() -> None:
    origin = cs.ScriptOrigin("0199-s", 3)
    fields = cs.Fields({"script_from": origin.to_json()})
    assert cs.read_origin(fields, "script_from") == origin
    assert cs.read_origin(fields, "nothing") is None
    wrong = cs.Fields({"script_from": {"id": "a", "version": 0, "x": 1}})
    cs.read_origin(wrong, "script_from")
    assert [one.field for one in wrong.faults] == ["script_from.version", "script_from.x"]
