"""Trunks: how carriers are reached, and the limits of each."""

from typing import Any

import sqlalchemy as sa

from vyzov.core.instants import from_text
from vyzov.dialer.office_records import Trunk, TrunkSettings
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.values import words_of, words_text


class Trunks(OfficeBase):
    """The part of `dialer.office_store.CampaignStore` about trunks."""

    def trunks(self, organisation: str) -> tuple[Trunk, ...]:
        """Returns all trunks, the first made first."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(t.trunk)
                .where(t.trunk.c.organisation_id == organisation)
                .order_by(t.trunk.c.created_at, t.trunk.c.id)
            )
            return tuple(_trunk(row) for row in rows)

    def trunk(self, organisation: str, trunk_id: str) -> Trunk | None:
        """Returns a trunk by id."""
        with self._reading() as connection:
            return _read(connection, organisation, trunk_id)

    def create_trunk(self, organisation: str, settings: TrunkSettings) -> Trunk:
        """Creates a trunk."""
        trunk_id = self._new_id()
        with self._writing() as connection:
            connection.execute(
                t.trunk.insert().values(
                    id=trunk_id,
                    organisation_id=organisation,
                    created_at=self._now_text(),
                    **_columns(settings),
                )
            )
            made = _read(connection, organisation, trunk_id)
        assert made is not None, "a trunk just written is there"
        return made

    def change_trunk(
        self, organisation: str, trunk_id: str, settings: TrunkSettings
    ) -> Trunk | None:
        """Replaces a trunk's settings; an empty password keeps the one there is."""
        values = _columns(settings)
        if not settings.password:
            del values["password"]
        with self._writing() as connection:
            connection.execute(
                t.trunk.update()
                .where(t.trunk.c.organisation_id == organisation, t.trunk.c.id == trunk_id)
                .values(**values)
            )
            return _read(connection, organisation, trunk_id)


def _read(connection: sa.Connection, organisation: str, trunk_id: str) -> Trunk | None:
    row = connection.execute(
        sa.select(t.trunk).where(
            t.trunk.c.organisation_id == organisation, t.trunk.c.id == trunk_id
        )
    ).first()
    return None if row is None else _trunk(row)


def _columns(settings: TrunkSettings) -> dict[str, object]:
    return {
        "name": settings.name,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "password": settings.password,
        "realm": settings.realm,
        "codecs": words_text(settings.codecs),
        "lines_max": settings.lines_max,
        "calls_per_second": settings.calls_per_second,
        "active": int(settings.active),
    }


def _trunk(row: sa.Row[Any]) -> Trunk:
    return Trunk(
        id=row.id,
        created_at=from_text(row.created_at),
        settings=TrunkSettings(
            name=row.name,
            host=row.host,
            port=row.port,
            username=row.username,
            password=row.password,
            realm=row.realm,
            codecs=words_of(row.codecs),
            lines_max=row.lines_max,
            calls_per_second=row.calls_per_second,
            active=bool(row.active),
        ),
    )
