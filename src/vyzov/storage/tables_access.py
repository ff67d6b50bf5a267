"""The tables of tokens and of who changed what, beside those of `tables`.

A token's secret is never kept, only its SHA-256. Entries of the log may name numbers or people in
what was changed: erasing a person blanks those words (`office_erasure`), the entry stays.
"""

import sqlalchemy as sa

from vyzov.storage.columns import key, maybe_text, metadata, of, of_organisation, text

api_token = sa.Table(
    "api_token",
    metadata,
    text("id"),
    of_organisation(),
    text("user_id"),
    text("name"),
    text("secret_hash"),
    text("hint"),
    text("scopes"),
    text("created_at"),
    maybe_text("expires_at"),
    maybe_text("last_used_at"),
    maybe_text("revoked_at"),
    key("id"),
    of("user_id", "user_account"),
    # The secret is all a request brings: its organisation is found by the token, not before it.
    sa.Index("ix_api_token_secret", "secret_hash"),
)

# `changed_by` and `token_id` are empty where a command line did it.
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    text("id"),
    of_organisation(),
    text("at"),
    text("changed_by"),
    text("token_id"),
    text("action"),
    text("kind"),
    text("object_id"),
    text("before"),
    text("after"),
    key("id"),
    sa.Index("ix_audit_entry_object", "organisation_id", "kind", "object_id", "id"),
    sa.Index("ix_audit_entry_by", "organisation_id", "changed_by", "id"),
)
