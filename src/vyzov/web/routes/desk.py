"""What an agent saves at the desk; calls themselves are driven over the live socket."""

from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response

from vyzov.web.admission import In, Who, room
from vyzov.web.desk_asks import ask_desk
from vyzov.web.live_verbs import Note, ResultWords, Undo
from vyzov.web.once import key_of
from vyzov.web.shapes import Shape

router = room("desk", under="/desk")


class ResultSaved(Shape):
    """The result is durable; until `undo_until` it can be taken back.

    `kept`: the database is away. The result is safe in the floor's journal and will be saved."""

    saved: bool
    kept: bool
    attempt: str
    result: str
    undo_until: datetime | None


class ResultUndone(Shape):
    """The result was taken back; the attempt waits for another."""

    undone: bool
    attempt: str


class NoteSaved(Shape):
    """The note is durable, or `kept` until the database is back."""

    saved: bool
    kept: bool
    contact: str


@router.post("/result", summary="Save a result")
async def result(
    asked: ResultWords, request: Request, response: Response, house: In, who: Who
) -> ResultSaved:
    """Saves the result of an attempt; needs an Idempotency-Key, so that a retry saves once.

    202 while the database is away: it is kept in the floor's journal and will be saved."""
    args = asked.model_dump(mode="json") | {"key": key_of(request, required=True)}
    saved = await ask_desk(house.floor, house.once, who.door, "result", args)
    kept = saved.get("kept") is True
    if kept:
        response.status_code = HTTPStatus.ACCEPTED
    return ResultSaved(
        saved=not kept,
        kept=kept,
        attempt=asked.attempt,
        result=asked.result,
        undo_until=saved.get("undo_until"),
    )


@router.post("/undo", summary="Take a result back")
async def undo(asked: Undo, house: In, who: Who) -> ResultUndone:
    """Takes a result back within ten seconds of saving it."""
    await ask_desk(house.floor, house.once, who.door, "undo_result", {"attempt": asked.attempt})
    return ResultUndone(undone=True, attempt=asked.attempt)


@router.post("/note", summary="Keep a note")
async def note(asked: Note, house: In, who: Who) -> NoteSaved:
    """Keeps a note with the contact on the agent's screen."""
    args = asked.model_dump(mode="json")
    told = await ask_desk(house.floor, house.once, who.door, "note", args)
    kept = told.get("kept") is True
    return NoteSaved(saved=not kept, kept=kept, contact=asked.contact)
