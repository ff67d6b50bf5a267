"""Trunks of a floor: which take calls, when a call goes on through another, what is remembered."""

from typing import Any

import pytest
from conftest import Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.core.trunk import TrunkHealth, health
from vyzov.dialer import ports
from vyzov.dialer.office_records import TrunkSettings
from vyzov.simulation.people import Ending

FAILS = Ending(503, "Service Unavailable", "")
SILENT = plan(ending=FAILS, ring_s=0.0)
RINGS_THEN_FAILS = plan(ending=FAILS, ring_s=2.0)


def second(centre: Centre, **changes: Any) -> str:
    settings = TrunkSettings(name="Second", host="127.0.0.2", calls_per_second=20, **changes)
    return centre.office.create_trunk("org", settings).id


def two_trunks(centre: Centre, count: int = 1, **changes: Any) -> tuple[str, str]:
    ann, other = centre.operator(), second(centre)
    campaign = centre.campaign(count, agents=(ann,), trunks=[centre.trunk, other], **changes)
    centre.open(campaign)
    centre.ready(ann)
    return campaign, other


def tell(centre: Centre, *findings: ports.TrunkState) -> None:
    for finding in findings:
        centre.world.process.post(finding)  # type: ignore[union-attr]
    centre.world.run(0.05)


def found(centre: Centre, trunk: str, state: str, **more: Any) -> ports.TrunkState:
    return ports.TrunkState(trunk, state, at=centre.world.timeline.now, **more)


def state(centre: Centre, trunk: str) -> TrunkHealth:
    return health(centre.room.trunks[trunk].watch, centre.world.timeline.utc)


def test_a_call_a_trunk_could_not_carry_goes_out_through_the_next_one_at_once(
    centre: Centre,
) -> None:
    centre.everybody(SILENT, plan())
    campaign, other = two_trunks(centre)
    assert centre.until(lambda: "talking" in centre.call_states())
    first, again = centre.attempts()
    assert (first["trunk_id"], again["trunk_id"]) == (centre.trunk, other)
    assert (first["number"], again["number"]) == (1, 1)
    assert again["failover_of"] == first["id"]
    reserved = centre.facts(FactKind.ATTEMPT_RESERVED)
    assert [fact.data.get("failover_of") for fact in reserved] == [None, first["id"]]
    assert centre.facts(FactKind.FINAL)[0].data["failed_over"] is True
    assert centre.entries(campaign)[0]["attempts_made"] == 1
    centre.settle()


def test_a_callee_who_may_have_heard_it_ring_is_not_rung_again(centre: Centre) -> None:
    centre.everybody(RINGS_THEN_FAILS, plan())
    campaign, _ = two_trunks(centre)
    assert centre.until(lambda: bool(centre.outcomes()))
    centre.world.run(10.0)
    assert len(centre.attempts()) == 1
    entry = centre.entries(campaign)[0]
    assert (entry["state"], entry["failover_of"]) == ("due", "")
    centre.settle()


def test_a_call_all_trunks_failed_waits_like_any_other_and_counts_once(centre: Centre) -> None:
    centre.everybody(SILENT)
    campaign, other = two_trunks(centre)
    assert centre.until(lambda: len(centre.outcomes()) == 2)
    assert [attempt["trunk_id"] for attempt in centre.attempts()] == [centre.trunk, other]
    entry = centre.entries(campaign)[0]
    assert (entry["attempts_made"], entry["state"], entry["failover_of"]) == (1, "due", "")
    assert centre.until(lambda: len(centre.attempts()) >= 3, 60.0)
    third = centre.attempts()[2]
    assert (third["number"], third["failover_of"]) == (2, "")
    centre.settle()


def test_the_last_attempt_still_goes_on_through_another_trunk(centre: Centre) -> None:
    centre.everybody(SILENT, plan())
    redial = {"attempts_max": 1, "rules": {"congestion": {"after_s": 20}}}
    two_trunks(centre, redial=redial)
    assert centre.until(lambda: "talking" in centre.call_states())
    centre.settle()


def test_a_failover_survives_the_death_of_the_floor(centre: Centre) -> None:
    centre.everybody(SILENT, plan())
    ann, other = centre.operator(), second(centre, active=True)
    campaign = centre.campaign(agents=(ann,), trunks=[centre.trunk, other])
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: bool(centre.outcomes()), 30.0)
    centre.kill_floor()
    centre.come_back(ann)
    assert centre.until(lambda: len(centre.attempts()) == 2, 60.0)
    assert centre.attempts()[1]["failover_of"] == centre.attempts()[0]["id"]
    assert centre.attempts()[1]["trunk_id"] == other
    centre.settle()


