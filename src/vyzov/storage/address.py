"""Where a database is: a file of SQLite, or an address of PostgreSQL. Tells them apart and never
shows a password."""

import re
from pathlib import Path
from urllib.parse import urlsplit

SCHEMES = ("postgresql://", "postgres://")
_SECRET = re.compile(r"(?i)([?&](?:password|sslpassword)=)[^&]*")
_USER = re.compile(r"^(\w+://[^/@?]*?):[^@]*@")

Address = Path | str


def is_postgres(address: Address) -> bool:
    """Says whether an address names a PostgreSQL server; anything else is a path."""
    return isinstance(address, str) and address.startswith(SCHEMES)


def shown(address: Address) -> str:
    """Returns the address as messages and logs may hold it: without passwords."""
    if not is_postgres(address):
        return str(address)
    return _SECRET.sub(r"\1***", _USER.sub(r"\1:***@", str(address)))


def fits(address: str) -> bool:
    """Says whether a text can be an address of PostgreSQL: it names a database."""
    return is_postgres(address) and len(urlsplit(address).path) > 1
