"""A script: what an agent says and asks, step by step, and which step comes next.

A script is steps in order. A step has words to say and may ask a question with a typed answer; the
answer decides where it goes, without a word of it the following step comes. *Objections* are steps
that can be entered from anywhere and lead back to where they were entered. Here a script is read,
an answer is judged, and a walk through a script moves; what is wrong with a script as a whole is
`script_check`'s part, keeping walks and answers is the store's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, cast

from vyzov.core.changing import replace
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields, Json

END = "$end"
"""Where a way leads that ends the script."""

YES, NO = "yes", "no"
STEPS_MOST, OPTIONS_MOST, RANGES_MOST = 300, 30, 20
ANSWER_LONGEST = 2000
NUMBER_MOST = Decimal(10) ** 12
PATH_MOST = 400
"""Steps a walk remembers to go back through; the oldest are forgotten."""


class QuestionKind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    ONE = "one"
    SEVERAL = "several"


CHOSEN = frozenset({QuestionKind.YES_NO, QuestionKind.ONE, QuestionKind.SEVERAL})
"""Kinds whose answers are chosen, never typed."""

Answer = str | tuple[str, ...]
"""An answer as it is kept: a number and a date as plain text, several choices as their keys."""


@dataclass(frozen=True, slots=True)
class Option:
    """An answer to choose; `to` is the step it leads to, empty for the question's own way on."""

    key: str
    label: Mapping[str, str]
    to: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `least` to `most`, both included, None for no bound, and where they lead."""

    least: float | None
    most: float | None
    to: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `field` names the contact's field that the answer is written to."""

    kind: QuestionKind
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    required: bool = False
    field: str = ""
    options: tuple[Option, ...] = ()
    ranges: tuple[Range, ...] = ()

    def option(self, key: str) -> Option | None:
        """Returns the option of a key, None where there is none."""
        return next((one for one in self.options if one.key == key), None)


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step by language; `{{name}}` is a field of the contact.

    `next` is the step that follows, empty for the one below it; an objection's leads back."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    question: Question | None = None
    next: str = ""
    objection: bool = False

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `read_step` reads; what is left at its usual value is left out."""
        written: dict[str, Json] = {
            "id": self.id,
            "title": dict(self.title),
            "text": dict(self.text),
        }
        if self.question is not None:
            written["question"] = _question_to_json(self.question)
        if self.next:
            written["next"] = self.next
        if self.objection:
            written["objection"] = True
        return written


Script = tuple[ScriptStep, ...]


@dataclass(frozen=True, slots=True)
class ScriptOrigin:
    """The kept script, and the version of it, that a campaign's steps were taken from."""

    id: str
    version: int

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `read_origin` reads."""
        return {"id": self.id, "version": self.version}


# ---- reading -------------------------------------------------------------------------------------


def script_from_json(source: object) -> Script:
    """Returns the steps of a JSON list, or raises `InvalidRequest` naming its wrong fields."""
    faults: list[Fault] = []
    fields = Fields({"steps": source}, "", faults)
    steps = read_script(fields, "steps")
    fields.settle("The script")
    return steps


def read_script(fields: Fields, name: str) -> Script:
    """Reads a list of steps; each has an id of its own."""
    rows = fields.rows(name)
    if len(rows) > STEPS_MOST:
        fields.fault(name, f"has more than {STEPS_MOST} steps", "most", most=STEPS_MOST)
        rows = rows[:STEPS_MOST]
    steps = tuple(_read_step(row) for row in rows)
    if len({step.id for step in steps}) != len(steps):
        fields.fault(name, "has two steps with one id", "twice")
    return steps


def read_origin(fields: Fields, name: str) -> ScriptOrigin | None:
    """Reads which kept script steps were taken from, None where from none."""
    if fields.get(name) is None:
        return None
    inner = fields.inner(name)
    origin = ScriptOrigin(
        inner.text("id", longest=64), inner.whole("version", 1, least=1, most=1_000_000)
    )
    inner.close()
    return origin


def _read_step(fields: Fields) -> ScriptStep:
    step = ScriptStep(
        id=fields.text("id"),
        title=_words(fields, "title", needed=True),
        text=_words(fields, "text", needed=True),
        question=None
        if fields.get("question") is None
        else _read_question(fields.inner("question")),
        next=fields.text("next", ""),
        objection=fields.flag("objection", default=False),
    )
    if step.id == END:
        fields.fault("id", f"must not be {END}, which means the end", "name")
    fields.close()
    return step


def _read_question(fields: Fields) -> Question:
    kind = fields.choice("kind", QuestionKind)
    options = tuple(_read_option(row) for row in fields.rows("options")[:OPTIONS_MOST])
    ranges = tuple(_read_range(row) for row in fields.rows("ranges")[:RANGES_MOST])
    if len(fields.items("options")) > OPTIONS_MOST:
        fields.fault("options", f"are more than {OPTIONS_MOST}", "most", most=OPTIONS_MOST)
    if len(fields.items("ranges")) > RANGES_MOST:
        fields.fault("ranges", f"are more than {RANGES_MOST}", "most", most=RANGES_MOST)
    keys = [one.key for one in options]
    if len(set(keys)) != len(keys):
        fields.fault("options", "have two with one key", "twice")
    if kind is QuestionKind.YES_NO and not set(keys) <= {YES, NO}:
        fields.fault("options", "of a yes-or-no question are yes and no", "choice")
    if options and kind not in CHOSEN:
        fields.fault("options", "belong to questions whose answer is chosen", "choice")
    if ranges and kind is not QuestionKind.NUMBER:
        fields.fault("ranges", "belong to questions for a number", "choice")
    question = Question(
        kind=kind,
        words=_words(fields, "words", needed=False),
        required=fields.flag("required", default=False),
        field=fields.text("field", "", longest=100).strip(),
        options=options,
        ranges=ranges,
    )
    fields.close()
    return question


def _read_option(fields: Fields) -> Option:
    option = Option(
        key=fields.text("key", longest=100).strip(),
        label=_words(fields, "label", needed=False),
        to=fields.text("to", ""),
    )
    fields.close()
    return option


def _read_range(fields: Fields) -> Range:
    def bound(name: str) -> float | None:
        if fields.get(name) is None:
            return None
        most = float(NUMBER_MOST)
        return fields.number(name, 0, least=-most, most=most)

    found = Range(bound("least"), bound("most"), fields.text("to"))
    if found.least is not None and found.most is not None and found.least > found.most:
        fields.fault("most", "must not be below least", "order")
    fields.close()
    return found


def _words(fields: Fields, name: str, *, needed: bool) -> Mapping[str, str]:
    spoken = fields.inner(name)
    words = {language: spoken.text(language, longest=20_000) for language in spoken.source}
    if needed and not words:
        fields.fault(name, "must say it in at least one language", "one_needed")
    return words


def _question_to_json(question: Question) -> dict[str, Json]:
    written: dict[str, Json] = {"kind": question.kind.value}
    if question.words:
        written["words"] = dict(question.words)
    if question.required:
        written["required"] = True
    if question.field:
        written["field"] = question.field
    if question.options:
        written["options"] = [
            {"key": one.key, "label": dict(one.label), "to": one.to} for one in question.options
        ]
    if question.ranges:
        written["ranges"] = [
            {"least": one.least, "most": one.most, "to": one.to} for one in question.ranges
        ]
    return written


# ---- answers -------------------------------------------------------------------------------------


def read_answer(question: Question, value: Any) -> Answer | None:
    """Returns an answer as it is kept, None for an empty one; InvalidRequest for a wrong one.

    Numbers may have a comma for their point and spaces between thousands; dates are ISO 8601."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return _several(question, cast("Sequence[object]", value))
    if not isinstance(value, str):
        raise _wrong("must be a text", "text")
    text = value.strip()
    if not text:
        return None
    match question.kind:
        case QuestionKind.NUMBER:
            return _number(text)
        case QuestionKind.DATE:
            return _day(text)
        case QuestionKind.TEXT:
            if len(text) > ANSWER_LONGEST:
                raise _wrong(f"has more than {ANSWER_LONGEST} characters", "too_long")
            return text
        case QuestionKind.YES_NO:
            if text not in (YES, NO):
                raise _wrong("must be yes or no", "choice")
            return text
        case QuestionKind.ONE:
            if question.option(text) is None:
                raise _wrong("is none of the answers to choose from", "choice")
            return text
        case _:
            return _several(question, (text,))


