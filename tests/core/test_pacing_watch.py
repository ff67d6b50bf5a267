"""A watch on one campaign: what it is told, what it keeps, and that it starts again where it was."""

import json
from typing import Any

import pytest
from pacing_examples import Floor

from vyzov.core.pacing import AheadPolicy, Regulation, Scene, Watch, Window, dial_ahead


def state_of(watch: Watch) -> dict[str, Any]:
    return json.loads(json.dumps(watch.to_state()))


def test_a_watch_folded_in_two_halves_is_the_watch_folded_at_once() -> None:
    whole, halves = Floor(15, seed=4), Floor(15, seed=4)
    whole.run(240)
    halves.run(123)
    halves.watch = Watch.from_state(halves.watch.policy, state_of(halves.watch))
    halves.run(117)
    assert state_of(whole.watch) == state_of(halves.watch)
    assert whole.placed == halves.placed


def test_a_watch_goes_on_after_a_restart_on_another_clock() -> None:
    floor = Floor(15).run(200)
    state = state_of(floor.watch)
    moved = Watch.from_state(floor.watch.policy, state, moved_s=5000.0)
    told = dial_ahead(floor.watch, floor.scene(), floor.now)
    again = dial_ahead(moved, floor.scene(), floor.now + 5000.0)
    assert (again.count, again.answered) == (told.count, told.answered)
    assert again.risk == pytest.approx(told.risk)
    assert moved.ages(floor.now + 5000.0) == floor.watch.ages(floor.now)


def test_ringing_calls_are_known_by_their_whole_seconds() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    watch.dialled("a", 1.0)
    watch.dialled("b", 1.5)
    watch.dialled("c", 90.0)
    assert watch.ringing == 3
    assert dict(watch.ages(90.9)) == {60: 2, 0: 1}


def test_each_second_of_ringing_is_evidence_once() -> None:
    often, seldom = Watch(AheadPolicy(), 0.0), Watch(AheadPolicy(), 0.0)
    for watch in (often, seldom):
        for line in range(30):
            watch.dialled(line, 0.0)
    for step in range(1, 49):
        often.advance(step / 4)
    seldom.advance(12.0)
    before = Watch(AheadPolicy(), 0.0).rate.mean
    assert often.rate.mean == pytest.approx(seldom.rate.mean, rel=0.02)
    assert often.rate.mean < 0.8 * before


def test_a_watch_brought_up_to_one_moment_twice_is_the_same() -> None:
    once, twice = Watch(AheadPolicy(), 0.0), Watch(AheadPolicy(), 0.0)
    for watch in (once, twice):
        watch.dialled("a", 0.0)
        watch.advance(7.5)
    twice.advance(7.5)
    twice.advance(7.0)
    assert twice.to_state() == once.to_state()


def test_a_call_that_was_withdrawn_says_nothing_but_its_silence() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    watch.dialled("a", 0.0)
    mean = watch.rate.mean
    watch.withdrawn("a", 0.5)
    watch.withdrawn("nobody", 0.6)
    assert (watch.ringing, watch.ended, watch.rate.mean) == (0, 0, mean)


def test_an_answer_to_a_call_nobody_placed_counts_for_abandonment_only() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    mean = watch.rate.mean
    watch.answered("unknown", 1.0)
    watch.not_answered("unknown", 2.0)
    assert (watch.ended, watch.rate.mean) == (0, mean)
    assert watch.budget.accounts["day"].answered == 1


def test_the_aim_falls_with_each_abandoned_call_and_rises_with_each_served() -> None:
    watch, now = Watch(AheadPolicy(), 0.0), 700.0
    dial_ahead(watch, Scene(0, 0, (), (), 8), now)
    before = watch.aim
    watch.abandoned(now)
    assert watch.aim < 0.98 * before
    low = watch.aim
    watch.served(now)
    assert low < watch.aim < before
    for _ in range(500):
        watch.abandoned(now)
    assert watch.aim == 0.12


def test_the_first_ten_minutes_move_no_aim() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    watch.abandoned(599.0)
    assert watch.aim == 0.95
    watch.abandoned(600.0)
    assert watch.aim < 0.95


def test_the_aim_has_a_ceiling() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    dial_ahead(watch, Scene(0, 0, (), (), 8), 700.0)
    for _ in range(60_000):
        watch.served(700.0)
    assert watch.aim == 2.5


def test_tables_are_made_anew_each_quarter_of_a_minute() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    before = watch.ring.answered_by
    watch.dialled("a", 0.0)
    watch.answered("a", 9.0)
    watch.talked(40.0, 10.0)
    watch.talked(5.0, 10.0, censored=True)
    watch.wrapped(4.0, 10.0)
    watch.advance(14.9)
    assert watch.ring.answered_by == before
    watch.advance(15.0)
    assert watch.ring.answered_by != before


