"""Alarms of the floor and the thresholds they are raised by.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE alarm_threshold (
    organisation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    raise_at FLOAT NOT NULL,
    clear_at FLOAT NOT NULL,
    hold_s FLOAT NOT NULL,
    active INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    CONSTRAINT pk_alarm_threshold PRIMARY KEY (organisation_id, kind),
    CONSTRAINT fk_alarm_threshold_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
)""",
    """CREATE TABLE alarm (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    value FLOAT NOT NULL,
    threshold FLOAT NOT NULL,
    raised_at TEXT NOT NULL,
    cleared_at TEXT,
    acknowledged_at TEXT,
    acknowledged_by TEXT,
    CONSTRAINT pk_alarm PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_alarm_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_alarm_standing ON alarm (organisation_id, kind, subject)"
    " WHERE cleared_at IS NULL",
)


def upgrade() -> None:
    """Makes the tables; nothing stands in them until a figure is beyond its threshold."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
