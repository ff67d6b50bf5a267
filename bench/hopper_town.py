"""Makes databases of many contacts for `bench hopper`, by the product's own tables and in bulk.

Everything but the rows in bulk is made by the product (migrations, first run, campaign). One in a
hundred contacts is in the westernmost zone, and those stand at the very end of the list; 49 in a
hundred may be called an hour longer, the others at most until the afternoon begins: by the window
asked for, none, half or all but the last hundredth of the queue cannot be called.
"""

import hashlib
import os
import re
import sqlite3
import uuid
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import psycopg

from vyzov.core.instants import to_text
from vyzov.core.lookahead import Hours
from vyzov.core.window import CallWindow
from vyzov.storage.address import Address, is_postgres
from vyzov.storage.connections import open_connection
from vyzov.storage.first_run import first_run
from vyzov.storage.office import SqlOffice
from vyzov.storage.values import words_text

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SALT = "5a" * 32
STOPPED = 100_000
PIECE = 500_000
CONTACTS_MAX = 10_000_000
WEST = ("Europe/Kaliningrad",)
MIDDLE = (("Europe/Moscow",), ("Europe/Moscow", "Europe/Kaliningrad"), ("Europe/Simferopol",))
EAST = (
    ("Europe/Moscow", "Europe/Samara"), ("Europe/Samara",), ("Asia/Yekaterinburg",),
    ("Europe/Moscow", "Asia/Yekaterinburg"), ("Asia/Omsk",), ("Asia/Novosibirsk",),
    ("Asia/Krasnoyarsk",), ("Asia/Irkutsk",), ("Asia/Yakutsk",), ("Asia/Vladivostok",),
)  # fmt: skip
WINDOWS = {
    0: CallWindow(start=time(0), end=time(0)),
    50: CallWindow(start=time(9), end=time(15, 30)),
    99: CallWindow(start=time(9), end=time(14, 30)),
}
"""The share of the queue (in hundredths) that cannot be called at `NOON`, and the window for it."""
BULK_TABLES = ("contact", "contact_person", "contact_phone", "campaign_contact")


@dataclass(frozen=True, slots=True)
class Town:
    """A database and the ids of what is in it."""

    address: Address
    organisation: str
    floor: str
    campaign: str
    contacts: int

    def hours(self, closed: int) -> Hours:
        """The hours by which this many hundredths of the queue cannot be called."""
        return Hours(WINDOWS[closed], 1)


class _Clock:
    def monotonic(self) -> float:
        return 0.0

    def utc(self) -> datetime:
        return NOON


class Dice:
    """Ids as the product draws them, in the order of drawing."""

    def new_id(self) -> str:
        tail = int.from_bytes(os.urandom(10), "big")
        value = (int(NOON.timestamp() * 1000) & (1 << 48) - 1) << 80 | tail
        value = value & ~(0xF << 76) | 0x7 << 76
        return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))

    def dice(self) -> float:
        return 0.5


