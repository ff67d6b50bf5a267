"""The tables of key figures, beside those of `tables`: prices, shifts, and the rolled-up sums.

`kpi_sum` holds what `core.kpi.fold` would make of all facts up to the places in `kpi_mark`; both are
speed only and may be dropped and made anew. Prices and shifts are truth.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of, of_organisation, text

# Versions by validity: `valid_from` is a half hour, and no version is changed once it is written.
price_version = sa.Table(
    "price_version",
    metadata,
    of_organisation(),
    int_("version"),
    text("prices"),
    text("valid_from"),
    text("created_at"),
    maybe_text("created_by"),
    key("version"),
    sa.Index("uq_price_version_from", "organisation_id", "valid_from", "version", unique=True),
)

shift = sa.Table(
    "shift",
    metadata,
    text("id"),
    of_organisation(),
    text("agent_id"),
    text("starts_at"),
    text("ends_at"),
    int_("paid_break_s"),
    int_("unpaid_break_s"),
    text("created_at"),
    maybe_text("cancelled_at"),
    key("id"),
    of("agent_id", "user_account"),
    sa.Index("ix_shift_starts", "organisation_id", "starts_at"),
)

# `half_hour` is the first millisecond of it since 1970; campaign and agent may be empty.
kpi_sum = sa.Table(
    "kpi_sum",
    metadata,
    of_organisation(),
    text("campaign_id"),
    text("agent_id"),
    sa.Column("half_hour", sa.BigInteger, nullable=False),
    text("measure"),
    sa.Column("amount", sa.BigInteger, nullable=False),
    key("half_hour", "campaign_id", "agent_id", "measure"),
)

# Up to which place each stream of facts is in the sums.
kpi_mark = sa.Table(
    "kpi_mark",
    metadata,
    of_organisation(),
    text("floor_id"),
    int_("epoch"),
    int_("place"),
    key("floor_id", "epoch"),
)
