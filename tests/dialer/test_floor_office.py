"""What those who run a floor may ask of it, and what it does while its database is away."""

from dataclasses import replace

import pytest
from conftest import Build, Centre, number, plan

from vyzov.core.campaign import CampaignSettings
from vyzov.core.facts import FactKind
from vyzov.dialer import effects as fx
from vyzov.simulation.faults import Faults
from vyzov.simulation.people import CalleeKind


@pytest.fixture
def ann(centre: Centre) -> str:
    return centre.operator()


@pytest.fixture
def campaign(centre: Centre, ann: str) -> str:
    """A running campaign of six for Ann, whose people ring for five seconds."""
    made = centre.campaign(6, agents=(ann,))
    centre.everybody(plan(ring_s=5.0))
    centre.open(made)
    return made


def sent_after(centre: Centre, moment: float) -> list[str]:
    return [
        order.to for order in centre.world.watch.originates
        if order.not_after - 1.0 > moment
    ]  # fmt: skip


# ---- starting and stopping -----------------------------------------------------------------------


def test_a_pause_cancels_what_rings_and_nothing_is_dialled_after_it(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states())
    moment = centre.world.timeline.now
    assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    assert centre.until(lambda: not centre.world.engine.calls, 0.5)
    centre.world.run(30.0)
    assert sent_after(centre, moment) == []
    assert centre.outcomes() == ["cancelled_by_us"]
    assert centre.live_campaign(campaign).state.value == "paused"
    assert centre.start_campaign(campaign).ok
    assert centre.until(lambda: "ringing" in centre.call_states(), 3.0), "and it goes on"
    centre.settle()


def test_a_pause_lets_talks_end_and_only_then_the_campaign_rests(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    centre.world.run(10.0)
    assert centre.talking(ann)
    assert centre.live_campaign(campaign).state.value == "pausing"
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.live_campaign(campaign).state.value == "paused", 2.0)
    centre.settle()


def test_a_pause_while_the_reservation_is_being_written_sends_nothing(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: "reserving" in centre.call_states(), 3.0) or centre.attempts()
    if "reserving" not in centre.call_states():
        pytest.fail("the reservation was not seen under way")
    process = centre.world.process
    assert process is not None
    process.post(
        fx.Ask(0, "office.pause_campaign", "boss", "org", "manager", "", {"campaign": campaign})
    )
    centre.world.run(5.0)
    assert centre.world.watch.originates == []
    assert centre.outcomes() == ["cancelled_by_us"]
    centre.settle()


def test_the_emergency_stop_cancels_what_rings_everywhere_and_spares_talks(
    centre: Centre, ann: str, campaign: str
) -> None:
    bob = centre.operator("bob")
    other = centre.campaign(3, agents=(bob,))
    centre.world.ask("office.settings_changed", "boss")
    centre.world.run(0.5)
    assert centre.start_campaign(other).ok
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.ready(bob)
    assert centre.until(lambda: "ringing" in centre.call_states())
    moment = centre.world.timeline.now
    assert centre.world.ask("office.emergency_stop", "boss", on=True).body == {"stopped": True}
    assert centre.until(lambda: centre.call_states() == ["talking"], 1.0)
    centre.finish_talk(ann)
    centre.world.run(30.0)
    assert sent_after(centre, moment) == []
    [row] = centre.rows_of("SELECT emergency_stop_at FROM organisation")
    assert row["emergency_stop_at"] is not None
    assert centre.world.ask("office.emergency_stop", "boss", on=False).body == {"stopped": False}
    assert centre.until(lambda: bool(centre.call_states()), 3.0), "dialling goes on"
    kinds = [FactKind.EMERGENCY_STOP, FactKind.EMERGENCY_STOP_LIFTED]
    assert [len(centre.facts(kind)) for kind in kinds] == [1, 1]
    centre.settle()


