"""Reads rolled-up sums as the formulas ask for them; the database adds them up."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from vyzov.core.kpi.cells import Reach
from vyzov.storage.tables_kpi import kpi_sum


@dataclass(frozen=True, slots=True)
class SqlSums:
    """A `core.kpi.cells.Source` over the table `kpi_sum`."""

    reading: Callable[[], AbstractContextManager[sa.Connection]]
    organisation: str
    reach: Reach

    def _ask(
        self, since_ms: int, until_ms: int, by: sa.Column[Any] | None, measures: tuple[str, ...]
    ) -> list[sa.Row[Any]]:
        amount = sa.cast(sa.func.sum(kpi_sum.c.amount), sa.BigInteger).label("amount")
        groups = [kpi_sum.c.measure, *([] if by is None else [by.label("part")])]
        which = [
            kpi_sum.c.organisation_id == self.organisation,
            kpi_sum.c.half_hour >= since_ms,
            kpi_sum.c.half_hour < until_ms,
            kpi_sum.c.amount != 0,
        ]
        if self.reach.campaign is not None:
            which.append(kpi_sum.c.campaign_id == self.reach.campaign)
        if self.reach.agent is not None:
            which.append(kpi_sum.c.agent_id == self.reach.agent)
        if measures:
            which.append(kpi_sum.c.measure.in_(measures))
        with self.reading() as connection:
            return list(
                connection.execute(sa.select(*groups, amount).where(*which).group_by(*groups))
            )

    def sums(self, since_ms: int, until_ms: int) -> Mapping[str, int]:
        """Returns each measure's sum over the span."""
        rows = self._ask(since_ms, until_ms, None, ())
        return {row.measure: row.amount for row in rows if row.amount}

    def agent_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each agent who has sums."""
        return self._by(self._ask(since_ms, until_ms, kpi_sum.c.agent_id, ()))

    def campaign_sums(self, since_ms: int, until_ms: int) -> Mapping[str, Mapping[str, int]]:
        """Returns the same for each campaign that has sums."""
        return self._by(self._ask(since_ms, until_ms, kpi_sum.c.campaign_id, ()))

    def _by(self, rows: list[sa.Row[Any]]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            if row.part and row.amount:
                found.setdefault(row.part, {})[row.measure] = row.amount
        return found

    def hour_sums(
        self, since_ms: int, until_ms: int, measures: tuple[str, ...]
    ) -> Mapping[int, Mapping[str, int]]:
        """Returns the sums of some measures for each half hour."""
        found: dict[int, dict[str, int]] = {}
        for row in self._ask(since_ms, until_ms, kpi_sum.c.half_hour, measures):
            if row.amount:
                found.setdefault(row.part, {})[row.measure] = row.amount
        return found
