"""Teams, reasons of pauses, second factors, and what a session is open on.

Revision ID: 0015
Revises: 0018
"""

from alembic import op

revision = "0015"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE team (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_team PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_team_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "CREATE UNIQUE INDEX uq_team_name ON team (organisation_id, name)",
    """CREATE TABLE pause_reason (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    name_en TEXT NOT NULL,
    paid INTEGER NOT NULL,
    limit_s INTEGER NOT NULL,
    position INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    CONSTRAINT pk_pause_reason PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_pause_reason_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    """CREATE TABLE recovery_code (
    organisation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    used_at TEXT,
    CONSTRAINT pk_recovery_code PRIMARY KEY (organisation_id, user_id, code_hash),
    CONSTRAINT fk_user_id_user_account FOREIGN KEY(organisation_id, user_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT fk_recovery_code_organisation
        FOREIGN KEY(organisation_id) REFERENCES organisation (id)
)""",
    "ALTER TABLE organisation ADD COLUMN pause_free_text INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE organisation ADD COLUMN second_factor_roles TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE user_account ADD COLUMN team_id TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE user_account ADD COLUMN totp_secret TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE user_account ADD COLUMN totp_since TEXT",
    "ALTER TABLE user_account ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE web_session ADD COLUMN device TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE web_session ADD COLUMN source TEXT NOT NULL DEFAULT ''",
    # The words the desk offered so far become the first list, under the ids past pauses carry.
    """INSERT INTO pause_reason (
    id, organisation_id, name_ru, name_en, paid, limit_s, position, created_at
) SELECT r.id, o.id, r.ru, r.en, r.paid, r.limit_s, r.position, o.created_at
FROM organisation o CROSS JOIN (
    SELECT 'break' AS id, 'Перерыв' AS ru, 'Break' AS en, 1 AS paid, 900 AS limit_s, 1 AS position
    UNION ALL SELECT 'lunch', 'Обед', 'Lunch', 0, 3600, 2
    UNION ALL SELECT 'training', 'Обучение', 'Training', 1, 0, 3
    UNION ALL SELECT 'task', 'Другая работа', 'Other work', 1, 0, 4
) r""",
)


def upgrade() -> None:
    """Makes three small tables and a few columns; only the first reasons are written."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuses, as the versions before it do."""
    raise NotImplementedError("Restore the backup from before the upgrade instead.")
