"""The JSON shapes several rooms of the API share, and the paging they all do.

A shape is made from a store's record and says nothing the record does not; which records a person may
have was decided by the door before.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vyzov.dialer.office_records import AttemptRecord, FactRecord
from vyzov.dialer.ports import Json
from vyzov.web.problems import Problem

Item = TypeVar("Item")
Record = TypeVar("Record")

PathId = Annotated[str, Field(min_length=1, max_length=64)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next_cursor` of the page before.")
]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="Inclusive.")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Exclusive.")]
OptionalId = Annotated[str | None, Query(max_length=64)]


class Shape(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """Base of what is sent to us: unknown members are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PageOf(Shape, Generic[Item]):
    """Some items and the cursor of those after them."""

    items: list[Item]
    next_cursor: str | None = None


class Named(Shape):
    """An object by its id, with the name to show."""

    id: str
    name: str


def named(one: str | None, names: Mapping[str, str]) -> Named | None:
    """Gives an id its name; an id nobody knows any more is shown as itself."""
    return Named(id=one, name=names.get(one, one)) if one else None


def page_of(
    items: Iterable[Record], make: Callable[[Record], Item], cursor: str | None, limit: int
) -> PageOf[Item]:
    """Cuts one page out of a whole collection; the cursor is the place in it."""
    whole = list(items)
    start = _place(cursor)
    end = start + limit
    return PageOf(
        items=[make(one) for one in whole[start:end]],
        next_cursor=_cursor(end) if end < len(whole) else None,
    )


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(b"at:%d" % place).decode().rstrip("=")


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        kind, _, place = text.partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _bad_cursor() from error
    if kind != "at" or not place.isascii() or not place.isdigit() or len(place) > 9:
        raise _bad_cursor()
    return int(place)


def _bad_cursor() -> Problem:
    return Problem(
        "invalid_request", "This cursor is not one of ours.", next_step="Start without a cursor."
    )


# ---- attempts and facts --------------------------------------------------------------------------


class Person(Shape):
    """A contact as shown beside a call; the number is null once the person was erased."""

    id: str
    name: str
    phone: str | None


class SavedResult(Shape):
    """What the agent chose after the call."""

    code: str
    note: str
    at: datetime


class RecordingRef(Shape):
    """Where to hear the call."""

    id: str
    seconds: float | None = None


class ListRef(Shape):
    """The row of the file a contact came from."""

    id: str
    name: str
    file: str
    row: int


class FactShape(Shape):
    """A fact as it was committed."""

    seq: int
    kind: str
    at: datetime
    campaign: str | None
    contact: str | None
    attempt: str | None
    agent: str | None
    data: Json


class AttemptShape(Shape):
    """One attempt to reach a contact."""

    id: str
    number: int
    state: str
    campaign: Named
    contact: Person
    agent: Named | None
    trunk: Named | None
    outcome: str | None
    detail: str | None
    sip_code: int | None
    q850: int | None
    reserved_at: datetime
    originated_at: datetime | None
    answered_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime | None
    talk_s: float | None
    result: str | None
    recording: RecordingRef | None
    call_id: str
    rule_version: str
    campaign_version: int
    failover_of: str | None


class AttemptFull(AttemptShape):
    """One attempt with all that is known of it."""

    results: list[SavedResult]
    verdict: Json
    origin: Annotated[ListRef | None, Field(serialization_alias="list")]
    facts: list[FactShape]


def attempt_fields(one: AttemptRecord, names: Mapping[str, str]) -> Json:
    """Gives the members of an AttemptShape; `names` maps ids of all kinds to names."""
    talk_s = None
    if one.bridged_at is not None and one.ended_at is not None:
        talk_s = round((one.ended_at - one.bridged_at).total_seconds(), 3)
    return {
        "id": one.id,
        "number": one.number,
        "state": one.state,
        "campaign": named(one.campaign_id, names),
        "contact": Person(id=one.contact_id, name=one.contact_name, phone=one.e164),
        "agent": named(one.agent_id, names),
        "trunk": named(one.trunk_id, names),
        "outcome": one.outcome,
        "detail": one.detail,
        "sip_code": one.sip_code,
        "q850": one.q850,
        "reserved_at": one.reserved_at,
        "originated_at": one.originated_at,
        "answered_at": one.answered_at,
        "bridged_at": one.bridged_at,
        "ended_at": one.ended_at,
        "talk_s": talk_s,
        "result": one.result,
        "recording": RecordingRef(id=one.recording_id) if one.recording_id else None,
        "call_id": one.call_id,
        "rule_version": one.rule_version,
        "failover_of": one.failover_of or None,
        "campaign_version": one.campaign_version,
    }


def fact_shape(record: FactRecord) -> FactShape:
    """Gives a committed fact as JSON; the clock's figures stay inside."""
    fact = record.fact
    return FactShape(
        seq=record.seq,
        kind=fact.kind,
        at=fact.at,
        campaign=fact.campaign,
        contact=fact.contact,
        attempt=fact.attempt,
        agent=fact.agent,
        data=dict(fact.data),
    )
