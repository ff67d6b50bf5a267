"""Why a promise to call back was taken back.

Revision ID: 0019
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds one column with a default: no row is written anew."""
    op.add_column("callback", sa.Column("reason", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
