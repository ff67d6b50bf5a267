"""Writes what people change on a contact's card, and of promises to call back.

A change of numbers goes along with the contact's places in campaigns: which number is next, and the
zones it waits by. Promises are moved only while nobody is calling: the floor has the last word then.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vyzov.core.callback import Promise
from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import to_text
from vyzov.dialer.contact_edits import (
    CallbackCounts,
    CallbackQuery,
    CancelReason,
    ContactChange,
    card_tag,
)
from vyzov.dialer.office_records import CallbackRecord, CallbackState, ImportPhone
from vyzov.storage import tables as t
from vyzov.storage.entering import bucket_of_zones, settle
from vyzov.storage.office_base import OfficeBase, append_fact
from vyzov.storage.office_contacts import callback_record, read_card, with_names
from vyzov.storage.office_lists import salt_of
from vyzov.storage.tally import Tally
from vyzov.storage.values import json_text, number_reference, words_text

CANCELLED = "callback_cancelled"


class ContactEdits(OfficeBase):
    """The topic of `dialer.contact_edits.ContactEdits`."""

    def change_contact(
        self, organisation: str, contact_id: str, change: ContactChange, *, if_tag: str
    ) -> bool:
        """Changes a card as it stood at `if_tag`; False where it stands otherwise by now."""
        with self._writing() as connection:
            card = read_card(connection, organisation, contact_id, self._now_text())
            if card is None or card.erased_at is not None or card_tag(card) != if_tag:
                return False
            values: dict[str, str] = {}
            if change.name is not None:
                values |= {"name": change.name, "name_folded": change.name.casefold()}
            if change.note is not None:
                values["note"] = change.note
            if change.fields is not None:
                values["fields"] = json_text(dict(change.fields))
            if values:
                connection.execute(
                    t.contact_person.update()
                    .where(*_of_contact(t.contact_person, organisation, contact_id))
                    .values(**values)
                )
            if change.phones is not None:
                self._change_phones(connection, organisation, contact_id, change.phones)
            return True

    def _change_phones(
        self,
        connection: sa.Connection,
        organisation: str,
        contact_id: str,
        phones: Sequence[ImportPhone],
    ) -> None:
        entry, phone = t.campaign_contact.c, t.contact_phone.c
        places = connection.execute(
            sa.select(entry.campaign_id, entry.state, entry.phone_position)
            .where(*_of_contact(t.campaign_contact, organisation, contact_id))
            .with_for_update()
        ).all()
        if any(place.state == "in_call" for place in places):
            raise InvalidRequest(
                "Somebody is talking with this person right now.",
                "Change the numbers when the call is over.",
            )
        before = connection.execute(
            sa.select(t.contact_phone)
            .where(*_of_contact(t.contact_phone, organisation, contact_id))
            .order_by(phone.position)
        ).all()
        known = {row.e164: row for row in before}
        salt = salt_of(connection, organisation)
        connection.execute(
            t.contact_phone.delete().where(*_of_contact(t.contact_phone, organisation, contact_id))
        )
        written: list[dict[str, Any]] = []
        for position, one in enumerate(phones):
            row = known.get(one.e164)
            written.append(
                {
                    "id": row.id if row else self._new_id(),
                    "organisation_id": organisation,
                    "contact_id": contact_id,
                    "position": position,
                    "e164": one.e164,
                    "number_ref": number_reference(salt, one.e164),
                    # A list may have known better where a number is than the number itself.
                    "country": row.country if row else one.country,
                    "zones": row.zones if row else words_text(one.zones),
                }
            )
        connection.execute(t.contact_phone.insert(), written)
        had, order = [row.e164 for row in before], [one["e164"] for one in written]
        for place in places:
            was = had[place.phone_position % len(had)] if had else ""
            following = order.index(was) if was in order else 0
            bucket = bucket_of_zones(connection, organisation, written[following]["zones"])
            connection.execute(
                t.campaign_contact.update()
                .where(
                    *_of_contact(t.campaign_contact, organisation, contact_id),
                    entry.campaign_id == place.campaign_id,
                )
                .values(phone_position=following, zone_bucket=bucket)
            )

    def revoke_consents(self, organisation: str, contact_id: str) -> int:
        """Ends every consent that stands; returns how many."""
        now = self._now_text()
        with self._writing() as connection:
            return connection.execute(
                t.consent.update()
                .where(
                    *_of_contact(t.consent, organisation, contact_id),
                    t.consent.c.revoked_at.is_(None),
                )
                .values(revoked_at=now)
            ).rowcount

    # ---- promises to call back -------------------------------------------------------------------

    def callback(self, organisation: str, callback_id: str) -> CallbackRecord | None:
        """Returns one promise."""
        promise = t.callback.c
        with self._reading() as connection:
            row = connection.execute(
                with_names().where(
                    promise.organisation_id == organisation, promise.id == callback_id
                )
            ).first()
        return None if row is None else callback_record(row)

    def callbacks_of(
        self, organisation: str, query: CallbackQuery, *, limit: int
    ) -> tuple[CallbackRecord, ...]:
        """Returns promises by due time, earliest first."""
        promise = t.callback.c
        with self._reading() as connection:
            rows = connection.execute(
                with_names()
                .where(*_asked_for(organisation, query))
                .order_by(promise.due_at, promise.id)
                .limit(limit)
            )
            return tuple(callback_record(row) for row in rows)

    def callback_counts(self, organisation: str, query: CallbackQuery) -> CallbackCounts:
        """Counts promises by how they ended."""
        promise = t.callback.c
        late = sa.case((promise.due_at < self._now_text(), 1), else_=0)
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(
                    promise.state,
                    sa.func.count().label("promises"),
                    sa.func.sum(late).label("late"),
                )
                .where(*_asked_for(organisation, query))
                .group_by(promise.state)
            ).all()
        counts = {row.state: row.promises for row in rows}
        lates = {row.state: int(row.late) for row in rows}
        return CallbackCounts(
            open=counts.get("open", 0),
            late=lates.get("open", 0),
            kept=counts.get("kept", 0),
            missed=counts.get("missed", 0),
            cancelled=counts.get("cancelled", 0),
        )

    def move_callback(self, organisation: str, callback_id: str, promise: Promise) -> bool:
        """Promises the call for another hour or from another agent; False where it is too late."""
        due = to_text(promise.due)
        with self._writing() as connection:
            row = self._standing(connection, organisation, callback_id)
            if row is None:
                return False
            self._change(connection, row, due_at=due, agent_id=promise.agent)
            connection.execute(
                t.campaign_contact.update()
                .where(*_place(row))
                .values(next_due_at=due, callback_agent=promise.agent)
            )
            told = {"due_at": due, "agent": promise.agent}
            self._tell_of(connection, row, FactKind.CALLBACK_PROMISED, told)
            return True

    def cancel_callback(self, organisation: str, callback_id: str, reason: CancelReason) -> bool:
        """Takes a promise back: the contact is called no more; False where it is too late."""
        with self._writing() as connection:
            row = self._standing(connection, organisation, callback_id)
            if row is None:
                return False
            self._change(connection, row, state=CallbackState.CANCELLED.value, reason=reason.value)
            connection.execute(
                t.campaign_contact.update()
                .where(*_place(row))
                .values(
                    state_before=t.campaign_contact.c.state, state="closed", next_due_at=None,
                    callback_agent=None, closed_reason=CANCELLED,
                )
            )  # fmt: skip
            tally = Tally()
            tally.moved(row.campaign_id, "callback", "closed")
            self._tell_of(connection, row, FactKind.CONTACT_CLOSED, {"reason": CANCELLED})
            settle(connection, organisation, tally)
            return True

    def _standing(
        self, connection: sa.Connection, organisation: str, callback_id: str
    ) -> sa.Row[Any] | None:
        """Returns a promise that stands, with its contact waiting for it, and holds both."""
        promise, entry = t.callback.c, t.campaign_contact.c
        row = connection.execute(
            sa.select(t.callback)
            .where(
                promise.organisation_id == organisation,
                promise.id == callback_id,
                promise.state == CallbackState.OPEN.value,
            )
            .with_for_update()
        ).first()
        if row is None:
            return None
        waits = connection.execute(
            sa.select(entry.state).where(*_place(row), entry.state == "callback").with_for_update()
        ).first()
        return row if waits is not None else None

    def _change(self, connection: sa.Connection, row: sa.Row[Any], **values: str | None) -> None:
        promise = t.callback.c
        connection.execute(
            t.callback.update()
            .where(promise.organisation_id == row.organisation_id, promise.id == row.id)
            .values(**values)
        )

    def _tell_of(
        self, connection: sa.Connection, row: sa.Row[Any], kind: FactKind, data: dict[str, Any]
    ) -> None:
        fact = Fact(
            kind=kind,
            at=self._now(),
            clock_id=self._clock_id,
            monotonic_ns=int(self._clock.monotonic() * 1e9),
            dedupe=f"{row.id}:{kind.value}:{self._new_id()}",
            campaign=row.campaign_id,
            contact=row.contact_id,
            agent=row.agent_id,
            data=data,
        )
        append_fact(connection, row.organisation_id, fact)


def _of_contact(
    table: sa.Table, organisation: str, contact_id: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.organisation_id == organisation, table.c.contact_id == contact_id


def _place(row: sa.Row[Any]) -> tuple[sa.ColumnElement[bool], ...]:
    entry = t.campaign_contact.c
    return (
        entry.organisation_id == row.organisation_id,
        entry.campaign_id == row.campaign_id,
        entry.contact_id == row.contact_id,
    )


def _asked_for(organisation: str, query: CallbackQuery) -> list[sa.ColumnElement[bool]]:
    promise = t.callback.c
    which = [promise.organisation_id == organisation]
    for column, value in (
        (promise.state, query.state and query.state.value),
        (promise.campaign_id, query.campaign_id),
        (promise.agent_id, query.agent_id),
    ):
        if value is not None:
            which.append(column == value)
    if query.since is not None:
        which.append(promise.due_at >= to_text(query.since))
    if query.until is not None:
        which.append(promise.due_at < to_text(query.until))
    return which
