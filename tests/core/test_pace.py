"""Order, pace, trunks and matching: who is called, how fast, through what, and who talks."""

from dataclasses import replace

import pytest
from core_examples import AGENTLESS, T0, Ride, after, settings
from hypothesis import given
from hypothesis import strategies as st

from vyzov.core import agent as ag
from vyzov.core import call_events as ev
from vyzov.core.agent import Agent, Wish
from vyzov.core.campaign import CampaignSettings
from vyzov.core.contact import EntryState
from vyzov.core.errors import InvalidRequest
from vyzov.core.matching import agent_for, call_for
from vyzov.core.pacing import (
    Bucket,
    Pace,
    PaceReason,
    calls_in,
    calls_to_place,
    filled,
    full,
    spent,
    why_no_line,
)
from vyzov.core.routing import NoTrunk, TrunkLoad, lines_free, trunk_for
from vyzov.core.selection import Place, in_calling_order

QUIET = Pace(free_agents=4, on_the_way=1, lines=2, trunk_lines_free=50, bucket=full(5, T0))
ROBOT = CampaignSettings.from_json(AGENTLESS)


def test_promised_calls_come_first_then_redials_then_fresh_ones() -> None:
    places = [
        Place("fresh-2", EntryState.FRESH, None, 2),
        Place("due-late", EntryState.DUE, after(-10), 3),
        Place("closed", EntryState.CLOSED, None, 4),
        Place("promise-to-come", EntryState.CALLBACK, after(5), 5),
        Place("due-early", EntryState.DUE, after(-20), 6),
        Place("promise", EntryState.CALLBACK, T0, 7),
        Place("fresh-1", EntryState.FRESH, None, 1),
    ]
    order = [place.contact for place in in_calling_order(places, T0)]
    assert order == ["promise", "due-early", "due-late", "fresh-1", "fresh-2"]


@given(
    st.lists(
        st.builds(
            Place,
            st.text("abc", min_size=1),
            st.sampled_from(EntryState),
            st.none() | st.sampled_from([after(-1), T0, after(1)]),
            st.integers(0, 5),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_does_not_depend_on_who_asks(places: list[Place], dice: object) -> None:
    shuffled = list(places)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_calling_order(shuffled, T0) == in_calling_order(places, T0)


def test_one_call_is_placed_for_each_free_agent_without_one() -> None:
    decision = calls_to_place(QUIET, settings(), T0)
    assert (decision.count, decision.reason) == (3, PaceReason.ONE_PER_FREE_AGENT)
    assert decision.args == {"free_agents": 4, "on_the_way": 1, "lines": 2, "lines_max": 30}


@pytest.mark.parametrize(
    ("pace", "reason"),
    [
        ({"free_agents": 0, "on_the_way": 0}, PaceReason.NO_FREE_AGENT),
        ({"free_agents": 2, "on_the_way": 2}, PaceReason.AGENTS_COVERED),
        ({"free_agents": 2, "on_the_way": 5}, PaceReason.AGENTS_COVERED),
        ({"lines": 30}, PaceReason.LINES_FULL),
        ({"lines": 40}, PaceReason.LINES_FULL),
        ({"trunk_lines_free": 0}, PaceReason.TRUNKS_FULL),
        ({"bucket": Bucket(0.9, T0)}, PaceReason.RATE_LIMIT),
    ],
)
def test_a_decision_of_none_says_why(pace: dict[str, object], reason: PaceReason) -> None:
    decision = calls_to_place(replace(QUIET, **pace), settings(), T0)
    assert (decision.count, decision.reason) == (0, reason)


def test_a_limit_below_the_wish_names_itself() -> None:
    decision = calls_to_place(replace(QUIET, lines=29), settings(), T0)
    assert (decision.count, decision.reason) == (1, PaceReason.LINES_FULL)
    decision = calls_to_place(replace(QUIET, bucket=Bucket(2, T0)), settings(), T0)
    assert (decision.count, decision.reason) == (2, PaceReason.RATE_LIMIT)


def test_a_robot_fills_its_lines() -> None:
    pace = replace(QUIET, free_agents=0, lines=27, bucket=Bucket(5, T0))
    decision = calls_to_place(pace, ROBOT, T0)
    assert (decision.count, decision.reason) == (3, PaceReason.FILLS_LINES)
    decision = calls_to_place(replace(pace, lines=30), ROBOT, T0)
    assert (decision.count, decision.reason) == (0, PaceReason.LINES_FULL)


@pytest.mark.parametrize("mode", ["manual", "preview", "external"])
def test_modes_of_the_hand_place_nothing(mode: str) -> None:
    decision = calls_to_place(QUIET, settings(mode=mode), T0)
    assert (decision.count, decision.reason) == (0, PaceReason.MODE_DIALS_BY_HAND)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"free_agents": 0, "on_the_way": 9}, None),
        ({"lines": 30}, PaceReason.LINES_FULL),
        ({"trunk_lines_free": 0}, PaceReason.TRUNKS_FULL),
        ({"bucket": spent(full(1, T0), 1)}, PaceReason.RATE_LIMIT),
    ],
)
def test_a_call_by_hand_needs_a_line_and_a_place_in_its_second_and_nothing_else(
    changes: dict[str, object], reason: PaceReason | None
) -> None:
    pace = replace(QUIET, **changes)  # type: ignore[arg-type]
    assert why_no_line(pace, settings(mode="preview", calls_per_second=1), T0) is reason