def test_a_stop_made_by_another_process_holds_from_the_next_reservation_on(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.office.set_emergency_stop("org", centre.world.timeline.utc)
    centre.ready(ann)
    centre.world.run(10.0)
    assert centre.world.watch.originates == []
    assert centre.attempts() == []
    centre.settle()


def test_a_number_stopped_while_it_waits_in_the_hopper_is_not_called(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.world.run(2.0)
    assert len(centre.live_campaign(campaign).hopper) == 6
    centre.office.add_stop("org", number(0), reason="asked", source="letter")
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    assert [order.to for order in centre.world.watch.originates] == [number(1)]
    centre.world.run(21.0)
    centre.finish_talk(ann)
    assert centre.until(lambda: centre.entries(campaign)[0]["state"] == "closed", 2.0)
    centre.settle()


def test_a_campaign_that_is_finished_calls_nobody_more(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states())
    assert centre.world.ask("office.finish_campaign", "boss", campaign=campaign).ok
    assert centre.until(lambda: centre.are_completed(campaign), 2.0)
    centre.world.run(20.0)
    assert len(centre.attempts()) == 1
    centre.settle()


def test_what_cannot_be_asked_is_refused_in_words(centre: Centre, ann: str, campaign: str) -> None:
    ask = centre.world.ask
    assert ask("office.fly", "boss").body["code"] == "unknown_verb"
    assert ask("office.start_campaign", "boss", campaign="none").body["code"] == "not_found"
    assert ask("office.finish_campaign", "boss", campaign=campaign).ok
    centre.world.run(1.0)
    refused = ask("office.pause_campaign", "boss", campaign=campaign)
    assert (refused.ok, refused.body["code"]) == (False, "wrong_state")
    centre.world.organisation = "somebody else"
    assert ask("office.emergency_stop", "boss", on=True).body["code"] == "not_found"
    assert centre.room.stopped is False


def test_a_campaign_without_a_list_cannot_start(centre: Centre) -> None:
    settings = {"mode": "progressive", "purpose": "service", "caller_id": number(99)}
    made = centre.office.create_campaign(
        "org", name="Empty", settings=settings | {"trunks": [centre.trunk]}
    )
    centre.open()
    refused = centre.start_campaign(made.id)
    assert (refused.ok, refused.body["code"]) == (False, "no_list")


def test_changed_settings_take_effect_within_a_second(
    centre: Centre, ann: str, campaign: str
) -> None:
    bob = centre.operator("bob")
    record = centre.office.campaign("org", campaign)
    assert record is not None
    changed = {**record.settings, "agents": [bob], "wrap_up_s": 3}
    centre.office.change_campaign("org", campaign, settings=changed)
    assert centre.world.ask("office.settings_changed", "boss").ok
    centre.world.run(0.9)
    centre.ready(ann)
    centre.world.run(3.0)
    assert centre.attempts() == []
    centre.ready(bob)
    assert centre.until(lambda: centre.talking(bob))
    assert centre.attempts()[0]["campaign_version"] == 2
    centre.settle()


def test_reloading_settings_keeps_the_abandoned_share(centre: Centre, ann: str) -> None:
    campaign = centre.campaign(2, agents=(ann,))
    centre.everybody(plan(ring_s=3.0))
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: "ringing" in centre.call_states())
    centre.lose_device(ann)
    assert centre.until(lambda: "farewell" in centre.call_states())
    assert centre.shown_abandoned(campaign) == (1, 1)
    assert centre.world.ask("office.settings_changed", "boss").ok
    centre.world.run(0.5)
    assert centre.shown_abandoned(campaign) == (1, 1), (
        "it is not final yet, and counted all the same"
    )
    centre.settle()


# ---- lines and rates -----------------------------------------------------------------------------


def test_an_offer_fills_the_lines_it_is_allowed_and_no_more(centre: Centre) -> None:
    campaign = centre.campaign(30, mode="agentless", lines_max=4)
    centre.everybody(plan(CalleeKind.NEVER_ANSWERS))
    centre.open(campaign)
    most = 0
    for _ in range(60):
        centre.world.run(0.5)
        most = max(most, len(centre.world.engine.calls))
    assert most == 4
    centre.settle()


def test_calls_per_second_are_kept(centre: Centre) -> None:
    campaign = centre.campaign(30, mode="agentless", calls_per_second=2)
    centre.everybody(plan(CalleeKind.NEVER_ANSWERS))
    centre.open(campaign)
    centre.world.run(5.0)
    # A full second's worth may go out at once, then two in every second.
    assert 8 <= len(centre.world.watch.originates) <= 13
    centre.settle()


def test_one_number_in_two_lists_has_one_call_at_a_time(centre: Centre) -> None:
    crew = centre.operator("ann"), centre.operator("bob")
    first = centre.campaign(agents=crew, phones=((number(5),),))
    second = centre.campaign(agents=crew, phones=((number(5),),))
    centre.everybody(plan())
    centre.open(first, second)
    for user in crew:
        centre.ready(user)
    assert centre.until(lambda: any(centre.talking(user) for user in crew))
    centre.world.run(40.0)
    assert len(centre.world.watch.originates) == 1
    centre.finish_talk(crew[0] if centre.talking(crew[0]) else crew[1])
    assert centre.until(lambda: len(centre.world.watch.originates) == 2, 40.0)
    centre.settle()


def test_nobody_is_called_outside_their_hours(centre: Centre, ann: str) -> None:
    # It is 15:00 in Moscow.
    hours = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "15:10", "end": "16:00"}
    campaign = centre.campaign(2, agents=(ann,), window=hours)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    centre.world.run(590.0)
    assert centre.attempts() == []
    assert centre.until(lambda: centre.talking(ann), 40.0)
    centre.settle()


# ---- the database is away ------------------------------------------------------------------------


