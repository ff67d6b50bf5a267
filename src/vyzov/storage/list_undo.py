"""Takes an import back: what it brought goes, what it changed on contacts of other lists goes back.

A value somebody has changed since stays as it is. Whether an import may be taken back at all is
asked here too: not once somebody was called by what it brought.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from vyzov.dialer.office_records import RowVerdict
from vyzov.dialer.ports import Json
from vyzov.storage import tables as t
from vyzov.storage.values import json_object, json_text, texts_of

ROWS_PER_PIECE = 500


def was_called(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    """Says whether a contact of a list was called, or a number it gave to somebody else's."""
    attempt = t.attempt.c
    called = sa.select(attempt.id).where(
        attempt.organisation_id == organisation,
        attempt.contact_id.in_(_contacts_of(organisation, list_id)),
    )
    if connection.execute(called.limit(1)).first() is not None:
        return True
    for _, contact, replaced in _changes(connection, organisation, list_id):
        phones = replaced.get("phones", [])
        called = sa.select(attempt.id).where(
            attempt.organisation_id == organisation,
            attempt.contact_id == contact,
            attempt.phone_id.in_(phones),
        )
        if phones and connection.execute(called.limit(1)).first() is not None:
            return True
    return False


def remove_piece(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    """Removes some of what a list brought, what it changed elsewhere first; False once all is gone.

    To be called until then, each time in a transaction of its own, after `leave_campaigns`: while
    one lasts no floor can reserve, and a long list has millions of rows."""
    return (
        _put_back_some(connection, organisation, list_id)
        or _remove_contacts(connection, organisation, list_id)
        or _remove_rows(connection, organisation, list_id)
    )


def remove_list(connection: sa.Connection, organisation: str, list_id: str) -> None:
    """Removes a list that has nothing left, as if it had never been."""
    connection.execute(
        t.contact_list.delete().where(
            t.contact_list.c.organisation_id == organisation, t.contact_list.c.id == list_id
        )
    )


def _put_back_some(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    row = t.import_row.c
    some = list(islice(_changes(connection, organisation, list_id), ROWS_PER_PIECE))
    for _, contact, replaced in some:
        _put_back(connection, organisation, contact, replaced)
    connection.execute(
        t.import_row.update()
        .where(
            row.organisation_id == organisation,
            row.list_id == list_id,
            row.row.in_([one for one, _, _ in some]),
        )
        .values(replaced="")
    )
    return bool(some)


def _remove_contacts(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    some = [
        one.id
        for one in connection.execute(_contacts_of(organisation, list_id).limit(ROWS_PER_PIECE))
    ]
    if not some:
        return False
    for table in (t.callback, t.consent, t.contact_phone, t.contact_person):
        connection.execute(
            table.delete().where(
                table.c.organisation_id == organisation, table.c.contact_id.in_(some)
            )
        )
    row = t.import_row.c
    # Rows of other lists that met these people are nobody's again: erasing by number finds them so.
    connection.execute(
        t.import_row.update()
        .where(
            row.organisation_id == organisation, row.list_id != list_id, row.contact_id.in_(some)
        )
        .values(contact_id=None)
    )
    connection.execute(
        t.contact.delete().where(
            t.contact.c.organisation_id == organisation, t.contact.c.id.in_(some)
        )
    )
    return True


def _remove_rows(connection: sa.Connection, organisation: str, list_id: str) -> bool:
    row = t.import_row.c
    which = (row.organisation_id == organisation, row.list_id == list_id)
    last = connection.execute(
        sa.select(row.row).where(*which).order_by(row.row).limit(1).offset(ROWS_PER_PIECE)
    ).scalar()
    until = () if last is None else (row.row < last,)
    gone = connection.execute(t.import_row.delete().where(*which, *until)).rowcount
    return gone > 0


def _contacts_of(organisation: str, list_id: str) -> sa.Select[Any]:
    return sa.select(t.contact.c.id).where(
        t.contact.c.organisation_id == organisation, t.contact.c.list_id == list_id
    )


def _changes(
    connection: sa.Connection, organisation: str, list_id: str
) -> Iterator[tuple[int, str, Json]]:
    """Yields what rows changed on contacts of other lists, the last row first."""
    row = t.import_row.c
    before: int | None = None
    while True:
        found = connection.execute(
            sa.select(row.row, row.contact_id, row.replaced)
            .where(
                row.organisation_id == organisation,
                row.list_id == list_id,
                row.verdict == RowVerdict.MERGED.value,
                row.replaced != "",
                row.contact_id.is_not(None),
                *(() if before is None else (row.row < before,)),
            )
            .order_by(row.row.desc())
            .limit(ROWS_PER_PIECE)
        ).all()
        for one in found:
            yield one.row, one.contact_id, json_object(one.replaced)
        if len(found) < ROWS_PER_PIECE:
            return
        before = found[-1].row


def _put_back(connection: sa.Connection, organisation: str, contact: str, replaced: Json) -> None:
    for table, ids in ((t.contact_phone, "phones"), (t.consent, "consents")):
        if replaced.get(ids):
            connection.execute(
                table.delete().where(
                    table.c.organisation_id == organisation, table.c.id.in_(replaced[ids])
                )
            )
    person = t.contact_person.c
    which = (person.organisation_id == organisation, person.contact_id == contact)
    found = connection.execute(sa.select(person.name, person.fields).where(*which)).first()
    if found is None:  # Erased meanwhile: there is nothing left to put anything on.
        return
    name, fields = found.name, texts_of(found.fields)
    old, new = replaced.get("name", (name, ""))
    if name == new:
        name = old
    for key, (text, written) in replaced.get("fields", {}).items():
        if fields.get(key) == written:
            fields = {**fields, key: text} if text is not None else _without(fields, key)
    values = {"name": name, "name_folded": name.casefold(), "fields": json_text(fields)}
    connection.execute(t.contact_person.update().where(*which).values(**values))


def _without(fields: dict[str, str], key: str) -> dict[str, str]:
    return {name: text for name, text in fields.items() if name != key}


def replaced_words(replaced: str) -> list[str]:
    """Returns the words a row replaced on a contact and put in their place, for who erases them."""
    told = json_object(replaced) if replaced else {}
    pairs = [told.get("name", []), *told.get("fields", {}).values()]
    return [text for pair in pairs for text in pair if text]