def build(address: Address, contacts: int, settings: dict[str, Any] | None = None) -> Town:
    """Makes a database of so many contacts, all of one campaign that runs."""
    assert 0 < contacts <= CONTACTS_MAX, "there are so many fictional numbers"
    clock, dice = _Clock(), Dice()
    made = first_run(
        address, clock=clock, randomness=dice, number_salt=SALT, organisation="Bench",
        login="admin", name="Admin", password_hash="-",
    )  # fmt: skip
    assert made is not None, "a new database"
    office = SqlOffice(address, clock=clock, randomness=dice)
    campaign = office.create_campaign(
        made.organisation, name="Many",
        settings={"purpose": "service", "mode": "agentless", **(settings or {})},
    ).id  # fmt: skip
    office.set_campaign_state(made.organisation, campaign, "running")
    office.close()
    named = {
        "organisation": made.organisation, "campaign": campaign, "list": dice.new_id(),
        "at": to_text(NOON), "count": contacts, "west": contacts - max(1, contacts // 100),
    }  # fmt: skip
    with connected(address) as connection:
        _fill(connection, named)
    return Town(address, made.organisation, made.floor, campaign, contacts)


# ---- the rows ------------------------------------------------------------------------------------

Connection = Any
_NAMED = re.compile(r"(?<=[ (,]):([a-z_]+)")
ID = {
    "sqlite": "printf('{prefix}-%04x-7000-8000-%012x', (i >> 16) & 65535, i)",
    "postgresql": "'{prefix}-' || lpad(to_hex((i >> 16) & 65535), 4, '0') || '-7000-8000-'"
    " || lpad(to_hex(i), 12, '0')",
}
CONTACT, PHONE, STOP, ATTEMPT = "01990000", "01990001", "01990002", "01990003"
NUMBER = {
    "sqlite": "printf('+7000%07d', i)",
    "postgresql": "'+7000' || lpad(CAST(i AS text), 7, '0')",
}
REFERENCE = {
    "sqlite": "ref({text})",
    "postgresql": "encode(sha256(convert_to({text}, 'UTF8')), 'hex')",
}
NUMBERS = {
    "sqlite": "WITH RECURSIVE n (i) AS (VALUES ({first}) UNION ALL SELECT i + 1 FROM n"
    " WHERE i < {last})",
    "postgresql": "WITH n (i) AS (SELECT generate_series(CAST({first} AS bigint), {last}))",
}


def id_of(prefix: str, number: int) -> str:
    """Returns the id that the bulk rows give to a number."""
    return f"{prefix}-{number >> 16 & 65535:04x}-7000-8000-{number:012x}"


@contextmanager
def connected(address: Address, *, vacuum: bool = True) -> Generator[Connection]:
    """A connection for work in bulk: no checks of keys, and no safety from a power cut."""
    if is_postgres(address):
        with psycopg.connect(str(address), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET maintenance_work_mem = '512MB'")
            yield connection
            if vacuum:
                for table in (*BULK_TABLES, "stop_list"):
                    connection.execute(f"VACUUM (ANALYZE) {table}".encode())
        return
    with closing(open_connection(address)) as connection:
        for pragma in (
            "foreign_keys = OFF", "synchronous = OFF", "journal_mode = OFF",
            "cache_size = -262144",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function(
            "ref", 1, lambda text: hashlib.sha256(text.encode()).hexdigest(), deterministic=True
        )
        yield connection
        connection.execute("PRAGMA journal_mode = WAL")


def kind_of(connection: Connection) -> str:
    return "sqlite" if isinstance(connection, sqlite3.Connection) else "postgresql"


def run(connection: Connection, statement: str, values: dict[str, Any] | None = None) -> Any:
    """Executes a statement whose parameters are written `:name`."""
    if kind_of(connection) == "sqlite":
        return connection.execute(statement, values or {})
    if values:
        statement = _NAMED.sub(r"%(\1)s", statement.replace("%", "%%"))
    return connection.execute(statement.encode(), values)


def _fill(connection: Connection, named: dict[str, Any]) -> None:
    indexes = _indexes(connection)
    for name, _ in indexes:
        run(connection, f"DROP INDEX {name}")
    buckets = _write_buckets(connection, named)
    run(
        connection,
        "INSERT INTO contact_list (id, organisation_id, name, file_name, file_sha256, rows_total,"
        " rows_ok, contacts, created_at, completed_at) VALUES (:list, :organisation, 'Many',"
        " 'clients.csv', '00', :count, :count, :count, :at, :at)",
        named,
    )
    run(connection, "UPDATE campaign SET list_id = :list WHERE id = :campaign", named)
    for first in range(0, named["count"], PIECE):
        last = min(first + PIECE, named["count"]) - 1
        for statement in _rows(kind_of(connection), first, last, buckets, named):
            run(connection, "BEGIN")
            run(connection, statement, named)
            run(connection, "COMMIT")
    _write_stops(connection, named)
    run(
        connection,
        "INSERT INTO campaign_tally (organisation_id, campaign_id, fresh, due, in_call, callback,"
        " closed, attempts, answered) VALUES (:organisation, :campaign, :count, 0, 0, 0, 0, 0, 0)",
        named,
    )
    for _, statement in indexes:
        run(connection, statement)


def _indexes(connection: Connection) -> list[tuple[str, str]]:
    """The indexes that are quicker to make afterwards: all but those of keys."""
    tables = ", ".join(f"'{table}'" for table in BULK_TABLES)
    if kind_of(connection) == "sqlite":
        rows = run(
            connection,
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            f" AND tbl_name IN ({tables})",
        )
        return [(row[0], row[1]) for row in rows.fetchall()]
    rows = run(
        connection,
        f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({tables})"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def _write_buckets(connection: Connection, named: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, zones in enumerate((WEST, *MIDDLE, *EAST), 1):
        found[words_text(zones)] = place
        run(
            connection, "INSERT INTO zone_bucket VALUES (:organisation, :place, :zones)",
            {"organisation": named["organisation"], "place": place, "zones": words_text(zones)},
        )  # fmt: skip
    return found


def _rows(
    kind: str, first: int, last: int, buckets: dict[str, int], named: dict[str, Any]
) -> list[str]:
    numbers = NUMBERS[kind].format(first=first, last=last)
    contact, phone = (ID[kind].format(prefix=prefix) for prefix in (CONTACT, PHONE))
    reference = REFERENCE[kind].format(text=NUMBER[kind])
    zones = _by_place(named["west"], {text: f"'{text}'" for text in buckets})
    bucket = _by_place(named["west"], {text: str(place) for text, place in buckets.items()})
    return [
        "INSERT INTO contact (id, organisation_id, list_id, row, language, stage, temperature,"
        f" created_at) {numbers} SELECT {contact}, :organisation, :list, i + 2, 'ru', 'new',"
        " 'cold', :at FROM n",
        "INSERT INTO contact_person (contact_id, organisation_id, name, name_folded, fields, note)"
        f" {numbers} SELECT {contact}, :organisation, 'Client ' || i, 'client ' || i,"
        ' \'{"city":"Kazan","tariff":"Optimal"}\', \'\' FROM n',
        "INSERT INTO contact_phone (id, organisation_id, contact_id, position, e164, number_ref,"
        f" country, zones) {numbers} SELECT {phone}, :organisation, {contact}, 0, {NUMBER[kind]},"
        f" {reference}, 'RU', {zones} FROM n",
        "INSERT INTO campaign_contact (organisation_id, campaign_id, contact_id, position, state,"
        f" attempts_made, phone_position, zone_bucket) {numbers} SELECT :organisation, :campaign,"
        f" {contact}, i + 2, 'fresh', 0, 0, {bucket} FROM n",
    ]


def _by_place(west: int, values: dict[str, str]) -> str:
    """An expression for the value of a place: the last hundredth is the west, the rest is mixed."""
    middle, east = (
        " ".join(
            f"WHEN {place} THEN {values[words_text(zones)]}" for place, zones in enumerate(many)
        )
        for many in (MIDDLE, EAST)
    )
    return (
        f"CASE WHEN i >= {west} THEN {values[words_text(WEST)]}"
        f" WHEN i * 7919 % 99 < 49 THEN CASE i * 31 % {len(MIDDLE)} {middle} END"
        f" ELSE CASE i * 17 % {len(EAST)} {east} END END"
    )


def _write_stops(connection: Connection, named: dict[str, Any]) -> None:
    """A stop-list of people who are on no list: every question asks it, none finds anything."""
    kind = kind_of(connection)
    numbers = NUMBERS[kind].format(first=1, last=STOPPED)
    reference = REFERENCE[kind].format(text=f"'other ' || {NUMBER[kind]}")
    run(
        connection,
        f"INSERT INTO stop_list (id, organisation_id, number_ref, reason, source, valid_from)"
        f" {numbers} SELECT {ID[kind].format(prefix=STOP)}, :organisation, {reference},"
        " 'asked', 'list', :at FROM n",
        named,
    )


def sizes(address: Address) -> dict[str, int]:
    """The bytes of a database, of its largest table and of the index of the calling order."""
    if not is_postgres(address):
        path = Path(str(address))
        return {"database": path.stat().st_size}
    with psycopg.connect(str(address)) as connection:
        row = connection.execute(
            "SELECT pg_database_size(current_database()), pg_total_relation_size("
            "'campaign_contact'), pg_relation_size('ix_campaign_contact_next')"
        ).fetchone()
    assert row is not None
    return {"database": row[0], "campaign_contact": row[1], "order_index": row[2]}
