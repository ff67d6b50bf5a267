"""Virtual time: acts come in order, and a time that does not go on is an error that says so."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor
from vyzov.simulation.run import run_on
from vyzov.simulation.scenario import Crew, Scenario, ScenarioCampaign, ScenarioTrunk
from vyzov.simulation.stage import build
from vyzov.simulation.world_time import STILL_MAX, STILL_S, Timeline, TimeStandsStillError

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def again(timeline: Timeline, span_s: float) -> Callable[[], None]:
    """An act that asks for itself."""

    def act() -> None:
        timeline.after(span_s, act)

    return act


@pytest.mark.parametrize("span_s", [0.0, 1e-14, STILL_S / STILL_MAX / 2])
def test_acts_that_ask_for_themselves_without_end_are_an_error(span_s: float) -> None:
    timeline = Timeline(NOON)
    timeline.after(5.0, again(timeline, span_s))
    with pytest.raises(TimeStandsStillError, match=r"stands still at 1005\.00\d s.*act at"):
        timeline.run_until(2000.0)


def test_many_acts_are_no_error_while_time_goes_on() -> None:
    timeline = Timeline(NOON)
    timeline.after(0.0, again(timeline, STILL_S / 10))
    for _ in range(STILL_MAX - 100):
        timeline.after(2.0, lambda: None)
    timeline.run_until(timeline.now + 4.0)


def test_acts_come_in_order_whether_or_not_they_can_be_called_off() -> None:
    timeline, done = Timeline(NOON), list[str]()
    timeline.surely(1.0, lambda: done.append("first"))
    timeline.after(1.0, lambda: done.append("second"))
    timeline.after(1.0, lambda: done.append("never")).call_off()
    timeline.surely(1.0, lambda: done.append("third"))
    timeline.surely(-5.0, lambda: done.append("at once"))
    assert timeline.run_until(timeline.now + 2.0) is False
    assert done == ["at once", "first", "second", "third"]


def test_a_floor_that_answers_itself_without_end_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its process takes what its effects post at once: all within one act of the world."""
    scenario = Scenario(
        name="still", span_s=60.0, crews=(Crew("day", 1),), trunks=(ScenarioTrunk("first"),),
        campaigns=(ScenarioCampaign("sales", 3, settings={}),), ends_when_done=False,
    )  # fmt: skip
    stage, honest = build(scenario, 1), Floor.step

    def step(floor: Floor, item: fx.Input, now: fx.Now) -> list[fx.Effect]:
        process = stage.world.process
        if process is not None and now.mono > 1010.0:
            process.post(fx.Tick())
        return honest(floor, item, now)

    monkeypatch.setattr(Floor, "step", step)
    with pytest.raises(TimeStandsStillError, match=r"stands still at 10.*Tick"):
        run_on(stage, scenario, 1)
    stage.close()
