"""The log of changes: who changed what, filtered and in pages, and as CSV."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query
from starlette.responses import StreamingResponse

from vyzov.core.instants import to_text
from vyzov.dialer.access import Door
from vyzov.dialer.audit_records import COMMAND, HIDDEN, AuditAction, AuditEntry, AuditQuery
from vyzov.web.admission import Who, room
from vyzov.web.csv_out import csv_response
from vyzov.web.shapes import Cursor, Limit, Named, PageOf, Shape, Since, Until

router = room("audit")

CSV_PAGE = 500
CSV_ROWS_MOST = 100_000


class FieldChange(Shape):
    """One field, as it was and as it is; of a `secret` only that it changed."""

    field: str
    before: Any
    after: Any
    secret: bool


class AuditShape(Shape):
    """One change of one object. Without `by` it was a `command` line, or Vyzov itself.

    After the erasure of a person the entry stays and `changes` is empty."""

    id: str
    at: datetime
    by: Named | None
    token: str | None
    command: str | None
    action: AuditAction
    kind: str
    object: Named
    changes: list[FieldChange]


class AuditPageShape(PageOf[AuditShape]):
    """Entries, the latest first; `names` of ids their values speak of, `kinds` one may ask for."""

    names: dict[str, str]
    kinds: list[str]


def _query(
    kind: Annotated[str | None, Query(max_length=64)] = None,
    about: Annotated[str | None, Query(alias="object", max_length=64)] = None,
    by: Annotated[str | None, Query(max_length=64)] = None,
    since: Since = None,
    until: Until = None,
) -> AuditQuery:
    return AuditQuery(kind=kind, object_id=about, by=by, since=since, until=until)


Asked = Annotated[AuditQuery, Depends(_query)]


@router.get("/audit", summary="Who changed what")
def audit(who: Who, query: Asked, limit: Limit = 50, cursor: Cursor = None) -> AuditPageShape:
    """Gives changes of the organisation's objects, the latest first."""
    found = who.door.audit(query, cursor, limit)
    return AuditPageShape(
        items=[_shape(one, found.names) for one in found.items],
        next_cursor=found.next,
        names=dict(found.names),
        kinds=list(who.door.audit_kinds()),
    )


@router.get("/audit.csv", summary="Who changed what, as CSV")
def audit_csv(who: Who, query: Asked) -> StreamingResponse:
    """Gives a line for each field that changed, at most 100,000."""
    header = ("at", "by", "token", "action", "kind", "object", "name", "field", "before", "after")
    return csv_response("vyzov-audit.csv", header, _rows(who.door, query))


def _rows(door: Door, query: AuditQuery) -> Iterator[tuple[str, ...]]:
    cursor, count = None, 0
    while count < CSV_ROWS_MOST:
        page = door.audit(query, cursor, CSV_PAGE)
        for one in page.items:
            shape = _shape(one, page.names)
            by = shape.by.name if shape.by else f"vyzov {shape.command or ''}".strip()
            head = (
                to_text(one.at), by, one.token, one.action.value, one.kind, one.object_id,
                shape.object.name,
            )  # fmt: skip
            for change in shape.changes or [_NOTHING]:
                count += 1
                yield (*head, change.field, _cell(change.before), _cell(change.after))
        cursor = page.next
        if cursor is None:
            return


_NOTHING = FieldChange(field="", before=None, after=None, secret=False)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _shape(one: AuditEntry, names: Mapping[str, str]) -> AuditShape:
    command = one.by.removeprefix(COMMAND) if one.by.startswith(COMMAND) else None
    person = one.by if one.by and command is None else ""
    secrets = {name for name, value in one.after.items() if value == HIDDEN}
    return AuditShape(
        id=one.id,
        at=one.at,
        by=Named(id=person, name=names.get(person, person)) if person else None,
        token=one.token or None,
        command=command,
        action=one.action,
        kind=one.kind,
        object=Named(id=one.object_id, name=names.get(one.object_id, "")),
        changes=[
            FieldChange(
                field=name,
                before=one.before.get(name),
                after=None if name in secrets else one.after.get(name),
                secret=name in secrets,
            )
            for name in one.before | one.after
        ],
    )
