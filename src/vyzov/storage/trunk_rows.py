"""A trunk's settings as a row: what carriers share stands in columns, the rest in `options`.

Options that equal their default are not written, so that a default stays the product's to choose.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vyzov.core.instants import from_text
from vyzov.dialer.office_records import Trunk, TrunkSettings
from vyzov.storage.values import json_object, json_text, words_of, words_text

COLUMNS = frozenset({
    "name", "host", "port", "username", "password", "realm", "codecs", "lines_max",
    "calls_per_second", "active",
})  # fmt: skip
_LISTS = frozenset({"caller_headers"})
_OPTIONS = {f.name: f.default for f in fields(TrunkSettings) if f.name not in COLUMNS}


def trunk_columns(settings: TrunkSettings) -> dict[str, object]:
    """Returns the settings as values of the table's columns."""
    options = {
        name: list(getattr(settings, name)) if name in _LISTS else getattr(settings, name)
        for name, usual in _OPTIONS.items()
        if getattr(settings, name) != usual
    }
    return {
        "name": settings.name,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "password": settings.password,
        "realm": settings.realm,
        "codecs": words_text(settings.codecs),
        "lines_max": settings.lines_max,
        "calls_per_second": settings.calls_per_second,
        "active": int(settings.active),
        "options": json_text(options),
    }


def trunk_of(row: Mapping[str, Any]) -> Trunk:
    """Returns the trunk a row holds; options of a newer build are left out."""
    stored = json_object(row["options"])
    options = {name: stored[name] for name in _OPTIONS if name in stored}
    for name in _LISTS & options.keys():
        options[name] = tuple(options[name])
    return Trunk(
        id=row["id"],
        created_at=from_text(row["created_at"]),
        settings=TrunkSettings(
            name=row["name"],
            host=row["host"],
            port=row["port"],
            username=row["username"],
            password=row["password"],
            realm=row["realm"],
            codecs=words_of(row["codecs"]),
            lines_max=row["lines_max"],
            calls_per_second=row["calls_per_second"],
            active=bool(row["active"]),
            **options,
        ),
    )
