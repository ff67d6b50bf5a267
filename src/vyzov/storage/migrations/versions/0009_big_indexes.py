"""The indexes of the chain and of the calling order, built beside those who write; the first count.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from vyzov.storage.migrations.beside import create_index, drop_index

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COUNT = """INSERT INTO campaign_tally (
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
GROUP BY c.organisation_id, c.id"""


def upgrade() -> None:
    """Builds each by itself: a table with a million rows holds nobody up for the sum of them."""
    create_index(
        "uq_fact_place", "fact", "organisation_id, floor_id, epoch, place",
        unique=True, where="place > 0",
    )  # fmt: skip
    create_index("ix_fact_unchained", "fact", "seq", where="place = 0")
    create_index(
        "ix_campaign_contact_next", "campaign_contact",
        "organisation_id, campaign_id, state, zone_bucket, next_due_at, position",
    )  # fmt: skip
    drop_index("ix_campaign_contact_order")
    op.execute(COUNT)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
