"""The tables of facts, beside those of `tables`: what happened, and where each stream stands.

Append-only: ids and salted references, never a name or a number. What a hash covers is said in
`core.chain`; `storage.chain` writes it.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of_organisation, text

# SQLite numbers rows by itself only where the type is plainly INTEGER, which is as long there.
SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# `place` 0 is a fact older than the chain which was not taken into it yet.
fact = sa.Table(
    "fact",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    of_organisation(),
    text("floor_id"),
    int_("epoch"),
    text("kind"),
    int_("version"),
    text("at"),
    text("clock_id"),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    maybe_text("campaign_id"),
    maybe_text("contact_id"),
    maybe_text("attempt_id"),
    maybe_text("agent_id"),
    text("data"),
    text("dedupe"),
    sa.Column("place", sa.Integer, nullable=False, server_default="0"),
    text("hash", default=""),
    sa.Index("uq_fact_dedupe", "organisation_id", "dedupe", unique=True),
    sa.Index("ix_fact_attempt", "organisation_id", "attempt_id"),
    sa.Index("ix_fact_contact", "organisation_id", "contact_id"),
    sa.Index("ix_fact_campaign", "organisation_id", "campaign_id", "at"),
    sa.Index("ix_fact_agent", "organisation_id", "agent_id", "at"),
    sa.Index(
        "uq_fact_place",
        "organisation_id",
        "floor_id",
        "epoch",
        "place",
        unique=True,
        sqlite_where=sa.text("place > 0"),
        postgresql_where=sa.text("place > 0"),
    ),
    sa.Index(
        "ix_fact_unchained",
        "seq",
        sqlite_where=sa.text("place = 0"),
        postgresql_where=sa.text("place = 0"),
    ),
    sa.Index(
        "ix_fact_rule",
        "organisation_id",
        "floor_id",
        "epoch",
        "place",
        sqlite_where=sa.text("kind = 'pace_rule'"),
        postgresql_where=sa.text("kind = 'pace_rule'"),
    ),
    sqlite_autoincrement=True,
)

# `stands_on` is the head of an older epoch which this stream's first entry stands on.
fact_head = sa.Table(
    "fact_head",
    metadata,
    of_organisation(),
    text("floor_id"),
    int_("epoch"),
    int_("place"),
    text("hash"),
    text("stands_on"),
    key("floor_id", "epoch"),
)
