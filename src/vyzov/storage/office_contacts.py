"""Contacts and their cards, the stop-list, and promises to call back."""

from typing import Any

import sqlalchemy as sa

from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text
from vyzov.dialer.office_records import (
    CallbackRecord,
    CallbackState,
    ConsentRecord,
    ContactCard,
    EntryRecord,
    Page,
    PhoneRecord,
    StopEntry,
)
from vyzov.storage import tables as t
from vyzov.storage.cursors import number_of
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.office_lists import salt_of
from vyzov.storage.values import (
    number_reference,
    texts_of,
    time_or_none,
    words_of,
)


class Contacts(OfficeBase):
    """The part of `dialer.office_store.ContactStore` about contacts and promises."""

    def contacts(
        self,
        organisation: str,
        *,
        search: str = "",
        list_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ContactCard]:
        """Returns contacts whose name or number contains `search`, in order of import."""
        contact = t.contact.c
        which = [contact.organisation_id == organisation, contact.erased_at.is_(None)]
        if list_id is not None:
            which.append(contact.list_id == list_id)
        if search.strip():
            which.append(_matches(search.strip()))
        if cursor is not None:
            which.append(_after(cursor))
        with self._reading() as connection:
            found = connection.execute(
                _cards().where(*which).order_by(contact.list_id, contact.row).limit(limit + 1)
            ).all()
            now = self._now_text()
            items = tuple(_card(connection, row, now) for row in found[:limit])
        following = f"{items[-1].list_id}:{items[-1].row}" if len(found) > limit else None
        return Page(items, following)

    def contact(self, organisation: str, contact_id: str) -> ContactCard | None:
        """Returns a contact's card, its personal part empty after erasure."""
        with self._reading() as connection:
            return read_card(connection, organisation, contact_id, self._now_text())

    def contact_entries(self, organisation: str, contact_id: str) -> tuple[EntryRecord, ...]:
        """Returns a contact's places in campaigns."""
        entry = t.campaign_contact.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.campaign_contact)
                .where(entry.organisation_id == organisation, entry.contact_id == contact_id)
                .order_by(entry.campaign_id)
            )
            return tuple(_entry(row) for row in rows)

    def callbacks(
        self,
        organisation: str,
        *,
        state: CallbackState | None = CallbackState.OPEN,
        campaign_id: str | None = None,
        agent_id: str | None = None,
        limit: int = 200,
    ) -> tuple[CallbackRecord, ...]:
        """Returns promises by due time, earliest first."""
        promise = t.callback.c
        which = [promise.organisation_id == organisation]
        if state is not None:
            which.append(promise.state == state.value)
        if campaign_id is not None:
            which.append(promise.campaign_id == campaign_id)
        if agent_id is not None:
            which.append(promise.agent_id == agent_id)
        with self._reading() as connection:
            rows = connection.execute(
                with_names().where(*which).order_by(promise.due_at, promise.id).limit(limit)
            )
            return tuple(callback_record(row) for row in rows)


