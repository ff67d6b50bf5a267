"""Writes the log of changes: sees each statement the office writes with, and notes what it changed.

One place for all of the office: `OfficeBase` watches every transaction that writes, so no topic can
forget to. A row is read before it is first touched and once more at the end; what differs becomes one
entry for each object. Tables nobody's decision stands in are named in `UNWATCHED`; a new table is
watched with all its columns, its secrets told only as changed, until it has a row in `WATCHED`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event

from vyzov.dialer.audit_records import HIDDEN, AuditAction
from vyzov.storage.columns import metadata
from vyzov.storage.values import json_text

OPTION = "vyzov_watch"
ROWS_MOST = 1_000
"""A statement that touches more rows than this is noted for as many only."""
TEXT_MOST = 500
_SECRETS = ("password", "secret", "hash", "ha1", "salt", "totp")
_NEVER = frozenset({"organisation_id", "created_at", "changed_at", "created_by", "name_folded"})
_ENDS = (
    "ended_at",
    "revoked_at",
    "cancelled_at",
    "undone_at",
    "valid_to",
    "archived_at",
    "deleted_at",
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is told of a table's rows: `fields` to their names in the log, an empty name for a JSON
    object whose members stand for themselves.

    `of` names the column of the object an entry is about, `version` the column that counts versions
    of it, `label` the column whose value is put behind each name, `born` the column that is filled
    when the object is complete."""

    kind: str
    fields: Mapping[str, str]
    of: str = "id"
    version: str = ""
    label: str = ""
    born: str = ""


def _plain(*names: str, **named: str) -> dict[str, str]:
    return {name: name for name in names} | named


WATCHED: Mapping[str, Watched] = {
    "organisation": Watched(
        "organisation",
        _plain("name", "emergency_stop_at", "pause_free_text", "second_factor_roles"),
    ),
    "principal": Watched("principal", _plain("name")),
    "floor": Watched("floor", _plain("name")),
    "user_account": Watched(
        "user",
        _plain(
            "login", "name", "role", "language", "principal_id", "disabled_at", "floor_id",
            "team_id", totp_since="second_factor",
            password_hash="password",  # noqa: S106 - the name of a column
        ),
    ),
    "trunk": Watched(
        "trunk",
        _plain(
            "name", "host", "port", "username", "password", "realm", "codecs", "lines_max",
            "calls_per_second", "active", options="",
        ),
    ),
    "desk_phone": Watched(
        "phone", _plain("user_id", "name", "username", "revoked_at", ha1="password")
    ),
    "price_version": Watched("prices", _plain("valid_from", prices=""), of="", version="version"),
    "shift": Watched(
        "shift",
        _plain(
            "agent_id", "starts_at", "ends_at", "paid_break_s", "unpaid_break_s", "cancelled_at"
        ),
    ),
    "contact_list": Watched(
        "list", _plain("name", "file_name", "rows_total", "contacts", "undone_at"),
        born="completed_at",
    ),
    "contact": Watched("contact", _plain("language", "stage", "temperature")),
    "contact_person": Watched("contact", _plain("name", "note", "fields"), of="contact_id"),
    "contact_phone": Watched(
        "contact", _plain(e164="number"), of="contact_id", label="position"
    ),
    "consent": Watched(
        "contact",
        _plain(source="consent_source", given_at="consent_given_at",
               revoked_at="consent_revoked_at"),
        of="contact_id",
        label="purpose",
    ),
    "stop_list": Watched("stop", _plain("reason", "source", "valid_to")),
    "callback": Watched("callback", _plain("campaign_id", "due_at", "agent_id", "state", "reason")),
    "campaign": Watched(
        "campaign",
        _plain("principal_id", "name", "purpose", "mode", "state", "list_id", "floor_id"),
    ),
    "campaign_version": Watched(
        "campaign", _plain(settings=""), of="campaign_id", version="version"
    ),
    "api_token": Watched(
        "token", _plain("user_id", "name", "scopes", "expires_at", "revoked_at")
    ),
    "webhook": Watched(
        "webhook",
        _plain("name", "url", "events", "with_person", "active", "off_reason", "secret"),
    ),
    "script": Watched("script", _plain("name", "archived_at")),
    "script_version": Watched(
        "script", _plain("steps"), of="script_id", version="version"
    ),
    "team": Watched("team", _plain("name")),
    "pause_reason": Watched(
        "pause_reason", _plain("name_ru", "name_en", "paid", "limit_s", "position", "ended_at")
    ),
    "quarantine": Watched("quarantine", _plain("lifted_at", "lift_reason")),
}  # fmt: skip

