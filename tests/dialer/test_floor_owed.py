"""What people are owed: an operator for every call that needs one, and their own line back."""

from collections.abc import Callable

import pytest
from conftest import Build, Centre, number, plan

from vyzov.dialer import ports
from vyzov.dialer.ports import Event
from vyzov.simulation.agents import Habits
from vyzov.simulation.people import CalleeKind


def drop(centre: Centre, monkeypatch: pytest.MonkeyPatch, kind: type[Event]) -> list[Event]:
    """Loses the next event of a kind on its way to the floor; returns what was lost."""
    lost: list[Event] = []
    usual: Callable[[Event], tuple[float, ...]] = centre.world.ways_of

    def ways_of(event: Event) -> tuple[float, ...]:
        if isinstance(event, kind) and not lost:
            lost.append(event)
            return ()
        return usual(event)

    monkeypatch.setattr(centre.world, "ways_of", ways_of)
    return lost


def test_an_operator_whose_new_line_was_not_heard_of_is_joined_at_the_next_roll_call(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = centre.begin(agent_return_limit_s=20)
    assert centre.until(lambda: centre.talking(ann))
    centre.lose_device(ann)
    centre.reach("agent_away")
    lost = drop(centre, monkeypatch, ports.DeviceUp)
    assert centre.desk("offer", ann, sdp="v=0 another line").ok
    assert centre.until(lambda: bool(lost), 2.0)
    assert centre.until(lambda: "talking" in centre.call_states(), 7.0)
    centre.settle()


def test_a_promised_call_waits_while_another_campaign_calls_for_the_only_operator(
    build: Build,
) -> None:
    centre = build()
    ann = centre.operator()
    robot = centre.campaign(1, agents=(ann,), mode="agentless")
    progressive = centre.campaign(1, agents=(ann,))
    centre.lives(number(0), plan(CalleeKind.PRESSES_9, key="2", press_after_s=1.0), plan())
    centre.lives(number(1), plan(ring_s=14.0, post_dial_s=0.5), plan())
    centre.open(robot)
    assert centre.until(lambda: centre.entries(robot)[0]["state"] == "callback", 60.0)
    centre.world.run(30.0)
    centre.ready(ann)
    assert centre.start_campaign(progressive).ok
    assert centre.until(lambda: centre.agent_state(ann) == "talking", 40.0)
    assert not centre.world.watch.breaches
    assert len(centre.attempts()) == 2, "the promise is kept when she is free again"
    centre.finish_talk(ann)
    assert centre.until(lambda: len(centre.attempts()) == 3, 60.0)
    centre.settle()


def test_a_promise_that_is_due_goes_before_a_campaign_that_has_had_fewer_calls(
    build: Build,
) -> None:
    # A robot's campaign places many calls, so by turns alone its promises would wait for ever.
    centre = build()
    ann = centre.operator()
    robot = centre.campaign(8, agents=(ann,), mode="agentless")
    progressive = centre.campaign(60, agents=(ann,))
    centre.everybody(plan(talk_s=4.0, leaves_first=True))
    centre.lives(number(0), plan(CalleeKind.PRESSES_9, key="2", press_after_s=1.0), plan())
    for place in range(1, 8):
        centre.lives(number(place), plan(CalleeKind.NEVER_ANSWERS))
    centre.world.hire(ann, Habits())
    centre.open(robot)
    assert centre.until(lambda: centre.entries(robot)[0]["state"] == "callback", 60.0)
    assert centre.start_campaign(progressive).ok
    centre.world.agents[ann].arrive()

    def promised_calls() -> int:
        person = centre.entries(robot)[0]["contact_id"]
        return sum(1 for one in centre.attempts() if one["contact_id"] == person)

    assert promised_calls() == 1
    assert centre.until(lambda: promised_calls() == 2, 150.0)
    left = [one for one in centre.entries(progressive) if one["state"] == "fresh"]
    assert len(left) > 20, "the other campaign still has people to call"