def test_predictive_without_a_wish_dials_like_progressive() -> None:
    assert calls_to_place(QUIET, settings(mode="predictive"), T0).count == 3


@pytest.mark.parametrize(("ratio", "count"), [(1.0, 3), (1.5, 5), (2.0, 7)])
def test_power_places_its_ratio_of_calls_per_free_agent(ratio: float, count: int) -> None:
    power = settings(mode="power", power_ratio=ratio, calls_per_second=50)
    decision = calls_to_place(replace(QUIET, bucket=Bucket(50, T0)), power, T0)
    assert (decision.count, decision.reason) == (count, PaceReason.RATIO)
    assert decision.args["ratio"] == ratio


@pytest.mark.parametrize("ratio", [0.9, 10.5])
def test_a_ratio_below_one_or_above_ten_is_refused(ratio: float) -> None:
    with pytest.raises(InvalidRequest):
        settings(mode="power", power_ratio=ratio)


@given(
    st.builds(
        Pace,
        st.integers(0, 50),
        st.integers(0, 50),
        st.integers(0, 50),
        st.integers(0, 50),
        st.builds(Bucket, st.floats(-5, 50), st.just(T0)),
    ),
    st.sampled_from([ROBOT, settings()]),
)
def test_no_limit_is_ever_passed(pace: Pace, campaign: CampaignSettings) -> None:
    decision = calls_to_place(pace, campaign, T0)
    assert 0 <= decision.count <= max(0, pace.trunk_lines_free)
    assert decision.count <= max(0, campaign.lines_max - pace.lines)
    assert decision.count <= max(0, int(pace.bucket.tokens))
    if campaign is not ROBOT:
        assert decision.count <= max(0, pace.free_agents - pace.on_the_way)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 10)), max_size=30))
def test_no_more_calls_than_the_rate_and_its_one_second_of_reserve(
    wishes: list[tuple[float, int]],
) -> None:
    rate, bucket, placed, at = 5.0, full(5, T0), 0, 0.0
    for waited, wanted in wishes:
        at += waited
        bucket = filled(bucket, rate, after(at))
        count = min(wanted, calls_in(bucket))
        bucket = spent(bucket, count)
        placed += count
    assert placed <= rate * at + rate + 1e-4


def test_a_clock_set_back_fills_nothing() -> None:
    assert filled(Bucket(1, T0), 5, after(-10)).tokens == 1
    assert full(0.2, T0).tokens == 1
    assert filled(Bucket(1, T0), 5, after(0.2)).tokens == 2


LOAD = TrunkLoad("first", up=True, lines=0, lines_max=2, calls_per_second=1, bucket=full(1, T0))
DOWN = replace(LOAD, trunk="down", up=False)
FULL = replace(LOAD, trunk="full", lines=2)
HASTY = replace(LOAD, trunk="hasty", bucket=Bucket(0, T0))


def test_the_first_trunk_that_is_up_and_has_room_is_taken() -> None:
    assert trunk_for([DOWN, FULL, HASTY, LOAD, replace(LOAD, trunk="next")], T0) == LOAD


@pytest.mark.parametrize(
    ("loads", "reason"),
    [
        ([], NoTrunk.ALL_DOWN),
        ([DOWN], NoTrunk.ALL_DOWN),
        ([DOWN, FULL], NoTrunk.LINES_FULL),
        ([FULL, HASTY, FULL], NoTrunk.RATE_LIMIT),
    ],
)
def test_no_trunk_says_why(loads: list[TrunkLoad], reason: NoTrunk) -> None:
    assert trunk_for(loads, T0) is reason


def test_free_lines_are_those_of_trunks_that_are_up() -> None:
    assert lines_free([DOWN, FULL, LOAD, replace(LOAD, lines=5)]) == 2


def free(name: str, since: float) -> Agent:
    return Agent(name, after(since), wish=Wish.READY, device_leg=f"leg-{name}")


def test_the_agent_who_waited_longest_gets_the_call() -> None:
    agents = [free("ann", 5), free("bob", 2), free("cyd", 2), free("dan", 0)]
    assert agent_for(agents, {"ann", "bob", "cyd"}) == "bob"


def test_a_promised_call_goes_to_who_promised_it() -> None:
    agents = [free("ann", 5), free("bob", 2)]
    assert agent_for(agents, {"ann", "bob"}, owner="ann") == "ann"
    assert agent_for(agents, {"ann", "bob"}, owner="eve") == "bob"


def test_nobody_free_is_nobody() -> None:
    busy, _ = ag.step(free("ann", 0), ag.Reserve("c"), T0)
    assert agent_for([busy], {"ann"}) is None
    assert agent_for([free("ann", 0)], set()) is None


def test_the_call_that_waited_longest_gets_the_agent() -> None:
    first = replace(Ride().answer(4).call, id="first")
    second = replace(Ride().answer(5).call, id="second")
    taken = replace(Ride().answer(3).feed(3, ev.AgentFound("ann")).call, id="taken")
    ringing = replace(Ride().ring().call, id="ringing")
    assert call_for([second, taken, ringing, first]) == "first"
    assert call_for([taken, ringing]) is None
