"""What rules of pace did, to be found without reading all facts of a floor.

Revision ID: 0014
Revises: 0013
"""

from vyzov.storage.migrations.beside import create_index

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Builds one small index, beside those who write."""
    create_index(
        "ix_fact_rule",
        "fact",
        "organisation_id, floor_id, epoch, place",
        where="kind = 'pace_rule'",
    )


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
