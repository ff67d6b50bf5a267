"""The tables of what is told to the outside world, beside those of `tables`.

`outbox` is written in the transaction of what it tells of, and only where a webhook is switched on; it
holds ids and references, never a name or a number. The worker shares each row out into `delivery`, one
for each webhook that wants it, and notes every attempt to bring it in `delivery_try`.
"""

import sqlalchemy as sa

from vyzov.storage.columns import (
    int_,
    key,
    maybe_int,
    maybe_text,
    metadata,
    of,
    of_organisation,
    one_of,
    text,
)
from vyzov.storage.tables_facts import SEQUENCE

webhook = sa.Table(
    "webhook",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    text("url"),
    text("secret"),
    text("old_secret", default=""),
    maybe_text("old_secret_until"),
    text("events"),
    int_("with_person"),
    int_("active"),
    text("off_reason", default=""),
    maybe_text("failing_since"),
    text("created_at"),
    text("changed_at"),
    key("id"),
)

# `number` grows within a stream of facts: it is drawn while the stream's head is locked.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("number", SEQUENCE, primary_key=True, autoincrement=True),
    of_organisation(),
    text("dedupe"),
    text("event"),
    text("at"),
    maybe_text("campaign_id"),
    maybe_text("contact_id"),
    maybe_text("attempt_id"),
    maybe_text("agent_id"),
    text("data"),
    int_("shared"),
    sa.Index("uq_outbox_dedupe", "organisation_id", "dedupe", unique=True),
    sa.Index("ix_outbox_at", "organisation_id", "at"),
    sa.Index(
        "ix_outbox_new",
        "organisation_id",
        "number",
        sqlite_where=sa.text("shared = 0"),
        postgresql_where=sa.text("shared = 0"),
    ),
    sqlite_autoincrement=True,
)

_WAITS = "state = 'waiting'"

# `turn` is whose order must be kept: the contact's id, else the campaign's, else the event's kind.
delivery = sa.Table(
    "delivery",
    metadata,
    of_organisation(),
    text("webhook_id"),
    sa.Column("number", sa.BigInteger, nullable=False),
    text("turn"),
    text("state"),
    int_("tries"),
    text("next_at"),
    maybe_text("done_at"),
    maybe_int("status"),
    text("error", default=""),
    maybe_int("took_ms"),
    key("webhook_id", "number"),
    of("webhook_id", "webhook"),
    one_of("state", "waiting", "delivered", "given_up"),
    sa.Index(
        "ix_delivery_turn",
        "organisation_id",
        "webhook_id",
        "turn",
        "number",
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    ),
    sa.Index(
        "ix_delivery_due",
        "organisation_id",
        "webhook_id",
        "next_at",
        "number",
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    ),
)

delivery_try = sa.Table(
    "delivery_try",
    metadata,
    of_organisation(),
    text("webhook_id"),
    sa.Column("number", sa.BigInteger, nullable=False),
    int_("place"),
    text("at"),
    maybe_int("status"),
    int_("took_ms"),
    text("error", default=""),
    key("webhook_id", "number", "place"),
    of("webhook_id", "webhook"),
)

# One worker delivers for an organisation at a time: two would not keep the order of a contact.
worker_lease = sa.Table(
    "worker_lease",
    metadata,
    of_organisation(),
    text("holder"),
    text("lease_until"),
    key(),
)
