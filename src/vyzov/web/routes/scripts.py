"""Scripts and questionnaires: kept in versions, looked over, tried out, and walked through in calls."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from vyzov.core.errors import InvalidRequest
from vyzov.core.script import (
    END,
    GoBack,
    GoOn,
    GoTo,
    Move,
    Script,
    Walk,
    begin,
    script_from_json,
    unanswered,
    walk,
)
from vyzov.core.script_check import ScriptReason, problems
from vyzov.dialer.access import Door
from vyzov.dialer.access_scripts import MovedMeanwhile
from vyzov.dialer.scripts import CallScript, ScriptRecord
from vyzov.web.admission import In, Who, room
from vyzov.web.desk_asks import shown_on_desk
from vyzov.web.etags import IfMatch, must_match
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape, named, page_of

Json = dict[str, Any]

router = room("scripts")

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Steps = Annotated[list[Json], Field(max_length=300)]
StepId = Annotated[str, Field(min_length=1, max_length=4000)]
Said = Annotated[str, Field(max_length=2000)] | Annotated[list[str], Field(max_length=30)]

_STEPS: list[Any] = [
    {
        "id": "hello",
        "title": {"en": "Hello"},
        "text": {"en": "Hello {{name}}, is now a good time?"},
        "question": {"kind": "yes_no", "options": [{"key": "no", "to": "later"}]},
    },
    {"id": "offer", "title": {"en": "Offer"}, "text": {"en": "Then …"}, "next": END},
    {"id": "later", "title": {"en": "Later"}, "text": {"en": "When shall I call?"}},
]


class ProblemOfStep(Shape):
    """What is wrong with a step; with what `stops` no campaign takes the script.

    `step` is empty where it is the script; `about` is a missing target, an unknown field, a language
    without words, an option without a label."""

    step: str
    reason: ScriptReason
    about: str
    stops: bool


class Used(Shape):
    """A campaign that uses a script, and the version it took."""

    id: str
    name: str
    version: int


class ScriptShape(Shape):
    """A script without its steps; `ready` where campaigns may take it."""

    id: str
    name: str
    version: int
    latest: int
    steps_count: int
    ready: bool
    saved_at: datetime
    saved_by: Named | None
    archived: bool
    campaigns: list[Used]
    etag: str


class ScriptFull(ScriptShape):
    """A script with its steps and what is wrong with them."""

    steps: list[Json]
    problems: list[ProblemOfStep]


class VersionShape(Shape):
    """When a version was saved, and by whom."""

    version: int
    saved_at: datetime
    saved_by: Named | None
    steps_count: int


class Versions(Shape):
    """All versions of a script, latest first."""

    items: list[VersionShape]


class NewScript(Asked):
    """A script to be kept; its steps are those of a campaign's `script` setting."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Survey", "steps": _STEPS}]}
    )

    name: Name
    steps: Annotated[list[Json], Field(max_length=300, default_factory=list)]


class ScriptChange(Asked):
    """What to change; other steps make a new version, `archived` puts it away or takes it back."""

    name: Name | None = None
    steps: Steps | None = None
    archived: bool | None = None


class StepsAsked(Asked):
    """Steps to be looked over."""

    steps: Steps


class LookedOver(Shape):
    """What is wrong, and the fields scripts may name: those that lists brought."""

    problems: list[ProblemOfStep]
    ready: bool
    fields: list[str]


class WalkShape(Shape):
    """Where a walk is: the step, those left behind, the step an objection leads back to, answers by
    step, required questions gone past, and the step that follows without an answer (null where only
    an answer decides)."""

    at: str
    over: bool
    path: list[str]
    aside: str
    answers: dict[str, str | list[str]]
    unanswered: list[str]
    next: str | None


class MoveAsked(Asked):
    """A move: go on (with an answer, if anything was said), to a step by hand, or back."""

    do: Literal["next", "go", "back"]
    value: Said | None = None
    step: StepId | None = None


class WalkAsked(MoveAsked):
    """A move in steps that nobody need have kept; without a walk it begins, moved or not."""

    do: Literal["begin", "next", "go", "back"] = "begin"  # type: ignore[assignment]
    steps: Steps
    at: StepId | None = None
    path: Annotated[list[StepId], Field(max_length=400, default_factory=list)]
    aside: Annotated[str, Field(max_length=4000)] = ""
    answers: Annotated[dict[str, Said], Field(max_length=300, default_factory=dict)]


