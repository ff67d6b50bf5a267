"""Hands out webhooks and their log to those who may see or change them.

A webhook is told of the whole organisation, people included where it asks for them: it is the office's,
and nobody else's.
"""

from collections.abc import Sequence
from datetime import datetime

from vyzov.core.errors import InvalidRequest
from vyzov.core.webhook import HookEvent
from vyzov.core.webhook_url import url_faults
from vyzov.dialer.access_alarms import AlarmDoor
from vyzov.dialer.access_history import found
from vyzov.dialer.office_records import Page
from vyzov.dialer.rights import Action
from vyzov.dialer.webhooks import (
    DeliveryRecord,
    DeliveryState,
    NewWebhook,
    TryRecord,
    Webhook,
)

WANTED = tuple(event for event in HookEvent if event is not HookEvent.TEST)
"""What a webhook may ask for; a test comes where it is sent, whatever is asked for."""


class WebhookDoor(AlarmDoor):
    """The part of `access.Door` about webhooks."""

    def webhooks(self) -> Sequence[Webhook]:
        """Gives all webhooks of the organisation."""
        self.person.must(Action.WEBHOOK_SEE)
        return self._office.webhooks(self._own)

    def worker_lives(self) -> bool:
        """Tells whether anybody delivers to them now."""
        self.person.must(Action.WEBHOOK_SEE)
        return self._office.worker_lives(self._own)

    def webhook(self, webhook_id: str) -> Webhook:
        """Gives one webhook."""
        self.person.must(Action.WEBHOOK_SEE)
        return found(self._office.webhook(self._own, webhook_id), "webhook")

    def create_webhook(self, new: NewWebhook, secret: str, *, private: bool) -> Webhook:
        """Makes a webhook whose address may be used."""
        self.person.must(Action.WEBHOOK_EDIT)
        _check(new, private=private)
        return self._office.create_webhook(self._own, new, secret)

    def change_webhook(self, webhook_id: str, change: NewWebhook, *, private: bool) -> Webhook:
        """Changes a webhook to one whose address may be used."""
        self.person.must(Action.WEBHOOK_EDIT)
        _check(change, private=private)
        return found(self._office.change_webhook(self._own, webhook_id, change), "webhook")

    def renew_webhook_secret(self, webhook_id: str, secret: str) -> Webhook:
        """Gives a webhook a new secret."""
        self.person.must(Action.WEBHOOK_EDIT)
        return found(self._office.renew_webhook_secret(self._own, webhook_id, secret), "webhook")

    def delete_webhook(self, webhook_id: str) -> None:
        """Removes a webhook with its log."""
        self.person.must(Action.WEBHOOK_EDIT)
        found(self._office.delete_webhook(self._own, webhook_id), "webhook")

    def test_webhook(self, webhook_id: str) -> int:
        """Sends a test event; one that is switched off is told nothing."""
        self.person.must(Action.WEBHOOK_EDIT)
        hook = self.webhook(webhook_id)
        if not hook.settings.active:
            raise InvalidRequest(
                f"The webhook {hook.settings.name} is switched off.", "Switch it on, then test it."
            )
        return found(self._office.test_webhook(self._own, webhook_id), "webhook")

    def deliveries(
        self, webhook_id: str, state: DeliveryState | None, cursor: str | None, limit: int
    ) -> Page[DeliveryRecord]:
        """Gives what was and is to be told, latest first."""
        self.person.must(Action.WEBHOOK_SEE)
        self.webhook(webhook_id)
        return self._office.deliveries(
            self._own, webhook_id, state=state, cursor=cursor, limit=limit
        )

    def delivery_tries(self, webhook_id: str, number: int) -> Sequence[TryRecord]:
        """Gives each attempt to bring one event."""
        self.person.must(Action.WEBHOOK_SEE)
        self.webhook(webhook_id)
        return self._office.delivery_tries(self._own, webhook_id, number)

    def replay_deliveries(
        self, webhook_id: str, *, number: int | None, since: datetime | None,
        until: datetime | None, failed_only: bool,
    ) -> int:  # fmt: skip
        """Tells events again; returns how many."""
        self.person.must(Action.WEBHOOK_EDIT)
        self.webhook(webhook_id)
        return self._office.replay_deliveries(
            self._own, webhook_id, number=number, since=since, until=until, failed_only=failed_only
        )


def _check(webhook: NewWebhook, *, private: bool) -> None:
    faults = url_faults(webhook.url, private=private)
    if faults:
        raise InvalidRequest.of("The webhook", faults)
