"""A database put back from a backup, as the office sees it: what stands in the way, and lifting it."""

import json
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.quarantine import Found, Quarantine
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_journal import quarantine as table


class Quarantines(OfficeBase):
    """The topic of `dialer.quarantine.QuarantineBook`."""

    def quarantine(self, organisation: str) -> Quarantine | None:
        """Returns the quarantine that stands, None where people may be called."""
        with self._reading() as connection:
            return _standing(connection, organisation)

    def lift_quarantine(self, organisation: str, *, by: str, reason: str) -> Quarantine | None:
        """Lets the floor dial again; returns what stood in the way, None where nothing did."""
        with self._writing() as connection:
            stands = _standing(connection, organisation)
            if stands is None:
                return None
            at = self._now()
            connection.execute(
                table.update()
                .where(table.c.organisation_id == organisation, table.c.lifted_at.is_(None))
                .values(lifted_at=to_text(at), lifted_by=by, lift_reason=reason)
            )
            self._tell(
                connection,
                organisation,
                FactKind.QUARANTINE_LIFTED,
                f"quarantine_lifted:{stands.id}",
                {"by": by, "reason": reason, "backup_at": to_text(stands.backup_at)},
            )
        return replace(stands, lifted_at=at)


def _standing(connection: sa.Connection, organisation: str) -> Quarantine | None:
    row = connection.execute(
        sa.select(table)
        .where(table.c.organisation_id == organisation, table.c.lifted_at.is_(None))
        .order_by(table.c.began_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Quarantine(
        id=row.id,
        began_at=from_text(row.began_at),
        backup_at=from_text(row.backup_at),
        found=_found(row.found),
    )


def _found(text: str) -> Found:
    told = json.loads(text)
    until = told.get("until")
    last: datetime | None = from_text(until) if until else None
    return Found(
        batches=int(told.get("batches", 0)),
        attempts=int(told.get("attempts", 0)),
        stops=int(told.get("stops", 0)),
        left_out=int(told.get("left_out", 0)),
        until=last,
        gaps=tuple(told.get("gaps", ())),
    )