UNWATCHED = frozenset(
    {
        "audit_entry", "agent_device", "agent_wish", "attempt", "campaign_contact",
        "campaign_tally", "delivery", "delivery_try", "disposition", "fact", "fact_head",
        "idempotency", "import_row", "journal_mark", "kpi_mark", "kpi_sum", "outbox", "recovery_code",
        "outcome_tally", "recording", "script_answer", "script_walk", "stop_number",
        "web_session", "worker_lease",
    }
)  # fmt: skip
"""Tables of what happened, of copies and of sessions: no decision of the office stands there."""


def watched(table: str) -> Watched | None:
    """Returns what is told of a table's rows, None where nothing is."""
    known = WATCHED.get(table)
    if known is not None or table in UNWATCHED or table not in metadata.tables:
        return known
    columns = metadata.tables[table].c
    if any(name in columns for name in ("contact_id", "attempt_id", "lease_until")):
        return None
    fields = {
        name: name
        for name in columns.keys()  # noqa: SIM118 - it yields columns
        if name not in _NEVER and name != "id"
    }
    return Watched(table, fields, of="id" if "id" in columns else "")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one object."""

    organisation: str
    kind: str
    object_id: str
    action: AuditAction
    before: Mapping[str, object]
    after: Mapping[str, object]


Row = Mapping[str, Any]
_Key = tuple[tuple[str, Any], ...]


class Watch:
    """Sees what one transaction does to rows that are watched."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._touched: dict[tuple[str, _Key], Row | None] = {}

    def look(
        self, statement: object, many: Sequence[Mapping[str, Any]], one: Mapping[str, Any]
    ) -> None:
        """Remembers how the rows stand that a statement is about to change."""
        if isinstance(statement, sa.Insert):
            given = many or [one or statement.compile().params]
            self._look_at_new(cast("sa.Table", statement.table), given)
        elif isinstance(statement, sa.Update | sa.Delete):
            table = cast("sa.Table", statement.table)
            if watched(table.name) is not None:
                where = statement.whereclause
                asked = sa.select(table).limit(ROWS_MOST)
                self._note(table, asked if where is None else asked.where(where), one)

    def _look_at_new(self, table: sa.Table, given: Sequence[Mapping[str, Any]]) -> None:
        rule = watched(table.name)
        if rule is None:
            return
        for values in given[:ROWS_MOST]:
            if not all(values.get(column.name) is not None for column in table.primary_key):
                continue
            key = _key_of(table, values)
            self._touched.setdefault((table.name, key), self._before_new(table, rule, key))

    def _before_new(self, table: sa.Table, rule: Watched, key: _Key) -> Row | None:
        known = self._read(table, key)
        if known is not None or not rule.version:
            return known
        fixed = [(name, value) for name, value in key if name != rule.version]
        version = table.c[rule.version]
        return self._first(
            sa.select(table).where(*_same(table, fixed)).order_by(version.desc()).limit(1)
        )

    def _note(self, table: sa.Table, asked: sa.Select[Any], values: Mapping[str, Any]) -> None:
        for row in self._connection.execute(asked, values or None).mappings().all():
            self._touched.setdefault((table.name, _key_of(table, dict(row))), dict(row))

    def _read(self, table: sa.Table, key: _Key) -> Row | None:
        return self._first(sa.select(table).where(*_same(table, key)))

    def _first(self, asked: sa.Select[Any]) -> Row | None:
        row = self._connection.execute(asked).mappings().first()
        return None if row is None else dict(row)

    def changes(self) -> list[Change]:
        """Returns what the transaction did so far, one change for each object."""
        found: dict[tuple[str, str, str], Change] = {}
        for (name, key), before in self._touched.items():
            table, rule = metadata.tables[name], watched(name)
            assert rule is not None, "only rows that are watched are touched"
            change = _change(rule, before, self._read(table, key), dict(key))
            if change is not None:
                place = change.organisation, change.kind, change.object_id
                found[place] = _joined(found.get(place), change)
        return list(found.values())


