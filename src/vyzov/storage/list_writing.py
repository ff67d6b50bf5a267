"""Writes the rows of a list: its contacts, their numbers, and what rows change on contacts of others.

Nothing of a list is held in memory but the rows of one transaction: whose an earlier row was is read
from where it was written. Which rows are whose is decided in `dialer.lists` and `dialer.duplicates`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

import sqlalchemy as sa

from vyzov.core.instants import to_text
from vyzov.dialer.office_records import ANY_PURPOSE, ImportConsent, ImportedRow, RowVerdict
from vyzov.dialer.ports import Json
from vyzov.storage import tables as t
from vyzov.storage.values import json_text, number_reference, texts_of, words_text

ZONES_KEPT = 1024
"""Sets of zones whose text is remembered: of them there are few, and every number has one."""

Values = dict[str, object]


@dataclass(slots=True)
class Import:
    """An import under way and its counts."""

    organisation: str
    list_id: str
    file_name: str
    salt: str
    now: str
    new_id: Callable[[], str]
    rows: int = 0
    accepted: int = 0
    contacts: int = 0


@dataclass(slots=True)
class _Owner:
    """The contact a row belongs to; `is_own` where this list brought it."""

    contact: str
    is_own: bool
    phones: int = 0


@dataclass(slots=True)
class _Piece:
    """What one transaction writes."""

    rows: list[Values] = field(default_factory=list[Values])
    contacts: list[Values] = field(default_factory=list[Values])
    people: list[Values] = field(default_factory=list[Values])
    phones: list[Values] = field(default_factory=list[Values])
    consents: list[Values] = field(default_factory=list[Values])
    changed: dict[str, Values] = field(default_factory=dict[str, Values])


def write_rows(connection: sa.Connection, work: Import, piece: Sequence[ImportedRow]) -> None:
    """Writes some rows in the transaction of the connection, and counts them."""
    out = _Piece()
    before = _Before(connection, work, piece)
    for item in piece:
        owner = before.owner_of(item)
        replaced: Json = {}
        if item.verdict is RowVerdict.OK:
            work.contacts += 1
            owner = _Owner(work.new_id(), is_own=True)
            before.note(item.row, owner)
            out.contacts.append(_contact_columns(work, item, owner.contact))
            out.people.append(_person_columns(work, item, owner.contact))
        elif item.contact and owner is not None and item.verdict is RowVerdict.MERGED:
            replaced = before.changed(item, owner.contact, out)
        if owner is not None and item.verdict in (RowVerdict.OK, RowVerdict.MERGED):
            work.accepted += 1
            phones = _phone_columns(work, item, owner)
            consents = _consent_columns(work, item, owner.contact)
            out.phones += phones
            out.consents += consents
            if not owner.is_own:
                replaced |= _added(phones, consents)
        work.rows += 1
        out.rows.append(_row_columns(work, item, owner and owner.contact, replaced))
    _execute(connection, work, out)


def _execute(connection: sa.Connection, work: Import, out: _Piece) -> None:
    for table, values in (
        (t.contact, out.contacts),
        (t.contact_person, out.people),
        (t.contact_phone, out.phones),
        (t.consent, out.consents),
        (t.import_row, out.rows),
    ):
        if values:
            _insert(connection, table, values)
    person = t.contact_person.c
    for contact, values in out.changed.items():
        connection.execute(
            t.contact_person.update()
            .where(person.organisation_id == work.organisation, person.contact_id == contact)
            .values(**values)
        )


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Values]) -> None:
    """Inserts rows of one shape: the statement is made once, the rows go to the driver as they are.

    Going through each row's columns costs a fifth of a large import."""
    made = table.insert().compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = made.positiontup if made.positional else None
    values = [dict(row) for row in rows] if order is None else list(map(itemgetter(*order), rows))
    connection.exec_driver_sql(str(made), values)  # type: ignore[arg-type]


