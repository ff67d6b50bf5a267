"""Up to which place the database has the journals of its floors; and what a restored one waits for.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE journal_mark (
    organisation_id TEXT NOT NULL,
    life TEXT NOT NULL,
    floor_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    place INTEGER NOT NULL,
    CONSTRAINT pk_journal_mark PRIMARY KEY (organisation_id, life),
    CONSTRAINT fk_journal_mark_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    """CREATE TABLE quarantine (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    began_at TEXT NOT NULL,
    backup_at TEXT NOT NULL,
    found TEXT NOT NULL DEFAULT '{}',
    lifted_at TEXT,
    lifted_by TEXT,
    lift_reason TEXT NOT NULL DEFAULT '',
    CONSTRAINT pk_quarantine PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_quarantine_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
)


def upgrade() -> None:
    """Makes both tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: a quarantine would be forgotten, and people called who asked not to be."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
