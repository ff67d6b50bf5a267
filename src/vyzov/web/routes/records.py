"""Evidence: facts, attempts and recordings, paged and narrowed to what the caller may see."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, Header, Query
from starlette.responses import Response, StreamingResponse

from vyzov.core.facts import FactKind
from vyzov.core.outcome import AttemptState, Outcome
from vyzov.dialer.access import Door
from vyzov.dialer.office_records import AttemptQuery, FactQuery, RecordingRecord
from vyzov.web import traces
from vyzov.web.admission import House, In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.shapes import (
    AttemptFull,
    AttemptShape,
    Cursor,
    FactShape,
    Limit,
    ListRef,
    OptionalId,
    PageOf,
    PathId,
    SavedResult,
    Shape,
    Since,
    Until,
    attempt_fields,
    fact_shape,
)

router = room("evidence")

_FACTS_OF_ATTEMPT = 1_000
_CHUNK = 64 * 1024


def names_of(door: Door) -> dict[str, str]:
    """Maps ids of people, campaigns and trunks to names."""
    return {**door.names(), **door.campaign_names(), **door.trunk_names()}


@router.get("/facts", summary="Facts in the order they were committed")
def facts(
    who: Who,
    campaign: OptionalId = None,
    contact: OptionalId = None,
    attempt: OptionalId = None,
    agent: OptionalId = None,
    kind: Annotated[list[FactKind] | None, Query()] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, description="`next_cursor` of the page before.")] = 0,
) -> PageOf[FactShape]:
    """Gives facts within reach; a customer's are those of their principal's campaigns."""
    query = FactQuery(
        campaign_id=campaign,
        contact_id=contact,
        attempt_id=attempt,
        agent_id=agent,
        kinds=tuple(one.value for one in kind or ()),
        since=since,
        until=until,
    )
    found = who.door.facts(query, cursor, limit + 1)
    more = len(found) > limit
    return PageOf(
        items=[fact_shape(one) for one in found[:limit]],
        next_cursor=str(found[limit - 1].seq) if more else None,
    )


def _filtered(
    campaign: OptionalId = None,
    contact: OptionalId = None,
    agent: OptionalId = None,
    outcome: Outcome | None = None,
    state: AttemptState | None = None,
    result: OptionalId = None,
    since: Since = None,
    until: Until = None,
    q: Annotated[str, Query(max_length=100, description="A name, or digits of a number.")] = "",
    recorded_s: Annotated[
        float | None, Query(ge=0, description="With a recording of so many seconds at least.")
    ] = None,
) -> AttemptQuery:
    return AttemptQuery(
        campaign_id=campaign,
        contact_id=contact,
        agent_id=agent,
        outcome=outcome.value if outcome else None,
        state=state.value if state else None,
        result=result,
        since=since,
        until=until,
        search=q,
        recorded_s=recorded_s,
    )


Filtered = Annotated[AttemptQuery, Depends(_filtered)]


@router.get("/attempts", summary="Attempts, latest first")
def attempts(
    who: Who, query: Filtered, limit: Limit = 50, cursor: Cursor = None
) -> PageOf[AttemptShape]:
    """Gives attempts within reach; an operator's are their own."""
    page = who.door.attempts(query, cursor, limit)
    names = names_of(who.door)
    return PageOf(
        items=[AttemptShape(**attempt_fields(one, names)) for one in page.items],
        next_cursor=page.next,
    )


@router.get("/attempts/{attempt_id}", summary="One attempt with its facts")
def attempt(attempt_id: PathId, who: Who) -> AttemptFull:
    """Gives all that is known of one attempt, down to the row of the file it came from."""
    one = who.door.attempt(attempt_id)
    shown = attempt_fields(one, names_of(who.door))
    origin = who.door.origin(one.contact_id)
    results = [
        SavedResult(code=saved.result, note=saved.note, at=saved.at)
        for saved in who.door.dispositions(attempt_id)
        if saved.undone_at is None
    ]
    found = who.door.facts(FactQuery(attempt_id=attempt_id), 0, _FACTS_OF_ATTEMPT)
    listed = None
    if origin is not None:
        listed = ListRef(
            id=origin.list_id, name=origin.list_name, file=origin.file_name, row=origin.row
        )
    return AttemptFull(
        **shown,
        results=results,
        verdict=one.verdict,
        origin=listed,
        facts=[fact_shape(fact) for fact in found],
    )


