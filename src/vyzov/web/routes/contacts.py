"""Contacts: finding them, their card, and why they may or may not be called now."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from vyzov.core.window import zones_of
from vyzov.dialer.access import Door
from vyzov.dialer.access_contacts import tag_of
from vyzov.dialer.office_records import (
    AttemptQuery,
    ConsentRecord,
    ContactCard,
    EntryRecord,
    PhoneRecord,
)
from vyzov.web.admission import In, Who, room
from vyzov.web.routes.records import names_of
from vyzov.web.shapes import (
    AttemptShape,
    Cursor,
    Limit,
    ListRef,
    Named,
    PageOf,
    PathId,
    Shape,
    attempt_fields,
    named,
)

router = room("contacts")

_HISTORY = 50


Origin = Annotated[ListRef, Field(serialization_alias="list")]


class ContactLine(Shape):
    """A contact in a list of them."""

    id: str
    name: str
    phone: str | None
    origin: Origin


class Phone(Shape):
    """A number, the zones it may be in, and their present offset where they agree."""

    id: str
    e164: str
    country: str
    zones: list[str]
    utc_offset_minutes: int | None
    stop_listed: bool


class Entry(Shape):
    """The contact's place in a campaign."""

    campaign: Named | None
    state: str
    next_due_at: datetime | None
    attempts_made: int
    last_outcome: str | None
    closed_reason: str | None


class Consent(Shape):
    """A consent to calls by a robot: for what, and the file and row that say so."""

    purpose: str
    source: str
    given_at: datetime
    revoked_at: datetime | None


class Contact(Shape):
    """A contact's card."""

    id: str
    name: str
    phones: list[Phone]
    consents: list[Consent]
    fields: dict[str, str]
    note: str
    language: str
    stage: str
    temperature: str
    origin: Origin
    created_at: datetime
    erased_at: datetime | None
    campaigns: list[Entry]
    history: list[AttemptShape]


def _list(card: ContactCard) -> ListRef:
    return ListRef(id=card.list_id, name=card.list_name, file=card.file_name, row=card.row)


def _offset(zones: tuple[str, ...], now: datetime) -> int | None:
    """Gives the offset from UTC in minutes, None where the possible zones differ in it."""
    offsets = {now.astimezone(zone).utcoffset() for zone in zones_of(zones) or ()}
    offset = offsets.pop() if len(offsets) == 1 else None
    return None if offset is None else int(offset.total_seconds() // 60)


def _phone(phone: PhoneRecord, now: datetime) -> Phone:
    return Phone(
        id=phone.id,
        e164=phone.e164,
        country=phone.country,
        zones=list(phone.zones),
        utc_offset_minutes=_offset(phone.zones, now),
        stop_listed=phone.stop_listed,
    )


def _consent(one: ConsentRecord) -> Consent:
    return Consent(
        purpose=one.purpose,
        source=one.source,
        given_at=one.given_at,
        revoked_at=one.revoked_at,
    )


def _entry(entry: EntryRecord, names: dict[str, str]) -> Entry:
    return Entry(
        campaign=named(entry.campaign_id, names),
        state=entry.state,
        next_due_at=entry.next_due_at,
        attempts_made=entry.attempts_made,
        last_outcome=entry.last_outcome,
        closed_reason=entry.closed_reason,
    )


def _history(door: Door, contact_id: str, names: dict[str, str]) -> list[AttemptShape]:
    page = door.attempts(AttemptQuery(contact_id=contact_id), None, _HISTORY)
    return [AttemptShape(**attempt_fields(one, names)) for one in page.items]


@router.get("/contacts", summary="Find contacts")
def contacts(
    who: Who,
    q: Annotated[str, Query(max_length=200, description="Part of a name or number.")] = "",
    contact_list: Annotated[str | None, Query(alias="list", max_length=64)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[ContactLine]:
    """Finds contacts by part of a name or the digits of a number, in order of import."""
    page = who.door.contacts(search=q, list_id=contact_list, cursor=cursor, limit=limit)
    return PageOf(
        items=[
            ContactLine(
                id=card.id,
                name=card.name,
                phone=card.phones[0].e164 if card.phones else None,
                origin=_list(card),
            )
            for card in page.items
        ],
        next_cursor=page.next,
    )


@router.get("/contacts/{contact_id}", summary="A contact's card")
def contact(contact_id: PathId, response: Response, house: In, who: Who) -> Contact:
    """Gives a contact with numbers, fields, campaigns, the latest attempts, and the ETag an edit
    must name."""
    card = who.door.contact(contact_id)
    response.headers["ETag"] = tag_of(card)
    return contact_of(who.door, card, house.clock.utc())


def contact_of(door: Door, card: ContactCard, now: datetime) -> Contact:
    """Makes the shape of a card."""
    names = names_of(door)
    return Contact(
        id=card.id,
        name=card.name,
        phones=[_phone(phone, now) for phone in card.phones],
        consents=[_consent(one) for one in card.consents],
        fields=dict(card.fields),
        note=card.note,
        language=card.language,
        stage=card.stage,
        temperature=card.temperature,
        origin=_list(card),
        created_at=card.created_at,
        erased_at=card.erased_at,
        campaigns=[_entry(entry, names) for entry in door.contact_entries(card.id)],
        history=_history(door, card.id, names),
    )
