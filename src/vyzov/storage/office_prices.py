"""Prices and shifts: kept in versions by validity, never overwritten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.instants import from_text, to_text
from vyzov.core.kpi.book import Book, Prices, PriceVersion, Shift
from vyzov.core.kpi.cells import half_hour_of, moment_of, ms_of
from vyzov.dialer.kpi_store import PriceRecord, ShiftRecord
from vyzov.storage.office_base import OfficeBase
from vyzov.storage.tables_kpi import price_version, shift
from vyzov.storage.values import json_object, json_text


class PriceBook(OfficeBase):
    """The part of `dialer.kpi_store.KpiStore` that is truth."""

    def price_records(self, organisation: str) -> tuple[PriceRecord, ...]:
        """Returns all versions, the newest first."""
        with self._reading() as connection:
            return _prices(connection, organisation)

    def add_prices(
        self, organisation: str, prices: Prices, valid_from: datetime | None, by: str
    ) -> PriceRecord:
        """Writes a new version, valid from a half hour on; none is put before one there is."""
        begins = moment_of(half_hour_of(ms_of(valid_from or self._now())))
        with self._writing() as connection:
            known = _prices(connection, organisation)
            if known and known[0].valid_from > begins:
                raise InvalidRequest.of(
                    "The price list",
                    [Fault("valid_from", f"prices hold from {to_text(known[0].valid_from)} already",
                           "order")],
                )  # fmt: skip
            version = known[0].version + 1 if known else 1
            record = PriceRecord(version, prices, begins, self._now(), by)
            connection.execute(
                price_version.insert().values(
                    organisation_id=organisation, version=version,
                    prices=json_text(prices.to_json()), valid_from=to_text(begins),
                    created_at=to_text(record.created_at), created_by=by,
                )
            )  # fmt: skip
        return record

    def shift_records(
        self, organisation: str, since: datetime, until: datetime
    ) -> tuple[ShiftRecord, ...]:
        """Returns the shifts that reach into a span, by when they begin."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(shift)
                .where(
                    shift.c.organisation_id == organisation,
                    shift.c.cancelled_at.is_(None),
                    shift.c.starts_at < to_text(until),
                    shift.c.ends_at > to_text(since),
                )
                .order_by(shift.c.starts_at, shift.c.id)
            )
            return tuple(_shift(row) for row in rows)

    def add_shifts(self, organisation: str, shifts: Sequence[Shift]) -> tuple[ShiftRecord, ...]:
        """Writes shifts, all or none; `InvalidRequest` where an agent would have two at once."""
        made = tuple(ShiftRecord(self._new_id(), one) for one in shifts)
        with self._writing() as connection:
            for record in made:
                _require_free(connection, organisation, record.shift)
                connection.execute(
                    shift.insert().values(
                        id=record.id, organisation_id=organisation, agent_id=record.shift.agent,
                        starts_at=to_text(record.shift.starts_at),
                        ends_at=to_text(record.shift.ends_at),
                        paid_break_s=record.shift.paid_break_s,
                        unpaid_break_s=record.shift.unpaid_break_s,
                        created_at=self._now_text(),
                    )
                )  # fmt: skip
        return made

    def cancel_shift(self, organisation: str, shift_id: str) -> bool:
        """Takes a shift out of the plan; it stays as evidence of what was planned."""
        with self._writing() as connection:
            return (
                connection.execute(
                    shift.update()
                    .where(
                        shift.c.organisation_id == organisation,
                        shift.c.id == shift_id,
                        shift.c.cancelled_at.is_(None),
                    )
                    .values(cancelled_at=self._now_text())
                ).rowcount
                == 1
            )

    def price_book(self, organisation: str, until: datetime) -> Book:
        """Returns everything that prices a report which ends at `until`."""
        versions = tuple(
            PriceVersion(ms_of(one.valid_from), one.prices)
            for one in reversed(self.price_records(organisation))
        )
        shifts = self.shift_records(organisation, moment_of(0), until)
        return Book(versions, tuple(one.shift for one in shifts))


def _prices(connection: sa.Connection, organisation: str) -> tuple[PriceRecord, ...]:
    rows = connection.execute(
        sa.select(price_version)
        .where(price_version.c.organisation_id == organisation)
        .order_by(price_version.c.version.desc())
    )
    return tuple(
        PriceRecord(
            version=row.version,
            prices=Prices.from_json(json_object(row.prices)),
            valid_from=from_text(row.valid_from),
            created_at=from_text(row.created_at),
            created_by=row.created_by,
        )
        for row in rows
    )


def _shift(row: sa.Row[Any]) -> ShiftRecord:
    return ShiftRecord(
        row.id,
        Shift(
            agent=row.agent_id,
            starts_at=from_text(row.starts_at),
            ends_at=from_text(row.ends_at),
            paid_break_s=row.paid_break_s,
            unpaid_break_s=row.unpaid_break_s,
        ),
    )


def _require_free(connection: sa.Connection, organisation: str, wanted: Shift) -> None:
    taken = connection.execute(
        sa.select(shift.c.id).where(
            shift.c.organisation_id == organisation,
            shift.c.agent_id == wanted.agent,
            shift.c.cancelled_at.is_(None),
            shift.c.starts_at < to_text(wanted.ends_at),
            shift.c.ends_at > to_text(wanted.starts_at),
        )
    ).first()
    if taken is not None:
        raise InvalidRequest.of(
            "The shift", [Fault("from", "the agent has a shift at that time already", "twice")]
        )
