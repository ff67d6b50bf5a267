"""Prices and shifts, and the sums that key figures are read from.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE price_version (
    organisation_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    prices TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT,
    CONSTRAINT pk_price_version PRIMARY KEY (organisation_id, version),
    CONSTRAINT fk_price_version_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_price_version_from"
    " ON price_version (organisation_id, valid_from, version)",
    """CREATE TABLE shift (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    paid_break_s INTEGER NOT NULL,
    unpaid_break_s INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    cancelled_at TEXT,
    CONSTRAINT pk_shift PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_agent_id_user_account FOREIGN KEY(organisation_id, agent_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT fk_shift_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE INDEX ix_shift_starts ON shift (organisation_id, starts_at)",
    """CREATE TABLE kpi_sum (
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    half_hour BIGINT NOT NULL,
    measure TEXT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT pk_kpi_sum
        PRIMARY KEY (organisation_id, half_hour, campaign_id, agent_id, measure),
    CONSTRAINT fk_kpi_sum_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    """CREATE TABLE kpi_mark (
    organisation_id TEXT NOT NULL,
    floor_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    place INTEGER NOT NULL,
    CONSTRAINT pk_kpi_mark PRIMARY KEY (organisation_id, floor_id, epoch),
    CONSTRAINT fk_kpi_mark_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
)


def upgrade() -> None:
    """Makes the tables; the sums fill themselves from the facts there are."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses: prices and shifts would be lost."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
