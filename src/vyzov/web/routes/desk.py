"""What an agent saves at the desk; calls themselves are driven over the live socket."""

import asyncio
from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.access_leads import LeadRefused
from vyzov.dialer.leads import LeadResult
from vyzov.web.admission import In, Who, room
from vyzov.web.desk_asks import ask_desk
from vyzov.web.floor_link import speaker
from vyzov.web.live_verbs import Dial, Note, ResultWords, Undo
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
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


class Dialled(Shape):
    """What the gates say of a typed number; `card` is on the screen now, where it may be called."""

    contact: str
    card: str | None
    allowed: bool
    gate: str | None
    reason: str | None
    until: datetime | None


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


@router.post("/dial", summary="Type a number")
async def dial(asked: Dial, house: In, who: Who) -> Dialled:
    """Judges the number an agent typed, and lays its card before them where it may be called.

    The gates are those of every contact of the campaign. Nobody is called by this: the card is
    taken like any other. A number nobody knows becomes a contact of the campaign."""

    def find() -> LeadResult:
        try:
            return who.door.typed_number(asked.campaign, asked.number, asked.default_region.upper())
        except LeadRefused as refusal:
            raise Problem(
                "invalid_request", refusal.what, next_step=refusal.next_step,
                fields=(Fault("number", refusal.what, "phone"),),
                args={"row_reason": refusal.row.reason, **refusal.row.args},
            ) from refusal  # fmt: skip
        except InvalidRequest as refusal:
            raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal

    made = await asyncio.to_thread(find)
    said = await house.floor.ask(
        "desk.dial", speaker(who.person, ""), campaign=asked.campaign, contact=made.contact
    )
    verdict = said["verdict"]
    return Dialled(
        contact=made.contact,
        card=said.get("card"),
        allowed=verdict["allowed"],
        gate=verdict.get("gate"),
        reason=verdict.get("reason"),
        until=verdict.get("until"),
    )


@router.post("/note", summary="Keep a note")
async def note(asked: Note, house: In, who: Who) -> NoteSaved:
    """Keeps a note with the contact on the agent's screen."""
    args = asked.model_dump(mode="json")
    told = await ask_desk(house.floor, house.once, who.door, "note", args)
    kept = told.get("kept") is True
    return NoteSaved(saved=not kept, kept=kept, contact=asked.contact)
