"""An organisation's own prompts; their sound is in files.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE prompt (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    origin TEXT NOT NULL,
    file_name TEXT NOT NULL,
    ms INTEGER NOT NULL,
    level_tenths INTEGER NOT NULL,
    given_tenths INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    CONSTRAINT pk_prompt PRIMARY KEY (organisation_id, id),
    CONSTRAINT ck_prompt_origin CHECK (origin IN ('uploaded', 'recorded', 'spoken')),
    CONSTRAINT fk_prompt_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_prompt_name ON prompt (organisation_id, name, language)",
)


def upgrade() -> None:
    """Makes the table; prompts that lie in folders stay there and are played as before."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: nobody would know any more whose the files are."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
