"""Results: what the agent (or the flow) said of a call, and what follows from it.

A result has a key on the desk, a group for reports, and says what it needs and whether it closes
the contact. A result can be taken back for ten seconds. What is written and shown is left to
others.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields, Json, is_word
from vyzov.core.outcome import Outcome

UNDO_LIMIT = timedelta(seconds=10)


class ResultGroup(StrEnum):
    """The five kinds of result; each has its colour and its column."""

    SUCCESS = "success"
    LATER = "later"
    NO = "no"
    TECHNICAL = "technical"
    STOP = "stop"


class ResultNeeds(StrEnum):
    """What must come with the result."""

    NONE = "none"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class ResultDef:
    """One result a campaign offers; `key` is 1..9, `label` its words by language.

    Where it does not close the contact, `redial_as` is the outcome whose redial rule applies. One
    that is `hidden` is offered no more; what was said with it stays.
    """

    key: int
    code: str
    label: Mapping[str, str]
    group: ResultGroup
    needs: ResultNeeds = ResultNeeds.NONE
    closes: bool = True
    redial_as: Outcome | None = None
    hidden: bool = False


def default_results() -> tuple[ResultDef, ...]:
    """Returns the nine results a new campaign begins with."""
    group, later = ResultGroup, ResultNeeds.CALLBACK
    tech, machine = ResultGroup.TECHNICAL, Outcome.ANSWERED_MACHINE

    def result(
        key: int,
        code: str,
        ru: str,
        en: str,
        kind: ResultGroup,
        needs: ResultNeeds = ResultNeeds.NONE,
        redial_as: Outcome | None = None,
    ) -> ResultDef:
        closes = needs is ResultNeeds.NONE and redial_as is None
        return ResultDef(key, code, {"ru": ru, "en": en}, kind, needs, closes, redial_as)

    return (
        result(1, "agreed", "Согласие", "Agreed", group.SUCCESS),
        result(2, "to_specialist", "Передать специалисту", "Hand to specialist", group.SUCCESS),
        result(3, "callback", "Перезвонить", "Call back", group.LATER, later),
        result(4, "thinking", "Думает", "Thinking", group.LATER),
        result(5, "refused", "Отказ", "Refused", group.NO),
        result(6, "wrong_person", "Не тот человек", "Wrong person", group.NO),
        result(7, "machine", "Автоответчик", "Machine", tech, redial_as=machine),
        result(8, "bad_line", "Плохая связь", "Bad line", tech, redial_as=Outcome.CONGESTION),
        result(9, "do_not_call", "Больше не звонить", "Do not call", group.STOP),
    )


def read_results(fields: Fields) -> tuple[ResultDef, ...]:
    """Reads the field `results`, noting faults; codes, and the keys that are offered, are there
    once each."""
    results = tuple(_read_result(row) for row in fields.rows("results"))
    offered = offered_results(results)
    if not offered:
        fields.fault("results", "must offer at least one result", "one_needed")
    if len({result.key for result in offered}) != len(offered):
        fields.fault("results", "gives one key to two results", "twice")
    if len({result.code for result in results}) != len(results):
        fields.fault("results", "has one code twice", "twice")
    return results


def _read_result(fields: Fields) -> ResultDef:
    code = fields.text("code")
    if code and not is_word(code):
        fields.fault("code", "must be a name of small letters, digits and underscores", "name")
    label = fields.inner("label")
    read = ResultDef(
        key=fields.whole("key", 0, least=1, most=9),
        code=code,
        label={language: label.text(language, longest=80) for language in label.source},
        group=fields.choice("group", ResultGroup),
        needs=fields.choice("needs", ResultNeeds, ResultNeeds.NONE),
        closes=fields.flag("closes", default=True),
        redial_as=_read_redial_as(fields),
        hidden=fields.flag("hidden", default=False),
    )
    if fields.source.get("key") is None:
        fields.fault("key", "must be from 1 to 9", "between", least=1, most=9)
    if not read.label:
        fields.fault("label", "must say it in at least one language", "one_needed")
    fields.close()
    return read


def must_agree(results: Iterable[ResultDef]) -> None:
    """Raises `InvalidRequest` where two things that exclude each other would follow from a result.

    Asked when results are changed, not when they are read: what was stored once can be read."""
    faults: list[Fault] = []
    for place, result in enumerate(results):
        callback = result.needs is ResultNeeds.CALLBACK
        stop = result.group is ResultGroup.STOP
        where = f"results[{place}]"
        if callback and stop:
            problem = "cannot be a call-back where nobody is to call again"
            faults.append(Fault(f"{where}.needs", problem, "contradicts"))
        if result.redial_as and (callback or stop or result.closes):
            problem = "is for a result that neither closes nor promises a call"
            faults.append(Fault(f"{where}.redial_as", problem, "contradicts"))
    if faults:
        raise InvalidRequest.of("The results", faults)


def offered_results(results: tuple[ResultDef, ...]) -> tuple[ResultDef, ...]:
    """Returns those that operators may choose from."""
    return tuple(result for result in results if not result.hidden)


def removed_codes(before: Iterable[ResultDef], after: Iterable[ResultDef]) -> tuple[str, ...]:
    """Returns the codes that a change of results would take away."""
    kept = {result.code for result in after}
    return tuple(result.code for result in before if result.code not in kept)


def must_stay(removed: Iterable[str], used: Collection[str]) -> None:
    """Raises `InvalidRequest` where a result is taken away that somebody has given to a call."""
    gone = [code for code in removed if code in used]
    if gone:
        raise InvalidRequest(
            f"Calls of this campaign have the result {', '.join(repr(code) for code in gone)}.",
            "Hide it instead: it is offered no more, and what was said with it stays.",
            [Fault("results", f"'{code}' was given to calls", "in_use") for code in gone],
        )


def _read_redial_as(fields: Fields) -> Outcome | None:
    if fields.get("redial_as") is None:
        return None
    return fields.choice("redial_as", Outcome)


def result_to_json(result: ResultDef) -> dict[str, Json]:
    """Returns the JSON that `read_results` reads in its list."""
    return {
        "key": result.key,
        "code": result.code,
        "label": dict(result.label),
        "group": result.group.value,
        "needs": result.needs.value,
        "closes": result.closes,
        "redial_as": result.redial_as.value if result.redial_as else None,
        "hidden": result.hidden,
    }


# ---- what follows from a result ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CloseContact:
    """The contact is done in this campaign; `reason` is the result's code."""

    reason: str


