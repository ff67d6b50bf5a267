"""What the office asks of a store about alarms: thresholds, and alarms raised, acknowledged, over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vyzov.core.alarms import AlarmKind, Cleared, Raised, Threshold


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """An alarm as it was raised; `cleared_at` is None while it stands."""

    id: str
    kind: AlarmKind
    subject: str
    name: str
    value: float
    threshold: float
    raised_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


class AlarmStore(Protocol):
    """Thresholds are the managers'; an alarm is written once, with the fact that tells of it."""

    def thresholds(self, organisation: str) -> Mapping[AlarmKind, Threshold]:
        """Returns the threshold of each kind, the default where nobody has set one."""
        ...

    def set_threshold(self, organisation: str, threshold: Threshold) -> None:
        """Writes the threshold of one kind."""
        ...

    def alarms(
        self, organisation: str, *, standing: bool = True, limit: int = 100
    ) -> tuple[AlarmRecord, ...]:
        """Returns alarms, the latest first: those that stand, or past ones as well."""
        ...

    def alarm(self, organisation: str, alarm_id: str) -> AlarmRecord | None: ...

    def note_alarms(self, organisation: str, told: Sequence[Raised | Cleared]) -> None:
        """Writes what began and ended; an alarm that stands already is not raised twice."""
        ...

    def acknowledge_alarm(self, organisation: str, alarm_id: str, by: str) -> AlarmRecord | None:
        """Notes who took an alarm up; the first who did stays."""
        ...
