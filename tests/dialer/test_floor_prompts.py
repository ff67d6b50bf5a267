"""What a callee hears after a loss: never a prompt over the talk with an operator."""

import pytest
from conftest import QUICK, Build, Centre, plan

from vyzov.simulation.people import CalleeKind


@pytest.fixture
def centre(build: Build) -> Centre:
    return build(faults=QUICK)


def heard(centre: Centre) -> str | None:
    """The prompt that the engine plays to the one call there is."""
    (call,) = centre.world.engine.calls.values()
    return call.play[1] if call.play is not None else None


def offered(centre: Centre) -> str:
    """An offer whose key 1 leads to Ann, who is free; the callee has picked up and listens."""
    ann = centre.operator()
    centre.everybody(plan(CalleeKind.PRESSES_1, press_after_s=2.0))
    centre.open(centre.campaign(agents=(ann,), mode="agentless"))
    centre.ready(ann)
    centre.reach("in_flow")
    centre.world.run(0.1)
    assert heard(centre) == "offer"
    return ann


def test_an_offer_begun_by_a_floor_that_sleeps_now_is_not_heard_over_the_talk(
    centre: Centre,
) -> None:
    ann = offered(centre)
    (call,) = centre.world.engine.calls.values()
    assert call.play is not None
    name, _, alarm = call.play
    assert alarm is not None
    alarm.call_off()
    call.play = (name, "offer", None)  # A long one: it outlasts the floor's absence.
    sleeper = centre.world.process
    assert sleeper is not None
    sleeper.freeze(20.0)
    centre.world.run(1.0)
    centre.world.relieve()
    assert centre.until(lambda: centre.world.process is not sleeper and centre.world.is_up, 15.0)
    centre.come_back(ann)
    assert centre.until(lambda: centre.talking(ann), 15.0)
    centre.world.run(0.1)
    assert heard(centre) is None
    centre.finish_talk(ann, "agreed")
    centre.settle()


def test_a_prompt_whose_stop_was_lost_on_the_way_is_stopped_at_the_next_snapshot(
    centre: Centre,
) -> None:
    ann = offered(centre)
    assert centre.until(lambda: centre.talking(ann), 15.0)
    (call,) = centre.world.engine.calls.values()
    call.play = ("older", "offer", None)
    centre.break_link(0.2)
    centre.world.run(2.0)
    assert centre.talking(ann)
    assert heard(centre) is None
    centre.finish_talk(ann, "agreed")
    centre.settle()