def watch_engine(engine: sa.Engine) -> None:
    """Has every statement of the engine seen by the watch of its transaction, where there is one."""

    def before(
        connection: sa.Connection, statement: object, many: Any, one: Any, _options: object
    ) -> None:
        watch = connection.get_execution_options().get(OPTION)
        if watch is not None:
            watch.look(statement, many, one)

    event.listen(engine, "before_execute", before)


def _same(table: sa.Table, key: Sequence[tuple[str, Any]]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key]


def _key_of(table: sa.Table, values: Mapping[str, Any]) -> _Key:
    return tuple((column.name, values[column.name]) for column in table.primary_key)


def _change(
    rule: Watched, before: Row | None, after: Row | None, key: Mapping[str, Any]
) -> Change | None:
    action = _action(rule, before, after)
    if action is None:
        return None
    known = after or before or {}
    old, new = _told(rule, before), _told(rule, after)
    if action is AuditAction.CREATE and rule.born:
        old = {}
    names = [name for name in old | new if old.get(name) != new.get(name)]
    secrets = {name for name in names if is_secret(name)}
    if not names:
        return None
    return Change(
        organisation=str(key.get("organisation_id") or known["id"]),
        kind=rule.kind,
        object_id=str(known[rule.of]) if rule.of else "",
        action=action,
        before={n: old[n] for n in names if n in old and n not in secrets},
        after={n: HIDDEN if n in secrets else new[n] for n in names if n in new},
    )


def _action(rule: Watched, before: Row | None, after: Row | None) -> AuditAction | None:
    if after is None:
        return None if before is None else AuditAction.DELETE
    if rule.born:
        if after[rule.born] is None:
            return None
        if before is None or before[rule.born] is None:
            return AuditAction.DELETE if _ended(None, after) else AuditAction.CREATE
    if before is None:
        return AuditAction.CREATE
    if rule.of in ("id", "") and not rule.version and _ended(before, after):
        return AuditAction.DELETE
    return AuditAction.CHANGE


def _ended(before: Row | None, after: Row) -> bool:
    return any(
        after.get(name) is not None and (before is None or before.get(name) is None)
        for name in _ENDS
    )


def _joined(one: Change | None, other: Change) -> Change:
    """Puts together what two rows of one object tell; what made or ended it names the whole."""
    if one is None:
        return other
    strongest = one if one.action is not AuditAction.CHANGE else other
    return Change(
        one.organisation, one.kind, one.object_id, strongest.action,
        {**one.before, **other.before}, {**one.after, **other.after},
    )  # fmt: skip


def _told(rule: Watched, row: Row | None) -> dict[str, object]:
    """Returns a row's fields by their names in the log, members of JSON objects each by itself."""
    told: dict[str, object] = {}
    for column, name in rule.fields.items() if row is not None else ():
        assert row is not None, "a row that is not there has no fields"
        value = _value(row[column])
        full = f"{name}.{row[rule.label]}" if rule.label else name
        if isinstance(value, dict) and not is_secret(full):
            told |= _members(full, cast("dict[str, object]", value))
        elif value not in (None, "", []):
            told[full] = value
    return told


def _members(path: str, value: Mapping[str, object]) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, member in value.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(member, dict):
            told |= _members(inner, cast("dict[str, object]", member))
        elif member not in (None, "", []):
            told[inner] = _short(member)
    return told


def _value(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            read = json.loads(value)
        except ValueError:
            return _short(value)
        return read if isinstance(read, dict) else _short(read)
    return _short(value)


def _short(value: object) -> object:
    if isinstance(value, list | dict):
        text = json_text(cast("object", value))
        return cast("object", value) if len(text) <= TEXT_MOST else _cut(text)
    if isinstance(value, bytes):
        return f"{len(value)} B"
    return _cut(value) if isinstance(value, str) and len(value) > TEXT_MOST else value


def _cut(text: str) -> str:
    return text[: TEXT_MOST - 1] + "…"


def is_secret(name: str) -> bool:
    """Tells whether a field's value is never written down."""
    return any(part in name for part in _SECRETS)
