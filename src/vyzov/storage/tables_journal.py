"""The tables of what the journal has told, and of a database put back from a backup, beside those
of `tables`."""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of_organisation, text

# Up to which place the database has the journal of one life of a floor (`dialer.journal`).
journal_mark = sa.Table(
    "journal_mark",
    metadata,
    of_organisation(),
    text("life"),
    text("floor_id"),
    int_("epoch"),
    int_("place"),
    key("life"),
)

# A restored database is older than the world: nobody is dialled until `lifted_at` is set.
quarantine = sa.Table(
    "quarantine",
    metadata,
    of_organisation(),
    text("id"),
    text("began_at"),
    text("backup_at"),
    text("found", default="{}"),
    maybe_text("lifted_at"),
    maybe_text("lifted_by"),
    text("lift_reason", default=""),
    key("id"),
)
