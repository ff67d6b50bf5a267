"""How many calls the predictive law places, against its definition and its own promises."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pacing_examples import Floor
from pacing_oracle import decide

from vyzov.core.pacing import (
    AheadPolicy,
    PaceReason,
    Regulation,
    Scene,
    Watch,
    Window,
    WindowKind,
    dial_ahead,
)
from vyzov.core.pacing.ahead import said

EMPTY = Scene(free=4, waiting=0, talk_ages=(), wrap_ages=(), agents=4)


@pytest.fixture(scope="module")
def practised() -> dict[str, object]:
    """The state of a watch that has seen ten minutes of thirty operators; nothing rings."""
    floor = Floor(30).run(600)
    for line in list(floor.ringing):
        floor.watch.withdrawn(line, floor.now)
    return dict(floor.watch.to_state())


def watch_of(state: dict[str, object], **policy: object) -> Watch:
    return Watch.from_state(AheadPolicy(**policy), state)  # type: ignore[arg-type]


@pytest.mark.parametrize(("agents", "seconds"), [(3, 300), (12, 200), (13, 300), (60, 200)])
def test_the_law_decides_as_its_definition_says(agents: int, seconds: int) -> None:
    floor = Floor(agents, AheadPolicy(min_ended=10), seed=agents)
    floor.run(seconds)
    compared = 0
    for tick in range(40):
        ahead = floor.tick()
        if tick % 8 == 0 and not floor.watch.is_learning:
            floor.place(0)
            floor.live()
            scene, now = floor.scene(), floor.now
            watch = floor.watch
            told = dial_ahead(watch, scene, now)
            history = (now, floor.answer_times, floor.abandons)
            wanted = decide(watch, scene, watch.ages(now), history, 20)
            assert (told.count, told.price) == (wanted[0], pytest.approx(wanted[1], rel=1e-9))
            floor.place(told.count)
            compared += 1
        assert ahead.count >= 0
    assert compared == 5


scenes = st.builds(
    Scene,
    free=st.integers(0, 12),
    waiting=st.integers(0, 5),
    talk_ages=st.lists(st.floats(0, 2000), max_size=12),
    wrap_ages=st.lists(st.floats(0, 90), max_size=6),
    agents=st.sampled_from([12, 30]),
)


@settings(deadline=None, max_examples=40)
@given(scene=scenes, ringing=st.lists(st.floats(0, 70), max_size=8), veto=st.booleans())
def test_never_fewer_calls_than_progressive(
    practised: dict[str, object], scene: Scene, ringing: list[float], *, veto: bool
) -> None:
    watch = watch_of(practised, veto=veto)
    now = watch.at + 100
    watch.advance(now)
    for place, age in enumerate(sorted(ringing, reverse=True)):
        watch.dialled(f"new {place}", now - age)
    least = scene.free - scene.waiting - watch.ringing
    assert dial_ahead(watch, scene, now).count >= max(0, least)


@settings(deadline=None, max_examples=25)
@given(scene=scenes, more=st.integers(1, 6))
def test_more_who_wait_never_bring_more_calls(
    practised: dict[str, object], scene: Scene, more: int
) -> None:
    counts = [
        dial_ahead(watch_of(practised), one, 700.0).count
        for one in (scene, replace(scene, waiting=scene.waiting + more))
    ]
    assert counts[1] <= counts[0]


@settings(deadline=None, max_examples=25)
@given(scene=scenes, more=st.integers(1, 6))
def test_more_who_are_free_never_bring_fewer_calls(
    practised: dict[str, object], scene: Scene, more: int
) -> None:
    counts = [
        dial_ahead(watch_of(practised), one, 700.0).count
        for one in (scene, replace(scene, free=scene.free + more))
    ]
    assert counts[1] >= counts[0]


def test_the_risk_of_what_is_placed_is_within_the_threshold_and_of_one_more_beyond() -> None:
    floor = Floor(30).run(200)
    told = [floor.tick() for _ in range(60)]
    placed = [one for one in told if one.reason is PaceReason.DIALS_AHEAD]
    spared = [one for one in told if one.reason is PaceReason.RISK_SPENT]
    assert placed
    assert spared
    assert all(0 <= one.risk <= one.threshold for one in placed)
    assert all(one.risk > one.threshold and one.count == 0 for one in spared)


def test_until_enough_calls_have_ended_one_is_placed_per_free_operator() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    told = dial_ahead(watch, EMPTY, 0.5)
    assert (told.count, told.reason) == (4, PaceReason.LEARNING)
    for line in range(4):
        watch.dialled(line, 0.5)
    told = dial_ahead(watch, EMPTY, 1.0)
    assert (told.count, told.reason) == (0, PaceReason.LEARNING)


def test_no_more_ring_ahead_than_calls_have_ended() -> None:
    watch = Watch(AheadPolicy(), 0.0)
    for line in range(60):
        watch.dialled(f"old {line}", 0.0)
        watch.not_answered(f"old {line}", 3.0)
    scene, placed = Scene(400, 0, (), (), 500), 0
    for tick in range(40):
        told = dial_ahead(watch, scene, 5 + tick / 2)
        for line in range(told.count):
            watch.dialled((tick, line), watch.at)
        placed += told.count
    assert placed == 400 + 60
    assert told.reason is PaceReason.LEARNING


def test_after_a_stop_of_last_resort_one_is_placed_per_free_operator(
    practised: dict[str, object],
) -> None:
    watch, scene = watch_of(practised), Scene(3, 0, (), [14.0] * 27, 30)
    assert dial_ahead(watch, scene, 650.0).count > 3
    for place in range(20):
        (watch.served if place < 10 else watch.abandoned)(660.0)
    told = dial_ahead(watch, scene, 661.0)
    assert (told.count, told.reason) == (3, PaceReason.LAST_RESORT)
    assert dial_ahead(watch, scene, 780.0).reason is not PaceReason.LAST_RESORT


def test_nobody_signed_in_is_nobody_called(practised: dict[str, object]) -> None:
    told = dial_ahead(watch_of(practised), Scene(0, 0, (), (), 0), 700.0)
    assert (told.count, told.reason) == (0, PaceReason.NO_FREE_AGENT)


def test_no_abandoned_call_allowed_is_one_call_per_free_operator(
    practised: dict[str, object],
) -> None:
    never = Regulation(limit=0.0, windows=(Window("day", limit=0.0),))
    watch = watch_of(practised, regulation=never)
    told = dial_ahead(watch, Scene(5, 0, (), (), 5), 700.0)
    assert (told.count, told.reason) == (5, PaceReason.ONE_PER_FREE_AGENT)
    assert (told.price, told.threshold) == (0.0, 0.0)


@pytest.mark.parametrize("agents", [12, 40, 400])
def test_no_tick_places_a_wave(practised: dict[str, object], agents: int) -> None:
    scene = Scene(0, 0, (), [50.0] * agents, agents)
    anything = Regulation(limit=1.0, windows=())
    told = dial_ahead(watch_of(practised, regulation=anything), scene, 700.0)
    assert told.count == max(20, agents // 10)
    assert told.risk <= told.threshold


def test_who_owes_others_their_turns_places_one_call_for_each_free_operator(
    practised: dict[str, object],
) -> None:
    for free, reason in ((0, PaceReason.AGENTS_COVERED), (3, PaceReason.ONE_PER_FREE_AGENT)):
        scene = Scene(free, 0, (), [14.0] * 27, 30, yields=True)
        told = dial_ahead(watch_of(practised), scene, 700.0)
        assert (told.count, told.reason) == (free, reason)
        assert dial_ahead(watch_of(practised), replace(scene, yields=False), 700.0).count > free
    new = dial_ahead(Watch(AheadPolicy(), 0.0), replace(EMPTY, yields=True), 1.0)
    assert (new.count, new.reason) == (4, PaceReason.LEARNING)


@pytest.mark.parametrize("agents", [12, 30])
def test_calls_of_others_that_take_the_same_operators_count_by_their_share(
    practised: dict[str, object], agents: int
) -> None:
    counts = list[int]()
    for share in (0.0, 0.5, 1.0):
        other = watch_of(practised)
        for line in range(agents // 2):
            other.dialled(f"theirs {line}", 695.0)
        talks = [30.0] * (agents - agents // 3)
        scene = Scene(0, 0, talks, [14.0] * (agents // 3), agents, others=[(other, share)])
        counts.append(dial_ahead(watch_of(practised), scene, 700.0).count)
    assert counts[0] > counts[1] >= counts[2]


def test_who_waits_for_a_call_of_others_is_not_free_for_ours(practised: dict[str, object]) -> None:
    other = Watch(AheadPolicy(), 600.0)
    other.dialled("theirs", 690.0)
    scene = Scene(3, 0, (), (), 3, others=[(other, 1.0)])
    watch = Watch(AheadPolicy(), 600.0)
    assert dial_ahead(watch, scene, 700.0).count == 2


# ---- the veto


def strict(**window: object) -> AheadPolicy:
    day = Window("day", **window)  # type: ignore[arg-type]
    return AheadPolicy(Regulation(windows=(day,)), veto=True, min_ended=10)


def test_the_veto_allows_what_the_worst_case_allows(practised: dict[str, object]) -> None:
    watch = Watch.from_state(strict(), practised)
    watch.begin("day", 600.0, answered=1000, abandoned=20)
    generous = Scene(0, 0, (), [14.0] * 30, 30)
    for line in range(4):
        watch.dialled(line, 699.0)
    told = dial_ahead(watch, generous, 700.0)
    # Of 1010 answers 30 may be abandoned: 20 were, 4 ring, 6 are left.
    assert (told.count, told.reason) == (6, PaceReason.VETO)


def test_without_room_the_veto_leaves_one_call_per_free_operator(
    practised: dict[str, object],
) -> None:
    watch = Watch.from_state(strict(), practised)
    watch.begin("day", 690.0, answered=100, abandoned=50)
    watch.advance(800.0)
    told = dial_ahead(watch, Scene(2, 0, (), [40.0] * 28, 30), 800.0)
    assert told.count == max(0, 2 - watch.ringing)
    assert told.reason in {PaceReason.VETO, PaceReason.ONE_PER_FREE_AGENT}


def test_near_the_end_of_a_window_the_veto_counts_the_next_one_too(
    practised: dict[str, object],
) -> None:
    counts = list[int]()
    for ends_at in (None, 2000.0, 750.0):
        watch = Watch.from_state(strict(), practised)
        watch.begin("day", 600.0, answered=100_000, abandoned=0, ends_at=ends_at)
        counts.append(dial_ahead(watch, Scene(0, 0, (), [14.0] * 30, 30), 700.0).count)
    assert counts[0] == counts[1] > 0
    assert counts[2] == 0


def test_rolling_and_unlimited_windows_have_no_veto(practised: dict[str, object]) -> None:
    scene = Scene(0, 0, (), [14.0] * 30, 30)
    for window in ({"kind": WindowKind.ROLLING}, {"vetoed": False}, {"limit": 1.0}):
        watch = Watch.from_state(strict(**window), practised)
        assert dial_ahead(watch, scene, 700.0).reason is PaceReason.DIALS_AHEAD


def test_what_the_veto_cannot_keep_any_more_is_charged_to_who_left(
    practised: dict[str, object],
) -> None:
    watch = Watch.from_state(strict(), practised)
    watch.begin("day", 600.0, answered=100, abandoned=3)
    for line in range(2):
        watch.dialled(line, 699.0)
    crew = [14.0] * 28
    told = dial_ahead(watch, Scene(2, 0, (), crew, 30), 700.0)
    assert (told.count, told.reason, told.charged) == (0, PaceReason.VETO, 0)
    # One of the two whom these calls were placed for goes: whoever answers second finds nobody.
    told = dial_ahead(watch, Scene(1, 0, (), crew, 29, has_left=True), 700.5)
    assert (told.count, told.reason) == (0, PaceReason.VETO_LEFT)
    assert told.charged == 1
    assert said(told)["charged"] == 1
    watch.withdrawn(0, 701.0)
    told = dial_ahead(watch, Scene(1, 0, (), crew, 29), 701.0)
    assert (told.reason, told.charged) == (PaceReason.VETO, 0)


# ---- what is told


def test_the_sentence_has_its_numbers() -> None:
    floor = Floor(30).run(100)
    told = next(one for one in iter(floor.tick, None) if one.reason is PaceReason.DIALS_AHEAD)
    words = said(told)
    assert told.horizon_s == words["horizon_s"] == 12
    assert told.answers > 0
    assert 0.1 < told.rate < 0.5
    assert 0 < told.rate_spread < 0.2
    assert 0.5 < told.lines_per_agent < 4
    assert words["abandon_percent"] == pytest.approx(100 * told.abandoned / told.answered, abs=0.05)
    assert words["limit_percent"] == 3.0
    assert {"count", "lines_per_agent", "free", "answers"} <= set(words)
    nothing = said(replace(told, answered=0, abandoned=0))
    assert nothing["abandon_percent"] == 0.0


def test_a_floor_that_lives_by_the_law_is_busier_than_a_progressive_one() -> None:
    counts = list[tuple[float, float]]()
    for policy in (AheadPolicy(), AheadPolicy(min_ended=10**9)):
        floor = Floor(16, policy, seed=3).run(180)
        started = floor.busy
        floor.run(240)
        counts.append(((floor.busy - started) / 480, len(floor.abandons) / floor.answers))
    assert counts[0][0] > counts[1][0] + 0.08
    assert counts[0][1] < 0.05
    assert counts[1][1] == 0.0
