"""The floor's look-ahead: whoever may not be called leaves the head of the queue, and keeps nobody
from the end."""

from conftest import Centre, number, plan

from vyzov.dialer.effects import Commit
from vyzov.dialer.writes import Reserve

DAY = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "09:00", "end": "21:00"}


def test_contacts_the_settings_forbid_do_not_keep_the_campaign_from_its_end(centre: Centre) -> None:
    foreign = "+442079460101"
    campaign = centre.campaign(
        mode="agentless", phones=((number(1),), (foreign,), (number(2),)), destinations=["+7"]
    )
    centre.everybody(plan())
    centre.open(campaign)
    assert centre.until(lambda: centre.are_completed(campaign), 120.0)
    entries = centre.entries(campaign)
    assert [entry["state"] for entry in entries] == ["closed", "fresh", "closed"]
    assert entries[1]["contact_id"] not in {one["contact_id"] for one in centre.attempts()}


def test_whoever_was_held_by_the_settings_is_called_under_others(centre: Centre) -> None:
    campaign = centre.campaign(
        mode="agentless", phones=((number(1),), ("+442079460101",)), destinations=["+7"]
    )
    centre.everybody(plan())
    centre.open(campaign)
    assert centre.until(lambda: centre.are_completed(campaign), 120.0)
    record = centre.office.campaign(centre.organisation, campaign)
    assert record is not None
    changed = {**record.settings, "destinations": ["+7", "+44"]}
    centre.office.change_campaign(centre.organisation, campaign, settings=changed)
    assert centre.world.ask("office.settings_changed", "boss").ok
    centre.world.run(2.0)
    assert centre.start_campaign(campaign).ok
    abroad = centre.entries(campaign)[1]["contact_id"]
    assert centre.until(lambda: abroad in {one["contact_id"] for one in centre.attempts()}, 30.0)


def test_a_campaign_whose_contacts_are_asleep_waits_without_asking_for_them(centre: Centre) -> None:
    # It is noon in UTC: 15:00 in Moscow, where everybody lives.
    night = {**DAY, "start": "16:00"}
    campaign = centre.campaign(count=30, mode="agentless", window=night)
    centre.everybody(plan())
    centre.open(campaign)
    centre.world.run(20.0)
    live = centre.live_campaign(campaign)
    assert (centre.attempts(), list(live.hopper), live.held) == ([], [], {})
    assert live.opens_at is not None
    assert live.opens_at.hour == 13
    assert centre.is_running(campaign)


def test_one_reservation_is_on_its_way_at_a_time(centre: Centre) -> None:
    campaign = centre.campaign(count=40, mode="agentless", lines_max=30, calls_per_second=50)
    centre.everybody(plan())
    centre.world.start()
    centre.world.run(1.0)
    process = centre.world.process
    assert process is not None
    on_the_way: set[int] = set()
    most, step = 0, process.floor.step

    def watched(item: object, now: object) -> object:
        nonlocal most
        on_the_way.discard(getattr(item, "batch", -1))
        effects = step(item, now)  # type: ignore[arg-type]
        for effect in effects:
            if isinstance(effect, Commit) and any(
                isinstance(one, Reserve) for one in effect.writes
            ):
                on_the_way.add(effect.batch)
        most = max(most, len(on_the_way))
        return effects

    process.floor.step = watched  # type: ignore[assignment,method-assign]
    assert centre.start_campaign(campaign).ok
    assert centre.until(lambda: len(centre.attempts()) >= 40, 120.0)
    assert most == 1
