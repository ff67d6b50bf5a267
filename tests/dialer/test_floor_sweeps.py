"""A kill or a loss between any two effects of the floor: every story ends by the rules."""

import pytest
from conftest import QUICK, Build, Centre, plan

from vyzov.simulation.agents import OFFER
from vyzov.simulation.people import CalleeKind

STORIES = {
    "a talk": (None, {"talk_s": 2.0}),
    "a robot's stop": (CalleeKind.PRESSES_9, {"press_after_s": 1.0}),
    "a robot's promise": (CalleeKind.PRESSES_2, {"press_after_s": 1.0}),
    "a robot's agent": (CalleeKind.PRESSES_1, {"press_after_s": 1.0, "talk_s": 2.0}),
}


def begin_story(centre: Centre, name: str) -> str:
    kind, changes = STORIES[name]
    met = kind or CalleeKind.ANSWERS_AND_SPEAKS
    centre.everybody(plan(met, ring_s=1.0, leaves_first=True, **changes))
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,), mode="agentless" if kind else "progressive")
    centre.open()
    centre.ready(ann)
    assert centre.start_campaign(campaign).ok
    return ann


@pytest.mark.parametrize("name", STORIES)
def test_a_kill_between_any_two_effects_breaks_no_rule(build: Build, name: str) -> None:
    told = build(faults=QUICK)
    begin_story(told, name)
    first = told.world.effects_done + 1
    assert told.until(lambda: bool(told.outcomes()), 60.0)
    told.world.run(0.5)
    last = told.world.effects_done
    assert last - first > 40
    # The robot's stories begin alike: every second effect of the later ones is enough.
    step = 1 if name in ("a talk", "a robot's stop") else 2
    for effect in range(first, last + 1, step):
        centre = build(faults=QUICK)
        ann = begin_story(centre, name)
        centre.world.kill_at_effect = effect
        world = centre.world
        assert centre.until(lambda world=world: world.lives == 2, 60.0), effect
        assert centre.until(lambda world=world: world.is_up, 15.0)
        centre.come_back(ann)
        assert centre.until(lambda centre=centre: bool(centre.outcomes()), 60.0), effect
        assert "unknown" not in centre.outcomes(), effect
        centre.settle()


@pytest.mark.parametrize("name", ["a talk", "a robot's agent"])
@pytest.mark.parametrize("what", ["engine", "link", "database"])
def test_a_loss_between_any_two_effects_breaks_no_rule(build: Build, name: str, what: str) -> None:
    told = build(faults=QUICK)
    begin_story(told, name)
    first = told.world.effects_done + 1
    assert told.until(lambda: bool(told.outcomes()), 60.0)
    for effect in range(first, told.world.effects_done, 4):
        centre = build(faults=QUICK)
        ann = begin_story(centre, name)
        world = centre.world
        disturb = {
            "engine": lambda world=world: world.kill_engine(0.4),
            "link": lambda centre=centre: centre.break_link(0.3),
            "database": lambda world=world: world.take_store_away(1.5),
        }[what]
        world.disturb_at_effect = (effect, disturb)
        assert centre.until(lambda world=world: world.disturb_at_effect is None, 60.0)
        world.run(2.0)
        if centre.agent_state(ann) == "no_device":
            assert world.ask("desk.offer", ann, f"{ann}-tab", sdp=OFFER).ok
        assert centre.until(lambda centre=centre: bool(centre.outcomes()), 60.0), effect
        centre.settle()
