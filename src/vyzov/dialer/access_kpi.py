"""Hands out key figures, prices and shifts to those who may see or change them.

Key figures show every agent's time and the house's money: whoever sees them sees the whole
organisation, so there is nothing to narrow. Customers and operators do not.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from vyzov.core.kpi.book import Book, Prices, Shift
from vyzov.core.kpi.cells import Placed, Reach, Source
from vyzov.core.kpi.measures import CALLBACK_DUE, CALLBACK_KEPT, RESULTS, SUCCESS
from vyzov.dialer.access_history import HistoryDoor, found
from vyzov.dialer.kpi_store import PriceRecord, ShiftRecord
from vyzov.dialer.office_records import AttemptQuery, CallbackState, FactQuery
from vyzov.dialer.rights import Action

ROLLS_MOST = 40
"""How many pieces of new facts a report waits for before it is told without the rest."""

PIECE = 2_000
PROMISES_MOST = 2_000
"""Open promises the wallboard counts; a centre with more has other worries than their number."""

ON_THE_WALL = (RESULTS, SUCCESS, CALLBACK_DUE, CALLBACK_KEPT)


class KpiDoor(HistoryDoor):
    """The part of `access.Door` about key figures."""

    def kpi_sums(self, reach: Reach) -> Source:
        """Gives the sums figures are read from."""
        self.person.must(Action.REPORT_AGENTS)
        return self._office.kpi_sums(self._own, reach)

    def roll_up(self) -> bool:
        """Takes new facts into the sums; False where some are left."""
        self.person.must(Action.REPORT_AGENTS)
        return any(self._office.roll_up(self._own) == 0 for _ in range(ROLLS_MOST))

    def last_states(self) -> tuple[Placed, ...]:
        """Gives each agent's last change of state."""
        self.person.must(Action.REPORT_AGENTS)
        return self._office.last_states(self._own)

    def price_book(self, until: datetime) -> Book:
        """Gives what prices a report; to be shown as figures only."""
        self.person.must(Action.REPORT_AGENTS)
        return self._office.price_book(self._own, until)

    def list_of_contacts(self, contacts: Collection[str]) -> Mapping[str, str]:
        """Maps contacts to the list they came from."""
        self.person.must(Action.LIST_SEE)
        return self._office.list_of_contacts(self._own, contacts)

    def count_attempts(self, query: AttemptQuery) -> int:
        """Counts attempts within reach."""
        self.person.must(Action.ATTEMPT_SEE)
        return self._office.count_attempts(self._own, self._narrowed_attempts(query))

    def placed_facts(self, query: FactQuery, most: int) -> list[tuple[int, Placed]]:
        """Gives facts with their numbers, at most so many and one more."""
        self.person.must(Action.REPORT_AGENTS)
        found_so_far: list[tuple[int, Placed]] = []
        after = 0
        while len(found_so_far) <= most:
            piece = self._office.facts(self._own, query, after=after, limit=PIECE)
            found_so_far += [
                (one.seq, Placed(one.fact, one.floor_id, one.epoch, one.seq)) for one in piece
            ]
            if len(piece) < PIECE:
                break
            after = piece[-1].seq
        return found_so_far

    # ---- the wallboard --------------------------------------------------------------------------

    def wall_sums(self, since_ms: int, until_ms: int) -> Mapping[int, Mapping[str, int]]:
        """Gives the day's sums that stand on the wall, by half hour: figures alone."""
        self.person.must(Action.WALL_SEE)
        return self._office.kpi_sums(self._own, Reach()).hour_sums(since_ms, until_ms, ON_THE_WALL)

    def wall_promises(self) -> tuple[datetime, ...]:
        """Gives when the promised calls that are open are due, and not to whom."""
        self.person.must(Action.WALL_SEE)
        found_open = self._office.callbacks(
            self._own, state=CallbackState.OPEN, limit=PROMISES_MOST
        )
        return tuple(one.due_at for one in found_open)

    # ---- prices and shifts ----------------------------------------------------------------------

    def price_records(self) -> tuple[PriceRecord, ...]:
        """Gives all versions of the prices, the newest first."""
        self.person.must(Action.PRICE_SEE)
        return self._office.price_records(self._own)

    def add_prices(self, prices: Prices, valid_from: datetime | None) -> PriceRecord:
        """Writes a new version of the prices."""
        self.person.must(Action.PRICE_EDIT)
        return self._office.add_prices(self._own, prices, valid_from, self.person.user)

    def shift_records(self, since: datetime, until: datetime) -> tuple[ShiftRecord, ...]:
        """Gives the shifts that reach into a span."""
        self.person.must(Action.SHIFT_SEE)
        return self._office.shift_records(self._own, since, until)

    def add_shifts(self, shifts: Sequence[Shift]) -> tuple[ShiftRecord, ...]:
        """Writes shifts of agents of the organisation."""
        self.person.must(Action.SHIFT_EDIT)
        for agent in {one.agent for one in shifts}:
            found(self._office.user(self._own, agent), "user")
        return self._office.add_shifts(self._own, shifts)

    def cancel_shift(self, shift_id: str) -> None:
        """Takes a shift out of the plan."""
        self.person.must(Action.SHIFT_EDIT)
        found(self._office.cancel_shift(self._own, shift_id) or None, "shift")
