"""A floor that dials ahead: more lines than free operators, a watch that outlives the process, and one
price for campaigns that share people."""

from typing import Any

from conftest import Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.core.pacing.turns import MOST_BEFORE
from vyzov.core.pacing.watch import Watch
from vyzov.dialer.floor import Floor
from vyzov.dialer.turn_taking import gives_way
from vyzov.dialer.watching import DAY, PERIOD, policy_of
from vyzov.simulation.agents import Habits
from vyzov.simulation.people import CalleeKind

HABITS = Habits()


def staffed(centre: Centre, agents: int, contacts: int, mode: str, **changes: Any) -> str:
    """A campaign with people who answer one time in two."""
    crew = tuple(centre.operator(f"agent{n}") for n in range(agents))
    campaign = centre.campaign(contacts, agents=crew, mode=mode, lines_max=100, **changes)
    quiet = plan(CalleeKind.NEVER_ANSWERS)
    centre.everybody(plan(talk_s=25.0, leaves_first=True))
    for place in range(0, contacts, 2):
        centre.lives(f"+7000555{place:04d}", quiet)
    for user in crew:
        centre.world.hire(user, HABITS)
    centre.open(campaign)
    for user in crew:
        centre.world.agents[user].arrive()
    return campaign


def floor_of(centre: Centre) -> Floor:
    assert centre.world.process is not None
    return centre.world.process.floor


def watch_of(centre: Centre, campaign: str) -> Watch:
    watch = floor_of(centre).watching.watch_of(campaign)
    assert watch is not None
    return watch


def test_a_predictive_campaign_learns_first_and_then_dials_ahead(build: Build) -> None:
    centre = build(seed=3)
    campaign = staffed(centre, 8, 400, "predictive")
    reasons: set[str] = set()
    most = 0
    for _ in range(600):
        centre.world.run(0.5)
        live = centre.live_campaign(campaign)
        reasons.add(live.why[0])
        most = max(most, len(floor_of(centre).room.calls.on_the_way(campaign)))
    assert {"learning", "dials_ahead"} <= reasons
    assert most > 8, "more calls were on their way than there are operators"
    watch = watch_of(centre, campaign)
    assert watch.ended > 60
    assert 0.3 < watch.rate.mean < 0.7
    assert len(centre.facts(FactKind.BRIDGED)) > 50
    answered = len(centre.facts(FactKind.AGENT_ASKED))
    assert watch.budget.accounts[DAY].answered == watch.budget.accounts[PERIOD].answered
    assert abs(watch.budget.accounts[DAY].answered - answered) <= 1


def test_a_floor_that_begins_again_knows_what_it_knew(build: Build) -> None:
    centre = build(seed=4)
    campaign = staffed(centre, 6, 300, "predictive")
    centre.world.run(240.0)
    before = watch_of(centre, campaign)
    known = before.ended, before.rate.mean
    assert len(floor_of(centre).room.calls.on_the_way(campaign)) > 0, "calls ring as it dies"
    centre.world.kill_floor()
    centre.world.run(10.0)
    after = watch_of(centre, campaign)
    assert after is not before
    assert after.ended >= known[0] - 2
    assert abs(after.rate.mean - known[1]) < 0.1
    assert not after.is_learning
    # Nobody answers at once here: a past that was crowded into one moment would say so.
    state: Any = after.ring.to_state()
    bins, fresh = state["answered"]
    assert bins[0] + fresh.count(0) < 0.3 * (sum(bins) + len(fresh))


def test_a_campaign_changed_to_predictive_counts_what_already_rings(build: Build) -> None:
    centre = build(seed=5)
    campaign = staffed(centre, 6, 200, "power", power_ratio=2)
    assert centre.until(lambda: len(floor_of(centre).room.calls.on_the_way(campaign)) > 6)
    record = centre.office.campaign(centre.organisation, campaign)
    assert record is not None
    changed = {**record.settings, "mode": "predictive"}
    centre.office.change_campaign(centre.organisation, campaign, settings=changed)
    assert centre.world.ask("office.settings_changed", "boss").ok
    assert centre.until(lambda: floor_of(centre).watching.watch_of(campaign) is not None)
    live = centre.live_campaign(campaign)
    assert live.settings.mode.value == "predictive"
    on_the_way = [
        one for one in floor_of(centre).room.calls.on_the_way(campaign)
        if one.call.answered_at is None
    ]  # fmt: skip
    assert watch_of(centre, campaign).ringing == len(on_the_way)


def test_two_campaigns_with_the_same_people_see_each_others_lines(build: Build) -> None:
    centre = build(seed=6)
    first = staffed(centre, 6, 150, "predictive")
    crew = centre.live_campaign(first).settings.agents
    second = centre.campaign(150, agents=crew, mode="predictive", lines_max=100)
    centre.everybody(plan(talk_s=25.0, leaves_first=True))
    assert centre.world.ask("office.settings_changed", "boss").ok
    centre.world.run(1.0)
    assert centre.start_campaign(second).ok
    centre.world.run(200.0)
    for campaign in (first, second):
        asked = [one for one in centre.facts(FactKind.AGENT_ASKED) if one.campaign == campaign]
        assert len(asked) > 10
    lost = len(centre.facts(FactKind.ABANDONED))
    assert lost <= 0.15 * len(centre.facts(FactKind.AGENT_ASKED))


def test_a_campaign_that_comes_while_another_dials_ahead_gets_its_share_of_the_calls(
    build: Build,
) -> None:
    centre = build(seed=9)
    first = staffed(centre, 8, 400, "predictive")
    crew = centre.live_campaign(first).settings.agents
    centre.world.run(100.0)
    assert not watch_of(centre, first).is_learning
    second = centre.campaign(400, agents=crew, mode="predictive", lines_max=100)
    assert centre.world.ask("office.settings_changed", "boss").ok
    centre.world.run(1.0)
    assert centre.start_campaign(second).ok
    centre.world.run(120.0)
    assert watch_of(centre, second).ended > 10
    stands = [centre.live_campaign(one) for one in (first, second)]
    assert abs(stands[0].had - stands[1].had) < 3 * MOST_BEFORE
    assert not gives_way(stands[0], ()), "nobody else dials for them"


def test_the_policy_is_the_campaigns_own(build: Build) -> None:
    centre = build(seed=7)
    campaign = staffed(
        centre, 3, 20, "predictive", abandon_limit=0.02, abandon_guard="half_hour",
        abandon_veto=True, connect_limit_s=1.5,
    )  # fmt: skip
    policy = policy_of(centre.live_campaign(campaign).settings)
    assert (policy.calm, policy.veto, policy.regulation.wait_s) == (False, True, 1.5)
    assert {window.limit for window in policy.regulation.windows} == {0.02}


def test_who_leaves_while_calls_ring_for_them_is_charged_with_what_the_veto_cannot_keep(
    build: Build,
) -> None:
    centre = build(seed=8)
    campaign = staffed(centre, 4, 200, "predictive", abandon_veto=True, abandon_window_days=1)

    def all_are_called_for() -> bool:
        room = floor_of(centre).room
        return len(room.free) == 4 == len(room.calls.on_the_way(campaign))

    assert centre.until(all_are_called_for, 30.0)
    account = watch_of(centre, campaign).budget.accounts[DAY]
    assert account.charged == 0
    going = min(floor_of(centre).room.free)
    assert centre.desk("pause", going, reason="tea").ok
    centre.world.run(0.5)
    assert account.charged > 0
    # The call that was meant for whoever went is over: nothing more can come of it.
    centre.world.run(120.0)
    assert account.charged == 0 or account.abandoned > 0.03 * account.answered
