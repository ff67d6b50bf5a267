"""Folds answers of calls into a report: of each question what was answered how often.

A question is a step of a campaign's script, whatever version of it a call was made with: its words
are those of the latest version with answers. What was typed freely is only counted here; who may
read it, and which answers are within the report, is decided elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from vyzov.core.script import CHOSEN, NO, YES, QuestionKind, Script, step_of


@dataclass(frozen=True, slots=True)
class AnswerTally:
    """How many calls gave one answer; `value` holds the keys of a choice, one where it is one, and
    is empty for free text."""

    campaign: str
    version: int
    step: str
    kind: QuestionKind
    value: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    """An answer to choose and how many calls gave it; the label is empty where no script has it."""

    key: str
    label: Mapping[str, str]
    count: int


@dataclass(frozen=True, slots=True)
class QuestionReport:
    """What was answered to one question; figures are of its numbers, None where there are none."""

    campaign: str
    step: str
    kind: QuestionKind
    title: Mapping[str, str]
    words: Mapping[str, str]
    answered: int
    choices: tuple[ChoiceCount, ...] = ()
    least: float | None = None
    most: float | None = None
    mean: float | None = None


@dataclass(slots=True)
class _Gathered:
    version: int
    kind: QuestionKind
    answered: int = 0
    values: dict[str, int] = field(default_factory=dict[str, int])


def question_reports(
    tallies: Iterable[AnswerTally], scripts: Mapping[tuple[str, int], Script]
) -> tuple[QuestionReport, ...]:
    """Folds tallies, in the order of campaigns and of the steps of their latest scripts.

    `scripts` are the steps by campaign and version of it; a question no script has comes last."""
    found: dict[tuple[str, str], _Gathered] = {}
    for one in tallies:
        fresh = _Gathered(one.version, one.kind)
        gathered = found.setdefault((one.campaign, one.step), fresh)
        if one.version >= gathered.version:
            gathered.version, gathered.kind = one.version, one.kind
        gathered.answered += one.count
        for key in one.value:
            gathered.values[key] = gathered.values.get(key, 0) + one.count
    reports = [
        (_place(scripts, key, gathered), _report(scripts, key, gathered))
        for key, gathered in found.items()
    ]
    return tuple(report for _, report in sorted(reports, key=lambda pair: pair[0]))


def _place(
    scripts: Mapping[tuple[str, int], Script], key: tuple[str, str], gathered: _Gathered
) -> tuple[str, int, str]:
    campaign, step = key
    steps = [one.id for one in scripts.get((campaign, gathered.version), ())]
    return campaign, steps.index(step) if step in steps else len(steps), step


def _report(
    scripts: Mapping[tuple[str, int], Script], key: tuple[str, str], gathered: _Gathered
) -> QuestionReport:
    campaign, step_id = key
    step = step_of(scripts.get((campaign, gathered.version), ()), step_id)
    question = step.question if step else None
    labels: dict[str, Mapping[str, str]] = {}
    if gathered.kind is QuestionKind.YES_NO:
        labels |= {YES: {}, NO: {}}
    labels |= {one.key: one.label for one in question.options} if question else {}
    choices = least = most = mean = None
    if gathered.kind in CHOSEN:
        keys = dict.fromkeys((*labels, *sorted(gathered.values)))
        choices = tuple(
            ChoiceCount(one, labels.get(one, {}), gathered.values.get(one, 0)) for one in keys
        )
    elif gathered.kind is QuestionKind.NUMBER:
        numbers = {Decimal(one): count for one, count in gathered.values.items() if _is_number(one)}
        if numbers:
            total = sum(number * count for number, count in numbers.items())
            least, most = float(min(numbers)), float(max(numbers))
            mean = float(total / sum(numbers.values()))
    return QuestionReport(
        campaign=campaign,
        step=step_id,
        kind=gathered.kind,
        title=step.title if step else {},
        words=question.words if question else {},
        answered=gathered.answered,
        choices=choices or (),
        least=least,
        most=most,
        mean=mean,
    )


def _is_number(text: str) -> bool:
    """True for what a question for a number keeps; its kind may have been another before."""
    return text.lstrip("-").replace(".", "", 1).isdecimal()
