"""Who changed what: the records of the log of changes, and what is asked of its store.

An entry is written by the store itself, in the transaction of the change it tells of (`storage.audit`);
who is at work is said once, when a door is opened. Who may read the log is decided in `access_audit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from vyzov.dialer.office_records import Page
from vyzov.dialer.ports import Json

COMMAND = "command:"
"""What stands before the name of a command where a person would be named."""
HIDDEN = "•"
"""What stands where a secret was changed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is at work: a person, a program with a token of theirs, or (without both) Vyzov itself.

    `user` is a user's id, or `COMMAND` and the name of a command."""

    user: str = ""
    token: str = ""


def by_command(name: str) -> Actor:
    """Makes the actor of a command line, such as `trunk add`."""
    return Actor(COMMAND + name)


class AuditAction(StrEnum):
    """What was done to an object."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of one object: the fields that changed, as they were and as they are.

    A secret is never written down: its field stands in `after` with nothing but that it changed."""

    id: str
    at: datetime
    by: str
    token: str
    action: AuditAction
    kind: str
    object_id: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries are meant; what is None is not asked for. `since` is inclusive, `until` not."""

    kind: str | None = None
    object_id: str | None = None
    by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage(Page[AuditEntry]):
    """Entries, with names of the objects and people they speak of, by id."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])


class AuditStore(Protocol):
    """The log of changes, and who is at work."""

    def acting(self, actor: Actor) -> Self:
        """Returns the same store with its changes put down to somebody."""
        ...

    def audit_entries(
        self, organisation: str, query: AuditQuery, *, cursor: str | None = None, limit: int = 50
    ) -> AuditPage:
        """Returns entries, the latest first."""
        ...

    def audit_kinds(self, organisation: str) -> tuple[str, ...]:
        """Returns the kinds of objects the log has entries of."""
        ...
