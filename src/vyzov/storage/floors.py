"""Which floors a database has: a process must be told one, and a small site has just one."""

from vyzov.core.errors import InvalidRequest
from vyzov.storage.address import Address, shown
from vyzov.storage.database import open_session


def organisation_of(address: Address, floor: str) -> str:
    """Returns the organisation a floor belongs to, "" where there is no such floor."""
    with open_session(address) as session, session.reading():
        row = session.run("lease", "organisation_of_floor", {"floor": floor}).fetchone()
    return str(row["organisation_id"]) if row is not None else ""


def find_floor(address: Address, wanted: str) -> str:
    """Returns the id of the floor named or identified by `wanted`; "" or "main" mean the oldest."""
    with open_session(address) as session, session.reading():
        rows = session.run("lease", "all_floors", {}).fetchall()
    for row in rows:
        if wanted in (row["id"], row["name"]) or wanted in ("", "main"):
            return str(row["id"])
    raise InvalidRequest(
        f"There is no floor '{wanted}' in {shown(address)}.",
        f"Name one of these: {', '.join(str(row['name']) for row in rows) or 'none yet'}.",
    )