class _Before:
    """What was there before a piece: the contacts its rows belong to, and what is known of them."""

    def __init__(
        self, connection: sa.Connection, work: Import, piece: Sequence[ImportedRow]
    ) -> None:
        self._owners: dict[int, _Owner] = {}
        self._elsewhere: dict[str, _Owner] = {}
        self._people: dict[str, tuple[str, dict[str, str]]] = {}
        within = {item.row for item in piece}
        earlier = {item.same_as for item in piece if item.same_as} - within
        named = {item.contact for item in piece if item.contact}
        if earlier:
            self._read_owners(connection, work, earlier)
        if named:
            self._read_people(connection, work, named)
        self._count_phones(connection, work)

    def owner_of(self, item: ImportedRow) -> _Owner | None:
        """Returns whose row it is: of an earlier row, of another list, or nobody's (yet)."""
        if item.contact:
            owner = self._elsewhere.get(item.contact)
            if owner is not None:
                self._owners[item.row] = owner
            return owner
        return self._owners.get(item.same_as) if item.same_as else None

    def note(self, row: int, owner: _Owner) -> None:
        """Keeps whose row it is, for rows that come later in the piece."""
        self._owners[row] = owner

    def changed(self, item: ImportedRow, contact: str, out: _Piece) -> Json:
        """Puts what a row says on a contact there is; returns what it replaced."""
        name, fields = self._people[contact]
        replaced: Json = {}
        if item.name and item.name != name:
            replaced["name"] = [name, item.name]
            name = item.name
        others = {key: text for key, text in item.fields.items() if fields.get(key) != text}
        if others:
            replaced["fields"] = {key: [fields.get(key), text] for key, text in others.items()}
            fields = fields | others
        self._people[contact] = name, fields
        if replaced:
            out.changed[contact] = {
                "name": name, "name_folded": name.casefold(), "fields": json_text(fields),
            }  # fmt: skip
        return replaced

    def _read_owners(self, connection: sa.Connection, work: Import, rows: Iterable[int]) -> None:
        row = t.import_row.c
        found = connection.execute(
            sa.select(row.row, row.contact_id, row.verdict).where(
                row.organisation_id == work.organisation,
                row.list_id == work.list_id,
                row.row.in_(sorted(rows)),
                row.contact_id.is_not(None),
            )
        )
        for one in found:
            own = one.verdict == RowVerdict.OK.value
            owner = _Owner(one.contact_id, is_own=own)
            if not own:
                owner = self._elsewhere.setdefault(one.contact_id, owner)
            self._owners[one.row] = owner

    def _read_people(self, connection: sa.Connection, work: Import, ids: Iterable[str]) -> None:
        """Reads contacts of other lists; one erased meanwhile is not there."""
        person = t.contact_person.c
        found = connection.execute(
            sa.select(person.contact_id, person.name, person.fields).where(
                person.organisation_id == work.organisation, person.contact_id.in_(sorted(ids))
            )
        )
        for one in found:
            self._people[one.contact_id] = one.name, texts_of(one.fields)
            self._elsewhere.setdefault(one.contact_id, _Owner(one.contact_id, is_own=False))

    def _count_phones(self, connection: sa.Connection, work: Import) -> None:
        owners = [*self._owners.values(), *self._elsewhere.values()]
        if not owners:
            return
        phone = t.contact_phone.c
        found = connection.execute(
            sa.select(phone.contact_id, sa.func.max(phone.position).label("last"))
            .where(
                phone.organisation_id == work.organisation,
                phone.contact_id.in_(sorted({owner.contact for owner in owners})),
            )
            .group_by(phone.contact_id)
        )
        counts = {one.contact_id: one.last + 1 for one in found}
        for owner in owners:
            owner.phones = counts.get(owner.contact, 0)


def _added(phones: Sequence[Values], consents: Sequence[Values]) -> Json:
    added = {"phones": [one["id"] for one in phones], "consents": [one["id"] for one in consents]}
    return {name: ids for name, ids in added.items() if ids}


def _contact_columns(work: Import, item: ImportedRow, contact: str) -> Values:
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


def _person_columns(work: Import, item: ImportedRow, contact: str) -> Values:
    return {
        "contact_id": contact,
        "organisation_id": work.organisation,
        "name": item.name,
        "name_folded": item.name.casefold(),
        "fields": json_text(dict(item.fields)),
        "note": "",
    }


def _phone_columns(work: Import, item: ImportedRow, owner: _Owner) -> list[Values]:
    first = owner.phones
    owner.phones += len(item.phones)
    return [
        {
            "id": work.new_id(),
            "organisation_id": work.organisation,
            "contact_id": owner.contact,
            "position": position,
            "e164": phone.e164,
            "number_ref": number_reference(work.salt, phone.e164),
            "country": phone.country,
            "zones": _zones_text(phone.zones),
        }
        for position, phone in enumerate(item.phones, first)
    ]


@lru_cache(maxsize=ZONES_KEPT)
def _zones_text(zones: tuple[str, ...]) -> str:
    return words_text(zones)


def _consent_columns(work: Import, item: ImportedRow, contact: str) -> list[Values]:
    if item.consent is None:
        return []
    return [
        {
            "id": work.new_id(),
            "organisation_id": work.organisation,
            "contact_id": contact,
            "purpose": ANY_PURPOSE,
            "channel": "phone",
            "source": f"{work.file_name}:{item.row}",
            "given_at": _given_at(item.consent, work.now),
        }
    ]


def _given_at(consent: ImportConsent, now: str) -> str:
    day = consent.on
    return to_text(datetime(day.year, day.month, day.day, tzinfo=UTC)) if day else now


def _row_columns(
    work: Import, item: ImportedRow, contact: str | None, replaced: Mapping[str, object]
) -> Values:
    return {
        "organisation_id": work.organisation,
        "list_id": work.list_id,
        "row": item.row,
        "verdict": item.verdict.value,
        "reason": item.reason,
        "args": json_text(dict(item.args)) if item.args else "{}",
        "raw": words_text(item.raw),
        "contact_id": contact,
        "replaced": json_text(dict(replaced)) if replaced else "",
    }
