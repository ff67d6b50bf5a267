"""Hands out the log of changes to those who may see it; the rest of the door is in `access`.

The log names people, objects and values of the whole organisation: it is the office's, and nobody
else's. Nobody changes it: entries are written by the store, and blanked by an erasure alone.
"""

from vyzov.dialer.access_kpi import KpiDoor
from vyzov.dialer.audit_records import AuditPage, AuditQuery
from vyzov.dialer.rights import Action


class AuditDoor(KpiDoor):
    """The part of `access.Door` about the log of changes."""

    def audit(self, query: AuditQuery, cursor: str | None, limit: int) -> AuditPage:
        """Gives entries, the latest first."""
        self.person.must(Action.AUDIT_SEE)
        return self._office.audit_entries(self._own, query, cursor=cursor, limit=limit)

    def audit_kinds(self) -> tuple[str, ...]:
        """Gives the kinds of objects the log has entries of."""
        self.person.must(Action.AUDIT_SEE)
        return self._office.audit_kinds(self._own)
