"""Lets those who may change cards and promises to call back; the rest of the door is in `access`.

Operators change a card through their desk, in the call; here is what supervisors and the office do.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from vyzov.core.callback import Promise, promise_for
from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.window import zones_of
from vyzov.dialer.access_history import HistoryDoor, found
from vyzov.dialer.audit_records import AuditPage, AuditQuery
from vyzov.dialer.contact_edits import (
    CallbackCounts,
    CallbackQuery,
    CancelReason,
    ContactChange,
    card_tag,
)
from vyzov.dialer.leads import Lead
from vyzov.dialer.list_words import said, sentence
from vyzov.dialer.office_records import (
    CallbackRecord,
    ContactCard,
    ImportPhone,
    RowVerdict,
)
from vyzov.dialer.rights import Action

CALLBACKS_READ = 2_000
"""So many promises are read for one look at most."""


@dataclass(frozen=True, slots=True)
class CardChange:
    """What somebody typed on a card; numbers as they are written, None for what stays."""

    name: str | None = None
    note: str | None = None
    fields: dict[str, str | None] | None = None
    phones: tuple[str, ...] | None = None
    region: str = "RU"


class ContactDoor(HistoryDoor):
    """The part of `access.Door` about changing contacts and promises."""

    def change_contact(self, contact_id: str, change: CardChange, tag: str) -> ContactCard | None:
        """Changes a card as it stood at `tag`; None where somebody was quicker."""
        card = self.contact(contact_id, Action.CONTACT_EDIT)
        if card.erased_at is not None:
            raise InvalidRequest("This person has been erased.", "Nothing is kept of them.")
        fields = None
        if change.fields is not None:
            merged = {**card.fields, **change.fields}
            fields = {name: text for name, text in merged.items() if text is not None}
        asked = ContactChange(
            name=change.name,
            note=change.note,
            fields=fields,
            phones=None if change.phones is None else _phones(change),
        )
        done = self._office.change_contact(self._own, contact_id, asked, if_tag=tag)
        return self.contact(contact_id, Action.CONTACT_EDIT) if done else None

    def revoke_consents(self, contact_id: str) -> ContactCard:
        """Ends every consent of a contact that stands."""
        self.contact(contact_id, Action.CONTACT_EDIT)
        self._office.revoke_consents(self._own, contact_id)
        return self.contact(contact_id, Action.CONTACT_EDIT)

    def contact_changes(self, contact_id: str, cursor: str | None, limit: int) -> AuditPage:
        """Gives who changed what on a card, the latest first."""
        self.contact(contact_id, Action.CONTACT_EDIT)
        query = AuditQuery(kind="contact", object_id=contact_id)
        return self._office.audit_entries(self._own, query, cursor=cursor, limit=limit)

    # ---- promises to call back -------------------------------------------------------------------

    def callbacks_of(self, query: CallbackQuery) -> tuple[CallbackRecord, ...]:
        """Gives promises by due time, earliest first; an operator's own only."""
        self.person.must(Action.CALLBACK_SEE)
        return self._office.callbacks_of(self._own, self._mine(query), limit=CALLBACKS_READ)

    def callback_counts(self, query: CallbackQuery) -> CallbackCounts:
        """Counts promises by how they ended; an operator's own only."""
        self.person.must(Action.CALLBACK_SEE)
        return self._office.callback_counts(self._own, self._mine(query))

    def move_callback(
        self, callback_id: str, *, due: datetime, agent: str | None, now: datetime
    ) -> CallbackRecord:
        """Promises the call for another hour or from another agent (None: from anybody)."""
        one = self.callback(callback_id)
        campaign = found(self._office.campaign(self._own, one.campaign_id), "campaign")
        settings = CampaignSettings.from_json(campaign.settings)
        if agent is not None and agent not in settings.agents:
            raise InvalidRequest(
                "This person does not work in the campaign of the call-back.",
                "Choose an agent of the campaign, or anybody.",
                [Fault("agent", "works in another campaign", "choice")],
            )
        if due == one.due_at:
            promise = Promise(due, agent)  # Given to somebody else: its hour was judged before.
        else:
            promise = promise_for(due, agent, settings.window, self._zones(one), now)
        if not self._office.move_callback(self._own, callback_id, promise):
            raise _too_late()
        return self.callback(callback_id)

    def cancel_callback(self, callback_id: str, reason: CancelReason) -> CallbackRecord:
        """Takes a promise back: the contact is called no more in that campaign."""
        self.callback(callback_id)
        if not self._office.cancel_callback(self._own, callback_id, reason):
            raise _too_late()
        return self.callback(callback_id)

    def _mine(self, query: CallbackQuery) -> CallbackQuery:
        if self._agent is None:
            return query
        return CallbackQuery(query.state, query.campaign_id, self._agent, query.since, query.until)

    def callback(self, callback_id: str) -> CallbackRecord:
        """Gives one promise to somebody who is about to change it."""
        self.person.must(Action.CALLBACK_EDIT)
        return found(self._office.callback(self._own, callback_id), "call-back")

    def _zones(self, one: CallbackRecord) -> tuple[ZoneInfo, ...]:
        """Returns the zones of the number that is next: the hours of the callee bind a promise."""
        card = found(self._office.contact(self._own, one.contact_id), "contact")
        entries = self._office.contact_entries(self._own, one.contact_id)
        place = next((e for e in entries if e.campaign_id == one.campaign_id), None)
        zones = None
        if card.phones and place is not None:
            zones = zones_of(card.phones[place.phone_position % len(card.phones)].zones)
        if zones is None:
            raise InvalidRequest(
                "This person has no number that can be called.", "Write one on their card."
            )
        return zones


def _phones(change: CardChange) -> tuple[ImportPhone, ...]:
    """Reads numbers as cells of a list are read; raises `InvalidRequest` for what is none."""
    row = Lead(phones=change.phones or (), region=change.region).judged()
    if row.verdict is RowVerdict.PROBLEM:
        told = sentence(said("row", row.reason, row.args, "en"))
        raise InvalidRequest(told, "Mend the number.", [Fault("phones", told, "phone")])
    return row.phones


def _too_late() -> InvalidRequest:
    return InvalidRequest(
        "This call-back is over, or its contact is in a call right now.",
        "Load the list anew and decide.",
    )


def tag_of(card: ContactCard) -> str:
    """Gives the ETag of a card."""
    return f'"{card_tag(card)}"'
