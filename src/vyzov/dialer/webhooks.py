"""What is kept of webhooks: who is told of what, what waits to be told, and what became of it.

A webhook's secret is handed out when it is made and never again. What waits holds ids and references;
the person an event is about is looked up when it is sent, so an erased person is told to nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from vyzov.core.webhook import HookEvent
from vyzov.dialer.office_records import Page
from vyzov.dialer.ports import Json

OLD_SECRET_LASTS = timedelta(hours=24)
"""For how long after a new secret was made deliveries are signed with the old one as well."""

WEBHOOKS_MOST = 50
"""Webhooks of an organisation; each may stand for a receiver that hangs."""


class DeliveryState(StrEnum):
    """How far the telling of an event to a webhook has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class OffReason(StrEnum):
    """Why a webhook was switched off, where no person did it."""

    NONE = ""
    DEAD = "dead"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to be made, or what one becomes; `with_person` adds name, numbers and fields."""

    name: str
    url: str
    events: tuple[HookEvent, ...]
    with_person: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of what. `failing_since` is the first failure after the last success."""

    id: str
    settings: NewWebhook
    off_reason: OffReason
    failing_since: datetime | None
    created_at: datetime
    changed_at: datetime
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook as the worker sees it, with what signs its deliveries, the newest secret first."""

    id: str
    url: str
    with_person: bool
    secrets: tuple[str, ...] = field(repr=False)
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One event told to one webhook; status, error and time are those of the last try."""

    number: int
    event_id: str
    event: HookEvent
    at: datetime
    campaign: str | None
    contact: str | None
    attempt: str | None
    state: DeliveryState
    tries: int
    next_at: datetime
    done_at: datetime | None
    status: int | None
    error: str
    took_ms: int | None


@dataclass(frozen=True, slots=True)
class TryRecord:
    """One attempt to bring an event: what the receiver answered, or an id of why it did not."""

    at: datetime
    status: int | None
    took_ms: int
    error: str


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is to be brought to a webhook now. `turn` is whose order must be kept."""

    webhook: str
    number: int
    turn: str
    tries: int
    event_id: str
    event: HookEvent
    at: datetime
    campaign: str | None
    contact: str | None
    attempt: str | None
    agent: str | None
    data: Json
    person: Json | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a try; `next_at` is None where there will be no other."""

    webhook: str
    number: int
    at: datetime
    took_ms: int
    status: int | None
    error: str
    delivered: bool
    next_at: datetime | None = None
    off: OffReason = OffReason.NONE


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker's turn found: whether it still delivers for the organisation, and for whom."""

    held: bool
    receivers: tuple[Receiver, ...] = ()
    shared: int = 0


class WebhookStore(Protocol):
    """Webhooks as the office sees them."""

    def webhooks(self, organisation: str) -> tuple[Webhook, ...]:
        """Returns all webhooks, the first made first."""
        ...

    def webhook(self, organisation: str, webhook_id: str) -> Webhook | None: ...

    def create_webhook(self, organisation: str, new: NewWebhook, secret: str) -> Webhook:
        """Makes a webhook; more than `WEBHOOKS_MOST` raise `InvalidRequest`."""
        ...

    def change_webhook(
        self, organisation: str, webhook_id: str, change: NewWebhook
    ) -> Webhook | None:
        """Changes a webhook; one that is switched on again forgets that it failed, and what
        waits is tried at once."""
        ...

    def renew_webhook_secret(
        self, organisation: str, webhook_id: str, secret: str
    ) -> Webhook | None:
        """Gives a webhook a new secret; the old one signs as well for `OLD_SECRET_LASTS`."""
        ...

    def delete_webhook(self, organisation: str, webhook_id: str) -> Webhook | None:
        """Removes a webhook with its log and what waits for it; returns what it was."""
        ...

    def worker_lives(self, organisation: str) -> bool:
        """Tells whether a worker delivers for the organisation now."""
        ...

    def test_webhook(self, organisation: str, webhook_id: str) -> int | None:
        """Puts a test event into the outbox for one webhook alone; returns its number."""
        ...

    def deliveries(
        self, organisation: str, webhook_id: str, *, state: DeliveryState | None = None,
        cursor: str | None = None, limit: int = 50,
    ) -> Page[DeliveryRecord]:  # fmt: skip
        """Returns what was and is to be told to a webhook, latest first."""
        ...

    def delivery_tries(
        self, organisation: str, webhook_id: str, number: int
    ) -> tuple[TryRecord, ...]:
        """Returns each attempt to bring one event, in order."""
        ...

    def replay_deliveries(
        self, organisation: str, webhook_id: str, *, number: int | None = None,
        since: datetime | None = None, until: datetime | None = None, failed_only: bool = False,
    ) -> int:  # fmt: skip
        """Tells events again: one, or all of a time that the webhook wants and the outbox keeps.

        Returns how many; they go out in their first order, under their first ids."""
        ...


class DeliveryStore(Protocol):
    """What the worker asks of a store; each call is one short transaction."""

    def worker_turn(
        self, organisation: str, holder: str, span: timedelta, settled: Sequence[Settled]
    ) -> Turn:
        """Notes what came of tries, shares new events out, and keeps the lease.

        Writes once at most, and not at all where there is nothing new and the lease is fresh."""
        ...

    def due_deliveries(self, organisation: str, receiver: Receiver, limit: int) -> tuple[Due, ...]:
        """Returns what is to be brought now: of each turn only the first that waits."""
        ...

    def forget_deliveries(self, organisation: str, before: datetime, limit: int) -> int:
        """Removes events that are older, with all that became of them; returns how many."""
        ...

    def release_worker(self, organisation: str, holder: str) -> None:
        """Ends the lease now, so that another worker need not wait for its end."""
        ...