@dataclass(frozen=True, slots=True)
class StopListNumber:
    """The number goes on the stop-list, now and for every campaign."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """The contact is called at `due`, by `agent` if one is named, else by anybody."""

    due: datetime
    agent: str | None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The redial policy decides, as if the attempt had ended with this outcome."""

    outcome: Outcome


Consequence = CloseContact | StopListNumber | CallBack | TryAgain


def consequences(
    result: ResultDef,
    now: datetime,
    callback_due: datetime | None = None,
    callback_agent: str | None = None,
) -> tuple[Consequence, ...]:
    """Decides what follows; raises `InvalidRequest` where the result lacks the hour it needs."""
    if result.needs is ResultNeeds.CALLBACK:
        if callback_due is None:
            raise InvalidRequest(
                f"The result '{result.code}' needs the hour of the call-back.",
                "Choose when to call back and save again.",
            )
        if callback_due <= now:
            raise InvalidRequest(
                f"The call-back of the result '{result.code}' lies in the past.",
                "Choose a later hour and save again.",
            )
        return (CallBack(callback_due, callback_agent),)
    if result.group is ResultGroup.STOP:
        return StopListNumber(result.code), CloseContact(result.code)
    if result.closes:
        return (CloseContact(result.code),)
    return (TryAgain(result.redial_as or Outcome.NO_ANSWER),)


def undo_until(saved_at: datetime) -> datetime:
    """Returns the last moment at which a result saved at `saved_at` can be taken back."""
    return saved_at + UNDO_LIMIT


def may_undo(saved_at: datetime, now: datetime) -> bool:
    """True while the result can still be taken back."""
    return now <= undo_until(saved_at)


def find_result(results: tuple[ResultDef, ...], code: str) -> ResultDef:
    """Returns the result with this code, or raises `InvalidRequest`."""
    for result in results:
        if result.code == code:
            return result
    known = ", ".join(result.code for result in results)
    raise InvalidRequest(f"The campaign has no result '{code}'.", f"Choose one of these: {known}.")
