"""The outbox as the worker sees it: shared out among webhooks, due, settled, forgotten.

What is written into it, and when, is `telling`'s part; webhooks themselves are `office_webhooks`'.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from vyzov.core.instants import from_text, to_text
from vyzov.core.webhook import HookEvent, event_id
from vyzov.dialer.ports import Json
from vyzov.dialer.webhooks import DeliveryState, Due, OffReason, Receiver, Settled, Turn
from vyzov.storage import tables as t
from vyzov.storage.office_asks import asks_on
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.session import Ask
from vyzov.storage.tables_webhooks import delivery, delivery_try, outbox, webhook, worker_lease
from vyzov.storage.values import json_object, texts_of, time_or_none, words_of

SHARED_AT_ONCE = 500
"""Events one transaction shares out; a floor waits for it no longer than for another floor."""


class Outbox(OfficeBase):
    """The topic of `dialer.webhooks.DeliveryStore`."""

    def whose(self) -> tuple[str, ...]:
        """Returns the organisations there are."""
        with self._reading() as connection:
            return tuple(connection.execute(sa.select(t.organisation.c.id)).scalars())

    def worker_turn(
        self, organisation: str, holder: str, span: timedelta, settled: Sequence[Settled]
    ) -> Turn:
        """Notes what came of tries, shares new events out, and keeps the lease."""
        now = self._now()
        with self._reading() as connection:
            lease = _lease(connection, organisation)
            is_new = connection.execute(_unshared(organisation, 1)).first() is not None
            receivers = _receivers(connection, organisation, now)
        held = lease is None or lease.holder == holder or lease.lease_until <= to_text(now)
        is_fresh = (
            lease is not None
            and lease.holder == holder
            and lease.lease_until >= to_text(now + span * 2 / 3)
        )
        shared = 0
        if settled or (held and (is_new or not is_fresh)):
            with self._writing() as connection:
                held = _hold(connection, organisation, holder, now, span)
                if held and is_new:
                    # Before a try that failed switches a webhook off: what is new is for it as well.
                    shared = share_out(connection, organisation, now)
                _settle(connection, organisation, settled)
                receivers = _receivers(connection, organisation, now)
        return Turn(held, receivers if held else (), shared)

    def due_deliveries(self, organisation: str, receiver: Receiver, limit: int) -> tuple[Due, ...]:
        """Returns what is to be brought now, with the person where the webhook is told of them."""
        values = {"organisation": organisation, "webhook": receiver.id, "limit": limit}
        values["now"] = self._now_text()
        with self._reading() as connection:
            [told] = asks_on(connection)([Ask("outbox", "due", values)])
            people: dict[str, Json] = {}
            if receiver.with_person:
                contacts = {row["contact_id"] for row in told.rows if row["contact_id"]}
                people = _people(connection, organisation, contacts)
        return tuple(_due(organisation, row, people) for row in told.rows)

    def forget_deliveries(self, organisation: str, before: datetime, limit: int) -> int:
        """Removes events that are older, with all that became of them; returns how many."""
        with self._reading() as connection:
            old = connection.execute(
                sa.select(outbox.c.number)
                .where(outbox.c.organisation_id == organisation, outbox.c.at < to_text(before))
                .order_by(outbox.c.at)
                .limit(limit)
            ).scalars()
            numbers = list(old)
        if numbers:
            with self._writing() as connection:
                for table in (delivery_try, delivery, outbox):
                    connection.execute(
                        table.delete().where(
                            table.c.organisation_id == organisation, table.c.number.in_(numbers)
                        )
                    )
        return len(numbers)

    def release_worker(self, organisation: str, holder: str) -> None:
        """Ends the lease now, so that another worker need not wait for its end."""
        with self._writing() as connection:
            connection.execute(
                worker_lease.delete().where(
                    worker_lease.c.organisation_id == organisation, worker_lease.c.holder == holder
                )
            )


def _lease(connection: sa.Connection, organisation: str) -> sa.Row[Any] | None:
    return connection.execute(
        sa.select(worker_lease).where(worker_lease.c.organisation_id == organisation)
    ).first()


def _hold(
    connection: sa.Connection, organisation: str, holder: str, now: datetime, span: timedelta
) -> bool:
    lease = _lease(connection, organisation)
    values = {"holder": holder, "lease_until": to_text(now + span)}
    if lease is None:
        connection.execute(worker_lease.insert().values(organisation_id=organisation, **values))
        return True
    if lease.holder != holder and lease.lease_until > to_text(now):
        return False
    connection.execute(
        worker_lease.update().where(worker_lease.c.organisation_id == organisation).values(**values)
    )
    return True


def _unshared(organisation: str, limit: int) -> sa.Select[Any]:
    return (
        sa.select(outbox)
        .where(outbox.c.organisation_id == organisation, outbox.c.shared == sa.literal_column("0"))
        .order_by(outbox.c.number)
        .limit(limit)
    )


def share_out(connection: sa.Connection, organisation: str, now: datetime) -> int:
    """Makes a delivery of each new event for each webhook that is on and wants it; returns how many
    events that were, `SHARED_AT_ONCE` at most."""
    hooks = connection.execute(_active(organisation)).all()
    rows = connection.execute(_unshared(organisation, SHARED_AT_ONCE)).all()
    waiting: list[dict[str, object]] = [
        {
            "organisation_id": organisation,
            "webhook_id": hook.id,
            "number": row.number,
            "turn": turn_of(row),
            "state": DeliveryState.WAITING.value,
            "tries": 0,
            "next_at": to_text(now),
        }
        for row in rows
        for hook in hooks
        if row.event in words_of(hook.events)
    ]
    if waiting:
        connection.execute(delivery.insert(), waiting)
    connection.execute(
        outbox.update()
        .where(
            outbox.c.organisation_id == organisation,
            outbox.c.number.in_([row.number for row in rows]),
        )
        .values(shared=1)
    )
    return len(rows)


def turn_of(row: sa.Row[Any]) -> str:
    """Returns whose order an event keeps: its contact's, else its campaign's, else its kind's."""
    return row.contact_id or row.campaign_id or row.event


