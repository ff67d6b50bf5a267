"""Which floors a database has: a process must be told one, and a small site has just one."""

from pathlib import Path

from vyzov.core.errors import InvalidRequest
from vyzov.storage.connections import open_connection


def organisation_of(path: Path | str, floor: str) -> str:
    """Returns the organisation a floor belongs to, "" where there is no such floor."""
    connection = open_connection(path)
    try:
        row = connection.execute(
            "SELECT organisation_id FROM floor WHERE id = ?", (floor,)
        ).fetchone()
    finally:
        connection.close()
    return str(row["organisation_id"]) if row is not None else ""


def find_floor(path: Path | str, wanted: str) -> str:
    """Returns the id of the floor named or identified by `wanted`; "" or "main" mean the oldest."""
    connection = open_connection(path)
    try:
        rows = connection.execute("SELECT id, name FROM floor ORDER BY created_at, id").fetchall()
    finally:
        connection.close()
    for row in rows:
        if wanted in (row["id"], row["name"]) or wanted in ("", "main"):
            return str(row["id"])
    raise InvalidRequest(
        f"There is no floor '{wanted}' in {path}.",
        f"Name one of these: {', '.join(str(row['name']) for row in rows) or 'none yet'}.",
    )
