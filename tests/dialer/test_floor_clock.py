"""A step of UTC stops dialling until it was steady for a minute, or a manager says that it is right."""

from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import Centre

from vyzov.core.facts import FactKind
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor


class Clocks:
    """Steps a floor by hand, with UTC as far ahead of the machine's as a test wants."""

    def __init__(self, centre: Centre) -> None:
        process = centre.world.process
        assert process is not None
        self.floor: Floor = process.floor
        timeline = centre.world.timeline
        self.now = fx.Now(timeline.utc, timeline.now, process.clock)

    def step(
        self, item: fx.Input, *, after_s: float = 0.5, ahead_s: float = 0.0
    ) -> list[fx.Effect]:
        self.now = replace(
            self.now,
            mono=self.now.mono + after_s,
            utc=self.now.utc + timedelta(seconds=after_s + ahead_s),
        )
        return self.floor.step(item, self.now)


def open_floor(centre: Centre) -> Clocks:
    ann = centre.operator()
    centre.open(centre.campaign(3, agents=(ann,)))
    return Clocks(centre)


def told(effects: list[fx.Effect], kind: FactKind) -> list[object]:
    commits = [effect for effect in effects if isinstance(effect, fx.Commit)]
    facts = [getattr(write, "fact", None) for commit in commits for write in commit.writes]
    return [dict(fact.data) for fact in facts if fact is not None and fact.kind is kind]


def alerts(effects: list[fx.Effect]) -> list[str]:
    floors = [e for e in effects if isinstance(e, fx.Tell) and e.topic.startswith("floor:")]
    return [alert["kind"] for tell in floors for alert in tell.state["alerts"]]


def why(clocks: Clocks) -> str:
    (campaign,) = clocks.floor.room.campaigns.values()
    return campaign.why[0]


