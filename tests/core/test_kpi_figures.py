"""Formulas: whole numbers over whole numbers, and why a figure cannot be had."""

from dataclasses import replace
from datetime import timedelta

import pytest
from kpi_examples import DAY, HALF_HOUR, NOON, NOON_MS, Call, Day

from vyzov.core.errors import InvalidRequest
from vyzov.core.facts import FactKind
from vyzov.core.instants import to_text
from vyzov.core.kpi.book import (
    COST_SCALE,
    Book,
    OwnRule,
    Prices,
    PriceVersion,
    Shift,
    TrunkPrice,
)
from vyzov.core.kpi.cells import Folded, Joined, Placed, Reach
from vyzov.core.kpi.evaluate import (
    Figure,
    WhyNot,
    agents_time,
    attempts_curve,
    figures,
    hours_of_week,
    window_of,
)
from vyzov.core.kpi.evidence import Part, evidence
from vyzov.core.kpi.fold import fold
from vyzov.core.kpi.registry import BY_ID, FORMULAS, Unit, Window
from vyzov.core.kpi.words import WINDOWS, WORDS

UNTIL = NOON_MS + 2 * HALF_HOUR


def told(day: Day, book: Book | None = None, reach: Reach | None = None) -> dict[str, Figure]:
    whom = reach or Reach()
    found = figures(Folded(fold(day.line), whom), whom, book or Book(), NOON_MS, UNTIL)
    return {one.formula.id: one for one in found}


def pair(figure: Figure) -> tuple[int | None, int | None]:
    return figure.numerator, figure.denominator


def busy_day() -> Day:
    """Ann: 100 s ready, 2 s reserved, 60 s talk, 10 s hold, 28 s wrap-up, 200 s pause."""
    day = Day()
    day.loaded(4)
    day.state(0, "ready")
    day.call("a1", 95).rings(96).answers(100)
    day.state(100, "reserved", campaign="autumn")
    day.state(102, "talking", campaign="autumn")
    day.state(162, "hold", campaign="autumn")
    day.state(172, "wrap_up", campaign="autumn")
    day.state(200, "pause")
    day.state(400, "offline")
    call = Call(day, "a1", "c1").joins(102).ends(172).result(199, "agreed", "success")
    call.tell(FactKind.CONTACT_CLOSED, 199, reason="agreed")
    day.call("a2", 0, "c2").fails(30, "busy")
    return day


def test_the_figures_of_a_small_day_are_what_one_works_out_by_hand() -> None:
    found = told(busy_day())
    by_hand = {
        "occupancy": (100_000, 200_000),
        "handling_time": (100_000, 1),
        "idle": (100_000, 1),
        "idle_p95": (101_000, 1),
        "answer_rate": (1, 2),
        "contact_rate": (1, 2),
        "reach": (1, 2),
        "right_party": (1, 1),
        "right_party_of_attempts": (1, 2),
        "conversion": (1, 1),
        "conversion_of_list": (1, 4),
        "penetration": (2, 4),
        "completion": (1, 4),
        "attempts_per_closed": (2, 1),
        "calls_per_closed": (1, 1),
        "ring_to_connect": (6_000, 1),
        "ring_to_connect_p95": (6_100, 1),
        "answer_to_agent": (2_000, 1),
        "answer_to_agent_p95": (2_100, 1),
        "dials_per_hour": (2, 400_000),
        "contacts_per_hour": (1, 400_000),
        "results_per_hour": (1, 400_000),
        "abandoned_us_days_30": (0, 1),
        "abandoned_uk_day": (0, 1),
        "abandoned_own_half_hour": (0, 0),
    }
    assert {name: pair(found[name]) for name in by_hand} == by_hand


def test_states_add_up_to_the_time_signed_in() -> None:
    source = Folded(fold(busy_day().line))
    (ann,) = agents_time(source, NOON_MS, UNTIL)
    assert (ann.agent, ann.signed_in_ms) == ("ann", 400_000)
    assert ann.states["pause"] == 200_000


def test_a_figure_without_anything_to_divide_by_says_so() -> None:
    found = told(Day())
    assert pair(found["occupancy"]) == (0, 0)
    assert found["occupancy"].why_not is WhyNot.NOTHING_TO_DIVIDE_BY
    assert found["idle_p95"].why_not is WhyNot.NOTHING_TO_DIVIDE_BY


def test_a_figure_of_the_whole_team_is_not_made_for_one_campaign() -> None:
    found = told(busy_day(), reach=Reach("autumn"))
    assert found["occupancy"].why_not is WhyNot.NOT_BY_CAMPAIGN
    assert pair(found["occupancy"]) == (None, None)
    assert pair(found["handling_time"]) == (100_000, 1)
    assert pair(told(busy_day(), reach=Reach("winter"))["answer_rate"]) == (0, 0)


