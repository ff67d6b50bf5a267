"""Trunks learn all that carriers ask for, and attempts what they took over from which trunk.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE trunk ADD COLUMN options TEXT NOT NULL DEFAULT '{}'",
    # Trunks that sign in did so by whatever the carrier asked for, MD5 included: they go on working.
    """UPDATE trunk SET options = '{"allow_md5": true}' WHERE username <> ''""",
    "ALTER TABLE attempt ADD COLUMN failover_of TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE campaign_contact ADD COLUMN failover_of TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE campaign_contact ADD COLUMN tried TEXT NOT NULL DEFAULT '[]'",
    # One attempt of each number, and at most one failover of each attempt.
    "DROP INDEX uq_attempt_number",
    "CREATE UNIQUE INDEX uq_attempt_number"
    " ON attempt (organisation_id, campaign_id, contact_id, number, failover_of)",
)


def upgrade() -> None:
    """Adds the columns and widens the index; not one attempt is touched."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: failovers of one number could not be told apart any more."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
