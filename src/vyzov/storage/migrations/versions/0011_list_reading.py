"""A list knows how its file was read, and a row what it replaced on a contact of another list.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_list ADD COLUMN reading TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE import_row ADD COLUMN replaced TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Adds both columns; not one row is touched."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: imports that changed contacts could not be taken back any more."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
