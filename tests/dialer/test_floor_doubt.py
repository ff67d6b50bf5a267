"""Before a limit is held against a call, the engine is asked whether anything of it was missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Build, Centre, plan

from vyzov.core.facts import Fact, FactKind
from vyzov.dialer import effects as fx
from vyzov.dialer import ports
from vyzov.simulation.people import CalleeKind, Plan
from vyzov.simulation.world_process import Delays

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WAY_S = 0.1
"""What a word takes from the floor to the engine or back, where a test makes it seen."""


def lose(centre: Centre, kind: type) -> None:
    """Events of this kind never arrive, nor do the answers of roll calls that would show it."""
    usual = centre.world.ways_of

    def ways_of(event: ports.Event) -> tuple[float, ...]:
        roll = isinstance(event, ports.Standing) and not event.leg
        return () if roll or isinstance(event, kind) else usual(event)

    centre.world.ways_of = ways_of  # type: ignore[method-assign]


def one(centre: Centre, kind: FactKind) -> Fact:
    (found,) = centre.facts(kind)
    return found


def nobody_comes(centre: Centre, callee: Plan | None = None) -> None:
    """A call is answered, and the only agent went away while it rang."""
    centre.everybody(callee or plan())
    ann, _ = centre.begin()
    centre.reach("ringing")
    centre.lose_device(ann)


def test_a_join_whose_word_is_lost_is_no_abandoned_call(centre: Centre) -> None:
    centre.everybody(plan())
    ann, campaign = centre.begin()
    lose(centre, ports.BridgeJoined)
    assert centre.until(lambda: bool(centre.facts(FactKind.BRIDGED)))
    bridged, answered = one(centre, FactKind.BRIDGED), one(centre, FactKind.ANSWERED)
    assert bridged.at - answered.at < timedelta(seconds=0.1), "told by the moment it was seen"
    assert bridged.data["within_limit"] is True
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.outcomes() == ["answered_human"])
    assert centre.facts(FactKind.ABANDONED) == []
    assert centre.shown_abandoned(campaign) == (0, 1)


def test_a_hang_up_within_the_limit_is_no_abandoned_call_though_its_word_is_lost(
    centre: Centre,
) -> None:
    nobody_comes(centre, plan(CalleeKind.SILENT, patience_s=1.0))
    lose(centre, ports.Ended)
    assert centre.until(lambda: bool(centre.outcomes()))
    assert centre.outcomes() == ["answered_human"]
    assert centre.facts(FactKind.ABANDONED) == []


def test_a_key_pressed_in_time_counts_though_its_word_is_lost(centre: Centre) -> None:
    centre.everybody(plan(key="9", press_after_s=4.0))
    centre.begin("agentless")
    lose(centre, ports.Digit)
    assert centre.until(lambda: bool(centre.facts(FactKind.STOP_LISTED)))
    offered = next(f for f in centre.facts(FactKind.FLOW_STEP) if f.data["step"] == "offer")
    pressed = one(centre, FactKind.DIGIT)
    assert pressed.data == {"digit": "9", "step": "offer"}, "not what silence would have led to"
    assert pressed.at > offered.at
    assert all(f.data["step"] != "bye" for f in centre.facts(FactKind.FLOW_STEP))


def test_an_abandoned_call_is_counted_by_its_limit_and_not_by_the_answer(build: Build) -> None:
    centre = build(delays=Delays(link_s=WAY_S))
    nobody_comes(centre)
    assert centre.until(lambda: bool(centre.facts(FactKind.ABANDONED)))
    abandoned, answered = one(centre, FactKind.ABANDONED), one(centre, FactKind.ANSWERED)
    limit = answered.at + timedelta(seconds=2)
    assert abandoned.at == limit
    assert abandoned.data["wait_s"] == 2.0
    asked = centre.world.timeline.utc - limit
    assert asked < timedelta(seconds=2 * WAY_S + 0.02), "one question and its answer later"


def test_an_engine_that_says_nothing_is_not_waited_for(centre: Centre) -> None:
    lose(centre, ports.Standing)
    nobody_comes(centre)
    assert centre.until(lambda: bool(centre.facts(FactKind.ABANDONED)))
    abandoned, answered = one(centre, FactKind.ABANDONED), one(centre, FactKind.ANSWERED)
    limit = answered.at + timedelta(seconds=2)
    assert abandoned.at == limit
    waited = centre.world.timeline.utc - limit
    assert timedelta(seconds=0.4) < waited < timedelta(seconds=0.6)


@pytest.mark.parametrize("by_s", [-86400.0, 86400.0])
def test_utc_that_is_set_while_the_engine_is_asked_moves_no_limit(
    centre: Centre, by_s: float
) -> None:
    lose(centre, ports.Standing)
    nobody_comes(centre)
    assert centre.until(lambda: any(live.doubt is not None for live in centre.calls()))
    asked = centre.world.timeline.now
    centre.world.step_clock(by_s)
    centre.world.run(0.3)
    assert centre.facts(FactKind.ABANDONED) == []
    assert centre.until(lambda: bool(centre.facts(FactKind.ABANDONED)), 1.0)
    assert centre.world.timeline.now - asked < 0.7
    assert one(centre, FactKind.ABANDONED).data["wait_s"] == pytest.approx(2.0, abs=0.01)


def test_a_join_while_the_engine_is_out_of_sight_is_no_abandoned_call(centre: Centre) -> None:
    """The link breaks with the word of the join on it, and the floor dies before the talk is over."""
    centre.everybody(plan())
    ann, campaign = centre.begin()
    lose(centre, ports.BridgeJoined)
    centre.reach("waiting")
    centre.world.run(0.01)
    centre.break_link(4.0)
    centre.world.run(3.0)
    assert centre.call_states() == ["waiting"]
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.outcomes() == ["answered_human"])
    assert centre.facts(FactKind.ABANDONED) == []
    assert centre.shown_abandoned(campaign) == (0, 1)
    centre.settle()


def test_an_abandoned_call_is_one_also_where_the_engine_comes_back_late(centre: Centre) -> None:
    nobody_comes(centre)
    centre.reach("waiting")
    centre.break_link(4.0)
    centre.world.run(3.0)
    assert centre.facts(FactKind.ABANDONED) == []
    assert centre.until(lambda: bool(centre.facts(FactKind.ABANDONED)), 6.0)
    assert one(centre, FactKind.ABANDONED).data["wait_s"] == pytest.approx(2.0, abs=0.1)
    centre.settle()


def test_an_instant_is_the_same_utc_at_whatever_step_it_is_asked_for() -> None:
    seen = 1012.3456785
    asked = [seen + span for span in (0.0, 0.1, 1 / 3, 2.7182818284, 599.9999995)]
    begun = fx.Now(NOON, 1000.0, "floor")
    steps = [
        replace(begun, mono=mono, utc=NOON + timedelta(seconds=mono - 1000.0)) for mono in asked
    ]
    assert len({now.utc_of(seen) for now in steps}) == 1