def test_a_call_we_gave_up_on_purpose_does_not_go_on(centre: Centre) -> None:
    centre.everybody(plan(ending=FAILS, ring_s=9.0, post_dial_s=30.0, early_media_s=0.0))
    campaign, _ = two_trunks(centre)
    centre.reach("dialing")
    assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    assert centre.until(lambda: not centre.calls(), 60.0)
    assert len(centre.attempts()) == 1
    centre.settle()


def test_a_trunk_that_missed_two_probes_is_passed_over_until_it_answers(centre: Centre) -> None:
    centre.everybody(plan())
    _, other = two_trunks(centre, 0)
    missed = found(centre, centre.trunk, "down", reason="no_reply", misses=2)
    tell(centre, missed)
    assert state(centre, centre.trunk) is TrunkHealth.DOWN
    loads = centre.world.process.floor._trunks.loads(  # type: ignore[union-attr]
        next(iter(centre.room.campaigns.values())).settings
    )
    assert [(one.trunk, one.up) for one in loads] == [(centre.trunk, False), (other, True)]
    tell(centre, found(centre, centre.trunk, "up"))
    assert state(centre, centre.trunk) is TrunkHealth.UP
    told = [fact.data["state"] for fact in centre.facts(FactKind.TRUNK_STATE)]
    assert told[-2:] == ["down", "up"]


def test_no_call_leaves_while_a_carrier_rests(centre: Centre) -> None:
    centre.everybody(plan(talk_s=0.1, leaves_first=True))
    ann = centre.operator()
    campaign = centre.campaign(3, agents=(ann,))
    centre.open(campaign)
    now = centre.world.timeline.now
    tell(centre, found(centre, centre.trunk, "paused", until=now + 30.0, code=503))
    centre.ready(ann)
    centre.world.run(28.0)
    assert centre.attempts() == []
    assert centre.live_campaign(campaign).why[0] == "trunk_all_down"
    assert centre.until(lambda: bool(centre.attempts()), 10.0)
    centre.settle()


def test_a_wait_is_kept_by_a_floor_that_starts_anew(centre: Centre) -> None:
    _, other = two_trunks(centre, 0)
    now = centre.world.timeline.now
    waits = found(centre, other, "paused", until=now + 30.0, code=503, source="call")
    over = found(centre, centre.trunk, "paused", until=now, code=503, source="call")
    snapshot = ports.Snapshot("run", now, {}, (), {}, {other: (waits,), centre.trunk: (over,)})
    centre.kill_floor()
    tell(centre, snapshot)  # type: ignore[arg-type]
    assert state(centre, other) is TrunkHealth.PAUSED
    assert state(centre, centre.trunk) is TrunkHealth.UNKNOWN


def test_a_dead_carrier_opens_the_breaker_and_one_call_tries_it(centre: Centre) -> None:
    centre.everybody(SILENT)
    ann = centre.operator()
    campaign = centre.campaign(12, agents=(ann,), redial={"attempts_max": 1})
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: state(centre, centre.trunk) is TrunkHealth.OPEN)
    assert len(centre.attempts()) == 5
    centre.world.run(4.0)
    assert len(centre.attempts()) == 5
    assert centre.until(lambda: len(centre.attempts()) == 6, 8.0)
    centre.world.run(3.0)
    assert len(centre.attempts()) == 6
    centre.settle()


def test_a_trunk_switched_off_is_forgotten_and_the_engine_told(centre: Centre) -> None:
    two_trunks(centre, 0)
    settings = TrunkSettings(name="Carrier", host="127.0.0.1", active=False)
    centre.office.change_trunk("org", centre.trunk, settings)
    assert centre.world.ask("office.trunks_changed", "boss").ok
    assert centre.until(lambda: centre.trunk not in centre.room.trunks, 2.0)
    centre.world.run(0.1)
    assert centre.trunk not in centre.world.engine.trunks


def test_new_settings_of_reach_forget_what_was_known_a_new_limit_does_not(centre: Centre) -> None:
    _, other = two_trunks(centre, 0)
    tell(centre, found(centre, other, "down", misses=2))
    limit = TrunkSettings(name="Renamed", host="127.0.0.2", calls_per_second=3, lines_max=7)
    centre.office.change_trunk("org", other, limit)
    assert centre.world.ask("office.trunks_changed", "boss").ok
    assert centre.until(lambda: centre.room.trunks[other].record.settings.lines_max == 7, 2.0)
    assert state(centre, other) is TrunkHealth.DOWN
    centre.office.change_trunk("org", other, TrunkSettings(name="Renamed", host="127.0.0.3"))
    assert centre.world.ask("office.trunks_changed", "boss").ok
    assert centre.until(lambda: state(centre, other) is TrunkHealth.UNKNOWN, 2.0)


