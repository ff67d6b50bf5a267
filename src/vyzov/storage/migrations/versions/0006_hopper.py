"""Who is next is read by the zones a number may be in; how a campaign stands is kept, not counted.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE zone_bucket (
    organisation_id TEXT NOT NULL,
    id INTEGER NOT NULL,
    zones TEXT NOT NULL,
    CONSTRAINT pk_zone_bucket PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_zone_bucket_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_zone_bucket_zones ON zone_bucket (organisation_id, zones)",
    """CREATE TABLE campaign_tally (
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    fresh INTEGER NOT NULL,
    due INTEGER NOT NULL,
    in_call INTEGER NOT NULL,
    callback INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    CONSTRAINT pk_campaign_tally PRIMARY KEY (organisation_id, campaign_id),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_campaign_tally_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    # Bucket 0 is "not sorted yet": it is read at any hour. `storage.buckets.sort_the_rest` sorts the
    # contacts there are, in short transactions, so that a million of them hold nobody up.
    "ALTER TABLE campaign_contact ADD COLUMN zone_bucket INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE campaign_contact ADD COLUMN state_before TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Makes both tables and columns; the index over them and the first count come with 0009."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: who is held back by the settings would be called again and again."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
