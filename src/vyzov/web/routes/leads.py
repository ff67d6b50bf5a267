"""Leads: one person brought into a campaign that runs, ahead of those who wait."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import AwareDatetime, ConfigDict, Field

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.dialer.access import Door
from vyzov.dialer.access_leads import LeadRefused
from vyzov.dialer.leads import Lead, LeadResult, Priority
from vyzov.dialer.office_records import RowVerdict
from vyzov.web.admission import In, Who, room
from vyzov.web.once import key_of
from vyzov.web.problems import Problem
from vyzov.web.shapes import Asked, PathId, Shape

Json = dict[str, Any]

router = room("leads")

LATEST = timedelta(days=366)
FIELDS_MAX = 100
PHONES_SENT_MAX = 20

Phone = Annotated[str, Field(min_length=1, max_length=200)]
FieldName = Annotated[str, Field(min_length=1, max_length=100)]


class LeadAsked(Asked):
    """A person to be called; the texts are read as cells of a list are.

    `default_region` is the country of numbers without one. `not_before` holds the call back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "phones": ["+7 000 555-01-17"],
                    "name": "Vera Example",
                    "fields": {"plan": "M"},
                    "priority": "first",
                }
            ]
        },
    )

    phones: Annotated[list[Phone], Field(min_length=1, max_length=PHONES_SENT_MAX)]
    name: str = ""
    fields: Annotated[dict[FieldName, str], Field(max_length=FIELDS_MAX, default_factory=dict)]
    language: Annotated[str, Field(max_length=20)] = ""
    zone: Annotated[str, Field(max_length=100)] = ""
    consent: Annotated[str, Field(max_length=100)] = ""
    default_region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] = "RU"
    priority: Priority = Priority.FIRST
    not_before: AwareDatetime | None = None


class LeadShape(Shape):
    """What became of a lead; `reason` and `args` are those of a row of a list, or null.

    `state` and `next_due_at` are the person's place in the campaign after it."""

    contact: str
    campaign: str
    verdict: RowVerdict
    reason: str | None
    args: dict[str, str]
    state: str
    next_due_at: datetime | None
    contact_list: Annotated[str, Field(serialization_alias="list")]
    row: int


@router.post(
    "/campaigns/{campaign_id}/leads",
    status_code=201,
    response_model=LeadShape,
    summary="Bring a lead",
)
async def add_lead(
    campaign_id: PathId, asked: LeadAsked, request: Request, house: In, who: Who
) -> Response:
    """Writes the person and their place in the campaign, and tells the floor at once.

    Somebody who is in the campaign already answers 200: one who waits is brought forward."""
    now = house.clock.utc()
    if asked.not_before is not None and asked.not_before > now + LATEST:
        raise Problem(
            "invalid_request", "A lead waits for a year at most.",
            fields=(Fault("not_before", "must lie within a year", "order"),),
        )  # fmt: skip

    async def work() -> tuple[int, Json]:
        made = await asyncio.to_thread(_add, who.door, campaign_id, asked)
        told = {"campaign": campaign_id, "contact": made.contact}
        await house.floor.tell("office.lead_added", who.person, **told)
        shape = _shape(campaign_id, made)
        status = 201 if made.row.verdict is RowVerdict.OK else 200
        return status, shape.model_dump(mode="json", by_alias=True)

    key = key_of(request, required=False)
    route = f"POST /campaigns/{campaign_id}/leads"
    return await house.once.answer(who.person, route, key, await request.body(), work)


def _add(door: Door, campaign_id: str, asked: LeadAsked) -> LeadResult:
    lead = Lead(
        phones=tuple(asked.phones),
        name=asked.name,
        fields=asked.fields,
        language=asked.language,
        zone=asked.zone,
        consent=asked.consent,
        region=asked.default_region.upper(),
        priority=asked.priority,
        not_before=asked.not_before,
    )
    try:
        return door.add_lead(campaign_id, lead)
    except LeadRefused as refusal:
        raise Problem(
            "invalid_request", refusal.what, next_step=refusal.next_step, fields=refusal.faults,
            args={"row_reason": refusal.row.reason, **refusal.row.args},
        ) from refusal  # fmt: skip
    except InvalidRequest as refusal:
        raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal


def _shape(campaign_id: str, made: LeadResult) -> LeadShape:
    return LeadShape(
        contact=made.contact,
        campaign=campaign_id,
        verdict=made.row.verdict,
        reason=made.row.reason or None,
        args=dict(made.row.args),
        state=made.state,
        next_due_at=made.next_due_at,
        contact_list=made.list_id,
        row=made.row.row,
    )
