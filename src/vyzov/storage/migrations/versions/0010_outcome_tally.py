"""How the attempts of a campaign ended is kept, not counted.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE outcome_tally (
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    CONSTRAINT pk_outcome_tally PRIMARY KEY (organisation_id, campaign_id, outcome),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_outcome_tally_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    # One walk along an index that has all of it: a second for ten million attempts.
    """INSERT INTO outcome_tally (organisation_id, campaign_id, outcome, attempts)
SELECT organisation_id, campaign_id, outcome, COUNT(*) FROM attempt
WHERE outcome IS NOT NULL
GROUP BY organisation_id, campaign_id, outcome""",
)


def upgrade() -> None:
    """Makes the table and counts once what there is."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