def test_one_agent_has_the_calls_they_talked_in() -> None:
    found = told(busy_day(), reach=Reach(agent="ann"))
    assert pair(found["dials_per_hour"]) == (1, 400_000)
    assert pair(told(busy_day(), reach=Reach(agent="bob"))["dials_per_hour"]) == (0, 0)


def test_the_95th_of_100_is_the_upper_bound_of_its_tenth_of_a_second() -> None:
    day = Day()
    for place in range(100):
        at = place * 10
        day.call(f"a{place}", at, f"c{place}").answers(at + 1).joins(at + 1 + place * 0.2)
    assert pair(told(day)["answer_to_agent_p95"]) == (18_900, 1)


# ---- windows -------------------------------------------------------------------------------------


def test_windows_end_where_the_report_ends() -> None:
    since, until = NOON_MS, NOON_MS + HALF_HOUR
    midnight = NOON_MS - DAY // 2
    assert window_of(Window.ASKED, since, until) == (since, until)
    assert window_of(Window.TO_DATE, since, until) == (0, until)
    assert window_of(Window.DAYS_30, since, until) == (until - 30 * DAY, until)
    assert window_of(Window.DAY, since, until) == (midnight, until)
    assert window_of(Window.DAY, since, midnight + DAY) == (midnight, midnight + DAY)
    assert window_of(Window.HALF_HOUR, since, until) == (since, until)


def test_lost_calls_are_counted_by_three_rules() -> None:
    day = Day()
    day.call("a1", 10).answers(15).tell(FactKind.ABANDONED, 17).ends(19, "abandoned")
    day.call("a2", 20, "c2").answers(25).joins(29, within=False).ends(60)
    day.call("a3", 30, "c3").answers(35).ends(36, "answered_human", "hung_up_early")
    day.call("a4", 40, "c4").answers(45).joins(46).ends(90)
    day.call("a5", 50, "c5").answers(51).tell(FactKind.CLASSIFIED, 52, answer_class="machine")
    found = told(day)
    assert pair(found["abandoned_us_days_30"]) == (2, 4)
    assert pair(found["abandoned_uk_days_30"]) == (1, 3)
    assert pair(found["abandoned_own_days_30"]) == (3, 4)
    lenient = Prices(own_rule=OwnRule(late=False, gave_up=False))
    book = Book((PriceVersion(NOON_MS, lenient),))
    assert pair(told(day, book)["abandoned_own_days_30"]) == (1, 4)


# ---- money ---------------------------------------------------------------------------------------


PRICES = Prices(
    currency="RUB", labour_per_hour=36_000, labour_of={"bob": 72_000},
    trunks={"t1": TrunkPrice(per_attempt=50, per_minute=200, step_s=60, rental_per_day=2_400)},
    per_contact=100, other_per_day=4_800, revenue={"agreed": 90_000},
    revenue_of={"autumn": {"agreed": 100_000}},
)  # fmt: skip


def test_costs_of_the_house_are_labour_traffic_contacts_and_what_is_paid_by_the_day() -> None:
    found = told(busy_day(), Book((PriceVersion(0, PRICES),)))
    labour = 400 * 10  # 400 s at 10 minor units a second
    traffic = 2 * 50 + 2 * 200  # two attempts; 72 s rounded up to two minutes
    contacts, by_the_day = 4 * 100, (2_400 + 4_800) // 24
    whole = labour + traffic + contacts + by_the_day
    assert pair(found["cost"]) == (whole * COST_SCALE, COST_SCALE)
    assert pair(found["cost_per_attempt"]) == (whole * COST_SCALE, 2 * COST_SCALE)
    assert pair(found["cost_per_client"]) == (whole * COST_SCALE, COST_SCALE)
    assert pair(found["revenue"]) == (100_000, 1)
    assert pair(found["revenue_per_hour"]) == (100_000, 400_000)
    assert pair(found["roi"]) == ((100_000 - whole) * COST_SCALE, whole * COST_SCALE)
    assert found["cost"].currency == "RUB"
    assert found["occupancy"].currency == ""


def test_one_campaign_carries_the_work_on_its_own_calls_and_no_rentals() -> None:
    book = Book((PriceVersion(0, PRICES),))
    found = told(busy_day(), book, Reach("autumn"))
    assert found["cost"].numerator == (100 * 10 + 2 * 50 + 2 * 200 + 4 * 100) * COST_SCALE
    assert told(Day(), book, Reach("winter"))["cost"].numerator == 0


def test_prices_change_at_half_hours_and_nothing_is_priced_anew() -> None:
    day = Day()
    day.call("a1", 10, "c1").answers(11).ends(12).result(13, "agreed", "success")
    day.call("a2", 1900, "c2").answers(1901).ends(1902).result(1903, "agreed", "success")
    book = Book(
        (
            PriceVersion(NOON_MS, Prices(revenue={"agreed": 1})),
            PriceVersion(NOON_MS + HALF_HOUR, Prices(revenue={"agreed": 10})),
            PriceVersion(NOON_MS + HALF_HOUR, Prices(revenue={"agreed": 100})),
        )
    )
    assert pair(told(day, book)["revenue"]) == (101, 1)


