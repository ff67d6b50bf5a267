"""Decides what is wrong with a script as a whole, step by step, with named reasons.

What *stops* keeps a script out of campaigns: a call would hang in it or lead nowhere. The rest is
said and may stand. Single wrong fields are `script`'s part, when it is read.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.script import CHOSEN, END, QuestionKind, Script, ScriptStep, follower, step_of

ALWAYS_KNOWN = frozenset({"name", "first_name", "phone", "agent", "campaign"})
"""Fields every call has, whatever the list brought."""

_FIELD = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


class ScriptReason(StrEnum):
    """What can be wrong with a step, each with words on the screens."""

    EMPTY = "empty"
    NO_START = "no_start"
    UNREACHED = "unreached"
    ENDLESS = "endless"
    NO_TARGET = "no_target"
    FEW_OPTIONS = "few_options"
    NO_LABEL = "no_label"
    UNKNOWN_FIELD = "unknown_field"
    ONE_LANGUAGE = "one_language"


MAY_STAND = frozenset({ScriptReason.UNKNOWN_FIELD, ScriptReason.ONE_LANGUAGE})


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """What is wrong with a step; `step` is empty where it is the script, `about` names what of it:
    a missing target, an unknown field, a language without words, an option without a label."""

    step: str
    reason: ScriptReason
    about: str = ""

    @property
    def stops(self) -> bool:
        """True where no campaign may take the script."""
        return self.reason not in MAY_STAND


def problems(script: Script, known: AbstractSet[str] | None = None) -> tuple[ScriptProblem, ...]:
    """Returns all that is wrong, in the order of the steps.

    `known` are the fields contacts have, by the names scripts use; None where nobody knows."""
    if not script:
        return (ScriptProblem("", ScriptReason.EMPTY),)
    if all(step.objection for step in script):
        return (ScriptProblem("", ScriptReason.NO_START),)
    reached, endless = _reached(script), _endless(script)
    fields = None
    if known is not None:
        # As the screens look a field up: whatever its case.
        fields = {name.casefold() for name in known | ALWAYS_KNOWN | _asked(script)}
    languages = {name for step in script for name in step.title}
    found: list[ScriptProblem] = []
    for step in script:
        if step.id not in reached:
            found.append(ScriptProblem(step.id, ScriptReason.UNREACHED))
        if step.id in endless:
            found.append(ScriptProblem(step.id, ScriptReason.ENDLESS))
        found.extend(_of_ways(script, step))
        found.extend(_of_question(step))
        found.extend(_of_words(step, fields, languages))
    return tuple(found)


def may_be_used(script: Script) -> bool:
    """True where a campaign may take the script."""
    return not any(one.stops for one in problems(script))


def ways(script: Script, step: ScriptStep) -> tuple[str, ...]:
    """Returns all steps a step can lead to, each once; an objection's way back is none."""
    named = [option.to for option in step.question.options] if step.question else []
    named += [one.to for one in step.question.ranges] if step.question else []
    if not step.objection or step.next:
        named.append(follower(script, step))
    return tuple(dict.fromkeys(to for to in named if to))


def _reached(script: Script) -> set[str]:
    start = next(step for step in script if not step.objection)
    waiting = [start.id, *(step.id for step in script if step.objection)]
    reached: set[str] = set()
    while waiting:
        one = waiting.pop()
        step = step_of(script, one)
        if step is None or one in reached:
            continue
        reached.add(one)
        waiting.extend(ways(script, step))
    return reached


def _endless(script: Script) -> set[str]:
    """Returns the steps of circles in which nothing is asked: nobody would ever come out."""
    found: set[str] = set()
    for step in script:
        seen: list[str] = []
        here: ScriptStep | None = step
        while here is not None and here.question is None and here.id not in seen:
            seen.append(here.id)
            here = None if here.objection and not here.next else _next_of(script, here)
        if here is not None and here.id == step.id and here.id in seen:
            found.add(step.id)
    return found


def _next_of(script: Script, step: ScriptStep) -> ScriptStep | None:
    return step_of(script, follower(script, step))


def _of_ways(script: Script, step: ScriptStep) -> Iterator[ScriptProblem]:
    for to in ways(script, step):
        if to != END and step_of(script, to) is None:
            yield ScriptProblem(step.id, ScriptReason.NO_TARGET, to)


def _of_question(step: ScriptStep) -> Iterator[ScriptProblem]:
    question = step.question
    if question is None or question.kind not in CHOSEN or question.kind is QuestionKind.YES_NO:
        return
    if len(question.options) < 2:
        yield ScriptProblem(step.id, ScriptReason.FEW_OPTIONS)
    for option in question.options:
        if not any(option.label.values()):
            yield ScriptProblem(step.id, ScriptReason.NO_LABEL, option.key)


def _of_words(
    step: ScriptStep, fields: AbstractSet[str] | None, languages: AbstractSet[str]
) -> Iterator[ScriptProblem]:
    for language in sorted(languages - (step.title.keys() & step.text.keys())):
        yield ScriptProblem(step.id, ScriptReason.ONE_LANGUAGE, language)
    if fields is None:
        return
    said: list[Mapping[str, str]] = [step.title, step.text]
    if step.question is not None:
        said.append(step.question.words)
    named = dict.fromkeys(
        name for words in said for text in words.values() for name in _FIELD.findall(text)
    )
    for name in named:
        if name.casefold() not in fields:
            yield ScriptProblem(step.id, ScriptReason.UNKNOWN_FIELD, name)


def _asked(script: Script) -> set[str]:
    return {step.question.field for step in script if step.question and step.question.field}
