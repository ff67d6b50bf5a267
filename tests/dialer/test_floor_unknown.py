"""What nobody can tell: attempts whose end no engine knows, talks through an engine that is away."""

import pytest
from conftest import QUICK, Build, Centre, plan

from vyzov.core.facts import FactKind
from vyzov.dialer import ports
from vyzov.dialer.recovery import NO_NEWS_S
from vyzov.simulation.engine_parts import Record


@pytest.fixture
def centre(build: Build) -> Centre:
    return build(faults=QUICK)


def test_an_attempt_the_engine_never_tells_of_is_unknown_within_half_a_minute(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin(ring_timeout_s=60)
    centre.reach("ringing")
    centre.world.kill_engine(90.0)
    life = centre.world.lives
    centre.world.kill_floor()
    assert centre.until(lambda: centre.world.lives > life and bool(centre.calls()), 15.0)
    began = centre.world.timeline.now
    assert centre.until(lambda: bool(centre.outcomes()), 32.0)
    assert centre.world.timeline.now - began <= 30.5
    (attempt,) = centre.attempts()
    assert (attempt["state"], attempt["outcome"]) == ("unknown", "unknown")
    assert centre.entries(campaign)[0]["state"] == "closed", "it is not redialled by itself"
    centre.world.run(120.0)
    assert len(centre.world.watch.originates) == 1


def test_an_attempt_that_was_dialled_is_unknown_where_the_engine_has_forgotten_it(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin(ring_timeout_s=60)
    centre.reach("ringing")
    centre.world.run(1.0)
    centre.world.kill_engine(0.2)
    centre.world.process.die()  # type: ignore[union-attr]
    # The machine was away for longer than the engine keeps what is over.
    centre.world.engine.book.clear()
    centre.world.start()
    assert centre.until(lambda: bool(centre.outcomes()), 15.0)
    assert centre.outcomes() == ["unknown"]
    assert centre.entries(campaign)[0]["state"] == "closed", "it is not redialled by itself"
    centre.world.run(60.0)
    assert len(centre.world.watch.originates) == 1


def test_an_attempt_that_was_only_reserved_is_unknown_where_the_journal_of_the_engine_is_gone(
    centre: Centre,
) -> None:
    """The floor died with the word that the call was dialled, and the engine's disk with its own."""
    centre.everybody(plan(ring_s=None))
    _, campaign = dialled_unknown_to_the_database(centre)
    centre.world.kill_engine(0.2)
    centre.world.engine.book.clear()
    centre.world.engine.whole_since = centre.world.timeline.now
    centre.world.start()
    assert centre.until(lambda: bool(centre.outcomes()), 15.0)
    assert centre.outcomes() == ["unknown"]
    assert centre.entries(campaign)[0]["state"] == "closed", "it is not redialled by itself"
    centre.world.run(60.0)
    assert len(centre.world.watch.originates) == 1


def test_an_engine_that_cannot_tell_how_far_back_it_knows_makes_nothing_certain(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    dialled_unknown_to_the_database(centre)
    centre.world.kill_engine(0.2)
    centre.world.engine.book.clear()
    centre.world.engine.whole_since = None  # type: ignore[assignment]
    centre.world.start()
    assert centre.until(lambda: bool(centre.outcomes()), 15.0)
    assert centre.outcomes() == ["unknown"]


def dialled_unknown_to_the_database(centre: Centre) -> tuple[str, str]:
    """A call leaves, and the floor dies before the database has heard of it."""
    ann = centre.operator()
    campaign = centre.campaign(agents=(ann,), ring_timeout_s=60)
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: bool(centre.world.watch.originates))
    centre.world.process.die()  # type: ignore[union-attr]
    (attempt,) = centre.attempts()
    assert attempt["state"] == "reserved"
    return ann, campaign


def test_an_attempt_of_a_campaign_that_is_gone_is_unknown_and_frees_its_number(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin()
    centre.reach("ringing")
    centre.world.kill_floor()
    centre.office.set_campaign_state(centre.organisation, campaign, "archived")
    assert centre.until(lambda: centre.attempts()[0]["state"] == "unknown", 12.0)
    assert centre.attempts()[0]["detail"] == "no_campaign"
    assert centre.outcomes() == ["unknown"]
    assert centre.until(lambda: not centre.world.engine.calls, 5.0)


# ---- what an engine tells after all --------------------------------------------------------------


def picks_up_unseen(centre: Centre, unseen_s: float = 9.0) -> None:
    """The next engine finds that the callee answered while there was none."""
    engine = centre.world.engine

    def reap(leg: str, record: Record) -> None:
        centre.world.watch.records.of(leg).answered_at = centre.world.timeline.now
        engine.post(ports.Answered(leg, 0, 0.0, "", unseen_s=unseen_s))
        engine.post(ports.Ended(leg, 0, 0.0, "engine", "engine_restarted"))
        centre.world.watch.over(leg)

    engine._reap = reap  # type: ignore[method-assign]


def is_counted_as_lost(centre: Centre, campaign: str) -> None:
    """The facts, the floor's own count and the one a new life reads all say so."""
    (lost,) = centre.facts(FactKind.ABANDONED)
    assert (lost.data["wait_s"], lost.data["wait_most_s"]) == (0.0, 9.0)
    assert len(centre.facts(FactKind.ANSWERED)) == 1
    (attempt,) = centre.attempts()
    assert (attempt["state"], attempt["outcome"]) == ("final", "abandoned")
    assert attempt["answered_at"] is not None
    report = centre.world.watch.records.report(campaign)
    assert (report.numerator, report.denominator) == (1, 1)
    assert centre.shown_abandoned(campaign) == (1, 1)
    centre.kill_floor()
    assert centre.shown_abandoned(campaign) == (1, 1)
    assert len(centre.facts(FactKind.ABANDONED)) == 1
    assert len(centre.outcomes()) == 1


def test_who_answered_no_engine_after_we_had_given_up_ringing_was_abandoned(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin(ring_timeout_s=20)
    centre.reach("ringing")
    picks_up_unseen(centre)
    centre.world.kill_engine(NO_NEWS_S - 3)
    assert centre.world.ask("office.pause_campaign", "boss", campaign=campaign).ok
    centre.reach("closing")
    centre.world.run(12.0)
    assert centre.call_states() == ["closing"], "the engine that comes back may know"
    assert centre.until(lambda: bool(centre.outcomes()), 20.0)
    assert centre.outcomes() == ["abandoned"]
    is_counted_as_lost(centre, campaign)


@pytest.mark.parametrize("floor_dies", [False, True], ids=["", "and the floor was killed since"])
def test_who_answered_is_counted_though_the_engine_comes_back_after_the_end_was_unknown(
    centre: Centre,
    floor_dies: bool,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin(ring_timeout_s=20)
    centre.reach("ringing")
    picks_up_unseen(centre)
    centre.world.kill_engine(50.0)
    assert centre.until(lambda: bool(centre.outcomes()), 31.0)
    assert centre.outcomes() == ["unknown"]
    assert centre.attempts()[0]["detail"] == "engine_silent"
    if floor_dies:
        life = centre.world.lives
        centre.world.kill_floor()
        assert centre.until(lambda: centre.world.lives > life, 5.0)
    assert centre.until(lambda: bool(centre.facts(FactKind.RESOLVED)), 40.0)
    (resolved,) = centre.facts(FactKind.RESOLVED)
    assert (resolved.data["outcome"], resolved.data["detail"]) == ("abandoned", "engine")
    centre.world.run(1.0)
    assert centre.room.unknown == {}
    legs = [leg for leg, record in centre.world.engine.book.items() if record.attempt]
    assert legs == [], "the engine may forget it"
    is_counted_as_lost(centre, campaign)
    assert centre.entries(campaign)[0]["state"] == "closed", "it is not redialled by itself"
    assert len(centre.world.watch.originates) == 1


def test_a_call_that_still_rings_when_its_end_is_booked_as_unknown_is_hung_up(
    centre: Centre,
) -> None:
    centre.everybody(plan(ring_s=None))
    _, campaign = centre.begin(ring_timeout_s=90)
    centre.reach("ringing")
    # The engine lives, but takes no connection for longer than a call may be without news.
    centre.break_link(40.0)
    assert centre.until(lambda: bool(centre.outcomes()), 31.0)
    assert centre.until(lambda: not centre.world.engine.calls, 15.0)
    assert centre.until(lambda: bool(centre.facts(FactKind.RESOLVED)), 15.0)
    assert centre.attempts()[0]["state"] == "final"
    assert centre.entries(campaign)[0]["state"] == "closed"


def test_engines_that_come_and_go_prolong_no_wait(centre: Centre) -> None:
    """Each of them reads the journal and dies before it has told anything of the call."""
    centre.everybody(plan(ring_s=None))
    centre.begin(ring_timeout_s=20)
    centre.reach("ringing")
    centre.world.engine._reap = lambda leg, record: None  # type: ignore[method-assign]
    began = centre.world.timeline.now
    for _ in range(8):
        centre.world.kill_engine(3.0)
        centre.world.run(7.0, lambda: bool(centre.outcomes()))
    assert centre.outcomes() == ["unknown"]
    (final,) = centre.facts(FactKind.FINAL)
    assert final.monotonic_ns / 1e9 - began <= 30.0


def test_a_link_that_comes_and_goes_ends_no_call_that_the_engine_still_has(
    centre: Centre,
) -> None:
    centre.everybody(plan())
    ann, _ = centre.begin()
    centre.reach("talking")
    for _ in range(6):
        centre.break_link(6.0)
        centre.world.run(7.0)
    assert centre.talking(ann)
    assert centre.outcomes() == []


def test_a_talk_without_news_of_any_engine_is_over_within_half_a_minute(centre: Centre) -> None:
    centre.everybody(plan())
    _, campaign = centre.begin(agent_return_limit_s=60)
    centre.reach("talking")
    began = centre.world.timeline.now
    centre.world.kill_engine(100.0)
    assert centre.until(lambda: bool(centre.outcomes()), 40.0)
    assert centre.world.timeline.now - began <= 30.0
    assert centre.outcomes() == ["answered_human"]
    assert centre.shown_abandoned(campaign) == (0, 1)


@pytest.mark.parametrize("stopped", [False, True], ids=["", "and all was stopped meanwhile"])
def test_who_spoke_with_an_operator_before_floor_and_engine_died_was_not_abandoned(
    centre: Centre,
    stopped: bool,
) -> None:
    """What a former life left may be a talk: until an engine tells, no limit and no stop ends it."""
    centre.everybody(plan())
    centre.begin()
    centre.reach("talking")
    centre.world.run(3.0)
    centre.world.kill_engine(30.0)
    life = centre.world.lives
    centre.world.kill_floor()
    assert centre.until(lambda: centre.world.lives > life and centre.world.is_open, 8.0)
    if stopped:
        assert centre.world.ask("office.emergency_stop", "boss", on=True).ok
    assert centre.until(lambda: bool(centre.outcomes()), 30.0)
    centre.world.run(1.0)
    assert centre.outcomes() == ["answered_human"]
    assert len(centre.facts(FactKind.BRIDGED)) == 1
    assert centre.facts(FactKind.ABANDONED) == []
    assert len(centre.rows_of("SELECT * FROM recording")) == 1


# ---- an engine that stays away -------------------------------------------------------------------


def test_nobody_is_said_to_talk_through_an_engine_that_stays_away(centre: Centre) -> None:
    centre.everybody(plan())
    ann, _ = centre.begin()
    centre.reach("talking")
    centre.break_link(60.0)
    centre.world.run(8.0)
    assert centre.world.screens[f"desk:{ann}"]["device"]["state"] == "up", "it may be back"
    centre.world.run(6.0)
    assert centre.world.screens[f"desk:{ann}"]["device"]["state"] == "lost"
    assert centre.call_states() == ["agent_away"]