def _several(question: Question, values: Sequence[object]) -> Answer | None:
    if question.kind is not QuestionKind.SEVERAL:
        raise _wrong("takes one answer", "choice")
    if not all(isinstance(one, str) and question.option(one) for one in values):
        raise _wrong("is none of the answers to choose from", "choice")
    # In the order of the script, so that one choice is always written the same way.
    return tuple(one.key for one in question.options if one.key in values) or None


def _number(text: str) -> str:
    plain = "".join(text.split()).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise _wrong("must be a number", "number") from None
    if not number.is_finite() or abs(number) > NUMBER_MOST:
        raise _wrong("must be a number within a million millions", "number")
    shown = f"{number:f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong("must be a day such as 2026-11-23", "moment") from None


def _wrong(problem: str, reason: Any) -> InvalidRequest:
    return InvalidRequest.of("The answer", [Fault("value", problem, reason)])


def shown_answer(answer: Answer) -> str:
    """Returns an answer as the contact's field holds it."""
    return answer if isinstance(answer, str) else ", ".join(answer)


# ---- the walk ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a call is in its script.

    `path` are the steps left behind, `aside` the step an objection leads back to, `answers` what
    was answered, by step."""

    at: str
    path: tuple[str, ...] = ()
    aside: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict[str, Answer])


@dataclass(frozen=True, slots=True)
class GoOn:
    """Answer the question here, if anything is said, and go where that leads."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go to a step by hand; an objection is entered from here and leads back."""

    step: str


