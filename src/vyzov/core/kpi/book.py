"""Prices, revenue and shifts: what facts cannot know, kept in versions by validity.

Money is whole minor units (kopecks, cents) of one currency. A version holds from a half hour on,
until the next one; nothing is priced twice or anew. Costs are summed in minor units times
`COST_SCALE`, so that an hour's wage for one millisecond is a whole number too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vyzov.core.errors import Fault
from vyzov.core.fields import Fields, Json
from vyzov.core.kpi.cells import DAY_MS

COST_SCALE = DAY_MS
HOURS_A_DAY = 24
MINUTES_A_DAY = 24 * 60
MONEY_MOST = 1_000_000_000_00
STEPS_S = (1, 6, 60)


@dataclass(frozen=True, slots=True)
class TrunkPrice:
    """What a trunk costs; `step_s` is what each call's answered time is rounded up to."""

    per_attempt: int = 0
    per_minute: int = 0
    step_s: int = 60
    rental_per_day: int = 0


@dataclass(frozen=True, slots=True)
class OwnRule:
    """The house's own rule of abandonment: what counts besides calls nobody took at all."""

    late: bool = True
    gave_up: bool = True


@dataclass(frozen=True, slots=True)
class Prices:
    """One version of all prices; `labour_of` overrides the hour's wage for one agent, and
    `revenue_of` what a result brings for one campaign."""

    currency: str = "RUB"
    labour_per_hour: int = 0
    labour_of: Mapping[str, int] = field(default_factory=dict[str, int])
    trunks: Mapping[str, TrunkPrice] = field(default_factory=dict[str, TrunkPrice])
    per_contact: int = 0
    other_per_day: int = 0
    revenue: Mapping[str, int] = field(default_factory=dict[str, int])
    revenue_of: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict[str, Mapping[str, int]]
    )
    own_rule: OwnRule = OwnRule()

    def revenue_for(self, campaign: str | None, result: str) -> int:
        """What a result brings in minor units; zero where nobody said."""
        own = self.revenue_of.get(campaign or "", {})
        return own.get(result, self.revenue.get(result, 0))

    @classmethod
    def from_json(cls, source: Mapping[str, Any]) -> "Prices":
        """Returns the prices of a JSON object, or raises `InvalidRequest` naming wrong fields."""
        faults: list[Fault] = []
        fields = Fields(source, "", faults)
        currency = fields.text("currency", "RUB")
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
            fields.fault("currency", "must be three capital letters such as RUB", "choice")
        own = fields.inner("own_rule")
        prices = cls(
            currency=currency,
            labour_per_hour=_money(fields, "labour_per_hour"),
            labour_of=_moneys(fields, "labour_of"),
            trunks={name: _trunk(rows) for name, rows in _objects(fields, "trunks")},
            per_contact=_money(fields, "per_contact"),
            other_per_day=_money(fields, "other_per_day"),
            revenue=_moneys(fields, "revenue"),
            revenue_of={
                name: {code: _money(rows, code) for code in rows.source}
                for name, rows in _objects(fields, "revenue_of")
            },
            own_rule=OwnRule(own.flag("late", default=True), own.flag("gave_up", default=True)),
        )
        own.close()
        fields.settle("The price list")
        return prices

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON that `from_json` reads."""
        return {
            "currency": self.currency,
            "labour_per_hour": self.labour_per_hour,
            "labour_of": dict(self.labour_of),
            "trunks": {
                name: {
                    "per_attempt": one.per_attempt,
                    "per_minute": one.per_minute,
                    "step_s": one.step_s,
                    "rental_per_day": one.rental_per_day,
                }
                for name, one in self.trunks.items()
            },
            "per_contact": self.per_contact,
            "other_per_day": self.other_per_day,
            "revenue": dict(self.revenue),
            "revenue_of": {name: dict(rows) for name, rows in self.revenue_of.items()},
            "own_rule": {"late": self.own_rule.late, "gave_up": self.own_rule.gave_up},
        }


def _money(fields: Fields, name: str) -> int:
    return fields.whole(name, 0, least=0, most=MONEY_MOST)


def _moneys(fields: Fields, name: str) -> dict[str, int]:
    rows = fields.inner(name)
    return {one: _money(rows, one) for one in rows.source}


def _objects(fields: Fields, name: str) -> list[tuple[str, Fields]]:
    rows = fields.inner(name)
    return [(one, rows.inner(one)) for one in rows.source]


def _trunk(fields: Fields) -> TrunkPrice:
    step_s = fields.whole("step_s", 60, least=1, most=60)
    if step_s not in STEPS_S:
        fields.fault("step_s", "must be 1, 6 or 60", "choice")
    price = TrunkPrice(
        per_attempt=_money(fields, "per_attempt"),
        per_minute=_money(fields, "per_minute"),
        step_s=step_s,
        rental_per_day=_money(fields, "rental_per_day"),
    )
    fields.close()
    return price


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """Prices and the half hour from which they hold."""

    valid_from_ms: int
    prices: Prices


@dataclass(frozen=True, slots=True)
class Shift:
    """When an agent is to work; unpaid breaks are not paid time, paid ones are."""

    agent: str
    starts_at: datetime
    ends_at: datetime
    paid_break_s: int = 0
    unpaid_break_s: int = 0

    @property
    def paid_ms(self) -> int:
        """Paid time, milliseconds."""
        whole = int((self.ends_at - self.starts_at).total_seconds() * 1000)
        return max(0, whole - self.unpaid_break_s * 1000)

    @property
    def planned_work_ms(self) -> int:
        """Paid time without paid breaks, milliseconds."""
        return max(0, self.paid_ms - self.paid_break_s * 1000)


@dataclass(frozen=True, slots=True)
class Book:
    """All versions of the prices, oldest first, and all shifts."""

    versions: tuple[PriceVersion, ...] = ()
    shifts: tuple[Shift, ...] = ()

    def stretches(self, since_ms: int, until_ms: int) -> list[tuple[int, int, Prices]]:
        """Splits a span where prices changed; before the first version everything is free."""
        points = [PriceVersion(-1, Prices()), *self.versions]
        found: list[tuple[int, int, Prices]] = []
        for place, version in enumerate(points):
            following = points[place + 1].valid_from_ms if place + 1 < len(points) else until_ms
            first, last = max(since_ms, version.valid_from_ms), min(until_ms, following)
            if first < last:
                found.append((first, last, version.prices))
        return found