class StopList(OfficeBase):
    """The part of `dialer.office_store.ContactStore` about the stop-list."""

    def number_ref(self, organisation: str, e164: str) -> str:
        """Returns the salted reference under which facts and the stop-list know a number."""
        with self._reading() as connection:
            return number_reference(salt_of(connection, organisation), e164)

    def stop_entries(
        self,
        organisation: str,
        *,
        e164: str | None = None,
        lifted: bool = False,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[StopEntry]:
        """Returns the stop-list, newest first; `lifted` adds entries no longer valid."""
        stop = t.stop_list.c
        which = [stop.organisation_id == organisation]
        if not lifted:
            which.append(sa.or_(stop.valid_to.is_(None), stop.valid_to > self._now_text()))
        if cursor is not None:
            which.append(stop.id < cursor)
        with self._reading() as connection:
            if e164 is not None:
                salt = salt_of(connection, organisation)
                which.append(stop.number_ref == number_reference(salt, e164))
            found = connection.execute(
                _stops().where(*which).order_by(stop.id.desc()).limit(limit + 1)
            ).all()
        items = tuple(_stop(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def add_stop(self, organisation: str, e164: str, *, reason: str, source: str) -> StopEntry:
        """Stops a number at once; one already stopped returns the entry there is."""
        stop, number = t.stop_list.c, t.stop_number.c
        with self._writing() as connection:
            self._hold_reservations(connection, organisation)
            reference = number_reference(salt_of(connection, organisation), e164)
            which = sa.and_(
                stop.organisation_id == organisation,
                stop.number_ref == reference,
                stop.valid_to.is_(None),
            )
            known = connection.execute(
                sa.select(number.number_ref).where(
                    number.organisation_id == organisation, number.number_ref == reference
                )
            ).first()
            if known is None:
                connection.execute(
                    t.stop_number.insert().values(
                        organisation_id=organisation, number_ref=reference, e164=e164
                    )
                )
            row = connection.execute(_stops().where(which)).first()
            if row is None:
                stop_id = self._new_id()
                connection.execute(
                    t.stop_list.insert().values(
                        id=stop_id,
                        organisation_id=organisation,
                        number_ref=reference,
                        reason=reason,
                        source=source,
                        valid_from=self._now_text(),
                    )
                )
                self._tell_stop(connection, organisation, stop_id, reference, reason, source)
                row = connection.execute(_stops().where(which)).one()
        self._note_stop(organisation, reference, reason, source)
        return _stop(row)

    def lift_stop(self, organisation: str, stop_id: str) -> StopEntry | None:
        """Ends an entry's validity now; the entry itself stays."""
        stop = t.stop_list.c
        which = sa.and_(stop.organisation_id == organisation, stop.id == stop_id)
        with self._writing() as connection:
            lifted = connection.execute(
                t.stop_list.update()
                .where(which, stop.valid_to.is_(None))
                .values(valid_to=self._now_text())
            ).rowcount
            row = connection.execute(_stops().where(which)).first()
            if row is None:
                return None
            if lifted:
                self._tell(
                    connection,
                    organisation,
                    FactKind.STOP_LISTED,
                    f"{stop_id}:lifted",
                    {"stop": stop_id, "number_ref": row.number_ref, "lifted": True},
                )
        return _stop(row)

    def _tell_stop(
        self,
        connection: sa.Connection,
        organisation: str,
        stop_id: str,
        reference: str,
        reason: str,
        source: str,
    ) -> None:
        self._tell(
            connection,
            organisation,
            FactKind.STOP_LISTED,
            f"{stop_id}:stopped",
            {"stop": stop_id, "number_ref": reference, "reason": reason, "source": source},
        )


def _cards() -> sa.Select[Any]:
    contact, person, lists = t.contact.c, t.contact_person.c, t.contact_list.c
    return (
        sa.select(
            t.contact,
            lists.name.label("list_name"),
            lists.file_name,
            person.name,
            person.fields,
            person.note,
        )
        .join(
            t.contact_list,
            sa.and_(
                lists.organisation_id == contact.organisation_id,
                lists.id == contact.list_id,
                lists.completed_at.is_not(None),
            ),
        )
        .outerjoin(
            t.contact_person,
            sa.and_(
                person.organisation_id == contact.organisation_id,
                person.contact_id == contact.id,
            ),
        )
    )


def read_card(
    connection: sa.Connection, organisation: str, contact_id: str, now: str
) -> ContactCard | None:
    """Returns a contact's card as it stands within the connection's transaction."""
    row = connection.execute(
        _cards().where(t.contact.c.organisation_id == organisation, t.contact.c.id == contact_id)
    ).first()
    return None if row is None else _card(connection, row, now)


def _matches(search: str) -> sa.ColumnElement[bool]:
    digits = "".join(letter for letter in search if letter.isascii() and letter.isdigit())
    # A folded copy of the name is searched: SQLite's own LIKE knows upper and lower case in ASCII
    # only.
    by_name = t.contact_person.c.name_folded.contains(search.casefold(), autoescape=True)
    if len(digits) < 3:
        return by_name
    phone = t.contact_phone.c
    by_number = sa.exists().where(
        phone.organisation_id == t.contact.c.organisation_id,
        phone.contact_id == t.contact.c.id,
        phone.e164.contains(digits),
    )
    return sa.or_(by_name, by_number)


def _after(cursor: str) -> sa.ColumnElement[bool]:
    list_id, _, row = cursor.rpartition(":")
    number, contact = number_of(row, cursor), t.contact.c
    return sa.or_(
        contact.list_id > list_id,
        sa.and_(contact.list_id == list_id, contact.row > number),
    )


def _card(connection: sa.Connection, row: sa.Row[Any], now: str) -> ContactCard:
    phone, stop = t.contact_phone.c, t.stop_list.c
    stopped = sa.exists().where(
        stop.organisation_id == phone.organisation_id,
        stop.number_ref == phone.number_ref,
        sa.or_(stop.valid_to.is_(None), stop.valid_to > now),
    )
    phones = connection.execute(
        sa.select(t.contact_phone, stopped.label("stopped"))
        .where(phone.organisation_id == row.organisation_id, phone.contact_id == row.id)
        .order_by(phone.position)
    )
    consent = t.consent.c
    consents = connection.execute(
        sa.select(t.consent)
        .where(consent.organisation_id == row.organisation_id, consent.contact_id == row.id)
        .order_by(consent.given_at, consent.id)
    )
    return ContactCard(
        id=row.id,
        list_id=row.list_id,
        list_name=row.list_name,
        file_name=row.file_name,
        row=row.row,
        language=row.language,
        stage=row.stage,
        temperature=row.temperature,
        name=row.name or "",
        fields=texts_of(row.fields),
        note=row.note or "",
        phones=tuple(
            PhoneRecord(
                id=item.id,
                position=item.position,
                e164=item.e164,
                number_ref=item.number_ref,
                country=item.country,
                zones=words_of(item.zones),
                stop_listed=bool(item.stopped),
            )
            for item in phones
        ),
        erased_at=time_or_none(row.erased_at),
        created_at=from_text(row.created_at),
        consents=tuple(
            ConsentRecord(
                purpose=item.purpose,
                source=item.source,
                given_at=from_text(item.given_at),
                revoked_at=time_or_none(item.revoked_at),
            )
            for item in consents
        ),
    )


def _stops() -> sa.Select[Any]:
    """The stop-list with the number where a contact or a typed-in entry still shows it."""
    stop, phone, typed = t.stop_list.c, t.contact_phone.c, t.stop_number.c
    of_contact = (
        sa.select(sa.func.min(phone.e164))
        .where(phone.organisation_id == stop.organisation_id, phone.number_ref == stop.number_ref)
        .correlate(t.stop_list)
        .scalar_subquery()
    )
    as_typed = (
        sa.select(typed.e164)
        .where(typed.organisation_id == stop.organisation_id, typed.number_ref == stop.number_ref)
        .correlate(t.stop_list)
        .scalar_subquery()
    )
    return sa.select(t.stop_list, sa.func.coalesce(of_contact, as_typed).label("e164"))


def _entry(row: sa.Row[Any]) -> EntryRecord:
    return EntryRecord(
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        state=row.state,
        next_due_at=time_or_none(row.next_due_at),
        attempts_made=row.attempts_made,
        phone_position=row.phone_position,
        last_outcome=row.last_outcome,
        callback_agent=row.callback_agent,
        closed_reason=row.closed_reason,
    )


def _stop(row: sa.Row[Any]) -> StopEntry:
    return StopEntry(
        id=row.id,
        number_ref=row.number_ref,
        e164=row.e164,
        reason=row.reason,
        source=row.source,
        attempt_id=row.attempt_id,
        valid_from=from_text(row.valid_from),
        valid_to=time_or_none(row.valid_to),
    )


def with_names() -> sa.Select[Any]:
    """Promises, with what the people are called who were given them."""
    promise, person = t.callback.c, t.contact_person.c
    return sa.select(t.callback, person.name.label("contact_name")).outerjoin(
        t.contact_person,
        sa.and_(
            person.organisation_id == promise.organisation_id,
            person.contact_id == promise.contact_id,
        ),
    )


def callback_record(row: sa.Row[Any]) -> CallbackRecord:
    """Makes the record of a promise."""
    return CallbackRecord(
        id=row.id,
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        contact_name=row.contact_name or "",
        due_at=from_text(row.due_at),
        agent_id=row.agent_id,
        state=CallbackState(row.state),
        created_at=from_text(row.created_at),
        attempt_id=row.attempt_id,
        reason=row.reason,
    )
