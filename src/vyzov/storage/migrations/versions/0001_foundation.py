"""Makes the first tables, from the SQL beside this file.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCES = {
    "sqlite": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
}


def upgrade() -> None:
    """Creates every table and index."""
    sequence = SEQUENCES[op.get_context().dialect.name]
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    for statement in code.replace("{sequence}", sequence).split(";"):
        if statement.strip():
            op.execute(statement.strip())


def downgrade() -> None:
    """Refuses: before the first tables there is nothing to go back to."""
    raise NotImplementedError("There is no version before the first; restore a backup instead.")
