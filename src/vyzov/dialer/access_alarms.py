"""Hands out alarms and their thresholds to one person; the rest of the door is in `access`."""

from collections.abc import Mapping

from vyzov.core.alarms import AlarmKind, Threshold
from vyzov.core.errors import InvalidRequest
from vyzov.dialer.access_history import found
from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.alarm_store import AlarmRecord
from vyzov.dialer.rights import Action


class AlarmDoor(KpiDoor):
    """The part of `access.Door` about alarms."""

    def alarms(self, *, standing: bool, limit: int) -> tuple[AlarmRecord, ...]:
        """Gives alarms, the latest first."""
        self.person.must(Action.FLOOR_SEE)
        return self._office.alarms(self._own, standing=standing, limit=limit)

    def thresholds(self) -> Mapping[AlarmKind, Threshold]:
        """Gives the threshold of each kind."""
        self.person.must(Action.FLOOR_SEE)
        return self._office.thresholds(self._own)

    def set_threshold(self, threshold: Threshold) -> None:
        """Changes a threshold; one that is wrong is a fault in its fields."""
        self.person.must(Action.ALARM_EDIT)
        faults = threshold.faults()
        if faults:
            raise InvalidRequest.of("The threshold", faults)
        self._office.set_threshold(self._own, threshold)

    def acknowledge_alarm(self, alarm_id: str) -> AlarmRecord:
        """Notes that this person took an alarm up; whoever was first stays."""
        self.person.must(Action.ALARM_NOTE)
        done = self._office.acknowledge_alarm(self._own, alarm_id, self.person.user)
        return found(done, "alarm")
