"""Imported lists: written in short transactions, seen once complete, undone while nobody was
called."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text
from vyzov.dialer.duplicates import Known
from vyzov.dialer.office_records import ContactList, ImportedRow, ImportRow, Page, RowVerdict
from vyzov.dialer.ports import Json
from vyzov.storage import tables as t
from vyzov.storage.cursors import number_of
from vyzov.storage.entering import leave_campaigns
from vyzov.storage.list_undo import remove_list, remove_piece, was_called
from vyzov.storage.list_writing import Import, write_rows
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.values import (
    json_object,
    json_text,
    number_reference,
    texts_of,
    time_or_none,
    words_of,
)

READINGS_LOOKED_AT = 50
"""How many of the latest lists are asked what columns of some titles were for."""
# While a transaction lasts, no floor can reserve: 500 rows take a few hundredths of a second.
ROWS_PER_TRANSACTION = 500


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
        reading: Json | None = None,
    ) -> ContactList:
        """Writes a list, taking rows as they come; an error from `rows` removes what was
        written."""
        work = self._begin(organisation, name, file_name, file_sha256, reading or {})
        try:
            for piece in _pieces(rows):
                with self._writing(audited=False) as connection:
                    _require_unfinished(connection, work)
                    write_rows(connection, work, piece)
                if progress is not None:
                    progress(work.rows)
        except BaseException:
            self._remove(organisation, work.list_id)
            raise
        return self._complete(work)

    def discard_unfinished_lists(self, organisation: str) -> int:
        """Removes what imports left that a crash cut short; returns how many there were."""
        with self._reading() as connection:
            found = connection.execute(
                sa.select(t.contact_list.c.id).where(
                    t.contact_list.c.organisation_id == organisation,
                    t.contact_list.c.completed_at.is_(None),
                )
            ).all()
        for row in found:
            self._remove(organisation, row.id)
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
            which.append(row.row > number_of(cursor, cursor))
        with self._reading() as connection:
            found = connection.execute(
                sa.select(t.import_row).where(*which).order_by(row.row).limit(limit + 1)
            ).all()
        items = tuple(_import_row(item) for item in found[:limit])
        return Page(items, str(items[-1].row) if len(found) > limit else None)

    def undo_list(self, organisation: str, list_id: str) -> ContactList | None:
        """Removes what an import brought; once anybody of it was dialled: `InvalidRequest`."""
        with self._writing(audited=False) as connection:
            found = _read(connection, organisation, list_id)
            if found is None or found.undone_at is not None:
                return found
            if was_called(connection, organisation, list_id):
                raise InvalidRequest(
                    f"People of the list '{found.name}' were called already.",
                    "Finish the campaigns that use it; erase single contacts who ask for it.",
                )
            leave_campaigns(connection, organisation, list_id)
            # From here on it is an unfinished list: should this process die, the next one goes on.
            _set(connection, organisation, list_id, completed_at=None)
        self._empty(organisation, list_id)
        with self._writing() as connection:
            now = self._now_text()
            _set(connection, organisation, list_id, completed_at=now, undone_at=now)
            self._tell(
                connection,
                organisation,
                FactKind.LIST_IMPORTED,
                f"{list_id}:undone",
                {"list": list_id, "undone": True},
            )
            return _read(connection, organisation, list_id)

    def _remove(self, organisation: str, list_id: str) -> None:
        """Removes a list that nobody has seen yet."""
        self._empty(organisation, list_id)
        with self._writing(audited=False) as connection:
            remove_list(connection, organisation, list_id)

    def _empty(self, organisation: str, list_id: str) -> None:
        """Removes what a list brought, in short transactions."""
        is_left = True
        while is_left:
            with self._writing(audited=False) as connection:
                is_left = remove_piece(connection, organisation, list_id)

    def known_numbers(self, organisation: str, numbers: Sequence[str]) -> Mapping[str, Known]:
        """Returns whose some numbers are in finished lists; the oldest contact counts."""
        contact, phone, lists = t.contact.c, t.contact_phone.c, t.contact_list.c
        with self._reading() as connection:
            salt = salt_of(connection, organisation)
            of_reference = {number_reference(salt, number): number for number in numbers}
            found = connection.execute(
                sa.select(phone.number_ref, contact.id, lists.name, contact.row)
                .join_from(t.contact_phone, t.contact, _same(phone.contact_id, contact.id))
                .join(t.contact_list, _same(contact.list_id, lists.id))
                .where(
                    phone.organisation_id == organisation,
                    phone.number_ref.in_(sorted(of_reference)),
                    contact.erased_at.is_(None),
                    lists.completed_at.is_not(None),
                    lists.undone_at.is_(None),
                )
                .order_by(contact.created_at, contact.id)
            ).all()
        known: dict[str, Known] = {}
        for one in found:
            known.setdefault(of_reference[one.number_ref], Known(one.id, one.name, one.row))
        return known

    def reading_of_titles(self, organisation: str, titles: Sequence[str]) -> Json:
        """Returns how the latest list of just these titles was read, empty where there is none."""
        lists = t.contact_list.c
        with self._reading() as connection:
            found = connection.execute(
                sa.select(lists.reading)
                .where(lists.organisation_id == organisation, lists.completed_at.is_not(None))
                .order_by(lists.created_at.desc(), lists.id.desc())
                .limit(READINGS_LOOKED_AT)
            ).all()
        readings = (json_object(one.reading) for one in found)
        return next((one for one in readings if one.get("titles") == list(titles)), {})

    def _begin(
        self, organisation: str, name: str, file_name: str, file_sha256: str, reading: Json
    ) -> Import:
        with self._writing() as connection:
            work = Import(
                organisation, self._new_id(), file_name, salt_of(connection, organisation),
                self._now_text(), self._new_id,
            )  # fmt: skip
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
                    reading=json_text(reading),
                )
            )
        return work

    def _complete(self, work: Import) -> ContactList:
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


def _require_unfinished(connection: sa.Connection, work: Import) -> None:
    """Makes sure that no web process tidied the list away, which a start of it does."""
    lists = t.contact_list.c
    there = connection.execute(
        sa.select(lists.id).where(
            lists.organisation_id == work.organisation, lists.id == work.list_id
        )
    ).first()
    if there is None:
        raise InvalidRequest(
            f"Vyzov was started while '{work.file_name}' was imported, and removed it as unfinished.",
            "Import it again.",
        )


def _set(connection: sa.Connection, organisation: str, list_id: str, **values: str | None) -> None:
    lists = t.contact_list.c
    connection.execute(
        t.contact_list.update()
        .where(lists.organisation_id == organisation, lists.id == list_id)
        .values(**values)
    )


def _pieces(rows: Iterable[ImportedRow]) -> Iterator[tuple[ImportedRow, ...]]:
    source = iter(rows)
    while piece := tuple(islice(source, ROWS_PER_TRANSACTION)):
        yield piece


def _same(column: sa.ColumnElement[str], other: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Joins by an id within one organisation."""
    mine, theirs = column.table.c.organisation_id, other.table.c.organisation_id
    return sa.and_(column == other, mine == theirs)


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
