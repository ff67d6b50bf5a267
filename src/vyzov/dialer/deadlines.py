"""When each of many things is to be looked at next, and which of these moments comes first.

Asked at every step of a floor: the first one is remembered, not searched for each time.
"""

from datetime import datetime


class Deadlines:
    """Moments by the id of what they are about."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}
        self._first: datetime | None = None
        self._is_known = True

    def set(self, key: str, due: datetime | None) -> None:
        """Notes when something is to be looked at; None where it is not."""
        before = self._due.get(key)
        if before == due:
            return
        if before is not None and before == self._first:
            self._is_known = False
        if due is None:
            del self._due[key]
            return
        self._due[key] = due
        if self._first is None or due < self._first:
            # Earlier than the first there was, whether that one still stands or not.
            self._first, self._is_known = due, True

    def first(self) -> datetime | None:
        """The first moment of all, past ones included; None where nothing waits."""
        if not self._is_known:
            self._first, self._is_known = min(self._due.values(), default=None), True
        return self._first

    def first_after(self, now: datetime) -> datetime | None:
        """The first moment that is still to come."""
        first = self.first()
        if first is None or first > now:
            return first
        return min((at for at in self._due.values() if at > now), default=None)

    def passed(self, now: datetime) -> list[str]:
        """The ids of what is due by now, in order of the ids."""
        first = self.first()
        if first is None or first > now:
            return []
        return sorted(key for key, at in self._due.items() if at <= now)
