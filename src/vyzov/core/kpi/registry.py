"""The closed list of key figures: what is divided by what, over which window, without what.

A formula is two linear forms over measures and amounts, so that its figure is two whole numbers
which anybody can add up again. Its words, in both languages, are in `words`.
"""

from dataclasses import dataclass
from enum import StrEnum

from vyzov.core.agent import AgentState
from vyzov.core.facts import FactKind
from vyzov.core.kpi import agents as a
from vyzov.core.kpi import measures as m
from vyzov.core.kpi.book import COST_SCALE
from vyzov.core.kpi.pricing import (
    COST,
    OWN_LOST,
    PAID_MS,
    PLANNED_MS,
    REVENUE,
    SIGNED_IN_STATES,
    WORK_STATES,
)

HOUR_MS = 3_600_000


class Unit(StrEnum):
    """What a figure is read as: numerator by denominator times the unit's scale."""

    SHARE = "share"
    RATIO = "ratio"
    MILLISECONDS = "ms"
    PER_HOUR = "per_hour"
    MONEY = "money"
    MONEY_PER_HOUR = "money_per_hour"

    @property
    def scale(self) -> int:
        """By what the quotient is multiplied: rates are counted per millisecond."""
        return HOUR_MS if self in (Unit.PER_HOUR, Unit.MONEY_PER_HOUR) else 1

    @property
    def is_money(self) -> bool:
        """True where a figure has a currency."""
        return self in (Unit.MONEY, Unit.MONEY_PER_HOUR)


class Window(StrEnum):
    """Over which span a figure is counted; all end where the report ends."""

    ASKED = "asked"
    TO_DATE = "to_date"
    DAYS_30 = "days_30"
    DAY = "day"
    HALF_HOUR = "half_hour"


Form = tuple[tuple[str, int], ...]
"""A sum of measures and amounts, each with its factor."""


@dataclass(frozen=True, slots=True)
class Percentile:
    """The least bound under which 95 of 100 lie, from counts by bin, in milliseconds."""

    prefix: str
    bin_ms: int


@dataclass(frozen=True, slots=True)
class Formula:
    """One named figure; `team` is true where it has no meaning for a single campaign."""

    id: str
    unit: Unit
    numerator: Form | Percentile
    denominator: Form
    reads: tuple[FactKind, ...]
    window: Window = Window.ASKED
    team: bool = False
    priced: bool = False


def _sum(*measures: str) -> Form:
    return tuple((measure, 1) for measure in measures)


def _scaled(measure: str) -> Form:
    return ((measure, COST_SCALE),)


_WORK = _sum(*(a.STATE + state for state in WORK_STATES))
_READY = _sum(a.STATE + AgentState.READY.value)
_SIGNED_IN = _sum(*(a.STATE + state for state in SIGNED_IN_STATES))
_ONE: Form = (("@one", 1),)

_K = FactKind
_TRIED = (_K.ATTEMPT_RESERVED, _K.ATTEMPT_REFUSED)
_STATES = (_K.AGENT_STATE,)
_ENDS = (*_TRIED, _K.BRIDGED, _K.ABANDONED, _K.FINAL, _K.RESOLVED)
_RESULTS = (*_TRIED, _K.DISPOSED, _K.DISPOSITION_UNDONE)
_COSTS = (*_TRIED, _K.ANSWERED, _K.ENDED, _K.AGENT_STATE, _K.CONTACTS_LOADED)
_CLOSINGS = (_K.CONTACT_CLOSED, _K.CONTACT_REOPENED)
_S, _R, _MS, _PH = Unit.SHARE, Unit.RATIO, Unit.MILLISECONDS, Unit.PER_HOUR
_M, _MH = Unit.MONEY, Unit.MONEY_PER_HOUR


def _abandonment() -> tuple[Formula, ...]:
    """Each rule over each window; US-AB-1 is 16 CFR 310.4(b)(4), the UK's is Ofcom's of 2015."""
    rules: tuple[tuple[str, Form, Form], ...] = (
        ("abandoned_us", _sum(m.ABANDONED, m.LATE), _sum(m.LIVE)),
        ("abandoned_uk", _sum(m.ABANDONED, m.MACHINE_WRONG), _sum(m.ABANDONED, m.PASSED)),
        ("abandoned_own", _sum(OWN_LOST), _sum(m.LIVE)),
    )
    return tuple(
        Formula(f"{name}_{window.value}", _S, lost, live, _ENDS, window, priced=OWN_LOST in lost[0])
        for name, lost, live in rules
        for window in (Window.DAYS_30, Window.DAY, Window.HALF_HOUR)
    )


