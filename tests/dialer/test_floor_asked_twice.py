"""Whoever asks for what was asked before hears that it is done once it is safe, not before."""

from dataclasses import replace

from conftest import Centre, plan

from vyzov.dialer import effects as fx

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


def test_a_reservation_that_is_given_up_makes_nothing_before_it_safe(centre: Centre) -> None:
    campaign, world = running(centre), centre.world
    process = world.process
    assert process is not None
    timeline, floor = world.timeline, process.floor

    def step(item: fx.Input) -> list[fx.Effect]:
        return floor.step(item, fx.Now(timeline.utc, timeline.now, process.clock))

    def answers(effects: list[fx.Effect]) -> list[int]:
        return [effect.ask for effect in effects if isinstance(effect, fx.Reply)]

    room = floor.room
    first = fx.Ask(
        901, "office.pause_campaign", "boss", room.organisation, "manager", "c",
        {"campaign": campaign},
    )  # fmt: skip
    [commit] = [effect for effect in step(first) if isinstance(effect, fx.Commit)]
    step(fx.CommitFailed(commit.batch + 1, "the database is away"))
    assert answers(step(replace(first, ask=902))) == []
    assert answers(step(fx.Committed(commit.batch, {}))) == [901, 902]


def test_what_is_safe_already_is_answered_at_once(centre: Centre) -> None:
    campaign, world = running(centre), centre.world
    assert world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    world.run(2.0)
    world.slow_store(30.0, SLOW_S)
    begun = world.timeline.now
    assert world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    assert world.timeline.now - begun < SLOW_S
    centre.settle()