class CallMove(MoveAsked):
    """A move of a call; `turn` is that of the script as it was seen, so a repeat moves once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"turn": 0, "do": "next", "value": "yes"}]},
    )

    turn: Annotated[int, Field(ge=0, le=1_000_000)]


class CallScriptShape(WalkShape):
    """The script of a call, as it was when the call was made, and where the call is in it."""

    attempt: str
    turn: int
    steps: list[Json]


def _problems(steps: Script) -> list[ProblemOfStep]:
    return [
        ProblemOfStep(step=one.step, reason=one.reason, about=one.about, stops=one.stops)
        for one in problems(steps)
    ]


def _etag(one: ScriptRecord) -> str:
    rest = f"{one.name}\n{one.archived_at}"
    return f'"{one.latest}-{hashlib.sha256(rest.encode()).hexdigest()[:12]}"'


def _fields(door: Door, one: ScriptRecord, names: dict[str, str]) -> Json:
    steps = script_from_json(one.steps)
    return {
        "id": one.id,
        "name": one.name,
        "version": one.version,
        "latest": one.latest,
        "steps_count": len(steps),
        "ready": not any(problem.stops for problem in problems(steps)),
        "saved_at": one.saved_at,
        "saved_by": named(one.saved_by, names),
        "archived": one.archived_at is not None,
        "campaigns": [
            Used(id=campaign, name=name, version=version)
            for campaign, name, version in door.script_uses().get(one.id, [])
        ],
        "etag": _etag(one),
    }


def _full(door: Door, one: ScriptRecord) -> ScriptFull:
    steps = script_from_json(one.steps)
    return ScriptFull(
        **_fields(door, one, dict(door.names())),
        steps=[dict(step) for step in one.steps],
        problems=_problems(steps),
    )


# ---- the office ----------------------------------------------------------------------------------


@router.get("/scripts", summary="Scripts by name")
def scripts(
    who: Who,
    archived: Annotated[bool, Query()] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[ScriptShape]:
    """Gives the scripts in use, or those put away, with the campaigns that use them."""
    names = dict(who.door.names())
    kept = who.door.scripts(archived=archived)
    return page_of(kept, lambda one: ScriptShape(**_fields(who.door, one, names)), cursor, limit)


@router.post("/scripts", status_code=201, response_model=ScriptFull, summary="Keep a script")
async def create_script(asked: NewScript, request: Request, house: In, who: Who) -> Response:
    """Keeps a new script; it may be unfinished, then no campaign takes it yet."""

    async def work() -> tuple[int, Json]:
        made = await asyncio.to_thread(who.door.create_script, asked.name, asked.steps)
        shape = await asyncio.to_thread(_full, who.door, made)
        return 201, shape.model_dump(mode="json")

    key = key_of(request, required=False)
    body = await request.body()
    return await house.once.answer(who.person, "POST /scripts", key, body, work)


@router.post("/scripts/check", summary="Look steps over")
def check(asked: StepsAsked, who: Who) -> LookedOver:
    """Says what is wrong with steps that need not be kept; wrong fields are refused by name.

    An unknown field is said of names no list brought and no question fills."""
    titles = who.door.field_titles()
    steps = script_from_json(asked.steps)
    found = [
        ProblemOfStep(step=one.step, reason=one.reason, about=one.about, stops=one.stops)
        for one in problems(steps, frozenset(titles))
    ]
    ready = not any(one.stops for one in found)
    return LookedOver(problems=found, ready=ready, fields=list(titles))


@router.post("/scripts/walk", summary="Try steps out")
def try_out(asked: WalkAsked, who: Who) -> WalkShape:
    """Moves through steps as a call would; nothing is kept."""
    who.door.field_titles()
    steps = script_from_json(asked.steps)
    if asked.do == "begin" or asked.at is None:
        return WalkShape(**_walk(steps, begin(steps)))
    answers = {
        name: said if isinstance(said, str) else tuple(said) for name, said in asked.answers.items()
    }
    state = Walk(asked.at, tuple(asked.path), asked.aside, answers)
    return WalkShape(**_walk(steps, walk(steps, state, _move(asked))))


@router.get("/scripts/{script_id}", summary="One script")
def script(
    script_id: PathId,
    response: Response,
    who: Who,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> ScriptFull:
    """Gives a script at a version, the latest by default, and the ETag an edit must name."""
    shape = _full(who.door, who.door.script(script_id, version))
    response.headers["ETag"] = shape.etag
    return shape


@router.get("/scripts/{script_id}/versions", summary="Versions of a script")
def versions(script_id: PathId, who: Who) -> Versions:
    """Gives when each version was saved, and by whom."""
    names = dict(who.door.names())
    return Versions(
        items=[
            VersionShape(
                version=one.version,
                saved_at=one.saved_at,
                saved_by=named(one.saved_by, names),
                steps_count=one.steps,
            )
            for one in who.door.script_versions(script_id)
        ]
    )


@router.patch("/scripts/{script_id}", summary="Change a script")
def change_script(
    script_id: PathId,
    asked: ScriptChange,
    response: Response,
    who: Who,
    if_match: IfMatch = None,
) -> ScriptFull:
    """Changes a script; campaigns keep the version they took until they take another."""
    before = who.door.script(script_id)
    must_match(if_match, _etag(before))
    after = before
    if asked.name is not None or asked.steps is not None:
        name = before.name if asked.name is None else asked.name
        try:
            after = who.door.save_script(
                script_id, if_version=before.latest, name=name, steps=asked.steps
            )
        except MovedMeanwhile as moved:
            raise Problem("changed_meanwhile") from moved
    if asked.archived is not None:
        after = who.door.archive_script(script_id, archived=asked.archived)
    shape = _full(who.door, after)
    response.headers["ETag"] = shape.etag
    return shape


# ---- the call in hand ----------------------------------------------------------------------------


@router.get("/desk/script/{attempt_id}", summary="The script of a call")
def call_script(attempt_id: PathId, house: In, who: Who) -> CallScriptShape:
    """Gives the script of a call of one's own, and where the call is in it."""
    on_desk = attempt_id in shown_on_desk(house.floor.state(f"desk:{who.person.user}"))
    return _call_script(who.door.call_script(attempt_id, on_desk=on_desk))