def test_the_screens_see_what_a_trunk_is_fit_for_and_why(centre: Centre) -> None:
    two_trunks(centre, 0)
    tell(
        centre,
        found(centre, centre.trunk, "up", target="udp:127.0.0.1:5060"),
        found(centre, centre.trunk, "down", misses=1, phrase="x" * 200, reason="tls_certificate"),
    )
    shown = tell_trunk(centre)
    assert (shown["state"], shown["target"], shown["until"]) == ("ok", "udp:127.0.0.1:5060", None)
    assert (shown["error"]["fault"], len(shown["error"]["phrase"])) == ("tls_certificate", 80)
    now = centre.world.timeline.now
    tell(centre, found(centre, centre.trunk, "paused", until=now + 30.0, code=503))
    assert tell_trunk(centre)["state"] == "paused"
    assert tell_trunk(centre)["until"] is not None
    tell(centre, found(centre, centre.trunk, "down", misses=2))
    assert tell_trunk(centre)["state"] == "down"
    (alert,) = centre.world.screens["floor:org"]["alerts"]
    assert (alert["kind"], alert["args"]) == ("trunk_down", {"trunk": "Carrier"})


def tell_trunk(centre: Centre) -> dict[str, Any]:
    """What the floor's screens are told of the first trunk."""
    centre.world.run(1.0)
    trunks = centre.world.screens["floor:org"]["trunks"]
    (shown,) = [one for one in trunks if one["id"] == centre.trunk]
    return shown


def test_lines_are_counted_over_all_campaigns_of_a_trunk(build: Build) -> None:
    centre = build()
    narrow = second(centre, lines_max=2)
    centre.everybody(plan(ring_s=8.0))
    campaigns = [
        centre.campaign(5, mode="agentless", purpose="service", trunks=[narrow]) for _ in range(2)
    ]
    centre.open(*campaigns)
    most = 0
    for _ in range(100):
        centre.world.run(0.2)
        most = max(most, sum(1 for live in centre.calls() if not live.finished))
    assert most == 2
    centre.settle()


def test_the_rate_of_a_trunk_is_held_over_a_restart(build: Build) -> None:
    centre = build()
    slow = TrunkSettings(name="Slow", host="127.0.0.2", calls_per_second=2, lines_max=50)
    key = centre.office.create_trunk("org", slow).id
    centre.everybody(plan(ring_s=30.0))
    centre.open(centre.campaign(30, mode="agentless", trunks=[key], lines_max=50))
    assert centre.until(lambda: len(centre.attempts()) >= 4)
    centre.kill_floor()
    centre.world.run(6.0)
    at = sorted(attempt["reserved_at"] for attempt in centre.attempts())
    assert len(at) > 6
    for place, first in enumerate(at):
        within = [one for one in at[place:] if _seconds(one) - _seconds(first) < 1.0]
        assert len(within) <= 4
    centre.settle()


def _seconds(text: str) -> float:
    from vyzov.core.instants import from_text

    return from_text(text).timestamp()


def test_a_check_is_answered_with_what_the_engine_found(centre: Centre) -> None:
    two_trunks(centre, 0)
    answer = centre.world.ask("office.check_trunk", "boss", trunk=centre.trunk)
    assert answer.ok
    assert answer.body == {"steps": [{"step": "options", "finding": "ok", "detail": "200 OK"}]}


def test_an_answer_to_a_check_nobody_asked_for_is_let_go(centre: Centre) -> None:
    two_trunks(centre, 0)
    before = len(centre.world.answers)
    centre.world.process.post(ports.TrunkChecked("no", centre.trunk, 1.0, ()))  # type: ignore[union-attr]
    centre.world.run(1.0)
    assert len(centre.world.answers) == before


def test_a_check_of_a_trunk_that_is_not_there_is_refused(centre: Centre) -> None:
    two_trunks(centre, 0)
    assert centre.world.ask("office.check_trunk", "boss", trunk="no").body["code"] == "not_found"


@pytest.mark.parametrize("unknown", ["up", "down", "paused", "unknown"])
def test_a_finding_about_a_trunk_nobody_knows_is_let_go(centre: Centre, unknown: str) -> None:
    two_trunks(centre, 0)
    tell(centre, found(centre, "gone", unknown, misses=9))
    assert "gone" not in centre.room.trunks
