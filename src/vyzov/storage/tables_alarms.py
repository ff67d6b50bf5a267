"""The tables of alarms and their thresholds, beside those of `tables`."""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of_organisation, text

alarm_threshold = sa.Table(
    "alarm_threshold",
    metadata,
    of_organisation(),
    text("kind"),
    sa.Column("raise_at", sa.Float, nullable=False),
    sa.Column("clear_at", sa.Float, nullable=False),
    sa.Column("hold_s", sa.Float, nullable=False),
    int_("active"),
    text("changed_at"),
    key("kind"),
)

alarm = sa.Table(
    "alarm",
    metadata,
    text("id"),
    of_organisation(),
    text("kind"),
    text("subject"),
    text("name"),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("threshold", sa.Float, nullable=False),
    text("raised_at"),
    maybe_text("cleared_at"),
    maybe_text("acknowledged_at"),
    maybe_text("acknowledged_by"),
    key("id"),
    # One of a kind stands at a time, whichever process saw it first.
    sa.Index(
        "uq_alarm_standing",
        "organisation_id",
        "kind",
        "subject",
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    ),
)
