"""The tables of desk phones, beside those of `tables`: the phones, and who talks with what."""

import sqlalchemy as sa

from vyzov.storage.columns import key, maybe_text, metadata, of, of_organisation, one_of, text

# `ha1` is JSON: an algorithm to the hash that stands for the password.
desk_phone = sa.Table(
    "desk_phone",
    metadata,
    text("id"),
    of_organisation(),
    text("user_id"),
    text("name"),
    text("username"),
    text("ha1"),
    text("created_at"),
    text("changed_at"),
    maybe_text("revoked_at"),
    key("id"),
    of("user_id", "user_account"),
    sa.Index(
        "uq_desk_phone_user",
        "organisation_id",
        "user_id",
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    ),
    sa.Index("uq_desk_phone_username", "organisation_id", "username", unique=True),
)

agent_device = sa.Table(
    "agent_device",
    metadata,
    of_organisation(),
    text("agent_id"),
    text("kind"),
    text("since"),
    key("agent_id"),
    of("agent_id", "user_account"),
    one_of("kind", "browser", "phone"),
)
