"""Whoever asks for what was asked before hears that it is done once it is safe, not before."""

from conftest import Centre, plan

SLOW_S = 0.8


def running(centre: Centre) -> str:
    """A campaign for an operator who is on a break: nothing but what is asked is written."""
    campaign = centre.campaign(3, agents=(centre.operator(),))
    centre.everybody(plan())
    centre.open(campaign)
    centre.world.run(2.0)
    return campaign


def test_a_second_pause_is_answered_no_sooner_than_the_first(centre: Centre) -> None:
    campaign, world = running(centre), centre.world
    world.slow_store(30.0, SLOW_S)
    begun = world.timeline.now
    first = world.send("office.pause_campaign", "boss", campaign=campaign)
    world.run(0.1)
    assert world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    assert world.timeline.now - begun >= SLOW_S
    assert world.answers[first].ok
    centre.settle()


def test_what_is_safe_already_is_answered_at_once(centre: Centre) -> None:
    campaign, world = running(centre), centre.world
    assert world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    world.run(2.0)
    world.slow_store(30.0, SLOW_S)
    begun = world.timeline.now
    assert world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    assert world.timeline.now - begun < SLOW_S
    centre.settle()
