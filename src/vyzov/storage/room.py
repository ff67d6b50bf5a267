"""Tells from an error of a database that its disk has no room left."""

import sqlite3

SERVER_FULL = frozenset({"53100", "53400"})
"""PostgreSQL's states for a full disk and for a limit of its configuration (appendix A, class 53)."""


def no_room(fault: BaseException) -> bool:
    """Tells whether a write failed for want of room, whatever wraps the database's own error."""
    own = getattr(fault, "orig", None) or fault
    if isinstance(own, sqlite3.Error):
        return getattr(own, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(own, "sqlstate", None) in SERVER_FULL
