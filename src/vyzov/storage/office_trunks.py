"""Trunks: how carriers are reached, and the limits of each."""

import sqlalchemy as sa

from vyzov.dialer.office_records import Trunk, TrunkSettings
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.trunk_rows import trunk_columns, trunk_of


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
            return tuple(trunk_of(dict(row)) for row in rows.mappings())

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
                    **trunk_columns(settings),
                )
            )
            made = _read(connection, organisation, trunk_id)
        assert made is not None, "a trunk just written is there"
        return made

    def change_trunk(
        self, organisation: str, trunk_id: str, settings: TrunkSettings
    ) -> Trunk | None:
        """Replaces a trunk's settings; an empty password keeps the one there is."""
        values = trunk_columns(settings)
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
    rows = connection.execute(
        sa.select(t.trunk).where(
            t.trunk.c.organisation_id == organisation, t.trunk.c.id == trunk_id
        )
    )
    row = rows.mappings().first()
    return None if row is None else trunk_of(dict(row))
