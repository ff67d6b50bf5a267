"""Desk phones of people: made, given another secret, taken out of use."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.instants import from_text
from vyzov.dialer.phone_records import DeskPhone, NewDeskPhone
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_phones import desk_phone
from vyzov.storage.values import json_text, texts_of


class Phones(OfficeBase):
    """The topic of `dialer.phone_records.PhoneStore`."""

    def phones(self, organisation: str) -> tuple[DeskPhone, ...]:
        """Returns the desk phones in use, by name."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(desk_phone)
                .where(
                    desk_phone.c.organisation_id == organisation,
                    desk_phone.c.revoked_at.is_(None),
                )
                .order_by(desk_phone.c.name, desk_phone.c.id)
            )
            return tuple(_phone(row) for row in rows)

    def phone(self, organisation: str, phone_id: str) -> DeskPhone | None:
        """Returns a desk phone in use by id."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(desk_phone).where(*_in_use(organisation, phone_id))
            ).first()
        return None if row is None else _phone(row)

    def create_phone(self, organisation: str, user_id: str, phone: NewDeskPhone) -> DeskPhone:
        """Makes a person's desk phone; one they had, or a username in use: `InvalidRequest`."""
        phone_id, now = self._new_id(), self._now_text()
        with self._writing() as connection:
            taken = connection.execute(
                sa.select(desk_phone.c.user_id, desk_phone.c.username).where(
                    desk_phone.c.organisation_id == organisation,
                    sa.or_(
                        desk_phone.c.username == phone.username,
                        sa.and_(desk_phone.c.user_id == user_id, desk_phone.c.revoked_at.is_(None)),
                    ),
                )
            ).first()
            if taken is not None:
                fault = Fault("username", f"'{phone.username}' is in use")
                if taken.username != phone.username:
                    fault = Fault("user", "has a desk phone already")
                raise InvalidRequest.of("The new desk phone", [fault])
            connection.execute(
                desk_phone.insert().values(
                    id=phone_id,
                    organisation_id=organisation,
                    user_id=user_id,
                    name=phone.name,
                    username=phone.username,
                    ha1=_hashes(phone.ha1),
                    created_at=now,
                    changed_at=now,
                )
            )
        made = self.phone(organisation, phone_id)
        assert made is not None, "a phone just committed is there"
        return made

    def change_phone(
        self, organisation: str, phone_id: str, phone: NewDeskPhone
    ) -> DeskPhone | None:
        """Gives a desk phone another name and secret; its username stays."""
        with self._writing() as connection:
            connection.execute(
                desk_phone.update()
                .where(*_in_use(organisation, phone_id))
                .values(name=phone.name, ha1=_hashes(phone.ha1), changed_at=self._now_text())
            )
        return self.phone(organisation, phone_id)

    def revoke_phone(self, organisation: str, phone_id: str) -> DeskPhone | None:
        """Takes a desk phone out of use for good; returns what it was.

        Its row stays with its username, so that nobody else gets a name that calls are told of;
        what it proved itself with is forgotten."""
        was = self.phone(organisation, phone_id)
        with self._writing() as connection:
            connection.execute(
                desk_phone.update()
                .where(*_in_use(organisation, phone_id))
                .values(revoked_at=self._now_text(), ha1="{}")
            )
        return was


def _in_use(organisation: str, phone_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        desk_phone.c.organisation_id == organisation,
        desk_phone.c.id == phone_id,
        desk_phone.c.revoked_at.is_(None),
    )


def _hashes(ha1: Mapping[str, str]) -> str:
    return json_text(dict(ha1))


def _phone(row: sa.Row[Any]) -> DeskPhone:
    return DeskPhone(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        username=row.username,
        ha1=texts_of(row.ha1),
        created_at=from_text(row.created_at),
        changed_at=from_text(row.changed_at),
    )
