"""Imported lists: written in short transactions, seen once complete, undone while nobody was
called."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.office_records import (
    ANY_PURPOSE,
    ContactList,
    ImportConsent,
    ImportedRow,
    ImportRow,
    Page,
    RowVerdict,
)
from vyzov.storage import tables as t
from vyzov.storage.entering import leave_campaigns
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.values import (
    json_text,
    number_reference,
    texts_of,
    time_or_none,
    words_of,
    words_text,
)

# While a transaction lasts, no floor can reserve: 500 rows take a few hundredths of a second.
ROWS_PER_TRANSACTION = 500


@dataclass(slots=True)
class _Import:
    """An import under way: counters, and where each row's contact stands."""

    organisation: str
    list_id: str
    file_name: str
    salt: str
    now: str
    rows: int = 0
    accepted: int = 0
    contacts: int = 0
    contact_of: dict[int, str] = field(default_factory=dict[int, str])
    phones_of: dict[str, int] = field(default_factory=dict[str, int])


class Lists(OfficeBase):
    """The topic of `dialer.office_store.ListStore`."""

    def import_list(
        self,
        organisation: str,
        *,
        name: str,
        file_name: str,
        file_sha256: str,
        rows: Iterable[ImportedRow],
        progress: Callable[[int], None] | None = None,
    ) -> ContactList:
        """Writes a list, taking rows as they come; an error from `rows` removes what was
        written."""
        work = self._begin(organisation, name, file_name, file_sha256)
        try:
            for piece in _pieces(rows):
                with self._writing() as connection:
                    self._write_rows(connection, work, piece)
                if progress is not None:
                    progress(work.rows)
        except BaseException:
            with self._writing() as connection:
                _remove(connection, organisation, work.list_id)
            raise
        return self._complete(work)

    def discard_unfinished_lists(self, organisation: str) -> int:
        """Removes what imports left that a crash cut short; returns how many there were."""
        with self._writing() as connection:
            found = connection.execute(
                sa.select(t.contact_list.c.id).where(
                    t.contact_list.c.organisation_id == organisation,
                    t.contact_list.c.completed_at.is_(None),
                )
            ).all()
            for row in found:
                _remove(connection, organisation, row.id)
        return len(found)

    def lists(self, organisation: str) -> tuple[ContactList, ...]:
        """Returns complete lists, newest first, undone ones too."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.contact_list)
                .where(
                    t.contact_list.c.organisation_id == organisation,
                    t.contact_list.c.completed_at.is_not(None),
                )
                .order_by(t.contact_list.c.created_at.desc(), t.contact_list.c.id.desc())
            ).all()
            return tuple(_list(connection, row) for row in rows)

    def contact_list(self, organisation: str, list_id: str) -> ContactList | None:
        """Returns a complete list by id."""
        with self._reading() as connection:
            return _read(connection, organisation, list_id)

    def list_rows(
        self,
        organisation: str,
        list_id: str,
        *,
        verdict: RowVerdict | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ImportRow]:
        """Returns rows of a list in their order, of one verdict where one is given."""
        row = t.import_row.c
        which = [row.organisation_id == organisation, row.list_id == list_id]
        if verdict is not None:
            which.append(row.verdict == verdict.value)
        if cursor is not None:
            which.append(row.row > _row_of(cursor))
        with self._reading() as connection:
            found = connection.execute(
                sa.select(t.import_row).where(*which).order_by(row.row).limit(limit + 1)
            ).all()
        items = tuple(_import_row(item) for item in found[:limit])
        return Page(items, str(items[-1].row) if len(found) > limit else None)

    def undo_list(self, organisation: str, list_id: str) -> ContactList | None:
        """Removes what an import brought; once anybody of it was dialled: `InvalidRequest`."""
        with self._writing() as connection:
            found = _read(connection, organisation, list_id)
            if found is None or found.undone_at is not None:
                return found
            if _was_called(connection, organisation, list_id):
                raise InvalidRequest(
                    f"People of the list '{found.name}' were called already.",
                    "Finish the campaigns that use it; erase single contacts who ask for it.",
                )
            _remove_contents(connection, organisation, list_id)
            connection.execute(
                t.contact_list.update()
                .where(
                    t.contact_list.c.organisation_id == organisation,
                    t.contact_list.c.id == list_id,
                )
                .values(undone_at=self._now_text())
            )
            self._tell(
                connection,
                organisation,
                FactKind.LIST_IMPORTED,
                f"{list_id}:undone",
                {"list": list_id, "undone": True},
            )
            return _read(connection, organisation, list_id)

    def _begin(self, organisation: str, name: str, file_name: str, file_sha256: str) -> _Import:
        work = _Import(organisation, self._new_id(), file_name, "", self._now_text())
        with self._writing() as connection:
            work.salt = salt_of(connection, organisation)
            connection.execute(
                t.contact_list.insert().values(
                    id=work.list_id,
                    organisation_id=organisation,
                    name=name,
                    file_name=file_name,
                    file_sha256=file_sha256,
                    rows_total=0,
                    rows_ok=0,
                    contacts=0,
                    created_at=work.now,
                )
            )
        return work

    def _write_rows(
        self, connection: sa.Connection, work: _Import, piece: tuple[ImportedRow, ...]
    ) -> None:
        rows: list[dict[str, object]] = []
        contacts: list[dict[str, object]] = []
        people: list[dict[str, object]] = []
        phones: list[dict[str, object]] = []
        consents: list[dict[str, object]] = []
        for item in piece:
            contact = work.contact_of.get(item.same_as or item.row)
            if item.verdict is RowVerdict.OK:
                contact = work.contact_of[item.row] = self._new_id()
                work.contacts += 1
                contacts.append(_contact_columns(work, item, contact))
                people.append(_person_columns(work, item, contact))
                if item.consent is not None:
                    consents.append(self._consent_columns(work, item.row, item.consent, contact))
            if item.verdict in {RowVerdict.OK, RowVerdict.MERGED} and contact is not None:
                work.accepted += 1
                phones += self._phone_columns(work, item, contact)
            work.rows += 1
            rows.append(_row_columns(work, item, contact))
        for table, values in (
            (t.contact, contacts),
            (t.contact_person, people),
            (t.contact_phone, phones),
            (t.consent, consents),
            (t.import_row, rows),
        ):
            if values:
                connection.execute(table.insert(), values)

    def _phone_columns(
        self, work: _Import, item: ImportedRow, contact: str
    ) -> list[dict[str, object]]:
        first = work.phones_of.get(contact, 0)
        work.phones_of[contact] = first + len(item.phones)
        return [
            {
                "id": self._new_id(),
                "organisation_id": work.organisation,
                "contact_id": contact,
                "position": position,
                "e164": phone.e164,
                "number_ref": number_reference(work.salt, phone.e164),
                "country": phone.country,
                "zones": words_text(phone.zones),
            }
            for position, phone in enumerate(item.phones, first)
        ]

    def _consent_columns(
        self, work: _Import, row: int, consent: ImportConsent, contact: str
    ) -> dict[str, object]:
        day = consent.on
        given = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
        return {
            "id": self._new_id(),
            "organisation_id": work.organisation,
            "contact_id": contact,
            "purpose": ANY_PURPOSE,
            "channel": "phone",
            "source": f"{work.file_name}:{row}",
            "given_at": to_text(given) if given else work.now,
        }

    def _complete(self, work: _Import) -> ContactList:
        with self._writing() as connection:
            connection.execute(
                t.contact_list.update()
                .where(
                    t.contact_list.c.organisation_id == work.organisation,
                    t.contact_list.c.id == work.list_id,
                )
                .values(
                    rows_total=work.rows,
                    rows_ok=work.accepted,
                    contacts=work.contacts,
                    completed_at=self._now_text(),
                )
            )
            made = _read(connection, work.organisation, work.list_id)
            assert made is not None, "a list just completed is there"
            self._tell(
                connection,
                work.organisation,
                FactKind.LIST_IMPORTED,
                f"{work.list_id}:imported",
                {
                    "list": work.list_id,
                    "rows": work.rows,
                    "contacts": work.contacts,
                    "verdicts": {str(name): count for name, count in made.verdicts.items()},
                    "sha256": made.file_sha256,
                },
            )
        return made


def _pieces(rows: Iterable[ImportedRow]) -> Iterator[tuple[ImportedRow, ...]]:
    source = iter(rows)
    while piece := tuple(islice(source, ROWS_PER_TRANSACTION)):
        yield piece


def salt_of(connection: sa.Connection, organisation: str) -> str:
    """Returns the salt of an organisation's number references."""
    salt = connection.execute(
        sa.select(t.organisation.c.number_salt).where(t.organisation.c.id == organisation)
    ).scalar()
    if salt is None:
        raise InvalidRequest(
            f"There is no organisation {organisation}.", "Sign in again; it may have been removed."
        )
    return str(salt)


