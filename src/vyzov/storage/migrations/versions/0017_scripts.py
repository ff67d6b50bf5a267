"""Scripts with their versions, walks of calls through them, and answers.

Revision ID: 0017
Revises: 0014
"""

from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE script (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    archived_at TEXT,
    CONSTRAINT pk_script PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_script_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    """CREATE TABLE script_version (
    organisation_id TEXT NOT NULL,
    script_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    steps TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    CONSTRAINT pk_script_version PRIMARY KEY (organisation_id, script_id, version),
    CONSTRAINT fk_script_id_script FOREIGN KEY(organisation_id, script_id)
        REFERENCES script (organisation_id, id),
    CONSTRAINT fk_script_version_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    """CREATE TABLE script_walk (
    organisation_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    turn INTEGER NOT NULL,
    at_step TEXT NOT NULL,
    path TEXT NOT NULL,
    aside TEXT NOT NULL,
    last_move TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    CONSTRAINT pk_script_walk PRIMARY KEY (organisation_id, attempt_id),
    CONSTRAINT fk_attempt_id_attempt FOREIGN KEY(organisation_id, attempt_id)
        REFERENCES attempt (organisation_id, id),
    CONSTRAINT fk_script_walk_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    """CREATE TABLE script_answer (
    organisation_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    campaign_version INTEGER NOT NULL,
    contact_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    at TEXT NOT NULL,
    CONSTRAINT pk_script_answer PRIMARY KEY (organisation_id, attempt_id, step_id),
    CONSTRAINT fk_attempt_id_attempt FOREIGN KEY(organisation_id, attempt_id)
        REFERENCES attempt (organisation_id, id),
    CONSTRAINT fk_script_answer_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE INDEX ix_script_answer_campaign ON script_answer (organisation_id, campaign_id, at)",
    "CREATE INDEX ix_script_answer_contact ON script_answer (organisation_id, contact_id)",
)


def upgrade() -> None:
    """Makes four tables; scripts of campaigns stay where they are, in their settings."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
