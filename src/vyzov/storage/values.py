"""How values stand in the database: times, JSON, lists of words, references to numbers, facts.

Times are the texts of `core.instants`, whose order is the order of time; JSON is compact text with
the keys in the order they were given.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from vyzov.core.facts import Fact, FactKind
from vyzov.core.instants import from_text, to_text
from vyzov.dialer.ports import Json


def written_as(manners: json.JSONEncoder) -> Callable[[object], str]:
    """Returns what writes JSON in these manners: as `encode` does, but made once and not for each
    text, which would cost as much as the text. Values must not contain themselves."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # A Python without that part.
        return manners.encode
    escaped = json.encoder.encode_basestring_ascii  # type: ignore[attr-defined]
    plain = json.encoder.encode_basestring  # type: ignore[attr-defined]
    parts = make(
        None, manners.default, escaped if manners.ensure_ascii else plain, None,
        manners.key_separator, manners.item_separator, manners.sort_keys, manners.skipkeys,
        manners.allow_nan,
    )  # fmt: skip
    return lambda value: "".join(parts(value, 0))


_COMPACT = written_as(json.JSONEncoder(ensure_ascii=False, separators=(",", ":")))
LISTS_KEPT = 4096
"""Lists of words that are remembered: of zones there are few, and every number has one."""

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def time_or_none(text: str | None) -> datetime | None:
    """Reads a stored time, or nothing."""
    return None if text is None else from_text(text)


def text_or_none(moment: datetime | None) -> str | None:
    """Writes an aware time, or nothing."""
    return None if moment is None else to_text(moment)


def json_text(value: object) -> str:
    """Writes a JSON value compactly; Cyrillic stays readable."""
    return _COMPACT(value)


def json_object(text: str) -> Json:
    """Reads a stored JSON object."""
    return cast("Json", json.loads(text))


def texts_of(text: str | None) -> dict[str, str]:
    """Reads a stored JSON object whose values are texts; nothing reads as empty."""
    return cast("dict[str, str]", json.loads(text)) if text else {}


def words_text(words: Iterable[str]) -> str:
    """Writes a list of words (zones, codecs) as a JSON array."""
    return _words_text(tuple(words))


@lru_cache(maxsize=LISTS_KEPT)
def _words_text(words: tuple[str, ...]) -> str:
    return json_text(words)


@lru_cache(maxsize=LISTS_KEPT)
def words_of(text: str) -> tuple[str, ...]:
    """Reads a stored list of words."""
    return tuple(cast("list[str]", json.loads(text)))


def column(value: object) -> object:
    """Turns any field of a write into what its column holds."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Mapping):
        return json_text(dict(cast("Mapping[str, object]", value)))
    if isinstance(value, tuple):
        return words_text(cast("tuple[str, ...]", value))
    return value


def number_reference(salt: str, e164: str) -> str:
    """Returns the reference of a number: hex of HMAC-SHA256 under the organisation's salt (hex)."""
    return hmac.digest(bytes.fromhex(salt), e164.encode("ascii"), "sha256").hex()


def fact_of(row: Mapping[str, Any]) -> Fact:
    """Turns a row of the fact table into the fact it keeps."""
    return Fact(
        kind=FactKind(row["kind"]),
        at=from_text(row["at"]),
        clock_id=row["clock_id"],
        monotonic_ns=row["monotonic_ns"],
        dedupe=row["dedupe"],
        campaign=row["campaign_id"],
        contact=row["contact_id"],
        attempt=row["attempt_id"],
        agent=row["agent_id"],
        data=json_object(row["data"]),
        version=row["version"],
    )
