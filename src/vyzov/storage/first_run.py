"""Makes a database usable for the first time: tables, organisation, principal, floor,
administrator."""

from dataclasses import dataclass

import sqlalchemy as sa

from vyzov.core.instants import to_text
from vyzov.dialer.office_records import Role
from vyzov.dialer.people_records import FIRST_REASONS
from vyzov.dialer.ports import Clock, Randomness
from vyzov.storage import tables as t
from vyzov.storage.address import Address
from vyzov.storage.connections import open_engine
from vyzov.storage.migrate import migrate
from vyzov.storage.office_users import plain_login
from vyzov.storage.tables_people import pause_reason


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The ids of what the first run made."""

    organisation: str
    principal: str
    floor: str
    administrator: str


def first_run(
    path: Address,
    *,
    clock: Clock,
    randomness: Randomness,
    number_salt: str,
    organisation: str,
    login: str,
    name: str,
    password_hash: str,
    language: str = "en",
) -> FirstRun | None:
    """Migrates the database and fills it; None where an organisation is there already.

    `number_salt` is 32 random bytes as hex, `password_hash` argon2id. It is one transaction, so a
    second process that starts at the same moment finds all of it or nothing."""
    migrate(path)
    made = FirstRun(*(randomness.new_id() for _ in range(4)))
    now = to_text(clock.utc())
    rows: list[tuple[sa.Table, dict[str, object]]] = [
        (
            t.organisation,
            {"id": made.organisation, "name": organisation, "number_salt": number_salt},
        ),
        (t.principal, {"id": made.principal, "name": organisation}),
        (t.floor, {"id": made.floor, "name": organisation}),
        (
            t.user_account,
            {
                "id": made.administrator,
                "login": plain_login(login),
                "name": name,
                "role": Role.ADMINISTRATOR.value,
                "language": language,
                "theme": "system",
                "password_hash": password_hash,
            },
        ),
    ]
    reasons: list[tuple[sa.Table, dict[str, object]]] = [
        (pause_reason, {
            "id": one.id, "name_ru": one.name_ru, "name_en": one.name_en, "paid": int(one.paid),
            "limit_s": one.limit_s, "position": place,
        })
        for place, one in enumerate(FIRST_REASONS, 1)
    ]  # fmt: skip
    rows += reasons
    engine = open_engine(path, writes=True)
    try:
        with engine.begin() as connection:
            if connection.execute(sa.select(t.organisation.c.id).limit(1)).first() is not None:
                return None
            for table, values in rows:
                if table is not t.organisation:
                    values["organisation_id"] = made.organisation
                if "created_at" in table.c:
                    values["created_at"] = now
                connection.execute(table.insert().values(**values))
    finally:
        engine.dispose()
    return made
