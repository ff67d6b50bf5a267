"""Webhooks as the office sees them: made, changed, tested, removed; their log; telling again."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import InvalidRequest
from vyzov.core.instants import from_text, to_text
from vyzov.core.webhook import HookEvent, event_id
from vyzov.dialer.office_records import Page
from vyzov.dialer.webhooks import (
    OLD_SECRET_LASTS,
    WEBHOOKS_MOST,
    DeliveryRecord,
    DeliveryState,
    NewWebhook,
    OffReason,
    TryRecord,
    Webhook,
)
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.outbox import SHARED_AT_ONCE, share_out, turn_of
from vyzov.storage.tables_webhooks import delivery, delivery_try, outbox, webhook, worker_lease
from vyzov.storage.values import json_text, time_or_none, words_of, words_text

SHARINGS_MOST = 100
"""Pieces of new events shared out before a webhook is changed; the worker keeps them few."""

REPLAYED_MOST = 10_000
"""Events told again by one request: a floor on SQLite waits while they are written."""


class Webhooks(OfficeBase):
    """The topic of `dialer.webhooks.WebhookStore`."""

    def webhooks(self, organisation: str) -> tuple[Webhook, ...]:
        """Returns all webhooks, the first made first."""
        with self._reading() as connection:
            rows = connection.execute(_webhooks(organisation).order_by(webhook.c.id))
            return tuple(_webhook(row) for row in rows)

    def webhook(self, organisation: str, webhook_id: str) -> Webhook | None:
        """Returns a webhook by id."""
        with self._reading() as connection:
            return _read(connection, organisation, webhook_id)

    def create_webhook(self, organisation: str, new: NewWebhook, secret: str) -> Webhook:
        """Makes a webhook; more than `WEBHOOKS_MOST` raise `InvalidRequest`."""
        webhook_id, now = self._new_id(), self._now_text()
        with self._writing() as connection:
            there = connection.execute(
                sa.select(sa.func.count()).where(webhook.c.organisation_id == organisation)
            ).scalar_one()
            if there >= WEBHOOKS_MOST:
                raise InvalidRequest(
                    f"There are {there} webhooks already.", "Remove one that nobody needs."
                )
            connection.execute(
                webhook.insert().values(
                    id=webhook_id,
                    organisation_id=organisation,
                    secret=secret,
                    created_at=now,
                    changed_at=now,
                    **_columns(new),
                )
            )
            made = _read(connection, organisation, webhook_id)
        assert made is not None, "a webhook just written is there"
        return made

    def change_webhook(
        self, organisation: str, webhook_id: str, change: NewWebhook
    ) -> Webhook | None:
        """Changes a webhook; switched on again it forgets that it failed.

        What happened before the change is told as the webhook was then, also where the worker has
        not looked since."""
        now = self._now_text()
        self._share_out(organisation)
        with self._writing() as connection:
            before = _read(connection, organisation, webhook_id)
            if before is None:
                return None
            share_out(connection, organisation, self._now())
            values: dict[str, object] = {**_columns(change), "changed_at": now}
            if change.active and not before.settings.active:
                values |= {"failing_since": None, "off_reason": OffReason.NONE.value}
                connection.execute(
                    delivery.update()
                    .where(
                        delivery.c.organisation_id == organisation,
                        delivery.c.webhook_id == webhook_id,
                        delivery.c.state == DeliveryState.WAITING.value,
                    )
                    .values(next_at=now, tries=0)
                )
            connection.execute(
                webhook.update().where(*_one(organisation, webhook_id)).values(values)
            )
            return _read(connection, organisation, webhook_id)

    def _share_out(self, organisation: str) -> None:
        """Shares out what is new in pieces, so that no floor waits for all of it at once."""
        for _ in range(SHARINGS_MOST):
            with self._writing() as connection:
                if share_out(connection, organisation, self._now()) < SHARED_AT_ONCE:
                    return

    def renew_webhook_secret(
        self, organisation: str, webhook_id: str, secret: str
    ) -> Webhook | None:
        """Gives a webhook a new secret; the old one signs as well for a while."""
        with self._writing() as connection:
            connection.execute(
                webhook.update()
                .where(*_one(organisation, webhook_id))
                .values(
                    old_secret=webhook.c.secret,
                    old_secret_until=to_text(self._now() + OLD_SECRET_LASTS),
                    secret=secret,
                    changed_at=self._now_text(),
                )
            )
            return _read(connection, organisation, webhook_id)

    def delete_webhook(self, organisation: str, webhook_id: str) -> Webhook | None:
        """Removes a webhook with its log and what waits for it; returns what it was."""
        with self._writing() as connection:
            was = _read(connection, organisation, webhook_id)
            for table in (delivery_try, delivery):
                connection.execute(
                    table.delete().where(
                        table.c.organisation_id == organisation, table.c.webhook_id == webhook_id
                    )
                )
            connection.execute(webhook.delete().where(*_one(organisation, webhook_id)))
        return was

    def worker_lives(self, organisation: str) -> bool:
        """Tells whether a worker delivers for the organisation now."""
        with self._reading() as connection:
            until = connection.execute(
                sa.select(worker_lease.c.lease_until).where(
                    worker_lease.c.organisation_id == organisation
                )
            ).scalar()
        return until is not None and until > self._now_text()

    def test_webhook(self, organisation: str, webhook_id: str) -> int | None:
        """Puts a test event into the outbox for one webhook alone; returns its number."""
        now = self._now_text()
        with self._writing() as connection:
            if _read(connection, organisation, webhook_id) is None:
                return None
            made = connection.execute(
                outbox.insert()
                .values(
                    organisation_id=organisation,
                    dedupe=f"test:{self._new_id()}",
                    event=HookEvent.TEST.value,
                    at=now,
                    data=json_text({}),
                    shared=1,
                )
                .returning(outbox.c.number)
            ).scalar_one()
            connection.execute(
                delivery.insert().values(
                    organisation_id=organisation,
                    webhook_id=webhook_id,
                    number=made,
                    turn=f"test:{made}",
                    state=DeliveryState.WAITING.value,
                    tries=0,
                    next_at=now,
                )
            )
        return int(made)

    def deliveries(
        self, organisation: str, webhook_id: str, *, state: DeliveryState | None = None,
        cursor: str | None = None, limit: int = 50,
    ) -> Page[DeliveryRecord]:  # fmt: skip
        """Returns what was and is to be told to a webhook, latest first."""
        which = [
            delivery.c.organisation_id == organisation,
            delivery.c.webhook_id == webhook_id,
        ]
        if state is not None:
            which.append(delivery.c.state == state.value)
        if cursor is not None:
            which.append(delivery.c.number < int(cursor))
        with self._reading() as connection:
            found = connection.execute(
                sa.select(delivery, outbox)
                .join(outbox, outbox.c.number == delivery.c.number)
                .where(*which)
                .order_by(delivery.c.number.desc())
                .limit(limit + 1)
            ).all()
        items = tuple(_delivery(organisation, row) for row in found[:limit])
        return Page(items, str(items[-1].number) if len(found) > limit else None)

    def delivery_tries(
        self, organisation: str, webhook_id: str, number: int
    ) -> tuple[TryRecord, ...]:
        """Returns each attempt to bring one event, in order."""
        one = delivery_try.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(delivery_try)
                .where(
                    one.organisation_id == organisation,
                    one.webhook_id == webhook_id,
                    one.number == number,
                )
                .order_by(one.place)
            )
            return tuple(
                TryRecord(from_text(row.at), row.status, row.took_ms, row.error) for row in rows
            )

    def replay_deliveries(
        self, organisation: str, webhook_id: str, *, number: int | None = None,
        since: datetime | None = None, until: datetime | None = None, failed_only: bool = False,
    ) -> int:  # fmt: skip
        """Tells events again: one, or all of a time that the webhook wants and the outbox keeps."""
        with self._writing() as connection:
            hook = _read(connection, organisation, webhook_id)
            if hook is None:
                return 0
            wanted = _wanted(hook, organisation, number, since, until, failed_only=failed_only)
            rows = connection.execute(wanted.limit(REPLAYED_MOST + 1)).all()
            if len(rows) > REPLAYED_MOST:
                raise InvalidRequest(
                    f"More than {REPLAYED_MOST} events lie in that time.", "Name a shorter one."
                )
            now = self._now_text()
            known = _known(connection, organisation, webhook_id, [row.number for row in rows])
            fresh = [
                {
                    "organisation_id": organisation,
                    "webhook_id": webhook_id,
                    "number": row.number,
                    "turn": turn_of(row),
                    "state": DeliveryState.WAITING.value,
                    "tries": 0,
                    "next_at": now,
                }
                for row in rows
                if row.number not in known
            ]
            if fresh:
                connection.execute(delivery.insert(), fresh)
            _wait_again(connection, organisation, webhook_id, sorted(known), now)
            return len(rows)


_AT_ONCE = 500


def _known(
    connection: sa.Connection, organisation: str, webhook_id: str, numbers: list[int]
) -> set[int]:
    found: set[int] = set()
    for first in range(0, len(numbers), _AT_ONCE):
        rows = connection.execute(
            sa.select(delivery.c.number).where(
                delivery.c.organisation_id == organisation,
                delivery.c.webhook_id == webhook_id,
                delivery.c.number.in_(numbers[first : first + _AT_ONCE]),
            )
        )
        found |= {row.number for row in rows}
    return found


def _wait_again(
    connection: sa.Connection, organisation: str, webhook_id: str, numbers: list[int], now: str
) -> None:
    for first in range(0, len(numbers), _AT_ONCE):
        connection.execute(
            delivery.update()
            .where(
                delivery.c.organisation_id == organisation,
                delivery.c.webhook_id == webhook_id,
                delivery.c.number.in_(numbers[first : first + _AT_ONCE]),
            )
            .values(state=DeliveryState.WAITING.value, tries=0, next_at=now, done_at=None)
        )


def _wanted(
    hook: Webhook, organisation: str, number: int | None, since: datetime | None,
    until: datetime | None, *, failed_only: bool,
) -> sa.Select[Any]:  # fmt: skip
    """Returns the events to be told again; a test is nobody's but its own webhook's."""
    told = sa.select(delivery.c.number).where(
        delivery.c.organisation_id == organisation,
        delivery.c.webhook_id == hook.id,
        delivery.c.number == outbox.c.number,
    )
    which: list[sa.ColumnElement[bool]] = [outbox.c.organisation_id == organisation]
    if number is not None:
        which += [outbox.c.number == number, sa.exists(told)]
    else:
        which.append(outbox.c.event.in_([event.value for event in hook.settings.events]))
    if since is not None:
        which.append(outbox.c.at >= to_text(since))
    if until is not None:
        which.append(outbox.c.at < to_text(until))
    if failed_only:
        which.append(sa.exists(told.where(delivery.c.state == DeliveryState.GIVEN_UP.value)))
    return sa.select(outbox).where(*which).order_by(outbox.c.number)


def _one(organisation: str, webhook_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (webhook.c.organisation_id == organisation, webhook.c.id == webhook_id)


def _columns(new: NewWebhook) -> dict[str, object]:
    return {
        "name": new.name,
        "url": new.url,
        "events": words_text(event.value for event in new.events),
        "with_person": int(new.with_person),
        "active": int(new.active),
    }


def _webhooks(organisation: str) -> sa.Select[Any]:
    waiting = (
        sa.select(sa.func.count())
        .where(
            delivery.c.organisation_id == webhook.c.organisation_id,
            delivery.c.webhook_id == webhook.c.id,
            delivery.c.state == sa.literal_column("'waiting'"),
        )
        .correlate(webhook)
        .scalar_subquery()
    )
    return sa.select(webhook, waiting.label("waiting")).where(
        webhook.c.organisation_id == organisation
    )


def _read(connection: sa.Connection, organisation: str, webhook_id: str) -> Webhook | None:
    row = connection.execute(_webhooks(organisation).where(webhook.c.id == webhook_id)).first()
    return None if row is None else _webhook(row)


def _webhook(row: sa.Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        settings=NewWebhook(
            name=row.name,
            url=row.url,
            events=tuple(HookEvent(word) for word in words_of(row.events)),
            with_person=bool(row.with_person),
            active=bool(row.active),
        ),
        off_reason=OffReason(row.off_reason),
        failing_since=time_or_none(row.failing_since),
        created_at=from_text(row.created_at),
        changed_at=from_text(row.changed_at),
        waiting=row.waiting,
    )


def _delivery(organisation: str, row: sa.Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        number=row.number,
        event_id=event_id(organisation, row.dedupe),
        event=HookEvent(row.event),
        at=from_text(row.at),
        campaign=row.campaign_id,
        contact=row.contact_id,
        attempt=row.attempt_id,
        state=DeliveryState(row.state),
        tries=row.tries,
        next_at=from_text(row.next_at),
        done_at=time_or_none(row.done_at),
        status=row.status,
        error=row.error,
        took_ms=row.took_ms,
    )
