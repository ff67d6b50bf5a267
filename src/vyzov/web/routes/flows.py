"""Flows before they are used: what is wrong with one, and a walk through it on trial."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from vyzov.core.errors import InvalidRequest
from vyzov.core.flow import Flow
from vyzov.core.flow_walk import Deed, Did, Trial, Walk, walk
from vyzov.dialer.access import Door
from vyzov.dialer.orders import LANGUAGES
from vyzov.web.admission import House, In, Who, room
from vyzov.web.problems import FieldProblem
from vyzov.web.shapes import Asked, Shape

Json = dict[str, Any]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Seconds = Annotated[float, Field(ge=0, le=3_600)]

router = room("flows", under="/flows")


class FlowAsked(Asked):
    """A flow as settings of a campaign have it."""

    flow: Json
    safe_harbour_prompt: Word = "safe_harbour"


class PromptThere(Shape):
    """A prompt the flow says, and the languages in which it can be heard."""

    name: str
    languages: list[str]


class FlowChecked(Shape):
    """What is wrong with a flow, field by field (`steps.offer.keys.1`), and the prompts it says."""

    problems: list[FieldProblem]
    prompts: list[PromptThere]


@router.post("/check", summary="What is wrong with a flow")
def check(asked: FlowAsked, house: In, who: Who) -> FlowChecked:
    """Names wrong fields and the prompts that are there; nothing is saved."""
    try:
        Flow.from_json(asked.flow)
        problems: list[FieldProblem] = []
    except InvalidRequest as refused:
        problems = [
            FieldProblem(
                field=one.field, detail=one.problem, reason=one.reason, args=dict(one.args)
            )
            for one in refused.faults
        ]
    names = sorted(_said(asked.flow) | {asked.safe_harbour_prompt})
    return FlowChecked(problems=problems, prompts=[_there(house, who.door, one) for one in names])


def _there(house: House, door: Door, name: str) -> PromptThere:
    heard = [
        language
        for language in LANGUAGES
        if house.prompts.file_of(door.prompt_path(name, language)) is not None
    ]
    return PromptThere(name=name, languages=heard)


def _said(flow: Json) -> set[str]:
    """Collects the names of prompts out of a flow that may be wrong everywhere."""
    steps = flow.get("steps")
    machine = flow.get("on_machine")
    rows: list[Any] = list(steps.values()) if isinstance(steps, dict) else []
    said = [row.get("prompt") for row in rows if isinstance(row, dict)]
    said.append(machine.get("leave") if isinstance(machine, dict) else None)
    return {name for name in said if isinstance(name, str) and name}


# ---- on trial ------------------------------------------------------------------------------------


class DeedAsked(Asked):
    """What the tester did, seconds after the answer: a key, the end of a prompt, an agent's coming."""

    at_s: Seconds
    kind: Trial
    key: Annotated[str, Field(pattern=r"^[0-9*#]?$")] = ""


class WalkAsked(FlowAsked):
    """A flow and everything done in it so far; the answer stands `now_s` after the answer."""

    now_s: Seconds
    deeds: Annotated[list[DeedAsked], Field(max_length=300, default_factory=list[DeedAsked])]


class LineShape(Shape):
    """One thing that happened: `what` is a step, a prompt, a key or a result, by what it tells."""

    at_s: float
    did: Did
    what: str
    span_s: float | None


class WalkShape(Shape):
    """Where the walk stands: what plays now, and when the flow goes on by itself."""

    lines: list[LineShape]
    step: str
    says: str
    says_again: int
    loops: bool
    waits_for_agent: bool
    next_at_s: float | None
    over: bool


@router.post("/walk", summary="Walk through a flow on trial")
def walk_flow(asked: WalkAsked, who: Who) -> WalkShape:
    """Decides as a call would, from the whole story so far; nothing is kept, promised or dialled."""
    del who  # Whoever may hear prompts may hear them in their order.
    deeds = sorted(
        (Deed(timedelta(seconds=one.at_s), one.kind, one.key) for one in asked.deeds),
        key=lambda one: one.at,
    )
    found = walk(
        Flow.from_json(asked.flow), deeds, timedelta(seconds=asked.now_s),
        harbour=asked.safe_harbour_prompt,
    )  # fmt: skip
    return _shape(found)


def _shape(found: Walk) -> WalkShape:
    return WalkShape(
        lines=[
            LineShape(
                at_s=line.at.total_seconds(),
                did=line.did,
                what=line.what,
                span_s=None if line.span is None else line.span.total_seconds(),
            )
            for line in found.lines
        ],
        step=found.step,
        says=found.says,
        says_again=found.says_again,
        loops=found.loops,
        waits_for_agent=found.waits_for_agent,
        next_at_s=None if found.next_at is None else found.next_at.total_seconds(),
        over=found.over,
    )
