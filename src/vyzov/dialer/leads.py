"""Judges people who come one by one, over the API, as a row of a list would be.

A lead is a row of cells with known meanings, so that it gets the very verdict a file would get. Who
may send one is decided in `access`, writing it is the store's part, calling it the floor's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from vyzov.dialer.columns import Column, Meaning
from vyzov.dialer.lists import CELL_CHARS_MAX, judged
from vyzov.dialer.office_records import ImportedRow
from vyzov.dialer.sheet import Record

HEAD_START = timedelta(days=30)
"""By so much a lead that goes first is due before it came: ahead of all redials that wait."""


class Priority(StrEnum):
    """Where a lead stands among those who wait; promised calls go before it, whatever it says.

    `first`: before everybody else. `in_turn`: after redials that are due by now, and before those
    who have not been called yet."""

    FIRST = "first"
    IN_TURN = "in_turn"


@dataclass(frozen=True, slots=True)
class Lead:
    """A person as a program sends it; the texts are what cells of a list would hold."""

    phones: tuple[str, ...]
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    language: str = ""
    zone: str = ""
    consent: str = ""
    region: str = "RU"
    priority: Priority = Priority.FIRST
    not_before: datetime | None = None
    moves_known: bool = True
    """Whether somebody who waits in the campaign already is brought forward."""

    def judged(self) -> ImportedRow:
        """Returns the verdict a row of a file would get; its number is given by whoever writes it."""
        meanings: list[tuple[Meaning, str, str]] = [
            *((Meaning.PHONE, "phone", phone) for phone in self.phones),
            (Meaning.NAME, "name", self.name),
            (Meaning.LANGUAGE, "language", self.language),
            (Meaning.ZONE, "zone", self.zone),
            (Meaning.CONSENT, "consent", self.consent),
            *((Meaning.FIELD, name, text) for name, text in self.fields.items()),
        ]
        columns = tuple(
            Column(index, name, meaning, name) for index, (meaning, name, _) in enumerate(meanings)
        )
        cells = tuple(text for _, _, text in meanings)
        return judged(Record(1, cells, _nul_in(cells)), columns, self.region)

    def hour(self, now: datetime) -> datetime:
        """Returns from when on it is due, which is also its place among those who wait."""
        if self.not_before is not None and self.not_before > now:
            return self.not_before
        return now - HEAD_START if self.priority is Priority.FIRST else now

    def wrong_field(self, reason: str) -> str:
        """Returns the member a reason of a row speaks of."""
        if reason == "zone_unknown":
            return "zone"
        if reason in ("cell_too_long", "row_has_nul"):
            texts = {"name": self.name, **{f"fields.{n}": t for n, t in self.fields.items()}}
            bad = (n for n, text in texts.items() if len(text) > CELL_CHARS_MAX or "\0" in text)
            return next(bad, "phones")
        return "phones"


def _nul_in(cells: tuple[str, ...]) -> str:
    return "row_has_nul" if any("\0" in cell for cell in cells) else ""


@dataclass(frozen=True, slots=True)
class LeadResult:
    """What became of a lead: the row as written, whose it is, and how they stand in the campaign.

    The verdict `merged` says that the person waits in the campaign already, and `duplicate` that
    they are in a call, promised one or done with: nothing of that is changed."""

    row: ImportedRow
    contact: str
    state: str
    next_due_at: datetime | None
    list_id: str


class LeadStore(Protocol):
    """Writes leads."""

    def add_lead(
        self, organisation: str, campaign_id: str, lead: Lead, row: ImportedRow
    ) -> LeadResult | None:
        """Writes a contact and its place in the campaign in one transaction; None without the
        campaign, `InvalidRequest` where it is over."""
        ...
