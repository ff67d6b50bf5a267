"""A step of the floor pays for what has changed, and leaves nothing out that is due."""

from datetime import timedelta

from conftest import NOON, Centre, number, plan

from vyzov.core.call import CallState
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor


def ringing(centre: Centre) -> tuple[Floor, str]:
    """A floor with one call that rings for a while, and its operator."""
    ann = centre.operator()
    campaign = centre.campaign(1, agents=(ann,))
    centre.everybody(plan(ring_s=9.0))
    centre.open(campaign)
    centre.ready(ann)
    process = centre.world.process
    assert process is not None
    room = process.floor.room
    assert centre.until(
        lambda: any(live.call.state is CallState.RINGING for live in room.calls.values())
    )
    centre.world.run(0.2)
    return process.floor, ann


def now(centre: Centre) -> fx.Now:
    timeline, process = centre.world.timeline, centre.world.process
    assert process is not None
    return fx.Now(timeline.utc, timeline.now, process.clock)


def arms(effects: list[fx.Effect]) -> list[float]:
    return [effect.at for effect in effects if isinstance(effect, fx.Arm)]


def test_a_deadline_is_asked_for_once_and_again_with_each_tick(centre: Centre) -> None:
    floor, _ = ringing(centre)
    [first] = arms(floor.step(fx.Tick(), now(centre)))
    assert arms(floor.step(fx.StoreBack(), now(centre))) == []
    assert arms(floor.step(fx.Tick(), now(centre))) == [first]


def test_a_batch_that_nobody_waits_for_leads_to_nothing(centre: Centre) -> None:
    floor, _ = ringing(centre)
    floor.room.pace_wanted = False
    assert floor.step(fx.Committed(1_000_000, {}), now(centre)) == []


def test_pacing_that_waits_goes_on_with_any_batch(centre: Centre) -> None:
    floor, _ = ringing(centre)
    floor.room.pace_wanted = True
    floor.step(fx.Committed(1_000_000, {}), now(centre))
    assert not floor.room.pace_wanted


def test_a_number_is_live_until_its_call_is_over(centre: Centre) -> None:
    floor, ann = ringing(centre)
    calls = floor.room.calls
    [live] = calls.values()
    assert live.due is not None
    assert live.due.e164 == number(0)
    assert calls.is_live(live.due.number_ref)
    assert not calls.is_live("another")
    assert centre.until(lambda: centre.agent_state(ann) == "talking")
    assert calls.is_live(live.due.number_ref)
    centre.finish_talk(ann)
    centre.desk("hangup", ann)
    assert centre.until(lambda: live.finished)
    assert not calls.is_live(live.due.number_ref)
    calls.pop(live.call.id, None)
    assert not calls.is_live(live.due.number_ref)


def test_an_instant_is_the_same_second_whenever_it_is_asked_for() -> None:
    due = NOON + timedelta(seconds=7.3)
    asked = [
        fx.Now(NOON + timedelta(seconds=after), 1000.1 + after, "boot:1").mono_of(due)
        for after in (0.0, 0.1, 0.7, 3.3)
    ]
    assert asked == [1007.4] * 4
