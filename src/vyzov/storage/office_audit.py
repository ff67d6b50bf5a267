"""The log of changes as it is read: entries by object, person and time, with the names they need."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from vyzov.core.instants import from_text, to_text
from vyzov.dialer.audit_records import AuditAction, AuditEntry, AuditPage, AuditQuery
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_access import audit_entry
from vyzov.storage.tables_phones import desk_phone
from vyzov.storage.tables_webhooks import webhook
from vyzov.storage.values import json_object

_NAMED = (
    t.user_account, t.principal, t.floor, t.campaign, t.trunk, t.contact_list, desk_phone, webhook,
)  # fmt: skip


class Audit(OfficeBase):
    """The topic of `dialer.audit_records.AuditStore`."""

    def audit_entries(
        self, organisation: str, query: AuditQuery, *, cursor: str | None = None, limit: int = 50
    ) -> AuditPage:
        """Returns entries, the latest first."""
        column = audit_entry.c
        which = [column.organisation_id == organisation]
        for name, value in (
            (column.kind, query.kind),
            (column.object_id, query.object_id),
            (column.changed_by, query.by),
        ):
            if value is not None:
                which.append(name == value)
        if query.since is not None:
            which.append(column.at >= to_text(query.since))
        if query.until is not None:
            which.append(column.at < to_text(query.until))
        if cursor is not None:
            which.append(column.id < cursor)
        with self._reading() as connection:
            found = connection.execute(
                sa.select(audit_entry).where(*which).order_by(column.id.desc()).limit(limit + 1)
            ).all()
            items = tuple(_entry(row) for row in found[:limit])
            names = _names(connection, organisation, items)
        return AuditPage(items, items[-1].id if len(found) > limit else None, names)

    def audit_kinds(self, organisation: str) -> tuple[str, ...]:
        """Returns the kinds of objects the log has entries of."""
        kind = audit_entry.c.kind
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(kind)
                .where(audit_entry.c.organisation_id == organisation)
                .distinct()
                .order_by(kind)
            )
            return tuple(row.kind for row in rows)


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=from_text(row.at),
        by=row.changed_by,
        token=row.token_id,
        action=AuditAction(row.action),
        kind=row.kind,
        object_id=row.object_id,
        before=json_object(row.before),
        after=json_object(row.after),
    )


def _names(
    connection: sa.Connection, organisation: str, entries: Sequence[AuditEntry]
) -> dict[str, str]:
    """Returns today's names of what some entries speak of; what is gone has none."""
    wanted = {one.by for one in entries} | {one.object_id for one in entries}
    for one in entries:
        members = (*one.before.items(), *one.after.items())
        wanted |= {str(value) for name, value in members if name.endswith("_id")}
    ids = sorted(wanted - {""})
    names: dict[str, str] = {}

    def look(key: sa.ColumnElement[str], shown: sa.ColumnElement[str]) -> None:
        owner = key.table.c.organisation_id
        asked = sa.select(key, shown).where(owner == organisation, key.in_(ids))
        names.update({row[0]: row[1] for row in connection.execute(asked)})

    for table in _NAMED:
        look(table.c.id, table.c.name)
    look(t.contact_person.c.contact_id, t.contact_person.c.name)
    stop, number = t.stop_list.c, t.stop_number.c
    rows = connection.execute(
        sa.select(stop.id, number.e164)
        .join(
            t.stop_number,
            sa.and_(
                number.organisation_id == stop.organisation_id,
                number.number_ref == stop.number_ref,
            ),
        )
        .where(stop.organisation_id == organisation, stop.id.in_(ids))
    )
    return names | {row.id: row.e164 for row in rows}