def _active(organisation: str) -> sa.Select[Any]:
    return sa.select(webhook).where(
        webhook.c.organisation_id == organisation, webhook.c.active == 1
    )


def _receivers(connection: sa.Connection, organisation: str, now: datetime) -> tuple[Receiver, ...]:
    rows = connection.execute(_active(organisation).order_by(webhook.c.id))
    return tuple(
        Receiver(
            id=row.id,
            url=row.url,
            with_person=bool(row.with_person),
            secrets=(row.secret, row.old_secret)
            if row.old_secret and (row.old_secret_until or "") > to_text(now)
            else (row.secret,),
            failing_since=time_or_none(row.failing_since),
        )
        for row in rows
    )


def _settle(connection: sa.Connection, organisation: str, settled: Sequence[Settled]) -> None:
    if not settled:
        return
    rows = [_settled_columns(organisation, one) for one in settled]
    asks_on(connection)([Ask("outbox", "settle", {}, rows), Ask("outbox", "note_try", {}, rows)])
    for hook in dict.fromkeys(one.webhook for one in settled):
        own = [one for one in settled if one.webhook == hook]
        which = (webhook.c.organisation_id == organisation, webhook.c.id == hook)
        if any(one.delivered for one in own):
            connection.execute(
                webhook.update()
                .where(*which, webhook.c.failing_since.is_not(None))
                .values(failing_since=None)
            )
        else:
            connection.execute(
                webhook.update()
                .where(*which, webhook.c.failing_since.is_(None))
                .values(failing_since=to_text(own[0].at))
            )
        off = next((one for one in own if one.off is not OffReason.NONE), None)
        if off is not None:
            connection.execute(
                webhook.update()
                .where(*which, webhook.c.active == 1)
                .values(active=0, off_reason=off.off.value, changed_at=to_text(off.at))
            )


def _settled_columns(organisation: str, one: Settled) -> dict[str, object]:
    state = DeliveryState.DELIVERED
    if not one.delivered:
        state = DeliveryState.GIVEN_UP if one.next_at is None else DeliveryState.WAITING
    return {
        "organisation": organisation,
        "webhook": one.webhook,
        "number": one.number,
        "state": state.value,
        "next_at": to_text(one.next_at or one.at),
        "done_at": None if state is DeliveryState.WAITING else to_text(one.at),
        "at": to_text(one.at),
        "status": one.status,
        "error": one.error,
        "took_ms": one.took_ms,
    }


def _people(connection: sa.Connection, organisation: str, contacts: set[str]) -> dict[str, Json]:
    person, phone = t.contact_person.c, t.contact_phone.c
    found: dict[str, Json] = {}
    for row in connection.execute(
        sa.select(person.contact_id, person.name, person.fields).where(
            person.organisation_id == organisation, person.contact_id.in_(sorted(contacts))
        )
    ):
        found[row.contact_id] = {"name": row.name, "numbers": [], "fields": texts_of(row.fields)}
    for row in connection.execute(
        sa.select(phone.contact_id, phone.e164)
        .where(phone.organisation_id == organisation, phone.contact_id.in_(sorted(found)))
        .order_by(phone.contact_id, phone.position)
    ):
        found[row.contact_id]["numbers"].append(row.e164)
    return found


def _due(organisation: str, row: Any, people: dict[str, Json]) -> Due:
    return Due(
        webhook=row["webhook_id"],
        number=row["number"],
        turn=row["turn"],
        tries=row["tries"],
        event_id=event_id(organisation, row["dedupe"]),
        event=HookEvent(row["event"]),
        at=from_text(row["at"]),
        campaign=row["campaign_id"],
        contact=row["contact_id"],
        attempt=row["attempt_id"],
        agent=row["agent_id"],
        data=json_object(row["data"]),
        person=people.get(row["contact_id"]),
    )
