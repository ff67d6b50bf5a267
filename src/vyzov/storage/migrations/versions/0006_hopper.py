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
    "DROP INDEX ix_campaign_contact_order",
    "CREATE INDEX ix_campaign_contact_next ON campaign_contact"
    " (organisation_id, campaign_id, state, zone_bucket, next_due_at, position)",
    """INSERT INTO campaign_tally (
    organisation_id, campaign_id, fresh, due, in_call, callback, closed, attempts, answered
)
SELECT
    c.organisation_id, c.id,
    COALESCE(SUM(CASE WHEN e.state = 'fresh' THEN e.contacts END), 0),
    COALESCE(SUM(CASE WHEN e.state = 'due' THEN e.contacts END), 0),
    COALESCE(SUM(CASE WHEN e.state = 'in_call' THEN e.contacts END), 0),
    COALESCE(SUM(CASE WHEN e.state = 'callback' THEN e.contacts END), 0),
    COALESCE(SUM(CASE WHEN e.state = 'closed' THEN e.contacts END), 0),
    (SELECT COUNT(*) FROM attempt a
     WHERE a.organisation_id = c.organisation_id AND a.campaign_id = c.id),
    (SELECT COUNT(a.answered_at) FROM attempt a
     WHERE a.organisation_id = c.organisation_id AND a.campaign_id = c.id)
FROM campaign c
LEFT JOIN (
    SELECT organisation_id, campaign_id, state, COUNT(*) AS contacts
    FROM campaign_contact GROUP BY organisation_id, campaign_id, state
) e ON e.organisation_id = c.organisation_id AND e.campaign_id = c.id
GROUP BY c.organisation_id, c.id""",
)


def upgrade() -> None:
    """Makes both tables, counts every campaign once, and changes the index of the calling order."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: who is held back by the settings would be called again and again."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
