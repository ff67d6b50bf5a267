"""Alarms and their thresholds in tables; each alarm is told by facts, in the transaction of its row."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from vyzov.core.alarms import DEFAULTS, AlarmKind, Cleared, Raised, Threshold
from vyzov.core.facts import FactKind
from vyzov.core.instants import from_text
from vyzov.dialer.alarm_store import AlarmRecord
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_alarms import alarm, alarm_threshold
from vyzov.storage.values import time_or_none

OF_CAMPAIGNS = frozenset(
    {AlarmKind.LOST_SHARE, AlarmKind.WAIT, AlarmKind.NO_OPERATORS, AlarmKind.LIST_LOW}
)
"""Whose subject is a campaign, so that its facts bear it."""


class Alarms(OfficeBase):
    """The topic of `dialer.alarm_store.AlarmStore`."""

    def thresholds(self, organisation: str) -> Mapping[AlarmKind, Threshold]:
        """Returns the threshold of each kind, the default where nobody has set one."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(alarm_threshold).where(alarm_threshold.c.organisation_id == organisation)
            )
            return {**DEFAULTS, **{AlarmKind(row.kind): _threshold(row) for row in rows}}

    def set_threshold(self, organisation: str, threshold: Threshold) -> None:
        """Writes the threshold of one kind."""
        which = (
            alarm_threshold.c.organisation_id == organisation,
            alarm_threshold.c.kind == threshold.kind.value,
        )
        values = {
            "raise_at": threshold.raise_at,
            "clear_at": threshold.clear_at,
            "hold_s": threshold.hold.total_seconds(),
            "active": int(threshold.active),
            "changed_at": self._now_text(),
        }
        with self._writing() as connection:
            there = connection.execute(sa.select(alarm_threshold.c.kind).where(*which)).first()
            if there is None:
                connection.execute(
                    alarm_threshold.insert().values(
                        organisation_id=organisation, kind=threshold.kind.value, **values
                    )
                )
            else:
                connection.execute(alarm_threshold.update().where(*which).values(**values))

    def alarms(
        self, organisation: str, *, standing: bool = True, limit: int = 100
    ) -> tuple[AlarmRecord, ...]:
        """Returns alarms, the latest first: those that stand, or past ones as well."""
        which = [alarm.c.organisation_id == organisation]
        if standing:
            which.append(alarm.c.cleared_at.is_(None))
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(alarm).where(*which).order_by(alarm.c.id.desc()).limit(limit)
            )
            return tuple(_alarm(row) for row in rows)

    def alarm(self, organisation: str, alarm_id: str) -> AlarmRecord | None:
        """Returns an alarm by id."""
        with self._reading() as connection:
            row = connection.execute(sa.select(alarm).where(*_one(organisation, alarm_id))).first()
            return None if row is None else _alarm(row)

    def note_alarms(self, organisation: str, told: Sequence[Raised | Cleared]) -> None:
        """Writes what began and ended; an alarm that stands already is not raised twice."""
        with self._writing(audited=False) as connection:
            for event in told:
                if isinstance(event, Raised):
                    self._raise_alarm(connection, organisation, event)
                else:
                    self._clear_alarm(connection, organisation, event)

    def _raise_alarm(self, connection: sa.Connection, organisation: str, event: Raised) -> None:
        reading = event.reading
        if _standing(connection, organisation, reading.kind, reading.subject) is not None:
            return
        alarm_id = self._new_id()
        connection.execute(
            alarm.insert().values(
                id=alarm_id,
                organisation_id=organisation,
                kind=reading.kind.value,
                subject=reading.subject,
                name=reading.name,
                value=reading.value,
                threshold=event.threshold,
                raised_at=self._now_text(),
            )
        )
        about = {
            "alarm": alarm_id, "kind": reading.kind.value, "subject": reading.subject,
            "value": reading.value, "threshold": event.threshold,
        }  # fmt: skip
        self._tell_alarm(connection, organisation, FactKind.ALARM_RAISED, reading.kind, about)

    def _clear_alarm(self, connection: sa.Connection, organisation: str, event: Cleared) -> None:
        row = _standing(connection, organisation, event.kind, event.subject)
        if row is None:
            return
        connection.execute(
            alarm.update().where(*_one(organisation, row.id)).values(cleared_at=self._now_text())
        )
        about = {"alarm": row.id, "kind": event.kind.value, "subject": event.subject}
        self._tell_alarm(connection, organisation, FactKind.ALARM_CLEARED, event.kind, about)

    def acknowledge_alarm(self, organisation: str, alarm_id: str, by: str) -> AlarmRecord | None:
        """Notes who took an alarm up; the first who did stays."""
        with self._writing(audited=False) as connection:
            row = connection.execute(sa.select(alarm).where(*_one(organisation, alarm_id))).first()
            if row is None:
                return None
            if row.acknowledged_at is None:
                connection.execute(
                    alarm.update()
                    .where(*_one(organisation, alarm_id))
                    .values(acknowledged_at=self._now_text(), acknowledged_by=by)
                )
                about = {"alarm": row.id, "kind": row.kind, "subject": row.subject, "by": by}
                kind = FactKind.ALARM_ACKNOWLEDGED
                self._tell_alarm(connection, organisation, kind, AlarmKind(row.kind), about)
        return self.alarm(organisation, alarm_id)

    def _tell_alarm(
        self, connection: sa.Connection, organisation: str, kind: FactKind, of: AlarmKind,
        about: Mapping[str, object],
    ) -> None:  # fmt: skip
        campaign = str(about["subject"]) if of in OF_CAMPAIGNS else None
        dedupe = f"alarm:{about['alarm']}:{kind.value}"
        self._tell(connection, organisation, kind, dedupe, about, campaign=campaign)


def _one(organisation: str, alarm_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (alarm.c.organisation_id == organisation, alarm.c.id == alarm_id)


def _standing(
    connection: sa.Connection, organisation: str, kind: AlarmKind, subject: str
) -> sa.Row[Any] | None:
    return connection.execute(
        sa.select(alarm).where(
            alarm.c.organisation_id == organisation,
            alarm.c.kind == kind.value,
            alarm.c.subject == subject,
            alarm.c.cleared_at.is_(None),
        )
    ).first()


def _threshold(row: sa.Row[Any]) -> Threshold:
    return Threshold(
        AlarmKind(row.kind),
        row.raise_at,
        row.clear_at,
        timedelta(seconds=row.hold_s),
        bool(row.active),
    )


def _alarm(row: sa.Row[Any]) -> AlarmRecord:
    return AlarmRecord(
        id=row.id,
        kind=AlarmKind(row.kind),
        subject=row.subject,
        name=row.name,
        value=row.value,
        threshold=row.threshold,
        raised_at=from_text(row.raised_at),
        cleared_at=time_or_none(row.cleared_at),
        acknowledged_at=time_or_none(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by,
    )
