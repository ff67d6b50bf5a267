"""A callee whom nobody could be joined with in time: what comes too late is taken apart again."""

from conftest import Build, Centre, plan

from vyzov.core.call import CallState
from vyzov.core.facts import FactKind
from vyzov.simulation.engine import SimCall
from vyzov.simulation.world_process import Delays

SLOW = Delays(link_s=0.9)
"""An order and its echo take longer than the time a bridge is given and the engine's word on it."""


def given_up(build: Build) -> tuple[Centre, str, SimCall]:
    """A call whose bridge is made while the floor gives it up."""
    centre = build(delays=SLOW)
    ann = centre.operator()
    campaign = centre.campaign(2, agents=(ann,), connect_limit_s=0.5)
    centre.everybody(plan())
    centre.open(campaign)
    centre.ready(ann)
    assert centre.until(lambda: "farewell" in centre.call_states())
    [live] = [live for live in centre.calls() if live.call.state is CallState.FAREWELL]
    assert centre.facts(FactKind.BRIDGED) == [], "the echo of the bridge is still on its way"
    return centre, ann, centre.world.engine.calls[live.call.id]


def test_a_bridge_made_too_late_is_parted_before_the_apology_is_played(build: Build) -> None:
    centre, _, call = given_up(build)
    assert call.device is not None, "the engine has joined them meanwhile"
    assert centre.until(lambda: call.play is not None, 2.0)
    assert call.play is not None
    assert call.play[1] == "safe_harbour"
    assert call.device is None, "the agent does not hear the apology, nor the callee the agent"
    centre.settle()
    assert "abandoned" in centre.outcomes()


def test_the_agent_of_a_bridge_made_too_late_is_free_for_the_next_call(build: Build) -> None:
    centre, ann, call = given_up(build)
    assert centre.until(lambda: call.play is not None, 2.0)
    centre.world.run(1.0)
    assert not centre.talking(ann), "the late echo of the bridge makes nobody talk"
    assert centre.until(lambda: len(centre.attempts()) == 2, 5.0)
    centre.settle()
    assert centre.facts(FactKind.BRIDGED) == []
    assert centre.agent_state(ann) in ("ready", "reserved")