# ---- the ladder ------------------------------------------------------------------------------------


class LadderStep(Shape):
    """One SIP message of a call, redacted: `ms` since the attempt was reserved, `dir` in or out."""

    at: datetime
    ms: int
    dir: Literal["in", "out"]
    peer: str
    head: str
    cseq: str
    reason: str
    sdp: bool
    text: str


class Ladder(Shape):
    """What crossed the wire for one attempt; empty where nothing was sent, or no longer kept."""

    attempt: str
    call_id: str
    steps: list[LadderStep]


@router.get("/attempts/{attempt_id}/ladder", summary="An attempt's SIP messages")
def ladder(attempt_id: PathId, house: In, who: Who) -> Ladder:
    """Gives the messages between Vyzov and the carrier, without secrets and whole numbers."""
    one = who.door.ladder_of(attempt_id)
    begun = one.reserved_at.timestamp()
    over = one.ended_at.timestamp() if one.ended_at else None
    found = traces.ladder(house.settings.sip_trace, one.call_id, begun, over)
    return Ladder(
        attempt=one.id,
        call_id=one.call_id,
        steps=[
            LadderStep(
                at=datetime.fromtimestamp(step.at, UTC),
                ms=round((step.at - begun) * 1000),
                dir="out" if step.sent else "in",
                peer=step.peer,
                head=step.noted.head,
                cseq=step.noted.cseq,
                reason=step.noted.reason,
                sdp=step.noted.has_sdp,
                text=step.noted.text,
            )
            for step in found
        ],
    )


# ---- recordings ----------------------------------------------------------------------------------


class RecordingShape(Shape):
    """A recording; left is the client, right the agent."""

    id: str
    attempt: str
    campaign: str
    agent: str | None
    seconds: float
    bytes: int
    sha256: str
    finished_at: datetime
    audio: str


@router.get("/recordings/{recording_id}", summary="One recording")
def recording(recording_id: PathId, who: Who) -> RecordingShape:
    """Gives a recording's figures and where its sound is."""
    one = who.door.recording(recording_id)
    return RecordingShape(
        id=one.id,
        attempt=one.attempt_id,
        campaign=one.campaign_id,
        agent=one.agent_id,
        seconds=one.seconds,
        bytes=one.bytes,
        sha256=one.sha256,
        finished_at=one.finished_at,
        audio=f"/api/v1/recordings/{one.id}/audio",
    )


def file_of(house: House, one: RecordingRecord) -> Path:
    """Gives a recording's file; one outside the folder of recordings is nobody's to hear."""
    folder = house.settings.recordings.resolve()
    path = (folder / one.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Problem("recording_missing")
    return path


_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Reads one byte range (RFC 9110, 14.2) as first and last byte; None asks for the whole.

    Several ranges at once, and what is no range at all, count as none, as the RFC allows."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
        unsatisfiable = int(last) == 0 or size == 0
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return None
        unsatisfiable = start >= size
    if unsatisfiable:
        raise Problem("range_unsatisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, end


@router.get(
    "/recordings/{recording_id}/audio", response_class=Response, summary="A recording's sound"
)
async def audio(
    recording_id: PathId,
    house: In,
    who: Who,
    byte_range: Annotated[str | None, Header(alias="range")] = None,
) -> Response:
    """Plays a recording, whole or one range of it."""
    one = await asyncio.to_thread(who.door.recording, recording_id)
    path = file_of(house, one)
    size = path.stat().st_size
    asked = range_of(byte_range, size)
    start, end = asked or (0, size - 1)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start + 1)}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return StreamingResponse(
        _pieces(path, start, end),
        status_code=206 if asked else 200,
        media_type="audio/wav",
        headers=headers,
    )


async def _pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    left = end - start + 1
    with path.open("rb") as file:
        file.seek(start)
        while left > 0:
            piece = await asyncio.to_thread(file.read, min(_CHUNK, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