def test_a_step_is_written_down_shown_and_stops_dialling(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    effects = clocks.step(fx.Tick(), ahead_s=3600.0)
    assert told(effects, FactKind.CLOCK_STEPPED) == [{"step_s": 3600.0}]
    assert why(clocks) == "clock_unsteady"
    assert "clock_unsteady" in alerts(clocks.step(fx.Tick()))
    assert not [e for e in clocks.step(fx.Tick()) if isinstance(e, fx.Commit) and e.giveup]


def test_after_a_steady_minute_dialling_goes_on_by_itself(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    clocks.step(fx.Tick(), ahead_s=-30.0)
    for _ in range(119):
        assert not told(clocks.step(fx.Tick()), FactKind.CLOCK_TRUSTED)
    assert why(clocks) == "clock_unsteady"
    effects = clocks.step(fx.Tick())
    assert told(effects, FactKind.CLOCK_TRUSTED) == [{"by": ""}]
    assert why(clocks) != "clock_unsteady"
    assert "clock_unsteady" not in alerts(effects + clocks.step(fx.Tick()))


def test_a_managers_word_lets_dialling_go_on_at_once(centre: Centre) -> None:
    clocks = open_floor(centre)
    clocks.step(fx.Tick())
    clocks.step(fx.Tick(), ahead_s=30.0)
    organisation = clocks.floor.room.organisation
    ask = fx.Ask(7, "office.confirm_clock", "boss", organisation, "manager", "c")
    effects = clocks.step(ask)
    assert told(effects, FactKind.CLOCK_TRUSTED) == [{"by": "boss"}]
    clocks.step(fx.Tick())
    assert why(clocks) != "clock_unsteady"
    for commit in [effect for effect in effects if isinstance(effect, fx.Commit)]:
        clocks.step(fx.Committed(commit.batch, {}))
    again = clocks.step(replace(ask, ask=8))
    assert not told(again, FactKind.CLOCK_TRUSTED)
    assert [e.ok for e in again if isinstance(e, fx.Reply)] == [True]


def dialling(centre: Centre) -> None:
    """Opens a floor that always has somebody to call."""
    centre.open(centre.campaign(40, mode="agentless", calls_per_second=1))
    centre.world.run(5.0)
    assert centre.world.watch.originates


def is_steady(centre: Centre) -> bool:
    return centre.room.clock.is_steady


def steps(centre: Centre) -> list[float]:
    return [fact.data["step_s"] for fact in centre.facts(FactKind.CLOCK_STEPPED)]


@pytest.mark.parametrize("dies_s", [0.0, 0.2, 10.0, 40.0])
def test_a_step_is_not_forgotten_by_the_next_lives_of_a_floor(
    centre: Centre, dies_s: float
) -> None:
    dialling(centre)
    world = centre.world
    world.step_clock(1800.0)
    stepped_at = world.timeline.now
    world.run(dies_s)
    centre.kill_floor()
    centre.kill_floor()
    assert not is_steady(centre)
    called = len(world.watch.originates)
    world.run(stepped_at + 59.0 - world.timeline.now)
    assert (is_steady(centre), len(world.watch.originates)) == (False, called)
    world.run(14.0)
    assert is_steady(centre)
    assert len(world.watch.originates) > called
    assert world.watch.breaches == []


def test_a_step_between_two_lives_of_a_floor_is_seen(centre: Centre) -> None:
    dialling(centre)
    world = centre.world
    world.kill_floor()
    world.step_clock(-600.0)
    assert centre.until(lambda: world.is_up, 12.0)
    world.run(1.0)
    assert not is_steady(centre)
    assert steps(centre) == [-600.0]


def test_a_step_that_was_settled_holds_nobody_up_later(centre: Centre) -> None:
    dialling(centre)
    centre.world.step_clock(1800.0)
    centre.world.run(62.0)
    centre.kill_floor()
    assert is_steady(centre)
    assert len(steps(centre)) == 1
    assert len(centre.facts(FactKind.CLOCK_TRUSTED)) == 1


def test_a_step_whose_minute_went_by_between_two_lives_is_settled_by_the_next(
    centre: Centre,
) -> None:
    dialling(centre)
    world = centre.world
    world.step_clock(1800.0)
    world.run(1.0)
    world.restarts = False
    world.kill_floor()
    world.run(90.0)
    world.start()
    world.run(1.0)
    assert is_steady(centre)
    assert len(centre.facts(FactKind.CLOCK_TRUSTED)) == 1


@pytest.mark.parametrize("by_s", [-86400.0, -60.0, 60.0, 86400.0])
def test_the_limits_of_what_lives_do_not_move_with_utc(centre: Centre, by_s: float) -> None:
    """A wrap-up of twelve seconds takes twelve, however UTC is set in the middle of it."""
    ann, _ = centre.begin()
    centre.reach("talking")
    centre.world.run(3.0)
    centre.world.step_clock(by_s)
    centre.world.run(3.0)
    assert centre.talking(ann)
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up", 2.0)
    began = centre.world.timeline.now
    centre.world.run(5.0)
    centre.world.step_clock(-by_s)
    centre.world.run(6.5)
    assert centre.agent_state(ann) == "wrap_up"
    assert centre.until(lambda: centre.agent_state(ann) != "wrap_up", 2.0)
    assert centre.world.timeline.now - began == pytest.approx(12.0, abs=0.6)
    lasted = [float(str(one.data["lasted_s"])) for one in centre.facts(FactKind.AGENT_STATE)]
    assert all(0.0 <= one < 20.0 for one in lasted), lasted


@pytest.mark.parametrize("by_s", [-86400.0, 86400.0])
def test_a_lost_recording_is_waited_for_as_long_as_always(centre: Centre, by_s: float) -> None:
    ann, _ = centre.begin()
    centre.world.engine.loses_recording = lambda: True
    centre.reach("talking")
    centre.finish_talk(ann)
    centre.world.run(5.0)
    centre.world.step_clock(by_s)
    centre.world.run(20.0)
    assert [live.finished for live in centre.calls()] == [True]
    assert centre.until(lambda: not centre.calls(), 8.0)


def test_who_was_writing_a_call_up_gets_no_more_time_when_utc_was_set_back(centre: Centre) -> None:
    ann, _ = centre.begin()
    centre.reach("talking")
    assert centre.desk("hangup", ann).ok
    assert centre.until(lambda: centre.agent_state(ann) == "wrap_up", 2.0)
    centre.world.run(2.0)
    centre.world.kill_floor()
    centre.world.step_clock(-3600.0)
    assert centre.until(lambda: centre.world.is_up, 12.0)
    assert centre.agent_state(ann) == "wrap_up"
    assert centre.until(lambda: centre.agent_state(ann) != "wrap_up", 13.0)
