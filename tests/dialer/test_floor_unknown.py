"""What nobody can tell: attempts whose end no engine knows, talks through an engine that is away."""

import pytest
from conftest import QUICK, Build, Centre, plan


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
