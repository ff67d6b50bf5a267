"""The answer rate as a filter: what it believes after what it saw."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core.pacing.answer_rate import POINTS, RATES, AnswerRate
from vyzov.core.pacing.histograms import HORIZONS_S, RING_BINS, RingTimes, ServiceTimes


def fresh() -> AnswerRate:
    return AnswerRate(RingTimes())


def mass(rate: AnswerRate) -> float:
    return sum(map(sum, rate.weights))


def told(rate: AnswerRate, answered: int, failed: int, age: int = 10) -> AnswerRate:
    for _ in range(answered):
        rate.answered(age)
    for _ in range(failed):
        rate.failed(age)
    return rate


def test_it_begins_about_a_quarter_and_unsure() -> None:
    rate = fresh()
    assert 0.2 < rate.mean < 0.35
    assert rate.spread > 0.1
    assert rate.steadiness == 0.0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("answered"), st.integers(0, RING_BINS)),
            st.tuples(st.just("failed"), st.integers(0, RING_BINS)),
            st.tuples(st.just("rings"), st.integers(0, RING_BINS - 1)),
        ),
        max_size=20,
    ),
    st.sampled_from([1.0, 10.0]),
)
def test_time_moves_belief_about_and_loses_none(events: list[tuple[str, int]], span: float) -> None:
    rate = fresh()
    for kind, age in events:
        if kind == "rings":
            rate.still_ringing({age: 3})
        else:
            getattr(rate, kind)(age)
    assert rate.mean > 0
    before = mass(rate)
    rate.move(span)
    assert mass(rate) == pytest.approx(before, rel=1e-12)
    assert all(weight >= 0 for row in rate.weights for weight in row)


def test_evidence_is_bayes_over_the_survival_of_what_rang() -> None:
    ring = RingTimes()
    rate = AnswerRate(ring)
    prior = [sum(column) for column in zip(*rate.weights, strict=True)]
    rate.still_ringing({0: 1, 1: 1, 2: 2})
    rate.answered(3)
    rate.failed(2)
    likelihoods = [
        (ring.survival(p, 1) / ring.survival(p, 0))
        * (ring.survival(p, 2) / ring.survival(p, 1))
        * (ring.survival(p, 3) / ring.survival(p, 2)) ** 2
        * (p / ring.survival(p, 3))
        * ((1 - p) / ring.survival(p, 2))
        for p in RATES
    ]
    posterior = [a * b for a, b in zip(prior, likelihoods, strict=True)]
    mean = sum(a * p for a, p in zip(posterior, RATES, strict=True)) / sum(posterior)
    assert rate.mean == pytest.approx(mean, rel=1e-9)


def test_many_answers_raise_it_and_many_failures_lower_it() -> None:
    assert told(fresh(), 40, 10).mean > 0.6
    assert told(fresh(), 5, 95).mean < 0.12


def test_a_call_that_outlived_the_quick_failures_is_likelier_to_answer() -> None:
    ring = RingTimes()
    for _ in range(200):
        ring.failed(4)
        ring.answered(12)
    for _ in range(800):
        ring.failed(25)
    ring.rebuild()
    assert 0.25 / ring.survival(0.25, 6) > 0.28


def test_silence_is_judged_by_how_long_it_would_take() -> None:
    young, old = fresh(), fresh()
    young.still_ringing(dict.fromkeys(range(2), 60))
    old.still_ringing(dict.fromkeys(range(20), 60))
    assert young.mean > 0.9 * fresh().mean
    assert old.mean < 0.5 * young.mean


def test_a_rate_ruled_out_by_a_burst_can_come_back() -> None:
    rate = told(fresh(), 0, 3000)
    assert rate.mean < 0.03
    told(rate, 2000, 0)
    assert rate.mean > 0.0
    for _ in range(60):
        rate.move()
        told(rate, 20, 5)
    assert rate.mean > 0.5


def test_a_steady_rate_is_known_for_steady_and_a_rising_one_is_not() -> None:
    steady, rising = fresh(), fresh()
    for second in range(1500):
        told(steady, second % 2, 2 - second % 3)
        share = 0.1 * exp(log(6) * (second % 1200) / 1200)
        told(rising, int(share * (second + 1) * 4) - int(share * second * 4), 2)
        steady.move()
        rising.move()
    assert steady.steadiness > rising.steadiness + 0.2


def test_the_posterior_is_met_at_three_points() -> None:
    rate = told(fresh(), 10, 30)
    points = rate.points
    assert [point.weight for point in points] == pytest.approx([0.60, 0.33, 0.07])
    assert points[0].rate < points[1].rate < points[2].rate
    assert sum(point.weight * point.rate for point in points) == pytest.approx(rate.mean)
    assert len(RATES) == POINTS


def test_a_belief_in_one_rate_alone_is_still_cut_in_three() -> None:
    rate = fresh()
    rate.weights = [[1.0 if place == 20 else 0.0 for place in range(POINTS)]] * 4
    assert [point.rate for point in rate.points] == pytest.approx([RATES[20]] * 3)
    assert rate.spread == pytest.approx(0.0, abs=1e-7)


def test_a_belief_in_two_rates_is_cut_where_its_parts_end() -> None:
    rate = fresh()
    row = [0.0] * POINTS
    row[3], row[9] = 0.60, 0.40
    rate.weights = [row, [0.0] * POINTS, [0.0] * POINTS, [0.0] * POINTS]
    assert [point.rate for point in rate.points] == pytest.approx([RATES[3], RATES[9], RATES[9]])
    assert [point.weight for point in rate.points] == pytest.approx([0.60, 0.33, 0.07])


def test_what_is_believed_goes_into_plain_values_and_back() -> None:
    rate = told(fresh(), 3, 4)
    rate.move()
    rate.answered(5)
    other = fresh()
    other.take_state(rate.to_state())  # type: ignore[arg-type]
    assert (other.points, other.mean) == (rate.points, rate.mean)
    assert other.steadiness == rate.steadiness
    other.take_state(other.to_state())  # type: ignore[arg-type]
    assert other.mean == rate.mean


# ---- the tables


def test_ring_tables_say_what_was_seen_only_after_a_rebuild() -> None:
    ring = RingTimes()
    before = ring.answered_by
    for _ in range(500):
        ring.answered(8.9)
    assert ring.answered_by == before
    ring.rebuild()
    assert ring.answered_by[9] - ring.answered_by[8] > 0.9
    assert ring.answered_by[0] == 0.0
    assert ring.answered_by[-1] == ring.failed_by[-1] == 1.0
    assert sum(ring.masses) == pytest.approx(1.0)
    assert ring.masses[2] > 0.4


def test_no_call_is_sure_to_have_ended() -> None:
    assert RingTimes().survival(0.5, RING_BINS) == 0.01


def test_gains_are_the_answers_to_come_by_each_horizon() -> None:
    ring = RingTimes()
    row = ring.gains(10)
    by = ring.answered_by
    assert row[:7] == tuple(by[min(61, 10 + ahead)] - by[10] for ahead in HORIZONS_S)
    assert row[7:14] == tuple(one**2 for one in row[:7])
    assert row[14:] == tuple(one**3 for one in row[:7])
    assert ring.gains(10) is row


def test_old_calls_are_forgotten_slowly() -> None:
    ring = RingTimes()
    for age in (5, 20):
        for _ in range(2990):
            ring.answered(age)
        ring.rebuild()
    assert ring.answered_by[6] < 0.45


def chance(service: ServiceTimes, talk_s: float = -1, wrap_s: float = -1) -> list[float]:
    rows = service.releases([talk_s] if talk_s >= 0 else [], [wrap_s] if wrap_s >= 0 else [])
    return list(rows[0][:7])


def test_releases_are_talk_over_and_then_the_wrap_up_over() -> None:
    service = ServiceTimes(2.0)
    for _ in range(1000):
        service.talked(30.0, is_cut_short=False)
        service.wrapped(5.2)
    service.rebuild()
    early, late = chance(service, talk_s=0.0), chance(service, talk_s=30.0)
    assert early[6] < late[6]
    assert late == sorted(late)
    writing = chance(service, wrap_s=1.0)
    # With the wait of two seconds, three seconds on are five: the sixth second is over by then.
    assert writing[0] > 0.9
    assert chance(service, wrap_s=0.0)[0] < 0.1 < chance(service, wrap_s=0.0)[1]


def test_releases_match_a_sum_over_the_second_in_which_the_talk_ends() -> None:
    service = ServiceTimes(2.0)
    row = chance(service, talk_s=50.0)
    hazard = service._hazard(25)
    by = service._wrapped_by
    for place, ahead in enumerate(HORIZONS_S):
        span = ahead + 2
        wanted = sum(
            (1 - hazard) ** second * hazard * by[min(60, span - second - 1)]
            for second in range(span)
        )
        assert row[place] == pytest.approx(wanted)


def test_moments_follow_from_the_chances() -> None:
    row = ServiceTimes(0.0).releases([10.0], [])[0]
    for place in range(7):
        p = row[place]
        assert row[7 + place] == pytest.approx(p * (1 - p))
        assert row[14 + place] == pytest.approx(p * (1 - p) * (1 - 2 * p))


def test_a_talk_cut_short_says_only_that_it_lasted_so_long() -> None:
    plain, cut = ServiceTimes(2.0), ServiceTimes(2.0)
    for service, is_cut_short in ((plain, False), (cut, True)):
        for _ in range(200):
            service.talked(60.0, is_cut_short=is_cut_short)
        service.rebuild()
    assert chance(plain, talk_s=58.0)[3] > 5 * chance(cut, talk_s=58.0)[3]


def test_the_oldest_talks_and_wrap_ups_are_one_age() -> None:
    service = ServiceTimes(2.0)
    assert chance(service, talk_s=1198.0) == chance(service, talk_s=5000.0)
    assert chance(service, wrap_s=59.0) == chance(service, wrap_s=300.0)


def test_a_wrap_up_longer_than_all_known_ones_ends_likely() -> None:
    service = ServiceTimes(2.0)
    for _ in range(1400):
        service.wrapped(2.0)
    service.rebuild()
    assert chance(service, wrap_s=58.0) == [0.8] * 7


def test_tables_go_into_plain_values_and_back() -> None:
    ring, service = RingTimes(), ServiceTimes(2.0)
    ring.answered(7)
    service.talked(33.0, is_cut_short=False)
    ring.rebuild()
    service.rebuild()
    service.wrapped(9.0)
    ring.failed(3)
    other_ring, other = RingTimes(), ServiceTimes(2.0)
    other_ring.take_state(ring.to_state())  # type: ignore[arg-type]
    other.take_state(service.to_state())  # type: ignore[arg-type]
    assert other_ring.answered_by == ring.answered_by
    assert chance(other, talk_s=30.0) == chance(service, talk_s=30.0)
    for one in (service, other, ring, other_ring):
        one.rebuild()
    assert other_ring.failed_by == ring.failed_by
    assert chance(other, wrap_s=3.0) == chance(service, wrap_s=3.0)
