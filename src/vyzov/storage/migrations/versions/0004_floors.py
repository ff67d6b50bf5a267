"""Where the owner of a floor listens, and which floor a person works on.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both columns; a person without a floor works on the organisation's first."""
    for table, column in (("floor_lease", "address"), ("user_account", "floor_id")):
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Refuses: who worked on which floor would be forgotten."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
