"""Why a contact may or may not be called now: the dialer's own gates, asked instead of obeyed."""

from datetime import datetime

from vyzov.core.callback import Promise
from vyzov.core.campaign import CampaignSettings, CampaignState
from vyzov.core.contact import EntryState
from vyzov.core.eligibility import Asked, Candidate, GateLine, Rules, explain
from vyzov.dialer.access import Action, Door
from vyzov.dialer.office_records import (
    AttemptQuery,
    CampaignRecord,
    ContactCard,
    EntryRecord,
    PhoneRecord,
)
from vyzov.web.admission import In, Who, room
from vyzov.web.problems import Problem
from vyzov.web.shapes import OptionalId, PathId, Shape

router = room("contacts")

_LIVE_STATES = frozenset({"reserved", "originated"})


class GateShape(Shape):
    """What one gate said; `until` is when it opens, null where it does not by itself."""

    gate: str
    status: Asked
    reason: str
    until: datetime | None


class VerdictShape(Shape):
    """The verdict on calling a contact now for a campaign, with every gate in order."""

    at: datetime
    campaign: str
    phone: str
    allowed: bool
    gate: str | None
    reason: str | None
    until: datetime | None
    rule_version: str
    gates: list[GateShape]


@router.get("/contacts/{contact_id}/verdict", summary="Why (not) now")
def verdict(contact_id: PathId, house: In, who: Who, campaign: OptionalId = None) -> VerdictShape:
    """Asks every gate whether this contact may be called now; the newest campaign by default."""
    card = who.door.contact(contact_id, Action.CONTACT_EXPLAIN)
    entry = _entry(who.door, contact_id, campaign)
    record = who.door.campaign(entry.campaign_id)
    phone = _phone(card, entry)
    rules = _rules(who.door, record)
    now = house.clock.utc()
    consent = any(one.covers(record.purpose, now) for one in card.consents)
    lines = explain(_candidate(who.door, card, entry, phone, consent=consent), rules, now)
    stopped = next((line for line in lines if line.asked is Asked.STOPPED), None)
    return VerdictShape(
        at=now,
        campaign=record.id,
        phone=phone.e164,
        allowed=stopped is None,
        gate=stopped.gate.value if stopped else None,
        reason=stopped.reason if stopped else None,
        until=stopped.until if stopped else None,
        rule_version=rules.version,
        gates=[_gate(line) for line in lines],
    )


def _gate(line: GateLine) -> GateShape:
    return GateShape(gate=line.gate.value, status=line.asked, reason=line.reason, until=line.until)


def _entry(door: Door, contact_id: str, campaign: str | None) -> EntryRecord:
    entries = {entry.campaign_id: entry for entry in door.contact_entries(contact_id)}
    order = [one.id for one in door.campaigns()] if campaign is None else [campaign]
    for campaign_id in order:
        if campaign_id in entries:
            return entries[campaign_id]
    raise Problem(
        "not_found",
        "The contact is in no such campaign.",
        next_step="Choose a campaign that calls the contact's list.",
    )


def _phone(card: ContactCard, entry: EntryRecord) -> PhoneRecord:
    if not card.phones:
        raise Problem(
            "conflict",
            "The contact has no number: it was erased.",
            next_step="Import the contact anew, with the person's consent.",
        )
    return card.phones[min(entry.phone_position, len(card.phones) - 1)]


def _rules(door: Door, record: CampaignRecord) -> Rules:
    return Rules.of(
        CampaignSettings.from_json(record.settings),
        CampaignState(record.state),
        emergency_stop=door.organisation().emergency_stop_at is not None,
    )


def _candidate(
    door: Door, card: ContactCard, entry: EntryRecord, phone: PhoneRecord, *, consent: bool
) -> Candidate:
    promise = None
    if entry.state == EntryState.CALLBACK.value and entry.next_due_at is not None:
        promise = Promise(entry.next_due_at, entry.callback_agent)
    latest = door.attempts(AttemptQuery(contact_id=card.id), None, 1).items
    return Candidate(
        contact=card.id,
        state=EntryState(entry.state),
        number=phone.e164,
        zones=phone.zones,
        attempts_made=entry.attempts_made,
        next_due=entry.next_due_at,
        promise=promise,
        closed_reason=entry.closed_reason or "",
        suppressed=phone.stop_listed,
        number_live=any(one.state in _LIVE_STATES for one in latest),
        consent=consent,
    )
