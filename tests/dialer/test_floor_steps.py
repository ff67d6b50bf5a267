"""A step of the floor pays for what has changed, and leaves nothing out that is due."""

from dataclasses import replace
from datetime import timedelta

from conftest import NOON, Centre, number, plan

from vyzov.core.call import CallState
from vyzov.dialer import effects as fx
from vyzov.dialer.floor import Floor
from vyzov.dialer.floor_store import DueContact
from vyzov.dialer.pacer import DUE_TOGETHER, LOOK_AHEAD
from vyzov.dialer.room import LiveCampaign


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


def full_hopper(centre: Centre) -> tuple[Floor, LiveCampaign]:
    """A floor whose operator is on a break: its hopper is full of fresh contacts, nobody is called."""
    campaign = centre.campaign(100, agents=(centre.operator(),))
    centre.everybody(plan())
    centre.open(campaign)
    centre.world.run(3.0)
    process = centre.world.process
    assert process is not None
    found = process.floor.room.campaigns[campaign]
    assert len(found.hopper) == LOOK_AHEAD
    return process.floor, found


def came_due(campaign: LiveCampaign, count: int, first: int) -> tuple[DueContact, ...]:
    fresh = campaign.hopper[-1]
    return tuple(
        replace(fresh, contact=f"due-{place}", state="due", next_due=NOON)
        for place in range(first, first + count)
    )


def reads(effects: list[fx.Effect]) -> list[int]:
    return [effect.limit for effect in effects if isinstance(effect, fx.LoadDue) and effect.limit]


def test_a_full_hopper_reads_those_who_go_before_the_ones_in_it_and_few_more(
    centre: Centre,
) -> None:
    floor, campaign = full_hopper(centre)
    campaign.next_due = now(centre).utc
    assert reads(floor.step(fx.Tick(), now(centre))) == [DUE_TOGETHER]


def test_where_more_came_due_together_they_are_read_until_all_go_first(centre: Centre) -> None:
    floor, campaign = full_hopper(centre)
    campaign.next_due = now(centre).utc
    rounds, effects = 0, floor.step(fx.Tick(), now(centre))
    while asked := reads(effects):
        [limit] = asked
        many = came_due(campaign, limit, rounds * limit)
        item = fx.DueLoaded(campaign.record.id, many, limit, None, campaign.counts)
        effects = [*floor.step(item, now(centre)), *floor.step(fx.Tick(), now(centre))]
        rounds += 1
        assert rounds < 20, "it is read again without end"
    assert [due.state for due in campaign.hopper] == ["due"] * LOOK_AHEAD


def test_one_who_came_due_is_read_once(centre: Centre) -> None:
    floor, campaign = full_hopper(centre)
    campaign.next_due = now(centre).utc
    [limit] = reads(floor.step(fx.Tick(), now(centre)))
    fresh = [replace(campaign.hopper[-1], contact=f"new-{place}") for place in range(limit - 1)]
    read = (*came_due(campaign, 1, 0), *fresh)
    floor.step(fx.DueLoaded(campaign.record.id, read, limit, None, campaign.counts), now(centre))
    assert reads(floor.step(fx.Tick(), now(centre))) == []
    assert campaign.hopper[0].state == "due"


def test_nothing_is_read_into_a_hopper_whose_people_are_all_held(centre: Centre) -> None:
    floor, campaign = full_hopper(centre)
    read = came_due(campaign, DUE_TOGETHER, 0)
    campaign.held |= {due.contact: NOON + timedelta(days=1) for due in read}
    campaign.hopper.clear()
    item = fx.DueLoaded(campaign.record.id, read, len(read), None, campaign.counts)
    floor.step(item, now(centre))
    assert not campaign.hopper