def _contact_columns(work: _Import, item: ImportedRow, contact: str) -> dict[str, object]:
    return {
        "id": contact,
        "organisation_id": work.organisation,
        "list_id": work.list_id,
        "row": item.row,
        "language": item.language,
        "stage": "list",
        "temperature": "cold",
        "created_at": work.now,
    }


def _person_columns(work: _Import, item: ImportedRow, contact: str) -> dict[str, object]:
    return {
        "contact_id": contact,
        "organisation_id": work.organisation,
        "name": item.name,
        "name_folded": item.name.casefold(),
        "fields": json_text(dict(item.fields)),
        "note": "",
    }


def _row_columns(work: _Import, item: ImportedRow, contact: str | None) -> dict[str, object]:
    return {
        "organisation_id": work.organisation,
        "list_id": work.list_id,
        "row": item.row,
        "verdict": item.verdict.value,
        "reason": item.reason,
        "args": json_text(dict(item.args)),
        "raw": words_text(item.raw),
        "contact_id": contact,
    }


def _contacts_of(organisation: str, list_id: str) -> sa.Select[Any]:
    return sa.select(t.contact.c.id).where(
        t.contact.c.organisation_id == organisation, t.contact.c.list_id == list_id
    )


def _was_called(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    called = sa.select(t.attempt.c.id).where(
        t.attempt.c.organisation_id == organisation,
        t.attempt.c.contact_id.in_(_contacts_of(organisation, list_id)),
    )
    return connection.execute(called.limit(1)).first() is not None


def _remove_contents(connection: sa.Connection, organisation: str, list_id: str) -> None:
    contacts = _contacts_of(organisation, list_id)
    leave_campaigns(connection, organisation, list_id)
    for table in (t.callback, t.consent, t.contact_phone, t.contact_person):
        connection.execute(
            table.delete().where(
                table.c.organisation_id == organisation, table.c.contact_id.in_(contacts)
            )
        )
    for table in (t.import_row, t.contact):
        connection.execute(
            table.delete().where(
                table.c.organisation_id == organisation, table.c.list_id == list_id
            )
        )


def _remove(connection: sa.Connection, organisation: str, list_id: str) -> None:
    _remove_contents(connection, organisation, list_id)
    connection.execute(
        t.contact_list.delete().where(
            t.contact_list.c.organisation_id == organisation, t.contact_list.c.id == list_id
        )
    )


def _read(connection: sa.Connection, organisation: str, list_id: str) -> ContactList | None:
    row = connection.execute(
        sa.select(t.contact_list).where(
            t.contact_list.c.organisation_id == organisation,
            t.contact_list.c.id == list_id,
            t.contact_list.c.completed_at.is_not(None),
        )
    ).first()
    return None if row is None else _list(connection, row)


def _list(connection: sa.Connection, row: sa.Row[Any]) -> ContactList:
    verdicts = connection.execute(
        sa.select(t.import_row.c.verdict, sa.func.count().label("rows"))
        .where(
            t.import_row.c.organisation_id == row.organisation_id,
            t.import_row.c.list_id == row.id,
        )
        .group_by(t.import_row.c.verdict)
    )
    campaigns = connection.execute(
        sa.select(t.campaign.c.id)
        .where(
            t.campaign.c.organisation_id == row.organisation_id,
            t.campaign.c.list_id == row.id,
        )
        .order_by(t.campaign.c.id)
    )
    return ContactList(
        id=row.id,
        name=row.name,
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        rows_total=row.rows_total,
        rows_ok=row.rows_ok,
        contacts=row.contacts,
        created_at=from_text(row.created_at),
        undone_at=time_or_none(row.undone_at),
        verdicts={RowVerdict(item.verdict): item.rows for item in verdicts},
        campaigns=tuple(item.id for item in campaigns),
    )


def _import_row(row: sa.Row[Any]) -> ImportRow:
    return ImportRow(
        row=row.row,
        verdict=RowVerdict(row.verdict),
        reason=row.reason,
        args=texts_of(row.args),
        raw=words_of(row.raw),
    )


def _row_of(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()):
        raise InvalidRequest(
            f"'{cursor[:40]}' is not a cursor of this list.", "Ask for the first page again."
        )
    return int(cursor)