def test_money_in_two_currencies_is_not_added_up() -> None:
    book = Book(
        (
            PriceVersion(NOON_MS, Prices("RUB", per_contact=1)),
            PriceVersion(NOON_MS + HALF_HOUR, Prices("EUR", per_contact=1)),
        )
    )
    found = told(busy_day(), book)
    assert found["cost"].why_not is WhyNot.TWO_CURRENCIES
    assert found["abandoned_own_days_30"].why_not is None


def test_paid_time_is_that_of_the_shifts_which_begin_in_the_period() -> None:
    def shift(agent: str, from_h: float, hours: float) -> Shift:
        begins = NOON + timedelta(hours=from_h)
        return Shift(agent, begins, begins + timedelta(hours=hours), 300, 600)

    shifts = (shift("ann", 0, 1), shift("bob", 0.5, 2), shift("eve", -1, 4), shift("ann", 30, 8))
    book = Book((PriceVersion(0, Prices(labour_per_hour=3_600)),), shifts)
    found = told(busy_day(), book)
    paid = (3600 - 600 + 7200 - 600) * 1000
    planned = paid - 2 * 300_000
    assert pair(found["utilisation"]) == (200_000, paid)
    assert pair(found["shrinkage"]) == (paid - 200_000, paid)
    assert pair(found["plan_kept"]) == (400_000, planned)
    assert pair(found["cost"]) == (paid // 1000 * COST_SCALE, COST_SCALE)
    alone = told(busy_day(), book, Reach(agent="ann"))
    assert alone["utilisation"].denominator == 3_000_000


def test_an_agent_whose_shift_reaches_in_is_paid_in_the_period_before() -> None:
    earlier = Shift("ann", NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    book = Book((PriceVersion(0, Prices(labour_per_hour=3_600)),), (earlier,))
    assert told(busy_day(), book)["cost"].numerator == 0
    assert Shift("ann", NOON, NOON, unpaid_break_s=60).paid_ms == 0


# ---- the price list as JSON ----------------------------------------------------------------------


def test_prices_are_read_as_they_are_written() -> None:
    assert Prices.from_json(PRICES.to_json()) == PRICES
    assert Prices.from_json({}) == Prices()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"currency": "roubles"}, "currency"),
        ({"labour_per_hour": -1}, "labour_per_hour"),
        ({"labour_per_hour": 1.5}, "labour_per_hour"),
        ({"labour_of": {"ann": "x"}}, "labour_of.ann"),
        ({"trunks": {"t1": {"step_s": 7}}}, "trunks.t1.step_s"),
        ({"trunks": {"t1": {"colour": 1}}}, "trunks.t1.colour"),
        ({"revenue_of": {"c": {"agreed": "x"}}}, "revenue_of.c.agreed"),
        ({"own_rule": {"lat": True}}, "own_rule.lat"),
        ({"labor": 5}, "labor"),
    ],
)
def test_wrong_prices_are_named(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Prices.from_json(wrong)
    assert [fault.field for fault in caught.value.faults] == [field]


# ---- curves and words ----------------------------------------------------------------------------


def test_the_curve_tells_at_which_attempt_contacts_were_reached() -> None:
    day = Day()
    day.call("a1", 10).fails(20)
    day.call("a2", 100, number=2).answers(101).ends(102)
    day.call("a3", 10, "c2").answers(11).ends(12)
    points = attempts_curve(Folded(fold(day.line)), NOON_MS, UNTIL)
    assert [(one.place, one.numerator, one.denominator) for one in points] == [(1, 1, 2), (2, 1, 1)]


def test_the_hours_of_the_week_are_those_of_the_asked_zone() -> None:
    day = Day()
    day.call("a1", 10).answers(11).ends(12)
    day.call("a2", 1900, "c2").fails(1901)
    source = Folded(fold(day.line))
    assert [
        (one.place, one.numerator, one.denominator) for one in hours_of_week(source, NOON_MS, UNTIL)
    ] == [(12, 1, 2)]
    moved = hours_of_week(source, NOON_MS, UNTIL, timedelta(hours=12, minutes=30))
    assert [(one.place, one.numerator, one.denominator) for one in moved] == [
        (24, 1, 1),
        (25, 0, 1),
    ]


def test_every_figure_and_window_has_words_in_both_languages() -> None:
    for formula in FORMULAS:
        words = WORDS[formula.id]
        for said in (words.name, words.formula, words.without):
            assert said.en
            assert said.ru
    assert set(WINDOWS) == set(Window)
    names = [words.name.ru for words in WORDS.values()]
    assert len(set(names)) == len(names)


def test_rates_are_read_by_the_hour() -> None:
    assert Unit.PER_HOUR.scale == 3_600_000
    assert Unit.SHARE.scale == 1


# ---- evidence ------------------------------------------------------------------------------------


def behind(
    day: Day, figure: str, part: Part = "numerator", reach: Reach | None = None
) -> list[tuple[str, str]]:
    span = (NOON_MS, UNTIL)
    found = evidence(BY_ID[figure], part, day.line, span, reach or Reach())
    return [(fact.kind.value, fact.attempt or fact.agent or "") for fact in found]


def test_a_figure_opens_to_the_facts_that_made_it() -> None:
    day = busy_day()
    assert behind(day, "answer_rate") == [("answered", "a1")]
    assert sorted(behind(day, "answer_rate", "denominator")) == [
        ("attempt_reserved", "a1"),
        ("attempt_reserved", "a2"),
    ]
    assert behind(day, "contact_rate") == [("final", "a1")]
    assert behind(day, "conversion") == [("disposed", "a1")]
    assert behind(day, "answer_to_agent_p95") == [("bridged", "a1")]
    assert behind(day, "handling_time", "denominator") == [("bridged", "a1")]
    assert behind(day, "completion") == [("contact_closed", "a1")]
    assert behind(day, "completion", "denominator") == [("contacts_loaded", "")]
    assert behind(day, "revenue") == [("disposed", "a1")]
    assert len(behind(day, "dials_per_hour", "denominator")) == 6
    assert behind(day, "idle") == [("agent_state", "ann")]
    assert behind(day, "utilisation", "denominator") == []
    day.tell(FactKind.EMERGENCY_STOP, 9, {"by": "boss"})
    assert behind(day, "revenue", "denominator") == []


def test_a_figure_of_one_opens_to_the_facts_of_that_one() -> None:
    day = busy_day()
    assert behind(day, "answer_rate", reach=Reach("winter")) == []
    assert behind(day, "answer_rate", reach=Reach(agent="bob")) == []
    assert behind(day, "handling_time", reach=Reach("autumn")) == [("agent_state", "ann")] * 4
    assert behind(day, "handling_time", reach=Reach(agent="bob")) == []
    assert len(behind(day, "cost")) == 2 + 1 + 6


def test_a_call_that_lasts_counts_by_its_join_and_one_nobody_told_of_by_its_beginning() -> None:
    day = Day()
    day.call("a1", 0).answers(5).joins(6)
    day.call("a2", 1, "c2").answers(5).tell(FactKind.ABANDONED, 9)
    assert behind(day, "abandoned_us_days_30", "denominator") == [
        ("bridged", "a1"),
        ("attempt_reserved", "a2"),
    ]


def test_promises_open_to_what_was_promised() -> None:
    day = Day()
    due = to_text(NOON + timedelta(seconds=600))
    day.call("a1", 0).joins(2).tell(FactKind.CALLBACK_PROMISED, 9, due_at=due)
    assert behind(day, "callbacks_kept") == []
    day.call("a2", 610, number=2)
    assert behind(day, "callbacks_kept") == [("callback_promised", "a1")]
    day.call("far", 9, "c9").tell(
        FactKind.CALLBACK_PROMISED, 9, due_at=to_text(NOON + timedelta(days=3))
    )
    assert behind(day, "callbacks_kept", "denominator") == [("callback_promised", "a1")]
    assert behind(day, "callbacks_kept", reach=Reach(agent="ann")) == []
    assert behind(day, "callbacks_kept", reach=Reach("winter")) == []


def test_calls_begun_outside_the_span_are_not_opened() -> None:
    day = Day()
    day.call("a1", 2 * 1800).answers(3601).ends(3605)
    day.state(-60, "ready")
    day.state(-30, "pause")
    assert behind(day, "answer_rate") == []
    assert behind(day, "occupancy", "denominator") == []
    assert len(behind(day, "plan_kept")) == 1


def test_two_sources_read_as_one() -> None:
    day, later = busy_day(), Day()
    later.state(500, "pause", agent="bob")
    later.state(600, "offline", agent="bob")
    both = Joined(Folded(fold(day.line)), Folded(fold(later.line)))
    whole = Folded(fold([*day.line, *(replace(one, floor="x") for one in _renamed(later))]))
    assert figures(both, Reach(), Book(), NOON_MS, UNTIL) == figures(
        whole, Reach(), Book(), NOON_MS, UNTIL
    )
    assert hours_of_week(both, NOON_MS, UNTIL) == hours_of_week(whole, NOON_MS, UNTIL)


def _renamed(day: Day) -> list[Placed]:
    return [replace(one, fact=replace(one.fact, dedupe=f"later:{one.place}")) for one in day.line]