def test_a_night_does_not_take_a_night_to_pass() -> None:
    watch = Floor(8).run(120).watch
    steady = watch.rate.steadiness
    for line in list(range(1000)):
        watch.withdrawn(line, watch.at)
    watch.advance(watch.at + 43_200)
    assert watch.rate.spread > 0.02
    assert watch.rate.steadiness >= steady
    watch.advance(watch.at + 44.0)


def test_a_clock_that_goes_back_is_held() -> None:
    watch = Watch(AheadPolicy(), 100.0)
    watch.advance(110.0)
    watch.advance(90.0)
    watch.dialled("a", 95.0)
    assert watch.at == 110.0
    assert dict(watch.ages(111.0)) == {1: 1}


def test_calm_is_a_choice_of_policy() -> None:
    never, usual = Watch(AheadPolicy(calm=False), 0.0), Watch(AheadPolicy(), 0.0)
    for watch in (never, usual):
        watch.rate.steadiness = 0.695
    assert never.calm == 0.0
    assert usual.calm == pytest.approx(0.5)
    usual.rate.steadiness = 0.9
    assert usual.calm == 1.0
    usual.rate.steadiness = 0.1
    assert usual.calm == 0.0


def test_a_calendar_window_begins_when_it_is_told() -> None:
    month = Window("30 days", length_s=30 * 86_400)
    watch = Watch(AheadPolicy(Regulation(windows=(Window("day"), month))), 0.0)
    watch.answered(1, 1.0)
    watch.abandoned(3.0)
    watch.begin("30 days", 4.0, answered=5000, abandoned=100)
    watch.begin("day", 4.0)
    watch.answered(2, 5.0)
    accounts = watch.budget.accounts
    assert (accounts["day"].answered, accounts["day"].abandoned) == (1, 0)
    assert (accounts["30 days"].answered, accounts["30 days"].abandoned) == (5001, 100)


def test_what_the_veto_wishes_for_is_remembered_over_minutes() -> None:
    policy = AheadPolicy(veto=True, min_ended=10)
    watch = Watch.from_state(policy, state_of(Floor(30).run(100).watch))
    prices = list[float]()
    watch.rate.steadiness = 0.9
    for tick in range(400):
        scene = Scene(0, 0, (), [5.0] * 30, 30)
        prices.append(dial_ahead(watch, scene, watch.at + 0.5).price)
        watch.rate.steadiness = 0.9
        if tick < 300:
            for line in range(2):
                watch.dialled(f"{tick}.{line}", watch.at)
    assert watch._wished > 1
    assert min(prices) < prices[0]


def test_talks_that_go_on_keep_the_short_ones_from_standing_for_all() -> None:
    alone, beside = Watch(AheadPolicy(), 0.0), Watch(AheadPolicy(), 0.0)
    for watch in (alone, beside):
        for _ in range(60):
            watch.talked(20.0, 40.0)
    alone.advance(45.0)
    beside.advance(45.0, [40.0] * 300)
    soon, seldom = (watch.service.releases([25.0], [])[0][3] for watch in (alone, beside))
    assert seldom < 0.5 * soon
    again = Watch.from_state(beside.policy, state_of(beside))
    assert again.service.releases([25.0], []) == beside.service.releases([25.0], [])


# ---- the stop of last resort


def met(watch: Watch, served: int, abandoned: int, span_s: float = 30.0) -> Watch:
    """So many answers from second 1000 on, those who met somebody first."""
    for place in range(served + abandoned):
        moment = 1000 + span_s * place / (served + abandoned)
        (watch.served if place < served else watch.abandoned)(moment)
    return watch


@pytest.mark.parametrize(
    ("served", "abandoned", "span_s", "stops"),
    [
        (10, 10, 30, True),
        (11, 9, 30, False),
        (0, 19, 30, False),
        (115, 115, 59, True),
        (120, 110, 59, False),
        (0, 36, 120, False),
        (0, 42, 120, True),
        (60, 20, 100, False),
        (60, 40, 140, True),
    ],
)
def test_half_of_the_last_minutes_answers_lost_stops_dialling_ahead(
    served: int, abandoned: int, span_s: float, stops: bool
) -> None:
    watch = met(Watch(AheadPolicy(), 0.0), served, abandoned, span_s)
    assert watch.is_stopped(watch.at) is stops


def test_a_stop_of_last_resort_lasts_two_minutes_through_a_restart_too() -> None:
    watch = met(Watch(AheadPolicy(), 0.0), 10, 10)
    again = Watch.from_state(watch.policy, state_of(watch), moved_s=500.0)
    assert watch.is_stopped(watch.at + 119)
    assert not watch.is_stopped(watch.at + 120)
    assert again.is_stopped(watch.at + 619)
    assert not again.is_stopped(watch.at + 620)
    later = Watch.from_state(watch.policy, state_of(met(Watch(watch.policy, 0.0), 11, 9)))
    later.abandoned(later.at)
    later.abandoned(later.at)
    assert later.is_stopped(later.at)
