"""Contacts changed on their card, and who changed what there."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import ConfigDict, Field

from vyzov.core.errors import InvalidRequest
from vyzov.dialer.access_contacts import CardChange, tag_of
from vyzov.dialer.audit_records import AuditAction, AuditEntry
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.routes.contacts import Contact, contact_of
from vyzov.web.shapes import Asked, Cursor, Limit, Named, PageOf, PathId, Shape

Json = dict[str, Any]

router = room("contacts")

FIELDS_MAX = 100
PHONES_MAX = 20
TEXT_MAX = 4_000

Phone = Annotated[str, Field(min_length=1, max_length=200)]
FieldName = Annotated[str, Field(min_length=1, max_length=100)]
FieldText = Annotated[str, Field(max_length=TEXT_MAX)]


class ContactChangeAsked(Asked):
    """What to change; `fields` is a merge patch (RFC 7386), `phones` are all numbers in order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Vera Example", "phones": ["+7 000 555-01-17"]}]},
    )

    name: Annotated[str | None, Field(max_length=200)] = None
    note: Annotated[str | None, Field(max_length=TEXT_MAX)] = None
    fields: Annotated[dict[FieldName, FieldText | None] | None, Field(max_length=FIELDS_MAX)] = None
    phones: Annotated[list[Phone] | None, Field(min_length=1, max_length=PHONES_MAX)] = None
    default_region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] = "RU"


class CardChangeShape(Shape):
    """One change of a card: what stood there, and what stands there after it.

    `by` is null where Vyzov itself did it; a command of the machine is named by its words."""

    id: str
    at: datetime
    by: Named | None
    action: AuditAction
    before: Json
    after: Json


@router.patch("/contacts/{contact_id}", summary="Change a card")
async def change_contact(
    contact_id: PathId,
    asked: ContactChangeAsked,
    response: Response,
    house: In,
    who: Who,
    if_match: Annotated[str | None, Header()] = None,
) -> Contact:
    """Changes name, note, fields or numbers; the floor dials the new numbers from now on."""
    change = CardChange(
        name=asked.name,
        note=asked.note,
        fields=asked.fields,
        phones=None if asked.phones is None else tuple(asked.phones),
        region=asked.default_region.upper(),
    )

    def work() -> Contact:
        who.door.contact(contact_id)
        if if_match is None:
            raise Problem("if_match_missing")
        try:
            card = who.door.change_contact(contact_id, change, if_match.strip('"'))
        except InvalidRequest as refusal:
            if refusal.faults:
                raise
            raise Problem("conflict", refusal.what, next_step=refusal.next_step) from refusal
        if card is None:
            raise Problem("changed_meanwhile")
        response.headers["ETag"] = tag_of(card)
        return contact_of(who.door, card, house.clock.utc())

    changed = await asyncio.to_thread(work)
    await house.floor.tell("office.lists_changed", who.person)
    return changed


@router.post("/contacts/{contact_id}/consents/revoke", summary="Take the consent back")
async def revoke_consents(contact_id: PathId, response: Response, house: In, who: Who) -> Contact:
    """Ends every consent that stands: no robot calls this person from now on."""

    def work() -> Contact:
        card = who.door.revoke_consents(contact_id)
        response.headers["ETag"] = tag_of(card)
        return contact_of(who.door, card, house.clock.utc())

    changed = await asyncio.to_thread(work)
    await house.floor.tell("office.lists_changed", who.person)
    return changed


@router.get("/contacts/{contact_id}/changes", summary="Who changed what on a card")
def contact_changes(
    contact_id: PathId, who: Who, limit: Limit = 50, cursor: Cursor = None
) -> PageOf[CardChangeShape]:
    """Gives the changes of a card, the latest first; what an erased person's said is gone."""
    page = who.door.contact_changes(contact_id, cursor, limit)

    def shape(one: AuditEntry) -> CardChangeShape:
        by = Named(id=one.by, name=page.names.get(one.by, one.by)) if one.by else None
        return CardChangeShape(
            id=one.id, at=one.at, by=by, action=one.action,
            before=dict(one.before), after=dict(one.after),
        )  # fmt: skip

    return PageOf(items=[shape(one) for one in page.items], next_cursor=page.next)
