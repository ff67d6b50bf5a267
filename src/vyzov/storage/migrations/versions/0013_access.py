"""Tokens for programs, who changed what, and which list a campaign's leads stand in.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE api_token (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT,
    CONSTRAINT pk_api_token PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_user_id_user_account FOREIGN KEY(organisation_id, user_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT fk_api_token_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE INDEX ix_api_token_secret ON api_token (secret_hash)",
    """CREATE TABLE audit_entry (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    at TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    token_id TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_audit_entry_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE INDEX ix_audit_entry_object ON audit_entry (organisation_id, kind, object_id, id)",
    "CREATE INDEX ix_audit_entry_by ON audit_entry (organisation_id, changed_by, id)",
    "ALTER TABLE campaign ADD COLUMN lead_list_id TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Makes two tables and a column; not one row is touched."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