FORMULAS: tuple[Formula, ...] = (
    # How the agents' time goes.
    Formula("occupancy", _S, _WORK, (*_WORK, *_READY), _STATES, team=True),
    Formula("utilisation", _S, (*_WORK, *_READY), _sum(PAID_MS), _STATES, team=True, priced=True),
    Formula(
        "shrinkage", _S, (*_sum(PAID_MS), *((one, -1) for one, _ in (*_WORK, *_READY))),
        _sum(PAID_MS), _STATES, team=True, priced=True,
    ),
    Formula("plan_kept", _S, _SIGNED_IN, _sum(PLANNED_MS), _STATES, team=True, priced=True),
    Formula("handling_time", _MS, _WORK, _sum(m.HANDLED), (*_STATES, _K.BRIDGED)),
    Formula("idle", _MS, _sum(a.IDLE_MS), _sum(a.IDLE_COUNT), _STATES),
    Formula("idle_p95", _MS, Percentile(a.IDLE_BIN, a.IDLE_BIN_MS), _ONE, _STATES),
    # What came of the attempts.
    Formula("answer_rate", _S, _sum(m.ANSWERED), _sum(m.ATTEMPTS), (*_TRIED, _K.ANSWERED)),
    Formula("contact_rate", _S, _sum(m.REACHED), _sum(m.ATTEMPTS), (*_TRIED, _K.FINAL)),
    Formula(
        "reach", _S, _sum(m.FIRST_REACHED), _sum(m.FIRST_DIALLED), (*_TRIED, _K.FINAL),
        Window.TO_DATE,
    ),
    Formula("right_party", _S, _sum(m.RIGHT_PARTY), _sum(m.REACHED), (*_RESULTS, _K.FINAL)),
    Formula("right_party_of_attempts", _S, _sum(m.RIGHT_PARTY), _sum(m.ATTEMPTS), _RESULTS),
    Formula("conversion", _S, _sum(m.SUCCESS), _sum(m.RIGHT_PARTY), _RESULTS),
    Formula("conversion_of_reached", _S, _sum(m.SUCCESS), _sum(m.REACHED), (*_RESULTS, _K.FINAL)),
    Formula(
        "conversion_of_list", _S, _sum(m.SUCCESS), _sum(m.LOADED), (*_RESULTS, _K.CONTACTS_LOADED),
        Window.TO_DATE,
    ),
    Formula(
        "penetration", _S, _sum(m.FIRST_DIALLED), _sum(m.LOADED), (*_TRIED, _K.CONTACTS_LOADED),
        Window.TO_DATE,
    ),
    Formula(
        "completion", _S, _sum(m.CLOSED), _sum(m.LOADED), (*_CLOSINGS, _K.CONTACTS_LOADED),
        Window.TO_DATE,
    ),
    Formula("attempts_per_closed", _R, _sum(m.ATTEMPTS), _sum(m.CLOSED), (*_TRIED, *_CLOSINGS)),
    Formula("calls_per_closed", _R, _sum(m.ANSWERED), _sum(m.CLOSED), (_K.ANSWERED, *_CLOSINGS)),
    Formula(
        "machine_wrong", _S, _sum(m.MACHINE_WRONG), _sum(m.JUDGED_HUMAN), (*_RESULTS, _K.CLASSIFIED)
    ),
    Formula(
        "callbacks_kept", _S, _sum(m.CALLBACK_KEPT), _sum(m.CALLBACK_DUE),
        (_K.CALLBACK_PROMISED, _K.ATTEMPT_RESERVED, _K.DISPOSITION_UNDONE, _K.CONTACT_CLOSED),
    ),
    Formula(
        "ring_to_connect", _MS, _sum(m.CONNECT_MS), _sum(m.CONNECT_COUNT),
        (_K.DIALING, _K.RINGING, _K.BRIDGED),
    ),
    Formula(
        "ring_to_connect_p95", _MS, Percentile(m.CONNECT_BIN, m.BIN_MS), _ONE,
        (_K.DIALING, _K.RINGING, _K.BRIDGED),
    ),
    Formula(
        "answer_to_agent", _MS, _sum(m.WAIT_MS), _sum(m.WAIT_COUNT), (_K.ANSWERED, _K.BRIDGED)
    ),
    Formula(
        "answer_to_agent_p95", _MS, Percentile(m.WAIT_BIN, m.BIN_MS), _ONE,
        (_K.ANSWERED, _K.BRIDGED),
    ),
    # An hour of an agent.
    Formula("dials_per_hour", _PH, _sum(m.ATTEMPTS), _SIGNED_IN, (*_TRIED, *_STATES), team=True),
    Formula(
        "contacts_per_hour", _PH, _sum(m.REACHED), _SIGNED_IN, (_K.FINAL, *_STATES), team=True
    ),
    Formula("results_per_hour", _PH, _sum(m.SUCCESS), _SIGNED_IN, (*_RESULTS, *_STATES), team=True),
    Formula(
        "revenue_per_hour", _MH, _sum(REVENUE), _SIGNED_IN, (*_RESULTS, *_STATES), team=True,
        priced=True,
    ),
    # Money.
    Formula("revenue", _M, _sum(REVENUE), _ONE, _RESULTS, priced=True),
    Formula("revenue_per_attempt", _M, _sum(REVENUE), _sum(m.ATTEMPTS), _RESULTS, priced=True),
    Formula("cost", _M, _sum(COST), _scaled("@one"), _COSTS, priced=True),
    Formula("cost_per_attempt", _M, _sum(COST), _scaled(m.ATTEMPTS), _COSTS, priced=True),
    Formula("cost_per_contact", _M, _sum(COST), _scaled(m.REACHED), _COSTS, priced=True),
    Formula("cost_per_client", _M, _sum(COST), _scaled(m.SUCCESS), _COSTS, priced=True),
    Formula(
        "roi", _S, ((REVENUE, COST_SCALE), (COST, -1)), _sum(COST), (*_COSTS, _K.DISPOSED),
        priced=True,
    ),
    # Those who answered and met nobody.
    *_abandonment(),
)  # fmt: skip

BY_ID = {formula.id: formula for formula in FORMULAS}
