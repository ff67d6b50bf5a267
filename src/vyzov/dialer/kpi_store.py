"""What the office asks of a store about key figures: prices, shifts, and the rolled-up sums."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vyzov.core.kpi.book import Book, Prices, Shift
from vyzov.core.kpi.cells import Placed, Reach, Source
from vyzov.dialer.office_records import AttemptQuery

ROLL_FACTS = 5_000
"""The most facts taken into the sums in one transaction."""


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """A version of the prices, and from when it holds."""

    version: int
    prices: Prices
    valid_from: datetime
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True)
class ShiftRecord:
    """A shift in the plan."""

    id: str
    shift: Shift


class KpiStore(Protocol):
    """Prices and shifts are truth; sums are speed, and made of the facts alone."""

    def price_records(self, organisation: str) -> tuple[PriceRecord, ...]:
        """Returns all versions, the newest first."""
        ...

    def add_prices(
        self, organisation: str, prices: Prices, valid_from: datetime | None, by: str
    ) -> PriceRecord:
        """Writes a new version, valid from this half hour or a given one on.

        Raises `InvalidRequest` where a later version holds already."""
        ...

    def shift_records(
        self, organisation: str, since: datetime, until: datetime
    ) -> tuple[ShiftRecord, ...]:
        """Returns the shifts that reach into a span, by when they begin."""
        ...

    def add_shifts(self, organisation: str, shifts: Sequence[Shift]) -> tuple[ShiftRecord, ...]:
        """Writes shifts; `InvalidRequest` where an agent would have two at once."""
        ...

    def cancel_shift(self, organisation: str, shift_id: str) -> bool:
        """Takes a shift out of the plan; False where there is none."""
        ...

    def list_of_contacts(self, organisation: str, contacts: Collection[str]) -> Mapping[str, str]:
        """Maps contacts to the list they came from; one nobody knows any more is not there."""
        ...

    def count_attempts(self, organisation: str, query: AttemptQuery) -> int:
        """Counts the attempts of a query."""
        ...

    def price_book(self, organisation: str, until: datetime) -> Book:
        """Returns everything that prices a report which ends at `until`."""
        ...

    def kpi_sums(self, organisation: str, reach: Reach) -> Source:
        """Returns the rolled-up sums, as formulas read them."""
        ...

    def roll_up(self, organisation: str, limit: int = ROLL_FACTS) -> int:
        """Takes facts that are new into the sums; returns how many, 0 where none are left."""
        ...

    def drop_sums(self, organisation: str) -> None:
        """Empties the sums; `roll_up` makes them anew."""
        ...

    def last_states(self, organisation: str) -> tuple[Placed, ...]:
        """Returns the last fact `agent_state` in the sums of each agent."""
        ...
