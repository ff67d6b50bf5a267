"""Desk phones of people, and which device each agent talks with.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE desk_phone (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    username TEXT NOT NULL,
    ha1 TEXT NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    revoked_at TEXT,
    CONSTRAINT pk_desk_phone PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_user_id_user_account FOREIGN KEY(organisation_id, user_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT fk_desk_phone_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_desk_phone_user ON desk_phone (organisation_id, user_id)"
    " WHERE revoked_at IS NULL",
    "CREATE UNIQUE INDEX uq_desk_phone_username ON desk_phone (organisation_id, username)",
    """CREATE TABLE agent_device (
    organisation_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    since TEXT NOT NULL,
    CONSTRAINT pk_agent_device PRIMARY KEY (organisation_id, agent_id),
    CONSTRAINT fk_agent_id_user_account FOREIGN KEY(organisation_id, agent_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT ck_agent_device_kind CHECK (kind IN ('browser', 'phone')),
    CONSTRAINT fk_agent_device_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
)


def upgrade() -> None:
    """Makes both tables; everybody goes on talking with their browser."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: the phones' secrets would be lost, and nobody has them a second time."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
