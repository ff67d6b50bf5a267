"""What may be abandoned now: our own window, the day, other windows, and the hard veto."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pacing_oracle import price as wanted_price

from vyzov.core.errors import InvalidRequest
from vyzov.core.pacing import AheadPolicy, Regulation, Window, WindowKind
from vyzov.core.pacing.budget import OWN_WINDOW, Account, Budget, Price, poisson_room
from vyzov.core.pacing.veto import InFlight, dials_allowed, too_many

DAY = Regulation()


def budget_of(answers: list[float], abandons: list[float], regulation: Regulation = DAY) -> Budget:
    budget = Budget(regulation, 0.0)
    events = [(at, 0) for at in answers] + [(at, 1) for at in abandons]
    for at, kind in sorted(events):
        (budget.abandoned if kind else budget.answered)(at)
    return budget


def even(count: int, until: float) -> list[float]:
    return [until * (place + 0.5) / count for place in range(count)]


def priced(
    budget: Budget, at: float, *, flight: float = 0.0, calm: float = 0.0, reserve: float = 0.0
) -> Price:
    return budget.price(at, 20, flight=flight, calm=calm, reserve=reserve)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("calm", [0.0, 0.4, 1.0])
def test_the_price_is_that_of_its_definition(seed: int, calm: float) -> None:
    dice = random.Random(seed)
    now = dice.uniform(300, 9000)
    answers = sorted(dice.uniform(0, now) for _ in range(dice.randrange(50, 1200)))
    abandons = sorted(dice.sample(answers, len(answers) * dice.randrange(0, 4) // 100))
    flight = dice.uniform(0, 1.5)
    found = priced(budget_of(answers, abandons), now, flight=flight, calm=calm)
    steady = 0.62 + 0.15 * calm
    usual = (now, 20, answers, abandons, steady, flight)
    assert found.now == pytest.approx(wanted_price(*usual, 0.0), rel=1e-9)
    assert found.next == pytest.approx(wanted_price(*usual, 1.0), rel=1e-9)
    assert found.scarcity == pytest.approx(min(10.0, max(0.0, found.now / found.next - 1)))


def test_a_call_about_to_leave_the_window_is_there_for_a_second_more() -> None:
    answers, abandons = even(600, 3600), [1800.4, 1801.0, 2500.0]
    found = priced(budget_of(answers, abandons), 3600)
    wanted = wanted_price(3600, 20, answers, abandons, 0.0, 0.0, 0.0)
    assert found.now == pytest.approx(wanted, rel=1e-9)


def test_a_burst_of_answers_is_not_counted_on_when_it_will_have_left() -> None:
    answers, abandons = even(900, 300), [100.5, 200.5, 1500.5]
    found = priced(budget_of(answers, abandons), 1700)
    wanted = wanted_price(1700, 20, answers, abandons, 0.0, 0.0, 0.0)
    assert found.now == pytest.approx(wanted, rel=1e-9)


def test_each_abandoned_call_and_each_in_flight_makes_the_next_dearer() -> None:
    answers = even(400, 3600)
    none = priced(budget_of(answers, []), 3600)
    three = priced(budget_of(answers, [3000, 3100, 3200]), 3600)
    flying = priced(budget_of(answers, []), 3600, flight=2.0)
    assert none.now > three.now
    assert none.now > flying.now


def test_abandoned_calls_leave_the_window_after_half_an_hour() -> None:
    answers = even(800, 7200)
    late, early = [6900.0, 7000.0, 7100.0], [5300.0, 5350.0, 5390.0]
    late_price = priced(budget_of(answers, late), 7200)
    early_price = priced(budget_of(answers, early), 7200)
    assert early_price.now > late_price.now


def test_no_price_falls_to_nothing() -> None:
    found = priced(budget_of(even(100, 600), [500.0] * 60), 600)
    assert found.now == found.next == pytest.approx(0.0008)
    assert found.scarcity == 0.0


def test_calm_leaves_our_own_window_to_the_day() -> None:
    answers, abandons = even(600, 3600), [3000.0 + place for place in range(14)]
    strict = priced(budget_of(answers, abandons), 3600)
    calm = priced(budget_of(answers, abandons), 3600, calm=1.0)
    assert strict.now < calm.now
    assert (strict.window, calm.window) == (OWN_WINDOW, "day")
    assert (calm.abandoned, calm.answered, calm.limit) == (14, 600, 0.03)
    assert strict.abandoned == 14
    assert strict.answered == pytest.approx(300, abs=10)


def test_a_veto_that_wishes_for_room_gets_it_from_the_day() -> None:
    answers, abandons = even(600, 3600), [3000.0 + place for place in range(8)]
    budget = budget_of(answers, abandons)
    free = priced(budget, 3600, calm=1.0)
    assert priced(budget, 3600, calm=1.0, reserve=3.0).now < free.now


def test_the_tightest_window_wins_and_is_named() -> None:
    month = Window("30 days", limit=0.03, length_s=30 * 86_400)
    budget = Budget(Regulation(windows=(Window("day"), month)), 0.0)
    for at in even(600, 3600):
        budget.answered(at)
    budget.accounts["30 days"].begin(10_000, 299, None)
    budget.accounts["day"].begin(600, 2, None)
    found = priced(budget, 3600)
    assert (found.window, found.abandoned, found.answered) == ("30 days", 299, 10_000)
    alone = priced(budget_of(even(600, 3600), []), 3600)
    assert found.now < alone.now


def test_a_window_of_another_limit_is_kept_to_its_own() -> None:
    tight = Window("day", limit=0.01)
    answers = even(2000, 7200)
    usual = priced(budget_of(answers, []), 7200, calm=1.0)
    found = priced(budget_of(answers, [], Regulation(windows=(tight,))), 7200, calm=1.0)
    assert found.limit == 0.01
    assert found.now < 0.6 * usual.now


def test_no_limit_but_none_has_no_price() -> None:
    found = priced(budget_of(even(100, 600), [], Regulation(limit=0.0)), 600)
    assert (found.now, found.next, found.scarcity) == (0.0, 0.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.booleans()), max_size=60),
    st.floats(0, 9000),
)
def test_a_rolling_account_is_never_kinder_than_its_window(
    events: list[tuple[float, bool]], later: float
) -> None:
    window = Window("hour", length_s=3600, kind=WindowKind.ROLLING)
    account = Account(window)
    now = 0.0
    for at, lost in sorted(events):
        account.advance(at)
        account.count(at, answered=int(not lost), abandoned=int(lost))
        now = at
    now += later
    account.advance(now)
    inside = [lost for at, lost in events if at > now - 3600]
    assert account.answered <= inside.count(False)
    assert account.abandoned >= inside.count(True)
    near = [lost for at, lost in events if at > now - 3600 - 60]
    assert account.abandoned <= near.count(True)
    assert account.answered >= [lost for at, lost in events if at > now - 3540].count(False)


@given(st.floats(-3, 80))
def test_a_poisson_room_is_seldom_passed(room: float) -> None:
    mean = poisson_room(room, 1.28)
    assert 0 <= mean <= max(0.0, room + 1)
    assert poisson_room(room, 1.65) <= mean


def test_the_accounts_go_into_plain_values_and_back_on_another_clock() -> None:
    hour = Window("hour", length_s=3600, kind=WindowKind.ROLLING)
    regulation = Regulation(windows=(Window("day"), hour))
    budget = budget_of(even(300, 2000), [1500.0, 1900.0], regulation)
    budget.accounts["day"].ends_at = 5000.0
    other = Budget(regulation, 0.0)
    other.take_state(budget.to_state(), 10_000.0)  # type: ignore[arg-type]
    assert priced(other, 12_100.0) == priced(budget, 2100.0)
    assert other.accounts["day"].ends_at == 15_000.0
    wider = Budget(Regulation(windows=(*regulation.windows, Window("month"))), 0.0)
    wider.take_state(budget.to_state(), 0.0)  # type: ignore[arg-type]
    assert wider.accounts["month"].answered == 0
    assert wider.accounts["day"].answered == 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 1.5},
        {"rolling_s": 30.0},
        {"rolling_s": 90.0},
        {"windows": (Window("day"), Window("day"))},
        {"windows": (Window("day", limit=-0.1),)},
    ],
)
def test_a_regulation_that_cannot_be_counted_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        Regulation(**wrong)  # type: ignore[arg-type]


def test_the_usual_policy_is_ours() -> None:
    policy = AheadPolicy()
    assert (policy.calm, policy.veto, policy.min_ended) == (True, False, 40)
    assert policy.regulation.rolling_s == 1800
    assert [window.name for window in policy.regulation.windows] == ["day"]


# ---- the veto


def is_kept(answered: int, abandoned: int) -> bool:
    return 100 * abandoned <= 3 * answered


@given(
    st.integers(0, 3000), st.integers(0, 90), st.integers(0, 60), st.integers(0, 9),
    st.integers(0, 30),
)  # fmt: skip
def test_the_veto_is_the_worst_case_and_not_one_call_less(
    answered: int, abandoned: int, ringing: int, waiting: int, free: int
) -> None:
    flight = InFlight(ringing, waiting, free)
    allowed = dials_allowed(flight, answered, abandoned, 0.03)
    assert allowed is not None

    def worst(dials: int) -> bool:
        lost = abandoned + waiting + ringing + dials - free
        return is_kept(answered + ringing + dials, lost)

    assert not worst(allowed + 1)
    assert worst(allowed)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_vetoed_window_is_kept(seed: int) -> None:
    dice = random.Random(seed)
    answered, abandoned, ringing, waiting, free, busy = 40, 0, 0, 0, 6, 0
    ahead = 0
    for _ in range(1500):
        allowed = dials_allowed(InFlight(ringing, waiting, free), answered, abandoned, 0.03)
        assert allowed is not None
        progressive = max(0, free - waiting - ringing)
        ringing += max(progressive, allowed)
        ahead += max(0, allowed - progressive)
        # A hostile world: long silences, then everybody answers, operators stay on the line.
        for _ in range(dice.choice([0, 1, 1, ringing])):
            if not ringing:
                break
            ringing -= 1
            if dice.random() < 0.7:
                answered += 1
                waiting += 1
                if free:
                    waiting, free, busy = waiting - 1, free - 1, busy + 1
        if dice.random() < 0.5:
            abandoned, waiting = abandoned + waiting, 0
        if busy and dice.random() < 0.4:
            busy, free = busy - 1, free + 1
            if waiting:
                waiting, free, busy = waiting - 1, free - 1, busy + 1
        assert is_kept(answered, abandoned)
    assert ahead > 0


def test_a_limit_of_everything_vetoes_nothing() -> None:
    assert dials_allowed(InFlight(50, 9, 0), 0, 90, 1.0) is None
    assert too_many(InFlight(50, 9, 1), 200, 90, 1.0) == 0


def test_who_may_leave_without_a_call_of_ours_breaking_the_window() -> None:
    assert too_many(InFlight(0, 0, 0), 0, 0, 0.03) == 0
    assert too_many(InFlight(2, 0, 2), 200, 5, 0.03) == 0
    assert too_many(InFlight(2, 0, 1), 100, 0, 0.03) == 0
    assert too_many(InFlight(2, 0, 1), 10, 0, 0.03) == pytest.approx(1 - 0.03 * 12)


def test_the_worst_is_that_all_answer_or_that_nobody_does() -> None:
    for flight in (InFlight(4, 1, 2), InFlight(9, 0, 3), InFlight(3, 2, 0)):
        over = [
            2 + max(0, flight.waiting + answers - flight.free) - 0.03 * (60 + answers)
            for answers in range(flight.ringing + 1)
        ]
        assert too_many(flight, 60, 2, 0.03) == pytest.approx(max(over))


def test_what_is_charged_to_a_leaving_is_taken_back_as_the_worst_fails_to_come() -> None:
    account = Account(Window("day"))
    account.charge(2.0, has_left=False)
    assert account.charged == 0
    account.charge(2.0, has_left=True)
    account.charge(3.0, has_left=False)
    assert account.charged == 2
    account.charge(1.5, has_left=True)
    assert account.charged == 2
    account.charge(0.5, has_left=False)
    again = Account(Window("day"))
    again.take_state(account.to_state(), 0.0)  # type: ignore[arg-type]
    assert (account.charged, again.charged) == (0.5, 0.5)
    account.begin(0, 0, None)
    assert account.charged == 0