@router.post("/desk/script/{attempt_id}", summary="Answer, or go to another step")
async def move_script(attempt_id: PathId, asked: CallMove, house: In, who: Who) -> CallScriptShape:
    """Moves a call in its script and keeps the answer at once; sent again, it moves once.

    Problem `changed_meanwhile` where the call is at another turn by now."""
    on_desk = attempt_id in shown_on_desk(house.floor.state(f"desk:{who.person.user}"))

    def work() -> CallScript:
        moved, _ = who.door.move_script(attempt_id, asked.turn, _move(asked), on_desk=on_desk)
        return moved

    try:
        return _call_script(await asyncio.to_thread(work))
    except MovedMeanwhile as moved:
        raise Problem("changed_meanwhile") from moved


def _move(asked: MoveAsked) -> Move:
    if asked.do == "back":
        return GoBack()
    if asked.do == "go":
        return GoTo(asked.step or "")
    return GoOn(asked.value)


def _call_script(one: CallScript) -> CallScriptShape:
    return CallScriptShape(
        attempt=one.attempt,
        turn=one.saved.turn,
        steps=[dict(step.to_json()) for step in one.steps],
        **_walk(one.steps, one.saved.walk),
    )


def _walk(steps: Script, state: Walk) -> Json:
    return {
        "at": state.at,
        "over": state.at == END,
        "path": list(state.path),
        "aside": state.aside,
        "answers": {
            step: said if isinstance(said, str) else _listed(said)
            for step, said in state.answers.items()
        },
        "unanswered": list(unanswered(steps, state)),
        "next": _next(steps, state),
    }


def _listed(said: Sequence[str]) -> list[str]:
    return list(said)


def _next(steps: Script, state: Walk) -> str | None:
    """Returns the step that follows when nothing more is said, None where it must be."""
    try:
        return walk(steps, state, GoOn()).at
    except InvalidRequest:
        return None