def test_without_its_database_the_floor_stops_dialling_within_a_tick_and_talks_go_on(
    centre: Centre, ann: str, campaign: str
) -> None:
    bob = centre.operator("bob")
    other = centre.campaign(5, agents=(bob,))
    centre.world.ask("office.settings_changed", "boss")
    centre.world.run(0.5)
    assert centre.start_campaign(other).ok
    centre.ready(ann)
    assert centre.until(lambda: centre.talking(ann))
    centre.world.take_store_away(20.0)
    moment = centre.world.timeline.now
    for step in range(30):
        if step == 2:
            centre.world.send("desk.attach", bob, "bob-tab")
            centre.world.send("desk.offer", bob, "bob-tab", sdp="v=0")
            centre.world.send("desk.ready", bob, "bob-tab")
        centre.world.run(0.5)
    assert sent_after(centre, moment) == []
    assert centre.talking(ann)
    assert centre.agent_state(bob) == "ready", "free, and yet nobody is called for them"
    assert centre.world.screens["floor:org"]["database"] == "away"
    asked = centre.world.send(
        "desk.result", ann, f"{ann}-tab", attempt=centre.found(ann).agent.call, result="agreed"
    )
    centre.world.run(0.5)
    assert centre.world.answers[asked].body["kept"] is True
    assert centre.agent_state(ann) == "ready"
    written = "SELECT result FROM disposition"
    assert centre.rows_of(written) == []
    assert centre.until(lambda: bool(centre.rows_of(written)), 10.0), "what waited is written"
    assert centre.world.answers[asked].ok
    assert centre.until(lambda: centre.talking(bob), 20.0), "and dialling goes on"
    centre.settle()


def test_a_reservation_that_could_not_be_written_is_given_up_and_its_contact_called_later(
    centre: Centre, ann: str, campaign: str
) -> None:
    centre.world.run(2.0)
    centre.world.take_store_away(4.0)
    centre.world.send("desk.attach", ann, f"{ann}-tab")
    centre.world.send("desk.offer", ann, f"{ann}-tab", sdp="v=0")
    centre.world.send("desk.ready", ann, f"{ann}-tab")
    centre.world.run(3.0)
    assert centre.call_states() == []
    assert centre.until(lambda: centre.talking(ann), 30.0)
    assert len(centre.attempts()) == len(centre.world.watch.originates) == 1
    centre.settle()


def test_a_reservation_whose_answer_is_lost_is_closed_once_the_database_is_back(
    centre: Centre, campaign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter([True])
    bob = centre.operator("bob")
    other = centre.campaign(mode="agentless", agents=(bob,))
    centre.world.ask("office.settings_changed", "boss")
    centre.world.run(0.5)
    assert centre.start_campaign(other).ok
    assert centre.until(lambda: "reserving" in centre.call_states())
    monkeypatch.setattr(centre.world, "answer_lost", lambda: next(lost, False))
    centre.world.run(5.0)
    [attempt] = [one for one in centre.attempts() if one["number"] == 1]
    assert (attempt["state"], attempt["outcome"]) == ("final", "cancelled_by_us")
    assert attempt["originated_at"] is None
    assert centre.until(lambda: len(centre.world.watch.originates) == 1, 40.0), "called after all"
    centre.settle()


def test_a_commit_whose_answer_is_lost_is_repeated_without_effect(build: Build) -> None:
    centre = build(seed=3)
    ann = centre.operator()
    campaign = centre.campaign(3, agents=(ann,))
    centre.everybody(plan(talk_s=2.0, leaves_first=True))
    centre.open(campaign)
    centre.world.faults = Faults(answer_lost=0.3)
    centre.ready(ann)
    for _ in range(3):
        assert centre.until(lambda: centre.agent_state(ann) == "wrap_up", 60.0)
        attempt = centre.found(ann).agent.call
        assert centre.desk("result", ann, attempt=attempt, result="agreed").ok
    centre.settle()
    dedupes = [row["dedupe"] for row in centre.rows_of("SELECT dedupe FROM fact")]
    assert len(dedupes) == len(set(dedupes))
    assert len(centre.rows_of("SELECT id FROM disposition WHERE undone_at IS NULL")) == 3
    assert centre.world.answers_lost > 5


def test_a_campaign_that_is_over_is_put_away_and_one_that_runs_is_not(
    centre: Centre, campaign: str
) -> None:
    refused = centre.world.ask("office.archive_campaign", "boss", campaign=campaign)
    assert refused.body["code"] == "wrong_state"
    assert centre.world.ask("office.finish_campaign", "boss", campaign=campaign).ok
    assert centre.until(lambda: centre.live_campaign(campaign).state.value == "completed", 2.0)
    done = centre.world.ask("office.archive_campaign", "boss", campaign=campaign)
    assert (done.ok, done.body["state"]) == (True, "archived")
    told = centre.facts(FactKind.CAMPAIGN_STATE)[-1]
    assert (told.data["state"], told.agent) == ("archived", "boss")
    assert not centre.start_campaign(campaign).ok
    centre.settle()


def test_a_hidden_result_is_not_on_the_desks_sheet(centre: Centre, ann: str) -> None:
    made = centre.campaign(1, agents=(ann,))
    record = centre.office.campaign("org", made)
    assert record is not None
    settings = CampaignSettings.from_json(record.settings)
    hidden = tuple(replace(one, hidden=one.code == "thinking") for one in settings.results)
    centre.office.change_campaign("org", made, settings=replace(settings, results=hidden).to_json())
    centre.open(made)
    codes = [one["code"] for one in centre.live_campaign(made).sheet["results"]]
    assert "thinking" not in codes
    assert "agreed" in codes
    centre.settle()