@dataclass(frozen=True, slots=True)
class GoBack:
    """Go to the step that was left last."""


Move = GoOn | GoTo | GoBack


def begin(script: Script) -> Walk:
    """Returns the walk that stands on the first step; a script without one is over."""
    first = next((step for step in script if not step.objection), None)
    return Walk(first.id if first else END)


def step_of(script: Script, step_id: str) -> ScriptStep | None:
    """Returns a step by its id, None where there is none."""
    return next((step for step in script if step.id == step_id), None)


def follower(script: Script, step: ScriptStep) -> str:
    """Returns where a step leads when no answer decides: to the step it names, else to the one below
    it that is no objection."""
    if step.next:
        return step.next
    below = script[script.index(step) + 1 :]
    return next((one.id for one in below if not one.objection), END)


def way_of(step: ScriptStep, answer: Answer | None) -> str:
    """Returns the step an answer leads to, empty where it decides nothing."""
    question = step.question
    if question is None or answer is None:
        return ""
    chosen = (answer,) if isinstance(answer, str) else answer
    if question.kind is QuestionKind.NUMBER:
        number = Decimal(chosen[0])
        return next((one.to for one in question.ranges if _within(one, number)), "")
    return next((one.to for one in question.options if one.to and one.key in chosen), "")


def _within(one: Range, number: Decimal) -> bool:
    return (one.least is None or Decimal(str(one.least)) <= number) and (
        one.most is None or number <= Decimal(str(one.most))
    )


def walk(script: Script, state: Walk, move: Move) -> Walk:
    """Moves a walk; InvalidRequest for an answer or a step that cannot be.

    A walk whose step is gone from the script is led back to the beginning first."""
    if state.at != END and step_of(script, state.at) is None:
        state = replace(begin(script), answers=state.answers)
    match move:
        case GoOn(value):
            return _go_on(script, state, value)
        case GoTo(step_id):
            return _go_to(script, state, step_id)
        case _:
            return _go_back(script, state)


def _go_on(script: Script, state: Walk, value: Any) -> Walk:
    here = step_of(script, state.at)
    if here is None:
        return state
    answers = state.answers
    answer = answers.get(here.id)
    if here.question is not None:
        given = read_answer(here.question, value)
        if given is None and here.question.required and answer is None:
            raise _wrong("is needed: the question must be answered", "needed")
        if given is not None and given != answer:
            answer, answers = given, {**answers, here.id: given}
    to = way_of(here, answer)
    if not to:
        back = state.aside if here.objection and not here.next else ""
        to = back or follower(script, here)
    return _enter(script, replace(state, answers=answers), to)


def _go_to(script: Script, state: Walk, step_id: str) -> Walk:
    to = step_of(script, step_id)
    if to is None:
        raise InvalidRequest.of("The step", [Fault("step", "is not in the script", "no_step")])
    return state if to.id == state.at else _enter(script, state, to.id)


def _go_back(script: Script, state: Walk) -> Walk:
    path = tuple(one for one in state.path if step_of(script, one) is not None)
    if not path:
        return state
    *before, at = path
    known = {step.id: step.objection for step in script}
    aside = ""
    if known[at]:
        # An objection that was left already leads back to what was said before it.
        plain = next((one for one in reversed(before) if not known[one]), begin(script).at)
        aside = state.aside or plain
    return replace(state, at=at, path=tuple(before), aside=aside)


def _enter(script: Script, state: Walk, to: str) -> Walk:
    """Steps on to `to`, END where it is not there; remembers where an objection was entered."""
    step = step_of(script, to)
    left = state.path if state.at == END else (*state.path, state.at)
    aside = ""
    if step is not None and step.objection:
        aside = state.aside or state.at
    at = step.id if step else END
    return replace(state, at=at, path=left[-PATH_MOST:], aside=aside)


def unanswered(script: Script, state: Walk) -> tuple[str, ...]:
    """Returns the steps gone through whose required question has no answer."""
    seen = dict.fromkeys((*state.path, state.at))
    return tuple(
        step.id
        for step in script
        if step.id in seen
        and step.question is not None
        and step.question.required
        and step.id not in state.answers
    )
