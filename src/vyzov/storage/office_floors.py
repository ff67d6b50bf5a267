"""Floors: who owns them, who works on them; made here, never taken away."""

from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.instants import from_text
from vyzov.dialer.floor_places import FloorMap, FloorPlace
from vyzov.storage import tables as t
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_floors import floor_lease

AT_REST = ("draft", "ready", "paused", "completed")
_LIVE = ("reserved", "originated")


class Floors(OfficeBase):
    """The topic of `dialer.floor_places.FloorBook`."""

    def floor_map(self) -> FloorMap:
        """Returns the floors of all organisations with their owners, and who is on which."""
        lease, person, campaign = floor_lease.c, t.user_account.c, t.campaign.c
        with self._reading() as connection:
            floors = connection.execute(
                sa.select(t.floor, lease.epoch, lease.holder, lease.lease_until, lease.address)
                .select_from(
                    t.floor.outerjoin(
                        floor_lease,
                        sa.and_(
                            lease.organisation_id == t.floor.c.organisation_id,
                            lease.floor_id == t.floor.c.id,
                        ),
                    )
                )
                .order_by(t.floor.c.created_at, t.floor.c.id)
            ).all()
            people = connection.execute(
                sa.select(person.id, person.floor_id).where(person.floor_id != "")
            ).all()
            campaigns = connection.execute(
                sa.select(campaign.id, campaign.floor_id).where(campaign.state != "archived")
            ).all()
        return FloorMap(
            tuple(_place(row) for row in floors),
            {row.id: row.floor_id for row in people},
            {row.id: row.floor_id for row in campaigns},
        )

    def create_floor(self, organisation: str, name: str) -> FloorPlace:
        """Makes a floor; a name there is already raises `InvalidRequest`."""
        made = FloorPlace(self._new_id(), organisation, name.strip())
        with self._writing() as connection:
            taken = connection.execute(
                sa.select(t.floor.c.id).where(
                    t.floor.c.organisation_id == organisation, t.floor.c.name == made.name
                )
            ).first()
            if taken is not None or not made.name:
                problem = f"'{made.name}' is taken" if made.name else "it is empty"
                raise InvalidRequest.of("The new floor", [Fault("name", problem)])
            connection.execute(
                t.floor.insert().values(
                    id=made.id, organisation_id=organisation, name=made.name,
                    created_at=self._now_text(),
                )
            )  # fmt: skip
        return made

    def put_person(self, organisation: str, user: str, floor: str) -> None:
        """Lets a person work on a floor from their next sign-in on; `InvalidRequest` for strangers."""
        with self._writing() as connection:
            _require(connection, t.floor, organisation, floor, "floor")
            _require(connection, t.user_account, organisation, user, "person")
            connection.execute(
                t.user_account.update()
                .where(
                    t.user_account.c.organisation_id == organisation, t.user_account.c.id == user
                )
                .values(floor_id=floor)
            )

    def put_campaign(self, organisation: str, campaign: str, floor: str) -> None:
        """Moves a campaign that does not run and has no call; `InvalidRequest` for any other."""
        with self._writing() as connection:
            _require(connection, t.floor, organisation, floor, "floor")
            _require(connection, t.campaign, organisation, campaign, "campaign")
            attempt = t.attempt.c
            busy = connection.execute(
                sa.select(attempt.id).where(
                    attempt.organisation_id == organisation,
                    attempt.campaign_id == campaign,
                    attempt.state.in_(_LIVE),
                )
            ).first()
            moved = connection.execute(
                t.campaign.update()
                .where(
                    t.campaign.c.organisation_id == organisation,
                    t.campaign.c.id == campaign,
                    t.campaign.c.state.in_(AT_REST),
                )
                .values(floor_id=floor)
            )
            if busy is not None or moved.rowcount != 1:
                raise InvalidRequest(
                    "A campaign that runs, or has a call, cannot move to another floor.",
                    "Pause it, wait until its last call is over, then move it.",
                )


def _place(row: Any) -> FloorPlace:
    return FloorPlace(
        row.id, row.organisation_id, row.name, row.epoch or 0, row.holder or "",
        from_text(row.lease_until) if row.lease_until else None, row.address or "",
    )  # fmt: skip


def _require(
    connection: sa.Connection, table: sa.Table, organisation: str, key: str, what: str
) -> None:
    found = connection.execute(
        sa.select(table.c.id).where(table.c.organisation_id == organisation, table.c.id == key)
    ).first()
    if found is None:
        raise InvalidRequest(f"There is no such {what}.", f"Look at the list of each {what}.")
